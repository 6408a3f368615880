"""The network of a build: its links from the store, what is measured of them, and the file in which both are kept."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyoxigraph as ox

from kg import network_measures as measures
from kg import queries
from kg.names import PREFIXES, digest, shorten
from kg.network import BODIES, FILE, FORMAT, Link, Network, Node, closest, kind_of, paired
from kg.store import Generation, Rows, query

PAYER = 3  # a body that funds so many others is a payer of many


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
    return {ref: stated.get(ref) or kind_of(ref) for ref in refs}, links


def _rows(store: ox.Store, name: str, base: str) -> list[dict[str, str]]:
    found = query(store, queries.bind(queries.load(name)), base=base)
    assert isinstance(found, Rows)
    return [{key: shorten(str(getattr(term, "value", "")), base) for key, term in row.items()} for row in found.rows]


def _prefixed(name: str) -> str:
    if name.startswith("ns/gvpp#"):
        return f"gvpp:{name.removeprefix('ns/gvpp#')}"
    return next((f"{short}:{name.removeprefix(iri)}" for short, iri in PREFIXES.items() if name.startswith(iri)), name)


def make(kinds: Mapping[str, str], links: Sequence[Link]) -> Network:
    """The network with everything that is expensive to compute."""
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


def files(store: ox.Store, base: str, before: Generation | None, software: str) -> dict[str, bytes | Path]:
    """`network.json` of a generation. The one before it is taken over where the same software made it of the same links."""
    kinds, links = read(store, base)
    mark = digest(str(FORMAT), software, *map(repr, kinds.items()), *map(repr, links))
    old = before.path / FILE if before else None
    if old and old.is_file() and f'"mark":"{mark}"'.encode() in old.read_bytes()[:100]:
        return {FILE: old}
    return {FILE: written(make(kinds, links), mark)}
