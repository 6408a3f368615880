"""How long a running service takes over the questions of evaluation files: all different, so that nothing is remembered.

    gvpp serve --port 8000 &
    python bench/questions.py http://127.0.0.1:8000 search tests/eval/search-report.jsonl
    python bench/questions.py http://127.0.0.1:8000 ask tests/eval/answers-report.jsonl tests/eval/answers2-report.jsonl

Asks them once over one connection and once over eight; prints the median and the 95th percentile in milliseconds, and how
many a second.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from search_api.evaluation import read_questions

CLIENTS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("route", choices=("search", "ask"))
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    address = urlsplit(given.url)
    paths = [f"/api/{given.route}?q={quote(row['q'])}&lang={row['lang']}" for file in given.files for row in read_questions(file)]

    def run(mine: list[str]) -> list[float]:
        connection = HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=30)
        times = []
        for path in mine:
            start = time.perf_counter()
            connection.request("GET", path)
            reply = connection.getresponse()
            reply.read()
            if reply.status != 200:
                raise SystemExit(f"{reply.status} for {path}")
            times.append(1000 * (time.perf_counter() - start))
        return sorted(times)

    alone = run(paths)
    print(f"{len(paths)} questions, 1 client: p50 {_at(alone, 0.5):.0f} ms, p95 {_at(alone, 0.95):.0f} ms")
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        together = sorted(one for times in pool.map(run, [paths[part::CLIENTS] for part in range(CLIENTS)]) for one in times)
    rate = len(paths) / (time.perf_counter() - start)
    print(f"{CLIENTS} clients: {rate:.0f}/s, p50 {_at(together, 0.5):.0f} ms, p95 {_at(together, 0.95):.0f} ms")


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(share * len(times)))]


if __name__ == "__main__":
    main()
