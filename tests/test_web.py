"""The pages as they are sent: both languages, complete words, links that lead somewhere, weight, and hostile documents."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from babel.messages.pofile import read_po
from corpus_help import PLAN_NL, Built, build_once
from crawling import Markup
from service_help import again
from starlette.testclient import TestClient
from web_help import HTML, MEASURE, PAGES, QUESTION, Read, client_of, in_language, messages

from kg import queries
from kg.settings import Settings
from kg.store import current
from search_api.service import create_app
from search_api.sparql_run import Limits
from search_api.web import language, marks
from search_api.web.site import Site

HEAVIEST = 200_000  # bytes of HTML; the picture of the network is on a page of its own


@pytest.fixture(scope="module")
def client(sample_build: Built) -> Iterator[TestClient]:
    with client_of(sample_build.data) as found:
        yield found


def page(client: TestClient, path: str, **headers: str) -> Read:
    reply = client.get(path, headers=headers)
    assert reply.status_code == 200, f"{path}: {reply.text[:500]}"
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    return Read(reply.text)


# ---------------------------------------------------------------- every page


@pytest.mark.parametrize("lang", language.LANGS)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_in_both_languages(client: TestClient, path: str, lang: str) -> None:
    reply = client.get(in_language(path, lang))
    assert reply.status_code == 200, reply.text[:500]
    assert len(reply.content) <= HEAVIEST
    found = Read(reply.text)
    assert found.lang == lang == reply.headers["content-language"]
    assert found.tags.count("h1") == 1
    assert found.tags.count("main") == 1
    assert len(found.ids) == len(set(found.ids)), "an id stands twice"
    # The same content in the other language is one link away, on every page.
    switch = next(link for link in found.links if f"lang={language.other(lang)}" in link)
    assert urlsplit(switch).path == urlsplit(path).path
    # Nothing that the closed policy would stop, and nothing of another host.
    policy = reply.headers["content-security-policy"]
    assert "'unsafe" not in policy and "http" not in policy
    assert not [one for one in found.attributes if one[1] == "style" or one[1].startswith("on")]
    loaded = [value for tag, name, value in found.attributes if tag in ("script", "link", "img") and name in ("src", "href")]
    assert loaded and all(value.startswith("/") for value in loaded)
    assert not re.search(r"<script(?![^>]* src=)", reply.text)


def test_links_lead_somewhere(client: TestClient) -> None:
    """Every kind of link that a page has, each kind a few times."""
    kinds: dict[str, list[str]] = {}
    for path in PAGES:
        for link in page(client, in_language(path, "fr")).links:
            if link.startswith("/"):
                kind = "/".join(urlsplit(link).path.split("/")[:3]) + ("?" if "passage=" in link else "")
                kinds.setdefault(kind, []).append(link)
    assert len(kinds) > 40
    for links in kinds.values():
        for link in sorted(set(links), key=len)[:2] + sorted(set(links))[-2:]:
            reply = client.get(link)
            assert reply.status_code == 200, f"{link}: {reply.status_code}"


def test_an_anchor_that_is_linked_is_there(client: TestClient) -> None:
    cited = [link for link in page(client, in_language(MEASURE, "nl")).links if "passage=" in link]
    assert cited
    for link in cited:
        assert urlsplit(link).fragment in page(client, link).ids


# ---------------------------------------------------------------- languages


def test_the_language_follows_the_browser_and_the_address_wins(client: TestClient) -> None:
    assert page(client, "/", **{"accept-language": "fr-BE,fr;q=0.9,nl;q=0.5"}).lang == "fr"
    assert page(client, "/", **{"accept-language": "en-GB,nl;q=0.5,fr;q=0.4"}).lang == "nl"
    assert page(client, "/", **{"accept-language": "de"}).lang == "nl"
    assert page(client, "/?lang=fr", **{"accept-language": "nl"}).lang == "fr"
    reply = client.get("/about", headers={"accept-language": "fr"})
    assert "Accept-Language" in reply.headers["vary"]
    assert reply.headers["etag"] != client.get("/about", headers={"accept-language": "nl"}).headers["etag"]


@pytest.mark.parametrize("lang", language.LANGS)
def test_no_word_of_the_interface_is_missing_or_untranslated(repository: Path, lang: str) -> None:
    with (language.FOLDER / lang / "LC_MESSAGES" / "messages.po").open("rb") as file:
        words = read_po(file, locale=lang)
    wanted = messages(repository)
    assert len(wanted) > 300
    known = {(entry.id,) if isinstance(entry.id, str) else tuple(entry.id): entry for entry in words if entry.id}
    assert not wanted - set(known), "add these to the catalogue (docs/pages.md)"
    assert not set(known) - wanted, "nothing uses these any more"
    for key, entry in known.items():
        texts = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        assert all(texts) and len(texts) == (1 if len(key) == 1 else words.num_plurals), key
        assert not entry.fuzzy, key
        for text in texts:
            assert set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", key[-1])), key


def test_no_english_is_left_on_the_pages(client: TestClient, repository: Path) -> None:
    """Longer texts of the interface: none stands on a page as the program has it."""
    english = {text for key in messages(repository) for text in key if len(text) > 24 and "%(" not in text}
    for path in PAGES:
        for lang in language.LANGS:
            text = page(client, in_language(path, lang)).text
            assert not [one for one in english if one in text], path


def test_passages_carry_their_language(client: TestClient) -> None:
    reply = client.get(in_language("/search?q=politie", "fr"))
    hits = client.get("/api/search?q=politie&lang=nl&limit=10").json()["hits"]
    assert {hit["lang"] for hit in hits} == {"nl", "fr"}
    for lang in ("nl", "fr"):
        assert f'<blockquote class="passage" lang="{lang}">' in reply.text


def test_dates_and_numbers_are_those_of_the_language() -> None:
    assert (language.number(27616883, "nl"), language.number("27616883", "fr")) == ("27.616.883", "27\u202f616\u202f883")
    assert (language.day("2022-07-04", "nl"), language.day("2022-07-04", "fr")) == ("4 juli 2022", "4 juillet 2022")
    assert language.day("2018", "nl") == "2018" and language.number("12bis", "fr") == "12bis"


# ---------------------------------------------------------------- what pages say


@pytest.mark.parametrize("lang", language.LANGS)
def test_an_answer_leads_to_the_quote_in_its_place(client: TestClient, lang: str) -> None:
    found = page(client, in_language(f"/search?q={QUESTION[lang]}", lang))
    assert "Réseau Intersection" in found.text
    link = next(link for link in found.links if "/read?" in link and "at=" in link)
    place = client.get(link).text
    marked = re.findall(r"<mark>(.+?)</mark>", place, re.DOTALL)
    assert marked and any("2.3" in text for text in marked)
    assert 'class="para cited"' in place


def test_the_search_page_shows_what_the_api_finds(client: TestClient) -> None:
    path = "/search?q=fiets&plan=gvpp-2021-2024"
    api = client.get("/api/search?q=fiets&lang=nl&plan=gvpp-2021-2024&limit=100").json()
    found = page(client, in_language(path, "nl"))
    assert f"{api['total']} passage" in found.text
    assert sum("/read?" in link for link in found.links) >= min(10, api["total"])
    table = next(value for tag, name, value in found.attributes if value.startswith("/search.csv"))
    assert len(list(csv.reader(io.StringIO(client.get(table).text)))) == api["total"] + 1
    assert any(link.startswith("/search?q=fiets&lang=nl") for link in found.links), "a filter can be taken away"
    narrower = next(link for link in found.links if "doc_lang=" in link and "plan=gvpp" in link)
    assert client.get(narrower).status_code == 200


def test_stated_and_suggested_stand_apart(suggested_build: Path) -> None:
    with client_of(suggested_build) as client:
        rows = client.get("/api/coverage").json()["rows"]
        row = next(row for row in rows if row["suggested"])
        text = client.get(in_language("/doc/" + row["reference"].removeprefix("id/"), "nl")).text
        stated, _, suggested = text.partition('class="apart"')
        assert row["suggested"][0]["label"] in suggested
        assert row["suggested"][0]["label"] not in stated
        assert "badge suggested" in suggested


def test_a_measure_shows_what_it_was_with_the_words_that_changed(client: TestClient) -> None:
    found = client.get("/api/compare?from=2017-2020&to=2021-2024").json()
    row = next(row for row in found["measures"] if row["counterparts"])
    text = client.get(in_language(f"/doc/measure/{row['plan']}/{row['number']}", "fr")).text
    assert f"/doc/measure/gvpp-2021-2024/{row['counterparts'][0]['number']}" in text
    assert "<del>" in text and "<ins>" in text


def test_pages_link_their_data_in_every_form(client: TestClient) -> None:
    found = page(client, in_language(MEASURE, "nl"))
    forms = {value for tag, name, value in found.attributes if tag == "a" and name == "type"}
    assert {"application/json", "text/turtle", "application/ld+json", "application/n-triples", "application/rdf+xml"} <= forms
    for link in found.links:
        if "format=" in link or link.startswith("/api/"):
            assert client.get(link).status_code == 200


def test_one_address_gives_page_or_data(client: TestClient) -> None:
    assert client.get(MEASURE, headers={"accept": "text/turtle"}).headers["content-type"].startswith("text/turtle")
    assert client.get(MEASURE, headers={"accept": "*/*"}).headers["content-type"].startswith("text/turtle")
    reply = client.get("/id/measure/gvpp-2021-2024/2.3")
    assert reply.headers["content-type"].startswith("text/html")


def test_nothing_is_sent_twice(client: TestClient) -> None:
    first = client.get(in_language(MEASURE, "nl"))
    again = client.get(in_language(MEASURE, "nl"), headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    style = next(value for _, name, value in Read(first.text).attributes if value.endswith("/style.css"))
    assert "immutable" in client.get(style).headers["cache-control"]
    assert "immutable" not in client.get("/static/000/style.css").headers["cache-control"]
    assert "private" in client.get("/search?q=fiets").headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing-here", 404), ("/doc/measure/gvpp-2021-2024/99.9", 404), ("/search?q=a&unknown=1", 400), ("/list/nothing", 404)],
)
def test_an_error_is_a_page_for_people_and_a_problem_for_programs(client: TestClient, path: str, status: int) -> None:
    reply = client.get(path, headers={"accept-language": "fr"})
    assert reply.status_code == status
    assert Read(reply.text).lang == "fr"
    program = client.get(path, headers={"accept": "application/json"})
    assert (program.status_code, program.headers["content-type"]) == (status, "application/problem+json")
    assert client.get("/api/search", headers=HTML).headers["content-type"] == "application/problem+json"


def test_a_service_without_data_says_so(tmp_data: Path) -> None:
    with client_of(tmp_data) as client:
        reply = client.get("/?lang=fr")
        assert reply.status_code == 503
        assert Read(reply.text).lang == "fr"


def test_the_query_page_runs_and_tells_what_is_wrong(client: TestClient) -> None:
    rows = page(client, "/query?query=SELECT ?p { ?p a gvpp:Plan }&lang=nl")
    assert "id/plan/gvpp-2021-2024" in rows.text
    broken = client.get("/query?query=SELECT ?p { ?p a&lang=fr")
    assert broken.status_code == 200 and 'role="alert"' in broken.text
    terms = client.get("/query/terms.json?lang=fr").json()
    assert "gvpp" in terms["prefixes"] and terms["terms"]["gvpp:Measure"] == "Mesure"


def test_every_example_query_can_be_run_as_it_stands(client: TestClient) -> None:
    found = client.get("/query?lang=nl").text
    shown = re.findall(r'<option value="([\w-]+)"', found)
    assert len(shown) > 0.8 * len(queries.names())
    for name in shown:
        text = re.search(r"<textarea[^>]*>(.*?)</textarea>", client.get(f"/query?example={name}&lang=nl").text, re.DOTALL)
        assert text
        reply = client.get("/sparql", params={"query": html.unescape(text[1])}, headers={"accept": "application/json"})
        assert reply.status_code == 200, f"{name}: {reply.text[:300]}"


def test_what_is_new_since_the_last_corpus(sample_build: Built, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(sample_build.data, data)
    again(data)
    used = current(data)
    assert used is not None
    path = used.path.parent / used.manifest["previous"] / "manifest.json"
    before = json.loads(path.read_text("utf-8"))
    del before["documents"]["jaarverslag-2022"]
    before["documents"]["gone"] = {}
    path.write_text(json.dumps(before), "utf-8")
    with client_of(data) as client:
        text = page(client, "/new?lang=nl").text
        assert "toegevoegd" in text and "gone" in text and "verwijderd" in text


# ---------------------------------------------------------------- hostile documents

WORD = "w" * 1_000_000
HOSTILE = f"""Jaarverslag 2022 <script>alert(1)</script>

