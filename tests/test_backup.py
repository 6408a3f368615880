"""A data folder as one file and back: complete, checked, all or nothing, and never outside its place."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from corpus_help import FICHE_NL, Built, files_below, run, run_json, write_corpus
from service_help import again, small

from kg import backup as backups
from kg.errors import SourceError, StoreError, UsageError
from kg.store import build_lock, current
from search_api import tokens


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a generation, a document that was given, judgements, tokens, a cache and an audit log."""
    corpus = write_corpus(tmp_path / "corpus", {"fiche-pz5343-fietsen.nl.txt": FICHE_NL})
    folder = tmp_path / "data"
    assert run(folder, "ingest", corpus / "fiche-pz5343-fietsen.nl.txt").exit_code == 0
    (folder / "judgements.csv").write_text("subject,property,object,verdict,who,when,why\n")
    (folder / "audit.jsonl").write_text("{}\n")
    tokens.create(folder, "curator", ["review"], 5)
    return folder


def kept(folder: Path) -> dict[str, bytes]:
    """What a backup is to bring back."""
    used = current(folder)
    assert used is not None
    tops = (f"generations/{used.manifest['name']}/", "documents/", "judgements.csv", "audit.jsonl")
    return {name: content for name, content in files_below(folder).items() if name.startswith(tops)}


def test_a_folder_comes_back_as_it_was(data: Path, tmp_path: Path) -> None:
    made = run_json(data, "backup", tmp_path / "b.tgz")
    assert stat.S_IMODE((tmp_path / "b.tgz").stat().st_mode) == 0o600
    with tarfile.open(tmp_path / "b.tgz") as archive:
        names = archive.getnames()
    assert not [name for name in names if name.startswith(("cache", "tokens", "jobs", "lock"))]
    told = run_json(tmp_path / "new", "restore", tmp_path / "b.tgz")
    assert (told["version"], told["files"]) == (made["version"], made["files"])
    assert kept(tmp_path / "new") == kept(data) and len(kept(data)) == made["files"]
    assert tokens.read(tmp_path / "new") == []
    for place in ("documents/fiche-pz5343-fietsen.nl.txt", f"generations/{made['version']}/restricted/restricted.nq"):
        assert stat.S_IMODE((tmp_path / "new" / place).stat().st_mode) == 0o600
    assert run_json(tmp_path / "new", "validate")["conforms"] is True
    assert run_json(tmp_path / "new", "build")["kept"] == ["fiche-pz5343-fietsen"]


