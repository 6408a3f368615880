"""The SPARQL endpoint alone, on a store in memory: for conformance tests and experiments, not for the network (no time limit)."""

from __future__ import annotations

import pyoxigraph as ox
from fastapi import FastAPI

from kg.names import DEFAULT_BASE
from search_api import problems
from search_api.sparql_protocol import router
from search_api.sparql_run import InProcess


def create(store: ox.Store) -> FastAPI:
    """An application with /sparql over this store."""
    app = FastAPI(openapi_url=None)
    problems.install(app)
    executor = InProcess(store, DEFAULT_BASE)
    app.include_router(router(lambda: executor))
    return app
