"""Comparisons and coverage as text for a terminal."""

from __future__ import annotations

import functools
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kg.errors import MetadataError
from kg.vocabulary import ONTOLOGY
from search_api.answers import years
from search_api.compare import CLEAR
from search_api.printing import WIDTH, hanging, label_in

SHOWN = 6  # initiatives of a row


@functools.cache
def _words(path: Path = ONTOLOGY / "knowledge.toml") -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the line it names") from error


def print_comparison(found: Mapping[str, Any]) -> str:
    """Each measure of the older edition with what continues it; then what is new. Texts are shown for one measure alone."""
    lang, say = found["lang"], _words()["compare"]
    older, newer = years(found["from"]), years(found["to"])
    lines = [say["title"][lang].format(older=older, newer=newer)]
    if not found["number"]:
        lines += textwrap.wrap(say["counts"][lang].format(**found["counts"]), WIDTH)
    lines += [*textwrap.wrap(say["computed"][lang], WIDTH), ""]
    for row in found["measures"]:
        lines += _compared(row, lang, bool(found["number"]), say["dropped"][lang])
    if found["new"]:
        lines += ["", say["new"][lang].format(years=older)] if not found["number"] else [""]
        for row in found["new"]:
            lines += _compared(row, lang, bool(found["number"]), say["without"][lang])
    return "\n".join([*lines, "", _version(found)])


def _compared(row: Mapping[str, Any], lang: str, whole: bool, none: str) -> list[str]:
    say = _words()["compare"]
    lines = hanging(f"{row['number']:>5}  ", f"{label_in(row['label'], lang)} ({years(row['plan'])})")
    lines += _quote(row, lang) if whole else []
    if row["status"] == "dropped":
        return [*lines, f"         – {none}"]
    for other in row["counterparts"]:
        told = say["continued" if other["score"] >= CLEAR else "doubtful"][lang]
        sure = f"{other['score']:.2f}" if other["certainty"] == "suggested" else _words()["coverage"]["curated"][lang]
        lines += hanging("         → ", f"{told} {other['number']} {label_in(other['label'], lang)} [{sure}]")
        if whole:
            lines += _quote(other, lang)
            lines += hanging("           ", other["reason"].get(lang, other["reason"].get("nl", "")))
    return lines


def _quote(row: Mapping[str, Any], lang: str) -> list[str]:
    lines: list[str] = []
    for citation in row["citations"][:1]:
        foreign = "" if citation["lang"] == lang else f" [{citation['lang']}]"
        lines += hanging("           « ", " ".join(citation["quote"].split()) + " »" + foreign)
        lines += hanging("             — ", ", ".join(filter(None, [citation["title"], citation["section"]])))
    return lines


def print_coverage(found: Mapping[str, Any]) -> str:
    """A row for each thing: what texts state, what is suggested, and gaps."""
    lang, say = found["lang"], _words()["coverage"]
    lines = [*textwrap.wrap(say["counts"][lang].format(**found["counts"]), WIDTH), ""]
    plan = None
    for row in found["rows"]:
        if row["plan"] and row["plan"] != plan:
            plan = row["plan"]
            lines += ["", years(plan), ""] if lines[-1] else [years(plan), ""]
        lines += hanging(f"{row['number'] or '':>5}  ", row["label"])
        if "measures" in row:
            lines += hanging("         ", say["measures"][lang].format(**row["measures"]))
        lines += _initiatives(row["stated"], "         + ", "", lang)
        lines += _initiatives(row["suggested"], "         ? ", say["suggested"][lang], lang)
        if row["status"] == "none":
            lines.append(f"         – {say['none'][lang]}")
    return "\n".join([*lines, "", _version(found)])


def _initiatives(items: Sequence[Mapping[str, Any]], mark: str, told: str, lang: str) -> list[str]:
    lines: list[str] = []
    for one in items[:SHOWN]:
        sure = f" [{told} {one['score']:.2f}]" if one["score"] is not None else ""
        lines += hanging(mark, one["label"] + sure)
    if len(items) > SHOWN:
        lines.append(" " * len(mark) + _words()["coverage"]["more"][lang].format(n=len(items) - SHOWN))
    return lines


def _version(found: Mapping[str, Any]) -> str:
    return f"[{found['corpus']['version']}, {found['corpus']['date']}]"
