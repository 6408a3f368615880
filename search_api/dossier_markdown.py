"""A dossier as Markdown (CommonMark with tables). What was pasted or quoted can neither make markup nor HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from search_api.dossier_layout import layout
from search_api.dossier_words import Block, Run

SPECIAL = re.compile(r"([\\`*_\[\]<>|~#])")
STARTS = re.compile(r"^(\s*)([-+=]|\d{1,9}(?=[.)]))")
PREFIX = {"item": "- ", "quote": "  > ", "question": "> ", "note": "", "gap": "⚠ ", "text": "", "name": ""}


def markdown(dossier: Mapping[str, Any]) -> str:
    """The whole dossier as Markdown."""
    parts: list[str] = []
    before = ""
    for block in layout(dossier):
        text = _block(block)
        close = (before, block.kind) in {("item", "item"), ("quote", "item"), ("source", "source")}
        parts.append(("" if not parts else "\n" if close else "\n\n") + text)
        before = block.kind
    return "".join(parts) + "\n"


def escape(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    plain = SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return re.sub(r"&(?=#?\w+;)", "&amp;", plain)


def _started(text: str) -> str:
    """A line that begins no list, whatever it begins with."""
    return STARTS.sub(lambda match: f"{match[1]}{match[2]}\\" if match[2].isdigit() else f"{match[1]}\\{match[2]}", text)


def _block(block: Block) -> str:
    if block.kind == "table":
        lines = ["| " + " | ".join("".join(map(_run, cell)).strip() for cell in row) + " |" for row in block.rows]
        return "\n".join([lines[0], "|" + "---|" * len(block.rows[0]), *lines[1:]])
    text = _runs(block.runs)
    if block.kind == "title":
        return f"# {text}"
    if block.kind == "heading":
        return "#" * (block.level + 1) + f" {text}"
    if block.kind == "source":
        return f'- <a id="bron-{block.level}"></a>\\[{block.level}\\] {text}'
    if block.kind == "note":
        return f"*{text}*" if len(block.runs) == 1 and block.runs[0].text.strip() else text
    return PREFIX[block.kind] + text


def _runs(runs: Iterable[Run]) -> str:
    found = "".join(_run(run) for run in runs)
    return _started(found.strip())


def _run(run: Run) -> str:
    if run.ref:
        return f"[\\[{run.ref}\\]](#bron-{run.ref})"
    if run.url:
        return f"<{run.url}>" if re.fullmatch(r"https?://[^\s<>]+", run.url) else escape(run.url)
    inner = escape(run.text) if run.text.strip() else run.text
    head = run.text[: len(run.text) - len(run.text.lstrip())] and " "
    tail = run.text[len(run.text.rstrip()) :] and " "
    if not run.text.strip():
        return " "
    return f"{head}**{inner}**{tail}" if run.style == "bold" else f"{head}{inner}{tail}"
