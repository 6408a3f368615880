"""Learn the weights of ontology/ranking.toml from a file of questions, and check them by cross-validation.

    python bench/ranking.py tests/eval/search-tune.jsonl=DATA [tests/eval/search-sample.jsonl=OTHER-DATA]

Each file of questions goes with the data folder that they are about.

A question names the passages that answer it; the weights are those under which these come first (listwise softmax over the
candidates of each question). Questions that are the same in two languages stay together in one fold. Never run this on the
questions that figures are reported on.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.settings import load_settings
from kg.store import current
from search_api.answers import open_corpus
from search_api.concepts import concepts
from search_api.evaluation import read_questions, relevant
from search_api.search import REASONS, Searching, open_search, ranked
from search_api.understanding import topic, understand

FOLDS, PENALTY, STEPS, RATE, START = 5, 0.02, 400, 0.3, 3.0
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """The candidates of a question: the value of each reason, and which of them answer."""

    question: Mapping[str, Any]
    values: Values
    right: Values


def case(searching: Searching, question: Mapping[str, Any]) -> Case:
    read = understand(question["q"], question["lang"], searching.corpus.plans, searching.corpus.names)
    found = ranked(searching, read, concepts(topic(read.text), read.lang, searching.index), {}, cut=False)
    values = np.array([[one.reasons.get(name, 0.0) for name in REASONS] for one in found])
    hits = [{"document": one.indexed.passage.document, "quote": one.indexed.passage.text} for one in found]
    return Case(question, values, np.array([relevant(hit, question["evidence"]) for hit in hits], float))


def learn(cases: Sequence[Case]) -> Values:
    """Weights by Adam on the mean negative log likelihood of the right candidates, small ones preferred."""
    weights = np.full(len(REASONS), START)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    usable = [one for one in cases if one.right.any()]
    for step in range(1, STEPS + 1):
        slope = PENALTY * weights
        for one in usable:
            share = _softmax(one.values @ weights)
            right = share * one.right
            slope += one.values.T @ (share - right / max(right.sum(), 1e-12)) / len(usable)
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        weights -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return np.maximum(weights, 0)


def _softmax(scores: Values) -> Values:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def quality(cases: Sequence[Case], weights: Values) -> dict[str, tuple[float, float]]:
    """hit@5 and MRR@10 by language."""
    found: dict[str, list[tuple[bool, float]]] = {}
    for one in cases:
        order = np.argsort(-(one.values @ weights), kind="stable")[:10] if len(one.values) else []
        ranks = [rank for rank, row in enumerate(order, 1) if one.right[row]]
        found.setdefault(one.question["lang"], []).append((bool(ranks and ranks[0] <= 5), 1 / ranks[0] if ranks else 0.0))
    return {lang: (float(np.mean([h for h, _ in rows])), float(np.mean([r for _, r in rows]))) for lang, rows in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="FILE=DATA")
    parser.add_argument("--without", action="append", default=[], choices=REASONS, help="Leave a reason out.")
    args = parser.parse_args()
    cases = []
    for name in args.sets:
        file, _, data = name.partition("=")
        generation = current(Path(data))
        assert generation, f"build {data} first"
        searching = open_search(open_corpus(generation), load_settings().encoder)
        cases += [case(searching, question) for question in read_questions(Path(file)) if question.get("evidence")]
    for one in cases:
        one.values[:, [REASONS.index("measures"), REASONS.index("proof")]] = 0  # set by hand
    for name in args.without:
        for one in cases:
            one.values[:, REASONS.index(name)] = 0
    groups = sorted({one.question["id"].rsplit("-", 1)[0] for one in cases})
    random.Random(3).shuffle(groups)
    tested: dict[str, list[tuple[float, float, int]]] = {}
    for fold in range(FOLDS):
        held = set(groups[fold::FOLDS])
        weights = learn([one for one in cases if one.question["id"].rsplit("-", 1)[0] not in held])
        mine = [one for one in cases if one.question["id"].rsplit("-", 1)[0] in held]
        for lang, (hit, rank) in quality(mine, weights).items():
            tested.setdefault(lang, []).append((hit, rank, sum(one.question["lang"] == lang for one in mine)))
    for lang, rows in tested.items():
        total = sum(count for _, _, count in rows)
        hit, rank = (sum(row[part] * row[2] for row in rows) / total for part in (0, 1))
        print(f"held out, {lang}: hit@5 {hit:.3f}  MRR@10 {rank:.3f}  ({total} questions)")
    reached = np.mean([one.right.any() for one in cases])
    print(f"questions with an answer among the candidates: {reached:.3f}")
    for name, weight in zip(REASONS, learn(cases), strict=True):
        print(f"{name} = {weight:.1f}")


if __name__ == "__main__":
    main()
