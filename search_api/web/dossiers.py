"""The workbench: a pasted question, what the corpus has on each of its parts, what to keep of it, and the file to download."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData

from search_api.dossier import dossier
from search_api.dossier_docx import MEDIA_TYPE as DOCX
from search_api.dossier_docx import docx
from search_api.dossier_layout import LISTED, tabled, told_rows
from search_api.dossier_markdown import markdown
from search_api.dossier_split import wording
from search_api.intents_figures import unit_in
from search_api.search import Searching
from search_api.web.forms import DossierForm
from search_api.web.site import Content, Crumb, Visit

# What is ticked at first; what only comes near, or is suggested, is not.
BY_DEFAULT = ("answers", "things", "rows", "grants", "passages")
REMARK = "remark-"
Found = dict[str, Any]
Ticked = list[tuple[str, Mapping[str, Any]]]  # things that can be ticked, each with its key


@dataclass(frozen=True, slots=True)
class Marks:
    """What somebody ticked and wrote beside the questions. keep: keys; remarks: by the place of the question."""

    keep: frozenset[str]
    remarks: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Part:
    """A block of a question (a commune, zone or body) with what of it can be ticked; left_out: rows that are only counted."""

    block: Mapping[str, Any]
    rows: Ticked
    grants: Ticked
    passages: Ticked
    left_out: int

    @property
    def empty(self) -> bool:
        """Whether the corpus has nothing on it, whatever is ticked."""
        return not (self.rows or self.grants or self.passages)


def page(visit: Visit, form: DossierForm, made: Mapping[str, Any] | None = None, marks: Marks | None = None) -> Content:
    """The form, and the dossier where one was made. marks: None for what is ticked at first."""
    visit.title = visit.say("Dossier")
    visit.crumbs = [Crumb(visit.title, visit.link("/dossier"))]
    visit.scripts = ["dossier.js"]
    text = form.text
    if not text and form.about:
        text = visit.say("Which initiatives carry out measure %(number)s?", number=form.about)
    return "dossier.html", {
        "text": text,
        "bilingual": form.bilingual,
        "made": made,
        "items": items,
        "word": lambda group, name: wording()[group][name][visit.lang],
        "unit": lambda name: unit_in(name or "", visit.lang),
        "parts_of": parts,
        "ticked": lambda key, kind: key in marks.keep if marks else kind in BY_DEFAULT,
        "remark": lambda place: marks.remarks.get(place, "") if marks else "",
        "told": lambda words: words.get(visit.lang) or next(iter(words.values()), ""),
    }


def marks_of(posted: FormData) -> Marks:
    """The ticks and remarks of a form."""
    remarks = {
        int(name.removeprefix(REMARK)): str(value)
        for name, value in posted.multi_items()
        if name.startswith(REMARK) and name.removeprefix(REMARK).isdecimal()
    }
    return Marks(frozenset(map(str, posted.getlist("keep"))), remarks)


def make(searching: Searching, form: DossierForm, lang: str) -> Found:
    """The dossier for what was pasted."""
    made: Found = dossier(searching, form.text, lang, bilingual=form.bilingual)
    return {**made, "similar": [], "saved": None}


def file(searching: Searching, form: DossierForm, posted: FormData, lang: str) -> tuple[bytes, str, str]:
    """What was ticked as a file: its bytes, media type and name. It is made again, so that nothing has to be kept meanwhile."""
    left = kept(make(searching, form, lang), marks_of(posted))
    if posted.get("form") == "markdown":
        return markdown(left).encode("utf-8", "replace"), "text/markdown; charset=utf-8", "dossier.md"
    return docx(left), DOCX, "dossier.docx"


def items(entry: Mapping[str, Any], place: int) -> dict[str, Ticked]:
    """What of a question can be ticked, each with its key, which is the same in both languages: "3.answers.0f1e2d3c4b"."""
    overview = entry["overview"] or {"rows": [], "grants": [], "suggested": []}
    things = [block for block in entry["blocks"] if block["facts"]]
    lists = {"answers": told_rows(entry), "things": things, **{name: overview[name] for name in ("rows", "grants", "suggested")}}
    return {name: _keyed(f"{place}.{name}", found) for name, found in (*lists.items(), ("evidence", entry["evidence"]))}


def parts(entry: Mapping[str, Any], place: int) -> list[Part]:
    """The blocks of a question with what of them can be ticked: as many rows as the file lists. Those of a question about each
    of a list are rows of one table, the `things` of `items`."""
    found = []
    for key, block in _keyed(f"{place}.blocks", [block for block in entry["blocks"] if not block["facts"]]):
        shown = block["rows"][:LISTED]
        rows, grants, passages = (
            _keyed(f"{key}.{name}", one)
            for name, one in (("rows", shown), ("grants", block["grants"]), ("passages", block["passages"]))
        )
        found.append(Part(block, rows, grants, passages, block["left_out"] + len(block["rows"]) - len(shown)))
    return found


def _keyed(start: str, found: Sequence[Mapping[str, Any]]) -> Ticked:
    """Each thing with a key made from what it is about: in another language it may stand in another place of its list."""
    seen: Counter[str] = Counter()
    keyed = []
    for one in found:
        names = sorted(one["label"].values()) if isinstance(one.get("label"), Mapping) else []
        whose = [each["iri"] for each in one.get("recipients", ())]
        about = [one.get(name) for name in ("iri", "passage", "kind", "number", "plan", "value", "about", "measure")]
        key = f"{start}.{hashlib.sha256(json.dumps([about, names, whose], default=str).encode()).hexdigest()[:10]}"
        keyed.append((f"{key}.{seen[key]}" if seen[key] else key, one))
        seen[key] += 1
    return keyed


def kept(made: Found, marks: Marks) -> Found:
    """A dossier with only what was ticked, and with the remarks that were written beside its questions."""

    def left(found: Ticked) -> list[Any]:
        return [one for key, one in found if key in marks.keep]

    questions = []
    for place, entry in enumerate(made["questions"]):
        lists = items(entry, place)
        changed = {**entry, "evidence": left(lists["evidence"])}
        if not changed["evidence"]:
            changed["gaps"] = [gap for gap in entry["gaps"] if gap["kind"] != "passages"]
        changed["blocks"] = left(lists["things"])
        fewer = len(changed["blocks"]) < len(lists["things"])
        if fewer:  # it was understood of all of them
            changed["read_as"] = None
        if entry["answer"]:
            changed["answer"] = {**entry["answer"], "answers": left(lists["answers"])}
        if entry["overview"]:
            table = {name: left(lists[name]) for name in ("rows", "grants", "suggested")}
            changed["overview"] = {**entry["overview"], **table} if any(table.values()) else None
        for part in parts(entry, place):
            of_block = {"rows": left(part.rows), "grants": left(part.grants), "passages": left(part.passages)}
            if part.empty or any(of_block.values()):  # one of which nothing is kept is no gap of the corpus
                changed["blocks"].append({**part.block, **of_block, "left_out": part.left_out})
        fewer = fewer or bool(entry["answer"] and len(changed["answer"]["answers"]) < len(lists["answers"]))
        if fewer or tabled(changed) < tabled(entry):  # the sentence would name what was left out
            changed["texts"] = dict.fromkeys(entry["texts"], "")
        if remark := marks.remarks.get(place, "").strip():
            changed["notes"] = {lang: [*entry["notes"].get(lang, []), remark] for lang in made["langs"]}
        questions.append(changed)
    used = set(_numbers(questions))
    return {**made, "questions": questions, "sources": [source for source in made["sources"] if source["n"] in used]}


def _numbers(value: Any) -> Iterator[int]:
    """Numbers of the sources that are still cited."""
    if isinstance(value, Mapping):
        if isinstance(value.get("n"), int) and "quote" in value:
            yield value["n"]
        for one in value.values():
            yield from _numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from _numbers(one)
