"""Curated labels: when they count, what they are called in the graph, and rows that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_help import Built, run_json, write_corpus
from judging_help import ask, build

from kg.errors import MetadataError
from kg.labels import Label, load_labels

HEADER = "ref,of,nl,fr,en"
GOOD = "id/measure/gvpp-2021-2024/1.1,verlichting pleinen stations,Betere verlichting,Meilleur éclairage,Better lighting"


def written(folder: Path, *rows: str) -> Path:
    folder.mkdir()
    (folder / "labels.csv").write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    return folder


LABEL = Label(
    {"nl": "Betere verlichting van pleinen", "fr": "Meilleur éclairage des places", "en": "x"}, frozenset({"verlicht", "plein"})
)


@pytest.mark.parametrize(
    ("texts", "fits"),
    [
        ([("nl", "De verlichting van de pleinen verbeteren.")], True),
        ([("nl", "De parken onderhouden.")], False),
        ([("nl", "De parken onderhouden."), ("fr", "Améliorer l’éclairage des places.")], False),
        ([("fr", "Améliorer l’éclairage des places et des gares.")], True),
        ([("fr", "Entretenir les parcs.")], False),
        ([], False),
    ],
)
def test_a_label_counts_for_the_text_that_it_was_written_from(texts: list[tuple[str, str]], fits: bool) -> None:
    assert LABEL.fits(texts) is fits


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (GOOD, "labels already"),
        ("id/measure/gvpp-2021-2024/1.2,,a,b,c", "empty cell"),
        ("id/measure/gvpp-2021-2024/1.2,woord,a,b,c,d", "one too many"),
        (
            "id/measure/gvpp-2021-2024/1.2,woord,Een opleiding voor het onthaal,Een opleiding voor het onthaal,Lesson",
            "under fr is in nl",
        ),
        (
            "id/measure/gvpp-2021-2024/1.2,woord,Une leçon pour les cyclistes,Une leçon pour les cyclistes,Lesson",
            "under nl is in fr",
        ),
    ],
)
def test_a_wrong_row_is_left_out_and_told_with_its_line(tmp_path: Path, row: str, told: str) -> None:
    found = load_labels(written(tmp_path / "labels", GOOD, row))
    assert list(found.by_ref) == ["id/measure/gvpp-2021-2024/1.1"]
    assert len(found.problems) == 1 and told in str(found.problems[0]) and "line 3" in str(found.problems[0])
    assert found.problems[0].remedy


def test_names_that_are_the_same_in_every_language_are_no_mistake(tmp_path: Path) -> None:
    row = "id/initiative/x,cop,Coffee with a Cop,Coffee with a Cop,Coffee with a Cop"
    assert not load_labels(written(tmp_path / "labels", row)).problems


def test_a_file_with_other_columns_is_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path / "labels")
    (folder / "labels.csv").write_text("ref,nl\n", "utf-8")
    with pytest.raises(MetadataError, match="other columns"):
        load_labels(folder)


def test_no_row_of_ours_is_wrong() -> None:
    assert len(load_labels().by_ref) > 350 and not load_labels().problems


def test_a_build_goes_on_without_a_wrong_row_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = load_labels(written(tmp_path / "labels", GOOD, "id/measure/gvpp-2021-2024/1.2,,a,b,c"))
    for module in ("ingest.link", "kg.labels"):
        monkeypatch.setattr(f"{module}.load_labels", lambda: found)
    result = build(tmp_path / "data", write_corpus(tmp_path / "corpus"))
    assert result.changed and [str(error) for error in result.errors] == [str(found.problems[0])]


def test_a_measure_without_a_label_is_called_by_its_first_clause(tmp_path: Path) -> None:
    build(tmp_path / "data", write_corpus(tmp_path / "corpus"))
    assert ask(tmp_path / "data", "<id/measure/gvpp-2021-2024/1.1> skos:prefLabel ?l FILTER(LANG(?l) = 'nl' && STRLEN(?l) > 10)")


def test_pillars_and_values_have_names_in_the_graph(sample_build: Built) -> None:
    for value in ("<auth/pillar/prevention>", "gvpp:planned", "gvpp:suggested"):
        for lang in ("nl", "fr", "en"):
            assert ask(sample_build.data, f"{value} skos:prefLabel ?l FILTER(LANG(?l) = '{lang}')")


# ---------------------------------------------------------------- what continues a measure, asked in words


@pytest.mark.parametrize(
    ("question", "lang", "word"),
    [
        ("Welke maatregel uit het plan 2021-2024 zet maatregel 1.5 van 2017-2020 voort?", "nl", "berekend"),
        ("Qu'est devenue la mesure 1.5 du plan 2017-2020 dans le plan 2021-2024 ?", "fr", "calculé"),
    ],
)
def test_what_continues_a_measure_is_answered_and_said_to_be_computed(
    sample_build: Built, question: str, lang: str, word: str
) -> None:
    reply = run_json(sample_build.data, "ask", question)
    assert (reply["intent"], reply["lang"], reply["status"]) == ("compare", lang, "answered")
    assert reply["answers"] and all(row["certainty"] == "suggested" and row["citations"] for row in reply["answers"])
    assert any(word in note for note in reply["notes"]) and "suggested" in reply["sparql"]


def test_a_measure_without_a_counterpart_is_not_found(sample_build: Built) -> None:
    reply = run_json(sample_build.data, "ask", "Welke maatregel van 2021-2024 zet maatregel 1.3 van 2017-2020 voort?")
    assert (reply["intent"], reply["status"]) == ("compare", "not_found") and "1.3" in reply["text"]
