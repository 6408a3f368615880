"""Judgements in a build: what they add to the graph, what they take out, and what is told of them."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
from corpus_help import REPORT_NL, graphs, run, run_json, write_corpus
from judging_help import (
    ACCEPT,
    LIGHT,
    MARK,
    NEW,
    PLAN,
    REJECT,
    REJECT_EXPLICIT,
    TABLE,
    TABLE_FR,
    ask,
    build,
    copied,
    row,
    told,
    values,
    write,
)

from ingest import judging, pipeline
from kg.judgements import FILE, Judgement, append_judgement, read_judgements
from kg.store import current


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def data(suggested_build: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small corpus and its suggestions are built here; nothing is judged."""
    return copied(suggested_build, corpus, tmp_path / "data", monkeypatch)


# ---------------------------------------------------------------- what a build makes of them


def test_an_accepted_suggestion_answers_with_its_source(data: Path, corpus: Path) -> None:
    assert ask(data, f"GRAPH <id/graph/suggested> {{ <{LIGHT}> gvpp:suggestedMeasure <{PLAN}/1.2> }}")
    assert not ask(data, f"<{LIGHT}> ?p <{PLAN}/1.2>")
    write(corpus, ACCEPT)
    assert told(build(data, corpus)) == (1, 0, 0)
    assert ask(data, f"GRAPH <id/graph/judgements> {{ <{LIGHT}> gvpp:implements <{PLAN}/1.2> }}")
    assert ask(data, f"<{LIGHT}> gvpp:implements <{PLAN}/1.2>")
    assert not ask(data, f"GRAPH <id/graph/suggested> {{ <{LIGHT}> ?p ?o }}")
    rows = {r["iri"]: r for r in run_json(data, "ask", "Welke initiatieven voeren maatregel 1.2 uit?")["answers"]}
    (mine,) = (r for iri, r in rows.items() if iri.endswith(LIGHT))
    assert mine["certainty"] == "curated" and "Lichtwacht" in mine["citations"][0]["quote"]
    assert mine["citations"][0]["document"] == "jaarverslag-2022"
    (judgement,) = values(
        data,
        "SELECT ?by ?on ?why (COUNT(DISTINCT ?part) AS ?parts) { GRAPH <id/graph/judgements> {"
        " ?j gvpp:judgedBy ?by ; gvpp:judgedOn ?on ; gvpp:reason ?why ; gvpp:certainty gvpp:curated ; gvpp:shownBy ?part } }"
        " GROUP BY ?by ?on ?why",
    )
    assert judgement == {"by": "dienst", "on": "2026-01-05", "why": "telt lampen per wijk", "parts": "2"}
    assert run_json(data, "validate")["conforms"]


def test_a_rejected_suggestion_is_not_made_again(data: Path, corpus: Path) -> None:
    write(corpus, REJECT)
    assert told(build(data, corpus)) == (0, 1, 0)
    assert not ask(data, f"GRAPH <id/graph/suggested> {{ <{LIGHT}> ?p ?o }}")
    assert ask(data, f"GRAPH <id/graph/suggested> {{ <{MARK}> gvpp:suggestedMeasure <{PLAN}/1.1> }}"), "the others stay"
    assert not ask(data, f"<{LIGHT}> ?p <{PLAN}/1.2>")
    assert ask(data, f"?j rdf:subject <{LIGHT}> ; gvpp:certainty gvpp:rejected ; rdf:object <{PLAN}/1.2>")
    assert run_json(data, "validate")["conforms"]


def test_a_rejected_suggestion_gives_way_to_a_text_and_a_rejected_link_does_not(data: Path, corpus: Path) -> None:
    write(corpus, row(LIGHT, "gvpp:suggestedMeasure", f"{PLAN}/1.1", "reject"))
    assert told(build(data, corpus)) == (0, 1, 0)
    assert ask(data, f"<{LIGHT}> gvpp:implements <{PLAN}/1.1>")
    write(corpus, REJECT_EXPLICIT)
    build(data, corpus)
    assert not ask(data, f"<{LIGHT}> gvpp:implements <{PLAN}/1.1>")


