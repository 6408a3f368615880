"""Reading docx and html: blocks in order, headings, lists, tables, and what a reader of the page does not see."""

from __future__ import annotations

import io
import struct
import zipfile
from functools import partial
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from hypothesis import given
from hypothesis import strategies as st
from readers_help import WORD, Put, anything, headings, refusal, word, write

from ingest import readers_docx
from ingest.readers import read
from kg.errors import SourceError


@pytest.fixture
def put(tmp_path: Path) -> Put:
    return partial(write, tmp_path)


# docx


def test_word_paragraphs_headings_lists_and_tables_stand_in_order(put: Put) -> None:
    def build(document: docx.document.Document) -> None:
        document.add_heading("Jaarverslag", 0)
        document.add_heading("Thema\t 1\nPreventie", 1)
        document.add_paragraph("Eerste alinea.").add_run(" Vervolg.")
        document.add_paragraph("punt een", "List Bullet")
        document.add_paragraph("punt twee", "List Bullet")
        table = document.add_table(2, 2)
        table.cell(0, 0).text, table.cell(0, 1).text = "Nr", "Maatregel"
        table.cell(1, 0).text, table.cell(1, 1).text = "2.3", "Een\nmaatregel"
        document.add_page_break()
        document.add_paragraph("Slot.")

    extracted = read(put("a.docx", word(build)))
    assert extracted.text == (
        "Jaarverslag\n\nThema 1 Preventie\n\nEerste alinea. Vervolg.\n\n• punt een\n• punt twee\n\n"
        "Nr\tMaatregel\n2.3\tEen maatregel\n\nSlot."
    )
    assert headings(extracted) == [(1, "Jaarverslag"), (1, "Thema 1 Preventie")]
    assert (extracted.pages, extracted.format) == ((), "docx")


