"""Reader of docx: paragraphs, headings, list items and tables of the body, in order.

The XML is read directly: python-docx passes over content controls, text boxes, tracked insertions and automatic numbers, and a
measure number in a plan is often automatic. Left out: footnotes, comments, deleted and hidden text, headers and footers.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from ingest.readers_text import Writer, numeral
from kg.errors import SourceError
from kg.model import Extracted

MAX_UNPACKED = 200_000_000  # bytes
MAX_RATIO = 200  # unpacked to packed

Element = ElementTree.Element
_HEADING = re.compile(r"(?:heading|kop|titre|überschrift)\s*([1-9])$")
_TITLE = re.compile(r"(?:title|titel|titre)$")
_LIST = re.compile(
    r"(?:list (?:bullet|number)|lijst ?opsom|lijstnummer|liste (?:à|a) (?:puces|numéros)|liste numérotée|opsommingsteken)"
)
_UNREAD = frozenset(
    (
        "del",
        "moveFrom",
        "Fallback",
        "instrText",
        "delText",
        "delInstrText",
        "footnoteReference",
        "endnoteReference",
        "rPr",
        "pPr",
        "sdtPr",
        "txbxContent",
        "rt",
        "sectPr",
    )
)
_TAKES_BLOCKS = frozenset(("body", "sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"))


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    parent: str
    outline: int | None
    list_id: str  # "" where the style says nothing about lists, "0" where it says there is none
    list_level: int | None


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    format: str
    label: str  # "%1.%2"
    style: str


@dataclass(slots=True)
class _Lists:
    """Automatic numbers. Lists of one family count on together; a list that restarts begins anew when it is first met."""

    family: dict[str, str] = field(default_factory=dict)  # list → family
    levels: dict[str, dict[int, _Level]] = field(default_factory=dict)  # family → levels
    restarts: dict[str, dict[int, int]] = field(default_factory=dict)
    counts: dict[str, dict[int, int]] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    def level_of_style(self, list_id: str, style: str) -> int:
        levels = self.levels.get(self.family.get(list_id, ""), {})
        return next((number for number, level in levels.items() if level.style == style), 0)

    def label(self, list_id: str, level: int) -> str:
        """The number of the next paragraph of a list, as printed; "" for bullets and lists that are not described."""
        family = self.family.get(list_id, "")
        levels = self.levels.get(family, {})
        if level not in levels:
            return ""
        counts = self.counts.setdefault(family, {})
        if list_id not in self.met:
            self.met.add(list_id)
            counts.update({at: start - 1 for at, start in self.restarts.get(list_id, {}).items()})
        counts[level] = counts.get(level, levels[level].start - 1) + 1
        for deeper in [at for at in counts if at > level]:
            del counts[deeper]
        if levels[level].format in ("bullet", "none"):
            return ""

        def figure(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            known = levels.get(at)
            return numeral(counts.get(at, known.start if known else 1), known.format if known else "decimal")

        return re.sub(r"%([1-9])", figure, levels[level].label).strip()


def read_docx(data: bytes, where: str) -> Extracted:
    """The body of a Word document. SourceError: damaged, encrypted, unpacks to too much, or holds entity definitions."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_size(archive, where)
            names = set(archive.namelist())
            main = _main_part(archive, names, where)
            folder = main.rpartition("/")[0]
            body = _parse(archive, main, where)
            styles = _styles(_parse(archive, f"{folder}/styles.xml", where)) if f"{folder}/styles.xml" in names else {}
            lists = _lists(_parse(archive, f"{folder}/numbering.xml", where)) if f"{folder}/numbering.xml" in names else _Lists()
        writer = Writer()
        _Body(writer, styles, lists).blocks(body)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        KeyError,
        ValueError,
        NotImplementedError,
        ElementTree.ParseError,
    ) as error:
        raise _damaged(where, str(error)) from error
    except RecursionError as error:
        raise _damaged(where, "it is nested too deeply") from error
    return writer.extracted("docx")


def _damaged(where: str, reason: str) -> SourceError:
    return SourceError(
        f"the Word document is damaged ({reason})", where=where, remedy="open it in Word and save it again as docx"
    )


