"""A build that dies at any moment, or finds the disk full, leaves the last good generation in use.

The builds run in processes of their own, which are killed with SIGKILL after delays and at things seen happening in the
data folder from outside; nothing in the product knows that it is being tested.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import kg
from kg.errors import StoreError
from kg.store import Rows, build_lock, current, open_store, query

BASE = "https://kg.example.org"
SIZE = 3_000  # quads in each of the two public graphs
ROOT = Path(kg.__file__).parent.parent

# Publishes one generation in which every part carries the mark that it was given.
BUILD = """
import json, resource, sys
from pathlib import Path
from kg.errors import StoreError
from kg.store import build_lock, publish

BASE = "https://kg.example.org"

def build(data, mark, size):
    def lines(name):
        graph = f"{BASE}/id/graph/{name}"
        return "".join(f'<{BASE}/id/{name}/{i}> <{BASE}/ns/mark> "{mark}" <{graph}> .\\n' for i in range(size)).encode()
    return publish(
        Path(data),
        graphs={"one": lines("one"), "suggested": lines("suggested")},
        suggested={"suggested"},
        restricted={"one": mark.encode() * 100},
        files={"texts/one.txt": mark.encode() * 10_000},
        manifest={"base": BASE, "mark": mark},
    )

def attempt(data, mark, size):
    try:
        build(data, mark, size)
    except StoreError as error:
        return str(error)
    return ""
