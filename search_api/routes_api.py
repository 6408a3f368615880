"""Routes under /api that read: questions, lists, details, passages and the published texts."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import Field, create_model

from search_api import answers, things
from search_api.caching import conditional, tag
from search_api.live import Live, View
from search_api.models import (
    AskAnswer,
    AskBody,
    AskParameters,
    Detail,
    Page,
    Parameters,
    PassageDetail,
    ProblemDocument,
)
from search_api.problems import Problem

PROBLEM: dict[str, Any] = {"model": ProblemDocument, "content": {"application/problem+json": {}}}
ERRORS: dict[int | str, dict[str, Any]] = {
    400: {**PROBLEM, "description": "A parameter is unknown, missing or out of range."},
    503: {**PROBLEM, "description": "Nothing has been built yet, or too much is asked at once; see Retry-After."},
}
MISSING: dict[int | str, dict[str, Any]] = {404: {**PROBLEM, "description": "There is no such thing."}}
DOCUMENT = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
FILTERS: dict[str, tuple[str, str]] = {
    "plan": ("Id of a plan edition.", "gvpp-2021-2024"),
    "theme": ("A theme of a plan.", "gvpp-2021-2024/2"),
    "measure": ("A measure of a plan.", "gvpp-2021-2024/2.3"),
    "zone": ("A police zone.", "politiezone-5340"),
    "organisation": ("Who carries it out.", "politiezone-5340"),
    "document": ("A document that reports it.", "jaarverslag-2024"),
    "activity": ("Kind of activity.", "project"),
    "status": ("existing, planned or considered.", "existing"),
    "type": ("Class.", "Municipality"),
    "genre": ("Genre.", "report"),
    "lang": ("Language of the document.", "nl"),
    "year": ("Year that it reports on.", "2024"),
    "finding": ("Kind of finding.", "count"),
}


class Nothing(Parameters):
    """No query parameters at all."""


async def no_repeats(request: Request) -> None:
    """A parameter that stands twice has no clear meaning."""
    repeated = [name for name, count in Counter(name for name, _ in request.query_params.multi_items()).items() if count > 1]
    if repeated:
        raise Problem(400, "parameter", f"{repeated[0]!r} stands more than once", where=repeated[0], remedy="give it once")


async def nothing_else(request: Request) -> None:
    """For routes without query parameters."""
    if request.query_params:
        name = next(iter(request.query_params))
        raise Problem(400, "parameter", f"unknown parameter {name!r}", where=name, remedy="this address takes none")


def known(request: Request, view: View, *, there: bool = True) -> Response | None:
    """304 where the client has the answer of this generation. there: whether it is sure that there is one."""
    return conditional(request, tag(view.name), view.date, there=there)


def fresh(view: View, response: Response) -> Response:
    """An answer that holds until the next generation."""
    response.headers.update({"etag": tag(view.name), "last-modified": view.date, "cache-control": "no-cache"})
    return response


def version(view: View) -> dict[str, str]:
    manifest = view.generation.manifest
    return {"version": view.name, "date": str(manifest.get("date", manifest["created"][:10]))}


def router(live: Live) -> APIRouter:
    """All of them."""
    routes = APIRouter(prefix="/api", responses=ERRORS, dependencies=[Depends(no_repeats)])
    _ask(routes, live)
    for kind in things.KINDS.values():
        if kind.name == "documents":
            _texts(routes, live)
        _list(routes, live, kind)
        _detail(routes, live, kind)
    _passages(routes, live)
    return routes


def _ask(routes: APIRouter, live: Live) -> None:
    about = {
        "response_model": AskAnswer,
        "summary": "Answer a question",
        "tags": ["questions"],
        "description": "An answer with a row per thing that answers, each with the words that prove it and where they stand.",
    }

    @routes.get("/ask", operation_id="ask", **about)  # type: ignore[arg-type]
    async def get(request: Request, given: Annotated[AskParameters, Query()]) -> Any:
        view = live.view
        if unchanged := known(request, view):
            return unchanged
        answer = fresh(view, JSONResponse(await live.run(answers.ask, view.corpus, given.q, given.lang)))
        answer.headers["cache-control"] = "private, no-cache"  # what somebody asked is in no shared cache
        return answer

    @routes.post("/ask", operation_id="ask_confidentially", dependencies=[Depends(nothing_else)], **about)  # type: ignore[arg-type]
    async def post(given: AskBody) -> Any:
        answer = JSONResponse(await live.run(answers.ask, live.view.corpus, given.q, given.lang))
        answer.headers["cache-control"] = "no-store"
        return answer


def _list(routes: APIRouter, live: Live, kind: things.Kind) -> None:
    fields: dict[str, Any] = {
        name: (
            str | None,
            Field(None, min_length=1, max_length=200, description=FILTERS[name][0], examples=[FILTERS[name][1]]),
        )
        for name in kind.filters
    }
    model = create_model(
        f"{kind.name.capitalize()}Parameters",
        __base__=Parameters,
        limit=(int, Field(50, ge=1, le=500, description="Most items to send.")),
        offset=(int, Field(0, ge=0, le=1_000_000, description="Items to leave out at the start.")),
        **fields,
    )

    async def get(request: Request, given: Annotated[Any, Query()]) -> Any:
        view = live.view
        if unchanged := known(request, view):
            return unchanged
        every = await live.run(view.remember, kind.name, lambda: things.items(view.corpus, kind))
        filters = {name: value for name in kind.filters if (value := getattr(given, name)) is not None}
        found = things.chosen(every, filters)
        part = found[given.offset : given.offset + given.limit]
        end = given.offset + len(part)
        following = None
        if part and end < len(found):
            following = f"/api/{kind.name}?" + urlencode({**filters, "limit": given.limit, "offset": end})
        page = {
            "total": len(found),
            "limit": given.limit,
            "offset": given.offset,
            "next": following,
            "items": part,
            "corpus": version(view),
        }
        answer = fresh(view, JSONResponse(page))
        if following:
            answer.headers["link"] = f'<{following}>; rel="next"'
        return answer

    get.__annotations__ = {"request": Request, "given": Annotated[model, Query()], "return": Any}
    routes.add_api_route(
        f"/{kind.name}",
        get,
        response_model=Page,
        summary=f"List the {kind.name}",
        tags=["lists"],
        operation_id=f"list_{kind.name}",
    )


def _detail(routes: APIRouter, live: Live, kind: things.Kind) -> None:
    example = {
        "plans": "gvpp-2021-2024",
        "themes": "gvpp-2021-2024/2",
        "measures": "gvpp-2021-2024/2.3",
        "zones": "5340",
        "documents": "jaarverslag-2024",
    }.get(kind.name, "x")
    reference_type = Annotated[str, Path(description="Reference, as the list gives it.", max_length=300, examples=[example])]

    async def get(request: Request, reference: str) -> Any:
        view = live.view
        thing = things.iri_of(kind, reference) if reference else ""
        if unchanged := known(request, view, there=False):
            return unchanged
        found = await live.run(things.detail, view.corpus, thing) if thing else None
        if found is None:
            raise Problem(
                404, "not-found", f"there is no {kind.one} {reference!r}", where="reference", remedy=f"see /api/{kind.name}"
            )
        return known(request, view) or fresh(
            view, JSONResponse({**found, "reference": thing.removeprefix(kind.start), "corpus": version(view)})
        )

    get.__annotations__ = {"request": Request, "reference": reference_type, "return": Any}
    routes.add_api_route(
        f"/{kind.name}/{{reference:path}}",
        get,
        response_model=Detail,
        responses=MISSING,
        dependencies=[Depends(nothing_else)],
        summary=f"Everything about one of the {kind.name}",
        tags=["details"],
        operation_id=f"get_{kind.name}",
    )


def _passages(routes: APIRouter, live: Live) -> None:
    @routes.get(
        "/passages/{document}/{key}",
        response_model=PassageDetail,
        responses=MISSING,
        dependencies=[Depends(nothing_else)],
        summary="A passage in its place",
        tags=["details"],
        operation_id="get_passage",
    )
    async def get(
        request: Request,
        document: Annotated[str, Path(max_length=200, description="Id of the document.", examples=["jaarverslag-2024"])],
        key: Annotated[str, Path(max_length=64, description="Hash of the passage.", examples=["0e3efc9e1803d07e"])],
    ) -> Any:
        view = live.view
        if unchanged := known(request, view, there=False):
            return unchanged
        things.iri_of(things.KINDS["documents"], f"{document}/{key}")
        found = await live.run(things.passage, view.corpus, document, key)
        if found is None:
            raise Problem(
                404, "not-found", f"there is no passage '{document}/{key}'", where="address", remedy="see /api/documents"
            )
        return known(request, view) or fresh(view, JSONResponse({**found, "corpus": version(view)}))


class TextParameters(Parameters):
    lang: str | None = Field(
        None, pattern="^(nl|fr)$", description="Which expression, where a document stands in both languages."
    )


def _texts(routes: APIRouter, live: Live) -> None:
    @routes.get(
        "/documents/{document}/text",
        response_class=PlainTextResponse,
        responses=MISSING,
        summary="The published text that offsets count in",
        tags=["details"],
        operation_id="get_text",
    )
    async def get(
        request: Request,
        document: Annotated[
            str, Path(max_length=200, pattern=DOCUMENT, description="Id of the document.", examples=["jaarverslag-2024"])
        ],
        given: Annotated[TextParameters, Query()],
    ) -> Any:
        view = live.view
        if unchanged := known(request, view, there=False):
            return unchanged
        names = [
            name
            for name in view.generation.manifest["files"]
            if re.fullmatch(rf"texts/{re.escape(document)}\.(nl|fr)\.txt", name)
        ]
        if given.lang:
            names = [name for name in names if name.endswith(f".{given.lang}.txt")]
        if not names:
            raise Problem(404, "not-found", f"there is no text of {document!r}", where="address", remedy="see /api/documents")
        if len(names) > 1:
            raise Problem(
                400, "parameter", f"{document!r} stands in two languages", where="lang", remedy="give lang=nl or lang=fr"
            )
        text = await live.run((view.generation.path / names[0]).read_bytes)  # as it is: offsets count in it
        return known(request, view) or fresh(view, PlainTextResponse(text, headers={"content-language": names[0].split(".")[-2]}))
