"""One SPARQL query on an open store: from the words of the protocol to the bytes of the result, within limits.

The same function runs in a killable worker process (`search_api.worker`) and in the process itself (`InProcess`, for tests and
small tools). Only the worker has a time limit: the store cannot be interrupted from outside.
"""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import pyoxigraph as ox

from kg.errors import GvppError, QueryError
from kg.names import PREFIXES, expand
from kg.queries import Token, check, reading, tokens

MIB = 1024 * 1024
WORTH_IT = 1000  # bytes from which a result is compressed
RESULT_FORMATS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/csv": ox.QueryResultsFormat.CSV,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
GRAPH_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}


class TooLarge(QueryError):
    """The result has more rows or bytes than may be sent. Nothing was sent: a result that is cut looks like a whole one."""


class TimedOut(QueryError):
    """The query took longer than the time limit and was ended."""


class NotAcceptable(QueryError):
    """The kind of result that this query has cannot be written in any form that the client accepts."""


class Exhausted(QueryError):
    """The query ended the process that ran it, twice: it needs more memory than a query may have."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may cost, and how many may run and wait at a time.

    seconds: time to answer, from the moment that a worker takes the query; wait: seconds in the queue; queue: most queries that
    wait; memory: bytes that a worker may allocate.
    """

    seconds: float = 10.0
    rows: int = 100_000
    bytes: int = 32 * MIB
    workers: int = 4
    queue: int = 64
    wait: float = 15.0
    memory: int = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Job:
    """A query with the data set and the forms that the client asked for.

    default_graphs and named_graphs: None where the protocol names none, else the data set (both count then). result and graph:
    media types in which rows and booleans, or triples, are to be written; "" where the client accepts none. gzip: whether the
    client reads compressed bodies; large ones are compressed where the query runs, which holds nobody else up.
    """

    text: str
    result: str = "application/sparql-results+json"
    graph: str = "text/turtle"
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    gzip: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete result: its media type, its bytes (compressed or not) and the generation that it was read from."""

    media_type: str
    body: bytes
    generation: str = ""
    gzip: bool = False


class Executor(Protocol):
    """Runs queries: a pool of workers, or a store of this process. Raises the errors of `run_query`, TimedOut and Busy."""

    async def run(self, job: Job) -> Answer: ...


def prefixes(base: str) -> dict[str, str]:
    """The prefixes that a query need not declare."""
    return {prefix: expand(f"{prefix}:", base) for prefix in ("gvpp", *PREFIXES)}


def run_query(store: ox.Store, job: Job, base: str, limits: Limits, generation: str = "") -> Answer:
    """The result of a query; relative IRIs count from the base.

    Raises QueryError for what may not be run or is not SPARQL, TooLarge and NotAcceptable for results that cannot be sent,
    StoreError where the store cannot be read.
    """
    _checked(job.text)
    with reading(job.text):
        named = None if job.named_graphs is None else [_graph(iri, base) for iri in job.named_graphs]
        default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] | None = None
        if job.default_graphs is not None:
            default = [_graph(iri, base) for iri in job.default_graphs]
        found = store.query(job.text, base_iri=f"{base}/", prefixes=prefixes(base), default_graph=default, named_graphs=named)
        if isinstance(found, ox.QueryTriples):
            return _answer(job, job.graph, _triples(found, job.graph, base, limits), generation)
        if not job.result:
            raise NotAcceptable("the result is a table or a boolean", remedy=f"accept one of {', '.join(RESULT_FORMATS)}")
        output = _Capped(limits.bytes)
        found.serialize(output, format=RESULT_FORMATS[job.result])
        body = output.getvalue()
    if isinstance(found, ox.QuerySolutions) and (rows := count_rows(body, job.result, limits.rows)) > limits.rows:
        raise _too_many(rows, "rows", limits.rows)
    return _answer(job, job.result, body, generation)


def _answer(job: Job, media_type: str, body: bytes, generation: str) -> Answer:
    small = not job.gzip or len(body) < WORTH_IT
    return Answer(media_type, body if small else gzip.compress(body, 5, mtime=0), generation, not small)


@lru_cache(maxsize=128)
def _checked(text: str) -> None:
    """Clients send the same query again and again; what was found harmless once is so again."""
    check(text)


def _graph(iri: str, base: str) -> ox.NamedNode | ox.BlankNode:
    full = iri if ":" in iri.split("/", 1)[0] else f"{base}/{iri.lstrip('/')}"
    if full.casefold().startswith("file:"):
        raise QueryError("file: is not allowed", where="default-graph-uri, named-graph-uri", remedy="name a graph by its IRI")
    return ox.NamedNode(full)


def _triples(found: ox.QueryTriples, media_type: str, base: str, limits: Limits) -> bytes:
    if not media_type:
        raise NotAcceptable("the result is a graph", remedy=f"accept one of {', '.join(GRAPH_FORMATS)}")
    triples: dict[ox.Triple, None] = {}
    for triple in found:  # a template may give the same triple many times; a graph holds it once
        triples[triple] = None
        if len(triples) > limits.rows:
            raise _too_many(None, "triples", limits.rows)
    output = _Capped(limits.bytes)
    ox.serialize(triples, output, format=GRAPH_FORMATS[media_type], prefixes=prefixes(base))
    return output.getvalue()


def _too_many(found: int | None, what: str, limit: int) -> TooLarge:
    size = f"more than {limit}" if found is None else str(found)
    return TooLarge(
        f"the result has {size} {what}, and at most {limit} are sent",
        where="query",
        remedy="add LIMIT and OFFSET, or count with COUNT; the whole graph can be downloaded from /download",
    )


class _Capped(io.BytesIO):
    """A file that the store writes to, and that refuses what goes over the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self.limit:
            raise TooLarge(
                f"the result is larger than {self.limit} bytes",
                where="query",
                remedy="ask for fewer rows or columns (LIMIT and OFFSET); the whole graph can be downloaded from /download",
            )
        return super().write(data)


