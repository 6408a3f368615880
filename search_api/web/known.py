"""What pages need of all of a generation at once: read once, then kept with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from kg.names import shorten
from search_api import describe, things
from search_api.compare import CLEAR
from search_api.live import View

Row = Mapping[str, str]
Rows = Sequence[Row]


def items(view: View, kind: str) -> list[things.Item]:
    """All things of a kind, as the lists of the API have them."""
    found: list[things.Item] = view.remember(kind, lambda: things.items(view.corpus, things.KINDS[kind]))
    return found


def by_reference(view: View, kind: str) -> Mapping[str, things.Item]:
    return view.remember(f"web-{kind}", lambda: {shorten(item["iri"], view.base): item for item in items(view, kind)})


def suggestions(view: View) -> Mapping[str, Rows]:
    """Suggested links by the things at both ends, the likeliest first; each link once, its quotes left out."""

    def read() -> Mapping[str, Rows]:
        found: dict[str, list[Row]] = defaultdict(list)
        seen: set[str] = set()
        rows, _ = view.corpus.run("suggestions")
        for row in sorted(rows, key=lambda row: -float(row["score"])):
            if row["suggestion"] not in seen:
                seen.add(row["suggestion"])
                found[row["subject"]].append(row)
                found[row["object"]].append(row)
        return found

    return view.remember("web-suggestions", read)


def counterparts(view: View) -> Mapping[str, Rows]:
    """By measure, what continues or precedes it in the other editions: `here` and `there` are added to each row."""

    def read() -> Mapping[str, Rows]:
        found: dict[str, list[Row]] = defaultdict(list)
        for newer, older in combinations(view.corpus.plans, 2):
            rows, _ = view.corpus.run("counterparts", older=f"id/plan/{older}", newer=f"id/plan/{newer}")
            for row in rows:
                found[row["measure"]].append({**row, "there": row["other"]})
                found[row["other"]].append({**row, "there": row["measure"]})
        for mine in found.values():
            mine.sort(key=lambda row: -float(row.get("score", 1)))
        return found

    return view.remember("web-counterparts", read)


def is_clear(row: Row) -> bool:
    """Whether a counterpart is one that may be told as such."""
    return float(row.get("score", 1)) >= CLEAR


def texts(view: View, measures: Sequence[str]) -> dict[str, list[Row]]:
    """The texts of measures, each with the place where it stands."""
    found: dict[str, list[Row]] = {ref: [] for ref in measures}
    if measures:
        for row in view.corpus.run("text-of-measure", measure=list(measures))[0]:
            found.setdefault(row["measure"], []).append(row)
    return found


def grants(view: View) -> Rows:
    return view.remember("web-grants", lambda: view.corpus.run("export-grants")[0])


def figures(view: View) -> Mapping[str, Rows]:
    """Figures with their evidence, by what they are about."""

    def read() -> Mapping[str, Rows]:
        found: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in view.corpus.run("figures")[0]:
            found[row["about"]].setdefault(row["subject"], row)
        return {about: list(rows.values()) for about, rows in found.items()}

    return view.remember("web-figures", read)


def findings(view: View) -> Sequence[Mapping[str, Any]]:
    """What does not add up in the sources."""
    found: Sequence[Mapping[str, Any]] = view.generation.manifest["findings"]
    return found


def passages(view: View, document: str) -> Rows:
    """The passages of a document in reading order."""
    return view.remember(
        f"web-passages-{document}", lambda: view.corpus.run("passages-of-document", document=f"id/document/{document}")[0]
    )


def terms(view: View) -> Mapping[str, Mapping[str, str]]:
    """Labels of the classes and properties of the ontology, by reference or IRI and language."""

    def read() -> Mapping[str, Mapping[str, str]]:
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for triple in describe.document("gvpp", view.base):
            if triple.predicate.value in (
                "http://www.w3.org/2000/01/rdf-schema#label",
                "http://www.w3.org/2004/02/skos/core#prefLabel",
            ):
                language = getattr(triple.object, "language", None) or ""
                name = things.prefixed(shorten(str(getattr(triple.subject, "value", "")), view.base))
                found[name][language] = str(getattr(triple.object, "value", ""))
        return found

    return view.remember("web-terms", read)
