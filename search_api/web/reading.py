"""The reading view: the text of a document in its order, in parts that stay light, with the cited words marked in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from search_api.live import View
from search_api.problems import Problem
from search_api.web import known, marks
from search_api.web.forms import ReadingForm
from search_api.web.site import Content, Crumb, Visit

PART = 30_000  # characters of text on a page, about; a passage is never split over two
LONGEST = 20_000  # of a passage that are shown
DEPTH = 3  # headings of the outline


@dataclass(slots=True)
class Heading:
    """A heading of the outline: the part that it begins in, and the passage that it stands above."""

    text: str
    level: int
    part: int
    key: str


@dataclass(slots=True)
class Text:
    """One expression of a document. parts: its passages, as many as go on a page; where: the part of each passage."""

    lang: str
    parts: list[list[known.Row]] = field(default_factory=list)
    where: dict[str, int] = field(default_factory=dict)
    headings: list[Heading] = field(default_factory=list)


def key_of(row: known.Row) -> str:
    return row["passage"].rsplit("/", 1)[-1]


def texts(view: View, document: str) -> dict[str, Text]:
    """The expressions of a document by language."""

    def read() -> dict[str, Text]:
        found: dict[str, Text] = {}
        sizes: dict[str, int] = {}
        above: dict[str, list[str]] = {}
        for row in known.passages(view, document):
            lang = row.get("expression") or row["lang"]
            text = found.setdefault(lang, Text(lang))
            section = (row.get("section") or "").split(" › ")
            before = above.get(lang, [])
            size = min(len(row["text"]), LONGEST)
            grown = sizes.get(lang, 0) + size
            # A new part begins where a chapter does, once the part is rather full, and in any case when it is quite full.
            if not text.parts or grown > PART or (grown > PART // 2 and section[:1] != before[:1]):
                text.parts.append([])
                grown = size
            sizes[lang] = grown
            text.parts[-1].append(row)
            part, key = len(text.parts), key_of(row)
            text.where[key] = part
            same = next(
                (i for i, (a, b) in enumerate(zip(section, before, strict=False)) if a != b), min(len(section), len(before))
            )
            text.headings += [
                Heading(title, level + 1, part, key) for level, title in enumerate(section) if same <= level < DEPTH and title
            ]
            above[lang] = section
        return found

    return view.remember(f"web-text-{document}", read)


def outline(view: View, document: str) -> dict[str, Text]:
    """The headings of each expression stand in its `headings`."""
    return texts(view, document)


def document(visit: Visit, reference: str, form: ReadingForm) -> Content:
    """A part of a document to read."""
    found = texts(visit.view, reference)
    if not found:
        raise Problem(404, "not-found", f"there is no document {reference!r}", where="address", remedy="see /list/documents")
    text = _chosen(found, form, visit.lang)
    part = text.where.get(form.passage or "", form.part)
    if form.passage and form.passage not in text.where:
        raise Problem(404, "not-found", f"there is no passage {form.passage!r} in it", where="passage", remedy="see the outline")
    if part > len(text.parts):
        raise Problem(404, "not-found", f"it has {len(text.parts)} parts", where="part", remedy="choose one of them")
    title = visit.label(f"id/document/{reference}")
    visit.title = title
    visit.crumbs = [
        Crumb(visit.say("Documents"), visit.link("/list/documents")),
        Crumb(title, visit.thing(f"id/document/{reference}")),
    ]
    several = {"lang": text.lang} if len(found) > 1 else {}
    plain = f"/api/documents/{reference}/text" + (f"?lang={text.lang}" if several else "")
    visit.twins = [
        ("text/plain", plain, visit.say("Plain text")),
        ("application/json", f"/api/documents/{reference}", "JSON"),
        ("text/turtle", f"/doc/document/{reference}?format=ttl", "Turtle"),
    ]
    rows = text.parts[part - 1]
    return "reading.html", {
        "reference": reference,
        "text": text,
        "languages_of_text": list(found),
        "part": part,
        "passages": _shown(visit, rows, form),
        "cited": form.passage,
        "headings": text.headings,
    }


def _chosen(found: dict[str, Text], form: ReadingForm, lang: str) -> Text:
    """The expression that has the passage; else the one asked for, that of the page's language, or the only one."""
    if form.passage:
        for text in found.values():
            if form.passage in text.where:
                return text
    return found.get(form.text or "") or found.get(lang) or next(iter(found.values()))


def _shown(visit: Visit, rows: Sequence[known.Row], form: ReadingForm) -> list[dict[str, Any]]:
    """Passages with their headings where those change, the cited one with its quote marked."""
    shown: list[dict[str, Any]] = []
    before: list[str] = []
    for row in rows:
        section = [title for title in (row.get("section") or "").split(" › ") if title]
        same = next((i for i, (a, b) in enumerate(zip(section, before, strict=False)) if a != b), min(len(section), len(before)))
        key, text = key_of(row), row["text"]
        cited = key == form.passage
        body = marks.marked(text, _quote(visit, row, form.at) if cited else [], LONGEST)
        shown.append(
            {
                "key": key,
                "lang": row["lang"],
                "page": row.get("page"),
                "headings": [(level + 1, title) for level, title in enumerate(section) if level >= same],
                "lines": _without_headings(body, text, section),
                "cited": cited,
                "cut": len(text) > LONGEST,
            }
        )
        before = section
    return shown


def _without_headings(body: Markup, text: str, section: Sequence[str]) -> Markup:
    """A passage often begins with its heading, which stands above it already: left out where nothing is marked in it."""
    first, newline, _ = text.partition("\n")
    if (
        section
        and newline
        and first.strip() == section[-1].strip()
        and str(body).startswith(str(Markup("{}").format(first)) + "\n")
    ):
        return Markup(str(body).partition("\n")[2])
    return body


def _quote(visit: Visit, row: known.Row, at: int | None) -> list[tuple[int, int]]:
    """Where the quote stands in its passage that begins at an offset of the document; the whole passage without one."""
    whole = [(0, len(row["text"]))]
    if at is None:
        return whole
    statements, _ = visit.view.corpus.run("evidence-in-passage", passage=row["passage"])
    quotes = {found["quote"] for found in statements if int(found["start"]) == at}
    spans = [span for quote in quotes if (span := marks.place_of(row["text"], quote))]
    return spans or whole
