"""Files made to harm: truncated and mutated PDF and DOCX, endless archives, XML entities. Each is read or refused."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from admin_help import client_on, ended, with_tokens
from corpus_help import REPORT_NL, run, write_corpus
from reportlab.pdfgen import canvas

from ingest.readers import read
from kg.errors import GvppError

CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf() -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out)
    for number, line in enumerate(REPORT_NL.splitlines()):
        page.drawString(50, 800 - 14 * (number % 50), line)
    page.save()
    return out.getvalue()


def docx(body: str = "", head: str = "", more: dict[str, bytes] | None = None) -> bytes:
    paragraphs = body or "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in REPORT_NL.splitlines())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?>{head}<w:document xmlns:w="{W}"><w:body>{paragraphs}</w:body></w:document>',
        )
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def mutations(whole: bytes, seed: int, number: int) -> Iterator[bytes]:
    """Shortened, bits turned, stretches doubled, taken out and exchanged: the same ones each time."""
    made = random.Random(seed)
    for _ in range(number):
        content = bytearray(whole)
        for _ in range(made.randrange(1, 6)):
            at, size = made.randrange(len(content)), made.randrange(1, 200)
            kind = made.randrange(5)
            if kind == 0:
                del content[max(20, at) :]
            elif kind == 1:
                content[at] ^= 1 << made.randrange(8)
            elif kind == 2:
                content[at:at] = content[at : at + size]
            elif kind == 3 and len(content) > 400:
                del content[at : at + size]
            else:
                content[at : at + size] = made.randbytes(size)
        yield bytes(content)


@pytest.mark.parametrize(("ending", "make", "number"), [("pdf", pdf, 60), ("docx", docx, 150)])
def test_a_damaged_document_is_read_or_refused(tmp_path: Path, ending: str, make: Callable[[], bytes], number: int) -> None:
    whole = make()
    good = tmp_path / f"good.{ending}"
    good.write_bytes(whole)
    assert "Buurttafel" in read(good).text
    refused = 0
    for place, content in enumerate(mutations(whole, 7, number)):
        file = tmp_path / f"bad{place}.{ending}"
        file.write_bytes(content)
        try:
            read(file)
        except GvppError as error:
            assert error.where and error.remedy
            refused += 1
    assert refused > number / 10


ENTITIES = (
    '<!DOCTYPE w:document [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE = '<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    corpus = write_corpus(folder / "corpus", {"jaarverslag-2022.nl.txt": REPORT_NL})
    assert run(folder / "data", "build", "--corpus", corpus).exit_code == 0
    return folder / "data"


@pytest.mark.slow
def test_what_is_made_to_harm_fails_alone_while_the_service_answers(data: Path, tmp_path: Path) -> None:
    paragraph = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
    files = {
        "bomb.docx": docx(more={"word/media/image1.xml": b"0" * 300_000_000}),
        "long.docx": docx(paragraph.format("a" * 150_000_000)),
        "entities.docx": docx(paragraph.format("&c;"), ENTITIES),
        "outside.docx": docx(paragraph.format("&x;"), OUTSIDE),
        "paths.docx": docx(more={"../../../evil.txt": b"x", "/etc/evil.txt": b"x"}),
        "cut.pdf": pdf()[:-400],
    }
    headers = with_tokens(data, tmp_path / "data")["documents"]
    with client_on(tmp_path / "data") as client:
        before = client.get("/readyz").json()["generation"]
        for name, content in files.items():
            reply = client.post("/api/admin/documents", headers=headers, files={"file": (name, content)})
            assert reply.status_code == 202, reply.text
            job = ended(client, reply.json(), headers)
            assert client.get("/api/plans").status_code == 200
            if name in ("paths.docx", "cut.pdf"):  # what they say can be read; nothing is unpacked
                assert job["state"] in ("done", "failed")
                continue
            assert job["state"] == "failed" and job["error"]["what"] and job["error"]["remedy"], (name, job)
        text = client.get("/download/gvpp.nq").text
        assert "lollol" not in text
        assert client.get("/readyz").json()["generation"] >= before
    assert not list(tmp_path.rglob("*evil*"))
