"""Administration over HTTP: who may do what, documents in and out, suggestions, personal data, and what is written down of it."""

from __future__ import annotations

import io
import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from admin_help import client_on, ended, with_tokens
from corpus_help import REPORT_FR, Built, run, write_corpus
from service_help import wait_for
from starlette.testclient import TestClient

from kg.judgements import FILE as JUDGEMENTS
from kg.store import build_lock
from search_api import jobs, tokens

Admin = tuple[TestClient, dict[str, dict[str, str]], Path]
ADMIN = "/api/admin"
ROUTES = [
    ("POST", f"{ADMIN}/documents", "documents"),
    ("POST", f"{ADMIN}/documents/jaarverslag-2022/reingest", "documents"),
    ("DELETE", f"{ADMIN}/documents/jaarverslag-2022", "documents"),
    ("POST", f"{ADMIN}/build", "documents"),
    ("GET", f"{ADMIN}/jobs", "documents"),
    ("GET", f"{ADMIN}/jobs/20260101000000-0123456789ab", "documents"),
    ("GET", f"{ADMIN}/suggestions", "review"),
    ("POST", f"{ADMIN}/judgements", "review"),
    ("GET", f"{ADMIN}/personal", "personal"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    assert run(folder / "data", "build", "--corpus", write_corpus(folder / "corpus")).exit_code == 0
    return folder / "data"


@pytest.fixture
def admin(built: Path, tmp_path: Path) -> Iterator[Admin]:
    headers = with_tokens(built, tmp_path / "data")
    with client_on(tmp_path / "data") as client:
        yield client, headers, tmp_path / "data"


def audit(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data / "audit.jsonl").read_text("utf-8").splitlines()]


def upload(client: TestClient, headers: dict[str, str], name: str, content: bytes | str, **fields: str) -> Any:
    body = content.encode() if isinstance(content, str) else content
    return client.post(f"{ADMIN}/documents", headers=headers, files={"file": (name, body)}, data=fields)


# ---------------------------------------------------------------- who may


def test_without_tokens_there_is_no_administration(sample_build: Built) -> None:
    with client_on(sample_build.data) as client:
        assert not [path for path in client.get("/openapi.json").json()["paths"] if "admin" in path]
        for method, path, _ in ROUTES:
            reply = client.request(method, path, headers={"authorization": "Bearer x"})
            assert (reply.status_code, reply.json()["type"]) == (404, "/problems#not-found"), path


def test_each_route_needs_its_scope(admin: Admin) -> None:
    client, headers, data = admin
    for method, path, scope in ROUTES:
        for wrong in ({}, {"authorization": "Bearer gvpp_00000000_x"}, {"authorization": "Basic YTpi"}):
            reply = client.request(method, path, headers=wrong)
            assert reply.status_code == 401 and reply.headers["www-authenticate"].startswith("Bearer"), path
            assert "access-control-allow-origin" not in reply.headers
        for other in set(tokens.SCOPES) - {scope}:
            reply = client.request(method, path, headers=headers[other])
            assert (reply.status_code, reply.json()["type"]) == (403, "/problems#scope"), path
    refused = [line for line in audit(data) if line["action"] == "refused"]
    assert len(refused) == 2 * len(ROUTES) and {line["name"] for line in refused} == set(tokens.SCOPES)
    assert not jobs.listed(data)


def test_a_token_in_the_address_or_in_a_cookie_is_none(admin: Admin) -> None:
    client, headers, _ = admin
    secret = headers["personal"]["authorization"].split()[1]
    assert client.get(f"{ADMIN}/personal", params={"token": secret}).status_code in (400, 401)
    cookie = {"cookie": f"token={secret}; authorization=Bearer {secret}"}
    assert client.get(f"{ADMIN}/personal", headers=cookie).status_code == 401


def test_no_secret_and_no_word_of_a_request_stands_in_the_log(built: Path, tmp_path: Path) -> None:
    headers, lines = with_tokens(built, tmp_path / "data"), io.StringIO()
    with client_on(tmp_path / "data", access=lines) as client:
        for given in (headers["personal"], {"authorization": "Bearer verkeerdgeheim"}):
            client.get(f"{ADMIN}/personal", headers=given)
            client.delete(f"{ADMIN}/documents/geheimdocument", headers=given)
            upload(client, given, "geheimnaam.exe", "geheiminhoud")
    text = lines.getvalue()
    assert text.count("\n") == 6 and "geheim" not in text
    assert not [each for each in headers.values() if each["authorization"].split()[1] in text]
    assert "geheim" not in json.dumps(audit(tmp_path / "data"))


def test_revoking_takes_effect_in_a_running_service(admin: Admin) -> None:
    client, headers, data = admin
    assert client.get(f"{ADMIN}/jobs", headers=headers["documents"]).status_code == 200
    for token in tokens.read(data):
        if token.name == "documents":
            tokens.revoke(data, token.id)
    assert client.get(f"{ADMIN}/jobs", headers=headers["documents"]).status_code == 401
    for token in tokens.read(data):
        tokens.revoke(data, token.id)
    assert client.get(f"{ADMIN}/jobs", headers=headers["all"]).status_code == 404


# ---------------------------------------------------------------- documents


def test_a_document_comes_in_and_goes_again(admin: Admin) -> None:
    client, headers, data = admin
    mine = headers["documents"]
    reply = upload(client, mine, "Rapport 2024.fr.txt", REPORT_FR.replace("2023", "2024"), id="rapport-annuel-2024", title="-x")
    assert reply.status_code == 202, reply.text
    job = reply.json()
    assert reply.headers["location"] == f"{ADMIN}/jobs/{job['id']}" and job["state"] in ("waiting", "running")
    done = ended(client, job, mine)
    assert (done["state"], done["result"]["added"]) == ("done", ["rapport-annuel-2024"]), done
    assert str(data) not in json.dumps(done)
    assert not list((data / jobs.FOLDER / job["id"]).glob("*.txt"))  # the upload may hold personal data
    wait_for(lambda: client.get("/api/documents/rapport-annuel-2024").status_code == 200)

    again = client.post(f"{ADMIN}/documents/rapport-annuel-2024/reingest", headers=mine)
    assert again.status_code == 202
    kept = ended(client, again.json(), mine)
    assert (kept["state"], kept["result"]["changed"]) == ("done", False), kept

    gone = client.delete(f"{ADMIN}/documents/rapport-annuel-2024", headers=mine)
    assert ended(client, gone.json(), mine)["result"]["removed"] == ["rapport-annuel-2024"]
    wait_for(lambda: client.get("/api/documents/rapport-annuel-2024").status_code == 404)
    assert client.delete(f"{ADMIN}/documents/rapport-annuel-2024", headers=mine).status_code == 404

    lines = audit(data)
    assert [line["action"] for line in lines] == ["upload", "ended", "reingest", "ended", "remove", "ended"]
    assert {line["name"] for line in lines if "name" in line} == {"documents"}
    assert stat.S_IMODE((data / "audit.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / jobs.FOLDER).stat().st_mode) == 0o700


WRONG: list[tuple[str, bytes | str, dict[str, str], int]] = [
    ("../../etc/passwd.txt", "x", {}, 400),
    ("..\\x.txt", "x", {}, 400),
    (".hidden.txt", "x", {}, 400),
    ("x" * 300 + ".txt", "x", {}, 400),
    ("x.exe", "x", {}, 415),
    ("x", "x", {}, 415),
    ("x.pdf", "no pdf", {}, 415),
    ("x.docx", "%PDF-1.7", {}, 415),
    ("x.txt", b"MZ\x00\x00\x01", {}, 415),
    ("x.txt", b"", {}, 400),
    ("x.txt", "x", {"id": "../x"}, 400),
    ("x.txt", "x", {"genre": "novel"}, 400),
    ("x.txt", "x", {"year": "20"}, 400),
    ("x.txt", "x", {"lang": "de"}, 400),
    ("x.txt", "x", {"command": "build"}, 400),
    ("x.txt", "x", {f"f{i}": "x" for i in range(20)}, 400),
]


def test_what_is_no_document_is_refused_at_the_door(admin: Admin) -> None:
    client, headers, data = admin
    for name, content, fields, status in WRONG:
        reply = upload(client, headers["documents"], name, content, **fields)
        assert reply.status_code == status, (name, fields, reply.text)
    assert not jobs.listed(data)


def test_other_bodies_are_no_uploads(admin: Admin) -> None:
    client, headers, _ = admin
    mine = headers["documents"]
    assert client.post(f"{ADMIN}/documents", headers=mine, json={"file": "x"}).status_code == 415
    assert client.post(f"{ADMIN}/documents", headers=mine, files={"other": ("x.txt", b"x")}).status_code == 400
    two = [("file", ("a.txt", b"x")), ("file", ("b.txt", b"x"))]
    assert client.post(f"{ADMIN}/documents", headers=mine, files=two).status_code == 400
    broken = {**mine, "content-type": "multipart/form-data; boundary=x"}
    assert client.post(f"{ADMIN}/documents", headers=broken, content=b"--y\r\n").status_code == 400
    assert client.post(f"{ADMIN}/documents", headers={**broken, "content-length": "99999999"}, content=b"").status_code == 413


def test_a_file_that_cannot_be_read_fails_its_job_alone(admin: Admin) -> None:
    client, headers, data = admin
    before = client.get("/readyz").json()["generation"]
    job = upload(client, headers["documents"], "rapport.pdf", b"%PDF-1.7\n%%EOF").json()
    failed = ended(client, job, headers["documents"])
    assert failed["state"] == "failed" and failed["error"]["what"] and "rapport.pdf" in failed["error"]["where"]
    assert str(data) not in json.dumps(failed)
    assert client.get("/readyz").json()["generation"] == before


def test_a_job_waits_for_a_build_of_somebody_else(admin: Admin) -> None:
    client, headers, data = admin
    with build_lock(data):
        job = client.post(f"{ADMIN}/build", headers=headers["documents"]).json()
        wait_for(lambda: client.get(f"{ADMIN}/jobs/{job['id']}", headers=headers["documents"]).json()["state"] == "running")
    assert ended(client, job, headers["documents"])["state"] == "done"


def test_a_job_has_limits(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    client, headers, _ = admin
    for name, value, words in (("seconds", 1, "longer than 1 s"), ("memory", 40 * 1024**2, "")):
        monkeypatch.setattr(jobs, "LIMITS", {**{"seconds": 60, "memory": 3 * 1024**3, "file": 1024**3}, name: value})
        job = upload(client, headers["documents"], "rapport-annuel-2024.fr.txt", REPORT_FR).json()
        failed = ended(client, job, headers["documents"])
        assert failed["state"] == "failed" and words in failed["error"]["what"], failed


def test_only_so_many_jobs_wait(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    client, headers, data = admin
    monkeypatch.setattr(jobs, "WAITING", 1)
    with build_lock(data):
        first = client.post(f"{ADMIN}/build", headers=headers["documents"])
        second = client.post(f"{ADMIN}/build", headers=headers["documents"])
        assert (first.status_code, second.status_code) == (202, 503) and second.headers["retry-after"]
    assert ended(client, first.json(), headers["documents"])["state"] == "done"


def test_a_job_that_is_killed_is_told_as_failed(built: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(built, data)
    folder = data / jobs.FOLDER / "20260101000000-0123456789ab"
    folder.mkdir(parents=True)
    jobs.write(folder / "job.json", {"id": folder.name, "state": "running", "created": "", "command": [], "limits": {}})
    found = jobs.find(data, folder.name)
    assert found and found["state"] == "failed" and "ended" in found["error"]["what"]
    assert jobs.find(data, "../../data") is None


def test_what_a_killed_job_left_goes_with_the_next_one(admin: Admin) -> None:
    client, headers, data = admin
    folder = data / jobs.FOLDER / "20260101000000-0123456789ab"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "x.txt").write_text("contact@example.org")
    left = {"id": folder.name, "kind": "upload", "about": "x", "by": "x", "state": "running", "created": "", "ended": None}
    more = {"upload": "x.txt", "command": [], "limits": {}, "result": None, "error": None}
    jobs.write(folder / "job.json", {**left, **more})
    job = client.post(f"{ADMIN}/build", headers=headers["documents"]).json()
    assert not (folder / "x.txt").exists()
    assert {each["id"] for each in client.get(f"{ADMIN}/jobs", headers=headers["documents"]).json()["items"]} == {
        job["id"],
        folder.name,
    }
    assert ended(client, job, headers["documents"])["state"] == "done"


# ---------------------------------------------------------------- suggestions, personal data


def test_a_suggestion_is_judged_once(suggested_build: Path, tmp_path: Path) -> None:
    headers = with_tokens(suggested_build, tmp_path / "data")
    with client_on(tmp_path / "data") as client:
        mine = headers["review"]
        listed = client.get(f"{ADMIN}/suggestions", params={"limit": 1}, headers=mine).json()
        first = listed["items"][0]
        verdict = {"subject": first["subject"]["ref"], "property": first["property"], "object": first["object"]["ref"]}
        assert client.post(f"{ADMIN}/judgements", json={**verdict, "verdict": "perhaps"}, headers=mine).status_code == 400
        made = client.post(f"{ADMIN}/judgements", json={**verdict, "verdict": "reject", "why": "=1+1"}, headers=mine)
        assert made.status_code == 201 and made.json()["who"] == "review", made.text
        twice = client.post(f"{ADMIN}/judgements", json={**verdict, "verdict": "accept"}, headers=mine)
        assert twice.status_code == 404
        assert client.get(f"{ADMIN}/suggestions", headers=mine).json()["total"] == listed["total"] - 1
    assert [line["action"] for line in audit(tmp_path / "data")] == ["reject"]
    assert verdict["object"] in (tmp_path / "data" / JUDGEMENTS).read_text("utf-8")


def test_personal_data_is_shown_to_its_scope_and_written_down(admin: Admin) -> None:
    client, headers, data = admin
    reply = client.get(f"{ADMIN}/personal", headers=headers["personal"])
    assert "persoon.voorbeeld@example.org" in reply.text and reply.headers["cache-control"] == "no-store"
    assert all(row["iri"] and row["label"] for row in reply.json()["items"])
    assert [line["action"] for line in audit(data)] == ["personal"]
    assert "example.org" not in json.dumps(audit(data))


def test_what_cannot_be_written_down_is_refused(admin: Admin) -> None:
    client, headers, data = admin
    (data / "audit.jsonl").mkdir()
    reply = client.get(f"{ADMIN}/personal", headers=headers["personal"])
    assert reply.status_code == 503 and "example.org" not in reply.text
