"""Graphs are checked against the shapes beside the other work of a build, and before anything is published."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from types import TracebackType

from kg import validate
from kg.errors import ValidationError
from kg.validate import Violation

SHOWN = 10
ALONE = 6_000_000  # bytes of graphs that are checked here in the time that other processes need to start


class Validation:
    """Checks graphs from `start` on; `finish` waits, and raises ValidationError where one does not conform.

    Shapes look at one graph alone, so graphs are checked side by side, in processes of their own where there is much to check.
    """

    def __init__(self, base: str, report: Callable[[str, str, int, int], None]) -> None:
        self.base, self.report = base, report
        self.pool: ProcessPoolExecutor | None = None
        self.running: list[Future[list[Violation]]] = []
        self.waiting: dict[str, bytes] = {}

    def __enter__(self) -> Validation:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)

    def start(self, graphs: Mapping[str, bytes]) -> None:
        """Begin to check these graphs, by name, the largest first; few and small ones wait for `finish`."""
        self.waiting |= graphs
        if not self.pool and sum(map(len, self.waiting.values())) < ALONE:
            return
        self.pool = self.pool or ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn"))
        for name in sorted(self.waiting, key=lambda name: -len(self.waiting[name])):
            self.running.append(self.pool.submit(validate.violations, name, self.waiting[name], self.base))
        self.waiting = {}

    def finish(self) -> None:
        """Wait until every graph is checked."""
        total = len(self.running) + len(self.waiting)
        wrong = [found for name, graph in self.waiting.items() for found in validate.violations(name, graph, self.base)]
        for number, done in enumerate(as_completed(self.running)):
            self.report("validate", "", number, total)
            wrong += done.result()
        self.report("validate", "", total, total)
        if wrong:
            shown = "; ".join(f"{v.graph}: {v.node} {v.path}: {v.message}" for v in wrong[:SHOWN])
            raise ValidationError(
                f"{len(wrong)} violations of the shapes: {shown}",
                where="build",
                remedy="nothing was published: correct the source or the extractor",
            )
