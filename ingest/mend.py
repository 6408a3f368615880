"""From extracted text to blocks: mended lines, with every character mapped to its place in the source.

Mending undoes what the page did to the words: line breaks, end-of-line hyphens, bold and bullet marks, running heads, page
numbers, footnotes. A block never runs across removed material, so that the text of a quote is the source's own.
"""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kg.model import Extracted

BULLET = re.compile(r"\s*(?:(?:[-–—*+]\s+)*[·•›‣▪●◦»\ue000-\uf8ff]|[-–—*+](?:\s+[-–—+*])*)(?=\s)\s*")
# An entry of a list of abbreviations: "LISA : Local Integrated Security Antenna".
DEFINES = re.compile(r"\s*(?=[\w&/+-]*[A-Z][\w&/+-]*[A-Z])[A-Z][\w&/+-]{1,13}\s?[:=]\s+[^\W\d_]")
NUMBER_ITEM = re.compile(r"\s*(\d{1,2}[.)]|[a-z]\))\s*\t\s*")
SENTENCE_END = re.compile(r"[.:;!?…][\"”’')\]»]*\s*$")
# After a hyphen at the end of a line these words show a suspended compound ("preventie- en"), not a broken word.
SUSPENDED = re.compile(r"(?:en|of|noch|tot|maar|et|ou|and|or|bis|und)\b")
INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Mended:
    """Mended text and, for each of its characters, the offset in the extracted text."""

    text: str
    at: array[int]

    def span(self, start: int, end: int) -> tuple[str, int, int]:
        """Mended text of [start, end), trimmed, with its source start and end (exclusive)."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if start >= end:
            return "", 0, 0
        return self.text[start:end], self.at[start], self.at[end - 1] + 1


@dataclass(slots=True)
class Line:
    """One line of the extracted text; `kind` says what it is for the reader: text, blank, or material that is taken out."""

    start: int
    end: int
    raw: str
    kind: str = "text"  # text | blank | furniture | footnote | toc | private
    opens_page: bool = False
    page: int | None = None
    level: int = 0  # of a heading that the format itself marks
    joined: bool = False  # goes on with the heading of the line before


@dataclass(slots=True)
class Block:
    """A heading, paragraph, list item or table row, with its mended text."""

    kind: str  # heading | para | item | row
    mended: Mended
    page: int | None
    level: int = 0
    cells: tuple[tuple[int, int], ...] = ()  # of a row: spans in the mended text
    depth: int = 0  # of an item
    bullet: bool = False
    cut: bool = False  # removed material stands directly before it
    opens_page: bool = False
    gap: bool = False  # a blank line stands before it
    section: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        return self.mended.text

    @property
    def start(self) -> int:
        return self.mended.at[0]

    @property
    def end(self) -> int:
        return self.mended.at[-1] + 1

    def cell(self, index: int) -> str:
        """Text of one cell of a row, "" when the row has fewer."""
        if index >= len(self.cells):
            return ""
        start, end = self.cells[index]
        return self.text[start:end]

    @property
    def texts(self) -> list[str]:
        return [self.text[a:b] for a, b in self.cells]


def mend(pieces: Iterable[tuple[int, str]]) -> Mended:
    """Join pieces of lines (source offset, characters) into running text.

    White space becomes one space, a tab between cells stays a tab, bold marks and invisible characters go, and a hyphen at
    the end of a piece joins its word again unless it belongs to the word.
    """
    chars: list[str] = []
    at = array("I")
    for offset, piece in pieces:
        piece_chars: list[str] = []
        piece_at: list[int] = []
        skip = 0
        for index, char in enumerate(piece):
            if skip:
                skip -= 1
                continue
            if char == "*" and piece.startswith("**", index):
                skip = 1
            elif char in INVISIBLE and not (char == "\u00ad" and index == len(piece.rstrip()) - 1):
                continue
            elif char.isspace() and char != "\t":
                if piece_chars and piece_chars[-1] not in " \t":
                    piece_chars.append(" ")
                    piece_at.append(offset + index)
            else:
                if char == "\t" and piece_chars and piece_chars[-1] == " ":
                    piece_chars.pop()
                    piece_at.pop()
                piece_chars.append(char)
                piece_at.append(offset + index)
        while piece_chars and piece_chars[-1] == " ":
            piece_chars.pop()
            piece_at.pop()
        while piece_chars and piece_chars[0] == " ":
            piece_chars.pop(0)
            piece_at.pop(0)
        if not piece_chars:
            continue
        if chars:
            hyphen = chars[-1] in "-\u2010\u00ad" and len(chars) > 1 and chars[-2].isalnum()
            if hyphen and piece_chars[0].islower() and not SUSPENDED.match("".join(piece_chars[:6])):
                chars.pop()
                at.pop()
            elif not (hyphen and not SUSPENDED.match("".join(piece_chars[:6]))) and not (
                chars[-1] == "/" and piece_chars[0].isalpha()
            ):
                chars.append(" ")
                at.append(at[-1])
        chars.extend(piece_chars)
        at.extend(piece_at)
    return _close_up(chars, at)


SPACED_OUT = re.compile(r"(?<![^\W\d_])[^\W\d_](?: [^\W\d_]){3,}(?![^\W\d_])")


def _close_up(chars: list[str], at: array[int]) -> Mended:
    """Close up letter-spaced words ("M o l e n b e e k"): the spaces are the page's, not the text's."""
    text = "".join(chars)
    if not SPACED_OUT.search(text):
        return Mended(text, at)
    drop = {m.start() + i for m in SPACED_OUT.finditer(text) for i in range(1, m.end() - m.start(), 2)}
    keep = [i for i in range(len(text)) if i not in drop]
    return Mended("".join(text[i] for i in keep), array("I", (at[i] for i in keep)))


def lines_of(extracted: Extracted, page_opens: str = "") -> list[Line]:
    """Split the text into lines and mark pages and format headings. `page_opens` comes from the source's metadata."""
    opener = re.compile(page_opens) if page_opens else None
    headings = {heading.start: heading.level for heading in extracted.headings}
    lines: list[Line] = []
    offset = 0
    for raw in re.split(r"(?<=\n)|(?<=\f)", extracted.text):
        if not raw:
            continue
        body = raw.rstrip("\n\f")
        first = offset + len(body) - len(body.lstrip())
        line = Line(offset, offset + len(body), body, page=extracted.page_at(offset) if extracted.pages else None)
        line.kind = "text" if body.strip() else "blank"
        line.level = headings.get(first, headings.get(offset, 0))
        line.opens_page = bool(opener and line.kind == "text" and opener.match(body))
        if line.page is not None and (not lines or lines[-1].page != line.page):
            line.opens_page = True
        lines.append(line)
        offset += len(raw)
    return lines


