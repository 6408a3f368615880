"""Compare ways of finding passages, in one run: words alone (BM25), vectors alone, both by ranks (RRF), and this search.

    GVPP_DATA=DIR python bench/retrieval.py tests/eval/search-report.jsonl [--passages 5000]

Prints hit@5, MRR@10 and milliseconds per question (median, 95th percentile; in process, with the encoder) for each
language. With --passages the corpus is filled up to that number with copies of its passages under other names, whose vectors are
moved a little: for times alone.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kg import index as indexes
from kg import lexical, vectors
from kg.encoder import Encoder, unit
from kg.settings import load_settings
from kg.store import current
from search_api.answers import open_corpus
from search_api.evaluation import read_questions, relevant
from search_api.search import Searching, open_search, search

RRF = 60
Way = Callable[[Searching, Mapping[str, Any]], list[Mapping[str, Any]]]


def as_hits(searching: Searching, refs: Sequence[str]) -> list[Mapping[str, Any]]:
    passages = [searching.index.passages[ref].passage for ref in refs[:10]]
    return [{"document": passage.document, "quote": passage.text} for passage in passages]


def by_words(searching: Searching, question: Mapping[str, Any]) -> list[str]:
    """BM25 over the words as asked, in each index."""
    wanted = {lang: [question["q"]] for lang in searching.index.words.searchers}
    return [ref for ref, _ in vectors.merged(lexical.search(searching.index.words, wanted, None, 100), 100)]


def by_vectors(searching: Searching, question: Mapping[str, Any]) -> list[str]:
    """Cosine with the passages, after the shift between languages."""
    assert searching.encoder and searching.index.vectors
    asked = searching.encoder.encode_queries([question["q"]])[0]
    return [ref for ref, _ in vectors.merged(vectors.search(searching.index.vectors, asked, question["lang"], 100), 100)]


def by_ranks(searching: Searching, question: Mapping[str, Any]) -> list[str]:
    scores: dict[str, float] = {}
    for refs in (by_words(searching, question), by_vectors(searching, question)):
        for rank, ref in enumerate(refs, 1):
            scores[ref] = scores.get(ref, 0) + 1 / (RRF + rank)
    return sorted(scores, key=lambda ref: (-scores[ref], ref))


WAYS: dict[str, Way] = {
    "BM25 alone": lambda s, q: as_hits(s, by_words(s, q)),
    "vectors alone": lambda s, q: as_hits(s, by_vectors(s, q)),
    "RRF of both": lambda s, q: as_hits(s, by_ranks(s, q)),
    "this search": lambda s, q: search(s, q["q"], q["lang"])["hits"],
}


def filled(searching: Searching, size: int, folder: Path) -> Searching:
    """The same corpus with copies up to a number of passages."""
    assert searching.encoder and searching.index.vectors and searching.index.sentences
    own = list(searching.index.passages.values())
    copies = [
        replace(one, passage=replace(one.passage, document=f"{one.passage.document}-{number // len(own)}"), twins=())
        for number, one in zip(range(size), own * (size // len(own) + 1), strict=False)
    ]
    known: dict[str, Any] = {}
    for opened in (searching.index.vectors, searching.index.sentences):
        for lang, keys in opened.ids.items():
            known |= dict(zip(keys, vectors.stored(opened, lang), strict=True))
    chance = np.random.default_rng(7)
    original = dict(zip([one.ref for one in copies], (own * (size // len(own) + 1))[:size], strict=True))

    def run(_: list[str], __: bool) -> Any:
        raise AssertionError("nothing is to be encoded")

    encoder = Encoder(searching.encoder.model, "copies", run, 1)
    indexes.write(folder, copies, None, folder / "cache")
    for name, keys in (("passages", [(one.ref, one.passage.lang) for one in copies]), ("sentences", _pieces(copies))):
        source = [original[key].ref if name == "passages" else _source(key, original) for key, _ in keys]
        moved = [unit(known[key] + chance.normal(0, 0.02, len(known[key])).astype(np.float32)) for key in source]
        vectors.write_index(folder / "vectors" / name, keys, np.array(moved, np.float32), encoder, searching.index.vectors.means)
    return Searching(searching.corpus, indexes.open_index(folder, searching.encoder), searching.encoder)


def _pieces(copies: Sequence[indexes.Indexed]) -> list[tuple[str, str]]:
    places = [(one, span) for one in copies for span in one.sentences]
    return [(indexes.key_of(one.ref, *span), one.passage.lang) for one, span in places]


def _source(key: str, original: Mapping[str, indexes.Indexed]) -> str:
    ref, start, end = indexes.place_of(key)
    return indexes.key_of(original[ref].ref, start, end)


def measure(name: str, way: Way, searching: Searching, questions: Sequence[Mapping[str, Any]]) -> None:
    for question in questions[:20]:
        way(searching, question)  # what is read once
    for lang in sorted({question["lang"] for question in questions}):
        hit, rank, times = [], [], []
        for question in questions:
            if question["lang"] == lang:
                start = time.perf_counter()
                hits = way(searching, question)
                times.append(1000 * (time.perf_counter() - start))
                ranks = [place for place, one in enumerate(hits[:10], 1) if relevant(one, question["evidence"])]
                hit.append(bool(ranks and ranks[0] <= 5))
                rank.append(1 / ranks[0] if ranks else 0.0)
        late = statistics.quantiles(times, n=20)[-1]
        print(
            f"{name:14} {lang}  hit@5 {statistics.fmean(hit):.3f}  MRR@10 {statistics.fmean(rank):.3f}"
            f"  {statistics.median(times):6.1f} ms  {late:6.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--passages", type=int, help="Fill the corpus up to this number with copies.")
    args = parser.parse_args()
    settings = load_settings()
    generation = current(settings.data)
    assert generation, "build first"
    searching = open_search(open_corpus(generation), settings.encoder)
    questions = [question for question in read_questions(args.file) if question.get("evidence")]
    with tempfile.TemporaryDirectory() as folder:
        if args.passages:
            searching = filled(searching, args.passages, Path(folder) / "index")
        print(f"{len(questions)} questions, {len(searching.refs)} passages")
        for name, way in WAYS.items():
            measure(name, way, searching, questions)
        if searching.encoder:
            times = []
            for question in questions:
                start = time.perf_counter()
                searching.encoder.encode_queries([question["q"]])
                times.append(1000 * (time.perf_counter() - start))
            late = statistics.quantiles(times, n=20)[-1]
            print(f"{'encoder alone':52}  {statistics.median(times):6.1f} ms  {late:6.1f} ms")


if __name__ == "__main__":
    main()
