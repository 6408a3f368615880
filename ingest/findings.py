"""What does not add up in the sources: rules that hold for any document.

A finding says what was found, never who is right, and shows every passage that it rests on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from rapidfuzz import fuzz

from ingest.builder import Builder, plain_number
from ingest.document import sentence_spans
from ingest.lexicon import GLOSSED, initialled
from ingest.mend import Block
from ingest.references import NAMED_EDITION, measures_in, plan_id
from ingest.tables import CELL_NUMBER, SCALE, TOTAL, YEAR
from ingest.wording import load_wording
from kg.model import Extraction, Finding, Lit, Passage, Quote, Ref
from kg.names import fold, measure_ref
from kg.quotes import quote_at

CLAIM = re.compile(r"(?<![\d.,])(\d{2,3})\s+(?:concrete\s+|verschillende\s+)?(maatregelen|mesures)\b", re.I)
SPLIT_INTO = re.compile(
    r"(?<![\d.,])(?P<total>\d{1,3}(?:[.\s]\d{3})+|\d+)\s+(?P<what>[^\W\d_][^.;:()\d]{2,80}?)"
    r"(?:[,:]\s*(?:meer bepaald|met name|namelijk|te weten|zijnde|"
    r"hetzij|soit|à savoir|plus précisément)|\s*:)\s*(?P<parts>\d[^.;]*)",
    re.I,
)
PART = re.compile(r"(?<![\d.,/])(\d{1,3}(?:[.\s]\d{3})+|\d+)(?=\s+[^\W\d_])")
COLON_LIST = re.compile(r"(?<![\d.,])(?P<total>\d{1,4})\s+[^\W\d_][^.;\d]*(?::|zijnde\s*:|à savoir\s*:|soit\s*:)\s*$", re.I)
LEADING_NUMBER = re.compile(r"(\d{1,4})\s+[^\W\d_]")
RESTATED = re.compile(r"\s*:\s*[\"“«]?\s*(?P<text>[^\W\d_].{25,400})", re.S)
BY = re.compile(r"(?:door|dankzij|via|met|par|grâce|en|avec|pour)\s", re.I)
ELSEWHERE = re.compile(r"(?:zie|cf|voir|supra|infra|hierboven|hieronder|ci-dessus|ci-dessous)\b", re.I)
Measures = dict[str, dict[str, dict[str, str]]]
KEY_FIGURE = 60  # characters: a key figure and its label are shorter, a sentence is longer


def within(builder: Builder) -> None:
    """Findings inside one document: parts that do not make their total, one figure with two values."""
    blocks = builder.document.blocks
    for index, block in enumerate(blocks):
        if block.kind in ("para", "item"):
            _sentence_parts(builder, block)
        if block.kind == "para":
            _list_parts(builder, block, blocks[index + 1 :])
    _table_totals(builder)
    _two_values(builder)


def _shown(number: float) -> str:
    """A number with spaces between its thousands, without a fraction that is nought."""
    return f"{number:,.2f}".removesuffix(".00").replace(",", " ")


def _add(builder: Builder, kind: str, about: Sequence[str], nl: str, fr: str, quotes: Sequence[Quote]) -> None:
    builder.out.findings.append(Finding(kind, tuple(about), {"nl": nl, "fr": fr}, tuple(quotes)))


def _sentence_parts(builder: Builder, block: Block) -> None:
    for start, end in sentence_spans(block.text):
        match = SPLIT_INTO.search(block.text, start, end)
        if not match:
            continue
        total = float(plain_number(match["total"]))
        parts = [float(plain_number(part)) for part in PART.findall(match["parts"])]
        if len(parts) < 2 or sum(parts) == total or max(parts) > total or not re.search(r"\b(?:en|et|and)\b", match["parts"]):
            continue
        quote = builder.document.quote(block, start, end)
        shown = " + ".join(map(_shown, parts))
        _add(
            builder,
            "parts-total",
            [builder.ref],
            f"De delen ({shown} = {_shown(sum(parts))}) vormen niet het genoemde totaal van {_shown(total)}.",
            f"Les parties ({shown} = {_shown(sum(parts))}) ne font pas le total annoncé de {_shown(total)}.",
            [quote],
        )


def _list_parts(builder: Builder, block: Block, rest: Sequence[Block]) -> None:
    """A total before a list whose items each begin with their number."""
    match = COLON_LIST.search(block.text)
    if not match:
        return
    items: list[Block] = []
    for item in rest:
        if item.kind != "item":
            break
        items.append(item)
    numbers = [int(m.group(1)) for item in items if (m := LEADING_NUMBER.match(item.text))]
    total = int(match["total"])
    if len(numbers) < 3 or len(numbers) != len(items) or sum(numbers) == total:
        return
    _add(
        builder,
        "parts-total",
        [builder.ref],
        f"De lijst telt op tot {sum(numbers)}, de tekst noemt {total}.",
        f"La liste fait {sum(numbers)} au total, le texte annonce {total}.",
        [builder.document.quote(block), builder.document.quote(items[0]), builder.document.quote(items[-1])],
    )


def _table_totals(builder: Builder) -> None:
    """Rows above a total row, column by column; rounding is tolerated where the table is in thousands."""
    rows: list[Block] = []
    caption = ""
    for block in builder.document.blocks:
        if block.kind != "row":
            rows, caption = [], block.text
            continue
        rows = [*([] if block.gap else rows), block]
        if not TOTAL.match(block.cell(0)) or len(rows) < 3:
            continue
        scaled = SCALE.search(" ".join([caption, *rows[0].texts, *block.section]))
        tolerance = 0.5 * (len(rows) - 1) if scaled and scaled.group(1).lower() not in ("euro", "euros") else 0.005
        for column in range(1, len(block.cells)):
            total, parts = _cell(block, column), [(row, _cell(row, column)) for row in rows[:-1]]
            if YEAR.fullmatch(rows[0].cell(column)):
                parts = parts[1:]
            values = [(row, value) for row, value in parts if value is not None]
            if total is None or len(values) < 2 or abs(sum(v for _, v in values) - total) <= tolerance:
                continue
            header = rows[0].cell(column)
            summed = _shown(sum(v for _, v in values))
            _add(
                builder,
                "parts-total",
                [builder.ref],
                f"De rijen van kolom «{header}» tellen op tot {summed}, de totaalrij zegt {_shown(total)}.",
                f"Les lignes de la colonne «{header}» font {summed}, la ligne du total dit {_shown(total)}.",
                [builder.document.quote(row) for row, _ in values] + [builder.document.quote(block)],
            )
        rows = rows[:1]


def _cell(row: Block, column: int) -> float | None:
    match = CELL_NUMBER.fullmatch(row.cell(column))
    if not match or match.group(2) == "%" or (re.fullmatch(r"(?:19|20)\d\d", row.cell(column)) and not row.cell(0)):
        return None
    return float(plain_number(match.group(1)))


def _two_values(builder: Builder) -> None:
    """The same unit of the same thing in the same year with two values that look like one: a slip of digits or nearly equal."""
    nodes: dict[str, dict[str, str]] = defaultdict(dict)
    quotes: dict[str, Quote] = {}
    for statement in builder.out.statements:
        if statement.subject.startswith("id/figure/"):
            value = statement.object.value if isinstance(statement.object, Lit) else statement.object.path
            nodes[statement.subject][statement.predicate] = value
            if statement.quote:
                quotes[statement.subject] = statement.quote
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for ref, node in nodes.items():
        unit = fold(node.get("schema:unitText", ""))
        if unit and unit not in ("%", "euro") and "euro" not in unit:
            groups[node.get("gvpp:about", ""), unit.split()[0], node.get("gvpp:year", "")].append(ref)
    for (about, unit, _), refs in groups.items():
        for a, b in combinations(refs, 2):
            first, second = nodes[a]["schema:value"], nodes[b]["schema:value"]
            if first == second or not _alike(first, second) or _key_figure(quotes[a].text) == _key_figure(quotes[b].text):
                continue  # a slip shows between a key figure and the prose, not between two sentences or two list items
            _add(
                builder,
                "two-values",
                [about, a, b],
                f"«{unit}» heeft twee waarden: {first} en {second}.",
                f"«{unit}» a deux valeurs : {first} et {second}.",
                [quotes[a], quotes[b]],
            )


def _key_figure(text: str) -> bool:
    """Whether a quote is a number with its label, and no sentence."""
    return len(text) < KEY_FIGURE and not text.rstrip().endswith(".")


def _alike(a: str, b: str) -> bool:
    x, y = float(a), float(b)
    near = abs(x - y) <= 0.05 * max(x, y)
    return min(x, y) > 20 and (near or (len(a) == len(b) > 2 and sorted(a) == sorted(b)))


def across(extractions: Sequence[Extraction]) -> list[Finding]:
    """Findings that need several documents, with those of the single ones, without repetition."""
    found = {finding.ref: finding for extraction in extractions for finding in extraction.findings}
    measures = _measures(extractions)
    for finding in (
        *_claims(extractions, measures),
        *_same_text(extractions),
        *_glosses(extractions, measures),
        *_unknown_measures(extractions, measures),
        *_abbreviations(extractions),
    ):
        found.setdefault(finding.ref, finding)
    return sorted(found.values(), key=lambda finding: (finding.kind, finding.ref))


def _measures(extractions: Sequence[Extraction]) -> Measures:
    """Texts of the measures by plan, number and language."""
    plans: Measures = defaultdict(lambda: defaultdict(dict))
    for extraction in extractions:
        for s in extraction.statements:
            if s.predicate == "dct:description" and s.subject.startswith("id/measure/") and isinstance(s.object, Lit):
                plan, number = s.subject.split("/")[2:4]
                plans[plan][number].setdefault(s.object.lang, s.object.value)
    return plans


def _prose(extraction: Extraction) -> Iterator[tuple[Passage, int, int]]:
    """Sentences of the passages."""
    for passage in extraction.passages:
        for start, end in _sentences(passage.text):
            yield passage, start, end


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Sentences of a passage: a heading above them is none of their words."""
    for block in re.finditer(r"[^\n]+", text):
        for start, end in sentence_spans(block.group()):
            yield block.start() + start, block.start() + end


