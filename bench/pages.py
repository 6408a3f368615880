"""How long a running service takes over its HTML: the search page for every question of evaluation files, and every measure page.

    gvpp serve --port 8000 &
    python bench/pages.py http://127.0.0.1:8000 tests/eval/search-tune.jsonl

All addresses are different, in Dutch and in French, over one connection; prints the median, the 95th percentile in milliseconds
and the largest page in kB.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from search_api.evaluation import read_questions

WARM = 10  # pages first, not counted: what is read once


def get(connection: HTTPConnection, path: str, accept: str = "text/html") -> bytes:
    connection.request("GET", path, headers={"Accept": accept})
    reply = connection.getresponse()
    body = reply.read()
    assert reply.status == 200, f"{reply.status} for {path}"
    return body


def measure(name: str, connection: HTTPConnection, paths: Iterable[str]) -> None:
    """Get each page once and print the line of this kind."""
    times, largest = [], 0
    for path in paths:
        start = time.perf_counter()
        body = get(connection, path)
        times.append(1000 * (time.perf_counter() - start))
        largest = max(largest, len(body))
    times = sorted(times[WARM:])
    p50, p95 = (times[int(share * (len(times) - 1))] for share in (0.5, 0.95))
    print(f"{name:10} {len(times):4} pages  p50 {p50:6.1f} ms  p95 {p95:6.1f} ms  largest {largest / 1000:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    connection = HTTPConnection(urlsplit(given.url).netloc, timeout=60)
    asked = [(one["q"], one["lang"]) for file in given.files for one in read_questions(file)]
    measure("search", connection, [f"/search?q={quote(text)}&lang={lang}" for text, lang in asked])
    measures = json.loads(get(connection, "/api/measures?limit=200", "application/json"))
    paths = [urlsplit(one["iri"]).path for one in measures["items"]]
    measure("measure", connection, [f"/doc{path.removeprefix('/id')}?lang={lang}" for path in paths for lang in ("nl", "fr")])


if __name__ == "__main__":
    main()
