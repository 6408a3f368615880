"""Layout of a page: from glyphs with their places to lines of text in reading order.

Lengths are in points; y runs down; all glyphs of one call read in one direction. Columns are read one after the other only where
that is sure: running text on both sides and a clear gutter, which no drawn line crosses.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

_MARKER = re.compile(
    r"(?:[^\w\s]|\(?[a-zA-Z0-9]{1,2}[.)]|[A-Z]?\d{1,2}(?:\.\d{1,2})+[.:]?)$"
)  # of a list item or a numbered heading
_SENTENCE_END = re.compile(r"[.:;!?…][\"”’')\]»]*$")
_SYMBOL_BULLET = re.compile(r"[\ue000-\uf8ff\ufffd](?=\s)")  # a bullet of a symbol font, which has no letter of its own

Box = tuple[float, float, float, float]  # x0, top, x1, bottom


@dataclass(frozen=True, slots=True)
class Glyph:
    char: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float = 0.0  # of the font


@dataclass(slots=True)
class Piece:
    """A stretch of one line without a wide gap, or a block as a whole (a table, a side of a row: several lines)."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float = 0.0
    block: bool = False

    @property
    def height(self) -> float:
        return self.bottom - self.top


Row = list[Piece]  # the pieces of one line, from left to right


def edges_of(values: Iterable[float]) -> list[float]:
    """Distinct positions; those closer than two points count as one."""
    result: list[float] = []
    for value in sorted(values):
        if not result or value - result[-1] > 2:
            result.append(value)
    return result


def pieces_of(glyphs: Iterable[Glyph]) -> Row:
    """Stretches of glyphs that follow one another on a line without a gap that might part columns or cells."""
    pieces: Row = []
    chars: list[str] = []
    here: Piece | None = None
    space = ""
    for glyph in glyphs:
        if glyph.char.isspace():
            space = "\xa0" if glyph.char == "\xa0" else " "
            continue
        if here is not None:
            shared = min(here.bottom, glyph.bottom) - max(here.top, glyph.top)
            height = max(min(here.height, glyph.bottom - glyph.top), 0.1)
            if shared >= 0.5 * height and -0.5 * height <= glyph.x0 - here.x1 <= 0.6 * height:
                chars += (space, glyph.char)
                here.x1, space = max(here.x1, glyph.x1), ""
                continue
            here.text = "".join(chars)
        here = Piece("", glyph.x0, glyph.top, glyph.x1, glyph.bottom, glyph.size)
        pieces.append(here)
        chars, space = [glyph.char], ""
    if here is not None:
        here.text = "".join(chars)
    for piece in pieces:  # astral characters may come as two halves
        piece.text = piece.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return pieces


def rows_of(pieces: Iterable[Piece]) -> list[Row]:
    """Pieces side by side as rows, from top to bottom; a block is a row of its own."""
    rows: list[Row] = []
    leads: list[Piece] = []  # the highest piece of each row
    for piece in sorted(pieces, key=lambda p: (p.top + (0 if p.block else p.height / 2), p.x0)):
        for at in range(len(rows) - 1, max(len(rows) - 4, -1), -1):
            lead = leads[at]
            shared = min(lead.bottom, piece.bottom) - max(lead.top, piece.top)
            if not piece.block and not lead.block and shared >= 0.5 * min(lead.height, piece.height):
                rows[at].append(piece)
                if piece.height > lead.height:
                    leads[at] = piece
                break
        else:
            rows.append([piece])
            leads.append(piece)
    for row in rows:
        row.sort(key=lambda p: p.x0)
    return rows


