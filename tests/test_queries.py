"""Which queries are answered, and the named queries."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kg import queries
from kg.errors import QueryError
from kg.names import expand
from kg.store import Rows, query

BASE = "https://kg.example.org"
NOWHERE = "<http://127.0.0.1:1/>"  # the store refuses this port before it opens a connection


def iri(name: str) -> ox.NamedNode:
    return ox.NamedNode(expand(name, BASE))


def text(value: str, lang: str) -> ox.Literal:
    return ox.Literal(value, language=lang)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("SELECT * { ?s ?p }", "line 1, column 19"),
        ("SELECT *\n{ ?s ?p ?o .\n  FILTER(foo) }", "line 3"),
        ("SELECT * { ?s unknown:x ?o }", "line 1"),
        ("SELECT * { ?s ?p 'open }", "line 1, column 18"),
        ("SELECT ?s {}; DROP ALL", "line 1"),
        ("ASK {}\nDELETE WHERE { ?s ?p ?o }", "line 2"),
        ("# only this", "query"),
        ("ASK { ?s ?p '\ud800' }", "query"),
        ("DROP ALL", "line 1, column 1"),
        ("PREFIX a: <http://a/>\n LOAD <http://a/>", "line 2, column 2"),
        ("INSERT DATA { <id/a> <id/b> 1 }", "line 1, column 1"),
        ("SELECT * FROM <file:///etc/hosts> { ?s ?p ?o }", "line 1, column 15"),
        (r"SELECT * FROM <\u0046ILE:///etc/hosts> { ?s ?p ?o }", "line 1, column 15"),
        ("PREFIX f: <file:///> SELECT * FROM f:x { ?s ?p ?o }", "line 1, column 11"),
        ("BASE <File:///etc/> SELECT * FROM NAMED <hosts> { ?s ?p ?o }", "line 1, column 6"),
        (f"SELECT * {{\n SERVICE {NOWHERE} {{}} }}", "line 2, column 2"),
        ("ASK " + "{" * 100 + "}" * 100, "line 1, column 69"),
        ("ASK { FILTER(" + "!" * 30_000 + "true) }", "query"),
    ],
)
def test_refused_and_invalid_queries_say_where(body: str, where: str) -> None:
    with pytest.raises(QueryError) as error:
        query(ox.Store(), body, base=BASE)
    assert where in error.value.where


# Each of these reaches for the network when it is run unchecked.
TRICKS = [
    f"SELECT * {{ ?s ?p ?o SERVICE {NOWHERE} {{}} }}",
    f"SELECT*{{?s?p?o.sErViCe{NOWHERE}{{}}}}",
    f"SELECT * {{ ?s ?p ?o OPTIONAL {{ SERVICE#>\n{NOWHERE} {{}} }} }}",
    f"PREFIX a: {NOWHERE} SELECT * {{ SERVICEa:b {{}} }}",
    f"PREFIX a: {NOWHERE} SELECT * {{ ?s ?p trueSERVICEa:b {{}} }}",
    f"PREFIX : {NOWHERE} PREFIX service: <http://a/> SELECT * {{ ?s ?p ?o . service:x {{}} }}",
    f"ASK {{ ?s ?p ?o FILTER(1<2)SERVICE#>\n{NOWHERE} {{}} }}",
    f'ASK {{ ?s ?p ?o FILTER(1<2#>"""\n) SERVICE {NOWHERE} {{}} #"""\n}}',
    f'ASK {{ ?s ?p ?o FILTER(1<#>"""\n2) SERVICE {NOWHERE} {{}} #"""\n}}',
    f'ASK {{ ?s ?p ?o FILTER(COALESCE(1<true/1#>"""\n,true)) SERVICE {NOWHERE} {{}} #"""\n}}',
    f'PREFIX a: <http://a/> ASK {{ ?s ?p ?o FILTER(COALESCE(1<a:/1#>"""\n,true)) SERVICE {NOWHERE} {{}} #"""\n}}',
    f'ASK {{ ?s ?p ?o FILTER("1"<\'>"""\') SERVICE {NOWHERE} {{}} #"""\n}}',
    f'ASK {{ VALUES ?x {{"""a"}} SERVICE {NOWHERE} {{}} }}',
    f"ASK {{ VALUES ?x {{'\\\\'}} SERVICE {NOWHERE} {{}} }}",
]
SMALL = ox.Store()
SMALL.add(ox.Quad(iri("id/a"), iri("dct:valid"), ox.Literal(True)))


