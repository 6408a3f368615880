"""Administration over HTTP, joined only where there are tokens: documents, builds, suggestions, personal data.

A token is sent as `Authorization: Bearer …` and never as a cookie, so no page of another site can use it (the page /review has a
cookie of its own, which these routes do not look at). What is done is written to the audit log first. Documents are read by jobs
in processes of their own (search_api/jobs.py); the service only watches.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from kg.names import slug
from search_api import audit, jobs, review
from search_api.admission import admit
from search_api.live import Live
from search_api.models import Open, Parameters
from search_api.personal import personal
from search_api.problems import Problem
from search_api.routes_api import ERRORS, MISSING, PROBLEM, no_repeats, nothing_else
from search_api.tokens import Keeper, Token

PREFIX = "/api/admin"
UPLOADS = {f"{PREFIX}/documents": 52_000_000}  # bytes of a body: a file of 50 MB, the most that is read, and its form
ENDINGS = ("txt", "md", "pdf", "docx", "html", "htm")
DOCUMENT = r"^[a-z0-9][a-z0-9-]{0,99}$"
BEGINS = {"pdf": b"%PDF-", "docx": b"PK\x03\x04"}
FIELDS = 8  # of a form
REFUSED: dict[int | str, dict[str, Any]] = {
    401: {**PROBLEM, "description": "No token, or one that is unknown, revoked or expired."},
    403: {**PROBLEM, "description": "The token has another scope."},
}
SuggestionKind = Literal["measure", "part", "edition", "merge"]  # [kind] of ontology/judging.toml
Document = Annotated[
    str, Path(max_length=100, pattern=DOCUMENT, description="Id of the document.", examples=["jaarverslag-2024"])
]


class About(BaseModel):
    """What may be said of a document that comes in; the rest is detected."""

    model_config = ConfigDict(extra="forbid")
    id: str | None = Field(None, pattern=DOCUMENT)
    genre: Literal["plan", "report", "fiche", "resolution"] | None = None
    lang: Literal["nl", "fr"] | None = None
    title: str | None = Field(None, min_length=1, max_length=300)
    year: int | None = Field(None, ge=1990, le=2100)


class Progress(Open):
    step: str | None = Field(description="extract, link, validate, embed, …")
    item: str | None
    done: int | None
    total: int | None


class Job(Open):
    """Work that goes on by itself: ask again until its state is done or failed."""

    id: str
    kind: Literal["upload", "reingest", "remove", "build"]
    about: str = Field(description="The document.")
    by: str
    state: Literal["waiting", "running", "done", "failed"]
    created: str
    ended: str | None
    progress: Progress
    result: dict[str, Any] | None
    error: dict[str, str] | None


class Jobs(Open):
    items: list[Job]


class Verdict(Parameters):
    """A suggestion as the list gives it, and what becomes of it."""

    subject: str = Field(max_length=500, examples=["id/initiative/buurttafel"])
    property: str = Field(max_length=100, examples=["gvpp:suggestedMeasure"])
    object: str = Field(max_length=500, examples=["id/measure/gvpp-2021-2024/2.3"])
    verdict: Literal["accept", "reject"]
    why: str = Field("", max_length=2000)


class SuggestionParameters(Parameters):
    kind: SuggestionKind | None = Field(None, description="Suggestions of one kind alone.")
    limit: int = Field(50, ge=1, le=500)
    offset: int = Field(0, ge=0, le=1_000_000)


class Suggestions(Open):
    total: int
    limit: int
    offset: int
    items: list[dict[str, Any]]


class PersonalData(Open):
    """Contact data of the sources. What is shown is written to the audit log."""

    items: list[dict[str, Any]]


BEARER = HTTPBearer(auto_error=False, description="A token that `gvpp token create` printed.")
Given = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        **About.model_json_schema()["properties"],
                    },
                }
            }
        },
    }
}


def private(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> JSONResponse:
    """An answer that nothing on the way keeps."""
    return JSONResponse(content, status, {"cache-control": "no-store", **(headers or {})})


def router(live: Live, keeper: Keeper) -> APIRouter:
    def needs(*scopes: str) -> Callable[..., Any]:
        """The token of the request; Problem where there is none, or none of these scopes."""

        async def check(request: Request, given: Given) -> Token:
            return await admit(request, keeper, given.credentials if given else None, *scopes)

        return check

    documents, reviewer, privileged = (Annotated[Token, Depends(needs(name))] for name in ("documents", "review", "personal"))
    routes = APIRouter(
        prefix=PREFIX, responses={**ERRORS, **REFUSED}, tags=["administration"], dependencies=[Depends(no_repeats)]
    )
    _documents(routes, live, documents)
    _jobs(routes, live, documents)
    _suggestions(routes, live, reviewer)
    _personal(routes, live, privileged)
    return routes


ACCEPTED: dict[str, Any] = {"status_code": 202, "response_model": Job, "dependencies": [Depends(nothing_else)]}


def _documents(routes: APIRouter, live: Live, holder: Any) -> None:
    data = live.settings.data

    async def start(token: Token, kind: str, about: str, command: list[str], upload: Any = None) -> JSONResponse:
        await asyncio.to_thread(audit.write, data, kind, token, about=about)
        job = await live.run(jobs.submit, live.settings, kind, command, token.name, about, upload)
        return private(job, 202, {"location": f"{PREFIX}/jobs/{job['id']}"})

    async def add(request: Request, token: Token) -> Any:
        if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            raise Problem(
                415, "media-type", "a document comes in as multipart/form-data", where="Content-Type", remedy="curl -F file=@FILE"
            )
        try:
            form = await request.form(max_files=1, max_fields=FIELDS, max_part_size=64 * 1024)
        except ClientDisconnect as error:
            limit = next(iter(UPLOADS.values()))
            raise Problem(413, "too-large", f"the body is larger than {limit} bytes, or ended early", where="body") from error
        try:
            fields = form.multi_items()
            file = next((value for name, value in fields if name == "file" and isinstance(value, UploadFile)), None)
            given = about_of([(name, value) for name, value in fields if isinstance(value, str)])
            if file is None:
                raise Problem(400, "request", "there is no file", where="file", remedy="send the document as the field `file`")
            name = safe_name(file.filename or "")
            await fits(name, file)
            options = [f"--{key}={value}" for key, value in given.model_dump(exclude_none=True).items()]
            return await start(token, "upload", given.id or name, ["ingest", *options], (name, file.file))
        finally:
            await form.close()

    async def again(document: Document, token: Token) -> Any:
        known(live, document)
        return await start(token, "reingest", document, ["build", "--again", document])

    async def remove(document: Document, token: Token) -> Any:
        known(live, document)
        return await start(token, "remove", document, ["remove", document])

    async def build(token: Token) -> Any:
        return await start(token, "build", "", ["build"])

    for function in (add, again, remove, build):
        function.__annotations__["token"] = holder
    large: dict[int | str, dict[str, Any]] = {
        413: {**PROBLEM, "description": "The file is too large."},
        415: {**PROBLEM, "description": "Files of this kind are not read, or the content is of another kind than the name says."},
    }
    routes.add_api_route(
        "/documents",
        add,
        methods=["POST"],
        operation_id="upload",
        summary="Add or replace a document",
        responses=large,
        openapi_extra=FORM,
        **ACCEPTED,
    )
    routes.add_api_route(
        "/documents/{document}/reingest",
        again,
        methods=["POST"],
        operation_id="reingest",
        summary="Read a document anew",
        responses=MISSING,
        **ACCEPTED,
    )
    routes.add_api_route(
        "/documents/{document}",
        remove,
        methods=["DELETE"],
        operation_id="remove",
        summary="Take a document and all that rests on it out",
        responses=MISSING,
        **ACCEPTED,
    )
    routes.add_api_route(
        "/build",
        build,
        methods=["POST"],
        operation_id="build",
        summary="Build: judgements and changed files come into use",
        **ACCEPTED,
    )


def known(live: Live, document: str) -> None:
    """Problem where no document of this id is in use."""
    if document not in live.view.generation.manifest["documents"]:
        raise Problem(404, "not-found", f"there is no document {document!r}", where="document", remedy="see /api/documents")


def about_of(fields: list[tuple[str, str]]) -> About:
    """What a form says of its file; empty fields count as not given."""
    names = [name for name, _ in fields]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise Problem(400, "parameter", f"{repeated[0]!r} stands more than once", where=repeated[0][:60], remedy="give it once")
    try:
        return About.model_validate({name: value for name, value in fields if value})
    except ValidationError as error:
        fault = error.errors()[0]
        where = str(fault["loc"][0])[:60] if fault["loc"] else "body"
        raise Problem(
            400, "request", str(fault["msg"]), where=where, remedy=f"known: file, {', '.join(About.model_fields)}"
        ) from error


def safe_name(given: str) -> str:
    """A file name of our own for one that came from outside: nothing of it can be a path. Problem for one that is none."""
    if not given or len(given) > 255 or re.search(r"[/\\\x00-\x1f\x7f]", given) or given.startswith("."):
        raise Problem(400, "request", "this is no name of a file", where="file", remedy="send the name without folders")
    stem, dot, ending = given.rpartition(".")
    ending = ending.lower()
    if not dot or ending not in ENDINGS:
        raise Problem(
            415, "media-type", "files of this kind are not read", where="file", remedy=f"send one of {', '.join(ENDINGS)}"
        )
    rest, dot, lang = stem.rpartition(".")
    if dot and lang.lower() in ("nl", "fr"):
        return f"{slug(rest)}.{lang.lower()}.{ending}"
    return f"{slug(stem)}.{ending}"


async def fits(name: str, file: UploadFile) -> None:
    """Problem for an empty file, and for a content that is plainly not what the name says; the reader looks closer."""
    head = await file.read(1024)
    await file.seek(0)
    if not head:
        raise Problem(400, "request", "the file is empty", where="file", remedy="send the document itself")
    begin = BEGINS.get(name.rsplit(".", 1)[-1])
    if (begin and begin not in head) or (not begin and (b"\0" in head[:512] and not head.startswith((b"\xff\xfe", b"\xfe\xff")))):
        raise Problem(
            415, "media-type", "the content is not of the kind that the name says", where="file", remedy="give it its own ending"
        )


def _jobs(routes: APIRouter, live: Live, holder: Any) -> None:
    data = live.settings.data

    async def every(token: Token) -> Any:
        return private({"items": await live.run(jobs.listed, data)})

    async def one(
        job: Annotated[str, Path(max_length=40, description="Id of the job.", examples=["20260101000000-0123456789ab"])],
        token: Token,
    ) -> Any:
        found = await live.run(jobs.find, data, job)
        if found is None:
            raise Problem(404, "not-found", f"there is no job {job!r}", where="job", remedy=f"see {PREFIX}/jobs")
        return private(found)

    for function in (every, one):
        function.__annotations__["token"] = holder
    only = [Depends(nothing_else)]
    routes.add_api_route(
        "/jobs", every, response_model=Jobs, operation_id="list_jobs", summary="Jobs, the newest first", dependencies=only
    )
    routes.add_api_route(
        "/jobs/{job}",
        one,
        response_model=Job,
        responses=MISSING,
        operation_id="get_job",
        summary="How far a job is, and what came of it",
        dependencies=only,
    )


def _suggestions(routes: APIRouter, live: Live, holder: Any) -> None:
    data = live.settings.data

    async def every(given: Annotated[SuggestionParameters, Query()], token: Token) -> Any:
        found = (await live.run(review.listed, live.view.corpus, data, given.kind)).suggestions
        items = found[given.offset : given.offset + given.limit]
        return private({"total": len(found), "limit": given.limit, "offset": given.offset, "items": items})

    async def add(verdict: Verdict, token: Token) -> Any:
        link = (verdict.subject, verdict.property, verdict.object)
        made = await live.run(review.judge, live.view.corpus, data, link, verdict.verdict, token, verdict.why)
        if made is None:
            remedy = f"see {PREFIX}/suggestions: it may have been judged meanwhile"
            raise Problem(404, "not-found", "there is no such open suggestion", where="body", remedy=remedy)
        names = ("subject", "predicate", "object", "verdict", "who", "when", "why")
        return private({name: getattr(made, name) for name in names}, 201)

    for function in (every, add):
        function.__annotations__["token"] = holder
    routes.add_api_route(
        "/suggestions",
        every,
        response_model=Suggestions,
        operation_id="list_suggestions",
        summary="Suggestions that nobody has judged, the best first",
    )
    routes.add_api_route(
        "/judgements",
        add,
        methods=["POST"],
        status_code=201,
        operation_id="judge",
        summary="Accept or reject a suggestion; the next build brings it into use",
        responses=MISSING,
        dependencies=[Depends(nothing_else)],
    )


def _personal(routes: APIRouter, live: Live, holder: Any) -> None:
    async def every(token: Token) -> Any:
        await asyncio.to_thread(audit.write, live.settings.data, "personal", token)
        return private({"items": await live.run(personal, live.view.corpus)})

    every.__annotations__["token"] = holder
    routes.add_api_route(
        "/personal",
        every,
        response_model=PersonalData,
        operation_id="personal_data",
        summary="Contact data of the sources",
        dependencies=[Depends(nothing_else)],
    )
