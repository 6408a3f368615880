"""Mixed load for minutes on a service that it starts itself, with clients whose queries have to be ended, and kills on request.

    python bench/endurance.py DATA --seconds 300 --clients 8 --slow 2
    python bench/endurance.py DATA --seconds 60 --clients 8 --kill-worker 4

DATA is a data folder that `gvpp build` wrote. Prints a line per address (as bench/load.py), the memory of the server and of its
workers over time, and what happened to workers. Exit code 1 where a request failed or the server's memory grew by more than a
tenth after the first minute.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import load

MIXED = [
    "/sparql?query=SELECT * {?s ?p ?o} LIMIT 1",
    "/sparql?query=SELECT ?t (COUNT(*) AS ?n) { ?m a gvpp:Measure ; dct:subject ?t } GROUP BY ?t",
    "/api/measures?limit=20",
    "/api/ask?q=Welke initiatieven voeren maatregel 2.3 uit?",
    "/api/ask?q=Quelles initiatives mettent en œuvre la mesure 2.3 ?",
    "/api/search?q=fietsdiefstal",
    "/api/search?q=vol de vélos",
    "/api/suggest?q=politie",
    "/doc/plan/gvpp-2021-2024",
]
ROOT = Path(__file__).resolve().parent.parent


def start(data: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """The service on a free port, and its address."""
    environment = {**os.environ, "GVPP_DATA": str(data), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gvpp", "serve", "--port", "0", *options],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()[-1]


def children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(each) for each in (task / "children").read_text().split()]
    return found


def memory(pid: int) -> float:
    """What a process alone keeps in memory, in MiB: its private pages."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(kib) for kib in re.findall(r"^Private_\w+:\s+(\d+)", text, re.MULTILINE)) / 1024


async def watch(pid: int, seconds: float, kill: float, seen: list[tuple[float, float, float]]) -> int:
    """Note the memory of the server and of all its workers; kill a worker every so many seconds. How many were killed."""
    begun, killed, last = time.monotonic(), 0, time.monotonic()
    while (now := time.monotonic()) < begun + seconds:
        workers = children(pid)
        seen.append((now - begun, memory(pid), sum(memory(each) for each in workers)))
        if kill and now - last > kill and workers:
            os.kill(workers[killed % len(workers)], signal.SIGKILL)
            killed, last = killed + 1, now
        await asyncio.sleep(1)
    return killed


async def run(given: argparse.Namespace) -> int:
    process, address = start(given.data, "--seconds", str(given.limit))
    try:
        slow = f"/sparql?query={load.ENDLESS}"
        results: load.Results = {path: [] for path in (*MIXED, slow)}
        end, begun = time.monotonic() + given.seconds, time.perf_counter()
        seen: list[tuple[float, float, float]] = []
        turns = [MIXED[i % len(MIXED) :] + MIXED[: i % len(MIXED)] for i in range(given.clients - given.slow)]
        clients = [load.client(address, paths, end, results) for paths in turns]
        clients += [load.client(address, [slow], end, results) for _ in range(given.slow)]
        killed, *_ = await asyncio.gather(watch(process.pid, given.seconds, given.kill_worker, seen), *clients)
        seconds = time.perf_counter() - begun
        with urllib.request.urlopen(f"{address}/metrics") as reply:
            events = re.findall(r'gvpp_worker_events_total\{event="(\w+)"\} ([\d.]+)', reply.read().decode())
    finally:
        process.terminate()
        process.wait(30)
    for path, found in results.items():
        print(load.line(path, found, seconds, 422 if path == slow else 200))
    failed = sum(status != (422 if path == slow else 200) for path, found in results.items() for status, _ in found)
    total = sum(len(found) for found in results.values())
    print(
        f"{total} requests in {seconds:.0f} s, {failed} failed; {killed} workers killed; "
        + ", ".join(f"{e} {float(n):.0f}" for e, n in events)
    )
    marks = sorted({0, len(seen) // 5, 2 * len(seen) // 5, 3 * len(seen) // 5, 4 * len(seen) // 5, len(seen) - 1})
    print("seconds: server, workers (MiB): " + "; ".join(f"{seen[m][0]:.0f}: {seen[m][1]:.0f}, {seen[m][2]:.0f}" for m in marks))
    early = max((own for at, own, _ in seen if at <= min(60, given.seconds / 3)), default=0.0)
    late = max(own for _, own, _ in seen[-max(1, len(seen) // 5) :])
    grown = late > early * 1.1 + 10
    print(f"server at most {early:.0f} MiB in the first part, {late:.0f} MiB in the last" + (": GREW" if grown else ""))
    return int(bool(failed) or grown)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Mixed load for minutes.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--slow", type=int, default=2)
    parser.add_argument("--limit", type=float, default=3.0, help="time limit of a query in the service")
    parser.add_argument("--kill-worker", type=float, default=0.0, help="kill a worker every so many seconds")
    sys.exit(asyncio.run(run(parser.parse_args())))
