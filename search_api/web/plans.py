"""Pages of plans, themes, resolutions and documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kg.names import shorten
from search_api.coverage import coverage
from search_api.live import View
from search_api.web import known
from search_api.web.reading import outline
from search_api.web.site import Content, Crumb, Visit
from search_api.web.statements import Detail, kind_label, linked, suggested, values

Row = Mapping[str, Any]


def covered(view: View, by: str, plan_id: str | None, lang: str) -> Sequence[Row]:
    """Rows of coverage, computed once per generation."""
    found: Sequence[Row] = view.remember(
        f"web-coverage-{by}-{plan_id}-{lang}", lambda: coverage(view.corpus, by, plan_id, lang)["rows"]
    )
    return found


def plan(visit: Visit, ref: str, detail: Detail) -> Content:
    reference = ref.removeprefix("id/plan/")
    has_measures = reference in visit.view.corpus.plans
    rows = covered(visit.view, "theme", reference, visit.lang) if has_measures else ()
    measures = [item for item in known.items(visit.view, "measures") if item["plan"] == reference]
    pillars = Counter(pillar for item in measures for pillar in item["pillar"])
    return "plan.html", {
        "reference": reference,
        "themes": rows,
        "measures": len(measures),
        "pillars": [(visit.label(f"auth/pillar/{name}"), count) for name, count in pillars.most_common()],
        "adopted": next((value["value"] for value in values(detail, "dct:issued")), ""),
        "documents": detail["incoming"].get("gvpp:underPlan", ()),
        "others": [other for other in visit.view.corpus.plans if other != reference],
    }


def theme(visit: Visit, ref: str, detail: Detail) -> Content:
    plan_id, number = ref.split("/")[2:4]
    visit.title = f"{number}. {visit.title}"
    visit.crumbs = [
        Crumb(visit.say("Plans"), visit.link("/list/plans")),
        Crumb(f"{visit.say('Plan')} {plan_id.removeprefix('gvpp-')}", visit.thing(f"id/plan/{plan_id}")),
    ]
    rows = covered(visit.view, "measure", plan_id, visit.lang) if plan_id in visit.view.corpus.plans else ()
    mine = [row for row in rows if str(row["number"]).split(".")[0] == number]
    return "theme.html", {
        "plan": plan_id,
        "number": number,
        "measures": mine,
        "initiatives": [one for one in linked(detail, "dct:subject", "subject") if "/initiative/" in one["iri"]],
    }


def resolution(visit: Visit, ref: str, detail: Detail) -> Content:
    """A resolution, one of its parts, or a recommendation: what it holds, and what answers it."""
    rows = {row["reference"]: row for row in covered(visit.view, "part", None, visit.lang)}
    parts = [shorten(one["iri"], visit.view.base) for one in detail["incoming"].get("dct:isPartOf", ())]
    whole = next((value["iri"] for value in values(detail, "dct:isPartOf")), None)
    visit.crumbs = [Crumb(visit.say("Resolutions"), visit.link("/list/resolutions"))]
    if whole:
        visit.crumbs.append(Crumb(visit.label(whole), visit.thing(whole)))
    return "resolution.html", {
        "kind": kind_label(visit, detail),
        "descriptions": values(detail, "dct:description"),
        "date": next((value["value"] for value in values(detail, "dct:date")), ""),
        "made_by": values(detail, "gvpp:madeBy"),
        "rows": [
            rows.get(part)
            or {"reference": part, "iri": part, "label": visit.label(part), "number": None, "stated": [], "suggested": []}
            for part in parts
        ],
        "answers": linked(detail, "gvpp:answersTo", "subject"),
        "suggested": suggested(visit, ref, "subject", "gvpp:suggestedPart"),
    }


def document(visit: Visit, ref: str, detail: Detail) -> Content:
    reference = ref.removeprefix("id/document/")
    item = known.by_reference(visit.view, "documents").get(ref, {})
    sources = [source for source in visit.view.generation.manifest["sources"].values() if source["document"] == reference]
    reported = [item for item in known.items(visit.view, "initiatives") if reference in item["document"]]
    return "document.html", {
        "reference": reference,
        "genre": values(detail, "dct:type"),
        "issued": next((value["value"] for value in values(detail, "dct:issued")), ""),
        "year": next((value["value"] for value in values(detail, "gvpp:year")), ""),
        "publisher": values(detail, "dct:publisher"),
        "rights": values(detail, "dct:rights"),
        "plans": values(detail, "gvpp:underPlan"),
        "sources": sources,
        "detected": sorted({name for source in sources for name in source["detected"]}),
        "counts": visit.view.generation.manifest["documents"].get(reference, {}),
        "passages": item.get("passages", 0),
        "outline": outline(visit.view, reference),
        "initiatives": reported[:60],
        "initiatives_left": max(0, len(reported) - 60),
    }
