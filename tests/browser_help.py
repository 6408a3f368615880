"""A page in Chromium that is watched, what axe finds wrong with it, and the Tab key, for the tests of the pages."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page
from web_help import in_language

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "resultTypes": ["violations"],
}  # the rest takes most of the time


class Watched:
    """A page that notes what a careful page does not do: errors in the console, and requests to other hosts."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.faults: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda told: self.faults.append(told.text) if told.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self._request)

    def _request(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.address, "data:", "blob:")):
            self.faults.append(f"request to {url}")

    def go(self, path: str, lang: str = "nl") -> Page:
        self.page.goto(self.address + in_language(path, lang))
        return self.page


def barriers(page: Page) -> list[str]:
    """What axe finds wrong with a page as it stands, with everything opened, in words."""
    for details in page.query_selector_all("details:not([open])"):
        details.evaluate("element => element.open = true")
    results = Axe().run(page, options=RULES).response["violations"]
    return [f"{found['id']} ({found['help']}): {[node['html'][:160] for node in found['nodes'][:3]]}" for found in results]


def check(watched: Watched, path: str, lang: str) -> list[str]:
    """The same of an address in a language."""
    return [f"{path} {lang}: {fault}" for fault in barriers(watched.go(path, lang))]


def tab_to(page: Page, wanted: str, most: int = 120) -> None:
    """Press Tab until something whose text, name or id fits has the focus; the focus must be visible at each step."""
    for _ in range(most):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
            return {text: (e.id || '') + ' ' + (e.getAttribute('href') || '') + ' ' + e.textContent.trim(),
                    shown: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2}; }"""
        )
        assert told["shown"], f"no visible focus on {told['text'][:80]}"
        if re.search(wanted, told["text"]):
            return
    raise AssertionError(f"{wanted!r} cannot be reached with the keyboard")
