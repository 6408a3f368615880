"""The proved links of the graph as a network: who is linked to what, and the chains of evidence between two of them.

A build computes it from its store (`kg/network_build.py`) and keeps it as `network.json` of the generation; a reader loads it
(`load`). Suggested links have no place in it. What it measures stands in `kg/network_measures.py`, what the numbers mean in
docs/knowledge-network.md.

What makes a chain mean something. A group of actors ("the communes") and a body that pays everybody are linked to a large part
of the corpus: over them anything is near anything, and it says nothing. So a chain is not the one with the fewest steps but the
one that costs least: a step costs 1; to pass something costs the logarithm (base 2, rounded down) of its number of links; to
pass a group or a body that pays many costs COMMON more, and a step without a document CURATED more. The two ends cost nothing:
somebody asked for them. Whole numbers, so that chains that are equally good are found as such.
"""

from __future__ import annotations

import functools
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import StoreError
from kg.store import Generation

if TYPE_CHECKING:
    import networkx as nx

FORMAT = 1  # of network.json; another number is refused
FILE = "network.json"
BODIES = ("organisation", "zone", "commune")  # named bodies, ranked among one another; a group of actors is nobody in particular
SHARED = ("initiative", "measure")  # what bodies are said to work on together
WORKING = ("gvpp:hasPartner", "gvpp:carriedOutBy")  # how a body takes part in something
# Of several links between two things, the first of these is shown.
PROPERTIES = (
    "gvpp:implements",
    "gvpp:carriedOutBy",
    "gvpp:hasPartner",
    "gvpp:answersTo",
    "gvpp:madeBy",
    "schema:funder",
    "dct:subject",
    "gvpp:inZone",
    "dct:spatial",
    "dct:isPartOf",
    "skos:closeMatch",
    "org:subOrganizationOf",
)
COMMON = 4  # to avoid a group or a payer of many, a chain may take so many more steps
CURATED = 2
LONGEST = 8  # steps; what is further apart has nothing to do with each other
_STARTS = {"auth/theme/": "theme", "id/measure/": "measure", "id/initiative/": "initiative", "id/organisation/": "organisation"}
TRIED = 500  # equally cheap chains that are looked at before the best are chosen


@dataclass(frozen=True, slots=True)
class Link:
    """One statement between two things. evidence: references of its rdf:Statements, each with its passage; none where a list of
    names says it ("curated")."""

    subject: str
    property: str
    object: str
    certainty: str
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """Something with its measures. links: how many others it has a proved link with; importance: PageRank over these; between:
    share of the shortest ways that pass it, None where it is common; rank: place by importance among its kin, of so many;
    community: number of its group, counted from the largest; common: a group of actors or a payer of many."""

    ref: str
    kind: str
    links: int = 0
    importance: float = 0.0
    between: float | None = None
    rank: int = 0
    of: int = 0
    community: int | None = None
    common: bool = False


@dataclass(frozen=True, slots=True)
class Together:
    """Two bodies that work on the same things. weight: sum over these of 1 / log2(1 + bodies that work on it)."""

    first: str
    second: str
    weight: float
    shared: tuple[str, ...]


@dataclass(slots=True)
class Network:
    """All of it. sampled: from how many nodes the ways in between were counted, 0 where from all."""

    nodes: dict[str, Node]
    links: tuple[Link, ...]
    communities: tuple[tuple[str, ...], ...] = ()  # members by importance
    together: tuple[Together, ...] = ()  # the closest of all
    sampled: int = 0
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def graph(self) -> nx.Graph[str]:
        """Undirected; each edge has its `links`, the one to show first. Nodes and edges stand in a fixed order."""
        if "graph" not in self.memory:
            import networkx as nx

            made: nx.Graph[str] = nx.Graph()
            for node in self.nodes.values():
                made.add_node(node.ref, kind=node.kind)
            for pair, found in sorted(paired(self.links).items()):
                made.add_edge(*pair, links=found)
            self.memory["graph"] = made
        graph: nx.Graph[str] = self.memory["graph"]
        return graph

    def joining(self, one: str, other: str) -> tuple[Link, ...]:
        """The links between two neighbours, the one to show first."""
        found: tuple[Link, ...] = self.graph.edges[one, other]["links"]
        return found


