"""Pasted parliamentary questions come apart: titles, preambles, numbering, nesting, several questions in one, bad input."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg.errors import UsageError
from search_api.dossier_split import LIMIT, sentences, split, wants

TEXTS = sorted((Path(__file__).parent / "golden" / "dossiers").glob("*.txt"))


def numbered(text: str) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(item.number, item.level, item.parts) for item in split(text).items]


def test_the_parts_of_a_written_question() -> None:
    pasted = split(
        "Schriftelijke vraag nr. 7 van een lid van het parlement\n"
        "Datum van ontvangst: 3 maart 2024\n\n"
        "Titel: Fietsdiefstal in de zone Brussel-Noord\n\n"
        "Mevrouw de minister,\n\n"
        "Het plan 2021-2024 noemt fietsdiefstal.\nDe cijfers stijgen.\n\n"
        "Mijn vragen:\n"
        "1. Welke projecten bestaan er?\n"
        "   a) Wie voert ze uit? Sinds wanneer?\n"
        "   b) Met welk budget?\n"
        "2. In 2023 was er een evaluatie. Wat leerde die?\n\n"
        "Ik dank u voor uw antwoord.\n"
    )
    assert pasted.title == "Fietsdiefstal in de zone Brussel-Noord" and pasted.lang == "nl"
    assert len(pasted.header) == 2 and len(pasted.closing) == 2
    assert pasted.preamble == ["Het plan 2021-2024 noemt fietsdiefstal. De cijfers stijgen.", "Mijn vragen:"]
    assert [(item.number, item.level, item.parts) for item in pasted.items] == [
        ("1", 0, ("Welke projecten bestaan er?",)),
        ("1.a", 1, ("Wie voert ze uit?", "Sinds wanneer?")),
        ("1.b", 1, ("Met welk budget?",)),
        ("2", 0, ("Wat leerde die?",)),
    ]
    assert pasted.items[3].context == "In 2023 was er een evaluatie."


@pytest.mark.parametrize(
    ("first", "second", "below"),
    [
        ("1.", "2.", "a)"),
        ("1)", "2)", "-"),
        ("1°", "2°", "•"),
        ("Vraag 1:", "Vraag 2:", "a."),
        ("Question 1 :", "Question 2 :", "–"),
        ("I.", "II.", "1."),
        ("A.", "B.", "1)"),
        ("-", "-", "*"),
        ("1\t", "2\t", "a)\t"),
        ("1.", "2.", "1.1"),
        ("1.", "2.", "1.1."),
        ("(1)", "(2)", "(a)"),
    ],
)
def test_numbering_of_every_kind(first: str, second: str, below: str) -> None:
    found = numbered(f"{first} Wat is BuPol?\n  {below} Wie neemt deel?\n{second} Wat is LISA?")
    assert [(level, parts) for _, level, parts in found] == [
        (0, ("Wat is BuPol?",)),
        (1, ("Wie neemt deel?",)),
        (0, ("Wat is LISA?",)),
    ]
    numbers = [number for number, _, _ in found]
    assert len(set(numbers)) == 3 and numbers[1].startswith(f"{numbers[0]}.")


def test_a_measure_number_at_the_start_of_a_line_is_no_numbering() -> None:
    assert numbered("1. Wat gebeurt er voor maatregel\n2.3 van het plan 2021-2024?") == [
        ("1", 0, ("Wat gebeurt er voor maatregel 2.3 van het plan 2021-2024?",))
    ]


def test_questions_without_numbers() -> None:
    found = numbered("Kan u een overzicht geven van de projecten? Wat kosten ze?\n\nPouvez-vous préciser le budget.")
    assert [number for number, _, _ in found] == ["1", "2"]
    assert found[0][2] == ("Kan u een overzicht geven van de projecten?", "Wat kosten ze?")


def test_each_sub_question_has_its_language() -> None:
    pasted = split(
        "1. Welke partners werken mee aan maatregel 2.3?\n2. Quels sont les partenaires de la mesure 2.3 ?\n3. Wat is dit?"
    )
    assert [item.lang for item in pasted.items] == ["nl", "fr", "nl"] and pasted.lang == "nl"


def test_a_list_that_asks_nothing_is_context() -> None:
    pasted = split(
        "Het plan kent drie pijlers:\n- preventie\n- reactie\n- nazorg\n\nDaarom:\n1. Wat doet het Gewest?\n2. Wat kost dat?"
    )
    assert [item.text for item in pasted.items] == ["Wat doet het Gewest?", "Wat kost dat?"]
    assert "preventie" in pasted.preamble


def test_a_list_without_question_marks_after_an_announcement_asks() -> None:
    pasted = split("Kan u mij voor 2022 meedelen:\n1. het aantal projecten;\n2. de begunstigden.")
    assert [item.parts for item in pasted.items] == [("het aantal projecten;",), ("de begunstigden.",)]


def test_a_heading_asks_nothing_itself() -> None:
    pasted = split("1. LISA-antennes:\n  a. Hoeveel zijn er?\n2. Wat is BuPol?")
    assert pasted.items[0].parts == () and pasted.items[1].parts == ("Hoeveel zijn er?",)


def test_markup_and_tables_become_text() -> None:
    pasted = split(
        "<h1>Subsidies</h1><script>alert('x')</script><!-- geheim -->"
        "<table><tr><th>zone</th><th>bedrag</th></tr><tr><td>Noord</td><td>12</td></tr></table>"
        "<ol><li>Hoeveel kreeg <b>zone</b> Noord?<ul><li>En in 2023?</li></ul></li><li>Wat is &lt;LISA&gt;?</li></ol>"
    )
    assert pasted.marked_up and pasted.title == "Subsidies"
    assert [item.text for item in pasted.items] == ["Hoeveel kreeg zone Noord?", "En in 2023?", "Wat is <LISA>?"]
    assert "Noord | 12" in " ".join(pasted.preamble)
    assert "alert" not in str(pasted) and "geheim" not in str(pasted)


def test_a_table_of_questions_from_a_word_processor() -> None:
    pasted = split("Nr\tVraag\n1\tWat is BuPol?\n2\tWat is LISA?")
    assert [(item.number, item.text) for item in pasted.items] == [("1", "Wat is BuPol?"), ("2", "Wat is LISA?")]


def test_control_characters_and_turned_writing_are_gone() -> None:
    pasted = split("Titel: a\u202eb\x00c\u2066\n1. Wat\u200b is \ud800BuPol?\x1b[31m")
    assert not re.search("[\x00-\x1f\u200b\u202e\u2066\ud800]", str(pasted.titles + [item.text for item in pasted.items]))


@pytest.mark.parametrize("text", ["", "  \n\t ", "<p> </p>", "\x00\u200b"])
def test_nothing_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(UsageError) as error:
        split(text)
    assert error.value.remedy


def test_too_much_is_refused() -> None:
    split("Wat? " * (LIMIT // 5))
    with pytest.raises(UsageError):
        split("é" * (LIMIT // 2 + 1))


def test_abbreviations_end_no_sentence() -> None:
    assert sentences("Wat doet dhr. De Commissaris, nr. 12? En de rest.") == [
        "Wat doet dhr. De Commissaris, nr. 12?",
        "En de rest.",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Graag een overzicht van de projecten", ("overview",)),
        ("Un tableau récapitulatif par commune", ("overview", "commune")),
        ("voor elk van de 19 gemeenten", ("commune",)),
        ("par zone de police", ("zone",)),
        ("elke politiezone", ("zone",)),
        ("par organisme", ("body",)),
        ("Welke gemeenten doen mee?", ()),
        ("Quelles communes participent ?", ()),
    ],
)
def test_what_is_wanted_beside_an_answer(text: str, wanted: tuple[str, ...]) -> None:
    assert wants(text) == wanted


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_the_two_languages_of_a_question_come_apart_alike(file: Path) -> None:
    other = file.with_name(file.name.replace(".nl.", ".fr."))
    here, there = split(file.read_text("utf-8")), split(other.read_text("utf-8"))
    assert (here.lang, there.lang) == (file.name.split(".")[1], "fr")
    assert [(i.number, i.level, len(i.parts)) for i in here.items] == [(i.number, i.level, len(i.parts)) for i in there.items]
    assert [item.lang for item in here.items] == [here.lang] * len(here.items)


# ---------------------------------------------------------------- nothing is lost, nothing fails

MARKS = st.sampled_from(["", "1. ", "2) ", "a) ", "b. ", "- ", "• ", "iv) ", "3.1 ", "Vraag 4: ", "    - ", "\t* ", "I. "])
NOISE = st.sampled_from(
    [
        "",
        "",
        "Mijnheer de minister,",
        "Het plan telt 42 maatregelen.",
        "zone\tbedrag",
        "Titel: Iets",
        "- preventie",
        "Mijn vragen:",
        "2.3 is een maatregel.",
    ]
)


@settings(deadline=None)
@given(st.lists(st.tuples(MARKS, st.integers(0, 999), NOISE, st.booleans()), min_size=1, max_size=12))
def test_no_question_is_lost(lines: list[tuple[str, int, str, bool]]) -> None:
    text = ""
    for mark, number, noise, blank in lines:
        text += f"{noise}\n{mark}Wat is onderwerp{number} precies?\n" + ("\n" if blank else "")
    parts = [part for item in split(text).items for part in item.parts]
    for _, number, _, _ in lines:
        assert any(f"onderwerp{number} precies?" in part for part in parts), text


@given(st.text(max_size=400) | st.text(alphabet="<>/ab1.)-\t\n ?:|&;\"'", max_size=400))
@example("<![CDATA[ x ]]> Wat?")
@example("<!DOCTYPE html <<a> Wat?")
@example("1.\n2.\n-\n?")
@example("- ?\n  - ?\n    - ?")
@settings(max_examples=300, deadline=None)
def test_no_text_makes_it_fail(text: str) -> None:
    try:
        pasted = split(text)
    except UsageError:
        return
    for item in pasted.items:
        assert item.text and (item.parts or item.context) and item.lang in ("nl", "fr", "en")
        assert all(0 <= place < len(pasted.items) for place in item.above)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("Schriftelijke vraag nr. 12 betreffende de aanpak van zwerfvuil", "De aanpak van zwerfvuil"),
        ("Question écrite n° 12 concernant la propreté des parcs", "La propreté des parcs"),
    ],
)
def test_a_line_about_the_document_names_its_subject(line: str, title: str) -> None:
    found = split(f"{line}\n\nHet is al lang zo. C'est connu.\n\n1. Hoeveel? Combien ?")
    assert found.titles == [title] and line in found.header
    assert split(f"{line}\nTitel: Iets anders\n\n1. Hoeveel?").titles == ["Iets anders"]


@pytest.mark.parametrize(
    ("lead", "asks"),
    [
        ("Ik had graag een stand van zaken vernomen.", False),
        ("Je souhaiterais obtenir un état des lieux.", False),
        ("Graag vernam ik hoeveel parken er zijn.", True),
        ("Je souhaite savoir combien de parcs existent.", True),
    ],
)
def test_what_only_announces_the_list_is_no_question(lead: str, asks: bool) -> None:
    found = split(f"De parken\n\n{lead}\n\n1. Welke parken? Quels parcs ?\n2. Waar? Où ?")
    assert [item.number for item in found.items] == (["", "1", "2"] if asks else ["1", "2"])
