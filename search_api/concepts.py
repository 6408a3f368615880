"""What a question is about, word by word: each concept with the ways in which passages of each language may say it.

A concept is a term of the glossary (with its synonyms and translations), or a word of its own. Words without a topic
(ontology/stopwords.toml) are passed over, so that a Dutch passage is not found for its "de" by a French question.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg import glossary
from kg.compounds import parts
from kg.glossary import stopwords
from kg.index import Index, Indexed, Postings
from kg.lexical import Word, stem, words

TRANSLATED = 0.9  # how surely a translation is meant, beside the asker's own word
SYNONYM = 0.5
BACK = 0.3  # a synonym by way of the other language
FOREIGN = 0.6  # a common word of the asker's language in a passage of another one; names and numbers count fully
COMPOUND, HEAD = 0.8, 0.3  # both parts of the question's compound; its last part alone
LOOSE = 0.7  # the words of a term, but not together
COMMON = 0.6  # weight of a word that is neither a term of the field, nor a name, nor a number
UNKNOWN = 0.3  # weight of a concept that no passage has, beside a rare one
PHRASES = 200  # terms of several words whose passages are kept: those of the field come back in every other question
SAID = 0.35  # how surely a passage has to have a concept before that is told as a reason

Stems = tuple[str, ...]


@dataclass(frozen=True)
class Concept:
    """A part of a question. text: as asked; weight: against other concepts; ways: by passage language, the stems that say it,
    each with how surely."""

    text: str
    weight: float
    ways: Mapping[str, Mapping[Stems, float]]

    @functools.cached_property
    def told(self) -> Mapping[str, tuple[str, ...]]:
        """By language, the ways that are sure enough to be told as a reason, as they stand in a row of stems."""
        return {
            lang: tuple(f" {' '.join(key)} " for key, sure in ways.items() if key and sure > SAID)
            for lang, ways in self.ways.items()
            if ways
        }


def concepts(text: str, lang: str, index: Index) -> list[Concept]:
    """The concepts of a question, those of several words first."""
    found = list(words(text, lang))
    silent = stopwords(lang)
    targets = tuple(index.words.searchers)
    taken: set[int] = set()
    result = []
    for start, size, meanings in glossary.matches([word.stem for word in found], lang, everyday=True):
        span = set(range(start, start + size))
        if span <= taken or all(found[place].folded in silent for place in span):
            continue
        taken |= span
        surface = text[found[start].start : found[start + size - 1].end]
        own = tuple(word.stem for word in found[start : start + size])
        ways = {target: _terms(meanings, own, lang, target) for target in targets}
        if size == 1:
            _with_parts(ways, found[start], lang, index)
        weight = 1.0 if own in glossary.by_stems(lang) else COMMON
        result.append(Concept(surface, weight, ways))
    for place, word in enumerate(found):
        if place not in taken and word.folded not in silent:
            result.append(_word(text, word, place, lang, targets, index))
    return result


def _terms(meanings: Sequence[glossary.Terms], own: Stems, lang: str, target: str) -> dict[Stems, float]:
    """The terms of a concept in one language, with the asker's own words first. A term whose stem is a small word ("meten" is
    "met") would be found everywhere."""
    ways: dict[Stems, float] = {}
    for meaning in meanings:
        for term in meaning[target]:
            key = glossary.stems(term, target)
            if len(key) > 1 or not stopwords(target).issuperset(key):
                _keep(ways, key, SYNONYM if target == lang else TRANSLATED)
        if target == lang and lang in glossary.OTHER:
            for term in meaning[glossary.OTHER[lang]]:
                for again in glossary.by_stems(glossary.OTHER[lang], True).get(glossary.stems(term, glossary.OTHER[lang]), ()):
                    for synonym in again[lang]:
                        _keep(ways, glossary.stems(synonym, lang), BACK)
    if target == lang:
        _keep(ways, own, 1.0)
    return ways


def _keep(ways: dict[Stems, float], key: Stems, weight: float) -> None:
    if key and weight > ways.get(key, 0):
        ways[key] = weight


def _word(text: str, word: Word, place: int, lang: str, targets: Iterable[str], index: Index) -> Concept:
    """A word that the glossary does not know: a name, a number, or a word of everyday language."""
    surface = text[word.start : word.end]
    name = not word.folded.isalpha() or (surface[0].isupper() and place > 0) or surface.isupper()
    ways: dict[str, dict[Stems, float]] = {}
    for target in targets:
        if target == lang:
            ways[target] = {(word.stem,): 1.0}
        else:
            same = word.stem if not word.folded.isalpha() else stem(word.folded, target)
            ways[target] = {(same,): 1.0 if name else FOREIGN}
    _with_parts(ways, word, lang, index)
    return Concept(surface, 1.0 if name else COMMON, ways)


def _with_parts(ways: dict[str, dict[Stems, float]], word: Word, lang: str, index: Index) -> None:
    """Add the parts of a compound, in the asker's own language."""
    if lang in ways and (both := parts(word.folded, lang, _Known(index, lang))):
        _keep(ways[lang], both, COMPOUND)
        _keep(ways[lang], both[-1:], HEAD)


