"""Abbreviations that a document explains, and organisations that it says were renamed."""

from __future__ import annotations

import re
from itertools import pairwise

from ingest.builder import ARTICLE, QUOTES, Builder
from ingest.document import sentence_spans
from ingest.mend import Block
from ingest.wording import load_wording
from kg.model import Lit, Quote, Ref
from kg.names import digest, fold, slug

ENTRY = re.compile(r"(?P<short>[A-Z][\w()./+&-]{1,14}?)\s*(?:[:=–—]|\t|(?<=\S)\s)\s*(?P<long>[^\W\d_].+)$", re.S)
# What the further lines of a list of abbreviations begin with.
MARKED = re.compile(r"[A-Z][\w()./+&-]{1,14}?\s*[:=–—]\s")
UNMARKED = re.compile(r"[A-Z]{2}[\w./+&-]{0,12}\s+[^\W\d_]")
GLOSSED = re.compile(r"(?P<long>(?:(?:[^\W\d_][\w’&-]*|&) ){1,9}?[^\W\d_][\w’&-]*)['’”]? \((?P<short>[A-Z][A-Za-z&.]{1,9})\)")
EXPANDED = re.compile(r"(?<![\w(])(?P<short>[A-Z]{3,9}) \((?P<long>[^\W\d_][^()]{8,120})\)")
DATE = re.compile(
    r"(?P<day>\d{1,2})(?:er)?[\s/.-]+(?P<month>[^\W\d_]+|\d{1,2})[\s/.-]+(?P<year>(?:19|20)\d\d)|(?P<only>(?:19|20)\d\d)"
)
NAME = r"[^,;:()]{2,90}?"
RENAMING_WORD = re.compile(
    r"omgedoopt|hernoemd|voortaan|sindsdien|, nu |vandaag|rebaptis|renomm|devenu|devient|désormais|dorénavant|aujourd", re.I
)
RENAMED = (
    re.compile(rf"(?:werd|wordt|is)\s+(?P<old>{NAME})\s+(?:omgedoopt|hernoemd)\s+tot\s+(?P<new>[^.;,]{{2,120}})", re.I),
    re.compile(
        rf"(?P<old>{NAME})\s+(?:werd|wordt|is|heet)\s+(?:voortaan|omgedoopt tot|hernoemd tot|sindsdien)\s+"
        r"(?P<new>[^.;,]{2,120})",
        re.I,
    ),
    re.compile(rf"(?P<old>{NAME}),\s+(?:nu|voortaan|vandaag)\s+(?!ook\b|aussi\b|également\b)(?P<new>[^.;,]{{2,60}})", re.I),
    re.compile(rf"(?P<old>{NAME})\s+(?:a été|est)\s+re(?:baptisée?|nommée?)s?\s+(?:en\s+)?(?P<new>[^.;,]{{2,120}})", re.I),
    re.compile(
        rf"(?P<old>{NAME})\s+(?:est devenue?s?|devient|s'appelle (?:désormais|dorénavant))\s+(?P<new>[^.;,]{{2,120}})", re.I
    ),
    re.compile(
        rf"(?P<old>{NAME}),\s+(?:désormais|aujourd['’]hui|devenue?s?)\s+(?!ook\b|aussi\b|également\b)(?P<new>[^.;,]{{2,60}})",
        re.I,
    ),
)


# "X heet sinds 1 juni 2025 Y", "X s'appelle désormais Y", "X est devenue l'asbl Y en mars 2021", "X ging op in Y".
WHEN = r"(?:sinds|vanaf|depuis|dès)\s(?:[^.;:]{0,24}?\s)?(?:19|20)\d\d\s"
AGAIN = r"(?:voortaan|nu|sindsdien|désormais|dorénavant|aujourd['’]hui)"
OF_NAME = re.compile(
    rf"(?P<verb>\b(?:heet|heten|draagt(?: {AGAIN})? de naam|kreeg de naam|s['’]appelle(?:nt)?|se nomme|"
    rf"porte(?: {AGAIN})? le nom de|a pris le nom de|a été rebaptisée?|est devenue?|(?:werd|is) omgedoopt tot)(?:\s{AGAIN})?)"
    rf"\s+(?:{WHEN})?(?P<new>[^.;:()]{{3,90}})",
    re.I,
)
ASIDE = r"(?:,[^,;.]{2,80},)?"
MERGED = (
    re.compile(
        rf"\b(?:ging|is|werd)\s+(?P<old>[^,;:()]{{2,60}}?){ASIDE}\s+(?:opgegaan|opgenomen|geïntegreerd|op)\s+in\s+"
        r"(?P<new>[^.;,()]{2,60}\S*)"
    ),
    re.compile(
        rf"(?P<old>[^,;:()]{{2,60}}?){ASIDE}\s+(?:est|a été)\s+(?:intégrée?|absorbée?|reprise?)\s+(?:à|dans|par)\s+"
        r"(?P<new>[^.;,()]{2,60}\S*)"
    ),
)
PRONOUN = re.compile(r"(?:deze|dit|die|dat|hij|zij|ze|cette?|ces?|ceci|cela|elles?|ils?|on|qui|men|wie)\b", re.I)
SINCE = re.compile(r"\b(?:sinds|vanaf|voortaan|sindsdien|omgedoopt|depuis|dès|désormais|dorénavant|rebaptis)", re.I)
LEGAL = re.compile(r"\b(?:vzw|asbl|ivzw|aisbl)\b", re.I)
PROPER_NAME = re.compile(r"[A-ZÀ-Ý][^\W_]")
LONG_NAME = 9  # words


