"""The route of search: passages for a question, narrowed by filters, as JSON or as a table."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from search_api.live import Live, View
from search_api.models import Lang, Open, Parameters, Question, Version
from search_api.negotiation import choose
from search_api.routes_api import ERRORS, fresh, known, no_repeats
from search_api.search import POOL, search
from search_api.tables import as_csv

JSON, CSV = "application/json", "text/csv"
COLUMNS = ("document", "title", "page", "section", "lang", "quote", "score", "passage")


class SearchParameters(Parameters):
    q: Question
    lang: Lang | None = Field(None, description="Language of the question; else detected.")
    plan: str | None = Field(None, max_length=100, description="Plan edition.", examples=["gvpp-2021-2024"])
    theme: str | None = Field(None, max_length=200, description="Theme of an edition.", examples=["gvpp-2021-2024/8"])
    genre: str | None = Field(None, max_length=200, description="Genre of the document.", examples=["report"])
    document: str | None = Field(None, max_length=200, description="Id of the document.", examples=["jaarverslag-2024"])
    organisation: str | None = Field(None, max_length=200, description="An organisation that is named.", examples=["unia"])
    zone: str | None = Field(None, max_length=200, description="Number of a police zone.", examples=["5340"])
    commune: str | None = Field(None, max_length=200, description="A commune that is named.", examples=["elsene"])
    year: int | None = Field(None, ge=1900, le=2200, description="Year reported on, or planned for.", examples=[2024])
    doc_lang: str | None = Field(None, max_length=20, description="Language of the passage.", examples=["nl"])
    limit: int = Field(10, ge=1, le=POOL, description="How many passages.")
    offset: int = Field(0, ge=0, le=10_000, description="How many to pass over.")

    def filters(self) -> dict[str, list[str]]:
        chosen = self.model_dump(exclude={"q", "lang", "limit", "offset"}, exclude_none=True)
        return {name: [str(value)] for name, value in chosen.items()}


class Entity(Open):
    iri: str
    label: str


class Place(Open):
    """Where a passage stands."""

    document: str
    title: str
    page: int | None = Field(description="Only where the format has pages.")
    section: str | None
    passage: str


class Hit(Place):
    """A passage of a source, whole. Highlights and the nearest sentence count from the start of the quote."""

    lang: str
    quote: str
    start: int
    end: int
    highlights: list[tuple[int, int]]
    sentence: tuple[int, int] | None
    score: float
    why: dict[str, Any] = Field(description="The words that were found, and the value of each reason.")
    entities: list[Entity]
    also: list[Place] = Field(description="Where the same is said again.")


class SearchAnswer(Open):
    question: str
    lang: str
    total: int
    hits: list[Hit]
    facets: dict[str, dict[str, int]]
    by: str = Field(description="'words' where the index has no vectors, else 'words and meaning'.")
    corpus: Version


def router(live: Live) -> APIRouter:
    routes = APIRouter(prefix="/api", responses=ERRORS, dependencies=[Depends(no_repeats)])

    def find(view: View, given: SearchParameters) -> dict[str, Any]:
        return search(view.searching, given.q, given.lang, given.filters(), limit=given.limit, offset=given.offset)

    @routes.get(
        "/search",
        operation_id="search",
        response_model=SearchAnswer,
        responses={200: {"content": {CSV: {}}}},
        summary="Find passages by meaning, words and names",
        tags=["questions"],
    )
    async def get(request: Request, given: Annotated[SearchParameters, Query()]) -> Any:
        view = live.view
        if unchanged := known(request, view):
            return unchanged
        found = await live.run(find, view, given)
        table = choose(request.headers.get("accept", "*/*"), (JSON, CSV)) == CSV
        if table:
            cells = as_csv(COLUMNS, [[hit[name] for name in COLUMNS] for hit in found["hits"]])
            answer = fresh(view, Response(cells, media_type=f"{CSV}; charset=utf-8"))
        else:
            answer = fresh(view, JSONResponse(found))
        answer.headers.update(
            {"cache-control": "private, no-cache", "vary": "accept"}
        )  # what somebody asked is in no shared cache
        return answer

    return routes