def test_a_rejected_statement_of_a_text_leaves_no_evidence(data: Path, corpus: Path) -> None:
    question = "Welke initiatieven voeren maatregel 1.1 uit?"
    assert run_json(data, "ask", question)["status"] == "answered"
    write(corpus, REJECT_EXPLICIT)
    result = build(data, corpus)
    assert told(result) == (0, 1, 0) and result.updated == ["jaarverslag-2022"]
    assert run_json(data, "ask", question)["status"] == "not_found"
    report = graphs(data)["graphs/jaarverslag-2022.nq"]
    assert f"/{PLAN}/1.1>".encode() not in report
    assert ask(data, f"GRAPH <id/graph/judgements> {{ ?j rdf:object <{PLAN}/1.1> ; gvpp:certainty gvpp:rejected }}")
    assert not ask(data, f"?j rdf:object <{PLAN}/1.1> ; rdf:predicate gvpp:implements ; prov:wasDerivedFrom ?p")
    assert ask(data, f"?j rdf:object <{PLAN}/1.1> ; gvpp:shownBy/oa:exact ?quote"), "what was rejected can be read"
    (corpus / FILE).unlink()
    build(data, corpus)
    assert run_json(data, "ask", question)["status"] == "answered"
    assert "graphs/judgements.nq" not in graphs(data)


def test_a_link_that_nobody_suggested_can_be_accepted(data: Path, corpus: Path) -> None:
    write(corpus, NEW)
    assert told(build(data, corpus)) == (1, 0, 0)
    reply = run_json(data, "ask", "Welke initiatieven voeren maatregel 2.2 uit?")
    (answer,) = reply["answers"]
    assert answer["iri"].endswith(MARK) and answer["certainty"] == "curated"
    assert answer["citations"][0]["document"] == "fiche-pz5343-fietsen"


def test_both_directions_of_a_symmetric_link_are_one(data: Path, corpus: Path) -> None:
    turned = row(f"{PLAN}/2.2", "skos:closeMatch", f"{PLAN}/2.1", "accept")
    write(corpus, turned, row(TABLE_FR, "owl:sameAs", TABLE, "reject"))
    assert told(build(data, corpus)) == (1, 1, 0)
    left = values(data, "SELECT ?p { GRAPH <id/graph/suggested> { ?s rdf:predicate ?p } }")
    assert [r["p"].rsplit("#")[-1] for r in left] == ["suggestedMeasure", "suggestedMeasure"]
    (quote,) = values(data, "SELECT ?q { ?j gvpp:judgedBy ?w ; oa:exact ?q ; gvpp:certainty gvpp:curated }")
    assert "slachtoffers" in quote["q"].casefold() or "victimes" in quote["q"], "the proof is that of the subject as judged"


def test_judgements_survive_every_rebuild_and_another_base(data: Path, corpus: Path) -> None:
    write(data, ACCEPT, REJECT_EXPLICIT)
    build(data, corpus)
    first = graphs(data)["graphs/judgements.nq"]
    (corpus / "jaarverslag-2022.nl.txt").write_text(REPORT_NL.replace("48 ontm", "51 ontm"))
    build(data, corpus)
    assert graphs(data)["graphs/judgements.nq"] == first
    shutil.rmtree(data / "generations")
    (data / "current").unlink()
    build(data, corpus)
    assert graphs(data)["graphs/judgements.nq"] == first
    build(data, corpus, "https://kg.example.org")
    assert ask(data, f"<{LIGHT}> gvpp:implements <{PLAN}/1.2>")
    assert not ask(data, f"<{LIGHT}> gvpp:implements <{PLAN}/1.1>")
    assert b"https://gvpp.example/" not in graphs(data)["graphs/judgements.nq"]


