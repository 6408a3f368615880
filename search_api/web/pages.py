"""The addresses of the pages, and the pages beside the RDF of / and /doc."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from search_api import linked_data
from search_api.coverage import COLUMNS as COVERAGE
from search_api.coverage import coverage, table
from search_api.live import Live
from search_api.problems import Problem, ProblemPage
from search_api.routes_api import no_repeats, nothing_else
from search_api.routes_knowledge import CoverageParameters
from search_api.routes_search import COLUMNS, SearchParameters
from search_api.search import POOL, search
from search_api.tables import as_csv
from search_api.web import dossiers, entities, forms, known, lists, overviews, querying, reading, searching, texts
from search_api.web.language import LANGS
from search_api.web.site import TYPES, Content, Site, Visit

SITES: WeakKeyDictionary[Live, Site] = WeakKeyDictionary()
FOREVER = "public, max-age=31536000, immutable"
Name = Annotated[str, Path(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


def site_of(live: Live) -> Site:
    """The site of a service: one for all of its routers."""
    if live not in SITES:
        SITES[live] = Site(live)
    return SITES[live]


def linked(live: Live) -> APIRouter:
    """Linked data, with pages beside it."""
    site = site_of(live)

    async def pages(request: Request, reference: str) -> Response | None:
        lang = request.query_params.get("lang")
        if not reference:
            return await site.answer(request, lang, searching.home)
        maker = await live.run(entities.maker, live.view, reference)
        return await site.answer(request, lang, maker) if maker else None

    return linked_data.router(live, pages)


def problem_page(live: Live) -> ProblemPage:
    """What shows an error to a person; it needs no data, so that it works while there are none."""
    site = site_of(live)

    def page(request: Request, status: int, members: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
        lang = request.query_params.get("lang", "")
        return site.problem(request, status, members, headers, lang if lang in LANGS else None)

    return page


def router(live: Live) -> APIRouter:
    """The pages that have an address of their own. They are no part of the API, and so not of its description."""
    site = site_of(live)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(no_repeats)])

    @routes.get("/static/{digest}/{name}")
    async def static(digest: str, name: str) -> Response:
        if name not in site.static:
            raise Problem(404, "not-found", f"there is no file {name!r}", where="address", remedy="reload the page")
        ending = "." + name.rpartition(".")[2]
        held = FOREVER if digest == site.digest else "no-cache"
        return Response(site.static[name], 200, {"cache-control": held}, f"{TYPES[ending]}; charset=utf-8")

    @routes.get("/search")
    async def search_page(request: Request, given: Annotated[forms.SearchForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: searching.results(visit, live, given), private=True)

    @routes.get("/search.csv")
    async def search_table(given: Annotated[SearchParameters, Query()]) -> Any:
        found = await live.run(lambda: search(live.view.searching, given.q, given.lang, given.filters(), limit=POOL))
        cells = as_csv(COLUMNS, [[hit[name] for name in COLUMNS] for hit in found["hits"]])
        return _csv("gvpp-search", cells)

    @routes.get("/doc/document/{document}/read")
    async def read(request: Request, document: Name, given: Annotated[forms.ReadingForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: reading.document(visit, document, given))

    _overviews(routes, live, site)
    _texts(routes, live, site)
    _dossiers(routes, live, site)
    return routes


def _overviews(routes: APIRouter, live: Live, site: Site) -> None:
    """Lists and computed overviews."""

    @routes.get("/list/{name}")
    async def listing(request: Request, name: Name, given: Annotated[forms.ListForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: lists.listing(visit, name, given))

    @routes.get("/compare")
    async def compare(request: Request, given: Annotated[forms.CompareForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: overviews.compare(visit, given))

    @routes.get("/coverage")
    async def coverage_page(request: Request, given: Annotated[forms.CoverageForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: overviews.coverage(visit, given))

    @routes.get("/coverage.csv")
    async def coverage_table(given: Annotated[CoverageParameters, Query()]) -> Any:
        found = await live.run(coverage, live.view.corpus, given.by, given.plan, given.lang)
        return _csv("gvpp-coverage", as_csv(COVERAGE, table(found)))

    @routes.get("/network")
    async def network(request: Request, given: Annotated[forms.NetworkForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: overviews.network(visit, given), private=True)

    @routes.get("/budget")
    async def budget(request: Request, given: Annotated[forms.BudgetForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: overviews.budget(visit, given))

    @routes.get("/budget.csv")
    async def budget_table() -> Any:
        rows = await live.run(known.grants, live.view)
        columns = ("year", "name", "funder", "recipient", "item", "amount", "unit", "grant")
        return _csv("gvpp-grants", as_csv(columns, ([row.get(name) for name in columns] for row in rows)))

    @routes.get("/findings")
    async def findings(request: Request, given: Annotated[forms.PageParameters, Query()]) -> Any:
        return await site.answer(request, given.lang, lists.findings)

    @routes.get("/glossary")
    async def glossary(request: Request, given: Annotated[forms.GlossaryForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: lists.glossary(visit, given))

    @routes.get("/new")
    async def news(request: Request, given: Annotated[forms.PageParameters, Query()]) -> Any:
        return await site.answer(request, given.lang, lists.news)


def _texts(routes: APIRouter, live: Live, site: Site) -> None:
    """The SPARQL page, the texts about the service, and the form to report an error."""

    @routes.get("/query")
    async def query(request: Request, given: Annotated[forms.QueryForm, Query()]) -> Any:
        ran = await querying.run(live, given.query)
        return await site.answer(request, given.lang, lambda visit: querying.page(visit, live, given, ran), private=True)

    @routes.get("/query/terms.json")
    async def terms(given: Annotated[forms.PageParameters, Query()]) -> Any:
        return JSONResponse(
            await live.run(querying.terms, live.view, given.lang or LANGS[0]), headers={"cache-control": "no-cache"}
        )

    @routes.get("/about")
    async def about(request: Request, given: Annotated[forms.PageParameters, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: texts.about(visit, "about"))

    @routes.get("/about/{name}")
    async def more(request: Request, name: Name, given: Annotated[forms.PageParameters, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: texts.about(visit, name))

    @routes.get("/report")
    async def report(request: Request, given: Annotated[forms.ReportForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: texts.report(visit, given), private=True)


def _dossiers(routes: APIRouter, live: Live, site: Site) -> None:
    """The workbench. A question that was pasted comes in the body of a form: it stands in no address, and nothing keeps it."""

    @routes.get("/dossier")
    async def begin(request: Request, given: Annotated[forms.DossierForm, Query()]) -> Any:
        return await site.answer(request, given.lang, lambda visit: dossiers.page(visit, given), private=True)

    @routes.post("/dossier", dependencies=[Depends(nothing_else)])
    async def gather(request: Request) -> Any:
        sent = await request.form()
        given = forms.posted(forms.GatherForm, sent)

        def make(visit: Visit) -> Content:
            made = dossiers.make(visit.view.searching, given, visit.lang) if given.text.strip() else None
            return dossiers.page(visit, given, made, dossiers.marks_of(sent) if given.to else None)

        return await site.answer(request, given.to or given.lang, make, stored=False)

    @routes.post("/dossier/file", dependencies=[Depends(nothing_else)])
    async def file(request: Request) -> Any:
        posted = await request.form()
        given = forms.posted(forms.DossierForm, posted)
        lang = site.language(request, given.lang)
        body, media_type, name = await live.run(lambda: dossiers.file(live.view.searching, given, posted, lang))
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return Response(body, 200, headers, media_type)


def _csv(name: str, cells: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-cache"}
    return Response(cells, 200, headers, "text/csv; charset=utf-8")
