"""Gates on what is extracted, against the gold files that people made by reading (tests/gold, bench/extraction.py).

These are gates on stored values: on the statements that go into the graph. Whether an answer then shows them is another matter,
measured elsewhere. A gate stands a little below what was reached, so that it speaks when something is lost; where it is passed
with ease, raise it. `python bench/extraction.py --show` lists what is behind a score.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from extraction_help import Extractions

from bench.extraction import Score, links, numbers, partners, pillars, sample
from kg.model import Extraction

PLAN = "gvpp-2017-2020"
# Share of the gold that has to be found, and of what is extracted that the gold has to hold. No precision is asked where the
# gold does not hold everything that is right (figures, grants), or where the texts allow more than it (answersTo).
REAL = {
    "implements": (1.0, 1.0),
    "partners": (0.99, 0.99),
    "pillars": (1.0, 1.0),
    "subjectTheme": (0.98, 0.98),
    "inZone": (0.97, 0.97),
    "answersTo": (0.98, None),
    "grants": (0.97, None),
    "not granted": (1.0, None),
    "figures": (0.9, None),
}
SAMPLE = 0.95
SAMPLE_PROPERTIES = {
    *("gvpp:implements", "gvpp:carriedOutBy", "gvpp:hasPartner", "dct:subject", "gvpp:inZone", "gvpp:answersTo"),
    *("gvpp:activityKind", "gvpp:status", "gvpp:Figure", "schema:MonetaryGrant"),
}


def told(what: list[str]) -> str:
    return "\n".join(what[:40]) + (f"\n… and {len(what) - 40} more" if len(what) > 40 else "")


@pytest.fixture(scope="session")
def real_scores(real_extractions: Extractions) -> Mapping[str, Score]:
    found: dict[str, Extraction] = {extraction.source.document: extraction for extraction in real_extractions.values()}
    return links(found) | {"partners": partners(found[PLAN]), "pillars": pillars(found[PLAN])} | numbers(found)


@pytest.fixture(scope="session")
def sample_scores(sample_extractions: Extractions) -> Mapping[str, Score]:
    return sample(sample_extractions.values())


@pytest.mark.parametrize("name", REAL)
def test_real_publications(name: str, real_scores: Mapping[str, Score]) -> None:
    score, (recall, precision) = real_scores[name], REAL[name]
    assert score.recall >= recall, f"{name}: {score.found} of {score.wanted} found, missing:\n{told(score.missing)}"
    if precision is not None:
        assert score.precision >= precision, (
            f"{name}: {score.right} of {score.extracted} right, beside the gold:\n{told(score.extra)}"
        )


def test_every_measure_of_the_plan_has_its_pillar(real_scores: Mapping[str, Score]) -> None:
    assert (real_scores["pillars"].found, real_scores["pillars"].wanted) == (120, 120)


@pytest.mark.parametrize("name", sorted(SAMPLE_PROPERTIES))
def test_sample_documents(name: str, sample_scores: Mapping[str, Score]) -> None:
    score = sample_scores[name]
    assert score.recall >= SAMPLE, f"{name}: {score.found} of {score.wanted} found, missing:\n{told(score.missing)}"


def test_every_property_of_the_sample_has_a_gate(sample_scores: Mapping[str, Score]) -> None:
    assert set(sample_scores) == SAMPLE_PROPERTIES


def test_a_score_of_nothing_passes_no_gate() -> None:
    assert Score().recall == Score().precision == 0.0
    score = Score()
    score.take("one", True)
    score.take("two", False)
    assert (score.recall, score.missing) == (0.5, ["two"])
