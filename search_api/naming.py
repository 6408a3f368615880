"""Names in a question: organisations, zones, communes, initiatives and themes, whole, by a distinctive word, or nearly.

Names count in any case and without accents. A typing error counts only where it is safe: one in a word of five letters or more,
in a name that is long enough that no other name and no ordinary word comes as near.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from kg.glossary import stem
from kg.names import fold
from search_api.wording import wording

WORD = re.compile(r"[\w+]+")
DOTTED = re.compile(r"(?<![\w.])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?")  # "C.I.R.B."
VOWELS = frozenset("aeiouy")
RARE = 3  # a word that stands in at most so many names of initiatives is distinctive
CLOSE = 88  # similarity (0–100) from which the name of an initiative with a typing error counts
FIRM = 5  # letters of a word from which one of them may be wrong
ALONE = 7  # letters of a name of one word from which one of them may be wrong
LONG = 11  # letters of a name of several words from which one of them may be wrong
VERY_LONG = 24  # … and two, in two words
ENDING = 2  # last letters that have to be right in a name of one word: others are inflections ("paradigma", "transits")


@dataclass(frozen=True, slots=True)
class Entity:
    """Something known that a question names; `refs` are several where one word names several things.

    name: as the question writes it; known: as the gazetteer or a document writes it; exact: without typing error; common: actors
    at large, whose name is a common noun.
    """

    refs: tuple[str, ...]
    kind: str  # organisation | initiative | place | theme
    name: str
    exact: bool = True
    known: str = ""
    common: bool = False


class Row(NamedTuple):
    """A name as the graph has it. kind: as of Entity, or group (actors at large, whose names are common nouns)."""

    ref: str
    kind: str
    name: str
    ordinary: bool = False  # a word of the language too: it counts with its capital only


class _Sought(NamedTuple):
    """The words of a name that may have a typing error; `whole`: with its small words ("van", "et"), which count then."""

    words: tuple[str, ...]
    whole: bool
    key: str


class _Match(NamedTuple):
    """Words of the question, from `start` up to `end`, that are the name `key`, with so many typing errors."""

    start: int
    end: int
    errors: int
    key: str


class Names:
    """Every name that a question may hold."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by_name: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.by_word: dict[str, set[str]] = defaultdict(set)
        self.of: dict[str, list[str]] = defaultdict(list)
        self.shown: dict[str, str] = {}
        self.longest = 1
        self.publishers: set[str] = set()  # references of the bodies that publish the documents
        self.abbreviations: dict[str, str] = {}  # folded form → as printed
        self._groups: set[str] = set()  # references of actors at large
        self._ordinary: set[str] = set()
        self._joined: dict[str, str] = {}  # "safebrussels" → "safe brussels"
        self._sought: dict[str, dict[tuple[tuple[str, ...], bool], _Sought]] = defaultdict(dict)  # by first word
        self._words: set[str] = set()  # all words of these
        frame = set(wording()["pass"]["list"])
        for ref, kind, name, ordinary in rows:
            words = split(name)
            if not words:
                continue
            key = " ".join(words)
            if ordinary:
                self._ordinary.add(key)
                continue
            self.by_name[key]["organisation" if kind == "group" else kind].add(ref)
            self.shown.setdefault(key, name)
            self.longest = max(self.longest, len(words))
            self.of[ref].append(name)
            if kind == "group":
                self._groups.add(ref)
            if kind == "initiative":
                for word in WORD.findall(undotted(name)):
                    # Written as a name there too; "Brusselse" is in too many questions to name one.
                    if len(word) > 3 and word[:1].isupper() and fold(word) not in frame:
                        self.by_word[fold(word)].add(ref)
            elif kind != "theme":
                self._learn(key, words, name, kind)
        self._near_words = _neighbours(self._words)

    def _learn(self, key: str, words: list[str], name: str, kind: str) -> None:
        """Make a name known to the search for typing errors."""
        if len(words) > 1 and " " not in name:
            self._joined.setdefault("".join(words), key)
        content = tuple(word for word in words if word not in passing())
        if len(content) > 2:
            sought = _Sought(content, False, key)
        elif len("".join(words)) >= LONG if len(words) > 1 else len(key) >= ALONE and key.isalpha() and kind != "group":
            sought = _Sought(tuple(words), True, key)
        else:
            return
        self._sought[sought.words[0]].setdefault((sought.words, sought.whole), sought)
        self._words.update(sought.words)

    def abbreviation(self, text: str) -> str:
        """The first abbreviation of the documents that a text holds as a word of its own, "" when none."""
        for word in WORD.findall(undotted(text)):
            known = self.abbreviations.get(fold(word))
            if known and (word.isupper() or not word.islower()):
                return known
        return ""

    def themes(self, text: str) -> list[Entity]:
        """The themes whose name has a word of the text that no other theme of the same edition has: "thème drogues"."""
        words = {stem(word): word for word in split(text) if len(word) > 4}
        having: dict[str, set[str]] = defaultdict(set)
        for key, kinds in self.by_name.items():
            if "theme" in kinds:
                for word in {stem(word) for word in key.split()} & set(words):
                    having[word] |= kinds["theme"]
        found = [
            Entity(tuple(sorted(refs)), "theme", words[word])
            for word, refs in sorted(having.items())
            if refs and len({ref.rsplit("/", 1)[0] for ref in refs}) == len(refs)
        ]
        return found if len({one.refs for one in found}) == 1 else []

    def find(self, text: str) -> list[Entity]:
        """What the text names, the longest names first."""
        printed = WORD.findall(undotted(text))
        words = [fold(word) for word in printed]
        shouted = text.isupper()
        matches = [*self._exactly(words, printed, shouted), *self._nearly(words)]
        found: list[Entity] = []
        taken: set[int] = set()
        for start, end, errors, key in sorted(matches, key=lambda match: (match.start - match.end, match.errors, match.start)):
            if taken.isdisjoint(range(start, end)):
                taken.update(range(start, end))
                name = " ".join(printed[start:end])
                found += [
                    Entity(tuple(sorted(refs)), kind, name, not errors, self.shown[key], refs <= self._groups)
                    for kind, refs in sorted(self.by_name[key].items(), reverse=True)
                ]
        for position, word in enumerate(words):
            capital = (position > 0 and printed[position][:1].isupper()) or printed[position].isupper()
            if position not in taken and capital and 0 < len(self.by_word.get(word, ())) <= RARE:
                found.append(Entity(tuple(sorted(self.by_word[word])), "initiative", printed[position]))
                taken.add(position)
        return found or self._initiative(words, printed)

    def _exactly(self, words: Sequence[str], printed: Sequence[str], shouted: bool) -> Iterator[_Match]:
        for start in range(len(words)):
            key = ""
            for end in range(start + 1, min(start + self.longest, len(words)) + 1):
                key = f"{key} {words[end - 1]}" if key else words[start]
                known = self._joined.get(key, key) if end == start + 1 and key not in self.by_name else key
                if known in self.by_name and (end > start + 1 or self._counts(key, printed[start], shouted)):
                    yield _Match(start, end, 0, known)

    def _counts(self, word: str, printed: str, shouted: bool) -> bool:
        """Whether a name of one word is meant: function words are not, words of two letters only where no word is so written,
        and ordinary words with their capital only."""
        if word in _function_words():
            return False
        if len(word) < 3:
            return len(word) == 2 and ((printed.isupper() and not shouted) or (word.isalpha() and VOWELS.isdisjoint(word)))
        return word not in self._ordinary or (printed[:1].isupper() and not shouted)

    def _nearly(self, words: Sequence[str]) -> Iterator[_Match]:
        """Names with a typing error, or with other small words than theirs. One that fits two things equally well counts for
        none."""
        content = [position for position, word in enumerate(words) if word not in passing()]
        near = [self._near(word) for word in words]
        best: dict[tuple[int, int], list[_Match]] = defaultdict(list)
        for positions, whole in ((content, False), (range(len(words)), True)):
            for index, position in enumerate(positions):
                for first in near[position]:
                    for sought in self._sought[first].values() if first in self._sought else ():
                        match = self._compare(sought, positions[index:], near, words) if sought.whole is whole else None
                        if match:
                            best[match.start, match.end].append(match)
        for found in best.values():
            least = min(match.errors for match in found)
            fitting = {match.key for match in found if match.errors == least}
            if len({frozenset(ref for refs in self.by_name[key].values() for ref in refs) for key in fitting}) == 1:
                yield _Match(found[0].start, found[0].end, least, min(fitting))

    def _compare(
        self, sought: _Sought, positions: Sequence[int], near: Sequence[Mapping[str, int]], words: Sequence[str]
    ) -> _Match | None:
        """A name laid beside the words of a question at some of its positions."""
        count = len(sought.words)
        if count > len(positions):
            return None
        errors = 0
        for word, position in zip(sought.words, positions, strict=False):
            error = near[position].get(word)
            if error is None:
                return None
            errors += error
        start, end = positions[0], positions[count - 1] + 1
        letters = sum(map(len, sought.words))
        if count == 1:
            right = errors == 1 and sought.key not in self._ordinary and _safe(words[start], sought.words[0])
        else:
            right = errors <= (2 if letters >= VERY_LONG else letters >= LONG) and errors < count
        return _Match(start, end, errors, sought.key) if right else None

    def _near(self, word: str) -> dict[str, int]:
        """Words of names that a word of a question may be, with the number of typing errors: 0 or 1."""
        found = {word: 0} if word in self._words else {}
        if len(word) >= FIRM - 1 and word.isalpha():
            for form in (word, *_shorter(word)):
                for other in self._near_words.get(form, ()):
                    if other not in found and one_error(word, other):
                        found[other] = 1
        return found

    def _initiative(self, words: list[str], printed: list[str]) -> list[Entity]:
        """The name of an initiative or theme with a typing error: only capitalised words of some length are tried."""
        for position, word in enumerate(words):
            if len(word) > 4 and printed[position][:1].isupper() and position > 0 and word not in self._words:
                from rapidfuzz import fuzz, process

                names = [key for key, kinds in self.by_name.items() if "initiative" in kinds or "theme" in kinds]
                best = process.extractOne(word, names, scorer=fuzz.ratio, score_cutoff=CLOSE)
                if best:
                    return [
                        Entity(tuple(sorted(refs)), kind, best[0], exact=False, known=self.shown[best[0]])
                        for kind, refs in sorted(self.by_name[best[0]].items(), reverse=True)
                    ]
        return []


