"""Load on a running service: clients that keep their connection and ask again as soon as they are answered.

    gvpp serve --port 8000 &
    python bench/load.py http://127.0.0.1:8000 --clients 8 --seconds 10 "/sparql?query=SELECT * {?s ?p ?o} LIMIT 1"
    python bench/load.py http://127.0.0.1:8000 --clients 8 --slow 2 --seconds 300 /api/measures "/api/ask?q=maatregel 2.3"

Each client walks the given addresses in turn. `--slow` clients send a query that the service has to end; their refusal (422) is
what is expected, so it does not count as a failure. Prints one line per address.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from urllib.parse import quote, urlsplit

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(STR(?c)) + STRLEN(STR(?i)) < 0) }"
Results = dict[str, list[tuple[int, float]]]


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str) -> int:
    """One request over an open connection; its status."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length"))
    await reader.readexactly(int(length))
    return int(head.split(" ", 2)[1])


async def client(base: str, paths: list[str], end: float, results: Results) -> None:
    """Ask until the time is over; a connection that breaks counts as status 0 and is opened again."""
    address = urlsplit(base)
    turn = 0
    while time.monotonic() < end:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            while time.monotonic() < end:
                path = paths[turn % len(paths)]
                turn += 1
                begun = time.perf_counter()
                status = await ask(reader, writer, address.netloc, quote(path, safe="/?&=%:"))
                results[path].append((status, time.perf_counter() - begun))
        except (OSError, EOFError):
            results[paths[turn % len(paths)]].append((0, 0.0))
        finally:
            writer.close()


def line(path: str, found: list[tuple[int, float]], seconds: float, expected: int) -> str:
    """Requests per second, percentiles in milliseconds, and how many did not have the expected status."""
    times = sorted(taken for _, taken in found) or [0.0]
    at = [1000 * times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.95, 0.99)]
    failed = sum(status != expected for status, _ in found)
    return f"{len(found) / seconds:8.0f}/s  p50 {at[0]:7.1f}  p95 {at[1]:7.1f}  p99 {at[2]:7.1f} ms  {failed} failed  {path[:60]}"


async def main() -> None:
    parser = argparse.ArgumentParser(description="Load on a running service.")
    parser.add_argument("base")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--slow", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    slow = f"/sparql?query={ENDLESS}"
    results: Results = {path: [] for path in (*given.paths, slow)}
    end = time.monotonic() + given.seconds
    begun = time.perf_counter()
    fast = [
        client(given.base, given.paths[i % len(given.paths) :] + given.paths[: i % len(given.paths)], end, results)
        for i in range(given.clients - given.slow)
    ]
    await asyncio.gather(*fast, *(client(given.base, [slow], end, results) for _ in range(given.slow)))
    seconds = time.perf_counter() - begun
    for path, found in results.items():
        if found:
            print(line(path, found, seconds, 422 if path == slow else 200))


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())
