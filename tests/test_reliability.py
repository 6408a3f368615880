"""Kills, full disks and two builds at once, under load: nothing is lost, no other request fails, and the service comes back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from admin_help import with_tokens
from corpus_help import REPORT_FR, run, write_corpus
from service_help import ENDLESS, served, wait_for

from kg.store import current
from search_api import jobs

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent
PATHS = ("/api/measures?limit=5", "/sparql?query=ASK%20%7B%3Fs%20%3Fp%20%3Fo%7D", "/api/search?q=buurt", "/api/suggest?q=buurt")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    assert run(folder / "data", "build", "--corpus", write_corpus(folder / "corpus")).exit_code == 0
    return folder / "data"


@pytest.fixture
def data(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, str]]:
    monkeypatch.setenv("GVPP_ENCODER", "none")
    return tmp_path / "data", with_tokens(built, tmp_path / "data")["documents"]


@contextlib.contextmanager
def load(address: str) -> Iterator[list[int]]:
    """Clients that ask all the time, one of them for what has to be ended; the statuses of the others."""
    stop, statuses = threading.Event(), []

    def client(path: str) -> None:
        with httpx2.Client(base_url=address, timeout=30) as http:
            while not stop.is_set():
                statuses.append(http.get(path).status_code)

    def slow() -> None:
        with httpx2.Client(base_url=address, timeout=30) as http:
            while not stop.is_set():
                http.post("/sparql", data={"query": ENDLESS})

    threads = [threading.Thread(target=client, args=(path,)) for path in PATHS] + [threading.Thread(target=slow)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def upload(address: str, headers: dict[str, str]) -> dict[str, Any]:
    files = {"file": ("rapport-annuel-2024.fr.txt", REPORT_FR.replace("2023", "2024").encode())}
    reply = httpx2.post(f"{address}/api/admin/documents", headers=headers, files=files, timeout=30)
    assert reply.status_code == 202, reply.text
    found: dict[str, Any] = reply.json()
    return found


def state(address: str, job: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{address}/api/admin/jobs/{job['id']}", headers=headers, timeout=30).json()
    return found


def processes(word: str) -> list[int]:
    """Processes of this test that have a word in their command."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and word in (folder / "cmdline").read_bytes().decode("utf-8", "replace"):
                found.append(int(folder.name))
    return found


def has_document(address: str) -> bool:
    return httpx2.get(f"{address}/api/documents/rapport-annuel-2024", timeout=30).status_code == 200


def test_a_server_that_is_killed_loses_no_job(data: tuple[Path, dict[str, str]]) -> None:
    folder, headers = data
    with served(folder, "--seconds", "1") as (address, process):
        job = upload(address, headers)
        process.kill()
        process.wait(10)
    with served(folder, "--seconds", "1") as (address, _):
        wait_for(lambda: state(address, job, headers)["state"] == "done", 90)
        wait_for(lambda: has_document(address))


