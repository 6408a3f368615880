"""SPARQL 1.1 Protocol over HTTP, on a store of the process: forms, data sets, refusals."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from service_help import BASE, ONE, store
from starlette.testclient import TestClient

from search_api.negotiation import choose
from search_api.sparql_app import create

SELECT = "SELECT ?o { ?s dct:title ?o } ORDER BY ?o LIMIT 1"
CONSTRUCT = "CONSTRUCT { <https://x.example/a> dct:title ?o } WHERE { ?s dct:title ?o } ORDER BY ?o LIMIT 1"
GRAPH = f"{BASE}/id/graph/one"


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create(store()), raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv;q=0.2, text/tab-separated-values;q=0.7, */*;q=0.1", "text/tab-separated-values"),
        ("text/*", "text/csv"),
        ("text/turtle, text/csv;q=0.5", "text/csv"),
        ("application/sparql-results+json;q=0, */*", "application/sparql-results+xml"),
    ],
)
def test_tables_in_the_form_that_is_accepted(client: TestClient, accept: str, media_type: str) -> None:
    reply = client.get("/sparql", params={"query": SELECT}, headers={"accept": accept})
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"].split(";")[0] == media_type
    assert reply.headers["vary"] == "Accept"
    parsed = (
        ox.parse_query_results(reply.content, format=ox.QueryResultsFormat.from_media_type(media_type))
        if media_type != "text/csv"
        else None
    )
    if parsed is None:
        assert reply.text == "o\r\ntitle 0\r\n"
    else:
        assert isinstance(parsed, ox.QuerySolutions)
        assert [row["o"] for row in parsed] == [ox.Literal("title 0", language="nl")]


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/trig", "application/n-triples", "application/rdf+xml", "application/ld+json"]
)
def test_graphs_in_every_form(client: TestClient, media_type: str) -> None:
    reply = client.post("/sparql", content=CONSTRUCT, headers={"content-type": "application/sparql-query", "accept": media_type})
    assert reply.headers["content-type"].split(";")[0] == media_type
    (quad,) = ox.parse(reply.content, format=ox.RdfFormat.from_media_type(media_type))
    assert (quad.subject.value, quad.object.value) == ("https://x.example/a", "title 0")


@pytest.mark.parametrize(
    ("name", "query", "media_type"),
    [
        ("json", SELECT, "application/sparql-results+json"),
        ("xml", SELECT, "application/sparql-results+xml"),
        ("csv", SELECT, "text/csv"),
        ("tsv", "ASK {}", "text/tab-separated-values"),
        ("json", CONSTRUCT, "application/ld+json"),
        ("xml", CONSTRUCT, "application/rdf+xml"),
        ("nt", CONSTRUCT, "application/n-triples"),
        ("trig", CONSTRUCT, "application/trig"),
        ("text/turtle", CONSTRUCT, "text/turtle"),
    ],
)
def test_the_format_parameter_wins_over_accept(client: TestClient, name: str, query: str, media_type: str) -> None:
    for given in ({"params": {"query": query, "format": name}},):
        assert client.get("/sparql", headers={"accept": "image/png"}, **given).headers["content-type"].split(";")[0] == media_type
    assert client.post("/sparql", data={"query": query, "format": name}).headers["content-type"].split(";")[0] == media_type


@pytest.mark.parametrize(
    ("status", "kind", "method", "extra"),
    [
        (400, "request", "GET", {"params": {"queri": ONE}}),
        (400, "parameter", "GET", {"params": {"query": ONE, "limit": "3"}}),
        (400, "request", "GET", {"params": [("query", ONE), ("query", ONE)]}),
        (400, "query", "GET", {"params": {"query": "SELECT * { ?s"}}),
        (400, "query", "GET", {"params": {"query": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"}}),
        (400, "query", "GET", {"params": {"query": "SELECT * FROM <file:///etc/hosts> { ?s ?p ?o }"}}),
        (400, "query", "GET", {"params": {"query": ONE, "default-graph-uri": "file:///etc/hosts"}}),
        (400, "query", "POST", {"data": {"query": "LOAD <http://127.0.0.1:1/>"}}),
        (400, "query", "POST", {"data": {"query": "INSERT DATA { <a:a> <a:b> 1 }"}}),
        (403, "read-only", "GET", {"params": {"update": "CLEAR ALL"}}),
        (403, "read-only", "POST", {"data": {"update": "CLEAR ALL"}}),
        (403, "read-only", "POST", {"content": "CLEAR ALL", "headers": {"content-type": "application/sparql-update"}}),
        (415, "media-type", "POST", {"content": ONE, "headers": {"content-type": "text/plain"}}),
        (415, "media-type", "POST", {"content": ONE}),
        (
            415,
            "media-type",
            "POST",
            {"content": ONE.encode("utf-16"), "headers": {"content-type": "application/sparql-query; charset=UTF-16"}},
        ),
        (400, "encoding", "POST", {"content": b"ASK { ?s ?p '\xff' }", "headers": {"content-type": "application/sparql-query"}}),
        (400, "encoding", "GET", {"path": "/sparql?query=%ff"}),
        (413, "too-large", "POST", {"content": "#" * 2_000_000, "headers": {"content-type": "application/sparql-query"}}),
        (406, "not-acceptable", "GET", {"params": {"query": ONE}, "headers": {"accept": "image/png"}}),
        (406, "not-acceptable", "GET", {"params": {"query": ONE}, "headers": {"accept": "text/turtle"}}),
        (400, "not-acceptable", "GET", {"params": {"query": ONE, "format": "pdf"}}),
        (405, "method-not-allowed", "PUT", {"content": ONE}),
    ],
)
def test_refusals_are_problem_documents(
    client: TestClient, status: int, kind: str, method: str, extra: dict[str, object]
) -> None:
    path = str(extra.pop("path", "/sparql"))
    reply = client.request(method, path, **extra)  # type: ignore[arg-type]
    problem = reply.json()
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert problem["status"] == status
    assert problem["type"] == f"/problems#{kind}"
    assert problem["what"] and problem["title"]


def test_nothing_was_changed_by_refused_updates() -> None:
    held = store()
    client = TestClient(create(held))
    for update in ("CLEAR ALL", "INSERT DATA { <a:a> <a:b> 1 }", f"DROP GRAPH <{GRAPH}>"):
        client.post("/sparql", data={"update": update})
        client.post("/sparql", data={"query": update})
        client.get("/sparql", params={"query": update})
    assert len(held) == 800


@pytest.mark.parametrize(
    ("params", "default", "named"),
    [
        ({}, 400, 400),
        ({"default-graph-uri": GRAPH}, 400, 0),
        ({"named-graph-uri": GRAPH}, 0, 400),
        ({"named-graph-uri": GRAPH, "default-graph-uri": "https://x.example/none"}, 0, 400),
        ({"default-graph-uri": [GRAPH, "https://x.example/none"]}, 400, 0),
    ],
)
def test_the_data_set_of_the_protocol(client: TestClient, params: dict[str, object], default: int, named: int) -> None:
    def count(pattern: str) -> int:
        reply = client.get("/sparql", params={"query": f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}", **params})  # type: ignore[dict-item]
        return int(reply.json()["results"]["bindings"][0]["n"]["value"])

    assert count("?s ?p ?o") == default
    assert count("GRAPH ?g { ?s ?p ?o }") == named


def test_the_most_specific_range_counts() -> None:
    offered = ("a/b", "a/c", "d/e")
    assert choose("a/*;q=0.5, a/c;q=0.1, */*;q=0.2", offered) == "a/b"
    assert choose("a/*;q=0, */*", offered) == "d/e"
    assert choose("nonsense, a/c", offered) == "a/c"
    assert choose("x/y", offered) == ""
    assert choose("a/c;q=banana, d/e;q=0.001", offered) == "d/e"


def test_w3c_conformance(repository: Path) -> None:
    """The suite of the W3C, where it stands beside the repository: all protocol query tests, and what the store itself passes."""
    tool = repository.parent / "shared" / "tools" / "sparql_conformance.py"
    if not tool.is_file():
        pytest.skip("LEFT OUT: the SPARQL test suite of the W3C is not here (../shared/tools, ../shared/w3c-sparql11)")
    command = [sys.executable, str(tool), "asgi", "--app", "search_api.sparql_app:create"]
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    output = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, timeout=300, check=True
    ).stdout
    counts = ast.literal_eval(output.splitlines()[0].partition(" ")[2])
    assert counts["protocol-query"] == {"pass": 21}
    assert counts["QueryEvaluationTest"]["pass"] >= 222
