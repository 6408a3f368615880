"""Figures and dates: which of them a question asks for, and which only look alike."""

from __future__ import annotations

from typing import Any

import pytest
from corpus_help import Built, build_once, write_corpus

from kg.store import current
from search_api.answers import Corpus, ask, open_corpus
from search_api.dates import _years
from search_api.figures import Figures
from search_api.naming import Names
from search_api.understanding import understand

ROWS: list[dict[str, Any]] = [
    {"value": "6", "unit": "politiezones", "quote": "De 6 politiezones volgden een opleiding."},
    {"value": "17", "unit": "agenten", "quote": "17 agenten volgden een opleiding over drugs."},
    {"value": "170", "unit": "vlieguren", "quote": "De drones maakten 170 vlieguren."},
    {
        "value": "5000",
        "unit": "euro",
        "quote": "Subsidies voor verenigingen 5000",
        "name": "Subsidies voor verenigingen – Bedrag",
    },
    {"value": "9000", "unit": "euro", "quote": "Totaal subsidies 9000", "name": "Totaal subsidies – Bedrag"},
    {"value": "20", "unit": "%", "quote": "20 % van de pendelaars voelt zich onveilig in de trein."},
    {
        "value": "48",
        "unit": "klachten",
        "quote": "Daarover kwamen 48 klachten binnen.",
        "before": "Het meldpunt Lawaai ging open. ",
    },
    {
        "value": "31",
        "unit": "patrouilles",
        "quote": "Er waren 31 patrouilles, tegen 20 patrouilles in 2019.",
        "year": "2022",
    },
    {"value": "88", "unit": "bewoners", "quote": "88 bewoners kregen een rookmelder."},
    {"value": "64", "unit": "folders", "quote": "Van 1/1/2024 tot 31/12/2025 lagen er 64 folders.", "year": "2024"},
    {"value": "3", "unit": "keer", "quote": "De stuurgroep vergaderde 3 keer."},
    {"value": "12", "unit": "bezoeken", "quote": "Er waren 12 bezoeken aan scholen in 2021.", "year": "2021"},
]


def found(question: str) -> list[str]:
    """The values of the rows above that answer."""
    place = {"document": "d", "passage": "p", "section": "", "about": "", "start": "0"}
    rows = [place | {"name": row["quote"], "year": ""} | {k: v for k, v in row.items() if k != "before"} for row in ROWS]
    figures = Figures(rows, {}, [row.get("before", "") for row in ROWS])
    return [one.row["value"] for one in figures.find(understand(question, None, (), Names([])), {}, ())]


@pytest.mark.parametrize(
    ("question", "values"),
    [
        ("Hoeveel agenten volgden een opleiding?", ["17"]),
        ("Combien d'agents ont suivi une formation ?", ["17"]),
        ("Hoeveel uren vlogen de drones?", ["170"]),
        ("Hoeveel subsidies waren er in totaal?", ["9000"]),
        ("Welk percentage van de pendelaars voelt zich onveilig?", ["20"]),
        ("Quel pourcentage des navetteurs se sent en insécurité ?", ["20"]),
        ("Hoeveel klachten waren er over Lawaai?", ["48"]),
        ("Hoeveel bezoeken aan scholen in 2021?", ["12"]),
        ("Hoeveel folders waren er in 2024?", ["64"]),
        ("Hoe vaak vergaderde de stuurgroep?", ["3"]),
        ("Hoeveel patrouilles waren er in 2019?", ["31"]),  # its sentence names the year
        ("Hoeveel mensen kregen een rookmelder?", ["88"]),  # residents are people
    ],
)
def test_a_figure_is_found_by_what_it_counts(question: str, values: list[str]) -> None:
    assert found(question)[: len(values)] == values


@pytest.mark.parametrize(
    "question",
    [
        "Hoeveel leerkrachten volgden een opleiding?",
        "Combien d'enseignants ont suivi une formation ?",
        "Welk percentage van de agenten volgde een opleiding?",
        "Welk percentage van de jongeren voelt zich onveilig?",
        "Hoeveel klachten waren er over Sluikstort?",
        "Hoeveel bezoeken aan scholen in 2022?",
        "Hoeveel bezoeken aan alle scholen samen?",
        "Hoeveel euro kostten de drones?",
        "Hoe vaak kwamen de agenten samen?",  # 17 agents are no occasion
        "Combien de fois les drones ont-ils volé ?",
        "Hoeveel folders waren er in 2025?",  # the end of a period is no year of its own
    ],
)
def test_what_only_looks_alike_is_no_answer(question: str) -> None:
    assert found(question) == []