Dit verslag gaat over het Globaal Veiligheids- en Preventieplan 2021-2024 en over wat er in 2022 gebeurde.

1. PROJECTEN

1.1. "><img src=x onerror=alert(2)> Buurttafel

De vzw Buurttafel \u202egnal nee\u202c brengt bewoners samen. Het project past in het kader van maatregel 1.2 van het GVPP.

1.2. Lichtwacht

Lichtwacht telt de kapotte lampen. Dit draagt bij aan maatregel 1.1. {{{{ 7 * 7 }}}} &lt;b&gt; javascript:alert(3)

1.3. Lang

{WORD}
"""
SOURCE = """document = "jaarverslag-2022"
lang = "nl"
genre = "report"
year = 2022
plan = "gvpp-2021-2024"
title.nl = "<script>alert(4)</script> \\u202eVerslag\\u0000"
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("hostile")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "gvpp-2021-2024.nl.txt").write_text(PLAN_NL, "utf-8")
    (corpus / "jaarverslag-2022.nl.txt").write_text(HOSTILE, "utf-8")
    build_once(corpus, folder / "data")
    with client_of(folder / "data") as found:
        yield found


def hostile_pages(client: TestClient) -> dict[str, Any]:
    paths = {"/", "/search?q=lampen", "/list/initiatives", "/list/documents", "/findings", "/coverage", "/network"}
    paths |= {"/doc/document/jaarverslag-2022", "/doc/document/jaarverslag-2022/read"}
    for kind in ("initiatives", "organisations"):
        for item in client.get(f"/api/{kind}", headers={"accept": "*/*"}).json()["items"]:
            paths.add("/doc/" + item["iri"].split("/id/")[1])
    for hit in client.get("/api/search?q=verslag%20lampen%20bewoners", headers={"accept": "*/*"}).json()["hits"]:
        paths.add("/doc/" + hit["passage"].split("/id/")[1])
    return {path: client.get(in_language(path, "nl")) for path in paths}


