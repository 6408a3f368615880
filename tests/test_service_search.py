"""Search over HTTP: the shape of the answer, filters, tables, and what is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_help import Built
from starlette.testclient import TestClient

from kg.settings import Settings
from search_api.routes_search import SearchAnswer
from search_api.service import create_app
from search_api.sparql_run import Limits
from search_api.tables import as_csv


@pytest.fixture(scope="module")
def client(sample_build: Built) -> Iterator[TestClient]:
    app = create_app(Settings(data=sample_build.data, encoder="none"), Limits(workers=1))
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def find(client: TestClient, **parameters: Any) -> dict[str, Any]:
    reply = client.get("/api/search", params=parameters)
    assert reply.status_code == 200, reply.text
    SearchAnswer.model_validate(reply.json())
    found: dict[str, Any] = reply.json()
    return found


def test_a_question_finds_passages_of_both_languages(client: TestClient) -> None:
    found = find(client, q="vol de vélos", lang="fr")
    assert {"nl", "fr"} <= set(found["facets"]["doc_lang"]) and found["by"] == "words"
    hit = found["hits"][0]
    reply = client.get("/api/passages/" + hit["passage"].split("/passage/")[1])
    assert reply.status_code == 200, "a hit can be opened"


def test_filters_and_windows(client: TestClient) -> None:
    found = find(client, q="jongeren", genre="report", doc_lang="nl", limit=2)
    assert len(found["hits"]) == 2 and {hit["lang"] for hit in found["hits"]} == {"nl"}
    again = find(client, q="jongeren", genre="report", doc_lang="nl", limit=1, offset=1)
    assert again["hits"][0]["passage"] == found["hits"][1]["passage"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"q": ""},
        {"q": "x", "colour": "red"},
        {"q": "x", "genre": "roman"},
        {"q": "x", "limit": 0},
        {"q": "x", "year": "y"},
        {"q": "x", "organisation": "nergens"},
        {"q": "x", "organisation": ""},
    ],
)
def test_what_does_not_exist_is_refused(client: TestClient, parameters: dict[str, Any]) -> None:
    reply = client.get("/api/search", params=parameters)
    assert reply.status_code == 400 and reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["remedy"]


def test_the_hits_as_a_table(client: TestClient) -> None:
    reply = client.get("/api/search", params={"q": "jongeren", "limit": 3}, headers={"accept": "text/csv"})
    assert reply.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(reply.text)))
    assert [row["passage"] for row in rows] == [hit["passage"] for hit in find(client, q="jongeren", limit=3)["hits"]]


def test_no_cell_is_a_formula() -> None:
    assert as_csv(("quote",), [["=1+1"], [None]]) == 'quote\r\n\'=1+1\r\n""\r\n'


def test_an_answer_of_a_question_is_in_no_shared_cache(client: TestClient, tmp_path: Path) -> None:
    reply = client.get("/api/search", params={"q": "jongeren"})
    assert "private" in reply.headers["cache-control"]
    same = client.get("/api/search", params={"q": "jongeren"}, headers={"if-none-match": reply.headers["etag"]})
    assert same.status_code == 304
