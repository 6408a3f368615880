"""How alike two things are that texts describe: measures of two editions, an initiative and a measure, one and its part.

Each feature gives every pair a number; `ontology/suggesting.toml` says how much each weighs (learnt, see docs/knowledge.md).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kg import glossary, vectors
from kg.compounds import parts
from kg.encoder import Encoder
from kg.lexical import words
from kg.model import Quote
from kg.names import fold

FEATURES = ("meaning", "words", "share", "theme", "action", "topic", "actors")
LANGUAGES = ("nl", "fr", "en")  # the first in which a thing is described is the one that is encoded
THEME = FEATURES.index("theme")
NEIGHBOURS = 5  # nearest others by which a cosine is judged
SCALE = 0.1  # what a cosine rises above those of the neighbours for things that are the same
CAPPED = 500  # characters of a text that are encoded: more speaks of other things

Values = NDArray[np.float32]
Bag = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that texts describe. names: label by language; texts: as (language, text); themes, actors: references; quotes:
    the words that describe it, the best first."""

    ref: str
    names: Mapping[str, str]
    texts: tuple[tuple[str, str], ...]
    themes: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """values: (left, right, feature) in the order of FEATURES; shared: what a pair has in common, as words to show."""

    values: Values
    shared: Callable[[int, int, str], list[str]]


@dataclass(frozen=True, slots=True)
class Lore:
    """What is known beside the texts. themes: names of each, folded, by reference; actions: by kind of action a pattern that
    finds it in folded text; phenomena: topics of the glossary that say what a thing is about."""

    themes: Mapping[str, frozenset[str]]
    actions: Mapping[str, re.Pattern[str]]
    phenomena: Sequence[str]


def likeness(
    left: Sequence[Thing],
    right: Sequence[Thing],
    lore: Lore,
    encoder: Encoder | None,
    cache: Path,
    progress: vectors.Progress | None = None,
) -> Likeness:
    """The features of every pair. Without an encoder those of meaning are 0."""
    values = np.zeros((len(left), len(right), len(FEATURES)), np.float32)
    everything = [*left, *right]
    if not left or not right:
        return Likeness(values, lambda i, j, lang: [])
    cut = len(left)
    if encoder:
        found = _vectors([encoded(thing) for thing in everything], encoder, cache, progress)
        values[:, :, 0] = _above_neighbours(np.einsum("ik,jk->ij", found[:cut], found[cut:]))
    bags = [_bag(thing) for thing in everything]
    spread = Counter(key for bag in bags for key in bag)
    rarity = {key: float(np.log(1 + len(bags) / count)) for key, count in spread.items()}
    norms = [_norm(bag, rarity) for bag in bags]
    wholes = [sum(rarity[key] * value for key, value in bag.items()) for bag in bags]
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            mine, theirs = bags[i], bags[cut + j]
            common = mine.keys() & theirs.keys()
            product = sum(rarity[key] ** 2 * mine[key] * theirs[key] for key in common)
            least = min(wholes[i], wholes[cut + j]) or 1
            values[i, j, 1] = product / (norms[i] * norms[cut + j] or 1)
            values[i, j, 2] = sum(rarity[key] * min(mine[key], theirs[key]) for key in common) / least
            if a.actors and b.actors:
                values[i, j, 6] = len(a.actors & b.actors) / len(a.actors | b.actors)
    actions = np.array([_actions(thing, lore.actions) for thing in everything], np.float32)
    topics = np.array([_topics(thing, lore.phenomena) for thing in everything], np.float32)
    for feature, rows in ((4, actions), (5, np.sqrt(topics))):
        unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        values[:, :, feature] = np.einsum("ik,jk->ij", unit[:cut], unit[cut:])

    values[:, :, THEME] = _themes(left, right, values, lore.themes)

    def shared(i: int, j: int, lang: str) -> list[str]:
        common = bags[i].keys() & bags[cut + j].keys()
        return [shown(key, lang) for key in sorted(common, key=lambda key: (-rarity[key], key)) if shown(key, lang)]

    return Likeness(values, shared)


def _themes(left: Sequence[Thing], right: Sequence[Thing], values: Values, names: Mapping[str, frozenset[str]]) -> Values:
    """1 for the same theme to -1 for one that is farthest; 0 where a side has none.

    A theme means nothing across editions by its number. One with the same name is the same; else it is continued by the theme
    that holds what resembles its measures, so that is what is compared.
    """
    mine, theirs = ([min(thing.themes, default="") for thing in side] for side in (left, right))
    known = np.array([[bool(a and b) for b in theirs] for a in mine])
    ours, others = sorted({*mine} - {""}), sorted({*theirs} - {""})
    if set(ours) & set(others):  # the same edition
        return np.where(known, np.where(np.array(mine)[:, None] == np.array(theirs)[None, :], 1.0, -1.0), 0.0)
    spread = values.reshape(-1, len(FEATURES)).std(axis=0)
    plain = (values / np.where(spread > 0, spread, 1)).sum(axis=2)
    near = np.zeros((len(ours), len(others)))
    for x, a in enumerate(ours):
        for y, b in enumerate(others):
            both = plain[np.ix_([i for i, ref in enumerate(mine) if ref == a], [j for j, ref in enumerate(theirs) if ref == b])]
            near[x, y] = (both.max(axis=1).mean() + both.max(axis=0).mean()) / 2
    if not near.size:
        return np.zeros(known.shape, np.float32)
    near -= near.mean(axis=1, keepdims=True) + near.mean(axis=0, keepdims=True)
    near -= near.min()
    strong = near.max(axis=1, keepdims=True)
    near /= np.maximum(np.maximum(strong, np.median(strong)), 1e-9)  # where nothing resembles, the best does not count fully
    for x, a in enumerate(ours):
        for y, b in enumerate(others):
            if names.get(a, frozenset()) & names.get(b, frozenset()):
                near[x, y] = 1.0
    found = [[2 * near[ours.index(a), others.index(b)] - 1 if a and b else 0.0 for b in theirs] for a in mine]
    return np.asarray(found, np.float32)


