"""Tables of a page: their cells as boxes, and their text as tab-separated rows. Lengths are in points, y runs down."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from itertools import pairwise

from ingest.readers_layout import Box, Glyph, Piece, edges_of, lines_of, pieces_of, rows_of

_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])[-\u2010]\n(?=[a-zß-öø-ÿ])(?!(?:en|of|noch|tot|et|ou|and|or)\b)")
_HYPHENED = re.compile(r"(?<=\w[-\u2010/])\n(?!(?:en|of|noch|tot|et|ou|and|or)\b)")


def inside(box: Box, glyph: Glyph) -> bool:
    """Does the middle of the glyph lie in the box?"""
    return box[0] <= (glyph.x0 + glyph.x1) / 2 <= box[2] and box[1] <= (glyph.top + glyph.bottom) / 2 <= box[3]


def outline(cells: list[Box]) -> Box:
    return min(c[0] for c in cells), min(c[1] for c in cells), max(c[2] for c in cells), max(c[3] for c in cells)


def table_text(cells: list[Box], glyphs: list[Glyph]) -> str:
    """Rows of tab-separated cells; "" for a frame that is no table. A merged cell stands once, in its first row and column."""
    columns, lines = edges_of(cell[0] for cell in cells), edges_of(cell[1] for cell in cells)
    grid = [[""] * len(columns) for _ in lines]
    for cell in cells:
        text = _cell_text([glyph for glyph in glyphs if inside(cell, glyph)])
        grid[_nearest(lines, cell[1])][_nearest(columns, cell[0])] = text
    used = sum(any(row[column] for row in grid) for column in range(len(columns)))
    tall = len(lines) == 1 and max(cell[3] - cell[1] for cell in cells) > 200  # columns of a page with a line between them
    if used < 2 or tall:
        return ""
    # a bullet at the very start goes: the row would be taken for a list item
    return "\n".join("\t".join(row).removeprefix("• ") for row in grid if any(row))


def _cell_text(glyphs: list[Glyph]) -> str:
    """Text of a cell on one line. Words broken at its line ends are joined here: nothing later knows where its lines ended."""
    text = lines_of(rows_of(pieces_of(glyphs))).replace("\t", " ")
    text = _HYPHENED.sub("", _BROKEN_WORD.sub("", re.sub(r"\n+", "\n", text)))
    return " ".join(text.split())


def _nearest(edges: list[float], value: float) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - value))


def open_tables(glyphs: list[Glyph], rules: list[Box]) -> list[list[Box]]:
    """Cells of tables that have lines between their rows but none between their columns.

    Looked for between three or more level rules of one width: the columns are parted by gutters that stay free of letters from
    the first rule to the last.
    """
    found: list[list[Box]] = []
    for left, right, heights in _ladders(rules):
        rungs = list(pairwise(heights))
        at = 0
        while at < len(rungs):
            end, gutters = at, list[tuple[float, float]]()
            while end < len(rungs):
                wider = _gutters(_between(glyphs, left, right, heights[at], rungs[end][1]))
                if not wider:
                    break
                gutters, end = wider, end + 1
            if end - at > 1:
                found.append(list(_cells(glyphs, gutters, left, right, rungs[at:end])))
            at = max(end, at + 1)
    return found


def _ladders(rules: list[Box]) -> Iterator[tuple[float, float, list[float]]]:
    """Level rules of one width above one another, three or more: left end, right end, heights from top to bottom."""
    merged: list[list[float]] = []  # x0, x1, y; cells often bring a piece of the rule each
    for x0, top, x1, bottom in sorted(
        (rule for rule in rules if rule[3] - rule[1] <= 3), key=lambda rule: (round(rule[1]), rule[0])
    ):
        y = (top + bottom) / 2
        if merged and abs(merged[-1][2] - y) <= 1.5 and x0 - merged[-1][1] <= 3:
            merged[-1][1] = max(merged[-1][1], x1)
        else:
            merged.append([x0, x1, y])
    while merged:
        x0, x1, _ = merged[0]
        same = [rule for rule in merged if abs(rule[0] - x0) <= 4 and abs(rule[1] - x1) <= 4]
        merged = [rule for rule in merged if rule not in same]
        heights = edges_of(rule[2] for rule in same)
        if x1 - x0 > 100 and len(heights) >= 3:
            yield x0, x1, heights


def _between(glyphs: list[Glyph], left: float, right: float, top: float, bottom: float) -> list[Glyph]:
    return [glyph for glyph in glyphs if not glyph.char.isspace() and inside((left - 5, top, right + 5, bottom), glyph)]


def _gutters(glyphs: list[Glyph]) -> list[tuple[float, float]]:
    """Upright strips without letters between letters: (from, to). Few lines need wider ones: spaces between words may line up."""
    if not glyphs:
        return []
    lines = len(edges_of(glyph.bottom for glyph in glyphs))
    size = statistics.median(glyph.bottom - glyph.top for glyph in glyphs)
    least = max(4.0, size * (0.35 if lines > 6 else 0.6 if lines > 2 else 1.2))
    gutters = []
    reached = min(glyph.x0 for glyph in glyphs)
    for x0, x1 in sorted((glyph.x0, glyph.x1) for glyph in glyphs):
        if x0 - reached >= least:
            gutters.append((reached, x0))
        reached = max(reached, x1)
    return gutters


def _cells(
    glyphs: list[Glyph], gutters: list[tuple[float, float]], left: float, right: float, rungs: list[tuple[float, float]]
) -> Iterator[Box]:
    edges = [left - 5, *((a + b) / 2 for a, b in gutters), right + 5]
    for top, bottom in rungs:
        rows = rows_of(pieces_of(_between(glyphs, left, right, top, bottom)))
        cuts = [top, *_line_cuts(rows, edges), bottom]
        for upper, lower in pairwise(cuts):
            for x0, x1 in pairwise(edges):
                yield x0, upper, x1, lower


def _line_cuts(rows: list[list[Piece]], edges: list[float]) -> list[float]:
    """Heights between the lines of one rung if each line is a row of the table: three or more, all filling every column."""

    def full(row: list[Piece]) -> bool:
        return all(any(x0 <= (piece.x0 + piece.x1) / 2 < x1 for piece in row) for x0, x1 in pairwise(edges))

    if len(rows) < 3 or not all(full(row) for row in rows):
        return []
    return [(max(p.bottom for p in a) + min(p.top for p in b)) / 2 for a, b in pairwise(rows)]
