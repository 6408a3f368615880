"""A data folder with tokens and a client with one, for the tests of administration."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from kg.settings import Settings
from search_api import tokens
from search_api.service import create_app
from search_api.sparql_run import Limits

SCOPES = tuple(tokens.SCOPES)


def with_tokens(source: Path, data: Path) -> dict[str, dict[str, str]]:
    """A copy of a data folder with one token per scope: the headers of each, and of one with "all"."""
    shutil.copytree(source, data, dirs_exist_ok=True)
    made = {scope: tokens.create(data, scope, [scope], 5)[1] for scope in SCOPES}
    made["all"] = tokens.create(data, "all", SCOPES, 5)[1]
    return {name: {"authorization": f"Bearer {secret}"} for name, secret in made.items()}


@contextlib.contextmanager
def client_on(data: Path, **more: Any) -> Iterator[TestClient]:
    """The service on a data folder, in this process."""
    app = create_app(Settings(data=data, encoder="none"), Limits(workers=1, seconds=2.0), **more)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def ended(client: TestClient, job: dict[str, Any], headers: dict[str, str], seconds: float = 120) -> dict[str, Any]:
    """The job when it has ended."""
    end = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = client.get(f"/api/admin/jobs/{job['id']}", headers=headers).json()
        if found["state"] in ("done", "failed"):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.1)
