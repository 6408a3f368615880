"""The evaluation questions are sound: two languages for every need, halves that share no need, anchors that are short, occur in
the publications and point at one or two passages.

`search-*.jsonl` asks for passages, `answers-*.jsonl` for answers, `answers2-*.jsonl` for answers of kinds
that those lack or have few of. Tune on the `tune` halves, report on the `report` halves.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent / "eval"
SETS = {
    "search": ("search-tune", "search-report"),
    "answers": ("answers-tune", "answers-report"),
    "answers2": ("answers2-tune", "answers2-report"),
}
DEVELOPING = ["answers3-tune", "answers4-tune"]  # more questions to develop on; nothing is reported on them
UNANSWERABLE = ["unanswerable-tune", "unanswerable-report"]  # what no document answers, to learn when to abstain
FILES = [name for names in SETS.values() for name in names] + DEVELOPING
LEAST_NEEDS = {"search": 65, "answers": 40, "answers2": 30}  # per half
SEARCH_KINDS = {"topic", "name", "measure", "figure", "zone", "theme", "organisation", "budget", "training"}
EXPECTED = ("must", "must_not", "numbers", "editions_noted", "evidence")
ID = re.compile(r"([sa]\d{3})-(nl|fr)")
WORDS = range(3, 7)  # in an anchor: enough to find a passage, too few to copy one

Row = dict[str, Any]


@cache
def rows(name: str) -> tuple[Row, ...]:
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def need(row: Row) -> str:
    found = ID.fullmatch(row["id"])
    assert found, row["id"]
    return found[1]


def anchors(name: str) -> list[tuple[str, str, str]]:
    """(question id, document id, anchor) of every piece of evidence."""
    return [(row["id"], entry["doc"], entry["has"]) for row in rows(name) for entry in row.get("evidence", [])]


def squash(text: str) -> str:
    """Lower case without white space, hyphens, bold, bullets and table bars: what reading may take away does not count."""
    return re.sub(r"[\s\-\u00ad\u2010\u2011*\u2022\u00b7\u203a|+_]+", "", text).lower()


@pytest.mark.parametrize("name", FILES)
def test_every_question_has_its_keys(name: str) -> None:
    allowed = {"id", "lang", "kind", "q"} | ({"evidence"} if name.startswith("search") else {"none", *EXPECTED})
    for row in rows(name):
        assert {"id", "lang", "kind", "q"} <= set(row) <= allowed, row["id"]
        assert row["id"].endswith(f"-{row['lang']}")
        assert row["q"] == row["q"].strip() != ""
        assert all(set(entry) == {"doc", "has"} for entry in row.get("evidence", [])), row["id"]


@pytest.mark.parametrize("name", FILES)
def test_every_need_is_asked_once_in_each_language_and_expects_the_same(name: str) -> None:
    needs: dict[str, dict[str, Row]] = {}
    for row in rows(name):
        assert row["lang"] not in needs.setdefault(need(row), {}), row["id"]
        needs[need(row)][row["lang"]] = row
    for key, both in needs.items():
        assert set(both) == {"nl", "fr"}, key
        assert both["nl"]["q"].casefold() != both["fr"]["q"].casefold() or len(both["nl"]["q"].split()) <= 3, key
        rest = [{k: v for k, v in row.items() if k not in ("id", "lang", "q")} for row in both.values()]
        assert rest[0] == rest[1], key


@pytest.mark.parametrize("name", FILES)
def test_every_question_expects_something(name: str) -> None:
    for row in rows(name):
        if row.get("none"):
            assert not set(row) & set(EXPECTED), row["id"]
        elif name.startswith("search"):
            assert row["evidence"], row["id"]
        else:
            assert any(row.get(key) for key in EXPECTED), row["id"]


def test_unanswerable_questions_are_asked_in_both_languages_and_stand_in_one_half() -> None:
    tune, report = (rows(name) for name in UNANSWERABLE)
    assert all(row["none"] and row["kind"] == "none" for row in (*tune, *report))
    assert all(Counter(row["id"][:-3] for row in half).most_common()[-1][1] == 2 for half in (tune, report))
    assert not {row["id"][:-3] for row in tune} & {row["id"][:-3] for row in report}
    assert len(tune) == len(report) == 60


@pytest.mark.parametrize("kind", SETS)
def test_no_need_stands_in_both_halves(kind: str) -> None:
    tune, report = (rows(name) for name in SETS[kind])
    assert not {need(row) for row in tune} & {need(row) for row in report}
    assert not {row["q"].casefold() for row in tune} & {row["q"].casefold() for row in report}


def test_the_halves_share_no_evidence() -> None:
    tune, report = (
        {(doc, squash(has)) for name in halves for _, doc, has in anchors(name)} for halves in zip(*SETS.values(), strict=True)
    )
    assert not tune & report


@pytest.mark.parametrize("kind", SETS)
def test_the_halves_are_large_and_comparable(kind: str) -> None:
    tune, report = (Counter(row["kind"] for row in rows(name) if row["lang"] == "nl") for name in SETS[kind])
    assert min(tune.total(), report.total()) >= LEAST_NEEDS[kind]
    assert set(tune) == set(report)
    assert all(abs(tune[k] - report[k]) <= 2 for k in tune), (tune, report)
    documents = [Counter(doc for _, doc, _ in anchors(name)) for name in SETS[kind]]
    assert set(documents[0]) == set(documents[1])


@pytest.mark.parametrize("name", SETS["search"])
def test_search_questions_cover_every_kind(name: str) -> None:
    assert {row["kind"] for row in rows(name)} == SEARCH_KINDS


@pytest.mark.parametrize("name", SETS["answers"] + SETS["answers2"])
def test_about_a_third_of_the_questions_has_no_answer(name: str) -> None:
    share = sum(bool(row.get("none")) for row in rows(name)) / len(rows(name))
    assert 0.28 <= share <= 0.38


@pytest.mark.parametrize("name", FILES)
def test_anchors_are_short(name: str) -> None:
    least = 1 if name in DEVELOPING else WORDS.start  # what nothing is reported on may be pointed at less exactly
    wrong = [entry for entry in anchors(name) if not least <= len(entry[2].split()) < WORDS.stop]
    assert not wrong


@pytest.mark.parametrize("name", [name for names in SETS.values() for name in names])
def test_anchors_occur_in_the_publications_once_or_twice(name: str, real_corpus: Path) -> None:
    texts: dict[str, str] = {}
    for file in sorted(real_corpus.glob("*.txt")):
        document = file.name.split(".")[0]
        texts[document] = texts.get(document, "") + squash(file.read_text(encoding="utf-8"))
    counted = [(entry, texts.get(entry[1], "").count(squash(entry[2]))) for entry in anchors(name)]
    assert counted
    assert not [entry for entry, times in counted if times not in (1, 2)]
