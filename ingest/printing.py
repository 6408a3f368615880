"""What a build did, as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from ingest.pipeline import Result, counted

QUOTED = 160  # characters of a quote that are shown


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