def read_abbreviations(builder: Builder) -> None:
    """The document's own lexicon: each abbreviation with its expansion and the entry as quote."""
    builder.out.abbreviations.update(builder.recogniser.settle(builder.document.extracted.text))
    for block in builder.document.blocks:
        in_lexicon = any(builder.wording.section(title) == "lexicon" for title in block.section)
        if not in_lexicon or builder.wording.section(block.text) == "lexicon":
            continue
        entries = [(start, end, *_entry(block, start, end)) for start, end in _lines(builder, block)]
        if not any(short for _, _, short, _ in entries):
            if not block.text.rstrip().endswith(":") and (block.kind != "para" or len(block.text) < 160):
                builder.warn("lexicon entry not understood", block)
            continue
        for start, end, short, long in entries:
            if not short:
                continue
            builder.out.abbreviations.setdefault(short, long)
            ref = f"id/abbreviation/{builder.document.source.document}/{slug(short)}"
            quote = builder.document.quote(block, start, end)
            builder.type(ref, "gvpp:Abbreviation")
            builder.add(ref, "skos:notation", Lit(short))
            builder.text(ref, "skos:prefLabel", long, quote)


def _lines(builder: Builder, block: Block) -> list[tuple[int, int]]:
    """Spans of the entries of a block: lines that begin as the first one does, with or without a mark after the short form."""
    pattern = MARKED if MARKED.match(block.text) else UNMARKED
    if block.kind == "row" or not pattern.match(block.text):
        return [(0, len(block.text))]
    source, at = builder.document.extracted.text, block.mended.at
    begins = [i for i in range(1, len(at)) if "\n" in source[at[i - 1] : at[i]] and pattern.match(block.text, i)]
    return list(pairwise([0, *begins, len(block.text)]))


def read_glossed(builder: Builder) -> None:
    """Abbreviations that prose explains in passing, "… (BPV)" or "BIBAAT (…)", where the lexicon does not."""
    for block in builder.document.blocks:
        if block.kind == "heading":
            continue
        for match in [*GLOSSED.finditer(block.text), *EXPANDED.finditer(block.text)]:
            short = match["short"]
            long = initialled(match["long"], short)
            if not long or short in builder.out.abbreviations:
                continue
            builder.out.abbreviations[short] = long
            ref = f"id/abbreviation/{builder.document.source.document}/{slug(short)}"
            builder.type(ref, "gvpp:Abbreviation")
            builder.add(ref, "skos:notation", Lit(short))
            builder.text(ref, "skos:prefLabel", long, builder.document.sentence(block, match.start(), match.end()))


def initialled(words: str, short: str) -> str:
    """The last words whose initials make the letters of an abbreviation, in any order; "" when they do not."""
    tokens = words.split()
    letters = [c for c in short.casefold() if c.isalpha()]
    small = load_wording().stop("small")
    for count in range(1, len(tokens) + 1):
        tail = tokens[-count:]
        initials = [fold(token)[0] for token in tail if token[0].isalpha()]
        content = [fold(t)[0] for t in tail if fold(t) not in small and t[0].isalpha()]
        if fold(tail[0]) not in small and (sorted(initials) == sorted(letters) or sorted(content) == sorted(letters)):
            return " ".join(tail)
        # A compound gives more than its first letter ("Gewestelijk Verwerkingscentrum": GVC).
        compound = content and content[0] == letters[0] and len(content) == len(letters) - 1 and set(content) <= set(letters)
        if compound and re.search(".*".join(map(re.escape, letters)), fold("".join(tail))):
            return " ".join(tail)
    return ""


