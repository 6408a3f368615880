"""Check graphs against the SHACL shapes in ontology/shapes.ttl."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rdflib

from kg.names import DEFAULT_BASE
from kg.vocabulary import ONTOLOGY

SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
UNPROVEN = (
    "suggested",
    "judgements",
    "merged",
)  # graphs whose statements need not rest on one passage


@dataclass(frozen=True, slots=True)
class Violation:
    """One result of validation: which node, which property, and what the shape says of it."""

    graph: str
    node: str
    path: str
    message: str
    value: str


def violations(name: str, nquads: bytes, base: str, folder: Path = ONTOLOGY) -> list[Violation]:
    """What is wrong with one named graph; empty when it conforms. Every shape looks at one graph alone."""
    import pyshacl

    data, found = _graph(nquads), []
    for subject, predicate, value in data:
        if isinstance(subject, rdflib.BNode) or isinstance(value, rdflib.BNode):
            found.append(Violation(name, str(subject), str(predicate), "Nothing that is published is a blank node.", str(value)))
    _, results, _ = pyshacl.validate(
        data, shacl_graph=_shapes(base, folder, name in UNPROVEN), inference="none", advanced=False, meta_shacl=False
    )
    assert isinstance(results, rdflib.Graph)
    for result in results.subjects(rdflib.RDF.type, SH.ValidationResult):
        messages = {
            m.language or "en": str(m) for m in results.objects(result, SH.resultMessage) if isinstance(m, rdflib.Literal)
        }
        found.append(
            Violation(
                name,
                str(results.value(result, SH.focusNode)),
                str(results.value(result, SH.resultPath) or ""),
                messages.get("en") or next(iter(messages.values()), ""),
                str(results.value(result, SH.value) or "")[:120],
            )
        )
    return sorted(found, key=lambda violation: (violation.node, violation.path, violation.message))


def _graph(nquads: bytes) -> rdflib.Graph:
    """The triples of N-Quads, whatever their graph; parsed by pyoxigraph, which is many times faster."""
    import pyoxigraph as ox

    graph = rdflib.Graph()
    for quad in ox.parse(nquads, format=ox.RdfFormat.N_QUADS):
        graph.add((_term(quad.subject), _term(quad.predicate), _term(quad.object)))
    return graph


def _term(term: Any) -> Any:
    if hasattr(term, "datatype"):
        if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        datatype = rdflib.URIRef(term.datatype.value)
        # rdflib tells "x" from "x"^^xsd:string, RDF 1.1 does not.
        return rdflib.Literal(term.value, datatype=None if datatype == rdflib.XSD.string else datatype)
    return rdflib.BNode(term.value) if type(term).__name__ == "BlankNode" else rdflib.URIRef(term.value)


@functools.cache
def _shapes(base: str, folder: Path, unproven: bool) -> rdflib.Graph:
    """The shapes, written for the default base, for another one. unproven: without those of statements with evidence.

    The one constraint in SPARQL (no blank nodes) is left to `violations`: rdflib takes seconds for it on every graph.
    """
    text = (folder / "shapes.ttl").read_text(encoding="utf-8")
    shapes = rdflib.Graph().parse(data=text.replace(DEFAULT_BASE, base), format="turtle")
    shapes.remove((None, SH.sparql, None))
    if unproven:
        shapes.add((rdflib.URIRef(f"{base}/ns/shapes#StatementShape"), SH.deactivated, rdflib.Literal(True)))
    return shapes
