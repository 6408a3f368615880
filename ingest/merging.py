"""Initiatives and organisations that several documents name in several ways: those that are certainly one become one.

Certain are names that differ by spelling, a general word, word order or translation where nothing else speaks against it (another
police zone, another organisation, one list that names both). What is less certain is suggested, and a judgement decides; it
undoes a merge too. The same name in several police zones stays several initiatives, of one programme.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.candidates import Finder, Item, Pair, against, candidates, relation
from ingest.judging import merges
from ingest.link import Labels, curated
from ingest.references_of_one import part, rewritten
from ingest.sameness import CERTAIN, Namer, merging
from kg.judgements import Judgement
from kg.model import Certainty, Extraction, Merge, Programme, Suggestion
from kg.names import slug
from kg.vocabulary import Vocabulary

TELLING = 2  # rare words that two texts share if they may be about one thing
SURE = 3  # … if they are, where little else is said of it
NAMED = 4  # of them that a reason names
DAILY = "gvpp:daily"


@dataclass(frozen=True, slots=True)
class Merged:
    """The documents with one reference for each thing. same: by reference that was merged away the one that stays; likely:
    pairs that a person may judge; judged: the accepted pairs, with the words that show both."""

    extractions: list[Extraction]
    same: Mapping[str, str] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    programmes: list[Programme] = field(default_factory=list)
    likely: list[Suggestion] = field(default_factory=list)
    judged: list[Suggestion] = field(default_factory=list)
    parted: Mapping[str, str] = field(default_factory=dict)  # by reference of a namesake the one that both had

    def as_dict(self) -> dict[str, Any]:
        """What a build tells of them."""
        return {
            "merged": [{"from": merge.old, "to": merge.new, "kind": merge.kind, **merge.reason} for merge in self.merges],
            "programmes": [{"programme": each.ref, "initiatives": list(each.members), **each.reason} for each in self.programmes],
            "parted": [{"from": old, "to": new} for new, old in sorted(self.parted.items())],
            "suggested": len(self.likely),
        }


def merge(extractions: Sequence[Extraction], judgements: Iterable[Judgement], vocabulary: Vocabulary) -> Merged:
    """The extractions in which each thing has one reference."""
    accepted, rejected = merges(judgements)
    found = Finder(extractions, vocabulary)
    known = {entry.ref for entry in vocabulary.entries}
    same: dict[str, str] = {}
    apart: dict[str, str] = {}
    told: list[Merge] = []
    likely: list[Suggestion] = []
    for kind in ("org:Organization", "gvpp:Initiative"):
        if kind == "gvpp:Initiative":
            found.extractions, apart = part(found.extractions, same, known)
        classes = _Classes(found.items(kind, same), rejected, known)
        classes.judge(accepted)
        open_pairs = _join(classes, found.namer)
        mine = {old: new for old, new in classes.kept().items() if old != new}
        same |= mine
        told += [classes.told(old, new) for old, new in sorted(mine.items())]
        likely += [s for s in (_suggestion(classes, pair, why) for pair, why in sorted(open_pairs.items())) if s]
        if kind == "gvpp:Initiative":
            programmes = list(_programmes(classes, found.namer))
    judged = [_shown(found, pair) for pair in sorted(accepted)]
    return Merged(rewritten(found.extractions, same, found.labelled), same, told, programmes, likely, judged, apart)


def names(merged: Merged, extractions: Iterable[Extraction], labels: Labels) -> list[tuple[str, str, str]]:
    """Curated labels of what was merged away, for what stays: (reference, language, label)."""
    taken = {(ref, label) for ref, each in labels.items() for label in each.values()}
    old = ((merged.same[ref], each) for ref, each in sorted(curated(extractions).items()) if ref in merged.same)
    return [(ref, lang, label) for ref, each in old for lang, label in each.items() if (ref, label) not in taken]


# ---------------------------------------------------------------- which are one


class _Classes:
    """Things by what they are one with. rejected: pairs that are not one, whatever their names; known: references that stay."""

    def __init__(self, items: dict[str, Item], rejected: Collection[Pair], known: Collection[str]) -> None:
        self.items = items
        self._of = {ref: [ref] for ref in items}  # every thing shares one list with those it is one with
        self._rejected = {frozenset(pair) for pair in rejected}
        self._known = known
        self._why: dict[str, tuple[str, str]] = {}  # by thing that was joined: kind and the thing it was joined to
        self._stays: dict[str, str] = {}  # of accepted pairs

    def members(self, ref: str) -> list[str]:
        return self._of[ref]

    def one(self, a: str, b: str) -> bool:
        return self._of[a] is self._of[b]

    def judge(self, accepted: Collection[Pair]) -> None:
        """Join the pairs that a person accepted: the first goes, the second stays."""
        for a, b in sorted(accepted):
            if a in self._known and b not in self._known:
                a, b = b, a
            if a in self.items and (b in self.items or b in self._known) and a[:6] == b[:6]:
                self._of.setdefault(b, [b])
                if not self.one(a, b):
                    self.join(a, b, "judged")
                    self._stays[a] = b

    def join(self, a: str, b: str, kind: str) -> None:
        mine, theirs = self._of[a], self._of[b]
        self._why[a] = kind, b
        self._why.setdefault(b, (kind, a))
        theirs += mine
        for ref in mine:
            self._of[ref] = theirs

    def against(self, a: str, b: str) -> str:
        """What speaks against a and b being one: "no", a doubt (listed, zone, kind), or ""."""
        found = ""
        for one, other in ((x, y) for x in self._of[a] for y in self._of[b]):
            if frozenset((one, other)) in self._rejected or one in self._known or other in self._known:
                return "no"
            doubt = against(self.items[one], self.items[other])
            if doubt == "no":
                return doubt
            found = found or doubt
        return found

    def kept(self) -> dict[str, str]:
        """By every thing the one that stays."""
        found: dict[str, str] = {}
        for ref in self.items:
            members = self._of[ref]
            known = sorted(member for member in members if member in self._known)
            ends = sorted({self._stays[member] for member in members if member in self._stays} - self._stays.keys())
            found[ref] = (known or ends or [min(members, key=lambda member: self.items[member].rank)])[0]
        return found

    def told(self, old: str, new: str) -> Merge:
        """A merge with its reason: the rule that joined the thing that goes."""
        kind, other = self._why[old]
        certainty = Certainty.CURATED if kind == "judged" else Certainty.INFERRED
        quotes = [self.items[ref].quote for ref in (old, new) if ref in self.items]
        reason = _reason(kind, self.label(old), self.label(other))
        return Merge(old, new, kind, reason, certainty, tuple(quote for quote in quotes if quote))

    def label(self, ref: str) -> str:
        return next((text for _, text in self.items[ref].labels), ref) if ref in self.items else ref.rsplit("/", 1)[-1]


def _join(classes: _Classes, namer: Namer) -> dict[Pair, tuple[str, str]]:
    """Join what is certainly one; the other likely pairs, with relation and doubt."""
    found: dict[str, list[Pair]] = defaultdict(list)
    near: dict[str, set[str]] = defaultdict(set)
    for a, b in candidates(classes.items):
        if how := relation(classes.items[a], classes.items[b], namer):
            found[how].append((a, b))
            if how in CERTAIN:
                near[a].add(b)
                near[b].add(a)
    left: dict[Pair, tuple[str, str]] = {}
    for how in CERTAIN:
        for a, b in sorted(found.pop(how, ()), key=lambda pair: [classes.items[ref].rank for ref in pair]):
            if not classes.one(a, b):
                doubt = classes.against(a, b) or ("several" if _several(classes, near, a, b) else "")
                if doubt:
                    left[a, b] = how, doubt
                else:
                    classes.join(a, b, how)
    for a, b in _of_organisations(classes):
        if not classes.one(a, b):
            doubt = classes.against(a, b)
            bare = all(name.bare for ref in (a, b) for name in classes.items[ref].names)
            if doubt or not (bare or _same_work(classes.items[a], classes.items[b])):
                left[a, b] = "organisation" if bare else "only", doubt
            else:
                classes.join(a, b, "organisation" if bare else "only")
    for how, pairs in sorted(found.items()):
        left |= {pair: (how.removeprefix("?"), classes.against(*pair)) for pair in pairs if pair not in left}
    return {pair: why for pair, why in left.items() if not classes.one(*pair) and classes.against(*pair) != "no"}


def _same_work(a: Item, b: Item) -> bool:
    """Whether the texts speak of one thing, and that of the one has words of the other's name."""
    told = any({word for name in x.names for word in name.core if not name.bare} & y.words for x, y in ((a, b), (b, a)))
    return told and len(a.shared(b)) >= SURE


