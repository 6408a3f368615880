"""Routes of what is computed over editions: compared with each other, and covered by initiatives."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from search_api.compare import compare
from search_api.coverage import COLUMNS, coverage, table
from search_api.live import Live
from search_api.models import Citation, Iri, Labels, Lang, Open, Parameters, Version
from search_api.negotiation import choose
from search_api.routes_api import ERRORS, fresh, known, no_repeats
from search_api.tables import as_csv

JSON, CSV = "application/json", "text/csv"
Certainty = Annotated[str, Field(description="suggested (computed), curated (a person accepted it) or explicit.")]
Edition = Annotated[str, Field(min_length=1, max_length=100, description="Id or years of an edition.")]


class CompareParameters(Parameters):
    from_: Edition = Field(alias="from", examples=["2017-2020"])
    to: Edition = Field(examples=["2021-2024"])
    measure: str | None = Field(
        None, pattern=r"^\d{1,2}\.\d{1,2}$", description="One measure, of either edition.", examples=["2.3"]
    )
    lang: Lang = Field("nl", description="Language of titles.")


class Counterpart(Open):
    iri: Iri
    number: str
    plan: str
    label: Labels
    text: str = Field(description="Of the source, whole.")
    citations: list[Citation]
    score: float = Field(description="How likely it is; 1 where it is not computed.")
    certainty: Certainty
    reason: dict[str, str] = Field(description="Why, in Dutch and in French.")


class Compared(Open):
    iri: Iri
    number: str
    plan: str
    label: Labels
    text: str
    citations: list[Citation]
    status: Literal["continued", "doubtful", "dropped"] = Field(
        description="continued: a counterpart is clear; doubtful: there are only faint ones; dropped: none was found."
    )
    counterparts: list[Counterpart]


class Comparison(Open):
    """Two editions: what became of each measure of the older one, and what of the newer one has no clear predecessor."""

    from_: str = Field(alias="from")
    to: str
    lang: str
    number: str | None
    counts: dict[str, int]
    measures: list[Compared]
    new: list[Compared]
    sparql: str
    corpus: Version


class CoverageParameters(Parameters):
    by: Literal["measure", "theme", "part", "organisation", "zone"] = Field("measure", description="What a row is.")
    plan: str | None = Field(None, max_length=100, description="Id of an edition.", examples=["gvpp-2021-2024"])
    lang: Lang = Field("nl", description="Language of labels.")


class CoveredBy(Open):
    iri: Iri
    kind: str
    label: str
    certainty: Certainty
    score: float | None = Field(description="Of a suggestion.")
    evidence: str | None = Field(description="Address of a passage that shows it.")


class CoverageRow(Open):
    iri: Iri
    reference: str
    label: str
    number: str | None
    plan: str | None
    status: Literal["stated", "suggested", "none"]
    stated: list[CoveredBy]
    suggested: list[CoveredBy]


class CoverageAnswer(Open):
    """What is done for each thing of a kind. What texts state and what is suggested stand apart."""

    by: str
    plan: str | None
    lang: str
    counts: dict[str, int]
    rows: list[CoverageRow]
    corpus: Version


def router(live: Live) -> APIRouter:
    routes = APIRouter(prefix="/api", responses=ERRORS, dependencies=[Depends(no_repeats)])

    @routes.get(
        "/compare",
        operation_id="compare",
        response_model=Comparison,
        summary="Two editions of the plan compared",
        tags=["questions"],
    )
    async def get_compare(request: Request, given: Annotated[CompareParameters, Query()]) -> Any:
        view = live.view
        if unchanged := known(request, view):
            return unchanged
        found = await live.run(compare, view.corpus, given.from_, given.to, given.measure, given.lang)
        return fresh(view, JSONResponse(found))

    @routes.get(
        "/coverage",
        operation_id="coverage",
        response_model=CoverageAnswer,
        responses={200: {"content": {CSV: {}}}},
        summary="What is done for each measure, theme, part of the resolution, body or zone",
        tags=["questions"],
    )
    async def get_coverage(request: Request, given: Annotated[CoverageParameters, Query()]) -> Any:
        view = live.view
        if unchanged := known(request, view):
            return unchanged
        found = await live.run(coverage, view.corpus, given.by, given.plan, given.lang)
        if choose(request.headers.get("accept", "*/*"), (JSON, CSV)) == CSV:
            answer = fresh(view, Response(as_csv(COLUMNS, table(found)), media_type=f"{CSV}; charset=utf-8"))
        else:
            answer = fresh(view, JSONResponse(found))
        answer.headers["vary"] = "accept"
        return answer

    return routes
