"""Decisions that need all documents at once: whose words describe a measure, which label is preferred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from kg.model import Extraction, Lit, Statement

OWN_WORDS = ("dct:description", "skos:prefLabel")


def link(extractions: Sequence[Extraction]) -> list[Extraction]:
    """The extractions with cross-document decisions applied; the order is by source key, so that builds repeat.

    - A measure is described by its plan; where the plan is absent, by the latest report that lists it. Other wordings are
      kept as gvpp:otherWording.
    - An initiative has one preferred label per language; the others become alternative labels.
    """
    ordered = sorted(extractions, key=lambda extraction: extraction.source.key)
    authority = _authorities(ordered)
    preferred: dict[tuple[str, str], str] = {}
    return [_linked(extraction, authority, preferred) for extraction in ordered]


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


def _linked(extraction: Extraction, authority: dict[str, str], preferred: dict[tuple[str, str], str]) -> Extraction:
    document = extraction.source.document
    statements: list[Statement] = []
    for statement in extraction.statements:
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


def labels(extractions: Sequence[Extraction]) -> dict[str, dict[str, str]]:
    """Preferred label of everything, by reference and language."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for extraction in extractions:
        for statement in extraction.statements:
            if statement.predicate == "skos:prefLabel" and isinstance(statement.object, Lit):
                found[statement.subject].setdefault(statement.object.lang, statement.object.value)
    return found
