"""Mending: what a quote promises. It is the source's own text; line breaks and end-of-line hyphens are mended, bold and bullet
marks dropped, nothing else changed, and it never runs across removed material (running head, page number, footnote)."""

from __future__ import annotations

import itertools
import re

import pytest
from extraction_help import paged, source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import measures, report, resolution
from ingest.document import Document, indented, open_document
from ingest.mend import INVISIBLE, mend
from kg.model import Extracted, Quote
from kg.quotes import quote_at

HIDDEN = "".join(sorted(INVISIBLE))
BULLETS = "·•›‣▪●◦»*+|\ue000-\uf8ff\U0001f000-\U0001faff"
DROPPED = re.compile(rf"[\s\-–—\u2010{BULLETS}{HIDDEN}]")
# What may stand between two characters of mended text: white space, bold marks, invisible characters, a hyphen at a line's end.
BETWEEN = re.compile(rf"(?:\s|\*\*|[{HIDDEN}]|[-\u2010\u00ad](?:[^\S\n]|\*\*|[{HIDDEN}])*[\n\f])*")


def squash(text: str) -> str:
    """A text without white space, hyphens, bullets, bold marks and cell borders."""
    return DROPPED.sub("", text)


# ---------------------------------------------------------------- any text

WORDS = [
    *("veiligheid", "preventie", "gemeente", "Brussel", "l'été", "M4.3", "2.1", "12", "2018", "€ 3.000", "van", "en", "of", "et"),
    *("politie-", "veilig-", "x", "U", "Ixelles", "(PZ", "5339)", "“ja”", "tekst1", "vzw.", "noot.3", "§", "Émile", "/", "–"),
    *("*", "**", "•", "|", "V e i l i g", "h e i d", "\u200bnul", "zacht\u00adsteken", "zacht\u00ad", "\u00a0", ""),
]
STARTS = ["", "", " ", "  ", "\t", "- ", "• ", "- + ", "* ", "» ", "\uf0b7 ", "1. ", "1)\t", "a)\t", "**", "1.1 **", "| ", "3 "]
STARTS += ["2.1 ", "Thema 1 – ", "Volet 2 : ", "M1.1: ", "- Mesure 1.2 : "]
ENDS = ["", "", ".", ";", ":", "-", "\u00ad", "**", " ", "\t", "\t12", "....... 4", " |", "1", ".2"]
LINES = [
    "",
    "",
    "INHOUD",
    "SOMMAIRE",
    "| --- | --- |",
    "JAARVERSLAG 2022",
    "12",
    "1 Zie de wet.",
    "2 Idem.",
    "LUIK 1",
    "----",
    "a\x85b",
]

text = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)
cells = st.tuples(text, st.sampled_from(["\t", " | ", "  "]), text, text)
line = st.one_of(
    st.tuples(st.sampled_from(STARTS), text, st.sampled_from(ENDS)).map("".join),
    st.sampled_from(LINES),
    cells.map(lambda c: f"{c[0]}{c[1]}{c[2]}{c[1]}{c[3]}"),
    cells.map(lambda c: f"| {c[0]} | {c[2]} |"),
    st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\n\f"), max_size=12),
)
pages = st.lists(st.lists(line, max_size=14).map(lambda lines: "\n".join(lines) + "\n\f"), min_size=1, max_size=4)
genre = st.sampled_from([None, measures.STARTS_BLOCK, report.STARTS_BLOCK, resolution.STARTS_BLOCK])


@st.composite
def documents(draw: st.DrawFn) -> tuple[Document, list[tuple[int, int]]]:
    """A document of any lines, with or without known pages, and the spans of its personal data."""
    extracted = paged(draw(pages))
    if draw(st.booleans()):
        extracted = Extracted(extracted.text)
    starts = draw(st.lists(st.integers(0, len(extracted.text)), max_size=2))
    private = [(start, min(start + 9, len(extracted.text))) for start in sorted(starts)]
    document = open_document(source("report"), extracted, private=private, starts_block=draw(genre))
    return document, [span for span in private if span[0] < span[1]]


def word_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def remends(source_text: str, quote: Quote) -> bool:
    return quote.start < quote.end and squash(source_text[quote.start : quote.end]) == squash(quote.text)


anything = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@anything
@given(documents(), st.data())
def test_blocks_change_nothing_but_breaks_and_marks(made: tuple[Document, list[tuple[int, int]]], data: st.DataObject) -> None:
    document, private = made
    whole, everything = document.extracted.text, squash(document.extracted.text)
    for block in document.blocks:
        text, at = block.text, list(block.mended.at)
        assert text.strip() and len(at) == len(text) and block.start < block.end
        assert squash(text) in everything
        assert at == sorted(at)
        assert all(char == whole[place] for char, place in zip(text, at, strict=True) if not char.isspace())
        printed = {place for char, place in zip(text, at, strict=True) if not char.isspace()}
        assert not any(start <= place < end for place in printed for start, end in private)
        if block.kind != "row":
            assert all(BETWEEN.fullmatch(whole[a + 1 : b]) for a, b in itertools.pairwise(at) if a < b)
        passage = document.passage(block)
        words = word_spans(text)
        first = data.draw(st.integers(0, len(words) - 1))
        last = data.draw(st.integers(first, len(words) - 1))
        for start, end in ((0, len(text)), (words[first][0], words[last][1])):
            quote = document.quote(block, start, end)
            assert remends(whole, quote)
            assert quote.passage == passage.ref
            assert passage.start <= quote.start < quote.end <= passage.end
            assert " ".join(quote.text.split()) in " ".join(passage.text.split())


