"""Reader of html: the visible text of a page, in blocks."""

from __future__ import annotations

import re
from typing import Any

from ingest.readers_text import Writer, decode, numeral
from kg.errors import SourceError
from kg.model import Extracted

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_UNSEEN = frozenset(
    ("head", "script", "style", "nav", "template", "noscript", "svg", "iframe", "object", "audio", "video", "canvas", "datalist")
)
_INLINE = frozenset(
    (
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "button",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "mark",
        "meter",
        "output",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    )
)
_NUMERALS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_CELLS = ("td", "th", "dt", "dd")
_WITHIN_TEXT = ("script", "style", "template", "noscript", "svg")  # unseen, and may stand in the middle of a line
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\r\f]+")


def read_html(data: bytes, where: str) -> Extracted:
    """The visible text of a page: no scripts, styles, navigation, templates or hidden elements; h1–h6 reported as headings.

    List items begin with a bullet, and with their number where the list is numbered. A table that holds headings or tables
    serves the layout: its cells are read as blocks. A term and its explanations (dl) are read as a row.
    """
    from lxml import etree, html

    declared = next((name for pair in _CHARSET.findall(data[:4096]) for name in pair if name), b"").decode("ascii").lower()
    text = decode(data, where, declared)
    # the parser stops at NUL; an XML declaration of another encoding would mislead it
    text = re.sub("[\x00\ud800-\udfff]", "\ufffd", text)
    text = re.sub(r"^\s*<\?xml[^>]*>", "", text)
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except etree.LxmlError as error:
        raise SourceError("the page holds no text", where=where, remedy="check that it was saved in full") from error
    if any("Excessive depth" in entry.message for entry in parser.error_log):
        raise SourceError("the page is nested too deeply to be read in full", where=where, remedy="save its text as txt or docx")
    writer = Writer()
    page = _Page(writer)
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walker:
        if event == "start":
            if _unseen(element):
                walker.skip_subtree()
                element.set("data-gvpp-unseen", "")
                if element.tag not in _INLINE and element.tag not in _WITHIN_TEXT:
                    page.flush()
            else:
                page.open(element)
                page.write(element.text)
            continue
        if event == "end" and element.get("data-gvpp-unseen") is None:
            page.close(str(element.tag))
        page.write(element.tail)
    page.flush()
    return writer.extracted("html")


def _unseen(element: Any) -> bool:
    return (
        element.tag in _UNSEEN
        or element.get("hidden") is not None
        or element.get("role") == "navigation"
        or (element.tag == "dialog" and element.get("open") is None)
        or bool(_HIDING.search(element.get("style") or ""))
    )


class _Page:
    """Turns the elements of a page, as they open and close, into blocks for the writer."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.pieces: list[str] = []
        self.level = 0  # of the heading that is open
        self.prefix = ""  # mark of the list item that has opened and holds no text yet
        self.lists: list[tuple[str, int]] = []  # open lists: style of the numbers ("" for bullets), next number
        self.verbatim = 0
        self.rows: list[list[tuple[str, int, int]]] | None = None  # of the data table that is open
        self.cell: Any = None
        self.tables = 0

    def open(self, element: Any) -> None:
        tag = element.tag
        if tag == "br":
            self.pieces.append(" " if self.rows is not None or self.level else "\n")
        if tag in _INLINE or tag == "br":
            return
        self.flush()
        if tag in ("ul", "menu"):
            self.lists.append(("", 0))
        elif tag == "ol":
            self.lists.append((element.get("type") or "1", _whole(element.get("start"), 1)))
        elif tag == "li":
            self.prefix = self._mark(element)
        elif tag == "pre":
            self.verbatim += 1
        elif self.rows is not None:
            self._open_in_table(element)
        elif tag in ("table", "dl") and not _serves_layout(element):
            self.rows = []
            self.tables += 1
        elif re.fullmatch("h[1-6]", tag):
            self.level = int(tag[1])

    def _open_in_table(self, element: Any) -> None:
        assert self.rows is not None
        if element.tag in ("tr", "dt") or (element.tag in _CELLS and not self.rows):
            self.rows.append([])
        if element.tag in _CELLS:
            self.cell = element
            self.rows[-1].append(("", _whole(element.get("colspan"), 1), _whole(element.get("rowspan"), 1)))

    def close(self, tag: str) -> None:
        if tag in _INLINE or tag == "br":
            return
        self.flush()
        if tag in ("ul", "menu", "ol") and self.lists:
            self.lists.pop()
        elif tag == "li":
            self.prefix = ""
        elif tag == "pre":
            self.verbatim -= 1
        elif tag in _CELLS:
            self.cell = None
        elif tag in ("table", "dl") and self.rows is not None:
            self.writer.add_table(self.rows, str(self.tables))
            self.rows = None
        elif re.fullmatch("h[1-6]", tag):
            self.level = 0

    def write(self, text: str | None) -> None:
        if not text:
            return
        if self.verbatim and self.rows is None and not self.level:
            self.pieces.append(text)
            return
        text = _SPACES.sub(" ", text)
        if text.startswith(" ") and (not self.pieces or self.pieces[-1][-1:] in " \n"):
            text = text[1:]
        if text:
            self.pieces.append(text)

    def flush(self) -> None:
        """Ends the block: into the cell that is open, or as a paragraph, item or heading."""
        text = re.sub(r" *\n *", "\n", "".join(self.pieces)) if not self.verbatim else "".join(self.pieces).strip("\n")
        self.pieces.clear()
        if not text.strip():
            return
        prefix, self.prefix = self.prefix, ""
        if self.rows and self.rows[-1] and self.cell is not None:
            before, across, down = self.rows[-1][-1]
            self.rows[-1][-1] = (f"{before} {prefix}{text}", across, down)
        elif self.level:
            self.writer.add(text, level=self.level, prefix=prefix)
        else:
            self.writer.add(text, "item" if prefix else "paragraph", prefix=prefix)

    def _mark(self, element: Any) -> str:
        """Bullet of a list item, with its number in a numbered list."""
        if not self.lists or not self.lists[-1][0]:
            return "• "
        style, number = self.lists[-1]
        number = _whole(element.get("value"), number)
        self.lists[-1] = (style, number + 1)
        return f"• {numeral(number, _NUMERALS.get(style, 'decimal'))}. "


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,6}", text.strip()) else otherwise


def _serves_layout(table: Any) -> bool:
    return table.get("role") == "presentation" or any(
        True for _ in table.iterdescendants("table", "dl", "h1", "h2", "h3", "h4", "h5", "h6")
    )
