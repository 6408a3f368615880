"""Tables of annual reports: budgets cell by cell, projects by theme, trainings, key figures, money by beneficiary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ingest.builder import Builder, clean_label, squashed
from ingest.figures import year_in
from ingest.mend import NUMBERED, Block
from kg.model import Lit, Ref
from kg.names import measure_ref, theme_ref

CELL_NUMBER = re.compile(r"[-–+]?\s?(?:€\s?)?(\d{1,3}(?:[.\s\u00a0\u202f]\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?)\s?(%|€|euro)?$", re.I)
AMOUNT = re.compile(
    r"(?:€\s?)?(\d{1,3}(?:[.\s\u00a0\u202f]\d{3})+(?:,\d+)?|\d+(?:,\d+)?)\s?(miljoen|miljard|millions?|milliards?)?\s?(?:d['’])?(€|euros?)?",
    re.I,
)
SCALE = re.compile(
    r"\b(?:in |en )(duizend(?:en)? euro|milliers? d['’]euros?|miljoen(?:en)? euro|millions? d['’]euros?|euros?|kEUR|k€)", re.I
)
YEAR = re.compile(r"(?:19|20)\d\d$")
TOTAL = re.compile(r"\W*(?:algemeen\s+)?tota(?:al|l|ux)\b", re.I)
THEME_ROW = re.compile(r"\W*(?:th[eè]m[ae]\s+)?(\d{1,2})\s?[:.–-]?\s+(\S.*)$", re.I)
TAGS = re.compile(r"</?[a-z][^<>]{0,20}>")
GIVEN_TITLE = re.compile(r"subsid|subvention|transfer|toelage|dotati|\bfonds\b", re.I)
ZONE_COLUMN = re.compile(r"(?:politie)?zones?|zones? de police|PZ|ZP", re.I)
MEASURE = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,2}(?![\d.]*\d)")
# Money that the reporting body gets: a table of its income, an endowment named by who gives it ("Dotatie GOB").
INCOME = re.compile(r"\b(?:inkomsten|ontvangsten|recettes|revenus)\b", re.I)
ENDOWED = re.compile(r"\W*dotati(?:e|on)s?\s+(?!aan\b|voor\b|aux?\b|pour\b|à\b)", re.I)


@dataclass(slots=True)
class Table:
    """Rows that belong together, the header row if there is one, and the words that stand above."""

    rows: list[Block]
    caption: str
    caption_block: Block | None
    themes: dict[int, tuple[int, Block]] = field(default_factory=dict)  # row start → theme heading above it


def read_tables(builder: Builder, *, plan: str) -> None:
    """Every table of the document; one that is not understood and holds numbers is reported."""
    for table in _tables(builder):
        context = {builder.wording.section(title) for title in table.rows[0].section}
        if context & {"contents", "plan_measures", "lexicon"}:
            continue
        header = table.rows[0]
        kinds = [builder.wording.column(cell) for cell in header.texts]
        if "project" in kinds and {"theme", "measure"} & set(kinds):
            continue
        if "training" in kinds:
            _trainings(builder, table, kinds, plan)
        elif _is_numeric(table) and not (len(kinds) == 2 and kinds[0] in ("period", "beneficiaries")):
            _numbers(builder, table, plan)
        elif _key_values(builder, table) or _key_figures(builder, table):
            pass
        elif any(CELL_NUMBER.fullmatch(cell) for row in table.rows for cell in row.texts[1:]):
            builder.warn("table not understood", header)


def read_projects(builder: Builder, *, plan: str) -> None:
    """Tables of projects and their themes; read first, because the sections of a report repeat these names as headings."""
    for table in _tables(builder):
        kinds = [builder.wording.column(cell) for cell in table.rows[0].texts]
        if "project" in kinds and {"theme", "measure"} & set(kinds):
            _projects(builder, table, kinds, plan)


def _tables(builder: Builder) -> Iterator[Table]:
    """Consecutive rows; theme headings between the rows of a training table do not end it."""
    rows: list[Block] = []
    themes: dict[int, tuple[int, Block]] = {}
    caption: Block | None = None
    theme: tuple[int, Block] | None = None
    for block in builder.document.blocks:
        if block.kind == "row":
            if not rows:
                rows, themes = [block], {}
            elif (block.gap and not (len(rows) == 1 and _figures_and_words(rows[0], block))) or _starts_again(
                builder, block, rows
            ):
                yield Table(rows, _caption(caption, rows[0]), caption, themes)
                rows, themes = [block], {}
            else:
                rows.append(block)
            if theme:
                themes[block.start] = theme
            continue
        heading = re.match(r"\W*th[eè]m[ae]\s+(\d{1,2})\b", block.text, re.I) if block.kind in ("heading", "para") else None
        if rows and heading and len(block.text) < 120:
            theme = (int(heading.group(1)), block)
            continue
        if rows:
            yield Table(rows, _caption(caption, rows[0]), caption, themes)
            rows, themes, theme = [], {}, None
        theme = (int(heading.group(1)), block) if heading and len(block.text) < 120 else None
        caption = block
    if rows:
        yield Table(rows, _caption(caption, rows[0]), caption, themes)


def _starts_again(builder: Builder, block: Block, rows: list[Block]) -> bool:
    """A new header row, or another number of columns after a header of years, begins another table."""
    first = [cell for cell in rows[0].texts if cell]
    here = [cell for cell in block.texts if cell]
    known = [builder.wording.column(cell) for cell in here]
    if here == first and len(here) > 1:
        return True
    if ("training" in known and "audience" in known) or ("project" in known and {"theme", "measure"} & set(known)):
        return True
    return _year_columns(block) != {} and len(rows) > 1


def _caption(block: Block | None, row: Block) -> str:
    """Words above a table: the block before it and the innermost section title."""
    words = block.text if block is not None and len(block.text) < 200 else ""
    title = row.section[-1] if row.section else ""
    return " — ".join(dict.fromkeys(part for part in (title, words) if part))


def _year_columns(row: Block) -> dict[int, int]:
    years = {index: int(cell) for index, cell in enumerate(row.texts) if YEAR.fullmatch(cell)}
    others = [cell for index, cell in enumerate(row.texts) if index not in years and index > 0 and CELL_NUMBER.fullmatch(cell)]
    return years if years and not others and (len(years) > 1 or not row.cell(0)) else {}


def _is_numeric(table: Table) -> bool:
    """A header row and below it a label followed by numbers."""
    if len(table.rows) < 2 or len(table.rows[0].cells) < 2:
        return False
    if any(CELL_NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in table.rows[0].texts):
        return False
    body = [row for row in table.rows[1:] if len(row.cells) > 1]
    numeric = [row for row in body if row.cell(0) and any(CELL_NUMBER.fullmatch(cell) for cell in row.texts[1:])]
    return len(numeric) >= max(1, 0.5 * len(body))


def _numbers(builder: Builder, table: Table, plan: str) -> None:
    """One figure per cell, named by its row and its column; sums given to known recipients become grants too."""
    header = table.rows[0]
    columns = header.texts
    years = _year_columns(header)
    scale = SCALE.search(table.caption) or next((m for cell in columns if (m := SCALE.search(cell))), None)
    given = GIVEN_TITLE.search(table.caption) is not None
    income = INCOME.search(table.caption) is not None
    for row in table.rows[1:]:
        label = row.cell(0).strip(" :")
        if not label or not re.search(r"[^\W\d_]", label):
            continue
        for index in range(1, len(row.cells)):
            match = CELL_NUMBER.fullmatch(row.cell(index))
            if not match:
                continue
            column = columns[index] if index < len(columns) else ""
            year = years.get(index) or year_in(f"{column} {label}", None) or year_in(table.caption, builder.document.source.year)
            money = match.group(2) in ("€", "euro") or scale
            unit = "%" if match.group(2) == "%" else (scale.group(1).lower() if scale else "euro" if money else "")
            unit = unit or _counted(columns[0] if index == 1 and not column else column or table.caption)
            start, end = row.cells[index]
            quote = (
                builder.document.quote(row, 0, len(row.text)) if len(row.text) < 400 else builder.document.quote(row, start, end)
            )
            zone = _zone_row(builder, header, label)
            about = zone or _about_row(builder, row, label, plan)
            name = f"{label} – {column}".strip(" –")
            builder.figure(match.group(1), unit, name, about, quote, year=year, caption=table.caption)
            if income or ENDOWED.match(label):
                continue
            if money and unit != "%" and (given or GIVEN_TITLE.search(label)) and not TOTAL.match(label):
                named = builder.named(row, *row.cells[0])
                everyone = dict.fromkeys(n.ref for n in named) if _joint(label) else dict.fromkeys(n.ref for n in named[:1])
                words = re.split(r"\b(?:voor|aan|aux?|pour|à la|à l['’])\s+(?:de\s+|het\s+)?", label, maxsplit=1)
                if zone:
                    everyone = {zone: None}
                elif not everyone and len(words) == 2:
                    everyone = {builder.organisation(words[1], quote): None}
                if everyone:
                    builder.grant(match.group(1), unit, quote, recipient=tuple(everyone), year=year, name=label)


def _about_row(builder: Builder, row: Block, label: str, plan: str) -> str:
    theme = builder.vocabulary.theme_named(THEME_ROW.sub(r"\2", label), plan)
    if theme:
        return theme_ref(plan, theme)
    named = builder.named(row, *row.cells[0])
    alone = named and not TOTAL.match(label) and not _joint(label)
    return named[0].ref if alone else builder.ref


def _zone_row(builder: Builder, header: Block, label: str) -> str:
    """The police zone that a row stands for, by its bare name, where the header says that the rows are zones."""
    if builder.wording.section(header.cell(0)) != "police_zones" and not ZONE_COLUMN.fullmatch(header.cell(0).strip(" :")):
        return ""
    for word in ("politiezone", "zone de police"):
        found = [n.ref for n in builder.named_in(f"{word} {label}") if n.kind == "police_zone"]
        if len(set(found)) == 1:
            return found[0]
    return ""


def _joint(label: str) -> bool:
    """Whether a row tells of several bodies together ("GIP/GSOB/Brusafe"): its sum is not that of one of them."""
    return re.search(r"[^\W\d_]{2}\s?/\s?[^\W\d_]{2}", label) is not None


def _counted(column: str) -> str:
    """What the numbers of a column count: its header without "aantal", "nombre de" and years."""
    text = re.sub(r"^(?:het\s+)?(?:aantal|totaal|nombre(?: d[e'’]s?)?|total)\s*", "", column.strip(), flags=re.I)
    text = re.sub(r"\s*(?:in|en)\s+(?:19|20)\d\d\s*$", "", text)
    return text.strip(" :") or column.strip(" :") or "aantal"


def _projects(builder: Builder, table: Table, kinds: list[str], plan: str) -> None:
    """Project × theme or measure: a project goes on over the rows whose first cell is empty."""
    project_column, theme_column = kinds.index("project"), kinds.index("theme") if "theme" in kinds else -1
    initiative = ""
    for row in table.rows[1:]:
        name = row.cell(project_column)
        if name and not TOTAL.match(name):
            quote = builder.document.quote(row, *row.cells[project_column])
            initiative = builder.initiative(_title(name), quote)
        if initiative:
            _measures(builder, initiative, row, kinds, plan)
        theme = row.cell(theme_column) if theme_column >= 0 else ""
        if not theme or not initiative:
            continue
        number = builder.vocabulary.theme_named(THEME_ROW.sub(r"\2", theme), plan)
        if not number:
            builder.warn(f"theme {theme!r} is not one of {plan}", row)
            continue
        quote = builder.document.quote(row, *row.cells[theme_column])
        whole = builder.document.quote(row) if name else quote
        builder.add(initiative, "dct:subject", Ref(theme_ref(plan, number)), whole)


def _measures(builder: Builder, initiative: str, row: Block, kinds: list[str], plan: str) -> None:
    """Links to the measures whose numbers stand in the measure column of a row."""
    for index, kind in enumerate(kinds):
        for number in MEASURE.findall(row.cell(index)) if kind == "measure" and plan else ():
            quote = builder.document.quote(row)
            builder.add(initiative, "gvpp:implements", Ref(measure_ref(plan, number)), quote, role="main")


def _title(name: str) -> str:
    """A project name printed in capitals, as a title: small words stay small."""
    if not name.isupper():
        return name
    words = name.split()
    small = {"en", "of", "van", "de", "het", "by", "et", "ou", "du", "des", "la", "le"}
    return " ".join(w.lower() if w.lower() in small and i else w.capitalize() for i, w in enumerate(words))


def _trainings(builder: Builder, table: Table, kinds: list[str], plan: str) -> None:
    """Training × audience × dates, under theme headings or theme rows."""
    training = kinds.index("training")
    audience = kinds.index("audience") if "audience" in kinds else -1
    dates = kinds.index("dates") if "dates" in kinds else -1
    theme: tuple[int, Block] | None = None
    for row in table.rows[1:]:
        cells = [cell for cell in row.texts if cell]
        heading = THEME_ROW.match(cells[0]) if len(cells) == 1 else None
        if heading:
            theme = (int(heading.group(1)), row)
            continue
        theme = table.themes.get(row.start, theme)
        name = row.cell(training)
        if not name or TOTAL.match(name):
            continue
        quote = builder.document.quote(row)
        ref = builder.initiative(clean_label(name), quote, kind="training")
        _measures(builder, ref, row, kinds, plan)
        _counts(builder, ref, row, table, kinds)
        if theme and builder.vocabulary.has_theme(plan, theme[0]):
            builder.add(ref, "dct:subject", Ref(theme_ref(plan, theme[0])), builder.document.quote(theme[1]))
        if audience >= 0 and row.cell(audience):
            builder.text(ref, "gvpp:targetGroup", row.cell(audience), quote)
        if dates >= 0 and row.cell(dates):
            builder.add(ref, "dct:temporal", Lit(row.cell(dates)), quote)


def _counts(builder: Builder, about: str, row: Block, table: Table, kinds: list[str]) -> None:
    """The numbers of a row about one thing, each under a header that says what it counts."""
    header = table.rows[0]
    for index, kind in enumerate(kinds):
        match = CELL_NUMBER.fullmatch(row.cell(index)) if not kind and header.cell(index) else None
        if match:
            unit = match.group(2) or _counted(header.cell(index)).lower()
            year = year_in(header.cell(index), None) or year_in(table.caption, builder.document.source.year)
            name = f"{row.cell(0)} – {header.cell(index)}"
            builder.figure(match.group(1), unit, name, about, builder.document.quote(row), year=year, caption=table.caption)


def _key_values(builder: Builder, table: Table) -> bool:
    """Period, budget and beneficiaries of an instrument, one per row."""
    fields = {builder.wording.column(row.cell(0)): row for row in table.rows if len(row.cells) == 2}
    budget = fields.get("budget")
    if budget is None:
        return False
    beneficiaries = fields.get("beneficiaries")
    title = NUMBERED.sub("", next((t for t in reversed(table.rows[0].section)), ""), count=1)
    period = fields["period"].cell(1) if "period" in fields else ""
    year = year_in(period, None)
    start = budget.cells[1][0]
    parts = list(_amount_parts(budget.cell(1)))
    for offset, text in parts:
        match = AMOUNT.search(text)
        if not match:
            continue
        unit = f"{match.group(2).lower()} euro" if match.group(2) else "euro"
        quote = builder.document.quote(budget, start + offset, start + offset + len(text))
        named = builder.named(budget, start + offset, start + offset + match.start()) if len(parts) > 1 else []
        if not named and beneficiaries is not None:
            named = builder.named(beneficiaries, *beneficiaries.cells[1])
        recipient = named[0].ref if named else ""
        whole = quote if len(parts) > 1 else builder.document.quote(budget)
        builder.figure(
            match.group(1), unit, f"{title} – {budget.cell(0)} {period}".strip(), recipient or builder.ref, whole, year=year
        )
        if recipient and (year or not period):  # the budget of several years is no sum of one of them
            builder.grant(match.group(1), unit, whole, recipient=recipient, year=year, name=f"{title} {period}".strip())
    return True


def _amount_parts(text: str) -> Iterator[tuple[int, str]]:
    """Stretches of a cell that each hold one amount: a cell may list several beneficiaries."""
    position = 0
    for tag in [*TAGS.finditer(text), None]:
        end = tag.start() if tag else len(text)
        piece = text[position:end]
        lead = len(piece) - len(piece.lstrip())
        if piece.strip():
            yield position + lead, piece.strip()
        if tag:
            position = tag.end()


def _key_figures(builder: Builder, table: Table) -> bool:
    """A number and what it counts, one per row; or numbers side by side with what they count below or above them."""
    found = False
    for above, below in pairwise(table.rows):
        for numbers, labels in ((above, below), (below, above)):
            if len(numbers.cells) != len(labels.cells) or not _side_by_side(numbers, labels):
                continue
            for index, label in enumerate(labels.texts):
                match = CELL_NUMBER.fullmatch(numbers.cell(index))
                if match and label:
                    start, end = numbers.cells[index]
                    quote = builder.document.quote(numbers, start, end)
                    year = year_in(label, builder.document.source.year)
                    about = _scope_initiative(builder, numbers)
                    builder.figure(match.group(1), match.group(2) or label.lower(), label, about, quote, year=year)
            return True
    for row in table.rows:
        if len(row.cells) < 2:
            continue
        match = CELL_NUMBER.fullmatch(row.cell(0))
        label = row.cell(1).strip()
        if match and re.search(r"[^\W\d_]{2}", label):
            quote = builder.document.quote(row)
            year = year_in(label, builder.document.source.year)
            words = re.match(
                r"[^\W\d_][\w'’/ -]*?(?=\s(?:door|voor|van|per|georganiseerd|uit|in|par|pour|en|de)\b|$)", label, re.I
            )
            unit = (words.group() if words else label).strip().lower()
            builder.figure(match.group(1), unit, label, _scope_initiative(builder, row), quote, year=year)
            found = True
    return found


def _figures_and_words(a: Block, b: Block) -> bool:
    """Whether two rows are numbers and what they count, in either order: a blank line may part them, set in other sizes."""
    return len(a.cells) == len(b.cells) and (_side_by_side(a, b) or _side_by_side(b, a))


def _side_by_side(numbers: Block, labels: Block) -> bool:
    """Whether one row holds nothing but numbers and the other nothing but words."""
    filled = [cell for cell in numbers.texts if cell]
    words = [cell for cell in labels.texts if cell]
    return (
        len(filled) == len(words) > 1
        and all(CELL_NUMBER.fullmatch(cell) and not YEAR.fullmatch(cell) for cell in filled)
        and all(re.match(r"[^\W\d_]", cell) for cell in words)
    )


def _scope_initiative(builder: Builder, row: Block) -> str:
    """The initiative whose section a row stands in: one that is labelled by one of the titles above it."""
    labels = {
        squashed(s.object.value): s.subject
        for s in builder.out.statements
        if s.predicate == "skos:prefLabel" and isinstance(s.object, Lit) and s.subject.startswith("id/initiative/")
    }
    for title in reversed(row.section):
        for words in (title, clean_label(title), NUMBERED.sub("", title, count=1)):
            if ref := labels.get(squashed(words)):
                return ref
    return builder.ref
