"""What a build does and did, for a terminal: a bar while it works, and lines of text afterwards."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.manifest import counted
from ingest.pipeline import Progress, Result

QUOTED = 160  # characters of a quote that are shown


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """What a build is to call with its progress: bars on a terminal, else a line before the one step that can take minutes."""
    if not sys.stderr.isatty():
        yield _said_once()
        return
    from rich import progress as shown
    from rich.console import Console

    columns = (
        shown.TextColumn("{task.description:10}"),
        shown.BarColumn(),
        shown.MofNCompleteColumn(),
        shown.TextColumn("{task.fields[rate]}"),
        shown.TimeElapsedColumn(),
        shown.TimeRemainingColumn(elapsed_when_finished=True),
        shown.TextColumn("{task.fields[item]}"),
    )
    with shown.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def report(phase: str, item: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bar.add_task(phase, total=total, item=item, rate="")
            speed = next(task.speed for task in bar.tasks if task.id == tasks[phase]) if phase == "embed" else None
            bar.update(tasks[phase], completed=done, total=total, item=item, rate=f"{speed:.1f}/s" if speed else "")

        yield report


def progress_in(file: Path) -> Progress:
    """What a build is to call with its progress: the last state stands in a file as JSON, for a program that shows it."""
    last = 0.0

    def report(phase: str, item: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last < 0.2 and 0 < done < total:
            return
        last = time.monotonic()
        part = file.with_suffix(".part")
        with contextlib.suppress(OSError):  # what is shown must not stop what is done
            part.write_text(json.dumps({"step": phase, "item": item, "done": done, "total": total}), "utf-8")
            part.replace(file)

    return report


def _said_once() -> Progress:
    told: set[str] = set()

    def report(phase: str, item: str, done: int, total: int) -> None:
        if phase == "embed" and phase not in told:
            told.add(phase)
            print(f"{total} texts get a vector; this is done once for each, and can take minutes", file=sys.stderr)

    return report


def told(result: Result) -> Iterator[str]:
    """Documents with their counts, findings with their places, what was not understood, and the generation in use."""
    marks = {name: mark for group, mark in ((result.added, "+"), (result.updated, "~"), (result.kept, "=")) for name in group}
    for name, counts in result.counts.items():
        listed = ", ".join(f"{number} {kind}" for kind, number in counts.items())
        yield f"{marks.get(name, ' ')} {name}: {listed}"
        for key, values in result.detected.items():
            if key.rsplit(".", 1)[0] == name:
                yield f"    detected in {key}: " + ", ".join(f"{what} = {value}" for what, value in values.items())
    for name in result.removed:
        yield f"- {name}: removed"
    if result.counts:
        yield f"{len(result.added)} added, {len(result.updated)} updated, {len(result.kept)} kept, {len(result.removed)} removed"
    yield from _findings(result)
    yield from _merges(result)
    yield from _judgements(result)
    if result.warnings:
        yield f"\n{len(result.warnings)} places were not understood:"
        yield from (f"? {warning}" for warning in result.warnings)
    yield from (f"* {note}" for note in result.notes)
    if result.generation:
        state = "published" if result.changed else "nothing changed; in use"
        yield f"\n{state}: {result.generation.manifest['name']}"


def _findings(result: Result) -> Iterator[str]:
    if not result.findings:
        return
    kinds = ", ".join(f"{number} {kind}" for kind, number in counted(result.findings).items())
    yield f"\n{len(result.findings)} findings ({kinds})"
    for finding in result.findings:
        yield f"* {finding['kind']}: {finding['nl']}"
        yield f"  {' ' * len(finding['kind'])}  {finding['fr']}"
        for place in finding["places"]:
            where = f"p. {place['page']}" if place["page"] else place["section"]
            flat = " ".join(place["quote"].split())
            quote = flat if len(flat) <= QUOTED else flat[: QUOTED - 1] + "…"
            yield f"    {place['document']}, {where}: « {quote} »"


def _merges(result: Result) -> Iterator[str]:
    merged, parted, programmes = (result.merges.get(name, ()) for name in ("merged", "parted", "programmes"))
    count = result.merges.get("suggested", 0)
    if merged or parted or programmes or count:
        yield f"\n{len(merged)} merged, {len(parted)} parted, {len(programmes)} programmes, {count} pairs to judge (gvpp review)"
    for merge in merged:
        yield f"* {merge['from']} → {merge['to']}: {merge['nl']}"
    for namesake in parted:
        yield f"* {namesake['from']} ≠ {namesake['to']}: one name, two organisations"
    for each in programmes:
        yield f"* {each['programme']}: {each['nl']}"


def _judgements(result: Result) -> Iterator[str]:
    counts = {name: result.judgements.get(name, 0) for name in ("accepted", "rejected", "reported")}
    if any(counts.values()):
        yield "\njudgements: " + ", ".join(f"{number} {name}" for name, number in counts.items())
    for problem in result.judgements.get("problems", ()):
        yield f"* {problem['where']}: {problem['what']} → {problem['remedy']}"
