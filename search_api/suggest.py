"""Suggestions while somebody types: measures, initiatives, organisations, themes and zones whose names hold the words begun.

Every word of what was typed must begin a word of one name, without regard to accents and case. All names are kept in memory with
each place where a word begins, sorted, so that a look-up is a search in a list.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kg.names import fold
from search_api import things
from search_api.answers import Corpus

KINDS = ("measures", "themes", "zones", "initiatives", "organisations")
# What people write before a number; the words of the languages themselves need no list, since labels hold them.
NUMBERED = {
    "measures": ("maatregel {}", "mesure {}", "measure {}", "m{}"),
    "themes": ("thema {}", "theme {}"),
    "zones": ("pz {}", "zp {}"),
}
WORD = re.compile(r"[^\W_]+(?:\.\d+)*")
LOOKED_AT = 5000  # places in the list that are looked at for one letter


@dataclass(frozen=True, slots=True)
class Name:
    """One name of one thing: as it is written, folded, and its language ("" where it has none)."""

    item: int
    text: str
    folded: str
    lang: str
    place: int  # 0 for a label, 1 for another name, 2 for a number


class Suggester:
    """All names of a generation, ready to be looked up. May be shared by threads."""

    def __init__(self, corpus: Corpus) -> None:
        self.items: list[dict[str, Any]] = []
        self.names: list[Name] = []
        places: list[tuple[str, int]] = []
        for kind in KINDS:
            for item in things.items(corpus, things.KINDS[kind]):
                if kind == "organisations" and "PoliceZone" in item.get("type", ()):
                    continue  # a list of its own
                number = len(self.items)
                self.items.append(_shown(item, things.KINDS[kind].one))
                for name in _names(number, item, kind):
                    places += [(name.folded[match.start() :], len(self.names)) for match in WORD.finditer(name.folded)]
                    self.names.append(name)
        places.sort()
        self.keys = [key for key, _ in places]
        self.owners = [owner for _, owner in places]

    def find(self, text: str, lang: str | None = None, limit: int = 10) -> list[dict[str, Any]]:
        """The best things for what was typed, each with the name that fits. lang: of names to prefer."""
        sought = fold(text)
        words = WORD.findall(sought)
        if not words:
            return []
        best: dict[int, tuple[tuple[Any, ...], Name]] = {}
        for number in dict.fromkeys(self._beginning(max(words, key=len))):
            name = self.names[number]
            if (rank := _rank(name, sought, words, lang)) is None:
                continue
            rank = (*rank, name.item)
            if name.item not in best or rank < best[name.item][0]:
                best[name.item] = (rank, name)
        chosen = sorted(best.values(), key=lambda found: found[0])[:limit]
        return [{**self.items[name.item], "match": name.text, "lang": name.lang or None} for _, name in chosen]

    def _beginning(self, word: str) -> Iterable[int]:
        """Names with a word that begins so."""
        start = bisect_left(self.keys, word)
        for at in range(start, min(len(self.keys), start + LOOKED_AT)):
            if not self.keys[at].startswith(word):
                return
            yield self.owners[at]


def _rank(name: Name, sought: str, words: list[str], lang: str | None) -> tuple[Any, ...] | None:
    """Lower is better: the whole name, its beginning, words of it in order, words of it; None where a word is missing."""
    if name.folded == sought:
        fits = 0
    elif name.folded.startswith(sought):
        fits = 1
    else:
        own = WORD.findall(name.folded)
        if not all(any(each.startswith(word) for each in own) for word in words):
            return None
        fits = 2 if re.search(rf"(?<![^\W_]){re.escape(sought)}", name.folded) else 3
    return fits, name.place, bool(lang and name.lang and name.lang != lang), len(name.folded)


def _names(number: int, item: dict[str, Any], kind: str) -> Iterable[Name]:
    for lang, text in item["label"].items():
        yield Name(number, text, fold(text), lang, 0)
    for lang, texts in item.get("also", {}).items():
        for text in texts:
            yield Name(number, text, fold(text), lang, 1)
    if item.get("number"):
        for form in ("{}", *NUMBERED.get(kind, ())):
            text = form.format(item["number"])
            yield Name(number, text, fold(text), "", 2)


def _shown(item: dict[str, Any], kind: str) -> dict[str, Any]:
    plan = item.get("plan")
    return {
        "iri": item["iri"],
        "reference": item["reference"],
        "kind": kind,
        "label": item["label"],
        "number": item.get("number"),
        "plan": plan if isinstance(plan, str) else None,  # an initiative may carry out several
    }
