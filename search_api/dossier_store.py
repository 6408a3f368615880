"""Dossiers that somebody saved on purpose: files in the data folder that only its owner may read, and what changed since.

Questions are confidential, so nothing comes here by itself. An id is a hash of the pasted text: saving the same text again
replaces what was saved.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from kg import glossary
from kg.errors import StoreError, UsageError
from kg.glossary import stopwords
from kg.lexical import words
from kg.names import digest
from search_api.answers import Corpus
from search_api.dossier import dossier
from search_api.dossier_split import split
from search_api.search import Searching
from search_api.understanding import understand

FOLDER = "dossiers"  # of the data folder
FORMAT = 1
MOST = 1000  # dossiers that are kept
ALIKE = 0.28  # shared weight of two texts from which they are similar
WORD, TERM, NAME = 1, 2, 3  # weights of a word, of a term of the glossary in either language, of a name or measure
Saved = dict[str, Any]


def identify(text: str) -> str:
    """The id of a pasted text: spaces and line breaks do not count."""
    return digest(" ".join(text.split()))


def save(data: Path, text: str, made: Mapping[str, Any]) -> str:
    """Keep a dossier with its text, readable by the owner alone; gives its id. All or nothing."""
    folder = data / FOLDER
    name = identify(text)
    kept = {"format": FORMAT, "id": name, "saved": made["made"], "title": made["title"], "text": text, "dossier": _alone(made)}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / f"{name}.json").exists() and len(list(folder.glob("*.json"))) >= MOST:
            raise StoreError(
                f"{MOST} dossiers are saved already", where=str(folder), remedy="remove some: gvpp dossier --forget ID"
            )
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".new-")  # with mode 600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(folder / f"{name}.json")
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(f"the dossier cannot be saved: {error}", where=str(folder), remedy="make the folder writable") from error
    return name


def _alone(made: Mapping[str, Any]) -> Saved:
    """A dossier without what was said of other saved ones."""
    return {key: value for key, value in made.items() if key not in ("similar", "saved")}


def saved(data: Path) -> list[Saved]:
    """All saved dossiers, the newest first. Raises StoreError for a damaged one."""
    return sorted(map(_read, (data / FOLDER).glob("*.json")), key=lambda one: (one["saved"], one["id"]), reverse=True)


def load(data: Path, name: str) -> Saved:
    """A saved dossier by its id."""
    return _read(_place(data, name))


def forget(data: Path, name: str) -> None:
    """Remove a saved dossier."""
    _place(data, name).unlink()


def _place(data: Path, name: str) -> Path:
    path = data / FOLDER / f"{name}.json"
    if not re.fullmatch(r"[0-9a-f]{16}", name) or not path.is_file():
        raise UsageError(f"there is no saved dossier {name!r}", where=str(data / FOLDER), remedy="see gvpp dossier --saved")
    return path


def _read(path: Path) -> Saved:
    try:
        found: Saved = json.loads(path.read_text("utf-8"))
        if found["format"] != FORMAT or not all(isinstance(found[key], str) for key in ("id", "saved", "title", "text")):
            raise ValueError("another format")
        date.fromisoformat(found["saved"])
        _items(found["dossier"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"a saved dossier cannot be read: {error}", where=str(path), remedy="remove or restore the file"
        ) from error
    return found


# ---------------------------------------------------------------- alike, and what changed


def beside(data: Path, searching: Searching, text: str, made: Mapping[str, Any], *, same_only: bool = False) -> list[Saved]:
    """The saved dossier of this text, or else the one most like it, with what changed in its answers since.

    same_only: no other text than this one, for those who may not know what others asked.
    """
    name = identify(text)
    if same_only:
        path = data / FOLDER / f"{name}.json"
        best = _read(path) if path.is_file() else None
    else:
        known = saved(data)
        best = next((one for one in known if one["id"] == name), None) or _most_alike(searching.corpus, text, known)
    if best is None:
        return []
    same = best["id"] == name
    today = (
        made if same and made["lang"] == best["dossier"]["lang"] else dossier(searching, best["text"], best["dossier"]["lang"])
    )
    kept = {key: best[key] for key in ("id", "saved", "title")}
    return [{**kept, "same": same, "corpus": best["dossier"]["corpus"], "changes": changes(best["dossier"], today)}]


def _most_alike(corpus: Corpus, text: str, known: Iterable[Saved]) -> Saved | None:
    mine = _features(corpus, text)
    scored = [(_alike(mine, _features(corpus, one["text"])), one["id"], one) for one in known]
    best = max(scored, default=None, key=lambda each: each[:2])
    return best[2] if best and best[0] >= ALIKE else None


def _features(corpus: Corpus, text: str) -> dict[tuple[str, str], int]:
    """What a text speaks of, in whatever language: names, measures, terms of the glossary, other words."""
    pasted = split(text)
    found: dict[tuple[str, str], int] = {}
    for each in (*pasted.titles, *pasted.preamble, *(item.text for item in pasted.items)):
        question = understand(each, pasted.lang, corpus.plans, corpus.names)
        found |= {("name", ref): NAME for entity in question.entities if not entity.common for ref in entity.refs}
        found |= {("measure", number): NAME for number in question.numbers}
        spoken = [word for word in words(each, pasted.lang) if word.folded not in stopwords(pasted.lang)]
        taken: set[int] = set()
        for start, size, meanings in glossary.matches([word.stem for word in spoken], pasted.lang):
            if taken.isdisjoint(range(start, start + size)):
                taken.update(range(start, start + size))
                found["term", str(meanings[0]["nl"])] = TERM
        found |= {("word", word.stem): WORD for place, word in enumerate(spoken) if place not in taken}
    return found


def _alike(a: Mapping[tuple[str, str], int], b: Mapping[tuple[str, str], int]) -> float:
    union = {**a, **b}
    return sum(union[key] for key in a.keys() & b.keys()) / (sum(union.values()) or 1)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per question what came, what went, and what is another value now; questions without a change are left out."""
    now = dict(_items(new))
    result = []
    for key, before in _items(old):
        after = now.get(key, {})
        came = [after[name] for name in after if name not in before]
        went = [before[name] for name in before if name not in after]
        changed = [
            {**after[name], "detail": f"{before[name]['detail']} → {after[name]['detail'].strip()}"}
            for name in before
            if name in after and before[name]["detail"] != after[name]["detail"]
        ]
        if came or went or changed:
            result.append({"number": key[0], "text": key[2], "came": came, "went": went, "changed": changed})
    return result


