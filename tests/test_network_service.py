"""The network on the command line and over HTTP: the same answer, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from corpus_help import Built, run, run_json
from starlette.testclient import TestClient

from kg.settings import Settings
from search_api.routes_network import NetworkAnswer
from search_api.service import create_app
from search_api.sparql_run import Limits


@pytest.mark.parametrize(("lang", "word"), [("nl", "Keten 1"), ("fr", "Chaîne 1"), ("en", "Chain 1")])
def test_the_command_prints_chains(sample_build: Built, lang: str, word: str) -> None:
    result = run(sample_build.data, "network", "Brusafe", "thema 3", "--lang", lang)
    assert result.exit_code == 0 and word in result.stdout and "«" in result.stdout
    for arguments in (("network", "MIVB"), ("network",)):
        assert run(sample_build.data, *arguments, "--lang", lang).exit_code == 0


def test_the_command_fails_with_advice(sample_build: Built) -> None:
    error = run_json(sample_build.data, "network", "Brusfae", code=2)
    assert "Brusafe" in error["remedy"]


@pytest.fixture(scope="module")
def client(sample_build: Built) -> Iterator[TestClient]:
    app = create_app(Settings(data=sample_build.data, encoder="none"), Limits(workers=1))
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


@pytest.mark.parametrize("parameters", [{}, {"around": "Brusafe"}, {"around": "Brusafe", "to": "thème 3", "lang": "fr"}])
def test_the_route_and_the_command_say_the_same(client: TestClient, sample_build: Built, parameters: dict[str, str]) -> None:
    reply = client.get("/api/network", params=parameters)
    assert reply.status_code == 200 and "private" in reply.headers["cache-control"]
    NetworkAnswer.model_validate(reply.json())
    given = [parameters[name] for name in ("around", "to") if name in parameters]
    assert reply.json() == run_json(sample_build.data, "network", *given, *(["--lang", "fr"] if "lang" in parameters else []))
    again = client.get("/api/network", params=parameters, headers={"if-none-match": reply.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "parameters",
    [
        {"around": ""},
        {"around": "qqq"},
        {"to": "Brusafe"},
        {"about": "Brusafe"},
        {"limit": "0"},
        {"limit": "501"},
        {"lang": "de"},
    ],
)
def test_what_the_route_does_not_take_is_refused(client: TestClient, parameters: dict[str, str]) -> None:
    reply = client.get("/api/network", params=parameters)
    assert reply.status_code == 400 and reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["remedy"]


def test_the_route_is_described(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/api/network"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {"around", "to", "lang", "limit"}
    assert {"200", "400", "503"} <= set(operation["responses"])