def in_order(rows: list[Row], rules: list[Box], depth: int = 0) -> list[Row]:
    """Rows in reading order: where a stretch of the page is set in columns, the left one first, then the right one.

    Where both sides pause at the same heights (a table without lines, a text beside its translation) this goes pause by pause.
    """
    band = _columns(rows, rules) if len(rows) > 3 and depth < 12 else None
    if band is None:
        return rows
    first, last, edge = band
    ordered = in_order(rows[:first], rules, depth + 1)
    stretches = _stretches(rows[first:last], edge)
    for stretch in stretches:
        for side in _sides(stretch, edge):
            inner = in_order(rows_of(side), rules, depth + 1)
            ordered += [_as_block(inner)] if len(stretches) > 1 and inner else inner
    return ordered + in_order(rows[last:], rules, depth + 1)


def _as_block(rows: list[Row]) -> Row:
    pieces = [piece for row in rows for piece in row]
    x0, x1 = min(p.x0 for p in pieces), max(p.x1 for p in pieces)
    return [Piece(lines_of(rows), x0, min(p.top for p in pieces), x1, max(p.bottom for p in pieces), block=True)]


def _sides(rows: list[Row], edge: float) -> tuple[Row, Row]:
    pieces = [piece for row in rows for piece in row]
    return [p for p in pieces if p.x0 < edge], [p for p in pieces if p.x0 >= edge]


def _columns(rows: list[Row], rules: list[Box]) -> tuple[int, int, float] | None:
    """The longest stretch of rows that is surely set in columns: first row, row after the last, left edge of the right column."""
    pieces = [piece for row in rows for piece in row]
    height = statistics.median(piece.height for piece in pieces)
    best: tuple[int, int, float] | None = None
    for edge in edges_of(piece.x0 - 1 for piece in pieces)[1:]:
        if sum(edge <= piece.x0 <= edge + 4 for piece in pieces) < 4:
            continue
        first = 0
        while first < len(rows):
            if _crosses(rows[first], edge, height):
                first += 1
                continue
            last = first
            while last < len(rows) and not _crosses(rows[last], edge, height):
                last += 1
                if last < len(rows) and _ruled_off(rows[last - 1], rows[last], edge, rules):
                    break
            start, end = _trim(rows, first, last, edge)
            if (best is None or end - start > best[1] - best[0]) and _set_in_columns(rows[start:end], edge):
                best = (start, end, edge)
            first = last
    return best


def _crosses(row: Row, edge: float, height: float) -> bool:
    gutter = max(0.6 * height, 6)
    return any(piece.x1 > edge - gutter for piece in row if piece.x0 < edge)


def _trim(rows: list[Row], first: int, last: int, edge: float) -> tuple[int, int]:
    """Without one-sided rows at either end that stand apart: a running head, a heading above or text below the columns."""

    def one_sided(row: Row) -> bool:
        return all(piece.x0 < edge for piece in row) or all(piece.x0 >= edge for piece in row)

    def apart(upper: Row, lower: Row, least: float = 0.5) -> bool:
        space = min(p.top for p in lower) - max(p.bottom for p in upper)
        return space > least * min(p.height for p in [*upper, *lower])

    for at in range(first, min(first + 4, last - 1)):
        if not one_sided(rows[at]):
            break
        if apart(rows[at], rows[at + 1]):
            first = at + 1
            break
    # at the foot of the page the longer column may go on after a paragraph; only a running foot stands further away
    least = 0.5 if last < len(rows) else 2.5
    for at in range(last - 1, max(last - 5, first), -1):
        if not one_sided(rows[at]):
            break
        if apart(rows[at - 1], rows[at], least):
            last = at
            break
    return first, last


def _ruled_off(upper: Row, lower: Row, edge: float, rules: list[Box]) -> bool:
    """Is a line drawn between two rows, on both sides of the edge? What it parts is read apart."""
    above, below = upper[0].top + upper[0].height / 2, lower[0].top + lower[0].height / 2
    return any(rule[0] < edge - 20 and rule[2] > edge + 20 and above < rule[1] < below for rule in rules)


