"""Linked data: redirects, negotiation, ontology, description of the data set, downloads, and what none of them may show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from corpus_help import Built
from starlette.testclient import TestClient

from kg.names import DEFAULT_BASE
from kg.settings import Settings
from kg.store import current
from search_api.describe import MORE
from search_api.service import create_app
from search_api.sparql_run import GRAPH_FORMATS, Limits

MEASURE = "measure/gvpp-2021-2024/2.3"
PRIVATE = re.compile(
    r"voorbeeld@example|exemple@example|Contactpersoon Voorbeeld|Personne de contact Exemple|\b02 000 00 00|0400 00 00 00"
)


@pytest.fixture(scope="module")
def client(sample_build: Built) -> Iterator[TestClient]:
    app = create_app(Settings(data=sample_build.data, encoder="none"), Limits(workers=2))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as found:
        yield found


def triples(reply: Any) -> set[ox.Triple]:
    assert reply.status_code == 200, reply.text
    media_type = reply.headers["content-type"].split(";")[0]
    return {quad.triple for quad in ox.parse(reply.content, format=ox.RdfFormat.from_media_type(media_type))}


def node(reference: str) -> ox.NamedNode:
    return ox.NamedNode(reference if "://" in reference else f"{DEFAULT_BASE}/{reference}")


@pytest.mark.parametrize("path", [f"/id/{MEASURE}", "/auth/theme/gvpp-2021-2024/2", "/id/graph/vocabulary", "/id/dataset/gvpp"])
def test_a_thing_sends_on_to_its_document(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert (reply.status_code, reply.content) == (303, b"")
    assert "Accept" in reply.headers["vary"]
    document = client.get(reply.headers["location"])
    assert any(triple.subject == node(path[1:]) for triple in triples(document)) or "graph" in path


@pytest.mark.parametrize("media_type", GRAPH_FORMATS)
def test_a_document_in_every_form_says_the_same(client: TestClient, media_type: str) -> None:
    reply = client.get(f"/doc/{MEASURE}", headers={"accept": media_type})
    assert reply.headers["content-type"].split(";")[0] == media_type
    assert "Accept" in reply.headers["vary"]
    assert triples(reply) == triples(client.get(f"/doc/{MEASURE}?format=nt"))


def test_a_document_holds_what_is_said_what_refers_to_it_and_the_proof(client: TestClient) -> None:
    found = triples(client.get(f"/doc/{MEASURE}"))
    measure = node(f"id/{MEASURE}")
    implements = node("ns/gvpp#implements")
    assert any(triple.subject == measure and triple.predicate.value.endswith("prefLabel") for triple in found)
    assert any(triple.predicate == implements and triple.object == measure for triple in found)
    assert any(triple.predicate == ox.NamedNode("http://www.w3.org/ns/oa#exact") for triple in found)
    assert ox.Triple(node(f"doc/{MEASURE}"), ox.NamedNode("http://xmlns.com/foaf/0.1/primaryTopic"), measure) in found


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/doc/measure/gvpp-2021-2024/99.9", "*/*", 404),
        ("/id/measure/gvpp-2021-2024/99.9", "*/*", 404),
        ("/auth/theme/none/1", "*/*", 404),
        ("/doc/a%20b%3C", "*/*", 404),
        ("/ns/other", "*/*", 404),
        (f"/doc/{MEASURE}", "image/png", 406),
        (f"/doc/{MEASURE}?format=docx", "*/*", 400),
        ("/download/gvpp.exe", "*/*", 400),
    ],
)
def test_what_is_not_there_or_not_possible(client: TestClient, path: str, accept: str, status: int) -> None:
    reply = client.get(path, headers={"accept": accept})
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")


def test_forms_of_one_document_have_tags_of_their_own(client: TestClient) -> None:
    tags = {client.get(f"/doc/{MEASURE}", headers={"accept": media_type}).headers["etag"] for media_type in GRAPH_FORMATS}
    assert len(tags) == len(GRAPH_FORMATS)


def test_the_ontology_stands_under_its_own_name(client: TestClient) -> None:
    found = triples(client.get("/ns/gvpp", headers={"accept": "application/rdf+xml"}))
    owl_class = ox.NamedNode("http://www.w3.org/2002/07/owl#Class")
    assert any(triple.subject == node("ns/gvpp#Measure") and triple.object == owl_class for triple in found)
    assert triples(client.get("/ns/shapes"))


def test_the_ontology_follows_the_base(sample_build: Built) -> None:
    from search_api.describe import document

    assert all(
        DEFAULT_BASE not in str(triple)
        for name in ("gvpp", "dataset", "shapes")
        for triple in document(name, "https://kg.example.org")
    )


def test_the_data_set_is_described_for_catalogues(client: TestClient, sample_build: Built) -> None:
    found = triples(client.get("/", headers={"accept": "text/turtle"}))
    assert not [triple for triple in found if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)]

    def objects(subject: ox.NamedNode, predicate: str) -> set[Any]:
        return {triple.object for triple in found if triple.subject == subject and triple.predicate.value == predicate}

    data_set = node("id/dataset/gvpp")
    catalogue = node("id/catalogue/gvpp")
    dct, dcat, void = "http://purl.org/dc/terms/", MORE["dcat"], MORE["void"]
    assert objects(catalogue, dcat + "dataset") == {data_set}
    for name in ("title", "description", "publisher"):  # mandatory in DCAT-AP
        assert objects(catalogue, dct + name) and objects(data_set, dct + name)
    generation = current(sample_build.data)
    assert generation is not None
    assert objects(data_set, dcat + "version") == {ox.Literal(generation.manifest["name"])}
    distributions = objects(data_set, dcat + "distribution")
    assert len(distributions) == 6
    for distribution in distributions:
        (link,) = objects(distribution, dcat + "accessURL")
        assert client.get(link.value.removeprefix(DEFAULT_BASE)).status_code == 200
    (counted,) = objects(data_set, void + "triples")
    assert int(counted.value) == len(triples(client.get("/download/gvpp.nt")))
    plans = next(part for part in objects(data_set, void + "classPartition") if part.value.endswith("/Measure"))
    (entities,) = objects(plans, void + "entities")
    assert int(entities.value) == client.get("/api/measures").json()["total"]


def test_the_service_description_names_the_endpoint_and_its_graphs(client: TestClient) -> None:
    found = triples(client.get("/sparql", headers={"accept": "application/n-triples"}))
    names = {triple.object.value for triple in found if triple.predicate.value == MORE["sd"] + "name"}  # type: ignore[union-attr]
    assert f"{DEFAULT_BASE}/id/graph/vocabulary" in names
    assert any(triple.predicate.value == MORE["sd"] + "endpoint" for triple in found)


def test_downloads_hold_the_same_statements(client: TestClient) -> None:
    plain = {ending: triples(client.get(f"/download/gvpp.{ending}")) for ending in ("ttl", "nt", "rdf", "jsonld")}
    assert len({frozenset(found) for found in plain.values()}) == 1
    quads = {
        ending: set(ox.parse(client.get(f"/download/gvpp.{ending}").content, format=form))
        for ending, form in (("trig", ox.RdfFormat.TRIG), ("nq", ox.RdfFormat.N_QUADS))
    }
    assert quads["trig"] == quads["nq"]
    assert plain["nt"] <= {quad.triple for quad in quads["nq"]}
    assert not [quad for quad in quads["nq"] if isinstance(quad.graph_name, ox.DefaultGraph)]


# ---------------------------------------------------------------- the restricted graph


def roads(client: TestClient) -> Iterator[str]:
    """Addresses of everything that the service gives out by itself."""
    yield from ("/", "/sparql", "/ns/gvpp", "/openapi.json", "/metrics", "/doc/dataset/gvpp")
    yield from (f"/download/gvpp.{ending}" for ending in ("ttl", "trig", "nt", "nq", "rdf", "jsonld"))
    for name in ("plans", "themes", "measures", "initiatives", "organisations", "zones", "resolutions", "documents", "findings"):
        yield f"/api/{name}?limit=500"
    for item in client.get("/api/initiatives?limit=500").json()["items"] + client.get("/api/zones").json()["items"]:
        if any("fiche" in document for document in item.get("document", ["fiche"])):
            kind = "zones" if "politiezone-" in item["iri"] else "initiatives"
            yield f"/api/{kind}/{item['reference']}"
            yield f"/doc/{item['iri'].removeprefix(DEFAULT_BASE + '/id/')}"
    for item in client.get("/api/documents").json()["items"]:
        yield f"/api/documents/{item['reference']}"
        for lang in item["lang"]:
            yield f"/api/documents/{item['reference']}/text?lang={lang}"
    graphs = client.get("/sparql", params={"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"}).json()["results"]["bindings"]
    for row in graphs:
        yield f"/doc/{row['g']['value'].removeprefix(DEFAULT_BASE + '/id/')}"
    for question in ("Wie is de contactpersoon van politiezone 5340?", "Quel est le numéro de téléphone de la zone 5341 ?"):
        yield f"/api/ask?q={quote(question)}"


def test_no_road_leads_to_personal_data(client: TestClient, sample_build: Built) -> None:
    generation = current(sample_build.data)
    assert generation is not None
    held = b"".join(file.read_bytes() for file in (generation.path / "restricted").iterdir()).decode()
    assert PRIVATE.search(held)
    walked = list(roads(client))
    assert len(walked) > 60
    for path in walked:
        reply = client.get(path)
        assert reply.status_code == 200, (path, reply.text[:300])
        assert not PRIVATE.search(reply.text), path


@pytest.mark.parametrize("restricted", ["id/graph/restricted", f"{DEFAULT_BASE}/id/graph/restricted"])
def test_the_restricted_graph_cannot_be_named(client: TestClient, restricted: str, sample_build: Built) -> None:
    full = f"{DEFAULT_BASE}/id/graph/restricted"
    for query in (
        f"SELECT * {{ GRAPH <{full}> {{ ?s ?p ?o }} }}",
        f"SELECT * FROM <{full}> {{ ?s ?p ?o }}",
        f"SELECT * FROM NAMED <{full}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        "SELECT * { ?s gvpp:contact|gvpp:email|gvpp:telephone|schema:email|schema:telephone ?o }",
    ):
        assert client.get("/sparql", params={"query": query}).json()["results"]["bindings"] == []
    for parameter in ("default-graph-uri", "named-graph-uri"):
        for pattern in ("?s ?p ?o", "GRAPH ?g { ?s ?p ?o }"):
            reply = client.get("/sparql", params={"query": f"SELECT * {{ {pattern} }}", parameter: restricted})
            assert reply.json()["results"]["bindings"] == []
    for path in ("/id/graph/restricted", "/doc/graph/restricted", "/doc/graph/..%2frestricted", "/download/restricted.nq"):
        assert client.get(path).status_code == 404, path
    generation = current(sample_build.data)
    assert generation is not None
    for file in (generation.path / "restricted").iterdir():
        assert client.get(f"/doc/graph/{file.stem}").text.find("@example.org") == -1
        assert client.get(f"/doc/restricted/{file.stem}").status_code == 404
