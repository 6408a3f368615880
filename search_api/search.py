"""Search: passages for a question in any language, by meaning, by words and by names, each with the reasons why it was found.

Each reason gives every candidate a value; `ontology/ranking.toml` says how much each weighs (learnt, see docs/evaluation.md).
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg import index as indexes
from kg import lexical, vectors
from kg.encoder import NONE, Encoder, load_encoder, unit
from kg.errors import MetadataError, UsageError
from kg.glossary import OTHER, translate
from kg.index import Index, Indexed
from kg.lexical import FILTERS, Term
from kg.names import measure_ref, shorten
from kg.vocabulary import ONTOLOGY
from search_api.answers import Corpus, answer, keep
from search_api.concepts import TRANSLATED, Concept, concepts, shares
from search_api.hits import facets_of, hits_of, place_of
from search_api.understanding import ASKED, Question, asks_for, asks_number, topic, understand

POOL = 100  # most passages that a search finds
LOOKED_AT = 60  # best passages of each reason that are looked at
SCALE = 0.12  # what a cosine rises above its usual value for a passage that answers
SHARE = 0.25  # of the best score: what is below is not found
DIGITS = 6  # numbers in a passage that is about figures
KEPT = 16  # of what was computed for the last questions
REASONS = ("meaning", "sentence", "kin", "words", "pieces", "names", "figures", "period", "asked", "measures", "proof")
# Intents whose answer rests on a few passages, which a search should show first; a long list proves nothing of the kind.
PROVING = frozenset(
    {
        *("implements", "measure", "partners", "compare", "contributes", "partner_measures", "zone", "zones", "theme", "names"),
        *("theme_measures", "theme_number", "resolution", "abbreviation", "figure", "grant", "initiative", "when"),
    }
)
KIN = 3  # best passages to which others may be akin

Vector = NDArray[np.float32]
Filters = Mapping[str, Collection[str]]


@dataclass(slots=True)
class Found:
    """A passage with the value of each reason, and how near the sentences of its language are to the question."""

    indexed: Indexed
    reasons: dict[str, float]
    score: float = 0.0
    cosines: Vector | None = None
    also: list[Indexed] = field(default_factory=list)


@dataclass
class Searching:
    """An open index with the corpus that it belongs to. May be shared by threads."""

    corpus: Corpus
    index: Index
    encoder: Encoder | None

    kept: dict[tuple[Any, ...], Any] = field(default_factory=dict)  # of the last questions

    def encoded(self, text: str) -> Vector:
        """The vector of a question."""
        assert self.encoder
        encoder = self.encoder
        found: Vector = self.remember(("vector", text), lambda: encoder.encode_queries([text])[0])
        return found

    def remember(self, key: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
        """What `compute` gives. One page answers and searches the same question, so what is costly is kept for the last few."""
        found = self.kept.get(key)
        if found is None:
            found = compute()
            keep(self.kept, key, found, KEPT)
        return found

    @functools.cached_property
    def refs(self) -> list[str]:
        """Passages by row: what is computed for all of them is an array in this order."""
        return list(self.index.passages)

    @functools.cached_property
    def rows(self) -> Mapping[str, int]:
        return {ref: row for row, ref in enumerate(self.refs)}

    @functools.cached_property
    def holders(self) -> Mapping[str, NDArray[np.int64]]:
        """By language, the row of the passage that each passage vector belongs to; in ascending order."""
        assert self.index.vectors
        return {lang: np.array([self.rows[ref] for ref in ids], np.int64) for lang, ids in self.index.vectors.ids.items()}

    @functools.cached_property
    def owners(self) -> Mapping[str, NDArray[np.int64]]:
        """By language, the row of the passage that each sentence vector belongs to."""
        assert self.index.sentences
        return {
            lang: np.array([self.rows[indexes.place_of(key)[0]] for key in keys], np.int64)
            for lang, keys in self.index.sentences.ids.items()
        }

    @functools.cached_property
    def sentences(self) -> Mapping[str, list[tuple[int, int, int]]]:
        """By passage, its sentences: row of the vector in the index of its language, start and end."""
        assert self.index.sentences
        found: dict[str, list[tuple[int, int, int]]] = {}
        for keys in self.index.sentences.ids.values():
            for row, (ref, start, end) in enumerate(map(indexes.place_of, keys)):
                if start != indexes.LABEL:
                    found.setdefault(ref, []).append((row, start, end))
        return found

    def place(self, indexed: Indexed) -> dict[str, Any]:
        """A passage as a citation, whole."""
        passage = indexed.passage
        where = {"quote": passage.text, "lang": passage.lang, "start": passage.start, "end": passage.end}
        return place_of(self.corpus, indexed, passage.lang) | where | {"url": f"{self.corpus.base}/{passage.ref}"}

    @functools.cached_property
    def mentioned(self) -> Mapping[str, list[str]]:
        """Passages by what they state or name."""
        found: dict[str, list[str]] = {}
        for ref, indexed in self.index.passages.items():
            for entity in indexed.entities:
                found.setdefault(entity, []).append(ref)
        return found

    @functools.cached_property
    def of_kind(self) -> Mapping[str, frozenset[str]]:
        """Passages that state or name anything of a kind that questions ask for, by how references of that kind begin."""
        named = self.mentioned.items()
        return {
            start: frozenset(ref for entity, refs in named if entity.startswith(start) for ref in refs)
            for start in ASKED.values()
        }


@functools.cache
def ranking(path: Path = ONTOLOGY / "ranking.toml") -> Mapping[str, float]:
    """The weight of each reason."""
    try:
        weights = tomllib.loads(path.read_text("utf-8"))["weights"]
        if set(weights) != set(REASONS):
            raise ValueError(f"[weights] must name {', '.join(REASONS)}")
        return {name: float(weights[name]) for name in REASONS}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise MetadataError(f"cannot be used: {error}", where=str(path), remedy="correct the file") from error


def open_search(corpus: Corpus, encoder: str) -> Searching:
    """Open the index of a corpus. encoder: as in `Settings.encoder`; the index must have been made with its model, or without
    vectors: then it is searched by words, as each reply says."""
    folder = corpus.generation.path / indexes.FOLDER
    loaded = load_encoder(encoder) if encoder != NONE and indexes.has_vectors(folder) else None
    return Searching(corpus, indexes.open_index(folder, loaded), loaded)


def search(
    searching: Searching,
    text: str,
    lang: str | None = None,
    filters: Filters | None = None,
    *,
    limit: int = 10,
    offset: int = 0,
) -> dict[str, Any]:
    """The passages for a question, in the shape of design §7.

    filters: by the names of `kg.lexical.FILTERS`; raises UsageError for one that does not exist or a value that nothing has.
    """
    if not (1 <= limit <= POOL and offset >= 0):
        raise UsageError(f"limit must be 1 to {POOL}, and offset not negative", where="search", remedy="correct them")
    filters = {name: tuple(values) for name, values in (filters or {}).items() if values}
    _check(searching.index, filters)
    question = understand(text, lang, searching.corpus.plans, searching.corpus.names)
    about = concepts(topic(question.text), question.spoken, searching.index)
    found = folded(ranked(searching, question, about, filters))
    hits = hits_of(searching, found[offset : offset + limit], about, question.lang)
    return {
        "question": question.text,
        "lang": question.lang,
        "total": len(found),
        "hits": hits,
        "facets": facets_of(found),
        "by": "words and meaning" if searching.encoder else "words",
        "corpus": {key: searching.corpus.generation.manifest[name] for key, name in (("version", "name"), ("date", "date"))},
    }


def _check(index: Index, filters: Filters) -> None:
    for name, values in filters.items():
        if name not in FILTERS:
            raise UsageError(f"there is no filter {name!r}", where="search", remedy=f"use {', '.join(FILTERS)}")
        known = index.values[name]
        for value in values:
            if value not in known:
                from rapidfuzz import process

                near = [match[0] for match in process.extract(value, list(known), limit=6)] if len(known) > 12 else sorted(known)
                raise UsageError(
                    f"no passage has {name} {value!r}", where="search", remedy=f"there are {', '.join(near) or 'none'}"
                )


# ---------------------------------------------------------------- order


def ranked(
    searching: Searching,
    question: Question,
    about: Sequence[Concept],
    filters: Filters,
    *,
    cut: bool = True,
    proof: Collection[str] | None = None,
) -> list[Found]:
    """Passages with their reasons, best first. A question without any word of a topic finds nothing.

    cut: leave out what is far below the best; proof: the passages that an answer cites, where the caller knows them.
    """
    if not about and not question.entities and not question.numbers:
        return []
    index = searching.index
    allowed = lexical.matching(index.words, filters) if filters else None
    asked = (question.text, question.spoken)
    nearness, of_sentences = searching.remember(("nearness", *asked), lambda: _nearness(searching, question))
    with_these = tuple(sorted((name, tuple(values)) for name, values in filters.items()))
    pieces = searching.remember(("pieces", *asked, with_these), lambda: _pieces(index, question, about, filters))
    measures = {measure_ref(plan, number) for number in question.numbers for plan in question.plans}
    proof = _proof(searching, question) if proof is None else proof
    entities = _entities(searching, (ref for entity in question.entities for ref in entity.refs))
    candidates = {ref for values in nearness.values() for ref in _best(searching, values, allowed)}
    candidates.update(pieces)
    said = shares(index, about)
    candidates.update(_best(searching, said, allowed))
    for entity in (*entities, *measures):
        candidates.update(ref for ref in searching.mentioned.get(entity, ())[:LOOKED_AT] if allowed is None or ref in allowed)
    candidates.update(ref for ref in proof if ref in searching.rows and (allowed is None or ref in allowed))
    found = sorted(candidates)
    rows = np.array([searching.rows[ref] for ref in found], np.int64)
    values = np.zeros((len(REASONS), len(found)), np.float32)
    for name, near in nearness.items():
        values[REASONS.index(name)] = near[rows]
    values[REASONS.index("words")] = said[rows]
    values[REASONS.index("pieces")] = [pieces.get(ref, 0.0) for ref in found]
    if entities:
        values[REASONS.index("names")] = [_named(index.passages[ref], entities) for ref in found]
    if measures:
        values[REASONS.index("measures")] = [bool(measures & set(index.passages[ref].entities)) for ref in found]
    if asks_number(question.text):
        values[REASONS.index("figures")] = [min(1.0, index.passages[ref].numbers / DIGITS) for ref in found]
    values[REASONS.index("proof")] = [ref in proof for ref in found]
    if asked_for := asks_for(question.text):
        of_kind = [searching.of_kind[start] for start in asked_for]
        values[REASONS.index("asked")] = [any(ref in known for known in of_kind) for ref in found]
    if question.years or question.chosen:
        values[REASONS.index("period")] = [_of_period(index.passages[ref], question) for ref in found]
    weights = np.array([ranking()[name] for name in REASONS], np.float32)
    if nearness and found:
        values[REASONS.index("kin")] = _kin(searching, rows, (weights[:, None] * values).sum(axis=0))
    scores = (weights[:, None] * values).sum(axis=0)
    order = sorted(range(len(found)), key=lambda place: (-scores[place], found[place]))
    if cut:
        order = [place for place in order[:POOL] if scores[place] >= SHARE * scores[order[0]] > 0]
    return [
        Found(
            index.passages[found[place]],
            dict(zip(REASONS, map(float, values[:, place]), strict=True)),
            float(scores[place]),
            of_sentences.get(index.passages[found[place]].passage.lang),
        )
        for place in order
    ]


def _named(indexed: Indexed, entities: Mapping[str, float]) -> float:
    """How much the names of the question tell that a passage has; 1 and more where it has a rare one."""
    return sum(weight for entity, weight in entities.items() if entity in indexed.entities)


def _of_period(indexed: Indexed, question: Question) -> bool:
    """Whether a passage is of a year that the question chooses, or else of a plan edition."""
    if question.years:
        return not {str(year) for year in question.years}.isdisjoint(indexed.filters.get("year", ()))
    return not set(question.plans).isdisjoint(indexed.filters.get("plan", ()))


def _kin(searching: Searching, rows: NDArray[np.int64], scores: Vector) -> Vector:
    """How near each passage is to the best ones so far of its language: what speaks of the same finds what is said otherwise.

    Where the best of a language are far from the question, so is their kin: the value counts less in proportion.
    """
    assert searching.index.vectors
    found = np.zeros(len(rows), np.float32)
    means = [0.0]
    for lang, members in searching.holders.items():
        mine = np.flatnonzero(np.isin(rows, members))
        if len(mine):
            stored = vectors.stored(searching.index.vectors, lang)
            places = np.searchsorted(members, rows[mine])
            best = np.argsort(-scores[mine], kind="stable")[:KIN]
            near = vectors.products(stored, unit(stored[places[best]].mean(axis=0)))
            mean = float(scores[mine[best]].mean())
            found[mine] = mean * np.maximum(0, (near[places] - _usual(near)) / SCALE)
            means.append(mean)
    return found / max(*means, 1e-9)


def _nearness(searching: Searching, question: Question) -> tuple[dict[str, Vector], Mapping[str, Vector]]:
    """How much nearer to the question than usual each passage and its nearest sentence or label is, by row; and the cosines of
    all sentences by language. Nothing without an encoder."""
    index, encoder = searching.index, searching.encoder
    if not encoder or not index.vectors or not index.sentences:
        return {}, {}
    asked = searching.encoded(question.text)
    meaning, sentence = np.full((2, len(searching.refs)), -1, np.float32)
    for lang, values in vectors.cosines(index.vectors, asked, question.spoken).items():
        meaning[searching.holders[lang]] = values
    of_sentences = vectors.cosines(index.sentences, asked, question.spoken)
    for lang, values in of_sentences.items():
        np.maximum.at(sentence, searching.owners[lang], values)
    return {"meaning": _above_usual(meaning), "sentence": _above_usual(sentence)}, of_sentences


def _above_usual(values: Vector) -> Vector:
    """Cosines above what is usual, which differs from question to question."""
    return np.asarray(np.maximum(0, (values - _usual(values)) / SCALE), np.float32)


def _usual(values: Vector) -> float:
    """The median of the best cosines."""
    size = min(2 * POOL, len(values))
    return float(np.median(np.partition(values, len(values) - size)[-size:])) if size else 0.0


def _best(searching: Searching, values: Vector, allowed: Collection[str] | None) -> list[str]:
    """The nearest passages, among those allowed."""
    rows = np.flatnonzero(values > 0)
    if allowed is not None:
        rows = np.array([row for row in rows.tolist() if searching.refs[row] in allowed], np.int64)
    return [searching.refs[row] for row in rows[np.argsort(-values[rows], kind="stable")[:LOOKED_AT]]]


def _pieces(index: Index, question: Question, about: Sequence[Concept], filters: Filters) -> dict[str, float]:
    """Passages with names and long words that look like those of the question, as a share of the best."""
    wanted = [Term(" ".join(concept.text for concept in about))]
    if question.spoken in OTHER:
        wanted += [Term(term, TRANSLATED) for term in translate(question.text, question.spoken)]
    hits = [hit for found in lexical.search_grams(index.words, wanted, filters, LOOKED_AT).values() for hit in found]
    top = max((score for _, score in hits), default=0)
    return {ref: score / top for ref, score in hits} if top > 0 else {}


def _proof(searching: Searching, question: Question) -> set[str]:
    """The passages that an answer from the graph cites: what proves an answer is what a search should show first."""
    if question.intent not in PROVING:
        return set()
    reply = answer(searching.corpus, question)
    urls = [citation["url"] for row in reply["answers"] for citation in row["citations"]]
    return {shorten(url, searching.corpus.base) for url in urls}


def _entities(searching: Searching, refs: Iterable[str]) -> dict[str, float]:
    """What the question names, each with what it tells that a passage has it: 1 for what a single passage has."""
    total, most = len(searching.refs), math.log(1 + len(searching.refs))
    counts = {ref: searching.index.mentions.get(ref, 0) for ref in refs}
    return {ref: math.log(1 + total / count) / most for ref, count in counts.items() if count}


def folded(found: Iterable[Found]) -> list[Found]:
    """The same order with passages that say the same in one: the first, which names the places of the others."""
    kept: dict[str, Found] = {}
    for one in found:
        same = next((kept[twin] for twin in one.indexed.twins if twin in kept), None)
        if same:
            same.also.append(one.indexed)
        else:
            kept[one.indexed.ref] = one
    return list(kept.values())