def _set_in_columns(rows: list[Row], edge: float) -> bool:
    """Running text on both sides; on the right only the lines that start at the edge count: further columns may follow."""
    left, right = _sides(rows, edge)
    return _is_prose(left) and _is_prose([piece for piece in right if piece.x0 <= edge + 5])


def _is_prose(pieces: Row) -> bool:
    """Four lines or more, most of them full, of words more than figures, many of them in the middle of a sentence."""
    rows = [row for row in rows_of(pieces) if not row[0].block]
    if len(rows) < 4:
        return False
    width = max(row[-1].x1 for row in rows) - min(row[0].x0 for row in rows)
    texts = [" ".join(piece.text for piece in row) for row in rows]
    words, letters = sum(len(text.split()) for text in texts), sum(char.isalpha() for text in texts for char in text)
    full = sum(row[-1].x1 - row[0].x0 > 0.6 * width for row in rows)
    within = sum(text[:1].islower() for text in texts)
    full_enough = full >= 0.5 * len(rows) and words >= 2 * len(rows)
    return full_enough and within >= 0.35 * len(rows) and letters > 0.6 * len("".join(texts))


def _gaps(rows: list[Row]) -> list[tuple[float, float]]:
    """Wider spaces between rows: (from, to)."""
    spaces = [(max(p.bottom for p in a), min(p.top for p in b)) for a, b in pairwise(rows)]
    if not spaces:
        return []
    height = statistics.median(piece.height for row in rows for piece in row)
    usual = statistics.median(b - a for a, b in spaces)
    return [(a, b) for a, b in spaces if b - a > usual + 0.3 * height]


def _stretches(rows: list[Row], edge: float) -> list[list[Row]]:
    """Rows cut where both sides pause and begin anew at one height, if most pauses are such; else all rows as one stretch."""
    left, right = (_gaps(rows_of(side)) for side in _sides(rows, edge))
    shared = [(max(a, c), min(b, d)) for a, b in left for c, d in right if abs(b - d) < 2]
    if len(shared) < 2 or len(shared) < 0.6 * max(len(left), len(right)):
        return [rows]
    result: list[list[Row]] = [[]]
    for row in rows:
        if shared and row[0].top > (shared[0][0] + shared[0][1]) / 2:
            shared.pop(0)
            result.append([])
        result[-1].append(row)
    return [stretch for stretch in result if stretch]


def lines_of(rows: list[Row]) -> str:
    """Rows as lines of text, with a blank line where a paragraph ends for sure: a wider space, another size of letters, a block,
    or the end of a sentence at the foot of a column."""
    steps = [b[0].top - a[0].top for a, b in pairwise(rows) if not (a[0].block or b[0].block)]
    usual = statistics.median([step for step in steps if step > 0] or [0])
    texts = [row[0].text if row[0].block else _joined(row) for row in rows]
    parts = texts[:1]
    for (before, row), (text_before, text) in zip(pairwise(rows), pairwise(texts), strict=True):
        step, space = row[0].top - before[0].top, row[0].top - max(piece.bottom for piece in before)
        sizes = sorted(max(line, key=lambda piece: len(piece.text)).size for line in (before, row))
        if row[0].block or before[0].block:
            ends = True
        elif step < 0:
            ends = _SENTENCE_END.search(text_before) is not None
        else:
            ends = sizes[1] > 1.1 * sizes[0] or (step > 1.3 * usual and space > 0.3 * row[0].height)
        parts += ["\n\n" if ends else "\n", text]
    return "".join(parts)


def _joined(row: Row) -> str:
    """The pieces of a line: a tab where a gap is as wide as in a table, else a space; no tab behind a bullet or a number."""
    line = _SYMBOL_BULLET.sub("•", row[0].text + " ", count=1)[:-1]
    for before, piece in pairwise(row):
        gap = piece.x0 - before.x1
        wide = gap > 1.8 * piece.height and not _MARKER.match(line)
        line += ("\t" if wide else " " if gap > 0.15 * piece.height else "") + piece.text
    return line
