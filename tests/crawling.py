"""Every page that leads on from the start page of a service, and what can be told of its markup without a browser."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient

VARIANTS = 3  # addresses of one path with as many parameters each: so many of them are visited
NO_PAGES = re.compile(r"/(api|static|download|sparql|ns|id|auth)(/|$)|\.csv$|\.json$")
VOID = frozenset(("meta", "link", "input", "br", "img", "hr", "path", "rect", "line", "circle"))
NAMED = frozenset(("a", "button", "summary", "h1", "h2", "h3", "h4", "th", "label"))  # elements that must say something
FIELDS = frozenset(("input", "select", "textarea"))


def crawl(client: TestClient, lang: str) -> Iterator[tuple[str, str]]:
    """Address and HTML of every page in a language. All things, documents, lists and texts; of one page with different
    parameters (filters, places in a text), a few."""
    first = f"/?lang={lang}"
    todo, seen = deque([first]), {first}
    counts: Counter[tuple[str, int]] = Counter()
    while todo:
        path = todo.popleft()
        reply = client.get(path)
        assert reply.status_code == 200, f"{path}: {reply.status_code}"
        yield path, reply.text
        for link in re.findall(r'<a [^>]*?href="(/[^"#]*)', reply.text):
            link = link.replace("&amp;", "&")
            parts = urlsplit(link)
            query = parse_qs(parts.query)
            if link in seen or query.get("lang") != [lang] or NO_PAGES.search(parts.path) or "format" in query:
                continue
            seen.add(link)
            kind = (parts.path, len(query))
            counts[kind] += 1
            if counts[kind] <= VARIANTS:
                todo.append(link)


class Markup(HTMLParser):
    """shapes: each element with its classes, the names of its attributes, and where it stands; faults: what is wrong whatever
    the markup: an id that stands twice, an element that must have words and has none, a field without a label."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.shapes: set[tuple[str, ...]] = set()
        self.faults: list[str] = []
        self._open: list[tuple[str, str, list[str]]] = []  # tag, shape, words
        self._ids: Counter[str] = Counter()
        self._labelled: set[str] = set()
        self._fields: list[str] = []
        self.feed(text)
        self.faults += [f"the id {name} stands {count} times" for name, count in self._ids.items() if count > 1]
        self.faults += [f"the field {name} has no label" for name in self._fields if name not in self._labelled]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        shape = f"{tag}.{values.get('class', '')}"
        above = self._open[-1][1] if self._open else ""
        kinds = (f"{name}={values[name]}" if name in ("role", "type", "lang") else name for name in sorted(values))
        self.shapes.add((above, shape, *kinds))
        if "id" in values:
            self._ids[values["id"]] += 1
        if tag == "label":
            self._labelled.add(values.get("for", ""))
        if tag in FIELDS and values.get("type") != "hidden" and not values.get("aria-label"):
            self._fields.append(values.get("id", "without id"))
        if tag not in VOID:
            self._open.append((tag, shape, [values.get("aria-label", "")]))

    def handle_data(self, data: str) -> None:
        for _, _, words in self._open:
            words.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        while any(tag == one[0] for one in self._open):
            name, shape, words = self._open.pop()
            if name in NAMED and not any(words):
                self.faults.append(f"{shape} says nothing")
            if name == tag:
                return
