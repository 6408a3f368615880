"""Pages of things: a measure, an initiative, an organisation and so on, each with what proves it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kg.names import shorten
from search_api import things
from search_api.answers import citation
from search_api.live import View
from search_api.web import bodies, known, marks, plans
from search_api.web.language import text_in
from search_api.web.site import Content, Crumb, Visit
from search_api.web.statements import N_, Detail, figures, findings, kind_label, linked, suggested, values

LISTS = {kind.start: name for name, kind in reversed(things.KINDS.items())}
SHOWN = 30  # statements of the evidence table that stand open


def maker(view: View, reference: str) -> Callable[[Visit], Content] | None:
    """What makes the page of a thing; None for what has no page (graphs, the data set, what does not exist)."""
    start = next((start for start in MAKERS if reference.startswith(start)), None)
    if start == "id/passage/":
        _, _, document, key = (*reference.split("/", 3), "", "")[:4]
        found = things.passage(view.corpus, document, key)
        return (lambda visit: _passage(visit, found)) if found else None
    if not re.fullmatch(r"(id|auth)/[\w.~%+/-]+", reference) or reference.startswith(("id/graph/", "id/dataset/", "id/service/")):
        return None
    detail = things.detail(view.corpus, reference)
    if detail is None:
        return None
    make = MAKERS.get(start or "", _thing)

    def page(visit: Visit) -> Content:
        ref = shorten(detail["iri"], view.base)
        name = LISTS.get(start or "")
        label, lang = text_in(detail["label"], visit.lang)
        visit.title = label or visit.label(ref)
        address = f"/doc/{ref.removeprefix('id/')}"
        if name:
            visit.crumbs = [Crumb(visit.say(TITLES[name]), visit.link(f"/list/{name}"))]
            visit.twins = [("application/json", f"/api/{name}/{ref.removeprefix(things.KINDS[name].start)}", "JSON")]
        visit.twins += [(media, f"{address}?format={form}", title) for media, form, title in FORMS]
        shared = {
            "ref": ref,
            "iri": detail["iri"],
            "detail": detail,
            "label_lang": lang or visit.lang,
            "figures": figures(visit, ref),
            "findings": findings(visit, ref, detail),
            "evidence": detail["evidence"],
            "shown": SHOWN,
        }
        template, content = make(visit, ref, detail)
        return template, {**shared, **content}

    return page


TITLES = {
    "plans": N_("Plans"),
    "themes": N_("Themes"),
    "measures": N_("Measures"),
    "initiatives": N_("Initiatives"),
    "organisations": N_("Organisations"),
    "zones": N_("Police zones"),
    "resolutions": N_("Resolutions"),
    "documents": N_("Documents"),
    "findings": N_("Findings"),
}
FORMS = (
    ("text/turtle", "ttl", "Turtle"),
    ("application/ld+json", "jsonld", "JSON-LD"),
    ("application/n-triples", "nt", "N-Triples"),
    ("application/rdf+xml", "rdf", "RDF/XML"),
    ("application/trig", "trig", "TriG"),
)


# ---------------------------------------------------------------- measure


def _measure(visit: Visit, ref: str, detail: Detail) -> Content:
    plan, number = ref.split("/")[2:4]
    texts = known.texts(visit.view, [ref])[ref]
    theme = next((value["iri"] for value in values(detail, "dct:subject")), None)
    visit.crumbs = [
        Crumb(visit.say("Plans"), visit.link("/list/plans")),
        Crumb(f"{visit.say('Plan')} {plan.removeprefix('gvpp-')}", visit.thing(f"id/plan/{plan}")),
    ]
    if theme:
        visit.crumbs.append(Crumb(visit.label(theme), visit.thing(theme)))
    visit.title = f"{number} {visit.title}" if detail["label"] else visit.title
    stated = linked(detail, "gvpp:implements", "subject")
    told = {shorten(one["iri"], visit.view.base) for one in stated}
    return "measure.html", {
        "plan": plan,
        "number": number,
        "theme": theme,
        "pillars": values(detail, "gvpp:pillar"),
        "texts": [
            {"text": row["text"], "lang": row.get("text@", row["lang"]), "citation": citation(visit.view.corpus, row, visit.lang)}
            for row in sorted(texts, key=lambda row: row["lang"] != visit.lang)
        ],
        "stated": sorted(stated, key=lambda one: "main" not in one["roles"]),
        "suggested": [
            one
            for one in suggested(visit, ref, "subject", "gvpp:suggestedMeasure")
            if shorten(one["iri"], visit.view.base) not in told
        ],
        "partners": linked(detail, "gvpp:hasPartner"),
        "counterparts": counterparts(visit, ref, texts),
        "editions": len(visit.view.corpus.plans),
        "same_number": [
            f"id/measure/{other}/{number}"
            for other in visit.view.corpus.plans
            if other != plan and f"id/measure/{other}/{number}" in known.by_reference(visit.view, "measures")
        ],
    }


def counterparts(visit: Visit, ref: str, texts: Sequence[known.Row]) -> list[dict[str, Any]]:
    """What a measure was, or became, in other editions, with the words that changed between the two."""
    rows = known.counterparts(visit.view).get(ref, ())
    theirs = known.texts(visit.view, [row["there"] for row in rows])
    found = []
    for row in rows:
        mine, other = same_language(texts, theirs[row["there"]], visit.lang)
        plan, number = row["there"].split("/")[2:4]
        older = plan < ref.split("/")[2]
        pair = marks.changes(other["text"], mine["text"]) if older and mine and other else None
        if not older and mine and other:
            pair = marks.changes(mine["text"], other["text"])
        found.append(
            {
                "ref": row["there"],
                "plan": plan,
                "number": number,
                "older": older,
                "score": float(row["score"]) if "score" in row else None,
                "certainty": row["certainty"].rsplit("#", 1)[-1],
                "clear": known.is_clear(row),
                "reason": row.get(visit.lang) or row.get("nl", ""),
                "before": pair[0] if pair else None,
                "after": pair[1] if pair else None,
                "lang": other["lang"] if other else "",
                "same": bool(mine and other and mine["lang"] == other["lang"]),
                "citation": citation(visit.view.corpus, other, visit.lang) if other else None,
            }
        )
    return found


def same_language(mine: Sequence[known.Row], theirs: Sequence[known.Row], lang: str) -> tuple[known.Row | None, known.Row | None]:
    """A text of each in one language, that of the page where both have it; else the first of each."""
    for one in (lang, "nl", "fr"):
        left = next((row for row in mine if row["lang"] == one), None)
        right = next((row for row in theirs if row["lang"] == one), None)
        if left and right:
            return left, right
    return next(iter(mine), None), next(iter(theirs), None)


# ---------------------------------------------------------------- initiative


def _initiative(visit: Visit, ref: str, detail: Detail) -> Content:
    stated = linked(detail, "gvpp:implements")
    told = {shorten(one["iri"], visit.view.base) for one in stated}
    merged = [
        merge
        for merge in visit.view.generation.manifest.get("merges", {}).get("merged", ())
        if ref in (merge["to"], merge["from"])
    ]
    return "initiative.html", {
        "descriptions": values(detail, "dct:description"),
        "activities": values(detail, "gvpp:activityKind"),
        "statuses": values(detail, "gvpp:status"),
        "carriers": linked(detail, "gvpp:carriedOutBy"),
        "partners": linked(detail, "gvpp:hasPartner"),
        "zones": linked(detail, "gvpp:inZone"),
        "groups": values(detail, "gvpp:targetGroup"),
        "themes": values(detail, "dct:subject"),
        "whole": values(detail, "dct:isPartOf"),
        "constituents": detail["incoming"].get("dct:isPartOf", ()),
        "documents": values(detail, "gvpp:reportedIn"),
        "stated": stated,
        "suggested": [
            one
            for one in suggested(visit, ref, "object", "gvpp:suggestedMeasure")
            if shorten(one["iri"], visit.view.base) not in told
        ],
        "answers": linked(detail, "gvpp:answersTo"),
        "suggested_parts": suggested(visit, ref, "object", "gvpp:suggestedPart"),
        "also": values(detail, "skos:altLabel"),
        "grants": bodies.grants_of(visit, ref),
        "merged": [merge.get(visit.lang) or merge.get("nl", "") for merge in merged],
    }


# ---------------------------------------------------------------- other things


def _passage(visit: Visit, found: Mapping[str, Any]) -> Content:
    key = found["iri"].rsplit("/", 1)[-1]
    document = found["document"]
    visit.title = f"{visit.say('Passage')} {key} – {visit.label('id/document/' + document)}"
    visit.crumbs = [
        Crumb(visit.say("Documents"), visit.link("/list/documents")),
        Crumb(visit.label(f"id/document/{document}"), visit.thing(f"id/document/{document}")),
    ]
    address = f"/doc/passage/{document}/{key}"
    visit.twins = [("application/json", f"/api/passages/{document}/{key}", "JSON")]
    visit.twins += [(media, f"{address}?format={form}", title) for media, form, title in FORMS]
    return "passage.html", {"found": found, "iri": found["iri"], "key": key, "ref": f"id/passage/{document}/{key}"}


def _thing(visit: Visit, ref: str, detail: Detail) -> Content:
    """Anything else: what is said of it, as a table."""
    return "thing.html", {"kind": kind_label(visit, detail)}


MAKERS: dict[str, Callable[[Visit, str, Detail], Content]] = {
    "id/measure/": _measure,
    "id/initiative/": _initiative,
    "id/organisation/": bodies.organisation,
    "id/plan/": plans.plan,
    "auth/theme/": plans.theme,
    "id/resolution/": plans.resolution,
    "id/document/": plans.document,
    "id/passage/": _thing,
}
