"""Small data folders, and servers and pools on them, for the tests of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pyoxigraph as ox

from kg.names import expand
from kg.store import Generation, publish
from search_api.sparql_run import Limits
from search_api.workers import Pool

T = TypeVar("T")
BASE = "https://kg.example.org"
# Compares every triple with every other two: seconds for some hundred triples, whatever the machine.
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(STRLEN(STR(?c)) + STRLEN(STR(?l)) < 0) }"
ONE = "SELECT ?o { <id/thing/0> dct:title ?o }"


def quads(number: int, graph: str = "one", word: str = "title") -> bytes:
    """So many triples of one named graph, as N-Quads."""
    node, title = expand(f"id/graph/{graph}", BASE), expand("dct:title", BASE)
    lines = (f'<{BASE}/id/thing/{i}> <{title}> "{word} {i}"@nl <{node}> .\n' for i in range(number))
    return "".join(lines).encode()


def small(data: Path, number: int = 400, word: str = "title") -> Generation:
    """Publish a small generation."""
    return publish(data, graphs={"one": quads(number, word=word)}, manifest={"base": BASE})


def store(number: int = 400) -> ox.Store:
    """The same in memory: each quad in its graph and in the default graph."""
    found = ox.Store()
    for quad in ox.parse(quads(number), format=ox.RdfFormat.N_QUADS):
        found.add(quad)
        found.add(ox.Quad(quad.subject, quad.predicate, quad.object))
    return found


def with_pool(generation: Generation, work: Callable[[Pool], Awaitable[T]], **limits: Any) -> T:
    """Run something with a pool on a generation, and end the pool."""

    async def run() -> T:
        pool = Pool(generation, Limits(**{"workers": 2, "seconds": 0.5, **limits}))
        await pool.start()
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())
