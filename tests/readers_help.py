"""What the tests of the readers share: files made on the spot, and short ways to look at what was read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from hypothesis import HealthCheck, settings

from ingest.readers import read
from kg.errors import SourceError
from kg.model import Extracted

Put = Callable[[str, str | bytes], Path]
anything = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def headings(extracted: Extracted) -> list[tuple[int, str]]:
    return [(heading.level, extracted.text[heading.start : heading.end]) for heading in extracted.headings]


def refusal(path: Path, **options: int) -> SourceError:
    """The refusal of a file; every one names the file and a remedy."""
    with pytest.raises(SourceError) as caught:
        read(path, **options)
    assert caught.value.where == str(path)
    assert caught.value.remedy
    return caught.value


def zipped(**files: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return target.getvalue()


def word(build: Callable[[docx.document.Document], object]) -> bytes:
    document = docx.Document()
    build(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


WORD = word(lambda document: document.add_paragraph("Een alinea."))
