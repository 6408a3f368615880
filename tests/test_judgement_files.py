"""Files of judgements: rows that cannot be used, and rows that are added whatever kills the process."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from judging_help import (
    ACCEPT,
    HEADER,
    LIGHT,
    MARK,
    NEW,
    PLAN,
    ROOT,
    TABLE,
    row,
    write,
)

from kg.errors import MetadataError, StoreError, UsageError
from kg.judgements import FILE, LONGEST, Judgement, append_judgement, read_judgements

ONE = Judgement(LIGHT, "gvpp:implements", f"{PLAN}/1.2", "accept", "dienst", "2026-01-05", "een, twee")

# ---------------------------------------------------------------- bad and hostile input

WRONG_ROWS = {
    "a reference with its base": (ACCEPT.replace(LIGHT, f"https://gvpp.example/{LIGHT}"), "without the base"),
    "no reference": (ACCEPT.replace(LIGHT, "Lichtwacht"), "without the base"),
    "a space in a reference": (ACCEPT.replace(LIGHT, "id/initiative/licht wacht"), "without the base"),
    "an IRI that ends the triple": (ACCEPT.replace(LIGHT, "id/initiative/x> <y"), "without the base"),
    "a subject of another kind": (ACCEPT.replace(LIGHT, f"{PLAN}/1.1"), "begins with id/initiative/"),
    "subject and object exchanged": (row(f"{PLAN}/1.2", "gvpp:implements", LIGHT, "accept"), "begins with id/initiative/"),
    "a property without prefix": (ACCEPT.replace("gvpp:suggestedMeasure", "implements"), "known: gvpp:implements"),
    "a property that a shape needs": (row(f"{PLAN}/1.1", "dct:isPartOf", "id/plan/x", "reject"), "known:"),
    "the contact of the restricted graph": (row(MARK, "schema:contactPoint", "id/initiative/x", "accept"), "known:"),
    "another verdict": (ACCEPT.replace("accept", "Accept"), "accept or reject"),
    "no verdict": (ACCEPT.replace("accept", ""), "accept or reject"),
    "nobody": (ACCEPT.replace("dienst", " "), "a role or initials"),
    "a date of a spreadsheet": (ACCEPT.replace("2026-01-05", "5/01/2026"), "YYYY-MM-DD"),
    "a day that is none": (ACCEPT.replace("2026-01-05", "2026-02-30"), "YYYY-MM-DD"),
    "a cell too few": (ACCEPT.rpartition(",")[0], "quotation marks"),
    "a comma in a cell": (NEW + "a,b", "quotation marks"),
    "the same twice": (row(TABLE, "owl:sameAs", TABLE, "accept"), "two things"),
    "two kinds made one": (row(TABLE, "owl:sameAs", "id/organisation/x", "accept"), "two of a kind"),
    "a quotation without end": (ACCEPT.replace('wijk"', "wijk"), "on one line"),
    "NUL": (NEW + "\0", "take it out"),
    "an escape sequence": (NEW + "\x1b[2J", "take it out"),
    "writing turned round": (NEW + "\u202etpecca", "take it out"),
    "a huge line": (NEW + "x" * 5_000_000, "shorten the line"),
}


@pytest.mark.parametrize("name", WRONG_ROWS)
def test_a_wrong_row_is_reported_with_its_line_and_costs_itself_alone(tmp_path: Path, name: str) -> None:
    wrong, words = WRONG_ROWS[name]
    file = write(tmp_path, row(TABLE, "gvpp:implements", f"{PLAN}/1.1", "reject"), wrong, NEW)
    judgements, (problem,) = read_judgements([file])
    assert [judgement.subject for judgement in judgements] == [TABLE, MARK]
    assert problem.where == f"{file}, line 3" and problem.what and words in problem.remedy
    assert isinstance(problem, MetadataError) and len(str(problem)) < 1000 and "\x1b" not in str(problem)


WRONG_FILES: dict[str, tuple[bytes, str]] = {
    "another column": (f"{HEADER.replace('verdict', 'oordeel')}\n{ACCEPT}\n".encode(), HEADER),
    "a column too many": (f"{HEADER},note\n{ACCEPT},x\n".encode(), HEADER),
    "no columns": (f"{ACCEPT}\n".encode(), HEADER),
    "UTF-16": (f"{HEADER}\n{ACCEPT}\n".encode("utf-16"), "UTF-8"),
    "a workbook": (b"PK\x03\x04" + bytes(range(256)) * 100, ""),
    "one endless line": (b"x" * (LONGEST * 10), "shorten"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_file_of_another_form_is_reported_and_not_used(tmp_path: Path, name: str) -> None:
    content, words = WRONG_FILES[name]
    (tmp_path / FILE).write_bytes(content)
    judgements, (problem,) = read_judgements([tmp_path / FILE])
    assert judgements == [] and problem.where == f"{tmp_path / FILE}, line 1" and words in problem.remedy


def test_bytes_that_are_not_text_cost_their_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(
        f"{HEADER}\n".encode() + ACCEPT.replace("lampen", "lampén").encode("latin-1") + f"\n{NEW}\n".encode()
    )
    judgements, (problem,) = read_judgements([tmp_path / FILE])
    assert [j.subject for j in judgements] == [MARK] and "line 2" in problem.where and "UTF-8" in problem.remedy


def test_a_thousand_wrong_rows_do_not_flood_the_build(tmp_path: Path) -> None:
    judgements, problems = read_judgements([write(tmp_path, *["x"] * 1000, NEW)])
    assert len(judgements) == 1 and len(problems) < 100 and "950 more rows" in problems[-1].what


@pytest.mark.parametrize("change", ["semicolons", "BOM", "CRLF", "blank lines"])
def test_files_of_spreadsheets_are_read(tmp_path: Path, change: str) -> None:
    text = f"{HEADER}\n{ACCEPT}\n"
    content = {
        "semicolons": text.replace(",", ";").encode(),
        "BOM": b"\xef\xbb\xbf" + text.encode(),
        "CRLF": text.replace("\n", "\r\n").encode(),
        "blank lines": text.replace("\n", "\n\n,,,,,,\n").encode(),
    }[change]
    (tmp_path / FILE).write_bytes(content)
    (judgement,), problems = read_judgements([tmp_path / FILE])
    assert judgement.why == "telt lampen per wijk" and problems == []


# ---------------------------------------------------------------- writing


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    setting = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom dataclasses import replace\n"
        "from kg.judgements import Judgement, append_judgement\n"
        f"one = {ONE!r}\nfile = Path(sys.argv[1])\n"
    )
    command = [sys.executable, "-c", setting + code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def whole(file: Path) -> int:
    """Number of rows, after a look at each: none is torn."""
    lines = file.read_text("utf-8").splitlines(keepends=True)
    assert lines[0].strip() == HEADER and all(line.endswith('"een, twee"\n') for line in lines[1:])
    return len(lines) - 1


def test_a_row_is_added_to_whatever_stands_there(tmp_path: Path) -> None:
    append_judgement(tmp_path / "deep" / FILE, ONE)
    assert read_judgements([tmp_path / "deep" / FILE])[0] == [ONE]
    (tmp_path / FILE).write_text(f"{HEADER}\n{NEW}".replace(",", ";"))  # by hand: no line end, other separator
    append_judgement(tmp_path / FILE, ONE)
    assert {j.subject for j in read_judgements([tmp_path / FILE])[0]} == {MARK, LIGHT}
    (tmp_path / "link").symlink_to(tmp_path / FILE)
    append_judgement(tmp_path / "link", ONE)
    assert (tmp_path / "link").is_symlink() and (tmp_path / FILE).read_text().count(LIGHT) == 2


def test_what_could_not_be_read_back_is_refused(tmp_path: Path) -> None:
    for wrong in (
        Judgement(LIGHT, "gvpp:implements", "x", "accept", "dienst", "2026-01-05"),
        Judgement(LIGHT, "gvpp:implements", f"{PLAN}/1.2", "accept", "", "2026-01-05"),
        Judgement(LIGHT, "gvpp:implements", f"{PLAN}/1.2", "accept", "dienst", "2026-01-05", "x" * LONGEST),
    ):
        with pytest.raises(UsageError):
            append_judgement(tmp_path / FILE, wrong)
    assert not (tmp_path / FILE).exists()
    (tmp_path / FILE).write_text("naam,oordeel\n")
    with pytest.raises(MetadataError, match="columns"):
        append_judgement(tmp_path / FILE, ONE)
    assert (tmp_path / FILE).read_text() == "naam,oordeel\n"
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        append_judgement(tmp_path / "file" / FILE, ONE)


@pytest.mark.parametrize("moment", ["os.fsync", "Path.chmod", "Path.replace"])
def test_killed_before_the_row_is_in_place_the_file_is_as_it_was(tmp_path: Path, moment: str) -> None:
    file = tmp_path / FILE
    append_judgement(file, ONE)
    process = child(f"{moment} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\nappend_judgement(file, one)", file)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL and whole(file) == 1
    append_judgement(file, ONE)
    assert whole(file) == 2
    assert {path.name for path in tmp_path.iterdir()} == {FILE, "judgements.lock"}, "what the dead process left is gone"


def test_killed_at_any_moment_every_row_is_whole(tmp_path: Path) -> None:
    file, chance, before = tmp_path / FILE, random.Random(3), 0
    for _ in range(12):
        process = child(
            "print('ready', flush=True)\nwhile True:\n    append_judgement(file, one)\n    print('row', flush=True)", file
        )
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        written = process.communicate()[0].count("row\n")
        if not file.exists():
            assert written == 0
            continue
        assert whole(file) - before in (written, written + 1), "what was said to be written is there"
        before = whole(file)
    append_judgement(file, ONE)
    assert whole(file) == before + 1 > 12


def test_several_writers_lose_nothing(tmp_path: Path) -> None:
    code = "for _ in range(8):\n    append_judgement(file, one)"
    writers = [child(code, tmp_path / FILE) for _ in range(3)]
    for writer in writers:
        assert writer.wait(timeout=60) == 0
        writer.communicate()
    assert whole(tmp_path / FILE) == 24
