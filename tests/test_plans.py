"""Plans that come twice, or not at all: what is known of their editions and measures then."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_help import PLAN_NL, run_json, write_corpus
from web_help import HTML, client_of

from ingest import pipeline
from kg.settings import Settings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def build(data: Path, *folders: Path) -> pipeline.Result:
    return pipeline.build(Settings(data=data, encoder="none"), folders)


def test_a_plan_may_come_in_two_documents(tmp_path: Path, data: Path) -> None:
    """A second text of the same edition has other words for its measures, and takes nothing from the first."""
    texts = {"gvpp-2021-2024.nl.txt": PLAN_NL, "gvpp-2021-2024-ontwerp.nl.txt": PLAN_NL + "\nEinde.\n"}
    corpus = write_corpus(tmp_path / "two", texts)
    build(data, corpus)
    reply = run_json(data, "ask", "Wat zegt maatregel 1.1 van 2021-2024?")
    assert reply["status"] == "answered" and len(reply["answers"]) == 1


CITING = """# Rapport annuel 2023

Ce rapport suit le PGSP 2021-2024.

## 1. Projets

### 1.1 Veilleurs du parc (mesure 2.3)

Deux veilleurs parcourent le parc.

### 1.2 Cafés numériques (M6.2)

Les aînés y posent leurs questions.
"""


def test_a_measure_that_is_only_cited_is_a_measure(tmp_path: Path, data: Path) -> None:
    """No plan is there: who implements it is known, its text is not, and both are said."""
    build(data, write_corpus(tmp_path / "citing", {"rapport-annuel-2023.fr.md": CITING}))
    reply = run_json(data, "ask", "Quelles initiatives mettent en œuvre la mesure 2.3 ?")
    assert [row["label"]["fr"] for row in reply["answers"]] == ["Veilleurs du parc"]
    assert any("2.3 (2021-2024)" in note and "aucun document" in note for note in reply["notes"])
    reply = run_json(data, "ask", "Que dit la mesure 6.2 ?")
    assert (reply["status"], reply["answers"]) == ("not_found", []) and "6.2 (2021-2024)" in reply["text"]


def test_pages_of_a_measure_that_is_only_cited(tmp_path: Path, data: Path) -> None:
    build(data, write_corpus(tmp_path / "citing", {"rapport-annuel-2023.fr.md": CITING}))
    with client_of(data) as client:
        for path in ("/", "/list/measures", "/coverage", "/doc/plan/gvpp-2021-2024", "/doc/measure/gvpp-2021-2024/2.3"):
            reply = client.get(f"{path}?lang=fr", headers=HTML)
            assert reply.status_code == 200, path
        assert "Mesure 2.3" in reply.text and "Veilleurs du parc" in reply.text


def test_projects_side_by_side_have_each_their_own_measure(tmp_path: Path, data: Path) -> None:
    build(data, write_corpus(tmp_path / "citing", {"rapport-annuel-2023.fr.md": CITING}))
    for number, name in (("2.3", "Veilleurs du parc"), ("6.2", "Cafés numériques")):
        reply = run_json(data, "ask", f"Quelles initiatives mettent en œuvre la mesure {number} ?")
        assert [row["label"]["fr"] for row in reply["answers"]] == [name]


INTRODUCED = "Inleiding\n\nHet regeerakkoord 2019-2024 vroeg een plan. {named}\n\n"


def test_the_period_of_a_plan_is_not_that_of_something_else(tmp_path: Path, data: Path) -> None:
    """A coalition agreement has a period too; and a text that begins with its introduction has no title in it."""
    text = INTRODUCED.format(named="Dit GVPP 2021-2024 is dat plan.") + PLAN_NL.partition("\n")[2]
    result = build(data, write_corpus(tmp_path / "plan", {"veiligheidsplan.nl.txt": text}))
    assert not result.errors, result.errors
    told = result.detected["veiligheidsplan.nl"]
    assert (told["plan"], told["title"]) == ("gvpp-2021-2024", "veiligheidsplan")