def _claims(extractions: Sequence[Extraction], measures: Measures) -> Iterator[Finding]:
    """A number of measures that a text claims for a plan, against those that can be counted."""
    for extraction in extractions:
        for passage, start, end in _prose(extraction):
            text = passage.text
            match = CLAIM.search(text, start, end)
            if not match:
                continue
            named = NAMED_EDITION.search(text, start, end)
            plan = plan_id(named[1], named[2]) if named else extraction.source.plan or ""
            whole = re.search(
                r"\bde\s+\d+|\bles\s+\d+|\bplan\b|GVPP|PGSP|telt|compte|bevat|comprend|réunit|thèmes? et|thema's en",
                text[start:end],
                re.I,
            )
            counted = len(measures.get(plan, {}))
            if not counted or not whole or int(match[1]) == counted or int(match[1]) < 0.8 * counted:
                continue
            yield Finding(
                "count",
                (f"id/plan/{plan}",),
                {
                    "nl": f"De tekst noemt {match[1]} maatregelen; in {plan} zijn er {counted} te tellen.",
                    "fr": f"Le texte annonce {match[1]} mesures ; {plan} en compte {counted}.",
                },
                (quote_at(extraction.text, passage, start, end),),
            )


def _same_text(extractions: Sequence[Extraction]) -> Iterator[Finding]:
    """Two measures of one plan with the same text."""
    for extraction in extractions:
        by_text: dict[tuple[str, str], dict[str, Quote]] = defaultdict(dict)
        for s in extraction.statements:
            if s.predicate == "dct:description" and s.subject.startswith("id/measure/") and isinstance(s.object, Lit) and s.quote:
                plan = s.subject.split("/")[2]
                by_text[plan, re.sub(r"\W+", "", fold(s.object.value))].setdefault(s.subject, s.quote)
        for (plan, _), subjects in by_text.items():
            if len(subjects) > 1:
                numbers = ", ".join(sorted(ref.rsplit("/", 1)[-1] for ref in subjects))
                yield Finding(
                    "same-text",
                    tuple(sorted(subjects)),
                    {
                        "nl": f"De maatregelen {numbers} van {plan} hebben dezelfde tekst.",
                        "fr": f"Les mesures {numbers} de {plan} ont le même texte.",
                    },
                    tuple(subjects[ref] for ref in sorted(subjects)),
                )