def _check_size(archive: zipfile.ZipFile, where: str) -> None:
    entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise SourceError("the document is encrypted", where=where, remedy="save it without a password")
    unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(packed, 1):
        raise SourceError(
            f"the document unpacks to {unpacked:,} bytes from {packed:,}, which no normal document does",
            where=where,
            remedy="check where the file comes from; save its text as a new document",
        )


def _parse(archive: zipfile.ZipFile, name: str, where: str) -> Element:
    """One part as XML. A part with a document type is refused: Word writes none, and entities are defined there."""
    data = archive.read(name)
    if any("<!DOCTYPE".encode(encoding) in data for encoding in ("ascii", "utf-16-le", "utf-16-be")):
        raise SourceError(f"{name} in the document defines entities", where=where, remedy="check where the file comes from")
    return ElementTree.fromstring(data)


def _main_part(archive: zipfile.ZipFile, names: set[str], where: str) -> str:
    if "_rels/.rels" in names:
        for relation in _parse(archive, "_rels/.rels", where):
            if relation.get("Type", "").endswith("/officeDocument"):
                return relation.get("Target", "").lstrip("/")
    return "word/document.xml"


def _tag(element: Element) -> str:
    """Local name: the strict and the usual variant of the format differ in their namespaces alone."""
    return element.tag.rpartition("}")[2]


def _child(element: Element | None, name: str) -> Element | None:
    return None if element is None else next((child for child in element if _tag(child) == name), None)


def _value(element: Element | None, *path: str) -> str | None:
    """Attribute `val` of the element at the path, "" where it has none, None where there is no such element."""
    for name in path:
        element = _child(element, name)
    return None if element is None else _attribute(element, "val")


def _attribute(element: Element, name: str) -> str:
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else None


def _styles(root: Element) -> dict[str, _Style]:
    return {
        _attribute(style, "styleId"): _Style(
            name=(_value(style, "name") or "").casefold(),
            parent=_value(style, "basedOn") or "",
            outline=_number(_value(style, "pPr", "outlineLvl")),
            list_id=_value(style, "pPr", "numPr", "numId") or "",
            list_level=_number(_value(style, "pPr", "numPr", "ilvl")),
        )
        for style in root
        if _tag(style) == "style"
    }


def _lists(root: Element) -> _Lists:
    lists = _Lists()
    for element in root:
        if _tag(element) == "abstractNum":
            lists.levels[_attribute(element, "abstractNumId")] = {
                int(_attribute(level, "ilvl") or 0): _Level(
                    start=_number(_value(level, "start")) or 0,
                    format=_value(level, "numFmt") or "decimal",
                    label=_value(level, "lvlText") or "",
                    style=_value(level, "pStyle") or "",
                )
                for level in element
                if _tag(level) == "lvl"
            }
        elif _tag(element) == "num":
            list_id = _attribute(element, "numId")
            lists.family[list_id] = _value(element, "abstractNumId") or ""
            lists.restarts[list_id] = {
                int(_attribute(change, "ilvl") or 0): start
                for change in element
                if (start := _number(_value(change, "startOverride"))) is not None
            }
    return lists