@anything
@given(documents(), st.data())
def test_passages_are_stretches_of_the_source(made: tuple[Document, list[tuple[int, int]]], data: st.DataObject) -> None:
    document, _ = made
    whole, everything = document.extracted.text, squash(document.extracted.text)
    for passage in document.passages:
        assert passage.start < passage.end
        assert squash(passage.text) in everything
        assert squash(whole[passage.start : passage.end]) == squash(passage.text)
        words = word_spans(passage.text)
        first = data.draw(st.integers(0, len(words) - 1))
        last = data.draw(st.integers(first, len(words) - 1))
        quote = quote_at(whole, passage, words[first][0], words[last][1])
        assert passage.start <= quote.start and quote.end <= passage.end and quote.text in passage.text
        assert remends(whole, quote)
    assert len({passage.ref for passage in document.passages}) == len(document.passages)


# ---------------------------------------------------------------- lines


def opened(*pages: str, real: bool = False) -> Document:
    extracted = paged(pages)
    return open_document(source("report"), extracted if real else Extracted(extracted.text))


def blocks(*pages: str, real: bool = False) -> list[str]:
    return [block.text for block in opened(*pages, real=real).blocks]


@pytest.mark.parametrize(
    ("printed", "mended"),
    [
        ("de bevor-\ndering van de rust.", "de bevordering van de rust."),
        ("les assu-\nétudes en rue.", "les assuétudes en rue."),
        ("de preventie-\nen veiligheidsdienst.", "de preventie- en veiligheidsdienst."),
        ("de preventie- en\nveiligheidsdienst.", "de preventie- en veiligheidsdienst."),
        ("in-\nof uitstroom.", "in- of uitstroom."),
        ("l'avant-\net l'après-match.", "l'avant- et l'après-match."),
        ("politiezone Noord-\nBrussel.", "politiezone Noord-Brussel."),
        ("van 2018-\n2019.", "van 2018-2019."),
        ("en/\nof niet.", "en/of niet."),
        ("het ver\u00ad\nbond, zacht\u00ad af.", "het verbond, zacht af."),
        ("het **vette** woord **van\ntwee** regels.", "het vette woord van twee regels."),
        ("de\u00a0zone\u200b 5339.", "de zone 5339."),
        ("het plan –\nzo heet het.", "het plan – zo heet het."),
    ],
)
def test_lines_are_joined(printed: str, mended: str) -> None:
    assert blocks(f"{printed}\n") == [mended]


def test_every_character_knows_its_place() -> None:
    printed = "**Bevor-\ndering** van  rust."
    mended = mend([(0, printed[:8]), (9, printed[9:])])
    assert mended.text == "Bevordering van rust."
    assert [printed[place] for place in mended.at] == list("Bevordering van rust.")
    assert mended.span(0, 11) == ("Bevordering", 2, 15)
    assert mended.span(11, 16) == ("van", printed.index("van"), printed.index("van") + 3)


def test_letter_spaced_words_close_up() -> None:
    assert blocks("De zone M o l e n b e e k is groot.\n") == ["De zone Molenbeek is groot."]
    assert blocks("Categorie A b c of d e.\n") == ["Categorie A b c of d e."], "three letters are no word"


def test_double_spaced_text_is_one_paragraph() -> None:
    filled = "Deze regel is net zo breed als alle andere regels van de tekst"
    paragraphs = [[filled] * 12 + ["en dan eindigt hij."], [filled.replace("Deze", "Elke")] * 12 + ["zoals hier."]]
    spaced = "\n\n".join(itertools.chain(*paragraphs)) + "\n"
    assert blocks(spaced) == [" ".join(lines) for lines in paragraphs]


def test_a_paragraph_ends_at_a_blank_line_where_lines_are_not_spaced() -> None:
    assert blocks("Een zin.\n\nNog een zin die\nverder gaat.\n") == ["Een zin.", "Nog een zin die verder gaat."]


def test_lists_and_rows() -> None:
    lists = "Lijst:\n- een\n• twee\n\uf0b7 drie en\nmeer\n1.\tvier\n- + vijf\n» zes\n"
    rows = "Wijk\tAantal\nNoord\t\t12\n| a | **b** |\n|---|---|\n"
    document = opened(lists + rows)
    assert [(b.kind, b.text) for b in document.blocks] == [
        ("para", "Lijst:"),
        ("item", "een"),
        ("item", "twee"),
        ("item", "drie en meer"),
        ("item", "1. vier"),
        ("item", "vijf"),
        ("item", "zes"),
        ("row", "Wijk\tAantal"),
        ("row", "Noord\t\t12"),
        ("row", "a\tb"),
    ]
    assert document.blocks[-2].texts == ["Noord", "", "12"]