def blocks_of(lines: Sequence[Line], starts_block: re.Pattern[str] | None = None) -> list[Block]:
    """Group lines into blocks. `starts_block` matches lines that begin a block of their own in this genre ("M1.1: …")."""
    return list(_Grouper(lines, starts_block).run())


def _blank_inside(lines: Sequence[Line]) -> list[bool]:
    """For every line break that is surely inside a sentence, whether a blank line stands there, as in double spacing."""
    found: list[bool] = []
    last, blank = "", False
    for line in lines:
        if line.kind == "blank":
            blank = True
            continue
        here = line.raw.strip() if line.kind == "text" and "\t" not in line.raw.strip() else ""
        if last and here and here[0].islower() and not SENTENCE_END.search(last):
            found.append(blank)
        last, blank = here, False
    return found


class _Grouper:
    """Decides, line by line, whether a line continues the block before it."""

    def __init__(self, lines: Sequence[Line], starts_block: re.Pattern[str] | None) -> None:
        self.lines = lines
        self.starts_block = starts_block
        self.cut = False  # material was removed before lines that hold nothing: the next block stands after it
        text_lines = [line for line in lines if line.kind == "text"]
        spaced = sum(1 for a, b in itertools.pairwise(lines) if a.kind == "text" and b.kind == "blank")
        inside = _blank_inside(lines)
        self.double_spaced = (
            len(text_lines) > 20 and spaced > 0.6 * len(text_lines) and (len(inside) < 5 or sum(inside) > 0.3 * len(inside))
        )
        widths = sorted(len(line.raw.strip()) for line in text_lines)
        self.width = widths[int(len(widths) * 0.8)] if widths else 0

    def run(self) -> Iterator[Block]:
        held: list[Line] = []
        kind, level, depth, blanks, cut, held_cut, gap = "para", 0, 0, 0, False, False, False
        for line in self.lines:
            if line.kind == "blank":
                blanks += 1
                continue
            if line.kind != "text":
                if held:
                    yield from self._make(held, kind, level, depth, held_cut, gap)
                    held = []
                cut = True
                continue
            new_kind, new_level, new_depth = self._classify(line)
            if held and kind == "row" and blanks == 0 and line.raw.startswith("\t") and new_kind == "para":
                new_kind = "row"  # under a row, a line that begins with a tab has an empty first cell
            if held and self._continues(held, kind, line, new_kind, blanks):
                held.append(line)
            else:
                if held:
                    yield from self._make(held, kind, level, depth, held_cut, gap)
                held, kind, level, depth, held_cut, gap = [line], new_kind, new_level, new_depth, cut, blanks > 0
                cut = False
            blanks = 0
        if held:
            yield from self._make(held, kind, level, depth, held_cut, gap)

    def _classify(self, line: Line) -> tuple[str, int, int]:
        body = line.raw
        if line.level:
            return "heading", line.level, 0
        if is_pipe_row(body) or is_tab_row(body):
            return "row", 0, 0
        if BULLET.match(body) or NUMBER_ITEM.match(body):
            return "item", 0, indent(body)
        return "para", 0, 0

    def _continues(self, held: list[Line], kind: str, line: Line, new_kind: str, blanks: int) -> bool:
        if line.joined and kind == "heading":
            return True
        if new_kind != "para" or kind in ("row", "heading") or line.level:
            return False
        body, last = line.raw.strip(), held[-1].raw.strip()
        if blanks == 0 and re.search(r"\s[-–—]$", last) and not line.opens_page:
            return True
        if self._starts(line, last, blanks) or (DEFINES.match(line.raw) and DEFINES.match(held[0].raw)):
            return False
        if line.page != held[-1].page and SENTENCE_END.search(last):
            return False
        lower = body[0].islower() or last.endswith("-")
        if line.opens_page and not lower:
            return False
        if self._is_title(held):
            listed = "/" in body and len(body.split()) <= 6 and not SENTENCE_END.search(body)
            return blanks == 0 and (last.endswith(("/", "-", "–")) or listed or body[0].islower() or body[0] == "(")
        if blanks == 0 and line.raw[0].isspace() and not held[-1].raw[0].isspace() and SENTENCE_END.search(last):
            return False  # an indent after a full stop begins a paragraph
        if blanks == 0:
            return body[0] == "(" or not (
                body.isupper() and not last.isupper() and len(body) > 3 and not SENTENCE_END.search(body)
            )
        # No paragraph begins in lower case: a full stop before it belongs to an abbreviation or a name ("safe.").
        if (SENTENCE_END.search(last) and not (lower and last.endswith("."))) or blanks > (3 if lower else 1):
            return False
        if body[0] == "(" and blanks == 1:
            return True
        if lower:
            return len(last) > 0.4 * self.width or last.endswith("-")
        return self.double_spaced and kind == "para" and len(last) > 0.72 * self.width and not last.isupper()

    def _starts(self, line: Line, last: str, blanks: int) -> bool:
        """Whether the genre begins a block with this line; a title never begins in the middle of a sentence."""
        match = self.starts_block.match(line.raw) if self.starts_block else None
        if match and match.groupdict().get("title") and blanks == 0:
            return SENTENCE_END.search(last) is not None or len(last) < 0.7 * self.width or last.isupper()
        return match is not None

    def _is_title(self, held: list[Line]) -> bool:
        """Whether the held lines begin with a line that this genre knows as a title of its own (group "title")."""
        match = self.starts_block.match(held[0].raw) if self.starts_block else None
        return bool(match and match.groupdict().get("title"))

    def _make(self, held: list[Line], kind: str, level: int, depth: int, cut: bool, gap: bool) -> Iterator[Block]:
        first = held[0]
        cut, self.cut = cut or self.cut, False
        if kind == "row":
            mended, cells = row_of(first)
            self.cut = cut and not mended.text
            if mended.text:
                yield Block("row", mended, first.page, cells=cells, cut=cut, opens_page=first.opens_page, gap=gap)
            return
        skip, bullet = 0, False
        if kind == "item":
            match = BULLET.match(first.raw)
            skip, bullet = (match.end(), True) if match else (0, False)
        pieces = [(first.start + skip, first.raw[skip:].replace("\t", " "))]
        pieces += [(line.start, line.raw.replace("\t", " ")) for line in held[1:]]
        mended = mend(pieces)
        if not mended.text:
            self.cut = cut
            return
        if kind == "para" and (is_heading(mended.text) or self._is_title(held)):
            kind, level = "heading", heading_level(mended.text)
        yield Block(kind, mended, first.page, level, depth=depth, bullet=bullet, cut=cut, opens_page=first.opens_page, gap=gap)


