"""Documents that are given one by one: copied into the data folder, with what the caller said of them as their metadata."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ingest.language import main_language
from ingest.pipeline import try_out
from ingest.readers import read, sha256_of
from ingest.sources import EXTENSIONS, FILE_NAME, LANGUAGES, RESERVED, Found, find_sources, metadata_of, read_metadata
from kg.errors import GvppError, StoreError, UsageError
from kg.names import slug
from kg.store import build_lock

OWN = "documents"
REMOVED = "removed.json"


@contextlib.contextmanager
def all_or_nothing(data: Path) -> Iterator[None]:
    """Hold the data folder, and put the documents in it back as they were where what is done with them fails.

    Where the process dies in it, the documents stay as they are at that moment, and the next build takes them.
    """
    own, mine = data / OWN, f".before-{os.getpid()}-"
    with build_lock(data):
        for left in data.glob(".before-*"):
            if not left.name.startswith(mine):
                if not own.exists() and (left / OWN).is_dir():
                    (left / OWN).rename(own)
                shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=data, prefix=mine, ignore_cleanup_errors=True) as folder:
            kept = Path(folder)
            try:
                if own.is_dir():
                    shutil.copytree(own, kept / OWN, copy_function=_link)
                if (data / REMOVED).is_file():
                    shutil.copyfile(data / REMOVED, kept / REMOVED)
                yield
            except BaseException as error:
                for name in (OWN, REMOVED):
                    with contextlib.suppress(FileNotFoundError):
                        (data / name).rename(kept / f"failed-{name}")
                    with contextlib.suppress(FileNotFoundError):
                        (kept / name).rename(data / name)
                if isinstance(error, OSError):
                    remedy = "see to space and rights; nothing was changed"
                    raise StoreError(f"cannot be written: {error}", where=str(data), remedy=remedy) from error
                raise


def _link(source: str, target: str) -> None:
    """A second name for a file, or a copy where the disk has no such thing: documents are replaced, never changed."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def adopt(data: Path, file: Path, *, document: str | None = None, **given: Any) -> Path:
    """Copy a file into the data folder as {id}.{lang}.{ext}; gives the copy. given: genre, lang, title, year.

    Everything is read from it at once, so that a file that cannot be used never gets in. Raises SourceError, MetadataError,
    ExtractionError or UsageError; the data folder is then as it was.
    """
    extracted = read(file)
    match = FILE_NAME.fullmatch(file.name)
    named = match["lang"] if match and match["lang"] in LANGUAGES else ""
    lang = given.get("lang") or named or main_language(extracted.text)
    name = document or (match["id"] if match else slug(re.sub(r"\.(?:nl|fr)$", "", file.stem, flags=re.I)))
    extension = file.suffix.lstrip(".").lower()
    copy, folder = f"{name}.{lang}.{extension}", data / OWN
    if not FILE_NAME.fullmatch(copy) or name in RESERVED or extension not in EXTENSIONS:
        remedy = "give --id in lower-case letters, digits and hyphens; not one of " + ", ".join(RESERVED)
        raise UsageError(f"{name!r} cannot be the id of a document", where=str(file), remedy=remedy)
    target = folder / copy
    with all_or_nothing(data):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # these are the sources as they came, contacts and all
        (folder / "sources").mkdir(exist_ok=True)
        both = any(folder.glob(f"{name}.{'fr' if lang == 'nl' else 'nl'}.*"))
        _say(folder / "sources" / f"{name}.toml", lang, given, both=both)
        _put(target, file.read_bytes())
        try:
            try_out(data, Found(target, name, lang, sha256_of(target), metadata_of(folder, name)))
        except GvppError as error:
            error.where = error.where.replace(str(target), str(file))
            raise
        for old in folder.glob(f"{name}.{lang}.*"):
            if old != target:
                old.unlink()
        hidden = removed(data)
        if name in hidden:
            _put(data / REMOVED, json.dumps(sorted(hidden - {name})).encode())
    return target


def _say(file: Path, lang: str, given: dict[str, Any], *, both: bool) -> None:
    """Write what the caller said of a document as its metadata. both: it stands here in its other language too."""
    known = read_metadata(file) if both and file.is_file() else {}
    titles = {key: title for key, title in known.get("title", {}).items() if key != lang}
    if given.get("title"):
        titles[lang] = " ".join("".join(c if c.isprintable() else " " for c in given["title"]).split())
    values = {key: given.get(key) or known.get(key) for key in ("genre", "lang", "year")}
    lines = [f"title.{key} = {json.dumps(title, ensure_ascii=False)}" for key, title in titles.items() if title]
    lines += [f"{key} = {json.dumps(value)}" for key, value in values.items() if value]
    if lines:
        _put(file, "".join(f"{line}\n" for line in lines).encode("utf-8"))
    else:
        file.unlink(missing_ok=True)


def discard(data: Path, document: str, folders: Iterable[Path]) -> None:
    """Take a document out: delete the copies in the data folder; what a corpus folder holds is left alone and passed over.

    Raises UsageError where there is no such document.
    """
    own = data / OWN
    found = [item for folder in folders for item in find_sources([folder])[0] if item.document == document]
    mine = [item.path for item in found if item.path.resolve().parent == own.resolve()]
    if not found or (not mine and document in removed(data)):
        raise UsageError(f"there is no document {document!r}", where=str(data), remedy="`gvpp status` lists the documents")
    with all_or_nothing(data):
        for path in mine:
            path.unlink()
        (own / "sources" / f"{document}.toml").unlink(missing_ok=True)
        if len(mine) < len(found):
            _put(data / REMOVED, json.dumps(sorted(removed(data) | {document})).encode())


def removed(data: Path) -> set[str]:
    """Documents of corpus folders that were taken out; ingesting one again brings it back."""
    file = data / REMOVED
    try:
        return set(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, TypeError) as error:
        remedy = "delete it, and remove again the documents that you do not want"
        raise StoreError(f"the list of removed documents is damaged: {error}", where=str(file), remedy=remedy) from error


def _put(target: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
