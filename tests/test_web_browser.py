"""The pages in a real browser, on the sample corpus: accessibility, keyboard, no other host, no script, every width.

Chromium comes from the system (`make browser`). Pictures of the pages go to the folder that GVPP_SHOTS names, if it names one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_help import Watched, barriers, check, tab_to
from corpus_help import Built
from crawling import Markup, crawl
from playwright.sync_api import Browser
from service_help import served
from web_help import MEASURE, PAGES, QUESTION, client_of, in_language

# One page of each kind, for what takes long; the slow tests visit all of them.
KINDS = (
    *(
        "/",
        "/search?q=2.3",
        "/search?q=xyzzyplugh",
        MEASURE,
        "/doc/organisation/safe-brussels",
        "/doc/document/jaarverslag-2022/read",
    ),
    *(
        "/coverage",
        "/compare?from=gvpp-2017-2020&to=gvpp-2021-2024&theme=2",
        "/network?around=safe.brussels",
        "/budget",
        "/dossier",
    ),
    *("/query?query=SELECT%20%2A%20%7B%3Fs%20a%20gvpp%3AMeasure%7D%20LIMIT%203", "/glossary", "/list/initiatives", "/about"),
)
WIDTHS = (320, 768, 1920)


@pytest.fixture(scope="module")
def address(sample_build: Built) -> Iterator[str]:
    os.environ.setdefault("GVPP_ENCODER", "none")
    with served(sample_build.data) as (found, _):
        yield found


@pytest.fixture
def watched(browser: Browser, address: str) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="nl-BE")
    found = Watched(context, address)
    yield found
    context.close()
    # Names are asked for while somebody types; a service without them answers 404, and typing goes on.
    assert not [fault for fault in found.faults if "api/suggest" not in fault and "404" not in fault], found.faults


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_no_page_has_a_barrier_that_axe_finds(watched: Watched, lang: str) -> None:
    faults = [fault for path in KINDS for fault in check(watched, path, lang)]
    assert not faults, "\n".join(faults)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_no_page_that_any_page_links_has_a_barrier(watched: Watched, sample_build: Built, lang: str) -> None:
    """All of them are read; axe looks at each that has an element with classes or attributes, or in a place, not met before."""
    count, faults, shapes, chosen = 0, [], set[tuple[str, ...]](), dict.fromkeys(in_language(path, lang) for path in PAGES)
    with client_of(sample_build.data) as client:
        for path, text in crawl(client, lang):
            found = Markup(text)
            faults += [f"{path}: {fault}" for fault in found.faults]
            if not found.shapes <= shapes:
                chosen[path] = None
            shapes |= found.shapes
            count += 1
    for path in chosen:
        watched.page.goto(watched.address + path)
        faults += [f"{path}: {fault}" for fault in barriers(watched.page)]
    print(f"{count} pages in {lang} were read, {len(chosen)} went through axe")
    assert not faults, "\n".join(faults)
    assert count > 500 and len(chosen) > len(PAGES)


def test_dark_colours_have_contrast_too(browser: Browser, address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    watched = Watched(context, address)
    faults = [fault for path in KINDS[:8] for fault in check(watched, path, "nl")]
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_every_width(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    watched = Watched(context, address)
    shots = Path(os.environ["GVPP_SHOTS"]) if os.environ.get("GVPP_SHOTS") else None
    wide = []
    for path in KINDS:
        for lang in ("nl", "fr"):
            page = watched.go(path, lang)
            found = page.evaluate("document.documentElement.scrollWidth")
            if found > width:
                wide.append(f"{path} {lang}: {found} in {width}")
            if shots:
                shots.mkdir(parents=True, exist_ok=True)
                name = re.sub(r"\W+", "-", path).strip("-")[:60] or "home"
                page.screenshot(path=shots / f"{name}-{lang}-{width}.png", full_page=True)
    context.close()
    assert not wide, "\n".join(wide)


def test_text_of_twice_the_size_fits(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    watched = Watched(context, address)
    for path in KINDS:
        page = watched.go(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, path
    context.close()


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_from_the_question_to_the_quote_with_the_keyboard_alone(watched: Watched, lang: str) -> None:
    page = watched.go("/", lang)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to(page, r"^q ")
    page.keyboard.type(QUESTION[lang])
    page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    assert "Réseau Intersection" in page.inner_text(".answer")
    tab_to(page, r"/read\?.*at=")
    page.keyboard.press("Enter")
    page.wait_for_selector(".para.cited mark")
    assert "2.3" in page.inner_text(".para.cited mark")
    assert page.evaluate("document.activeElement.classList.contains('cited')"), "reading goes on at the quote"
    box = page.locator(".para.cited").bounding_box()
    assert box and 0 <= box["y"] < 900, "the quote is in sight"
    page.go_back()
    tab_to(page, r"/doc/initiative/")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1")
    tab_to(page, r"/doc/measure/gvpp-2021-2024/2\.3")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1 .number")
    tab_to(page, r"/dossier")
    page.keyboard.press("Enter")
    page.wait_for_selector("textarea#text")


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_the_main_ways_work_without_scripts(browser: Browser, address: str, lang: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    watched = Watched(context, address)
    page = watched.go("/", lang)
    page.fill("#q", QUESTION[lang])
    page.click("form.search button")
    assert "Réseau Intersection" in page.inner_text(".answer")
    page.click(".answer .go")
    assert page.locator(".para.cited mark").count() >= 1
    page.click(".switch")
    assert page.get_attribute("html", "lang") != lang
    assert page.locator(".para.cited mark").count() >= 1, "the same content in the other language"
    watched.go("/search?q=fiets", lang)
    page.click(".facet[open] a >> nth=0")
    assert page.locator(".chip").count() == 1
    page.click(".chip")
    assert page.locator(".chip").count() == 0
    watched.go("/query", lang)
    page.click("form:has(textarea) button")
    assert page.locator("#result").count() == 1
    context.close()


def test_the_editor_colours_and_completes(watched: Watched) -> None:
    page = watched.go("/query")
    page.fill("#query", "")
    page.focus("#query")
    page.keyboard.type("SELECT ?m { ?m a gvpp:Meas")
    page.wait_for_selector("#query-options li")
    page.keyboard.press("Enter")
    assert page.input_value("#query").endswith("gvpp:Measure")
    page.keyboard.type(" }")
    assert page.locator(".editor .tok-variable").count() == 2
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result")
    assert "id/measure/" in page.inner_text("table")


def test_a_draft_stays_in_the_browser(watched: Watched) -> None:
    page = watched.go("/dossier")
    page.fill("#text", "1. Welke initiatieven voeren maatregel 2.3 uit?")
    watched.go("/about")
    watched.go("/dossier", "fr")
    assert page.input_value("#text").startswith("1. Welke")


def test_nothing_moves_while_a_page_loads(watched: Watched) -> None:
    for path in KINDS:
        page = watched.go(path)
        page.wait_for_load_state("networkidle")
        shift = page.evaluate(
            """() => new Promise(done => { let sum = 0;
            const add = list => list.getEntries().filter(one => !one.hadRecentInput).forEach(one => { sum += one.value; });
            new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});
            setTimeout(() => done(sum), 150); })"""
        )
        assert shift < 0.02, f"{path}: {shift}"


def test_paper_shows_what_is_said_and_not_the_frame(watched: Watched) -> None:
    page = watched.go(MEASURE)
    page.emulate_media(media="print")
    assert not page.is_visible("header.top") and not page.is_visible("footer.bottom")
    assert page.is_visible("h1") and page.is_visible(".quote, .fulltext")


PASTED = {
    "nl": "Maatregel 2.3\n\n1. Welke initiatieven voeren maatregel 2.3 uit?\n2. Hoeveel eenhoorns werden geteld?",
    "fr": "Mesure 2.3\n\n1. Quelles initiatives mettent en œuvre la mesure 2.3 ?\n2. Combien de licornes ont été comptées ?",
}


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_a_dossier_is_gathered_with_the_keyboard_and_downloaded(watched: Watched, lang: str) -> None:
    page = watched.go("/dossier", lang)
    tab_to(page, r"^text ")
    page.keyboard.type(PASTED[lang])
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#made", timeout=60_000)
    assert "Réseau Intersection" in page.inner_text("#made")
    assert page.locator(".gap").count() >= 1
    assert not barriers(page)
    page.locator("#made input[type=checkbox]").first.uncheck()
    with page.expect_download() as waiting:
        page.click(".actions button[value=docx]")
    assert waiting.value.suggested_filename == "dossier.docx"
    page.emulate_media(media="print")
    assert page.is_visible("#made h3") and not page.is_visible(".dossier-form")


def test_a_dossier_works_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, accept_downloads=True)
    page = Watched(context, address).go("/dossier", "fr")
    page.fill("#text", PASTED["fr"])
    page.click(".dossier-form button")
    assert "Réseau Intersection" in page.inner_text("#made")
    with page.expect_download() as waiting:
        page.click("button[value=markdown]")
    assert waiting.value.suggested_filename == "dossier.md"
    context.close()
