"""Tokens: kept as hashes, compared whole, gone when revoked or expired; made on the command line."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest
from corpus_help import run, run_json

from kg.errors import StoreError, UsageError
from search_api import tokens


def test_a_token_is_shown_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    made = run_json(tmp_path, "token", "create", "--name", "curator", "--scope", "review", "--scope", "documents")
    secret = made["token"]
    assert len(secret) > 50 and made["scopes"] == ["documents", "review"]
    kept = (tmp_path / tokens.FILE).read_text()
    assert secret not in kept and hashlib.sha256(secret.encode()).hexdigest() in kept
    assert stat.S_IMODE((tmp_path / tokens.FILE).stat().st_mode) == 0o600
    listed = run_json(tmp_path, "token", "list")
    assert [each["id"] for each in listed["tokens"]] == [made["id"]]
    assert secret not in json.dumps(listed) and "hash" not in json.dumps(listed)
    assert secret not in run(tmp_path, "token", "list").output


def test_only_the_whole_secret_is_a_token(tmp_path: Path) -> None:
    made, secret = tokens.create(tmp_path, "curator", ["review"], 10)
    other, _ = tokens.create(tmp_path, "clerk", ["documents"], 10)
    keeper = tokens.Keeper(tmp_path)
    assert keeper.find(secret) == made
    for wrong in ("", secret[:-1], secret + "x", secret.swapcase(), made.id, made.hash, other.hash, "é" * 500, secret + "\n"):
        assert keeper.find(wrong) is None


def test_a_revoked_token_is_refused_at_once(tmp_path: Path) -> None:
    made, secret = tokens.create(tmp_path, "curator", ["review"], 10)
    _, other = tokens.create(tmp_path, "clerk", ["documents"], 10)
    keeper = tokens.Keeper(tmp_path)
    assert keeper.find(secret) and keeper.find(other)
    assert run(tmp_path, "token", "revoke", made.id).exit_code == 0
    assert keeper.find(secret) is None and keeper.find(other)
    assert run_json(tmp_path, "token", "revoke", made.id, code=2)["error"] == "UsageError"


def test_a_token_ends_with_its_last_day(tmp_path: Path) -> None:
    made, secret = tokens.create(tmp_path, "curator", ["review"], 10)
    assert made.holds(made.expires) and not made.holds("9999-12-31")
    rows = json.loads((tmp_path / tokens.FILE).read_text())
    rows[0]["expires"] = "2020-01-01"
    (tmp_path / tokens.FILE).write_text(json.dumps(rows))
    assert tokens.Keeper(tmp_path).find(secret) is None


@pytest.mark.parametrize(
    ("name", "scopes", "where"),
    [
        ("", ["review"], "--name"),
        ("x" * 81, ["review"], "--name"),
        ("a\x1b[0m", ["review"], "--name"),
        ("x", ["all"], "--scope"),
        ("x", [], "--scope"),
    ],
)
def test_a_wrong_token_is_not_made(tmp_path: Path, name: str, scopes: list[str], where: str) -> None:
    with pytest.raises(UsageError) as error:
        tokens.create(tmp_path, name, scopes, 1)
    assert error.value.where == where
    assert tokens.read(tmp_path) == []


def test_a_damaged_file_is_no_empty_one(tmp_path: Path) -> None:
    (tmp_path / tokens.FILE).write_text("[{}]")
    with pytest.raises(StoreError):
        tokens.Keeper(tmp_path).known()
    assert run(tmp_path, "token", "list").exit_code == 6
