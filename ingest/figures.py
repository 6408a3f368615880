"""Figures and sums of money in running text and in key-figure blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.builder import Builder
from ingest.document import sentence_spans
from ingest.mend import Block
from ingest.wording import load_wording

PRINTED = r"\d{1,3}(?:[.\s\u00a0\u202f]\d{3})+(?:,\d+)?|\d+(?:,\d+)?"
# Not a count: part of a word, number, date or reference.
NUMBER = re.compile(
    rf"(?<![\w.,/§-])(?P<before>€\s?|EUR\s?)?(?P<number>{PRINTED})(?P<after>\s?(?:%|€(?!\s?\d)|euros?\b|EUR\b|m²|kg\b|kilo\b|km\b))?"
    rf"(?:\s(?P<scale>miljoen|miljard|millions?|milliards?|duizend|mille)\b(?P<currency>\s(?:d['’])?euros?\b)?)?(?!\d|[.,/-]\d)(?![\w²])",
    re.I,
)
ALONE = re.compile(rf"(?:€\s?)?(?P<number>{PRINTED})\s?(?P<unit>%|€|euro|kg)?$")
LEADING = re.compile(rf"(?P<number>{PRINTED})(?P<unit>\s?%)?\s+(?P<label>[^\W\d_].+)$", re.S)
YEAR = re.compile(r"(?<![\d.,])(?:19|20)\d\d(?![\d.,]\d|\d)")
REFERENCE = re.compile(
    r"(?:\b(?:maatregel(?:en)?|mesures?|thema(?:'s)?|th[eè]mes?|art(?:ikel|icle)?s?\.?|nr\.?|n°|nummer|num[ée]ro|luik|deel|volet|partie|bijlage|"
    r"annexe|PZ|ZP|politiezone|zone|pagina|page|p\.|pp\.|punt|point|fase|phase|hoofdstuk|chapitre|cahier|tier|versie|version|editie|"
    r"édition|tel|fax)[:.]?\s*|\bM\.?\s?|\bT)$",
    re.I,
)
GIVEN = re.compile(
    r"\b(?:trok\b.*\buit|uitgetrokken|toegekend|toegewezen|toekende|kreeg|kregen|ontving(?:en)?|ontvangt|subsidie(?:s|bedrag)?|gesubsidieerd|"
    r"financiering|gefinancierd|dotatie|subvention(?:s|née?s?)?|subsides?|octroyée?s?|alloué(?:e|es|s)?|attribuée?s?|versée?s?|reçu(?:e|es|s)?|"
    r"financement|financée?s?|dotation)\b",
    re.I,
)
NOT_GIVEN = re.compile(
    r"\b(?:budget(?:ten)? (?:van|voor|de|pour)|prévu(?:e|s|es)?|gepland|voorzien|"
    r"lening(?:en)?|prêts?|lager dan|hoger dan|daling|stijging|baisse|hausse"
    r"|niet\b.*\btoegekend|pas (?:été )?(?:octroyé|alloué|attribué))",
    re.I,
)

# The hour of a day ("entre 15h30 et 17 heures") and the age of people ("de 14 à 20 ans") count nothing.
CLOCK = re.compile(r"(?:\b(?:om|tot|tussen|vanaf|rond|à|dès|vers|entre)|\d\s?[uh]\s?\d{0,2}\s*(?:en|et|tot|à|-|–))\s*$", re.I)
HOUR = re.compile(r"\s?(?:uur|heures?|h|u)\b", re.I)
AGED = re.compile(r"(?:\d{1,2}\s*(?:tot|à|en|et|-|–)|\b(?:vanaf|dès|âgée?s? de|jonger dan|ouder dan))\s*$", re.I)
AGE = re.compile(r"\s?(?:jaar|jarigen?|ans)\b", re.I)
RECEIVES = re.compile(
    r"\b(?:kreeg|kregen|ontving(?:en)?|ontvangt|ontvangen|a reçu|ont reçu|reçoi(?:t|vent)|a bénéficié|ont bénéficié|bénéficie)\b",
    re.I,
)
ELIDED = re.compile(r"(?:[dlnst]|qu)['’]", re.I)  # "d'entre elles", "l'année"


def read_prose(builder: Builder, blocks: Sequence[Block], about: str, *, carrier: str = "", context: str = "") -> None:
    """Figures of a stretch of text: key-figure blocks (a number, then what it counts) and numbers in sentences.

    about: reference of what the stretch is about; carrier: of the organisation that its money goes to.
    """
    if context in ("contents", "lexicon", "plan_measures", "contact"):
        return
    year = builder.document.source.year
    taken: set[int] = set()
    for index, block in enumerate(blocks):
        if block.kind == "row" or index in taken:
            continue
        alone = ALONE.fullmatch(block.text)
        if alone and index + 1 < len(blocks) and _labels(blocks[index + 1], block, builder):
            label = blocks[index + 1]
            taken.add(index + 1)
            quote = builder.document.quote(block)
            name = label.text.rstrip(".")
            builder.figure(
                alone.group("number"), alone.group("unit") or unit_of(name), name, about, quote, year=year_in(name, year)
            )
            _also(builder, label, about, year)
            continue
        leading = LEADING.match(block.text)
        if leading and len(block.text) < 160 and block.kind != "heading" and not ends_like_sentence(block.text):
            name = leading.group("label").rstrip(".")
            unit = (leading.group("unit") or "").strip() or unit_of(name)
            if unit:
                quote = builder.document.quote(block)
                builder.figure(leading.group("number"), unit, name, about, quote, year=year_in(name, year))
            continue
        _sentences(builder, block, about, carrier, year)


def _also(builder: Builder, label: Block, about: str, year: int | None) -> None:
    """Further numbers inside the label of a key figure."""
    if NUMBER.search(label.text):
        _sentences(builder, label, about, "", year)


def _labels(candidate: Block, number: Block, builder: Builder) -> bool:
    """Whether a block says what the lone number before it counts (a chapter number stands before a heading in capitals)."""
    if candidate.kind == "row" or ALONE.fullmatch(candidate.text) or len(candidate.text) > 260 or candidate.cut:
        return False
    if candidate.kind == "heading" and candidate.level <= 6:
        return any(builder.wording.section(title) == "key_figures" for title in number.section)
    return True


def ends_like_sentence(text: str) -> bool:
    """Whether a short line is a sentence with a verb rather than a label."""
    return text.rstrip().endswith(".") and len(text.split()) > 12


def _sentences(builder: Builder, block: Block, about: str, carrier: str, year: int | None) -> None:
    for start, end in sentence_spans(block.text):
        sentence = block.text[start:end]
        for match in NUMBER.finditer(sentence):
            _figure(builder, block, sentence, start, match, about, carrier, year)


def _figure(
    builder: Builder, block: Block, sentence: str, start: int, match: re.Match[str], about: str, carrier: str, year: int | None
) -> None:
    number, before = match.group("number"), sentence[: match.start()]
    if REFERENCE.search(before) or is_date(sentence, match):
        return
    after = sentence[match.end() :]
    if (CLOCK.search(before) and HOUR.match(after)) or (AGED.search(before) and AGE.match(after)):
        return
    money = bool(match.group("before") or match.group("currency")) or (match.group("after") or "").strip().lower() in {
        "€",
        "euro",
        "euros",
        "eur",
    }
    scale = (match.group("scale") or "").lower()
    if money:
        unit = f"{scale} euro" if scale else "euro"
    elif match.group("after"):
        unit = " ".join([match.group("after").strip(), scale]).strip()
    else:
        unit = " ".join([scale, unit_of(sentence[match.end() :])]).strip()
        if YEAR.fullmatch(number) and not scale:
            return
    if not unit or unit == scale != "":
        return
    quote = builder.document.quote(block, start, start + len(sentence))
    if not quote.text:
        return
    when = year_in(sentence, year)
    builder.figure(number, unit, quote.text[:300], about, quote, year=when)
    if money and GIVEN.search(sentence) and not NOT_GIVEN.search(sentence):
        funded = about if about.startswith("id/initiative/") else ""
        named = [n for n in builder.named(block, start, start + len(sentence)) if n.kind == "actor_group"]
        recipient = carrier or (named[0].ref if named and not funded else "") or _receiver(builder, block, start, sentence)
        if recipient or funded:
            builder.grant(number, unit, quote, recipient=recipient, funded=funded, year=when)


def _receiver(builder: Builder, block: Block, start: int, sentence: str) -> str:
    """The body that a sentence says to receive: the last one named before the verb."""
    verb = RECEIVES.search(sentence)
    before = builder.named(block, start, start + verb.start()) if verb else []
    bodies = [n.ref for n in before if n.kind in ("organisation", "school", "police_zone")]
    return bodies[-1] if bodies and bodies[-1] != builder.publisher else ""


def is_date(sentence: str, match: re.Match[str]) -> bool:
    """Whether a number is the day of a date ("16 mei", "5 et 6 février")."""
    after = sentence[match.end() : match.end() + 24]
    months = r"(?:jan|feb|f[ée]v|maart|mars|apr|avr|mei|mai|jun|juin|jul|juil|aug|ao[uû]t|sep|okt|oct|nov|dec|d[ée]c)\w*"
    return (
        re.match(rf"\s*(?:er)?\s*(?:(?:en|et|tot|au|tot en met)\s+(?:zondag\s+)?\d{{1,2}}\s+)?{months}\b", after, re.I)
        is not None
    )


def unit_of(text: str) -> str:
    """The words right after a number that say what it counts: up to three, ending at a function word or punctuation.

    >>> unit_of(" sociale hulpverleners operationeel die zich"), unit_of(" personen gemeld bij")
    ('sociale hulpverleners operationeel', 'personen gemeld')
    """
    words: list[str] = []
    for token in re.findall(r"^\s*['‘’\"«]?[^\W\d_][\w'’-]*|\s+['‘’\"«]?[^\W\d_][\w'’-]*|[^\s\w'’-]", text[:120]):
        word = token.strip().strip("'‘’\"«")
        if not word or not word[0].isalpha() or word.lower() in load_wording().stop("unit") or len(words) == 3:
            break
        if ELIDED.match(word):
            break
        words.append(re.sub(r"(?<=[^\W\d_]{3})\d{1,3}$", "", word))  # a footnote mark is glued to it
    return " ".join(words)


def year_in(text: str, default: int | None) -> int | None:
    """The only year that a text names; the default when it names none or several."""
    years = {int(match.group()) for match in YEAR.finditer(text)}
    return years.pop() if len(years) == 1 else default
