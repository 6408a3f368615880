"""Measure numbers, themes and plan editions as texts write them, in Dutch, French and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = r"\d{1,2}\s?\.\s?\d{1,2}"
ONE = rf"(?:M\s?\.?\s?)?{NUMBER}(?![\d%]|\.\d)"
WORD = r"(?:maatregel(?:en)?|mesures?|measures?)"
# A gloss in brackets after a number says in the writer's own words what the measure is about.
GLOSS = r"(?:\s*\((?!M?\s?\.?\s?\d)[^()]{3,160}\))"
JOIN = (
    r"\s*(?:,|;|/|&|\ben\b|\bet\b|\band\b|\bof\b|\bou\b|\balsook\b|\bainsi que\b)"
    rf"(?:\s*(?:,|\ben\b|\bet\b|\band\b|\bde\b|\bla\b|\b{WORD}))*\s*"
)
LISTED = re.compile(
    rf"\b{WORD}\s+(?:[^\W\d_]+(?:oires?|aires?|antes?|entes?|elles?)\s+)?(?:n°\s*|nr\.?\s*)?{ONE}{GLOSS}?(?:{JOIN}{ONE}{GLOSS}?)*",
    re.I,
)
BARE = re.compile(rf"(?<![\w.])M\s?\.?\s?{NUMBER}(?![\d%]|\.\d)")
SINGLE = re.compile(rf"(?:M\s?\.?\s?)?(\d{{1,2}})\s?\.\s?(\d{{1,2}})(?![\d%]|\.\d)({GLOSS})?", re.I)
RANGE = re.compile(rf"\b{WORD}\s+({NUMBER})\s*(?:tot(?: en met)?|t/m|à|jusqu'à|to|–)\s*({NUMBER})", re.I)

EDITION = re.compile(r"(?<!\d)(20\d\d)\s?[-–—/]\s?(20\d\d|\d\d)(?!\d)")
PLAN_WORD = r"(?:GVPP|GPVP|PGSP|GSPP|veiligheids-\s?en\s+preventieplan|plan global de s[ée]curit[ée] et de pr[ée]vention)"
NAMED_EDITION = re.compile(rf"{PLAN_WORD}[^.;:]{{0,25}}?\(?(20\d\d)\s?[-–—/]\s?(20\d\d|\d\d)", re.I)
THEME_NUMBER = re.compile(r"(?:(?<![\w.])T\s?(\d{1,2})(?![\w.]|\d)|\bth[eè]m(?:a|e)(?:'s|s)?\s+(\d{1,2})(?![\d.]))", re.I)


@dataclass(frozen=True, slots=True)
class Mention:
    """A measure number in a text: where it stands, and what the writer says it is about, if anything."""

    number: str
    start: int
    end: int
    gloss: tuple[int, int] | None = None


def measures_in(text: str) -> list[Mention]:
    """Every measure number that a text names as such, in order ("maatregelen 3.2 (…) en 3.4", "M4.3", "(M. 2.5)").

    >>> [m.number for m in measures_in("dans le cadre des mesures 2.1 et 2.5, et de la M4.3 ; version 3.4 du logiciel")]
    ['2.1', '2.5', '4.3']
    """
    found: dict[int, Mention] = {}
    for match in RANGE.finditer(text):
        for number in _expand(match.group(1), match.group(2)):
            found.setdefault(match.start() * 1000 + int(number.split(".")[1]), Mention(number, match.start(), match.end()))
    for match in LISTED.finditer(text):
        if RANGE.match(text, match.start()):
            continue
        for mention in _singles(text, match.start(), match.end()):
            found.setdefault(mention.start * 1000, mention)
    for match in BARE.finditer(text):
        for mention in _singles(text, match.start(), match.end()):
            if not any(m.start <= mention.start < m.end for m in found.values()):
                found.setdefault(mention.start * 1000, mention)
    return [found[key] for key in sorted(found)]


def _singles(text: str, start: int, end: int) -> Iterator[Mention]:
    for match in SINGLE.finditer(text, start, end):
        number = f"{int(match.group(1))}.{int(match.group(2))}"
        gloss = None
        if match.group(3):
            left = text.index("(", match.start(3)) + 1
            gloss = (left, match.end(3) - 1)
        yield Mention(number, match.start(), match.end(2), gloss)


def _expand(first: str, last: str) -> list[str]:
    (theme, low), (other, high) = (map(int, re.findall(r"\d+", part)) for part in (first, last))
    if theme != other or not low < high <= low + 20:
        return [f"{theme}.{low}", f"{other}.{high}"]
    return [f"{theme}.{n}" for n in range(low, high + 1)]


def themes_in(text: str) -> list[tuple[int, int, int]]:
    """Theme numbers named in a text as (number, start, end): "T1", "thema 4", "thèmes 2 et 3", "thema's T1, T3 en T7"."""
    found = [(int(m.group(1) or m.group(2)), m.start(), m.end()) for m in THEME_NUMBER.finditer(text)]
    listed = re.compile(r"\bth[eè]m(?:a's|es)\s+(\d{1,2}(?:\s*(?:,|en|et|and)\s*\d{1,2})+)(?![\d.])", re.I)
    for match in listed.finditer(text):
        for number in re.finditer(r"\d{1,2}", match.group(1)):
            at = match.start(1) + number.start()
            if not any(start <= at < end for _, start, end in found):
                found.append((int(number.group()), at, at + len(number.group())))
    return sorted(found, key=lambda item: item[1])


def editions_in(text: str) -> list[str]:
    """Plan editions that a text names with a plan word ("GVPP 2021-2024"), as plan ids."""
    return [plan_id(m.group(1), m.group(2)) for m in NAMED_EDITION.finditer(text)]


def plan_id(first: str, last: str) -> str:
    """Plan id from the two years of its period; a two-digit last year is completed.

    >>> plan_id("2021", "24")
    'gvpp-2021-2024'
    """
    return f"gvpp-{first}-{last if len(last) == 4 else first[:2] + last}"