class _Body:
    """Walks through the body and hands its blocks to the writer."""

    def __init__(self, writer: Writer, styles: dict[str, _Style], lists: _Lists) -> None:
        self.writer = writer
        self.styles = styles
        self.lists = lists
        self.tables = 0

    def blocks(self, parent: Element) -> None:
        for element in parent:
            tag = _tag(element)
            if tag == "p":
                self.paragraph(element)
                for box in _boxes(element):
                    self.blocks(box)
            elif tag == "tbl":
                self.tables += 1
                self.writer.add_table(self.rows(element), str(self.tables))
            elif tag in _TAKES_BLOCKS:
                self.blocks(element)

    def paragraph(self, element: Element) -> None:
        text = _text(element)
        if not text.strip():
            return
        level, list_id, list_level = self.nature(element)
        label = self.lists.label(list_id, list_level) if list_id else ""
        if level:
            self.writer.add(f"{label} {text}", level=level)
        elif list_id:
            self.writer.add(text, "item", prefix=f"• {label} " if label else "• ")
        else:
            self.writer.add(text)

    def nature(self, element: Element) -> tuple[int, str, int]:
        """Heading level (0: none), list ("": none) and list level, from the paragraph and the styles it inherits from."""
        properties = _child(element, "pPr")
        outline = _number(_value(properties, "outlineLvl"))
        list_id = _value(properties, "numPr", "numId") or ""
        list_level = _number(_value(properties, "numPr", "ilvl"))
        level = None if outline is None else 0 if outline > 8 else outline + 1
        for key, style in self.ancestry(_value(properties, "pStyle") or ""):
            if level is None:
                level = _level_of(style)
            if not list_id:
                list_id = style.list_id or ("?" if _LIST.match(style.name) else "")
                if list_id and list_level is None:
                    list_level = style.list_level if style.list_level is not None else self.lists.level_of_style(list_id, key)
        return level or 0, "" if list_id == "0" else list_id, list_level or 0

    def ancestry(self, key: str) -> Iterator[tuple[str, _Style]]:
        seen: set[str] = set()
        while key in self.styles and key not in seen:
            seen.add(key)
            yield key, self.styles[key]
            key = self.styles[key].parent

    def rows(self, table: Element) -> Iterator[list[tuple[str, int, int]]]:
        for row in _within(table, "tr"):
            cells = []
            for cell in _within(row, "tc"):
                properties = _child(cell, "tcPr")
                # a cell that continues the one above says so: it stands here as an empty cell
                merge = _value(properties, "vMerge")
                text = "" if merge is not None and merge != "restart" else " ".join(self.cell(cell))
                cells.append((text, _number(_value(properties, "gridSpan")) or 1, 1))
            yield cells

    def cell(self, parent: Element) -> Iterator[str]:
        """Texts of the blocks of a cell, list items with their marks, tables in it row by row."""
        for element in parent:
            tag = _tag(element)
            if tag == "p":
                text = _text(element).strip()
                _, list_id, list_level = self.nature(element) if text else (0, "", 0)
                label = self.lists.label(list_id, list_level) if list_id else ""
                if text:
                    yield label or "•" if list_id else ""
                    yield text
                for box in _boxes(element):
                    yield from self.cell(box)
            elif tag == "tbl":
                for row in self.rows(element):
                    yield from (text for text, _, _ in row)
            elif tag in _TAKES_BLOCKS:
                yield from self.cell(element)


def _level_of(style: _Style) -> int | None:
    """Heading level that the style itself gives; 0 where it says "body text"; None where it says nothing."""
    if style.outline is not None:
        return 0 if style.outline > 8 else style.outline + 1
    if match := _HEADING.match(style.name):
        return int(match[1])
    return 1 if _TITLE.match(style.name) else None


def _within(parent: Element, name: str) -> Iterator[Element]:
    """Children of a name, also inside content controls and tracked insertions."""
    for element in parent:
        if _tag(element) == name:
            yield element
        elif _tag(element) in _TAKES_BLOCKS:
            yield from _within(element, name)


def _boxes(element: Element) -> Iterator[Element]:
    """Contents of the text boxes that hang on a paragraph, each once (Word also writes them in an older form)."""
    for child in element:
        if _tag(child) == "txbxContent":
            yield child
        elif _tag(child) not in ("Fallback", "del", "moveFrom"):
            yield from _boxes(child)


def _text(element: Element) -> str:
    return "".join(_pieces(element))


def _pieces(element: Element) -> Iterator[str]:
    for child in element:
        tag = _tag(child)
        if tag == "t":
            yield child.text or ""
        elif tag in ("tab", "ptab"):
            yield "\t"
        elif tag in ("br", "cr"):
            yield "\n"
        elif tag == "noBreakHyphen":
            yield "-"
        elif tag == "softHyphen":
            yield "\u00ad"
        elif tag == "sym":
            yield chr(int(_attribute(child, "char") or "fffd", 16))
        elif tag == "r" and _value(child, "rPr", "vanish") not in (None, "0", "false", "off"):
            continue
        elif tag not in _UNREAD:
            yield from _pieces(child)
