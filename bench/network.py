"""Time of the network on a made graph, by default of 9,000 nodes and 31,000 links.

    python bench/network.py --nodes 9000 --links 31000

A few bodies, groups and measures have most of the links, as in the publications.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from kg import network_measures
from kg.network import Link, chains, parsed
from kg.network_build import make, written

T = TypeVar("T")


def timed(name: str, work: Callable[[], T]) -> T:
    start = time.perf_counter()
    found = work()
    print(f"{name:12} {time.perf_counter() - start:8.2f} s")
    return found


def made(nodes: int, links: int) -> tuple[dict[str, str], list[Link]]:
    rng = random.Random(1)

    def many(kind: str, share: float, start: str) -> list[str]:
        return [f"{start}{kind}-{n}" for n in range(max(2, round(nodes * share)))]

    def often(refs: Sequence[str]) -> str:
        return refs[int(len(refs) * rng.random() ** 2.5)]

    bodies, groups = many("organisation", 0.167, "id/organisation/"), many("group", 0.006, "id/organisation/")
    initiatives, measures = many("initiative", 0.722, "id/initiative/"), many("measure", 0.094, "id/measure/p/")
    themes = many("theme", 0.011, "auth/theme/p/")
    found = {(measure, "dct:subject", rng.choice(themes)) for measure in measures}
    while len(found) < links:
        chance, initiative = rng.random(), rng.choice(initiatives)
        if chance < 0.15:
            found.add((often(measures), "gvpp:hasPartner", often(groups if rng.random() < 0.5 else bodies)))
        elif chance < 0.45:
            found.add((initiative, "gvpp:carriedOutBy", often(bodies)))
        elif chance < 0.75:
            found.add((initiative, "gvpp:hasPartner", often(groups if rng.random() < 0.2 else bodies)))
        elif chance < 0.95:
            found.add((initiative, "gvpp:implements", often(measures)))
        else:
            found.add((initiative, "dct:subject", rng.choice(themes)))
    kinds = {ref: ref.split("/")[-1].split("-")[0] for link in found for ref in (link[0], link[2])}
    return kinds, [
        Link(*link, "explicit", ((f"id/statement/d/{n}", f"id/passage/d/{n}"),)) for n, link in enumerate(sorted(found))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=9_000)
    parser.add_argument("--links", type=int, default=31_000)
    options = parser.parse_args()
    kinds, links = made(options.nodes, options.links)
    refs = sorted(kinds)
    places = {ref: place for place, ref in enumerate(refs)}
    edges = sorted({tuple(sorted((places[link.subject], places[link.object]))) for link in links})
    print(f"{len(refs)} nodes, {len(links)} links")
    timed("PageRank", lambda: network_measures.pagerank(len(refs), edges))
    timed("betweenness", lambda: network_measures.betweenness(len(refs), edges))
    timed("communities", lambda: network_measures.communities(edges, network_measures.degrees(len(refs), edges)))
    network = timed("all", lambda: make(kinds, links))
    content = timed("write", lambda: written(network, "mark"))
    network = timed("load", lambda: parsed(content))
    rng = random.Random(2)
    timed("20 chains", lambda: [chains(network, *rng.sample(refs, 2)) for _ in range(20)])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{len(content) / 1e6:.1f} MB, {len(network.communities)} communities, {memory} MiB")


if __name__ == "__main__":
    main()
