"""Documents that are given one by one: copied into the data folder, with what the caller said of them as their metadata."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ingest.language import main_language
from ingest.readers import read
from ingest.sources import EXTENSIONS, FILE_NAME
from kg.errors import SourceError, UsageError
from kg.names import slug
from kg.store import build_lock

REMOVED = "removed.json"


def adopt(data: Path, file: Path, *, document: str | None = None, **given: Any) -> Path:
    """Copy a file into the data folder as {id}.{lang}.{ext}; gives the copy. given: genre, lang, title, year.

    The file is read first, so that one that cannot be used never gets in. Raises SourceError or UsageError.
    """
    extracted = read(file)
    match = FILE_NAME.fullmatch(file.name)
    lang = given.get("lang") or (
        match.group("lang") if match and match.group("lang") in ("nl", "fr") else main_language(extracted.text)
    )
    if lang not in ("nl", "fr"):
        raise SourceError(
            f"the text seems to be in {lang!r}; only Dutch and French documents are understood",
            where=str(file),
            remedy="give --lang if the detection is wrong",
        )
    name = document or (match.group("id") if match else slug(re.sub(r"\.(?:nl|fr)$", "", file.stem)))
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise UsageError(f"{name!r} is no document id", remedy="use lower-case letters, digits and hyphens")
    extension = file.suffix.lstrip(".").lower()
    if extension not in EXTENSIONS:
        raise SourceError("unknown kind of file", where=str(file), remedy="give one of " + ", ".join(EXTENSIONS))
    folder = data / "documents"
    with build_lock(data):
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{name}.{lang}.{extension}"
        for old in folder.glob(f"{name}.{lang}.*"):
            if old != target:
                old.unlink()
        _put(target, file.read_bytes())
        described = _metadata({**given, "lang": lang})
        if described:
            (folder / "sources").mkdir(exist_ok=True)
            _put(folder / "sources" / f"{name}.toml", described.encode("utf-8"))
        hidden = removed(data)
        if name in hidden:
            _put(data / REMOVED, json.dumps(sorted(hidden - {name})).encode())
    return target


def _metadata(given: dict[str, Any]) -> str:
    lines = []
    if given.get("title"):
        lines.append(f"title.{given['lang']} = {json.dumps(given['title'], ensure_ascii=False)}")
    if given.get("genre"):
        lines.append(f"genre = {json.dumps(given['genre'])}")
    if given.get("year"):
        lines.append(f"year = {int(given['year'])}")
    return "\n".join(lines) + "\n" if lines else ""


def discard(data: Path, document: str, files: Iterable[Path]) -> None:
    """Take a document out: delete the copies in the data folder; a document of a corpus folder is left alone and passed over."""
    own = (data / "documents").resolve()
    with build_lock(data):
        elsewhere = False
        for file in files:
            if file.resolve().parent == own:
                file.unlink(missing_ok=True)
            else:
                elsewhere = True
        (own / "sources" / f"{document}.toml").unlink(missing_ok=True)
        if elsewhere:
            _put(data / REMOVED, json.dumps(sorted(removed(data) | {document})).encode())


def removed(data: Path) -> set[str]:
    """Documents of corpus folders that were taken out; ingesting one again brings it back."""
    try:
        return set(json.loads((data / REMOVED).read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError):
        return set()


def _put(target: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.move(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
