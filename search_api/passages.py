"""Passages instead of an answer: for a question that no query answers, what the documents say that comes near it, or nothing.

A passage found is not yet an answer: search finds something for every question. How likely it is that the best passages answer is
computed from how near they are and from what of the question no passage has (`ontology/abstaining.toml`, learnt by
`bench/abstaining.py` from questions of which half cannot be answered). Below the threshold nothing is answered, and what was
found is shown as near only.
"""

from __future__ import annotations

import functools
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import MetadataError
from kg.glossary import by_stems
from kg.lexical import words
from kg.vocabulary import ONTOLOGY
from search_api.answers import NEAREST, Corpus, passage_row, title_of
from search_api.concepts import SAID, Concept, concepts, spread
from search_api.topics import decides
from search_api.understanding import (
    SHORT,
    Question,
    asks_meaning,
    asks_person,
    asks_told,
    speaks_of_frame,
    topic,
)
from search_api.wording import say

if TYPE_CHECKING:
    from search_api.search import Found, Searching

SHOWN = 5  # passages of an answer
BEARING = 2  # best passages in which a number is looked for
NAMED = 6  # initiatives that its sentence names
NEARLY = 1  # below the threshold by no more than this, passages are shown as near
USUAL = 0.85  # cosine between a question and its nearest sentence that tells nothing
OPEN = frozenset(
    {
        "unknown",
        "recommendations",
        "initiative",
        "organisation",
        "group",
        "measures",
        "carriers",
        "figure",
        "grant",
        "when",
        "zone",
        "shortened",
    }
)  # what passages may answer too
FEATURES = ("cosine", "sentence", "words", "absent", "foreign")


@dataclass(frozen=True, slots=True)
class Abstaining:
    """Weights of what is seen of a question and its best passages, and the value from which passages answer."""

    weights: Mapping[str, float]
    bias: float
    threshold: float


@functools.cache
def abstaining(kind: str, path: Path = ONTOLOGY / "abstaining.toml") -> Abstaining:
    """The weights for an index with vectors ("meaning") or without ("words")."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))[kind]
        weights = {name: float(data["weights"].get(name, 0)) for name in FEATURES}
        return Abstaining(weights, float(data["bias"]), float(data["threshold"]))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise MetadataError(f"cannot be used: {error}", where=str(path), remedy="correct the file") from error


def instead(corpus: Corpus, question: Question, reply: dict[str, Any]) -> dict[str, Any]:
    """A reply without answers, completed: with passages where they probably answer, else with the nearest of them.

    Passages answer what is not understood, and what the graph holds in part only (recommendations, descriptions). A question
    for anything else that has no answer in the graph stays without: what it asks for is known, and is not there.
    """
    from search_api.hits import hits_of
    from search_api.search import folded

    searching = corpus.searching
    about, found = sought(searching, question)
    if not found:
        return reply
    hits = hits_of(searching, folded(found)[:SHOWN], about, question.lang)
    likely = likelihood(searching, question, about, found)
    kept = abstaining("meaning" if searching.encoder else "words")
    if question.intent not in OPEN or uncertain(corpus, question, about, found) or likely < kept.threshold:
        near = [_near(hit) for hit in hits] if question.intent in OPEN and likely >= kept.threshold - NEARLY else []
        return reply | {"nearest": [*reply["nearest"], *near][:NEAREST]}
    sentences = [say("sentence", "passages", question.lang)]
    named = _initiatives(corpus, hits)
    if named:
        names = "; ".join(corpus.label(ref, question.lang) for ref in named[:NAMED])
        sentences.append(say("sentence", "passages_name", question.lang, names=names))
    return reply | {
        "intent": "passages",
        "status": "answered",
        "text": " ".join(sentences),
        "answers": [_row(hit) for hit in hits],
        "nearest": [],
        "scope": reply["scope"] | {"years": sorted(set(question.years))},
    }


def sought(searching: Searching, question: Question) -> tuple[list[Concept], list[Found]]:
    """The concepts of a question and its passages, best first; of the places that it names, where they have any."""
    from search_api.search import ranked

    about = concepts(topic(question.text), question.spoken, searching.index)
    return about, ranked(searching, question, about, _places(searching, question), proof=()) if about else []


def bearing(corpus: Corpus, question: Question) -> list[str]:
    """The best passages for a question, as references, where they are probably about it and have everything that it names."""
    from search_api.search import folded

    searching = corpus.searching
    about, found = sought(searching, question)
    if not searching.encoder or not found or _beyond(corpus, question, about, found):
        return []
    if likelihood(searching, question, about, found) < abstaining("meaning").threshold:
        return []
    return [one.indexed.ref for one in folded(found)[:BEARING] if _names_all(corpus, question, one)]


def features(searching: Searching, question: Question, about: Sequence[Concept], found: Sequence[Found]) -> dict[str, float]:
    """What tells whether the best passages answer a question. cosine: of the nearest sentence; sentence: how much that is above
    what is usual for this question; words: share of the concepts; absent: share of the concepts that no passage of the best
    one's language has, words without a translation not counted; foreign: 1 where the best passage is in another language."""
    best, top = found[0].indexed.passage.lang, found[:3]
    cosine = max((float(one.cosines.max()) for one in top if one.cosines is not None), default=USUAL)
    absent = [concept for concept in about if not _present(searching, concept, best, question.spoken)]
    return {
        "cosine": 50 * (cosine - USUAL),
        "sentence": max(one.reasons["sentence"] for one in top),
        "words": max(one.reasons["words"] for one in top),
        "absent": len(absent) / len(about),
        "foreign": float(best != question.spoken),
    }