def paired(links: Iterable[Link]) -> dict[tuple[str, str], tuple[Link, ...]]:
    """Links by the two things they join, in either direction; what is linked to itself is left out."""
    found: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in links:
        if link.subject != link.object:
            one, other = sorted((link.subject, link.object))
            found[one, other].append(link)
    return {pair: tuple(sorted(each, key=_order)) for pair, each in found.items()}


def kind_of(ref: str) -> str:
    """The kind that a reference shows by itself."""
    return next((kind for start, kind in _STARTS.items() if ref.startswith(start)), "thing")


def _order(link: Link) -> tuple[bool, int, str, str]:
    """Proved links first, then by what says most."""
    known = PROPERTIES.index(link.property) if link.property in PROPERTIES else len(PROPERTIES)
    return not link.evidence, known, link.property, link.subject


# ---------------------------------------------------------------- who works with whom


def workers(network: Network, thing: str) -> dict[str, str]:
    """Named bodies that work on an initiative or a measure, each with the initiative over which it does ("" where directly).

    A measure is worked on by its partners, and by those who carry out, or are partners of, an initiative that implements it.
    """
    known: dict[str, dict[str, str]] = network.memory.setdefault("workers", {})
    if thing not in known:
        known[thing] = _workers(network, thing)
    return known[thing]


def _workers(network: Network, thing: str) -> dict[str, str]:
    found: dict[str, str] = {}
    near = [(other, network.joining(thing, other)) for other in network.graph[thing]]
    for other, links in near:
        if network.nodes[other].kind in BODIES and any(link.property in WORKING and link.subject == thing for link in links):
            found[other] = ""
    for other, links in near:
        if any(link.property == "gvpp:implements" and link.object == thing for link in links):
            for body in workers(network, other):
                found.setdefault(body, other)
    return found


def works_with(network: Network, body: str) -> list[Together]:
    """The named bodies that work on the same initiatives and measures as this one, the closest first."""
    shared: dict[str, list[str]] = defaultdict(list)
    for thing in sorted(_works_on(network, body)):
        for other in workers(network, thing):
            if _anew(network, thing, body, other):
                shared[other].append(thing)
    found = [Together(body, other, _weight(network, things), tuple(things)) for other, things in shared.items()]
    return sorted(found, key=lambda pair: (-pair.weight, pair.second))


def closest(network: Network, most: int) -> list[Together]:
    """The pairs of named bodies that share most, each once."""
    shared: dict[tuple[str, str], list[str]] = defaultdict(list)
    for thing, node in network.nodes.items():
        if node.kind in SHARED:
            for pair in combinations(sorted(workers(network, thing)), 2):
                if _anew(network, thing, *pair):
                    shared[pair].append(thing)
    pairs = [Together(*pair, _weight(network, things), tuple(sorted(things))) for pair, things in shared.items()]
    return sorted(pairs, key=lambda pair: (-pair.weight, pair.first, pair.second))[:most]


def _anew(network: Network, thing: str, one: str, other: str) -> bool:
    """Whether two bodies share a thing for itself: a measure that one initiative of both implements says nothing more."""
    found = workers(network, thing)
    return one != other and one in found and other in found and not found[one] == found[other] != ""


def _works_on(network: Network, body: str) -> set[str]:
    found: set[str] = set()
    for thing in network.graph[body]:
        if any(link.property in WORKING and link.object == body for link in network.joining(body, thing)):
            found.add(thing)
            found |= {link.object for link in _implements(network, thing)}
    return found


