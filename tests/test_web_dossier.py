"""The workbench: what is ticked is what the file holds, and nothing that was pasted, ticked or written gets lost on the way."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser_help import Watched, barriers
from corpus_help import Built
from playwright.sync_api import Browser
from service_help import served
from starlette.testclient import TestClient
from web_help import Read, client_of

from search_api.web import dossiers, language


@pytest.fixture(scope="module")
def client(sample_build: Built) -> Iterator[TestClient]:
    with client_of(sample_build.data) as found:
        yield found


PASTED = {
    "nl": "Maatregel 2.3\n\n1. Welke initiatieven voeren maatregel 2.3 uit?\n2. Wat kost het <script>alert(1)</script> paard?",
    "fr": "Mesure 2.3\n\n1. Quelles initiatives mettent en œuvre la mesure 2.3 ?\n2. Que coûte <script>alert(1)</script> ceci ?",
}


@pytest.mark.parametrize("lang", language.LANGS)
def test_a_dossier_shows_evidence_and_gaps_and_gives_what_is_ticked(client: TestClient, lang: str) -> None:
    reply = client.post("/dossier", data={"text": PASTED[lang], "lang": lang})
    assert reply.status_code == 200, reply.text[:400]
    assert reply.headers["cache-control"] == "no-store"
    found = Read(reply.text)
    assert found.lang == lang and "<script>alert" not in reply.text
    assert "Réseau Intersection" in found.text
    assert 'class="gap"' in reply.text
    keys = [value for tag, name, value in found.attributes if tag == "input" and name == "value" and ".answers." in value]
    assert len(keys) > 2
    assert any("/read?" in link and "at=" in link for link in found.links)
    sent = {"text": PASTED[lang], "lang": lang, "form": "markdown", "keep": keys[:1], "remark-0": "Nog na te vragen."}
    one = client.post("/dossier/file", data=sent)
    every = client.post("/dossier/file", data={**sent, "keep": keys, "remark-0": ""})
    assert one.headers["content-type"].startswith("text/markdown")
    assert "Nog na te vragen." in one.text and "Nog na te vragen." not in every.text
    assert len(every.text) > len(one.text)
    word = client.post("/dossier/file", data={**sent, "form": "docx"})
    assert word.content.startswith(b"PK") and "dossier.docx" in word.headers["content-disposition"]


@pytest.mark.parametrize(
    ("lang", "empty", "near"),
    [("nl", "Niets gevonden in het corpus.", "Geen cijfer"), ("fr", "Rien trouvé dans le corpus.", "Aucun")],
)
def test_a_question_about_each_of_a_list_is_a_table(client: TestClient, lang: str, empty: str, near: str) -> None:
    more = {
        "nl": "2. Voor elk daarvan: partners en aantal personen?",
        "fr": "2. Pour chacune : partenaires et nombre de personnes ?",
    }
    text = PASTED[lang].split("2. ")[0].replace("2.3 uit", "2.3 van 2021-2024 uit") + more[lang]
    reply = client.post("/dossier", data={"text": text, "lang": lang})
    found = Read(reply.text)
    assert reply.status_code == 200 and empty in found.text and near in found.text
    assert 'scope="row"' in reply.text and "BuPol" in found.text
    things = ticks(reply.text, ".things.")
    assert len(things) > 1 and all(things.values()), "what was asked for is ticked at first"
    names = dict(re.findall(r'value="(1\.things\.[^"]+)"[^>]*aria-label="([^"]+)"', reply.text))
    sent = {"text": text, "lang": lang, "form": "markdown"}
    every = client.post("/dossier/file", data={**sent, "keep": list(things)}).text
    assert empty in every, "what a thing of the table lacks is told with it"
    dropped = client.post("/dossier/file", data={**sent, "keep": list(things)[1:]}).text
    first, *others = (html.unescape(names[key]) for key in things)
    assert first in every and first not in dropped and all(name in dropped for name in others)


def test_a_form_that_cannot_be_read_is_refused(client: TestClient) -> None:
    assert client.post("/dossier", data={"text": "x", "lang": "de"}).status_code == 400
    assert client.post("/dossier", data={"text": "", "lang": "nl"}).status_code == 200


# ---------------------------------------------------------------- blocks per commune, zone or body

BLOCKS = {
    "nl": "1. Welke projecten lopen er per politiezone?\n2. Welke initiatieven voeren maatregel 2.3 uit?",
    "fr": "1. Quels projets y a-t-il par zone de police ?\n2. Quelles initiatives mettent en œuvre la mesure 2.3 ?",
}


def ticks(text: str, part: str = "") -> dict[str, bool]:
    """The things that can be ticked, by key, and whether they are."""
    found = re.findall(r'name="keep" value="([^"]+)"[^>]*?( checked)?>', text)
    return {key: bool(checked) for key, checked in found if part in key}


def post(client: TestClient, lang: str, **more: Any) -> str:
    reply = client.post("/dossier", data={"text": BLOCKS[lang], "lang": lang, **more})
    assert reply.status_code == 200, reply.text[:400]
    return reply.text


def file(client: TestClient, lang: str, keep: list[str], **more: str) -> str:
    return client.post("/dossier/file", data={"text": BLOCKS[lang], "lang": lang, "form": "markdown", "keep": keep, **more}).text


@pytest.mark.parametrize("lang", language.LANGS)
def test_each_row_of_a_block_is_kept_or_dropped_by_itself(client: TestClient, lang: str) -> None:
    text = post(client, lang)
    found = Read(text)
    assert len(found.ids) == len(set(found.ids))
    rows = ticks(text, ".blocks.")
    assert len(rows) > 5 and all(rows.values()), "what a block has is ticked at first"
    labels = re.findall(r'value="(0\.blocks\.[^"]+\.rows\.[^"]+)"[^>]*aria-label="([^"]+)"', text)
    names = {key: re.split(r"[^\w ’-]", html.unescape(name))[0].strip() for key, name in labels}  # up to what Markdown escapes
    first = next(key for key in names if list(names.values()).count(names[key]) == 1)
    every, without = file(client, lang, list(rows)), file(client, lang, [key for key in rows if key != first])
    assert names[first] in every and names[first] not in without
    assert all(name in without for key, name in names.items() if key != first)
    sources = [len(re.findall(r"^\[\d+\]|^\d+\. ", one, re.MULTILINE)) for one in (every, without)]
    assert sources[1] <= sources[0]


def test_a_block_of_which_nothing_is_kept_is_not_told_as_a_gap(client: TestClient) -> None:
    text = post(client, "nl")
    rows = ticks(text, ".blocks.")
    zones = re.findall(r'<section class="block"><h4><bdi>(.*?)</bdi></h4><ul', text)
    gone = next(iter(rows)).rsplit(".", 2)[0]
    left = file(client, "nl", [key for key in rows if not key.startswith(gone)])
    assert zones[0] in file(client, "nl", list(rows))
    assert not re.search(rf"\*\*{re.escape(zones[0])}\*\*", left), "neither with rows nor as something that the corpus lacks"


def test_a_sentence_does_not_name_what_was_not_kept(client: TestClient) -> None:
    text = post(client, "nl")
    answers = ticks(text, "1.answers.")
    sentence = html.unescape(re.findall(r'class="answer-text">(.*?)</p>', text)[-1])
    first = " ".join(sentence.split()[:6])
    assert first in file(client, "nl", list(answers))
    assert first not in file(client, "nl", list(answers)[1:])


@pytest.mark.parametrize("lang", language.LANGS)
def test_the_other_language_keeps_what_was_pasted_ticked_and_written(client: TestClient, lang: str) -> None:
    other = language.other(lang)
    before = ticks(post(client, lang))
    dropped = [key for key in before if before[key]][::2]
    keep = [key for key in before if before[key] and key not in dropped]
    text = post(client, lang, to=other, keep=keep, **{"remark-1": "Nog na te vragen.", "bilingual": "true"})
    found = Read(text)
    assert found.lang == other and html.escape(BLOCKS[lang].splitlines()[1]) in text
    assert [key for key, on in ticks(text).items() if on] == keep
    assert re.search(r'id="r-1"[^>]*>Nog na te vragen\.</textarea>', text)
    assert ("input", "id", "bilingual") in found.attributes and text.count("checked") == len(keep) + 1
    assert f'name="to" value="{lang}"' in text, "and back again"
    assert f"/dossier?lang={lang}" not in found.links or 'class="switch" href' not in text


def test_a_key_is_made_of_what_a_thing_is_about() -> None:
    one = {"iri": "a", "label": {"nl": "x"}}
    keys = [key for key, _ in dossiers._keyed("0.rows", [one, {"iri": "b"}, one])]
    assert len(set(keys)) == 3
    assert [key for key, _ in dossiers._keyed("0.rows", [{"iri": "b"}, one])] == [keys[1], keys[0]]


def test_the_switch_works_without_scripts_and_enter_on_a_tick_downloads(browser: Browser, sample_build: Built) -> None:
    with served(sample_build.data) as (address, _):
        context = browser.new_context(java_script_enabled=False)
        page = Watched(context, address).go("/dossier", "fr")
        page.fill("#text", BLOCKS["fr"])
        page.click(".dossier-form button")
        first = page.locator("#made input[type=checkbox]").first
        first.focus()
        page.keyboard.press("Space")
        with page.expect_download():
            page.keyboard.press("Enter")
        assert page.get_attribute("html", "lang") == "fr" and page.locator("#made").count() == 1
        page.fill("#r-0", "à vérifier")
        page.click(".switch")
        assert page.get_attribute("html", "lang") == "nl" and page.input_value("#text") == BLOCKS["fr"]
        assert not page.locator("#made input[type=checkbox]").first.is_checked() and page.input_value("#r-0") == "à vérifier"
        context.close()
        scripted = browser.new_context(viewport={"width": 320, "height": 800})
        page = Watched(scripted, address).go("/dossier", "nl")
        page.fill("#text", BLOCKS["nl"])
        page.click(".dossier-form button")
        page.wait_for_selector("#made")
        assert not barriers(page) and page.evaluate("document.documentElement.scrollWidth") <= 320
        address_of = "document.querySelector('script[src*=dossier]').src"
        copied = f"async () => (await import({address_of})).ticked(document.getElementById('made'))"
        block = page.locator(".block:has(input)").first
        name = block.locator("h4").inner_text()
        assert name in page.evaluate(copied)
        for tick in block.locator("input").all():
            tick.uncheck()
        assert f"\n{name}\n" not in page.evaluate(copied)
        scripted.close()


def test_a_file_does_not_point_at_passages_that_were_not_kept(client: TestClient) -> None:
    text = "1. Werden er bodycams getest bij de politie?\n2. Welke initiatieven voeren maatregel 2.3 uit?"
    page = client.post("/dossier", data={"text": text, "lang": "nl"}).text
    near = [key for key in ticks(page) if ".evidence." in key]
    sent = {"text": text, "lang": "nl", "form": "markdown"}
    pointing = "De passages bij deze vraag komen in de buurt"
    assert near and pointing in client.post("/dossier/file", data={**sent, "keep": near}).text
    assert pointing not in client.post("/dossier/file", data=sent).text
