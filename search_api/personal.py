"""The restricted graph: contact data that the sources give. It is in no store; this reads its file, for those who may see it."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox

from kg.names import shorten
from kg.store import RESTRICTED
from search_api.answers import Corpus
from search_api.things import prefixed


def personal(corpus: Corpus) -> list[dict[str, Any]]:
    """Every statement of the restricted graph, with the name of what it is about and the documents that report that."""
    found: list[dict[str, Any]] = []
    for file in sorted((corpus.generation.path / RESTRICTED).glob("*.nq")):
        for quad in ox.parse(file.read_bytes(), format=ox.RdfFormat.N_QUADS):
            assert isinstance(quad.subject, ox.NamedNode)
            subject = shorten(quad.subject.value, corpus.base)
            found.append(
                {
                    "iri": quad.subject.value,
                    "label": corpus.describe([subject])[subject]["label"],
                    "property": prefixed(shorten(quad.predicate.value, corpus.base)),
                    "value": str(getattr(quad.object, "value", quad.object)),
                }
            )
    return sorted(found, key=lambda row: (row["iri"], row["property"], row["value"]))
