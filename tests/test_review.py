"""`gvpp review`: the open suggestions one by one, by lines of input and by keys of a terminal."""

from __future__ import annotations

import csv
import json
import os
import pty
import select
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from corpus_help import REPORT_NL, run_json, write_corpus
from judging_help import (
    LIGHT,
    ROOT,
    TABLE,
    build,
    copied,
    told,
    write,
)

import gvpp
from ingest import pipeline
from kg.judgements import FILE, read_judgements
from kg.store import current
from search_api.review import Desk, language_of_environment, listed
from search_api.review_printing import excerpt, shown


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def data(suggested_build: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small corpus and its suggestions are built here; nothing is judged."""
    return copied(suggested_build, corpus, tmp_path / "data", monkeypatch)


def review(data: Path, keys: str, *arguments: str, **environment: str) -> str:
    """The review with these lines as input; what it prints."""
    settings = {
        "GVPP_DATA": str(data),
        "GVPP_ENCODER": "none",
        "GVPP_CORPUS": None,
        "GVPP_BASE": None,
        "GVPP_WHO": None,
        "LC_ALL": "C",
    }
    result = CliRunner().invoke(gvpp.main, ["review", *arguments], input=keys, env={**settings, **environment})
    assert result.exit_code == 0, result.output
    return result.output


def judged(data: Path) -> list[tuple[str, str, str, str]]:
    with (data / FILE).open(encoding="utf-8", newline="") as file:
        return [(r["subject"], r["property"], r["verdict"], r["why"]) for r in csv.DictReader(file)]


def test_the_best_suggestion_comes_first_and_each_verdict_is_kept(data: Path, corpus: Path) -> None:
    text = review(data, "a\nw\nandere woorden\nr\ns\nq\n", "--who", "redactie")
    assert judged(data) == [
        (TABLE, "owl:sameAs", "accept", ""),
        (LIGHT, "gvpp:suggestedMeasure", "reject", "andere woorden"),
    ]
    assert text.index("0.93") < text.index("0.81") < text.index("0.62") and "0.55" in text
    assert "1 aanvaard, 1 verworpen, 1 overgeslagen; nog 2 open." in text and "gvpp build" in text
    assert "Lichtwacht" in text and "zelfde woorden" in text and "Jaarverslag 2022" in text
    assert read_judgements([data / FILE])[0][0].who == "redactie"
    again = run_json(data, "review")
    assert again["open"] == 2 and LIGHT not in json.dumps(again), "what was judged is not asked again, also before the build"
    assert told(build(data, corpus)) == (1, 1, 0)
    assert run_json(data, "review")["open"] == 2


def test_an_accepted_suggestion_is_written_as_the_link_itself(data: Path) -> None:
    review(data, "a\n", "--kind", "measure", "--limit", "1")
    assert judged(data) == [(LIGHT, "gvpp:implements", "accept", "")]


@pytest.mark.parametrize("keys", ["", "q\n", "s\n", "x\n\n?\nq\n", "w\n", "w\nreden"])
def test_nothing_is_written_without_a_verdict(data: Path, keys: str) -> None:
    assert "0 aanvaard, 0 verworpen" in review(data, keys)
    assert not (data / FILE).exists()


@pytest.mark.parametrize(("kind", "count"), [("measure", 2), ("merge", 1), ("edition", 1), ("part", 0)])
def test_one_kind_can_be_reviewed_alone(data: Path, kind: str, count: int) -> None:
    reply = run_json(data, "review", "--kind", kind)
    assert reply["open"] == count == len(reply["suggestions"])
    assert ("Geen open suggesties" in review(data, "", "--kind", kind)) == (count == 0)


def test_open_suggestions_are_listed_with_everything_that_a_page_needs(data: Path) -> None:
    reply = run_json(data, "review", "--limit", "2")
    assert reply["open"] == 4 and [s["score"] for s in reply["suggestions"]] == [0.93, 0.81]
    suggestion = reply["suggestions"][1]
    assert suggestion["property"] == "gvpp:suggestedMeasure" and suggestion["reason"] == {
        "nl": "zelfde woorden",
        "fr": "mêmes mots",
    }
    assert suggestion["subject"]["ref"] == LIGHT and suggestion["object"]["number"] == "1.2"
    assert [p["document"] for p in suggestion["passages"]] == ["jaarverslag-2022", "gvpp-2021-2024"]
    assert all(p["quote"] and p["text"] and p["section"] for p in suggestion["passages"])


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({"LC_ALL": "fr_BE.UTF-8"}, "fr"),
        ({"LC_ALL": "", "LANG": "fr_FR"}, "fr"),
        ({"LC_ALL": "nl_BE.UTF-8"}, "nl"),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "fr_FR"}, "nl"),
    ],
)
def test_prompts_are_in_the_language_of_the_environment(
    data: Path, environment: dict[str, str], lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of_environment() == Desk().lang == lang
    words = {"nl": "Zijn dit twee namen", "fr": "S’agit-il de deux noms"}
    assert words[lang] in review(data, "q\n", **environment)
    assert words["fr"] in review(data, "q\n", "--lang", "fr", **environment)


def test_passages_stand_beside_each_other_where_there_is_room(data: Path) -> None:
    from search_api.answers import open_corpus

    generation = current(data)
    assert generation is not None
    suggestion = listed(open_corpus(generation), data).suggestions[1]
    wide, narrow = (shown(suggestion, 1, 1, "nl", width) for width in (140, 60))
    both = [line for line in wide.splitlines() if "Lichtwacht" in line and "(1.2, 2021-2024)" in line]
    assert len(both) == 1 and max(map(len, wide.splitlines())) <= 140
    assert not [line for line in narrow.splitlines() if "Lichtwacht" in line and "(1.2, 2021-2024)" in line]
    assert narrow.index("Lichtwacht") < narrow.index("2021-2024)") and max(map(len, narrow.splitlines())) <= 60


def test_an_excerpt_keeps_the_quote_and_no_sign_that_a_terminal_obeys() -> None:
    before, quote, after = excerpt("woord " * 500 + "het citaat zelf" + " woord" * 500, "het citaat\nzelf")
    assert quote == "het citaat zelf" and before.startswith("… ") and after.endswith(" …") and len(before + quote + after) < 800
    assert "\x1b" not in "".join(excerpt("a \x1b[31m b", "b"))


def test_wrong_judgements_are_told_before_a_review(data: Path) -> None:
    file = write(data, "x,y")
    assert f"! {file}, line 2: has 2 columns" in review(data, "q\n")


def test_a_review_without_suggestions_says_so(data: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "suggested", lambda *_: [])
    (corpus / "jaarverslag-2022.nl.txt").write_text(REPORT_NL.replace("48 ontm", "51 ontm"))
    build(data, corpus)
    assert "Geen open suggesties." in review(data, "")
    assert run_json(data, "review") == {"open": 0, "suggestions": []}


def test_nothing_built_yet_is_code_6(tmp_path: Path) -> None:
    assert run_json(tmp_path / "none", "review", code=6)["error"] == "StoreError"


def test_on_a_terminal_single_keys_judge_and_interruption_loses_nothing(data: Path) -> None:
    process, master = pty.fork()
    if process == 0:  # in the child, whose terminal is the other end of `master`
        environment = {**os.environ, "GVPP_DATA": str(data), "LC_ALL": "C.UTF-8", "COLUMNS": "120"}
        os.execve(sys.executable, [sys.executable, str(ROOT / "gvpp.py"), "review", "--lang", "fr"], environment)
    screen = ""

    def until(words: str) -> None:
        nonlocal screen
        while words not in screen:
            ready, _, _ = select.select([master], [], [], 60)
            assert ready, screen
            screen += os.read(master, 4096).decode("utf-8", "replace")

    until("[q] quitter")
    os.write(master, b"a")
    until("acceptée")
    screen = screen[screen.rindex("acceptée") :]
    until("[q] quitter")
    os.write(master, b"\x03")
    until("1 acceptée(s), 0 rejetée(s)")
    until("gvpp build")
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    os.close(master)
    assert [entry[:3] for entry in judged(data)] == [(TABLE, "owl:sameAs", "accept")]
