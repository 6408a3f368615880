"""Reading files: refusals in plain words, encodings, and the text, pages and headings of txt and md."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readers_help import WORD, Put, anything, headings, refusal, write, zipped

from ingest.readers import read, sha256_of
from kg.errors import SourceError

NL = "Coördinatie van de preventie: één aanpak voor alle wijken, geïnspireerd op de ideeën van de inwoners.\n"
FR = "L’été dernier, à Bruxelles, la coopération s’est révélée très utile : « la rue est à chacun ».\n"


@pytest.fixture
def put(tmp_path: Path) -> Put:
    return partial(write, tmp_path)


# Refusals


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "weg.txt").what
    assert "folder" in refusal(tmp_path).what
    with pytest.raises(SourceError, match="does not exist"):
        sha256_of(tmp_path / "weg.txt")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pijp.txt")
    assert "regular file" in refusal(tmp_path / "pijp.txt").what


def test_an_impossible_name_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path / "a\0b.txt").what
    assert "cannot be read" in refusal(tmp_path / ("a" * 5000 + ".txt")).what


def test_a_file_that_may_not_be_read_is_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put("gesloten.txt", NL)

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert "not allowed" in refusal(path).what


@pytest.mark.parametrize(("content", "what"), [(b"", "empty"), (b" \n\t\r\n\f", "no text"), (b"\xef\xbb\xbf", "no text")])
def test_a_file_without_text_is_refused(put: Put, content: bytes, what: str) -> None:
    assert what in refusal(put("leeg.txt", content)).what


def test_the_size_limit_counts_bytes_and_includes_its_own_value(put: Put) -> None:
    path = put("groot.txt", "é" * 50)
    assert read(path, max_bytes=100).text == "é" * 50
    assert "larger than 99 bytes" in refusal(path, max_bytes=99).what


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("name", "content", "seems"),
    [
        ("plan.txt", b"%PDF-1.7\n%...", "a PDF document"),
        ("plan.md", WORD, "a Word document"),
        ("plan.txt", "<!-- kop -->\n<!DOCTYPE html><p>tekst", "an HTML page"),
        ("plan.txt", "\ufeff<html><body>tekst", "an HTML page"),
        ("plan.txt", "<html><body>tekst".encode("utf-16"), "an HTML page"),
        ("plan.pdf", WORD, "a Word document"),
        ("plan.pdf", NL, "plain text"),
        ("plan.docx", b"%PDF-1.7", "a PDF document"),
        ("plan.docx", zipped(foto="x"), "a zip archive"),
        ("plan.docx", zipped(xl__workbook="x"), "an Excel workbook"),
        ("plan.docx", zipped(mimetype="application/vnd.oasis.opendocument.text"), "an OpenDocument"),
        ("plan.docx", WORD[: len(WORD) // 2], "a damaged zip archive"),
        ("plan.docx", OLE, "an old Office document"),
        ("plan.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "with a password"),
        ("plan.docx", NL, "plain text"),
        ("plan.html", NL, "plain text"),
        ("plan.htm", b"%PDF-1.7", "a PDF document"),
        ("plan.html", "<?xml version='1.0'?><graph/>", "an XML file"),
        ("plan.md", b"\x89PNG\r\n\x1a\n" + bytes(50), "a PNG image"),
        ("plan.pdf", bytes(range(256)) * 20 + bytes(2000), "binary data"),
        ("plan.txt", b"{\\rtf1 tekst}", "an RTF document"),
    ],
)
def test_content_that_does_not_fit_the_extension_is_named(put: Put, name: str, content: str | bytes, seems: str) -> None:
    assert seems in refusal(put(name, content)).what


@pytest.mark.parametrize(
    ("name", "content", "rename"), [("plan", NL, ".txt"), ("plan.odt", WORD, ".docx"), ("a.xhtml", "<html>x", ".html")]
)
def test_an_unknown_extension_is_refused_with_the_right_one(put: Put, name: str, content: str | bytes, rename: str) -> None:
    assert refusal(put(name, content)).remedy.endswith(rename)


def test_the_extension_counts_in_any_case(put: Put) -> None:
    assert read(put("PLAN.TXT", NL)).format == "txt"


def test_the_digest_is_that_of_the_bytes(put: Put) -> None:
    assert sha256_of(put("a.txt", FR)) == hashlib.sha256(FR.encode()).hexdigest()


def test_importing_the_reader_loads_no_format_library() -> None:
    code = (
        "import sys, ingest.readers; print([m for m in ('lxml', 'docx', 'pypdfium2', 'pdfplumber', 'bs4') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("text", [NL, FR.replace("’", "'")])
def test_the_encoding_is_found(put: Put, encoding: str, text: str) -> None:
    assert read(put("a.txt", text.encode(encoding))).text == text


@pytest.mark.parametrize("byte_order", ["le", "be"])
def test_both_byte_orders_are_read(put: Put, byte_order: str) -> None:
    bom = {"le": b"\xff\xfe", "be": b"\xfe\xff"}[byte_order]
    assert read(put("a.txt", bom + FR.encode(f"utf-16-{byte_order}"))).text == FR


@pytest.mark.parametrize("text", [FR, "De “wijk” kreeg 30.000 € – één keer…\n"])
def test_typographic_signs_of_windows_are_read(put: Put, text: str) -> None:
    assert read(put("a.txt", text.encode("cp1252"))).text == text


def test_stray_windows_bytes_in_utf8_are_read_one_by_one(put: Put) -> None:
    content = NL.encode() + b"\x93de wijk\x94 \x80 500\n" + FR.encode()
    assert read(put("a.txt", content)).text == NL + "“de wijk” € 500\n" + FR


def test_line_ends_become_line_feeds_and_form_feeds_stay(put: Put) -> None:
    assert read(put("a.txt", "een\r\ntwee\rdrie\u2028vier\x0bvijf\fzes")).text == "een\ntwee\ndrie\nvier\nvijf\fzes"


def test_a_single_control_character_is_replaced_and_many_are_refused(put: Put) -> None:
    text = NL * 5
    assert read(put("a.txt", text + "a\0b\x07c")).text == text + "a\ufffdb\ufffdc"
    assert "damaged or is no text" in refusal(put("b.txt", NL + "\0" * 3)).what
    assert "damaged or is no text" in refusal(put("c.txt", NL.encode("utf-16-le"))).what
    assert "damaged or is no text" in refusal(put("d.txt", bytes(range(256)) * 4)).what


def test_bidirectional_marks_and_soft_hyphens_are_kept(put: Put) -> None:
    text = "maat\u00adregel \u202egespiegeld\u202c \u200bwijk"
    assert read(put("a.txt", text)).text == text


@given(st.binary(max_size=400))
@anything
def test_any_bytes_are_read_or_refused(put: Put, content: bytes) -> None:
    for name in ("a.txt", "a.md", "a.html", "a.docx", "a.pdf"):
        try:
            text = read(put(name, content)).text
        except SourceError:
            continue
        assert not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)


# txt: pages


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\f"), max_size=30), min_size=1, max_size=6))
@anything
def test_pages_of_a_text_tile_it(put: Put, parts: list[str]) -> None:
    try:
        extracted = read(put("a.txt", "\f".join(parts)))
    except SourceError:
        return
    assert bool(extracted.pages) == (len(parts) > 1)
    if extracted.pages:
        assert [page.number for page in extracted.pages] == list(range(1, len(extracted.pages) + 1))
        assert "".join(extracted.text[page.start : page.end] for page in extracted.pages) == extracted.text
        assert all(extracted.text[page.end - 1] == "\f" for page in extracted.pages[:-1])


def test_a_form_feed_at_the_end_opens_no_page(put: Put) -> None:
    extracted = read(put("a.txt", "een\ftwee\f\n"))
    assert [(page.number, page.start, page.end) for page in extracted.pages] == [(1, 0, 4), (2, 4, 10)]
    assert (extracted.page_at(3), extracted.page_at(4)) == (1, 2)


# md


def test_markdown_headings_lose_their_marks_and_the_rest_stays(put: Put) -> None:
    extracted = read(
        put("a.md", f"# Plan\n\n{NL}\n## **Thema 1** ##\n| a | b |\n|---|---|\n| 1 | **2** |\n#geen kop\n####### ook niet\n")
    )
    assert headings(extracted) == [(1, "Plan"), (2, "**Thema 1**")]
    assert extracted.text == f"Plan\n\n{NL}\n**Thema 1**\n| a | b |\n|---|---|\n| 1 | **2** |\n#geen kop\n####### ook niet\n"


def test_underlined_headings_are_headings_and_rules_are_not(put: Put) -> None:
    text = "---\ntitle: Plan\n---\nJaarverslag\n===\n\ntekst van\ntwee regels\n---\n\nThema 1\n---\n\n- punt\n---\n"
    assert headings(read(put("a.md", text))) == [(1, "Jaarverslag"), (2, "Thema 1")]


def test_marks_in_code_are_no_headings(put: Put) -> None:
    extracted = read(put("a.md", "# Kop\n```sh\n# opmerking\n```\n## Na\n"))
    assert headings(extracted) == [(1, "Kop"), (2, "Na")]
    assert "# opmerking" in extracted.text
