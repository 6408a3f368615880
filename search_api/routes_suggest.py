"""The route of suggestions while somebody types."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from search_api.live import Live
from search_api.models import Iri, Labels, Lang, Open, Parameters, Version
from search_api.routes_api import ERRORS, fresh, known, no_repeats, version


class SuggestParameters(Parameters):
    q: str = Field(min_length=1, max_length=200, description="What was typed so far.", examples=["fiets"])
    lang: Lang | None = Field(None, description="Language of names to prefer.")
    limit: int = Field(10, ge=1, le=50, description="How many things.")


class Suggested(Open):
    iri: Iri
    reference: str = Field(description="What to put behind the address of the list of its kind.")
    kind: str = Field(examples=["Measure"])
    label: Labels
    number: str | None
    plan: str | None = Field(description="Edition of a measure or theme: its number means nothing without it.")
    match: str = Field(description="The name that fits what was typed.")
    lang: str | None = Field(description="Language of that name.")


class Suggestions(Open):
    q: str
    suggestions: list[Suggested]
    corpus: Version


def router(live: Live) -> APIRouter:
    routes = APIRouter(prefix="/api", responses=ERRORS, dependencies=[Depends(no_repeats)])

    @routes.get(
        "/suggest",
        operation_id="suggest",
        response_model=Suggestions,
        summary="Names that begin with what was typed",
        tags=["questions"],
    )
    async def get(request: Request, given: Annotated[SuggestParameters, Query()]) -> Any:
        view = live.view
        if unchanged := known(request, view):
            return unchanged
        found = view.suggester.find(given.q, given.lang, given.limit)  # some hundred microseconds: no thread is worth it
        answer = fresh(view, JSONResponse({"q": given.q, "suggestions": found, "corpus": version(view)}))
        answer.headers["cache-control"] = "private, no-cache"  # what somebody types is in no shared cache
        return answer

    return routes
