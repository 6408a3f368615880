"""Errors over HTTP: problem documents (RFC 9457), the same three parts as on the command line."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from kg.errors import GvppError, QueryError, StoreError, UsageError
from search_api.negotiation import choose
from search_api.sparql_run import Exhausted, NotAcceptable, TimedOut, TooLarge
from search_api.workers import Busy, NotReady

log = logging.getLogger("gvpp.service")
MEDIA_TYPE = "application/problem+json"
FORMS = (MEDIA_TYPE, "text/html")
DATA = ("/api/", "/sparql", "/download/")  # addresses whose errors are for programs, whatever asks
# Gives an error as a page: request, status, members of the problem document, headers.
ProblemPage = Callable[[Request, int, Mapping[str, Any], Mapping[str, str]], Response]
HOLD = 5  # seconds after which to come back when the service has nothing to answer from
TITLES = {
    400: "The request is malformed",
    401: "A token is needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "No acceptable form",
    413: "The request is too large",
    414: "The address is too long",
    415: "Unsupported media type",
    422: "The request cannot be answered",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available now",
}
# The first class that fits: status and last part of the problem's type.
STATUS: tuple[tuple[type[GvppError], int, str], ...] = (
    (Busy, 503, "busy"),
    (TimedOut, 422, "query-timed-out"),
    (TooLarge, 422, "result-too-large"),
    (Exhausted, 422, "query-too-heavy"),
    (NotAcceptable, 406, "not-acceptable"),
    (QueryError, 400, "query"),
    (UsageError, 400, "request"),
    (StoreError, 503, "store"),
)


class Problem(Exception):
    """An error of the HTTP layer: status, name of the kind, and the three parts (what, where, remedy)."""

    def __init__(
        self, status: int, kind: str, what: str, *, where: str = "", remedy: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(what)
        self.status, self.kind, self.what, self.where, self.remedy = status, kind, what, where, remedy
        self.headers = dict(headers or {})


def document(
    request_id: str, status: int, kind: str, what: str, where: str = "", remedy: str = "", **more: Any
) -> dict[str, Any]:
    """The members of a problem document; `what`, `where` and `remedy` are its extension members."""
    return {
        "type": f"/problems#{kind}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": f"{what} → {remedy}" if remedy else what,
        "instance": f"urn:request:{request_id}",
        "what": what,
        "where": where,
        "remedy": remedy,
        **more,
    }


def plain_response(request_id: str, problem: Problem) -> Response:
    """A problem as a response, where there is no request yet."""
    members = document(request_id, problem.status, problem.kind, problem.what, problem.where, problem.remedy)
    headers = {"cache-control": "no-store", **problem.headers}
    return Response(json.dumps(members, ensure_ascii=False).encode("utf-8", "replace"), problem.status, headers, MEDIA_TYPE)


def respond(request: Request, status: int, kind: str, what: str, where: str = "", remedy: str = "", **more: Any) -> Response:
    """A problem document as a response."""
    headers: dict[str, str] = more.pop("headers", {})
    members = document(request.scope.get("request_id", ""), status, kind, what, where, remedy, **more)
    headers = {"cache-control": "no-store", "vary": "Accept", **headers}
    page: ProblemPage | None = getattr(request.app.state, "problem_page", None)
    if page and not request.url.path.startswith(DATA) and choose(request.headers.get("accept", "*/*"), FORMS) == FORMS[1]:
        return page(request, status, members, headers)
    body = json.dumps(members, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, headers, MEDIA_TYPE)


def of_error(request: Request, error: GvppError) -> Response:
    """The response to one of our errors."""
    status, kind = next(((status, kind) for type_, status, kind in STATUS if isinstance(error, type_)), (500, "internal"))
    headers = {}
    if status == 503:
        headers["retry-after"] = str(error.retry_after if isinstance(error, Busy) else HOLD)
        if isinstance(error, StoreError) and not isinstance(error, NotReady):  # it names files of the server
            log.error("the store cannot be used", extra={"fault": str(error)})
            return respond(request, status, kind, "the store cannot be read", "", "try again later", headers=headers)
    return respond(request, status, kind, error.what, error.where, error.remedy, headers=headers)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, GvppError)
    return of_error(request, error)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return respond(request, error.status, error.kind, error.what, error.where, error.remedy, headers=error.headers)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind, remedy = {
        404: ("not-found", "see /openapi.json for the addresses that exist"),
        405: ("method-not-allowed", "see the Allow header"),
    }.get(error.status_code, ("http", ""))
    what = f"there is nothing at {request.url.path}" if error.status_code == 404 else str(error.detail)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    if error.status_code == 405:  # the router names the methods of the first route alone
        headers["allow"] = _allowed(request)
    return respond(request, error.status_code, kind, what, "", remedy, headers=headers)


def _allowed(request: Request) -> str:
    """Every method that some route takes at this address."""
    scope = {**request.scope, "method": "-"}  # a route that fits but for its method is a partial match
    found: set[str] = set()
    for each in request.app.router.routes:
        for route in getattr(getattr(each, "original_router", None), "routes", (each,)):  # of a router that was joined
            if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
                found |= route.methods or set()
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [{"where": ".".join(str(part) for part in fault["loc"]), "what": _plain(fault)} for fault in error.errors()]
    first = faults[0] if faults else {"where": "", "what": "invalid"}
    return respond(
        request,
        400,
        "request",
        first["what"],
        first["where"],
        "correct the value; /openapi.json lists what is allowed",
        faults=faults,
    )


def _plain(fault: Mapping[str, Any]) -> str:
    """What is wrong with a value, without the value: it may be what somebody asked."""
    name = str(fault["loc"][-1]) if fault["loc"] else ""
    own = {"extra_forbidden": f"unknown parameter {name[:60]!r}", "missing": f"{name!r} is missing"}
    return own.get(str(fault["type"]), str(fault["msg"]))


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("unforeseen error", extra={"fault": type(error).__name__}, exc_info=error)
    return respond(request, 500, "internal", "something failed that should not", "", "report it with the request id")


def install(app: FastAPI) -> None:
    """Every error of the application becomes a problem document."""
    app.add_exception_handler(GvppError, _ours)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unforeseen)
