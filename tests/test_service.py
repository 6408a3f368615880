"""The HTTP service as a whole: answers, lists, details, errors, headers, caching, readiness and a new generation."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_help import Built
from service_help import ENDLESS, wait_for
from starlette.testclient import TestClient

from kg.settings import Settings
from kg.store import current
from search_api import models
from search_api.service import create_app
from search_api.sparql_run import Limits

LISTS = ("plans", "themes", "measures", "initiatives", "organisations", "zones", "resolutions", "documents", "findings")
QUESTION = "Welke initiatieven voeren maatregel 2.3 uit?"
SECRET = "vertrouwelijkewoorden"


@pytest.fixture(scope="module")
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def client(sample_build: Built, lines: io.StringIO) -> Iterator[TestClient]:
    app = create_app(Settings(data=sample_build.data, encoder="none"), Limits(workers=2, seconds=2.0), access=lines)
    with TestClient(app, raise_server_exceptions=False) as found:
        yield found


def problem(reply: Any, status: int, kind: str) -> dict[str, Any]:
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), reply.text
    found: dict[str, Any] = reply.json()
    models.ProblemDocument.model_validate(found)
    assert found["type"] == f"/problems#{kind}"
    assert found["instance"] == f"urn:request:{reply.headers['x-request-id']}"
    return found


# ---------------------------------------------------------------- questions


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_a_question_is_answered_by_get_and_post_alike(client: TestClient, lang: str) -> None:
    got = client.get("/api/ask", params={"q": QUESTION, "lang": lang})
    posted = client.post("/api/ask", json={"q": QUESTION, "lang": lang})
    assert got.json() == posted.json()
    answer = models.AskAnswer.model_validate(got.json())
    assert (answer.status, answer.lang) == ("answered", lang)
    assert all(row.citations and row.citations[0].quote for row in answer.answers)
    assert posted.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "extra", "where"),
    [
        ("GET", "/api/ask", {}, "query.q"),
        ("GET", "/api/ask", {"params": {"q": ""}}, "query.q"),
        ("GET", "/api/ask", {"params": {"q": "x" * 2001}}, "query.q"),
        ("GET", "/api/ask", {"params": {"q": "x", "lang": "de"}}, "query.lang"),
        ("GET", "/api/ask", {"params": {"q": "x", "langue": "fr"}}, "query.langue"),
        ("POST", "/api/ask", {"json": {"q": "x", "extra": 1}}, "body.extra"),
        ("POST", "/api/ask", {"json": ["x"]}, "body"),
        ("POST", "/api/ask", {"content": "{", "headers": {"content-type": "application/json"}}, "body.1"),
        ("GET", "/api/measures", {"params": {"limit": 0}}, "query.limit"),
        ("GET", "/api/measures", {"params": {"limit": 501}}, "query.limit"),
        ("GET", "/api/measures", {"params": {"offset": -1}}, "query.offset"),
        ("GET", "/api/measures", {"params": {"genre": "plan"}}, "query.genre"),
    ],
)
def test_what_is_not_a_request_is_refused_by_name(
    client: TestClient, method: str, path: str, extra: dict[str, Any], where: str
) -> None:
    found = problem(client.request(method, path, **extra), 400, "request")
    assert found["where"] == where
    assert found["what"]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/api/ask?q=a&q=b", "q"),
        ("/api/measures?limit=1&limit=2", "limit"),
        ("/api/plans/gvpp-2021-2024?lang=nl", "lang"),
        ("/id/plan/gvpp-2021-2024?x=1", "x"),
    ],
)
def test_repeated_and_unknown_parameters_are_refused_everywhere(client: TestClient, path: str, where: str) -> None:
    assert problem(client.get(path), 400, "parameter")["where"] == where


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/measures/gvpp-2021-2024/99.9", 404),
        ("/api/passages/jaarverslag-2022/0", 404),
        ("/api/documents/none/text", 404),
        ("/doc/plan/none", 404),
        ("/api/plans/gvpp-2021-2024", 304),
        ("/doc/plan/gvpp-2021-2024", 304),
        ("/api/plans", 304),
    ],
)
def test_whatever_there_is_is_known_and_nothing_else(client: TestClient, path: str, status: int) -> None:
    assert client.get(path, headers={"if-none-match": "*"}).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/api/measures/gvpp-2021-2024/99.9", 404, "not-found"),
        ("GET", "/api/measures/", 404, "not-found"),
        ("GET", "/api/passages/jaarverslag-2022/0", 404, "not-found"),
        ("GET", "/api/documents/none/text", 404, "not-found"),
        ("GET", "/api/plans/..%2f..%2fetc", 400, "request"),
        ("GET", "/api/plans/a%20b", 400, "request"),
        ("DELETE", "/api/plans", 405, "method-not-allowed"),
        ("POST", "/api/plans", 405, "method-not-allowed"),
        ("PUT", "/api/ask", 405, "method-not-allowed"),
    ],
)
def test_every_error_is_a_problem_document(client: TestClient, method: str, path: str, status: int, kind: str) -> None:
    reply = client.request(method, path)
    problem(reply, status, kind)
    if status == 405:
        assert reply.headers["allow"] == ("GET, HEAD, POST" if path == "/api/ask" else "GET, HEAD")


# ---------------------------------------------------------------- lists and details


@pytest.mark.parametrize("name", LISTS)
def test_every_list_can_be_walked_and_every_item_opened(client: TestClient, name: str) -> None:
    whole = client.get(f"/api/{name}", params={"limit": 500}).json()
    models.Page.model_validate(whole)
    assert whole["total"] == len(whole["items"]) > 0
    walked: list[dict[str, Any]] = []
    path: str | None = f"/api/{name}?limit={max(1, whole['total'] // 3)}"
    while path:
        reply = client.get(path)
        part = reply.json()
        walked += part["items"]
        path = part["next"]
        assert ("link" in reply.headers) == (path is not None)
    assert walked == whole["items"]
    assert len({item["iri"] for item in walked}) == len(walked)
    for item in walked[:3] + walked[-2:]:
        found = client.get(f"/api/{name}/{item['reference']}")
        assert found.status_code == 200, found.text
        models.Detail.model_validate(found.json())
        assert found.json()["iri"] == item["iri"]
        assert found.json()["label"] == item["label"] or name == "findings"


def test_lists_are_filtered(client: TestClient) -> None:
    def total(name: str, **filters: str) -> int:
        return int(client.get(f"/api/{name}", params=filters).json()["total"])

    plans = [item["reference"] for item in client.get("/api/plans").json()["items"]]
    assert plans == sorted(plans, reverse=True)
    assert sum(total("measures", plan=plan) for plan in plans) == total("measures") > total("measures", plan=plans[0]) > 0
    assert 0 < total("measures", theme=f"{plans[0]}/1") < total("measures", plan=plans[0])
    assert 0 < total("initiatives", zone="politiezone-5340") < total("initiatives")
    measure = client.get(f"/api/measures/{plans[1]}/2.3").json()
    assert total("initiatives", measure=f"{plans[1]}/2.3") == len(measure["incoming"]["gvpp:implements"]) > 0
    assert total("documents", genre="report", year="2022") == 1
    assert total("measures", plan="gvpp-1999") == 0


def test_numbers_are_in_the_order_of_numbers(client: TestClient) -> None:
    items = client.get("/api/measures", params={"plan": "gvpp-2021-2024", "limit": 500}).json()["items"]
    numbers = [tuple(map(int, item["number"].split("."))) for item in items]
    assert numbers == sorted(numbers)
    assert len(numbers) > 10


def test_a_zone_is_found_by_its_number(client: TestClient) -> None:
    assert client.get("/api/zones/5340").json()["iri"] == client.get("/api/organisations/politiezone-5340").json()["iri"]


def test_evidence_leads_to_the_passage_and_the_passage_to_the_text(client: TestClient) -> None:
    measure = client.get("/api/measures/gvpp-2021-2024/2.3").json()
    proof = next(row for row in measure["evidence"] if row["property"] == "gvpp:implements")
    citation = proof["citation"]
    reference = citation["url"].split("/id/passage/")[1]
    reply = client.get(f"/api/passages/{reference}")
    passage = models.PassageDetail.model_validate(reply.json())
    assert citation["quote"] in passage.text
    assert any(row.citation.quote == citation["quote"] for row in passage.statements)
    text = client.get(f"/api/documents/{passage.document}/text", params={"lang": passage.lang}).text
    assert passage.text.split()[0] in text[passage.start : passage.end]
    before = client.get(f"/api/passages/{passage.previous}").json()
    assert before["next"] == reference
    assert before["start"] < passage.start


def test_a_text_in_two_languages_has_to_be_chosen(client: TestClient) -> None:
    assert problem(client.get("/api/documents/gvpp-2021-2024/text"), 400, "parameter")["where"] == "lang"
    french = client.get("/api/documents/gvpp-2021-2024/text?lang=fr")
    assert french.headers["content-language"] == "fr"
    assert french.text != client.get("/api/documents/gvpp-2021-2024/text?lang=nl").text


# ---------------------------------------------------------------- headers


def test_unchanged_answers_are_not_sent_again(client: TestClient) -> None:
    for path in (
        "/api/plans",
        f"/api/ask?q={QUESTION}",
        "/doc/plan/gvpp-2021-2024",
        "/sparql?query=ASK%20%7B%7D",
        "/download/gvpp.nt",
    ):
        first = client.get(path)
        assert first.headers["last-modified"].endswith("GMT")
        for headers in ({"if-none-match": first.headers["etag"]}, {"if-modified-since": first.headers["last-modified"]}):
            second = client.get(path, headers=headers)
            assert (second.status_code, second.content) == (304, b""), path
        assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_security_headers_and_request_ids_are_on_every_answer(client: TestClient) -> None:
    for path in ("/api/plans", "/nowhere", "/healthz", "/sparql?query=nonsense"):
        reply = client.get(path, headers={"x-request-id": "my-request-0001"})
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert reply.headers["x-request-id"] == "my-request-0001"
    assert client.get("/healthz", headers={"x-request-id": 'bad"id\t'}).headers["x-request-id"] != 'bad"id\t'


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/plans", True),
        ("GET", "/sparql?query=ASK%20%7B%7D", True),
        ("POST", "/sparql", True),
        ("GET", "/sparql?query=wrong", True),
        ("POST", "/api/ask", False),
        ("GET", "/", False),
        ("GET", "/doc/plan/gvpp-2021-2024", False),
        ("GET", "/metrics", False),
    ],
)
def test_other_sites_may_read_the_api_and_sparql_alone(client: TestClient, method: str, path: str, allowed: bool) -> None:
    reply = client.request(method, path, headers={"origin": "https://other.example"})
    assert (reply.headers.get("access-control-allow-origin") == "*") is allowed
    preflight = client.options(path, headers={"origin": "https://other.example", "access-control-request-method": method})
    if path.startswith(("/api/plans", "/sparql")):
        assert preflight.status_code == 204
        assert ("POST" in preflight.headers["access-control-allow-methods"]) is path.startswith("/sparql")
    else:
        assert "POST" not in preflight.headers.get("access-control-allow-methods", "")


@pytest.mark.parametrize("path", ["/api/measures", "/sparql?query=SELECT%20*%20%7B%3Fs%20%3Fp%20%3Fo%7D%20LIMIT%2050"])
def test_answers_are_compressed_for_those_who_can_read_it(client: TestClient, path: str) -> None:
    plain = client.get(path, headers={"accept-encoding": "identity"})
    packed = client.get(path, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.json() == packed.json()
    assert "accept-encoding" in plain.headers["vary"].lower() and "accept-encoding" in packed.headers["vary"].lower()


def test_head_is_get_without_its_body(client: TestClient) -> None:
    for path in ("/api/plans", "/sparql?query=ASK%20%7B%7D", "/healthz"):
        assert client.head(path).status_code == client.get(path).status_code == 200


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    problem(client.post("/api/ask", content=b"x" * 1_100_000, headers={"content-type": "application/json"}), 413, "too-large")


def test_no_line_holds_a_question(client: TestClient, lines: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/api/ask", params={"q": f"maatregel 2.3 {SECRET}"})
    client.post("/api/ask", json={"q": f"maatregel 2.3 {SECRET}"})
    client.get("/api/ask", params={"q": SECRET, SECRET: "x"})
    client.get("/sparql", params={"query": f"SELECT * {{ ?s ?p '{SECRET}' "})
    client.get(f"/nowhere/{SECRET}", params={"q": SECRET})
    written = lines.getvalue()
    entries = [json.loads(line) for line in written.splitlines()]
    assert {entry["route"] for entry in entries} >= {"/api/ask", "/sparql", "none"}
    assert all(entry["request"] and entry["ms"] >= 0 for entry in entries)
    assert SECRET not in written + caplog.text + client.get("/metrics").text


# ---------------------------------------------------------------- operation


def test_metrics_count_requests_and_workers(client: TestClient) -> None:
    client.get("/api/plans")
    client.get("/sparql", params={"query": ENDLESS})
    text = client.get("/metrics").text
    assert 'gvpp_requests_total{method="GET",route="/api/plans",status="200"}' in text
    assert 'gvpp_requests_total{method="GET",route="/sparql",status="422"}' in text
    assert 'gvpp_worker_events_total{event="timeouts"}' in text
    assert "gvpp_ready 1.0" in text


def test_a_query_that_takes_too_long_is_told(client: TestClient) -> None:
    found = problem(client.get("/sparql", params={"query": ENDLESS}), 422, "query-timed-out")
    assert "2 seconds" in found["what"]
    assert client.get("/sparql", params={"query": "ASK {}"}).status_code == 200


def test_the_openapi_document_is_complete(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            assert operation["operationId"]
            for parameter in operation.get("parameters", []):
                shown = json.dumps(parameter)
                assert parameter.get("description") or parameter["schema"].get("description"), (path, parameter["name"])
                assert (
                    "example" in shown
                    or parameter["schema"].get("default") is not None
                    or parameter["name"] not in ("q", "reference")
                )
    assert {f"/api/{name}" for name in LISTS} <= set(document["paths"])
    example = document["components"]["schemas"]["AskBody"]["examples"][0]
    assert client.post("/api/ask", json=example).status_code == 200


def test_a_damaged_data_folder_does_not_tell_where_it_is(tmp_path: Path, sample_build: Built) -> None:
    data = tmp_path / "data"
    shutil.copytree(sample_build.data, data)
    generation = current(data)
    assert generation is not None
    shutil.rmtree(generation.path / "store")
    with TestClient(create_app(Settings(data=data, encoder="none"), Limits(workers=1)), raise_server_exceptions=False) as client:
        found = problem(client.get("/api/plans"), 503, "store")
        assert client.get("/readyz").status_code == 503
    assert str(tmp_path) not in json.dumps(found)


def test_without_data_the_service_waits_and_says_so(tmp_path: Path, sample_build: Built) -> None:
    with TestClient(create_app(Settings(data=tmp_path / "data"), Limits(workers=1)), raise_server_exceptions=False) as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/readyz", "/api/plans", "/sparql?query=ASK%20%7B%7D", "/doc/plan/x", "/"):
            reply = client.get(path)
            assert "gvpp build" in problem(reply, 503, "store")["remedy"]
            assert int(reply.headers["retry-after"]) > 0
        shutil.copytree(sample_build.data, tmp_path / "data")
        wait_for(lambda: client.get("/readyz").status_code == 200)
        assert client.get("/api/plans").json()["total"] > 0


def test_asking_on_the_command_line_does_not_load_the_service() -> None:
    code = "import gvpp, search_api.answers, sys; sys.exit(bool({'fastapi', 'uvicorn', 'prometheus_client'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
