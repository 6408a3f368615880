"""The workbench: a pasted question, what the corpus has on each of its parts, what to keep of it, and the file to download."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from starlette.datastructures import FormData

from search_api.dossier import dossier
from search_api.dossier_docx import MEDIA_TYPE as DOCX
from search_api.dossier_docx import docx
from search_api.dossier_markdown import markdown
from search_api.search import Searching
from search_api.web.forms import DossierForm
from search_api.web.site import Content, Crumb, Visit

LISTS = ("answers", "rows", "grants", "evidence")  # what of a question can be ticked
Found = dict[str, Any]


def page(visit: Visit, form: DossierForm, made: Mapping[str, Any] | None = None, keep: Collection[str] | None = None) -> Content:
    """The form, and the dossier where one was made. keep: keys of what is ticked, None for all that answers."""
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
        "ticked": lambda key, kind: kind != "evidence" if keep is None else key in keep,
        "told": lambda words: words.get(visit.lang) or next(iter(words.values()), ""),
    }


def make(searching: Searching, form: DossierForm, lang: str) -> Found:
    """The dossier for what was pasted."""
    made: Found = dossier(searching, form.text, lang, bilingual=form.bilingual)
    return {**made, "similar": [], "saved": None}


def file(searching: Searching, form: DossierForm, posted: FormData, lang: str) -> tuple[bytes, str, str]:
    """What was ticked as a file: its bytes, media type and name. It is made again, so that nothing has to be kept meanwhile."""
    prefix = "remark-"
    remarks = {
        int(name.removeprefix(prefix)): str(value)
        for name, value in posted.multi_items()
        if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()
    }
    left = kept(make(searching, form, lang), set(map(str, posted.getlist("keep"))), remarks)
    if posted.get("form") == "markdown":
        return markdown(left).encode("utf-8", "replace"), "text/markdown; charset=utf-8", "dossier.md"
    return docx(left), DOCX, "dossier.docx"


def items(entry: Mapping[str, Any], place: int) -> dict[str, list[tuple[str, Mapping[str, Any]]]]:
    """What of a question can be ticked, each with its key: "3.answers.0"."""
    return {name: [(f"{place}.{name}.{at}", one) for at, one in enumerate(found)] for name, found in _lists(entry)}


def _lists(entry: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    overview = entry["overview"] or {"rows": [], "grants": []}
    yield "answers", entry["answer"]["answers"] if entry["answer"] else []
    yield "rows", overview["rows"]
    yield "grants", overview["grants"]
    yield "evidence", entry["evidence"]


def kept(made: Found, keep: Collection[str], remarks: Mapping[int, str]) -> Found:
    """A dossier with only what was ticked, and with the remarks that were written beside its questions."""
    questions = []
    for place, entry in enumerate(made["questions"]):
        left = {name: [one for key, one in found if key in keep] for name, found in items(entry, place).items()}
        changed = {**entry, "evidence": left["evidence"]}
        if entry["answer"]:
            changed["answer"] = {**entry["answer"], "answers": left["answers"]}
        if entry["overview"]:
            changed["overview"] = {**entry["overview"], "rows": left["rows"], "grants": left["grants"]}
        if remark := remarks.get(place, "").strip():
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
