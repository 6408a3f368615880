"""The gazetteer: organisations, zones, communes and groups with their names over time, read from ontology/gazetteer/*.toml.

A curator writes these files by hand. So a fault costs its own row and no more: the row is left out, and a problem says which file
and entry it stands in and what to do. Only a file that is no TOML at all is an error (kg.vocabulary).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from kg.errors import MetadataError
from kg.names import fold

LANGUAGES = ("nl", "fr", "en")
CLASS = {
    "organisation": "org:Organization",
    "school": "org:Organization",
    "police_zone": "gvpp:PoliceZone",
    "municipality": "gvpp:Municipality",
    "actor_group": "gvpp:ActorGroup",
}
ROWS: dict[str, frozenset[str]] = {
    "short": frozenset({"text", "lang", "ambiguous", "ordinary"}),
    "former": frozenset({"text", "lang", "from", "to", "short", "ambiguous"}),
    "events": frozenset({"date", "kind", "into", *LANGUAGES}),
}
FLAGS = frozenset({"ambiguous", "ordinary"})  # and `short` of a former name
KEYS = {"id", "kind", "names", "also", "legal", "identifier", "parent", "communes", "exact_case", "check", *ROWS}
EVENTS = ("founded", "renamed", "absorbed")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SCHEMA = "see the schema at the top of the file"
DATES = "write an existing day as YYYY-MM-DD, or a year as YYYY"


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an entry. `short` names match only as written; `ambiguous` ones only where a document expands them;
    `ordinary` ones are words of the language too, so that a question must write their capital."""

    text: str
    lang: str = ""
    short: bool = False
    ambiguous: bool = False
    former: bool = False
    since: str = ""
    until: str = ""
    ordinary: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An organisation, police zone, municipality or group of actors, with every name by which texts call it.

    labels: the name that is shown; legal: the name in law, where that is another one (the shown name is a brand then).
    """

    id: str
    kind: str
    labels: Mapping[str, str]
    names: tuple[Name, ...]
    identifier: str = ""
    parent: str = ""
    communes: tuple[str, ...] = ()
    exact_case: bool = False
    events: tuple[Mapping[str, str], ...] = ()
    legal: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        return f"id/organisation/{self.id}"


@dataclass(slots=True)
class _Row:
    """An entry as it stands in a file, while it is checked."""

    file: Path
    raw: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.raw.get("id", "?"))


class _Reader:
    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self.problems: list[MetadataError] = []

    def told(self, row: _Row, what: str, remedy: str) -> None:
        self.problems.append(MetadataError(f"{what}; left out", where=f"{row.file}, entry {row.id!r}", remedy=remedy))

    # ------------------------------------------------------------ one entry

    def take(self, file: Path, raw: Any) -> None:
        """Keep what is sound of an entry; an entry without id, kind or name is left out whole."""
        row = _Row(file, dict(raw) if isinstance(raw, dict) else {})
        if fault := _unusable(row.raw):
            self.told(row, fault, SCHEMA)
            return
        for key in sorted(row.raw.keys() - KEYS):
            self.told(row, f"key {key!r} is not known", f"keys are {', '.join(sorted(KEYS))}")
            del row.raw[key]
        for key in ("names", "legal", "also"):
            row.raw[key] = dict(self._by_language(row, key))
        for key in ROWS:
            row.raw[key] = list(self._sound(row, key))
        for key in ("communes", "check"):
            if not _texts(row.raw.setdefault(key, [])):
                self.told(row, f"{key} is no list of texts", SCHEMA)
                row.raw[key] = []
        if not isinstance(row.raw.setdefault("parent", ""), str):
            self.told(row, "parent is not the id of an entry", SCHEMA)
            row.raw["parent"] = ""
        if row.raw["names"]:
            self.rows.append(row)
        else:
            self.told(row, "it has no name that can be used", "give names.nl or names.fr")

    def _by_language(self, row: _Row, key: str) -> Iterator[tuple[str, Any]]:
        """Texts by language; `also` has lists of them."""
        given = row.raw.get(key, {})
        for lang, value in given.items() if isinstance(given, dict) else (("", given),):
            if lang not in LANGUAGES:
                self.told(row, f"{key}.{lang or '?'} has no language", f"languages are {', '.join(LANGUAGES)}")
            elif not (_texts(value) if key == "also" else _text(value)):
                self.told(row, f"{key}.{lang} is not {'a list of texts' if key == 'also' else 'a text'}", SCHEMA)
            else:
                yield lang, value

    def _sound(self, row: _Row, key: str) -> Iterator[dict[str, Any]]:
        given = row.raw.get(key, [])
        for number, item in enumerate(given if isinstance(given, list) else [given], 1):
            fault, remedy = _fault(key, item)
            if fault:
                name = item.get("text") or item.get("kind") if isinstance(item, dict) else None
                self.told(row, f"{key} {number}{f' ({name})' if name else ''}: {fault}", remedy)
            else:
                yield item

    # ------------------------------------------------------------ all entries

    def across(self) -> None:
        """What no entry shows alone: ids and names that two have, references to nothing, and circles."""
        self._one_id()
        self._one_owner()
        self._references()
        self._circles("parent", "is part of")
        self._circles("into", "became")

    def _one_id(self) -> None:
        first: dict[str, _Row] = {}
        for row in self.rows:
            if row.id in first:
                self.told(row, "the id is taken", f"choose another id, or join it with the entry in {first[row.id].file.name}")
            else:
                first[row.id] = row
        self.rows = list(first.values())

    def _one_owner(self) -> None:
        """A name that is not ambiguous leads to one entry: the one that bears it today, else the one that comes first."""
        owner: dict[str, str] = {}
        for row in self.rows:
            for lang, text in list(row.raw["names"].items()):
                if owner.setdefault(fold(text), row.id) != row.id:
                    self.told(row, *_shared(text, owner[fold(text)]))
                    del row.raw["names"][lang]
        for row in self.rows:
            row.raw["legal"] = {lang: text for lang, text in row.raw["legal"].items() if self._owned(row, text, owner)}
            for lang, texts in row.raw["also"].items():
                row.raw["also"][lang] = [text for text in texts if self._owned(row, text, owner)]
            for key in ("short", "former"):
                row.raw[key] = [one for one in row.raw[key] if one.get("ambiguous") or self._owned(row, one["text"], owner)]
        for row in self.rows:
            if not row.raw["names"]:
                self.told(row, "it has no name of its own", "give it a name that no other entry has")
        self.rows = [row for row in self.rows if row.raw["names"]]

    def _owned(self, row: _Row, text: str, owner: dict[str, str]) -> bool:
        if owner.setdefault(fold(text), row.id) == row.id:
            return True
        self.told(row, *_shared(text, owner[fold(text)]))
        return False

    def _references(self) -> None:
        known = {row.id for row in self.rows}
        for row in self.rows:
            if row.raw["parent"] and row.raw["parent"] not in known:
                self.told(row, f"parent {row.raw['parent']!r} is no entry", "give the id of an entry")
                row.raw["parent"] = ""
            for commune in sorted(set(row.raw["communes"]) - known):
                self.told(row, f"commune {commune!r} is no entry", "give the id of an entry of communes.toml")
            row.raw["communes"] = [commune for commune in row.raw["communes"] if commune in known]
            for event in row.raw["events"]:
                if "into" in event and event["into"] not in known:
                    self.told(row, f"event into {event['into']!r}: there is no such entry", "give the id of an entry")
            row.raw["events"] = [event for event in row.raw["events"] if event.get("into", row.id) in known]

    def _circles(self, key: str, word: str) -> None:
        """What goes round in a circle has no end that could be today's: all links of the circle are left out."""
        by_id = {row.id: row for row in self.rows}
        onward = {row.id: set(_onward(row, key)) for row in self.rows}
        wrong = [one for one in onward if one in _reached(onward, one)]
        while wrong:
            circle = sorted({wrong[0], *(other for other in _reached(onward, wrong[0]) if wrong[0] in _reached(onward, other))})
            path = f" {word} ".join([*circle, circle[0]])
            self.told(by_id[circle[0]], f"a circle: {path}", "take away the link that is wrong; one of them must be the last")
            for row in (by_id[one] for one in circle):
                if key == "parent":
                    row.raw["parent"] = ""
                row.raw["events"] = [one for one in row.raw["events"] if key == "parent" or one.get("into") not in circle]
            wrong = [one for one in wrong if one not in circle]


