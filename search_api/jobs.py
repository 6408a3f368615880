"""Work that administrators ask for: reading a document, removing one, building. Each job is a folder under `{data}/jobs`.

    {data}/jobs/{id}/job.json        what is asked, by whom, and what came of it; it is replaced whole
    {data}/jobs/{id}/progress.json   how far the command is, written by the command itself
    {data}/jobs/{id}/{upload}        the file that came in; gone when the job has ended
    {data}/jobs/{id}/alive           locked by the process that runs the job, as long as it lives

The service starts `search_api.job` for each and then only looks at these files, so a job outlives a service that is killed, and
a new service knows of it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from kg.errors import StoreError
from kg.settings import Settings
from search_api.workers import Busy

FOLDER = "jobs"
WAITING = 8  # jobs that may wait or run at a time
KEPT = 50  # jobs that have ended and can still be looked at
ID = re.compile(r"[0-9]{14}-[0-9a-f]{12}")
ROOT = Path(__file__).resolve().parent.parent
LIMITS: Mapping[str, int] = {"seconds": 1800, "memory": 3 * 1024**3, "file": 2 * 1024**3}
Job = dict[str, Any]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def submit(
    settings: Settings,
    kind: str,
    command: Sequence[str],
    by: str,
    about: str,
    upload: tuple[str, BinaryIO] | None = None,
) -> Job:
    """Start a job: a command of the product with its arguments, in a process of its own.

    upload: a name that is safe as the name of a file, and the open file; the command gets its path as one more argument.
    Raises Busy where too many wait, and StoreError where nothing can be written.
    """
    jobs = settings.data / FOLDER
    try:
        jobs.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = listed(settings.data)
        if sum(job["state"] in ("waiting", "running") for job in known) >= WAITING:
            raise Busy(f"{WAITING} jobs wait", 30)
        over = [job for job in known if job["state"] in ("done", "failed")]
        for job in over:
            if job["upload"]:  # left by a job that was killed; it may hold personal data
                (jobs / job["id"] / job["upload"]).unlink(missing_ok=True)
        for job in over[KEPT - 1 :]:
            shutil.rmtree(jobs / job["id"], ignore_errors=True)
        identifier = f"{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(6)}"
        folder = jobs / identifier
        folder.mkdir(mode=0o700)
        try:
            arguments = list(command)
            if upload:
                name, content = upload
                with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    shutil.copyfileobj(content, file, 1 << 20)
                arguments.append(str((folder / name).resolve()))
            job = {
                "id": identifier,
                "kind": kind,
                "about": about,
                "by": by,
                "state": "waiting",
                "created": now(),
                "ended": None,
                "upload": upload[0] if upload else None,
                "command": arguments,
                "limits": dict(LIMITS),
                "result": None,
                "error": None,
            }
            write(folder / "job.json", job)
            _start(settings, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        raise StoreError(f"the job cannot be written: {error}", where=str(jobs), remedy="see to space and rights") from error
    return shown(folder)


def _start(settings: Settings, folder: Path) -> None:
    """The runner has a session of its own: a signal to the service is not one to it. It starts with its lock held."""
    environment = {
        **os.environ,
        "GVPP_DATA": str(settings.data.resolve()),
        "GVPP_BASE": settings.base,
        "GVPP_CORPUS": os.pathsep.join(str(path.resolve()) for path in settings.corpus),
        "GVPP_ENCODER": settings.encoder,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", "")))),
    }
    alive = os.open(folder / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX)
        subprocess.Popen(
            [sys.executable, "-P", "-m", "search_api.job", str(folder.resolve()), str(alive)],
            cwd=folder,  # no settings file of whatever folder the service was started in
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[alive],
            start_new_session=True,
        )
    finally:
        os.close(alive)  # the runner holds it now


def listed(data: Path) -> list[Job]:
    """All jobs that are known, the newest first."""
    try:
        names = sorted((entry.name for entry in (data / FOLDER).iterdir() if ID.fullmatch(entry.name)), reverse=True)
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        with contextlib.suppress(FileNotFoundError, ValueError):
            found.append(shown(data / FOLDER / name))
    return found


def find(data: Path, identifier: str) -> Job | None:
    """One job, None where there is none of that name."""
    if not ID.fullmatch(identifier):
        return None
    try:
        return shown(data / FOLDER / identifier)
    except FileNotFoundError:
        return None


def shown(folder: Path) -> Job:
    """A job as it is told to those who ask: without its command and the paths of the server."""
    alive = running(folder)  # before the file is read: a job that ends in between has then been written down
    job: Job = json.loads((folder / "job.json").read_text("utf-8"))
    if job["state"] in ("waiting", "running") and not alive:
        job |= {"state": "failed", "error": lost()}
    progress = {"step": None, "item": None, "done": None, "total": None}
    if job["state"] in ("waiting", "running"):
        with contextlib.suppress(OSError, ValueError):
            progress |= json.loads((folder / "progress.json").read_text("utf-8"))
    return {name: value for name, value in job.items() if name not in ("command", "limits")} | {"progress": progress}


def lost() -> dict[str, str]:
    """What is told of a job whose process was killed."""
    return {
        "what": "the process that ran it was ended",
        "where": "",
        "remedy": "nothing half done was published: ask for it again",
    }


def running(folder: Path) -> bool:
    """Whether the process that runs a job is alive: it holds a lock that the system frees with it."""
    try:
        handle = os.open(folder / "alive", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Replace a file of a job; a reader sees the old one or the new one."""
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    part.replace(file)


@contextlib.contextmanager
def turn(data: Path) -> Iterator[None]:
    """Wait until no other job runs."""
    handle = os.open(data / FOLDER / "turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