def count_rows(body: bytes, media_type: str, limit: int) -> int:
    """Rows of a SELECT result as it was written; where there are certainly no more than `limit`, any number up to it."""
    if media_type == "application/sparql-results+xml":
        return body.count(b"<result>") + body.count(b"<result/>")  # "<" within a value is written as an entity
    if media_type == "text/tab-separated-values":
        return body.count(b"\n") - 1  # a line end within a value is escaped
    if media_type == "text/csv":
        if (most := body.count(b"\n") - 1) <= limit:
            return most
        return sum(piece.count(b"\n") for piece in body.split(b'"')[::2]) - 1  # a line end within quotes ends no row
    if (most := body.count(b"}")) <= limit:
        return most
    return len(json.loads(body)["results"]["bindings"])


def slow_path(text: str) -> str:
    """Advice for a query that took too long, "" where no known slow form is in it.

    A path such as `gvpp:implements/dct:isPartOf*` is evaluated from every subject; two patterns begin at the bound end.
    """
    try:
        found = tokens(text)
    except QueryError:
        return ""
    for place, token in enumerate(found):
        if token.kind == "other" and token.text == "/" and (_repeats_after(found, place) or _repeats_before(found, place)):
            return (
                "the path joins a repeated step to another with '/', which is slow: write two patterns with a variable between "
                "them, such as `?m dct:isPartOf* <…> . ?i gvpp:implements ?m` instead of `?i gvpp:implements/dct:isPartOf* <…>`"
            )
    return ""


def _repeats_after(found: list[Token], place: int) -> bool:
    """Whether the step that follows `/` is repeated; a step is `p`, `^p`, `(…)`."""
    end = place + 1
    while end < len(found) and found[end].text in ("^", "!"):
        end += 1
    if end < len(found) and found[end].text == "(":
        end = _closing(found, end)
    return _is_step(found, end) and end + 1 < len(found) and found[end + 1].text in ("*", "+")


def _repeats_before(found: list[Token], place: int) -> bool:
    return place >= 2 and found[place - 1].text in ("*", "+") and _is_step(found, place - 2)


def _is_step(found: list[Token], place: int) -> bool:
    return place < len(found) and (found[place].kind in ("name", "iri") or found[place].text in ("a", ")"))


def _closing(found: list[Token], start: int) -> int:
    depth = 0
    for place in range(start, len(found)):
        depth += (found[place].text == "(") - (found[place].text == ")")
        if depth == 0:
            return place
    return len(found)


@dataclass(slots=True)
class InProcess:
    """An executor on a store of this process: no time limit and no isolation, for tests and trusted queries."""

    store: ox.Store
    base: str
    limits: Limits = field(default_factory=Limits)
    generation: str = ""

    async def run(self, job: Job) -> Answer:
        import asyncio  # not at the top: a worker process does without

        found = await asyncio.to_thread(self._run, job)
        if isinstance(found, GvppError):
            raise found
        return found

    def _run(self, job: Job) -> Answer | GvppError:
        """An error leaves without its frames: they hold an open result, which must not be let go of by another thread."""
        try:
            return run_query(self.store, job, self.base, self.limits, self.generation)
        except GvppError as error:
            error.__cause__ = error.__context__ = error.__traceback__ = None
            return error