def reaches_out(body: str) -> bool:
    """Whether the store, unchecked, evaluates a SERVICE of this query."""
    try:
        result = SMALL.query(body)
        if not isinstance(result, ox.QueryBoolean):
            list(result)
    except OSError:
        return True
    except RuntimeError as error:
        return "service name" in str(error)
    except (SyntaxError, ValueError):
        return False
    return False


@pytest.mark.parametrize("body", TRICKS)
def test_service_is_refused_in_every_disguise(body: str) -> None:
    assert reaches_out(body)
    with pytest.raises(QueryError):
        query(SMALL, body, base=BASE)


QUOTES = ["'''", '"""', '""', "'x'", '"""x"""', '"x"@en', "'", '"', "#\n", "\n", "\t", "\\", "\\u0053", "\\'", " ", "ª", "é"]
TERMS_AND_PARTS = [
    "true",
    "1",
    "1.",
    "1e5",
    "<http://x/p>",
    "a:b",
    "a:",
    ":",
    "_:b",
    "?o",
    "?",
    "$",
    "a",
    "@en",
    "@en-",
    "%41",
    "·",
]
SIGNS = [*".;{}()<>!=^/*[]|", "<=", "<#", "<'", "#>", "&&", "<<", "{}", "()"]
KEYWORDS = ["FILTER", "EXISTS", "UNION", "OPTIONAL", "SERVICE", "service"]
FRAGMENTS = st.sampled_from([*QUOTES, *TERMS_AND_PARTS, *SIGNS, *KEYWORDS])
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), FRAGMENTS), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.sampled_from(TRICKS), EDITS)
def test_whatever_reaches_out_is_refused(body: str, edits: list[tuple[float, int, str]]) -> None:
    for place, removed, fragment in edits:
        at = int(place * len(body))
        body = body[:at] + fragment + body[at + removed :]
    assume(reaches_out(body))
    with pytest.raises(QueryError):
        queries.check(body)


WORDS = st.lists(
    st.sampled_from(["SERVICE", "service <http://a/> {}", "#", "'", '"', "\\", "<", ">", "é", "\n", "FROM <file:///x>"])
)


@given(WORDS.map(" ".join))
def test_the_word_is_harmless_in_strings_comments_and_iris(words: str) -> None:
    string = str(ox.Literal(words))
    long = words.replace("\\", "\\\\").replace("'", "\\'")
    comment = words.replace("\n", " ")
    name = ox.NamedNode("https://a.example/SERVICE#" + re.sub(r"[^a-zé]", "", words))
    terms = f"{string} '''{long}''' {name} gvpp:service"
    body = f"SELECT (?service AS ?x) {{ # {comment}\n VALUES (?service ?b ?c ?d) {{ ({terms}) }} }}"
    rows = query(SMALL, body, base=BASE)
    assert isinstance(rows, Rows) and rows.rows == [{"x": ox.Literal(words)}]


def test_an_iri_that_may_be_a_comparison_is_refused_with_advice() -> None:
    with pytest.raises(QueryError, match="in full"):
        queries.check("ASK { ?s ?p <#x> }")
    for body in ("ASK { ?s ?p <ns/gvpp#x>, <http://a/l'o#x> }", "ASK { FILTER(?a < 1) # it's <#x>\n }"):
        queries.check(body)


# named queries

