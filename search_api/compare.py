"""Two editions of the plan side by side: which measures go on, as what, which were dropped, and which are new.

The texts seldom say so: what is shown is computed (suggested) unless a person accepted it (curated), each with its score, its
reason and the words on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kg.errors import UsageError
from search_api.answers import Answering, Corpus, grouped, order, years
from search_api.understanding import YEARS, Question

CLEAR = 0.6  # score from which a measure is said to go on: of those shown so, about 9 in 10 are right (docs/knowledge.md)
PREFIX = "gvpp-"


def compare(corpus: Corpus, older: str, newer: str, number: str | None = None, lang: str = "nl") -> dict[str, Any]:
    """The measures of one edition with those of the other that continue them.

    older, newer: ids of editions or their years ("2017-2020"), in either order. number: one measure, of either edition.
    Raises UsageError for an edition or a measure that the corpus does not have.
    """
    left, right = sorted((_edition(corpus, older), _edition(corpus, newer)))
    if left == right:
        raise UsageError("an edition is not compared with itself", where=older, remedy=f"choose two of {_known(corpus)}")
    texts = {plan: _texts(corpus, plan) for plan in (left, right)}
    rows, sparql = corpus.run("counterparts", older=f"id/plan/{left}", newer=f"id/plan/{right}")
    forward, backward = grouped(rows, "measure"), grouped(rows, "other")
    teller = Answering(corpus, Question(number or "", lang, "compare", plans=corpus.plans))
    corpus.describe([*texts[left], *texts[right]])
    measures = [_row(teller, ref, texts[left], texts[right], forward.get(ref, ()), "other") for ref in _sorted(texts[left])]
    reached = {row["other"] for row in rows if _score(row) >= CLEAR}
    new = [
        _row(teller, ref, texts[right], texts[left], backward.get(ref, ()), "measure")
        for ref in _sorted(texts[right])
        if ref not in reached or number
    ]
    if number:
        measures = [row for row in measures if row["number"] == number]
        new = [row for row in new if row["number"] == number]
        if not measures and not new:
            raise UsageError(
                f"neither edition has a measure {number}", where=f"{years(left)}, {years(right)}", remedy="see `gvpp coverage`"
            )
    statuses = [row["status"] for row in measures]
    return {
        "from": left,
        "to": right,
        "lang": lang,
        "number": number,
        "counts": {name: statuses.count(name) for name in ("continued", "doubtful", "dropped")}
        | {"new": 0 if number else len(new)},
        "measures": measures,
        "new": new,
        "sparql": sparql,
        "corpus": {key: corpus.generation.manifest[name] for key, name in (("version", "name"), ("date", "date"))},
    }


def _edition(corpus: Corpus, given: str) -> str:
    years_ = YEARS.fullmatch(given.removeprefix(PREFIX).strip())
    plan = f"{PREFIX}{years_[1]}-{years_[2]}" if years_ else given
    if plan not in corpus.plans:
        raise UsageError(f"there is no edition {given!r}", where="compare", remedy=f"there are {_known(corpus)}")
    return plan


def _known(corpus: Corpus) -> str:
    return ", ".join(years(plan) for plan in corpus.plans)


def _texts(corpus: Corpus, plan: str) -> dict[str, list[Mapping[str, str]]]:
    """The evidence of the text of each measure of an edition."""
    return grouped(corpus.run("texts-of-plan", plan=f"id/plan/{plan}")[0], "measure")


def _sorted(refs: Iterable[str]) -> list[str]:
    return sorted(refs, key=order)


def _score(row: Mapping[str, str]) -> float:
    """A link that a person accepted, or that a text states, has no score: it is sure."""
    return float(row.get("score", 1))


def _row(
    teller: Answering,
    ref: str,
    mine: Mapping[str, Sequence[Mapping[str, str]]],
    theirs: Mapping[str, Sequence[Mapping[str, str]]],
    rows: Sequence[Mapping[str, str]],
    side: str,
) -> dict[str, Any]:
    """A measure with its counterparts, the best first."""
    counterparts = [
        _measure(teller, row[side], theirs[row[side]])
        | {
            "score": round(_score(row), 2),
            "certainty": row["certainty"].rsplit("#", 1)[-1],
            "reason": {lang: row[lang] for lang in ("nl", "fr") if lang in row},
        }
        for row in sorted(rows, key=lambda row: -_score(row))
    ]
    best = max(map(_score, rows), default=0.0)
    status = "continued" if best >= CLEAR else "doubtful" if rows else "dropped"
    return _measure(teller, ref, mine[ref]) | {"status": status, "counterparts": counterparts}


def _measure(teller: Answering, ref: str, evidence: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    about = teller.describe([ref])[ref]
    return {
        "iri": f"{teller.corpus.base}/{ref}",
        "number": about["number"],
        "plan": about["plan"],
        "label": about["label"],
        "text": evidence[0]["text"],
        "citations": teller.citations(evidence),
    }
