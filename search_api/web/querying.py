"""The SPARQL page: an editor, examples from the named queries, the result as a table, limits and errors in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kg import queries
from kg.errors import GvppError
from kg.names import PREFIXES
from search_api.live import Live, View
from search_api.sparql_run import Answer, Job
from search_api.web import known
from search_api.web.forms import QueryForm
from search_api.web.site import Content, Crumb, Visit

SHOWN = 300  # rows of the table
FIRST = (
    "SELECT ?measure ?label\nWHERE {\n  ?measure a gvpp:Measure ;\n    skos:prefLabel ?label .\n}\nORDER BY ?measure\nLIMIT 20\n"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a query gave: an answer, or why there is none."""

    answer: Answer | None = None
    error: GvppError | None = None


async def run(live: Live, text: str) -> Ran | None:
    """Run a query within the limits of the service; None where there is none to run."""
    if not text.strip():
        return None
    try:
        return Ran(answer=await live.pool.run(Job(text)))
    except GvppError as error:
        return Ran(error=error)


def page(visit: Visit, live: Live, form: QueryForm, ran: Ran | None) -> Content:
    visit.title = visit.say("SPARQL")
    visit.crumbs = [Crumb(visit.title, visit.link("/query"))]
    visit.scripts = ["query.js"]
    text = form.query or (example(visit.view, form.example) if form.example else None) or FIRST
    if ran and ran.answer:
        at = urlencode({"query": form.query})
        table = ran.answer.media_type.endswith("results+json")
        forms = (
            (("csv", "CSV", "text/csv"), ("json", "JSON", "application/sparql-results+json"))
            if table
            else (("ttl", "Turtle", "text/turtle"),)
        )
        visit.twins = [(media, f"/sparql?{at}&format={name}", title) for name, title, media in forms]
    return "query.html", {
        "text": text,
        "ran": ran,
        "result": _result(visit, ran.answer) if ran and ran.answer else None,
        "limits": live.limits,
        "examples": [(name, queries.load(name).title[visit.lang]) for name in queries.names() if example(visit.view, name)],
        "chosen": form.example,
        "shown": SHOWN,
    }


def _result(visit: Visit, answer: Answer) -> dict[str, Any]:
    """A result as the page shows it: a table, yes or no, or a graph as text."""
    body = answer.body.decode("utf-8")
    if not answer.media_type.endswith("results+json"):
        return {"kind": "graph", "text": body}
    read = json.loads(body)
    if "boolean" in read:
        return {"kind": "boolean", "value": read["boolean"]}
    rows = read["results"]["bindings"]
    return {
        "kind": "table",
        "columns": read["head"]["vars"],
        "total": len(rows),
        "rows": [_cells(row, read["head"]["vars"]) for row in rows[:SHOWN]],
    }


def _cells(row: Mapping[str, Mapping[str, str]], columns: list[str]) -> list[dict[str, str]]:
    return [
        {"text": row[name]["value"], "lang": row[name].get("xml:lang", ""), "kind": row[name]["type"]}
        if name in row
        else {"text": "", "lang": "", "kind": ""}
        for name in columns
    ]


def example(view: View, name: str) -> str | None:
    """A named query that can be run as it is: its parameters are bound to things of this corpus; None where one has none."""

    def made() -> str | None:
        if name not in queries.names():
            return None
        query = queries.load(name)
        things = _things(view)
        if any(parameter not in things for parameter in query.params):
            return None
        return queries.bind(query, **{parameter: things[parameter] for parameter in query.params})

    return view.remember(f"web-example-{name}", made)


def _things(view: View) -> dict[str, str]:
    """A thing of this corpus for each parameter that named queries have."""

    def read() -> dict[str, str]:
        found: dict[str, str] = {}
        measures = known.items(view, "measures")
        if measures:
            best = max(measures, key=lambda item: item["initiatives"])
            measure = f"id/measure/{best['reference']}"
            found |= {"measure": measure, "thing": measure, "number": best["number"], "plan": f"id/plan/{best['plan']}"}
            if best["theme"]:
                found["theme"] = f"auth/theme/{best['theme'][0]}"
        if len(view.corpus.plans) > 1:
            found |= {"newer": f"id/plan/{view.corpus.plans[0]}", "older": f"id/plan/{view.corpus.plans[1]}"}
        zones = [item for item in known.items(view, "zones") if item["initiatives"]]
        if zones:
            found |= {"place": f"id/organisation/{zones[0]['reference']}", "actor": f"id/organisation/{zones[0]['reference']}"}
            found["organisation"] = found["place"]
        initiatives = known.items(view, "initiatives")
        if initiatives:
            found["initiative"] = f"id/initiative/{initiatives[0]['reference']}"
        documents = known.items(view, "documents")
        if documents:
            found["document"] = f"id/document/{documents[0]['reference']}"
        return found

    return view.remember("web-examples", read)


def terms(view: View, lang: str) -> dict[str, Any]:
    """What the editor offers while somebody types: prefixes, classes and properties with their names."""
    named = {name: labels.get(lang, "") for name, labels in known.terms(view).items() if ":" in name and "/" not in name}
    return {"prefixes": sorted(["gvpp", *PREFIXES]), "terms": dict(sorted(named.items()))}
