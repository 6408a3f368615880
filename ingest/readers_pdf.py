"""Reader of pdf: real pages, lines in reading order, columns one after the other, ruled tables as tab-separated rows.

The characters and their places come from PDFium; the cells of ruled tables from pdfplumber, and only for pages with enough drawn
lines, because it is many times slower. PDFium is not safe to use from several threads at once.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
from typing import Any

from ingest.readers_layout import Box, Glyph, Piece, in_order, lines_of, pieces_of, rows_of
from ingest.readers_tables import inside, open_tables, outline, table_text
from kg.errors import SourceError
from kg.model import Extracted, Page

MIN_LETTERS = 20  # per page on average; below that the file is taken for a scan
MAX_PATHS = 5_000  # pages with more drawings hold maps or charts: no tables are looked for
_TAIL = 4_096  # bytes in which the end mark of an unbroken file stands
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "ĳ": "ij", "Ĳ": "IJ"}
_LINE_HYPHENS = ("\x02", "\ufffe")  # PDFium's signs for a hyphen at the end of a line
log = logging.getLogger(__name__)


def read_pdf(data: bytes, where: str) -> Extracted:
    """Text of all pages, with a form feed between them. SourceError: encrypted, damaged, cut off, no readable text (a scan)."""
    import pypdfium2
    from pypdfium2 import raw

    if b"%%EOF" not in data.rstrip(b"\0 \t\r\n")[-_TAIL:]:
        raise SourceError("the PDF is cut off: its end is missing", where=where, remedy="download or copy it again")
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise SourceError("the PDF is encrypted", where=where, remedy="save it without a password") from error
        raise _damaged(where, str(error)) from error
    tables = _Tables(data)
    try:
        texts = [_page_text(document, index, tables) for index in range(len(document))]
    except pypdfium2.PdfiumError as error:
        raise _damaged(where, str(error)) from error
    finally:
        tables.close()
        document.close()
    _check_readable(texts, where)
    pages = []
    start = 0
    for number, text in enumerate(texts, 1):
        end = start + len(text) + (number < len(texts))
        pages.append(Page(number, start, end))
        start = end
    return Extracted("\f".join(texts), tuple(pages), (), "pdf")


def _damaged(where: str, reason: str) -> SourceError:
    return SourceError(
        f"the PDF is damaged ({reason})", where=where, remedy="download it again, or save it anew from the program it comes from"
    )


def _check_readable(texts: list[str], where: str) -> None:
    everything = "".join(texts)
    letters = sum(char.isalpha() for char in everything)
    garbage = sum(char == "\ufffd" or "\ue000" <= char <= "\uf8ff" or char < "\t" for char in everything)
    if not texts:
        raise SourceError("the PDF has no pages", where=where, remedy="check that it was saved in full")
    if letters < MIN_LETTERS * len(texts) and garbage <= letters:
        raise SourceError(
            f"the PDF has no text layer: {letters} letters on {len(texts)} page(s), so it is probably a scan",
            where=where,
            remedy="run OCR on it first",
        )
    if garbage > 0.3 * (letters + garbage):
        raise SourceError(
            "the letters of the PDF cannot be told: its fonts do not say what they mean",
            where=where,
            remedy="run OCR on it first",
        )


def _page_text(document: Any, index: int, tables: _Tables) -> str:
    page = document[index]
    textpage = page.get_textpage()
    try:
        frame = page.get_mediabox(fallback_ok=True)
        turn = page.get_rotation()
        rules, worth = _drawings(page, frame, turn)
        boxes = tables.cells(index) if worth else []
        by_direction = _glyphs(textpage, frame, page.get_cropbox(), turn)
    finally:
        textpage.close()
        page.close()
    texts = []
    for direction, glyphs in sorted(by_direction.items(), key=lambda item: -len(item[1])):
        found = [[_turn(cell, direction) for cell in cells] for cells in boxes]
        lines = [_turn(rule, direction) for rule in rules]
        texts.append(_layout(glyphs, found, lines))
    return "\n\n".join(filter(None, texts))


def _display(box: Box, frame: Box, turn: int) -> Box:
    """A box in PDF coordinates (x0, y0, x1, y1; y up) as it is shown: origin at the upper left of the turned page, y down."""
    left, bottom, right, top = frame
    x0, y0, x1, y1 = box
    if turn == 90:
        return y0 - bottom, x0 - left, y1 - bottom, x1 - left
    if turn == 180:
        return right - x1, y0 - bottom, right - x0, y1 - bottom
    if turn == 270:
        return top - y1, right - x1, top - y0, right - x0
    return x0 - left, top - y1, x1 - left, top - y0


def _turn(box: Box, direction: int) -> Box:
    """A shown box as text that reads in `direction` (degrees clockwise) sees it: along the line, and down the lines."""
    x0, top, x1, bottom = box
    if direction == 90:
        return top, -x1, bottom, -x0
    if direction == 180:
        return -x1, -bottom, -x0, -top
    if direction == 270:
        return -bottom, x0, -top, x1
    return box


def _glyphs(textpage: Any, frame: Box, shown: Box, turn: int) -> dict[int, list[Glyph]]:
    """Characters by reading direction, in the order of the file, each with its box as its own direction sees it."""
    from pypdfium2 import raw

    found: dict[int, list[Glyph]] = {}
    direction = 0
    handle, matrix, place = textpage.raw, raw.FS_MATRIX(), raw.FS_RECTF()
    for index in range(textpage.count_chars()):
        char = chr(raw.FPDFText_GetUnicode(handle, index))
        if char in "\r\n":
            continue
        if char == " " and raw.FPDFText_IsGenerated(handle, index) == 1:  # a space that PDFium saw, without a place
            if direction in found:
                last = found[direction][-1]
                found[direction].append(Glyph(" ", last.x1, last.top, last.x1, last.bottom))
            continue
        raw.FPDFText_GetLooseCharBox(handle, index, place)
        raw.FPDFText_GetMatrix(handle, index, matrix)
        middle = (place.left + place.right) / 2, (place.bottom + place.top) / 2
        if not (shown[0] <= middle[0] <= shown[2] and shown[1] <= middle[1] <= shown[3]):
            continue  # printer's marks outside the page that is shown
        direction = (turn - round(math.degrees(math.atan2(matrix.b, matrix.a)) / 90) * 90) % 360
        box = _turn(_display((place.left, place.bottom, place.right, place.top), frame, turn), direction)
        size = raw.FPDFText_GetFontSize(handle, index) * math.hypot(matrix.c, matrix.d)
        char = "-" if char in _LINE_HYPHENS else "\ufffd" if char == "\0" else _LIGATURES.get(char, char)
        found.setdefault(direction, []).append(Glyph(char, *box, size))
    return found


def _drawings(page: Any, frame: Box, turn: int) -> tuple[list[Box], bool]:
    """Drawn horizontal and vertical lines, and whether there are enough drawings for a ruled table."""
    from pypdfium2 import raw

    rules: list[Box] = []
    upright = boxes = 0
    for count, drawing in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH])):
        if count >= MAX_PATHS:
            return rules, False
        box = _display(drawing.get_bounds(), frame, turn)
        width, height = box[2] - box[0], box[3] - box[1]
        if min(width, height) <= 3:
            rules.append(box)
            upright += width < height
        elif raw.FPDFPath_CountSegments(drawing) >= 8:
            boxes += 2
        else:
            boxes += 1
    return rules, upright >= 2 or boxes >= 2


class _Tables:
    """Cells of the ruled tables of a page; the file is opened when the first page is asked for.

    pdfminer, below pdfplumber, fails in many ways on files that PDFium reads: such pages are read without ruled tables.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.document: Any = None
        self.failed = False

    def cells(self, index: int) -> list[list[Box]]:
        if self.document is None and not self.failed:
            self._open()
        if self.document is None:
            return []
        try:
            page = self.document.pages[index]
            left, top = page.bbox[:2]
            tables = page.find_tables()
            page.close()
        except Exception as error:
            log.warning("page %d: ruled tables are read as lines (%s)", index + 1, error)
            return []
        return [
            [(x0 - left, y0 - top, x1 - left, y1 - top) for x0, y0, x1, y1 in table.cells]
            for table in tables
            if len({cell[0] for cell in table.cells}) > 1
        ]

    def _open(self) -> None:
        import pdfplumber

        for name in ("pdfminer", "pdfplumber"):
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            self.document = pdfplumber.open(io.BytesIO(self.data))
            _ = self.document.pages
        except Exception as error:
            log.warning("ruled tables are read as lines (%s)", error)
            self.document, self.failed = None, True

    def close(self) -> None:
        with contextlib.suppress(Exception):
            if self.document is not None:
                self.document.close()


def _layout(glyphs: list[Glyph], tables: list[list[Box]], rules: list[Box]) -> str:
    """Text of the glyphs of one direction: tables are taken out and put back in their place as blocks."""
    blocks: list[Piece] = []
    level = [rule for rule in rules if rule[3] - rule[1] <= 3]
    framed = [outline(cells) for cells in tables]
    loose = [rule for rule in level if not any(_near(outer, rule) for outer in framed)]
    for cells in [*tables, *open_tables(glyphs, loose)]:
        outer = outline(cells)
        within = [glyph for glyph in glyphs if inside(outer, glyph)]
        text = table_text(cells, within)
        if text:
            taken = set(map(id, within))
            glyphs = [glyph for glyph in glyphs if id(glyph) not in taken]
            level = [rule for rule in level if not _near(outer, rule)]
            blocks.append(Piece(text, *outer, block=True))
    return lines_of(in_order(rows_of([*blocks, *pieces_of(glyphs)]), level))


def _near(outer: Box, rule: Box) -> bool:
    """Is the line part of the drawing of a table?"""
    return outer[1] - 3 <= rule[1] <= outer[3] + 3 and rule[0] < outer[2] and rule[2] > outer[0]
