"""The process that runs one job: it starts the command within limits, ends it when it is late, and writes down what came of it.

Started by `search_api.jobs` as `python -m search_api.job FOLDER FD`, in a session of its own. What is read came from outside and
may be made to harm, so the command has limits on memory, processor time and the size of files, and no terminal.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from kg.errors import GvppError
from search_api import audit, jobs

AGAIN = 2.0  # seconds between two tries while a build of somebody else runs
SHOWN = 50  # rows of each list in a result
LISTS = ("added", "updated", "kept", "removed", "warnings", "notes")
BUSY = "another build is running"
PRELUDE = (
    "import json, os, resource, sys; limits = json.loads(sys.argv[1]); "
    "[resource.setrlimit(getattr(resource, name), (value, value)) for name, value in limits.items()]; "
    "os.execv(sys.executable, [sys.executable, '-P', '-m', 'gvpp', *sys.argv[2:]])"
)


def main(arguments: list[str]) -> None:
    """Run the job of a folder. FD: the open lock that says that this process lives; it is kept open to its end."""
    folder = Path(arguments[0])
    os.set_inheritable(int(arguments[1]), False)
    data, job = folder.parent.parent, json.loads((folder / "job.json").read_text("utf-8"))
    with contextlib.suppress(OSError):
        os.nice(10)  # questions go first
    outcome: dict[str, Any] = {}
    try:
        outcome = run(folder, data, job)
    except (OSError, GvppError) as error:
        outcome = {"state": "failed", "error": {"what": f"the job failed: {type(error).__name__}", "where": "", "remedy": ""}}
    finally:
        if job["upload"]:
            (folder / job["upload"]).unlink(missing_ok=True)
        ended = {**job, "state": "failed", "error": jobs.lost(), **outcome, "ended": jobs.now()}
        jobs.write(folder / "job.json", ended)
        with contextlib.suppress(GvppError):
            audit.write(data, "ended", None, job=job["id"], kind=job["kind"], state=ended["state"])


def run(folder: Path, data: Path, job: dict[str, Any]) -> dict[str, Any]:
    """What came of the command: its state, and its result or error."""
    with jobs.turn(data):
        end = time.monotonic() + job["limits"]["seconds"]
        jobs.write(folder / "job.json", {**job, "state": "running"})
        while True:
            code, said, told = command(folder, job, end - time.monotonic())
            if code == 6 and said.get("what") == BUSY and time.monotonic() + AGAIN < end:
                time.sleep(AGAIN)
                continue
            return outcome(folder, job, code, said, told)


def command(folder: Path, job: dict[str, Any], seconds: float) -> tuple[int, dict[str, Any], str]:
    """The exit code of the command, the JSON that it printed, and the end of its error output. A late one is killed."""
    limits = {
        "RLIMIT_CORE": 0,
        "RLIMIT_DATA": job["limits"]["memory"],
        "RLIMIT_FSIZE": job["limits"]["file"],
        "RLIMIT_CPU": 4 * job["limits"]["seconds"],  # several threads
    }
    name, *rest = job["command"]
    arguments = [name, "--json", "--progress", str(folder / "progress.json"), *rest]
    out, errors = folder / "out.json", folder / "errors.txt"
    with out.open("wb") as output, errors.open("wb") as problems:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", PRELUDE, json.dumps(limits), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=problems,
            start_new_session=True,  # it and its children are one group, to be ended as one
        )
        try:
            code = process.wait(max(1.0, seconds))
        except subprocess.TimeoutExpired:
            code = 124
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    try:
        said = json.loads(out.read_text("utf-8"))
    except (OSError, ValueError):
        said = {}
    told = errors.read_text("utf-8", "replace")[-2000:]
    for file in (out, errors):
        file.unlink(missing_ok=True)
    return code, said if isinstance(said, dict) else {}, told


def outcome(folder: Path, job: dict[str, Any], code: int, said: dict[str, Any], told: str) -> dict[str, Any]:
    """State, result and error as they are shown. No path of the server stands in them."""
    if code == 124:
        seconds = job["limits"]["seconds"]
        what, remedy = f"it took longer than {seconds} s and was ended", "nothing was published; split the file"
        return {"state": "failed", "error": {"what": what, "where": "", "remedy": remedy}}
    if "what" in said:
        return {"state": "failed", "error": _hidden(folder, said)}
    if said.get("errors"):
        return {"state": "failed", "result": _short(said), "error": _hidden(folder, said["errors"][0])}
    if code == 0:
        return {"state": "done", "result": _short(said)}
    if "MemoryError" in told or "bad_alloc" in told or "std::bad_alloc" in told or code in (-signal.SIGSEGV, -signal.SIGABRT):
        what, remedy = "it needs more memory than a document may", "nothing was published; split the file"
    elif code == -signal.SIGXFSZ:
        what, remedy = "it writes a larger file than it may", "nothing was published; split the file"
    else:
        what, remedy = f"it ended with code {code}", "nothing was published; the log of the service may say more"
    return {"state": "failed", "error": {"what": what, "where": "", "remedy": remedy}}


def _hidden(folder: Path, error: dict[str, Any]) -> dict[str, str]:
    """An error with names of files, not paths."""
    data = str(folder.parent.parent)
    found = {}
    for name in ("what", "where", "remedy"):
        text = str(error.get(name, ""))
        for start in (f"{folder}/", f"{data}/", data):
            text = text.replace(start, "")
        found[name] = text
    return found


def _short(said: dict[str, Any]) -> dict[str, Any]:
    """What of a build's report is shown."""
    found = {name: said.get(name) for name in ("version", "changed", "documents", "detected", "judgements")}
    for name in LISTS:
        every = said.get(name) or []
        found[name] = [_without_folder(text) if name == "notes" else text for text in every[:SHOWN]]
        if len(every) > SHOWN:
            found[f"{name}_left_out"] = len(every) - SHOWN
    found["findings"] = len(said.get("findings") or [])
    return found


def _without_folder(note: str) -> str:
    """A note ("path: what") with the name of the file alone."""
    path, colon, what = note.partition(": ")
    return f"{Path(path).name}{colon}{what}"


if __name__ == "__main__":
    main(sys.argv[1:])
