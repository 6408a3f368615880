"""Answers and tables as text for a terminal: for a reader with little time, the answer first, then its proof."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from kg.names import PREFIXES
from kg.store import Rows
from search_api.wording import wording

WIDTH = 100
CELL = 60
EXCERPT = 400


def print_answer(reply: Mapping[str, Any]) -> str:
    """An answer as text: the sentence, each row with role and quotes, the notes, what comes near, the corpus version."""
    lang = reply["lang"]
    lines = [*textwrap.wrap(reply["text"], WIDTH), ""]
    for number, row in enumerate(reply["answers"], 1):
        lines += _row(number, row, lang)
    lines += [line for note in reply["notes"] for line in hanging("• ", note)]
    if reply["nearest"]:
        lines += [f"{wording()['word_for']['nearest'][lang]}:"]
    for row in reply["nearest"]:
        label = label_in(row["label"], lang)
        edition = f"{row['number']} ({row['plan'].removeprefix('gvpp-')}) " if row["number"] and row["plan"] else ""
        lines += hanging("~ ", f"{edition}{label}")
    lines += ["", f"[{reply['corpus']['version']}, {reply['corpus']['date']}]"]
    return "\n".join(lines)


def _row(number: int, row: Mapping[str, Any], lang: str) -> list[str]:
    about = f"{row['number']}, {row['plan'].removeprefix('gvpp-')}" if row["number"] else ""
    role = wording()["word_for"][row["role"]][lang] if row["role"] else ""
    brackets = " · ".join(part for part in (about, role) if part)
    lines = hanging(f"{number}. ", label_in(row["label"], lang) + (f" ({brackets})" if brackets else ""))
    passage = row["kind"] == "Passage"  # of which the nearest sentence is enough here
    if row["text"] and not passage:
        for paragraph in row["text"].splitlines():
            lines += hanging("     ", paragraph)
    for citation in row["citations"]:
        page = f"{wording()['word_for']['page'][lang]} {citation['page']}" if citation["page"] else citation["section"] or ""
        quote = row["text"] if passage and row["text"] else citation["quote"]
        if passage or not row["text"] or quote not in row["text"]:
            lines += hanging(
                "   « ",
                " ".join(quote.split()) + " »" + ("" if citation["lang"] == lang else f" [{citation['lang']}]"),
            )
        lines += hanging("     — ", f"{citation['title']}, {page}" if page else citation["title"])
    return [*lines, ""]


def label_in(labels: Mapping[str, str], lang: str) -> str:
    return next((labels[key] for key in (lang, "nl", "fr", "en") if key in labels), next(iter(labels.values()), "?"))


def hanging(first: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first)) or [first]


def print_table(result: Rows | bool | Any, base: str) -> str:
    """A result table in columns; IRIs are shortened, long values cut (other formats give them whole)."""
    if not isinstance(result, Rows):
        return str(result).lower()
    cells = [[_cell(row.get(name), base) for name in result.variables] for row in result.rows]
    widths = [
        max(len(name), *(len(row[i]) for row in cells), 1) if cells else len(name) for i, name in enumerate(result.variables)
    ]
    header = "  ".join(name.ljust(width) for name, width in zip(result.variables, widths, strict=True)).rstrip()
    body = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([header, "  ".join("-" * width for width in widths), *body, f"({len(cells)} rows)"])


def _cell(term: Any, base: str) -> str:
    value = " ".join(str(getattr(term, "value", "" if term is None else term)).split())
    for prefix, iri in {
        "gvpp:": f"{base}/ns/gvpp#",
        **{f"{name}:": iri for name, iri in PREFIXES.items()},
        "": f"{base}/",
    }.items():
        if value.startswith(iri):
            value = prefix + value[len(iri) :]
            break
    return value if len(value) <= CELL else value[: CELL - 1] + "…"


def print_hits(found: Mapping[str, Any], offset: int = 0) -> str:
    """Passages as text: where each stands, its nearest sentence (or all of it where it is short), and why it was found."""
    lang = found["lang"]
    words = wording()["search"]
    if not found["hits"]:
        return str(words["nothing"][lang])
    lines = [words["count"][lang].format(n=found["total"]), ""]
    for number, hit in enumerate(found["hits"], offset + 1):
        page = f"{wording()['word_for']['page'][lang]} {hit['page']}" if hit["page"] else hit["section"] or ""
        foreign = "" if hit["lang"] == lang else f" [{hit['lang']}]"
        lines += hanging(f"{number}. ", " — ".join(part for part in (hit["title"], page) if part) + foreign)
        lines += hanging("   « ", _excerpt(hit) + " »")
        if hit["why"]["words"]:
            lines += hanging("     ", f"{words['words'][lang]}: {', '.join(hit['why']['words'][:8])}")
        for other in hit["also"]:
            place = f"{wording()['word_for']['page'][lang]} {other['page']}" if other["page"] else other["section"] or ""
            lines += hanging("     ", f"{words['also'][lang]}: {other['title']}, {place}")
        lines.append("")
    return "\n".join([*lines, f"[{found['corpus']['version']}, {found['corpus']['date']}]"])


def _excerpt(hit: Mapping[str, Any]) -> str:
    """The nearest sentence with its surroundings, as far as they are short."""
    text = hit["quote"]
    if len(text) <= EXCERPT or not hit["sentence"]:
        return " ".join(text[:EXCERPT].split()) + ("…" if len(text) > EXCERPT else "")
    start, end = hit["sentence"]
    spare = max(0, EXCERPT - (end - start)) // 2
    first, last = max(0, start - spare), min(len(text), end + spare)
    first = first if first == 0 else text.find(" ", first, start + 1) + 1 or start
    last = last if last == len(text) else max(text.rfind(" ", end, last), end)
    return ("… " if first else "") + " ".join(text[first:last].split()) + (" …" if last < len(text) else "")