def _words(text: str) -> set[str]:
    """Content words of a text, cut to six letters so that inflection does not part them."""
    return {
        word[:6].rstrip("s") for word in re.findall(r"[^\W\d_]{4,}", fold(text)) if word not in load_wording().stop("content")
    }


def _glosses(extractions: Sequence[Extraction], measures: Measures) -> Iterator[Finding]:
    """A text that says what a measure is about in words that its own text does not hold."""
    for extraction in extractions:
        if extraction.source.genre == "plan":
            continue
        plan = extraction.source.plan or ""
        for passage in extraction.passages:
            for mention in measures_in(passage.text):
                wording = measures.get(plan, {}).get(mention.number, {}).get(passage.lang)
                if not wording:
                    continue
                gloss = passage.text[slice(*mention.gloss)] if mention.gloss else _restated(passage.text, mention.end)
                if not _tells(gloss) or _words(gloss) & _words(wording):
                    continue
                start, end = _around(passage.text, mention.start, mention.gloss[1] if mention.gloss else mention.end)
                yield Finding(
                    "gloss",
                    (measure_ref(plan, mention.number),),
                    {
                        "nl": f"De omschrijving «{gloss}» past niet bij de tekst van maatregel {mention.number} ({plan}).",
                        "fr": f"La description «{gloss}» ne correspond pas au texte de la mesure {mention.number} ({plan}).",
                    },
                    (quote_at(extraction.text, passage, start, end),),
                )


def _tells(gloss: str) -> bool:
    """Whether a gloss says enough to be compared: two content words, or one long ordinary word."""
    words = _words(gloss)
    if ELSEWHERE.match(gloss):
        return False
    return len(words) > 1 or (len(gloss.split()) == 1 and gloss.islower() and len(gloss) > 7)


