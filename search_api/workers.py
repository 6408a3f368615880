"""A pool of worker processes that answer SPARQL, each of which can be killed when a query takes too long.

The store has no way to interrupt a query, so the time limit is the life of a process: a worker that is late, or whose client
has gone away, is killed and replaced. The server only waits on sockets; it never runs a query itself. A worker that dies on its
own is replaced too, and its query is run once more by another.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, cast

from kg.errors import GvppError, QueryError, StoreError
from search_api.sparql_run import Answer, Exhausted, Job, Limits, NotAcceptable, TimedOut, TooLarge, slow_path
from search_api.worker import HEAD, job_head, pack, unpack_head

log = logging.getLogger("gvpp.workers")
START_SECONDS = 30.0
ERRORS: dict[str, type[GvppError]] = {
    error.__name__: error for error in (QueryError, TooLarge, NotAcceptable, Exhausted, StoreError)
}


class Busy(GvppError):
    """All workers are taken and the queue is full, or the wait was too long. `retry_after`: seconds after which to come back."""

    def __init__(self, what: str, retry_after: int) -> None:
        super().__init__(what, where="server", remedy=f"try again in {retry_after} seconds")
        self.retry_after = retry_after


class NotReady(StoreError):
    """There is no generation to answer from (yet); what it says may be shown to anybody."""


class Source(Protocol):
    """What a worker opens: a generation of the data folder."""

    @property
    def path(self) -> Path: ...

    @property
    def manifest(self) -> Any: ...


class _Lost(Exception):
    """The worker died while it had the query."""


class Worker(asyncio.Protocol):
    """One process and the socket to it. It answers one query at a time."""

    def __init__(self, process: subprocess.Popen[bytes], generation: str, ended: Callable[[Worker], None]) -> None:
        self.process, self.generation, self.ended = process, generation, ended
        self.loop = asyncio.get_running_loop()
        self.buffer = bytearray()
        self.reply: asyncio.Future[tuple[dict[str, Any], bytes]] = self.loop.create_future()  # the first one says "ready"
        self.transport: asyncio.Transport | None = None
        self.alive = True
        self.retired = self.killed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # another event loop has a class of its own

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) < HEAD.size:
            return
        head, body = HEAD.unpack_from(self.buffer)
        whole = HEAD.size + head + body
        if len(self.buffer) < whole:
            return
        message = bytes(self.buffer[HEAD.size : whole])
        self.buffer.clear()
        if not self.reply.done():
            self.reply.set_result((unpack_head(message[:head]), message[head:]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.alive = False
        if not self.reply.done():
            self.reply.set_exception(_Lost())
            self.reply.exception()  # nobody may be waiting for it
        self.ended(self)

    async def ask(self, job: Job, seconds: float) -> tuple[dict[str, Any], bytes]:
        """Send a query and wait; kills the process where it is late or where nobody waits any more. _Lost where it died."""
        if not self.alive or self.transport is None:
            raise _Lost
        self.reply = self.loop.create_future()
        late = self.loop.call_later(seconds, self._late)
        try:
            self.transport.write(pack(job_head(job)))
            return await self.reply
        except asyncio.CancelledError:
            self.kill()
            raise
        finally:
            late.cancel()

    def _late(self) -> None:
        if not self.reply.done():
            self.reply.set_exception(TimeoutError())
            self.kill()

    def kill(self) -> None:
        self.alive, self.killed = False, True
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    def close(self) -> None:
        """Let the process end by itself: it stops when its socket closes."""
        self.alive = False
        if self.transport:
            self.transport.close()


class Pool:
    """The workers on one generation, and the queries that wait for them: `start`, `run`, `use` another generation, `close`."""

    def __init__(self, source: Source, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.source = source
        self.workers: set[Worker] = set()
        self.idle: deque[Worker] = deque()
        self.waiting: deque[asyncio.Future[Worker]] = deque()
        self.counts: Counter[str] = Counter()  # started, died, killed, timeouts, refused, retried, cancelled
        self.closed = False
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> int:
        return len(self.workers) - len(self.idle)

    @property
    def generation(self) -> str:
        return str(self.source.manifest["name"])

    async def start(self) -> None:
        """Start all workers and wait until they are ready. Raises StoreError where one cannot open the store."""
        for worker in await self._spawn_all(self.source):
            self._join(worker)

    async def _spawn_all(self, source: Source) -> list[Worker]:
        results = await asyncio.gather(*(self._spawn(source) for _ in range(self.limits.workers)), return_exceptions=True)
        ready = [worker for worker in results if isinstance(worker, Worker)]
        if failed := [error for error in results if isinstance(error, BaseException)]:
            for worker in ready:
                worker.close()
            raise failed[0]
        return ready

    async def use(self, source: Source) -> None:
        """Answer from another generation from now on. Queries that run now end on the old one; none is lost."""
        fresh = await self._spawn_all(source)
        old, self.workers, self.source = self.workers, set(), source
        for worker in old:
            worker.retired = True
            if worker in self.idle:
                worker.close()
        self.idle.clear()
        for worker in fresh:
            self._join(worker)

    async def close(self, grace: float = 0.0) -> None:
        """End all workers; queries that run have `grace` seconds to finish."""
        end = asyncio.get_running_loop().time() + grace
        while self.busy and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        self.closed = True
        for future in self.waiting:
            if not future.done():
                future.set_exception(Busy("the server is stopping", 5))
        workers = list(self.workers)
        for worker in workers:
            worker.close()
            worker.kill()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*(asyncio.to_thread(worker.process.wait, 5) for worker in workers), return_exceptions=True)

    async def run(self, job: Job) -> Answer:
        """The answer to a query. Raises Busy, TimedOut, Exhausted, and the errors of `run_query`."""
        for attempt in (1, 2, 3):
            worker = await self._take()
            try:
                head, body = await worker.ask(job, self.limits.seconds)
            except TimeoutError:
                self.counts["timeouts"] += 1
                advice = slow_path(job.text)
                raise TimedOut(
                    f"the query took longer than {self.limits.seconds:g} seconds and was ended",
                    where="query",
                    remedy=advice or "bind more of the pattern, add LIMIT, or split the query",
                ) from None
            except asyncio.CancelledError:
                self.counts["cancelled"] += 1
                raise
            except _Lost:
                if attempt > 1:
                    raise Exhausted(
                        "the query ended the process that ran it",
                        where="query",
                        remedy=f"it may need more than {self.limits.memory // 2**20} MiB of memory: make it smaller",
                    ) from None
                self.counts["retried"] += 1
                continue
            finally:
                self._give_back(worker)
            if "error" not in head:
                return Answer(head["media_type"], body, head["generation"], head["gzip"])
            kind = ERRORS.get(head["error"], QueryError)
            if kind is StoreError and attempt < 3:  # its folder is gone: a newer generation is in use
                self.counts["retried"] += 1
                worker.kill()
                await asyncio.sleep(0.2 * attempt)
                continue
            raise kind(head["what"], where=head["where"], remedy=head["remedy"])
        raise AssertionError("unreachable")

    async def _take(self) -> Worker:
        while self.idle:
            worker = self.idle.popleft()
            if worker.alive:
                return worker
        if self.closed:
            raise Busy("the server is stopping", 5)
        if len(self.waiting) >= self.limits.queue:
            self.counts["refused"] += 1
            raise Busy(f"{self.busy} queries run and {len(self.waiting)} wait", self._retry_after())
        future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        try:
            async with asyncio.timeout(self.limits.wait):
                return await future
        except TimeoutError:
            self.counts["refused"] += 1
            raise Busy(f"no worker became free in {self.limits.wait:g} seconds", self._retry_after()) from None
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and not future.exception():
                self._give_back(future.result())
            raise
        finally:
            with contextlib.suppress(ValueError):
                self.waiting.remove(future)

    def _retry_after(self) -> int:
        """Seconds until a worker is free if every query that waits takes a fifth of the time limit."""
        return max(1, round(len(self.waiting) * self.limits.seconds / 5 / self.limits.workers))

    def _give_back(self, worker: Worker) -> None:
        if not worker.alive:
            return  # `_ended` replaces it
        if worker.retired or self.closed:
            worker.close()
            return
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_result(worker)
                return
        self.idle.append(worker)

    def _join(self, worker: Worker) -> None:
        self.workers.add(worker)
        self._give_back(worker)
        if not worker.alive:
            self._ended(worker)

    def _ended(self, worker: Worker) -> None:
        """A worker's socket has closed: put another in its place, unless that was meant."""
        self._later(self._reap(worker))
        with contextlib.suppress(ValueError):
            self.idle.remove(worker)
        if worker in self.workers:
            self.workers.discard(worker)
            if not self.closed:
                self.counts["killed" if worker.killed else "died"] += 1
                self._later(self._replace())

    def _later(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    @staticmethod
    async def _reap(worker: Worker) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(worker.process.wait, 10)
            return
        worker.kill()
        await asyncio.to_thread(worker.process.wait)

    async def _replace(self) -> None:
        pause = 0.1
        while not self.closed and len(self.workers) < self.limits.workers:
            try:
                source = self.source
                worker = await self._spawn(source)
                if source is not self.source or self.closed:  # a new generation came meanwhile, with workers of its own
                    worker.close()
                    continue
                self._join(worker)
                return
            except (GvppError, OSError) as error:
                log.error("a worker could not be started", extra={"fault": str(error)})
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _spawn(self, source: Source) -> Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        settings = {
            "store": str(source.path / "store"),
            "base": source.manifest["base"],
            "generation": source.manifest["name"],
            "limits": asdict(self.limits),
        }
        command = [sys.executable, "-m", "search_api.worker", str(theirs.fileno()), json.dumps(settings)]
        try:
            process = await asyncio.to_thread(_popen, command, theirs.fileno())
        finally:
            theirs.close()
        self.counts["started"] += 1
        worker = Worker(process, source.manifest["name"], self._ended)
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: worker, sock=ours)
        try:
            async with asyncio.timeout(START_SECONDS):
                await asyncio.shield(worker.reply)
        except (_Lost, TimeoutError) as error:
            worker.kill()
            worker.close()
            raise StoreError(
                "a query worker could not open the store", where=str(source.path), remedy="build again, or restore a backup"
            ) from error
        return worker


def _popen(command: list[str], handle: int) -> subprocess.Popen[bytes]:
    """Its own session, so that Ctrl-C reaches the server alone; the folder of the packages stays importable."""
    root = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.Popen(
        command, pass_fds=(handle,), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
