"""Which form a client wants: the Accept header with its q values, or a `format` parameter, which wins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

# What clients call a form, beside its media type: the short names of common SPARQL clients among them.
RESULT_NAMES = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}
GRAPH_NAMES = {
    "turtle": "text/turtle",
    "ttl": "text/turtle",
    "n3": "text/turtle",
    "trig": "application/trig",
    "ntriples": "application/n-triples",
    "n-triples": "application/n-triples",
    "nt": "application/n-triples",
    "rdfxml": "application/rdf+xml",
    "rdf+xml": "application/rdf+xml",
    "rdf": "application/rdf+xml",
    "xml": "application/rdf+xml",
    "jsonld": "application/ld+json",
    "json-ld": "application/ld+json",
    "json": "application/ld+json",
}
# Media types under which a form is asked for, beside its own.
ALIASES = {
    "application/json": ("application/sparql-results+json", "application/ld+json"),
    "application/xml": ("application/sparql-results+xml", "application/rdf+xml"),
    "text/xml": ("application/sparql-results+xml", "application/rdf+xml"),
    "application/x-turtle": ("text/turtle",),
    "text/n3": ("text/turtle",),
    "text/rdf+n3": ("text/turtle",),
    "text/plain": ("application/n-triples",),
    "application/x-trig": ("application/trig",),
}
Ranges = tuple[tuple[str, float], ...]


@lru_cache(maxsize=1024)
def ranges(accept: str) -> Ranges:
    """Media ranges of an Accept header with their q values, in the order in which they stand; what is malformed is left out."""
    found: list[tuple[str, float]] = []
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if not re.fullmatch(r"(\*|[\w.+-]+)/(\*|[\w.+-]+)", name) or (name.startswith("*/") and name != "*/*"):
            continue
        q = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                q = float(value.strip()) if re.fullmatch(r"\s*(0(\.\d{0,3})?|1(\.0{0,3})?)\s*", value) else 0.0
        found.append((name, q))
    return tuple(found)


def quality(media_type: str, wanted: Ranges) -> float:
    """How much a client wants a media type: the q of the most specific range that covers it, 0 where none does."""
    best, closeness = 0.0, 0
    for name, q in wanted:
        if name == media_type:
            close = 4
        elif media_type in ALIASES.get(name, ()):
            close = 3
        elif name == media_type.split("/")[0] + "/*":
            close = 2
        else:
            close = 1 if name == "*/*" else 0
        if close > closeness:
            best, closeness = q, close
    return best


@lru_cache(maxsize=1024)
def choose(accept: str, offered: tuple[str, ...]) -> str:
    """The offered media type that the client wants most (the earlier one where it does not care), "" where it wants none."""
    wanted = ranges(accept) if accept.strip() else (("*/*", 1.0),)
    scored = [(quality(media_type, wanted), -place, media_type) for place, media_type in enumerate(offered)]
    q, _, media_type = max(scored)
    return media_type if q > 0 else ""


def by_name(name: str, names: Mapping[str, str], offered: Sequence[str]) -> str:
    """The media type that a `format` parameter names, "" where it names none of those offered."""
    wanted = name.strip().lower().replace(" ", "+")  # "+" of a media type, as forms decode it
    return names.get(wanted) or next((media_type for media_type in offered if media_type == wanted), "")
