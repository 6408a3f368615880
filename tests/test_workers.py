"""The pool of worker processes: time limit, caps, queue, death, and a new generation."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from service_help import BASE, ENDLESS, ONE, small, with_pool

from kg.errors import QueryError, StoreError
from kg.store import Generation
from search_api.sparql_run import Answer, Exhausted, Job, Limits, NotAcceptable, TimedOut, TooLarge
from search_api.workers import Busy, Pool


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    return small(tmp_path_factory.mktemp("workers") / "data")


async def until(condition: object, seconds: float = 10.0) -> None:
    """Wait until something holds; fails where it never does."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_queries_are_answered_with_their_generation(generation: Generation) -> None:
    async def work(pool: Pool) -> tuple[Answer, Answer, Answer]:
        table = await pool.run(Job(ONE, result="text/csv"))
        yes = await pool.run(Job("ASK { ?s ?p ?o }"))
        graph = await pool.run(
            Job("CONSTRUCT { <id/x> dct:title ?o } WHERE { <id/thing/0> dct:title ?o }", graph="application/n-triples")
        )
        return table, yes, graph

    table, yes, graph = with_pool(generation, work)
    assert (table.media_type, table.body) == ("text/csv", b"o\r\ntitle 0\r\n")
    assert table.generation == generation.manifest["name"]
    assert b'"boolean":true' in yes.body
    assert graph.body.decode() == f'<{BASE}/id/x> <http://purl.org/dc/terms/title> "title 0"@nl .\n'


def test_a_query_that_takes_too_long_is_ended_and_its_worker_replaced(generation: Generation) -> None:
    async def work(pool: Pool) -> None:
        before = {worker.process.pid for worker in pool.workers}
        with pytest.raises(TimedOut, match=r"longer than 0\.5 seconds"):
            await pool.run(Job(ENDLESS))
        await until(lambda: pool.counts["started"] == 3 and len(pool.workers) == 2)
        after = {worker.process.pid for worker in pool.workers}
        assert len(before & after) == 1
        await until(lambda: not any(alive(pid) for pid in before - after))
        assert (await pool.run(Job(ONE))).body

    with_pool(generation, work)


@pytest.mark.parametrize(
    ("path", "hinted"),
    [
        ("?x dct:subject/dct:isPartOf* ?y", True),
        ("?x (gvpp:implements/dct:isPartOf+) <id/plan/x>", True),
        ("?x gvpp:implements/(dct:isPartOf)* ?y", True),
        ("?x dct:isPartOf*/dct:subject ?y", True),
        ("?x dct:isPartOf* ?y . ?z dct:subject ?x", False),
        ("?x dct:subject/dct:isPartOf ?y FILTER(1 / 2 * 3 > 0)", False),
    ],
)
def test_a_slow_path_is_named_in_the_error(generation: Generation, path: str, hinted: bool) -> None:
    async def work(pool: Pool) -> str:
        with pytest.raises(TimedOut) as error:
            await pool.run(Job(ENDLESS.replace("?a ?b ?c", f"?a ?b ?c OPTIONAL {{ {path} }} ?a ?b ?c")))
        return error.value.remedy

    assert ("two patterns" in with_pool(generation, work, seconds=0.2, workers=1)) is hinted


def test_kill_9_of_an_idle_worker_is_not_noticed_by_anybody(generation: Generation) -> None:
    async def work(pool: Pool) -> None:
        for worker in list(pool.workers):
            os.kill(worker.process.pid, signal.SIGKILL)
        answers = await asyncio.gather(*(pool.run(Job(ONE)) for _ in range(10)))
        assert {answer.body for answer in answers} == {answers[0].body}
        await until(lambda: len(pool.workers) == 2 and not pool.busy)
        assert pool.counts["died"] == 2

    with_pool(generation, work)


def test_kill_9_of_a_busy_worker_runs_its_query_again(generation: Generation) -> None:
    long = ENDLESS.replace(" ?g ?h ?i . ?j ?k ?l", " VALUES ?l { 1 }")  # some tenths of a second

    async def work(pool: Pool) -> None:
        task = asyncio.ensure_future(pool.run(Job(ENDLESS)))
        await until(lambda: pool.busy == 1)
        busy = next(worker for worker in pool.workers if worker not in pool.idle)
        os.kill(busy.process.pid, signal.SIGKILL)
        with pytest.raises(TimedOut):  # the second worker took it over and was ended in its turn, after the whole time limit
            await task
        assert pool.counts["retried"] == 1
        assert (await pool.run(Job(long))).body

    with_pool(generation, work, seconds=3)


def test_a_query_that_kills_every_worker_is_given_up(generation: Generation) -> None:
    async def work(pool: Pool) -> None:
        greedy = "SELECT ?x { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i BIND(CONCAT(STR(?c), STR(?f), STR(?i)) AS ?x) } ORDER BY ?x"
        with pytest.raises(Exhausted, match="ended the process"):
            await pool.run(Job(greedy))
        await until(lambda: len(pool.workers) == 2)
        assert (await pool.run(Job(ONE))).body

    with_pool(generation, work, seconds=60, memory=200 * 2**20)


