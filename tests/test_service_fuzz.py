"""Requests made up from the OpenAPI document: no error of the server but 503 with Retry-After, and what is promised is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from admin_help import with_tokens
from corpus_help import Built
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from service_help import served

CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def api(sample_build: Built) -> Iterator[Any]:
    with served(sample_build.data, "--seconds", "2") as (address, _):
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


@pytest.mark.slow
def test_no_request_breaks_the_service(api: Any) -> None:
    operations = [result.ok() for result in api.get_all_operations()]
    assert len(operations) > 25
    asked_of(operations, 40)


@pytest.mark.slow
def test_no_request_breaks_administration(sample_build: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GVPP_ENCODER", "none")  # the builds that are asked for outlive this test
    headers = with_tokens(sample_build.data, tmp_path / "data")["all"]
    with served(tmp_path / "data", "--seconds", "2") as (address, process):
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        operations = [each for result in schema.get_all_operations() if "/api/admin/" in (each := result.ok()).path]
        assert len(operations) == 9
        asked_of(operations, 30)  # without a token
        asked_of(operations, 30, headers)
        assert process.poll() is None


def asked_of(operations: Iterable[Any], number: int, headers: dict[str, str] | None = None) -> None:
    """Requests that fit the description, and some that do not, to each of these."""
    for operation in operations:

        @settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
        @given(case=operation.as_strategy())
        def asked(case: Any) -> None:
            response = case.call(headers=headers)
            if response.status_code == 503:
                assert "retry-after" in response.headers
                return
            case.validate_response(response, checks=CHECKS)

        asked()


SEEDS = (
    "SELECT ?m ?l WHERE { ?m a gvpp:Measure ; skos:prefLabel ?l FILTER(LANG(?l) = 'nl') } ORDER BY ?l LIMIT 5",
    "CONSTRUCT { ?a dct:subject ?b } WHERE { ?a gvpp:implements/dct:isPartOf* ?b } LIMIT 9",
    "ASK { GRAPH ?g { ?s ?p ?o } MINUS { ?s a <x> } }",
    "DESCRIBE <id/plan/gvpp-2021-2024>",
    "SELECT (GROUP_CONCAT(?l; separator='|') AS ?x) (COUNT(*) AS ?n) { ?s rdfs:label|dct:title ?l } GROUP BY ?s HAVING(?n>1)",
    "SELECT * { { SELECT ?s { ?s ?p ?o } LIMIT 3 } OPTIONAL { ?s ?q ?r BIND(REPLACE(STR(?r), '(a+)+', 'b') AS ?z) } }",
)
PIECES = st.sampled_from(
    [
        "{",
        "}",
        "(",
        ")",
        "*",
        "/",
        "+",
        "|",
        "^",
        "!",
        "?x",
        ".",
        ";",
        ",",
        "'",
        '"',
        "<",
        ">",
        "#",
        "\\",
        "\0",
        "\n",
        "é",
        "😀",
        "SERVICE",
        "FROM",
        "<file:///etc/hosts>",
        "FROM NAMED",
        "GRAPH ?g",
        "LOAD",
        "DROP",
        "LIMIT 99999999999999999999",
        "OFFSET -1",
        "UNION",
        "1e999",
        "@nl",
        "^^xsd:integer",
        "REGEX('a', '(')",
        "SUBSTR('a', -5, 1e9)",
        "STRDT('x', <y>)",
        "1/0",
        "BNODE()",
        "%",
        "\\u0000",
    ]
)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), PIECES), min_size=1, max_size=6)


@pytest.mark.slow
def test_no_query_breaks_the_endpoint(sample_build: Built) -> None:
    with served(sample_build.data, "--seconds", "1") as (address, process), httpx2.Client(base_url=address, timeout=30) as client:

        @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
        @given(st.sampled_from(SEEDS), EDITS, st.sampled_from(["", "json", "csv", "tsv", "xml", "turtle", "jsonld"]))
        def asked(query: str, edits: list[tuple[float, int, str]], form: str) -> None:
            for place, removed, piece in edits:
                at = int(place * len(query))
                query = query[:at] + piece + query[at + removed :]
            reply = client.post("/sparql", data={"query": query} | ({"format": form} if form else {}))
            assert reply.status_code in (200, 400, 406, 422), (query, reply.text)
            if reply.status_code != 200:
                assert reply.json()["what"]

        asked()
        assert process.poll() is None
        assert "gvpp_workers 2.0" in client.get("/metrics").text
