"""From files to a published graph: what is done again and what is kept, whatever the order, and what a kill leaves."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from corpus_help import FICHE_NL, PLAN_FR, PLAN_NL, REPORT_FR, REPORT_NL, TINY, Built, graphs, run, run_json, texts, write_corpus

from ingest import pipeline
from ingest.sources import MINIMUMS
from kg.errors import ExtractionError, SourceError, ValidationError
from kg.settings import Settings
from kg.store import Rows, current, query
from kg.validate import Violation

ROOT = Path(pipeline.__file__).parent.parent
OTHER_REPORT = REPORT_NL.replace("48 ontmoetingen", "51 ontmoetingen")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    build(folder / "data", write_corpus(folder / "corpus"))
    return folder / "data"


@pytest.fixture
def ready(once: Path, corpus: Path, data: Path) -> pipeline.Result:
    """The corpus is built into the data folder; copied from one build, which saves the time to extract and to validate."""
    shutil.copytree(once, data)
    return build(data, corpus)


def build(data: Path, *folders: Path) -> pipeline.Result:
    return pipeline.build(Settings(data=data, encoder="none"), folders)


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of the files that are extracted, as it happens."""
    done: list[str] = []
    real = pipeline._extract

    def spy(item: Any, tools: Any) -> Any:
        done.append(item.key)
        return real(item, tools)

    monkeypatch.setattr(pipeline, "_extract", spy)
    return done


# ---------------------------------------------------------------- what is done again


def test_a_build_publishes_a_graph_for_each_document(corpus: Path, data: Path) -> None:
    result = build(data, corpus)
    documents = ["fiche-pz5343-fietsen", "gvpp-2021-2024", "jaarverslag-2022", "rapport-annuel-2023"]
    assert result.changed and result.added == documents and not result.errors
    expected = {f"graphs/{name}.nq" for name in (*documents, "vocabulary", "findings")}
    assert expected == set(graphs(data)) - {"restricted/restricted.nq"}
    assert result.counts["gvpp-2021-2024"]["measures"] == 4 and result.counts["gvpp-2021-2024"]["themes"] == 2
    assert set(texts(data)) == {name.removesuffix(".txt") for name in TINY}


def test_two_languages_of_one_document_share_its_graph(ready: pipeline.Result, corpus: Path, data: Path) -> None:
    generation = current(data)
    assert generation is not None
    texts_of = (
        "SELECT ?l { GRAPH <id/graph/gvpp-2021-2024> { ?m dct:identifier '2.1' ; dct:description ?d BIND(LANG(?d) AS ?l) } }"
    )
    rows = query(generation, texts_of, base=generation.manifest["base"])
    assert isinstance(rows, Rows) and {row["l"].value for row in rows.rows} == {"nl", "fr"}  # type: ignore[union-attr]


