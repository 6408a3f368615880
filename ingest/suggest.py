"""Links that no text states, computed: editions compared, likely measures of initiatives, parts of the resolution they answer to.

A suggestion carries a score that was calibrated on judged pairs: of those shown with 0.8, about 8 in 10 are right
(docs/knowledge.md). It never stands among what the texts say.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.link import Labels
from ingest.similar import FEATURES, Likeness, Lore, Thing, Values, encoded, likeness
from kg.encoder import Encoder
from kg.errors import MetadataError
from kg.model import Extraction, Quote, Ref, Suggestion
from kg.names import fold
from kg.vocabulary import ONTOLOGY, Vocabulary

KINDS = ("editions", "measures", "parts")
MOST = 3  # suggestions for one thing
LONG = 100  # characters of a text that says enough
HEADINGS = 2  # above a passage, that tell what an initiative is about that it only names
NAMED = 4  # shared concepts that a reason names
DESCRIBED = ("dct:description", "gvpp:objective", "gvpp:context", "gvpp:targetGroup")
ACTORS = ("gvpp:hasPartner", "gvpp:carriedOutBy", "gvpp:madeBy")
PARTS = ("gvpp:ResolutionPart", "gvpp:Recommendation")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Model:
    """How a score is made. weights: of each feature; slope, margin, bias: from their sum, and from how far it is below the best
    of the same left side, to a chance; floor: the chance from which a pair is shown."""

    weights: NDArray[np.float32]
    slope: float
    margin: float
    bias: float
    floor: float

    def scores(self, values: Values) -> Values:
        """The chance that each pair is right, shape (left, right)."""
        sums = values @ self.weights
        below = sums - sums.max(axis=1, keepdims=True)
        return np.asarray(1 / (1 + np.exp(-(self.slope * sums + self.margin * below + self.bias))), np.float32)


@dataclass(slots=True)
class Things:
    """What the documents describe, gathered from all of them. plans: by measure or initiative; linked: stated pairs;
    themes: names of each, folded."""

    measures: dict[str, Thing] = field(default_factory=dict)
    initiatives: dict[str, Thing] = field(default_factory=dict)
    parts: dict[str, Thing] = field(default_factory=dict)
    plans: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    years: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    linked: set[tuple[str, str]] = field(default_factory=set)
    themes: dict[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Raw:
    """What is gathered of one thing, in the order in which it comes."""

    names: dict[str, str] = field(default_factory=dict)
    texts: dict[tuple[str, str], None] = field(default_factory=dict)
    themes: set[str] = field(default_factory=set)
    actors: set[str] = field(default_factory=set)
    quotes: dict[Quote, None] = field(default_factory=dict)


@functools.cache
def _file(path: Path = ONTOLOGY / "suggesting.toml") -> Mapping[str, Mapping[str, object]]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the file") from error


def model(kind: str, with_vectors: bool) -> Model:
    """The model of one of KINDS; without vectors the one that was learnt on words alone."""
    suffix = "" if with_vectors else "_words"
    try:
        weights, chance = _file()[f"likeness{suffix}"], _file()[f"{kind}{suffix}"]
        parts = [float(chance[name]) for name in ("slope", "margin", "bias", "floor")]  # type: ignore[arg-type]
        return Model(np.array([float(weights[feature]) for feature in FEATURES], np.float32), *parts)  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong(f"lacks or misuses {error}") from error


def _wrong(what: str) -> MetadataError:
    return MetadataError(what, where=str(ONTOLOGY / "suggesting.toml"), remedy="see the comment at the top of the file")


def lore(themes: Mapping[str, frozenset[str]]) -> Lore:
    """What is known beside the texts. themes: names of each, folded, by reference."""
    try:
        actions = {
            name: re.compile(r"\b(?:" + "|".join(word for words in by_lang.values() for word in words.split()) + ")")  # type: ignore
            for name, by_lang in _file()["actions"].items()
        }
        return Lore(themes, actions, tuple(_file()["topics"]["phenomena"]))  # type: ignore[arg-type]
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise _wrong(f"[actions] or [topics] lacks or misuses {error}") from error


def gather(extractions: Sequence[Extraction], labels: Labels, vocabulary: Vocabulary) -> Things:
    """The measures, initiatives and parts of the resolution that the (linked) extractions describe."""
    found = Things(
        themes={f"auth/theme/{t.plan}/{t.number}": frozenset(map(fold, (*t.labels.values(), *t.also))) for t in vocabulary.themes}
    )
    kinds: dict[str, str] = {}
    raw: dict[str, _Raw] = defaultdict(_Raw)
    for extraction in extractions:
        source = extraction.source
        plan = source.plan or vocabulary.plan_in_force(source.year)
        passages = {passage.ref: passage for passage in extraction.passages}
        for s in extraction.statements:
            if isinstance(s.object, Ref):
                if s.predicate == "rdf:type":
                    kinds[s.subject] = s.object.path
                    if s.object.path in PARTS and source.year:
                        found.years[s.subject].add(source.year)
                elif s.predicate in ("gvpp:implements", "gvpp:answersTo"):
                    found.linked.add((s.subject, s.object.path))
                elif s.predicate == "gvpp:reportedIn":
                    found.plans[s.subject].update([plan] if plan else [])
                    found.years[s.subject].update([source.year] if source.year else [])
                elif s.predicate == "dct:subject":
                    raw[s.subject].themes.add(s.object.path)
                elif s.predicate in ACTORS:
                    raw[s.subject].actors.add(s.object.path)
                continue
            lang = s.object.lang or source.lang
            if s.predicate in ("skos:prefLabel", "dct:title"):
                raw[s.subject].names.setdefault(lang, s.object.value)
                if s.subject.startswith("auth/theme/"):
                    found.themes[s.subject] = found.themes.get(s.subject, frozenset()) | {fold(s.object.value)}
            if s.predicate in DESCRIBED:
                raw[s.subject].texts.setdefault((lang, s.object.value))
            if s.quote and s.predicate in (*DESCRIBED, "skos:prefLabel", "dct:title"):
                raw[s.subject].quotes.setdefault(s.quote)
                if s.predicate == "skos:prefLabel":
                    raw[s.subject].texts.setdefault((lang, s.quote.text))
                    for heading in passages[s.quote.passage].section[-HEADINGS:] if s.quote.passage in passages else ():
                        raw[s.subject].texts.setdefault((source.lang, heading))
    places = {"gvpp:Measure": found.measures, "gvpp:Initiative": found.initiatives}
    for ref, kind in sorted(kinds.items()):
        place = places.get(kind, found.parts if kind in PARTS else None)
        if place is not None and (thing := _thing(ref, raw[ref], labels)):
            place[ref] = thing
    return found


def _thing(ref: str, raw: _Raw, labels: Labels) -> Thing | None:
    """A thing from what was gathered of it, with its longest quote; None where no words of a document prove it."""
    if not raw.quotes:
        return None
    best = min(raw.quotes, key=lambda quote: (-len(quote.text), quote.start))
    names = {**raw.names, **labels.get(ref, {})}
    texts = sorted(raw.texts, key=lambda text: -min(len(text[1]), LONG))  # sentences before headings
    return Thing(ref, names, tuple(texts), frozenset(raw.themes), frozenset(raw.actors), (best,))


def pairings(things: Things) -> Iterator[tuple[str, list[Thing], list[Thing]]]:
    """What is compared with what: kind, left and right side."""
    by_plan: dict[str, list[Thing]] = defaultdict(list)
    for ref, thing in things.measures.items():
        by_plan[ref.split("/")[2]].append(thing)
    for older, newer in combinations(sorted(by_plan), 2):
        yield "editions", by_plan[older], by_plan[newer]
    for plan, measures in sorted(by_plan.items()):
        mine = [thing for ref, thing in things.initiatives.items() if plan in things.plans[ref]]
        told = {a for a, b in things.linked if b.startswith(f"id/measure/{plan}/")}
        yield "measures", [thing for thing in mine if thing.ref not in told], measures
    answering = {a for a, b in things.linked if not b.startswith("id/measure/")}
    first = min((year for ref in things.parts for year in things.years[ref]), default=0)
    # What was reported before the resolution is no answer to it; what has no year may be.
    later = [
        t for ref, t in things.initiatives.items() if ref not in answering and max(things.years[ref], default=first) >= first
    ]
    yield "parts", later, list(things.parts.values())


def suggest(things: Things, encoder: Encoder | None, cache: Path, progress: Progress | None = None) -> list[Suggestion]:
    """Every suggestion, best first for each thing."""
    found: list[Suggestion] = []
    beside = lore(things.themes)
    for kind, left, right in pairings(things):
        if not left or not right:
            continue
        known = likeness(left, right, beside, encoder, cache, progress)
        chosen = model(kind, encoder is not None)
        scores = chosen.scores(known.values)
        for i, j in shown(scores, chosen.floor):
            found.append(_suggestion(kind, left[i], right[j], float(scores[i, j]), known, (i, j)))
    return found


def texts(things: Things) -> list[str]:
    """Every text whose vector the comparison of these things needs."""
    every = [*things.measures.values(), *things.initiatives.values(), *things.parts.values()]
    return [encoded(thing)[1] for thing in every]


def shown(scores: Values, floor: float) -> Iterator[tuple[int, int]]:
    """The pairs that are good enough, for each left side the best first."""
    for i, row in enumerate(scores):
        for j in np.argsort(-row, kind="stable")[:MOST].tolist():
            if row[j] >= floor:
                yield i, j


PROPERTY = {"editions": "skos:closeMatch", "measures": "gvpp:suggestedMeasure", "parts": "gvpp:suggestedPart"}


def _suggestion(kind: str, a: Thing, b: Thing, score: float, known: Likeness, at: tuple[int, int]) -> Suggestion:
    reason = {lang: _reason(known, at, lang) for lang in ("nl", "fr")}
    return Suggestion(a.ref, PROPERTY[kind], b.ref, score, reason, (*a.quotes, *b.quotes))


def _reason(known: Likeness, at: tuple[int, int], lang: str) -> str:
    """What a pair has in common, in words: the features that speak for it."""
    say = _file()["reason"]
    values = dict(zip(FEATURES, known.values[at].tolist(), strict=True))
    told = [str(say["meaning"][lang])] if values["meaning"] > 0 else []  # type: ignore[index]
    if common := known.shared(*at, lang)[:NAMED]:
        told.append(str(say["words"][lang]).format(words=", ".join(common)))  # type: ignore[index]
    told += [str(say[name][lang]) for name in ("theme", "action", "actors") if values[name] > 0]  # type: ignore[index]
    return "; ".join(told) or str(say["little"][lang])  # type: ignore[index]
