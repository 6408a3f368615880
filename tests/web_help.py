"""The pages that the tests of the web visit: one of each kind, on the sample corpus."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.extract import extract_from_dir
from starlette.testclient import TestClient

from kg.settings import Settings
from search_api.service import create_app
from search_api.sparql_run import Limits

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MEASURE = "/doc/measure/gvpp-2021-2024/2.3"
QUESTION = {"nl": "Welke initiatieven voeren maatregel 2.3 uit?", "fr": "Quelles initiatives mettent en œuvre la mesure 2.3 ?"}
PAGES = (
    "/",
    "/search",
    "/search?q=2.3",
    "/search?q=fiets",
    "/search?q=fiets&plan=gvpp-2021-2024&doc_lang=nl",
    "/search?q=xyzzyplugh",
    MEASURE,
    "/doc/measure/gvpp-2017-2020/2.3",
    "/doc/initiative/atelier-miroir-5340",
    "/doc/organisation/safe-brussels",
    "/doc/organisation/politiezone-5340",
    "/doc/organisation/anderlecht",
    "/doc/plan/gvpp-2021-2024",
    "/doc/auth/theme/gvpp-2021-2024/2",
    "/doc/resolution/2020-12-18",
    "/doc/resolution/2020-12-18/part/1",
    "/doc/document/jaarverslag-2022",
    "/doc/document/jaarverslag-2022/read",
    "/doc/document/gvpp-2021-2024/read?text=fr",
    "/list/plans",
    "/list/themes",
    "/list/measures",
    "/list/initiatives?zone=politiezone-5340",
    "/list/organisations?name=brussel",
    "/list/zones",
    "/list/resolutions",
    "/list/documents",
    "/compare",
    "/compare?from=gvpp-2017-2020&to=gvpp-2021-2024&theme=2",
    "/coverage",
    "/coverage?by=zone",
    "/network",
    "/network?around=safe.brussels",
    "/network?around=nobody-at-all",
    "/budget",
    "/findings",
    "/glossary",
    "/glossary?q=politie",
    "/new",
    "/query",
    "/query?query=SELECT%20%2A%20%7B%3Fs%20a%20gvpp%3AMeasure%7D%20LIMIT%203",
    "/query?query=SELECT",
    "/about",
    "/about/citations",
    "/about/data",
    "/about/accessibility",
    "/report?page=/search",
    "/dossier",
)


def client_of(data: Path) -> TestClient:
    """A browser at a service on a data folder, in this process."""
    app = create_app(Settings(data=data, encoder="none"), Limits(workers=1))
    return TestClient(app, raise_server_exceptions=False, headers=HTML)


def in_language(path: str, lang: str) -> str:
    """An address in a language."""
    return f"{path}{'&' if '?' in path else '?'}lang={lang}"


class Read(HTMLParser):
    """What the tests look at in a page: its language, links, ids, elements, headings and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.lang = ""
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.quoted: list[tuple[str | None, str]] = []
        self._open: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in values.items()]
        if tag == "html":
            self.lang = values.get("lang", "")
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if "id" in values:
            self.ids.append(values["id"])
        if tag in ("blockquote", "title", "mark", "h1"):
            self._open.append((tag, values.get("lang")))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open:
            self.quoted.append((self._open[-1][1], data))

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def messages(root: Path) -> set[tuple[str, ...]]:
    """Every text of the interface in the templates and modules: (text,) or (text, plural)."""
    methods = [("templates/**.html", "jinja2.ext:babel_extract"), ("web/**.py", "python")]
    options = {"templates/**.html": {"extensions": "jinja2.ext.do"}}
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "say": None}
    found = extract_from_dir(root / "search_api", methods, options, keywords=keywords)
    return {(text,) if isinstance(text, str) else tuple(text) for _, _, text, _, _ in found}
