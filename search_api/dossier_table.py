"""Tables of a dossier: initiatives × measures × organisations × amounts, and a block per commune, police zone or body.

All of it comes from a few named queries that are read once per corpus (`kg/queries/overview.rq`, `grants.rq`, `places.rq`,
`suggestions.rq`); what a question limits is filtered here. Links that were suggested stand apart from what a text states.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from search_api.answers import Answering, Corpus
from search_api.understanding import Question

MOST = 100  # rows of a table; what is left out is counted
CITED = 2  # citations of a row
OWN = "ns/gvpp#"
LINKS = {
    f"{OWN}implements": "measures",
    f"{OWN}carriedOutBy": "organisations",
    f"{OWN}hasPartner": "partners",
    f"{OWN}inZone": "zones",
    "http://purl.org/dc/terms/spatial": "communes",
    "http://purl.org/dc/terms/subject": "themes",
}
SUGGESTED = f"{OWN}suggestedMeasure"
Rows = list[dict[str, str]]


@dataclass(slots=True)
class Told:
    """What the texts state of one initiative: targets by kind of link (see LINKS) with their role, and the evidence of each."""

    ref: str
    links: dict[str, dict[str, str]] = field(default_factory=dict)
    evidence: Rows = field(default_factory=list)
    years: set[int] = field(default_factory=set)
    status: str = ""  # existing, planned or considered

    def of(self, name: str) -> dict[str, str]:
        return self.links.get(name, {})


@dataclass(slots=True)
class Tables:
    """What the tables of a corpus are made from."""

    initiatives: dict[str, Told]
    grants: dict[str, Rows]
    zone_of: dict[str, str]  # commune → police zone
    suggestions: dict[str, Rows]  # by initiative, the best first


@dataclass(frozen=True, slots=True)
class Limits:
    """What a question limits a table to; an empty member limits nothing. places: communes and zones;
    passages: those that speak of the topic, None where the question has none."""

    measures: frozenset[str] = frozenset()
    themes: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    initiatives: frozenset[str] = frozenset()
    years: frozenset[int] = frozenset()
    passages: frozenset[str] | None = None


def read(corpus: Corpus) -> Tables:
    """Everything that tables need."""
    initiatives: dict[str, Told] = {}
    for row in corpus.run("overview")[0]:
        told = initiatives.setdefault(row["initiative"], Told(row["initiative"]))
        told.evidence.append(row)
        told.status = row.get("status", "").removeprefix(OWN)
        told.years |= {int(row["year"])} if row.get("year") else set()
        if name := LINKS.get(row["link"]):
            targets = told.links.setdefault(name, {})
            targets[row["target"]] = "main" if "main" in (row.get("role"), targets.get(row["target"])) else row.get("role", "")
    grants: dict[str, Rows] = {}
    for row in corpus.run("grants")[0]:
        grants.setdefault(row["grant"], []).append(row)
    suggestions: dict[str, Rows] = {}
    for row in corpus.run("suggestions")[0]:
        if row["property"] == SUGGESTED and row.get("passage"):
            suggestions.setdefault(row["subject"], []).append(row)
    zone_of = {row["commune"]: row["zone"] for row in corpus.run("places")[0] if "zone" in row}
    corpus.describe(
        {
            *initiatives,
            *zone_of,
            *zone_of.values(),
            *(t for told in initiatives.values() for links in told.links.values() for t in links),
        }
        | {
            row[key]
            for rows in (*grants.values(), *suggestions.values())
            for row in rows
            for key in ("recipient", "object")
            if key in row
        }
    )
    return Tables(initiatives, grants, zone_of, suggestions)


def limits(question: Question, passages: Collection[str] | None) -> Limits:
    """What a question limits a table to. passages: references of those about its topic."""
    by_kind: dict[str, set[str]] = {"theme": set(), "place": set(), "organisation": set(), "initiative": set()}
    for entity in question.entities:
        by_kind[entity.kind] |= set(entity.refs)
    themes = by_kind["theme"]
    if question.chosen:
        themes = {ref for ref in themes if ref.split("/")[2] in question.plans} or themes
    return Limits(
        measures=frozenset(f"id/measure/{plan}/{number}" for plan in question.plans for number in question.numbers),
        themes=frozenset(themes),
        places=frozenset(by_kind["place"]),
        bodies=frozenset(by_kind["organisation"]),
        initiatives=frozenset(by_kind["initiative"]),
        years=frozenset(question.years),
        passages=None if passages is None else frozenset(passages),
    )


def chosen(tables: Tables, wanted: Limits) -> list[Told]:
    """The initiatives within limits, in the order of the documents."""
    return [told for told in tables.initiatives.values() if _within(tables, told, wanted)]


def _within(tables: Tables, told: Told, wanted: Limits) -> bool:
    if wanted.measures and not wanted.measures & told.of("measures").keys():
        return False
    if wanted.themes:
        of_measures = {f"auth/theme/{ref.split('/')[2]}/{ref.rsplit('/', 1)[-1].split('.')[0]}" for ref in told.of("measures")}
        if not wanted.themes & {*told.of("themes"), *of_measures}:
            return False
    if wanted.places:
        zones = {*told.of("zones"), *(tables.zone_of.get(ref, "") for ref in told.of("communes"))}
        if not wanted.places & {*zones, *told.of("communes")}:
            return False
    named = {told.ref, *told.of("organisations"), *told.of("partners")}
    if (wanted.bodies or wanted.initiatives) and not (wanted.bodies | wanted.initiatives) & named:
        return False
    if wanted.years and told.years and not wanted.years & told.years:
        return False
    return wanted.passages is None or any(row["passage"] in wanted.passages for row in told.evidence)


def table(answering: Answering, tables: Tables, wanted: Limits, *, by_body: bool = False) -> dict[str, Any]:
    """The overview within limits: rows, what is suggested for them, and amounts for the bodies in them.

    by_body: in the order of the bodies that carry them out, those without one last.
    """
    found = chosen(tables, wanted)
    if by_body:
        found.sort(key=lambda told: [answering.label(ref).casefold() for ref in told.of("organisations")] or ["\uffff"])
    shown = found[:MOST]
    bodies = {ref for told in shown for ref in told.of("organisations")} | wanted.bodies
    own = [grant for told in shown for grant in grants_of(tables, {told.ref}, wanted.years)]
    grants = [rows for rows in grants_of(tables, bodies, wanted.years) if rows not in own] if bodies else []
    return {
        "rows": [row(answering, tables, told, wanted) for told in shown],
        "left_out": len(found) - len(shown),
        "grants": [grant(answering, rows) for rows in grants[:MOST]],
        "suggested": [one for told in shown for one in suggested(answering, tables, told)],
    }


def row(answering: Answering, tables: Tables, told: Told, wanted: Limits) -> dict[str, Any]:
    """One line of an overview. Its citations prove the links that it shows, those to the measures first."""
    measures = [ref for ref in told.of("measures") if not wanted.measures or ref in wanted.measures]
    order = ["measures", "organisations", "partners", "communes", "zones", "themes"]
    proofs: dict[str, dict[str, str]] = {}  # one of each passage
    for name in order:
        for one in told.evidence:
            if LINKS.get(one["link"]) == name and (name != "measures" or one["target"] in measures):
                proofs.setdefault(one["passage"], one)
                break
    return {
        **named(answering, told.ref),
        "measures": [{**named(answering, ref), **_edition(ref), "role": told.of("measures")[ref] or None} for ref in measures],
        **{name: [named(answering, ref) for ref in told.of(name)] for name in ("organisations", "partners", "zones", "communes")},
        "years": sorted(told.years),
        "status": told.status or None,
        "amounts": [grant(answering, rows) for rows in grants_of(tables, {told.ref}, wanted.years)],
        "citations": answering.citations([*proofs.values()][:CITED] or told.evidence[:1]),
    }


def grants_of(tables: Tables, refs: Collection[str], years: Collection[int] = ()) -> list[Rows]:
    """Amounts for what is funded, or for who receives them; of these years, or of all."""
    return [
        rows
        for rows in tables.grants.values()
        if any(one.get(key) in refs for one in rows for key in ("recipient", "item"))
        and (not years or not rows[0].get("grantYear") or int(rows[0]["grantYear"]) in years)
    ]


def grant(answering: Answering, rows: Rows) -> dict[str, Any]:
    """One amount: as printed, with its scale in the unit."""
    first = rows[0]
    number = float(first["amount"])
    recipients = dict.fromkeys(one["recipient"] for one in rows if "recipient" in one)
    return {
        "value": {
            "number": int(number) if number.is_integer() else number,
            "unit": first["unit"],
            "year": int(first["grantYear"]) if first.get("grantYear") else None,
        },
        "recipients": [named(answering, ref) for ref in recipients],
        "about": {"text": first["name"], "lang": first.get("name@", "")} if first.get("name") else None,
        "citations": answering.citations(rows)[:1],
    }


def suggested(answering: Answering, tables: Tables, told: Told) -> list[dict[str, Any]]:
    """Measures suggested for an initiative that no text states for it."""
    by_measure: dict[str, Rows] = {}
    for one in tables.suggestions.get(told.ref, ()):
        if one["object"] not in told.of("measures"):
            by_measure.setdefault(one["object"], []).append(one)
    return [
        {
            **named(answering, told.ref),
            "measure": {**named(answering, ref), **_edition(ref)},
            "score": float(rows[0]["score"]),
            "reason": {lang: rows[0][lang] for lang in ("nl", "fr") if lang in rows[0]},
            "certainty": "suggested",
            "citations": answering.citations(rows)[:CITED],
        }
        for ref, rows in by_measure.items()
    ]


def blocks(answering: Answering, tables: Tables, kind: str, wanted: Limits) -> list[dict[str, Any]]:
    """A block per commune, zone or body: its initiatives and amounts, none of either where the corpus has nothing.

    Per commune, what is stated of its whole police zone follows in blocks of the zones.
    """
    found = chosen(tables, wanted)
    if kind == "body":
        refs: Iterable[str] = dict.fromkeys(ref for told in found for ref in told.of("organisations"))
        return [
            _block(answering, tables, "body", ref, [t for t in found if ref in t.of("organisations")], wanted) for ref in refs
        ]
    zones = sorted(set(tables.zone_of.values()))
    communes = sorted(tables.zone_of, key=answering.label) if kind == "commune" else []
    if wanted.places:
        communes = [ref for ref in communes if {ref, tables.zone_of[ref]} & wanted.places]
        zones = [
            ref
            for ref in zones
            if ref in wanted.places or any(tables.zone_of[one] == ref for one in wanted.places if one in tables.zone_of)
        ]
    result = [
        _block(answering, tables, "commune", ref, [t for t in found if ref in t.of("communes")], wanted) for ref in communes
    ]
    for ref in zones:
        mine = [told for told in found if ref in told.of("zones")]
        if mine or kind == "zone":
            result.append(_block(answering, tables, "zone", ref, mine, wanted))
    return result


def _block(answering: Answering, tables: Tables, kind: str, ref: str, mine: Sequence[Told], wanted: Limits) -> dict[str, Any]:
    shown = sorted(mine, key=lambda told: told.status in ("planned", "considered"))[:MOST]  # what is done comes first
    return {
        **named(answering, ref),
        "kind": kind,
        "zone": named(answering, tables.zone_of[ref]) if kind == "commune" else None,
        "rows": [row(answering, tables, told, wanted) for told in shown],
        "left_out": len(mine) - len(shown),
        "grants": [grant(answering, rows) for rows in grants_of(tables, {ref}, wanted.years)],
        "passages": [],
        "citations": [],
        "facts": [],
    }


def filled(block: Mapping[str, Any]) -> bool:
    """Whether the corpus has anything for a block."""
    told = any(fact["values"] for fact in block["facts"])
    return bool(told or block["rows"] or block["grants"] or block["passages"])


def named(answering: Answering, ref: str) -> dict[str, Any]:
    """A thing with its names by language."""
    return {"iri": f"{answering.corpus.base}/{ref}", "label": answering.describe([ref])[ref]["label"]}


def _edition(measure: str) -> Mapping[str, str]:
    _, _, plan, number = measure.split("/")
    return {"plan": plan, "number": number}