def is_pipe_row(body: str) -> bool:
    stripped = BULLET.sub("", body, count=1).strip() if BULLET.match(body) else body.strip()
    return stripped.startswith("|") and stripped.endswith("|") and len(stripped) > 2


def is_tab_row(body: str) -> bool:
    if BULLET.match(body) or NUMBER_ITEM.match(body):
        return False
    return "\t" in body.strip() or (body.startswith("\t") and "\t" in body.strip("\t "))


def indent(body: str) -> int:
    """Depth of a list item: tabs count as four columns."""
    lead = body[: len(body) - len(body.lstrip())].expandtabs(4)
    return len(lead) // 4


def row_of(line: Line) -> tuple[Mended, tuple[tuple[int, int], ...]]:
    """Cells of a tab- or pipe-separated line; empty cells count, so that columns keep their place."""
    body, base = line.raw, line.start
    if is_pipe_row(body):
        first = body.index("|")
        last = body.rindex("|")
        edges = [m.start() + first for m in re.finditer(r"\|", body[first : last + 1])]
        spans = [(a + 1, b) for a, b in itertools.pairwise(edges)]
        if all(re.fullmatch(r"[\s:\-]*", body[a:b]) for a, b in spans):
            return Mended("", array("I")), ()
    else:
        edges = [-1, *[m.start() for m in re.finditer("\t", body)], len(body)]
        spans = [(a + 1, b) for a, b in itertools.pairwise(edges)]
    chars, at, cells = "", array("I"), []
    for index, (a, b) in enumerate(spans):
        if index:
            chars += "\t"
            at.append(base + max(a - 1, 0))
        cell = mend([(base + a, body[a:b])])
        strip = re.match(r"[\ue000-\uf8ff\U0001f000-\U0001faff\s]*", cell.text)
        lead = strip.end() if strip else 0
        kept = cell.text[lead:].rstrip("\ue000 ")
        kept = re.sub(r"[\ue000-\uf8ff\U0001f000-\U0001faff\s]+$", "", kept)
        cells.append((len(chars), len(chars) + len(kept)))
        chars += kept
        at.extend(cell.at[lead : lead + len(kept)])
    if not chars.strip():
        return Mended("", array("I")), ()
    return Mended(chars, at), tuple(cells)