def _several(classes: _Classes, near: Mapping[str, set[str]], a: str, b: str) -> bool:
    """Whether a name fits things that cannot be one: "X" where two bodies have an "X" each."""
    return any(
        classes.against(one, third) == "no" and classes.against(other, third) in ("", "listed")
        for one, other in ((a, b), (b, a))
        for third in near[other] - {one}
    )


def _of_organisations(classes: _Classes) -> Iterator[Pair]:
    """Initiatives that bear the name of their organisation, each with the only other one of it, if that is of other documents."""
    of: dict[str, dict[int, str]] = defaultdict(dict)  # by organisation one member of each class
    for ref, item in classes.items.items():
        for carrier in item.carriers:
            of[carrier].setdefault(id(classes.members(ref)), ref)
    for _, each in sorted(of.items()):
        things = sorted(each.values())
        bare = [ref for ref in things if all(name.bare for name in classes.items[ref].names)]
        if len(bare) > 1:
            yield from ((bare[0], other) for other in bare[1:])
        elif len(things) == 2 and bare:
            a, b = ({*classes.items[ref].documents} for ref in things)
            if a.isdisjoint(b):
                yield things[0], things[1]


# ---------------------------------------------------------------- what is told of it


def _reason(kind: str, old: str = "", new: str = "", **more: str) -> dict[str, str]:
    return {lang: text.format(old=old, new=new, **more) for lang, text in merging()["reason"][kind].items()}


