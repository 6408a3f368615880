"""Whether two names of initiatives or organisations are one name: spelling, general words, word order, translation.

A name is compared by its words, folded. What is a rule here holds for Dutch and French alike; the general words stand in
ontology/merging.toml, translations in ontology/glossary.csv.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.builder import ARTICLE, QUOTES
from ingest.wording import Wording
from kg import glossary
from kg.compounds import parts
from kg.errors import MetadataError
from kg.lexical import stem
from kg.names import fold
from kg.vocabulary import ONTOLOGY

CERTAIN = ("spelling", "generic", "translation")  # relations that make two names one, where nothing else speaks against it
WORD = re.compile(r"[^\W_]+\+*|&")
BRACKET = re.compile(r"\s*\(([^()]*)\)")
DASH = re.compile(r"\s+[–—-]\s+|\s*:\s+")
ROMAN = re.compile(r"[IVX]{1,4}")
CAPITALS = 3  # letters of a word that is a name when it is printed in capitals
TELLING = 2  # words of a name that tell what it is of, where none is a name itself
TYPED = 10  # letters of a name in which one may be wrong
LANGUAGES = ("nl", "fr", "en")


@functools.cache
def merging(path: Path = ONTOLOGY / "merging.toml") -> Mapping[str, Any]:
    """General words, scores and reasons."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the line it names") from error


@dataclass(frozen=True, slots=True)
class Name:
    """A label as it is compared.

    words: of the name proper, folded, with general words; core: without those at its ends; proper: words of the core that are no
    words of the language, but a name; of: the label says whose it is ("Vzw X – Y"); bare: it is nothing but that.
    """

    label: str
    lang: str
    words: tuple[str, ...]
    core: tuple[str, ...]
    generic: frozenset[str]
    proper: frozenset[str]
    numbers: tuple[str, ...]
    of: bool = False
    bare: bool = False

    @property
    def squashed(self) -> str:
        return "".join(self.core)


class Namer:
    """Reads labels. common: words that the documents write without a capital, folded."""

    def __init__(self, wording: Wording, common: Collection[str]) -> None:
        self.wording = wording
        self._common = common
        self._generic = {word: kind for kind, words in merging()["generic"].items() for word in words.split()}
        self._join = frozenset(merging()["join"]["words"].split())

    def name(self, label: str, lang: str, owners: Collection[str] = ()) -> Name:
        """A label; owners: squashed names of those who carry it out."""
        text = self._bare(label)
        head, *rest = DASH.split(text, maxsplit=1)
        of = bool(rest) and squash(self._bare(head)) in owners
        bare = not of and squash(text) in owners
        printed = WORD.findall(_without_abbreviation(rest[0].strip(QUOTES) if of else text))
        words = tuple("&" if fold(word) in self._join else fold(word) for word in printed)
        first, last = 0, len(words)
        while first < last - 1 and words[first] in self._generic:
            first += 1
        while last - 1 > first and words[last - 1] in self._generic:
            last -= 1
        core = words[first:last]
        shouted = text.isupper()
        return Name(
            label,
            lang,
            words,
            core,
            frozenset(self._generic[word] for word in (*words[:first], *words[last:])),
            frozenset(word for word, as_is in zip(core, printed[first:last], strict=True) if self._proper(word, as_is, shouted)),
            tuple(sorted(word for word, as_is in zip(words, printed, strict=True) if _number(word, as_is))),
            of,
            bare,
        )

    def _bare(self, label: str) -> str:
        return self.wording.without_legal_form(ARTICLE.sub("", label.strip(QUOTES))).strip(QUOTES)

    def _proper(self, word: str, printed: str, shouted: bool) -> bool:
        if _number(word, printed) or len(word) < CAPITALS:
            return False
        named = not shouted and (printed.isupper() or any(c.isupper() for c in printed[1:]))
        return named or not self.is_common(word)

    @functools.lru_cache(maxsize=20_000)  # noqa: B019 - one instance per build
    def is_common(self, word: str) -> bool:
        """Whether a word is one of the language rather than a name."""
        if word in self._common or word in self._generic or word == "&":
            return True
        return any(word in glossary.stopwords(lang) or (stem(word, lang),) in glossary.by_stems(lang) for lang in LANGUAGES)

    # ------------------------------------------------------------ comparing

    def relation(self, a: Name, b: Name, together: bool = False) -> str:
        """How two names are one: spelling, generic or translation; "?" before it where that is likely only; typing or part; ""
        for two names. together: the same organisation carries both out."""
        if a.numbers != b.numbers or not a.core or not b.core:
            return ""
        if a.squashed == b.squashed:
            return self._spelt(a, b, together)
        if a.bare or b.bare:
            return ""
        proper = (a.proper | b.proper) & {*a.core} & {*b.core}
        if sorted(a.core) == sorted(b.core):
            return "generic" if proper and _agree(a, b) else "?generic"
        if not _agree(a, b):
            return ""
        if translated(a, b):
            return "translation" if proper else "?translation"
        if min(len(a.squashed), len(b.squashed)) >= TYPED and a.core[0][0] == b.core[0][0] and _one_off(a.squashed, b.squashed):
            return "typing"
        less, more = sorted(({*a.core} - {"&"}, {*b.core} - {"&"}), key=len)
        telling = [word for word in less if len(word) > CAPITALS and not any(word in glossary.stopwords(x) for x in LANGUAGES)]
        return "part" if less < more and (proper or len(telling) >= TELLING) else ""

    def _spelt(self, a: Name, b: Name, together: bool) -> str:
        """The relation of names with the same letters."""
        if a.core != b.core:
            joined = [word for mine, other in ((a, b), (b, a)) for word in mine.core if word not in other.core]
            common = {self.is_common(word) for word in joined}
            if len(common) > 1:  # "Pat Rouille" is not the patrol
                return "?spelling"
        if a.words != b.words and a.core == b.core:
            return "generic" if (a.proper | b.proper) and _agree(a, b) else "?generic"
        if a.of != b.of and not together and not (a.proper | b.proper):
            return "?spelling"  # what one body calls "Prevention" is not what another does
        return "spelling"