# The number of a section: "4.1.2", "II.3.1", "B.2"; or the word for a chapter with its number.
NUMBERED = re.compile(
    r"((?:(?:[IVXL]{1,5}|[A-Z])\s?\.\s?)?\d{1,2}(?:\s?\.\s?\d{1,2}){0,4}(?=\s?\.?\s+[^\W\d_])"
    r"|(?i:deel|hoofdstuk|titel|bijlage|partie|chapitre|titre|annexe)\s+(?:[IVXL]{1,5}|\d{1,2}|[A-Z])(?=\s*[.:–—-]\s+[^\W\d_]))"
    r"\s*[.:–—-]?\s+"
)


def is_heading(text: str) -> bool:
    """Whether a paragraph of its own reads as a heading: numbered, in capitals, or a short line that is no sentence."""
    if len(text) > 160 or (SENTENCE_END.search(text) and not text.endswith(")")):
        return False
    letters = [c for c in text if c.isalpha()]
    if len(letters) < 3:
        return False
    if text[0] in "“\"«‘'„" or (DEFINES.match(text) and not text.isupper()):
        return False
    numbered = NUMBERED.match(text)
    if numbered:
        return len(text) < 130 and ("." in numbered.group() or " " in numbered.group(1) or text.isupper())
    if text[0].isdigit():
        return False
    if sum(c.isupper() for c in letters) > 0.8 * len(letters):
        return True
    return text[0].isupper() and len(text.split()) <= 24 and not re.search(r"[.!?]\s+[A-Z]", text)


def heading_level(text: str) -> int:
    """1–5 for numbered headings, 6 for capitals, 7 for a short line."""
    numbered = NUMBERED.match(text)
    if numbered:
        return len(re.findall(r"\w+", numbered.group(1))) if numbered.group(1)[-1].isdigit() else 1
    letters = [c for c in text if c.isalpha()]
    return 6 if sum(c.isupper() for c in letters) > 0.8 * len(letters) else 7
