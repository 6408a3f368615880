"""Learn when passages answer a question that no query answers, and measure how often that is wrong.

    gvpp build --corpus ../shared/corpus
    python bench/abstaining.py DATA            # prints the weights for ontology/abstaining.toml and the error rates
    python bench/abstaining.py DATA --words    # the same for an index without vectors

Questions of which a passage is known to answer (search-*.jsonl) stand beside questions that the publications do not answer
(unanswerable*-*.jsonl and those of answers*-*.jsonl that are `none` and that no query understands), and the topics of
answers*-*.jsonl. The halves "tune" teach, the halves "report" are only measured.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kg.encoder import NONE
from kg.settings import load_settings
from kg.store import current
from search_api.answers import answer, open_corpus
from search_api.evaluation import read_questions, relevant
from search_api.hits import hits_of
from search_api.passages import FEATURES, OPEN, SHOWN, abstaining, features, sought, uncertain
from search_api.search import Searching, folded
from search_api.understanding import understand

EVAL = Path(__file__).parent.parent / "tests" / "eval"
ROUNDS, STEP, SHRINK = 20_000, 1.0, 0.0005
# Features that count: without vectors the nearness is unknown.
USED = {"meaning": FEATURES, "words": FEATURES[2:]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--words", action="store_true", help="without vectors")
    given = parser.parse_args()
    generation = current(given.data)
    if generation is None:
        raise SystemExit(f"{given.data}: nothing has been built there")
    kind = "words" if given.words else "meaning"
    searching = open_corpus(generation, NONE if given.words else load_settings().encoder).searching
    halves = {half: collect(searching, half, USED[kind]) for half in ("tune", "report")}
    rows, right, _, open_ = halves["tune"]
    weights = fit(rows[open_], right[open_])
    print(f"[{kind}]\nbias = {weights[-1]:.2f}")
    print("weights = { " + ", ".join(f"{name} = {w:.2f}" for name, w in zip(USED[kind], weights, strict=False)) + " }")
    for name, used in (("learnt now", weights), ("in use", in_use(kind))):
        print(f"\n{name}: threshold | half: answered of the answerable (first {SHOWN} right), answered of the unanswerable")
        for threshold in (-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, abstaining(kind).threshold):
            told = []
            for half, (rows, right, hit, open_) in halves.items():
                answered = open_ & (rows @ used[:-1] + used[-1] >= threshold)
                yes, no = answered[right], answered[~right]
                good = (hit & answered)[right].sum() / max(1, yes.sum())
                told.append(f"{half} {yes.mean():.3f} ({good:.3f}), {no.mean():.3f} of {len(no)}")
            print(f"  {threshold:5.2f} | " + " | ".join(told))


def in_use(kind: str) -> NDArray[np.float64]:
    kept = abstaining(kind)
    return np.array([*(kept.weights[name] for name in USED[kind]), kept.bias])


def collect(
    searching: Searching, half: str, names: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Features of every question; whether it can be answered, whether a passage shown does, and whether passages may answer."""
    questions = [q for file in sorted(EVAL.glob(f"*-{half}.jsonl")) for q in read_questions(file)]
    rows, right, hit, open_ = [], [], [], []
    for question in questions:
        unanswerable = bool(question.get("none"))
        if not unanswerable and ("evidence" not in question or not ("must" not in question or question["kind"] == "topic")):
            continue
        asked = understand(question["q"], question["lang"], searching.corpus.plans, searching.corpus.names)
        if "must" in question or unanswerable:
            told = answer(searching.corpus, asked)
            if asked.intent not in OPEN or (told["status"] == "answered" and told["intent"] not in ("passages", "unknown")):
                continue  # understood: passages are not asked
        about, found = sought(searching, asked)
        values = features(searching, asked, about, found) if found else dict.fromkeys(names, 0.0)
        rows.append([values[name] for name in names])
        right.append(not unanswerable)
        shown = hits_of(searching, folded(found)[:SHOWN], about, asked.lang)
        hit.append(not unanswerable and any(relevant(one, question["evidence"]) for one in shown))
        open_.append(bool(found) and not uncertain(searching.corpus, asked, about, found))
    return np.array(rows, float), np.array(right), np.array(hit), np.array(open_)


def fit(rows: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Logistic regression in which both kinds weigh the same."""
    each = np.where(right, 0.5 / right.sum(), 0.5 / (~right).sum())
    weights = np.zeros(rows.shape[1] + 1)
    for _ in range(ROUNDS):
        error = each * (1 / (1 + np.exp(-(rows @ weights[:-1] + weights[-1]))) - right)
        weights -= STEP * np.append(rows.T @ error + SHRINK * weights[:-1], error.sum())
    return weights


if __name__ == "__main__":
    main()
