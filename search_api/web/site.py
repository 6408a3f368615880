"""What every page shares: templates, static files, language, links and headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from kg.errors import StoreError
from kg.names import shorten
from search_api.caching import conditional, tag
from search_api.live import Live, View
from search_api.tokens import Keeper
from search_api.web import known, language, marks

FOLDER = Path(__file__).resolve().parent.parent
TEMPLATES, STATIC = FOLDER / "templates", FOLDER / "static"
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
# Characters that change the direction or the look of text around them, or that nothing can show.
INVISIBLE = dict.fromkeys(
    [*range(0x9), 0xB, 0xC, *range(0xE, 0x20), 0x7F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]
)


class Crumb(NamedTuple):
    """A step of the way from the start page to this one."""

    label: str
    href: str


@dataclass
class Visit:
    """One request for a page: its language, its address, and what the frame of the page needs to know.

    query: parameters of the address without the language; twins: other forms of the same, as (media type, address, label).
    """

    site: Site
    view: View
    lang: str
    path: str
    query: list[tuple[str, str]]
    title: str = ""
    crumbs: list[Crumb] = field(default_factory=list)
    twins: list[tuple[str, str, str]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)

    def link(self, path: str, **params: str | int | None) -> str:
        """An address of this site in the language of the page."""
        path, _, anchor = path.partition("#")
        given = [(name.rstrip("_"), str(value)) for name, value in params.items() if value not in (None, "")]
        return f"{path}?{urlencode([*given, ('lang', self.lang)])}{'#' + anchor if anchor else ''}"

    def thing(self, reference: str) -> str:
        """The page of a thing, by its identifier or its reference; of another site, its address."""
        reference = shorten(reference, self.view.base)
        if reference.startswith(("http://", "https://")):
            return reference
        if reference.startswith("ns/"):
            return f"/{quote(reference.split('#')[0])}"
        return _page_of(reference, self.lang)

    def reading(self, citation: Mapping[str, Any]) -> str:
        """The place of a citation (or a hit) in the text of its document, where its words are marked."""
        reference = shorten(str(citation.get("url") or citation["passage"]), self.view.base)
        _, _, document, key = reference.split("/", 3)
        start = citation["start"] if citation.get("url") else None
        return self.link(f"/doc/document/{quote(document)}/read#p-{key}", passage=key, at=start)

    def here(self, **changes: str | int | None) -> str:
        """This address with other parameters; None takes one away."""
        kept = [(name, value) for name, value in self.query if name not in changes and name != "offset"]
        kept += [(name, str(value)) for name, value in changes.items() if value not in (None, "")]
        return f"{self.path}?{urlencode([*kept, ('lang', self.lang)])}"

    def pages(self, total: int, offset: int, size: int) -> dict[str, Any]:
        """The parts of a list of which one is shown, for the template `paging.html`."""
        return {
            "first": offset + 1,
            "last": min(offset + size, total),
            "previous": self.here(offset=offset - size or None) if offset else None,
            "next": self.here(offset=offset + size) if offset + size < total else None,
            "all": [
                {"number": at // size + 1, "href": self.here(offset=at or None), "here": at == offset}
                for at in range(0, total, size)
            ],
        }

    @cached_property
    def translated(self) -> str:
        """This address in the other language."""
        return f"{self.path}?{urlencode([*self.query, ('lang', language.other(self.lang))])}"

    @property
    def address(self) -> str:
        return f"{self.path}?{urlencode([*self.query, ('lang', self.lang)])}"

    def label(self, reference: str) -> str:
        return self.view.corpus.label(shorten(reference, self.view.base), self.lang)

    def term(self, name: str) -> str:
        """What people call a class or property ("gvpp:implements")."""
        return known.terms(self.view).get(name, {}).get(self.lang) or name

    def say(self, text: str, /, **values: Any) -> str:
        """Words of the interface; `N_` marks them where they do not stand in a template."""
        return language.catalogue(self.lang).ugettext(text) % values if values else language.catalogue(self.lang).ugettext(text)


@lru_cache(maxsize=8192)
def _page_of(reference: str, lang: str) -> str:
    """The address of the page of a thing; a list has the same ones again and again."""
    return f"/doc/{quote(reference.removeprefix('id/'), safe='/:@!$&()*+,;=~.-_')}?lang={lang}"


Content = tuple[str, dict[str, Any]]  # a template with what it shows


class Site:
    """Renders pages. static: content of each file by name; digest: of all of them and of the templates; keeper: who knows the
    tokens, None where there is no administration."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.keeper: Keeper | None = None
        self.static = {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.is_file()}
        parts = [*self.static.items(), *((path.name, path.read_bytes()) for path in sorted(TEMPLATES.rglob("*.html")))]
        words = [(lang, (language.FOLDER / lang / "LC_MESSAGES" / "messages.po").read_bytes()) for lang in language.LANGS]
        said = ("contact", live.settings.contact.encode())  # pages that browsers keep change with it
        hashed = hashlib.sha256(b"\0".join(name.encode() + b"\0" + content for name, content in [*parts, *words, said]))
        self.digest = hashed.hexdigest()[:12]
        self.environments = {lang: _environment(lang) for lang in language.LANGS}

    @property
    def reviewed(self) -> bool:
        """Whether somebody may judge suggestions. Where the list of tokens cannot be read, /review says so, and no other page."""
        try:
            return bool(self.keeper and self.keeper.known())
        except StoreError:
            return True

    def asset(self, name: str) -> str:
        """The address of a static file: it changes with the content, so that browsers may keep it for ever."""
        if name not in self.static:
            raise KeyError(name)
        return f"/static/{self.digest}/{name}"

    def language(self, request: Request, lang: str | None) -> str:
        return lang or language.preferred(",".join(request.headers.getlist("accept-language")))

    async def answer(
        self,
        request: Request,
        lang: str | None,
        make: Callable[[Visit], Content],
        *,
        private: bool = False,
        stored: bool = True,
        status: int = 200,
    ) -> Response:
        """The page that `make` describes; it runs in a thread.

        private: what somebody asked stays out of shared caches; stored=False: nothing keeps the page, it is made each time.
        """
        view = self.live.view
        lang = self.language(request, lang)
        etag = tag(view.name, lang, self.digest, "review" if self.reviewed else "", request.url.path, request.url.query)
        headers = {"vary": "Accept, Accept-Language", "content-language": lang, "content-security-policy": POLICY}
        if stored:
            headers |= {"etag": etag, "cache-control": "private, no-cache" if private else "no-cache"}
        else:
            headers |= {"cache-control": "no-store"}
        if stored and status == 200 and (unchanged := conditional(request, etag, view.date)):
            unchanged.headers.update(headers)
            return unchanged
        body = await self.live.run(self.render, view, request, lang, make)
        return Response(body, status, headers, "text/html; charset=utf-8")

    def render(self, view: View, request: Request, lang: str, make: Callable[[Visit], Content]) -> bytes:
        query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang" and value]
        visit = Visit(self, view, lang, quote(request.url.path, safe="/:@!$&()*+,;=~.-_%"), query)
        template, content = make(visit)
        written = self.environments[lang].get_template(template).render(visit=visit, **content)
        return written.encode("utf-8", "replace")

    def problem(
        self, request: Request, status: int, members: Mapping[str, Any], headers: Mapping[str, str], lang: str | None
    ) -> Response:
        """An error as a page."""
        lang = self.language(request, lang)
        report = f"/report?{urlencode({'page': request.url.path, 'lang': lang})}"
        files = {"asset": self.asset("style.css"), "icon": self.asset("icon.svg")}
        content = {"status": status, "problem": members, "report": report, **files}
        body = self.environments[lang].get_template("problem.html").render(**content)
        shown = {**headers, "content-security-policy": POLICY, "content-language": lang, "vary": "Accept, Accept-Language"}
        return Response(body.encode("utf-8", "replace"), status, shown, "text/html; charset=utf-8")


