"""Small data folders, and servers and pools on them, for the tests of the service."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pyoxigraph as ox

from kg.names import expand
from kg.store import Generation, current, publish
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


def again(data: Path) -> Generation:
    """Publish what is in use once more, as a new generation."""
    used = current(data)
    assert used is not None
    manifest = {
        key: value for key, value in used.manifest.items() if key not in ("name", "created", "previous", "graphs", "files")
    }
    return publish(
        data,
        graphs={name: used.path / "graphs" / f"{name}.nq" for name in used.manifest["graphs"]},
        suggested=[name for name, graph in used.manifest["graphs"].items() if not graph["default"]],
        files={name: used.path / name for name in used.manifest["files"]},
        restricted={file.stem: file.read_bytes() for file in (used.path / "restricted").glob("*.nq")},
        manifest=manifest,
    )


@contextlib.contextmanager
def served(data: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`gvpp serve` in a process of its own on a free port: its address, once it is ready, and the process."""
    command = [sys.executable, "-c", "import gvpp; gvpp.main()", "serve", "--port", "0", "--workers", "2", *options]
    root = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "GVPP_DATA": str(data), "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
    log = data.parent / "serve.log"
    with log.open("w") as errors:
        process = subprocess.Popen(command, cwd=data.parent, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert "http://" in line, f"{line}{log.read_text('utf-8')}"
        yield line.split()[-1], process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(20)
        finally:
            if process.poll() is None:
                process.kill()
            process.stdout.close()


def wait_for(condition: Any, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
