"""A suggestion as text for a terminal: what is asked, and the passages of both sides beside each other."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kg.judgements import judging, real_property

BESIDE = 100  # columns of a terminal from which the two passages stand beside each other
EXCERPT = 700  # characters of a passage


def said(name: str, lang: str, /, **values: object) -> str:
    """A line of the review in a language."""
    return str(judging()["text"][name][lang]).format(**values)


def shown(suggestion: Mapping[str, Any], number: int, total: int, lang: str, width: int | None = None) -> str:
    """One suggestion, as wide as the terminal."""
    width = width or max(40, shutil.get_terminal_size((80, 24)).columns)
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=sys.stdout.isatty(), highlight=False)
    console.rule(f"{number}/{total} · {said('score', lang)} {suggestion['score']:.2f}")
    question = judging()["text"]["question"].get(real_property(suggestion["property"]), {}).get(lang)
    console.print(Text(question or suggestion["property"], style="bold"))
    if reason := suggestion["reason"].get(lang) or next(iter(suggestion["reason"].values()), ""):
        console.print(Text(_plain(reason), style="italic"))
    sides = [_side(suggestion[name], index, suggestion["passages"], lang) for index, name in enumerate(("subject", "object"))]
    if width >= BESIDE:
        table = Table.grid(padding=(0, 3), expand=True)
        for _ in sides:
            table.add_column(ratio=1)
        table.add_row(*sides)
        console.print(Padding(table, (1, 0)))
    else:
        for side in sides:
            console.print(Padding(side, (1, 0, 0, 0)))
        console.print()
    return out.getvalue().rstrip("\n")


def _side(thing: Mapping[str, Any], index: int, passages: list[Mapping[str, Any]], lang: str) -> RenderableType:
    """A thing with its number and plan, and the passage that shows it, the quoted words between « and »."""
    label = thing["label"].get(lang) or next(iter(thing["label"].values()), thing["ref"])
    about = ", ".join(part for part in (thing["number"], (thing["plan"] or "").removeprefix("gvpp-")) if part)
    lines = Text()
    lines.append(_plain(label) + (f" ({about})" if about else ""), style="bold cyan")
    if index >= len(passages):
        return lines.append(f"\n{said('no_passage', lang)}", style="dim")
    passage = passages[index]
    title = passage["title"].get(lang) or next(iter(passage["title"].values()), passage["document"])
    page = f"{said('page', lang)} {passage['page']}" if passage["page"] else ""
    place = " — ".join(part for part in (title, page, passage["section"] or "") if part)
    lines.append(f"\n{_plain(place)} [{passage['lang']}]\n", style="dim")
    before, quote, after = excerpt(passage["text"], passage["quote"])
    lines.append(before + "« ")
    lines.append(quote, style="bold")
    return lines.append(" »" + after)


def excerpt(text: str, quote: str) -> tuple[str, str, str]:
    """What stands before the quote, the quote, and what stands after it, shortened at both ends to what fits."""
    text, quote = _plain(text), _plain(quote)
    start = text.find(quote)
    if start < 0:
        return "", quote[:EXCERPT], ""
    spare = max(0, EXCERPT - len(quote)) // 2
    before, after = text[:start], text[start + len(quote) :]
    if len(before) > spare:
        before = "… " + before[len(before) - spare :].partition(" ")[2]
    if len(after) > spare:
        after = after[:spare].rpartition(" ")[0] + " …"
    return before, quote, after


def _plain(text: str) -> str:
    """On one line, without signs that a terminal would obey."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
