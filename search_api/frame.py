"""What surrounds every request: its id, one log line without its question, metrics, size limit, headers, HEAD and CORS.

Plain ASGI, since it runs for every request. A query string may hold a question and questions can be confidential, so no log line,
metric or error holds one: a line names the route, and the path only where a route was found.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_api.problems import MEDIA_TYPE, document

BODY_LIMIT = 1024 * 1024
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
EXPOSED = b"ETag, Last-Modified, Link, Retry-After, X-Request-ID"
SPARQL = ("/sparql", "/sparql/")
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Metrics:
    """Counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "route", "status")
        self.requests = Counter("gvpp_requests_total", "Requests by route and status.", names, registry=self.registry)
        self.seconds = Histogram(
            "gvpp_request_seconds", "Time to answer by route.", ("route",), buckets=SECONDS, registry=self.registry
        )
        self.running = Gauge("gvpp_requests_running", "Requests that are being answered.", registry=self.registry)
        self.known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}  # looking labels up costs more than counting

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request."""
        key = (method if method in METHODS else "other", route, status)
        if key not in self.known:
            self.known[key] = (self.requests.labels(*key), self.seconds.labels(route))
        requests, histogram = self.known[key]
        requests.inc()
        histogram.observe(seconds)


class Frame:
    """ASGI middleware. bodies: a larger limit for paths that begin so (uploads); access: where the lines go, None for nowhere."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, bodies: dict[str, int] | None = None, access: TextIO | None = None
    ) -> None:
        self.plain, self.gzipped = app, GZipMiddleware(app, minimum_size=1000, compresslevel=5)
        self.metrics, self.bodies, self.access = metrics, bodies or {}, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.plain(scope, receive, send)
            return
        begun = time.perf_counter()
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()
        asked, path = scope["method"], scope["path"]
        method = "GET" if asked == "HEAD" else asked  # HEAD is answered as GET; the server leaves the body out
        scope = {**scope, "method": method, "request_id": request_id.decode()}
        app = self.gzipped if b"gzip" in headers.get(b"accept-encoding", b"") else self.plain
        open_ = _is_open(method, path)
        status, size = 500, 0
        self.metrics.running.inc()

        async def reply(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _dressed(message["headers"], request_id, open_)
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            if method == "OPTIONS" and b"access-control-request-method" in headers and _is_open("GET", path):
                await _preflight(path, reply)
            elif _too_long(headers, limit := self._limit(path)):
                await _too_large(scope["request_id"], limit, reply)
            else:
                await app(scope, _counted(receive, limit), reply)
        finally:
            self.metrics.running.dec()
            seconds = time.perf_counter() - begun
            route = "/sparql" if path in SPARQL else getattr(scope.get("route"), "path", "none")
            self.metrics.count(asked, route, status, seconds)
            if self.access:
                self._line(scope["request_id"], asked, route, status, seconds, size)

    def _line(self, request_id: str, method: str, route: str, status: int, seconds: float, size: int) -> None:
        """One line per request, in the form of `Lines`. Nothing in it comes from the address: only its route is named."""
        method = method if method in METHODS else "other"
        assert self.access is not None
        self.access.write(
            f'{{"time": "{_now()}", "level": "info", "logger": "gvpp.access", "message": "request", "request": "{request_id}", '
            f'"method": "{method}", "route": "{route}", "status": {status}, "ms": {seconds * 1000:.1f}, "bytes": {size}}}\n'
        )

    def _limit(self, path: str) -> int:
        return next((limit for start, limit in self.bodies.items() if path.startswith(start)), BODY_LIMIT)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _is_open(method: str, path: str) -> bool:
    """Whether pages of other sites may read the answer: reading the API and the SPARQL endpoint, nothing else."""
    if path in SPARQL:
        return method in ("GET", "HEAD", "POST")
    return path.startswith("/api/") and not path.startswith("/api/admin/") and method in ("GET", "HEAD")


def _dressed(headers: Iterable[tuple[bytes, bytes]], request_id: bytes, open_: bool) -> list[tuple[bytes, bytes]]:
    found = list(headers)
    names = {name.lower() for name, _ in found}
    found += [pair for pair in SECURITY if pair[0] not in names]  # a page sets a policy of its own
    found.append((b"x-request-id", request_id))
    found.append((b"vary", b"Accept-Encoding"))
    if open_:
        found += [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED)]
    return found


async def _preflight(path: str, send: Send) -> None:
    methods = b"GET, HEAD, POST" if path in SPARQL else b"GET, HEAD"
    headers = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", b"Accept, Accept-Language, Content-Type, If-None-Match, X-Request-ID"),
        (b"access-control-max-age", b"86400"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _too_long(headers: dict[bytes, bytes], limit: int) -> bool:
    length = headers.get(b"content-length", b"")
    return length.isdigit() and int(length) > limit


async def _too_large(request_id: str, limit: int, send: Send) -> None:
    problem = document(request_id, 413, "too-large", f"the body is larger than {limit} bytes", "body", "send less")
    body = json.dumps(problem).encode()
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _counted(receive: Receive, limit: int) -> Receive:
    """The body of a request, ended where it goes over the limit although its headers did not say so."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return {"type": "http.disconnect"} if size > limit else message

    return counted


class Lines(logging.Formatter):
    """One JSON object per line. What a record was given as extra stands in it; a traceback only by its kind and place."""

    FIELDS = ("request", "method", "route", "status", "ms", "bytes", "generation", "fault", "address")

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _now(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in self.FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1]:
            line["places"] = _places(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _places(error: BaseException) -> list[str]:
    """Where an error came from, file and line, without its message: that may hold what was asked."""
    found: list[str] = []
    trace = error.__traceback__
    while trace:
        found.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found[-8:]


def set_up_logging(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Every logger of the service and of the server writes such lines to the error output."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines())
    for name in ("gvpp", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level if name == "gvpp" else logging.WARNING)