class _Known:
    """Whether a stem is a word of the corpus or of the glossary."""

    def __init__(self, index: Index, lang: str) -> None:
        self.index, self.lang = index, lang

    def __contains__(self, found: object) -> bool:
        return isinstance(found, str) and (spread(self.index, self.lang, found) > 1 or found in _glossary_stems(self.lang))


@functools.cache
def _glossary_stems(lang: str) -> frozenset[str]:
    return frozenset(found for key in glossary.by_stems(lang) for found in key if len(found) > 3)


def spread(index: Index, lang: str, found: str) -> int:
    """How many passages of a language have a stem in their text."""
    return int(index.words.searchers[lang].doc_freq("text", found))


def rarity(index: Index, lang: str, concept: Concept) -> float:
    """What it tells that a passage has the concept: the fewer have it, the more (as in BM25)."""
    total = index.words.searchers[lang].num_docs
    counts = [min(spread(index, lang, found) for found in key) for key, sure in concept.ways[lang].items() if sure > SAID]
    most = max(counts, default=0)
    if not most:
        return UNKNOWN * math.log(1 + (total - 2.5) / 3.5) if total > 3 else UNKNOWN
    return math.log(1 + (total - most + 0.5) / (most + 0.5))


def shares(index: Index, found: Sequence[Concept]) -> NDArray[np.float32]:
    """By row of the passages, the share of the concepts that each has, 0 to 1; the rare ones count more."""
    passages = list(index.passages.values())
    result = np.zeros(len(passages), np.float32)
    for lang, postings in index.postings.items():
        weights = [concept.weight * rarity(index, lang, concept) for concept in found]
        total = sum(weights)
        for concept, weight in zip(found, weights, strict=True):
            best = np.zeros(len(passages), np.float32)
            for key, sure in concept.ways.get(lang, {}).items():
                rows, here = _having(postings, key, passages)
                best[rows] = np.maximum(best[rows], np.float32(sure) * here)
            result += np.float32(weight / total) * best if total else 0
    return result


def _having(postings: Postings, key: Stems, passages: Sequence[Indexed]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The rows of the passages that have every stem of a term, and how surely; less where they do not stand together."""
    if key in postings.phrases:
        return postings.phrases[key]
    rows, here = postings.of(key[0])
    for found in key[1:]:
        others, there = postings.of(found)
        rows, mine, theirs = np.intersect1d(rows, others, assume_unique=True, return_indices=True)
        here = np.minimum(here[mine], there[theirs])
    if len(key) > 1 and len(rows):
        row_of_stems = f" {' '.join(key)} "
        together = np.array([row_of_stems in f" {passages[row].stems} " for row in rows.tolist()])
        here = np.where(together, here, np.float32(LOOSE) * here)
    if len(key) > 1:
        if len(postings.phrases) >= PHRASES:
            postings.phrases.clear()
        postings.phrases[key] = rows, here
    return rows, here


def said_at(indexed: Indexed, found: Iterable[Concept]) -> list[tuple[int, int]]:
    """Where the text of a passage says the concepts: starts and ends, in order."""
    keys = {key for concept in found for key, sure in concept.ways.get(indexed.passage.lang, {}).items() if sure > SAID}
    row, (starts, ends) = indexed.row, indexed.places
    first = {key[0] for key in keys}
    places: set[int] = set()
    for place, one in enumerate(row):
        if one in first:
            longest = max((len(key) for key in keys if row[place : place + len(key)] == key), default=0)
            places.update(range(place, place + longest))
    return [(starts[place], ends[place]) for place in sorted(places)]
