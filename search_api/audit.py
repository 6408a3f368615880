"""The audit log: what holders of a token did, one JSON object per line in `{data}/audit.jsonl`, which is only added to.

A line is on disk before the thing is done: what cannot be written down is refused. Neither questions, nor texts, nor personal
data stand in it.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from kg.errors import StoreError
from search_api.tokens import Token

FILE = "audit.jsonl"


def write(data: Path, action: str, token: Token | None, **more: str) -> None:
    """Add a line. action: what is done, such as "upload"; token: whose; more: of what, and what came of it.

    Raises StoreError where the line cannot be written.
    """
    line: dict[str, str] = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "action": action}
    if token:
        line |= {"token": token.id, "name": token.name}
    written = json.dumps(line | more, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    try:
        handle = os.open(data / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if os.write(handle, written) != len(written):
                raise OSError("the disk is full")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StoreError(
            f"the audit log cannot be written: {error}", where=str(data / FILE), remedy="see to space and rights"
        ) from error
