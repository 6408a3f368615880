"""The page /review: somebody with a token of scope `review` signs in and judges the open suggestions.

The cookie holds the token itself, with the time of signing in, and is looked at anew for each request as the API does: what is
revoked or has expired counts at once. It goes to /review alone, no script reads it, and no other site can make a browser send
it (SameSite=Strict); a form that comes from elsewhere is refused besides. No address and no log holds a token.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup, escape

from kg.judgements import FILE, judging, key, read_judgements, real_property
from search_api import review
from search_api.admission import admit, there
from search_api.live import Live
from search_api.problems import Problem
from search_api.routes_api import no_repeats, nothing_else
from search_api.tokens import LONGEST, Keeper, Token
from search_api.web import forms, marks
from search_api.web.forms import ReviewForm
from search_api.web.language import text_in
from search_api.web.pages import site_of
from search_api.web.site import Content, Crumb, Visit
from search_api.web.statements import N_

PATH = "/review"
COOKIE = "gvpp-review"
HOURS = 4  # after which somebody signs in anew, also where the browser is never closed
SIZE = 10  # suggestions of a page
EXCERPT = 700  # characters of a passage
OVER = N_("You were signed out after %(hours)s hours. Sign in again.")
REFUSED = {
    401: N_("This token is not known, has expired or was taken back."),
    403: N_("This token does not give the right to judge suggestions."),
}
LOST = N_("Your last verdict was not recorded.")


def router(live: Live, keeper: Keeper) -> APIRouter:
    """The page and what its forms are sent to; joined only where there are tokens."""
    site = site_of(live)
    site.keeper = keeper

    async def exists(request: Request) -> None:
        there(request, keeper)

    routes = APIRouter(prefix=PATH, include_in_schema=False, dependencies=[Depends(exists)])
    from_here = [Depends(nothing_else), Depends(own_form)]

    async def signing_in(request: Request, form: forms.SignInForm, status: int = 200, *told: str) -> Response:
        """The form that asks for a token. told: why it is asked for again."""

        def make(visit: Visit) -> Content:
            visit.path, visit.query = PATH, [("kind", form.kind)] if form.kind else []
            _named(visit)
            return "sign_in.html", {
                "told": [visit.say(text, hours=HOURS) for text in told],
                "kind": form.kind,
                "hours": HOURS,
            }

        reply = _sent(await site.answer(request, form.lang, make, stored=False, status=status))
        if status == 401:
            reply.headers["www-authenticate"] = 'Bearer realm="gvpp"'
        return reply

    async def holder(request: Request, form: ReviewForm | forms.VerdictForm, *lost: str) -> Token | Response:
        """Who is signed in; else the form that asks for a token, with the old cookie taken back."""
        asked = forms.SignInForm(lang=form.lang, kind=form.kind)
        begun, _, secret = request.cookies.get(COOKIE, "").partition(".")
        if not secret:
            return await signing_in(request, asked, 401 if lost else 200, *lost)
        try:
            if not begun.isdecimal() or not 0 <= time.time() - int(begun[:12]) < HOURS * 3600:
                reply = await signing_in(request, asked, 401, OVER, *lost)
            else:
                return await admit(request, keeper, secret, "review")
        except Problem as problem:
            if problem.status not in REFUSED:
                raise
            reply = await signing_in(request, asked, problem.status, REFUSED[problem.status], *lost)
        reply.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")
        return reply

    @routes.get("", dependencies=[Depends(no_repeats)])
    async def page(request: Request, given: Annotated[ReviewForm, Query()]) -> Any:
        token = await holder(request, given)
        if isinstance(token, Response):
            return token
        return _sent(await site.answer(request, given.lang, lambda visit: shown(visit, keeper.data, given, token), stored=False))

    @routes.post("/session", dependencies=from_here)
    async def sign_in(request: Request) -> Any:
        form = forms.posted(forms.SignInForm, await request.form())
        secret = form.token.strip()
        try:
            await admit(request, keeper, secret[:LONGEST], "review")
        except Problem as problem:
            if problem.status not in REFUSED:
                raise
            return await signing_in(request, form, problem.status, REFUSED[problem.status])
        reply = _to(kind=form.kind, lang=site.language(request, form.lang))
        open_line = request.headers.get("origin", "").startswith("http://")  # the browser says which; a proxy may hide it from us
        value = f"{int(time.time())}.{secret}"
        reply.set_cookie(COOKIE, value, path=PATH, httponly=True, samesite="strict", secure=not open_line)
        return reply

    @routes.post("/end", dependencies=from_here)
    async def sign_out(request: Request) -> Any:
        form = forms.posted(forms.PageParameters, await request.form())
        reply = _to(lang=site.language(request, form.lang))
        reply.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")
        return reply

    @routes.post("/verdict", dependencies=from_here)
    async def judge(request: Request) -> Any:
        form = forms.posted(forms.VerdictForm, await request.form())
        token = await holder(request, form, LOST)
        if isinstance(token, Response):
            return token
        link = (form.subject, form.property, form.object)
        made = await live.run(review.judge, live.view.corpus, keeper.data, link, form.verdict, token, form.why)
        about = dict(zip(("subject", "property", "object"), link, strict=True))
        late = None if made else "true"
        kept = {"kind": form.kind, "offset": form.offset or None}
        return _to(**kept, **about, late=late, lang=site.language(request, form.lang), anchor="told")

    return routes


def own_form(request: Request) -> None:
    """Problem for a form that comes from a page of another site; browsers say where it comes from, in one header or the other."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "")
    here = site == "same-origin" if site else bool(origin) and urlsplit(origin).netloc == request.headers.get("host")
    if not here:
        remedy = f"open {PATH} and send the form from there"
        raise Problem(403, "cross-site", "this form does not come from a page of this service", where="Origin", remedy=remedy)


