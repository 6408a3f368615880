"""Decisions that need all documents at once: whose words describe a measure, which label is preferred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from kg.labels import load_labels
from kg.model import Extraction, Lit, Ref, Statement

OWN_WORDS = ("dct:description", "skos:prefLabel")
STATED_BY = ("dct:description", "gvpp:otherWording", "skos:prefLabel", "dct:title")  # in the passage that is about a thing
Labels = Mapping[str, Mapping[str, str]]  # by reference and language


def curated(extractions: Iterable[Extraction]) -> Labels:
    """The labels of ontology/labels of each reference whose text is the one that they were written from."""
    texts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for extraction in extractions:
        for s in extraction.statements:
            if s.predicate in STATED_BY and isinstance(s.object, Lit) and s.quote:
                texts[s.subject].append((s.object.lang or extraction.source.lang, s.object.value))
    return {ref: label.names for ref, label in load_labels().by_ref.items() if ref in texts and label.fits(texts[ref])}


def link(extractions: Sequence[Extraction], labels: Labels) -> list[Extraction]:
    """The extractions with cross-document decisions applied; the order is by source key, so that builds repeat.

    - A measure is described by its plan; where the plan is absent, by the latest report that lists it. Other wordings are
      kept as gvpp:otherWording.
    - An initiative has one preferred label per language; the others become alternative labels.
    - A measure that is cited and that no document lists is a measure all the same: its reference tells number, plan and theme.
    - The first clause of a measure's text is its label only where there is none in `labels` (as `curated` gives them).
    """
    ordered = _with_cited(sorted(extractions, key=lambda extraction: extraction.source.key))
    authority = _authorities(ordered)
    preferred: dict[tuple[str, str], str] = {}
    return [_linked(extraction, authority, preferred, labels) for extraction in ordered]


def _with_cited(extractions: Sequence[Extraction]) -> list[Extraction]:
    """The extractions, with the measures that they cite and that none of them lists."""
    listed = {s.subject for extraction in extractions for s in extraction.statements if s.predicate == "rdf:type"}
    completed = []
    for extraction in extractions:
        cited = {
            s.object.path
            for s in extraction.statements
            if s.predicate == "gvpp:implements" and isinstance(s.object, Ref) and s.object.path not in listed
        }
        more = [statement for ref in sorted(cited) for statement in _bare(ref, extraction.source.document)]
        completed.append(replace(extraction, statements=[*extraction.statements, *more]) if more else extraction)
    return completed


def _bare(ref: str, document: str) -> Iterator[Statement]:
    """What the reference of a measure tells of it ("id/measure/gvpp-2021-2024/2.3"), and which document cites it."""
    _, _, plan, number = ref.split("/")
    yield Statement(ref, "rdf:type", Ref("ns/gvpp#Measure"))
    yield Statement(ref, "dct:identifier", Lit(number))
    yield Statement(ref, "dct:isPartOf", Ref(f"id/plan/{plan}"))
    yield Statement(ref, "dct:subject", Ref(f"auth/theme/{plan}/{number.split('.')[0]}"))
    yield Statement(ref, "dct:isReferencedBy", Ref(f"id/document/{document}"))


def _authorities(extractions: Sequence[Extraction]) -> dict[str, str]:
    """For every measure the key of the source whose words describe it, the plan before reports, later before earlier."""
    best: dict[str, tuple[int, int, str]] = {}
    chosen: dict[str, str] = {}
    for extraction in extractions:
        source = extraction.source
        rank = (1 if source.genre == "plan" else 0, source.year or 0, source.document)
        for statement in extraction.statements:
            ref = statement.subject
            described = statement.predicate == "dct:description" and ref.startswith("id/measure/")
            if described and (ref not in best or rank > best[ref]):
                best[ref], chosen[ref] = rank, source.document
    return chosen


def _linked(
    extraction: Extraction, authority: dict[str, str], preferred: dict[tuple[str, str], str], labels: Labels
) -> Extraction:
    document = extraction.source.document
    statements: list[Statement] = []
    for statement in extraction.statements:
        if statement.predicate == "skos:prefLabel" and not statement.quote and statement.subject in labels:
            continue
        if statement.predicate in OWN_WORDS and authority.get(statement.subject, document) != document:
            if statement.predicate == "skos:prefLabel":
                continue
            statement = replace(statement, predicate="gvpp:otherWording")
        elif (
            statement.predicate == "skos:prefLabel"
            and isinstance(statement.object, Lit)
            and not statement.subject.startswith("id/measure")
        ):
            key = (statement.subject, statement.object.lang)
            if preferred.setdefault(key, statement.object.value) != statement.object.value:
                statement = replace(statement, predicate="skos:altLabel")
        statements.append(statement)
    return replace(extraction, statements=statements)


def lacking(extractions: Sequence[Extraction], labels: Labels) -> Labels:
    """Those of the curated labels that no document states already: a name that a text gives stands before ours."""
    stated: dict[str, set[str]] = defaultdict(set)
    for extraction in extractions:
        for s in extraction.statements:
            if s.predicate in ("skos:prefLabel", "dct:title") and isinstance(s.object, Lit):
                stated[s.subject].add(s.object.lang)
    return {ref: {lang: text for lang, text in names.items() if lang not in stated[ref]} for ref, names in labels.items()}