def test_a_hostile_document_is_shown_harmlessly(hostile: TestClient) -> None:
    replies = hostile_pages(hostile)
    assert len(replies) > 10
    seen: set[str] = set()
    for path, reply in replies.items():
        assert reply.status_code == 200, f"{path}: {reply.text[:300]}"
        assert len(reply.content) <= HEAVIEST, path
        found = Read(reply.text)
        assert "alert" not in "".join(value for tag, name, value in found.attributes if name in ("src", "onerror"))
        assert not [one for one in found.attributes if one[1].startswith("on")], path
        assert found.tags.count("script") == 1, f"{path}: only our own"
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", reply.text), path
        seen |= {words for words in ("&lt;script&gt;", "{{ 7 * 7 }}") if words in reply.text}
        assert not [link for link in found.links if link.lower().startswith(("javascript:", "data:"))]
    assert len(seen) == 2, "the hostile words are shown as they are, escaped"


def test_a_hostile_question_is_shown_harmlessly(client: TestClient) -> None:
    for path in ("/search?q=", "/network?around=", "/query?query=", "/glossary?q=", "/list/measures?name=", "/report?page="):
        reply = client.get(path + "%22%3E%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE&lang=nl")
        assert reply.status_code in (200, 400), path
        assert "<script>alert" not in reply.text
    assert 'href="https://evil' not in client.get("/report?page=https://evil.example/&lang=nl").text
    assert 'href="//evil' not in client.get("/report?page=//evil.example/&lang=nl").text