Key = tuple[str, int, str]
Items = dict[tuple[str, ...], dict[str, Any]]


def _items(made: Mapping[str, Any]) -> list[tuple[Key, Items]]:
    """What each question of a dossier was answered with: by what it is, its name and its value."""
    result: list[tuple[Key, Items]] = []
    for question in made["questions"]:
        items: Items = {}
        for key, label, detail in _stated(question):
            items[key] = {"label": label, "detail": detail}
        result.append(((question["number"], question["part"] or 0, question["text"]), items))
    return result


def _stated(question: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, str], str]]:
    for row in question["answer"]["answers"] if question["answer"] else ():
        value = row["value"]
        if value:
            name = next(iter(row["label"].values()), "")
            year = f" ({value['year']})" if value["year"] else ""
            yield ("value", name, str(value["unit"]), year), row["label"], f" {value['number']} {value['unit'] or ''}{year}"
        else:
            where = f" ({row['number']}, {row['plan']})" if row["number"] and row["plan"] else ""
            yield ("row", row["iri"] or "", where), row["label"], f"{where}{' ' + row['role'] if row['role'] else ''}"
    for block in question["blocks"]:
        for fact in block.get("facts", ()):  # dossiers saved by older versions have none
            values = "; ".join(
                f"{one['value']['number']} {one['value']['unit']} ({one['value']['year']})"
                if one["value"]
                else one["text"] or next(iter(one["label"].values()), "")
                for one in fact["values"]
            )
            if values:
                yield ("fact", block["iri"], fact["what"]), block["label"], f" {values}"
    tables = [question["overview"]] if question["overview"] else []
    for table in (*tables, *question["blocks"]):
        for row in table["rows"]:
            measures = ", ".join(f"{one['number']} ({one['plan']})" for one in row["measures"])
            yield ("table", row["iri"]), row["label"], f" {measures}".rstrip()
        for grant in table["grants"]:
            value, who = grant["value"], grant["recipients"][0]["label"] if grant["recipients"] else {}
            about = grant["about"]["text"] if grant["about"] else ""
            yield (
                ("grant", str(who), about, str(value["year"]), value["unit"]),
                who,
                f" {value['number']} {value['unit']} ({value['year']})",
            )
