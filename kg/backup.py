"""A data folder as one file, and back: the generation in use, the documents that were given, judgements, and the audit log.

The file is a tar archive, compressed, for its owner alone since it holds personal data. Its first member, `backup.json`, names
every other with size and SHA-256. What can be made again (cache, older generations) and what must not travel (tokens, jobs) stays
out.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from kg.errors import SourceError, StoreError, UsageError
from kg.judgements import FILE as JUDGEMENTS
from kg.store import RESTRICTED, build_lock, current, open_store, read_generation, swap

FORMAT = 1
CONTENTS = "backup.json"
DOCUMENTS, REMOVED, AUDIT = "documents", "removed.json", "audit.jsonl"
REPLACED = (DOCUMENTS, JUDGEMENTS, REMOVED)  # beside the generation; the audit log of a folder that has one is kept
LONGEST = 64 * 1024 * 1024  # bytes of the table of contents
BLOCK = 1 << 20
NAME = re.compile(r"(?:generations/[A-Za-z0-9][A-Za-z0-9._-]*/|documents/|judgements\.csv$|removed\.json$|audit\.jsonl$)")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a file holds: name of the generation, when it was written, number of files and their bytes."""

    generation: str
    created: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    size: int
    sha256: str


def backup(data: Path, target: Path, *, replace: bool = False) -> Backup:
    """Write a data folder to a file and read that back to check it; no build runs meanwhile.

    Raises UsageError where the file is there already and `replace` is not said, and StoreError where something cannot be read or
    written; a file that was there is then as it was.
    """
    if target.exists() and not replace:
        raise UsageError("the file is there already", where=str(target), remedy="give another name, or --replace")
    with build_lock(data):
        generation = current(data)
        if generation is None:
            raise StoreError("nothing has been built yet", where=str(data), remedy="run `gvpp build --corpus DIR`")
        try:
            name = str(generation.manifest["name"])
            found = dict(_files(data, name))
            loose = {path: file.read_bytes() for path, file in found.items() if not path.startswith("generations/")}
            files = {path: _entry_of(loose[path]) if path in loose else _entry(file) for path, file in sorted(found.items())}
            created = datetime.now(UTC).isoformat(timespec="seconds")
            contents = {"format": FORMAT, "created": created, "generation": name, "files": _plain(files)}
            handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")  # mode 0600
            try:
                with os.fdopen(handle, "wb") as file:
                    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                        _add(archive, CONTENTS, io.BytesIO(written := json.dumps(contents).encode()), len(written))
                        for path, entry in files.items():
                            with io.BytesIO(loose[path]) if path in loose else found[path].open("rb") as source:
                                _add(archive, path, source, entry.size)
                    file.flush()
                    os.fsync(file.fileno())
                made = check(Path(part))
                Path(part).replace(target)
            except BaseException:
                Path(part).unlink(missing_ok=True)
                raise
        except (OSError, tarfile.TarError) as error:
            raise StoreError(f"not written: {error}", where=str(target), remedy="see to space and rights") from error
    return made


def _files(data: Path, generation: str) -> Iterator[tuple[str, Path]]:
    for top in (data / "generations" / generation, data / DOCUMENTS):
        for folder, _, names in os.walk(top):
            for name in names:
                file = Path(folder, name)
                if file.is_file() and not file.is_symlink():
                    yield file.relative_to(data).as_posix(), file
    for name in (JUDGEMENTS, REMOVED, AUDIT):
        if (data / name).is_file():
            yield name, data / name


def _entry(file: Path) -> Entry:
    with file.open("rb") as source:
        return Entry(file.stat().st_size, hashlib.file_digest(source, "sha256").hexdigest())


def _entry_of(content: bytes) -> Entry:
    return Entry(len(content), hashlib.sha256(content).hexdigest())


