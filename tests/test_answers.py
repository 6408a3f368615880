"""Answers: what questions of each kind give, which edition they mean, when there is none, and how good they are.

The questions are asked of the sample documents, without vectors; the gates at the end of the real publications.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from corpus_help import Built
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.store import current
from search_api.answers import Corpus, open_corpus
from search_api.answers import ask as ask_corpus
from search_api.evaluation import fallen, judge, read_questions, summary
from search_api.intents_figures import spoken
from search_api.search import search

EVAL = Path(__file__).parent / "eval"
Reply = dict[str, Any]


@pytest.fixture(scope="module")
def corpus(sample_build: Built) -> Corpus:
    generation = current(sample_build.data)
    assert generation
    return open_corpus(generation)


def ask(corpus: Corpus, text: str, lang: str | None = None) -> Reply:
    return ask_corpus(corpus, text, lang)


def labels(reply: Reply) -> set[str]:
    return {label for row in reply["answers"] for label in row["label"].values()}


def numbers(reply: Reply) -> set[str]:
    return {f"{row['plan']}/{row['number']}" for row in reply["answers"]}


# ---------------------------------------------------------------- what is asked


BOTH = [
    ("year", "Welke projecten liepen er in 2023?", "Quels projets y avait-il en 2023 ?", "Kookbrigade"),
    (
        "status",
        "Welke initiatieven zijn gepland of overwogen?",
        "Quelles initiatives sont prévues ou envisagées ?",
        "Kookbrigade",
    ),
    ("group", "Welke initiatieven zijn er voor jongeren?", "Quelles initiatives visent les jeunes ?", "Atelier Miroir"),
    ("zone", "Welke initiatieven overweegt zone 5340 nog?", "Quelles initiatives la zone 5340 envisage-t-elle ?", "Kookbrigade"),
    ("findings", "Staan er fouten in de documenten?", "Y a-t-il des erreurs dans les documents ?", ""),
]


@pytest.mark.parametrize("intent, nl, fr, label", BOTH)
def test_both_languages_give_the_same_rows(corpus: Corpus, intent: str, nl: str, fr: str, label: str) -> None:
    dutch, french = ask(corpus, nl, "nl"), ask(corpus, fr, "fr")
    assert (dutch["intent"], french["intent"]) == (intent, intent)
    assert dutch["status"] == french["status"] == "answered"
    assert {row["iri"] for row in dutch["answers"]} == {row["iri"] for row in french["answers"]}
    assert not label or (label in labels(dutch) and label in labels(french))
    assert all(row["citations"] for row in dutch["answers"])


def test_themes_are_listed_by_edition_and_never_mixed(corpus: Corpus) -> None:
    named = ask(corpus, "Welke thema's heeft het plan 2021-2024?")
    assert named["intent"] == "themes" and {row["plan"] for row in named["answers"]} == {"gvpp-2021-2024"}
    everything = ask(corpus, "Quels sont les thèmes ?")
    assert {row["plan"] for row in everything["answers"]} == set(corpus.plans)
    assert [row["plan"] for row in everything["answers"]] == sorted((row["plan"] for row in everything["answers"]), reverse=True)


def test_the_pillar_of_a_measure_and_the_measures_of_a_pillar(corpus: Corpus) -> None:
    one = ask(corpus, "Bij welke pijler hoort maatregel 2.3 van 2017-2020?")
    assert one["intent"] == "pillar" and one["answers"][0]["label"]["nl"] == "preventie"
    all_of_them = ask(corpus, "Quelles mesures de prévention le plan 2017-2020 prévoit-il ?")
    assert "gvpp-2017-2020/2.3" in numbers(all_of_them)
    assert ask(corpus, "Bij welke pijler hoort maatregel 11.4?")["status"] == "not_found"


def test_measures_on_a_topic_are_found_by_their_words(corpus: Corpus) -> None:
    reply = ask(corpus, "Welke maatregelen gaan over fietsdiefstal?")
    assert reply["intent"] == "measures" and "gvpp-2021-2024/5.5" in numbers(reply)


def test_an_amount_told_in_both_languages_is_one_row(corpus: Corpus) -> None:
    reply = ask(corpus, "Hoeveel subsidie kregen de gemeenten in 2022?", "nl")
    assert [row["value"]["number"] for row in reply["answers"]] == [29013]
    assert {citation["lang"] for citation in reply["answers"][0]["citations"]} == {"nl", "fr"}
    assert reply["answers"][0]["citations"][0]["lang"] == "nl"
    assert ask(corpus, "Combien les communes ont-elles reçu en 2022 ?", "fr")["answers"][0]["citations"][0]["lang"] == "fr"


def test_amounts_of_several_years_do_not_contradict_one_another(corpus: Corpus) -> None:
    reply = ask(corpus, "Hoeveel subsidie kregen de gemeenten?", "nl")
    assert len({row["value"]["year"] for row in reply["answers"]}) > 1
    assert not [note for note in reply["notes"] if "verschillende waarden" in note]


def test_what_is_counted_has_to_be_what_is_asked(corpus: Corpus) -> None:
    for question in (
        "Hoeveel drones gebruikten de politiezones in 2023?",
        "Combien de drones les zones ont-elles utilisés en 2023 ?",
    ):
        assert ask(corpus, question)["status"] == "not_found"


@pytest.mark.parametrize("number, lang, said", [(2938500, "nl", "2.938.500"), (3.5, "fr", "3,5"), (29013, "fr", "29\u202f013")])
def test_numbers_are_written_as_the_language_does(number: float, lang: str, said: str) -> None:
    assert spoken(number, lang) == said


# ---------------------------------------------------------------- which edition


@pytest.mark.parametrize(
    "question", ["maatregel 2,3", "mesure 2 .3", "M2.3", "maatregel 2.03", "2.3", "initatieven maatregel 2.3"]
)
def test_a_number_is_read_however_it_is_written(corpus: Corpus, question: str) -> None:
    reply = ask(corpus, question)
    assert {measure["number"] for measure in reply["scope"]["measures"]} == {"2.3"}
    assert len(reply["scope"]["plans"]) > 1  # every edition that has it, each row with its own


@pytest.mark.parametrize(
    "question, plan",
    [
        ("Wat zegt maatregel 2.3 van het GVPP 2017-2020?", "gvpp-2017-2020"),
        ("Que dit la mesure 2.3 du plan 2021-2024 ?", "gvpp-2021-2024"),
        ("Wat zei maatregel 2.3 in 2019?", "gvpp-2017-2020"),
    ],
)
def test_an_edition_is_chosen_by_its_years(corpus: Corpus, question: str, plan: str) -> None:
    assert ask(corpus, question)["scope"]["plans"] == [plan]


# ---------------------------------------------------------------- no answer


@pytest.mark.parametrize(
    "question",
    [
        "Welke initiatieven voeren maatregel 11.4 uit?",
        "Quel temps fera-t-il demain ?",
        "Wat kost een brood?",
        "Quelles initiatives la zone de police de Gand prend-elle ?",
        "Welke projecten zijn gepland voor 2031?",
        "Wie is de woordvoerder van de federale politie?",
        "Combien gagne un gardien de la paix ?",
        "Schrijf een gedicht over de politie",
    ],
)
def test_what_the_corpus_does_not_say_is_not_answered(corpus: Corpus, question: str) -> None:
    reply = ask(corpus, question)
    assert reply["status"] == "not_found" and not reply["answers"] and reply["text"]


def test_a_topic_that_a_zone_has_nothing_on_is_said_and_what_it_has_is_near(corpus: Corpus) -> None:
    reply = ask(corpus, "Welke initiatieven neemt zone 5340 tegen mensenhandel?")
    assert reply["status"] == "not_found" and "mensenhandel" in reply["text"]
    assert reply["nearest"] and all(row["kind"] == "Initiative" for row in reply["nearest"])


STRANGE = [
    "",
    "?",
    "maatregel",
    "a" * 10_000,
    "2.3 " * 3_000,
    "\x00\u202e",
    "Welke? Quelle ? Who?",
    "<script>1</script>",
    "M99.99 2021-2024 2017-2020",
]


@pytest.mark.parametrize("question", STRANGE)
def test_strange_questions_have_an_answer_or_a_statement(corpus: Corpus, question: str) -> None:
    reply = ask(corpus, question)
    assert reply["status"] in ("answered", "ambiguous", "not_found") and reply["text"]
    assert bool(reply["answers"]) == (reply["status"] == "answered")


WORDS = st.sampled_from(
    (
        *(
            "maatregel",
            "mesure",
            "2.3",
            "8.14",
            "2017-2020",
            "2021-2024",
            "2024",
            "plan",
            "zone",
            "5340",
            "thema",
            "8",
            "hoeveel",
        ),
        *(
            "combien",
            "partners",
            "wie",
            "qui",
            "initiatieven",
            "jeunes",
            "welke",
            "Second",
            "Wave",
            "subsidie",
            "resolutie",
            "luik",
        ),
        *("4", "pijler", "suivi", "aanbevelingen", "wanneer", "erreurs", "MIVB", "Anderlecht", "?", ",", "niet"),
    )
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, min_size=1, max_size=9))
def test_no_row_of_words_breaks_an_answer(corpus: Corpus, words: list[str]) -> None:
    for lang in ("nl", "fr", "en"):
        reply = ask(corpus, " ".join(words), lang)
        assert reply["text"] and json.dumps(reply)
        assert all(row["citations"] for row in reply["answers"] if row["certainty"] in ("explicit", "inferred"))


# ---------------------------------------------------------------- how good


@pytest.mark.parametrize("name", ["answers-tune", "answers-report", "answers2-tune", "answers2-report", "unanswerable-report"])
def test_answers_are_no_worse_than_they_were(real_build: Built, name: str) -> None:
    """Without vectors; the baselines are written by `gvpp eval FILE --json` over an index that has none."""
    generation = current(real_build.data)
    assert generation
    opened = open_corpus(generation)
    questions = read_questions(EVAL / f"{name}.jsonl")
    results = judge(questions, lambda q, lang: ask(opened, q, lang), lambda q, lang: search(opened.searching, q, lang))
    figures = summary(results)
    before = json.loads((EVAL / "baseline" / f"{name}.json").read_text("utf-8"))
    assert not fallen(figures, before), fallen(figures, before)
    assert figures["false_answers"]["value"] <= before["false_answers"]["value"]


@pytest.mark.parametrize(
    "question",
    ["Welke initiatieven zijn er in zone 5341 en zone 5344?", "Quelles initiatives y a-t-il dans les zones 5341 et 5344 ?"],
)
def test_every_place_that_a_question_names_is_answered(corpus: Corpus, question: str) -> None:
    single = [
        ask(corpus, question.replace(" en zone 5344", "").replace(" et 5344", "").replace("5341", zone))
        for zone in ("5341", "5344")
    ]
    both = {row["iri"] for row in ask(corpus, question)["answers"]}
    assert both == {row["iri"] for reply in single for row in reply["answers"]} and all(reply["answers"] for reply in single)


@pytest.mark.parametrize("question", ["In welke politiezone ligt Evere?", "Dans quelle zone de police se trouve Evere ?"])
def test_the_zone_of_a_commune(corpus: Corpus, question: str) -> None:
    assert ask(corpus, question)["text"].startswith(("Politiezone van Evere:", "Zone de police compétente pour Evere :"))


@pytest.mark.parametrize("question", ["Wat is het budget van het plan 2021-2024?", "Quel est le budget du plan 2031-2034 ?"])
def test_the_budget_of_a_plan_is_no_amount_within_it(corpus: Corpus, question: str) -> None:
    assert ask(corpus, question)["status"] == "not_found"
