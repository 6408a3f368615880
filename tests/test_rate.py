"""The limit on requests per client: who counts as one, and what those who ask too often are told."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from service_help import small
from starlette.testclient import TestClient

from kg.settings import Settings
from search_api import rate
from search_api.rate import Buckets, client_of
from search_api.service import create_app
from search_api.sparql_run import Limits


def test_a_bucket_empties_and_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    buckets = Buckets(2.0, lambda: moment)
    assert [buckets.wait("a") for _ in range(11)] == [0] * 10 + [1]
    assert buckets.wait("b") == 0  # another client has its own
    moment = 0.5
    assert [buckets.wait("a"), buckets.wait("a")] == [0, 1]
    moment = 1000.0
    assert [buckets.wait("a") for _ in range(11)] == [0] * 10 + [1]  # never more than it holds


def test_a_low_rate_says_how_long_to_wait() -> None:
    buckets = Buckets(0.1, lambda: 0.0)
    assert buckets.wait("a") == 0 and buckets.wait("a") == 10


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "CLIENTS", 3)
    buckets = Buckets(1.0, lambda: 0.0)
    for number in range(10):
        buckets.wait(str(number))
    assert list(buckets.clients) == ["7", "8", "9"]


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # what a client says of itself does not count
        ("127.0.0.1", None, ""),
        ("::1", None, ""),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "10.9.9.9, 203.0.113.9", "203.0.113.9"),  # only what the proxy added
        ("192.0.2.1", "203.0.113.9", "203.0.113.9"),
        ("192.0.2.1", None, "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", None, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::1", None, "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", None, "198.51.100.7"),
        ("::ffff:127.0.0.1", None, ""),
        ("127.0.0.1", "nonsense", "nonsense"),
        ("", None, ""),
    ],
)
def test_whose_request_it_is(peer: str, said: str | None, client: str) -> None:
    scope: dict[str, Any] = {
        "client": (peer, 1) if peer else None,
        "headers": [(b"x-forwarded-for", said.encode())] if said else [],
    }
    assert client_of(scope, frozenset({"192.0.2.1"})) == client


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(tmp_path / "data", 5)
    monkeypatch.setattr(rate, "Buckets", partial(Buckets, now=lambda: 0.0))  # a slow machine would fill the bucket again

    def service() -> Any:
        return create_app(Settings(data=tmp_path / "data", encoder="none"), Limits(workers=1), rate=1.0)

    with TestClient(service(), client=("198.51.100.7", 1)) as client:
        statuses = [client.get("/api/plans").status_code for _ in range(8)]
        assert statuses == [200] * 5 + [429] * 3
        reply = client.get("/api/plans")
        assert (reply.status_code, reply.headers["content-type"]) == (429, "application/problem+json")
        assert int(reply.headers["retry-after"]) >= 1 and reply.json()["type"] == "/problems#too-many"
        assert reply.headers["x-request-id"] and reply.headers["x-content-type-options"] == "nosniff"
        assert {client.get("/healthz").status_code for _ in range(9)} == {200}
        assert client.get("/api/plans", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 429
    with TestClient(service(), client=("127.0.0.1", 1)) as client:
        assert {client.get("/api/plans").status_code for _ in range(20)} == {200}
