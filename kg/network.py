"""The proved links of the graph as a network: who is linked to what, and the chains of evidence between two of them.

A build computes it from its store (`files`) and keeps it as `network.json` of the generation; a reader loads it (`load`).
Suggested links have no place in it. What it measures stands in `kg/network_measures.py`, what the numbers mean in
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

from kg import queries
from kg.errors import StoreError
from kg.names import PREFIXES, digest, shorten
from kg.store import Generation, Rows, query

if TYPE_CHECKING:
    import networkx as nx
    import pyoxigraph as ox

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
PAYER = 3  # a body that funds so many others is a payer of many
LONGEST = 8  # steps; what is further apart has nothing to do with each other
TRIED = 500  # equally cheap chains that are looked at before the best are chosen
_STARTS = {"auth/theme/": "theme", "id/measure/": "measure", "id/initiative/": "initiative", "id/organisation/": "organisation"}


@dataclass(frozen=True, slots=True)
class Link:
    """One statement between two things. evidence: references of its rdf:Statements, each with its passage; none where a list of
    names says it ("curated")."""

    subject: str
    property: str
    object: str
    certainty: str
    evidence: tuple[tuple[str, str], ...]

    @property
    def order(self) -> tuple[bool, int, str, str]:
        known = PROPERTIES.index(self.property) if self.property in PROPERTIES else len(PROPERTIES)
        return not self.evidence, known, self.property, self.subject


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
    return {pair: tuple(sorted(each, key=lambda link: link.order)) for pair, each in found.items()}


# ---------------------------------------------------------------- from the store


def read(store: ox.Store, base: str) -> tuple[dict[str, str], list[Link]]:
    """Kind of each thing that is linked, and the links, both in a fixed order."""
    evidence: dict[tuple[str, str, str, str], set[tuple[str, str]]] = defaultdict(set)
    for row in _rows(store, "network", base):
        proof = evidence[row["subject"], _prefixed(row["property"]), row["object"], row["certainty"].rsplit("#", 1)[-1]]
        if "evidence" in row:
            proof.add((row["evidence"], row.get("passage", "")))
    links = [Link(*key, tuple(sorted(proof))) for key, proof in sorted(evidence.items())]
    stated = {row["thing"]: row["kind"] for row in _rows(store, "network-kinds", base) if row["kind"] == "organisation"}
    stated |= {row["thing"]: row["kind"] for row in _rows(store, "network-kinds", base) if row["kind"] != "organisation"}
    refs = sorted({ref for link in links for ref in (link.subject, link.object)})
    return {ref: stated.get(ref) or _kind(ref) for ref in refs}, links


def _rows(store: ox.Store, name: str, base: str) -> list[dict[str, str]]:
    found = query(store, queries.bind(queries.load(name)), base=base)
    assert isinstance(found, Rows)
    return [{key: shorten(str(getattr(term, "value", "")), base) for key, term in row.items()} for row in found.rows]


def _kind(ref: str) -> str:
    return next((kind for start, kind in _STARTS.items() if ref.startswith(start)), "thing")


def _prefixed(name: str) -> str:
    if name.startswith("ns/gvpp#"):
        return f"gvpp:{name.removeprefix('ns/gvpp#')}"
    return next((f"{short}:{name.removeprefix(iri)}" for short, iri in PREFIXES.items() if name.startswith(iri)), name)


def make(kinds: Mapping[str, str], links: Sequence[Link]) -> Network:
    """The network with everything that is expensive to compute."""
    from kg import network_measures as measures

    common = _common(kinds, links)
    refs = sorted(kinds)
    proved = sorted(pair for pair, found in paired(links).items() if found[0].evidence)
    places = {ref: place for place, ref in enumerate(refs)}
    edges = [(places[a], places[b]) for a, b in proved]
    telling = [(a, b) for a, b in edges if refs[a] not in common and refs[b] not in common]
    degrees = measures.degrees(len(refs), edges)
    importance = measures.pagerank(len(refs), edges)
    between, sampled = measures.betweenness(len(refs), telling)
    groups = measures.communities(telling, degrees)
    group_of = {member: number for number, members in enumerate(groups, 1) for member in members}
    ranks = _ranks([(_kin(kinds[ref]), -importance[place], ref) for place, ref in enumerate(refs) if degrees[place]])
    nodes = {
        ref: Node(
            ref,
            kinds[ref],
            links=degrees[place],
            importance=importance[place],
            between=None if ref in common else between[place],
            rank=ranks.get(ref, (0, 0))[0],
            of=ranks.get(ref, (0, 0))[1],
            community=group_of.get(place),
            common=ref in common,
        )
        for place, ref in enumerate(refs)
    }
    members = tuple(tuple(sorted((refs[m] for m in group), key=lambda ref: (-nodes[ref].importance, ref))) for group in groups)
    network = Network(nodes, tuple(links), members, sampled=sampled)
    network.together = tuple(closest(network, measures.SHOWN))
    return network


def _common(kinds: Mapping[str, str], links: Iterable[Link]) -> set[str]:
    """Groups of actors, and bodies that fund many others."""
    paid: dict[str, set[str]] = defaultdict(set)
    for link in links:
        if link.property == "schema:funder":
            paid[link.object].add(link.subject)
    return {ref for ref, kind in kinds.items() if kind == "group"} | {ref for ref, to in paid.items() if len(to) >= PAYER}


def _kin(kind: str) -> str:
    """Among which others a thing is ranked."""
    return "body" if kind in BODIES else kind


def _ranks(found: Iterable[tuple[str, float, str]]) -> dict[str, tuple[int, int]]:
    by_kin: dict[str, list[str]] = defaultdict(list)
    for kin, _, ref in sorted(found):
        by_kin[kin].append(ref)
    return {ref: (place, len(refs)) for refs in by_kin.values() for place, ref in enumerate(refs, 1)}


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


def written(network: Network, mark: str) -> bytes:
    """The network as a file: the same network gives the same bytes. Things are named by their place among the nodes."""
    places = {ref: place for place, ref in enumerate(network.nodes)}
    whole = {
        "format": FORMAT,
        "mark": mark,
        "sampled": network.sampled,
        "nodes": [
            [n.ref, n.kind, n.links, n.importance, n.between, n.rank, n.of, n.community, n.common] for n in network.nodes.values()
        ],
        "links": [[places[k.subject], k.property, places[k.object], k.certainty, k.evidence] for k in network.links],
        "communities": [[places[ref] for ref in members] for members in network.communities],
        "together": [[places[t.first], places[t.second], t.weight, [places[ref] for ref in t.shared]] for t in network.together],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def parsed(content: bytes) -> Network:
    """The opposite of `written`. Raises ValueError, KeyError, TypeError or IndexError for what is not such a file."""
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


def files(store: ox.Store, base: str, before: Generation | None, software: str) -> dict[str, bytes | Path]:
    """`network.json` of a generation. The one before it is taken over where the same software made it of the same links."""
    kinds, links = read(store, base)
    mark = digest(str(FORMAT), software, *map(repr, kinds.items()), *map(repr, links))
    old = before.path / FILE if before else None
    if old and old.is_file() and f'"mark":"{mark}"'.encode() in old.read_bytes()[:100]:
        return {FILE: old}
    return {FILE: written(make(kinds, links), mark)}


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
