"""Personal data in a text: contact fields, personal e-mail addresses, telephone numbers, and the names that these give away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

# An address may be broken at a line end and have its signs written out: "voornaam.naam (at) example.org".
_AT = r"\s?(?:[@＠]|[(\[]\s?(?:at|à|arobase|@)\s?[)\]])\s?"
_DOT = r"(?:\.|\s?[(\[]\s?(?:dot|punt|point)\s?[)\]]\s?)"
# It is sought at the beginning of a word alone: from each of its letters, a word of a million letters would take hours.
EMAIL = re.compile(rf"(?<![\w.+-])(?:[\w.+-]+[.-]\n)?(?P<local>[\w.+-]+){_AT}[\w-]+(?:-\n[\w-]+)?(?:{_DOT}[\w-]+)+", re.I)
# Addresses of a service, not of a person.
SERVICE = re.compile(
    r"(?:info|contact|secretariaat|secr[ée]tariat|press|presse|pers|mail|onthaal|accueil|post|office|no-?reply|privacy|dpo)", re.I
)
# Words that make a name one of a body: "Dienst Preventie" beside an address is nobody's name.
BODY = re.compile(
    r"(?:politie|police|zone|dienst|service|direct(?:ie|ion)|pr[ée]vent|gemeente|commun(?:e|al)|d[ée]part|afdeling|contact"
    r"|(?:cel|cellule|stad|ville|brussels?|bruxelles)(?!\w))",
    re.I,
)

_SEP = r"[ \u00a0\u2007\u2009\u202f./\-\u2010\u2011\u2013]"
_DATE = re.compile(r"(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d(?!\d)")
_THOUSANDS = re.compile(r"(?<=\d[ .\u00a0\u202f])\d{3}(?:[ .\u00a0\u202f]\d{3})+")
PHONES = (
    # Belgian: 02 000 00 00, 0400/00.00.00, +32 (0)2 000 00 00, 0032 2 000 00 00.
    re.compile(
        rf"(?<!\d)(?<!\d[.,])(?:(?:\+|00){_SEP}?32\)?{_SEP}{{0,2}}(?:\(0\){_SEP}?)?|\(?0)[1-9](?:\)?{_SEP}{{0,3}}\d){{7,8}}(?!\w)"
    ),
    # From abroad: +33 1 00 00 00 00, 0031 …
    re.compile(rf"(?<!\d)(?<!\d[.,])(?:\+|00)(?!32)[1-9]\d{{0,2}}(?:{_SEP}{{0,2}}\(?\d\)?){{8,12}}(?!\w)"),
    # Any form behind its label: "Tel.: 2 000 00 00", "gsm: 475 00 00 00".
    re.compile(
        rf"(?<!\w)(?:t[ée]l|telefoon|t[ée]l[ée]phone|gsm|mobiel|fax)(?:\.\s?:?|\s?:)\s?(?P<number>[+(\d](?:{_SEP}|[()\d]){{5,18}}\d)",
        re.I,
    ),
)
CONTACT = re.compile(
    r"^[ \t|*•-]*(?:contactperso(?:on|nen)|personnes? de contact)(?:[ \t]*:[ \t]*|[ \t]{2,}|\t)(?P<value>\S.*)$", re.I | re.M
)
_TITLE = re.compile(r"(?<!\w)(?:mevrouw|mevr\.?|meneer|de heer|dhr\.?|madame|mme\.?|monsieur|m\.|mr\.?)\s+", re.I)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_LOCAL = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def private_spans(text: str, contact_fields: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of personal data: contact fields as a whole, and every other place where the name of a contact stands.

    contact_fields: values of the contact fields of a form; "Contactpersoon: …" at the start of a line is found in any text.
    """
    spans = [span for span in contact_fields if text[span[0] : span[1]].strip()]
    spans += [match.span("value") for match in CONTACT.finditer(text)]
    names = {name for start, end in spans for name in _names(text[start:end])}
    for match in EMAIL.finditer(text):
        if not SERVICE.fullmatch(match["local"]):
            spans.append(match.span())
            names |= _names_of_address(match["local"])
    spans += _phones(text)
    plain = _plain(text) if names else ""
    for name in names:
        spans += [match.span() for match in re.finditer(name, plain) if _capitalised(text[slice(*match.span())])]
    return _merged(spans)


def _phones(text: str) -> Iterator[tuple[int, int]]:
    """Spans of telephone numbers; what overlaps a date, or begins as the thousands of a sum, is none."""
    dates = [match.span() for match in _DATE.finditer(text)]
    sums = {match.start() for match in _THOUSANDS.finditer(text)}
    for pattern in PHONES:
        for match in pattern.finditer(text):
            start, end = match.span("number" if "number" in pattern.groupindex else 0)
            if start not in sums and not any(begin < end and start < stop for begin, stop in dates):
                yield start, end


def _names(field: str) -> Iterator[str]:
    """Patterns for the full names in a contact field, as printed and with first and last name exchanged."""
    for line in re.split(r"[\n\t;,|/]|\s{2,}", EMAIL.sub("\n", field)):
        words = _WORD.findall(_TITLE.sub("", line))
        if 2 <= len(words) <= 4 and all(word[0].isupper() for word in words if len(word) > 3) and not any(map(BODY.match, words)):
            for turned in (words, [*words[1:], words[0]], [words[-1], *words[:-1]]):
                yield r"(?<!\w)" + r"\s+".join(re.escape(_plain(word)) for word in turned) + r"(?!\w)"


def _names_of_address(local: str) -> set[str]:
    """Patterns for the name that an address is made of: "an.vandevoorbeeld" gives away "An Van de Voorbeeld"."""
    parts = _LOCAL.findall(_plain(local))
    if len(parts) < 2 or any(map(BODY.match, parts)) or len("".join(parts)) < 5:
        return set()
    words = [r"\w*\.?" if len(part) == 1 else r"[\s'’-]?".join(map(re.escape, part.replace("-", ""))) for part in parts]
    words = [part[0] + word if len(part) == 1 else word for part, word in zip(parts, words, strict=True)]
    return {r"(?<!\w)" + r"\s+".join(turned) + r"(?!\w)" for turned in (words, words[::-1])}


def _plain(text: str) -> str:
    """Small letters without accents, character by character, so that positions stay."""
    return "".join(lower[0] if (lower := unicodedata.normalize("NFKD", c)[:1].lower()) else c for c in text)


def _capitalised(name: str) -> bool:
    """Whether it is printed as a name: "gelijke kansen" is none, whatever the address."""
    words = _WORD.findall(name)
    return bool(words) and words[0][0].isupper() and words[-1][0].isupper()


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
