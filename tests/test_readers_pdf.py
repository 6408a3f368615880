"""Reading pdf: pages, reading order, tables, and the files that are refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from readers_help import Put, anything, refusal, write
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate, Table

from ingest.readers import read
from ingest.readers_pdf import read_pdf

LEFT = [
    "In de wijk werken agenten en",
    "bewoners samen aan een plan",
    "voor meer veiligheid. Zij komen",
    "elke maand bijeen in het huis",
    "van de buurt en bespreken er",
    "wat beter kan in hun straat.",
]
RIGHT = [
    "Les habitants et les agents du",
    "quartier préparent ensemble un",
    "plan pour plus de sécurité. Ils",
    "se réunissent chaque mois dans",
    "la maison de quartier et parlent",
    "de ce qui peut être amélioré.",
]
WIDE = "Deze regel loopt over de volle breedte van de bladzijde, van de linkermarge tot de rechtermarge ervan."


@pytest.fixture
def put(tmp_path: Path) -> Put:
    return partial(write, tmp_path)


def pdf(*pages: Callable[[Canvas], object], **options: object) -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, **options)
    for draw in pages:
        canvas.setFont("Helvetica", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def put_lines(canvas: Canvas, lines: Iterable[str], x: float = 60, y: float = 780, step: float = 13) -> float:
    for line in lines:
        canvas.drawString(x, y, line)
        y -= step
    return y


def text_of(*pages: Callable[[Canvas], object]) -> str:
    return read_pdf(pdf(*pages), "a.pdf").text


# Pages


def test_pages_are_numbered_and_tile_the_text(put: Put) -> None:
    content = pdf(*(lambda canvas, lines=lines: put_lines(canvas, lines) for lines in (LEFT, [], RIGHT)))
    extracted = read(put("a.pdf", content))
    assert extracted.text == "\n".join(LEFT) + "\f\f" + "\n".join(RIGHT)
    assert [extracted.text[page.start : page.end] for page in extracted.pages] == ["\n".join(LEFT) + "\f", "\f", "\n".join(RIGHT)]
    assert [page.number for page in extracted.pages] == [1, 2, 3]
    assert extracted.page_at(extracted.text.index("Les habitants")) == 3
    assert (extracted.headings, extracted.format) == ((), "pdf")


words = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzéëïçA1"), min_size=1, max_size=9)


@given(st.lists(st.lists(st.lists(words, min_size=4, max_size=9).map(" ".join), min_size=1, max_size=12), min_size=1, max_size=4))
@anything
def test_lines_come_back_as_they_were_set(pages: list[list[str]]) -> None:
    content = pdf(
        *(lambda canvas, lines=lines: put_lines(canvas, ["veiligheid en preventie in Brussel", *lines]) for lines in pages)
    )
    extracted = read_pdf(content, "a.pdf")
    assert "".join(extracted.text[page.start : page.end] for page in extracted.pages) == extracted.text
    assert len(extracted.pages) == len(pages)
    for page, lines in zip(extracted.pages, pages, strict=True):
        assert extracted.text[page.start : page.end].removesuffix("\f").split("\n")[1:] == lines


# Reading order


def test_columns_are_read_one_after_the_other_whatever_the_order_in_the_file() -> None:
    def draw(canvas: Canvas) -> None:
        put_lines(canvas, [WIDE])
        for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
            canvas.drawString(320, 740 - 13 * number, right)
            canvas.drawString(60, 740 - 13 * number, left)
        put_lines(canvas, [WIDE], y=640)

    assert text_of(draw) == "\n\n".join([WIDE, "\n".join(LEFT), "\n".join(RIGHT), WIDE])


def test_three_columns_of_unequal_length() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 8)
        put_lines(canvas, RIGHT[:5], x=410, y=770, step=10)
        put_lines(canvas, LEFT + RIGHT, x=60, step=10)
        put_lines(canvas, LEFT, x=235, y=775, step=10)

    assert [line for line in text_of(draw).split("\n") if line] == LEFT + RIGHT + LEFT + RIGHT[:5]


def test_what_a_line_across_the_columns_parts_is_read_apart() -> None:
    def draw(canvas: Canvas) -> None:
        for y in (780, 695):
            put_lines(canvas, LEFT, x=60, y=y)
            put_lines(canvas, RIGHT, x=320, y=y)
        canvas.line(60, 706, 540, 706)

    assert [line for line in text_of(draw).split("\n") if line] == (LEFT + RIGHT) * 2


def test_a_running_head_and_a_heading_below_the_columns_are_not_part_of_them() -> None:
    def draw(canvas: Canvas) -> None:
        put_lines(canvas, ["Jaarverslag"], x=450, y=810)
        put_lines(canvas, LEFT, x=60)
        put_lines(canvas, RIGHT, x=320)
        put_lines(canvas, ["Besluit", WIDE], y=680)

    assert [line for line in text_of(draw).split("\n") if line] == ["Jaarverslag", *LEFT, *RIGHT, "Besluit", WIDE]


def test_the_longer_column_goes_on_after_a_paragraph_at_the_foot_of_the_page() -> None:
    def draw(canvas: Canvas) -> None:
        put_lines(canvas, LEFT, x=60)
        put_lines(canvas, RIGHT, x=320)
        put_lines(canvas, ["Een laatste korte alinea."], x=60, y=690)

    assert [line for line in text_of(draw).split("\n") if line] == [*LEFT, "Een laatste korte alinea.", *RIGHT]


def test_a_text_beside_its_translation_is_read_paragraph_by_paragraph() -> None:
    def draw(canvas: Canvas) -> None:
        for part, y in enumerate((780, 680, 580)):
            put_lines(canvas, LEFT[: 6 - part], x=60, y=y)
            put_lines(canvas, RIGHT[: 4 + part], x=320, y=y)

    wanted = [part for i in range(3) for part in ("\n".join(LEFT[: 6 - i]), "\n".join(RIGHT[: 4 + i]))]
    assert text_of(draw).split("\n\n") == wanted


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (
            ["Asbl Le Perron", "Vzw De Schakel", "Asbl Balise", "Vzw Kompas", "Asbl La Cuve"],
            ["Accueil du soir", "Huis van de buurt", "Mots clairs", "Nachtploeg", "Buanderie"],
        ),
        (
            ["Aantal feiten in het jaar", "Aantal dossiers per zone", "Aantal meldingen in totaal", "Aantal klachten per jaar"],
            ["1 204", "311", "98", "7"],
        ),
    ],
)
def test_rows_of_a_table_without_lines_stay_together(left: list[str], right: list[str]) -> None:
    def draw(canvas: Canvas) -> None:
        put_lines(canvas, [WIDE], y=800)
        put_lines(canvas, left, x=60)
        put_lines(canvas, right, x=320)

    rows = [f"{a}\t{b}" for a, b in zip(left, right, strict=True)]
    assert text_of(draw).split("\n")[-len(rows) :] == rows


def test_numbers_and_bullets_before_a_wide_gap_are_no_cells() -> None:
    def draw(canvas: Canvas) -> None:
        put_lines(canvas, ["2.3", "•", "1."])
        put_lines(canvas, ["Het vertrouwen vergroten", "een punt in een lijst", "een genummerd punt"], x=110)

    assert text_of(draw) == "2.3 Het vertrouwen vergroten\n• een punt in een lijst\n1. een genummerd punt"


def test_wider_spaces_and_larger_letters_part_paragraphs() -> None:
    def draw(canvas: Canvas) -> None:
        put_lines(canvas, LEFT, y=760)
        put_lines(canvas, RIGHT, y=672)
        canvas.setFont("Helvetica", 14)
        canvas.drawString(60, 774, "Samenwerking")

    assert text_of(draw).split("\n\n") == ["Samenwerking", "\n".join(LEFT), "\n".join(RIGHT)]


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_turned_page_and_turned_text_are_read_like_any_other(angle: int) -> None:
    def turned_page(canvas: Canvas) -> None:
        canvas.setPageRotation(angle)
        put_lines(canvas, LEFT, y=500)

    def turned_text(canvas: Canvas) -> None:
        canvas.translate(300, 420)
        canvas.rotate(angle)
        put_lines(canvas, LEFT, x=0, y=0)

    assert text_of(turned_page) == "\n".join(LEFT)
    assert text_of(turned_text) == "\n".join(LEFT)


def test_what_lies_outside_the_shown_part_of_the_page_is_left_out() -> None:
    document = pypdfium2.PdfDocument(
        pdf(lambda canvas: (put_lines(canvas, LEFT), canvas.drawString(60, 20, "drukproef.indd 12")))
    )
    document[0].set_cropbox(30, 50, 560, 820)
    target = io.BytesIO()
    document.save(target)
    assert read_pdf(target.getvalue(), "a.pdf").text == "\n".join(LEFT)


# Characters


def test_hyphens_at_line_ends_stay_and_ligatures_become_letters() -> None:
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Vera", 10)
        put_lines(canvas, ["Een veilige om-", "geving voor ﬁetsers en ofﬂine diensten", "in Brussel-", "West"])

    assert text_of(draw) == "Een veilige om-\ngeving voor fietsers en offline diensten\nin Brussel-\nWest"


def test_a_bullet_of_a_symbol_font_becomes_a_bullet() -> None:
    def draw(canvas: Canvas) -> None:
        put_lines(canvas, LEFT[:2], x=75)
        canvas.setFont("ZapfDingbats", 10)
        canvas.drawString(60, 750, "\u25cf")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(75, 750, "een punt in een lijst")

    assert text_of(draw).split("\n")[-1] in ("• een punt in een lijst", "● een punt in een lijst")


# Tables


def table_page(canvas: Canvas, rows: list[list[str]], style: list[tuple[object, ...]], y: float = 600) -> None:
    table = Table(rows, colWidths=[60, 250, 140], style=style)
    table.wrapOn(canvas, 500, 500)
    put_lines(canvas, [WIDE], y=y + 150)
    table.drawOn(canvas, 60, y)
    put_lines(canvas, [WIDE], y=y - 30)


GRID = [("GRID", (0, 0), (-1, -1), 0.5, "black")]
ROWS = [
    ["Nr", "Maatregel", "Partners"],
    ["1.1", "Slachtoffers onthalen en hen be-\ngeleiden na de aangifte", "gemeenten en\npolitiezones"],
    ["1.2", "", "Brussel-\nWest"],
    ["1.3", "Overlast voorkomen", "verenigingen"],
]
READ = [
    "Nr\tMaatregel\tPartners",
    "1.1\tSlachtoffers onthalen en hen begeleiden na de aangifte\tgemeenten en politiezones",
    "1.2\t\tBrussel-West",
    "1.3\tOverlast voorkomen\tverenigingen",
]


@pytest.mark.parametrize("offset", [0, 40])
@pytest.mark.parametrize("angle", [0, 90, 270])
def test_a_ruled_table_is_read_row_by_row_in_its_place(angle: int, offset: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(angle)
        table_page(canvas, ROWS, GRID)

    document = pypdfium2.PdfDocument(pdf(draw))
    document[0].set_mediabox(offset, offset, *A4)
    target = io.BytesIO()
    document.save(target)
    assert read_pdf(target.getvalue(), "a.pdf").text.split("\n\n") == [WIDE, "\n".join(READ), WIDE]


def test_a_turned_table_on_an_upright_page() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(560, 60)
        canvas.rotate(90)
        table_page(canvas, ROWS, GRID, y=200)

    assert text_of(draw).split("\n\n") == [WIDE, "\n".join(READ), WIDE]


def test_merged_cells_of_a_ruled_table_stand_once() -> None:
    rows = [["Thema 1", "", "2023"], ["1.1", "Onthaal", "12"], ["", "Opvolging", "7"]]
    merged = [*GRID, ("SPAN", (0, 0), (1, 0)), ("SPAN", (0, 1), (0, 2))]
    assert "Thema 1\t\t2023\n1.1\tOnthaal\t12\n\tOpvolging\t7" in text_of(lambda canvas: table_page(canvas, rows, merged))


def test_a_table_with_lines_between_its_rows_alone() -> None:
    style = [("LINEBELOW", (0, 0), (-1, -1), 0.5, "black"), ("LINEABOVE", (0, 0), (-1, 0), 0.5, "black")]
    assert text_of(lambda canvas: table_page(canvas, ROWS, style)).split("\n\n") == [WIDE, "\n".join(READ), WIDE]


def test_a_table_with_a_line_under_its_head_alone_is_read_line_by_line() -> None:
    rows = [["Zone", "Naam", "Aantal"], *([f"534{n}", f"Politiezone nummer {n}", str(n * 7)] for n in range(5))]
    style = [(name, (0, row), (-1, row), 0.5, "black") for name, row in (("LINEABOVE", 0), ("LINEBELOW", 0), ("LINEBELOW", -1))]
    assert text_of(lambda canvas: table_page(canvas, rows, style)).split("\n\n")[1] == "\n".join("\t".join(row) for row in rows)


@pytest.mark.parametrize(
    "frames",
    [
        [(50, 690, 250, 105), (310, 690, 250, 105)],
        [(50, 500, 260, 300), (310, 500, 250, 300)],
        [(40, 690, 12, 105), (52, 690, 250, 105)],
    ],
)
def test_frames_around_text_are_no_tables(frames: list[tuple[float, ...]]) -> None:
    def draw(canvas: Canvas) -> None:
        for x, y, width, height in frames:
            canvas.rect(x, y, width, height)
        put_lines(canvas, LEFT)
        put_lines(canvas, RIGHT, x=320)

    assert [line for line in text_of(draw).split("\n") if line] == LEFT + RIGHT


def test_words_that_are_set_one_by_one_are_parted_by_spaces() -> None:
    """Many programs write no space at all: they move on."""

    def words_at(canvas: Canvas, x: float, y: float) -> None:
        for word in ("meer", "veilige", "wijken"):
            canvas.drawString(x, y, word)
            x += canvas.stringWidth(word) + 2.8

    def draw(canvas: Canvas) -> None:
        for row in range(4):
            for column in range(2):
                canvas.rect(55 + 150 * column, 700 - 20 * row, 150, 20)
                words_at(canvas, 60 + 150 * column, 707 - 20 * row)
        words_at(canvas, 60, 600)

    assert text_of(draw) == "\n".join(["meer veilige wijken\tmeer veilige wijken"] * 4) + "\n\nmeer veilige wijken"


def test_a_table_over_two_pages_keeps_its_columns(put: Put) -> None:
    target = io.BytesIO()
    rows = [[f"{n // 10 + 1}.{n % 10 + 1}", f"Maatregel met nummer {n}", "gemeenten"] for n in range(60)]
    SimpleDocTemplate(target, pagesize=A4).build([Table(rows, style=GRID)])
    extracted = read(put("a.pdf", target.getvalue()))
    assert len(extracted.pages) == 2
    assert extracted.text.replace("\f", "\n") == "\n".join("\t".join(row) for row in rows)


# Refusals


def test_an_encrypted_file_is_refused_and_one_that_opens_without_a_password_is_read(put: Put) -> None:
    locked = pdf(lambda canvas: put_lines(canvas, LEFT), encrypt=StandardEncryption("geheim", strength=128))
    assert "encrypted" in refusal(put("a.pdf", locked)).what
    restricted = pdf(lambda canvas: put_lines(canvas, LEFT), encrypt=StandardEncryption("", ownerPassword="x", strength=128))
    assert read(put("b.pdf", restricted)).text == "\n".join(LEFT)


def test_a_scan_is_refused_with_ocr_as_the_remedy(put: Put) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    def scan(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, 595, 842)
        canvas.drawString(500, 20, "p. 4")

    error = refusal(put("a.pdf", pdf(scan, scan)))
    assert "no text layer" in error.what
    assert "OCR" in error.remedy


def test_one_empty_page_among_pages_of_text_is_no_scan() -> None:
    assert len(read_pdf(pdf(lambda canvas: put_lines(canvas, LEFT), lambda canvas: None), "a.pdf").pages) == 2


def test_letters_without_meaning_are_refused(put: Put) -> None:
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Vera", 10)
        put_lines(canvas, ["\ue010\ue011\ue012\ue013 \ue014\ue015\ue016"] * 20)

    assert "OCR" in refusal(put("a.pdf", pdf(draw))).remedy


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off_is_refused(put: Put, share: float) -> None:
    content = pdf(*[lambda canvas: put_lines(canvas, LEFT)] * 5)
    assert "cut off" in refusal(put("a.pdf", content[: int(len(content) * share)])).what


def test_a_damaged_file_is_refused(put: Put) -> None:
    assert "damaged" in refusal(put("a.pdf", b"%PDF-1.7\n" + b"onzin " * 400 + b"\n%%EOF\n")).what
