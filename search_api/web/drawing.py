"""Pictures as numbers for the SVG templates: timelines, bars and networks. Each page has the same as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import networkx as nx

from search_api.renaming import Former
from search_api.web.marks import cut

WIDTH = 720  # of timelines and bars, in units of the drawing
LABEL = 210  # of it for the names beside bars
ROW = 30  # height of a bar with the space around it
LANE = 46  # height of a name on a timeline
NETWORK = (1000.0, 640.0)
MARGIN = 70.0
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


def network(nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]], lang: str, centre: str | None) -> dict[str, Any]:
    """Places for the nodes of a network, the same at every call; what stands in the centre is put there."""
    graph = nx.Graph()
    graph.add_nodes_from(node["iri"] for node in nodes)
    graph.add_edges_from((edge["source"], edge["target"]) for edge in edges if edge["source"] in graph and edge["target"] in graph)
    if not graph:
        return {"nodes": [], "edges": [], "width": NETWORK[0], "height": NETWORK[1]}
    held = {centre: (0.0, 0.0)} if centre in graph else None
    spread = 1.6 / max(1, len(graph)) ** 0.5
    places = nx.spring_layout(graph, seed=SEED, pos=held, fixed=list(held) if held else None, k=spread, iterations=80)
    xs, ys = ([float(place[axis]) for place in places.values()] for axis in (0, 1))
    (width, height), (left, top) = NETWORK, (min(xs), min(ys))
    wide, high = (max(xs) - left) or 1.0, (max(ys) - top) or 1.0

    def at(iri: str) -> tuple[float, float]:
        x, y = places[iri]
        return (
            MARGIN + (float(x) - left) / wide * (width - 2 * MARGIN),
            MARGIN / 2 + (float(y) - top) / high * (height - MARGIN - 20),
        )

    drawn = []
    for node in nodes:
        x, y = at(node["iri"])
        label = next((node["label"][one] for one in (lang, "nl", "fr", "en", "") if node["label"].get(one)), node["reference"])
        if node["kind"] in ("measure", "theme") and node["number"]:
            label = f"{node['number']} {label}"
        drawn.append(
            {
                **node,
                "x": round(x, 1),
                "y": round(y, 1),
                "short": cut(label, SHORT),
                "name": label,
                "size": round(5 + min(9.0, node["links"] ** 0.5), 1),
                "centre": node["iri"] == centre,
                "anchor": "end" if x > width - 180 else "start" if x < 180 else "middle",
            }
        )
    lines = []
    for edge in edges:
        if edge["source"] in graph and edge["target"] in graph:
            (x1, y1), (x2, y2) = at(edge["source"]), at(edge["target"])
            lines.append({"x1": round(x1, 1), "y1": round(y1, 1), "x2": round(x2, 1), "y2": round(y2, 1)})
    return {"nodes": drawn, "edges": lines, "width": width, "height": height}