MEASURE, OTHER, ZONE, PLAN, THEME = "id/measure/p/2.3", "id/measure/p/2.4", "id/organisation/z", "id/plan/p", "auth/theme/p/2"
SAMPLE: list[tuple[str, str, str | ox.Literal]] = [
    *[
        triple
        for measure, number in ((MEASURE, "2.3"), (OTHER, "2.4"))
        for triple in (
            (measure, "rdf:type", "gvpp:Measure"),
            (measure, "dct:isPartOf", PLAN),
            (measure, "dct:subject", THEME),
            (measure, "dct:identifier", ox.Literal(number)),
        )
    ],
    (THEME, "skos:notation", ox.Literal("2")),
    (THEME, "skos:prefLabel", text("Thema", "nl")),
    (THEME, "skos:prefLabel", text("Thème", "fr")),
    ("id/initiative/i", "gvpp:activityKind", "auth/kind/project"),
    ("id/initiative/j", "gvpp:activityKind", "auth/kind/project"),
    *[
        triple
        for name, link in (("i", "gvpp:inZone"), ("j", "gvpp:carriedOutBy"))
        for triple in (
            (f"id/evidence/{name}", "rdf:subject", f"id/initiative/{name}"),
            (f"id/evidence/{name}", "rdf:predicate", link),
            (f"id/evidence/{name}", "rdf:object", ZONE),
            (f"id/evidence/{name}", "gvpp:certainty", ox.Literal("stated")),
            (f"id/evidence/{name}", "prov:wasDerivedFrom", "id/passage/d/1"),
            (f"id/evidence/{name}", "oa:exact", ox.Literal("in zone Z")),
            (f"id/evidence/{name}", "gvpp:start", ox.Literal(3)),
            (f"id/evidence/{name}", "gvpp:end", ox.Literal(12)),
        )
    ],
    ("id/passage/d/1", "oa:hasSource", "id/document/d"),
    ("id/passage/d/1", "dct:language", ox.Literal("nl")),
    ("id/passage/d/1", "gvpp:section", ox.Literal("1")),
]
EXPECTED: dict[str, tuple[dict[str, str], list[dict[str, str]]]] = {
    "measures-per-theme": ({"plan": PLAN}, [{"theme": THEME, "number": "2", "nl": "Thema", "fr": "Thème", "measures": "2"}]),
    "initiatives-of-zone": (
        {"place": ZONE},
        [
            {
                "place": ZONE,
                "subject": "id/initiative/i",
                "kind": "auth/kind/project",
                "certainty": "stated",
                "document": "id/document/d",
                "passage": "id/passage/d/1",
                "quote": "in zone Z",
                "lang": "nl",
                "section": "1",
                "start": "3",
                "end": "12",
            }
        ],
    ),
}


@pytest.fixture(scope="module")
def sample() -> ox.Store:
    found = ox.Store()
    found.extend(ox.Quad(iri(s), iri(p), o if isinstance(o, ox.Literal) else iri(o)) for s, p, o in SAMPLE)
    return found


@pytest.mark.parametrize("name", queries.names())
def test_every_named_query_has_titles_and_parses(name: str) -> None:
    named = queries.load(name)
    assert named.title["nl"] and named.title["fr"] and named.title["nl"] != named.title["fr"]
    samples: dict[str, str | int] = {"iri": "id/x", "string": 'x"', "integer": 3}
    query(ox.Store(), queries.bind(named, **{param: samples[kind] for param, kind in named.params.items()}), base=BASE)


@pytest.mark.parametrize("name", EXPECTED)
def test_named_queries_answer(sample: ox.Store, name: str) -> None:
    values, expected = EXPECTED[name]
    rows = query(sample, queries.bind(queries.load(name), **values), base=BASE)
    assert isinstance(rows, Rows)
    assert [
        {key: getattr(term, "value", "").removeprefix(BASE + "/") for key, term in row.items()} for row in rows.rows
    ] == expected


