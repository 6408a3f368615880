"""Measures of a network of numbered nodes: degree, PageRank, betweenness, communities.

Nodes are 0…n-1 and edges pairs of them, each once: numbers hash alike in every process, names do not, so two builds agree. Values
are rounded to what the sums are sure of.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import networkx as nx

Edges = Sequence[tuple[int, int]]
SEED = 20170202  # of the communities and of the sample; any number would do, as long as it stays
DAMPING = 0.85
EXACT = 2_000  # nodes up to which every shortest way is counted: the time grows as nodes × edges
SAMPLE = 200  # nodes from which ways are counted beyond that
SHOWN = 200  # closest pairs that are kept
DIGITS = 8


def degrees(count: int, edges: Edges) -> list[int]:
    """Number of neighbours of each node."""
    ends = np.array(edges, dtype=np.int64).reshape(-1)
    return [int(n) for n in np.bincount(ends, minlength=count)]


def pagerank(count: int, edges: Edges) -> list[float]:
    """Share of the time that a walker spends at each node who follows edges in either direction, and now and then jumps anywhere.

    Power iteration: the one of networkx needs scipy, which nothing else here does.
    """
    if not count:
        return []
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    source, target = np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]])
    out = np.bincount(source, minlength=count)
    share = np.full(count, 1 / count)
    for _ in range(200):
        flow = np.bincount(target, weights=share[source] / out[source], minlength=count)
        new = (1 - DAMPING) / count + DAMPING * (flow + share[out == 0].sum() / count)
        done = np.abs(new - share).sum() < 1e-12
        share = new
        if done:
            break
    return [round(float(value), DIGITS) for value in share]


def betweenness(count: int, edges: Edges) -> tuple[list[float], int]:
    """Share of the shortest ways between others that pass each node, and from how many nodes they were counted (0: all)."""
    import networkx as nx

    graph = _graph(edges)
    sample = SAMPLE if len(graph) > EXACT else None
    found = nx.betweenness_centrality(graph, k=sample, seed=SEED)
    return [round(float(found.get(node, 0.0)), DIGITS) for node in range(count)], sample or 0


def communities(edges: Edges, links: Sequence[int]) -> list[list[int]]:
    """Nodes that hang together more than with others (Louvain), the largest community first.

    An edge weighs 1 / log2(1 + links of its busier end): to share something rare says more than to share what everybody has.
    """
    import networkx as nx

    graph = _graph(edges)
    for a, b in edges:
        graph.edges[a, b]["weight"] = rarity(links[a], links[b])
    found: Iterable[set[int]] = nx.community.louvain_communities(graph, weight="weight", seed=SEED) if edges else []
    return sorted((sorted(members) for members in found), key=lambda members: (-len(members), members))


def rarity(one: int, other: int) -> float:
    """Weight of an edge between nodes with so many links: 1 where both have no other, less the more they have."""
    return 1 / math.log2(1 + max(one, other, 1))


def _graph(edges: Edges) -> nx.Graph[int]:
    import networkx as nx

    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(sorted({node for edge in edges for node in edge}))
    graph.add_edges_from(edges)
    return graph
