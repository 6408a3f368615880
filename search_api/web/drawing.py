"""Pictures as numbers for the SVG templates: timelines, bars and networks. Each page has the same as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import networkx as nx

from search_api.renaming import Former
from search_api.web.marks import cut

WIDTH = 760  # of timelines and bars, in units of the drawing
LABEL = 250  # of it for the names beside bars
ROW = 30  # height of a bar with the space around it
LANE = 46  # height of a name on a timeline
NETWORK = (1000.0, 640.0)
MARGIN = 70.0
LETTER = 6.4  # width of a letter in a network, about
SHORT = 30  # characters of a name in a drawing
SEED = 7


def _year(text: str) -> float:
    """A day or a year as a number on the scale of years."""
    if len(text) == 4:
        return float(text)
    day = date.fromisoformat(text)
    return day.year + (day.timetuple().tm_yday - 1) / 365.25


def timeline(former: Sequence[Former], present: Mapping[str, str], lang: str) -> dict[str, Any] | None:
    """Names over time, one lane for each; None where there are no former names with a date.

    A name without a first day is drawn from the left edge; the present name to the right edge.
    """
    dated = [name for name in former if name.until]
    if not dated:
        return None
    ends = [_year(name.until) for name in dated]
    begins = [_year(name.since) for name in dated if name.since]
    first = int(min([*begins, *ends])) - 2
    last = int(max(ends)) + 4
    scale = WIDTH / (last - first)
    lanes: list[dict[str, Any]] = []
    for one in ("nl", "fr"):
        mine = sorted((name for name in dated if name.lang in (one, "")), key=lambda name: name.until)
        for name in mine:
            start = (_year(name.since) - first) * scale if name.since else 0.0
            end = (_year(name.until) - first) * scale
            lanes.append({"text": str(name), "lang": one, "x": start, "width": max(end - start, 4), "now": False})
        if mine and present.get(one):
            start = (_year(mine[-1].until) - first) * scale
            lanes.append({"text": present[one], "lang": one, "x": start, "width": WIDTH - start, "now": True})
    for place, lane in enumerate(lanes):
        lane |= {"y": place * LANE + 24, "anchor": "end" if lane["x"] > WIDTH * 0.6 else "start"}
        lane["text_x"] = lane["x"] + lane["width"] if lane["anchor"] == "end" else lane["x"]
    step = max(1, (last - first) // 8)
    return {
        "lanes": lanes,
        "width": WIDTH,
        "height": len(lanes) * LANE + 34,
        "ticks": [{"x": (year - first) * scale, "year": year} for year in range(first + 1, last, step)],
    }


def bars(rows: Iterable[tuple[str, float]]) -> dict[str, Any]:
    """A bar for each (name, amount), as long as the amount is large."""
    found = list(rows)
    most = max((amount for _, amount in found), default=0) or 1
    space = WIDTH - LABEL - 120
    return {
        "width": WIDTH,
        "height": len(found) * ROW + 6,
        "label": LABEL,
        "bars": [
            {"name": cut(name, SHORT), "amount": amount, "y": place * ROW + 4, "length": max(2.0, amount / most * space)}
            for place, (name, amount) in enumerate(found)
        ],
    }


def network(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]], lang: str, centre: str | None
) -> dict[str, Any]:
    """Places for the nodes of a network, the same at every call. What hangs together with the centre (else the largest piece that
    hangs together) is drawn; `apart` counts the rest."""
    whole: Any = nx.Graph()
    whole.add_nodes_from(node["iri"] for node in nodes)
    whole.add_edges_from(
        (edge["source"], edge["target"]) for edge in edges if edge["source"] in whole and edge["target"] in whole
    )
    pieces = sorted(nx.connected_components(whole), key=lambda piece: (centre not in piece, -len(piece), min(piece)))
    graph = whole.subgraph(sorted(pieces[0])) if pieces else whole
    places = _places(graph)
    drawn = [_node(node, places[node["iri"]], lang, centre) for node in nodes if node["iri"] in places]
    _place_labels(drawn)
    lines = []
    for edge in edges:
        if edge["source"] in places and edge["target"] in places:
            (x1, y1), (x2, y2) = places[edge["source"]], places[edge["target"]]
            lines.append({"x1": round(x1, 1), "y1": round(y1, 1), "x2": round(x2, 1), "y2": round(y2, 1)})
    return {
        "nodes": drawn,
        "edges": lines,
        "width": NETWORK[0],
        "height": NETWORK[1],
        "apart": len(whole) - len(graph),
        "drawn": set(places),
    }


def _places(graph: Any) -> dict[str, tuple[float, float]]:
    """Where nodes stand. Half of a coordinate is the rank among all: so dense places are drawn out."""
    if not graph:
        return {}
    names = sorted(graph)
    ordered: Any = nx.Graph()
    ordered.add_nodes_from(names)
    ordered.add_edges_from(sorted(tuple(sorted(edge)) for edge in graph.edges))
    found = nx.spring_layout(ordered, seed=SEED, k=2.2 / len(names) ** 0.5, iterations=150)
    result: list[list[float]] = []
    for axis, (size, margin) in enumerate(zip(NETWORK, (MARGIN * 1.4, MARGIN * 0.7), strict=True)):
        raw = [float(found[name][axis]) for name in names]
        low, span = min(raw), (max(raw) - min(raw)) or 1.0
        ranks = {at: rank for rank, at in enumerate(sorted(range(len(raw)), key=lambda at: (raw[at], at)))}
        most = max(1, len(raw) - 1)
        result.append(
            [margin + ((value - low) / span + ranks[at] / most) / 2 * (size - 2 * margin) for at, value in enumerate(raw)]
        )
    return {name: (x, y) for name, x, y in zip(names, *result, strict=True)}


def _node(node: Mapping[str, Any], place: tuple[float, float], lang: str, centre: str | None) -> dict[str, Any]:
    label = next((node["label"][one] for one in (lang, "nl", "fr", "en", "") if node["label"].get(one)), node["reference"])
    if node["kind"] in ("measure", "theme") and node["number"]:
        label = f"{node['number']} {label}"
    size = round(5 + min(9.0, node["links"] ** 0.5), 1)
    x, y = round(place[0], 1), round(place[1], 1)
    return {**node, "x": x, "y": y, "short": cut(label, SHORT), "name": label, "size": size, "centre": node["iri"] == centre}


def _place_labels(nodes: Sequence[dict[str, Any]]) -> None:
    """Give each node a place for its name that covers no other name and no node, the important ones first; else none."""
    taken = [
        (node["x"] - node["size"], node["y"] - node["size"], node["x"] + node["size"], node["y"] + node["size"]) for node in nodes
    ]
    for node in sorted(nodes, key=lambda node: (not node["centre"], -node["links"], node["reference"])):
        x, y, size, wide = node["x"], node["y"], node["size"], len(node["short"]) * LETTER
        tries = [
            ("middle", x, y - size - 5),
            ("middle", x, y + size + 14),
            ("start", x + size + 4, y + 4),
            ("end", x - size - 4, y + 4),
            ("start", x, y - size - 16),
            ("end", x, y + size + 25),
        ]
        boxes = []
        for anchor, left, base in tries:
            begin = left - wide / 2 if anchor == "middle" else left if anchor == "start" else left - wide
            box = (begin, base - 11, begin + wide, base + 3)
            outside = box[0] < 2 or box[2] > NETWORK[0] - 2 or box[1] < 2 or box[3] > NETWORK[1] - 2
            over = sum(box[0] < other[2] and box[2] > other[0] and box[1] < other[3] and box[3] > other[1] for other in taken)
            boxes.append((outside * 100 + over, anchor, left, base, box))
        covered, anchor, left, base, box = min(boxes, key=lambda one: one[0])
        if covered and not node["centre"]:
            node["short"] = ""  # its name stands in the tables, and is told when it is pointed at
        else:
            taken.append(box)
        node |= {"anchor": anchor, "text_x": round(left, 1), "text_y": round(base, 1)}
