"""The page of an organisation, a police zone or a commune: its names over time, what it does, for whom, and the money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyoxigraph as ox

from kg.names import expand, shorten
from search_api import renaming
from search_api.live import View
from search_api.web import drawing, known
from search_api.web.site import Content, Crumb, Visit
from search_api.web.statements import Detail, kind_label, linked, values

LISTED = 60  # initiatives or measures of a body that are listed
PAID = 12  # grants that are listed


def organisation(visit: Visit, ref: str, detail: Detail) -> Content:
    past, _ = renaming.history(visit.view.corpus, ref)
    zone = detail["kind"] == "PoliceZone"
    name = "zones" if zone else "organisations"
    visit.crumbs = [Crumb(visit.say("Police zones") if zone else visit.say("Organisations"), visit.link(f"/list/{name}"))]
    does = linked(detail, "gvpp:carriedOutBy", "subject")
    here = linked(detail, "gvpp:inZone", "subject")
    told = {one["iri"] for one in does}
    partner = linked(detail, "gvpp:hasPartner", "subject")
    paid = grants_of(visit, ref)
    return "organisation.html", {
        "kind": kind_label(visit, detail) if detail["kind"] != "Organization" else visit.say("Organisation"),
        "is_zone": zone,
        "number": next((value["value"] for value in values(detail, "dct:identifier")), ""),
        "past": past,
        "changes": past.changes.get(visit.lang, []),
        "legal": past.legal,
        "timeline": drawing.timeline(
            past.former, {lang: visit.view.corpus.label(ref, lang) for lang in ("nl", "fr")}, visit.lang
        ),
        "also": values(detail, "skos:altLabel"),
        "whole": values(detail, "org:subOrganizationOf"),
        "parts_of": detail["incoming"].get("org:subOrganizationOf", ()),
        "zones": values(detail, "gvpp:inZone"),
        "communes": [one for one in here if "/organisation/" in one["iri"]],
        "does": does[:LISTED],
        "does_left": max(0, len(does) - LISTED),
        "here": [one for one in here if "/initiative/" in one["iri"] and one["iri"] not in told][:LISTED],
        "measures": sorted((one for one in partner if "/measure/" in one["iri"]), key=_measure_order)[:LISTED],
        "measures_left": max(0, sum("/measure/" in one["iri"] for one in partner) - LISTED),
        "partner": [one for one in partner if "/initiative/" in one["iri"]][:LISTED],
        "made": detail["incoming"].get("gvpp:madeBy", ()),
        "groups": _groups(visit, [one["iri"] for one in does]),
        "grants": paid[:PAID],
        "grants_left": max(0, len(paid) - PAID),
        "initiatives": known.by_reference(visit.view, "initiatives"),
    }


def _measure_order(one: Mapping[str, Any]) -> tuple[str, list[int]]:
    plan, number = one["iri"].split("/")[-2:]
    return "".join(chr(0x10FFFF - ord(c)) for c in plan), [int(part) for part in number.split(".")]


def target_groups(view: View) -> Mapping[str, list[tuple[str, str]]]:
    """By initiative, for whom it is in the words of the text, with their language."""

    def read() -> Mapping[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        wanted = ox.NamedNode(expand("gvpp:targetGroup", view.base))
        for quad in view.corpus.store.quads_for_pattern(None, wanted, None, ox.DefaultGraph()):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                found[shorten(quad.subject.value, view.base)].append((quad.object.value, quad.object.language or ""))
        return {ref: sorted(groups) for ref, groups in found.items()}

    return view.remember("web-groups", read)


def _groups(visit: Visit, initiatives: Sequence[str]) -> list[dict[str, Any]]:
    """For whom a body works, with the initiatives that say so."""
    known_groups = target_groups(visit.view)
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for iri in initiatives:
        for group in known_groups.get(shorten(iri, visit.view.base), ()):
            found[group].append(iri)
    return [{"text": text, "lang": lang, "initiatives": iris} for (text, lang), iris in sorted(found.items())]


def grants_of(visit: Visit, ref: str) -> list[dict[str, Any]]:
    """The lines of money that a thing gave, got or is paid by, the newest and largest first."""
    mine = {row["grant"] for row in known.grants(visit.view) if ref in (row.get("recipient"), row.get("item"), row.get("funder"))}
    found = [line for line in lines(visit, known.grants(visit.view)) if mine & set(line["grants"])]
    return sorted(found, key=lambda line: (line["year"], line["sum"] or 0), reverse=True)


def lines(visit: Visit, rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Amounts as tables print them: one line may name several recipients. A line without a name has that of its recipient."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        document = row["grant"].split("/")[2]
        called = row.get("name") or visit.label(row.get("item") or row.get("recipient") or row["grant"])
        key = (document, called, row.get("year", ""), row["amount"], row["unit"])
        line = found.setdefault(
            key,
            {
                "document": document,
                "grant": row["grant"],
                "grants": [],
                "name": called,
                "lang": row.get("name@", ""),
                "year": row.get("year", ""),
                "amount": row["amount"],
                "unit": row["unit"],
                "sum": euros(row),
                "recipients": [],
                "funder": row.get("funder"),
            },
        )
        line["grants"].append(row["grant"])
        line["recipients"] += [one for one in (row.get("recipient"), row.get("item")) if one and one not in line["recipients"]]
    return list(found.values())


def euros(row: Mapping[str, str]) -> float | None:
    """An amount in euros; None where the unit is not understood."""
    unit = row.get("unit", "").casefold()
    factor = 1_000_000 if unit.startswith(("miljoen", "million")) else 1_000 if unit.startswith(("duizend", "millier")) else 1
    try:
        return float(row["amount"]) * factor if "euro" in unit else None
    except ValueError:
        return None
