"""`gvpp serve` as a process of its own: a new generation, a stop, a kill, a client that leaves."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from pathlib import Path

import httpx2
import pytest
from corpus_help import Built, run
from service_help import ENDLESS, again, served, wait_for

from kg.store import current

QUESTION = "Welke initiatieven voeren maatregel 2.3 uit?"


def test_a_new_generation_is_picked_up_without_a_failed_request(sample_build: Built, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(sample_build.data, data)
    first = current(data)
    assert first is not None
    replies: list[tuple[str, int, str]] = []
    stop = threading.Event()

    def client(address: str, path: str) -> None:
        with httpx2.Client(base_url=address, timeout=30) as http:
            while not stop.is_set():
                reply = http.get(path)
                replies.append((path, reply.status_code, reply.headers.get("etag", "")))

    with served(data) as (address, process):
        paths = (
            "/api/measures?limit=5",
            "/sparql?query=SELECT%20*%20%7B%3Fs%20%3Fp%20%3Fo%7D%20LIMIT%202",
            f"/api/ask?q={QUESTION}",
        )
        threads = [threading.Thread(target=client, args=(address, path)) for path in paths]
        for thread in threads:
            thread.start()
        try:
            for _ in range(2):  # the second one removes the folder of the first
                before = httpx2.get(f"{address}/readyz").json()["generation"]
                expected = again(data).manifest["name"]
                wait_for(lambda: httpx2.get(f"{address}/readyz").json()["generation"] == expected)  # noqa: B023
                assert before != expected
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        process.terminate()
        assert process.wait(20) == 0
    assert {status for _, status, _ in replies} == {200}
    for path in paths:
        assert len({etag for place, _, etag in replies if place == path}) >= 2
    assert not first.path.exists()


def test_workers_do_not_outlive_a_server_that_is_killed(sample_build: Built) -> None:
    with served(sample_build.data, "--seconds", "1") as (address, process):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.exists():
            pytest.skip("LEFT OUT: this system does not list the children of a process")
        workers = [
            int(pid) for task in Path(f"/proc/{process.pid}/task").iterdir() for pid in (task / "children").read_text().split()
        ]
        assert len(workers) == 2
        with contextlib.suppress(httpx2.TimeoutException):  # one of them is busy
            httpx2.post(f"{address}/sparql", data={"query": ENDLESS}, timeout=0.3)
        process.kill()
        process.wait(10)
        wait_for(lambda: not [pid for pid in workers if running(pid)])


def running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_an_address_that_is_taken_is_wrong_use(sample_build: Built) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run(sample_build.data, "serve", "--port", taken.getsockname()[1])
    assert result.exit_code == 2
    assert "--port" in result.stderr


def test_a_stop_lets_a_running_query_finish(sample_build: Built) -> None:
    slow = (
        "SELECT (COUNT(*) AS ?n) { ?a a gvpp:Measure ; ?b ?c . ?d a gvpp:Measure ; ?e ?f "
        "FILTER(STRLEN(STR(?c)) + STRLEN(STR(?f)) < 0) }"
    )  # a second or so
    with served(sample_build.data, "--seconds", "60") as (address, process):
        results: list[int] = []
        thread = threading.Thread(
            target=lambda: results.append(httpx2.post(f"{address}/sparql", data={"query": slow}, timeout=90).status_code)
        )
        thread.start()
        wait_for(lambda: "gvpp_workers_busy 1.0" in httpx2.get(f"{address}/metrics").text)
        process.terminate()
        thread.join()
        assert process.wait(30) == 0
    assert results == [200]


def test_a_query_ends_when_its_client_leaves(sample_build: Built) -> None:
    with served(sample_build.data, "--seconds", "60") as (address, _):
        with pytest.raises(httpx2.TimeoutException):
            httpx2.post(f"{address}/sparql", data={"query": ENDLESS}, timeout=1)
        wait_for(lambda: 'gvpp_worker_events_total{event="cancelled"} 1.0' in httpx2.get(f"{address}/metrics").text)
        wait_for(lambda: "gvpp_workers_busy 0.0" in httpx2.get(f"{address}/metrics").text)
