"""The bilingual glossary of the field (ontology/glossary.csv): terms of one language by those of the other."""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from kg.errors import MetadataError
from kg.names import fold
from kg.vocabulary import ONTOLOGY

LANGUAGES = ("nl", "fr")


@functools.cache
def load_glossary(path: Path = ONTOLOGY / "glossary.csv") -> Mapping[str, Mapping[tuple[str, ...], tuple[str, ...]]]:
    """For each source language: folded words of a term → its terms in the other language. MetadataError names a bad line."""
    tables: dict[str, dict[tuple[str, ...], list[str]]] = {lang: defaultdict(list) for lang in LANGUAGES}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                terms = {lang: [term.strip() for term in row[lang].split("|")] for lang in LANGUAGES}
                for source, target in (("nl", "fr"), ("fr", "nl")):
                    for term in terms[source]:
                        tables[source][words(term)] += [t for t in terms[target] if t not in tables[source][words(term)]]
    except (OSError, KeyError, AttributeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="columns are nl, fr, en, topic") from error
    return {lang: {key: tuple(value) for key, value in table.items()} for lang, table in tables.items()}


def words(text: str) -> tuple[str, ...]:
    """Folded words of a text, apostrophes as breaks."""
    return tuple("".join(c if c.isalnum() else " " for c in fold(text)).split())


def translate(text: str, source: str) -> list[str]:
    """Terms in the other language for every term in the text that the glossary knows, longest terms first.

    A word matches a term in singular and plural. A term inside a longer one counts too ("aide aux sans-abri" gives the shelter
    and the homeless).
    """
    table = _stemmed(source)
    tokens = [stem(word) for word in words(text)]
    found: dict[str, None] = {}
    for size in range(min(6, len(tokens)), 0, -1):
        for start in range(len(tokens) - size + 1):
            found |= dict.fromkeys(table.get(tuple(tokens[start : start + size]), ()))
    return list(found)


@functools.cache
def _stemmed(source: str) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    return {tuple(map(stem, key)): value for key, value in load_glossary()[source].items()}


def stem(word: str) -> str:
    """A word without its plural ending: enough to look a term up, in either language."""
    for ending in ("aux", "en", "s", "x", "e"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word[: -len(ending)]
    return word
