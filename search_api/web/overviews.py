"""Overviews: two editions compared, coverage of measures, the network, and the amounts of grants."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from kg.errors import UsageError
from search_api import compare as comparing
from search_api.intents_figures import unit_in
from search_api.network import network as find_network
from search_api.network import wording
from search_api.web import bodies, drawing, known, marks
from search_api.web.forms import BudgetForm, CompareForm, CoverageForm, NetworkForm
from search_api.web.plans import covered
from search_api.web.site import Content, Crumb, Visit
from search_api.web.statements import N_

DRAWN = 36  # nodes of a picture around something
CENTRAL = 90  # most central things of which the largest piece that hangs together is drawn
BARS = 15
BY = {
    "measure": N_("Measures"),
    "theme": N_("Themes"),
    "part": N_("Parts of the resolution"),
    "organisation": N_("Organisations"),
    "zone": N_("Police zones"),
}
Row = Mapping[str, Any]


def compare(visit: Visit, form: CompareForm) -> Content:
    """Two editions: what went on, what was dropped, what is new; with a measure or a theme, the changed words too."""
    visit.title = visit.say("Compare editions")
    visit.crumbs = [Crumb(visit.title, visit.link("/compare"))]
    plans = list(visit.view.corpus.plans)
    if len(plans) < 2:
        return "compare.html", {
            "plans": plans,
            "found": None,
            "form": form,
            "older": "",
            "newer": "",
            "rows": [],
            "themes": [],
            "new": [],
        }
    given = [plan if plan.startswith("gvpp-") else f"gvpp-{plan}" for plan in (form.from_ or plans[1], form.to or plans[0])]
    older, newer = sorted(given)
    key = f"web-compare-{older}-{newer}-{visit.lang}"
    found = visit.view.remember(key, lambda: comparing.compare(visit.view.corpus, older, newer, lang=visit.lang))
    detailed = bool(form.measure or form.theme)
    rows = [_compared(row, detailed, True) for row in found["measures"] if _wanted(row, form)]
    new = [_compared(row, detailed, False) for row in found["new"] if _wanted(row, form)]
    query = urlencode({"from": older, "to": newer, "lang": visit.lang})
    visit.twins = [("application/json", f"/api/compare?{query}", "JSON")]
    themes = [item for item in known.items(visit.view, "themes") if item["plan"] == older]
    return "compare.html", {
        "plans": plans,
        "found": found,
        "form": form,
        "older": older,
        "newer": newer,
        "rows": rows,
        "new": new,
        "themes": themes,
    }


def _wanted(row: Row, form: CompareForm) -> bool:
    if form.measure:
        return bool(row["number"] == form.measure or any(one["number"] == form.measure for one in row["counterparts"][:1]))
    return form.theme is None or str(row["number"]).split(".")[0] == str(form.theme)


def _compared(row: Row, detailed: bool, mine_is_older: bool) -> dict[str, Any]:
    best = row["counterparts"][0] if row["counterparts"] else None
    pair = None
    if best and detailed:
        texts = (row["text"], best["text"]) if mine_is_older else (best["text"], row["text"])
        pair = marks.changes(*texts)
    return {**row, "best": best, "pair": pair, "text_lang": row["citations"][0]["lang"] if row["citations"] else ""}


def coverage(visit: Visit, form: CoverageForm) -> Content:
    """What is done for each thing of a kind, and the gaps."""
    visit.title = visit.say("Coverage")
    visit.crumbs = [Crumb(visit.title, visit.link("/coverage"))]
    plans = visit.view.corpus.plans
    of_plan = form.by in ("measure", "theme")
    plan = (form.plan or _busiest(visit)) if of_plan and plans else None
    rows = covered(visit.view, form.by, plan, visit.lang)
    counts = Counter(row["status"] for row in rows)
    same = urlencode([("by", form.by), *([("plan", plan)] if plan else []), ("lang", visit.lang)])
    visit.twins = [("application/json", f"/api/coverage?{same}", "JSON"), ("text/csv", f"/coverage.csv?{same}", "CSV")]
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[str(row["number"] or "").split(".")[0] if form.by == "measure" else ""].append(row)
    return "coverage.html", {
        "form": form,
        "plan": plan,
        "plans": plans,
        "kinds": [(name, visit.say(title)) for name, title in BY.items()],
        "counts": counts,
        "total": len(rows),
        "groups": groups,
        "rows": [row for row in rows if form.status in (None, row["status"])],
    }


def _busiest(visit: Visit) -> str:
    """The edition whose measures have most initiatives: the newest may have none yet."""
    counts: Counter[str] = Counter()
    for item in known.items(visit.view, "measures"):
        counts[item["plan"]] += item["initiatives"]
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] else visit.view.corpus.plans[0]


def network(visit: Visit, form: NetworkForm) -> Content:
    """The network around one thing, between two, or as a whole: a picture and the same as tables."""
    visit.title = visit.say("Network")
    visit.crumbs = [Crumb(visit.title, visit.link("/network"))]
    found: Mapping[str, Any] | None = None
    fault = ""
    try:
        found = find_network(
            visit.view.corpus, form.around, form.to if form.around else None, visit.lang, DRAWN if form.around else CENTRAL
        )
    except UsageError as error:
        fault = error.what
    same = [(name, value) for name, value in (("around", form.around), ("to", form.to), ("lang", visit.lang)) if value]
    visit.twins = [("application/json", f"/api/network?{urlencode(same)}", "JSON")] if found else []
    centre = found["entity"]["iri"] if found and found["entity"] else None
    if found and found["entity"]:
        visit.title = f"{visit.label(found['entity']['reference'])} – {visit.say('Network')}"
    return "network.html", {
        "form": form,
        "found": found,
        "fault": fault,
        "picture": drawing.network(found["nodes"], found["edges"], visit.lang, centre) if found and found["nodes"] else None,
        "kind_name": lambda kind, several=False: str(wording()["kind"][kind][visit.lang][several]),
        "property_name": lambda name, direction: str(
            wording()["property"].get(name, {}).get(direction, {}).get(visit.lang, name)
        ),
        "shapes": {
            "organisation": "body",
            "zone": "body",
            "commune": "body",
            "group": "body",
            "initiative": "initiative",
            "measure": "measure",
        },
    }


def budget(visit: Visit, form: BudgetForm) -> Content:
    """The amounts of one year as a chart and a table, and how lines with the same name went over the years."""
    visit.title = visit.say("Grants and amounts")
    visit.crumbs = [Crumb(visit.title, visit.link("/budget"))]
    lines = bodies.lines(visit, known.grants(visit.view))
    years = sorted({line["year"] for line in lines if line["year"]}, reverse=True)
    year = str(form.year) if form.year else (years[0] if years else "")
    mine = sorted((line for line in lines if line["year"] == year), key=lambda line: -(line["sum"] or 0))
    charted = [line for line in mine if line["sum"]][:BARS]
    visit.twins = [("text/csv", "/budget.csv", "CSV"), ("application/sparql-results+json", _query_of_grants(visit), "JSON")]
    series: dict[str, dict[str, float]] = defaultdict(dict)
    for line in lines:
        if line["sum"] and line["year"]:
            series[line["name"]][line["year"]] = line["sum"]
    over = {name: values for name, values in series.items() if len(values) > 2}
    return "budget.html", {
        "years": years,
        "year": year,
        "lines": mine,
        "chart": drawing.bars((_called(visit, line), line["sum"]) for line in charted),
        "unit": lambda name: unit_in(name or "", visit.lang),
        "charted": len(charted),
        "over": over,
        "over_years": sorted({one for values in over.values() for one in values}),
        "most": max((value for values in over.values() for value in values.values()), default=1.0),
    }


def _called(visit: Visit, line: Mapping[str, Any]) -> str:
    """A line of a chart in the language of the page: its recipient, where there is one; else as the table prints it."""
    return visit.label(line["recipients"][0]) if len(line["recipients"]) == 1 else str(line["name"])


def _query_of_grants(visit: Visit) -> str:
    return "/sparql?" + urlencode({"query": visit.view.corpus.text("export-grants"), "format": "json"})
