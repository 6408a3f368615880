"""The network: what is in it, what is measured, chains of evidence, and how all of it is told."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pyoxigraph as ox
import pytest
from corpus_help import Built

from kg import network_build, network_measures
from kg.errors import StoreError, UsageError
from kg.names import expand
from kg.network import Link, Network, chains, load, works_with
from kg.store import Generation, current, nquads, publish, query
from search_api.answers import Corpus, open_corpus
from search_api.network import network
from search_api.printing_network import print_network

BASE = "https://kg.example.org"
PROVED = [  # subject, property, object
    ("id/initiative/brug", "gvpp:carriedOutBy", "id/organisation/alfa"),
    ("id/initiative/brug", "gvpp:hasPartner", "id/organisation/beta"),
    ("id/initiative/brug", "gvpp:implements", "id/measure/gvpp-2021-2024/1.1"),
    ("id/measure/gvpp-2021-2024/1.1", "gvpp:hasPartner", "id/organisation/gamma"),
    ("id/measure/gvpp-2021-2024/2.1", "gvpp:hasPartner", "id/organisation/gamma"),
    ("id/initiative/kade", "gvpp:carriedOutBy", "id/organisation/delta"),
    ("id/initiative/kade", "gvpp:hasPartner", "id/organisation/iedereen"),
    *((f"id/initiative/los{n}", "gvpp:hasPartner", "id/organisation/iedereen") for n in range(9)),
    ("id/initiative/brug", "gvpp:hasPartner", "id/organisation/iedereen"),
]
CLASSES = {
    "alfa": "org:Organization",
    "beta": "org:Organization",
    "gamma": "org:Organization",
    "delta": "org:Organization",
    "eiland": "org:Organization",
    "moeder": "org:Organization",
    "iedereen": "gvpp:ActorGroup",
}
SUGGESTED = ("id/initiative/stil", "gvpp:implements", "id/measure/gvpp-2021-2024/2.1")


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(expand(name, BASE))


def triples() -> Iterator[ox.Triple]:
    """A small graph by hand. Each link has its words, the names of its two ends; measure 2.1 stands under theme 2."""

    def say(subject: str, name: str, value: str | ox.Literal) -> ox.Triple:
        return ox.Triple(node(subject), node(name), node(value) if isinstance(value, str) else value)

    def proof(number: int, link: tuple[str, str, str | ox.Literal], certainty: str = "explicit") -> Iterator[ox.Triple]:
        subject, name, value = link
        statement, passage = f"id/statement/verslag/{number}", f"id/passage/verslag/{number}"
        quote = f"{subject.rsplit('/', 1)[-1]} en {value.rsplit('/', 1)[-1] if isinstance(value, str) else value.value}"
        yield say(statement, "rdf:type", "rdf:Statement")
        yield say(statement, "rdf:subject", subject)
        yield say(statement, "rdf:predicate", name)
        yield say(statement, "rdf:object", value)
        yield say(statement, "gvpp:certainty", f"gvpp:{certainty}")
        yield say(statement, "prov:wasDerivedFrom", passage)
        yield say(statement, "oa:exact", ox.Literal(quote))
        yield say(statement, "gvpp:start", ox.Literal(number * 100))
        yield say(statement, "gvpp:end", ox.Literal(number * 100 + len(quote)))
        yield say(passage, "oa:hasSource", "id/document/verslag")
        yield say(passage, "rdf:type", "gvpp:Passage")
        yield say(passage, "oa:exact", ox.Literal(f"Volgens ons werken {quote} samen.", language="nl"))
        yield say(passage, "dct:language", ox.Literal("nl"))
        yield say(passage, "gvpp:section", ox.Literal(f"Deel {number}"))
        yield say(passage, "gvpp:start", ox.Literal(number * 100))
        yield say(passage, "gvpp:end", ox.Literal(number * 100 + 99))

    yield say("id/document/verslag", "dct:title", ox.Literal("Verslag", language="nl"))
    for number, link in enumerate(PROVED):
        yield say(*link)
        yield from proof(number, link)
    yield from proof(90, SUGGESTED, "suggested")
    yield say("id/organisation/eiland", "org:subOrganizationOf", "id/organisation/moeder")
    for name, class_ in CLASSES.items():
        yield say(f"id/organisation/{name}", "rdf:type", class_)
        yield say(f"id/organisation/{name}", "skos:prefLabel", ox.Literal(name.title(), language="nl"))
    for name in ("brug", "kade", "stil", *(f"los{n}" for n in range(9))):
        yield say(f"id/initiative/{name}", "rdf:type", "gvpp:Initiative")
        yield say(f"id/initiative/{name}", "gvpp:reportedIn", "id/document/verslag")
        yield say(f"id/initiative/{name}", "skos:prefLabel", ox.Literal(f"Project {name.title()}", language="nl"))
    for number in ("1.1", "2.1"):
        measure, theme = f"id/measure/gvpp-2021-2024/{number}", f"auth/theme/gvpp-2021-2024/{number[0]}"
        yield say(measure, "rdf:type", "gvpp:Measure")
        yield say(measure, "dct:isPartOf", "id/plan/gvpp-2021-2024")
        yield say(measure, "dct:identifier", ox.Literal(number))
        yield say(measure, "dct:subject", theme)
        yield say(theme, "skos:prefLabel", ox.Literal(f"Onderwerp {number[0]}", language="nl"))
        yield from proof(100 + int(number[0]), (measure, "dct:description", ox.Literal(f"Tekst van {number}", language="nl")))


def made(data: Path) -> Generation:
    """The small graph as a generation."""
    before = current(data)
    return publish(
        data,
        graphs={
            "verslag": nquads(triples(), expand("id/graph/verslag", BASE)),
            "suggested": nquads(
                [ox.Triple(node(SUGGESTED[0]), node("gvpp:suggestedMeasure"), node(SUGGESTED[2]))],
                expand("id/graph/suggested", BASE),
            ),
        },
        suggested=["suggested"],
        computed=lambda store: network_build.files(store, BASE, before, "test"),
        manifest={"base": BASE, "date": "2026-01-01"},
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return open_corpus(made(tmp_path_factory.mktemp("small")))


@pytest.fixture(scope="module")
def sample(sample_build: Built) -> Corpus:
    generation = current(sample_build.data)
    assert generation is not None
    return open_corpus(generation)


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["reference"].rsplit("/", 1)[-1] for item in items]


def prove(corpus: Corpus, chain: dict[str, Any], start: str, end: str) -> None:
    """Each step goes on where the one before it ended, is a triple of the graph, and quotes words of the passage it names."""
    steps = chain["steps"]
    assert steps[0]["from"]["reference"] == start and steps[-1]["to"]["reference"] == end
    assert [step["to"]["iri"] for step in steps[:-1]] == [step["from"]["iri"] for step in steps[1:]]
    for step in steps:
        subject, value = (step[side]["iri"] for side in (("from", "to") if step["direction"] == "forward" else ("to", "from")))
        if step["property"] != "schema:funder":  # a grant stands between the two
            assert query(corpus.store, f"ASK {{ <{subject}> {step['property']} <{value}> }}", base=corpus.base) is True
        assert bool(step["citations"]) == (step["certainty"] == "explicit")
        for citation in step["citations"]:
            key = citation["url"].split("/id/passage/")[1]
            rows = corpus.run("passages-of-document", document=f"id/document/{key.split('/')[0]}")[0]
            text = next(row["text"] for row in rows if row["passage"] == f"id/passage/{key}")
            assert " ".join(citation["quote"].split()) in " ".join(text.split())


# ---------------------------------------------------------------- chains


def test_a_chain_is_proved_step_by_step(small: Corpus) -> None:
    found = network(small, "Alfa", "thema 2")
    assert found["status"] == "found" and len(found["chains"]) == 1
    chain = found["chains"][0]
    prove(small, chain, "id/organisation/alfa", "auth/theme/gvpp-2021-2024/2")
    assert [step["property"] for step in chain["steps"]] == [
        "gvpp:carriedOutBy",
        "gvpp:implements",
        "gvpp:hasPartner",
        "gvpp:hasPartner",
        "dct:subject",
    ]
    assert [step["direction"] for step in chain["steps"]] == ["backward", "forward", "forward", "backward", "forward"]
    assert chain["steps"][0]["citations"][0]["quote"] == "brug en alfa"
    assert not chain["weak"] and "5 stappen" in found["text"]


def test_suggested_links_are_never_used(small: Corpus) -> None:
    found = network(small, "Project Stil", "thema 2")
    assert (found["status"], found["chains"]) == ("not_found", []) and "Geen keten" in found["text"]
    assert SUGGESTED[0] not in load(small.generation).nodes
    assert network(small, "Project Stil")["status"] == "not_found"


def test_a_chain_over_a_group_is_the_last_resort_and_is_told(small: Corpus) -> None:
    """The group joins brug and kade in two steps; nothing else does."""
    found = network(small, "Alfa", "Delta")
    assert names(found["chains"][0]["common"]) == ["iedereen"] and found["chains"][0]["weak"]
    assert any("Iedereen (11 verbanden)" in note for note in found["notes"])


def test_what_is_rare_says_more_than_what_is_short() -> None:
    links = [proved("i0", "gvpp:hasPartner", "hub"), proved("i1", "gvpp:hasPartner", "hub")]
    links += [proved(f"i{n}", "gvpp:hasPartner", "hub") for n in range(2, 40)]
    links += [
        proved("i0", "gvpp:carriedOutBy", "rare"),
        proved("m", "gvpp:hasPartner", "rare"),
        proved("i1", "gvpp:implements", "m"),
    ]
    found = chains(made_of(links), "i0", "i1")
    assert [chain.things for chain in found] == [("i0", "rare", "m", "i1")], "two steps over the hub cost more"


def test_equally_good_chains_are_all_given_up_to_three() -> None:
    links = [proved(f"i{n}", name, end) for n in range(5) for name, end in (("gvpp:carriedOutBy", "a"), ("gvpp:hasPartner", "b"))]
    found = chains(made_of(links), "a", "b")
    assert [chain.things[1] for chain in found] == ["i0", "i1", "i2"] and len({chain.cost for chain in found}) == 1


def test_a_step_of_the_list_of_names_is_marked(small: Corpus) -> None:
    found = network(small, "Eiland", "Moeder")
    assert found["chains"][0]["steps"][0]["certainty"] == "curated" and not found["chains"][0]["steps"][0]["citations"]
    assert any("namenlijst" in note for note in found["notes"])
    assert "namenlijst" in print_network(found)
    assert network(small, "Eiland")["status"] == "not_found", "no document says anything of it"


def test_nothing_joins_islands_and_a_thing_is_itself(small: Corpus) -> None:
    assert network(small, "Eiland", "Alfa")["status"] == "not_found"
    assert "hetzelfde" in network(small, "Alfa", "alfa", lang="nl")["text"]


def test_every_reading_of_a_number_is_looked_at(sample: Corpus) -> None:
    found = network(sample, "Brusafe", "thema 3", lang="nl")
    editions = {chain["steps"][-1]["to"]["plan"] for chain in found["chains"]}
    assert len(editions) > 1 and any("«thema 3» kan meer dan één ding zijn" in note for note in found["notes"])
    one = network(sample, "Brusafe", "thema 3 van 2017-2020", lang="nl")
    assert {chain["steps"][-1]["to"]["plan"] for chain in one["chains"]} == {"gvpp-2017-2020"}


@pytest.mark.parametrize(
    ("one", "other"), [("Brusafe", "thème 3"), ("Paradigm", "5344"), ("MIVB", "mesure 2.3"), ("parquet", "Schaarbeek")]
)
def test_chains_of_the_sample_are_proved(sample: Corpus, one: str, other: str) -> None:
    found = network(sample, one, other)
    assert found["chains"]
    for chain in found["chains"]:
        prove(sample, chain, chain["steps"][0]["from"]["reference"], chain["steps"][-1]["to"]["reference"])


# ---------------------------------------------------------------- around one, and all of it


def test_around_one(small: Corpus) -> None:
    found = network(small, "Alfa")
    assert found["entity"]["reference"] == "id/organisation/alfa" and found["entity"]["links"] == 1
    assert [(group["kind"], names([item["node"] for item in group["items"]])) for group in found["neighbours"]] == [
        ("initiative", ["brug"])
    ]
    item = found["neighbours"][0]["items"][0]
    assert (item["direction"], item["evidence"]) == ("backward", f"{BASE}/id/passage/verslag/0")
    assert [(names([pair["second"]]), pair["total"]) for pair in found["works_with"]] == [(["beta"], 1), (["gamma"], 1)]
    assert found["works_with"][0]["shared"][0]["evidence"] == [f"{BASE}/id/passage/verslag/{n}" for n in (0, 1)]


def test_who_works_with_whom_counts_a_shared_measure_once(small: Corpus) -> None:
    """Measure 1.1 is implemented by the initiative that alfa and beta share: it says nothing more of these two."""
    pairs = {pair.second: pair.shared for pair in works_with(load(small.generation), "id/organisation/beta")}
    assert pairs["id/organisation/alfa"] == ("id/initiative/brug",)
    assert pairs["id/organisation/gamma"] == ("id/measure/gvpp-2021-2024/1.1",)


def test_a_group_works_with_nobody_and_belongs_nowhere(small: Corpus) -> None:
    found = network(small, "iedereen", lang="fr")
    assert (found["works_with"], found["community"], found["entity"]["rank"]) == ([], None, 1)
    assert any("groupe" in note for note in found["notes"])
    assert found["entity"]["between"] is None and found["entity"]["common"]


def test_the_whole(small: Corpus) -> None:
    found = network(small)
    assert names(found["main"])[0] == "gamma" and names(found["groups"]) == ["iedereen"]
    members = {ref for community in load(small.generation).communities for ref in community}
    assert "id/organisation/iedereen" not in members and "id/initiative/brug" in members
    assert found["communities"][0]["size"] >= 3


def test_a_drawing_is_capped_and_its_edges_join_its_nodes(sample: Corpus) -> None:
    found = network(sample, "gemeenten", limit=5)
    assert len(found["nodes"]) == 5 and found["left_out"] > 0
    drawn = {item["iri"] for item in found["nodes"]}
    assert found["edges"] and all({edge["source"], edge["target"]} <= drawn for edge in found["edges"])
    assert all(0 < edge["weight"] <= 1 and edge["evidence"] for edge in found["edges"])


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("brusafe", "id/organisation/brusafe"),
        ("zone 5344", "id/organisation/politiezone-5344"),
        ("maatregel 2.3", "id/measure/gvpp-2025-2028/2.3"),
        ("M2.3 2021-2024", "id/measure/gvpp-2021-2024/2.3"),
        ("mesure 2.3 (2017-2020)", "id/measure/gvpp-2017-2020/2.3"),
        ("id/organisation/brusafe", "id/organisation/brusafe"),
        ("https://gvpp.example/auth/theme/gvpp-2017-2020/2", "auth/theme/gvpp-2017-2020/2"),
        ("Schaerbeek", "id/organisation/schaarbeek"),
    ],
)
def test_names_and_numbers_are_understood(sample: Corpus, name: str, reference: str) -> None:
    assert network(sample, name)["entity"]["reference"] == reference


def test_a_name_of_several_things_is_told(sample: Corpus) -> None:
    found = network(sample, "maatregel 2.3")
    assert any("kan meer dan één ding zijn" in note for note in found["notes"])
    assert {item["plan"] for item in found["readings"]} >= {"gvpp-2017-2020"}


def test_an_unknown_name_is_refused_with_near_ones(sample: Corpus) -> None:
    with pytest.raises(UsageError) as error:
        network(sample, "Brusfae")
    assert "Brusafe" in error.value.remedy and error.value.where == "around"
    assert any("gelezen als Brusafe" in note for note in network(sample, "Brusaffe", lang="nl")["notes"])
    for name in ("qqq", "id/organisation/none", "id/x> y", "5399", "thema 77", " ", ""):
        with pytest.raises(UsageError):
            network(sample, name)
    with pytest.raises(UsageError):
        network(sample, None, "Brusafe")


# ---------------------------------------------------------------- measures and the file


def proved(subject: str, name: str, value: str) -> Link:
    return Link(subject, name, value, "explicit", ((f"id/statement/{subject}/{value}", "id/passage/d/1"),))


def made_of(links: list[Link]) -> Network:
    refs = sorted({ref for link in links for ref in (link.subject, link.object)})
    return network_build.make(dict.fromkeys(refs, "initiative"), links)


def test_measures_of_a_known_network() -> None:
    """Two triangles joined by one edge, and a node apart."""
    edges = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (3, 5), (4, 5)]
    assert network_measures.degrees(7, edges) == [2, 2, 3, 3, 2, 2, 0]
    between, sampled = network_measures.betweenness(7, edges)
    assert sampled == 0 and between[2] == between[3] == pytest.approx(0.6) and between[0] == between[6] == 0
    assert network_measures.communities(edges, network_measures.degrees(7, edges)) == [[0, 1, 2], [3, 4, 5]]
    share = network_measures.pagerank(7, edges)
    assert sum(share) == pytest.approx(1, abs=1e-6) and share[2] == share[3] > share[0] > share[6] > 0
    # On a network in one piece the walker spends his time by degree, but for the jumps.
    graph = nx.Graph(edges)
    for ref, value in enumerate(network_measures.pagerank(6, edges)):
        step = sum(network_measures.pagerank(6, edges)[other] / graph.degree[other] for other in graph[ref])
        assert value == pytest.approx(0.15 / 6 + 0.85 * step, abs=1e-6)
    assert network_measures.pagerank(0, []) == network_measures.communities([], []) == []


def test_a_large_network_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_measures, "EXACT", 10)
    monkeypatch.setattr(network_measures, "SAMPLE", 5)
    edges = [(n, n + 1) for n in range(20)]
    assert network_measures.betweenness(21, edges)[1] == 5
    assert network_measures.betweenness(21, edges) == network_measures.betweenness(21, edges)


def test_two_builds_give_the_same_bytes(tmp_path: Path, repository: Path) -> None:
    """In processes that hash names differently, and from links in another order."""
    rng = random.Random(7)
    links = sorted({(f"id/initiative/{rng.randrange(90)}", f"id/organisation/{rng.randrange(40)}") for _ in range(300)})
    files = []
    for seed in ("1", "2"):
        rng.shuffle(links)
        code = (
            "import sys; from kg.network import Link; from kg.network_build import make, written\n"
            f"links = sorted((Link(a, 'gvpp:hasPartner', b, 'explicit', (('s', 'p'),)) for a, b in {links!r}), key=repr)\n"
            "kinds = {r: r.split('/')[1] for k in links for r in (k.subject, k.object)}\n"
            "sys.stdout.buffer.write(written(make(kinds, links), 'mark'))"
        )
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(repository)}
        files.append(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment).stdout)
    assert files[0] == files[1] and b'"communities":[[' in files[0]


def test_the_file_is_taken_over_where_nothing_changed(tmp_path: Path) -> None:
    first, second = made(tmp_path), made(tmp_path)
    assert first.path != second.path and "network.json" in second.manifest["files"]
    assert (first.path / "network.json").stat().st_ino == (second.path / "network.json").stat().st_ino
    assert load(first).links == load(second).links


def test_a_build_without_a_network_says_so(tmp_path: Path) -> None:
    bare = publish(tmp_path / "bare", graphs={"verslag": b""}, manifest={"base": BASE, "date": "2026-01-01"})
    with pytest.raises(StoreError, match="build again"):
        load(bare)
    odd = publish(tmp_path / "odd", graphs={"verslag": b""}, files={"network.json": b'{"format":0}'}, manifest={"base": BASE})
    with pytest.raises(StoreError, match="cannot be read"):
        load(odd)
