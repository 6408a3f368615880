"""Text with marks in it: words that were found, the quote of a citation, the words that changed between two texts."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from markupsafe import Markup, escape

SHOWN = 1_500  # characters of a passage in a list
SMALL = 1  # words that are equal between two changes and still count as changed
WORD = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)


def cut(text: str, size: int = SHOWN) -> str:
    """The beginning of a text, up to the end of a word where there is one near."""
    if len(text) <= size:
        return text
    space = text.rfind(" ", size - 80, size)
    return text[: space if space > 0 else size] + " …"


def marked(text: str, spans: Iterable[tuple[int, int]], size: int = SHOWN) -> Markup:
    """A text with spans marked. A long one is cut to the stretch that begins shortly before the first span."""
    found = sorted((max(0, start), min(end, len(text))) for start, end in spans)
    begin = 0
    if len(text) > size and found and found[0][0] > size // 2:
        begin = max(0, found[0][0] - 200)
        begin = text.find(" ", begin, begin + 80) + 1 or begin
    stop = min(len(text), begin + size)
    parts = [Markup("… ")] if begin else []
    place = begin
    for start, end in found:
        start, end = max(start, place), min(end, stop)
        if start >= end:
            continue
        parts += [escape(text[place:start]), Markup("<mark>") + escape(text[start:end]) + Markup("</mark>")]
        place = end
    parts.append(escape(text[place:stop]))
    if stop < len(text):
        parts.append(Markup(" …"))
    return Markup("").join(parts)


def place_of(text: str, quote: str) -> tuple[int, int] | None:
    """Where a quote stands in a text, whatever the white space between its words."""
    at = text.find(quote)
    if at >= 0:
        return at, at + len(quote)
    words = quote.split()
    if not words or len(words) > 400:
        return None
    match = re.search(r"\s+".join(map(re.escape, words)), text)
    return match.span() if match else None


def changes(old: str, new: str) -> tuple[Markup, Markup]:
    """Two texts with what only the one (`del`) and only the other (`ins`) has. Words count as equal whatever their case."""
    left, right = WORD.findall(old), WORD.findall(new)
    matcher = difflib.SequenceMatcher(
        None, [word.casefold() for word in left], [word.casefold() for word in right], autojunk=False
    )
    before, after = Markup(""), Markup("")
    for changed, gone_words, come_words in _stretches(left, right, matcher.get_opcodes()):
        gone, come = "".join(gone_words), "".join(come_words)
        before += _one(gone, "del") if changed else gone
        after += _one(come, "ins") if changed else come
    return before, after


def _stretches(
    left: list[str], right: list[str], steps: Iterable[tuple[str, int, int, int, int]]
) -> list[tuple[bool, list[str], list[str]]]:
    """The steps from one text to the other, as (changed or not, words of the one, words of the other).

    A single small word that is equal between two changes belongs to them: nobody reads such confetti.
    """
    found: list[tuple[bool, list[str], list[str]]] = []
    rows = list(steps)
    for place, (kind, a, b, c, d) in enumerate(rows):
        small = sum(word.isalnum() for word in left[a:b]) <= SMALL and 0 < place < len(rows) - 1
        changed = kind != "equal" or small
        if changed and found and found[-1][0]:
            found[-1][1].extend(left[a:b])
            found[-1][2].extend(right[c:d])
        else:
            found.append((changed, left[a:b], right[c:d]))
    return found


def _one(words: str, tag: str) -> Markup:
    """Words as they were taken away or added; white space at their ends stays outside the mark."""
    inner = words.strip()
    if not inner:
        return Markup("{}").format(words)
    start = words.index(inner)
    return Markup("{}<{tag}>{}</{tag}>{}").format(words[:start], inner, words[start + len(inner) :], tag=Markup(tag))
