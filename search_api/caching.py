"""ETag and Last-Modified from the generation of the data: an answer changes only when a build is published."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from kg.names import digest


@lru_cache(maxsize=256)
def tag(generation: str, *parts: str) -> str:
    """A weak ETag (the same content, perhaps compressed) for one form of an answer of one generation."""
    return f'W/"{digest(generation, *parts, length=20)}"'


def http_date(created: str) -> str:
    """A time in ISO form as HTTP writes it."""
    return format_datetime(datetime.fromisoformat(created).astimezone(UTC), usegmt=True)


def conditional(request: Request, etag: str, date: str, *, there: bool = True) -> Response | None:
    """304 where the client has this already, else None. If-None-Match wins over If-Modified-Since (RFC 9110).

    there: whether it is sure that the thing exists. "If-None-Match: *" asks just that, so it is not answered before.
    """
    if wanted := request.headers.get("if-none-match"):
        known = {part.strip().removeprefix("W/") for part in wanted.split(",")}
        same = (there and wanted.strip() == "*") or etag.removeprefix("W/") in known
    elif since := request.headers.get("if-modified-since"):
        try:
            same = parsedate_to_datetime(date) <= parsedate_to_datetime(since)
        except (ValueError, TypeError):
            same = False
    else:
        same = False
    return Response(status_code=304, headers={"etag": etag, "last-modified": date, "vary": "Accept"}) if same else None
