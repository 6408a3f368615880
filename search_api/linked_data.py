"""Linked data: /id and /auth redirect to /doc, which describes a thing in the form that is asked for; /ns holds the ontology.

Another form of the same address, such as a page, is added by giving `router` a function for it (`pages`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from urllib.parse import quote

import pyoxigraph as ox
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from kg.names import expand, shorten
from search_api import describe
from search_api.caching import conditional, tag
from search_api.live import Live, View
from search_api.models import Parameters
from search_api.negotiation import GRAPH_NAMES, by_name, choose
from search_api.problems import Problem
from search_api.routes_api import ERRORS, MISSING, no_repeats, nothing_else
from search_api.sparql_docs import bodies
from search_api.sparql_run import GRAPH_FORMATS

OFFERED = tuple(GRAPH_FORMATS)
HTML = "text/html"
# Gives the page of a thing (reference such as "id/measure/…"; "" for the start page), or None where it has none.
Pages = Callable[[Request, str], Awaitable[Response | None]]


class FormatParameters(Parameters):
    format: str | None = Field(
        None, max_length=60, description="Form of the answer, instead of Accept: ttl, jsonld, nt, rdf, trig.", examples=["ttl"]
    )
    lang: Literal["nl", "fr"] | None = Field(None, description="Language of the page; RDF has every language.")


Format = Annotated[FormatParameters, Query()]
Reference = Annotated[str, Path(max_length=500, description="What follows in the identifier.", examples=["plan/gvpp-2021-2024"])]
RDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "The graph.", "content": bodies(OFFERED)},
    304: {"description": "Not changed since the generation that the client knows."},
    406: {"description": "There is no form that the client accepts."},
}


def router(live: Live, pages: Pages | None = None) -> APIRouter:
    """/, /id, /auth, /doc and /ns."""
    routes = APIRouter(tags=["linked data"], responses=ERRORS, dependencies=[Depends(no_repeats)])
    offered = (*OFFERED, HTML) if pages else OFFERED

    async def answer(
        request: Request, given: Format, reference: str, view: View, graph: Callable[[], list[ox.Triple]]
    ) -> Response:
        """One graph in the form that is asked for; a page where that is asked for and there is one."""
        media_type = negotiated(request, given.format, offered)
        if media_type == HTML and pages and (page := await pages(request, reference)):
            return page
        media_type = OFFERED[0] if media_type == HTML else media_type
        etag = tag(view.name, media_type)
        if unchanged := conditional(request, etag, view.date, there=False):
            return unchanged
        triples = await live.run(graph)
        if not triples:
            raise Problem(404, "not-found", f"there is no {reference!r}", where="address", remedy="see /api for the lists")
        if unchanged := conditional(request, etag, view.date):
            return unchanged
        body = await live.run(describe.write, triples, media_type, view.base)
        headers = {"vary": "Accept", "etag": etag, "last-modified": view.date, "cache-control": "no-cache"}
        return Response(body, 200, headers, f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type)

    @routes.get("/", response_class=Response, responses=RDF, summary="The data set (DCAT-AP, VoID)", operation_id="data_set")
    async def root(request: Request, given: Format) -> Any:
        view = live.view
        return await answer(request, given, "", view, lambda: describe.catalogue(view))

    async def redirect(request: Request, reference: Reference) -> Any:
        view = live.view
        thing = f"{request.url.path.split('/')[1]}/{reference}"
        if not await live.run(exists, view, thing):
            raise Problem(404, "not-found", f"there is no {thing!r}", where="address", remedy="see /api for the lists")
        return see_document(await live.run(replaced, view, thing) or thing)

    for start in ("id", "auth"):
        routes.add_api_route(
            f"/{start}/{{reference:path}}",
            redirect,
            status_code=303,
            response_class=Response,
            responses={303: {"description": "See the document that describes it."}, **MISSING},
            dependencies=[Depends(nothing_else)],
            summary="The thing itself: see its document",
            operation_id=f"see_{start}",
        )

    @routes.get(
        "/doc/{reference:path}",
        response_class=Response,
        responses=RDF | MISSING | {303: {"description": "See the document of the thing that replaces it."}},
        summary="What is known of a thing",
        operation_id="doc",
    )
    async def doc(request: Request, reference: Reference, given: Format) -> Any:
        view = live.view
        thing = reference if reference.startswith("auth/") else f"id/{reference}"
        if other := await live.run(replaced, view, thing):
            return see_document(other, given.lang)
        return await answer(request, given, thing, view, lambda: about(view, thing))

    @routes.get(
        "/ns/{name}", response_class=Response, responses=RDF | MISSING, summary="Ontology and shapes", operation_id="ontology"
    )
    async def ns(
        request: Request,
        name: Annotated[str, Path(max_length=60, description="gvpp or shapes.", examples=["gvpp"])],
        given: Format,
    ) -> Any:
        view = live.view
        if name not in ("gvpp", "shapes"):
            raise Problem(404, "not-found", f"there is no {name!r}", where="address", remedy="see /ns/gvpp and /ns/shapes")
        return await answer(request, given, f"ns/{name}", view, lambda: list(describe.document(name, view.base)))

    return routes


def see_document(thing: str, lang: str | None = None) -> Response:
    """A redirect to the document of a thing. It is never permanent: what was merged may be parted again by a judgement.

    lang: language of the page, where one was asked for.
    """
    target = f"/doc/{quote(thing.removeprefix('id/'), safe='/:@!$&()*+,;=~.-_')}" + (f"?lang={lang}" if lang else "")
    return Response(b"", 303, {"location": target, "vary": "Accept", "cache-control": "no-cache"})


def replaced(view: View, thing: str) -> str:
    """The thing that replaces one that was merged away, "" for all others."""
    node = _node(view, thing)
    found = node and view.corpus.store.quads_for_pattern(
        node, ox.NamedNode(expand("dct:isReplacedBy", view.base)), None, ox.DefaultGraph()
    )
    return next((shorten(str(quad.object.value), view.base) for quad in found or () if isinstance(quad.object, ox.NamedNode)), "")


def negotiated(request: Request, name: str | None, offered: tuple[str, ...]) -> str:
    """The media type to send; raises Problem where the client takes none of those offered."""
    if name:
        if found := by_name(name, GRAPH_NAMES, offered):
            return found
        raise Problem(400, "parameter", f"{name!r} is no form", where="format", remedy=f"known: {', '.join(sorted(GRAPH_NAMES))}")
    accept = ",".join(request.headers.getlist("accept"))
    if found := choose(accept, offered):
        return found
    raise Problem(406, "not-acceptable", "there is no such form", where="Accept", remedy=f"accept one of {', '.join(offered)}")


def _node(view: View, thing: str) -> ox.NamedNode | None:
    try:
        return ox.NamedNode(f"{view.base}/{thing}")
    except ValueError:
        return None


def exists(view: View, thing: str) -> bool:
    """Whether anything is said of a thing, in the public graphs or in the description of the data set."""
    node = _node(view, thing)
    if node is None:
        return False
    if graph_of(view, thing):
        return True
    quads = view.corpus.store.quads_for_pattern(node, None, None, ox.DefaultGraph())
    return next(iter(quads), None) is not None or any(triple.subject == node for triple in describe.catalogue(view))


def graph_of(view: View, thing: str) -> str | None:
    """The name of the public named graph that `id/graph/{name}` is, else None."""
    name = thing.removeprefix("id/graph/")
    return name if name != thing and name in view.generation.manifest["graphs"] else None


def about(view: View, thing: str) -> list[ox.Triple]:
    """What is said of a thing, what refers to it, and the evidence of what is said; of a graph, all that stands in it."""
    node = _node(view, thing)
    if node is None:
        return []
    store, base = view.corpus.store, view.base
    if graph_of(view, thing):
        return [quad.triple for quad in store.quads_for_pattern(None, None, None, node)]
    default = ox.DefaultGraph()
    found = {quad.triple: None for quad in store.quads_for_pattern(node, None, None, default)}
    found |= {triple: None for triple in describe.catalogue(view) if triple.subject == node}
    if not found:
        return []
    reified = {ox.NamedNode(expand(f"rdf:{name}", base)) for name in ("predicate", "object")}
    subject, object_ = (ox.NamedNode(expand(f"rdf:{name}", base)) for name in ("subject", "object"))
    replacement = (ox.NamedNode(expand("rdf:predicate", base)), ox.NamedNode(expand("dct:isReplacedBy", base)))

    def is_replacement(statement: object) -> bool:
        return isinstance(statement, ox.NamedNode) and ox.Quad(statement, *replacement, default) in store

    for quad in store.quads_for_pattern(None, None, node, default):
        if quad.predicate in reified:
            if quad.predicate == object_ and is_replacement(quad.subject):  # why another reference led here
                found |= {part.triple: None for part in store.quads_for_pattern(quad.subject, None, None, default)}
            continue
        found[quad.triple] = None
        if quad.predicate == subject:
            found |= {part.triple: None for part in store.quads_for_pattern(quad.subject, None, None, default)}
    page = ox.NamedNode(f"{base}/doc/{thing.removeprefix('id/')}")
    found[ox.Triple(page, ox.NamedNode(expand("rdf:type", base)), ox.NamedNode(expand("foaf:Document", base)))] = None
    found[ox.Triple(page, ox.NamedNode(expand("foaf:primaryTopic", base)), node)] = None
    found[ox.Triple(page, ox.NamedNode(describe.MORE["void"] + "inDataset"), ox.NamedNode(f"{base}/{describe.DATASET}"))] = None
    return list(found)
