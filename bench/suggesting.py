"""Learn the weights of ontology/suggesting.toml from judged pairs, and report on the half that was not learnt from.

    python bench/suggesting.py editions DATA      tests/eval/editions.csv, editions-new.csv
    python bench/suggesting.py measures DATA      tests/eval/suggestions.csv
    python bench/suggesting.py measures DATA --sample 240 > pairs.csv     pairs to judge, without their scores

DATA is a data folder that was built over the publications; `--words` leaves the vectors out.
"""

from __future__ import annotations

import argparse
import csv
import pickle
import random
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest import link, suggest
from ingest.similar import FEATURES, Thing, Values, likeness
from kg.encoder import NONE, Encoder, load_encoder
from kg.settings import load_settings
from kg.vocabulary import load_vocabulary

EVAL = Path(__file__).resolve().parent.parent / "tests" / "eval"
PENALTY, STEPS, FOLDS = 0.3, 50, 6
BINS = (0, 0.2, 0.4, 0.6, 0.8, 1.01)
Array = NDArray[np.float64]


def things_of(data: Path) -> suggest.Things:
    """What the documents of a data folder describe, from its cache of extractions."""
    found = [pickle.loads(file.read_bytes()) for file in sorted((data / "cache").glob("*.pickle"))]
    labels = link.curated(found)
    return suggest.gather(link.link(found, labels), labels, load_vocabulary())


def order(values: Values, best: Sequence[set[int]], rows: Sequence[int]) -> Array:
    """Weights under which the right ones come first and, where there are none, the choice of none (listwise softmax);
    none of them negative. The last is the sum that stands for none."""
    found = np.r_[np.ones(values.shape[2]), 2.0]
    first, second = np.zeros_like(found), np.zeros_like(found)
    for step in range(1, 601):
        slope = np.r_[PENALTY * found[:-1], 0.0]
        for i in rows:
            share = _softmax(np.r_[values[i] @ found[:-1], found[-1]])
            right = np.zeros_like(share)
            right[list(best[i]) or [-1]] = share[list(best[i]) or [-1]]
            wrong = share - right / right.sum()
            slope += 5 * np.r_[values[i].T @ wrong[:-1], wrong[-1]] / len(rows)
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        found -= 0.1 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        found[:-1] = np.maximum(found[:-1], 0)
    return found


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def chance(sums: Array, below: Array, right: Array) -> Array:
    """slope, margin and bias: logistic regression by Newton's method, on pairs that were judged."""
    rows = np.c_[sums, below, np.ones(len(sums))]
    found = np.array([1.0, 0.0, -2.0])
    penalty = np.diag([0.1, 0.1, 0.0])
    for _ in range(STEPS):
        said = 1 / (1 + np.exp(-rows @ found))
        bend = (rows * (said * (1 - said))[:, None]).T @ rows + penalty
        found -= np.linalg.solve(bend, rows.T @ (said - right) + penalty @ found)
    return found


def number(thing: Thing) -> str:
    return thing.ref.rsplit("/", 1)[-1]


def editions(data: Path, encoder: Encoder | None) -> None:
    things = things_of(data)
    _, left, right = next(pairing for pairing in suggest.pairings(things) if pairing[0] == "editions")
    values = likeness(left, right, suggest.lore(things.themes), encoder, data / "cache").values
    with (EVAL / "editions.csv").open(encoding="utf-8", newline="") as file:
        gold = {row["from"]: row for row in csv.DictReader(file)}
    columns = {number(thing): j for j, thing in enumerate(right)}
    sums, nothing = np.zeros((len(left), len(right))), np.zeros(len(left))
    best = [{columns[n] for n in gold[number(a)]["to"].split()} for a in left]
    also = [{columns[n] for n in gold[number(a)]["also"].split()} for a in left]
    tune = [i for i, a in enumerate(left) if gold[number(a)]["half"] == "tune"]
    report = [i for i in range(len(left)) if i not in tune]
    for fold in range(FOLDS):  # how well it does on what it has not seen, before the report half is looked at
        held = tune[fold::FOLDS]
        found = order(values, best, [i for i in tune if i not in held])
        sums[held], nothing[held] = values[held] @ found[:-1], found[-1]
    told("tune, held out", sums, nothing, best, also, tune)
    found = order(values, best, tune)
    show((*FEATURES, "none"), found)
    sums, nothing = values @ found[:-1], np.full(len(left), found[-1])
    told("report", sums, nothing, best, also, report)
    below = sums - sums.max(axis=1, keepdims=True)
    label = np.array([[1.0 if j in best[i] else 0.0 for j in range(len(right))] for i in range(len(left))])
    count = np.array([[j not in also[i] for j in range(len(right))] for i in range(len(left))])
    mine = count[tune]
    curve = chance(sums[tune][mine], below[tune][mine], label[tune][mine])
    show(("slope", "margin", "bias"), curve)
    said = 1 / (1 + np.exp(-(curve[0] * sums + curve[1] * below + curve[2])))
    for name, rows in (("tune", tune), ("report", report)):
        calibrated(name, said[rows][count[rows]], label[rows][count[rows]])
        for floor in (0.15, 0.2, 0.25, 0.3, 0.35, 0.4):
            none = np.mean([said[i].max() < floor for i in rows if not best[i]])
            lost = np.mean([said[i].max() < floor for i in rows if best[i]])
            print(f"   floor {floor:.2f}: none recognised {none:.3f}; lost {lost:.3f}")