def _plain(files: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    return {path: {"size": entry.size, "sha256": entry.sha256} for path, entry in files.items()}


def _add(archive: tarfile.TarFile, name: str, source: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    archive.addfile(member, source)


# ---------------------------------------------------------------- back again


def check(file: Path) -> Backup:
    """Read a backup to its end and compare every file with its hash. Raises SourceError for what is not whole."""
    with _opened(file) as (archive, contents, files):
        for _ in _members(archive, files, None):
            pass
    return _told(contents, files)


def restore(data: Path, file: Path, *, replace: bool = False) -> Backup:
    """Put a backup in use in a data folder; a service that runs on it follows by itself.

    Everything is unpacked beside and compared with its hash first; then documents, judgements and generation take their places,
    the generation last and in one step. Raises UsageError where the folder holds data and `replace` is not said, SourceError for
    a file that is no whole backup, StoreError where it cannot be written; the data is then as it was.
    """
    with build_lock(data):
        used = [name for name in ("current", *REPLACED) if (data / name).exists()]
        if used and not replace:
            remedy = "give another folder (GVPP_DATA), or --replace to put the backup in its place"
            raise UsageError("the data folder is not empty", where=str(data), remedy=remedy)
        generations = data / "generations"
        generations.mkdir(exist_ok=True)
        staging = generations / f".restoring-{secrets.token_hex(8)}"  # the next build removes what a killed one leaves
        try:
            staging.mkdir(mode=0o700)
            with _opened(file) as (archive, contents, files):
                needed, free = sum(entry.size for entry in files.values()), shutil.disk_usage(data).free
                if needed > free:
                    remedy = "make room; nothing was changed"
                    raise StoreError(f"{needed} bytes are needed and {free} are free", where=str(data), remedy=remedy)
                for _ in _members(archive, files, staging):
                    pass
            generation = read_generation(staging / "generations" / str(contents["generation"]))
            open_store(generation)
            _take_over(data, staging, str(contents["generation"]))
            return _told(contents, files)
        except FileNotFoundError as error:
            raise _broken(file, "holds no generation") from error
        except OSError as error:
            remedy = "see to space and rights; the data is as it was"
            raise StoreError(f"not restored: {error}", where=str(data), remedy=remedy) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _take_over(data: Path, staging: Path, name: str) -> None:
    """Move what was unpacked to its place; what fails is moved back."""
    moves: list[tuple[Path, Path]] = []

    def move(source: Path, target: Path) -> None:
        source.rename(target)
        moves.append((source, target))

    try:
        final = data / "generations" / name
        if final.exists():
            move(final, staging / "old-generation")
        move(staging / "generations" / name, final)
        for each in REPLACED:
            if (data / each).exists():
                move(data / each, staging / f"old-{each}")
            if (staging / each).exists():
                move(staging / each, data / each)
        if (staging / AUDIT).exists() and not (data / AUDIT).exists():
            move(staging / AUDIT, data / AUDIT)
        swap(data, name)
    except BaseException:
        for source, target in reversed(moves):
            with contextlib.suppress(OSError):
                target.rename(source)
        raise


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tuple[tarfile.TarFile, dict[str, Any], dict[str, Entry]]]:
    """The archive behind its table of contents, and that table."""
    try:
        with tarfile.open(file, mode="r|gz") as archive:
            first = archive.next()
            if first is None or first.name != CONTENTS or not first.isreg() or first.size > LONGEST:
                raise _broken(file, "is no backup")
            source = archive.extractfile(first)
            assert source is not None
            contents = json.loads(source.read())
            if contents["format"] != FORMAT:
                raise _broken(file, f"has format {contents['format']!r}, not {FORMAT}")
            files = {path: Entry(int(entry["size"]), str(entry["sha256"])) for path, entry in contents["files"].items()}
            if wrong := next((path for path in files if not _safe(path, str(contents["generation"]))), None):
                raise _broken(file, f"names {wrong[:100]!r}, which is no place of a data folder")
            yield archive, contents, files
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(file, "is damaged, or no backup") from error
    except OSError as error:
        if error.errno is None:  # of the decompressor
            raise _broken(file, "is damaged, or no backup") from error
        if not file.is_file():
            raise SourceError(
                f"cannot be read: {error.strerror}", where=str(file), remedy="name a file of `gvpp backup`"
            ) from error
        raise


def _members(archive: tarfile.TarFile, files: Mapping[str, Entry], folder: Path | None) -> Iterator[str]:
    """Read every further member, and write it below a folder where one is given."""
    where = Path(str(archive.name))
    seen: set[str] = set()
    while (member := archive.next()) is not None:
        entry = files.get(member.name)
        if entry is None or member.name in seen or not member.isreg() or member.size != entry.size:
            raise _broken(where, f"holds {member.name[:100]!r}, which its table of contents does not name so")
        seen.add(member.name)
        source = archive.extractfile(member)
        assert source is not None
        if _copy(source, folder / member.name if folder else None, _mode(member.name)) != entry.sha256:
            raise _broken(where, f"{member.name!r} is not what was backed up")
        yield member.name
    if missing := files.keys() - seen:
        raise _broken(where, f"lacks {min(missing)!r}")


def _copy(source: IO[bytes], target: Path | None, mode: int) -> str:
    """Hash of what is read; it is written to a new file where one is named."""
    digest = hashlib.sha256()
    with contextlib.ExitStack() as stack:
        file: IO[bytes] | None = None
        if target:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if mode == 0o600 else 0o755)
            file = stack.enter_context(os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb"))
        while block := source.read(BLOCK):
            digest.update(block)
            if file:
                file.write(block)
        if file:
            file.flush()
            os.fsync(file.fileno())
    return digest.hexdigest()


def _mode(path: str) -> int:
    """Personal data and sources as they came are their owner's alone."""
    parts = PurePosixPath(path).parts
    return 0o600 if parts[0] in (DOCUMENTS, AUDIT) or RESTRICTED in parts else 0o644


def _safe(path: str, generation: str) -> bool:
    """Whether a path stays in its place: relative, plain, below the one generation or among the few other files."""
    parts = path.split("/")
    plain = not any(part in ("", ".", "..") for part in parts) and not re.search(r"[\\\x00-\x1f]", path)
    return plain and bool(NAME.match(path)) and (parts[0] != "generations" or (len(parts) > 2 and parts[1] == generation))


def _told(contents: Mapping[str, Any], files: Mapping[str, Entry]) -> Backup:
    total = sum(entry.size for entry in files.values())
    return Backup(str(contents["generation"]), str(contents["created"]), len(files), total)


def _broken(file: Path, what: str) -> SourceError:
    return SourceError(f"the file {what}", where=str(file), remedy="take another backup; nothing was changed")
