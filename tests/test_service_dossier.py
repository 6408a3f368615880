"""Dossiers over HTTP: their shape, the three forms, what is refused, and that nothing is kept or logged."""

from __future__ import annotations

import io
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_help import Built, files_below
from docx import Document
from starlette.testclient import TestClient

from kg.settings import Settings
from search_api.dossier_docx import MEDIA_TYPE as DOCX
from search_api.dossier_split import LIMIT
from search_api.dossier_store import FOLDER
from search_api.routes_dossier import TEXT, Dossier
from search_api.service import create_app
from search_api.sparql_run import Limits


@pytest.fixture(scope="module")
def data(sample_build: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(sample_build.data, tmp_path_factory.mktemp("served") / "data"))


@pytest.fixture(scope="module")
def access() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def client(data: Path, access: io.StringIO) -> Iterator[TestClient]:
    app = create_app(Settings(data=data, encoder="none"), Limits(workers=1), access=access)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def send(client: TestClient, accept: str = "application/json", **body: Any) -> Any:
    return client.post("/api/dossier", json=body, headers={"accept": accept})


def test_the_example_is_answered_in_the_shape_that_is_documented(client: TestClient) -> None:
    reply = send(client, text=TEXT, bilingual=True)
    assert reply.status_code == 200, reply.text
    found = Dossier.model_validate(reply.json())
    assert [question.number for question in found.questions] == ["1", "1.a", "2"] and found.langs == ["nl", "fr"]
    assert found.questions[0].answer and found.questions[0].answer.status == "answered" and found.sources
    assert reply.headers["cache-control"] == "no-store" and reply.headers["vary"].startswith("accept")


def test_every_question_of_the_golden_dossiers_has_the_shape(client: TestClient) -> None:
    for file in (Path(__file__).parent / "golden" / "dossiers").glob("*.txt"):
        Dossier.model_validate(send(client, text=file.read_text("utf-8")).json())


def test_the_other_forms(client: TestClient) -> None:
    text = send(client, "text/markdown", text=TEXT, lang="fr")
    assert text.headers["content-type"].startswith("text/markdown") and "## Projet de réponse" in text.text
    file = send(client, DOCX, text=TEXT)
    assert file.headers["content-type"] == DOCX and "dossier.docx" in file.headers["content-disposition"]
    assert any("Ontwerp van antwoord" in p.text for p in Document(io.BytesIO(file.content)).paragraphs)


@pytest.mark.parametrize(
    ("body", "accept", "status"),
    [
        ({}, "*/*", 400),
        ({"text": ""}, "*/*", 400),
        ({"text": " \n\t"}, "*/*", 400),
        ({"text": "x" * (LIMIT + 1)}, "*/*", 400),
        ({"text": "é" * (LIMIT - 1)}, "*/*", 400),
        ({"text": TEXT, "lang": "de"}, "*/*", 400),
        ({"text": TEXT, "colour": "red"}, "*/*", 400),
        ({"text": TEXT, "save": "maybe"}, "*/*", 400),
        ({"text": TEXT}, "image/png", 406),
    ],
)
def test_what_is_refused(client: TestClient, body: dict[str, Any], accept: str, status: int) -> None:
    reply = send(client, accept, **body)
    assert reply.status_code == status and reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["remedy"]


def test_other_methods_and_parameters_are_refused(client: TestClient) -> None:
    assert client.get("/api/dossier").status_code == 405
    assert client.post("/api/dossier?text=x", json={"text": TEXT}).status_code == 400


def test_nothing_is_kept_or_logged_unless_asked(
    client: TestClient, data: Path, access: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "Titel: Geheimnummer\n\n1. Wat weet u over Geheimnummer, en waarom?"
    before = files_below(data)
    with caplog.at_level(logging.DEBUG):
        assert send(client, text=secret).json()["saved"] is None
    assert files_below(data) == before
    assert "/api/dossier" in access.getvalue() and "Geheimnummer" not in access.getvalue() + caplog.text


def test_a_saved_one_is_shown_to_who_has_its_text_and_to_nobody_else(client: TestClient, data: Path) -> None:
    assert send(client, text=TEXT).json()["similar"] == []
    name = send(client, text=TEXT, save=True).json()["saved"]
    assert (data / FOLDER / f"{name}.json").stat().st_mode & 0o777 == 0o600
    assert [one["id"] for one in send(client, text=TEXT).json()["similar"]] == [name]
    assert send(client, text=TEXT.replace("uit?", "nu uit?")).json()["similar"] == []
    for path in (f"/api/dossier/{name}", f"/dossiers/{name}.json", f"/api/dossiers/{name}"):
        assert client.get(path).status_code in (404, 405)


def test_it_stands_in_the_openapi_document(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/api/dossier"]["post"]
    assert set(operation["responses"]["200"]["content"]) == {"application/json", "text/markdown", DOCX}
    assert "422" not in operation["responses"] and "406" in operation["responses"]
