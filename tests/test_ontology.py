"""The vocabulary and its shapes: gvpp.ttl, shapes.ttl, and that wording.toml and the code use the same values."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from rdflib import RDF, RDFS, SH, SKOS, BNode, Graph, Literal, URIRef

ONTOLOGY = Path(__file__).resolve().parent.parent / "ontology"
GVPP = "https://gvpp.example/ns/gvpp#"
GSH = "https://gvpp.example/ns/shapes#"
LANGUAGES = {"nl", "fr", "en"}
OWL = "http://www.w3.org/2002/07/owl#"
TERM_TYPES = {URIRef(OWL + t) for t in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")}
TERM_TYPES |= {RDFS.Class, RDF.Property}


@functools.cache
def ttl(name: str) -> Graph:
    return Graph().parse(ONTOLOGY / f"{name}.ttl")


@functools.cache
def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((ONTOLOGY / f"{name}.toml").read_text(encoding="utf-8"))


def fragment(iri: object) -> str:
    """The last part of an IRI."""
    return re.split(r"[#/]", str(iri))[-1]


# ---------------------------------------------------------------- vocabulary


def terms() -> list[URIRef]:
    return sorted({URIRef(str(s)) for s, t in ttl("gvpp").subject_objects(RDF.type) if t in TERM_TYPES})


@pytest.mark.parametrize("name", ["gvpp", "shapes"])
def test_no_blank_nodes(name: str) -> None:
    assert not [t for triple in ttl(name) for t in triple if isinstance(t, BNode)]


@pytest.mark.parametrize("prop", [RDFS.label, RDFS.comment])
def test_every_term_speaks_three_languages(prop: URIRef) -> None:
    graph = ttl("gvpp")
    assert len(terms()) > 80
    for term in terms():
        found = [o for o in graph.objects(term, prop) if isinstance(o, Literal) and str(o).strip()]
        assert sorted(str(o.language) for o in found) == sorted(LANGUAGES), f"{term} {prop}"


def test_every_value_has_a_label_in_three_languages_and_a_scheme() -> None:
    graph = ttl("gvpp")
    values = set(graph.subjects(RDF.type, SKOS.Concept))
    for value in values:
        assert {o.language for o in graph.objects(value, SKOS.prefLabel) if isinstance(o, Literal)} == LANGUAGES, value
        for scheme in graph.objects(value, SKOS.inScheme):
            assert (scheme, RDF.type, SKOS.ConceptScheme) in graph, value
    for name in [
        "explicit",
        "curated",
        "inferred",
        "suggested",
        "rejected",
        "existing",
        "planned",
        "considered",
        "project",
        "daily",
        "training",
    ]:
        assert URIRef(GVPP + name) in values
    for pillar in ("prevention", "reaction", "followup"):
        assert URIRef(f"https://gvpp.example/auth/pillar/{pillar}") in values


def test_published_classes_stand_under_the_classes_they_reuse() -> None:
    found = {(fragment(a), fragment(b)) for a, b in ttl("gvpp").subject_objects(RDFS.subClassOf)}
    assert found == {
        ("Plan", "Plan"),
        ("Measure", "Concept"),
        ("PoliceZone", "Organization"),
        ("Municipality", "Organization"),
        ("ActorGroup", "Organization"),
        ("Figure", "QuantitativeValue"),
        ("Document", "Manifestation"),
        ("Passage", "SpecificResource"),
    }


def test_terms_that_the_code_writes_are_declared() -> None:
    declared = {str(t).removeprefix(GVPP) for t in ttl("gvpp").subjects() if str(t).startswith(GVPP)}
    root = ONTOLOGY.parent
    files = [f for folder in ("kg", "ingest", "search_api") for f in (root / folder).rglob("*") if f.suffix in (".py", ".rq")]
    used = {(name, f.name) for f in files for name in re.findall(r"\bgvpp:([A-Za-z]\w*)", f.read_text(encoding="utf-8"))}
    assert used
    assert {(name, file) for name, file in used if name not in declared} == set()


# ---------------------------------------------------------------- shapes

PREFIXES = "".join(
    f"PREFIX {prefix}: <{iri}>\n"
    for prefix, iri in {
        "gvpp": GVPP,
        "ex": "https://gvpp.example/",
        "dct": "http://purl.org/dc/terms/",
        "oa": "http://www.w3.org/ns/oa#",
        "org": "http://www.w3.org/ns/org#",
        "prov": "http://www.w3.org/ns/prov#",
        "rdf": str(RDF),
        "rdfs": str(RDFS),
        "schema": "http://schema.org/",
        "skos": str(SKOS),
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }.items()
)
THINGS = {
    "plan": "<https://gvpp.example/id/plan/gvpp-2021-2024>",
    "measure": "<https://gvpp.example/id/measure/gvpp-2021-2024/2.3>",
    "theme": "<https://gvpp.example/auth/theme/gvpp-2021-2024/2>",
    "pillar": "<https://gvpp.example/auth/pillar/prevention>",
    "initiative": "<https://gvpp.example/id/initiative/voorbeeld>",
    "programme": "<https://gvpp.example/id/programme/voorbeeld>",
    "replaced": "<https://gvpp.example/id/initiative/een-voorbeeld>",
    "org": "<https://gvpp.example/id/organisation/voorbeeld>",
    "resolution": "<https://gvpp.example/id/resolution/voorbeeld>",
    "part": "<https://gvpp.example/id/resolution/voorbeeld/part/1>",
    "recommendation": "<https://gvpp.example/id/recommendation/voorbeeld/1>",
    "figure": "<https://gvpp.example/id/figure/voorbeeld>",
    "grant": "<https://gvpp.example/id/grant/voorbeeld>",
    "document": "<https://gvpp.example/id/document/verslag>",
    "passage": "<https://gvpp.example/id/passage/verslag/0a1b>",
    "statement": "<https://gvpp.example/id/statement/verslag/0a1b>",
    "judgement": "<https://gvpp.example/id/statement/judgement/0a1b>",
    "finding": "<https://gvpp.example/id/finding/0a1b>",
    "former": "<https://gvpp.example/id/name/voorbeeld/0a1b>",
    "event": "<https://gvpp.example/id/change/vocabulary/0a1b>",
    "run": "<https://gvpp.example/id/run/0a1b>",
}
RIGHT = """
$plan a gvpp:Plan ; dct:title "Plan"@nl ; dct:identifier "gvpp-2021-2024" ; schema:temporalCoverage "2021/2024" .
$measure a gvpp:Measure ; dct:identifier "2.3" ; dct:isPartOf $plan ; dct:subject $theme ; gvpp:pillar $pillar ;
    dct:description "Vertrouwen versterken."@nl ; gvpp:hasPartner $org .
