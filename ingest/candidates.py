"""What the documents say of initiatives and organisations that tells which of them may be one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ingest.sameness import CERTAIN, Name, Namer, owners, squash
from ingest.wording import load_wording
from kg.model import Extraction, Lit, Quote, Ref, Statement
from kg.names import fold
from kg.vocabulary import Vocabulary

CROWD = 40  # things with a word in common that are compared with one another; a word of more tells nothing
AREA = 200  # things of one police zone that are
RARE_SHARE, RARE_LEAST = 0.02, 3  # passages that a rare word may stand in
LONG = 5  # letters of a word that can tell what a text is about
ALONE = ("gvpp:training", "gvpp:daily")  # kinds of activity that other kinds are not
ORDER = (*CERTAIN, "?spelling", "?generic", "?translation", "typing", "part")  # relations, the surest first
NO_YEAR = 9999

Pair = tuple[str, str]


@dataclass(slots=True)
class Item:
    """What the documents say of one initiative or organisation that tells whether it is another one."""

    ref: str
    names: list[Name] = field(default_factory=list)
    labels: dict[tuple[str, str], Quote] = field(default_factory=dict)  # by language and text, in the order of the documents
    zones: set[str] = field(default_factory=set)
    carriers: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    wholes: set[str] = field(default_factory=set)  # what it is a part of
    documents: dict[str, int] = field(default_factory=dict)  # with their years
    lists: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)  # document and section that name it among other things
    passages: set[str] = field(default_factory=set)  # that speak of it
    listing: set[str] = field(default_factory=set)  # that only name it, among other things
    words: frozenset[str] = frozenset()  # rare ones of its passages
    owners: frozenset[str] = frozenset()  # squashed names of those who carry it out

    @property
    def rank(self) -> tuple[int, int, str]:
        """The lowest stays when things are merged."""
        return min(self.documents.values(), default=NO_YEAR), len(self.ref), self.ref

    @property
    def quote(self) -> Quote | None:
        return next(iter(self.labels.values()), None)

    def shared(self, other: Item) -> list[str]:
        """Rare words of the texts of both, the longest first, without those that both are called by."""
        mine, theirs = ({word for name in item.names for word in name.words} for item in (self, other))
        both = (self.words & other.words) - (mine & theirs) - self.owners - other.owners
        return sorted(both, key=lambda word: (-len(word), word))


class Finder:
    """Gathers things from the documents."""

    def __init__(self, extractions: Sequence[Extraction], vocabulary: Vocabulary) -> None:
        self.extractions = sorted(extractions, key=lambda extraction: extraction.source.key)
        self.wording = load_wording()
        self._known = {entry.ref: [name.text for name in entry.names] for entry in vocabulary.entries}
        self._spread: Counter[str] = Counter()
        self._in: dict[str, frozenset[str]] = {}
        common: set[str] = set()
        for extraction in self.extractions:
            for passage in extraction.passages:
                plain = re.findall(r"(?<![\w'’-])[^\W\d_]{3,}(?![\w-])", passage.text)
                common.update(fold(word) for word in plain if word.islower())
                self._in[passage.ref] = frozenset(fold(word) for word in plain if len(word) >= LONG)
                self._spread.update(self._in[passage.ref])
        self._most = max(RARE_LEAST, int(RARE_SHARE * len(self._in)))
        self.namer = Namer(self.wording, common)
        self.quotes: dict[str, Quote] = {}
        self.labelled: set[Pair] = set()  # reference and language of every preferred label

    def items(self, kind: str, same: Mapping[str, str]) -> dict[str, Item]:
        """Things of one kind, by reference; same: organisations that are one."""
        found = {
            s.subject: Item(s.subject)
            for extraction in self.extractions
            for s in extraction.statements
            if s.predicate == "rdf:type" and s.object == Ref(kind) and s.subject not in self._known
        }
        names: dict[str, list[str]] = defaultdict(list)
        for extraction in self.extractions:
            sections = {passage.ref: passage.section for passage in extraction.passages}
            for s in extraction.statements:
                if s.subject in found:
                    self._learn(found[s.subject], s, extraction, sections, same)
                elif isinstance(s.object, Lit) and s.predicate == "skos:prefLabel":
                    names[same.get(s.subject, s.subject)].append(s.object.value)
                if isinstance(s.object, Ref) and s.object.path in found and s.quote:
                    found[s.object.path].passages.add(s.quote.passage)
        bodies = {squash(name): ref for ref, mine in names.items() if ref.startswith("id/organisation/") for name in mine}
        for item in found.values():
            item.carriers -= item.zones
            if not item.carriers and not item.zones:  # one that a report calls by the name of an association
                bare = (squash(self.wording.without_legal_form(text)) for _, text in item.labels)
                item.carriers = {bodies[name] for name in bare if name in bodies}
            known = (name for ref in item.carriers for name in (*self._known.get(ref, ()), *names[ref]))
            item.owners = owners(known, self.wording)
            item.names = [self.namer.name(text, lang, item.owners) for lang, text in item.labels]
            told = (self._in.get(passage, frozenset()) for passage in item.passages - item.listing)
            item.words = frozenset(word for words in told for word in words if self._spread[word] <= self._most)
        return found

    def _learn(
        self,
        item: Item,
        s: Statement,
        extraction: Extraction,
        sections: Mapping[str, tuple[str, ...]],
        same: Mapping[str, str],
    ) -> None:
        source = extraction.source
        item.documents.setdefault(source.document, source.year or NO_YEAR)
        if s.quote:
            item.passages.add(s.quote.passage)
        if isinstance(s.object, Lit):
            if s.predicate == "skos:prefLabel" and s.quote:
                self.labelled.add((item.ref, s.object.lang))
                self.quotes.setdefault(item.ref, s.quote)
                item.labels.setdefault((s.object.lang, s.object.value), s.quote)
                section = sections.get(s.quote.passage, ())
                if section and squash(s.object.value) not in squash(section[-1]):
                    item.lists.add((source.document, section))
                    item.listing.add(s.quote.passage)
        elif s.predicate == "gvpp:inZone":
            item.zones.add(s.object.path)
        elif s.predicate == "gvpp:carriedOutBy":
            item.carriers.add(same.get(s.object.path, s.object.path))
        elif s.predicate == "gvpp:activityKind":
            item.kinds.add(s.object.path)
        elif s.predicate == "dct:isPartOf":
            item.wholes.add(s.object.path)


def against(a: Item, b: Item) -> str:
    if a.zones and b.zones and a.zones != b.zones:
        return "no"
    if a.carriers and b.carriers and a.carriers.isdisjoint(b.carriers):
        return "no"
    if a.ref in b.wholes or b.ref in a.wholes:
        return "no"
    if a.lists & b.lists:
        return "listed"
    if a.zones != b.zones:
        return "zone"
    return "kind" if any({kind} in (a.kinds, b.kinds) and kind not in a.kinds & b.kinds for kind in ALONE) else ""


def candidates(items: Mapping[str, Item]) -> list[Pair]:
    """Pairs whose names have something in common: letters, words, or a meaning."""
    blocks: dict[str, set[str]] = defaultdict(set)
    for ref, item in items.items():
        for name in item.names:
            for block in (name.squashed, " ".join(sorted(name.core)), *(f"{word} " for word in name.proper)):
                blocks[block].add(ref)
            for zone in item.zones:
                blocks[zone].add(ref)
    most = {block: AREA if "/" in block else CROWD for block in blocks}
    return sorted({pair for block, refs in blocks.items() if len(refs) <= most[block] for pair in combinations(sorted(refs), 2)})


def relation(a: Item, b: Item, namer: Namer) -> str:
    """The surest relation between any two names of a pair."""
    together = not a.carriers.isdisjoint(b.carriers)
    found = {namer.relation(x, y, together) for x in a.names for y in b.names}
    return next((how for how in ORDER if how in found), "")
