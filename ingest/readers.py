"""From a file to its text: the one place where formats are told apart, and where an unusable file is refused in plain words.

`read` gives the text as the format holds it, with real pages and real headings; nothing is mended here (hyphens at line ends,
running heads, footnotes: elsewhere). Every refusal is a SourceError with the path and a remedy. The formats have their own
modules (`readers_text`, `readers_html`, `readers_docx`, `readers_pdf`), imported when such a file is read: start-up stays light.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from ingest.readers_text import LINE_ENDS
from kg.errors import SourceError
from kg.model import Extracted

FORMATS = {".txt": "txt", ".md": "md", ".pdf": "pdf", ".docx": "docx", ".html": "html", ".htm": "html"}
_KNOWN = "txt, md, pdf, docx, html or htm"
_SEEN = {
    "text": "plain text",
    "html": "an HTML page",
    "pdf": "a PDF document",
    "docx": "a Word document (docx)",
}
_MAGIC = (  # first bytes → what the file is; formats that people send by mistake
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"%!PS", "a PostScript file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HTML_PART = re.compile(
    r"<(?:p|div|h[1-6]|[uo]l|li|table|t[rdh]|span|br|a|section|article|main|b|strong|em|i)\b[^<>]*>", re.IGNORECASE
)
_XML = re.compile(r"\s*<\?xml\b")
# What no serialisation of the graph can carry: C0 controls but tab, line feed and form feed; surrogates; two noncharacters.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1b\x1f\ud800-\udfff\ufffe\uffff]")


def sha256_of(path: Path) -> str:
    """The hexadecimal SHA-256 of the file's bytes. SourceError where it cannot be read."""
    path = Path(path)
    _check_file(path)
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def read(path: Path, *, max_bytes: int = 50_000_000) -> Extracted:
    """The text of one file with its pages and headings.

    Pages (txt with form feeds, pdf) tile the text: each ends behind the form feed that closes it. Headings are single lines.
    SourceError: missing, no file, unreadable, empty, over `max_bytes`, unknown extension, content of another kind than the
    extension says, encrypted, damaged, or without text (a scan).
    """
    path = Path(path)
    data = _bytes_of(path, max_bytes)
    kind = FORMATS.get(path.suffix.lower())
    seen, description = _seems(data, kind)
    if kind is None:
        ending = f"the extension {path.suffix}" if path.suffix else "a name without extension"
        advice = f"rename it to end in .{seen if seen in ('pdf', 'docx', 'html') else 'txt'}" if seen else f"save it as {_KNOWN}"
        raise SourceError(f"{ending} is not known; the content seems to be {description}", where=str(path), remedy=advice)
    if seen != {"txt": "text", "md": "text"}.get(kind, kind):
        advice = "give the file the extension of its content" if seen else f"save the document as {_KNOWN}"
        if description == _PASSWORD:
            advice = "save it without a password"
        raise SourceError(
            f"the extension {path.suffix} does not fit the content, which seems to be {description}",
            where=str(path),
            remedy=advice,
        )
    extracted = _extract(kind, data, str(path))
    text = LINE_ENDS.sub("\n", _FORBIDDEN.sub("\ufffd", extracted.text))  # one for one: offsets hold
    if not text.strip():
        raise SourceError(
            "the file holds no text", where=str(path), remedy="check that it is the right file; a scan needs OCR first"
        )
    return replace(extracted, text=text)


def _extract(kind: str, data: bytes, where: str) -> Extracted:
    if kind == "pdf":
        from ingest.readers_pdf import read_pdf

        return read_pdf(data, where)
    if kind == "docx":
        from ingest.readers_docx import read_docx

        return read_docx(data, where)
    if kind == "html":
        from ingest.readers_html import read_html

        return read_html(data, where)
    from ingest.readers_text import read_md, read_txt

    return read_md(data, where) if kind == "md" else read_txt(data, where)


def _check_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise SourceError("the file does not exist", where=str(path), remedy="check the name and the folder") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(mode):
        raise SourceError("this is a folder, not a file", where=str(path), remedy="name the files in it")
    if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
        raise SourceError("this is not a regular file", where=str(path), remedy="copy the content into a file")


def _bytes_of(path: Path, max_bytes: int) -> bytes:
    _check_file(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(max_bytes + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > max_bytes:
        raise SourceError(
            f"the file is larger than {max_bytes:,} bytes",
            where=str(path),
            remedy="split it, or raise the limit if the file is sound",
        )
    if not data:
        raise SourceError("the file is empty", where=str(path), remedy="check that it was saved or downloaded in full")
    return data


def _unreadable(path: Path, error: OSError | ValueError) -> SourceError:
    if isinstance(error, PermissionError):
        return SourceError("reading the file is not allowed", where=str(path), remedy="change its permissions")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return SourceError(f"the file cannot be read ({reason})", where=str(path), remedy="check the name and the disk")


_PASSWORD = "an Office document with a password"


def _seems(data: bytes, expected: str | None) -> tuple[str, str]:
    """What the content is: "text", "html", "pdf", "docx" or "" (none that is read), and the same in words."""
    head = data[:65536]
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-") or (expected == "pdf" and b"%PDF-" in head[:1024]):
        return "pdf", _SEEN["pdf"]
    if head.startswith(b"PK\x03\x04"):
        return _seems_zip(data)
    if head.startswith(_OLE):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        return "", _PASSWORD if locked else "an old Office document (doc, xls or ppt)"
    for magic, description in _MAGIC:
        if head.startswith(magic):
            return "", description
    start = _rough(head)
    if _HTML_PAGE.match(start) or (expected == "html" and _HTML_PART.search(start)):
        return "html", _SEEN["html"]
    if _XML.match(start):
        return "", "an XML file"
    if start.count("\0") > len(start) // 20 and expected != "txt":  # for txt the decoder says more
        return "", "binary data"
    return "text", _SEEN["text"]


def _rough(head: bytes) -> str:
    """Readable enough to look for tags."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _seems_zip(data: bytes) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            mimetype = archive.read("mimetype")[:80].decode("latin-1") if "mimetype" in names else ""
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        return "", "a damaged zip archive (docx files are zip archives)"
    if any(name.startswith("word/") for name in names):
        return "docx", _SEEN["docx"]
    if any(name.startswith("xl/") for name in names):
        return "", "an Excel workbook (xlsx)"
    if any(name.startswith("ppt/") for name in names):
        return "", "a PowerPoint presentation (pptx)"
    if "opendocument" in mimetype:
        return "", "an OpenDocument file (odt, ods or odp)"
    return "", "a zip archive"