def _unusable(raw: Mapping[str, Any]) -> str:
    """Why an entry cannot be used at all, "" when it can."""
    if not isinstance(raw.get("id"), str) or not SLUG.fullmatch(raw["id"]):
        return "it lacks an id of small letters, digits and hyphens"
    if raw.get("kind") not in CLASS:
        return f"kind {raw.get('kind')!r} is none of {', '.join(CLASS)}"
    return "" if raw.get("names") else "it lacks names"


def _fault(key: str, item: Any) -> tuple[str, str]:
    """What is wrong with a row of `short`, `former` or `events`, and what to do; two empty texts when nothing is."""
    if not isinstance(item, dict):
        return "is no table", SCHEMA
    if unknown := sorted(item.keys() - ROWS[key]):
        return f"key {unknown[0]!r} is not known", f"keys are {', '.join(sorted(ROWS[key]))}"
    flags = FLAGS | {"short"}
    if wrong := [name for name, value in item.items() if not (isinstance(value, bool) if name in flags else _text(value))]:
        return f"{wrong[0]} = {item[wrong[0]]!r} cannot be used", DATES if wrong[0] in ("from", "to", "date") else SCHEMA
    if key != "events" and "text" not in item:
        return "it lacks text", SCHEMA
    if item.get("lang", "nl") not in LANGUAGES:
        return f"language {item['lang']!r} is not known", f"languages are {', '.join(LANGUAGES)}"
    for name in ("from", "to", "date"):
        if name in item and not _span(item[name])[0]:
            return f"{name} = {item[name]!r} is no date", DATES
    if {"from", "to"} <= item.keys() and _span(item["from"])[0] > _span(item["to"])[1]:
        return f"from {item['from']} comes after to {item['to']}", "change the two dates, or take one away"
    if key == "events" and item.get("kind") not in EVENTS:
        return f"kind {item.get('kind')!r} is none of {', '.join(EVENTS)}", SCHEMA
    if key == "events" and (item["kind"] == "absorbed") != ("into" in item):
        return "absorbed goes with `into`, and only absorbed", "say into which entry it was absorbed"
    return "", ""