@pytest.fixture(scope="module")
def corpus(sample_build: Built) -> Corpus:
    generation = current(sample_build.data)
    assert generation
    return open_corpus(generation)


@pytest.mark.parametrize(
    "question", ["Sinds wanneer komt de werkgroep BuPol samen?", "Depuis quand existe le groupe de travail BuPol ?"]
)
def test_when_something_began_is_told_in_the_words_of_the_document(corpus: Corpus, question: str) -> None:
    reply = ask(corpus, question)
    assert reply["intent"] == "when" and reply["status"] == "answered"
    assert all("2021" in row["text"] for row in reply["answers"])
    assert all(row["text"] in row["citations"][0]["quote"] for row in reply["answers"])


def test_only_the_years_of_dates_are_told_as_years() -> None:
    assert _years("Op 17 november 2021 kwamen 35 mensen, op 3/3/21 en 8/8/2024 nog 12.") == ["2021", "2021", "2024"]


@pytest.mark.parametrize("question", ["Sinds wanneer bestaat Sans Détour?", "Quand Sans Détour a-t-il été créé ?"])
def test_a_beginning_that_no_document_tells_is_not_made_up(corpus: Corpus, question: str) -> None:
    assert ask(corpus, question)["status"] == "not_found"


@pytest.mark.parametrize("question", ["Hoe heette Sans Détour vroeger?", "Quel était l'ancien nom de Sans Détour ?"])
def test_a_former_name_that_is_not_known_is_no_answer(corpus: Corpus, question: str) -> None:
    reply = ask(corpus, question)
    assert reply["status"] == "not_found" and "Sans Détour" in reply["text"]
    assert [near["label"] for near in reply["nearest"]]


@pytest.mark.parametrize("question", ["Wat doet Evere?", "Que fait-on à Evere ?"])
def test_a_commune_shows_the_passages_that_speak_of_it(corpus: Corpus, question: str) -> None:
    rows = ask(corpus, question)["answers"]
    told = [row for row in rows if row["kind"] == "Passage"]
    assert told and len(told) < len(rows)
    assert all("Evere" in row["citations"][0]["quote"] for row in told)


TWO = """# Jaarverslag 2023

## 1. Dienst Vuurtoren

De dienst Vuurtoren telde in 2023 in totaal 40 medewerkers, van wie 9 vrijwilligers.

De dienst opende op 4 mei 2023 een loket in Evere.
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("two")
    generation = current(build_once(write_corpus(folder / "corpus", {"jaarverslag-2023.nl.md": TWO}), folder / "data").data)
    assert generation
    return open_corpus(generation)


@pytest.mark.parametrize(
    "question",
    [
        "Hoeveel medewerkers telde de dienst Vuurtoren en hoeveel daarvan waren vrijwilligers?",
        "Combien de collaborateurs comptait le service Vuurtoren, et combien étaient bénévoles ?",
    ],
)
def test_two_numbers_may_be_asked_at_once(two: Corpus, question: str) -> None:
    assert {row["value"]["number"] for row in ask(two, question)["answers"]} == {40, 9}


def test_a_part_that_has_no_number_is_said(two: Corpus) -> None:
    reply = ask(two, "Hoeveel medewerkers telde de dienst Vuurtoren en hoeveel kinderen bezochten de bakkerij?", "nl")
    assert [row["value"]["number"] for row in reply["answers"]] == [40]
    assert "hoeveel kinderen bezochten de bakkerij" in reply["text"]


def test_how_often_is_not_how_many_of_something_else(two: Corpus) -> None:
    assert ask(two, "Hoe vaak vergaderde de dienst Vuurtoren?", "nl")["status"] == "not_found"


@pytest.mark.parametrize(("place", "status"), [("Evere", "answered"), ("Ukkel", "not_found")])
def test_a_date_is_of_the_place_that_its_sentence_names(two: Corpus, place: str, status: str) -> None:
    assert ask(two, f"Wanneer opende de dienst Vuurtoren een loket in {place}?", "nl")["status"] == status
