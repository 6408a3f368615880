"""Vectors: a cache that survives a kill and foreign files, an exact index per language, and the shift between languages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg import vectors
from kg.encoder import Encoder, Matrix, Model, load_encoder, unit
from kg.errors import MetadataError, StoreError
from kg.model import Passage
from kg.names import digest

WIDTH = 8


class Counting:
    """An engine that gives each text a vector of its own and remembers what it was asked."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, texts: list[str], query: bool) -> Any:
        self.seen += texts
        return np.stack([np.random.default_rng(int(digest(text, str(query)), 16)).normal(size=WIDTH) for text in texts])


def encoder(engine: str = "test-1", model: str = "owner/model", width: int = WIDTH) -> tuple[Encoder, Counting]:
    run = Counting()
    return Encoder(Model(model, width, "", "", 1000), engine, run, 2), run


def passage(text: str, lang: str = "nl", document: str = "jaarverslag-2031", section: Sequence[str] = ()) -> Passage:
    return Passage(document, f"{document}.{lang}", text, lang, 0, len(text), None, tuple(section))


def corpus(count: int = 7) -> list[Passage]:
    return [passage(f"tekst nummer {number}", "fr" if number % 3 == 0 else "nl") for number in range(count)]


def embed(passages: Sequence[Passage], ours: Encoder, cache: Path, *more: Any) -> Matrix:
    return vectors.embed_texts(inputs(passages), ours, cache, *more)


def inputs(passages: Sequence[Passage]) -> list[str]:
    return [vectors.passage_input(one) for one in passages]


# ---------------------------------------------------------------- cache


def test_a_passage_is_encoded_once(tmp_path: Path) -> None:
    ours, run = encoder()
    first = embed(corpus(), ours, tmp_path)
    assert len(run.seen) == 7
    again = embed(list(reversed(corpus())), ours, tmp_path)
    assert len(run.seen) == 7
    assert np.array_equal(first, again[::-1])
    embed([*corpus(), passage("nieuw"), passage("nieuw", document="ander")], ours, tmp_path)
    assert run.seen[7:] == ["nieuw"]


def test_cached_vectors_are_those_of_the_engine(tmp_path: Path) -> None:
    ours, _ = encoder()
    embed(corpus(), ours, tmp_path)
    assert np.array_equal(embed(corpus(), ours, tmp_path), embed(corpus(), ours, tmp_path / "other"))


def test_headings_are_encoded_with_their_passage(tmp_path: Path) -> None:
    ours, run = encoder()
    embed([passage("Drie ploegen.", section=("Deel 1", "Fietsen", "Diefstal"))], ours, tmp_path)
    assert run.seen == ["Fietsen › Diefstal Drie ploegen."]


def test_queries_and_passages_are_cached_apart(tmp_path: Path) -> None:
    ours, run = encoder()
    one = vectors.embed_texts(["fiets"], ours, tmp_path)
    other = vectors.embed_texts(["fiets"], ours, tmp_path, query=True)
    assert run.seen == ["fiets", "fiets"]
    assert not np.allclose(one, other)


def test_progress_counts_what_is_computed(tmp_path: Path) -> None:
    ours, _ = encoder()
    calls: list[tuple[int, int]] = []
    embed(corpus(5), ours, tmp_path, lambda done, total: calls.append((done, total)))
    assert calls == [(2, 5), (4, 5), (5, 5)]
    embed(corpus(5), ours, tmp_path, lambda done, total: calls.append((done, total)))
    assert len(calls) == 3


def test_nothing_gives_nothing(tmp_path: Path) -> None:
    ours, _ = encoder()
    assert embed([], ours, tmp_path).shape == (0, WIDTH)
    assert not list(tmp_path.rglob("*"))


def test_another_engine_of_the_model_shares_the_cache_and_another_model_does_not(tmp_path: Path) -> None:
    embed(corpus(), encoder()[0], tmp_path)
    same, run = encoder("test-2")
    embed(corpus(), same, tmp_path)
    assert run.seen == []
    other, run = encoder(model="owner/other")
    embed(corpus(), other, tmp_path)
    assert len(run.seen) == 7


