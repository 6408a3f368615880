"""Make the sample's PDF and DOCX files again from the plain text in `binary_src/`.

A binary file cannot be read in a review; the text it is made of can. Every run gives the same bytes: fixed dates, fixed order,
no identifiers from the clock. Run it after a change of a `.src` file, then set the sha256 in `sources/` where one is given:

    python corpus/sample/make_binary.py           # write the files
    python corpus/sample/make_binary.py --check   # say which files differ from their source, exit 1 if any does

Lines of a `.src` file: `@title`, `@lang`, `@head` (running head), `# … #####` headings, `- ` list item, `| a | b |` table row
(`|+ ` one more paragraph in the last cell), `@table` caption of the table that follows, `> number | text` key figure, `% ` line
in bold, `^1 ` text of footnote `[^1]` (PDF only), `**bold**`, `¬` place where a word may be broken (PDF only). Any other line is
one paragraph.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from docx import Document
from docx.document import Document as DocxDocument
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

HERE = Path(__file__).resolve().parent
TARGETS = {
    "gvpp-2021-2024.nl": "docx",
    "jaarverslag-2023.fr": "pdf",
    "fiche-pz5341-harcelement.fr": "docx",
    "opvolging-resolutie-2023-2024.nl": "docx",
}
STAMP = datetime(2024, 1, 1)
LEFT, RIGHT, TOP, BOTTOM, LEADING, SIZE = 70, 220, 90, 85, 14.0, 10.0  # points
NOTE = re.compile(r"\[\^(\d+)\]")


@dataclass(slots=True)
class Item:
    """One element of a source: its kind, its text (or cells, each a list of paragraphs) and the level of a heading."""

    kind: str  # heading | bullet | para | strong | figure | table
    text: str = ""
    level: int = 0
    rows: list[list[list[str]]] = field(default_factory=list)


@dataclass(slots=True)
class Text:
    """A parsed source: its items, footnotes by number, and the words that stand outside the text."""

    items: list[Item] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)


def parse(source: str) -> Text:
    """Read the line format that the module describes."""
    text = Text()
    for line in filter(None, (line.rstrip() for line in source.splitlines())):
        if found := re.match(r"@(\w+) (.*)", line):
            if found[1] == "table":
                text.items.append(Item("strong", found[2]))
            else:
                text.meta[found[1]] = found[2]
        elif found := re.match(r"\^(\d+) (.*)", line):
            text.notes[found[1]] = found[2]
        elif found := re.match(r"(#+) (.*)", line):
            text.items.append(Item("heading", found[2], len(found[1])))
        elif line.startswith("|+ "):
            text.items[-1].rows[-1][-1].append(line[3:].removesuffix("|").strip())
        elif line.startswith("|"):
            cells = [[cell.strip()] for cell in line.removeprefix("|").removesuffix("|").split("|")]
            if text.items and text.items[-1].kind == "table":
                text.items[-1].rows.append(cells)
            else:
                text.items.append(Item("table", rows=[cells]))
        else:
            kind = {"- ": "bullet", "% ": "strong", "> ": "figure"}.get(line[:2], "para")
            text.items.append(Item(kind, line if kind == "para" else line[2:]))
    return text


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Split at `**` into (words, bold)."""
    for index, part in enumerate(text.split("**")):
        if part:
            yield part, index % 2 == 1


# DOCX -------------------------------------------------------------------------------------------------------------------------


def write_words(paragraph: Paragraph, text: str) -> None:
    for part, bold in pieces(text.replace("¬", "")):
        paragraph.add_run(part).bold = bold or None


def fill_cell(document: DocxDocument, cell: _Cell, paragraphs: list[str]) -> None:
    for index, text in enumerate(paragraphs):
        paragraph = cell.paragraphs[0] if index == 0 else cell.add_paragraph()
        if text.startswith("- "):
            paragraph.style = document.styles["List Bullet"]
        write_words(paragraph, text.removeprefix("- "))


