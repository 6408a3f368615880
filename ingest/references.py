"""Measure numbers, themes and plan editions as texts write them, in Dutch, French and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = r"\d{1,2}\s?\.\s?\d{1,2}"
# A number goes on to be a date, a section or a quantity: "2.3.2022", "2.3 %", "4.5 millions".
END = r"(?!\d|\.\d|\s?(?:%|€|(?:procent|pour cent|euros?|mil(?:joen|jard|lions?|liards?)|km)\b))"
MARK = r"(?:M\s?\.?\s?)"
TO = r"\s*(?:tot(?: en met)?|t/m|t\.?e\.?m\.?|jusqu['’]à|à|to|[–-])\s*"
ONE = rf"{MARK}?{NUMBER}{END}(?:{TO}{MARK}?{NUMBER}{END})?"
WORD = r"(?:maatregel(?:en)?|mesures?|measures?)"
# A gloss in brackets after a number says in the writer's own words what the measure is about.
GLOSS = r"(?:\s*\((?!M?\s?\.?\s?\d)[^()]{3,160}\))"
JOIN = (
    r"\s*(?:,|;|/|&|\ben\b|\bet\b|\band\b|\bof\b|\bou\b|\balsook\b|\bainsi que\b)"
    rf"(?:\s*(?:,|\ben\b|\bet\b|\band\b|\bde\b|\bla\b|\b{WORD}))*\s*"
)
LISTED = re.compile(
    rf"\b{WORD}(?:\s*:)?\s+(?:[^\W\d_]+(?:oires?|aires?|antes?|entes?|elles?)\s+)?(?:n°\s*|nr\.?\s*)?"
    rf"{ONE}{GLOSS}?(?:{JOIN}{ONE}{GLOSS}?)*",
    re.I,
)
BARE = re.compile(rf"(?<![\w.])M\s?\.?\s?{NUMBER}{END}(?:{TO}M\s?\.?\s?{NUMBER}{END})?")
SINGLE = re.compile(
    rf"{MARK}?(?P<first>{NUMBER}){END}(?:{TO}{MARK}?(?P<last>{NUMBER}){END})?(?P<gloss>{GLOSS})?",
    re.I,
)

EDITION = re.compile(r"(?<!\d)(20\d\d)\s?[-–—/]\s?(20\d\d|\d\d)(?!\d)")
PLAN_WORD = r"(?:GVPP|GPVP|PGSP|GSPP|veiligheids-\s?en\s+preventieplan|plan global de s[ée]curit[ée] et de pr[ée]vention)"
NAMED_EDITION = re.compile(rf"{PLAN_WORD}[^.;:]{{0,25}}?\(?(20\d\d)\s?[-–—/]\s?(20\d\d|\d\d)", re.I)
THEME_NUMBER = re.compile(
    r"(?:(?<![\w.])T\s?(\d{1,2})(?!\w|\.\d)|\bth[eè]m(?:a|e)(?:['’]s|s)?\s+(?:n°\s*|nr\.?\s*)?(\d{1,2})(?!\d|\.\d))", re.I
)
THEMES_LISTED = re.compile(
    rf"\bth[eè]m(?:a['’]s|es)\s+(?P<list>\d{{1,2}}(?:(?:\s*,\s*|\s*(?:en|et|and)\s+|{TO})\d{{1,2}})+)(?!\d|\.\d)", re.I
)


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
    found: list[Mention] = []
    for pattern in (LISTED, BARE):
        for match in pattern.finditer(text):
            named = list(_singles(text, match.start(), match.end()))
            found += [mention for mention in named if not any(m.start <= mention.start < m.end for m in found)]
    return sorted(found, key=lambda mention: mention.start)


def _singles(text: str, start: int, end: int) -> Iterator[Mention]:
    for match in SINGLE.finditer(text, start, end):
        stop = match.end("last") if match["last"] else match.end("first")
        gloss = (text.index("(", match.start("gloss")) + 1, match.end("gloss") - 1) if match["gloss"] else None
        for number in _expand(match["first"], match["last"] or match["first"]):
            yield Mention(number, match.start(), stop, gloss)


def _expand(first: str, last: str) -> list[str]:
    (theme, low), (other, high) = (map(int, re.findall(r"\d+", part)) for part in (first, last))
    if theme != other or not low <= high <= low + 20:
        return [f"{theme}.{low}", f"{other}.{high}"]
    return [f"{theme}.{n}" for n in range(low, high + 1)]


def themes_in(text: str) -> list[tuple[int, int, int]]:
    """Theme numbers named in a text as (number, start, end): "T1", "thema 4", "thèmes 2 et 3", "thema's T1, T3 en T7"."""
    found = [(int(m.group(1) or m.group(2)), m.start(), m.end()) for m in THEME_NUMBER.finditer(text)]
    for match in THEMES_LISTED.finditer(text):
        last, joint = 0, ""
        for part in re.finditer(r"(?P<number>\d{1,2})|tot|t/m|t\.?e\.?m|à", match["list"]):
            if not part["number"]:
                joint = part.group()
                continue
            at, number = match.start("list") + part.start(), int(part["number"])
            named = range(last + 1, number + 1) if joint and last < number else (number,)
            if not any(start <= at < end for _, start, end in found):
                found += [(theme, at, at + len(part.group())) for theme in named]
            last, joint = number, ""
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