def test_nothing_is_overwritten_unless_told(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.tgz"
    assert run(data, "backup", file).exit_code == 0
    before = files_below(data)
    assert run_json(data, "backup", file, code=2)["error"] == "UsageError"
    assert run_json(data, "restore", file, code=2)["error"] == "UsageError"
    assert files_below(data) == before
    assert run(data, "backup", file, "--replace").exit_code == 0
    used = current(data)
    again(data)
    (data / "judgements.csv").write_text("subject,property,object,verdict,who,when,why\nx\n")
    (data / "audit.jsonl").write_text("{}\n{}\n")
    assert run(data, "restore", file, "--replace").exit_code == 0
    assert current(data) == used
    assert "x" not in (data / "judgements.csv").read_text().splitlines()
    assert (data / "audit.jsonl").read_text() == "{}\n{}\n"  # a log is only added to
    assert len(tokens.read(data)) == 1


def test_a_build_and_a_backup_do_not_run_at_once(data: Path, tmp_path: Path) -> None:
    with build_lock(data):
        command = [sys.executable, "-c", "import gvpp; gvpp.main()", "backup", str(tmp_path / "b.tgz")]
        environment = {**os.environ, "GVPP_DATA": str(data)}
        other = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert other.returncode == 6 and "another build" in other.stderr
    assert not list(tmp_path.glob("*.tgz")) and not list(tmp_path.glob(".b.tgz*"))


def test_there_must_be_something_to_back_up(tmp_path: Path) -> None:
    assert run_json(tmp_path / "data", "backup", tmp_path / "b.tgz", code=6)["error"] == "StoreError"
    assert run_json(tmp_path / "data", "restore", tmp_path / "none.tgz", code=3)["error"] == "SourceError"


def packed(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def member(name: str, content: bytes = b"", **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def contents(files: dict[str, bytes], **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    table = {name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()}
    return member("backup.json", json.dumps({"format": 1, "created": "", "generation": "g", "files": table, **more}).encode())


EVIL = [
    "../evil",
    "/etc/evil",
    "documents/../../evil",
    "generations/g/../../evil",
    "generations/other/evil",
    "generations/evil",
    "documents//evil",
    "documents/./evil",
    "documents\\..\\evil",
    "current",
    "tokens.json",
    "cache/x.pickle",
    "judgements.csv.x",
    "",
]


@pytest.mark.parametrize("name", EVIL)
def test_a_path_outside_its_place_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "b.tgz").write_bytes(packed([contents({name: b"x"}), member(name or "x", b"x")]))
    with pytest.raises(SourceError):
        backups.restore(tmp_path / "in" / "data", tmp_path / "b.tgz")
    assert not list(tmp_path.rglob("*evil*"))
    assert current(tmp_path / "in" / "data") is None


@pytest.mark.parametrize(
    "members",
    [
        [contents({}), member("documents/x", b"x")],
        [contents({"documents/x": b"x"})],
        [contents({"documents/x": b"x"}), member("documents/x", b"y")],
        [contents({"documents/x": b"x"}), member("documents/x", b"xx")],
        [contents({"documents/x": b"x"}), member("documents/x", b"x"), member("documents/x", b"x")],
        [contents({"documents/x": b""}), member("documents/x", type=tarfile.SYMTYPE, linkname="/etc/passwd")],
        [contents({"documents/x": b""}), member("documents/x", type=tarfile.LNKTYPE, linkname="../../x")],
        [contents({"documents/x": b""}), member("documents/x", type=tarfile.FIFOTYPE)],
        [contents({"documents/x": b""}), member("documents/x", type=tarfile.CHRTYPE)],
        [contents({"documents/x": b"x"}, format=2), member("documents/x", b"x")],
        [contents({"documents/x": b"x"}), member("documents/x", b"x")],  # no generation
        [member("documents/x", b"x")],
        [member("backup.json", b"[]")],
        [],
    ],
)
def test_what_is_no_whole_backup_changes_nothing(tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    small(tmp_path / "data")
    before = files_below(tmp_path / "data")
    (tmp_path / "b.tgz").write_bytes(packed(members))
    with pytest.raises(SourceError) as error:
        backups.restore(tmp_path / "data", tmp_path / "b.tgz", replace=True)
    assert "nothing was changed" in error.value.remedy
    assert files_below(tmp_path / "data") == before


def test_a_damaged_file_is_told(sample_build: Built, tmp_path: Path) -> None:
    good = tmp_path / "good.tgz"
    small(tmp_path / "data")
    backups.backup(tmp_path / "data", good)
    content = good.read_bytes()
    unpacked = gzip.decompress(content)
    changes: list[Callable[[], bytes]] = [
        lambda: content[: len(content) // 2],
        lambda: content[:2000] + bytes([content[2000] ^ 255]) + content[2001:],
        lambda: gzip.compress(unpacked.replace(b"title 7", b"title 8", 1)),
        lambda: b"",
        lambda: b"no archive at all",
        lambda: unpacked,
    ]
    for change in changes:
        (tmp_path / "bad.tgz").write_bytes(change())
        with pytest.raises(SourceError):
            backups.restore(tmp_path / "new", tmp_path / "bad.tgz")
        assert current(tmp_path / "new") is None
    assert not list((tmp_path / "new" / "generations").iterdir())


def test_a_restore_that_fails_half_way_is_undone(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backups.backup(data, tmp_path / "b.tgz")
    used = again(data)
    (data / "judgements.csv").write_text("another\n")
    before = kept(data)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "swap", full)
    with pytest.raises(StoreError):
        backups.restore(data, tmp_path / "b.tgz", replace=True)
    assert current(data) == used and kept(data) == before


def test_a_lack_of_space_is_told_before_anything_is_written(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backups.backup(data, tmp_path / "b.tgz")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(StoreError, match="free"):
        backups.restore(tmp_path / "new", tmp_path / "b.tgz")


def test_a_backup_in_a_folder_that_is_not_there_is_an_error(data: Path, tmp_path: Path) -> None:
    with pytest.raises((StoreError, UsageError)):
        backups.backup(data, tmp_path / "none" / "b.tgz")
    with contextlib.suppress(FileNotFoundError):
        assert not list((tmp_path / "none").iterdir())
