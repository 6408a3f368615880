"""The bilingual glossary of the field (ontology/glossary.csv): terms of one language by those of the others.

Beside it, everyday words (ontology/everyday.csv) help to read a question, whose words need not be those of the field. They have
no topic, decide nothing about what is alike, and weigh less.
"""

from __future__ import annotations

import csv
import functools
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kg import lexical
from kg.errors import MetadataError
from kg.names import fold
from kg.vocabulary import ONTOLOGY

LANGUAGES = ("nl", "fr", "en")
LONGEST = 6  # words of a term
WORD = re.compile(r"[^\W_]+")
EVERYDAY = ONTOLOGY / "everyday.csv"
OTHER = {"nl": "fr", "fr": "nl"}

Terms = Mapping[str, tuple[str, ...]]
"""Terms of one meaning by language."""


@functools.cache
def load_glossary(path: Path = ONTOLOGY / "glossary.csv") -> tuple[Terms, ...]:
    """Every concept with its terms; MetadataError where the file cannot be used."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(
                {lang: tuple(term.strip() for term in row[lang].split("|")) for lang in LANGUAGES} for row in csv.DictReader(file)
            )
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, AttributeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="columns are nl, fr, en, topic") from error


@functools.cache
def topics(path: Path = ONTOLOGY / "glossary.csv") -> Mapping[str, str]:
    """The topic of each concept, by its first Dutch term."""
    load_glossary(path)  # tells what is wrong with the file
    with path.open(encoding="utf-8", newline="") as file:
        return {row["nl"].split("|")[0].strip(): row["topic"] for row in csv.DictReader(file)}


@functools.cache
def stopwords(lang: str, path: Path = ONTOLOGY / "stopwords.toml") -> frozenset[str]:
    """Words without a topic, folded; none for a language that the file does not have."""
    try:
        return frozenset(tomllib.loads(path.read_text("utf-8")).get(lang, "").split())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the line it names") from error


@functools.cache
def by_stems(source: str, everyday: bool = False) -> Mapping[tuple[str, ...], tuple[Terms, ...]]:
    """The concepts that a term of one language stands for, by the stems of the term. everyday: with those of everyday words."""
    table: dict[tuple[str, ...], list[Terms]] = defaultdict(list)
    for concept in (*load_glossary(), *(load_glossary(EVERYDAY) if everyday else ())):
        for key in {stems(term, source) for term in concept.get(source, ())}:
            table[key].append(concept)
    return {key: tuple(concepts) for key, concepts in table.items() if key}


def meanings(text: str, source: str) -> tuple[Terms, ...]:
    """What a term stands for; nothing where the glossary does not know it."""
    return by_stems(source).get(stems(text, source), ())


def topic_of(meaning: Terms) -> str:
    """The topic of the field that a concept belongs to."""
    return topics().get(meaning["nl"][0], "")


PEOPLE = frozenset({"target-groups", "youth-school", "homelessness-social-work"})


def groups(found: Sequence[str], source: str) -> bool:
    """Whether a row of stems has a term for a group of people."""
    return any(topic_of(meaning) in PEOPLE for _, _, known in matches(found, source) for meaning in known)


def is_verb(meaning: Terms) -> bool:
    """Whether a concept is something that is done: its English term has "to" before it."""
    return meaning["en"][0].startswith("to ")


@functools.lru_cache(maxsize=65536)
def stems(text: str, lang: str) -> tuple[str, ...]:
    """The stems of a term, as the index of words has them. For terms, which come again: they are kept; a question is not."""
    return _stems(text, lang)


def _stems(text: str, lang: str) -> tuple[str, ...]:
    return tuple(word.stem for word in lexical.words(text, lang))


def matches(found: Sequence[str], source: str, everyday: bool = False) -> Iterator[tuple[int, int, tuple[Terms, ...]]]:
    """Every glossary term in a row of stems: where it begins, of how many stems, what it stands for; the longest first."""
    table = by_stems(source, everyday)
    for size in range(min(LONGEST, len(found)), 0, -1):
        for start in range(len(found) - size + 1):
            concepts = table.get(tuple(found[start : start + size]))
            if concepts:
                yield start, size, concepts


def translate(text: str, source: str) -> list[str]:
    """Terms in the other language for every term in the text that the glossary knows, longest terms first.

    A term inside a longer one counts too ("aide aux sans-abri" gives the shelter and the homeless).
    """
    target = OTHER.get(source, "nl")
    found = matches(_stems(text, source), source)
    return list(dict.fromkeys(term for _, _, concepts in found for concept in concepts for term in concept[target]))


def words(text: str) -> tuple[str, ...]:
    """Folded words of a text, apostrophes as breaks."""
    return tuple(WORD.findall(fold(text)))


def stem(word: str) -> str:
    """A word without its plural ending: enough to look a term up, in either language."""
    for ending in ("aux", "en", "s", "x", "e"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word[: -len(ending)]
    return word
