"""Files and metadata that cannot be used: each is named with its place and a remedy, and costs nothing but itself."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path

import pytest
from corpus_help import GERMAN, PLAN_FR, PLAN_NL, REPORT_NL, files_below, graphs, run, run_json, texts, write_corpus
from readers_help import WORD, zipped
from reportlab.lib.pdfencrypt import StandardEncryption  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from ingest.sources import read_metadata
from kg.errors import MetadataError
from kg.store import current


def pdf(encrypt: StandardEncryption | None = None, *, text: bool = True) -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, encrypt=encrypt)
    for number, line in enumerate(REPORT_NL.splitlines()):
        if text:
            canvas.drawString(50, 800 - 15 * number, line)
        else:  # a scan is a picture of words
            canvas.rect(50, 800 - 15 * number, 5 * len(line) + 1, 8, fill=1)
    canvas.save()
    return target.getvalue()


# name of the file → its content, exit code, words of the message
FILES: dict[str, tuple[str | bytes, int, str]] = {
    "leeg.nl.txt": (b"", 3, "the file is empty"),
    "blanco.nl.txt": (" \n\n", 3, "no text"),
    "geheim.nl.pdf": (pdf(StandardEncryption("geheim", strength=128)), 3, "encrypted"),
    "scan.nl.pdf": (pdf(text=False), 3, "no text layer"),
    "half.nl.pdf": (pdf()[:-400], 3, "cut off"),
    "stuk.nl.docx": (WORD[: len(WORD) // 2], 3, "damaged zip"),
    "vreemd.nl.docx": (zipped(foo__bar="x"), 3, "does not fit the content"),
    "verkleed.nl.txt": (pdf(), 3, "seems to be a PDF"),
    "verkleed.nl.pdf": (REPORT_NL, 3, "seems to be plain text"),
    "onleesbaar.nl.txt": (bytes(range(256)) * 40, 3, "damaged or is no text"),
    "bericht.nl.txt": (GERMAN, 3, "seems to be in 'de'"),
    "rapport.nl.txt": (PLAN_FR, 3, "the file name says 'nl', and the text seems to be in 'fr'"),
    "losse-tekst.nl.txt": (
        "In de straat staan bomen en auto's. Op het plein is er markt op zondag. " * 5,
        4,
        "genre cannot be told",
    ),
}
# names that are wrong in themselves
NAMES: dict[str, str] = {
    "verslag-2022.nl.doc": "not read",
    "oud.odt": "file name is not",
    "Jaarverslag 2022.pdf": "file name is not",
    "jaarverslag-2022.de.txt": "'de' in the file name",
    "findings.nl.txt": "'findings' is reserved",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def told(error: dict[str, str], words: str, place: Path | str) -> None:
    """An error says what is wrong, where, and what to do."""
    assert words in error["what"], error
    assert str(place) in error["where"], error
    assert len(error["remedy"]) > 8 and error["error"].endswith("Error")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_used_is_named_and_the_others_go_on(tmp_path: Path, data: Path, name: str) -> None:
    content, code, words = FILES[name]
    corpus = write_corpus(tmp_path / "corpus", {name: content, "jaarverslag-2022.nl.txt": REPORT_NL})
    reply = run_json(data, "build", "--corpus", corpus, code=code)
    (error,) = reply["errors"]
    told(error, words, corpus / name)
    assert reply["added"] == ["jaarverslag-2022"] and reply["changed"]
    assert set(texts(data)) == {"jaarverslag-2022.nl"}
    # Again: the same message, and nothing to publish.
    again = run(data, "build")
    assert again.exit_code == code and words in again.stderr and str(corpus / name) in again.stderr
    assert "nothing changed" in again.stdout


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_used_is_not_ingested(tmp_path: Path, data: Path, name: str) -> None:
    content, code, words = FILES[name]
    file = write_corpus(tmp_path / "given", {name: content}) / name
    reply = run_json(data, "ingest", file, code=code)
    (error,) = reply["errors"]
    told(error, words, file)
    assert reply["version"] is None and set(files_below(data)) <= {"lock"}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_with_a_wrong_name_is_named_and_the_others_go_on(tmp_path: Path, data: Path, name: str) -> None:
    corpus = write_corpus(tmp_path / "corpus", {name: REPORT_NL, "verslag-2021.nl.txt": REPORT_NL})
    reply = run_json(data, "build", "--corpus", corpus, code=3)
    (error,) = reply["errors"]
    told(error, NAMES[name], corpus / name)
    assert reply["added"] == ["verslag-2021"]


def test_files_beside_the_documents_are_passed_over(tmp_path: Path, data: Path) -> None:
    beside = {"README.md": "x", "LICENSE": "x", ".hidden.nl.txt": "x", "~$verslag.docx": "x", "maak.py": "x", "sub/x.nl.txt": "x"}
    corpus = write_corpus(tmp_path / "corpus", {**beside, "verslag-2021.nl.txt": REPORT_NL})
    assert run_json(data, "build", "--corpus", corpus)["added"] == ["verslag-2021"]


def test_a_huge_file_is_refused(tmp_path: Path, data: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"verslag-2021.nl.txt": REPORT_NL, "groot.nl.txt": REPORT_NL})
    os.truncate(corpus / "groot.nl.txt", 50_000_001)
    reply = run_json(data, "build", "--corpus", corpus, code=3)
    told(reply["errors"][0], "larger than 50,000,000 bytes", corpus / "groot.nl.txt")
    assert reply["added"] == ["verslag-2021"]


def test_a_link_to_nowhere_is_a_missing_file(tmp_path: Path, data: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"verslag-2021.nl.txt": REPORT_NL})
    (corpus / "verslag-2020.nl.txt").symlink_to(tmp_path / "nowhere")
    reply = run_json(data, "build", "--corpus", corpus, code=3)
    told(reply["errors"][0], "does not exist", corpus / "verslag-2020.nl.txt")
    assert reply["added"] == ["verslag-2021"]


@pytest.mark.parametrize("kind", ["missing", "a file"])
def test_a_corpus_that_is_no_folder(tmp_path: Path, data: Path, kind: str) -> None:
    corpus = tmp_path / "corpus"
    if kind == "a file":
        corpus.write_text("x")
    error = run_json(data, "build", "--corpus", corpus, code=3)
    told(error, "does not exist" if kind == "missing" else "is a file", corpus)
    assert current(data) is None


def test_mixed_encodings_are_read(tmp_path: Path, data: Path) -> None:
    """Two texts put together, one in UTF-8 and one in cp1252, as copied and pasted documents have it."""
    french = PLAN_FR.replace("1.1 ", "1.1 Été : ").encode()
    mixed = french[: len(french) // 2] + french[len(french) // 2 :].decode("utf-8", "ignore").encode("cp1252")
    corpus = write_corpus(
        tmp_path / "corpus",
        {
            "gvpp-2021-2024.fr.txt": mixed,
            "gvpp-2021-2024.nl.txt": PLAN_NL.replace("plan bundelt", "plan – voor iedereen – bundelt").encode("cp1252"),
            "verslag-2022.nl.txt": REPORT_NL.encode("utf-16"),
        },
    )
    assert run_json(data, "build", "--corpus", corpus)["errors"] == []
    assert texts(data)["gvpp-2021-2024.fr"] == french.decode()
    assert "plan – voor iedereen – bundelt" in texts(data)["gvpp-2021-2024.nl"]
    assert texts(data)["verslag-2022.nl"] == REPORT_NL


def test_one_id_twice_in_one_language(tmp_path: Path, data: Path) -> None:
    first = write_corpus(tmp_path / "a", {"jaarverslag-2022.nl.txt": REPORT_NL})
    second = write_corpus(tmp_path / "b", {"jaarverslag-2022.nl.md": REPORT_NL.replace("48", "49")})
    reply = run_json(data, "build", "--corpus", first, "--corpus", second, code=3)
    (error,) = reply["errors"]
    told(error, "the id 'jaarverslag-2022' is used twice for language 'nl'", first / "jaarverslag-2022.nl.txt")
    assert str(second / "jaarverslag-2022.nl.md") in error["where"]
    assert "48 ontmoetingen" in texts(data)["jaarverslag-2022.nl"]  # the first, as the remedy says


def test_a_file_that_becomes_unusable_keeps_what_was_read_before(tmp_path: Path, data: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"jaarverslag-2022.nl.txt": REPORT_NL, "gvpp-2021-2024.nl.txt": PLAN_NL})
    run_json(data, "build", "--corpus", corpus)
    before = graphs(data)
    (corpus / "jaarverslag-2022.nl.txt").write_bytes(b"")
    for _ in range(3):  # however often it is tried
        reply = run_json(data, "build", code=3)
        told(reply["errors"][0], "the file is empty", corpus / "jaarverslag-2022.nl.txt")
        assert "kept" in reply["notes"][0] and graphs(data) == before
    (corpus / "jaarverslag-2022.nl.txt").write_text(REPORT_NL.replace("48", "49"))
    assert run_json(data, "build")["updated"] == ["jaarverslag-2022"]


def test_a_text_that_an_extractor_did_not_expect_costs_its_own_file(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest import report

    def fails(_: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(report, "extract", fails)
    corpus = write_corpus(tmp_path / "corpus", {"jaarverslag-2022.nl.txt": REPORT_NL, "gvpp-2021-2024.nl.txt": PLAN_NL})
    reply = run_json(data, "build", "--corpus", corpus, code=4)
    told(reply["errors"][0], "IndexError", corpus / "jaarverslag-2022.nl.txt")
    assert reply["added"] == ["gvpp-2021-2024"]


# ---------------------------------------------------------------- metadata

METADATA: dict[str, tuple[str | bytes, str, str]] = {
    "a key that is not known": ('genre = "report"\npublischer = "BPV"\n', "unknown key 'publischer'", "key 'publischer'"),
    "a value of another kind": ('year = "2022"\n', "wrong kind", "key 'year'"),
    "a yes for a number": ("year = true\n", "wrong kind", "key 'year'"),
    "a pattern that is a number": ("page_opens = 5\n", "wrong kind", "key 'page_opens'"),
    "a pattern that is none": ("page_opens = '('\n", "no regular expression", "key 'page_opens'"),
    "a genre that is not known": ('genre = "nieuwsbrief"\n', "unknown genre 'nieuwsbrief'", "key 'genre'"),
    "a plan that is none": ('plan = "2021"\n', "'2021' is no plan", "key 'plan'"),
    "a title in no known language": ('title.de = "Bericht"\n', "title.de", "key 'title'"),
    "a title that is a number": ("title.nl = 2022\n", "title.nl", "key 'title'"),
    "a promise that is never counted": ("[minimum]\nmeasure = 3\n", "minimum.measure", "key 'minimum'"),
    "no TOML": ("genre = report\n", "line 1", ".toml"),
    "no UTF-8": ('title.nl = "é"\n'.encode("latin-1"), "cannot be read", ".toml"),
}


@pytest.mark.parametrize("case", METADATA)
def test_wrong_metadata_are_named_and_the_other_files_go_on(tmp_path: Path, data: Path, case: str) -> None:
    content, words, place = METADATA[case]
    files = {"jaarverslag-2022.nl.txt": REPORT_NL, "gvpp-2021-2024.nl.txt": PLAN_NL, "sources/jaarverslag-2022.toml": content}
    corpus = write_corpus(tmp_path / "corpus", files)
    reply = run_json(data, "build", "--corpus", corpus, code=3)
    (error,) = reply["errors"]
    told(error, words, place)
    assert str(corpus / "sources" / "jaarverslag-2022.toml") in error["where"] and error["error"] == "MetadataError"
    assert reply["added"] == ["gvpp-2021-2024"]


def test_shipped_metadata_are_right(repository: Path) -> None:
    files = [*(repository / "corpus" / "sources").glob("*.toml"), *(repository / "corpus" / "sample" / "sources").glob("*.toml")]
    assert len(files) > 8
    for file in files:
        assert read_metadata(file)["genre"]


def test_metadata_that_go_wrong_later_keep_what_was_read_before(tmp_path: Path, data: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"jaarverslag-2022.nl.txt": REPORT_NL})
    run_json(data, "build", "--corpus", corpus)
    before = graphs(data)
    write_corpus(corpus, {"sources/jaarverslag-2022.toml": "yeer = 2022\n"})
    assert run_json(data, "build", code=3)["errors"][0]["error"] == MetadataError.__name__
    assert graphs(data) == before


def test_metadata_can_say_what_detection_gets_wrong(tmp_path: Path, data: Path) -> None:
    files = {
        "stuk.nl.txt": GERMAN,
        "sources/stuk.toml": 'lang = "nl"\ngenre = "report"\nyear = 2022\n',
        "plan.nl.txt": PLAN_NL.replace("2021-2024", ""),
        "sources/plan.toml": 'plan = "gvpp-2021-2024"\ngenre = "plan"\n',
    }
    assert run_json(data, "build", "--corpus", write_corpus(tmp_path / "corpus", files))["added"] == ["plan", "stuk"]


def test_a_few_words_of_german_in_a_dutch_document_do_no_harm(tmp_path: Path, data: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"jaarverslag-2022.nl.txt": f"{REPORT_NL}\n{GERMAN[:110]}\n\n{REPORT_NL}"})
    assert run_json(data, "build", "--corpus", corpus)["added"] == ["jaarverslag-2022"]


# ---------------------------------------------------------------- nothing half done


def test_an_ingest_below_the_promised_minimum_changes_nothing(tmp_path: Path, data: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"jaarverslag-2022.nl.txt": REPORT_NL})
    run_json(data, "build", "--corpus", corpus)
    before = {name: content for name, content in files_below(data).items() if name != "lock"}
    file = (
        write_corpus(tmp_path / "given", {"gvpp-2017-2020.nl.txt": PLAN_NL.replace("2021-2024", "2017-2020")})
        / "gvpp-2017-2020.nl.txt"
    )
    reply = run_json(data, "ingest", file, code=4)
    told(reply["errors"][0], "at least 120 are promised", file)
    assert {name: content for name, content in files_below(data).items() if name != "lock"} == before
    assert run_json(data, "build")["changed"] is False


def test_an_ingest_whose_graph_is_invalid_changes_no_document(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kg.validate import Violation

    given = write_corpus(tmp_path / "given", {"jaarverslag-2022.nl.txt": REPORT_NL, "ander.txt": REPORT_NL.replace("48", "49")})
    run_json(data, "ingest", given / "jaarverslag-2022.nl.txt")
    before = current(data)
    kept = files_below(data / "documents")
    with monkeypatch.context() as patch:
        patch.setattr("kg.validate.violations", lambda *_: [Violation("x", "y", "z", "wrong", "")])
        assert run_json(data, "ingest", given / "ander.txt", "--id", "jaarverslag-2022", code=5)["error"] == "ValidationError"
    assert files_below(data / "documents") == kept and current(data) == before
    assert run_json(data, "build")["changed"] is False


def test_of_several_files_the_good_ones_are_ingested(tmp_path: Path, data: Path) -> None:
    given = write_corpus(tmp_path / "given", {"jaarverslag-2022.nl.txt": REPORT_NL, "leeg.nl.txt": b"", "bericht.txt": GERMAN})
    files = [given / "leeg.nl.txt", given / "nergens.txt", given / "jaarverslag-2022.nl.txt", given / "bericht.txt"]
    reply = run_json(data, "ingest", *files, code=3)
    assert [Path(error["where"]).name for error in reply["errors"]] == ["leeg.nl.txt", "nergens.txt", "bericht.txt"]
    assert reply["added"] == ["jaarverslag-2022"]
    assert set(files_below(data / "documents")) == {"jaarverslag-2022.nl.txt"}


def test_documents_that_a_dead_process_put_aside_come_back(tmp_path: Path, data: Path) -> None:
    file = write_corpus(tmp_path / "given", {"jaarverslag-2022.nl.txt": REPORT_NL}) / "jaarverslag-2022.nl.txt"
    run_json(data, "ingest", file)
    left = data / ".before-0-x"
    left.mkdir()
    shutil.move(data / "documents", left / "documents")  # as it stands when a process dies while it puts things back
    write_corpus(tmp_path / "given", {"verslag-2023.nl.txt": REPORT_NL})
    assert run_json(data, "ingest", tmp_path / "given" / "verslag-2023.nl.txt")["added"] == ["verslag-2023"]
    assert set(files_below(data / "documents")) == {"jaarverslag-2022.nl.txt", "verslag-2023.nl.txt"} and not left.exists()


def test_a_damaged_list_of_removed_documents_is_told(tmp_path: Path, data: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"jaarverslag-2022.nl.txt": REPORT_NL})
    run_json(data, "build", "--corpus", corpus)
    (data / "removed.json").write_text("{")
    error = run_json(data, "build", code=6)
    told(error, "damaged", data / "removed.json")
    (data / "removed.json").write_text(json.dumps(["jaarverslag-2022"]))
    assert run_json(data, "build")["removed"] == ["jaarverslag-2022"]