def undotted(text: str) -> str:
    """A text with its abbreviations written without full stops: "C.I.R.B." as "CIRB"."""
    return DOTTED.sub(lambda match: match[0].replace(".", ""), text) if "." in text else text


def split(text: str) -> list[str]:
    """The words of a name or question, folded."""
    return [fold(word) for word in WORD.findall(text)]


@cache
def passing() -> frozenset[str]:
    """Small words, which people leave out of names, or write otherwise."""
    return frozenset(wording()["pass"]["name"])


@cache
def _function_words() -> frozenset[str]:
    return frozenset(word for group in wording()["language"].values() for word in group)


def _safe(word: str, name: str) -> bool:
    """Whether a word may be a name of one word with a typing error, and not another form of it or a word of its own."""
    return word[0] == name[0] and word[-ENDING:] == name[-ENDING:]


def _shorter(word: str) -> Iterator[str]:
    """A word without each of its letters in turn."""
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def _neighbours(words: Iterable[str]) -> dict[str, list[str]]:
    """Words by every form that lacks one of their letters: what shares a form with a word is near it."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        if len(word) >= FIRM and word.isalpha():
            for form in {word, *_shorter(word)}:
                found[form].append(word)
    return found


def one_error(word: str, other: str) -> bool:
    """Whether two words differ by one letter: left out, added, another one, or changed places with the next one."""
    if len(word) != len(other):
        short, long = sorted((word, other), key=len)
        return len(long) - len(short) == 1 and short in _shorter(long)
    wrong = [at for at, (a, b) in enumerate(zip(word, other, strict=True)) if a != b]
    if len(wrong) == 2:
        first, second = wrong
        return second == first + 1 and (word[first], word[second]) == (other[second], other[first])
    return len(wrong) == 1
