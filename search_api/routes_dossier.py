"""The route of dossiers: a pasted parliamentary question, answered as JSON, Markdown or DOCX. Nothing is kept unless asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field

from search_api import dossier_store
from search_api.dossier import dossier
from search_api.dossier_docx import MEDIA_TYPE as DOCX
from search_api.dossier_split import LIMIT
from search_api.live import Live, View
from search_api.models import AskAnswer, Citation, Iri, Labels, Lang, Open, Parameters, Version
from search_api.negotiation import choose
from search_api.problems import Problem
from search_api.routes_api import ERRORS, PROBLEM, no_repeats, nothing_else
from search_api.routes_search import Hit

JSON, MARKDOWN = "application/json", "text/markdown"
Words = Annotated[dict[str, str], Field(description="Text by language.", examples=[{"nl": "Niets in het corpus."}])]
TEXT = "Titel: Maatregel 2.3\n\n1. Welke initiatieven voeren die uit?\n   a) Welke partners werken mee?\n2. Quel est le budget ?"


class DossierBody(Parameters):
    """The pasted question. It stands in no address and in no log."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": TEXT, "lang": "nl", "bilingual": False}]})
    text: str = Field(min_length=1, max_length=LIMIT, description="Title, preamble and sub-questions as they were pasted.")
    lang: Lang | None = Field(None, description="Language of the dossier; else that of most of the text.")
    bilingual: bool = Field(False, description="Headings and sentences in Dutch and in French.")
    save: bool = Field(False, description="Keep text and dossier in the data folder of the service; else nothing is kept.")


class Numbered(Citation):
    n: int = Field(description="Number in the list of sources.")


class Added(Open):
    what: Literal["measures", "plan", "years", "names", "question", "things"]
    names: list[str]
    from_: str = Field(
        alias="from", description="title, preamble, parent, item, question or answer (then number says to which question)."
    )


class ReadAs(Open):
    """The question as it was asked, with what it took from its context."""

    text: str
    added: list[Added]


class Gap(Open):
    kind: str
    text: Words


class Amount(Open):
    value: dict[str, Any]
    recipients: list[dict[str, Any]]
    about: dict[str, str] | None
    citations: list[Numbered]


class TableRow(Open):
    iri: Iri
    label: Labels
    measures: list[dict[str, Any]] = Field(description="Each with its number and the edition that it belongs to.")
    organisations: list[dict[str, Any]]
    partners: list[dict[str, Any]]
    amounts: list[Amount]
    citations: list[Numbered]


class Overview(Open):
    """Initiatives × measures × organisations × amounts. Suggested links stand apart."""

    rows: list[TableRow]
    left_out: int
    grants: list[Amount]
    suggested: list[dict[str, Any]]


class FactValue(Open):
    """One value of a cell: a thing (iri, label), words of a source (text, lang), or a number (value). of: what it is said of."""

    iri: Iri | None
    label: Labels | None
    text: str | None
    lang: str | None
    value: dict[str, Any] | None
    of: dict[str, Any] | None
    citations: list[Numbered]


class Fact(Open):
    """What was asked of a thing of a list; without values the corpus has nothing. near: what comes near."""

    what: str = Field(examples=["amount"])
    values: list[FactValue]
    left_out: int
    near: list[FactValue]


class ThingBlock(Open):
    """A commune, police zone or body, or any thing of a list that something is asked of; without rows, amounts, passages and
    facts the corpus has nothing on it."""

    iri: Iri
    label: Labels
    kind: Literal["commune", "zone", "body", "initiative", "measure", "theme"]
    rows: list[TableRow]
    grants: list[Amount]
    passages: list[Hit]
    facts: list[Fact] = Field(description="One for each thing asked, where a question asks something of each thing of a list.")


class DossierQuestion(Open):
    """A sub-question, or one part of it."""

    number: str = Field(examples=["2.a"])
    part: int | None = Field(description="Where a sub-question asks several things, which of them.")
    level: int
    text: str
    lang: str
    heading: bool = Field(description="It asks nothing itself; others stand under it.")
    read_as: ReadAs | None
    answer: AskAnswer | None = Field(description="As of /api/ask; null for a heading.")
    texts: Words
    evidence: list[Hit] = Field(description="Passages that come near; they are no answer.")
    gaps: list[Gap]
    overview: Overview | None
    blocks: list[ThingBlock]


class Source(Numbered):
    pass


class Dossier(Open):
    """Every sub-question with its answer; every citation with the number of its source."""

    title: str
    lang: str
    langs: list[str]
    preamble: list[str]
    questions: list[DossierQuestion]
    notes: list[Words]
    covers: dict[str, Any]
    sources: list[Source]
    made: str
    corpus: Version
    similar: list[dict[str, Any]] = Field(description="This text as it was saved before, and what changed since.")
    saved: str | None = Field(description="Id under which it was saved now.")


def router(live: Live) -> APIRouter:
    routes = APIRouter(prefix="/api", responses=ERRORS, dependencies=[Depends(no_repeats), Depends(nothing_else)])

    def make(view: View, given: DossierBody, form: str) -> bytes | str | dict[str, Any]:
        searching = view.searching
        made = dossier(searching, given.text, given.lang, bilingual=given.bilingual)
        # Others may have saved what they asked: only one's own text is told about.
        made["similar"] = dossier_store.beside(live.settings.data, searching, given.text, made, same_only=True)
        made["saved"] = dossier_store.save(live.settings.data, given.text, made) if given.save else None
        if form == DOCX:
            from search_api.dossier_docx import docx

            return docx(made)
        if form == MARKDOWN:
            from search_api.dossier_markdown import markdown

            return markdown(made)
        return made

    @routes.post(
        "/dossier",
        operation_id="dossier",
        response_model=Dossier,
        responses={
            200: {"content": {MARKDOWN: {}, DOCX: {}}},
            406: {**PROBLEM, "description": "None of JSON, Markdown and DOCX is accepted."},
        },
        summary="Answer a parliamentary question with all its sub-questions",
        tags=["questions"],
    )
    async def post(request: Request, given: DossierBody) -> Any:
        form = choose(request.headers.get("accept", "*/*"), (JSON, MARKDOWN, DOCX))
        if not form:
            raise Problem(
                406,
                "not-acceptable",
                "a dossier is JSON, Markdown or DOCX",
                where="accept",
                remedy=f"accept {JSON}, {MARKDOWN} or {DOCX}",
            )
        found = await live.run(make, live.view, given, form)
        answer = (
            JSONResponse(found)
            if isinstance(found, dict)
            else Response(found, media_type=form if form == DOCX else f"{form}; charset=utf-8")
        )
        answer.headers.update({"cache-control": "no-store", "vary": "accept"})
        if form == DOCX:
            answer.headers["content-disposition"] = 'attachment; filename="dossier.docx"'
        return answer

    return routes