def encoded(thing: Thing) -> tuple[str, str]:
    """What is encoded of a thing: the language, and its label before its text."""
    here = {lang for lang, _ in thing.texts} or set(thing.names)
    lang = next((lang for lang in LANGUAGES if lang in here), "")
    parts = [thing.names.get(lang, ""), *(text for mine, text in thing.texts if mine == lang)]
    kept = [part for number, part in enumerate(parts) if part and not any(part in other for other in parts[:number])]
    return lang, ". ".join(kept)[:CAPPED]


def _vectors(texts: Sequence[tuple[str, str]], encoder: Encoder, cache: Path, progress: vectors.Progress | None) -> Values:
    """Vectors of texts, all as if they were in the first language. Both sides are encoded alike, as queries."""
    found = vectors.embed_texts([text for _, text in texts], encoder, cache, progress, query=True)
    means = vectors.language_means(encoder, cache)
    rows = [vectors.shifted(row, lang, LANGUAGES[0], means) for row, (lang, _) in zip(found, texts, strict=True)]
    return np.asarray(rows, np.float32)


def _above_neighbours(cosines: Values) -> Values:
    """Cosines above what is usual for both sides: some texts are near to everything (cross-domain similarity local scaling)."""
    mine = _top_mean(cosines)
    theirs = _top_mean(cosines.T)
    return np.asarray((2 * cosines - mine[:, None] - theirs[None, :]) / SCALE, np.float32)


def _top_mean(cosines: Values) -> Values:
    size = min(NEIGHBOURS, cosines.shape[1])
    return np.asarray(np.sort(cosines, axis=1)[:, -size:].mean(axis=1), np.float32)


def _bag(thing: Thing) -> Bag:
    """Concepts of a thing by how surely it is about them: the same in every language where the glossary knows the term."""
    bag: dict[str, float] = {}
    for weight, pairs in ((0.7, thing.texts), (1.0, tuple(thing.names.items()))):
        for lang, text in pairs:
            for key, sure in keys(text, lang).items():
                bag[key] = max(bag.get(key, 0.0), weight * sure)
    return bag


def _actions(thing: Thing, patterns: Mapping[str, re.Pattern[str]]) -> list[float]:
    """Which kinds of action a thing is: its label says it twice as surely as its text."""
    label, text = fold(" ".join(thing.names.values())), fold(" ".join(text for _, text in thing.texts))
    return [2.0 * bool(pattern.search(label)) + bool(pattern.search(text)) for pattern in patterns.values()]


def _topics(thing: Thing, phenomena: Sequence[str]) -> list[float]:
    """How often a thing has terms of each topic of the glossary."""
    counts = dict.fromkeys(phenomena, 0.0)
    for weight, pairs in ((1.0, thing.texts), (2.0, tuple(thing.names.items()))):
        for lang, text in pairs:
            for key, sure in keys(text, lang).items():
                topic = glossary.topics().get(key[1:]) if key.startswith("=") else None
                if topic in counts:
                    counts[topic] += weight * sure
    return list(counts.values())


def _norm(bag: Bag, rarity: Mapping[str, float]) -> float:
    return float(np.sqrt(sum((rarity[key] * value) ** 2 for key, value in bag.items())))


@functools.lru_cache(maxsize=10_000)
def keys(text: str, lang: str) -> Mapping[str, float]:
    """Concepts of a text: terms of the glossary as "=dutch term", other words as "lang:stem", parts of compounds half."""
    found = list(words(text, lang))
    silent = glossary.stopwords(lang)
    result: dict[str, float] = {}
    taken: set[int] = set()
    for start, size, concepts in glossary.matches([word.stem for word in found], lang):
        span = set(range(start, start + size))
        if span <= taken or all(found[place].folded in silent for place in span):
            continue
        taken |= span
        for concept in concepts:
            result["=" + concept["nl"][0]] = 1.0
    for place, word in enumerate(found):
        if word.folded in silent or len(word.folded) < 3:
            continue
        if place not in taken:
            result.setdefault(f"{lang}:{word.stem}", 0.8)
        for stem in parts(word.folded, lang, _stems(lang)) or ():
            for concept in glossary.by_stems(lang).get((stem,), ()):
                result.setdefault("=" + concept["nl"][0], 0.5)
    return result


@functools.cache
def _stems(lang: str) -> frozenset[str]:
    return frozenset(stem for key in glossary.by_stems(lang) for stem in key if len(stem) > 3)


def shown(key: str, lang: str) -> str:
    """A concept as a reader of a language knows it; "" for a bare stem, which is no word."""
    return _terms().get(key[1:], {}).get(lang, "") if key.startswith("=") else ""


@functools.cache
def _terms() -> Mapping[str, Mapping[str, str]]:
    return {concept["nl"][0]: {lang: terms[0] for lang, terms in concept.items()} for concept in glossary.load_glossary()}