# ---------------------------------------------------------------- reports


def report_page(data: Path, contact: str, lang: str) -> tuple[Read, str]:
    app = create_app(Settings(data=data, encoder="none", contact=contact), Limits(workers=1))
    with TestClient(app, headers=HTML) as client:
        reply = client.get("/report", params={"page": "/search?q=a b&lang=nl", "lang": lang})
        return Read(reply.text), reply.headers["etag"]


def test_an_error_is_reported_to_the_address_that_was_set(sample_build: Built) -> None:
    found, _ = report_page(sample_build.data, "fouten@example.org", "nl")
    mail = urlsplit(next(link for link in found.links if link.startswith("mailto:")))
    fields = parse_qs(mail.query)
    assert mail.path == "fouten@example.org" and "fouten@example.org" in found.text
    assert "/search?q=a b&lang=nl" in fields["subject"][0] and "/search?q=a b&lang=nl\r\n" in fields["body"][0]
    web, etag = report_page(sample_build.data, "https://report.example.org/form", "fr")
    assert "https://report.example.org/form" in web.links and not [link for link in web.links if link.startswith("mailto:")]
    none, other = report_page(sample_build.data, "", "fr")
    assert "GVPP_CONTACT" in none.text and not [link for link in none.links if link.startswith(("mailto:", "http"))]
    assert etag != other, "a browser that keeps the page asks for it anew"


