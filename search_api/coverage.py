"""Coverage: what is done for each measure, theme and part of the resolution, and what each body does; gaps are shown too.

What the texts state stands apart from what was suggested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kg.errors import UsageError
from search_api.answers import Corpus, grouped, order

KINDS = ("measure", "theme", "part", "organisation", "zone")
OF_PLAN = ("measure", "theme")
COLUMNS = ("number", "plan", "label", "status", "stated", "suggested", "initiatives", "suggestions", "iri")


def coverage(corpus: Corpus, by: str = "measure", plan: str | None = None, lang: str = "nl") -> dict[str, Any]:
    """Rows of one kind (see KINDS), each with the initiatives that are stated and those that are suggested.

    plan: id of an edition, for measures and themes; else all of them, the newest first. Raises UsageError for one that the
    corpus does not have.
    """
    if plan and plan not in corpus.plans:
        raise UsageError(f"there is no edition {plan!r}", where="coverage", remedy=f"there are {', '.join(corpus.plans)}")
    if plan and by not in OF_PLAN:
        raise UsageError(f"{by}s do not belong to one edition", where="coverage", remedy="leave the edition out")
    if by in OF_PLAN:
        rows = [row for one in ([plan] if plan else corpus.plans) for row in _of_plan(corpus, one, by, lang)]
    elif by == "part":
        rows = _rows(corpus, corpus.run("coverage-of-resolutions")[0], lang)
    else:
        found, _ = corpus.run("coverage-of-bodies")
        rows = _rows(corpus, [row for row in found if ("zone" in row) == (by == "zone")], lang)
        rows.sort(key=lambda row: (-len(row["stated"]), row["label"]))
    statuses = [row["status"] for row in rows]
    return {
        "by": by,
        "plan": plan,
        "lang": lang,
        "counts": {name: statuses.count(name) for name in ("stated", "suggested", "none")},
        "rows": rows,
        "corpus": {key: corpus.generation.manifest[name] for key, name in (("version", "name"), ("date", "date"))},
    }


def _of_plan(corpus: Corpus, plan: str, by: str, lang: str) -> list[dict[str, Any]]:
    found, _ = corpus.run("coverage-of-plan", plan=f"id/plan/{plan}")
    rows = sorted(_rows(corpus, found, lang), key=lambda row: order(row["reference"]))
    if by == "measure":
        return rows
    themes = {row["thing"]: row["theme"] for row in found}
    result = []
    for theme in dict.fromkeys(themes[row["reference"]] for row in rows):
        mine = [row for row in rows if themes[row["reference"]] == theme]
        stated, suggested = (_distinct(one for row in mine for one in row[side]) for side in ("stated", "suggested"))
        counts = {name: sum(row["status"] == name for row in mine) for name in ("stated", "suggested", "none")}
        row = _row(corpus, theme, {"number": theme.rsplit("/", 1)[-1], "plan": plan}, stated, suggested, lang)
        result.append(row | {"measures": {"all": len(mine), **counts}})
    return result


def _rows(corpus: Corpus, found: Sequence[Mapping[str, str]], lang: str) -> list[dict[str, Any]]:
    """A row for each thing, in the order in which they come."""
    corpus.describe({row[key] for row in found for key in ("thing", "initiative") if key in row})
    result = []
    for ref, rows in grouped(found, "thing").items():
        sides = {True: [row for row in rows if "score" in row], False: [row for row in rows if "score" not in row]}
        stated, suggested = (_initiatives(corpus, sides[side], lang) for side in (False, True))
        told = {one["iri"] for one in stated}
        about = corpus.labels[ref]
        number = str(about["number"] or rows[0].get("number") or rows[0].get("zone") or "")
        printed = re.fullmatch(r"\d{1,4}(\.\d{1,2})?", number)  # what has no number of its own has a hash
        fields = {"number": number if printed else None, "plan": about["plan"]}
        result.append(_row(corpus, ref, fields, stated, [one for one in suggested if one["iri"] not in told], lang))
    return result


def _row(
    corpus: Corpus, ref: str, fields: Mapping[str, Any], stated: list[dict[str, Any]], suggested: list[dict[str, Any]], lang: str
) -> dict[str, Any]:
    return {
        "iri": f"{corpus.base}/{ref}",
        "reference": ref,
        "label": corpus.label(ref, lang),
        **fields,
        "status": "stated" if stated else "suggested" if suggested else "none",
        "stated": stated,
        "suggested": suggested,
    }


def _initiatives(corpus: Corpus, rows: Sequence[Mapping[str, str]], lang: str) -> list[dict[str, Any]]:
    """Each initiative (or measure, for what a body is partner of) once, with the passage that shows the link."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if ref := row.get("initiative"):
            found.setdefault(
                ref,
                {
                    "iri": f"{corpus.base}/{ref}",
                    "kind": "Measure" if ref.startswith("id/measure/") else "Initiative",
                    "label": corpus.label(ref, lang),
                    "certainty": row["certainty"].rsplit("#", 1)[-1],
                    "score": float(row["score"]) if "score" in row else None,
                    "evidence": f"{corpus.base}/{row['passage']}" if "passage" in row else None,
                },
            )
    return list(found.values())


def _distinct(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({item["iri"]: item for item in items}.values())


def table(found: Mapping[str, Any]) -> list[list[Any]]:
    """The rows under COLUMNS: stated and suggested are counts, initiatives and suggestions their names."""
    return [
        [
            *(row[name] for name in ("number", "plan", "label", "status")),
            len(row["stated"]),
            len(row["suggested"]),
            " | ".join(one["label"] for one in row["stated"]),
            " | ".join(f"{one['label']} ({one['score']:.2f})" for one in row["suggested"]),
            row["iri"],
        ]
        for row in found["rows"]
    ]
