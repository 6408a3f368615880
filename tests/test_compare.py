"""Editions compared and coverage: on the command line and over HTTP, and what is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_help import Built, run, run_json, write_corpus
from judging_help import ACCEPT, build, write
from starlette.testclient import TestClient

from kg.settings import Settings
from kg.store import current
from search_api.answers import open_corpus
from search_api.compare import CLEAR, compare
from search_api.coverage import KINDS, coverage
from search_api.routes_knowledge import Comparison, CoverageAnswer
from search_api.service import create_app
from search_api.sparql_run import Limits
from search_api.understanding import editions_of_numbers

OLDER, NEWER = "2017-2020", "2021-2024"


@pytest.fixture(scope="module")
def client(sample_build: Built) -> Iterator[TestClient]:
    app = create_app(Settings(data=sample_build.data, encoder="none"), Limits(workers=1))
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(scope="module")
def compared(sample_build: Built) -> Any:
    return run_json(sample_build.data, "compare", OLDER, NEWER)


def test_every_measure_of_both_editions_is_accounted_for(compared: Any, sample_build: Built) -> None:
    older, newer = (
        {row["number"] for row in run_json(sample_build.data, "coverage", "--plan", f"gvpp-{p}")["rows"]} for p in (OLDER, NEWER)
    )
    assert {row["number"] for row in compared["measures"]} == older
    reached = {o["number"] for row in compared["measures"] for o in row["counterparts"] if o["score"] >= CLEAR}
    assert {row["number"] for row in compared["new"]} == newer - reached
    assert sum(compared["counts"][name] for name in ("continued", "doubtful", "dropped")) == len(older)


def test_a_status_says_what_its_counterparts_are(compared: Any) -> None:
    for row in compared["measures"]:
        best = max((other["score"] for other in row["counterparts"]), default=0)
        assert row["status"] == ("continued" if best >= CLEAR else "doubtful" if best else "dropped")
        assert row["plan"] != next((other["plan"] for other in row["counterparts"]), None)
        assert all(
            other["certainty"] == "suggested" and other["reason"]["nl"] and other["reason"]["fr"] for other in row["counterparts"]
        )
        assert all(citation["quote"] for one in (row, *row["counterparts"]) for citation in one["citations"])


def test_the_order_in_which_editions_are_named_does_not_matter(compared: Any, sample_build: Built) -> None:
    assert run_json(sample_build.data, "compare", f"gvpp-{NEWER}", OLDER) == compared


def test_one_measure_is_looked_at_from_both_sides(compared: Any, sample_build: Built) -> None:
    number = next(row["number"] for row in compared["measures"] if row["counterparts"])
    found = run_json(sample_build.data, "compare", OLDER, NEWER, "--measure", number)
    assert {row["plan"] for row in (*found["measures"], *found["new"])} == {f"gvpp-{OLDER}", f"gvpp-{NEWER}"}
    assert {row["number"] for row in (*found["measures"], *found["new"])} == {number}
    assert "«" in run(sample_build.data, "compare", OLDER, NEWER, "--measure", number).stdout


@pytest.mark.parametrize(
    ("lang", "words"), [("nl", "geen opvolger gevonden"), ("fr", "aucun successeur trouvé"), ("en", "no successor found")]
)
def test_a_comparison_is_printed_in_three_languages(sample_build: Built, lang: str, words: str) -> None:
    assert words in run(sample_build.data, "compare", OLDER, NEWER, "--lang", lang).stdout


@pytest.mark.parametrize(
    "arguments", [("2017-2020", "2017-2020"), ("1999-2002", NEWER), (OLDER, NEWER, "--measure", "77.1"), (OLDER, "x\0")]
)
def test_what_cannot_be_compared_is_refused(sample_build: Built, arguments: tuple[str, ...]) -> None:
    error = run_json(sample_build.data, "compare", *arguments, code=2)
    assert error["remedy"]


def test_an_accepted_counterpart_is_sure(tmp_path: Path) -> None:
    corpus, data = write_corpus(tmp_path / "corpus"), tmp_path / "data"
    plan = (corpus / "gvpp-2021-2024.nl.txt").read_text("utf-8")
    (corpus / "gvpp-2025-2028.nl.txt").write_text(plan.replace("2021-2024", "2025-2028").replace("2021", "2025"), "utf-8")
    row = "id/measure/gvpp-2021-2024/1.1,skos:closeMatch,id/measure/gvpp-2025-2028/1.2,accept,dienst,2026-01-05,"
    write(corpus, row)
    build(data, corpus)
    generation = current(data)
    assert generation
    found = compare(open_corpus(generation), "2021-2024", "2025-2028", "1.1")
    first = found["measures"][0]["counterparts"][0]
    assert (first["number"], first["certainty"], first["score"]) == ("1.2", "curated", 1)
    assert found["measures"][0]["status"] == "continued"


PLANS = ("gvpp-2021-2024", "gvpp-2017-2020")


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("Welke maatregel uit het plan 2021-2024 zet M8.14 van 2017-2020 voort?", {"8.14": "gvpp-2017-2020"}),
        ("Quelle mesure de 2017-2020 la mesure 2.3 du plan 2021-2024 prolonge-t-elle ?", {"2.3": "gvpp-2021-2024"}),
        ("Welke maatregel van 2021-2024 zet maatregel 2.3 voort?", {}),
        ("Vergelijk 1.2 en 1.3 van 2017-20", {"1.3": "gvpp-2017-2020"}),
        ("maatregel 2.3 van 1999-2002", {}),
    ],
)
def test_a_number_belongs_to_the_edition_that_is_named_right_after_it(text: str, owner: dict[str, str]) -> None:
    assert editions_of_numbers(text, PLANS) == owner


def test_asked_between_two_editions_no_other_one_answers(sample_build: Built) -> None:
    reply = run_json(sample_build.data, "ask", "Welke maatregel van 2021-2024 zet maatregel 1.5 van 2017-2020 voort?")
    assert {measure["plan"] for measure in reply["scope"]["measures"]} == {"gvpp-2017-2020"}
    assert {row["plan"] for row in reply["answers"]} == {"gvpp-2021-2024"}


# ---------------------------------------------------------------- coverage


def test_what_is_stated_and_what_is_suggested_stand_apart(sample_build: Built) -> None:
    found = run_json(sample_build.data, "coverage", "--plan", f"gvpp-{NEWER}")
    assert found["counts"]["stated"] and found["counts"]["none"]
    assert sum(found["counts"].values()) == len(found["rows"])
    for row in found["rows"]:
        assert all(one["certainty"] in ("explicit", "curated") and one["score"] is None for one in row["stated"])
        assert all(one["certainty"] == "suggested" and one["score"] > 0 for one in row["suggested"])
        assert not {one["iri"] for one in row["stated"]} & {one["iri"] for one in row["suggested"]}
        assert all(one["evidence"] for one in (*row["stated"], *row["suggested"]))


def test_themes_add_up_to_their_measures(sample_build: Built) -> None:
    themes = run_json(sample_build.data, "coverage", "--by", "theme", "--plan", f"gvpp-{NEWER}")["rows"]
    measures = run_json(sample_build.data, "coverage", "--plan", f"gvpp-{NEWER}")
    for status, count in measures["counts"].items():
        assert sum(row["measures"][status] for row in themes) == count
    assert all(row["measures"]["all"] == sum(row["measures"][name] for name in measures["counts"]) for row in themes)


@pytest.mark.parametrize("by", KINDS)
def test_each_kind_of_row_has_labels_in_the_language_asked_for(sample_build: Built, by: str) -> None:
    found = run_json(sample_build.data, "coverage", "--by", by, "--lang", "fr")
    assert found["rows"] and not any(row["label"].startswith(("id/", "auth/")) for row in found["rows"])
    printed = run(sample_build.data, "coverage", "--by", by, "--lang", "fr").stdout
    assert all(" ".join(row["label"].split()[:2]) in " ".join(printed.split()) for row in found["rows"])


def test_csv_has_a_line_for_each_row(sample_build: Built) -> None:
    rows = list(csv.DictReader(io.StringIO(run(sample_build.data, "coverage", "--csv").stdout)))
    found = run_json(sample_build.data, "coverage")["rows"]
    assert [(row["iri"], int(row["stated"])) for row in rows] == [(row["iri"], len(row["stated"])) for row in found]


def test_an_accepted_suggestion_counts_as_stated_by_a_person(tmp_path: Path) -> None:
    corpus, data = write_corpus(tmp_path / "corpus"), tmp_path / "data"
    write(corpus, ACCEPT)
    build(data, corpus)
    generation = current(data)
    assert generation
    rows = coverage(open_corpus(generation), "measure", "gvpp-2021-2024")["rows"]
    assert [
        one["certainty"] for row in rows if row["number"] == "1.2" for one in row["stated"] if "lichtwacht" in one["iri"]
    ] == ["curated"]


@pytest.mark.parametrize("arguments", [("--plan", "gvpp-1999-2002"), ("--by", "zone", "--plan", f"gvpp-{NEWER}"), ("--csv",)])
def test_what_cannot_be_covered_is_refused(sample_build: Built, arguments: tuple[str, ...]) -> None:
    assert run_json(sample_build.data, "coverage", *arguments, code=2)["remedy"]


# ---------------------------------------------------------------- over HTTP


def test_the_routes_and_the_commands_say_the_same(client: TestClient, compared: Any, sample_build: Built) -> None:
    reply = client.get("/api/compare", params={"from": OLDER, "to": NEWER})
    assert reply.json() == compared and Comparison.model_validate(reply.json())
    covered = client.get("/api/coverage", params={"plan": f"gvpp-{NEWER}", "by": "theme"})
    assert CoverageAnswer.model_validate(covered.json())
    assert covered.json() == run_json(sample_build.data, "coverage", "--plan", f"gvpp-{NEWER}", "--by", "theme")
    table = client.get("/api/coverage", headers={"accept": "text/csv"})
    assert table.headers["content-type"].startswith("text/csv") and table.text.startswith("number,plan,label")


@pytest.mark.parametrize(
    "path",
    [
        "/api/compare",
        "/api/compare?from=2017-2020",
        "/api/compare?from=2017-2020&to=nothing",
        "/api/compare?from=2017-2020&to=2021-2024&measure=x",
        "/api/compare?from=2017-2020&to=2021-2024&more=1",
        "/api/coverage?by=nothing",
        "/api/coverage?plan=gvpp-1999-2002",
        "/api/coverage?by=part&plan=gvpp-2021-2024",
    ],
)
def test_wrong_requests_are_refused_with_a_problem(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 400 and reply.headers["content-type"] == "application/problem+json"
