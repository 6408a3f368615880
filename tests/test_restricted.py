"""Personal data is sought by every road: queries, pages of things, search, suggestions, downloads, agents. None leads there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from admin_help import client_on, with_tokens
from corpus_help import Built
from mcp import Client
from starlette.testclient import TestClient
from test_privacy import PLANTED, folded

from kg.settings import Settings
from kg.store import current
from search_api.agents import create
from search_api.sparql_run import Limits

WORDS = ("contactpersoon", "voorbeeld@example.org", "02 000 00 00", "personne de contact exemple", "0400")
QUERIES = (
    "SELECT * { GRAPH <id/graph/restricted> { ?s ?p ?o } }",
    "SELECT * FROM <id/graph/restricted> { ?s ?p ?o }",
    "SELECT * FROM NAMED <id/graph/restricted> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?o { { ?s schema:contactPoint ?o } UNION { GRAPH ?g { ?s schema:contactPoint ?o } } }",
    'SELECT ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } FILTER(CONTAINS(STR(?o), "@example.org")) }',
    "CONSTRUCT { ?s ?p ?o } WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } FILTER(REGEX(STR(?o), '0[24]00? ?0')) }",
    "DESCRIBE ?s { ?s gvpp:reportedIn ?d }",
)
REFUSED = (
    "SELECT * FROM <file:{file}> { ?s ?p ?o }",
    "SELECT * { SERVICE <file:{file}> { ?s ?p ?o } }",
    "LOAD <file:{file}>",
)


@pytest.fixture(scope="module")
def data(sample_build: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, with tokens: administration is there too, and still gives nothing to those without one."""
    folder = tmp_path_factory.mktemp("restricted") / "data"
    with_tokens(sample_build.data, folder)
    return folder


@pytest.fixture(scope="module")
def client(data: Path) -> Iterator[TestClient]:
    with client_on(data) as found:
        yield found


@pytest.fixture(scope="module")
def secret_file(data: Path) -> Path:
    generation = current(data)
    assert generation is not None
    file = generation.path / "restricted" / "restricted.nq"
    text = folded(file.read_text("utf-8"))
    assert all(folded(words) in text for words in PLANTED)  # what is looked for is there
    return file


def clean(text: str, place: str) -> None:
    plain = folded(text)
    assert [words for words in PLANTED if folded(words) in plain] == [], place


def test_no_query_reaches_it(client: TestClient, secret_file: Path) -> None:
    for query in QUERIES:
        for accept in ("application/sparql-results+json, text/turtle", "text/csv, application/n-triples"):
            reply = client.get("/sparql", params={"query": query}, headers={"accept": accept})
            assert reply.status_code in (200, 422), reply.text
            clean(reply.text, query)
    for parameter in ("default-graph-uri", "named-graph-uri"):
        for graph in ("id/graph/restricted", f"file://{secret_file}", str(secret_file)):
            reply = client.get(
                "/sparql", params={"query": "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }", parameter: graph}
            )
            assert reply.status_code in (200, 400)
            clean(reply.text, f"{parameter}={graph}")
    for query in REFUSED:
        reply = client.post("/sparql", data={"query": query.replace("{file}", f"//{secret_file}")})
        assert reply.status_code in (400, 403) or not reply.json()["results"]["bindings"], query
        clean(reply.text, query)


def test_no_list_detail_or_document_shows_it(client: TestClient) -> None:
    seen = 0
    for kind in ("plans", "themes", "measures", "initiatives", "organisations", "zones", "resolutions", "documents", "findings"):
        page = client.get(f"/api/{kind}", params={"limit": 500})
        clean(page.text, kind)
        for item in page.json()["items"]:
            if kind in ("measures", "organisations", "themes") and seen % 7:
                seen += 1
                continue
            seen += 1
            path = f"/api/{kind}/{quote(item['reference'])}"
            clean(client.get(path).text, path)
            thing = item["iri"].split("/", 3)[3].removeprefix("id/")
            clean(client.get(f"/doc/{quote(thing)}").text, thing)
    assert seen > 100
    for document in client.get("/api/documents").json()["items"]:
        for lang in document["lang"]:
            clean(client.get(f"/api/documents/{document['reference']}/text", params={"lang": lang}).text, document["reference"])


def test_no_address_of_it_exists(client: TestClient, data: Path, secret_file: Path) -> None:
    inside = secret_file.relative_to(data)
    for path in (
        "/doc/graph/restricted",
        "/id/graph/restricted",
        "/doc/restricted",
        "/download/gvpp.restricted",
        "/download/restricted.nq",
        f"/{inside}",
        f"/doc/../{inside}",
        f"/doc/%2e%2e/{quote(str(inside), safe='')}",
        f"/static/..%2f..%2f{quote(str(inside), safe='')}",
        "/api/documents/restricted",
        "/api/documents/restricted/text",
        "/api/documents/..%2Frestricted%2Frestricted/text",
        "/api/passages/restricted/0",
    ):
        reply = client.get(path)
        assert reply.status_code in (400, 404), path
        clean(reply.text, path)


def test_no_question_search_or_suggestion_finds_it(client: TestClient) -> None:
    for words in (*WORDS, *PLANTED):
        for path in ("/api/ask", "/api/search", "/api/suggest"):
            reply = client.get(path, params={"q": words})
            assert reply.status_code == 200
            found = reply.json()
            found.pop("question", None), found.pop("q", None)
            if path == "/api/ask":
                found.pop("text"), found.pop("notes")  # they may repeat the question
            clean(json.dumps(found, ensure_ascii=False), f"{path} {words}")


def test_no_download_or_description_holds_it(client: TestClient) -> None:
    for ending in ("ttl", "trig", "nt", "nq", "rdf", "jsonld"):
        clean(client.get(f"/download/gvpp.{ending}").text, ending)
    for path in ("/", "/openapi.json", "/metrics", "/readyz", "/api/coverage", "/api/network", "/ns/gvpp"):
        clean(client.get(path).text, path)


def test_administration_without_its_scope_does_not_show_it(client: TestClient) -> None:
    paths = [path for path in client.get("/openapi.json").json()["paths"] if path.startswith("/api/admin/")]
    assert "/api/admin/personal" in paths
    for path in paths:
        reply = client.get(path.replace("{job}", "x").replace("{document}", "x"))
        assert reply.status_code in (401, 405)
        clean(reply.text, path)


def test_no_tool_of_an_agent_gives_it(data: Path) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [("run_sparql", {"query": query + " LIMIT 500"}) for query in QUERIES[:5]]
    for words in (*WORDS, *PLANTED):
        calls += [
            ("search_passages", {"question": words, "limit": 30}),
            ("get_initiative", {"name": words}),
            ("get_organisation", {"name": words}),
        ]

    async def work() -> list[str]:
        async with Client(create(Settings(data=data, encoder="none"), Limits(workers=1, seconds=5.0))) as client:
            zones = [("get_organisation", {"name": f"534{n}"}) for n in range(6)]
            return [str((await client.call_tool(name, given)).content) for name, given in (*calls, *zones)]

    for (name, given), text in zip(calls, asyncio.run(work()), strict=False):
        clean(text, f"{name} {given}")
