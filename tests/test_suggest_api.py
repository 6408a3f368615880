"""Suggestions while somebody types: which names are found by their beginnings, in either language, and in which order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_help import Built
from service_help import again, wait_for
from starlette.testclient import TestClient

from kg.settings import Settings
from search_api.routes_suggest import Suggestions
from search_api.service import create_app
from search_api.sparql_run import Limits


@pytest.fixture(scope="module")
def client(sample_build: Built) -> Iterator[TestClient]:
    app = create_app(Settings(data=sample_build.data, encoder="none"), Limits(workers=1, seconds=2.0))
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def found(client: TestClient, q: str, **more: Any) -> list[dict[str, Any]]:
    reply = client.get("/api/suggest", params={"q": q, **more})
    assert reply.status_code == 200, reply.text
    Suggestions.model_validate(reply.json())
    rows: list[dict[str, Any]] = reply.json()["suggestions"]
    return rows


def kinds(rows: list[dict[str, Any]]) -> set[str]:
    return {row["kind"] for row in rows}


def test_a_number_finds_the_measure_of_each_edition(client: TestClient) -> None:
    for typed in ("2.3", "maatregel 2.3", "Mesure 2.3", "M2.3"):
        rows = [row for row in found(client, typed, limit=50) if row["kind"] == "Measure"]
        exact = [row for row in rows if row["number"] == "2.3"]
        assert exact and rows[: len(exact)] == exact, typed
        assert all(row["plan"] for row in exact) and len({row["plan"] for row in exact}) == len(exact)


def test_zones_are_found_by_number_and_by_name_in_either_language(client: TestClient) -> None:
    for typed in ("5344", "zone 5344", "brussel-noord", "bruxelles-nord", "Bruxelles-N"):
        assert any(row["number"] == "5344" and row["kind"] == "PoliceZone" for row in found(client, typed)), typed


def test_every_name_is_found_by_each_of_its_words(client: TestClient) -> None:
    labels = [(kind, item) for kind in ("organisations", "initiatives") for item in client.get(f"/api/{kind}").json()["items"]]
    assert len(labels) > 10
    for kind, item in labels[:30]:
        if "politiezone" in item["reference"]:
            continue
        for text in item["label"].values():
            for typed in (text, text.upper(), " ".join(word[:5] for word in reversed(text.split()))):
                assert item["iri"] in {row["iri"] for row in found(client, typed, limit=50)}, (kind, typed)


def test_accents_and_case_do_not_count(client: TestClient) -> None:
    label = next(
        text
        for item in client.get("/api/themes").json()["items"]
        for text in item["label"].values()
        if any(letter in text for letter in "éèê")
    )
    plain = label.translate(str.maketrans("éèêàçÉÈôîû", "eeeacEEoiu"))
    assert plain != label
    assert found(client, plain)[0]["match"] == found(client, label.upper())[0]["match"] == label


def test_the_whole_name_stands_before_longer_ones(client: TestClient) -> None:
    rows = found(client, "politiezone", limit=50)
    lengths = [len(row["match"]) for row in rows if row["match"].lower().startswith("politiezone") and row["lang"] == "nl"]
    assert lengths == sorted(lengths) and rows[0]["match"].lower().startswith("politiezone")


def test_nothing_is_found_for_nothing(client: TestClient) -> None:
    for typed in ("qqqqq", "?", "…", "politie qqqq"):
        assert found(client, typed) == []


@pytest.mark.parametrize("parameters", [{}, {"q": ""}, {"q": "x" * 201}, {"q": "x", "limit": "0"}, {"q": "x", "kind": "y"}])
def test_what_is_no_request_is_refused(client: TestClient, parameters: dict[str, str]) -> None:
    assert client.get("/api/suggest", params=parameters).status_code == 400


def test_the_answer_holds_for_a_generation_and_stands_in_no_shared_cache(client: TestClient) -> None:
    reply = client.get("/api/suggest", params={"q": "zone"})
    assert reply.headers["cache-control"].startswith("private")
    assert client.get("/api/suggest", params={"q": "zone"}, headers={"if-none-match": reply.headers["etag"]}).status_code == 304


def test_search_and_names_of_a_new_generation_are_open_before_it_is_used(sample_build: Built, tmp_path: Path) -> None:
    shutil.copytree(sample_build.data, tmp_path / "data")
    app = create_app(Settings(data=tmp_path / "data", encoder="none"), Limits(workers=1, seconds=2.0))
    with TestClient(app):
        live = app.state.live
        first = live.view
        wait_for(lambda: "suggester" in first.memory and "searching" in vars(first.corpus))
        again(tmp_path / "data")
        wait_for(lambda: live.view is not first)
        assert "suggester" in live.view.memory and "searching" in vars(live.view.corpus)
