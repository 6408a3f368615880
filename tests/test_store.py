"""Settings, the data folder, and the answers to queries."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import MetadataError, QueryError, StoreError
from kg.names import DEFAULT_BASE, expand
from kg.settings import Settings, load_settings
from kg.store import Generation, Rows, Term, Triples, build_lock, current, nquads, open_store, publish, query, serialise

BASE = "https://kg.example.org"


def iri(name: str) -> ox.NamedNode:
    return ox.NamedNode(expand(name, BASE))


def graph(name: str, *triples: tuple[str, str, str | ox.Literal]) -> bytes:
    """The N-Quads of one named graph, from prefixed names and references."""
    found = [ox.Triple(iri(s), iri(p), o if isinstance(o, ox.Literal) else iri(o)) for s, p, o in triples]
    return nquads(found, f"{BASE}/id/graph/{name}")


def text(value: str, lang: str) -> ox.Literal:
    return ox.Literal(value, language=lang)


ONE = {"doc": graph("doc", ("id/a", "dct:title", ox.Literal("één")), ("id/a", "dct:relation", "id/b"))}


def build(data: Path, **changes: object) -> Generation:
    return publish(data, **{"graphs": ONE, "manifest": {"base": BASE}, **changes})  # type: ignore[arg-type]


def ask(source: Generation | ox.Store, body: str) -> bool:
    answer = query(source, "ASK { " + body + " }", base=BASE)
    assert isinstance(answer, bool)
    return answer


# settings


def test_settings_defaults_then_file_then_variables(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {}) == Settings(Path(".gvpp"), DEFAULT_BASE, (Path("corpus"),))
    (tmp_path / "gvpp.toml").write_text('data = "d"\nbase = "http://a.example/x/"\ncorpus = ["one", "/two"]\n')
    assert load_settings(tmp_path, {}) == Settings(tmp_path / "d", "http://a.example/x", (tmp_path / "one", Path("/two")))
    variables = {"GVPP_DATA": "e", "GVPP_BASE": "https://b.example/", "GVPP_CORPUS": f"x{os.pathsep}y", "GVPP_OTHER": "ignored"}
    assert load_settings(tmp_path, variables) == Settings(Path("e"), "https://b.example", (Path("x"), Path("y")))
    for contact in ("meld.fouten@example.org", "https://a.example/form?x=1#y"):
        assert load_settings(tmp_path, {"GVPP_CONTACT": f" {contact} "}).contact == contact


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ('dada = "x"', ["gvpp.toml", "'dada'", "data, base, corpus"]),
        ('base = "ftp://a.example"', ["gvpp.toml", "'base'", "http"]),
        ('base = "https://"', ["'base'"]),
        ('base = "https://a.example/#x"', ["'base'", "#"]),
        ("data = 3", ["'data'", "folder"]),
        ("corpus = []", ["'corpus'"]),
        ("corpus = [3]", ["'corpus'"]),
        ("data = x y", ["gvpp.toml", "line 1"]),
        ('contact = "http://a.example"', ["'contact'", "e-mail", "https"]),
        ('contact = "https://"', ["'contact'"]),
        ('contact = "https://a.example/<x>"', ["'contact'"]),
        ('contact = "a@b.example?bcc=c@d.example"', ["'contact'"]),
        ('contact = "a@example"', ["'contact'"]),
        ('contact = "javascript:alert(1)"', ["'contact'"]),
    ],
)
def test_settings_that_are_wrong_name_file_and_key(tmp_path: Path, content: str, names: list[str]) -> None:
    (tmp_path / "gvpp.toml").write_text(content)
    with pytest.raises(MetadataError) as error:
        load_settings(tmp_path, {})
    assert all(name in str(error.value) for name in names), str(error.value)


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="GVPP_BASE"):
        load_settings(tmp_path, {"GVPP_BASE": "gvpp.example"})


# publishing


def test_nothing_is_in_use_before_the_first_build(tmp_path: Path) -> None:
    assert current(tmp_path / "none") is None


def test_default_graph_is_the_union_of_public_graphs_without_the_suggested(tmp_path: Path) -> None:
    graphs = {
        "one": graph("one", ("id/a", "dct:title", ox.Literal("a"))),
        "two": graph("two", ("id/a", "dct:title", ox.Literal("a")), ("id/b", "dct:title", ox.Literal("b"))),
        "suggested": graph("suggested", ("id/a", "gvpp:suggestedMeasure", "id/m")),
    }
    secret = graph("restricted", ("id/a", "schema:email", ox.Literal("contact@example.org")))
    done = build(tmp_path, graphs=graphs, suggested={"suggested"}, restricted={"one": secret})
    rows = query(done, "SELECT ?s ?t { ?s dct:title ?t }", base=BASE)
    assert isinstance(rows, Rows) and len(rows.rows) == 2
    assert not ask(done, "?s gvpp:suggestedMeasure ?m")
    assert ask(done, "GRAPH <id/graph/suggested> { ?s gvpp:suggestedMeasure ?m }")
    assert ask(done, "GRAPH <id/graph/one> { <id/a> dct:title 'a' }")
    everything = open_store(done).dump(format=ox.RdfFormat.N_QUADS) or b""
    assert b"id/b" in everything and b"contact@" not in everything
    manifest = (done.path / "manifest.json").read_text()
    assert "contact@" not in manifest and json.loads(manifest)["graphs"]["suggested"]["default"] is False
    folder = done.path / "restricted"
    assert (folder / "one.nq").read_bytes() == secret
    assert (folder.stat().st_mode & 0o777, (folder / "one.nq").stat().st_mode & 0o777) == (0o700, 0o600)


def test_graph_files_are_byte_identical_for_the_same_content(tmp_path: Path) -> None:
    content = graph("doc", *[(f"id/{i}", "dct:title", ox.Literal(str(i))) for i in range(20)])
    shuffled = b"\r\n".join(reversed(content.splitlines())) + b"\n\n# end\n" + content[: content.index(b"\n")]
    first = build(tmp_path / "1", graphs={"doc": content})
    second = build(tmp_path / "2", graphs={"doc": shuffled})
    assert (first.path / "graphs/doc.nq").read_bytes() == (second.path / "graphs/doc.nq").read_bytes() == content
    assert first.manifest["graphs"] == second.manifest["graphs"]
    assert first.path.name[-8:] == second.path.name[-8:]


def test_unchanged_files_are_shared_with_the_generation_before(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("one")
    first = build(tmp_path / "d", files={"texts/doc.nl.txt": outside})
    kept = {"doc": first.path / "graphs/doc.nq"}
    second = build(tmp_path / "d", graphs=kept, files={"texts/doc.nl.txt": first.path / "texts/doc.nl.txt"})
    assert second.path != first.path
    for name in ("graphs/doc.nq", "texts/doc.nl.txt"):
        assert (first.path / name).samefile(second.path / name)
    outside.write_text("two")
    assert (second.path / "texts/doc.nl.txt").read_text() == "one"
    assert ask(second, "<id/a> dct:relation <id/b>")


def test_the_generation_before_stays_and_older_ones_go(tmp_path: Path) -> None:
    names = [build(tmp_path).path.name for _ in range(4)]
    (tmp_path / "generations/.building-dead").mkdir()
    last = build(tmp_path, manifest={"base": BASE, "version": "9", "documents": {"doc": {"key": "doc.nl"}}})
    assert {p.name for p in (tmp_path / "generations").iterdir()} == {names[-1], last.path.name}
    found = current(tmp_path)
    assert found is not None and found.path == last.path and found.manifest == last.manifest
    assert (last.manifest["previous"], last.manifest["version"], last.manifest["base"]) == (names[-1], "9", BASE)
    assert last.manifest["documents"] == {"doc": {"key": "doc.nl"}}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", last.manifest["created"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"graphs": {"doc": graph("other", ("id/a", "dct:title", ox.Literal("a")))}}, "id/graph/doc"),
        ({"graphs": {"doc": b"<http://a> <http://b> <http://c> .\n"}}, "id/graph/doc"),
        ({"graphs": {"doc": f"<http://a> <http://b> _:c <{BASE}/id/graph/doc> .".encode()}}, "blank node"),
        ({"graphs": {"doc": f"_:a <http://b> 'c' <{BASE}/id/graph/doc> .".encode()}}, "blank node"),
        ({"graphs": {"doc": f"<http://a> <b> nonsense <{BASE}/id/graph/doc> .".encode()}}, "graph doc"),
        ({"graphs": {"restricted": b""}}, "never public"),
        ({"graphs": {"../doc": b""}}, "name of a graph"),
        ({"restricted": {"a/b": b""}}, "name of a graph"),
        ({"suggested": {"none"}}, "not among"),
        ({"files": {"../x": b""}}, "path of a file"),
        ({"files": {"/x": b""}}, "path of a file"),
        ({"files": {"store/CURRENT": b""}}, "path of a file"),
        ({"files": {"x": Path("no such file")}}, "no such file"),
        ({"files": {"x": b"", "x/y": b""}}, "not published"),
    ],
)
def test_what_cannot_be_published_changes_nothing(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    good = build(tmp_path)
    with pytest.raises(StoreError, match=re.escape(message)):
        build(tmp_path, **changes)
    assert current(tmp_path) == good
    assert [p.name for p in (tmp_path / "generations").iterdir()] == [good.path.name]


def test_a_literal_may_look_like_a_blank_node_or_a_graph(tmp_path: Path) -> None:
    value = f"_:a <{BASE}/id/graph/doc> .\n_:b"
    done = build(tmp_path, graphs={"doc": graph("doc", ("id/a", "dct:title", ox.Literal(value)))})
    rows = query(done, "SELECT ?t { ?s dct:title ?t }", base=BASE)
    assert isinstance(rows, Rows) and rows.rows == [{"t": ox.Literal(value)}]


def test_damaged_and_foreign_folders_are_reported_and_mended_by_a_build(tmp_path: Path) -> None:
    done = build(tmp_path)
    manifest = done.path / "manifest.json"
    manifest.write_text(json.dumps({**done.manifest, "format": 99}))
    with pytest.raises(StoreError, match="format 99"):
        current(tmp_path)
    manifest.write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        current(tmp_path)
    for name in ("no-such-generation", "../elsewhere", ""):
        (tmp_path / "current").write_text(name)
        with pytest.raises(StoreError, match="build again"):
            current(tmp_path)
        done = build(tmp_path)
        assert current(tmp_path) == done
    (done.path / "store/CURRENT").unlink()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(done)


def test_one_build_at_a_time_and_the_lock_nests(tmp_path: Path) -> None:
    errors: list[StoreError] = []

    def other() -> None:
        try:
            build(tmp_path)
        except StoreError as error:
            errors.append(error)

    with build_lock(tmp_path):
        build(tmp_path)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "another build is running" in str(errors[0]) and str(os.getpid()) in errors[0].remedy
    other()
    assert len(errors) == 1


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="GVPP_DATA"):
        build(tmp_path / "file" / "data")


def test_the_store_is_read_only(tmp_path: Path) -> None:
    store = open_store(build(tmp_path))
    with pytest.raises(RuntimeError):
        store.update("CLEAR ALL")


# running queries


@pytest.fixture(scope="module")
def store() -> ox.Store:
    found = ox.Store()
    found.extend(ox.Quad(iri(f"id/{i}"), iri("dct:title"), text(f"t{i}", "nl")) for i in range(5))
    return found


def test_results_and_row_limit(store: ox.Store) -> None:
    select = "SELECT ?s ?t ?none { ?s dct:title ?t } ORDER BY ?s"
    rows = query(store, select, base=BASE, limit=2)
    assert isinstance(rows, Rows) and rows.truncated and rows.variables == ("s", "t", "none")
    assert rows.rows == [{"s": iri(f"id/{i}"), "t": text(f"t{i}", "nl")} for i in range(2)]
    whole = query(store, select, base=BASE, limit=5)
    assert isinstance(whole, Rows) and not whole.truncated and len(whole.rows) == 5
    bound = query(store, select, base=BASE, values={"s": iri("id/3")})
    assert isinstance(bound, Rows) and [row["t"] for row in bound.rows] == [text("t3", "nl")]
    made = query(store, "CONSTRUCT { <id/x> dct:relation ?s } WHERE { ?s dct:title ?t . ?r dct:title ?u }", base=BASE, limit=5)
    assert isinstance(made, Triples) and len(made.triples) == 5 and not made.truncated
    cut = query(store, "DESCRIBE ?s WHERE { ?s dct:title ?t }", base=BASE, limit=3)
    assert isinstance(cut, Triples) and len(cut.triples) == 3 and cut.truncated


def test_serialised_results(store: ox.Store) -> None:
    rows = query(
        store, "SELECT ?t ?n { VALUES ?t {'a\t\"b\"'@nl 'c,d'} OPTIONAL { FILTER(LANG(?t) = '') BIND(5 AS ?n) } }", base=BASE
    )
    assert not isinstance(rows, bool)
    formats = ox.QueryResultsFormat
    assert json.loads(serialise(rows, formats.JSON, base=BASE)) == {
        "head": {"vars": ["t", "n"]},
        "results": {
            "bindings": [
                {"t": {"type": "literal", "value": 'a\t"b"', "xml:lang": "nl"}},
                {
                    "t": {"type": "literal", "value": "c,d"},
                    "n": {"type": "literal", "value": "5", "datatype": "http://www.w3.org/2001/XMLSchema#integer"},
                },
            ]
        },
    }
    assert serialise(rows, formats.CSV, base=BASE) == b't,n\r\n"a\t""b""",\r\n"c,d",5\r\n'
    assert serialise(rows, formats.TSV, base=BASE) == b'?t\t?n\n"a\\t\\"b\\""@nl\t\n"c,d"\t5\n'
    assert json.loads(serialise(False, formats.JSON, base=BASE)) == {"head": {}, "boolean": False}
    triples = query(store, "CONSTRUCT WHERE { <id/1> dct:title ?t }", base=BASE)
    assert b'dct:title "t1"@nl' in serialise(triples, ox.RdfFormat.TURTLE, base=BASE)
    for result, format in ((triples, formats.JSON), (rows, ox.RdfFormat.TURTLE)):
        with pytest.raises(QueryError, match="cannot be written as"):
            serialise(result, format, base=BASE)


TERMS = st.one_of(
    st.builds(ox.Literal, st.text(st.characters(exclude_categories=["Cs"]))),
    st.builds(lambda value: ox.Literal(value, language="fr"), st.text(st.characters(exclude_categories=["Cs"]))),
    st.sampled_from([iri("id/é"), ox.BlankNode("b"), ox.Literal(1.5), ox.Triple(iri("id/a"), iri("id/b"), text("x", "nl"))]),
)


@given(st.lists(st.fixed_dictionaries({}, optional={"a": TERMS, "b": TERMS})))
def test_every_row_comes_back_from_json(rows: list[dict[str, Term]]) -> None:
    written = serialise(Rows(("a", "b"), rows), ox.QueryResultsFormat.JSON, base=BASE)
    read = ox.parse_query_results(written, format=ox.QueryResultsFormat.JSON)
    assert isinstance(read, ox.QuerySolutions)
    assert [(row["a"], row["b"]) for row in read] == [(row.get("a"), row.get("b")) for row in rows]
