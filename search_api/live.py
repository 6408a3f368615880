"""The data that a running service answers from: the generation in use, and the step to the next one.

A build publishes beside the service. Once a second the service looks at the name in use; when it has changed, the new generation
is opened next to the old one, its workers are started, and only then it takes over. What runs on the old one ends there.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from kg.errors import GvppError
from kg.settings import Settings
from kg.store import Generation, current
from search_api.answers import Corpus, ask, open_corpus
from search_api.caching import http_date
from search_api.search import Searching, search
from search_api.sparql_run import Limits
from search_api.suggest import Suggester
from search_api.workers import Busy, NotReady, Pool

log = logging.getLogger("gvpp.service")
P = ParamSpec("P")
T = TypeVar("T")
THREADS = 4  # for what the service itself asks of the store; the queries of strangers run in workers
QUEUE = 64  # of those threads
FAULT = "the data cannot be opened"  # why stands in the log: it names files of the server
LOOK = 1.0  # seconds between two looks at the name of the generation in use
# Asked once when a generation is opened, so that the first person who asks does not wait for what is read then.
# Those of LATER read much, and are asked once the service answers already.
WARM = (("Welke initiatieven voeren maatregel 1.1 uit?", "nl"), ("Quel est le budget de la mesure 1.1 ?", "fr"))
LATER = (
    ("Hoeveel deelnemers waren er?", "nl"),
    ("Depuis quand existe ce plan ?", "fr"),
    ("Welke politiezones werken rond verkeer?", "nl"),
    ("Quelles initiatives existent pour les jeunes ?", "fr"),
)


@dataclass(slots=True)
class View:
    """One open generation: the corpus for questions, what was computed from it, and a folder for files made from it."""

    corpus: Corpus
    date: str  # of the build, as HTTP writes it
    memory: dict[str, Any] = field(default_factory=dict)
    folder: tempfile.TemporaryDirectory[str] = field(default_factory=lambda: tempfile.TemporaryDirectory(prefix="gvpp-"))
    making: dict[str, asyncio.Lock] = field(default_factory=dict)

    @property
    def generation(self) -> Generation:
        return self.corpus.generation

    @property
    def name(self) -> str:
        return str(self.generation.manifest["name"])

    @property
    def base(self) -> str:
        return self.corpus.base

    @property
    def searching(self) -> Searching:
        """The index of this generation, opened once; an encoder that it was not made with is refused each time."""
        return self.corpus.searching

    @property
    def suggester(self) -> Suggester:
        """All names of this generation."""
        return self.remember("suggester", lambda: Suggester(self.corpus))

    def remember(self, key: str, compute: Callable[[], T]) -> T:
        """What `compute` gives, computed once per generation."""
        if key not in self.memory:
            self.memory[key] = compute()
        found: T = self.memory[key]
        return found


def open_view(generation: Generation, encoder: str) -> View:
    """Open a generation for questions and answer a first one."""
    view = View(open_corpus(generation, encoder), http_date(generation.manifest["created"]))
    _try(partial(ask, view.corpus))
    return view


def warm(view: View) -> None:
    """Open what search, suggestions and the questions of each kind need, and search something.

    What was read stays as long as the generation: the collector of garbage need not look through it again and again, which
    would stop every answer for a second or two on a large corpus. What the generation before left behind is collected first.
    """
    _try(lambda question, lang: view.suggester.find(question, lang))
    _try(lambda question, lang: search(view.searching, question, lang))
    _try(partial(ask, view.corpus), LATER)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _try(work: Callable[[str, str], object], questions: Iterable[tuple[str, str]] = WARM) -> None:
    """Ask the first questions; one that fails does not stand in the way of the rest."""
    for question, lang in questions:
        try:
            work(question, lang)
        except Exception as error:  # the question is ours and its answer is thrown away
            log.warning("a first question failed", extra={"fault": type(error).__name__})


class Live:
    """What the routes of the service share."""

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        self.settings, self.limits = settings, limits or Limits()
        self.open: View | None = None
        self.workers: Pool | None = None
        self.fault = "nothing has been built yet"
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gvpp")
        self.pending = 0
        self.switches = 0
        self.watcher: asyncio.Task[None] | None = None
        self.warming: asyncio.Task[None] | None = None

    @property
    def view(self) -> View:
        """The generation in use; NotReady (503) where there is none."""
        if self.open is None:
            raise NotReady(self.fault, remedy="run `gvpp build --corpus DIR`")
        return self.open

    @property
    def pool(self) -> Pool:
        """The workers; NotReady (503) where there are none."""
        if self.workers is None:
            raise NotReady(self.fault, remedy="run `gvpp build --corpus DIR`")
        return self.workers

    @property
    def ready(self) -> bool:
        return self.open is not None and self.workers is not None and bool(self.workers.workers)

    async def start(self) -> None:
        """Open what is there and watch for more; a data folder that holds nothing yet is waited for."""
        try:
            await self.refresh()
        except GvppError as error:
            self.fault = FAULT
            log.error("the data cannot be opened", extra={"fault": str(error)})
        self.watcher = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop watching and end the workers; queries that run get their time."""
        if self.watcher:
            self.watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.watcher
        if self.warming:
            await self.warming
        if self.workers:
            await self.workers.close(grace=self.limits.seconds)
        self.threads.shutdown(wait=False, cancel_futures=True)
        if self.open:
            self.open.folder.cleanup()

    async def refresh(self) -> bool:
        """Use the generation that the data folder names, if it is another one; says whether it was."""
        generation = await asyncio.to_thread(current, self.settings.data)
        if generation is None or (self.open and self.open.name == generation.manifest["name"]):
            return False
        view = await asyncio.to_thread(open_view, generation, self.settings.encoder)
        if self.open:  # it goes on answering meanwhile, so that nobody waits
            await asyncio.to_thread(warm, view)
        if self.workers is None:
            pool = Pool(generation, self.limits)
            await pool.start()
            self.workers = pool
        else:
            await self.workers.use(generation)
        old, self.open = self.open, view
        self.switches += 1
        log.info("generation in use", extra={"generation": view.name})
        if old:
            asyncio.get_running_loop().call_later(60, old.folder.cleanup)  # a download of it may still run
        else:  # a start: questions and queries can be answered already
            self.warming = asyncio.create_task(asyncio.to_thread(warm, view))
        return True

    async def _watch(self) -> None:
        seen, pause = await asyncio.to_thread(_mark, self.settings.data), LOOK
        while True:
            await asyncio.sleep(pause)
            found = await asyncio.to_thread(_mark, self.settings.data)
            if found == seen and self.open is not None:
                continue
            try:
                await self.refresh()
                seen, pause = found, LOOK
            except Exception as error:  # whatever is wrong with the new one, the old one goes on answering
                self.fault = FAULT
                pause = min(pause * 2, 30.0)
                log.error("the new generation cannot be opened", extra={"fault": str(error)})

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something with the store in a thread of our own. Raises Busy where too much waits."""
        if self.pending >= QUEUE:
            raise Busy(f"{self.pending} requests wait", 1)
        self.pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, partial(work, *args, **kwargs))
        finally:
            self.pending -= 1


def _mark(data: Path) -> tuple[int, int]:
    """Changes when another generation is put in use."""
    try:
        found = (data / "current").stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)
