"""Readers of txt and md, and what the readers share: decoding, and the writer that keeps heading offsets exact.

Readers take the bytes of a file and a name for errors, and return Extracted. Offsets count code points.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from kg.errors import SourceError
from kg.model import Extracted, Heading, Page

_DAMAGE = 0.005  # share of control and replacement characters above which a text counts as damaged
LINE_ENDS = re.compile("[\x0b\x1c-\x1e\x85\u2028\u2029]")  # besides carriage return and line feed
_BAD = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ufffd\ufffe\uffff]")
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# One-byte encodings that Dutch and French texts come in; the first of equals wins.
_CANDIDATES = ("cp1252", "mac_roman", "cp850", "iso8859_15", "latin-1")
# Characters beyond ASCII where Dutch and French have them: a wrong encoding puts signs in words, capitals behind small letters.
_LETTER = "a-zA-ZàâäçéèêëîïôöùûüÀÂÄÇÉÈÊËÎÏÔÖÙÛÜœŒ"
_COMMON = re.compile(
    f"(?:(?<=[{_LETTER}'’])[àçéèêëïöü]|[àçéèêëïöü](?=[{_LETTER}]))(?![A-Z])|(?<!\\w)à(?=\\s)"
    f"|(?<=[{_LETTER}])’(?=[{_LETTER}\\s.,;:)])|(?<!\\S)’s(?=\\s)|(?<!\\w)[“‘«„](?=\\s?[{_LETTER}\\d])|(?<=[\\w.,!?%)\\s])[”’»](?![a-zA-Zà-ÿ])"
    "|(?<=«)\xa0|\xa0(?=[:;!?»%€])"
    "|(?<!\\w)[•·›–—](?!\\w)|(?<=\\d)[–\xa0°º](?=[\\d\\s])|(?<=\\w)…(?!\\w)|(?<!\\w)€(?=\\s?\\d)|(?<=[\\d\\s])€(?!\\w)|[§©®]"
)
_RARE = re.compile(
    f"(?<=[{_LETTER}'’])[âäîíóôùûúáœñæ](?![A-Z])|[âíóôœæáú](?=[a-z])|(?<![a-zà-ÿ’'])(?:[ÀÂÄÉÈÊËÎÏÔÖÛÜŒ]|Ç(?=[aA]))(?!\\s?[.,;:])|[½²³]"
)
_VALID_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ONE_BYTE = re.compile(
    r"(iso[-_]?8859[-_]\d{1,2}|latin[-_]?\d|l\d|(windows|cp)[-_]?125\d|cp850|ibm850|macintosh|mac[-_]?roman|us-ascii|ascii)$"
)


def decode(data: bytes, where: str, declared: str = "") -> str:
    """Text of the bytes with \\n line ends: by BOM; as UTF-8; as `declared`; as UTF-8 with stray cp1252 bytes; else the likeliest
    of a few one-byte encodings. SourceError where more than 0.5 % are control or replacement characters: no text, or damaged.
    """
    text = _decode(data, declared)
    text = LINE_ENDS.sub("\n", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    bad = len(_BAD.findall(text))
    if bad > _DAMAGE * len(text):
        raise SourceError(
            f"the file is damaged or is no text: {bad} of {len(text)} characters are not readable",
            where=where,
            remedy="save the document again as UTF-8 text",
        )
    return text


def _decode(data: bytes, declared: str) -> str:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if _ONE_BYTE.match(declared):
        # browsers read the declaration "latin-1" as cp1252, which only adds signs in the place of control characters
        name = "cp1252" if re.match(r"iso[-_]?8859[-_]1$|latin[-_]?1$|l1$|(us-)?ascii$", declared) else declared
        try:
            return data.decode(codecs.lookup(name).name, errors="gvpp-cp1252")
        except LookupError:
            pass
    valid = len(_VALID_MULTIBYTE.findall(data))
    invalid = sum(byte > 0x7F for byte in _VALID_MULTIBYTE.sub(b"", data))
    if valid > invalid or declared in ("utf-8", "utf8"):
        return data.decode("utf-8", errors="gvpp-cp1252")
    return max((data.decode(name, errors="gvpp-cp1252") for name in _CANDIDATES), key=_likeness)


def _likeness(text: str) -> int:
    """How much the characters beyond ASCII stand as in Dutch or French."""
    return 2 * len(_COMMON.findall(text)) + len(_RARE.findall(text))


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Error handler: the bytes that do not fit are read as cp1252; the five that cp1252 lacks become U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error("gvpp-cp1252", _as_cp1252)


def pages_of(text: str) -> tuple[Page, ...]:
    """Pages between form feeds, each with the form feed that closes it; none where there is no form feed.

    White space behind the last form feed is no page of its own: programs close each page with one.
    """
    if "\f" not in text:
        return ()
    starts = [0, *(match.end() for match in re.finditer("\f", text))]
    if not text[starts[-1] :].strip():
        starts.pop()
    return tuple(
        Page(number, start, end) for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1)
    )


def read_txt(data: bytes, where: str) -> Extracted:
    """Plain text as it stands."""
    text = decode(data, where)
    return Extracted(text, pages_of(text), (), "txt")


_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_NO_TITLE = re.compile(r"[ \t]*$|[ \t]*(?:[-*+>•]|\d+[.)])[ \t]|.*\||\t| {4}")


def read_md(data: bytes, where: str) -> Extracted:
    """Markdown as plain text: heading lines lose their marks and are reported; tables, lists, bold stay as they are written.

    Underlined headings lose the underline. Lines inside code fences and the block between --- at the very start are left alone.
    """
    lines = decode(data, where).split("\n")
    kept: list[tuple[str, int]] = []  # line, heading level or 0
    fence = ""
    front = (
        next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), 0)
        if lines[0].rstrip() == "---"
        else -1
    )
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if fence or mark:
            if mark and not fence:
                fence = mark[1]
            elif mark and mark[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
            kept.append((line, 0))
        elif number <= front:
            kept.append((line, 0))
        elif heading := _ATX.match(line):
            kept.append((heading[2], len(heading[1])))
        elif (rule := _UNDERLINE.match(line)) and _may_be_title(kept, number - front):
            kept[-1] = (kept[-1][0].strip(), 1 if rule[1][0] == "=" else 2)
        else:
            kept.append((line, 0))
    headings = []
    start = 0
    for line, level in kept:
        if level and line.strip():
            first = start + len(line) - len(line.lstrip())
            headings.append(Heading(first, first + len(line.strip()), level))
        start += len(line) + 1
    text = "\n".join(line for line, _ in kept)
    return Extracted(text, pages_of(text), tuple(headings), "md")


def _may_be_title(kept: list[tuple[str, int]], since_front: int) -> bool:
    """Is the last line a paragraph of one line, so that an underline makes it a heading?"""
    if not kept or since_front < 2 or kept[-1][1] or _NO_TITLE.match(kept[-1][0]):
        return False
    return len(kept) == 1 or since_front == 2 or bool(kept[-2][1]) or not kept[-2][0].strip()


class Writer:
    """Collects blocks into one text: blank lines between paragraphs, line ends between list items and rows of one table."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._last = ""
        self.headings: list[Heading] = []

    def add(self, text: str, kind: str = "paragraph", *, level: int = 0, prefix: str = "") -> None:
        """`kind`: blocks of the same kind "item" or "row…" stand close together. `level` above 0 makes a heading of one line."""
        text = " ".join(text.split()) if level else text.strip("\n " if kind.startswith("row") else None)
        if not text.strip():
            return
        close = kind == self._last and kind != "paragraph"
        separator = "" if not self._parts else "\n" if close else "\n\n"
        self._last = kind
        start = self._length + len(separator) + len(prefix)
        if level:
            self.headings.append(Heading(start, start + len(text), level))
        self._parts.append(separator + prefix + text)
        self._length = start + len(text)

    def add_table(self, rows: Iterable[list[tuple[str, int, int]]], name: str) -> None:
        """Rows of (text, columns spanned, rows spanned) as lines of tab-separated cells.

        A merged cell stands once, at its upper left, and leaves empty cells in its other places: columns keep their number.
        A bullet at the very start goes: the row would be taken for a list item.
        """
        taken: dict[int, int] = {}  # column → rows that a cell above still covers
        for row in rows:
            cells: list[str] = []
            below: dict[int, int] = {}
            for text, across, down in row:
                while taken.get(len(cells), 0):
                    cells.append("")
                for offset in range(max(1, min(across, 100))):
                    if down > 1:
                        below[len(cells)] = min(down, 10_000)
                    cells.append("" if offset else " ".join(text.split()))
            cells += [""] * (max((column for column, left in taken.items() if left), default=-1) + 1 - len(cells))
            taken = {column: left - 1 for column, left in (taken | below).items() if left > 1}
            if any(cells):
                self.add("\t".join(cells).removeprefix("• "), f"row {name}")

    def extracted(self, format: str) -> Extracted:
        return Extracted("".join(self._parts), (), tuple(self.headings), format)


def numeral(number: int, style: str) -> str:
    """The number as letters (a … z, aa …), as a Roman numeral, or else in digits; styles are named as in Word's numbering."""
    if style.endswith("Letter") and 0 < number < 1000:
        text = chr(96 + (number - 1) % 26 + 1) * ((number - 1) // 26 + 1)
    elif style.endswith("Roman") and 0 < number < 4000:
        text, left = "", number
        for value, sign in zip(
            (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
            ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
            strict=True,
        ):
            text += sign * (left // value)
            left %= value
    else:
        return str(number)
    return text.upper() if style.startswith("upper") else text