def _suggestion(classes: _Classes, pair: Pair, why: tuple[str, str]) -> Suggestion | None:
    """A pair that may be one; None where too little speaks for it."""
    how, doubt = why
    a, b = (classes.items[ref] for ref in sorted(pair, key=lambda ref: classes.items[ref].rank, reverse=True))
    values, words = merging()["score"], a.shared(b)
    told = [_reason(how, classes.label(a.ref), classes.label(b.ref))]
    score = float(values[how])
    if len(words) >= TELLING:
        score += values["text"]
        told.append(_reason("text", words=", ".join(words[:NAMED])))
    if doubt:
        score += values[doubt]
        told.append(_reason(doubt))
    if score < values["floor"]:
        return None
    reason = {lang: "; ".join(part[lang] for part in told) for lang in told[0]}
    quotes = tuple(quote for quote in (a.quote, b.quote) if quote)
    return Suggestion(a.ref, "owl:sameAs", b.ref, score, reason, quotes)


def _shown(found: Finder, pair: Pair) -> Suggestion:
    """An accepted pair with the words that show both things; its score is nowhere used."""
    quotes = tuple(found.quotes[ref] for ref in pair if ref in found.quotes)
    return Suggestion(pair[0], "owl:sameAs", pair[1], 1.0, {}, quotes if pair[0] in found.quotes else ())


def _programmes(classes: _Classes, namer: Namer) -> Iterator[Programme]:
    """A programme for each name that several police zones use: daily work of a common name is none."""
    kept = classes.kept()
    groups: dict[str, set[str]] = defaultdict(set)
    items = {ref: item for ref, item in classes.items.items() if item.zones}
    for a, b in candidates(items):
        x, y = items[a], items[b]
        apart = x.zones != y.zones and not (x.carriers and y.carriers and x.carriers.isdisjoint(y.carriers))
        if apart and kept[a] != kept[b] and relation(x, y, namer) in CERTAIN:
            group = groups.get(kept[a], {kept[a]}) | groups.get(kept[b], {kept[b]})
            groups |= dict.fromkeys(group, group)
    for members in sorted({tuple(sorted(group)) for group in groups.values()}):
        mine = [classes.items[ref] for ref in members]
        named = any(name.proper for item in mine for name in item.names)
        if not named and any(DAILY in item.kinds for item in mine):
            continue
        labels: dict[str, str] = {}
        for item in sorted(mine, key=lambda item: item.rank):
            for lang, text in item.labels:
                labels.setdefault(lang, text)
        name = next(iter(labels.values()))
        zones = {zone for item in mine for zone in item.zones}
        reason = _reason("programme", count=str(len(zones)), name=name)
        yield Programme(f"id/programme/{slug(name)}", labels, members, reason)
