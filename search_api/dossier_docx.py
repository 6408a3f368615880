"""A dossier as a Word document (DOCX): styles of Word's own, the language of every run, references that lead to the sources."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from search_api.dossier_layout import layout
from search_api.dossier_split import say
from search_api.dossier_words import Block, Run

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LANGUAGES = {"nl": "nl-BE", "fr": "fr-BE", "en": "en-GB"}
# What XML cannot hold, and marks that turn the direction of writing.
ILLEGAL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
BLUE, GREY, RUST = RGBColor(0x1F, 0x3A, 0x5F), RGBColor(0x55, 0x55, 0x55), RGBColor(0x8A, 0x3B, 0x12)
STYLES = {
    "title": "Title",
    "text": "Normal",
    "item": "List Bullet",
    "quote": "Quote",
    "question": "Intense Quote",
    "name": "Normal",
    "note": "Normal",
    "gap": "Normal",
}
WIDTHS = {5: (4.9, 2.9, 4.1, 3.3, 1.8), 4: (8.2, 4.4, 2.2, 2.2)}  # of columns, in cm; 17 together, alike for other numbers


def docx(dossier: Mapping[str, Any]) -> bytes:
    """The whole dossier as the bytes of a DOCX file."""
    document = Document()
    _prepared(document, dossier)
    for block in layout(dossier):
        if block.kind == "table":
            _table(document, block)
        elif block.kind == "source":
            _source(document, block)
        else:
            _paragraph(document, block)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _prepared(document: Doc, dossier: Mapping[str, Any]) -> None:
    """Page, styles, properties and footer."""
    lang = dossier["lang"]
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2)
    sizes = {
        "Normal": 10,
        "Title": 18,
        "Heading 1": 14,
        "Heading 2": 12,
        "Heading 3": 11,
        "Heading 4": 10.5,
        "Quote": 9.5,
        "Intense Quote": 10.5,
    }
    for name, size in sizes.items():
        style: Any = document.styles[name]
        style.font.name, style.font.size = "Arial", Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in [key for key in fonts.attrib if key.endswith("Theme")]:
            del fonts.attrib[attribute]
        if name.startswith(("Heading", "Title")):
            style.font.color.rgb = BLUE
    normal: Any = document.styles["Normal"]
    normal.paragraph_format.space_after = Pt(5)
    _set_language(normal.element.get_or_add_rPr(), lang)
    quote: Any = document.styles["Quote"]
    quote.paragraph_format.left_indent, quote.paragraph_format.space_after = Cm(1.1), Pt(5)
    quote.font.italic, quote.font.color.rgb = False, GREY
    asked: Any = document.styles["Intense Quote"]
    asked.paragraph_format.left_indent = asked.paragraph_format.right_indent = Cm(0)
    asked.paragraph_format.space_before, asked.paragraph_format.space_after = Pt(4), Pt(5)
    asked.paragraph_format.keep_with_next = True
    asked.font.italic, asked.font.bold, asked.font.color.rgb = False, True, BLUE
    bullet: Any = document.styles["List Bullet"]
    bullet.paragraph_format.space_after = Pt(2)
    properties = document.core_properties
    properties.title, properties.author, properties.language = _clean(dossier["title"])[:250], "gvpp", LANGUAGES[lang]
    properties.comments, properties.subject = "", dossier["corpus"]["version"]
    properties.created = properties.modified = datetime.fromisoformat(dossier["made"])
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    corpus = dossier["corpus"]
    _run(
        footer,
        Run(
            f"gvpp · corpus {corpus['version']} ({corpus['date']}) · {dossier['made']} · {say('sentence', 'sheet', lang)} ",
            lang,
            "quiet",
        ),
    )
    _field(footer, "PAGE")
    _run(footer, Run("/", lang, "quiet"))
    _field(footer, "NUMPAGES")
    for run in footer.runs:
        run.font.size = Pt(8)


def _paragraph(document: Doc, block: Block) -> None:
    style = f"Heading {block.level}" if block.kind == "heading" else STYLES[block.kind]
    paragraph = document.add_paragraph(style=style)
    for run in block.runs:
        _run(paragraph, run)
    if block.kind == "note":
        paragraph.paragraph_format.keep_with_next = True
        for each in paragraph.runs:
            each.font.italic, each.font.size, each.font.color.rgb = True, Pt(9.5), GREY
    elif block.kind == "name":
        paragraph.paragraph_format.space_before, paragraph.paragraph_format.keep_with_next = Pt(6), True
    elif block.kind == "gap":
        for each in paragraph.runs:
            each.font.color.rgb = RUST


def _table(document: Doc, block: Block) -> None:
    columns = len(block.rows[0])
    widths = WIDTHS.get(columns, (17 / columns,) * columns)
    table = document.add_table(rows=0, cols=columns, style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for place, cells in enumerate(block.rows):
        row = table.add_row()
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if place == 0:
            properties.append(OxmlElement("w:tblHeader"))  # the header stands on every page
        for cell, runs, width in zip(row.cells, cells, widths, strict=True):
            cell.width = Cm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1)
            for run in runs:
                _run(paragraph, run)
            for each in paragraph.runs:
                each.font.size = Pt(9)
                each.font.bold = place == 0 or each.font.bold
            if place == 0:
                shade = OxmlElement("w:shd")
                shade.set(qn("w:val"), "clear")
                shade.set(qn("w:fill"), "DCE6F1")
                cell._tc.get_or_add_tcPr().append(shade)
    after = document.add_paragraph()
    after.paragraph_format.space_after = Pt(2)


def _source(document: Doc, block: Block) -> None:
    """A source with its number as a bookmark."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Cm(1), Cm(-1)
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    start.set(qn("w:id"), str(block.level))
    start.set(qn("w:name"), f"bron_{block.level}")
    end.set(qn("w:id"), str(block.level))
    inside: Any = paragraph._p
    inside.append(start)
    _run(paragraph, Run(f"[{block.level}]", style="bold"))
    inside.append(end)
    _run(paragraph, Run(" "))
    for run in block.runs:
        _run(paragraph, run)
    for element in inside.iter(qn("w:r")):
        size = OxmlElement("w:sz")
        size.set(qn("w:val"), "18")
        element.get_or_add_rPr().append(size)