def repack(raw: bytes) -> bytes:
    """The same archive with the entries' dates set: a DOCX is a ZIP that keeps the time of writing."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, date_time=STAMP.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(entry, old.read(name))
    return out.getvalue()


def make_docx(text: Text) -> bytes:
    document = Document()
    core = document.core_properties
    core.title, core.language, core.author, core.comments = text.meta["title"], text.meta["lang"], "", ""
    core.created = core.modified = STAMP
    if head := text.meta.get("head"):
        document.sections[0].header.paragraphs[0].text = head
    for item in text.items:
        if item.kind == "heading":
            document.add_heading(item.text.replace("¬", ""), item.level)
        elif item.kind == "table":
            table = document.add_table(0, max(map(len, item.rows)), style="Table Grid")
            for row in item.rows:
                for cell, paragraphs in zip(table.add_row().cells, row, strict=True):
                    fill_cell(document, cell, paragraphs)
        elif item.kind == "figure":
            for part in item.text.split(" | "):
                write_words(document.add_paragraph(), part)
        else:
            paragraph = document.add_paragraph(style="List Bullet" if item.kind == "bullet" else None)
            write_words(paragraph, f"**{item.text}**" if item.kind == "strong" else item.text)
    out = io.BytesIO()
    document.save(out)
    return repack(out.getvalue())


# PDF --------------------------------------------------------------------------------------------------------------------------


class Pages:
    """Lays text out on pages with a running head, a page number and the footnotes of the page above it."""

    def __init__(self, text: Text) -> None:
        self.text, self.out, self.number = text, io.BytesIO(), 0
        self.canvas = Canvas(self.out, pagesize=A4, invariant=1, pageCompression=0, lang=text.meta["lang"])
        self.canvas.setTitle(text.meta["title"])
        self.open_page()

    def open_page(self) -> None:
        self.number, self.y, self.on_page = self.number + 1, A4[1] - TOP, list[str]()
        if self.number > 1:
            self.draw(LEFT, A4[1] - 50, self.text.meta["head"], "Helvetica", 8)

    def close_page(self) -> None:
        for index, note in enumerate(self.on_page, 1):
            y = BOTTOM - 14 + 10 * (len(self.on_page) - index)
            self.draw(LEFT, y, f"{note} {self.text.notes[note]}", "Helvetica", 7)
        if self.number > 1:
            self.draw(A4[0] / 2, 40, str(self.number), "Helvetica", 8)
        self.canvas.showPage()

    def draw(self, x: float, y: float, words: str, font: str, size: float) -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, words)

    def room(self, height: float, notes: list[str]) -> None:
        """Open a new page where the height, with the footnotes that come along, does not fit."""
        if self.y - height < BOTTOM + 10 * len([*self.on_page, *notes]):
            self.close_page()
            self.open_page()
        self.on_page += notes
        self.y -= height

    def keep(self, height: float) -> None:
        """Keep what follows together: open a new page where less than the height is left."""
        self.room(height, [])
        self.y += height

    def line(self, words: str, font: str, size: float, indent: float = 0) -> None:
        """One line; a footnote mark is drawn small and raised, without a space before it."""
        self.room(LEADING if size <= SIZE else size * 1.5, NOTE.findall(words))
        x = LEFT + indent
        for index, part in enumerate(NOTE.split(words)):
            self.draw(x, self.y + 3 * (index % 2), part, font, size if index % 2 == 0 else 6)
            x += stringWidth(part, font, size if index % 2 == 0 else 6)

    def paragraph(self, words: str, font: str = "Helvetica", size: float = SIZE, indent: float = 0, mark: str = "") -> None:
        for index, line in enumerate(broken(words, A4[0] - LEFT - RIGHT - indent, font, size)):
            self.line(mark + line if index == 0 else line, font, size, indent - (8 if mark and index == 0 else 0))
        self.y -= 5

    def table(self, rows: list[list[list[str]]]) -> None:
        """A ruled table: first column left, the others right."""
        widths = [175.0] + [90.0] * (len(rows[0]) - 1)
        self.room(16.0 * len(rows), [])
        top = self.y + 16.0 * len(rows)
        for index, row in enumerate(rows):
            y, x, font = top - 16.0 * (index + 1), float(LEFT), "Helvetica-Bold" if index in (0, len(rows) - 1) else "Helvetica"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
                self.canvas.rect(x, y, width, 16)
                words = cell[0]
                start = x + 4 if column == 0 else x + width - 4 - stringWidth(words, font, 9)
                self.draw(start, y + 5, words, font, 9)
                x += width
        self.y -= 10

    def finish(self) -> bytes:
        self.close_page()
        self.canvas.save()
        return self.out.getvalue()


def broken(text: str, width: float, font: str, size: float) -> Iterator[str]:
    """Lines that fit the width in points; a word is broken at the last `¬` that fits."""
    line = ""

    def fits(words: str) -> bool:
        return bool(stringWidth(NOTE.sub("", words), font, size) <= width)

    for word in text.split(" "):
        whole = f"{line} {word}".strip()
        if fits(whole.replace("¬", "")):
            line = whole.replace("¬", "")
            continue
        parts = word.split("¬")
        heads = [f"{line} {''.join(parts[:cut])}-" for cut in range(1, len(parts))]
        cut = max((cut for cut, head in enumerate(heads, 1) if fits(head)), default=0)
        yield heads[cut - 1] if cut else line
        line = "".join(parts[cut:])
    yield line


def make_pdf(text: Text) -> bytes:
    pages = Pages(text)
    for item in text.items:
        if item.kind == "heading":
            pages.y -= 6
            pages.keep(60)
            pages.paragraph(item.text, "Helvetica-Bold", max(10.0, 19.0 - 3 * item.level))
        elif item.kind == "table":
            pages.table(item.rows)
        elif item.kind == "figure":
            number, words = item.text.split(" | ")
            pages.keep(40)
            pages.line(number, "Helvetica-Bold", 14)
            pages.paragraph(words)
        elif item.kind == "bullet":
            pages.paragraph(item.text.replace("**", ""), indent=20, mark="• ")
        else:
            pages.paragraph(item.text.replace("**", ""), "Helvetica-Bold" if item.kind == "strong" else "Helvetica")
    return pages.finish()


def make(name: str, suffix: str) -> bytes:
    text = parse((HERE / "binary_src" / f"{name}.src").read_text("utf-8"))
    return make_pdf(text) if suffix == "pdf" else make_docx(text)


def unpacked(content: bytes) -> dict[str, bytes]:
    """What a file holds, whatever zlib packed it: the entries of a DOCX by name; a PDF here is not compressed."""
    if not content.startswith(b"PK"):
        return {"": content}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def main(arguments: list[str]) -> int:
    """Write every file, or with --check compare it. Exit status: 0 as it should be, 1 some file differs."""
    check, different = "--check" in arguments, 0
    for name, suffix in TARGETS.items():
        path, content = HERE / f"{name}.{suffix}", make(name, suffix)
        same = path.is_file() and unpacked(path.read_bytes()) == unpacked(content)
        if not check:
            path.write_bytes(content)
        different += check and not same
        print(f"{path.name}\t{hashlib.sha256(content).hexdigest()}\t{'same' if same else 'differs' if check else 'written'}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