def _to(*, anchor: str = "", **params: str | int | None) -> RedirectResponse:
    """To the page, by GET: to reload it sends nothing again."""
    query = urlencode({name: value for name, value in params.items() if value is not None})
    return RedirectResponse(f"{PATH}?{query}{'#' + anchor if anchor else ''}", 303, {"cache-control": "no-store"})


def _sent(reply: Response) -> Response:
    """With the referrer policy under which browsers name the origin of a form; to other sites they still name nothing."""
    reply.headers["referrer-policy"] = "same-origin"
    return reply


def _named(visit: Visit) -> None:
    visit.title = visit.say("Review of suggestions")
    visit.crumbs = [Crumb(visit.title, visit.link(PATH))]


def shown(visit: Visit, data: Path, form: ReviewForm, token: Token) -> Content:
    """The open suggestions, the best first, with what became of the one that was just judged."""
    _named(visit)
    about = {"subject", "property", "object", "late"}
    judged = _judged(visit, data, form)
    visit.query = [(name, value) for name, value in visit.query if judged or name not in about]
    every = review.listed(visit.view.corpus, data).suggestions
    counts = Counter(real_property(one["property"]) for one in every)
    kinds: Mapping[str, str] = judging()["kind"]
    found = [one for one in every if not form.kind or real_property(one["property"]) == kinds[form.kind]]
    offset = min(form.offset, max(0, len(found) - 1)) // SIZE * SIZE
    visit_to = dict.fromkeys(about)
    return "review.html", {
        "token": token,
        "judged": judged,
        "kinds": [
            {"name": name, "label": judging()["text"]["kind"][name][visit.lang], "count": counts[link], "here": name == form.kind}
            for name, link in kinds.items()
        ],
        "all": len(every),
        "form": form,
        "offset": offset,
        "items": [{**one, "sides": _sides(visit, one)} for one in found[offset : offset + SIZE]],
        "pages": visit.pages(len(found), offset, SIZE),
        "sentence": _sentence(visit),
        "of_kind": lambda name: visit.here(kind=name, **visit_to),
    }


def _judged(visit: Visit, data: Path, form: ReviewForm) -> dict[str, Any] | None:
    """What the file of judgements says of the link that the address names: an address alone cannot claim that it was judged."""
    if not (form.subject and form.property and form.object):
        return None
    wanted = key(form.subject, form.property, form.object)
    found = next((one for one in read_judgements([], data / FILE)[0] if one.key == wanted), None)
    if found is None and not form.late:
        return None
    known = visit.view.corpus.describe([form.subject, form.object])
    things = [ref for ref in (form.subject, form.object) if known[ref]["label"]]
    return {"judgement": found, "late": form.late, "link": form if len(things) == 2 else None}


def _sides(visit: Visit, suggestion: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The passages of subject and object with the words of the quote marked."""
    found = []
    for passage in suggestion["passages"]:
        span = marks.place_of(passage["text"], passage["quote"])
        text = marks.marked(passage["text"], [span], EXCERPT) if span else escape(marks.cut(passage["quote"], EXCERPT))
        found.append({**passage, "title": text_in(passage["title"], visit.lang)[0], "shown": text})
    return found


def _sentence(visit: Visit) -> Callable[[str, Markup, Markup], Markup]:
    """Says a link in words: property, then both things as links."""

    def say(name: str, subject: Markup, object_: Markup) -> Markup:
        link = real_property(name)
        words = judging()["text"]["sentence"].get(link, {}).get(visit.lang) or f"{{subject}} – {visit.term(link)} – {{object}}"
        return escape(words).format(subject=subject, object=object_)

    return say