def _run(paragraph: Paragraph, run: Run) -> None:
    text = _clean(run.text)
    if run.ref or run.url:
        _linked(paragraph, run, text)
        return
    made = paragraph.add_run(text)
    made.bold = True if run.style == "bold" else None
    if run.style == "quiet":
        made.font.color.rgb = GREY
    if run.lang:
        _set_language(made._r.get_or_add_rPr(), run.lang)


def _linked(paragraph: Paragraph, run: Run, text: str) -> None:
    """A run that leads to a source, or to an address."""
    link = OxmlElement("w:hyperlink")
    if run.ref:
        link.set(qn("w:anchor"), f"bron_{run.ref}")
    else:
        link.set(qn("r:id"), paragraph.part.relate_to(_clean(run.url), RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    made = paragraph.add_run(text)
    made.font.color.rgb = BLUE
    link.append(made._r)
    inside: Any = paragraph._p
    inside.append(link)


def _field(paragraph: Paragraph, name: str) -> None:
    """A field that Word fills in, such as the number of the page."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    made = paragraph.add_run("1")
    made.font.color.rgb, made.font.size = GREY, Pt(8)
    field.append(made._r)
    inside: Any = paragraph._p
    inside.append(field)


def _set_language(properties: Any, lang: str) -> None:
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    element = OxmlElement("w:lang")
    element.set(qn("w:val"), LANGUAGES.get(lang, lang))
    properties.append(element)


def _clean(text: str) -> str:
    """A text that XML can hold."""
    return ILLEGAL.sub("", text)


def texts(content: bytes) -> Iterable[str]:
    """Every paragraph of a DOCX file, those of its tables among them."""
    document = Document(io.BytesIO(content))
    yield from (
        "".join(part.text or "" for part in paragraph.iter(qn("w:t"))) for paragraph in document.element.body.iter(qn("w:p"))
    )