def squash(text: str) -> str:
    """A name without case, accents, spaces and punctuation but "+", which tells names apart."""
    return re.sub(r"[^\w+]+", "", fold(text))


def _agree(a: Name, b: Name) -> bool:
    """Whether the general words of two names can be those of one: the same, or one has none."""
    return not a.generic or not b.generic or a.generic == b.generic


def _number(word: str, printed: str) -> bool:
    return any(c.isdigit() for c in word) or ROMAN.fullmatch(printed) is not None or word in ("bis", "ter")


def _without_abbreviation(text: str) -> str:
    """ "Buurtinformatienetwerken (BIN)" without its short form."""

    def kept(match: re.Match[str]) -> str:
        short = match[1].strip()
        long = iter(fold(text[: match.start()]))
        whole = len(short) > 1 and short.isupper() and fold(text)[:1] == fold(short)[:1] and all(c in long for c in fold(short))
        return "" if whole else match[0]

    return BRACKET.sub(kept, text) or text


def _one_off(a: str, b: str) -> bool:
    from rapidfuzz.distance import OSA

    return OSA.distance(a, b, score_cutoff=1) <= 1


# ---------------------------------------------------------------- translation


def translated(a: Name, b: Name) -> bool:
    """Whether the names are translations of one another, word by word: names the same, terms of the glossary of one meaning."""
    mine, theirs = ([word for word in name.core if word != "&"] for name in (a, b))
    common = [word for word in mine if word in theirs]
    rest, others = ([word for word in words if word not in common] for words in (mine, theirs))
    if not rest or not others:
        return False
    # A label whose other half is a name may be in another language than its document.
    pairs = [(x, y) for x in LANGUAGES for y in LANGUAGES if x != y and (common or (x, y) == (a.lang, b.lang))]
    return any(_matched(p, q) for x, y in pairs for p in _segmented(rest, x) for q in _segmented(others, y))


Segment = frozenset[str]  # meanings that a term can have, each by its first Dutch term


def _matched(mine: Sequence[Segment], theirs: Sequence[Segment]) -> bool:
    """Whether each meaning has its own among the others."""
    if len(mine) != len(theirs):
        return False
    if not mine:
        return True
    first, *rest = mine
    return any(first & other and _matched(rest, [*theirs[:i], *theirs[i + 1 :]]) for i, other in enumerate(theirs))


def _segmented(words: Sequence[str], lang: str) -> Iterator[list[Segment]]:
    """The terms of a name: the longest ones, and with compounds parted; none where a word is neither a term nor a small word."""
    silent = glossary.stopwords(lang)
    whole = [word for word in words if len(word) > 1]  # "l'", "d'"
    kept = [word for word in whole if word not in silent]
    tried = (_terms(kept, lang, False), _terms(kept, lang, True), _terms(whole, lang, False), _terms(words, lang, False))
    yield from (found for found in tried if found)


def _terms(words: Sequence[str], lang: str, parted: bool) -> list[Segment]:
    table = glossary.by_stems(lang)
    stems: list[str] = []
    for word in words:
        two = parts(word, lang, _stems(lang)) if parted else None
        stems += two or (stem(word, lang),)
    found: list[Segment] = []
    at = 0
    while at < len(stems):
        for size in range(1 if parted else glossary.LONGEST, 0, -1):
            if concepts := table.get(tuple(stems[at : at + size])):
                found.append(frozenset(concept["nl"][0] for concept in concepts))
                at += size
                break
        else:
            return []
    return found


@functools.cache
def _stems(lang: str) -> frozenset[str]:
    return frozenset(stem for key in glossary.by_stems(lang) for stem in key if len(stem) > 3)


def owners(names: Iterable[str], wording: Wording) -> frozenset[str]:
    """Names of an organisation as `Namer.name` looks for them."""
    found = {squash(wording.without_legal_form(ARTICLE.sub("", name))) for name in names}
    return frozenset(found | {squash(name) for name in names})
