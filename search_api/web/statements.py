"""What is said of a thing, as pages show it: linked things with their proof, suggestions, figures, findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_api import things
from search_api.answers import citation
from search_api.web import known
from search_api.web.site import Visit

Detail = Mapping[str, Any]


def N_(text: str) -> str:
    """Marks a text of the interface that stands outside a template."""
    return text


def values(detail: Detail, name: str) -> Sequence[Mapping[str, Any]]:
    """The values of a property."""
    found: Sequence[Mapping[str, Any]] = detail["properties"].get(name, ())
    return found


def proved(detail: Detail, name: str, side: str) -> list[dict[str, Any]]:
    """The things at one side ("subject" or "object") of the statements with a property, each with all its citations."""
    found: dict[str, dict[str, Any]] = {}
    for statement in detail["evidence"]:
        iri = statement["subject"] if side == "subject" else statement["object"].get("iri")
        other = statement["object"].get("iri") if side == "subject" else statement["subject"]
        if statement["property"] != name or not iri or other != detail["iri"]:
            continue
        entry = found.setdefault(iri, {"iri": iri, "roles": set(), "certainty": statement["certainty"], "citations": []})
        entry["citations"].append(statement["citation"])
        if statement["role"]:
            entry["roles"].add(statement["role"])
    return list(found.values())


def linked(detail: Detail, name: str, side: str = "object") -> list[dict[str, Any]]:
    """The things that a property links, the proved ones with citations; others are known from a list of names."""
    found = {entry["iri"]: entry for entry in proved(detail, name, side)}
    links = detail["properties"].get(name, ()) if side == "object" else detail["incoming"].get(name, ())
    for link in links:
        if "iri" in link:
            found.setdefault(link["iri"], {"iri": link["iri"], "roles": set(), "certainty": "curated", "citations": []})
    return list(found.values())


def suggested(visit: Visit, ref: str, side: str, name: str) -> list[dict[str, Any]]:
    """What was suggested for a thing and is not stated, the likeliest first."""
    found = []
    for row in known.suggestions(visit.view).get(ref, ()):
        if things.prefixed(row["property"]) == name and row["object" if side == "subject" else "subject"] == ref:
            reason = row.get(visit.lang) or row.get("nl", "")
            found.append({"iri": row[side], "score": float(row["score"]), "reason": reason})
    return found


def figures(visit: Visit, ref: str) -> list[dict[str, Any]]:
    """Figures about a thing, each with its place."""
    return [
        {
            "iri": row["subject"],
            "value": row["value"],
            "unit": row.get("unit", ""),
            "year": row.get("year", ""),
            "name": row["name"],
            "lang": row["lang"],
            "citation": citation(visit.view.corpus, row, visit.lang),
        }
        for row in known.figures(visit.view).get(ref, ())
    ]


def findings(visit: Visit, ref: str, detail: Detail) -> list[dict[str, Any]]:
    """What does not add up about a thing, or in the words that are cited for it."""
    quotes = {statement["citation"]["quote"] for statement in detail["evidence"]}
    return [
        {"text": finding.get(visit.lang) or finding["nl"], "kind": finding["kind"], "places": finding["places"]}
        for finding in known.findings(visit.view)
        if ref in finding["about"] or any(place["quote"] in quotes for place in finding["places"])
    ]


def kind_label(visit: Visit, detail: Detail) -> str:
    labels = known.terms(visit.view).get(f"gvpp:{detail['kind']}", {})
    return labels.get(visit.lang) or str(detail["kind"])