@pytest.mark.parametrize("name", ["Kop 2", "Titre 2", "heading 2"])
def test_heading_styles_are_known_in_three_languages_and_inherited(put: Put, name: str) -> None:
    def build(document: docx.document.Document) -> None:
        style = document.styles.add_style("Basis", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        style.element.find(qn("w:name")).set(qn("w:val"), name)
        child = document.styles.add_style("Eigen stijl", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        child.base_style = style
        document.add_paragraph("Preventie", style=child)

    assert headings(read(put("a.docx", word(build)))) == [(2, "Preventie")]


def test_an_outline_level_makes_a_heading_and_body_text_unmakes_one(put: Put) -> None:
    def build(document: docx.document.Document) -> None:
        for style, level in (("Normal", "2"), ("Heading 1", "9")):
            outline = OxmlElement("w:outlineLvl")
            outline.set(qn("w:val"), level)
            document.add_paragraph("Regel", style)._p.get_or_add_pPr().append(outline)

    assert headings(read(put("a.docx", word(build)))) == [(3, "Regel")]


def test_merged_cells_stand_once_and_keep_the_columns(put: Put) -> None:
    def build(document: docx.document.Document) -> None:
        table = document.add_table(3, 3)
        for row in range(3):
            for column in range(3):
                table.cell(row, column).text = f"{row}{column}"
        table.cell(0, 0).merge(table.cell(0, 1)).text = "breed"
        table.cell(1, 2).merge(table.cell(2, 2)).text = "hoog"

    assert read(put("a.docx", word(build))).text == "breed\t\t02\n10\t11\thoog\n20\t21\t"


NUMBERS = f"""<w:abstractNum {nsdecls("w")} w:abstractNumId="90">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="Heading1"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%3)"/></w:lvl></w:abstractNum>"""


def test_automatic_numbers_of_headings_and_list_items_are_text(put: Put) -> None:
    def build(document: docx.document.Document) -> None:
        numbering = document.part.numbering_part.element
        numbering.insert(0, parse_xml(NUMBERS))
        numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="91"><w:abstractNumId w:val="90"/></w:num>'))
        for text, style, level in (
            ("Mens", "Heading 1", 0),
            ("Onthaal", "Heading 2", 1),
            ("Vorming", "Normal", 1),
            ("politie", "Normal", 2),
        ) * 2:
            properties = document.add_paragraph(text, style)._p.get_or_add_pPr()
            properties.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="91"/></w:numPr>'))

    extracted = read(put("a.docx", word(build)))
    assert headings(extracted) == [(1, "1. Mens"), (2, "1.1 Onthaal"), (1, "2. Mens"), (2, "2.1 Onthaal")]
    assert "• 1.2 Vorming\n• a) politie" in extracted.text
    assert extracted.text.endswith("• 2.2 Vorming\n• a) politie")


def test_a_list_that_restarts_counts_anew(put: Put) -> None:
    def build(document: docx.document.Document) -> None:
        numbering = document.part.numbering_part.element
        numbering.insert(0, parse_xml(NUMBERS))
        restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="4"/></w:lvlOverride>'
        for number, change in ((91, ""), (92, restart)):
            numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="90"/>{change}</w:num>'))
        for number in (91, 91, 92, 92):
            properties = document.add_paragraph("punt")._p.get_or_add_pPr()
            properties.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>'))

    assert read(put("a.docx", word(build))).text == "• 1. punt\n• 2. punt\n• 4. punt\n• 5. punt"


def test_a_text_box_is_read_once(put: Put) -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>In een kader.</w:t></w:r></w:p></w:txbxContent>"
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    both = f"<mc:AlternateContent {space}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    xml = f"<w:p><w:r><w:t>Ernaast.</w:t></w:r><w:r>{both}</w:r></w:p>"
    assert read(put("a.docx", _archive(xml))).text == "Ernaast.\n\nIn een kader."


def _archive(xml: str, before: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The smallest document that has this body."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("word/document.xml", f"{before}<w:document {nsdecls('w')}><w:body>{xml}</w:body></w:document>")
    return target.getvalue()


def test_what_the_reader_of_the_page_does_not_see_is_left_out(put: Put) -> None:
    xml = (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In een veld.</w:t></w:r></w:p></w:sdtContent></w:sdt><w:p>"
        "<w:ins><w:r><w:t>Nieuw</w:t></w:r></w:ins><w:del><w:r><w:delText>oud</w:delText></w:r></w:del>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>verborgen</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r>"
        "<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:noBreakHyphen/><w:t>West</w:t></w:r></w:p>"
    )
    assert read(put("a.docx", _archive(xml))).text == "In een veld.\n\nNieuw-West"


def test_entities_in_a_document_are_refused(put: Put) -> None:
    before = '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    assert "entities" in refusal(put("a.docx", _archive("<w:p><w:r><w:t>&a;</w:t></w:r></w:p>", before))).what


def test_a_zip_bomb_is_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "unpacks to" in refusal(put("a.docx", _archive("<w:p/>" * 400_000))).what
    path = put("b.docx", WORD)
    monkeypatch.setattr(readers_docx, "MAX_UNPACKED", 1000)
    assert "unpacks to" in refusal(path).what


def test_damaged_and_encrypted_archives_are_refused(put: Put) -> None:
    assert "damaged" in refusal(put("a.docx", _archive("<w:p>"))).what
    start = WORD.index(b"word/document.xml") + 40
    assert "damaged" in refusal(put("b.docx", WORD[:start] + bytes(40) + WORD[start + 40 :])).what
    locked = bytearray(WORD)
    at = locked.index(b"PK\x01\x02")
    struct.pack_into("<H", locked, at + 8, 1)
    assert "encrypted" in refusal(put("c.docx", bytes(locked))).what
    assert (
        "nested too deeply"
        in refusal(put("d.docx", _archive("<w:sdt>" * 3000 + "</w:sdt>" * 3000, method=zipfile.ZIP_STORED))).what
    )
    assert "no text" in refusal(put("e.docx", _archive("<w:p/>"))).what


lines = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=25
)


@given(st.lists(st.tuples(st.integers(0, 4), lines), min_size=1, max_size=8))
@anything
def test_headings_are_exact_in_word_and_html(put: Put, blocks: list[tuple[int, str]]) -> None:
    def build(document: docx.document.Document) -> None:
        for level, text in blocks:
            document.add_paragraph(text, f"Heading {level}" if level else "Normal")

    escaped = [(level, text.replace("&", "&amp;").replace("<", "&lt;")) for level, text in blocks]
    page = "<body>" + "".join(f"<h{level}>{text}</h{level}>" if level else f"<p>{text}</p>" for level, text in escaped)
    wanted = [(level, " ".join(text.split())) for level, text in blocks if level and text.strip()]
    for name, content in (("a.docx", word(build)), ("a.html", page)):
        try:
            extracted = read(put(name, content))
        except SourceError:
            assert not any(text.strip() for _, text in blocks)
            continue
        assert headings(extracted) == wanted


# html


def test_the_visible_text_of_a_page_is_read_in_blocks(put: Put) -> None:
    page = """<!doctype html><html><head><title>weg</title><style>p{}</style></head><body>Boven<nav>menu</nav>
    <h1>Jaar<b>verslag</b></h1><p>Eerste  alinea,<br>nieuwe regel.<script>x()</script></p><p hidden>weg<p>Twee
    woorden<span style="display: none">weg</span>.<template>weg</template><!-- weg --></p>
    <ul><li>een<li><p>twee</p><ul><li>diep</ul></ul><h2>Tabel</h2>
    <table><caption>Cijfers</caption><tr><th>Nr<th>Tekst<tr><td>1<td>a<p>b</table>slot"""
    extracted = read(put("a.html", page))
    assert extracted.text == (
        "Boven\n\nJaarverslag\n\nEerste alinea,\nnieuwe regel.\n\nTwee woorden.\n\n• een\n• twee\n• diep\n\nTabel\n\n"
        "Cijfers\n\nNr\tTekst\n1\ta b\n\nslot"
    )
    assert headings(extracted) == [(1, "Jaarverslag"), (2, "Tabel")]


def test_numbered_items_merged_cells_and_terms(put: Put) -> None:
    page = """<ol start=3><li>c<li>d</ol><table><tr><td rowspan=2>A<td colspan=2>B<tr><td>C<td>D</table>
    <dl><dt>GVPP<dd>Globaal plan<dt>PZ<dd>Politiezone</dl>"""
    assert read(put("a.html", page)).text == "• 3. c\n• 4. d\n\nA\tB\t\n\tC\tD\n\nGVPP\tGlobaal plan\nPZ\tPolitiezone"


def test_a_table_that_serves_the_layout_is_read_as_blocks(put: Put) -> None:
    page = "<table><tr><td><h2>Links</h2><p>een<td><table><tr><td>a<td>b</table></table>"
    assert read(put("a.html", page)).text == "Links\n\neen\n\na\tb"


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ('<meta charset="iso-8859-1"><p>één €'.encode("cp1252"), "één €"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=macintosh"><p>geïnspireerd'.encode("mac_roman"),
            "geïnspireerd",
        ),
        ('<?xml version="1.0" encoding="iso-8859-15"?><html><body><p>cœur €'.encode("iso8859_15"), "cœur €"),
        ('<meta charset="iso-8859-1"><p>één in utf-8'.encode(), "één in utf-8"),
        ("<p>geïnspireerd".encode("utf-16"), "geïnspireerd"),
        ('<meta charset="rot13"><p>één'.encode("cp1252"), "één"),
        (b"<p>a&#0;b&#xD800;c&nbsp;d&euro;", "a\ufffdb\ufffdc\xa0d€"),
    ],
)
def test_the_charset_of_a_page(put: Put, content: bytes, wanted: str) -> None:
    assert read(put("a.html", content)).text == wanted


def test_deep_nesting_is_read_or_refused_but_never_dropped(put: Put) -> None:
    assert read(put("a.html", "<div>" * 500 + "diep" + "</div>" * 500 + "<p>na")).text == "diep\n\nna"
    assert "nested too deeply" in refusal(put("b.html", "<div>" * 5000 + "diep")).what


def test_a_page_without_visible_text_is_refused(put: Put) -> None:
    assert "no text" in refusal(put("a.html", "<html><body><script>x()</script><img src=a></body></html>")).what