@pytest.mark.parametrize(
    "form", ["application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"]
)
def test_results_over_a_cap_are_refused_whole(generation: Generation, form: str) -> None:
    everything = 'SELECT ?o (" \\"}\\r\\n<result>,{" AS ?trap) { ?s dct:title ?o }'

    async def work(pool: Pool) -> None:
        with pytest.raises(TooLarge, match="400 rows, and at most 399"):
            await pool.run(Job(everything, result=form))
        assert (await pool.run(Job(f"{everything} LIMIT 399", result=form))).body
        with pytest.raises(TooLarge, match="larger than 100000 bytes"):
            await pool.run(Job("SELECT ?a ?b ?c ?d { ?a ?p ?b . ?c ?q ?d }", result=form))
        with pytest.raises(TooLarge, match="more than 399 triples"):
            await pool.run(Job("CONSTRUCT WHERE { ?s ?p ?o }"))

    with_pool(generation, work, rows=399, bytes=100_000)


def test_a_full_queue_says_when_to_come_back(generation: Generation) -> None:
    async def work(pool: Pool) -> list[object]:
        tasks = [asyncio.ensure_future(pool.run(Job(ENDLESS))) for _ in range(2)]
        await until(lambda: pool.busy == 2)
        waiting = [asyncio.ensure_future(pool.run(Job(ONE))) for _ in range(3)]
        await until(lambda: len(pool.waiting) == 3)
        with pytest.raises(Busy) as error:
            await pool.run(Job(ONE))
        assert error.value.retry_after >= 1
        assert "try again" in error.value.remedy
        assert all(answer.body for answer in await asyncio.gather(*waiting))  # those that waited are served
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(end) for end in with_pool(generation, work, queue=3, seconds=1)] == [TimedOut, TimedOut]


def test_nobody_waits_for_ever(generation: Generation) -> None:
    async def work(pool: Pool) -> None:
        task = asyncio.ensure_future(pool.run(Job(ENDLESS)))
        await until(lambda: pool.busy == 1)
        with pytest.raises(Busy, match="no worker became free"):
            await pool.run(Job(ONE))
        assert not pool.waiting
        task.cancel()

    with_pool(generation, work, workers=1, seconds=5, wait=0.1)


def test_a_query_whose_client_left_is_ended(generation: Generation) -> None:
    async def work(pool: Pool) -> None:
        task = asyncio.ensure_future(pool.run(Job(ENDLESS)))
        await until(lambda: pool.busy == 1)
        busy = next(worker for worker in pool.workers if worker not in pool.idle)
        task.cancel()
        await until(lambda: not alive(busy.process.pid))
        await until(lambda: not pool.busy)
        assert pool.counts["cancelled"] == 1

    with_pool(generation, work, seconds=30)


def test_a_new_generation_is_used_without_a_failed_query(tmp_path: Path) -> None:
    first = small(tmp_path / "data", word="old")

    async def work(pool: Pool) -> list[str]:
        seen: list[str] = []
        stop = asyncio.Event()

        async def client() -> None:
            while not stop.is_set():
                seen.append((await pool.run(Job(ONE, result="text/csv"))).body.decode().split()[1])

        clients = [asyncio.ensure_future(client()) for _ in range(4)]
        await until(lambda: len(seen) > 20)
        await pool.use(small(tmp_path / "data", word="new"))
        behind = len(seen)
        await until(lambda: len(seen) > behind + 20)
        stop.set()
        await asyncio.gather(*clients)
        await until(lambda: pool.counts["started"] == 4 and not pool.busy)
        return seen

    seen = with_pool(first, work)
    assert set(seen) == {"old", "new"}
    assert seen[0] == "old"
    assert set(seen[-10:]) == {"new"}  # a query that ran during the change may end after one that came later


def test_errors_of_a_query_come_back_as_they_are(generation: Generation) -> None:
    async def work(pool: Pool) -> None:
        with pytest.raises(QueryError) as refused:
            await pool.run(Job("SELECT * {\n SERVICE <http://x.example/> {} }"))
        assert refused.value.where == "query, line 2, column 2"
        with pytest.raises(NotAcceptable):
            await pool.run(Job(ONE, result="", graph="text/turtle"))
        with pytest.raises(QueryError, match="file:"):
            await pool.run(Job(ONE, default_graphs=("FILE:///x",), named_graphs=()))

    with_pool(generation, work)


def test_a_store_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    missing = Generation(tmp_path / "nowhere", {"name": "x", "base": BASE})
    with pytest.raises(StoreError, match="could not open"):
        asyncio.run(Pool(missing, Limits(workers=1)).start())


def test_no_process_is_left_behind(generation: Generation) -> None:
    async def work(pool: Pool) -> list[int]:
        task = asyncio.ensure_future(pool.run(Job(ENDLESS)))
        await until(lambda: pool.busy == 1)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return [worker.process.pid for worker in pool.workers]

    assert not [pid for pid in with_pool(generation, work, seconds=30) if alive(pid)]
