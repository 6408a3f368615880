"""Descriptions of the data set: DCAT-AP and VoID for catalogues, the service description of SPARQL, the ontology documents.

What never changes is data (`ontology/dataset.ttl`, `gvpp.ttl`, `shapes.ttl`); this adds what a build decides: version, date,
counts, graphs and downloads.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable
from functools import cache

import pyoxigraph as ox

from kg.names import DEFAULT_BASE, expand
from kg.vocabulary import ONTOLOGY
from search_api.live import View
from search_api.negotiation import GRAPH_NAMES
from search_api.sparql_run import GRAPH_FORMATS, prefixes

DATASET = "id/dataset/gvpp"
MORE = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "void": "http://rdfs.org/ns/void#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "vann": "http://purl.org/vocab/vann/",
    "sh": "http://www.w3.org/ns/shacl#",
}
# Downloads by file ending: media type (what the ending asks for everywhere), and the name in the European list of file types.
FILE_TYPES = {
    "ttl": "RDF_TURTLE",
    "trig": "RDF_TRIG",
    "nt": "RDF_N_TRIPLES",
    "nq": "RDF_N_QUADS",
    "rdf": "RDF_XML",
    "jsonld": "JSON_LD",
}
DOWNLOADS = {ending: (GRAPH_NAMES.get(ending, "application/n-quads"), name) for ending, name in FILE_TYPES.items()}
CLASSES = (
    *("gvpp:Plan", "gvpp:Measure", "gvpp:Initiative", "org:Organization", "gvpp:PoliceZone", "gvpp:Municipality"),
    *("gvpp:Resolution", "gvpp:Figure", "schema:MonetaryGrant", "gvpp:Document", "gvpp:Passage", "gvpp:Finding"),
)
Triples = list[ox.Triple]


def version() -> str:
    """Version of the software."""
    try:
        return importlib.metadata.version("gvpp")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@cache
def document(name: str, base: str) -> tuple[ox.Triple, ...]:
    """The triples of a file of `ontology/`, under the base that is in use."""
    text = (ONTOLOGY / f"{name}.ttl").read_text("utf-8").replace(DEFAULT_BASE, base)
    return tuple(quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True))


def write(triples: Iterable[ox.Triple], media_type: str, base: str) -> bytes:
    """Triples in one of the graph formats, with the usual prefixes."""
    return ox.serialize(triples, format=GRAPH_FORMATS[media_type], prefixes=prefixes(base) | MORE) or b""


def catalogue(view: View) -> Triples:
    """The catalogue with the data set, its downloads and its services, as of this build."""
    return view.remember("catalogue", lambda: _catalogue(view))


def _catalogue(view: View) -> Triples:
    base, manifest = view.base, view.generation.manifest
    found = _Triples(base)
    found.triples += document("dataset", base)
    date = ox.Literal(manifest["created"], datatype=ox.NamedNode(expand("xsd:dateTime", base)))
    store = view.corpus.store
    triples = sum(1 for _ in store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    found.add(DATASET, "dct:modified", date)
    found.add(DATASET, MORE["dcat"] + "version", ox.Literal(view.name))
    found.add(DATASET, MORE["void"] + "triples", ox.Literal(triples))
    for ending, (media_type, file_type) in DOWNLOADS.items():
        part, link = f"{DATASET}/{ending}", ox.NamedNode(f"{base}/download/gvpp.{ending}")
        found.add(DATASET, MORE["dcat"] + "distribution", found.node(part))
        if ending in ("ttl", "nt", "rdf", "jsonld"):
            found.add(DATASET, MORE["void"] + "dataDump", link)
        found.add(part, "rdf:type", found.node(MORE["dcat"] + "Distribution"))
        found.add(part, "dct:title", ox.Literal(f"gvpp.{ending}"))
        found.add(part, MORE["dcat"] + "accessURL", link)
        found.add(part, MORE["dcat"] + "downloadURL", link)
        found.add(part, MORE["dcat"] + "mediaType", ox.NamedNode(f"https://www.iana.org/assignments/media-types/{media_type}"))
        found.add(part, "dct:format", ox.NamedNode(f"http://publications.europa.eu/resource/authority/file-type/{file_type}"))
        found.add(part, "dct:modified", date)
    for name in CLASSES:
        class_ = found.node(name)
        part = f"{DATASET}/class/{name.partition(':')[2]}"
        number = sum(1 for _ in store.quads_for_pattern(None, found.node("rdf:type"), class_, ox.DefaultGraph()))
        found.add(DATASET, MORE["void"] + "classPartition", found.node(part))
        found.add(part, MORE["void"] + "class", class_)
        found.add(part, MORE["void"] + "entities", ox.Literal(number))
    for name, graph in sorted(manifest["graphs"].items()):
        part = f"{DATASET}/graph/{name}"
        found.add(DATASET, MORE["sd"] + "namedGraph", found.node(part))
        found.add(part, "rdf:type", found.node(MORE["sd"] + "NamedGraph"))
        found.add(part, MORE["sd"] + "name", ox.NamedNode(graph["iri"]))
        found.add(part, MORE["void"] + "triples", ox.Literal(graph["quads"]))
    return found.triples


class _Triples:
    def __init__(self, base: str) -> None:
        self.base = base
        self.triples: Triples = []

    def node(self, name: str) -> ox.NamedNode:
        return ox.NamedNode(expand(name, self.base))

    def add(self, subject: str, name: str, value: ox.NamedNode | ox.Literal) -> None:
        self.triples.append(ox.Triple(self.node(subject), self.node(name), value))


def service_description(view: View) -> Callable[[str], bytes]:
    """Writes the description of /sparql in a format: the endpoint, its data set and its graphs."""

    def written(media_type: str) -> bytes:
        kept = [
            triple
            for triple in catalogue(view)
            if str(getattr(triple.subject, "value", "")).startswith(
                (f"{view.base}/id/service/sparql", f"{view.base}/{DATASET}/graph/", f"{view.base}/{DATASET}/default")
            )
            or triple.predicate.value.startswith(MORE["sd"])
        ]
        return write(kept, media_type, view.base)

    return written
