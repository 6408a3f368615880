"""The whole public graph as one file per format, written once per generation when it is first asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

import pyoxigraph as ox
from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath
from starlette.responses import FileResponse

from search_api import describe
from search_api.caching import conditional, tag
from search_api.live import Live, View
from search_api.routes_api import ERRORS, MISSING, nothing_else
from search_api.sparql_docs import bodies
from search_api.sparql_run import GRAPH_FORMATS, prefixes

Ending = Literal["ttl", "trig", "nt", "nq", "rdf", "jsonld"]
FORMATS = {ending: GRAPH_FORMATS.get(media_type, ox.RdfFormat.N_QUADS) for ending, (media_type, _) in describe.DOWNLOADS.items()}


def router(live: Live) -> APIRouter:
    """/download/gvpp.{ending}."""
    routes = APIRouter(tags=["linked data"], responses=ERRORS, dependencies=[Depends(nothing_else)])

    @routes.get(
        "/download/gvpp.{ending}",
        response_class=Response,
        responses={
            200: {
                "description": "All public statements; with their graphs (and those of suggested links) in trig and nq.",
                "content": bodies(media_type for media_type, _ in describe.DOWNLOADS.values()),
            },
            304: {"description": "Not changed since the generation that the client knows."},
            **MISSING,
        },
        summary="Download the whole graph",
        operation_id="download",
    )
    async def get(request: Request, ending: Annotated[Ending, InPath(description="File ending.", examples=["ttl"])]) -> Any:
        view = live.view
        etag = tag(view.name, ending)
        if unchanged := conditional(request, etag, view.date):
            return unchanged
        async with view.making.setdefault(ending, asyncio.Lock()):
            file = Path(view.folder.name) / f"gvpp.{ending}"
            if not file.exists():
                await live.run(make, view, ending, file)
        headers = {"etag": etag, "last-modified": view.date, "cache-control": "no-cache"}
        return FileResponse(file, media_type=describe.DOWNLOADS[ending][0], filename=file.name, headers=headers)

    return routes


def make(view: View, ending: str, target: Path) -> None:
    """Write one file; a reader sees all of it or nothing."""
    part = target.with_suffix(".part")
    store = view.corpus.store
    names = prefixes(view.base)
    if ending in ("trig", "nq"):  # by graph, without the copy of each statement in the default graph
        graphs = [ox.NamedNode(graph["iri"]) for _, graph in sorted(view.generation.manifest["graphs"].items())]
        quads = (quad for graph in graphs for quad in store.quads_for_pattern(None, None, None, graph))
        with part.open("wb") as file:
            ox.serialize(quads, file, format=FORMATS[ending], prefixes=names)
    else:
        store.dump(str(part), FORMATS[ending], from_graph=ox.DefaultGraph(), prefixes=names)
    part.replace(target)
