"""Hits as they are shown: the passage with its place, the words found, what it names, and the reasons; and counts for filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kg.index import Indexed
from kg.lexical import FILTERS
from search_api.answers import Corpus
from search_api.concepts import Concept, said_at

if TYPE_CHECKING:
    from search_api.search import Found, Searching

SHOWN = 8  # entities of a hit


def facets_of(found: Iterable[Found]) -> dict[str, dict[str, int]]:
    """How many of the passages found stand under each value of each filter, the most frequent first."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in FILTERS}
    for one in found:
        for name, values in one.indexed.filters.items():
            counts[name].update(values)
    return {name: dict(sorted(count.items(), key=lambda item: (-item[1], item[0]))) for name, count in counts.items()}


def hits_of(searching: Searching, found: Iterable[Found], about: Sequence[Concept], lang: str) -> list[dict[str, Any]]:
    """Passages as they are shown: in the shape of design §7, labels in a language."""
    return [_hit(searching, one, about, lang) for one in found]


def _hit(searching: Searching, one: Found, about: Sequence[Concept], lang: str) -> dict[str, Any]:
    corpus, passage = searching.corpus, one.indexed.passage
    spans = said_at(one.indexed, about)
    entities = sorted(one.indexed.entities, key=lambda ref: (searching.index.mentions[ref], ref))[:SHOWN]
    return {
        "passage": f"{corpus.base}/{passage.ref}",
        **place_of(corpus, one.indexed, lang),
        "lang": passage.lang,
        "quote": passage.text,
        "start": passage.start,
        "end": passage.end,
        "highlights": spans,
        "sentence": _nearest_sentence(searching, one),
        "score": round(one.score, 4),
        "why": {
            "words": list(dict.fromkeys(passage.text[start:end] for start, end in spans)),
            "reasons": {name: round(value, 3) for name, value in one.reasons.items() if value > 0},
        },
        "entities": [{"iri": f"{corpus.base}/{ref}", "label": corpus.label(ref, lang)} for ref in entities],
        "also": [place_of(corpus, other, lang) | {"passage": f"{corpus.base}/{other.ref}"} for other in one.also],
    }


def _nearest_sentence(searching: Searching, one: Found) -> tuple[int, int] | None:
    """The span of the sentence that comes nearest to the question; None without vectors."""
    if one.cosines is None or not (known := searching.sentences.get(one.indexed.ref)):
        return None
    near = one.cosines
    _, start, end = max(known, key=lambda place: float(near[place[0]]))
    return start, end


def place_of(corpus: Corpus, indexed: Indexed, lang: str) -> dict[str, Any]:
    passage = indexed.passage
    return {
        "document": passage.document,
        "title": corpus.label(f"id/document/{passage.document}", lang),
        "page": passage.page,
        "section": " › ".join(passage.section) or None,
    }
