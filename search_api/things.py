"""Lists and details of the things in the graph, from the named queries: plans, themes, measures, initiatives and the others.

A list query gives rows of (thing, field, value). Each thing becomes one item: fields with a language by language, fields that may
stand several times as lists, references without the base.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kg.errors import UsageError
from kg.names import PREFIXES
from search_api.answers import Corpus

LINKS = 1000  # most references to a thing in its details; what is left out is counted
Item = dict[str, Any]
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One list of the API. start: how its references begin in identifiers; many: fields that are lists; filters: by parameter."""

    name: str
    one: str
    start: str
    many: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    query: str = ""

    @property
    def list_query(self) -> str:
        return self.query or f"list-{self.name}"


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("plans", "Plan", "id/plan/"),
        Kind("themes", "Theme", "auth/theme/", filters=("plan",)),
        Kind("measures", "Measure", "id/measure/", many=("theme", "pillar"), filters=("plan", "theme")),
        Kind(
            "initiatives",
            "Initiative",
            "id/initiative/",
            many=("activity", "status", "carrier", "zone", "measure", "theme", "document"),
            filters=("plan", "theme", "measure", "zone", "organisation", "document", "activity", "status"),
        ),
        Kind("organisations", "Organisation", "id/organisation/", many=("also", "type", "parent"), filters=("type",)),
        Kind("zones", "PoliceZone", "id/organisation/", many=("also",)),
        Kind("resolutions", "Resolution", "id/resolution/", many=("parent", "maker")),
        Kind("documents", "Document", "id/document/", many=("lang", "sha256"), filters=("genre", "lang", "plan", "year")),
        Kind("findings", "Finding", "id/finding/", many=("about",), filters=("finding",)),
    )
}
COUNTS = ("measures", "initiatives", "passages", "year")
TEXTS = ("label", "also")  # fields that keep their language
TERMS = ("activity", "status", "type", "genre", "pillar")  # values of a vocabulary: their last word says enough


def items(corpus: Corpus, kind: Kind) -> list[Item]:
    """All items of a kind in a fixed order: newest plan first, numbers as numbers."""
    rows, _ = corpus.run(kind.list_query)
    found: dict[str, Item] = {}
    for row in rows:
        thing, name, value = row["thing"], row["field"], row["value"]
        if not thing.startswith(kind.start):
            continue
        item = found.setdefault(thing, _blank(thing, kind, corpus.base))
        if name in TEXTS:
            texts = item.setdefault("label" if name == "label" else name, {})
            if name == "label":
                texts.setdefault(row.get("value@", ""), value)
            else:
                texts.setdefault(row.get("value@", ""), []).append(value)
            continue
        plain: str | int = int(value) if name in COUNTS else _short(name, value)
        if name in kind.many:
            if plain not in item.setdefault(name, []):
                item[name].append(plain)
        else:
            item.setdefault(name, plain)
    for item in found.values():
        _complete(item, kind)
    return sorted(found.values(), key=lambda item: order(item["reference"]))


def _blank(thing: str, kind: Kind, base: str) -> Item:
    item: Item = {"iri": f"{base}/{thing}", "reference": thing.removeprefix(kind.start), "label": {}}
    item |= {name: [] for name in kind.many if name not in TEXTS}
    if "also" in kind.many:
        item["also"] = {}
    return item


def _complete(item: Item, kind: Kind) -> None:
    if kind.name == "themes":
        item["plan"] = item["reference"].split("/")[0]
    if kind.name == "initiatives":
        item["plan"] = sorted({measure.split("/")[0] for measure in (*item["measure"], *item["theme"])})
    for name in ("measures", "initiatives"):
        if name in _counted(kind):
            item.setdefault(name, 0)


def _counted(kind: Kind) -> tuple[str, ...]:
    counted = {"plans": ("measures",), "themes": ("measures",), "measures": ("initiatives",), "zones": ("initiatives",)}
    return counted.get(kind.name, ())


def _short(name: str, value: str) -> str:
    """A reference as the lists of the API write it ("gvpp-2021-2024/8"), a term by its last word."""
    if name in TERMS:
        return re.split("[/#]", value)[-1]
    if name == "about":
        return value
    return re.sub(r"^(id|auth)/[a-z]+/", "", value)


