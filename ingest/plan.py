"""Plans: themes, strategy, pillars, measures with their full text, and their institutional partners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ingest import lexicon
from ingest.builder import Builder, squashed
from ingest.figures import read_prose
from ingest.measures import Listed, Piece, Theme, list_measures
from ingest.mend import Block
from kg.model import Lit, Quote, Ref
from kg.names import fold, measure_ref, theme_ref

LABEL_WORDS = 16
BRAND = r"[a-z]+\.[a-z]+\b"  # a body that writes its name like an address
TAIL = re.compile(rf"[;.)]\s+(?=[^\W\d_a-z]|{BRAND})(?P<tail>(?:[^;.:]|\.(?=\w)){{4,160}})$")
EVERYONE = re.compile(r"(?:alle|tous les|toutes les)\s+(?:[^\W\d_]+\s+)?(?:partners|actoren|partenaires|acteurs)\W*", re.I)
SPLIT_PARTNERS = re.compile(r"\s*,\s*(?![^(]*\))|\s+(?:en|et|and)\s+(?![^(]*\))")


def extract(builder: Builder) -> None:
    """Everything that a plan states."""
    lexicon.read_abbreviations(builder)
    taken = publish_measures(builder, builder.document.blocks, builder.document.source.plan or "")
    prose = [block for block in builder.document.blocks if block.start not in taken]
    read_prose(builder, [b for b in prose if not any(builder.wording.section(t) == "lexicon" for t in b.section)], builder.ref)
    lexicon.read_glossed(builder)
    lexicon.read_renamings(builder)


NUMBERED_TITLE = re.compile(
    r"^[ \t]*(?:(?:thema|thème|theme)[ \t]+)?\d{1,2}[ \t]?[.–:-][ \t]+(?P<title>\S[^\n.:;]{3,90}?)[ \t]*$", re.M | re.I
)
TITLE_LINES = 3  # lines over which the title of a chapter may run


def chapters(text: str, names: Iterable[str] = ()) -> list[tuple[int, int]]:
    """Spans of the titles of chapters that stand alone without their number, which the layout prints apart and the text lost.

    Such a title says what a numbered title says elsewhere, or is one of `names`; the longest reading counts.
    """
    titles = {squashed(match["title"]) for match in NUMBERED_TITLE.finditer(text)} | {squashed(name) for name in names}
    lines = [match.span() for match in re.finditer(r"[^\n\f]+", text)]
    found: list[tuple[int, int]] = []
    for first, (start, _) in enumerate(lines):
        if (found and start < found[-1][1]) or not text[start:].lstrip()[:1].isupper():
            continue
        ends = [end for _, end in lines[first : first + TITLE_LINES]]
        fitting = [end for end in ends if squashed(text[start:end]) in titles and text[start:end].rstrip()[-1:] not in ".;:,"]
        if fitting:
            found.append((start, fitting[-1]))
    return found


def publish_measures(builder: Builder, blocks: Sequence[Block], plan: str) -> set[int]:
    """Statements for every measure and theme that the blocks list, for one plan edition; gives the starts of those blocks.

    A report's list is published as the description only while the plan itself is absent (see ingest.link).
    """
    if not blocks or not plan:
        return set()
    listing = list_measures(blocks, builder.wording, lambda text: names_partners(builder, text))
    if not listing.measures:
        return set()
    _plan(builder, plan)
    seen: dict[int, Theme] = {}
    for theme in listing.themes:
        if any(m.theme == theme.number for m in listing.measures) and theme.number not in seen:
            seen[theme.number] = theme
            _theme(builder, plan, theme)
    for number, statements in listing.by_number().items():
        for statement in statements:
            _split_tail(builder, statement)
        _measure(builder, plan, number, statements)
    return {p.block.start for m in listing.measures for p in (*m.pieces, *m.partners)} | {m.head.start for m in listing.measures}


def names_partners(builder: Builder, text: str) -> bool:
    """Whether a text is a list of partners: at least half of its words name known actors, and it is no sentence."""
    parts = [part for part in SPLIT_PARTNERS.split(text) if part.strip()]
    if not parts:
        return False
    if EVERYONE.fullmatch(text):
        return True
    found = builder.recogniser.find(text, builder.out.abbreviations)
    covered = sum(named.end - named.start for named in found)
    return covered >= 0.45 * len(text) or (len(parts) > 1 and len(found) >= 0.6 * len(parts))


def _plan(builder: Builder, plan: str) -> None:
    ref = f"id/plan/{plan}"
    builder.type(ref, "gvpp:Plan")
    years = plan.removeprefix("gvpp-")
    builder.add(ref, "dct:identifier", Lit(years))
    builder.add(ref, "schema:temporalCoverage", Lit(years.replace("-", "/")))
    for lang, title in builder.vocabulary.plan_title(plan).items():
        builder.text(ref, "dct:title", title, lang=lang)


def _theme(builder: Builder, plan: str, theme: Theme) -> None:
    ref = theme_ref(plan, theme.number)
    builder.type(ref, "skos:Concept")
    builder.add(ref, "skos:inScheme", Ref(f"auth/theme/{plan}"))
    builder.add(ref, "skos:notation", Lit(str(theme.number)))
    if not builder.vocabulary.has_theme(plan, theme.number):
        label = theme.label.capitalize() if theme.label.isupper() else theme.label
        builder.text(ref, "skos:prefLabel", label, builder.document.quote(theme.block, theme.start, theme.end))


def _measure(builder: Builder, plan: str, number: str, statements: list[Listed]) -> None:
    ref = measure_ref(plan, number)
    first = statements[0]
    builder.type(ref, "gvpp:Measure")
    builder.add(ref, "dct:isPartOf", Ref(f"id/plan/{plan}"))
    builder.add(ref, "skos:inScheme", Ref(f"auth/measure/{plan}"))
    builder.add(ref, "dct:identifier", Lit(number))
    builder.add(ref, "dct:subject", Ref(theme_ref(plan, first.theme)))
    pillar = next((s.pillar for s in statements if s.pillar), "")
    if pillar:
        builder.add(
            ref, "gvpp:pillar", Ref(f"auth/pillar/{pillar}"), builder.document.quote(first.head, 0, min(40, len(first.head.text)))
        )
    text = _without_marks(first.text, builder.document.footnotes)
    if not text:
        builder.warn(f"measure {number} of {plan} has no text", first.head)
        return
    for quote in _quotes(builder, first):
        builder.text(ref, "dct:description", text, quote)
    builder.text(ref, "skos:prefLabel", short_label(text))
    for other in statements[1:]:
        wording = _without_marks(other.text, builder.document.footnotes)
        if wording and re.sub(r"\W+", "", fold(wording)) != re.sub(r"\W+", "", fold(text)):
            for quote in _quotes(builder, other):
                builder.text(ref, "gvpp:otherWording", wording, quote)
    for statement in statements:
        for piece in statement.partners:
            _partners(builder, ref, piece)


def _quotes(builder: Builder, statement: Listed) -> list[Quote]:
    """The passages of a measure's text; the first quote begins with its number."""
    quotes = []
    if not statement.pieces or statement.pieces[0].block is not statement.head:
        quotes.append(builder.document.quote(statement.head))
    for piece in statement.pieces:
        start = 0 if piece.block is statement.head and piece.block.kind != "row" else piece.start
        quotes.append(builder.document.quote(piece.block, start, piece.end))
    return quotes


