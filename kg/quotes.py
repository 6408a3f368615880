"""Quotes of a passage by position: the way back from mended text to the source."""

from __future__ import annotations

from kg.model import Passage, Quote


def source_offsets(source: str, passage: Passage) -> list[int]:
    """For every character of the passage's text its offset in the source text.

    Mending only drops characters and turns white space into other white space, so the text is a subsequence of the source;
    a space stands where the word before it ends.
    """
    offsets: list[int] = []
    cursor = passage.start
    for char in passage.text:
        if char.isspace():
            offsets.append(max(passage.start, cursor - 1))
            continue
        while cursor < passage.end and source[cursor] != char:
            cursor += 1
        offsets.append(min(cursor, passage.end - 1))
        cursor += 1
    return offsets


def quote_at(source: str, passage: Passage, start: int, end: int) -> Quote:
    """The quote of [start, end) of the passage's text, without white space at its ends."""
    while start < end and passage.text[start].isspace():
        start += 1
    while end > start and passage.text[end - 1].isspace():
        end -= 1
    offsets = source_offsets(source, passage)
    return Quote(passage.ref, passage.text[start:end], offsets[start], offsets[end - 1] + 1)