$org a gvpp:PoliceZone ; skos:prefLabel "Voorbeeldzone"@nl ; skos:altLabel "VZ" ; rdfs:label "Voorbeeldzone" .
$initiative a gvpp:Initiative ; skos:prefLabel "Voorbeeld"@nl ; gvpp:implements $measure ; gvpp:status gvpp:existing ;
    gvpp:activityKind gvpp:project ; gvpp:carriedOutBy $org ; gvpp:hasPartner $org ; gvpp:reportedIn $document .
$resolution a gvpp:Resolution ; dct:title "Resolutie"@nl .
$part a gvpp:ResolutionPart ; dct:isPartOf $resolution ; dct:identifier "1" ; dct:title "Deel"@nl .
$recommendation a gvpp:Recommendation ; dct:description "Meer overleg."@nl ; dct:identifier "1" ; dct:isPartOf $part ;
    gvpp:madeBy $org .
$figure a gvpp:Figure ; schema:value "19220"^^xsd:decimal ; schema:unitText "kg" ; gvpp:about $initiative ; schema:name "was"@nl ;
    gvpp:year "2024"^^xsd:gYear .
$grant a schema:MonetaryGrant ; schema:funder $org ; schema:recipient $org ; schema:amount "30014"^^xsd:decimal ; gvpp:year 2021 .
$document a gvpp:Document ; dct:title "Verslag"@nl ; dct:language "nl" ; dct:type gvpp:report ; gvpp:sha256 "$sha" .
$passage a gvpp:Passage ; oa:hasSource $document ; oa:exact "Zes zinnen."@nl ; dct:language "nl" ; gvpp:start 10 ; gvpp:end 21 ;
    gvpp:page 1 .
$statement a rdf:Statement ; rdf:subject $initiative ; rdf:predicate gvpp:implements ; rdf:object $measure ;
    prov:wasDerivedFrom $passage ; oa:exact "Zes" ; gvpp:start 10 ; gvpp:end 13 ; gvpp:certainty gvpp:explicit ;
    gvpp:role "main" ; gvpp:confidence 0.9 ; prov:wasGeneratedBy $run .
$judgement a rdf:Statement ; rdf:subject $initiative ; rdf:predicate gvpp:implements ; rdf:object $measure ;
    prov:wasDerivedFrom $passage ; oa:exact "Zes" ; gvpp:certainty gvpp:curated ; prov:wasGeneratedBy $run ;
    gvpp:judgedBy "redactie" ; gvpp:judgedOn "2026-01-05"^^xsd:date .