def test_a_change_of_judgements_extracts_no_document_again(data: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_extract", lambda *_: pytest.fail("extracted again"))
    write(data, ACCEPT)
    changed = build(data, corpus)
    assert changed.changed and changed.updated == []
    again = build(data, corpus)
    assert not again.changed and again.judgements == changed.judgements and told(again) == (1, 0, 0)


def test_a_judgement_whose_subject_vanished_is_reported_and_comes_back(data: Path, corpus: Path) -> None:
    file = write(corpus, ACCEPT, NEW)
    (corpus / "jaarverslag-2022.nl.txt").unlink()
    result = build(data, corpus)
    assert told(result) == (1, 0, 1) and not result.errors
    (problem,) = result.judgements["problems"]
    assert LIGHT in problem["what"] and problem["where"] == f"{file}, line 2" and problem["remedy"]
    assert ask(data, f"<{MARK}> gvpp:implements <{PLAN}/2.2>") and not ask(data, f"<{LIGHT}> ?p ?o")
    assert build(data, corpus).judgements == result.judgements, "it is told again where nothing changed"
    (corpus / "jaarverslag-2022.nl.txt").write_text(REPORT_NL)
    assert told(build(data, corpus)) == (2, 0, 0)
    assert file.read_text("utf-8").count("\n") == 3


def test_build_tells_of_judgements_as_text_and_as_json(data: Path, corpus: Path) -> None:
    file = write(data, ACCEPT, REJECT_EXPLICIT, row("id/initiative/nergens", "gvpp:implements", f"{PLAN}/1.1", "accept"))
    text = run(data, "build", "--corpus", corpus)
    assert text.exit_code == 0 and "judgements: 1 accepted, 1 rejected, 1 reported" in text.stdout
    assert f"* {file}, line 4: not in the corpus: id/initiative/nergens" in text.stdout
    reply = run_json(data, "build", "--corpus", corpus)["judgements"]
    assert (reply["accepted"], reply["rejected"], reply["reported"]) == (1, 1, 1)
    assert set(reply["problems"][0]) == {"error", "what", "where", "remedy"}


def test_search_filters_by_an_accepted_link(data: Path, corpus: Path) -> None:
    search = ("search", "fietsen graveren", "--theme", "gvpp-2021-2024/2", "--document", "fiche-pz5343-fietsen")
    assert run_json(data, *search)["total"] == 0
    write(corpus, NEW)
    build(data, corpus)
    assert run_json(data, *search)["total"] > 0


def test_a_thing_that_is_only_in_the_vocabulary_can_be_linked(data: Path, corpus: Path) -> None:
    write(corpus, row(LIGHT, "gvpp:hasPartner", "id/organisation/politiezone-5341", "accept"))
    assert told(build(data, corpus)) == (1, 0, 0)
    assert ask(data, f"<{LIGHT}> gvpp:hasPartner <id/organisation/politiezone-5341>")


# ---------------------------------------------------------------- opposite and equal judgements


def test_two_opposite_judgements_are_reported_and_neither_counts(data: Path, corpus: Path) -> None:
    file = write(corpus, ACCEPT, NEW, REJECT)
    result = build(data, corpus)
    assert told(result) == (1, 0, 1)
    (problem,) = result.judgements["problems"]
    assert f"{file}, line 2 and {file}, line 4" == problem["where"] and "neither counts" in problem["what"]
    assert ask(data, f"GRAPH <id/graph/suggested> {{ <{LIGHT}> gvpp:suggestedMeasure <{PLAN}/1.2> }}")


def test_the_data_folder_overrules_a_corpus(data: Path, corpus: Path) -> None:
    write(corpus, ACCEPT)
    write(data, REJECT)
    assert told(build(data, corpus)) == (0, 1, 0)
    assert not ask(data, f"<{LIGHT}> gvpp:implements <{PLAN}/1.2>")


def test_equal_judgements_are_one(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a", ACCEPT, ACCEPT), write(tmp_path / "b", ACCEPT.replace("2026-01-05", "2026-02-01"))
    judgements, problems = read_judgements([one, two, one])
    assert len(judgements) == 1 and problems == []


def test_what_is_said_of_the_link_says_more_than_what_is_said_of_its_suggestion(tmp_path: Path) -> None:
    (kept,), problems = read_judgements([write(tmp_path, REJECT, REJECT.replace("suggestedMeasure", "implements"))])
    assert not kept.of_suggestion and problems == []


def test_merges_gives_the_pairs_that_are_one_and_those_that_are_not(tmp_path: Path) -> None:
    other = row(LIGHT, "owl:sameAs", MARK, "reject")
    judgements, _ = read_judgements([write(tmp_path, row(TABLE, "owl:sameAs", TABLE_FR, "accept"), other, ACCEPT)])
    assert judging.merges(judgements) == ({(TABLE, TABLE_FR)}, {(LIGHT, MARK)})


def test_a_judgement_of_a_thing_that_was_merged_counts_for_the_other(tmp_path: Path) -> None:
    rows = [row(TABLE, "gvpp:implements", f"{PLAN}/1.1", "accept"), row(TABLE, "owl:sameAs", TABLE_FR, "accept")]
    judgements, _ = read_judgements([write(tmp_path, *rows)])
    settled = judging.settle(judging.Judged(tuple(judgements)), [], {TABLE_FR, f"{PLAN}/1.1"}, {TABLE: TABLE_FR})
    assert {j.key for j in settled.judgements} == {
        (TABLE_FR, "gvpp:implements", f"{PLAN}/1.1"),
        (TABLE, "owl:sameAs", TABLE_FR),
    }
    opposite = judging.Judged((*judgements, Judgement(TABLE_FR, "gvpp:implements", f"{PLAN}/1.1", "reject", "x", "2026-01-05")))
    settled = judging.settle(opposite, [], {TABLE_FR, f"{PLAN}/1.1"}, {TABLE: TABLE_FR})
    assert [j.link for j in settled.judgements] == ["owl:sameAs"] and "opposite" in settled.problems[0].what


# ---------------------------------------------------------------- wrong, hostile and personal input


def test_the_build_goes_on_without_what_is_wrong_and_says_so(data: Path, corpus: Path) -> None:
    (corpus / FILE).mkdir()
    file = write(data, "x,y", NEW, ACCEPT.encode("latin-1").decode() + "\x00")
    result = build(data, corpus)
    assert told(result) == (1, 0, 3) and result.changed and not result.errors
    assert [p["where"] for p in result.judgements["problems"]] == [str(corpus / FILE), f"{file}, line 2", f"{file}, line 4"]
    assert ask(data, f"<{MARK}> gvpp:implements <{PLAN}/2.2>")
    assert run(data, "build", "--corpus", corpus).exit_code == 0


def test_a_formula_stays_text_in_every_spreadsheet_and_in_the_graph(data: Path, corpus: Path) -> None:
    why = '=HYPERLINK("https://kg.example.org";"klik") <> \\ "x"'
    append_judgement(data / FILE, Judgement(MARK, "gvpp:implements", f"{PLAN}/2.2", "accept", "@dienst", "2026-01-05", why))
    with (data / FILE).open(encoding="utf-8", newline="") as file:
        _, written = csv.reader(file)
    assert not [cell for cell in written if cell.startswith(("=", "+", "-", "@"))]
    ((judgement,), problems) = read_judgements([data / FILE])
    assert (judgement.why, judgement.who, problems) == (why, "@dienst", [])
    build(data, corpus)
    assert values(data, "SELECT ?why { ?j gvpp:judgedBy ?who ; gvpp:reason ?why }") == [{"why": why}]


def test_personal_data_in_a_judgement_are_not_published(data: Path, corpus: Path) -> None:
    write(
        corpus,
        row(MARK, "gvpp:implements", f"{PLAN}/2.2", "accept", "bel 02 000 00 00", who="an.voorbeeld@example.org"),
        row(MARK, "schema:contactPoint", "id/initiative/preventie-van-fietsdiefstal-5343", "accept"),
        row("id/graph/restricted", "gvpp:implements", f"{PLAN}/2.2", "accept"),
    )
    assert told(build(data, corpus)) == (1, 0, 2)
    for name, content in graphs(data).items():
        if not name.startswith("restricted/"):
            assert b"02 000" not in content and b"example.org" not in content and b"contactPoint" not in content, name
    generation = current(data)
    assert generation is not None and "an.voorbeeld" not in (generation.path / "manifest.json").read_text("utf-8")


def test_the_graphs_hold_nothing_but_valid_lines(data: Path, corpus: Path) -> None:
    write(corpus, ACCEPT, REJECT_EXPLICIT, row(TABLE, "owl:sameAs", TABLE_FR, "accept", 'a ""b"" \\ <c> .'))
    build(data, corpus)
    assert len(list(ox.parse(graphs(data)["graphs/judgements.nq"], format=ox.RdfFormat.N_QUADS))) > 20
    assert ask(data, f"<{TABLE}> owl:sameAs <{TABLE_FR}>")
