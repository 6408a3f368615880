"""What a build says of its sources and findings, in the form in which the manifest keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kg.model import Extraction, Finding


def source_entry(extraction: Extraction, key: str) -> dict[str, Any]:
    """A source with the key of its inputs."""
    source = extraction.source
    return {
        "key": key,
        "file": str(source.path),
        "sha256": source.sha256,
        "document": source.document,
        "lang": source.lang,
        "genre": source.genre,
        "title": dict(source.title),
        "year": source.year,
        "plan": source.plan,
        "detected": list(source.detected),
    }


def detected_values(extraction: Extraction) -> dict[str, str]:
    """What was detected of a source, by name."""
    source = extraction.source
    values = {
        "title": " / ".join(source.title.values()),
        "genre": source.genre,
        "year": source.year,
        "plan": source.plan,
        "lang": source.lang,
    }
    return {name: str(values[name]) for name in source.detected if values.get(name)}


def finding_entry(finding: Finding, extractions: Iterable[Extraction]) -> dict[str, Any]:
    """A finding as a build reports it: what, and where in which document."""
    passages = {p.ref: p for e in extractions for p in e.passages}
    places = []
    for quote in finding.quotes:
        passage = passages[quote.passage]
        section = " › ".join(passage.section[-2:])
        places.append(
            {"document": passage.document, "page": passage.page, "section": section, "quote": quote.text, "start": quote.start}
        )
    return {"kind": finding.kind, "about": list(finding.about), **finding.description, "places": places}


def counted(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Number of findings per kind."""
    return dict(sorted(Counter(finding["kind"] for finding in findings).items()))