def test_an_ingest_that_is_killed_leaves_what_was(data: tuple[Path, dict[str, str]]) -> None:
    folder, headers = data
    with served(folder, "--seconds", "1") as (address, _):
        before = httpx2.get(f"{address}/readyz").json()["generation"]
        with load(address) as statuses:
            for pause in (0.5, 2.0):
                job = upload(address, headers)
                wait_for(lambda: state(address, job, headers)["state"] == "running", 30)  # noqa: B023
                time.sleep(pause)
                for pid in processes(f"{jobs.FOLDER}/{job['id']}"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                wait_for(lambda: state(address, job, headers)["state"] in ("failed", "done"), 30)  # noqa: B023
            ended = state(address, job, headers)
            if ended["state"] == "failed":
                assert httpx2.get(f"{address}/readyz").json()["generation"] == before
            again = upload(address, headers)
            wait_for(lambda: state(address, again, headers)["state"] == "done", 90)
            wait_for(lambda: has_document(address))
        assert set(statuses) == {200} and len(statuses) > 50


def test_a_server_that_is_killed_under_load_is_back_at_once(data: tuple[Path, dict[str, str]]) -> None:
    folder, headers = data
    before = current(folder)
    with served(folder, "--seconds", "1") as (address, process):
        port = address.rsplit(":", 1)[1]
        with contextlib.suppress(httpx2.HTTPError), httpx2.Client(base_url=address, timeout=5) as http:
            for _ in range(20):
                http.get(PATHS[2])
            process.kill()
        process.wait(10)
    with served(folder, "--seconds", "1", "--port", port) as (address, _):
        assert httpx2.get(f"{address}/readyz").json()["generation"] == str(before and before.manifest["name"])
        assert state(address, {"id": "20260101000000-0123456789ab"}, headers)["status"] == 404


def test_of_two_builds_at_once_one_is_refused(data: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, _ = data
    corpus = write_corpus(tmp_path / "more", {"rapport-annuel-2024.fr.txt": REPORT_FR.replace("2023", "2024")})
    command = [sys.executable, "-m", "gvpp", "ingest", "--json", str(corpus / "rapport-annuel-2024.fr.txt")]
    environment = {**os.environ, "GVPP_DATA": str(folder), "PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=tmp_path) for _ in range(2)]
    ended = [(each.communicate(timeout=120)[0], each.returncode) for each in both]
    codes = sorted(code for _, code in ended)
    assert codes in ([0, 6], [0, 0])  # refused, or so much later that it had nothing left to do
    for said, code in ended:
        assert code == 0 or "another build is running" in json.loads(said)["what"]
    assert run(folder, "validate").exit_code == 0


def can_mount() -> bool:
    tool = shutil.which("unshare")
    return bool(tool) and subprocess.run([str(tool), "--mount", "true"], capture_output=True, check=False).returncode == 0


FULL = """
import json, shutil, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from admin_help import client_on, ended
source, data, headers = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[4])
shutil.copytree(source, data, dirs_exist_ok=True)
filler = (data / "filler").open("wb")
left = shutil.disk_usage(data).free - int(sys.argv[5])
filler.write(b"0" * left)
filler.close()
with client_on(data) as client:
    before = client.get("/readyz").json()["generation"]
    file = {"file": ("rapport-annuel-2024.fr.txt", sys.argv[6].encode())}
    reply = client.post("/api/admin/documents", headers=headers, files=file)
    job = {"state": reply.status_code, "error": reply.json()}
    if reply.status_code == 202:
        job = ended(client, reply.json(), headers)
    same = client.get("/readyz").json()["generation"] == before
    answers = [client.get(path).status_code for path in sys.argv[7:]]
    (data / "filler").unlink()
    again = client.post("/api/admin/documents", headers=headers, files=file)
    after = ended(client, again.json(), headers)
    print(json.dumps([job["state"], job["error"], same, answers, after["state"]]))
"""


@pytest.mark.skipif(not can_mount(), reason="LEFT OUT: a full disk (needs the right to mount a file system)")
@pytest.mark.parametrize("room", [20_000, 400_000])
def test_on_a_full_disk_the_old_state_answers(data: tuple[Path, dict[str, str]], tmp_path: Path, room: int) -> None:
    folder, headers = data
    disk = tmp_path / "disk"
    disk.mkdir()
    text = REPORT_FR.replace("2023", "2024")
    arguments = [str(folder), str(disk / "data"), str(ROOT / "tests"), json.dumps(headers), str(room), text, *PATHS]
    shell = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=64m none "$0" && exec "$@"', str(disk)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    command = [*shell, sys.executable, "-c", FULL, *arguments]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert told.returncode == 0, told.stderr[-2000:]
    ended, error, same, answers, after = json.loads(told.stdout.splitlines()[-1])
    assert ended in ("failed", 503) and error["what"], error
    assert same and set(answers) == {200}
    assert after == "done"