def _shared(text: str, other: str) -> tuple[str, str]:
    return f"the name {text!r} belongs to entry {other!r} too", "correct one of the two; mark a short form `ambiguous = true`"


def _onward(row: _Row, key: str) -> Iterable[str]:
    """The entries to which one leads on."""
    if key == "parent":
        return [row.raw["parent"]] if row.raw["parent"] else []
    return [event["into"] for event in row.raw["events"] if "into" in event]


def _reached(onward: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything that can be reached from an entry in one step or more."""
    found: set[str] = set()
    waiting = list(onward[start])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += onward[one]
    return found


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(_text(one) for one in value)


def _span(text: str) -> tuple[str, str]:
    """First and last day of a date or year; ("", "") for what is neither."""
    if re.fullmatch(r"[12]\d{3}", text):
        return f"{text}-01-01", f"{text}-12-31"
    try:
        return (text, text) if date.fromisoformat(text).isoformat() == text else ("", "")
    except ValueError:
        return "", ""


def read_entries(files: Iterable[tuple[Path, Mapping[str, Any]]]) -> tuple[tuple[Entry, ...], tuple[MetadataError, ...]]:
    """The entries of parsed files, and what had to be left out of them. Every reference of an entry leads to another one."""
    reader = _Reader()
    for path, content in files:
        given = content.get("entry", [])
        for raw in given if isinstance(given, list) else [given]:
            reader.take(path, raw)
    reader.across()
    return tuple(_entry(row.raw) for row in reader.rows), tuple(reader.problems)


def _entry(raw: Mapping[str, Any]) -> Entry:
    names = [Name(text, lang) for lang, text in raw["names"].items()]
    names += [Name(text, lang) for lang, group in raw["also"].items() for text in group]
    names += [
        Name(s["text"], s.get("lang", ""), True, s.get("ambiguous", False), ordinary=s.get("ordinary", False))
        for s in raw["short"]
    ]
    names += [
        Name(
            f["text"],
            f.get("lang", ""),
            f.get("short", False),
            f.get("ambiguous", False),
            True,
            f.get("from", ""),
            f.get("to", ""),
        )
        for f in raw["former"]
    ]
    known = {fold(name.text) for name in names}
    names += [Name(text, lang) for lang, text in raw["legal"].items() if fold(text) not in known]
    return Entry(
        id=raw["id"],
        kind=raw["kind"],
        labels=raw["names"],
        names=tuple(names),
        identifier=str(raw.get("identifier", "")),
        parent=raw["parent"],
        communes=tuple(raw["communes"]),
        exact_case=bool(raw.get("exact_case", False)),
        events=tuple(raw["events"]),
        legal=raw["legal"],
    )
