"""Texts about the service: what it is, how citations work, data and API, accessibility; and how to report an error."""

from __future__ import annotations

from urllib.parse import quote

from search_api import describe
from search_api.problems import Problem
from search_api.web.forms import ReportForm
from search_api.web.site import Content, Crumb, Visit
from search_api.web.statements import N_

FIRST = N_("About this service")
TITLES = {
    "about": FIRST,
    "citations": N_("How citations work"),
    "data": N_("Data and API"),
    "accessibility": N_("Accessibility statement"),
}


def about(visit: Visit, name: str) -> Content:
    if name not in TITLES:
        raise Problem(404, "not-found", f"there is no text {name!r}", where="address", remedy="see /about")
    visit.title = visit.say(TITLES[name])
    visit.crumbs = [Crumb(visit.say(FIRST), visit.link("/about"))]
    if name != "about":
        visit.crumbs.append(Crumb(visit.title, visit.link(f"/about/{name}")))
    shared = {
        "others": [(other, visit.say(title)) for other, title in TITLES.items() if other != name],
        "software": describe.version(),
        "base": visit.view.base,
        "downloads": [(f"/download/gvpp.{ending}", f"gvpp.{ending}", media) for ending, (media, _) in describe.DOWNLOADS.items()],
    }
    return f"about/{name}.html", shared


def report(visit: Visit, form: ReportForm) -> Content:
    """What to send about an error, with the page and the corpus filled in; nothing is sent by the service."""
    visit.title = visit.say("Report an error")
    visit.crumbs = [Crumb(visit.title, visit.link("/report"))]
    page = form.page if form.page.startswith("/") and form.page[1:2] not in ("/", "\\") else "/"
    lines = [
        visit.say("Page: %(page)s", page=page),
        visit.say("Corpus: %(version)s", version=visit.view.name),
        visit.say("What is wrong:"),
        "",
        visit.say("What it should be, and how that can be checked:"),
        "",
    ]
    text = "\n".join(lines)
    subject = visit.say("Error on %(page)s", page=page[:120])
    contact = visit.site.live.settings.contact
    mail = f"mailto:{contact}?subject={quote(subject)}&body={quote(text.replace(chr(10), chr(13) + chr(10)))}"
    return "report.html", {"page": page, "text": text, "contact": contact, "mail": "" if contact.startswith("https:") else mail}