$finding a gvpp:Finding ; gvpp:findingKind "same-text" ; gvpp:about $plan ; dct:description "Telling."@nl, "Comptage."@fr ;
    prov:wasDerivedFrom $passage .
$initiative dct:isPartOf $programme .
$programme a gvpp:Programme ; skos:prefLabel "Voorbeeld"@nl .
$replaced dct:isReplacedBy $initiative .
$org gvpp:formerName $former ; org:changedBy $event .
$former a gvpp:FormerName ; rdfs:label "Oude Zone"@nl ; gvpp:from "1994"^^xsd:gYear ; gvpp:until "2001-12-31"^^xsd:date .
$event a org:ChangeEvent ; org:originalOrganization $org ; org:resultingOrganization $org ; dct:date "2002-01-01"^^xsd:date .
"""


def fill(text: str) -> str:
    for name, iri in {**THINGS, "sha": "ab" * 32}.items():
        text = re.sub(rf"\${name}\b", iri, text)
    return text


def change(thing: str, prop: str, value: str = "") -> str:
    """An update that takes the property away, or gives it another value."""
    remove = f"DELETE WHERE {{ ${thing} {prop} ?o }}"
    return f"{remove} ; INSERT DATA {{ ${thing} {prop} {value} }}" if value else remove


def more(thing: str, prop: str, value: str) -> str:
    return f"INSERT DATA {{ ${thing} {prop} {value} }}"


# The rule that has to report it, and the change that makes the right graph wrong.
WRONG = [
    ("Plan-title", change("plan", "dct:title")),
    ("Plan-identifier", more("plan", "dct:identifier", '"other"')),
    ("Plan-period", change("plan", "schema:temporalCoverage", '"2021-2024"')),
    ("PlanShape", "INSERT DATA { [] a gvpp:Plan }"),
    ("Measure-identifier", change("measure", "dct:identifier", '"M2.3"')),
    ("Measure-plan", more("measure", "dct:isPartOf", "<https://gvpp.example/id/plan/gvpp-2017-2020>")),
    ("Measure-plan", change("measure", "dct:isPartOf", "$document")),
    ("Measure-theme", change("measure", "dct:subject")),
    ("Measure-pillar", more("measure", "gvpp:pillar", "<https://gvpp.example/auth/pillar/reaction>")),
    ("Measure-partner", change("measure", "gvpp:hasPartner", '"gemeenten"')),
    ("Measure-description", change("measure", "dct:description", '" "@nl')),
    ("MeasureShape", change("measure", "dct:description")),
    ("MeasureShape", "INSERT DATA { <https://gvpp.example/id/measure/2.3> a gvpp:Measure }"),
    ("Initiative-label", change("initiative", "skos:prefLabel", '"zonder taal"')),
    ("Initiative-implements", change("initiative", "gvpp:implements", "<https://gvpp.example/id/measure/2.3>")),
    ("Initiative-suggestedMeasure", more("initiative", "gvpp:suggestedMeasure", "$measure")),
    ("Initiative-status", change("initiative", "gvpp:status", "gvpp:explicit")),
    ("Initiative-activityKind", change("initiative", "gvpp:activityKind", '"project"')),
    ("Initiative-carriedOutBy", change("initiative", "gvpp:carriedOutBy", '"Voorbeeldzone"')),
    ("Initiative-partner", change("initiative", "gvpp:hasPartner", '"Voorbeeldzone"')),
    ("Initiative-reportedIn", change("initiative", "gvpp:reportedIn", "$plan")),
    ("InitiativeShape", "INSERT DATA { [] a gvpp:Initiative }"),
    ("InitiativeShape", change("initiative", "skos:prefLabel")),
    ("Organisation-label", change("org", "skos:prefLabel", '"zonder taal"')),
    ("Programme-label", change("programme", "skos:prefLabel")),
    ("ProgrammeShape", "INSERT DATA { <https://gvpp.example/id/initiative/programma> a gvpp:Programme }"),
    ("Replaced-by", more("replaced", "dct:isReplacedBy", "$org")),
    ("ReplacedShape", "INSERT DATA { [] dct:isReplacedBy $initiative }"),
    ("OrganisationShape", "INSERT DATA { [] a org:Organization }"),
    ("FormerName-label", change("former", "rdfs:label")),
    ("FormerName-from", change("former", "gvpp:from", '"in 1994"')),
    ("FormerName-until", change("former", "gvpp:until", '"eind 2001"')),
    ("FormerNameShape", "INSERT DATA { [] a gvpp:FormerName }"),
    ("ChangeEvent-result", change("event", "org:resultingOrganization")),
    ("ChangeEvent-original", change("event", "org:originalOrganization", '"Oude Zone"')),
    ("ChangeEvent-date", more("event", "dct:date", '"2003"^^xsd:gYear')),
    ("ChangeEventShape", "INSERT DATA { [] a org:ChangeEvent }"),
    ("Resolution-title", change("resolution", "dct:title")),
    ("ResolutionShape", "INSERT DATA { [] a gvpp:Resolution }"),
    ("ResolutionPart-whole", change("part", "dct:isPartOf")),
    ("ResolutionPart-identifier", change("part", "dct:identifier")),
    ("ResolutionPart-title", change("part", "dct:title")),
    ("ResolutionPartShape", "INSERT DATA { [] a gvpp:ResolutionPart }"),
    ("Recommendation-description", change("recommendation", "dct:description", '"zonder taal"')),
    ("Recommendation-identifier", more("recommendation", "dct:identifier", '"2"')),
    ("Recommendation-whole", change("recommendation", "dct:isPartOf", '"deel 1"')),
    ("Recommendation-madeBy", change("recommendation", "gvpp:madeBy", '"werkgroep"')),
    ("RecommendationShape", change("recommendation", "dct:description")),
    ("Figure-value", change("figure", "schema:value", '"19.220"')),
    ("Figure-about", change("figure", "gvpp:about")),
    ("Figure-name", change("figure", "schema:name")),
    ("Figure-year", change("figure", "gvpp:year", '"in 2024"')),
    ("FigureShape", "INSERT DATA { [] a gvpp:Figure }"),
    ("Grant-funder", change("grant", "schema:funder", '"safe"')),
    ("Grant-amount", change("grant", "schema:amount", '"30 014"')),
    ("Grant-year", change("grant", "gvpp:year", '"21"')),
    ("GrantShape", change("grant", "schema:recipient")),
    ("Document-title", change("document", "dct:title")),
    ("Document-language", change("document", "dct:language", '"Nederlands"')),
    ("Document-type", change("document", "dct:type")),
    ("Document-sha256", change("document", "gvpp:sha256", '"abc"')),
    ("DocumentShape", "INSERT DATA { <https://gvpp.example/id/plan/verslag> a gvpp:Document }"),
    ("Passage-exact", change("passage", "oa:exact", '""')),
    ("Passage-source", change("passage", "oa:hasSource")),
    ("Passage-start", change("passage", "gvpp:start", "21")),
    ("Passage-start", change("passage", "gvpp:start", "-1")),
    ("Passage-end", change("passage", "gvpp:end")),
    ("Passage-language", change("passage", "dct:language")),
    ("Passage-page", change("passage", "gvpp:page", "0")),
    ("PassageShape", "INSERT DATA { <https://gvpp.example/id/document/passage> a gvpp:Passage }"),
    ("Statement-subject", change("statement", "rdf:subject")),
    ("Statement-predicate", change("statement", "rdf:predicate", '"implements"')),
    ("Statement-object", more("statement", "rdf:object", "$plan")),
    ("Statement-passage", more("statement", "prov:wasDerivedFrom", "<https://gvpp.example/id/passage/verslag/2c3d>")),
    ("Statement-passage", change("statement", "prov:wasDerivedFrom", "$document")),
    ("Statement-quote", change("statement", "oa:exact")),
    ("Statement-certainty", change("statement", "gvpp:certainty", "gvpp:existing")),
    ("Statement-start", change("statement", "gvpp:start", "13")),
    ("Statement-role", change("statement", "gvpp:role", '"partner"')),
    ("Statement-confidence", change("statement", "gvpp:confidence", "1.5")),
    ("Statement-run", change("statement", "prov:wasGeneratedBy")),
    ("StatementShape", "INSERT DATA { [] a rdf:Statement }"),
    ("Judgement-by", change("judgement", "gvpp:judgedBy", '" "')),
    ("Judgement-on", change("judgement", "gvpp:judgedOn", '"gisteren"')),
    ("Judgement-verdict", change("judgement", "gvpp:certainty", "gvpp:suggested")),
    ("JudgementShape", 'INSERT DATA { [] gvpp:judgedBy "redactie" }'),
    ("Finding-kind", change("finding", "gvpp:findingKind", '"Telling"')),
    ("Finding-about", change("finding", "gvpp:about")),
    ("Finding-description", more("finding", "dct:description", '"Nog een."@nl')),
    ("Finding-dutch", change("finding", "dct:description", '"Comptage."@fr')),
    ("Finding-french", change("finding", "dct:description", '"Telling."@nl')),
    ("Finding-passages", change("finding", "prov:wasDerivedFrom")),
    ("FindingShape", "INSERT DATA { [] a gvpp:Finding }"),
    ("Label-prefLabel", change("org", "skos:prefLabel", '""@nl')),
    ("Label-altLabel", change("org", "skos:altLabel", '" "')),
    ("Label-title", change("resolution", "dct:title", '" "@nl')),
    ("Label-label", change("org", "rdfs:label", '""')),
    ("Label-name", change("figure", "schema:name", '""@nl')),
    ("NoBlankNodesShape", 'INSERT DATA { $org gvpp:targetGroup [ skos:note "x" ] }'),
]
# Shapes that are only parts of other shapes (alternatives, languages): a fault is reported under the whole.
HELPERS = {
    "hasPrefLabel",
    "hasAltLabel",
    "hasDescription",
    "hasOtherWording",
    "isCited",
    "hasTitle",
    "hasRecipient",
    "hasFundedItem",
    "inDutch",
    "inFrench",
    "isDay",
    "isYear",
}
# A node shape without a condition of its own: its property shapes are the rules.
WITHOUT_RULE = {"LabelShape"}


@functools.cache
def subclasses() -> Graph:
    """The part of the vocabulary that says which classes count as which: enough for the shapes, and quick."""
    graph = Graph()
    for triple in ttl("gvpp").triples((None, RDFS.subClassOf, None)):
        graph.add(triple)
    return graph


def reported(graph: Graph, vocabulary: Graph, *, meta: bool = False) -> set[str]:
    """Names of the shapes that the graph breaks when it is merged with the vocabulary."""
    conforms, report, _ = pyshacl.validate(graph + vocabulary, shacl_graph=ttl("shapes"), meta_shacl=meta)
    found = {str(shape).removeprefix(GSH) for shape in report.objects(None, SH.sourceShape)}
    assert conforms == (not found)
    return found


def right_graph() -> Graph:
    return Graph(bind_namespaces="none").parse(data=PREFIXES + fill(RIGHT), format="turtle")


def test_a_right_graph_conforms_and_the_shapes_are_valid_shacl() -> None:
    assert reported(right_graph(), ttl("gvpp"), meta=True) == set()


@pytest.mark.parametrize(("shape", "update"), WRONG, ids=[f"{i}-{shape}" for i, (shape, _) in enumerate(WRONG)])
def test_each_shape_rejects_a_wrong_graph(shape: str, update: str) -> None:
    graph = right_graph()
    before = set(graph)
    graph.update(PREFIXES + fill(update))
    assert set(graph) != before
    assert shape in reported(graph, subclasses())


def test_every_shape_is_tried() -> None:
    graph = ttl("shapes")
    shapes = {str(s).removeprefix(GSH) for kind in (SH.NodeShape, SH.PropertyShape) for s in graph.subjects(RDF.type, kind)}
    assert shapes - HELPERS - WITHOUT_RULE == {shape for shape, _ in WRONG}


def test_every_shape_has_a_message_in_three_languages() -> None:
    graph = ttl("shapes")
    for kind in (SH.NodeShape, SH.PropertyShape, SH.SPARQLConstraint):
        for shape in graph.subjects(RDF.type, kind):
            assert {m.language for m in graph.objects(shape, SH.message) if isinstance(m, Literal)} == LANGUAGES, shape


def test_lists_of_values_in_the_shapes_are_those_of_the_vocabulary() -> None:
    shapes, vocabulary = ttl("shapes"), ttl("gvpp")
    for shape, scheme in (("Initiative-activityKind", "activityKinds"), ("Statement-certainty", "certainties")):
        (start,) = shapes.objects(URIRef(GSH + shape), SH["in"])
        listed = set(shapes.items(start))
        assert listed == set(vocabulary.subjects(SKOS.inScheme, URIRef(GVPP + scheme))), shape


def test_kinds_match_the_vocabulary() -> None:
    graph = ttl("gvpp")
    kinds = {str(value).removeprefix(GVPP) for value in graph.subjects(SKOS.inScheme, URIRef(GVPP + "activityKinds"))}
    assert set(toml("wording")["activity"]) == kinds
    assert set(toml("wording")["status"]) == {"existing", "planned", "considered"}
    assert set(toml("wording")["role"]) == {"main", "contributing"}
    assert set(toml("wording")["pillar"]) == {"prevention", "reaction", "followup"}
    assert set(toml("wording")["scale"]) == set(toml("wording")["scale_factor"])
