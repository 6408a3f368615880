"""Sub-questions about each thing of a list that an earlier answer gave: which list, which columns, what is missing."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from corpus_help import Built
from docx import Document

from kg.store import current
from search_api.answers import open_corpus
from search_api.dossier import dossier
from search_api.dossier_context import topic
from search_api.dossier_docx import docx
from search_api.dossier_each import asked_of_each
from search_api.dossier_markdown import markdown
from search_api.dossier_split import say
from search_api.routes_dossier import Dossier
from search_api.search import Searching, open_search
from search_api.understanding import understand

MEASURE = {
    "nl": "1. Welke initiatieven voeren maatregel 2.3 van het plan 2021-2024 uit?\n2. ",
    "fr": "1. Quelles initiatives mettent en œuvre la mesure 2.3 du plan 2021-2024 ?\n2. ",
}
ZONE = "1. Welke projecten lopen er in de politiezone Brussel-Noord?\n"


@pytest.fixture(scope="module")
def searching(sample_build: Built) -> Searching:
    generation = current(sample_build.data)
    assert generation
    return open_search(open_corpus(generation), "none")


def make(searching: Searching, text: str, lang: str | None = None, **options: Any) -> dict[str, Any]:
    return dossier(searching, text, lang, today=date(2026, 1, 15), **options)


def columns(question: dict[str, Any]) -> list[str]:
    return [fact["what"] for fact in question["blocks"][0]["facts"]]


def fact(block: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in block["facts"] if one["what"] == name)


def gaps(question: dict[str, Any]) -> list[str]:
    return [gap["kind"] for gap in question["gaps"]]


@pytest.mark.parametrize(
    ("lang", "text", "kind", "before"),
    [
        ("nl", "Kan u voor elk daarvan het budget meedelen?", "", True),
        ("nl", "voor elk: doelgroep, budget", "", True),
        ("nl", "Graag telkens de partners.", "", True),
        ("nl", "Wat is per initiatief het budget?", "initiative", False),
        ("nl", "Wat kost elk van deze maatregelen?", "measure", True),
        ("nl", "Hoeveel kreeg elke genoemde vereniging?", "body", True),
        ("fr", "Pour chacune d'elles, quels sont les partenaires ?", "", True),
        ("fr", "Pouvez-vous préciser, pour chacun, le montant ?", "", True),
        ("fr", "Quel est le montant par projet ?", "initiative", False),
        ("fr", "Pour chacune de ces mesures, quelles initiatives ?", "measure", True),
        ("fr", "Quel budget pour chacune des 19 communes ?", "commune", False),
        ("en", "What is the budget for each of them?", "", True),
    ],
)
def test_what_asks_for_each_is_seen(lang: str, text: str, kind: str, before: bool) -> None:
    found = asked_of_each(text)
    assert found and (found.kind, found.before) == (kind, before)


@pytest.mark.parametrize(
    "text",
    [
        "Welke projecten lopen er elk jaar?",
        "Wat is het budget voor het jaar 2022?",
        "Quels projets par les communes ?",
        "Quelle garantie par mesure de sécurité ?",
        "Chaque année, combien ?",
    ],
)
def test_other_words_of_every_kind_ask_for_no_list(text: str) -> None:
    assert asked_of_each(text) is None


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        (
            "nl",
            "Kan u voor elk daarvan melden welk budget werd toegekend, wie de partners zijn en hoeveel personen werden bereikt?",
        ),
        ("fr", "Pour chacune, quels sont le montant octroyé, les partenaires et le nombre de personnes touchées ?"),
    ],
)
def test_each_initiative_of_the_answer_before_has_a_row(searching: Searching, lang: str, text: str) -> None:
    found = make(searching, MEASURE[lang] + text)
    first, each = found["questions"]
    assert [block["iri"] for block in each["blocks"]] == [row["iri"] for row in first["answer"]["answers"]]
    assert columns(each) == ["amount", "partner", "figures"]
    [added] = each["read_as"]["added"]
    assert (added["what"], added["from"], added["number"]) == ("things", "answer", "1") and added["names"][0] == "BuPol"
    written = markdown(found)
    assert say("from", "answer", lang, number="1") in written and say("sentence", "gap_block", lang) in written
    bupol = fact(each["blocks"][0], "figures")
    assert not bupol["values"] and {one["value"]["number"] for one in bupol["near"]} == {19}, "communes are no persons"


def test_values_have_their_source_and_gaps_their_row(searching: Searching) -> None:
    found = make(searching, ZONE + "   a) Wat is voor elk project de doelgroep, het budget en de stand van zaken?")
    each = found["questions"][1]
    assert columns(each) == ["target", "amount", "status"]
    told = next(block for block in each["blocks"] if "fietsdiefstal" in block["label"]["nl"])
    amount = fact(told, "amount")["values"][0]
    assert amount["value"]["number"] == 18_000 and "18.000 euro" in amount["citations"][0]["quote"]
    assert fact(told, "target")["values"][0]["text"].startswith("Fietsers")
    states = {one["label"]["nl"] for block in each["blocks"] for one in fact(block, "status")["values"]}
    assert states == {"bestaand", "overwogen"}
    numbers = {source["n"] for source in found["sources"]}
    assert {
        one["n"] for block in each["blocks"] for cell in block["facts"] for v in cell["values"] for one in v["citations"]
    } <= numbers
    assert gaps(each) == ["target", "amount"] and str(len(each["blocks"]) - 1) in each["gaps"][0]["text"]["nl"]


def test_rows_without_anything_are_named_apart(searching: Searching) -> None:
    found = make(searching, MEASURE["nl"] + "Welke evaluatie is er voor elk van deze initiatieven?")
    each = found["questions"][1]
    assert gaps(each) == ["nothing"] and each["answer"]["status"] == "not_found"
    written = markdown(found)
    names = [next(iter(block["label"].values())) for block in each["blocks"]]
    line = next(
        line for line in written.splitlines() if line.startswith("⚠ Van wat gevraagd wordt, is in het corpus niets gevonden")
    )
    assert all(block["label"].get("nl", name) in line for block, name in zip(each["blocks"], names, strict=True))


def test_measures_and_bodies_can_be_gone_through_too(searching: Searching) -> None:
    text = "1. Quelles mesures comprend le thème polarisation et radicalisation dans le plan 2021-2024 ?\n"
    each = make(searching, text + "   a) Pour chacune de ces mesures : quelles initiatives, et quels organismes ?")["questions"][
        1
    ]
    assert columns(each) == ["initiative", "organisation"] and {block["kind"] for block in each["blocks"]} == {"measure"}
    row = next(block for block in each["blocks"] if block["number"] == "2.3")
    assert "BuPol" in {name for one in fact(row, "initiative")["values"] for name in one["label"].values()}
    assert each["read_as"]["added"][0]["names"][:2] == ["2.1 (2021-2024)", "2.2 (2021-2024)"]
    found = make(searching, "1. Welke gemeenten kregen in 2022 subsidies? Hoeveel kreeg elk van hen?")["questions"][1]
    assert [one["what"] for one in found["read_as"]["added"]] == ["things", "years"]
    [amount] = fact(found["blocks"][0], "amount")["values"]
    assert amount["value"]["year"] == 2022, "the year of the list holds for the amounts"


def test_a_list_further_back_or_of_another_kind_is_not_taken(searching: Searching) -> None:
    text = MEASURE["nl"] + "Welke partners had maatregel 2.3 in 2017-2020?\n3. Wat is per initiatief het budget?"
    each = make(searching, text)["questions"][2]
    assert each["read_as"]["added"][0]["number"] == "1" and {b["kind"] for b in each["blocks"]} == {"initiative"}
    after = make(searching, text.replace("3. Wat is per initiatief het budget?", "3. Welke projecten heeft elk daarvan?"))
    assert after["questions"][2]["read_as"]["added"][0]["number"] == "2"


def test_a_list_under_another_question_is_better_than_none(searching: Searching) -> None:
    text = "1. De politiezone Brussel-Noord:\n   a) Welke projecten lopen er?\n2. Wat is voor elk daarvan de doelgroep?"
    each = make(searching, text)["questions"][-1]
    assert each["read_as"]["added"][0]["number"] == "1.a" and each["blocks"]


def test_the_service_describes_what_it_gives(searching: Searching) -> None:
    found = make(searching, ZONE + "2. Voor elk: doelgroep, budget, hoeveel fietsen, stand van zaken")
    read = Dossier.model_validate({**found, "similar": [], "saved": None})
    facts = [fact for block in read.questions[1].blocks for fact in block.facts]
    assert {fact.what for fact in facts} == {"target", "amount", "figures", "status"} and any(fact.values for fact in facts)


@pytest.mark.parametrize(
    "each", ["voor elk: partners, budget", "Voor elk van deze initiatieven: de partners", "per project: budget"]
)
def test_a_question_that_listed_nothing_is_not_answered_with_another_list(searching: Searching, each: str) -> None:
    text = f"{ZONE}2. Welke initiatieven voeren maatregel 2.6 van het plan 2021-2024 uit?\n   - {each}"
    above, last = make(searching, text)["questions"][1:]
    assert not above["answer"]["answers"] and not last["blocks"]
    assert all(one["what"] != "things" for one in (last["read_as"] or {"added": []})["added"])


def test_without_a_list_before_that_is_said(searching: Searching) -> None:
    question = make(searching, "1. Hoeveel drones waren er in 2023?\n2. Wat is voor elk daarvan het budget?")["questions"][1]
    assert "each" in gaps(question) and not question["blocks"]


def test_a_question_goes_through_its_own_list(searching: Searching) -> None:
    question = make(searching, "1. Welke doelgroep en welke partners heeft elk initiatief van maatregel 2.1 van 2021-2024?")[
        "questions"
    ][0]
    assert columns(question) == ["target", "partner"], "the measure is given, not asked"
    assert len(question["blocks"]) > 1 and {block["kind"] for block in question["blocks"]} == {"initiative"}


def test_an_amount_per_commune_or_zone_is_no_list_of_projects(searching: Searching) -> None:
    for text, kind, count in (
        ("Hoeveel kreeg elke gemeente in 2022?", "commune", 19),
        ("Quel budget par zone de police ?", "zone", 6),
    ):
        question = make(searching, f"1. {text}")["questions"][0]
        assert len(question["blocks"]) == count and {block["kind"] for block in question["blocks"]} == {kind}
        assert columns(question) == ["amount"] and not any(block["rows"] for block in question["blocks"])
    lists = make(searching, "1. Welke projecten lopen er per politiezone en met welke partners?")["questions"][0]
    assert any(block["rows"] for block in lists["blocks"]) and not any(block["facts"] for block in lists["blocks"])


def test_titles_of_documents_are_in_the_language_of_the_dossier(searching: Searching) -> None:
    hits = make(searching, "1. Werd een bodycam getest?", "fr")["questions"][0]["evidence"]
    assert hits and {hit["title"] for hit in hits} == {hit["citations"][0]["title"] for hit in hits}
    assert not any(hit["title"].startswith("Jaarverslag") for hit in hits)


def test_measures_of_a_theme_are_gone_through_where_the_question_asks_for_both(searching: Searching) -> None:
    theme = "1. Welke maatregelen bevat het thema drugs en verslavingen in het plan 2021-2024, "
    question = make(searching, theme + "en welke initiatieven horen bij elke maatregel?")["questions"][0]
    assert [block["number"][:2] for block in question["blocks"]] == ["3."] * len(question["blocks"]) and question["blocks"]
    assert columns(question) == ["initiative"] and "nothing" not in gaps(question)
    assert all(block["citations"] for block in question["blocks"])


def test_what_is_not_recognised_is_said(searching: Searching) -> None:
    question = make(searching, MEASURE["fr"] + "Quelle est la couleur de chacune d'elles ?")["questions"][1]
    assert "asked" in gaps(question) and "organisation" in columns(question)


def test_a_long_list_is_cut_and_that_is_said(searching: Searching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.dossier.THINGS", 4)
    found = make(searching, ZONE + "2. Graag telkens de maatregel en het thema.")
    each = found["questions"][1]
    assert len(each["blocks"]) == 4 and gaps(each).count("limit") == 1
    limit = next(gap for gap in each["gaps"] if gap["kind"] == "limit")
    assert str(len(found["questions"][0]["answer"]["answers"])) in limit["text"]["nl"]


def test_a_question_after_it_still_knows_the_measure(searching: Searching) -> None:
    text = MEASURE["nl"] + "Wat is voor elk daarvan het budget?\n3. Wie zijn de partners van deze maatregel?"
    last = make(searching, text)["questions"][2]
    assert last["read_as"]["added"][0]["names"] == ["2.3"] and last["answer"]["intent"] == "partners"


def test_the_table_stands_in_word_and_in_two_languages(searching: Searching) -> None:
    found = make(searching, ZONE + "2. Voor elk: doelgroep, partners, organisatie, budget, periode", bilingual=True)
    [table] = [one for one in Document(io.BytesIO(docx(found))).tables if len(one.columns) > 4]
    head = [cell.text for cell in table.rows[0].cells]
    assert "Doelgroep / Public cible" in head and len(table.rows) == 1 + len(found["questions"][1]["blocks"])


def test_units_are_in_the_language_of_the_dossier(searching: Searching) -> None:
    found = make(searching, "1. Welke gemeenten kregen in 2022 subsidies? Hoeveel kreeg elk van hen?", "fr")
    rows = [line for line in markdown(found).splitlines() if line.startswith("|") and "29" in line]
    assert len(rows) == 2 and all("milliers d’euros" in line for line in rows)


# ---------------------------------------------------------------- the words of a context


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Le sans-abrisme dans le cadre des caméras-piétons", ["sans-abrisme", "caméras-piétons"]),
        ("De e-bikes en de ex-gedetineerden", ["e-bikes", "ex-gedetineerden"]),
        ("Quelles assuétudes le plan 2021-2024 prévoit-il en matière d'alcoolisme ?", ["assuétudes", "alcoolisme"]),
    ],
)
def test_words_with_hyphens_stay_whole(searching: Searching, text: str, words: list[str]) -> None:
    question = understand(text, None, searching.corpus.plans, searching.corpus.names)
    assert [word for word in topic(text, question.spoken, question) if word in words] == words
    assert not {"abrisme", "piétons", "bikes", "gedetineerden"} & set(topic(text, question.spoken, question))


def test_a_figure_asked_under_a_list_stays_a_figure(searching: Searching) -> None:
    text = "1. Welke initiatieven antwoorden op luik 1 van de resolutie?\n   a) Hoeveel fietsen kregen in 2023 een merkteken?"
    question = make(searching, text)["questions"][1]
    assert question["answer"]["intent"] == "figure" and question["answer"]["answers"][0]["value"]["number"] == 742


@pytest.mark.parametrize(
    "text", ["1. Quels drones sont utilisés à Forest ? Si oui, lesquels ?", "1. Zijn er drones? Zo ja, welke?"]
)
def test_if_so_goes_on_with_the_question_before(searching: Searching, text: str) -> None:
    first, second = make(searching, text)["questions"]
    assert second["read_as"]["added"][0]["what"] == "question" and first["text"].rstrip(" ?") in second["read_as"]["text"]
