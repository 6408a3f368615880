"""The page /review: who gets in, what a verdict writes, and that neither another site nor a hostile text gets anything done."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from admin_help import client_on, with_tokens
from browser_help import Watched, barriers, tab_to
from corpus_help import Built
from judging_help import LIGHT, MARK, PLAN, SUGGESTED
from playwright.sync_api import Browser
from service_help import served
from starlette.testclient import TestClient
from web_help import Read

from kg.judgements import FILE, read_judgements
from search_api import review, tokens
from search_api.web import language, reviewing

HTML = {"accept": "text/html"}
HERE = {**HTML, "origin": "http://testserver"}
FIRST = {"subject": LIGHT, "property": "gvpp:suggestedMeasure", "object": f"{PLAN}/1.2"}
Desk = tuple[TestClient, dict[str, str], Path]


@pytest.fixture
def desk(suggested_build: Path, tmp_path: Path) -> Iterator[Desk]:
    """A client that is not signed in, the secret of the token of each scope, and the data folder."""
    headers = with_tokens(suggested_build, tmp_path / "data")
    secrets = {name: each["authorization"].split()[1] for name, each in headers.items()}
    with client_on(tmp_path / "data") as client:
        client.headers.update(HTML)
        yield client, secrets, tmp_path / "data"


def sign_in(client: TestClient, secret: str, **more: str) -> Any:
    data = {"token": secret, "lang": "nl", **more}
    return client.post("/review/session", data=data, headers=HERE, follow_redirects=False)


def send(client: TestClient, verdict: str, headers: dict[str, str] = HERE, **more: str) -> Any:
    data = {**FIRST, "verdict": verdict, "lang": "nl", **more}
    return client.post("/review/verdict", data=data, headers=headers)


def audit(data: Path) -> list[dict[str, Any]]:
    file = data / "audit.jsonl"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


# ---------------------------------------------------------------- who gets in


def test_without_tokens_there_is_no_such_page(sample_build: Built) -> None:
    with client_on(sample_build.data) as client:
        for method, path in (
            ("GET", "/review"),
            ("POST", "/review/session"),
            ("POST", "/review/verdict"),
            ("POST", "/review/end"),
        ):
            assert client.request(method, path, headers=HERE).status_code == 404, path
        assert "/review" not in client.get("/?lang=nl", headers=HTML).text


def test_the_page_goes_with_the_last_token(desk: Desk) -> None:
    client, secrets, data = desk
    assert sign_in(client, secrets["review"]).status_code == 303
    assert 'href="/review?lang=nl"' in client.get("/about?lang=nl").text
    for token in tokens.read(data):
        tokens.revoke(data, token.id)
    assert [client.get(path).status_code for path in ("/review", "/review?lang=fr")] == [404, 404]
    assert "/review" not in client.get("/about?lang=nl").text
    assert send(client, "accept").status_code == 404


@pytest.mark.parametrize("lang", language.LANGS)
def test_without_a_cookie_it_asks_for_a_token_and_shows_nothing_else(desk: Desk, lang: str) -> None:
    client, _, _ = desk
    reply = client.get(f"/review?lang={lang}")
    found = Read(reply.text)
    assert (reply.status_code, found.lang, reply.headers["cache-control"]) == (200, lang, "no-store")
    assert ("input", "type", "password") in found.attributes and "Lichtwacht" not in reply.text
    assert client.get("/review?unknown=1").status_code == 400


def test_only_a_token_with_the_scope_signs_in(desk: Desk) -> None:
    client, secrets, data = desk
    for secret, status in (
        ("", 401),
        ("gvpp_00000000_x", 401),
        ("x" * 1999, 401),
        ("x" * 2001, 400),
        (secrets["documents"], 403),
    ):
        reply = sign_in(client, secret)
        assert reply.status_code == status and "set-cookie" not in reply.headers
        assert not secret or secret not in reply.text
        if status != 400:
            assert 'role="alert"' in reply.text and 'href="/review?lang=fr"' in reply.text, "the switch leads to a page"
    assert [(line["action"], line["name"]) for line in audit(data)] == [("refused", "documents")]
    for name in ("review", "all"):
        assert sign_in(client, f" {secrets[name]}\n").status_code == 303


def test_the_cookie_is_closed_to_scripts_and_other_sites_and_goes_to_this_page_alone(desk: Desk) -> None:
    client, secrets, _ = desk
    reply = sign_in(client, secrets["review"], kind="merge")
    assert reply.headers["location"] == "/review?kind=merge&lang=nl"
    cookie = reply.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/review"} <= set(cookie.split("; ")) and "Secure" not in cookie
    assert "Max-Age" not in cookie and "expires" not in cookie.lower(), "it ends with the browser"
    page = client.get("/review?lang=nl")
    assert "Lichtwacht" in page.text and secrets["review"] not in page.text
    assert page.headers["cache-control"] == "no-store" and "etag" not in page.headers
    assert page.headers["referrer-policy"] == "same-origin", "else browsers would not say where a form comes from"
    assert client.get("/api/admin/suggestions").status_code == 401, "the API takes no cookie"
    out = client.post("/review/end", data={"lang": "fr"}, headers=HERE, follow_redirects=False)
    assert (out.status_code, out.headers["location"]) == (303, "/review?lang=fr") and "Max-Age=0" in out.headers["set-cookie"]
    assert "Lichtwacht" not in client.get("/review").text


def test_a_cookie_counts_only_while_its_token_does(desk: Desk) -> None:
    client, secrets, data = desk
    now = int(time.time())
    cookies = {
        f"{now - reviewing.HOURS * 3600 - 1}.{secrets['review']}": 401,
        f"{now + 600}.{secrets['review']}": 401,
        f"x.{secrets['review']}": 401,
        f"{now}.gvpp_00000000_x": 401,
        f"{now}.{secrets['personal']}": 403,
        f"{now}.": 200,
        f"{now - 60}.{secrets['review']}": 200,
    }
    for value, status in cookies.items():
        reply = client.get("/review?lang=nl", headers={"cookie": f"{reviewing.COOKIE}={value}"})
        assert reply.status_code == status, value
        assert ("Lichtwacht" in reply.text) == (value.startswith(f"{now - 60}.")), value
        assert ("Max-Age=0" in reply.headers.get("set-cookie", "")) == (status != 200), "a dead cookie is taken back"
    sign_in(client, secrets["review"])
    revoked = next(token for token in tokens.read(data) if token.name == "review")
    tokens.revoke(data, revoked.id)
    reply = send(client, "accept")
    assert reply.status_code == 401 and "niet opgeslagen" in reply.text
    assert not (data / FILE).exists() and "Lichtwacht" not in reply.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://elsewhere.example"},
        {"origin": "http://testserver.elsewhere.example"},
        {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
        {"sec-fetch-site": "same-site", "origin": "http://testserver"},
        {"sec-fetch-site": "none"},
    ],
)
def test_a_form_of_another_site_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    client, secrets, data = desk
    assert sign_in(client, secrets["review"]).status_code == 303
    for path, fields in (("verdict", {**FIRST, "verdict": "accept"}), ("session", {"token": secrets["all"]}), ("end", {})):
        reply = client.post(f"/review/{path}", data=fields, headers={**HTML, **headers}, follow_redirects=False)
        assert reply.status_code == 403 and "set-cookie" not in reply.headers, path
    assert not (data / FILE).exists() and not audit(data)
    assert client.get("/review/verdict").status_code == 405, "an address alone judges nothing"


def test_behind_a_proxy_that_renames_the_host_the_browser_itself_says_that_a_form_is_ours(desk: Desk) -> None:
    client, secrets, _ = desk
    headers = {**HTML, "sec-fetch-site": "same-origin", "origin": "https://plans.example.org"}
    reply = client.post("/review/session", data={"token": secrets["review"]}, headers=headers, follow_redirects=False)
    assert reply.status_code == 303 and "Secure" in reply.headers["set-cookie"]


def test_no_token_and_no_reason_stands_in_an_address_or_in_the_log(suggested_build: Path, tmp_path: Path) -> None:
    headers, lines = with_tokens(suggested_build, tmp_path / "data"), io.StringIO()
    secret = headers["review"]["authorization"].split()[1]
    with client_on(tmp_path / "data", access=lines) as client:
        for each in (secret, "verkeerdgeheim"):
            assert secret not in sign_in(client, each).headers.get("location", "")
        reply = send(client, "reject", why="geheimereden")
        assert "geheimereden" in reply.text and not {secret, "geheimereden"} & set(str(reply.url).replace("&", "=").split("="))
    text = lines.getvalue() + json.dumps(audit(tmp_path / "data"))
    assert secret not in text and "geheim" not in text and '"route": "/review/verdict"' in text


def test_signing_in_is_limited_like_everything_else(suggested_build: Path, tmp_path: Path) -> None:
    with_tokens(suggested_build, tmp_path / "data")
    with client_on(tmp_path / "data", rate=1.0, proxies=("testclient",)) as client:
        client.headers["x-forwarded-for"] = "192.0.2.7"
        assert {sign_in(client, "gvpp_00000000_x").status_code for _ in range(12)} == {401, 429}


# ---------------------------------------------------------------- what is shown, what is written


@pytest.mark.parametrize("lang", language.LANGS)
def test_suggestions_stand_best_first_with_both_passages_and_their_places(desk: Desk, lang: str) -> None:
    client, secrets, _ = desk
    sign_in(client, secrets["review"])
    reply = client.get(f"/review?lang={lang}")
    found = Read(reply.text)
    assert found.lang == lang and len(found.ids) == len(set(found.ids)) and found.tags.count("script") == 1
    sent = [value for tag, name, value in found.attributes if tag == "input" and name == "value" and value.startswith("id/")]
    best = sorted(SUGGESTED, key=lambda one: -one[3])
    assert sent == [ref for subject, _, object_, _ in best for ref in (subject, object_)]
    assert {f"/doc/{ref.removeprefix('id/')}?lang={lang}" for ref in sent} <= set(found.links)
    places = [link for link in found.links if "/read?" in link and "at=" in link]
    assert len(places) == 2 * len(SUGGESTED) and all(client.get(link).status_code == 200 for link in places[:2])
    assert {value for tag, name, value in found.attributes if (tag, name) == ("blockquote", "lang")} == {"nl", "fr"}
    assert reply.text.count("<mark>") >= len(SUGGESTED)
    words = {"nl": ("voert maatregel", "twee namen van één"), "fr": ("met en œuvre la mesure", "deux noms d’une seule")}
    assert all(text in found.text for text in words[lang])
    counts = [word for word in found.words if word.startswith("(") and word.endswith(")") and word[1:-1].isdecimal()]
    assert counts[:5] == ["(4)", "(2)", "(0)", "(1)", "(1)"], "all, then each kind"
    one = Read(client.get(f"/review?kind=merge&lang={lang}").text)
    assert one.tags.count("textarea") == 1 and f"/review?kind=merge&lang={language.other(lang)}" in one.links


@pytest.mark.parametrize(("verdict", "words"), [("accept", "Opgeslagen: aanvaard."), ("reject", "Opgeslagen: verworpen.")])
def test_a_verdict_is_recorded_with_the_name_of_the_token(desk: Desk, verdict: str, words: str) -> None:
    client, secrets, data = desk
    sign_in(client, secrets["review"])
    reply = send(client, verdict, why="=telt <b>lampen</b>\r\nper wijk", kind="measure")
    assert [each.status_code for each in reply.history] == [303] and reply.status_code == 200
    rows, problems = read_judgements([], data / FILE)
    assert not problems and [(row.subject, row.object, row.verdict, row.who) for row in rows] == [
        (LIGHT, f"{PLAN}/1.2", verdict, "review")
    ]
    assert rows[0].predicate == ("gvpp:implements" if verdict == "accept" else "gvpp:suggestedMeasure")
    assert [(line["action"], line["name"], line["subject"]) for line in audit(data)] == [(verdict, "review", LIGHT)]
    found = Read(reply.text)
    assert words in found.text and "volgende opbouw" in found.text and "&lt;b&gt;lampen" in reply.text
    assert str(reply.url).startswith("http://testserver/review?kind=measure&") and "told" in found.ids
    sent = [value for tag, name, value in found.attributes if tag == "input" and name == "value" and value.startswith("id/")]
    assert sent == [MARK, f"{PLAN}/1.1"], "the kind stays chosen, and what was judged is no longer open"


def test_a_suggestion_that_was_judged_meanwhile_or_is_gone_is_said_so(desk: Desk) -> None:
    client, secrets, data = desk
    sign_in(client, secrets["all"])
    other = {"authorization": f"Bearer {secrets['review']}"}
    assert client.post("/api/admin/judgements", json={**FIRST, "verdict": "reject"}, headers=other).status_code == 201
    before = (data / FILE).read_bytes()
    late = Read(send(client, "accept").text).text
    assert "intussen al beoordeeld" in late and "Verworpen door review" in late
    gone = Read(send(client, "accept", object=f"{PLAN}/9.9").text).text
    assert "staat niet meer open" in gone
    assert (data / FILE).read_bytes() == before and len(audit(data)) == 1


def test_an_address_cannot_claim_that_something_was_recorded(desk: Desk) -> None:
    client, secrets, _ = desk
    sign_in(client, secrets["review"])
    claimed = client.get("/review", params={**FIRST, "lang": "nl"})
    assert claimed.status_code == 200 and "Opgeslagen" not in claimed.text


def test_what_is_no_verdict_is_refused(desk: Desk) -> None:
    client, secrets, data = desk
    sign_in(client, secrets["review"])
    wrong: tuple[dict[str, str], ...] = ({"verdict": "perhaps"}, {"why": "x" * 2001}, {"subject": "x" * 501}, {"offset": "-1"})
    for fields in wrong:
        assert client.post("/review/verdict", data={**FIRST, "verdict": "accept", **fields}, headers=HERE).status_code == 400
    assert client.post("/review/verdict?x=1", data={**FIRST, "verdict": "accept"}, headers=HERE).status_code == 400
    assert client.post("/review/verdict", files={"verdict": ("x", b"accept")}, headers=HERE).status_code == 400
    assert not (data / FILE).exists()


def test_a_verdict_that_cannot_be_written_down_is_not_made(desk: Desk) -> None:
    client, secrets, data = desk
    sign_in(client, secrets["review"])
    (data / "audit.jsonl").mkdir()
    assert send(client, "accept").status_code == 503
    assert not (data / FILE).exists()


def test_hostile_words_are_shown_harmlessly(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    client, secrets, _ = desk
    evil = '"><script>alert(1)</script>\u202e{subject} %(x)s'
    real = review.listed

    def hostile(*given: Any) -> review.Open:
        found = real(*given)
        for one in found.suggestions:
            one["reason"] = {"nl": evil, "fr": evil}
            one["property"] = "gvpp:unknown"
            for passage in one["passages"]:
                passage |= {"text": evil, "quote": evil[:9], "section": evil, "title": {"nl": evil}}
        return found

    monkeypatch.setattr(review, "listed", hostile)
    sign_in(client, secrets["review"])
    for lang in language.LANGS:
        text = client.get(f"/review?lang={lang}").text
        assert "&lt;script&gt;alert" in text and "<script>alert" not in text and "\u202e" not in text
        assert not [one for one in Read(text).attributes if one[1].startswith("on") or one[1] == "style"]


def test_long_lists_come_in_pages_and_an_offset_behind_the_end_shows_the_last(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, secrets, _ = desk
    monkeypatch.setattr(reviewing, "SIZE", 2)
    sign_in(client, secrets["review"])
    first, last = Read(client.get("/review?lang=nl").text), Read(client.get("/review?offset=900&lang=nl").text)
    assert "/review?offset=2&lang=nl" in first.links and first.tags.count("textarea") == last.tags.count("textarea") == 2
    assert ("input", "value", "2") in last.attributes, "after a verdict the same part of the list is shown"


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def shown(suggested_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """A service with tokens: its address, a token that may judge, and its data folder."""
    data = tmp_path_factory.mktemp("review") / "data"
    headers = with_tokens(suggested_build, data)
    with served(data) as (address, _):
        yield address, headers["review"]["authorization"].split()[1], data


@pytest.mark.parametrize("lang", language.LANGS)
def test_signed_in_or_not_axe_finds_no_barrier_and_it_fits_a_phone(
    browser: Browser, shown: tuple[str, str, Path], lang: str
) -> None:
    address, secret, _ = shown
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 320, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        watched = Watched(context, address)
        page = watched.go("/review", lang)
        assert not barriers(page)
        page.fill("#token", "gvpp_wrong")
        page.click(".narrow button")
        assert page.is_visible("[role=alert]") and not barriers(page)
        page.fill("#token", secret)
        page.click(".narrow button")
        page.wait_for_selector(".judging")
        assert not barriers(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.evaluate("document.cookie") == "", "no script reads the cookie"
        context.close()
        assert [fault for fault in watched.faults if "401" not in fault] == []


def test_it_is_judged_with_the_keyboard_alone_and_without_scripts(browser: Browser, shown: tuple[str, str, Path]) -> None:
    address, secret, data = shown
    context = browser.new_context(java_script_enabled=False)
    watched = Watched(context, address)
    page = watched.go("/review", "fr")
    page.focus("#token")
    page.keyboard.type(secret)
    page.keyboard.press("Enter")
    page.wait_for_selector(".judging")
    tab_to(page, r"^why-1 ")
    page.keyboard.type("même projet")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the second button: reject
    page.wait_for_selector("#told")
    assert "rejetée" in page.inner_text("#told") and "même projet" in page.inner_text("#told")
    assert [(row.verdict, row.why) for row in read_judgements([], data / FILE)[0]] == [("reject", "même projet")]
    page.click(".switch")
    assert "verworpen" in page.inner_text("#told"), "the same in the other language"
    page.click(".signed button")
    page.wait_for_selector("#token")
    assert page.goto(f"{address}/review") and page.locator(".judging").count() == 0
    context.close()
    assert not watched.faults
