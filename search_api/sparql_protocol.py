"""SPARQL 1.1 Protocol, read only: the queries of strangers, by GET, form and direct POST.

`router` takes its executor as a parameter: the pool of workers in the service, a store of the process in tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from search_api.caching import conditional, tag
from search_api.negotiation import GRAPH_NAMES, RESULT_NAMES, by_name, choose
from search_api.problems import Problem
from search_api.sparql_docs import GET, POST
from search_api.sparql_run import GRAPH_FORMATS, RESULT_FORMATS, Answer, Executor, Job

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
UPDATE = "application/sparql-update"
BODY_LIMIT = 1024 * 1024
RESULTS, GRAPHS = tuple(RESULT_FORMATS), tuple(GRAPH_FORMATS)
PATIENCE = 0.5  # seconds after which it is worth looking whether the client is still there
DATASET = ("default-graph-uri", "named-graph-uri")
FORMAT = ("format", "output", "results")  # what common clients call it; the first one given counts
KNOWN = frozenset(("query", *DATASET, *FORMAT))
UPDATES = frozenset(("update", "using-graph-uri", "using-named-graph-uri"))

Pairs = Sequence[tuple[str, str]]
Describe = Callable[[str], bytes]


def router(
    executor: Callable[[], Executor],
    *,
    describe: Callable[[], Describe] | None = None,
    generation: Callable[[], tuple[str, str]] | None = None,
    path: str = "/sparql",
) -> APIRouter:
    """Routes of one endpoint.

    executor: gives what runs queries now. describe: gives a function that writes the service description as a media type.
    generation: name of the generation in use and its date as HTTP writes it, for ETag and Last-Modified; without it none is sent.
    """
    routes = APIRouter(tags=["sparql"])

    async def get(request: Request) -> Response:
        pairs = _pairs(request.scope["query_string"], "query string")
        if not any(name == "query" for name, _ in pairs):
            return _description(request, pairs, describe)
        job = _job(request, pairs)
        if generation is not None and request.method == "GET":
            name, date = generation()
            if unchanged := conditional(request, tag(name, job.result, job.graph), date):
                return unchanged
        return await _answer(request, job)

    async def post(request: Request) -> Response:
        pairs = _pairs(request.scope["query_string"], "query string")
        kind, charset = _content_type(request)
        if kind == UPDATE:
            raise read_only()
        if kind not in (FORM, DIRECT):
            raise Problem(
                415,
                "media-type",
                f"a query cannot be read from {kind or 'a body without Content-Type'}",
                where="Content-Type",
                remedy=f"send {FORM} with query=…, or {DIRECT}",
            )
        body = await _body(request)
        if charset not in ("", "utf-8", "utf8", "us-ascii"):
            raise Problem(415, "media-type", f"charset {charset} is not read", where="Content-Type", remedy="send UTF-8")
        if kind == DIRECT:
            if any(name == "query" for name, _ in pairs):
                raise Problem(400, "request", "two queries: in the address and in the body", remedy="send one")
            return await _answer(request, _job(request, [*pairs, ("query", _text(body, "body"))]))
        return await _answer(request, _job(request, [*pairs, *_pairs(body, "body")]))

    async def _answer(request: Request, job: Job) -> Response:
        answer = await _watched(request, executor().run(job))
        headers = {"vary": "Accept"} | ({"content-encoding": "gzip"} if answer.gzip else {})
        if generation is not None and request.method == "GET":
            name, date = generation()
            if answer.generation == name:
                headers |= {"etag": tag(name, job.result, job.graph), "last-modified": date, "cache-control": "no-cache"}
        media_type = answer.media_type if answer.media_type.startswith("application/") else f"{answer.media_type}; charset=utf-8"
        return Response(answer.body, 200, headers, media_type)

    # Plain routes answer: what FastAPI does around a function costs as much again as a cheap query. The others only document.
    for place in (path, f"{path}/"):
        routes.add_route(place, get, methods=["GET"], include_in_schema=False)
        routes.add_route(place, post, methods=["POST"], include_in_schema=False)
    routes.add_api_route(path, get, methods=["GET"], response_class=Response, **GET)
    routes.add_api_route(path, post, methods=["POST"], response_class=Response, **POST)
    return routes


def read_only() -> Problem:
    """The answer to every update."""
    return Problem(
        403, "read-only", "this endpoint is read only: updates are refused", where="update", remedy="send a query: SELECT, ASK, …"
    )


def _text(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, "encoding", f"not valid UTF-8: {error.reason}", where=where, remedy="send UTF-8") from error


def _pairs(raw: bytes, where: str) -> Pairs:
    """Names and values of a query string or form."""
    try:
        return parse_qsl(_text(raw, where), keep_blank_values=True, errors="strict", max_num_fields=100)
    except UnicodeDecodeError as error:
        raise Problem(400, "encoding", f"not valid UTF-8: {error.reason}", where=where, remedy="send UTF-8") from error
    except ValueError as error:
        raise Problem(400, "request", f"cannot be read: {error}", where=where, remedy="send name=value&name=value") from error


def _content_type(request: Request) -> tuple[str, str]:
    """Media type and charset of the body, in lower case."""
    kind, *parameters = request.headers.get("content-type", "").lower().split(";")
    found = dict(part.strip().partition("=")[::2] for part in parameters)
    return kind.strip(), found.get("charset", "").strip().strip('"')


async def _body(request: Request) -> bytes:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > BODY_LIMIT:
            raise Problem(413, "too-large", f"the body is larger than {BODY_LIMIT} bytes", remedy="send a shorter query")
    return bytes(found)


def _job(request: Request, pairs: Pairs) -> Job:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    if UPDATES & values.keys():
        raise read_only()
    if unknown := sorted(values.keys() - KNOWN):
        raise Problem(
            400, "parameter", f"unknown parameter {unknown[0]!r}", where=unknown[0], remedy=f"known: {', '.join(sorted(KNOWN))}"
        )
    texts = values.get("query", [])
    if len(texts) != 1:
        raise Problem(400, "request", f"{len(texts)} queries were sent, not one", where="query", remedy="send one query=…")
    result, graph = _forms(request, values)
    default, named = (tuple(values.get(name, ())) for name in DATASET)
    given = bool(default or named)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    return Job(texts[0], result, graph, default if given else None, named if given else None, packed)


def _forms(request: Request, values: dict[str, list[str]]) -> tuple[str, str]:
    """Media types for a table and for a graph, each "" where the client wants none of those that exist."""
    name = next((values[key][0] for key in FORMAT if key in values), "")
    if name:
        result, graph = by_name(name, RESULT_NAMES, RESULTS), by_name(name, GRAPH_NAMES, GRAPHS)
        where, remedy = "format", f"known: {', '.join(sorted({*RESULT_NAMES, *GRAPH_NAMES}))}"
    else:
        accept = ",".join(request.headers.getlist("accept"))
        result, graph = choose(accept, RESULTS), choose(accept, GRAPHS)
        where, remedy = "Accept", f"accept one of {', '.join((*RESULTS, *GRAPHS))}"
    if not result and not graph:
        raise Problem(400 if name else 406, "not-acceptable", "there is no such form of a result", where=where, remedy=remedy)
    return result, graph


def _description(request: Request, pairs: Pairs, describe: Callable[[], Describe] | None) -> Response:
    """The service description (RDF), which is what a GET without a query asks for."""
    if UPDATES & {name for name, _ in pairs}:
        raise read_only()
    if pairs or describe is None:
        names = ", ".join(sorted({name for name, _ in pairs})) or "nothing"
        raise Problem(400, "request", f"no query was sent, but {names}", where="query", remedy="send query=…")
    media_type = choose(",".join(request.headers.getlist("accept")), GRAPHS) or GRAPHS[0]
    return Response(describe()(media_type), 200, {"vary": "Accept"}, media_type)


async def _watched(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer, or nothing where the client went away meanwhile: then the query is ended, since nobody will read it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    gone = False
    watcher: asyncio.Task[None] | None = None

    async def watch() -> None:
        nonlocal gone
        while not await request.is_disconnected():
            await asyncio.sleep(PATIENCE)
        gone = True
        task.cancel()

    def begin() -> None:
        nonlocal watcher
        watcher = loop.create_task(watch())

    timer = loop.call_later(PATIENCE, begin)  # most queries are answered before that, and cost nothing more
    try:
        return await work
    except asyncio.CancelledError:
        if not gone:
            raise
        task.uncancel()
        raise Problem(400, "client-gone", "the client closed the connection") from None
    finally:
        timer.cancel()
        if watcher is not None:
            watcher.cancel()
