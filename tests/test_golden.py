"""What the documents yielded when somebody last looked: every difference is shown, and has to be meant.

When a change is meant: `python tests/golden/renew.py`, then read `git diff tests/golden`.
"""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path

import pytest
from corpus_help import Built
from extraction_help import Extractions
from golden.renew import (
    DOSSIERS,
    REAL,
    REAL_DOSSIERS,
    SAMPLE,
    cut,
    difference,
    real_dossiers,
    real_golden,
    sample_dossiers,
    sample_golden,
    text_of,
)

RENEW = (
    "the documents yield something else than the golden file says (- golden, + now).\n"
    "If that is meant: python tests/golden/renew.py\n"
)


def test_sample(sample_extractions: Extractions) -> None:
    changed = difference(SAMPLE, sample_golden(sample_extractions.values()))
    assert not changed, RENEW + changed


def test_real(real_extractions: Extractions) -> None:
    changed = difference(REAL, real_golden(real_extractions.values()))
    assert not changed, RENEW + changed


def test_sample_dossiers(sample_build: Built) -> None:
    found = sample_dossiers(sample_build.data)
    assert len(found) == 12 and {file.stem for file in DOSSIERS.glob("*.md")} == set(found)
    for name, text in found.items():
        golden = (DOSSIERS / f"{name}.md").read_text("utf-8")
        changed = "\n".join(
            list(difflib.unified_diff(golden.splitlines(), text.splitlines(), name, "now", n=0, lineterm=""))[:40]
        )
        assert not changed, RENEW + changed


def test_real_dossiers(real_build: Built) -> None:
    changed = difference(REAL_DOSSIERS, real_dossiers(real_build.data))
    assert not changed, RENEW + changed


@pytest.mark.parametrize("file", [REAL, REAL_DOSSIERS], ids=["real", "dossiers"])
def test_the_real_golden_files_hold_no_sentence(file: Path) -> None:
    strings = [text for line in file.read_text("utf-8").splitlines() for text in re.findall(r'"([^"]*)"', line)]
    assert len(strings) > 200
    for text in strings:
        names = re.split(r"[ /~]", re.sub(r"\b[0-9a-f]{8,}\b", "", text))
        assert all(len(re.findall(r"[^\W\d_]+", name)) <= 5 for name in names), text


def test_a_long_name_is_cut_and_stays_itself() -> None:
    long, other = (f"id/initiative/een-naam-van-{which}-meer-dan-vijf-woorden-5341" for which in ("wel", "veel"))
    assert cut(long) != cut(other)
    assert cut(long).startswith("id/initiative/een-naam-van-wel~") and cut(long).endswith("-5341")
    assert cut("id/initiative/drie-woorden-maar") == "id/initiative/drie-woorden-maar"
    assert cut("id/measure/gvpp-2021-2024/2.3") == "id/measure/gvpp-2021-2024/2.3"


def test_a_difference_says_where_it_is(tmp_path: Path) -> None:
    golden = {"documents": {"a.nl": {"counts": {"gvpp:Measure": 2}, "links": {"dct:subject": ["x y", "x z"]}}}, "findings": {}}
    file = tmp_path / "golden.json"
    assert "a.nl" in difference(file, golden), "no file is a difference"
    file.write_text(text_of(golden), "utf-8")
    assert difference(file, golden) == ""
    changed = json.loads(text_of(golden))
    changed["documents"]["a.nl"]["links"]["dct:subject"] = ["x z"]
    changed["documents"]["a.nl"]["counts"]["gvpp:Measure"] = 3
    assert set(difference(file, changed).splitlines()) == {
        "-documents › a.nl › counts › gvpp:Measure: 2",
        "+documents › a.nl › counts › gvpp:Measure: 3",
        "-documents › a.nl › links › dct:subject: x y",
    }


@pytest.mark.parametrize("file", [SAMPLE, REAL, REAL_DOSSIERS], ids=["sample", "real", "dossiers"])
def test_a_golden_file_is_written_as_renewing_writes_it(file: Path) -> None:
    assert file.read_text("utf-8") == text_of(json.loads(file.read_text("utf-8")))