def _implements(network: Network, thing: str) -> list[Link]:
    links = (link for other in network.graph[thing] for link in network.joining(thing, other))
    return [link for link in links if link.property == "gvpp:implements" and link.subject == thing]


def _weight(network: Network, things: Iterable[str]) -> float:
    return round(sum(1 / math.log2(1 + len(workers(network, thing))) for thing in things), 4)


# ---------------------------------------------------------------- chains


@dataclass(frozen=True, slots=True)
class Chain:
    """What joins two things: the things from one to the other, and a link for each step. common: those of them, the ends apart,
    that are linked to nearly everything, so that the chain says little."""

    things: tuple[str, ...]
    links: tuple[Link, ...]
    cost: int
    common: tuple[str, ...]


def chains(network: Network, start: str, end: str, most: int = 3) -> list[Chain]:
    """The best chains of evidence between two things, at most so many that are equally good; none where nothing joins them."""
    import networkx as nx

    if start == end or start not in network.nodes or end not in network.nodes:
        return []
    price = _price(network, end)
    try:
        paths = list(islice(nx.all_shortest_paths(network.graph, start, end, weight=price), TRIED))
    except nx.NetworkXNoPath:
        return []
    paths = [path for path in paths if len(path) <= LONGEST + 1]

    def crowd(path: Sequence[str]) -> tuple[int, list[str]]:
        return sum(network.nodes[ref].links for ref in path[1:-1]), list(path)

    return [_chain(network, path, price) for path in sorted(paths, key=crowd)[:most]]


def _price(network: Network, end: str) -> Callable[[str, str, Mapping[str, Any]], int]:
    """What a step costs, with what it costs to pass the thing it leads to."""

    def price(_: str, to: str, edge: Mapping[str, Any]) -> int:
        step = 1 if edge["links"][0].evidence else 1 + CURATED
        if to == end:
            return step
        node = network.nodes[to]
        return step + int(math.log2(max(node.links, 1))) + (COMMON if node.common else 0)

    return price


def _chain(network: Network, path: Sequence[str], price: Callable[[str, str, Mapping[str, Any]], int]) -> Chain:
    steps = list(pairwise(path))
    cost = sum(price(a, b, network.graph.edges[a, b]) for a, b in steps)
    common = tuple(ref for ref in path[1:-1] if network.nodes[ref].common)
    return Chain(tuple(path), tuple(network.joining(a, b)[0] for a, b in steps), cost, common)


# ---------------------------------------------------------------- the file


def parsed(content: bytes) -> Network:
    """The network in a file of `kg.network_build.written`. Raises ValueError, KeyError, TypeError or IndexError for another."""
    whole = json.loads(content)
    if whole["format"] != FORMAT:
        raise ValueError(f"format {whole['format']!r}")
    nodes = [Node(*row) for row in whole["nodes"]]
    refs = [node.ref for node in nodes]
    links = tuple(
        Link(refs[s], name, refs[o], certainty, tuple((statement, passage) for statement, passage in evidence))
        for s, name, o, certainty, evidence in whole["links"]
    )
    communities = tuple(tuple(refs[place] for place in members) for members in whole["communities"])
    together = tuple(
        Together(refs[a], refs[b], weight, tuple(refs[t] for t in shared)) for a, b, weight, shared in whole["together"]
    )
    return Network(dict(zip(refs, nodes, strict=True)), links, communities, together, whole["sampled"])


@functools.lru_cache(maxsize=2)
def _loaded(path: Path) -> Network:
    try:
        return parsed(path.read_bytes())
    except FileNotFoundError as error:
        raise StoreError("this build has no network", where=str(path), remedy="build again with this version") from error
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise StoreError(f"the network cannot be read: {error}", where=str(path), remedy="build again") from error


def load(generation: Generation) -> Network:
    """The network of a generation; StoreError where it has none, as one of an earlier version, or where it is damaged."""
    return _loaded(generation.path / FILE)
