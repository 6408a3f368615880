"""Judgements in a build: which of them count, what they take out of the texts' statements, and what they add to the graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.document import mask
from ingest.private import private_spans
from kg.errors import MetadataError
from kg.graph import judgements_graph
from kg.judgements import FILE, Judgement, Key, key, read_judgements
from kg.model import Certainty, Extraction, Quote, Ref, Statement, Suggestion
from kg.names import digest

NAMED = ("skos:prefLabel", "dct:title", "dct:description", "gvpp:otherWording")  # what shows a thing, the best first

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgements that count, and what is wrong with the others."""

    judgements: tuple[Judgement, ...] = ()
    problems: tuple[MetadataError, ...] = ()

    @property
    def mark(self) -> str:
        """The same while judgements and problems are: these are an input of the build."""
        return digest(*map(repr, self.judgements), *map(str, self.problems))

    @property
    def accepted(self) -> list[Judgement]:
        return [judgement for judgement in self.judgements if judgement.accepted]

    @property
    def rejected(self) -> list[Judgement]:
        return [judgement for judgement in self.judgements if not judgement.accepted]

    def as_dict(self) -> dict[str, Any]:
        """What a build tells of them."""
        counts = {"accepted": len(self.accepted), "rejected": len(self.rejected), "reported": len(self.problems)}
        return {**counts, "problems": [problem.as_dict() for problem in self.problems]}


def read(data: Path, folders: Iterable[Path]) -> Judged:
    """The judgements of the corpus folders and of the data folder, whose own overrule those of the corpus."""
    judgements, problems = read_judgements([folder / FILE for folder in folders], data / FILE)
    return Judged(tuple(sorted(judgements, key=lambda judgement: judgement.key)), tuple(problems))


def merges(judgements: Iterable[Judgement]) -> tuple[set[Pair], set[Pair]]:
    """Pairs of references that are one (as judged: the first is merged into the second), and pairs that are not."""
    same = [judgement for judgement in judgements if judgement.link == "owl:sameAs"]
    accepted, rejected = ({(j.subject, j.object) for j in same if j.accepted is verdict} for verdict in (True, False))
    return accepted, rejected


def settle(
    judged: Judged, extractions: Sequence[Extraction], known: Collection[str] = (), same: Mapping[str, str] | None = None
) -> Judged:
    """Those whose subject and object are in the corpus or among `known`; the others are reported, and stay in their file.

    same: references that were merged into others; a judgement of one counts for the other.
    """
    same = same or {}
    here = {*known, *same}
    for extraction in extractions:
        for statement in extraction.statements:
            here.add(statement.subject)
            if isinstance(statement.object, Ref):
                here.add(statement.object.path)
    kept: dict[Key, Judgement] = {}
    problems = list(judged.problems)
    for judgement in judged.judgements:
        gone = [reference for reference in (judgement.subject, judgement.object) if reference not in here]
        if gone:
            what = f"not in the corpus: {' and '.join(gone)}; this judgement is kept in its file and not used"
            remedy = "correct the reference, or leave the line until its document is there"
            problems.append(MetadataError(what, where=judgement.where, remedy=remedy))
            continue
        if judgement.link != "owl:sameAs":
            subject, object_ = (same.get(reference, reference) for reference in (judgement.subject, judgement.object))
            judgement = replace(judgement, subject=subject, object=object_)
        before = kept.setdefault(judgement.key, judgement)
        if before.verdict != judgement.verdict:
            what = "says the opposite of another judgement, now that the things they judge are one; neither counts"
            problems.append(
                MetadataError(what, where=f"{before.where} and {judgement.where}", remedy="take out one of the lines")
            )
            del kept[judgement.key]
    return Judged(tuple(kept.values()), tuple(problems))


def without_rejected(extractions: Iterable[Extraction], judged: Judged) -> list[Extraction]:
    """The extractions without the statements that a person rejected. Where only a suggestion was rejected, the text stands."""
    rejected = {judgement.key for judgement in judged.rejected if not judgement.of_suggestion}
    if not rejected:
        return list(extractions)
    return [replace(e, statements=[s for s in e.statements if _key(s) not in rejected]) for e in extractions]


def _key(statement: Statement) -> Key | None:
    return key(statement.subject, statement.predicate, statement.object.path) if isinstance(statement.object, Ref) else None


def still_open(suggestions: Iterable[Suggestion], judged: Judged) -> list[Suggestion]:
    """The suggestions that nobody has judged."""
    done = {judgement.key for judgement in judged.judgements}
    return [s for s in suggestions if key(s.subject, s.predicate, s.object) not in done]


def with_accepted(extractions: Sequence[Extraction], judged: Judged) -> list[Extraction]:
    """The extractions with the accepted links, for whoever asks what is linked to what; no text states them: no quotes."""
    if not extractions or not judged.accepted:
        return list(extractions)
    added = [Statement(j.subject, j.link, Ref(j.object), certainty=Certainty.CURATED) for j in judged.accepted]
    first, *rest = extractions
    return [replace(first, statements=[*first.statements, *added]), *rest]


def graph(judged: Judged, extractions: Sequence[Extraction], suggestions: Iterable[Suggestion], base: str) -> bytes:
    """N-Quads of the graph of judgements: each with the quotes of the suggestion that it settles, else that of the text that
    states the link, else those that show the two things. What looks like personal data in who and why is blanked."""
    suggested = {key(s.subject, s.predicate, s.object): s for s in suggestions}
    stated: dict[Key, Quote] = {}
    shown: dict[str, tuple[int, Quote]] = {}
    wanted = {judgement.key for judgement in judged.judgements}
    things = {reference for judgement in judged.judgements for reference in (judgement.subject, judgement.object)}
    for statement in (s for e in extractions for s in e.statements if s.quote):
        assert statement.quote is not None
        if (found := _key(statement)) in wanted and found is not None:
            stated.setdefault(found, statement.quote)
        if statement.subject in things:
            rank = NAMED.index(statement.predicate) if statement.predicate in NAMED else len(NAMED)
            if statement.subject not in shown or rank < shown[statement.subject][0]:
                shown[statement.subject] = rank, statement.quote
    pairs: list[tuple[Judgement, Sequence[Quote]]] = []
    for judgement in judged.judgements:
        suggestion = suggested.get(judgement.key)
        if suggestion and suggestion.quotes:
            same_way = suggestion.subject == judgement.subject
            quotes: Sequence[Quote] = suggestion.quotes if same_way else suggestion.quotes[::-1]
        elif judgement.key in stated:
            quotes = [stated[judgement.key]]
        else:
            quotes = [shown[reference][1] for reference in (judgement.subject, judgement.object) if reference in shown]
            if judgement.subject not in shown:
                quotes = []
        pairs.append((replace(judgement, who=_public(judgement.who), why=_public(judgement.why)), quotes))
    return judgements_graph(pairs, base)


def _public(text: str) -> str:
    return mask(text, private_spans(text, ()))
