"""What the tests of judgements share: a small build with suggestions, rows of judgement files, and looks at the graph."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from corpus_help import write_corpus

import gvpp
from ingest import pipeline
from ingest.suggest import Things
from kg.judgements import COLUMNS, FILE
from kg.model import Suggestion
from kg.settings import Settings
from kg.store import Rows, current, query

ROOT = Path(gvpp.__file__).parent
HEADER = ",".join(COLUMNS)
LIGHT, TABLE, MARK = "id/initiative/lichtwacht", "id/initiative/buurttafel", "id/initiative/merkdag-5343"
TABLE_FR = "id/initiative/table-de-quartier"
PLAN = "id/measure/gvpp-2021-2024"
# Subject, property, object and score of the suggestions with which the tests build.
SUGGESTED = (
    (LIGHT, "gvpp:suggestedMeasure", f"{PLAN}/1.2", 0.81),
    (MARK, "gvpp:suggestedMeasure", f"{PLAN}/1.1", 0.55),
    (TABLE, "owl:sameAs", TABLE_FR, 0.93),
    (f"{PLAN}/2.1", "skos:closeMatch", f"{PLAN}/2.2", 0.62),
)


def suggestions(things: Things, *_: object) -> list[Suggestion]:
    """Links as a build computes them, with a quote of either side; none of things that are not in the corpus."""
    here = things.measures | things.initiatives | things.parts
    reason = {"nl": "zelfde woorden", "fr": "mêmes mots"}
    return [
        Suggestion(s, p, o, score, reason, (*here[s].quotes, *here[o].quotes))
        for s, p, o, score in SUGGESTED
        if {s, o} <= here.keys()
    ]


def build(data: Path, corpus: Path, base: str = "https://gvpp.example") -> pipeline.Result:
    return pipeline.build(Settings(data=data, base=base, encoder="none"), [corpus])


def row(subject: str, name: str, object_: str, verdict: str, why: str = "", who: str = "dienst", when: str = "2026-01-05") -> str:
    return ",".join([subject, name, object_, verdict, who, when, f'"{why}"' if why else ""])


def write(folder: Path, *rows: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    return folder / FILE


def ask(data: Path, pattern: str) -> bool:
    generation = current(data)
    assert generation is not None
    found = query(generation, f"ASK {{ {pattern} }}", base=generation.manifest["base"])
    assert isinstance(found, bool)
    return found


def values(data: Path, text: str) -> list[dict[str, str]]:
    generation = current(data)
    assert generation is not None
    rows = query(generation, text, base=generation.manifest["base"])
    assert isinstance(rows, Rows)
    return [{name: getattr(term, "value", "") for name, term in found.items()} for found in rows.rows]


def told(result: pipeline.Result) -> tuple[int, int, int]:
    return tuple(result.judgements[name] for name in ("accepted", "rejected", "reported"))  # type: ignore[return-value]


ACCEPT = row(LIGHT, "gvpp:suggestedMeasure", f"{PLAN}/1.2", "accept", "telt lampen per wijk")
REJECT = row(LIGHT, "gvpp:suggestedMeasure", f"{PLAN}/1.2", "reject")
REJECT_EXPLICIT = row(LIGHT, "gvpp:implements", f"{PLAN}/1.1", "reject", "het verslag vergist zich")
NEW = row(MARK, "gvpp:implements", f"{PLAN}/2.2", "accept")


def build_with_suggestions(folder: Path) -> Path:
    """A data folder with the small corpus and its suggestions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "suggested", suggestions)
        build(folder / "data", write_corpus(folder / "corpus"))
    return folder / "data"


def copied(built: Path, corpus: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder, brought to another corpus folder; what is built from now on has suggestions too."""
    monkeypatch.setattr(pipeline, "suggested", suggestions)
    shutil.copytree(built, data)
    build(data, corpus)
    return data