def test_nothing_changed_is_no_work(
    ready: pipeline.Result, corpus: Path, data: Path, extracted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_publish", lambda *_: pytest.fail("published although nothing changed"))
    again = build(data, corpus)
    assert extracted == [] and not again.changed
    assert again.generation and ready.generation and again.generation.path == ready.generation.path
    assert again.kept == sorted(ready.counts) and again.findings == ready.findings and again.counts == ready.counts


def test_one_changed_file_replaces_its_graph_alone(
    ready: pipeline.Result, corpus: Path, data: Path, extracted: list[str]
) -> None:
    before = graphs(data)
    (corpus / "jaarverslag-2022.nl.txt").write_text(OTHER_REPORT)
    result = build(data, corpus)
    assert extracted == ["jaarverslag-2022.nl"]
    assert (result.updated, result.added, result.removed) == (["jaarverslag-2022"], [], [])
    after = graphs(data)
    assert [name for name in after if after[name] != before.get(name)] == ["graphs/jaarverslag-2022.nq"]
    assert b'"51"' in after["graphs/jaarverslag-2022.nq"] and b'"48"' not in after["graphs/jaarverslag-2022.nq"]


def test_only_graphs_that_changed_are_validated(
    ready: pipeline.Result, corpus: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def spy(name: str, *_: object) -> list[Violation]:
        seen.append(name)
        return []

    monkeypatch.setattr("kg.validate.violations", spy)
    (corpus / "jaarverslag-2022.nl.txt").write_text(OTHER_REPORT)
    build(data, corpus)
    assert seen == ["jaarverslag-2022"]


def test_changed_metadata_count_as_a_change(ready: pipeline.Result, corpus: Path, data: Path, extracted: list[str]) -> None:
    write_corpus(corpus, {"sources/jaarverslag-2022.toml": 'title.nl = "Het jaar 2022"\n'})
    assert build(data, corpus).updated == ["jaarverslag-2022"]
    assert extracted == ["jaarverslag-2022.nl"]
    assert b"Het jaar 2022" in graphs(data)["graphs/jaarverslag-2022.nq"]


def test_a_removed_file_leaves_no_trace(ready: pipeline.Result, corpus: Path, data: Path) -> None:
    (corpus / "rapport-annuel-2023.fr.txt").unlink()
    assert build(data, corpus).removed == ["rapport-annuel-2023"]
    assert not [name for name, content in graphs(data).items() if b"rapport-annuel-2023" in content]
    assert "rapport-annuel-2023.fr" not in texts(data)


def test_the_last_document_can_go_too(ready: pipeline.Result, corpus: Path, data: Path) -> None:
    for path in corpus.iterdir():
        path.unlink()
    result = build(data, corpus)
    assert result.changed and len(result.removed) == 4
    assert set(graphs(data)) == {"graphs/vocabulary.nq", "graphs/findings.nq", "restricted/restricted.nq"}


def test_the_same_words_under_another_id_are_another_document(ready: pipeline.Result, corpus: Path, data: Path) -> None:
    shutil.copyfile(corpus / "jaarverslag-2022.nl.txt", corpus / "verslag-2022-kopie.nl.txt")
    assert build(data, corpus).added == ["verslag-2022-kopie"]
    (corpus / "jaarverslag-2022.nl.txt").rename(corpus / "verslag-2022-nieuw.nl.txt")
    result = build(data, corpus)
    assert (result.added, result.removed) == (["verslag-2022-nieuw"], ["jaarverslag-2022"])


def test_a_damaged_cache_is_made_again(ready: pipeline.Result, corpus: Path, data: Path) -> None:
    before = graphs(data)
    for path in (data / "cache").iterdir():
        path.write_bytes(b"no pickle")
    (corpus / "jaarverslag-2022.nl.txt").write_text(OTHER_REPORT)
    build(data, corpus)
    assert [name for name, content in graphs(data).items() if content != before[name]] == ["graphs/jaarverslag-2022.nq"]


def test_another_base_changes_every_iri(ready: pipeline.Result, corpus: Path, data: Path) -> None:
    pipeline.build(Settings(data=data, base="https://kg.example.org", encoder="none"), [corpus])
    assert not [name for name, content in graphs(data).items() if b"https://gvpp.example/" in content]


# ---------------------------------------------------------------- incremental equals full

VERSIONS: dict[str, list[str]] = {
    "gvpp-2021-2024.nl.txt": [PLAN_NL, PLAN_NL.replace("in het commissariaat", "in elk commissariaat")],
    "gvpp-2021-2024.fr.txt": [PLAN_FR],
    "jaarverslag-2022.nl.txt": [REPORT_NL, OTHER_REPORT],
    # The same initiative under the name that the French report prints otherwise: who is asked first must not matter.
    "verslag-2023.nl.txt": [REPORT_NL.replace("2022", "2023").replace("Lichtwacht", "LICHTWACHT")],
    "rapport-annuel-2023.fr.txt": [REPORT_FR, REPORT_FR.replace("52 rencontres", "53 rencontres")],
    "fiche-pz5343-fietsen.nl.txt": [FICHE_NL],
}


def everything(data: Path) -> dict[str, Any]:
    generation = current(data)
    assert generation is not None
    told = {key: generation.manifest[key] for key in ("documents", "findings", "warnings", "hashes")}
    return {**graphs(data), **texts(data), "told": told}


def assert_equals_full(data: Path, corpus: Path, fresh: Path) -> None:
    build(fresh, corpus)
    incremental, full = everything(data), everything(fresh)
    assert incremental.keys() == full.keys()
    assert [name for name in full if incremental[name] != full[name]] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_any_additions_changes_and_removals_the_graph_is_that_of_a_full_build(
    tmp_path: Path, data: Path, seed: int
) -> None:
    chance, corpus = random.Random(seed), tmp_path / "corpus"
    corpus.mkdir()
    here: dict[str, str] = {}
    while len(here) < 3:
        name = chance.choice(list(VERSIONS))
        here[name] = chance.choice(VERSIONS[name])
    write_corpus(corpus, here)
    build(data, corpus)
    for _ in range(6):
        name = chance.choice(list(VERSIONS))
        wanted = chance.choice([*VERSIONS[name], None])
        if wanted is None and len(here) > 1:
            here.pop(name, None)
            (corpus / name).unlink(missing_ok=True)
        elif wanted is not None:
            here[name] = wanted
            (corpus / name).write_text(wanted)
        build(data, corpus)
    assert_equals_full(data, corpus, tmp_path / "full")


@pytest.mark.parametrize("backwards", [False, True])
def test_the_order_of_additions_leaves_no_trace(tmp_path: Path, data: Path, backwards: bool) -> None:
    corpus = tmp_path / "corpus"
    for name in sorted(VERSIONS, reverse=backwards):
        write_corpus(corpus, {name: VERSIONS[name][0]})
        build(data, corpus)
    assert_equals_full(data, corpus, tmp_path / "full")


def test_the_order_of_folders_leaves_no_trace(tmp_path: Path, data: Path) -> None:
    names = sorted(VERSIONS)
    folders = [write_corpus(tmp_path / str(part), {name: VERSIONS[name][0] for name in names[part::2]}) for part in (0, 1)]
    build(data, *folders)
    build(tmp_path / "other", *reversed(folders))
    assert graphs(data) == graphs(tmp_path / "other")


@pytest.mark.slow
def test_the_sample_built_one_by_one_equals_the_sample_built_at_once(sample_build: Built, tmp_path: Path, data: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(sample_build.corpus / "sources", corpus / "sources")
    files = [
        path
        for path in sorted(sample_build.corpus.iterdir(), reverse=True)
        if path.name.count(".") == 2 and path.suffix != ".src"
    ]
    for path in files:
        shutil.copyfile(path, corpus / path.name)
        build(data, corpus)
    assert everything(data) == everything(sample_build.data)


# ---------------------------------------------------------------- builds that must publish nothing


def test_less_than_the_promised_minimum_fails_the_build(ready: pipeline.Result, corpus: Path, data: Path) -> None:
    before = current(data)
    write_corpus(corpus, {"sources/gvpp-2021-2024.toml": "[minimum]\nmeasures = 4\nthemes = 2\n"})
    assert build(data, corpus).generation != before
    before = current(data)
    (corpus / "gvpp-2021-2024.nl.txt").write_text(PLAN_NL[: PLAN_NL.index("2.1 ")])
    with pytest.raises(ExtractionError, match="yields 2 measures, at least 4 are promised") as error:
        build(data, corpus)
    assert "gvpp-2021-2024.nl.txt" in error.value.where and "minimum" in error.value.remedy
    assert current(data) == before
    result = run(data, "build", "--corpus", corpus)
    assert result.exit_code == 4 and "nothing was published" in result.stderr
    assert current(data) == before


def test_an_invalid_graph_fails_the_build(
    ready: pipeline.Result, corpus: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current(data)
    wrong = Violation("jaarverslag-2022", "id/initiative/x", "skos:prefLabel", "An initiative has a label.", "")
    monkeypatch.setattr("kg.validate.violations", lambda *_: [wrong])
    (corpus / "jaarverslag-2022.nl.txt").write_text(OTHER_REPORT)
    with pytest.raises(ValidationError, match=r"jaarverslag-2022.*An initiative has a label") as error:
        build(data, corpus)
    assert "nothing was published" in error.value.remedy
    assert run(data, "build").exit_code == 5
    assert current(data) == before


def test_graphs_are_validated_in_other_processes_where_they_are_large(
    corpus: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.validation.ALONE", 1)
    assert build(data, corpus).changed


def test_a_folder_that_is_gone_takes_no_documents_with_it(
    ready: pipeline.Result, corpus: Path, data: Path, tmp_path: Path
) -> None:
    before = current(data)
    corpus.rename(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="does not exist"):
        build(data, corpus)
    assert current(data) == before


def test_nothing_to_build_is_an_error(tmp_path: Path, data: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="there is no document"):
        build(data, tmp_path / "empty")
    assert current(data) is None


def test_metadata_may_promise_whatever_is_counted() -> None:
    assert set(MINIMUMS) == {*pipeline.COUNTED.values(), "themes", "passages"}


# ---------------------------------------------------------------- killed builds

Moment = Callable[[], bool]


def appears(data: Path, pattern: str) -> Moment:
    before = set(data.glob(pattern))
    return lambda: not before.issuperset(data.glob(pattern))


def swapped(data: Path) -> Moment:
    before = (data / "current").read_text()
    return lambda: (data / "current").read_text() != before


def start(data: Path, *arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "gvpp.py"), *map(str, arguments)]
    return subprocess.Popen(command, env={"GVPP_DATA": str(data), "PATH": ""}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def kill_when(process: subprocess.Popen[bytes], has_come: Moment) -> None:
    """Kill it at this moment; AssertionError where it ended before, since nothing would be tested."""
    while not has_come() and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    _, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err.decode()


def assert_whole(data: Path, *allowed: str) -> None:
    """The generation in use answers, agrees with itself, and reports one of these numbers of meetings in 2022."""
    generation = current(data)
    assert generation is not None
    files = {path.stem for path in (generation.path / "graphs").iterdir()}
    assert files == {*generation.manifest["documents"], "vocabulary", "findings"}
    found = "SELECT ?v { GRAPH <id/graph/jaarverslag-2022> { ?f a gvpp:Figure ; schema:value ?v } }"
    rows = query(generation, found, base=generation.manifest["base"])
    assert isinstance(rows, Rows) and len(rows.rows) == 1
    (value,) = (row["v"].value for row in rows.rows)  # type: ignore[union-attr]
    assert value in allowed and f"{value} ontmoetingen" in texts(data)["jaarverslag-2022.nl"]
    assert run_json(data, "ask", "Welke initiatieven voeren maatregel 1.2 uit?")["status"] == "answered"


MOMENTS: dict[str, Callable[[Path], Moment]] = {
    "the extraction is kept": lambda data: appears(data, "cache/*.pickle"),
    "a generation is begun": lambda data: appears(data, "generations/.building-*"),
    "it is written": lambda data: appears(data, "generations/.building-*/manifest.json"),
    "it is in use": swapped,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_build_leaves_the_last_good_one_in_use(
    ready: pipeline.Result, corpus: Path, data: Path, tmp_path: Path, moment: str
) -> None:
    (corpus / "jaarverslag-2022.nl.txt").write_text(OTHER_REPORT)
    has_come = MOMENTS[moment](data)
    kill_when(start(data, "build"), has_come)
    assert_whole(data, "48", "51")
    build(data, corpus)
    assert_whole(data, "51")
    (corpus / "jaarverslag-2022.nl.txt").write_text(REPORT_NL)
    build(data, corpus)  # what a build that died left behind goes when the next one publishes
    assert_whole(data, "48")
    assert not [path for path in (data / "generations").iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_killed_at_moments_by_chance(ready: pipeline.Result, corpus: Path, data: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    for number in range(12):
        (corpus / "jaarverslag-2022.nl.txt").write_text(REPORT_NL.replace("48 ontm", f"{100 + number} ontm"))
        process = start(data, "build")
        try:
            process.communicate(timeout=chance.uniform(0.3, 4.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        assert_whole(data, "48", *(str(100 + n) for n in range(number + 1)))
    build(data, corpus)
    assert_equals_full(data, corpus, tmp_path / "full")


def test_a_killed_ingest_leaves_a_folder_that_builds(ready: pipeline.Result, corpus: Path, data: Path, tmp_path: Path) -> None:
    new = (
        write_corpus(tmp_path / "new", {"jaarverslag-2024.nl.txt": REPORT_NL.replace("2022", "2024")}) / "jaarverslag-2024.nl.txt"
    )
    kill_when(start(data, "ingest", new, "--id", "verslag-2024"), appears(data, "documents/verslag-2024.*"))
    assert_whole(data, "48")
    assert run(data, "build").exit_code == 0
    assert_whole(data, "48")
    assert "jaarverslag-2022" in run_json(data, "status")["documents"]
    assert not list(data.glob(".before-*/documents/verslag-2024.*"))


# ---------------------------------------------------------------- the real publications


def test_the_real_plans_are_complete(real_build: Built) -> None:
    documents = run_json(real_build.data, "status")["documents"]
    assert {key: documents["gvpp-2017-2020"][key] for key in ("measures", "themes")} == {"measures": 120, "themes": 10}
    assert {key: documents["jaarverslag-2024"][key] for key in ("measures", "themes")} == {"measures": 77, "themes": 9}
    counted = "SELECT ?p (COUNT(DISTINCT ?m) AS ?n) { ?m a gvpp:Measure ; dct:isPartOf ?p . ?p a gvpp:Plan } GROUP BY ?p"
    rows = run_json(real_build.data, "sparql", counted)["results"]["bindings"]
    found = {row["p"]["value"].rsplit("/", 1)[-1]: int(row["n"]["value"]) for row in rows}
    assert found == {"gvpp-2017-2020": 120, "gvpp-2021-2024": 77}


def test_the_real_graphs_conform_to_the_shapes(real_build: Built) -> None:
    assert run_json(real_build.data, "validate") == {"conforms": True, "violations": []}