def likelihood(searching: Searching, question: Question, about: Sequence[Concept], found: Sequence[Found]) -> float:
    """Log odds that the best passages answer the question."""
    kept = abstaining("meaning" if searching.encoder else "words")
    return kept.bias + math.fsum(
        kept.weights[name] * value for name, value in features(searching, question, about, found).items()
    )


def uncertain(corpus: Corpus, question: Question, about: Sequence[Concept], found: Sequence[Found]) -> bool:
    """Whether passages cannot answer, however near: one number or date is asked for, which no figure has; what is asked for is
    beyond them; or they do not explain the abbreviation."""
    if asks_told(question.text) or _beyond(corpus, question, about, found):
        return True
    if asks_meaning(question.text) and (short := SHORT.search(question.text)):
        said = " ".join(one.indexed.passage.text for one in found[:SHOWN])
        return not re.search(rf"\(\s*{short[0]}\s*\)|\b{short[0]}\s*\(", said)
    return False


def _beyond(corpus: Corpus, question: Question, about: Sequence[Concept], found: Sequence[Found]) -> bool:
    """Whether a question asks for a person, a contact or a text to be made; for a year that no document covers; for something
    with a name that the best passages do not have; or for a phenomenon in a place of which they say nothing."""
    years = {year for plan in corpus.plans for year in _span(plan)}
    years |= {int(source["year"]) for source in corpus.generation.manifest["sources"].values() if source["year"]}
    said = " ".join(one.indexed.passage.text for one in found[:SHOWN])
    asked = (*question.years, *question.span[:1], *question.span[-1:])
    if asks_person(question.text) or any(year not in years and str(year) not in said for year in asked):
        return True
    if all(speaks_of_frame(one.text) for one in about):
        return True  # nothing but the region is named
    if corpus.searching.encoder is None and len(about) < 2:
        return True  # without vectors, every passage with a single word would do
    known = " ".join(entity.name.casefold() for entity in question.entities)
    if any(_is_name(question.text, one.text) and one.text.casefold() not in known and not _has(found, one) for one in about):
        return True
    deciding = [one for one in about if decides(corpus, question.spoken, one)]
    in_place = any(entity.kind == "place" for entity in question.entities)
    return bool(deciding) and in_place and not any(_has(found[:1], one) for one in deciding)


def _names_all(corpus: Corpus, question: Question, one: Found) -> bool:
    """Whether a passage has everything that a question names, but for the bodies that report."""
    return all(
        set(entity.refs) & set(one.indexed.entities) or set(entity.refs) <= corpus.names.publishers
        for entity in question.entities
        if not entity.common
    )


def _places(searching: Searching, question: Question) -> dict[str, list[str]]:
    """The filter of the police zones or communes that a question names, where passages have them."""
    found: dict[str, list[str]] = {}
    for entity in question.entities:
        for ref in entity.refs if entity.kind == "place" else ():
            key = ref.rsplit("/", 1)[-1]
            for name, value in (("zone", key.rsplit("-", 1)[-1]), ("commune", key)):
                if value in searching.index.values[name]:
                    found.setdefault(name, []).append(value)
    return found


def _span(plan: str) -> range:
    first, _, last = plan.removeprefix("gvpp-").partition("-")
    return range(int(first), int(last or first) + 1) if first.isdigit() else range(0)


def _is_name(text: str, word: str) -> bool:
    """Whether a word of a question is written as a name: with a capital that does not begin a sentence."""
    at = text.find(word)
    return word[:1].isupper() and at > 0 and not text[:at].rstrip().endswith((".", "?", "!", ":"))


def _has(found: Sequence[Found], concept: Concept) -> bool:
    """Whether one of the best passages has a concept, in any of the ways of its language."""
    return any(
        set(key) <= set(one.indexed.row) for one in found[:SHOWN] for key in concept.ways.get(one.indexed.passage.lang, {})
    )


def _present(searching: Searching, concept: Concept, lang: str, asked: str) -> bool:
    """Whether any passage of a language has a concept. A word that has no translation is passed over: nobody knows."""
    if lang != asked and tuple(word.stem for word in words(concept.text, asked)) not in by_stems(asked, everyday=True):
        return True
    ways = concept.ways.get(lang, {})
    return any(min(spread(searching.index, lang, stem) for stem in key) for key, sure in ways.items() if sure > SAID)


def _initiatives(corpus: Corpus, hits: Sequence[Mapping[str, Any]]) -> list[str]:
    """The initiatives that the passages report on, in their order."""
    start = f"{corpus.base}/id/initiative/"
    iris = [entity["iri"] for hit in hits for entity in hit["entities"] if entity["iri"].startswith(start)]
    return [iri.removeprefix(f"{corpus.base}/") for iri in dict.fromkeys(iris)]


def _near(hit: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "iri": hit["passage"],
        "kind": "Passage",
        "label": {hit["lang"]: f"{hit['title']}: {title_of(hit)}"},
        "number": None,
        "plan": None,
    }


def _row(hit: Mapping[str, Any]) -> dict[str, Any]:
    """A passage as a row of an answer; its text is the sentence that comes nearest to the question."""
    start, end = hit["sentence"] or (0, len(hit["quote"]))
    place = {name: hit[name] for name in ("document", "title", "page", "section", "quote", "lang", "start", "end")}
    return passage_row(place | {"url": hit["passage"]}, hit["quote"][start:end])