"""


def child(code: str, *arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    command = [*prefix, sys.executable, "-c", BUILD + code, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def start(data: Path, mark: str) -> subprocess.Popen[str]:
    """A build that has been told to begin; its process has done its imports."""
    code = "print('ready', flush=True); build(sys.argv[1], sys.argv[2], int(sys.argv[3])); print('done', flush=True)"
    process = child(code, data, mark, SIZE)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def mark_in_use(data: Path) -> str | None:
    """The mark of the generation in use, after a look at every part of it: all must carry that mark."""
    generation = current(data)
    if generation is None:
        return None
    mark = str(generation.manifest["mark"])
    store = open_store(generation)
    count = "SELECT ?m (COUNT(*) AS ?n) { %s } GROUP BY ?m"
    for pattern in (
        "?s <ns/mark> ?m",
        "GRAPH <id/graph/one> { ?s <ns/mark> ?m }",
        "GRAPH <id/graph/suggested> { ?s <ns/mark> ?m }",
    ):
        rows = query(store, count % pattern, base=BASE)
        assert isinstance(rows, Rows)
        assert [(row["m"].value, row["n"].value) for row in rows.rows] == [(mark, str(SIZE))]  # type: ignore[union-attr]
    for name in ("one", "suggested"):
        lines = (generation.path / f"graphs/{name}.nq").read_bytes().splitlines()
        assert len(lines) == SIZE and all(f'"{mark}"'.encode() in line for line in lines)
    assert (generation.path / "texts/one.txt").read_text() == mark * 10_000
    assert (generation.path / "restricted/one.nq").read_text().strip() == mark * 100
    assert (generation.path / "restricted").stat().st_mode & 0o777 == 0o700
    return mark


def assert_clean(data: Path, *, generations: int) -> None:
    """Nothing is left of builds that died."""
    names = [path.name for path in (data / "generations").iterdir()]
    assert len(names) == generations and not [name for name in names if name.startswith(".")]
    assert {path.name for path in data.iterdir()} == {"generations", "current", "lock"}


Moment = Callable[[], bool]  # whether it has come


def seen(data: Path, pattern: str) -> Moment:
    """A path appears that is not there now."""
    before = set(data.glob(pattern))
    return lambda: not before.issuperset(data.glob(pattern))


def gone(data: Path, pattern: str) -> Moment:
    """A path disappears that is there now."""
    before = set(data.glob(pattern))
    return lambda: not before.issubset(data.glob(pattern))


def swapped(data: Path) -> Moment:
    before = (data / "current").read_text()
    return lambda: (data / "current").read_text() != before


def after(seconds: float) -> Moment:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


BUILDING = "generations/.building-*"
APPEARING = [
    BUILDING,
    *(f"{BUILDING}/{part}" for part in ("graphs/one.nq", "store", "store/CURRENT", "store/*.sst", "graphs/suggested.nq")),
    *(f"{BUILDING}/{part}" for part in ("texts/one.txt", "restricted", "restricted/one.nq", "manifest.json")),
    "generations/2*",
    "current.new",
    "generations/.removing-*",
]


@pytest.mark.slow
def test_killed_at_any_moment_the_last_good_generation_stays_in_use(tmp_path: Path) -> None:
    data, chance = tmp_path / "data", random.Random(5)
    finish(start(data, "first"))
    process, begin = start(data, "second"), time.monotonic()
    finish(process)
    whole = time.monotonic() - begin  # seconds from "ready" to the end
    assert mark_in_use(data) == "second"

    moments: list[Callable[[], Moment]] = [
        *(partial(seen, data, pattern) for pattern in APPEARING),
        partial(swapped, data),
        partial(gone, data, "generations/2*"),
        *(partial(after, whole * chance.random()) for _ in range(12)),
    ] * 2
    chance.shuffle(moments)
    last, unfinished = "second", 0
    for number, moment in enumerate(moments):
        mark = f"mark-{number}"
        has_come = moment()
        process = start(data, mark)
        while not has_come() and process.poll() is None:
            pass
        process.kill()
        out, _ = process.communicate()
        unfinished += "done" not in out

        found = mark_in_use(data)
        assert found in (last, mark), f"{number}: neither the generation before nor the new one, whole, is in use"
        assert found == mark or "done" not in out
        last = found
        if number % 4 == 3:
            last = f"after-{number}"
            finish(start(data, last))  # the lock went with the process, and its remains go with the next build
            assert_clean(data, generations=2)
            assert mark_in_use(data) == last
    assert unfinished >= 15, f"only {unfinished} builds were caught at work"


def test_killed_first_build_leaves_nothing_in_use(tmp_path: Path) -> None:
    process = start(tmp_path, "first")
    has_come = seen(tmp_path, BUILDING)
    while not has_come() and process.poll() is None:
        pass
    process.kill()
    process.communicate()
    assert mark_in_use(tmp_path) in (None, "first")
    finish(start(tmp_path, "second"))
    assert mark_in_use(tmp_path) == "second"


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    process = child("exec('with build_lock(Path(sys.argv[1])):\\n print(1, flush=True)\\n sys.stdin.read()')", tmp_path)
    assert process.stdout is not None and process.stdout.readline() == "1\n"
    with pytest.raises(StoreError, match="another build is running") as error, build_lock(tmp_path):
        pass
    assert str(process.pid) in error.value.remedy
    process.kill()
    process.communicate()
    with build_lock(tmp_path):
        pass


@pytest.mark.parametrize("limit", [0, 2_000, 60_000, 100_000, 250_000])
def test_a_file_that_cannot_grow_is_a_store_error(tmp_path: Path, limit: int) -> None:
    finish(start(tmp_path, "first"))
    code = (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])));"
        "print(json.dumps(attempt(sys.argv[1], 'second', 3000)))"
    )
    process = child(code, tmp_path, limit)
    message = json.loads(finish(process))
    assert "not published" in message and "large" in message.lower()
    assert mark_in_use(tmp_path) == "first"
    assert_clean_after_failure(tmp_path)
    finish(start(tmp_path, "third"))
    assert mark_in_use(tmp_path) == "third"
    assert_clean(tmp_path, generations=2)


def assert_clean_after_failure(data: Path) -> None:
    """A failed build removes its folder at once; of its own files only an unfinished `current.new` may stay."""
    assert len(list((data / "generations").iterdir())) == 1
    assert {path.name for path in data.iterdir()} - {"current.new"} == {"generations", "current", "lock"}


def can_mount() -> bool:
    tool = shutil.which("unshare")
    return bool(tool) and subprocess.run([str(tool), "--mount", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="LEFT OUT: a full disk (needs the right to mount a file system)")
@pytest.mark.parametrize("size", ["3m", "4m"])
def test_a_full_disk_is_a_store_error(tmp_path: Path, size: str) -> None:
    code = """
import kg.store
data = Path(sys.argv[1])
def mark():
    generation = kg.store.current(data)
    rows = kg.store.query(generation, "SELECT DISTINCT ?m { ?s <ns/mark> ?m }", base=BASE)
    return [generation.manifest["mark"], *(row["m"].value for row in rows.rows)]
told = [attempt(data, "first", 300), mark(), attempt(data, "second", 60_000), mark()]
left = sorted(path.name[0] for path in (data / "generations").iterdir())
told += [left, attempt(data, "third", 300), mark()]
print(json.dumps(told))
"""
    shell = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size={size} none "$0" && exec "$@"', str(tmp_path))
    told = json.loads(finish(child(code, tmp_path, prefix=shell)))
    first, mark_first, second, mark_second, left, third, mark_third = told
    assert (first, mark_first) == ("", ["first", "first"])
    assert "not published" in second and "space" in second
    assert mark_second == ["first", "first"] and len(left) == 1 and left != ["."]
    assert (third, mark_third) == ("", ["third", "third"])
