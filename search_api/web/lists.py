"""Lists of things, the glossary, the findings, and what is new since the build before."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyoxigraph as ox

from kg.glossary import load_glossary, topics
from kg.names import expand, fold, shorten
from search_api import things
from search_api.answers import citation
from search_api.live import View
from search_api.problems import Problem
from search_api.web import known
from search_api.web.entities import TITLES
from search_api.web.forms import PAGE, GlossaryForm, ListForm
from search_api.web.language import LANGS, text_in
from search_api.web.searching import value_label
from search_api.web.site import Content, Crumb, Visit
from search_api.web.statements import N_

FIELDS = {
    "plan": N_("Plan edition"),
    "theme": N_("Theme"),
    "zone": N_("Police zone"),
    "organisation": N_("Organisation"),
    "document": N_("Document"),
    "activity": N_("Kind of activity"),
    "status": N_("State"),
    "type": N_("Kind"),
    "genre": N_("Kind of document"),
    "year": N_("Year"),
}
CHOICES = 60  # values of a filter
TERMS = 150  # of the glossary on a page
TOPICS = {
    "general": N_("General"),
    "administration-subsidies": N_("Administration and subsidies"),
    "traffic-transport": N_("Traffic and transport"),
    "violence-victims": N_("Violence and victims"),
    "police": N_("Police"),
    "nuisance-environment": N_("Nuisance and environment"),
    "institutions": N_("Institutions"),
    "budget-accounts": N_("Budget and accounts"),
    "justice": N_("Justice"),
    "crisis-management": N_("Crisis management"),
    "training-recruitment": N_("Training and recruitment"),
    "property-crime": N_("Property crime"),
    "homelessness-social-work": N_("Homelessness and social work"),
    "evaluation-statistics": N_("Evaluation and statistics"),
    "cybercrime-fraud": N_("Cybercrime and fraud"),
    "youth-school": N_("Young people and school"),
    "drugs": N_("Drugs"),
    "events-communication": N_("Events and communication"),
    "trafficking-prostitution": N_("Trafficking and prostitution"),
    "neighbourhood-mediation": N_("Neighbourhood and mediation"),
    "organised-crime-weapons": N_("Organised crime and weapons"),
    "technology-cameras": N_("Technology and cameras"),
    "discrimination": N_("Discrimination"),
    "radicalisation": N_("Radicalisation"),
    "target-groups": N_("Target groups"),
    "places": N_("Places"),
}
FINDINGS = {
    "abbreviation": N_("Abbreviations that are explained or spelled in several ways"),
    "count": N_("Counts that differ from what can be counted"),
    "gloss": N_("Measure numbers that are explained otherwise than the plan does"),
    "parts-total": N_("Parts that do not add up to their total"),
    "same-text": N_("Measures with one and the same text"),
    "two-values": N_("Figures with two values"),
    "unknown-measure": N_("Measure numbers that the plan does not have"),
}


def listing(visit: Visit, name: str, form: ListForm) -> Content:
    """A list of things of one kind, with filters and part of the name."""
    kind = things.KINDS.get(name)
    if kind is None or name == "findings":
        raise Problem(404, "not-found", f"there is no list {name!r}", where="address", remedy="see the start page")
    filters = form.filters()
    if wrong := [one for one in filters if one not in kind.filters]:
        raise Problem(400, "parameter", f"{name} are not filtered by {wrong[0]!r}", where=wrong[0], remedy="leave it out")
    every = known.items(visit.view, name)
    found = things.chosen(every, filters)
    if form.name:
        wanted = fold(form.name)
        found = [item for item in found if any(wanted in fold(text) for text in _texts(item))]
    if name in ("initiatives", "organisations"):  # names have an order of their own in each language
        found = sorted(found, key=lambda item: fold(text_in(item["label"], visit.lang)[0]))
    part = found[form.offset : form.offset + PAGE]
    visit.title = visit.say(TITLES[name])
    visit.crumbs = [Crumb(visit.title, visit.link(f"/list/{name}"))]
    visit.twins = [
        ("application/json", f"/api/{name}?" + "&".join([*(f"{k}={v}" for k, v in filters.items()), "limit=500"]), "JSON")
    ]
    return "list.html", {
        "kind": name,
        "form": form,
        "items": part,
        "total": len(found),
        "filters": [_filter(visit, one, every, filters.get(one)) for one in kind.filters if one in FIELDS],
        "value": lambda field, value: _value(visit, field, value),
        "pages": visit.pages(len(found), form.offset, PAGE),
    }


def _texts(item: Mapping[str, Any]) -> list[str]:
    also = [text for texts in item.get("also", {}).values() for text in texts]
    return [*item["label"].values(), *also, str(item.get("number", ""))]


def _filter(visit: Visit, name: str, items: Any, chosen: str | None) -> dict[str, Any]:
    field = "carrier" if name == "organisation" else name
    counts: Counter[str] = Counter()
    for item in items:
        value = item.get(field)
        counts.update(map(str, value) if isinstance(value, list) else [str(value)] if value else [])
    values = [
        {"value": value, "label": _value(visit, name, value), "count": count} for value, count in counts.most_common(CHOICES)
    ]
    if name in ("theme", "plan", "year"):
        values.sort(key=lambda one: _natural(str(one["value"])), reverse=name != "theme")
    return {"name": name, "title": visit.say(FIELDS[name]), "values": values, "chosen": chosen}


def _natural(value: str) -> list[int | str]:
    """An order in which 10 comes after 9."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", value)]