def test_a_parameter_takes_several_values_and_every_form_of_iri(sample: ox.Store) -> None:
    body = "SELECT ?number WHERE { ?measure dct:identifier ?number FILTER(BOUND(?measure)) } ORDER BY ?number LIMIT 9"
    named = queries.NamedQuery("numbers", {}, {"measure": "iri"}, body)
    for value in (MEASURE, f"{BASE}/{MEASURE}", [MEASURE], [MEASURE, "id/measure/p/none"]):
        rows = query(sample, queries.bind(named, measure=value), base=BASE)
        assert isinstance(rows, Rows) and rows.rows == [{"number": ox.Literal("2.3")}]
    both = query(sample, queries.bind(named, measure=[OTHER, MEASURE]), base=BASE)
    assert isinstance(both, Rows) and both.rows == [{"number": ox.Literal("2.3")}, {"number": ox.Literal("2.4")}]
    assert "<http://www.w3.org/2004/02/skos/core#Concept>" in queries.bind(named, measure="skos:Concept")
    assert "<ns/gvpp#Plan>" in queries.bind(named, measure="gvpp:Plan")


TITLES = "# title.nl: a\n# title.fr: b\n"
PARAMS = {"i": "iri", "s": "string", "n": "integer"}
PROBE = queries.NamedQuery("probe", {}, PARAMS, "SELECT ?i ?s ?n (EXISTS { ?x ?y ?z } AS ?e)\nWHERE { FILTER(true) }\n")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"s": "x", "n": 1}, "'i' is missing"),
        ({"i": "id/x", "s": "x", "n": 1, "z": 1}, "'z' is unknown"),
        ({"i": "id/x", "s": 3, "n": 1}, "not of type string"),
        ({"i": "id/x", "s": "x", "n": "1"}, "not of type integer"),
        ({"i": "id/x", "s": "x", "n": True}, "not of type integer"),
        ({"i": "id/x", "s": "\ud800", "n": 1}, "cannot be used"),
        ({"i": "id/x", "s": [], "n": 1}, "no value"),
        *(
            ({"i": value, "s": "x", "n": 1}, "cannot be used")
            for value in (
                "",
                "x",
                "id/x> ?p ?o",
                "//a/id",
                "id/../../x",
                "id/x/.",
                "unknown:x",
                "file:///x",
                "https://a.example/ b",
            )
        ),
    ],
)
def test_wrong_values_are_refused(values: dict[str, str | int], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        queries.bind(PROBE, **values)


@given(st.text(), st.text(), st.integers())
def test_a_value_is_data_and_never_syntax(name: str, string: str, number: int) -> None:
    try:
        body = queries.bind(PROBE, i=f"id/x{name}", s=string, n=number)
    except QueryError:
        return
    shape = [token.kind for token in queries.tokens(queries.bind(PROBE, i="id/x", s="", n=1))]
    assert [token.kind for token in queries.tokens(body)] == shape
    rows = query(SMALL, body, base=BASE)
    assert isinstance(rows, Rows)
    assert rows.rows == [{"i": iri(f"id/x{name}"), "s": ox.Literal(string), "n": ox.Literal(number), "e": ox.Literal(True)}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# title.nl: a\nASK {}", "title.fr is missing"),
        (TITLES + "# param: x text\nASK WHERE { ?x ?y ?z }", "type 'text'"),
        (TITLES + "# param: x iri\nASK WHERE { ?y ?y ?z }", "is not used"),
        (TITLES + "# param: x iri\nASK { ?x ?y ?z }", "WHERE"),
        (TITLES + "# parm: x iri\nASK WHERE { ?x ?y ?z }", "unknown header 'parm'"),
        (TITLES + "DROP ALL", "only SELECT"),
    ],
)
def test_a_query_file_that_is_wrong_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "probe.rq").write_text(content)
    with pytest.raises(QueryError, match=message):
        queries.load("probe", tmp_path)


def test_an_unknown_query_lists_the_known_ones() -> None:
    for name in ("none", "../queries/initiatives-of-zone"):
        with pytest.raises(QueryError, match=r"known: .*initiatives-of-zone"):
            queries.load(name)
