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

# The kinds in the order in which equals are shown, and how their references begin.
KINDS = {
    "Measure": "id/measure/",
    "Theme": "auth/theme/",
    "PoliceZone": "id/organisation/",
    "Initiative": "id/initiative/",
    "Organisation": "id/organisation/",
}
# What people write before a number; the words of the languages themselves need no list, since labels hold them.
NUMBERED = {
    "Measure": ("maatregel {}", "mesure {}", "measure {}", "m{}"),
    "Theme": ("thema {}", "thème {}", "theme {}"),
    "PoliceZone": ("zone {}", "pz {}", "zp {}"),
}
WORD = re.compile(r"[^\W_]+(?:\.\d+)*")
LOOKED_AT = 3000  # places in the list that are looked at for one letter


@dataclass(frozen=True, slots=True)
class Name:
    """One name of one thing: as it is written, folded, its words, and its language ("" where it has none)."""

    item: int
    text: str
    folded: str
    words: tuple[str, ...]
    lang: str
    place: int  # 0 for a label, 1 for another name, 2 for a number


class Suggester:
    """All names of a generation, ready to be looked up. May be shared by threads."""

    def __init__(self, corpus: Corpus) -> None:
        self.items = _items(corpus)
        self.names = [name for number, item in enumerate(self.items) for name in _names(number, item)]
        places = sorted(
            (name.folded[match.start() :], owner) for owner, name in enumerate(self.names) for match in WORD.finditer(name.folded)
        )
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
        return [{**_shown(self.items[name.item]), "match": name.text, "lang": name.lang or None} for _, name in chosen]

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
        if len(words) > 1 and not all(any(each.startswith(word) for each in name.words) for word in words):
            return None
        fits = 2 if f" {sought}" in name.folded else 3
    return fits, name.place, bool(lang and name.lang and name.lang != lang), len(name.folded)


def _items(corpus: Corpus) -> list[dict[str, Any]]:
    """Everything that has a name, in a fixed order: by kind, the newest edition first, numbers as numbers."""
    rows, _ = corpus.run("names-to-suggest")
    kinds = {"PoliceZone": {row["thing"] for row in rows if row["kind"] == "PoliceZone"}}
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["thing"], row["field"], row["value"])):  # a store sorts slowly
        thing, start = row["thing"], KINDS[row["kind"]]
        if not thing.startswith(start) or (row["kind"] == "Organisation" and thing in kinds["PoliceZone"]):
            continue
        item = found.setdefault(
            thing, {"kind": row["kind"], "start": start, "thing": thing, "label": {}, "also": [], "number": None}
        )
        lang = row.get("value@", "")
        if row["field"] == "label":
            item["label"].setdefault(lang, row["value"])
        elif row["field"] == "also":
            item["also"].append((row["value"], lang))
        else:
            item["number"] = row["value"]
    for item in found.values():
        item["iri"] = f"{corpus.base}/{item['thing']}"
    return sorted(
        found.values(),
        key=lambda item: (list(KINDS).index(item["kind"]), things.order(item["thing"].removeprefix(item["start"]))),
    )


def _names(number: int, item: dict[str, Any]) -> Iterable[Name]:
    named = [(text, lang, 0) for lang, text in item["label"].items()] + [(text, lang, 1) for text, lang in item["also"]]
    if item["number"]:
        named += [(form.format(item["number"]), "", 2) for form in ("{}", *NUMBERED.get(item["kind"], ()))]
    for text, lang, place in named:
        folded = fold(text)
        yield Name(number, text, folded, tuple(WORD.findall(folded)), lang, place)


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    reference = item["thing"].removeprefix(item["start"])
    numbered = item["kind"] in ("Measure", "Theme")  # of others a number is their own, whatever the edition
    return {
        "iri": item["iri"],
        "reference": reference,
        "kind": item["kind"],
        "label": item["label"],
        "number": item["number"],
        "plan": reference.split("/")[0] if numbered else None,
    }