def told(name: str, sums: Array, nothing: Array, best: Sequence[set[int]], also: Sequence[set[int]], rows: Sequence[int]) -> None:
    top = sums.argmax(axis=1)
    having, lacking = [i for i in rows if best[i]], [i for i in rows if not best[i]]
    exact = np.mean([top[i] in best[i] for i in having])
    loose = np.mean([top[i] in best[i] | also[i] for i in having])
    none = np.mean([sums[i].max() < nothing[i] for i in lacking])
    print(f"{name}: top-1 {exact:.3f} (with weaker relations {loose:.3f}) of {len(having)}; none {none:.3f} of {len(lacking)}")


def calibrated(name: str, said: Array, right: Array) -> None:
    """How often pairs are right, by how sure they were said to be."""
    print(f"{name}: {len(said)} pairs")
    for low, high in pairwise(BINS):
        here = (said >= low) & (said < high)
        if here.any():
            print(
                f"   {low:.1f} – {min(high, 1):.1f}: said {said[here].mean():.2f}, right {right[here].mean():.2f} of {here.sum()}"
            )


def show(names: Sequence[str], found: Array) -> None:
    for name, weight in zip(names, found, strict=True):
        print(f"{name} = {weight:.2f}")


def pairs_of(data: Path, kind: str, encoder: Encoder | None) -> tuple[list[tuple[Thing, Thing]], Array, Array]:
    """Every pair of a kind, the sum of its features, and how far that is below the best of its left side."""
    things = things_of(data)
    pairs: list[tuple[Thing, Thing]] = []
    sums, below = [], []
    weights = suggest.model(kind, encoder is not None).weights
    for name, left, right in suggest.pairings(things):
        if name == kind and left and right:
            found = likeness(left, right, suggest.lore(things.themes), encoder, data / "cache").values @ weights
            pairs += [(a, b) for a in left for b in right]
            sums.append(found.ravel())
            below.append((found - found.max(axis=1, keepdims=True)).ravel())
    return pairs, np.concatenate(sums).astype(float), np.concatenate(below).astype(float)


def sample(pairs: Sequence[tuple[Thing, Thing]], sums: Array, size: int) -> None:
    """Pairs to be judged: of many initiatives, from likely to unlikely ones, in an order that tells nothing."""
    by_left: dict[str, list[int]] = {}
    for place, (a, b) in enumerate(pairs):
        by_left.setdefault(a.ref + b.ref.rsplit("/", 1)[0], []).append(place)
    chosen = []
    chance = random.Random(7)
    for group in sorted(by_left):
        ranked = sorted(by_left[group], key=lambda place: -sums[place])
        chosen += [ranked[0], *chance.sample(ranked[1:4], min(1, len(ranked) - 1))]
        chosen += chance.sample(ranked[4:], min(len(ranked[4:]), chance.random() < 0.2))
    chance.shuffle(chosen)
    writer = csv.writer(sys.stdout)
    writer.writerow(["subject", "object", "subject_text", "object_text"])
    for place in sorted(chosen[:size], key=lambda place: (pairs[place][0].ref, pairs[place][1].ref)):
        a, b = pairs[place]
        writer.writerow([a.ref, b.ref, _words(a), _words(b)])


def _words(thing: Thing) -> str:
    return " | ".join([*list(thing.names.values())[:1], *(text[:700] for _, text in thing.texts[:3])])


def judged(data: Path, kind: str, encoder: Encoder | None) -> None:
    pairs, sums, below = pairs_of(data, kind, encoder)
    with (EVAL / "suggestions.csv").open(encoding="utf-8", newline="") as file:
        gold = {(row["subject"], row["object"]): row for row in csv.DictReader(file)}
    rows = [place for place, (a, b) in enumerate(pairs) if (a.ref, b.ref) in gold]
    known = [gold[pairs[place][0].ref, pairs[place][1].ref] for place in rows]
    right = np.array([float(row["right"] == "yes") for row in known])
    tune = np.array([row["half"] == "tune" for row in known])
    curve = chance(sums[rows][tune], below[rows][tune], right[tune])
    show(("slope", "margin", "bias"), curve)
    said = 1 / (1 + np.exp(-(curve[0] * sums[rows] + curve[1] * below[rows] + curve[2])))
    calibrated("tune", said[tune], right[tune])
    calibrated("report", said[~tune], right[~tune])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=suggest.KINDS)
    parser.add_argument("data", type=Path)
    parser.add_argument("--words", action="store_true", help="Without vectors.")
    parser.add_argument("--sample", type=int, metavar="N", help="Print N pairs to be judged.")
    args = parser.parse_args()
    name = load_settings().encoder
    encoder = load_encoder(name) if name != NONE and not args.words else None
    if args.sample:
        pairs, sums, _ = pairs_of(args.data, args.kind, encoder)
        sample(pairs, sums, args.sample)
    elif args.kind == "editions":
        editions(args.data, encoder)
    else:
        judged(args.data, args.kind, encoder)


if __name__ == "__main__":
    main()