def _entry(block: Block, start: int, end: int) -> tuple[str, str]:
    if block.kind == "row" and len(block.cells) >= 2:
        return (block.cell(0), block.cell(1)) if block.cell(0)[:1].isupper() and block.cell(1) else ("", "")
    match = ENTRY.match(block.text[start:end])
    if not match:
        return "", ""
    short, long = match.group("short").rstrip(":"), match.group("long").strip()
    capitals = sum(c.isupper() for c in short)
    if len(long) < 3 or (capitals < 2 and short.casefold() == short[0].casefold() + short[1:] and len(short) > 6):
        return "", ""
    return short, long


def read_renamings(builder: Builder) -> None:
    """Organisations said to have been renamed or merged, with the date that the sentence gives."""
    for block in builder.document.blocks:
        if block.kind == "heading":
            continue
        if RENAMING_WORD.search(block.text):
            for pattern in RENAMED:
                for match in pattern.finditer(block.text):
                    _renaming(builder, block, match)
        for start, end in sentence_spans(block.text):
            for pattern in MERGED:
                for match in pattern.finditer(block.text, start, end):
                    _renaming(builder, block, match)
            for match in OF_NAME.finditer(block.text, start, end):
                _named_anew(builder, block, match, start)


def _renaming(builder: Builder, block: Block, match: re.Match[str]) -> None:
    """A change between two organisations that are known."""
    old = [n for n in builder.named(block, match.start("old"), match.end("old")) if n.kind != "municipality"]
    new = [n for n in builder.named(block, match.start("new"), match.end("new")) if n.kind != "municipality"]
    if not old or not new or old[-1].name.casefold() == new[0].name.casefold():
        return
    quote = builder.document.sentence(block, match.start(), match.end())
    _change(builder, (old[-1].ref, old[-1].name), (new[0].ref, new[0].name), quote)


def _named_anew(builder: Builder, block: Block, match: re.Match[str], start: int) -> None:
    """A change of name of a body that nobody knows yet: both names are names, and the sentence says that the name is new."""
    quote = builder.document.sentence(block, match.start(), match.end())
    # What stands between commas before the verb ("de son côté") is no part of the name.
    before = [part.strip() for part in re.split(r"[,;:()]", block.text[start : match.start("verb")]) if part.strip()]
    old = next((name for part in reversed(before[-2:]) if (name := _bare(builder, part))), "")
    words = re.split(
        r"\s(?:en|in|op|sinds|vanaf|depuis|dès|le)\s(?=[^\W\d_]*\s?(?:\d|20))|\s(?:en|et)\s", match["new"].split(",")[0]
    )[0]
    new = _bare(builder, words)
    surely = SINCE.search(quote.text) or ("devenu" in match["verb"] and (DATE.search(quote.text) or LEGAL.search(match["new"])))
    if not old or not new or not surely or fold(old) == fold(new):
        return
    _change(builder, (builder.organisation(old, quote), old), (builder.organisation(new, quote), new), quote)


def _bare(builder: Builder, text: str) -> str:
    """A proper name without article and legal form; "" for other words."""
    name = builder.wording.without_legal_form(ARTICLE.sub("", text.strip(QUOTES)).strip(QUOTES)).strip(QUOTES)
    fits = PROPER_NAME.match(name) and not PRONOUN.match(name) and len(name.split()) <= LONG_NAME and not DATE.search(name)
    return name if fits else ""


def _change(builder: Builder, old: tuple[str, str], new: tuple[str, str], quote: Quote) -> None:
    """The change event with its evidence; the same sentence states it once."""
    date = _date(builder, quote.text)
    event = f"id/change/{builder.document.source.document}/{digest(old[1], new[1], date)}"
    if any(s.subject == event for s in builder.out.statements):
        return
    builder.type(event, "org:ChangeEvent")
    builder.add(event, "org:originalOrganization", Ref(old[0]), quote)
    builder.add(event, "org:resultingOrganization", Ref(new[0]), quote)
    builder.text(event, "gvpp:formerName", old[1], quote)
    builder.text(event, "gvpp:newName", new[1], quote)
    builder.add(old[0], "org:changedBy", Ref(event), quote)
    if date:
        kind = {4: "xsd:gYear", 10: "xsd:date"}[len(date)]
        builder.add(event, "dct:date", Lit(date, datatype=kind), quote)


def _date(builder: Builder, text: str) -> str:
    """First date of a text as ISO 8601, a year alone where no day is given, "" where there is none."""
    for match in DATE.finditer(text):
        if match.group("only"):
            return match.group("only")
        month = match.group("month")
        number = int(month) if month.isdigit() else builder.wording.month(month)
        if number and 1 <= number <= 12 and 1 <= int(match.group("day")) <= 31:
            return f"{match.group('year')}-{number:02d}-{int(match.group('day')):02d}"
    return ""
