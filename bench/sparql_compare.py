"""The same queries over HTTP on the same graph: this service beside rdflib-endpoint.

    python bench/sparql_compare.py --other PYTHON --triples 1000000

PYTHON is an interpreter of an environment that has rdflib-endpoint and uvicorn; nothing is installed here. The graph is made up:
measures in themes, initiatives that carry them out, in zones, by organisations. Both answer one client at a time. Prints the
median of the runs in milliseconds, whether both give as many rows, the time to load, and the memory of the process that answers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
BASE = "https://gvpp.example"
NS = f"{BASE}/ns/gvpp#"
QUERIES = {
    "one triple": "SELECT * { ?s ?p ?o } LIMIT 1",
    "one thing": f"SELECT * {{ <{BASE}/id/initiative/i77> ?p ?o }}",
    "GROUP BY": f"SELECT ?z (COUNT(?i) AS ?n) {{ ?i <{NS}inZone> ?z }} GROUP BY ?z",
    "three hops, GROUP BY": (
        f"SELECT ?t (COUNT(?o) AS ?n) {{ ?i <{NS}implements> ?m . ?m <http://purl.org/dc/terms/subject> ?t . "
        f"?i <{NS}carriedOutBy> ?o }} GROUP BY ?t"
    ),
}
OTHER = """
import sys, uvicorn
from rdflib import Dataset, Graph
from rdflib_endpoint import SparqlEndpoint
graph = Graph()
graph.parse(sys.argv[1], format="nt")
uvicorn.run(SparqlEndpoint(graph=graph), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
"""


def triples(number: int) -> list[str]:
    """About so many triples, the same each time."""
    made, found = random.Random(1), []
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    for m in range(1000):
        found.append(f"<{BASE}/id/measure/m{m}> <http://purl.org/dc/terms/subject> <{BASE}/id/theme/t{m % 10}> .")
    for i in range(number // 5):
        thing = f"<{BASE}/id/initiative/i{i}>"
        found += [
            f"{thing} <{rdf}> <{NS}Initiative> .",
            f"{thing} <{NS}implements> <{BASE}/id/measure/m{made.randrange(1000)}> .",
            f"{thing} <{NS}inZone> <{BASE}/id/zone/z{made.randrange(6)}> .",
            f"{thing} <{NS}carriedOutBy> <{BASE}/id/body/b{made.randrange(3000)}> .",
            f'{thing} <{NS}year> "{2017 + made.randrange(8)}" .',
        ]
    return found


def ask(address: str, query: str) -> tuple[float, int]:
    """Milliseconds to the whole answer, and its rows."""
    request = urllib.request.Request(
        f"{address}?query={urllib.parse.quote(query)}", headers={"accept": "application/sparql-results+json"}
    )
    begun = time.perf_counter()
    with urllib.request.urlopen(request, timeout=600) as reply:
        body = reply.read()
    return (time.perf_counter() - begun) * 1000, len(json.loads(body)["results"]["bindings"])


def ready(address: str, process: subprocess.Popen[str], seconds: float = 600) -> float:
    """Seconds until the first answer."""
    begun = time.monotonic()
    while time.monotonic() < begun + seconds and process.poll() is None:
        try:
            ask(address, QUERIES["one triple"])
            return time.monotonic() - begun
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{address} does not answer")


def resident(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def measured(address: str, runs: int) -> dict[str, tuple[float, int]]:
    found = {}
    for name, query in QUERIES.items():
        times = [ask(address, query) for _ in range(runs)]
        found[name] = (statistics.median(ms for ms, _ in times), times[0][1])
        print(f"{address}: {name} {found[name][0]:.1f} ms", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="This service beside rdflib-endpoint.")
    parser.add_argument("--other", required=True, help="interpreter with rdflib-endpoint and uvicorn")
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gvpp-compare-"))
    processes: list[subprocess.Popen[str]] = []
    try:
        from kg.store import publish

        lines = triples(given.triples)
        (folder / "graph.nt").write_text("\n".join(lines) + "\n")
        graph = f"{BASE}/id/graph/one"
        content = "".join(f"{line[:-2]} <{graph}> .\n" for line in lines).encode()
        begun = time.monotonic()
        publish(folder / "data", graphs={"one": content}, manifest={"base": BASE, "date": "", "sources": {}, "documents": {}})
        loaded = time.monotonic() - begun
        environment = {**os.environ, "GVPP_DATA": str(folder / "data"), "GVPP_ENCODER": "none", "PYTHONPATH": str(ROOT)}
        ours = subprocess.Popen(
            [sys.executable, "-m", "gvpp", "serve", "--port", "8921", "--workers", "1", "--seconds", "60"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        processes.append(ours)
        started = ready("http://127.0.0.1:8921/sparql", ours)
        print(f"gvpp: {len(lines)} triples published in {loaded:.0f} s, served after {started:.1f} s", flush=True)
        mine = measured("http://127.0.0.1:8921/sparql", given.runs)
        other = subprocess.Popen([given.other, "-c", OTHER, str(folder / "graph.nt"), "8922"], text=True)
        processes.append(other)
        print(f"rdflib-endpoint: loaded and served after {ready('http://127.0.0.1:8922/', other):.0f} s")
        theirs = measured("http://127.0.0.1:8922/", given.runs)
        for name in QUERIES:
            (a, rows), (b, same) = mine[name], theirs[name]
            print(
                f"{name:22} {a:9.1f} ms  {b:9.1f} ms  {b / a:6.1f} times  rows {'equal' if rows == same else f'{rows}, {same}'}"
            )
        worker = next(
            int(p) for task in Path(f"/proc/{ours.pid}/task").iterdir() for p in (task / "children").read_text().split()
        )
        sizes = [resident(pid) for pid in (worker, ours.pid, other.pid)]
        print("memory (MiB): worker {:.0f}, server {:.0f}; rdflib-endpoint {:.0f}".format(*sizes))
    finally:
        for process in processes:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