@pytest.mark.parametrize("lost", [1, 3, 20, 4 * WIDTH + 20, 10_000])
def test_an_unfinished_end_costs_only_what_it_held(tmp_path: Path, lost: int) -> None:
    ours, run = encoder()
    whole = embed(corpus(), ours, tmp_path)
    (file,) = (tmp_path / "vectors").iterdir()
    content = file.read_bytes()
    file.write_bytes(content[: max(0, len(content) - lost)])
    run.seen.clear()
    assert np.array_equal(embed(corpus(), ours, tmp_path), whole)
    assert 1 <= len(run.seen) <= 7
    assert file.read_bytes() == content


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    ours, run = encoder()
    whole = embed(corpus(), ours, tmp_path)
    (file,) = (tmp_path / "vectors").iterdir()
    content = bytearray(file.read_bytes())
    content[-10] ^= 255
    file.write_bytes(content)
    run.seen.clear()
    assert np.array_equal(embed(corpus(), ours, tmp_path), whole)
    assert run.seen == ["tekst nummer 6"]


@pytest.mark.parametrize("content", [b"", b"PK\3\4 something else", b'{"format": 99}\n' + b"\0" * 500])
def test_a_foreign_file_is_written_anew(tmp_path: Path, content: bytes) -> None:
    ours, run = encoder()
    whole = embed(corpus(), ours, tmp_path)
    (file,) = (tmp_path / "vectors").iterdir()
    file.write_bytes(content)
    assert np.array_equal(embed(corpus(), ours, tmp_path), whole)
    assert len(run.seen) == 14