def _value(visit: Visit, name: str, value: str) -> str:
    """What people call a value of a field of a list."""
    if name in ("activity", "status", "genre", "type", "pillar"):
        terms = known.terms(visit.view)
        label = terms.get(f"gvpp:{value}") or terms.get(f"org:{value}") or {}
        return text_in(label, visit.lang)[0] or value
    if name == "zone":
        return visit.label(f"id/organisation/{value}")
    if name in ("carrier", "organisation"):
        return visit.label(f"id/organisation/{value}")
    return value_label(visit, name, value)


def glossary(visit: Visit, form: GlossaryForm) -> Content:
    """Terms in both languages, and the abbreviations that documents explain."""
    visit.title = visit.say("Glossary and abbreviations")
    visit.crumbs = [Crumb(visit.title, visit.link("/glossary"))]
    first, second = visit.lang, next(one for one in LANGS if one != visit.lang)
    by_topic = topics()
    wanted = fold(form.q or "")
    rows = [
        {"mine": terms[first], "theirs": terms[second], "topic": by_topic.get(terms["nl"][0], "")}
        for terms in load_glossary()
        if (not form.topic or by_topic.get(terms["nl"][0]) == form.topic)
        and (not wanted or any(wanted in fold(term) for one in LANGS for term in terms[one]))
    ]
    rows.sort(key=lambda row: fold(row["mine"][0]))
    shown = rows if form.topic and not wanted else rows[:TERMS]
    return "glossary.html", {
        "form": form,
        "rows": shown if form.topic or wanted else [],
        "left": len(rows) - len(shown),
        "second": second,
        "topics": sorted(((name, visit.say(title)) for name, title in TOPICS.items()), key=lambda one: fold(one[1])),
        "abbreviations": [one for one in _abbreviations(visit) if not wanted or wanted in fold(one["short"] + one["text"])],
    }


def _abbreviations(visit: Visit) -> list[dict[str, Any]]:
    corpus = visit.view.corpus

    def read() -> list[dict[str, str]]:
        shorts = [row["short"] for row in corpus.run("abbreviations")[0]]
        return corpus.run("abbreviation", short=shorts)[0] if shorts else []

    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in visit.view.remember("web-abbreviations", read):
        short = _short(visit.view, row["subject"])
        entry = found.setdefault(
            (short, row["text"]), {"short": short, "text": row["text"], "lang": row.get("text@", row["lang"]), "places": []}
        )
        entry["places"].append(citation(visit.view.corpus, row, visit.lang))
    return sorted(found.values(), key=lambda one: (fold(one["short"]), one["text"]))


def _short(view: View, reference: str) -> str:
    """The short form of an abbreviation as it is printed."""

    def read() -> dict[str, str]:
        notation = ox.NamedNode(expand("skos:notation", view.base))
        quads = view.corpus.store.quads_for_pattern(None, notation, None, ox.DefaultGraph())
        return {
            shorten(str(getattr(quad.subject, "value", "")), view.base): str(getattr(quad.object, "value", "")) for quad in quads
        }

    return view.remember("web-shorts", read).get(reference, reference.rsplit("/", 1)[-1])


def findings(visit: Visit) -> Content:
    """What does not add up in the sources, by kind."""
    visit.title = visit.say("Findings")
    visit.crumbs = [Crumb(visit.title, visit.link("/findings"))]
    visit.twins = [("application/json", "/api/findings?limit=500", "JSON")]
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for finding in known.findings(visit.view):
        groups.setdefault(str(finding["kind"]), []).append(finding)
    return "findings.html", {
        "groups": [(visit.say(FINDINGS[kind]) if kind in FINDINGS else kind, group) for kind, group in sorted(groups.items())],
        "place": lambda place: _place(visit, place),
    }


def _place(visit: Visit, place: Mapping[str, Any]) -> str:
    """Where the words of a finding can be read."""
    for row in known.passages(visit.view, place["document"]):
        if int(row["start"]) <= place["start"] < int(row["end"]):
            address = f"/doc/document/{place['document']}/read#p-{row['passage'].rsplit('/', 1)[-1]}"
            return visit.link(address, passage=row["passage"].rsplit("/", 1)[-1], at=place["start"])
    return visit.thing(f"id/document/{place['document']}")


def news(visit: Visit) -> Content:
    """What the build in use has that the one before had not."""
    visit.title = visit.say("What is new")
    visit.crumbs = [Crumb(visit.title, visit.link("/new"))]
    now = visit.view.generation.manifest
    path = visit.view.generation.path.parent / str(now.get("previous")) / "manifest.json"
    before = json.loads(path.read_text("utf-8")) if now.get("previous") and path.is_file() else None
    rows = []
    if before:
        for name in sorted({*now["documents"], *before["documents"]}):
            new, old = now["documents"].get(name), before["documents"].get(name)
            if old is None or new is None or now["hashes"].get(name) != before["hashes"].get(name):
                rows.append(
                    {
                        "document": name,
                        "state": "added" if old is None else "removed" if new is None else "changed",
                        "new": new or {},
                        "old": old or {},
                    }
                )
    old_findings = {finding["nl"] for finding in before["findings"]} if before else set()
    return "news.html", {
        "now": now,
        "before": before,
        "rows": rows,
        "findings": [finding for finding in now["findings"] if before and finding["nl"] not in old_findings],
    }