def _restated(text: str, end: int) -> str:
    match = RESTATED.match(text, end)
    if not match or BY.match(match["text"]):
        return ""
    return re.split(r"[\"”».;\n]", match["text"], maxsplit=1)[0]


def _language_differs(a: str, b: str) -> bool:
    def french(text: str) -> int:
        return len(re.findall(r"\b(?:le|la|les|des|du|et|une?|dans|pour|aux?|l'|d')\b", text, re.I))

    def dutch(text: str) -> int:
        return len(re.findall(r"\b(?:de|het|een|van|en|voor|met|op|te|aan)\b", text, re.I))

    return (french(a) > dutch(a)) != (french(b) > dutch(b))


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    covering = [(a, b) for a, b in _sentences(text) if a < end and b > start]
    return (covering[0][0], covering[-1][1]) if covering else (start, end)


def _unknown_measures(extractions: Sequence[Extraction], measures: Measures) -> Iterator[Finding]:
    """A measure number that its plan does not hold."""
    for extraction in extractions:
        for s in extraction.statements:
            if s.predicate == "gvpp:implements" and isinstance(s.object, Ref) and s.quote:
                plan, number = s.object.path.split("/")[2:4]
                if measures.get(plan) and number not in measures[plan]:
                    yield Finding(
                        "unknown-measure",
                        (s.subject, s.object.path),
                        {"nl": f"{plan} heeft geen maatregel {number}.", "fr": f"{plan} n'a pas de mesure {number}."},
                        (s.quote,),
                    )


def _abbreviations(extractions: Sequence[Extraction]) -> Iterator[Finding]:
    """An abbreviation with two expansions, and an expansion with two abbreviations made of the same letters."""
    seen: dict[str, dict[str, tuple[str, Quote]]] = defaultdict(dict)
    for extraction in extractions:
        for short, long, quote in _expansions(extraction):
            key = re.sub(r"\W+", "", fold(re.sub(r"\(.*?\)", "", long)))
            if key and not any(_same_expansion(long, other) for other, _ in seen[short].values()):
                seen[short][key] = (long, quote)
    for short, longs in sorted(seen.items()):
        if len(longs) > 1:
            ways = " / ".join(f"«{long}»" for long, _ in longs.values())
            yield Finding(
                "abbreviation",
                (f"auth/abbreviation/{short}",),
                {
                    "nl": f"{short} wordt op {len(longs)} manieren verklaard: {ways}.",
                    "fr": f"{short} est développé de {len(longs)} façons : {ways}.",
                },
                tuple(quote for _, quote in longs.values()),
            )
    by_long: dict[frozenset[str], dict[str, tuple[str, Quote]]] = defaultdict(dict)
    for short, longs in seen.items():
        for long, quote in longs.values():
            by_long[frozenset(_words(long))].setdefault(short, (long, quote))
    for shorts in by_long.values():
        for (a, (long, quote_a)), (b, (_, quote_b)) in combinations(sorted(shorts.items()), 2):
            if sorted(a.casefold()) == sorted(b.casefold()) and a.casefold() != b.casefold():
                yield Finding(
                    "abbreviation",
                    (f"auth/abbreviation/{a}", f"auth/abbreviation/{b}"),
                    {"nl": f"«{long}» wordt afgekort als {a} en als {b}.", "fr": f"«{long}» est abrégé en {a} et en {b}."},
                    (quote_a, quote_b),
                )


def _same_expansion(a: str, b: str) -> bool:
    """Whether two expansions differ in nothing but inflection, small words, case, a gloss in brackets, or the language."""
    x, y = re.sub(r"\(.*?\)", "", a), re.sub(r"\(.*?\)", "", b)
    if _language_differs(x, y) or _words(x) == _words(y):
        return True
    squashed = [re.sub(r"\W+", "", fold(text)) for text in (x, y)]
    return squashed[0] in squashed[1] or squashed[1] in squashed[0] or fuzz.ratio(*squashed) > 97


def _expansions(extraction: Extraction) -> Iterator[tuple[str, str, Quote]]:
    """Expansions that the lexicon gives, and those that prose gives in passing ("… (BPV)")."""
    notation = {
        s.subject: s.object.value for s in extraction.statements if s.predicate == "skos:notation" and isinstance(s.object, Lit)
    }
    for s in extraction.statements:
        if s.subject.startswith("id/abbreviation/") and s.predicate == "skos:prefLabel" and s.quote and isinstance(s.object, Lit):
            yield notation[s.subject], s.object.value, s.quote
    for passage in extraction.passages:
        for match in GLOSSED.finditer(passage.text):
            long = initialled(match["long"], match["short"])
            if long:
                start = match.start("long") + match["long"].rindex(long.split()[0])
                yield match["short"], long, quote_at(extraction.text, passage, start, match.end())