def test_what_was_done_before_a_kill_is_kept(tmp_path: Path) -> None:
    """A process is killed in the middle of a run: the next one computes the rest, and gets what one run would have given."""
    code = f"""
import sys, time
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parent.parent)]!r}
import test_vectors as t
ours, run = t.encoder()
def slow(texts, query):
    time.sleep(0.05)
    return run(texts, query)
t.embed(t.corpus(400), t.Encoder(ours.model, ours.engine, slow, 2), t.Path({str(tmp_path)!r}))
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        folder = tmp_path / "vectors"
        deadline = time.monotonic() + 60
        while not any(file.stat().st_size > 1000 for file in folder.glob("*.vec")):
            assert time.monotonic() < deadline and process.poll() is None, "nothing was written"
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    ours, run = encoder()
    found = embed(corpus(400), ours, tmp_path)
    assert 0 < len(run.seen) < 400
    assert np.array_equal(found, embed(corpus(400), ours, tmp_path / "other"))


def test_pruning_keeps_what_is_wanted_and_nothing_else(tmp_path: Path) -> None:
    ours, run = encoder()
    embed(corpus(), ours, tmp_path)
    vectors.computed_means(ours, tmp_path)
    assert vectors.prune(inputs(corpus(4)), tmp_path, ours) == 3
    assert vectors.prune(inputs(corpus(4)), tmp_path, ours) == 0
    run.seen.clear()
    embed(corpus(), ours, tmp_path)
    vectors.computed_means(ours, tmp_path)
    assert run.seen == ["tekst nummer 4", "tekst nummer 5", "tekst nummer 6"]
    assert vectors.prune([], tmp_path / "nowhere", ours) == 0


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("a file, not a folder", "utf-8")
    with pytest.raises(StoreError) as caught:
        embed(corpus(), encoder()[0], tmp_path)
    assert caught.value.remedy


# ---------------------------------------------------------------- index


def write(folder: Path, passages: Sequence[Passage], ours: Encoder, means: dict[str, Matrix] | None = None) -> Matrix:
    found = embed(passages, ours, folder.parent / "cache")
    vectors.write_index(folder, [(one.ref, one.lang) for one in passages], found, ours, means)
    return found


def test_search_is_exact_in_each_language(tmp_path: Path) -> None:
    ours, _ = encoder()
    passages = corpus(60)
    matrix = write(tmp_path / "index", passages, ours)
    index = vectors.open_index(tmp_path / "index", ours)
    asked = ours.encode_queries(["waar?"])[0]
    found = vectors.search(index, asked, "nl", 10)
    for lang in ("nl", "fr"):
        rows = [row for row, p in enumerate(passages) if p.lang == lang]
        expected = sorted(rows, key=lambda row: -float(matrix[row] @ asked))[:10]
        assert [ref for ref, _ in found[lang]] == [passages[row].ref for row in expected]
        assert np.allclose([score for _, score in found[lang]], matrix[expected] @ asked, atol=1e-5)
    best = vectors.merged(found, 5)
    assert len(best) == 5
    assert [score for _, score in best] == sorted((score for _, score in best), reverse=True)


def test_a_search_has_a_limit(tmp_path: Path) -> None:
    ours, _ = encoder()
    passages = corpus(20)
    write(tmp_path / "index", passages, ours)
    index = vectors.open_index(tmp_path / "index", ours)
    asked = ours.encode_queries(["waar?"])[0]
    assert len(vectors.search(index, asked, "nl", 10**6)["nl"]) == sum(p.lang == "nl" for p in passages)
    assert vectors.search(index, asked, "nl", 0) == {}


def test_cosines_are_those_of_the_search(tmp_path: Path) -> None:
    ours, _ = encoder()
    write(tmp_path / "index", corpus(20), ours, {lang: ours.encode_queries([lang])[0] for lang in ("nl", "fr")})
    index = vectors.open_index(tmp_path / "index", ours)
    asked = ours.encode_queries(["waar?"])[0]
    for lang, hits in vectors.search(index, asked, "nl", 20).items():
        of = dict(zip(index.ids[lang], vectors.cosines(index, asked, "nl")[lang], strict=True))
        assert [of[ref] for ref, _ in hits] == pytest.approx([score for _, score in hits], abs=1e-5)


def test_a_passage_that_stands_twice_is_found_once(tmp_path: Path) -> None:
    ours, _ = encoder()
    write(tmp_path / "index", [passage("twee keer"), passage("twee  keer"), passage("een keer")], ours)
    index = vectors.open_index(tmp_path / "index", ours)
    assert len(vectors.search(index, ours.encode_queries(["keer"])[0], "nl", 10)["nl"]) == 2


def test_an_empty_corpus_has_an_index_too(tmp_path: Path) -> None:
    ours, _ = encoder()
    write(tmp_path / "index", [], ours)
    assert vectors.search(vectors.open_index(tmp_path / "index", ours), ours.encode_queries(["x"])[0], "nl", 5) == {}


@pytest.mark.parametrize("other", [encoder(model="owner/other")[0], encoder(width=WIDTH + 1)[0]])
def test_an_index_of_another_model_is_refused(tmp_path: Path, other: Encoder) -> None:
    write(tmp_path / "index", corpus(), encoder()[0])
    with pytest.raises(StoreError, match="owner/model") as caught:
        vectors.open_index(tmp_path / "index", other)
    assert "build again" in caught.value.remedy


def test_an_index_is_open_to_another_engine_of_the_same_model(tmp_path: Path) -> None:
    write(tmp_path / "index", corpus(), encoder("test-1")[0])
    assert vectors.open_index(tmp_path / "index", encoder("test-2")[0]).model_id == "owner/model"


def test_a_missing_index_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no index") as caught:
        vectors.open_index(tmp_path, encoder()[0])
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("meta.json", b"{"),
        ("meta.json", b"[]"),
        ("meta.json", json.dumps({"format": 99}).encode()),
        ("nl.ids", b"one\n"),
        ("nl.ids", b"\xff"),
        ("nl.faiss", b""),
        ("nl.faiss", b"nonsense" * 20),
        ("nl.faiss", None),
    ],
)
def test_a_damaged_index_is_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    ours, _ = encoder()
    write(tmp_path / "index", corpus(), ours)
    if content is None:
        (tmp_path / "index" / name).unlink()
    else:
        (tmp_path / "index" / name).write_bytes(content)
    with pytest.raises(StoreError) as caught:
        vectors.open_index(tmp_path / "index", ours)
    assert "build again" in caught.value.remedy


def test_vectors_that_do_not_fit_their_passages_are_refused(tmp_path: Path) -> None:
    ours, _ = encoder()
    for wrong in (np.zeros((2, WIDTH)), np.zeros((3, WIDTH + 1)), np.full((3, WIDTH), np.nan)):
        with pytest.raises(ValueError, match="finite"):
            vectors.write_index(tmp_path / "index", [("a", "nl")] * 3, wrong.astype(np.float32), ours)


# ---------------------------------------------------------------- means


def test_a_question_is_moved_to_the_language_it_is_asked_in(tmp_path: Path) -> None:
    ours, _ = encoder()
    means = {"nl": unit(np.eye(WIDTH, dtype=np.float32)[0]), "fr": unit(np.eye(WIDTH, dtype=np.float32)[1])}
    write(tmp_path / "index", corpus(20), ours, means)
    index = vectors.open_index(tmp_path / "index", ours)
    asked = ours.encode_queries(["waar?"])[0]
    found = vectors.search(index, asked, "nl", 3)
    moved = unit(asked + means["fr"] - means["nl"])
    assert found["fr"] == vectors.search(index, moved, "fr", 3)["fr"]
    assert found["nl"] == vectors.search(index, asked, "unknown", 3)["nl"]
    assert np.isclose(np.linalg.norm(vectors.shifted(asked, "nl", "fr", means)), 1)
    assert np.array_equal(vectors.shifted(asked, "nl", "de", means), asked)


def test_there_are_a_few_hundred_sentences_in_each_language() -> None:
    found = vectors.sentences()
    assert {"nl", "fr"} <= set(found)
    for lang, texts in found.items():
        assert len(texts) >= 150
        assert len(set(texts)) >= len(texts) - 3, lang


@pytest.mark.parametrize("content", ["", "nl,fr\n", "nl,fr\neen,\n", "nl,fr\neen\n", "nl,fr\neen,un,one\n"])
def test_a_wrong_file_of_sentences_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "sentences.csv"
    file.write_text(content, "utf-8")
    with pytest.raises(MetadataError) as caught:
        vectors.sentences(file)
    assert caught.value.remedy


def test_means_are_computed_once(tmp_path: Path) -> None:
    ours, run = encoder()
    first = vectors.language_means(ours, tmp_path)
    assert run.seen
    run.seen.clear()
    again = vectors.language_means(ours, tmp_path)
    assert run.seen == []
    assert {lang: mean.tolist() for lang, mean in first.items()} == {lang: mean.tolist() for lang, mean in again.items()}


def test_means_are_shipped_for_the_embedded_model(tmp_path: Path) -> None:
    means = vectors.language_means(load_encoder("embedded"), tmp_path)
    assert set(means) == set(vectors.sentences()), "sentences.csv changed: see save_means"
    assert not list(tmp_path.iterdir()), "they were computed"


def test_means_of_a_changed_file_of_sentences_are_not_the_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "sentences", lambda: {"nl": ["een", "twee"], "fr": ["un", "deux"]})
    ours, run = encoder(model="intfloat/multilingual-e5-small")
    means = vectors.language_means(ours, tmp_path)
    assert run.seen == ["een", "twee", "un", "deux"]
    assert np.allclose(means["nl"], ours.encode_queries(["een", "twee"]).mean(axis=0))


@pytest.mark.slow
def test_the_shipped_means_are_those_of_the_sentences_and_bring_languages_together(tmp_path: Path) -> None:
    """With the real model; means from one half of the sentences bring French ones nearer to the Dutch ones of the other half."""
    ours = load_encoder("embedded")
    shipped = vectors.language_means(ours, tmp_path)
    for lang, mean in vectors.computed_means(ours, tmp_path).items():
        assert np.allclose(mean, shipped[lang], atol=1e-3)
    found = vectors.sentences()
    half = len(found["nl"]) // 2
    asked = {lang: vectors.embed_texts(texts, ours, tmp_path, query=True) for lang, texts in found.items()}
    means = {lang: matrix[:half].mean(axis=0) for lang, matrix in asked.items()}
    before = (asked["fr"][half:] * asked["nl"][half:]).sum(axis=1).mean()
    moved = np.stack([vectors.shifted(vector, "fr", "nl", means) for vector in asked["fr"][half:]])
    assert (moved * asked["nl"][half:]).sum(axis=1).mean() > before