def test_a_thing_without_a_label_is_called_by_its_reference(client: TestClient) -> None:
    grants = [link for link in page(client, "/budget?lang=nl").links if link.startswith("/doc/grant/")]
    assert grants
    for link in grants[:20]:
        text = client.get(link).text
        assert not Markup(text).faults, link


# ---------------------------------------------------------------- marks


def test_marks_count_in_the_text_and_escape_it() -> None:
    assert marks.marked("a <b> c", [(2, 5)]) == "a <mark>&lt;b&gt;</mark> c"
    assert marks.marked("abc", [(0, 2), (1, 3)]) == "<mark>ab</mark><mark>c</mark>"
    long = "woord " * 1000 + "doel " + "woord " * 1000
    at = long.index("doel")
    cut = marks.marked(long, [(at, at + 4)], 300)
    assert "<mark>doel</mark>" in cut and len(cut) < 400 and cut.startswith("… ") and cut.endswith(" …")
    assert marks.place_of("een  twee\ndrie", "twee drie") == (5, 14)
    assert marks.place_of("een", "twee") is None


def test_changes_show_what_was_taken_and_added() -> None:
    before, after = marks.changes("De gemeenten en de politie <i>", "de gemeenten en het parket <i>")
    assert (before, after) == (
        "De gemeenten en <del>de politie</del> &lt;i&gt;",
        "de gemeenten en <ins>het parket</ins> &lt;i&gt;",
    )


def test_static_files_are_all_used_and_the_digest_is_of_their_content(client: TestClient) -> None:
    site = Site(client.app.state.live)  # type: ignore[attr-defined]
    assert site.digest == Site(client.app.state.live).digest  # type: ignore[attr-defined]
    for name in site.static:
        assert client.get(site.asset(name)).status_code == 200