def test_list_marks_that_were_lost_leave_an_indent() -> None:
    document = opened("Bestaande projecten:\n\n Eerste project.\n\n Tweede project.\n\nGewone tekst.\n")
    assert [(b.text, indented(document, b)) for b in document.blocks] == [
        ("Bestaande projecten:", False),
        ("Eerste project.", True),
        ("Tweede project.", True),
        ("Gewone tekst.", False),
    ]


# ---------------------------------------------------------------- what is taken out

FIRST = "JAARVERSLAG VAN DE DIENST\nIn januari begon de campagne en de dienst deelde\n1\n"
SECOND = "JAARVERSLAG VAN DE DIENST\nfolders uit in alle wijken. Daarna kwam er een\n2\n"
THIRD = "JAARVERSLAG VAN DE DIENST\nevaluatie met de partners van het netwerk.\n3\n"


def test_running_heads_and_page_numbers_go_where_pages_are_known() -> None:
    document = opened(FIRST, SECOND, THIRD, real=True)
    assert "JAARVERSLAG" not in " ".join(block.text for block in document.blocks)
    assert [(b.text, b.page, b.cut) for b in document.blocks] == [
        ("In januari begon de campagne en de dienst deelde", 1, True),
        ("folders uit in alle wijken. Daarna kwam er een", 2, True),
        ("evaluatie met de partners van het netwerk.", 3, True),
    ]
    assert [passage.page for passage in document.passages] == [1, 2, 3]


def test_without_pages_nothing_is_taken_for_a_running_head() -> None:
    assert " ".join(blocks(FIRST, SECOND, THIRD)).count("JAARVERSLAG") == 3


def test_pages_that_metadata_tell_of_lose_their_numbers_alone() -> None:
    """A line that opens a page is known from the metadata; which lines repeat at its edges is not sure enough."""
    texts = [page.replace("JAARVERSLAG", " JAARVERSLAG").replace("DIENST", "dienst") for page in (FIRST, SECOND, THIRD)]
    document = open_document(source("report", page_opens="^ \\S"), Extracted("".join(texts)))
    whole = " ".join(block.text for block in document.blocks)
    assert whole.count("JAARVERSLAG") == 3
    assert not re.search(r"\b[123]\b", whole)


def test_a_passage_never_runs_across_removed_material() -> None:
    text = "De dienst1 werkt in elke wijk\n\n1 Sinds 2017.\n\nen meldt wat er gebeurt.\n"
    document = opened(text)
    assert [passage.text for passage in document.passages] == ["De dienst1 werkt in elke wijk", "en meldt wat er gebeurt."]
    emptied = opened("Voor de inhoud.\n\nINHOUD\n| --- | --- |\nNa de inhoud.\n")
    assert [passage.text for passage in emptied.passages] == ["Voor de inhoud.", "Na de inhoud."]


def test_words_that_stand_twice_are_quoted_from_their_passage() -> None:
    document = opened("Zelfde woorden.\n\nINHOUD\n\nZelfde woorden.\n")
    (passage,) = document.passages
    assert {document.quote(block) for block in document.blocks} == {Quote(passage.ref, "Zelfde woorden.", 0, 15)}


@pytest.mark.parametrize(
    "contents",
    [
        "INHOUDSTAFEL\n\n1\tVoorwoord\t3\n2\tPreventie ..... 4\n2.1   SUBSIDIES   4\n\n",
        "TABLE DES MATIÈRES\n\n1 Avant-propos\n2 Mesures\n2.1 Mesures par thème\n3 Lexique\n\n",
    ],
)
def test_a_table_of_contents_is_no_text(contents: str) -> None:
    assert blocks(contents + "1. VOORWOORD\n\nHier begint de tekst.\n") == ["1. VOORWOORD", "Hier begint de tekst."]


def test_footnotes_are_taken_out_in_their_order() -> None:
    document = opened(
        "De wet1 geldt voor de zones.2 Zij geldt altijd.\n\nEen tweede alinea.\n\n1 Wet van 8 augustus 1983.\n"
        "2 Zie ook het besluit\nvan de regering.\n\n12 gemeenten antwoordden.\n"
    )
    assert document.footnotes == {1: "Wet van 8 augustus 1983.", 2: "Zie ook het besluit van de regering."}
    assert [block.text for block in document.blocks] == [
        "De wet1 geldt voor de zones.2 Zij geldt altijd.",
        "Een tweede alinea.",
        "12 gemeenten antwoordden.",
    ]


@pytest.mark.parametrize(
    "line", ["3 zones ont répondu à l'appel.", "2 gemeenten antwoordden op tijd.", "1 dienst werkt aan M4 en 2.1 verder."]
)
def test_a_line_that_begins_with_a_number_is_no_footnote_without_its_mark(line: str) -> None:
    assert blocks(f"Een zin zonder verwijzing.\n\n{line}\n") == ["Een zin zonder verwijzing.", line]
