"""The part of a passage that a dossier quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

EXCERPT = 420  # characters of a passage that are quoted


def excerpt(hit: Mapping[str, Any]) -> tuple[int, int]:
    """The part of a passage that is quoted: all of it where it is short, else its nearest sentence or where most words stand."""
    text = hit["quote"]
    if len(text) <= EXCERPT:
        return 0, len(text)
    first, last = hit["sentence"] or _densest(hit["highlights"])
    spare = max(0, EXCERPT - (last - first)) // 2
    start, end = max(0, first - spare), min(len(text), last + spare)
    start = _border(text, start, first)
    if end == len(text):
        return start, end
    breaks = [match.end() for match in re.finditer(r"[.!?](?=\s)|\n", text[last:end])]
    whole = last + breaks[-1] if breaks else 0  # where a sentence or line ends, unless that leaves a heading alone
    end = whole if whole - start > EXCERPT // 3 else max(text.rfind(" ", last, end), last)
    return start, end


def _border(text: str, start: int, first: int) -> int:
    """The first beginning of a sentence, line or word from `start` on, no later than `first`."""
    if start == 0:
        return 0
    for pattern in (r"(?<=[.!?])\s+|\n\s*", r"\s+"):
        if match := re.search(pattern, text[start:first]):
            return start + match.end()
    return first


def _densest(spans: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The stretch, no longer than an excerpt, that holds most of the words found."""
    best = (0, 0, 0)
    for place, (start, _) in enumerate(spans):
        inside = [end for _, end in spans[place:] if end - start <= EXCERPT // 2]
        best = max(best, (len(inside), -start, inside[-1] if inside else start))
    return -best[1], best[2]
