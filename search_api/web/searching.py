"""The start page, and the search page: an answer where the question has one, passages, and filters with counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from kg.lexical import FILTERS
from search_api import answers
from search_api.live import Live
from search_api.search import POOL, search
from search_api.understanding import is_question, language
from search_api.web import known
from search_api.web.forms import SearchForm
from search_api.web.language import LANGS
from search_api.web.language import NAMES as LANGUAGES
from search_api.web.site import Content, Crumb, Visit
from search_api.web.statements import N_

SIZE = 10  # passages on a page
ROWS = 12  # rows of an answer
VALUES = 8  # of a facet that are shown at once
MOST = 40  # of a facet in all
NEAREST = 6
QUERY, QUERIES = 6_000, 4  # characters of a query that is linked, and how many are


FACETS = {
    "plan": N_("Plan edition"),
    "theme": N_("Theme"),
    "genre": N_("Kind of document"),
    "document": N_("Document"),
    "organisation": N_("Organisation"),
    "zone": N_("Police zone"),
    "commune": N_("Commune"),
    "year": N_("Year"),
    "doc_lang": N_("Language of the text"),
}


def home(visit: Visit) -> Content:
    """The start page: the box, the ways in, what there is."""
    visit.twins = [("text/turtle", "/?format=ttl", "Turtle"), ("application/ld+json", "/?format=jsonld", "JSON-LD")]
    view = visit.view
    plans = known.items(view, "plans")
    measures = known.items(view, "measures")
    best = max(measures, key=lambda item: item["initiatives"], default=None)
    counts = {
        kind: len(known.items(view, kind)) for kind in ("documents", "measures", "initiatives", "organisations", "findings")
    }
    counts["passages"] = sum(item["passages"] for item in known.items(view, "documents"))
    return "home.html", {
        "plans": plans,
        "counts": counts,
        "documents": sorted(known.items(view, "documents"), key=lambda item: str(item.get("year") or ""), reverse=True)[:6],
        "example": best["number"] if best else "1.1",
    }


def results(visit: Visit, live: Live, form: SearchForm) -> Content:
    """The search page."""
    visit.title = form.q or visit.say("Search")
    visit.crumbs = [Crumb(visit.say("Search"), visit.link("/search"))]
    filters = form.filters()
    found: Mapping[str, Any] = {"total": 0, "hits": [], "facets": {}}
    answer = None
    if form.q.strip():
        asked = language(form.q, visit.lang)
        found = search(visit.view.searching, form.q, asked, filters, limit=SIZE, offset=form.offset)
        answer = None if form.offset else _answer(visit, form.q)
        same = urlencode([("q", form.q), *((name, values[0]) for name, values in filters.items()), ("lang", asked)])
        visit.twins = [
            ("application/json", f"/api/search?{same}&limit={POOL}", "JSON"),
            ("text/csv", f"/search.csv?{same}", "CSV"),
        ]
    return "search.html", {
        "form": form,
        "found": found,
        "answer": answer,
        "chosen": [_choice(visit, name, values[0]) | {"remove": visit.here(**{name: None})} for name, values in filters.items()],
        "facets": _facets(visit, found["facets"], filters),
        "pages": visit.pages(found["total"], form.offset, SIZE),
        "nearest": _nearest(visit, found) if form.q.strip() else [],
    }


def _answer(visit: Visit, text: str) -> dict[str, Any] | None:
    """The answer to a question, its rows by plan edition; None for words that are no question, and where passages
    are the answer: they stand below."""
    answer = answers.ask(visit.view.corpus, text, visit.lang)
    if answer["status"] == "not_found" and answer["intent"] == "unknown" and not is_question(text):
        return None
    if all(row["kind"] == "Passage" for row in answer["answers"]) and answer["answers"]:
        return None
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in answer["answers"][:ROWS]:
        groups.setdefault(row["plan"] or "", []).append(row)
    return {
        **answer,
        "groups": groups,
        "left": max(0, len(answer["answers"]) - ROWS),
        "stated": any(row["certainty"] != "suggested" for row in answer["answers"]),
        "queries": _queries(answer["sparql"] or ""),
        "twin": "/api/ask?" + urlencode({"q": text, "lang": visit.lang}),
    }


def _queries(sparql: str) -> list[str]:
    """The queries that an answer rests on, each whole, without those that are too long for an address."""
    found = re.split(r"\n(?=PREFIX gvpp:)", sparql) if sparql else []
    return [text for text in dict.fromkeys(found) if len(text) < QUERY][:QUERIES]


def _choice(visit: Visit, name: str, value: str) -> dict[str, Any]:
    return {"name": name, "title": visit.say(FACETS[name]), "value": value, "label": value_label(visit, name, value)}


def value_label(visit: Visit, name: str, value: str) -> str:
    """What people call a value of a filter."""
    if name == "theme":
        plan, _, number = value.partition("/")
        return f"{number}. {visit.label(f'auth/theme/{value}')} ({plan.removeprefix('gvpp-')})"
    if name == "plan":
        return value.removeprefix("gvpp-").replace("-", "–")
    if name == "zone":
        return f"{value} – {visit.label(f'id/organisation/politiezone-{value}')}"
    if name in ("organisation", "commune"):
        return visit.label(f"id/organisation/{value}")
    if name == "document":
        return visit.label(f"id/document/{value}")
    if name == "genre":
        return visit.label(f"ns/gvpp#{value}") if f"ns/gvpp#{value}" != visit.label(f"ns/gvpp#{value}") else genre(visit, value)
    if name == "doc_lang":
        return LANGUAGES.get(value, value)
    return value


def genre(visit: Visit, value: str) -> str:
    """A genre of documents, or another term of the vocabulary, in words."""
    labels = known.terms(visit.view).get(f"gvpp:{value}", {})
    return labels.get(visit.lang) or value


def _facets(visit: Visit, counts: Mapping[str, Mapping[str, int]], filters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Filters with the values that would leave something; the ones that are chosen already stand elsewhere."""
    found = []
    for name in FACETS:
        values = [item for item in counts.get(name, {}).items() if name in FILTERS]
        if name in filters or len(values) < 1:
            continue
        if name == "year":
            values.sort(reverse=True)
        rest = visit.here(**{name: None})
        choices = [
            _choice(visit, name, value) | {"count": count, "add": f"{rest}&{urlencode({name: value})}"}
            for value, count in values[:MOST]
        ]
        found.append({"name": name, "title": visit.say(FACETS[name]), "values": choices, "shown": VALUES})
    return found


def _nearest(visit: Visit, found: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Names that look like what was asked, where nothing was found."""
    if found["hits"]:
        return []
    from rapidfuzz import fuzz, process

    names: dict[str, str] = {}
    for kind in ("measures", "initiatives", "organisations"):
        for item in known.items(visit.view, kind):
            for lang in LANGS:
                if text := item["label"].get(lang):
                    names.setdefault(text, item["iri"])
    near = process.extract(found.get("question", ""), list(names), scorer=fuzz.WRatio, limit=NEAREST, score_cutoff=60)
    return [{"label": text, "iri": names[text]} for text, *_ in near]