def harmless(value: Any) -> Any:
    """Text without characters that would turn what stands around it, or that nothing can show."""
    if not isinstance(value, str) or value.isprintable():
        return value
    clean = str(value).translate(INVISIBLE)
    return Markup(clean) if isinstance(value, Markup) else clean


def _environment(lang: str) -> Environment:
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=harmless,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    words = language.catalogue(lang)
    env.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(
        number=lambda value: language.number(value, lang),
        percent=lambda value: language.percent(value, lang),
        day=lambda value: language.day(str(value), lang),
        years=lambda plan: str(plan).removeprefix("gvpp-").replace("-", "–"),
        texted=_texted,
        cut=marks.cut,
        marked=marks.marked,
    )
    env.globals.update(lang=lang, title_of_site=language.TITLES[lang], other=language.other(lang), languages=language.NAMES)
    return env


@pass_context
def _texted(context: Context, labels: Mapping[str, str]) -> Markup:
    """A label, with the mark of its language where that is not the language of the page; where there is none, nothing."""
    text, lang = language.text_in(labels, context["lang"])
    if not text:
        return Markup("")
    if not lang or lang == context["lang"]:
        return Markup("<bdi>{}</bdi>").format(harmless(text))
    return Markup('<bdi lang="{}">{}</bdi>').format(lang, escape(harmless(text)))