def _partners(builder: Builder, measure: str, piece: Piece) -> None:
    """Every partner of a list: known ones by the gazetteer, the others under their own name."""
    block = piece.block
    quote = builder.document.quote(block, piece.start, piece.end)
    text = block.text[piece.start : piece.end]
    known = builder.named(block, piece.start, piece.end)
    for named in known:
        builder.add(measure, "gvpp:hasPartner", Ref(named.ref), quote)
    for shared in _coordinated(text):
        ref = builder.recogniser.exact(shared)
        if ref:
            builder.add(measure, "gvpp:hasPartner", Ref(ref), quote)
    cursor = piece.start
    for part in SPLIT_PARTNERS.split(text):
        start = block.text.find(part, cursor)
        cursor = start + len(part)
        if part.strip(" .…()") and not any(n.start < cursor and n.end > start for n in known):
            name = part.strip(" .…;")
            if 2 < len(name) < 80 and not any(name in shared for shared in _coordinated(text)):
                builder.add(measure, "gvpp:hasPartner", Ref(builder.organisation(name, quote)), quote)


COORDINATED = re.compile(r"(?P<a>[^\W\d_]+) (?:en|et) (?P<b>[^\W\d_]+) (?P<noun>[^\W\d_]+)")
COORDINATED_FR = re.compile(r"(?P<noun>[^\W\d_]+(?: publics)?) (?P<a>[^\W\d_]+) et (?P<b>[^\W\d_]+)")


def _coordinated(text: str) -> list[str]:
    """Names that share a noun: "federale en gewestelijke overheidsdiensten", "services publics fédéraux et régionaux"."""
    names = [f"{m[which]} {m['noun']}" for m in COORDINATED.finditer(text) for which in ("a", "b")]
    return names + [f"{m['noun']} {m[which]}" for m in COORDINATED_FR.finditer(text) for which in ("a", "b")]


def _split_tail(builder: Builder, statement: Listed) -> None:
    """Partners printed on the last line of a text or list item ("…; Parket, geïntegreerde politie") leave the text."""
    for index, piece in enumerate(statement.pieces):
        text = piece.block.text[piece.start : piece.end]
        match = TAIL.search(text)
        if match and names_partners(builder, match.group("tail")):
            cut = piece.start + match.start("tail")
            statement.partners.append(Piece(piece.block, cut, piece.end))
            statement.pieces[index] = Piece(piece.block, piece.start, cut)


def _without_marks(text: str, footnotes: dict[int, str]) -> str:
    """The text without footnote marks; in quotes they stay, because a quote changes nothing."""
    for number in footnotes:
        text = re.sub(
            rf"(?:(?<=[a-zà-ÿ])|(?<=[A-Z]{{2}})){number}(?=[\s.,;:)]|$)|(?<=[a-zà-ÿ][.,;:)”’]){number}(?=\s|$)", "", text, count=1
        )
    return text.strip()


def short_label(text: str) -> str:
    """The first clause of a measure's text, at most 16 words: a label for editions that have no curated one.

    >>> short_label("De opleiding versterken van alle actoren (per beroep), met aandacht voor: jongeren")
    'De opleiding versterken van alle actoren'
    """
    clause = re.split(r"[;:(\n]|\.\s|,\s(?:met|zoals|waarbij|en dit|door|om|avec|en vue|notamment|afin|dont)", text, maxsplit=1)[
        0
    ]
    words = clause.strip(" ,.;:").split()
    return " ".join(words[:LABEL_WORDS]) + ("…" if len(words) > LABEL_WORDS else "")
