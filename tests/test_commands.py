"""The commands as they are called: what they print, as text and as JSON, and how they end."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from corpus_help import (
    PLAN_FR,
    PLAN_NL,
    REPORT_NL,
    Built,
    files_below,
    graphs,
    names,
    run,
    run_json,
    texts,
    write_corpus,
)

import gvpp
from kg.store import build_lock, current

MAIN_QUESTION = {
    "nl": "Welke initiatieven voeren maatregel 2.3 uit?",
    "fr": "Quelles initiatives mettent en œuvre la mesure 2.3 ?",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", {"gvpp-2021-2024.nl.txt": PLAN_NL, "jaarverslag-2022.nl.txt": REPORT_NL})


@pytest.fixture
def copied(sample_build: Built, tmp_path: Path) -> Path:
    """A data folder with the sample that a test may spoil."""
    shutil.copytree(sample_build.data, tmp_path / "copied")
    return tmp_path / "copied"


# ---------------------------------------------------------------- how commands end

COMMANDS = [
    "build",
    "ingest",
    "remove",
    "review",
    "ask",
    "network",
    "compare",
    "coverage",
    "sparql",
    "validate",
    "status",
    "export",
]
ARGUMENTS: dict[str, list[str]] = {
    "ask": ["maatregel 2.3"],
    "sparql": ["ASK { ?s ?p ?o }"],
    "export": ["folder"],
    "remove": ["x"],
}


def test_the_readme_names_every_command(repository: Path) -> None:
    listed = re.findall(r"^\| `gvpp (\w+)", (repository / "README.md").read_text("utf-8"), re.MULTILINE)
    assert set(COMMANDS) <= set(gvpp.main.commands) and set(listed) <= set(gvpp.main.commands)


@pytest.mark.parametrize("command", sorted(gvpp.main.commands))
def test_every_command_explains_itself_and_takes_json(command: str) -> None:
    result = CliRunner().invoke(gvpp.main, [command, "--help"])
    assert result.exit_code == 0 and "Usage:" in result.stdout
    if command in COMMANDS:
        assert "--json" in result.stdout


def problem(data: Path, *arguments: object, code: int, words: str) -> dict[str, str]:
    """The same error as text, on standard error, and as JSON, with the exit code; nothing is said in vain."""
    as_text = run(data, *arguments)
    assert as_text.exit_code == code and words in as_text.stderr, as_text.output
    assert "Traceback" not in as_text.output
    as_json: dict[str, str] = run_json(data, *arguments, code=code)
    assert words in as_json["what"] and as_json["remedy"] and set(as_json) == {"error", "what", "where", "remedy"}
    return as_json


@pytest.mark.parametrize("command", ["ask", "network", "sparql", "validate", "status", "export"])
def test_nothing_built_yet_is_code_6(data: Path, command: str) -> None:
    error = problem(data, command, *ARGUMENTS.get(command, []), code=6, words="nothing has been built yet")
    assert error["where"] == str(data) and "gvpp build" in error["remedy"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ask",), "Missing argument"),
        (("ask", "x", "--lang", "de"), "'de' is not one of"),
        (("build", "--corpora", "x"), "No such option"),
        (("ingest",), "Missing argument"),
        (("ingest", "a.txt", "--year", "22"), "22 is not in the range"),
        (("ingest", "a.txt", "--genre", "krant"), "'krant' is not one of"),
        (("sparql", "ASK {}", "--format", "xls"), "'xls' is not one of"),
        (("nonsense",), "No such command"),
    ],
)
def test_wrong_use_is_code_2(data: Path, arguments: tuple[str, ...], words: str) -> None:
    problem(data, *arguments, code=2, words=words)
    assert not data.exists()


def test_two_files_cannot_have_one_id(data: Path, corpus: Path) -> None:
    files = sorted(corpus.iterdir())
    problem(data, "ingest", *files, "--id", "x", code=2, words="--id names one document")


@pytest.mark.parametrize(
    "name", ["Met Hoofdletters", "../elders", "a.b", "x" * 101, "restricted", "vocabulary", "findings", "suggested", "judgements"]
)
def test_an_id_that_cannot_be_is_code_2(data: Path, corpus: Path, name: str) -> None:
    reply = run_json(data, "ingest", corpus / "jaarverslag-2022.nl.txt", "--id", name, code=2)
    (error,) = reply["errors"]
    assert "cannot be the id of a document" in error["what"] and "lower-case" in error["remedy"]
    assert set(files_below(data)) <= {"lock"} and not (data.parent / "elders.nl.txt").exists()


@pytest.mark.parametrize(
    "query",
    ["SELECT * { ?s ?p }", "DELETE WHERE { ?s ?p ?o }", "ASK { SERVICE <https://kg.example.org/sparql> { ?s ?p ?o } }", ""],
)
def test_a_query_that_is_wrong_or_not_allowed_is_code_7(sample_build: Built, query: str) -> None:
    problem(sample_build.data, "sparql", query, code=7, words="")


def test_a_query_file_that_cannot_be_read_is_code_3(sample_build: Built, tmp_path: Path) -> None:
    problem(sample_build.data, "sparql", f"@{tmp_path / 'none.rq'}", code=3, words="cannot be read")


def test_a_data_folder_that_is_busy_is_code_6(data: Path, corpus: Path) -> None:
    run_json(data, "build", "--corpus", corpus)
    command = [sys.executable, "-c", "import gvpp, sys; gvpp.main(sys.argv[1:])"]
    root = Path(gvpp.__file__).parent
    with build_lock(data):
        for arguments in (("build",), ("ingest", str(corpus / "jaarverslag-2022.nl.txt")), ("remove", "jaarverslag-2022")):
            other = subprocess.run(
                [*command, *arguments, "--json"], cwd=root, env={"GVPP_DATA": str(data)}, capture_output=True, text=True
            )
            assert other.returncode == 6 and "another build is running" in json.loads(other.stdout)["what"], other.stderr
    assert run_json(data, "status")["documents"].keys() == {"gvpp-2021-2024", "jaarverslag-2022"}


def test_a_data_folder_that_is_a_file_is_code_6(tmp_path: Path, corpus: Path) -> None:
    (tmp_path / "data").write_text("x")
    problem(tmp_path / "data", "build", "--corpus", corpus, code=6, words="cannot be")


def test_a_damaged_data_folder_is_code_6_until_it_is_built_again(data: Path, corpus: Path) -> None:
    run_json(data, "build", "--corpus", corpus)
    generation = current(data)
    assert generation is not None
    (generation.path / "manifest.json").write_text("{")
    problem(data, "status", code=6, words="damaged")


def test_wrong_settings_are_code_3(data: Path) -> None:
    result = CliRunner().invoke(gvpp.main, ["status", "--json"], env={"GVPP_DATA": str(data), "GVPP_BASE": "ftp://x"})
    assert result.exit_code == 3 and "GVPP_BASE" in json.loads(result.stdout)["where"]


# ---------------------------------------------------------------- build, ingest, remove, status


def test_build_tells_what_it_did(data: Path, corpus: Path) -> None:
    first = run(data, "build", "--corpus", corpus)
    assert first.exit_code == 0
    assert "+ gvpp-2021-2024: " in first.stdout and "4 measures" in first.stdout
    assert "detected in jaarverslag-2022.nl: title = Jaarverslag 2022, genre = report, year = 2022" in first.stdout
    assert "2 added, 0 updated, 0 kept, 0 removed" in first.stdout and "published: " in first.stdout
    assert "nothing changed; in use: " in run(data, "build").stdout  # the folders are those of the last build
    (corpus / "jaarverslag-2022.nl.txt").write_text(REPORT_NL.replace("48", "49"))
    assert "~ jaarverslag-2022: " in run(data, "build").stdout
    (corpus / "jaarverslag-2022.nl.txt").unlink()
    assert "- jaarverslag-2022: removed" in run(data, "build").stdout


def test_build_lists_the_findings_with_their_places(copied: Path) -> None:
    result = run(copied, "build")
    reply = run_json(copied, "build")
    assert {finding["kind"] for finding in reply["findings"]} >= {"same-text", "two-values", "parts-total", "count"}
    for finding in reply["findings"]:
        assert finding["nl"] in result.stdout and finding["fr"] in result.stdout
        assert finding["places"] and all(place["quote"] and place["document"] for place in finding["places"])


def test_a_document_is_ingested_replaced_and_removed(data: Path, tmp_path: Path) -> None:
    file = write_corpus(tmp_path / "given", {"Verslag 2022.txt": REPORT_NL}) / "Verslag 2022.txt"
    reply = run_json(data, "ingest", file)
    assert reply["added"] == ["verslag-2022"] and reply["detected"]["verslag-2022.nl"]["genre"] == "report"
    file.write_text(REPORT_NL.replace("48", "49"))
    assert run_json(data, "ingest", file, "--title", "Het verslag", "--year", "2023")["updated"] == ["verslag-2022"]
    source = run_json(data, "status")["sources"]["verslag-2022.nl"]
    assert source["title"] == {"nl": "Het verslag"} and source["year"] == 2023
    assert run_json(data, "ingest", file)["detected"]["verslag-2022.nl"]["year"] == "2022"  # what was said before is forgotten
    assert run_json(data, "remove", "verslag-2022")["removed"] == ["verslag-2022"]
    assert files_below(data / "documents") == {}
    problem(data, "remove", "verslag-2022", code=2, words="there is no document 'verslag-2022'")


def test_two_languages_of_a_document_are_ingested_one_by_one(data: Path, tmp_path: Path) -> None:
    given = write_corpus(tmp_path / "given", {"a.txt": PLAN_NL, "b.txt": PLAN_FR})
    run_json(data, "ingest", given / "a.txt", "--id", "gvpp-2021-2024", "--title", "Het plan", "--genre", "plan")
    run_json(data, "ingest", given / "b.txt", "--id", "gvpp-2021-2024", "--title", "Le plan")
    sources = run_json(data, "status")["sources"]
    assert set(sources) == {"gvpp-2021-2024.nl", "gvpp-2021-2024.fr"}
    assert sources["gvpp-2021-2024.nl"]["title"] == {"nl": "Het plan", "fr": "Le plan"}
    assert run_json(data, "remove", "gvpp-2021-2024")["removed"] == ["gvpp-2021-2024"]


def test_titles_survive_whatever_signs_they_have(data: Path, corpus: Path) -> None:
    title = 'Verslag "2022" \\ deel\t1 – œuvre 😀 \x7f'
    run_json(data, "ingest", corpus / "jaarverslag-2022.nl.txt", "--title", title)
    assert run_json(data, "status")["sources"]["jaarverslag-2022.nl"]["title"] == {"nl": 'Verslag "2022" \\ deel 1 – œuvre 😀'}


def test_what_is_ingested_stands_before_the_corpus(data: Path, corpus: Path, tmp_path: Path) -> None:
    run_json(data, "build", "--corpus", corpus)
    newer = (
        write_corpus(tmp_path / "given", {"jaarverslag-2022.nl.txt": REPORT_NL.replace("48", "49")}) / "jaarverslag-2022.nl.txt"
    )
    reply = run_json(data, "ingest", newer)
    assert (reply["updated"], reply["errors"]) == (["jaarverslag-2022"], [])
    assert any(str(corpus / "jaarverslag-2022.nl.txt") in note and "passed over" in note for note in reply["notes"])
    assert "49 ontmoetingen" in texts(data)["jaarverslag-2022.nl"]


def test_a_document_of_a_corpus_is_removed_until_it_is_ingested(data: Path, corpus: Path, tmp_path: Path) -> None:
    run_json(data, "build", "--corpus", corpus)
    before, file = graphs(data), corpus / "jaarverslag-2022.nl.txt"
    run_json(data, "ingest", file)
    reply = run_json(data, "remove", "jaarverslag-2022")  # the copy as well as that of the corpus, which is left alone
    assert reply["removed"] == ["jaarverslag-2022"] and file.exists()
    assert b"jaarverslag-2022" not in b"".join(graphs(data).values())
    again = run_json(data, "build", "--corpus", corpus)
    assert not again["changed"] and "was removed" in again["notes"][0]
    problem(data, "remove", "jaarverslag-2022", code=2, words="there is no document")
    assert run_json(data, "ingest", file)["added"] == ["jaarverslag-2022"]
    assert graphs(data) == before


def test_a_document_whose_removal_cannot_be_built_stays(data: Path, corpus: Path) -> None:
    run_json(data, "ingest", *sorted(corpus.iterdir()))
    before = files_below(data / "documents")
    write_corpus(data / "documents", {"sources/gvpp-2021-2024.toml": "[minimum]\nmeasures = 9\n"})
    assert run_json(data, "remove", "jaarverslag-2022", code=4)["error"] == "ExtractionError"
    assert before.items() <= files_below(data / "documents").items()


def test_the_first_ingest_needs_no_corpus(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert run_json(tmp_path / "data", "ingest", corpus / "jaarverslag-2022.nl.txt")["errors"] == []
    assert run_json(tmp_path / "data", "build")["errors"] == []


def test_status_says_what_there_is_and_from_where(sample_build: Built) -> None:
    reply = run_json(sample_build.data, "status")
    assert {"name", "date", "base", "software", "folders", "sources", "documents", "findings", "warnings"} <= set(reply)
    assert reply["folders"] == [str(sample_build.corpus)]
    assert len(reply["documents"]) == 11 and len(reply["sources"]) == 12
    text = run(sample_build.data, "status").stdout
    assert reply["name"] in text and all(key in text for key in reply["sources"])


# ---------------------------------------------------------------- sparql, validate, export

COUNT = "SELECT (COUNT(*) AS ?n) { ?m a gvpp:Measure ; dct:isPartOf <id/plan/gvpp-2021-2024> }"


def test_sparql_prints_what_is_asked_for(sample_build: Built, tmp_path: Path) -> None:
    data = sample_build.data
    assert run(data, "sparql", COUNT).stdout.split() == ["n", "--", "42", "(1", "rows)"]
    assert run(data, "sparql", COUNT, "--format", "csv").stdout.split() == ["n", "42"]
    assert run(data, "sparql", COUNT, "--format", "tsv").stdout.split() == ["?n", "42"]
    assert run_json(data, "sparql", COUNT)["results"]["bindings"][0]["n"]["value"] == "42"
    assert run(data, "sparql", "ASK { ?m a gvpp:Measure }").stdout.strip() == "true"
    (tmp_path / "q.rq").write_text(COUNT)
    assert run(data, "sparql", f"@{tmp_path / 'q.rq'}", "--format", "csv").stdout.split() == ["n", "42"]


def test_sparql_prints_a_graph_as_turtle_or_json(sample_build: Built) -> None:
    query = "CONSTRUCT { ?m a gvpp:Measure } { ?m a gvpp:Measure ; dct:isPartOf <id/plan/gvpp-2021-2024> }"
    turtle = run(sample_build.data, "sparql", query).stdout
    assert len(list(ox.parse(turtle, format=ox.RdfFormat.TURTLE))) == 42
    written = json.dumps(run_json(sample_build.data, "sparql", query))
    assert len(list(ox.parse(written, format=ox.RdfFormat.JSON_LD))) == 42


def test_validate_finds_what_does_not_conform(data: Path, corpus: Path) -> None:
    run_json(data, "build", "--corpus", corpus)
    assert run_json(data, "validate") == {"conforms": True, "violations": []}
    assert "every graph conforms" in run(data, "validate").stdout
    generation = current(data)
    assert generation is not None
    graph = generation.path / "graphs" / "jaarverslag-2022.nq"
    figure, kind = "<https://gvpp.example/id/figure/x>", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    spoilt = f"{figure} {kind} <https://gvpp.example/ns/gvpp#Figure> <https://gvpp.example/id/graph/jaarverslag-2022> .\n"
    graph.write_text(graph.read_text("utf-8") + spoilt, "utf-8")
    result = run(data, "validate")
    assert result.exit_code == 5 and "jaarverslag-2022: https://gvpp.example/id/figure/x" in result.stdout
    reply = run_json(data, "validate", code=5)
    assert not reply["conforms"] and {violation["graph"] for violation in reply["violations"]} == {"jaarverslag-2022"}


def test_export_writes_the_public_graph_in_every_form(sample_build: Built, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "deep"
    written = run_json(sample_build.data, "export", folder)["files"]
    assert {Path(name).name for name in written} == {path.name for path in folder.iterdir()}
    public = ox.Store()  # which writes numbers in one way, as the store of the product does
    for name, content in graphs(sample_build.data).items():
        if name.startswith("graphs/"):
            public.load(content, format=ox.RdfFormat.N_QUADS)
    for name, form in (("gvpp.trig", ox.RdfFormat.TRIG), ("gvpp.jsonld", ox.RdfFormat.JSON_LD)):
        assert set(ox.parse((folder / name).read_bytes(), format=form)) == set(public)
    triples = {quad.triple for quad in ox.parse((folder / "gvpp.ttl").read_bytes(), format=ox.RdfFormat.TURTLE)}
    suggested = ox.NamedNode("https://gvpp.example/id/graph/suggested")
    assert triples == {quad.triple for quad in public if quad.graph_name != suggested}
    measures = list(csv.DictReader(io.StringIO((folder / "measures.csv").read_text("utf-8"))))
    assert {row["plan"].rsplit("/", 1)[-1] for row in measures} >= {"gvpp-2017-2020", "gvpp-2021-2024", "gvpp-2025-2028"}
    again = files_below(folder)
    assert run(sample_build.data, "export", folder).exit_code == 0 and files_below(folder) == again


def test_export_into_a_file_is_code_6(sample_build: Built, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    problem(sample_build.data, "export", tmp_path / "out", code=6, words="cannot be written")


# ---------------------------------------------------------------- the main question


def letters(text: str) -> str:
    """Nothing but letters and digits: line ends, hyphens at line ends and marks between words count for nothing."""
    return re.sub(r"[\W_]+", "", text).casefold()


def assert_verbatim(data: Path, rows: list[dict[str, Any]]) -> None:
    """Every row quotes words that stand at the place it names in the published text."""
    published = texts(data)
    for row in rows:
        assert row["citations"], row["label"]
        for citation in row["citations"]:
            assert citation["page"] or citation["section"]
            texts_of = [text for key, text in published.items() if key[:-3] == citation["document"]]
            assert letters(citation["quote"]) in {letters(text[citation["start"] : citation["end"]]) for text in texts_of}, (
                citation
            )


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_the_main_question_on_the_sample(sample_build: Built, lang: str) -> None:
    reply = run_json(sample_build.data, "ask", MAIN_QUESTION[lang])
    assert (reply["status"], reply["lang"], reply["intent"]) == ("answered", lang, "implements")
    assert any("Réseau Intersection" in name for name in names(reply["answers"]))
    assert {(row["plan"], row["number"]) for row in reply["answers"]} == {("gvpp-2021-2024", "2.3")}
    assert_verbatim(sample_build.data, reply["answers"])
    cited = {citation["document"] for row in reply["answers"] for citation in row["citations"]}
    assert cited >= {"jaarverslag-2022", "jaarverslag-2023"}
    for edition in ("2017-2020", "2025-2028"):  # 2.3 is another measure there, and nothing is reported under it
        assert any(edition in note for note in reply["notes"])
    assert reply["corpus"]["version"] == run_json(sample_build.data, "status")["name"] and reply["sparql"]
    printed = run(sample_build.data, "ask", MAIN_QUESTION[lang]).stdout
    assert "Réseau Intersection" in printed and "2021-2024" in printed and "«" in printed


@pytest.mark.parametrize(("lang", "words"), [("nl", "Maatregel 2.3"), ("fr", "La mesure 2.3"), ("en", "Measure 2.3")])
def test_the_answer_is_in_the_language_that_is_asked_for(sample_build: Built, lang: str, words: str) -> None:
    reply = run_json(sample_build.data, "ask", MAIN_QUESTION["nl"], "--lang", lang)
    assert reply["lang"] == lang and reply["text"].startswith(words)


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_what_is_not_there_is_not_made_up(sample_build: Built, lang: str) -> None:
    question = {
        "nl": "Welke initiatieven voeren maatregel 2.99 uit?",
        "fr": "Quelles initiatives mettent en œuvre la mesure 2.99 ?",
    }
    reply = run_json(sample_build.data, "ask", question[lang])
    assert reply["status"] == "not_found" and reply["answers"] == [] and "2.99" in reply["text"]
    assert {row["kind"] for row in reply["nearest"]} == {"Measure"}


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_the_main_question_on_the_real_publications(real_build: Built, lang: str) -> None:
    reply = run_json(real_build.data, "ask", MAIN_QUESTION[lang])
    assert (reply["status"], reply["lang"]) == ("answered", lang)
    assert "Réseau Intersection België" in names(reply["answers"])
    assert {row["plan"] for row in reply["answers"]} == {"gvpp-2021-2024"}
    assert_verbatim(real_build.data, reply["answers"])
    cited = [citation for row in reply["answers"] for citation in row["citations"]]
    assert any(citation["document"] == "jaarverslag-2024" and "2.3" in citation["quote"] for citation in cited)
    assert any("2017-2020" in note for note in reply["notes"])