def order(reference: str) -> tuple[Any, ...]:
    """By plan, newest first, then by the parts of the reference, numbers as numbers."""
    parts = re.split(r"[/.]", reference)
    newest = tuple(-ord(letter) for letter in parts[0]) if parts[0].startswith("gvpp-") else ()
    return newest, [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def chosen(found: Iterable[Item], filters: Mapping[str, str]) -> list[Item]:
    """The items that fit every filter; a field that is a list fits with any of its values."""
    names = {"organisation": "carrier"}
    kept = list(found)
    for name, wanted in filters.items():
        field = names.get(name, name)
        kept = [item for item in kept if _fits(item.get(field), wanted)]
    return kept


def _fits(value: Any, wanted: str) -> bool:
    return wanted in map(str, value) if isinstance(value, list) else str(value) == wanted


def iri_of(kind: Kind, reference: str) -> str:
    """The reference of a thing in the graph for what stands in an address; a zone may be called by its number alone."""
    if kind.name == "zones" and reference.isdigit():
        reference = f"politiezone-{reference}"
    if not re.fullmatch(r"[\w.~%+-]+(/[\w.~%+-]+)*", reference) or {".", ".."} & set(reference.split("/")):
        raise UsageError(f"{reference[:200]!r} cannot be a reference", where="reference", remedy=f"see /api/{kind.name}")
    return kind.start + reference


def now(corpus: Corpus, thing: str) -> str:
    """The reference that replaces that of a thing which was named in another way too; else its own."""
    rows, _ = corpus.run("replaced-by", thing=thing)
    return rows[0]["now"] if rows else thing


def detail(corpus: Corpus, thing: str) -> Item | None:
    """What the graph holds of a thing (of the one that replaces it, where one does), None where it holds nothing."""
    thing = now(corpus, thing)
    properties, _ = corpus.run("properties-of-thing", thing=thing)
    if not properties:
        return None
    links, _ = corpus.run("links-to-thing", thing=thing)
    evidence, _ = corpus.run("evidence-of-thing", thing=thing)
    said = _grouped(properties, "value", corpus.base)
    label = [text for name in ("schema:name", "dct:title", "skos:prefLabel") for text in reversed(said.get(name, []))]
    kinds = [str(target["iri"]) for target in said.get("rdf:type", []) if target.get("iri")]
    return {
        "iri": f"{corpus.base}/{thing}",
        "kind": re.split("[/#]", kinds[0])[-1] if kinds else "Thing",
        "label": {text["lang"] or "": text["value"] for text in label},
        "properties": said,
        "incoming": _grouped(links[:LINKS], "subject", corpus.base),
        "left_out": max(0, len(links) - LINKS),
        "evidence": proofs(corpus, evidence[:LINKS]),
    }


def _grouped(rows: Iterable[Values], column: str, base: str) -> dict[str, list[Item]]:
    """Values by property; a thing that has several labels stands once, with all of them."""
    found: dict[str, dict[str, Item]] = {}
    for row in rows:
        value, lang = row[column], row.get(f"{column}@")
        group = found.setdefault(prefixed(row["property"]), {})
        if column == "subject" or "label" in row or value.startswith(("id/", "auth/", "ns/", "http://", "https://")):
            target = group.setdefault(value, {"iri": _full(value, base), "label": {}})
            if "label" in row:
                target["label"].setdefault(row.get("label@", ""), row["label"])
        else:
            group.setdefault(f"{value}@{lang}", {"value": value, "lang": lang})
    return {name: list(group.values()) for name, group in found.items()}


def _full(reference: str, base: str) -> str:
    return reference if reference.startswith(("http://", "https://")) else f"{base}/{reference}"


def prefixed(name: str) -> str:
    """A property as it is written in the documentation ("dct:title")."""
    if name.startswith("ns/gvpp#"):
        return f"gvpp:{name.removeprefix('ns/gvpp#')}"
    return next((f"{short}:{name.removeprefix(iri)}" for short, iri in PREFIXES.items() if name.startswith(iri)), name)


def proofs(corpus: Corpus, rows: Iterable[Values]) -> list[Item]:
    """Statements with their citations."""
    titles = corpus_titles(corpus)
    return [
        {
            "subject": _full(row["subject"], corpus.base),
            "property": prefixed(row["property"]),
            "object": {"iri": _full(row["object"], corpus.base)}
            if row["object"].startswith(("id/", "auth/", "ns/"))
            else {"value": row["object"], "lang": row.get("object@")},
            "role": row.get("role"),
            "certainty": row["certainty"].rsplit("#", 1)[-1],
            "citation": {
                "document": (document := row["document"].rsplit("/", 1)[-1]),
                "title": titles.get(document),
                "page": int(row["page"]) if row.get("page") else None,
                "section": row.get("section"),
                "quote": row["quote"],
                "lang": row["lang"],
                "start": int(row["start"]),
                "end": int(row["end"]),
                "url": f"{corpus.base}/{row['passage']}",
            },
        }
        for row in rows
    ]


def corpus_titles(corpus: Corpus) -> dict[str, str]:
    """A title per document: in its own language, else in any."""
    found: dict[str, str] = {}
    for source in corpus.generation.manifest["sources"].values():
        titles = source["title"]
        found.setdefault(source["document"], titles.get(source["lang"]) or next(iter(titles.values()), source["document"]))
    return found


def passage(corpus: Corpus, document: str, key: str) -> Item | None:
    """A passage with its neighbours and what was taken from it, None where there is none."""
    reference = f"id/passage/{document}/{key}"
    rows, _ = corpus.run("passages-of-document", document=f"id/document/{document}")
    order = [row["passage"] for row in rows]
    if reference not in order:
        return None
    place = order.index(reference)
    row = rows[place]

    def neighbour(at: int) -> str | None:
        inside = 0 <= at < len(rows) and rows[at].get("expression") == row.get("expression")
        return order[at].removeprefix("id/passage/") if inside else None

    evidence, _ = corpus.run("evidence-in-passage", passage=reference)
    return {
        "iri": f"{corpus.base}/{reference}",
        "document": document,
        "title": corpus_titles(corpus).get(document, document),
        "text": row["text"],
        "lang": row["lang"],
        "page": int(row["page"]) if row.get("page") else None,
        "section": row.get("section"),
        "start": int(row["start"]),
        "end": int(row["end"]),
        "previous": neighbour(place - 1),
        "next": neighbour(place + 1),
        "statements": proofs(corpus, evidence),
    }
