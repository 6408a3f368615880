"""Tokens for administration: made, listed and revoked on the command line, kept as hashes in `{data}/tokens.json`.

A token is 256 random bits, so one SHA-256 of it is enough to keep: there is no word to guess. The token itself is shown once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kg.errors import StoreError, UsageError

FILE = "tokens.json"
SCOPES = {
    "documents": "upload, read again and remove documents, and build",
    "review": "accept and reject suggestions",
    "personal": "see personal data of the sources",
}
LONGEST = 200  # characters of a token; longer ones are not looked at


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token. `id` names it in lists and in the audit log; `name` is who has it: a role or initials."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: str  # ISO date
    expires: str  # ISO date; it holds until the end of that day
    hash: str

    def holds(self, day: str) -> bool:
        return day <= self.expires

    def as_dict(self) -> dict[str, object]:
        """What may be shown: everything but the hash."""
        return {name: value for name, value in asdict(self).items() if name != "hash"}


def create(data: Path, name: str, scopes: Sequence[str], days: int) -> tuple[Token, str]:
    """A new token and its secret, which is shown once and kept nowhere. Raises UsageError and StoreError."""
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise UsageError("a token needs a name of 1 to 80 characters", where="--name", remedy="give a role or initials")
    if unknown := set(scopes) - set(SCOPES):
        raise UsageError(f"{min(unknown)!r} is no scope", where="--scope", remedy=f"known: {', '.join(SCOPES)}")
    if not scopes:
        raise UsageError("a token needs a scope", where="--scope", remedy=f"known: {', '.join(SCOPES)}")
    today = datetime.now(UTC).date()
    identifier = secrets.token_hex(4)
    secret = f"gvpp_{identifier}_{secrets.token_urlsafe(32)}"
    token = Token(
        id=identifier,
        name=name,
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        created=today.isoformat(),
        expires=(today + timedelta(days=days)).isoformat(),
        hash=_hash(secret),
    )
    with _alone(data):
        _write(data / FILE, [*read(data), token])
    return token, secret


def revoke(data: Path, identifier: str) -> Token:
    """Take a token out; a running service refuses it from its next request on. Raises UsageError where there is none."""
    with _alone(data):
        known = read(data)
        found = next((token for token in known if token.id == identifier), None)
        if found is None:
            raise UsageError(f"there is no token {identifier!r}", where=str(data / FILE), remedy="`gvpp token list` shows them")
        _write(data / FILE, [token for token in known if token.id != identifier])
    return found


def read(data: Path) -> list[Token]:
    """All tokens that are kept; a file that is damaged is an error, never "no tokens"."""
    file = data / FILE
    try:
        rows = json.loads(file.read_text("utf-8"))
        return [Token(**{**row, "scopes": tuple(row["scopes"])}) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError("the tokens cannot be read", where=str(file), remedy="delete it and create the tokens again") from error


class Keeper:
    """Answers which token a secret is, for a service that runs: the file is read again when it has changed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.seen: tuple[int, int] | None = None
        self.tokens: list[Token] = []

    def known(self) -> list[Token]:
        """The tokens in force now."""
        try:
            status = (self.data / FILE).stat()
            mark = (status.st_mtime_ns, status.st_ino)
        except FileNotFoundError:
            mark = (0, 0)
        if mark != self.seen:
            self.tokens, self.seen = read(self.data), mark
        return self.tokens

    def find(self, secret: str) -> Token | None:
        """The token of a secret, None for one that is unknown or has expired. Every kept hash is compared, in constant time."""
        given = _hash(secret[:LONGEST])
        found: Token | None = None
        for token in self.known():
            if hmac.compare_digest(token.hash, given):
                found = token
        return found if found and found.holds(datetime.now(UTC).date().isoformat()) else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One writer at a time; the system frees the lock with its process."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        handle = os.open(data / "tokens.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"cannot be written: {error}", where=str(data), remedy="see to space and rights") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(file: Path, tokens: Sequence[Token]) -> None:
    """The file whole or not at all, for its owner alone."""
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".tokens-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as new:
                json.dump([asdict(token) for token in tokens], new, ensure_ascii=False, indent=1)
                new.flush()
                os.fsync(new.fileno())
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StoreError(f"cannot be written: {error}", where=str(file), remedy="see to space and rights") from error
