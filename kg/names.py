"""Identifiers: prefixes, base-relative references and slugs (Belgian URI standard, design §3).

Everything inside the product uses references without the base ("id/measure/gvpp-2021-2024/2.3") and prefixed names
("gvpp:implements"); the base is applied when a graph is written, so that judgements and caches survive a change of base.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

DEFAULT_BASE = "https://gvpp.example"

PREFIXES: dict[str, str] = {
    "dct": "http://purl.org/dc/terms/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "org": "http://www.w3.org/ns/org#",
    "prov": "http://www.w3.org/ns/prov#",
    "oa": "http://www.w3.org/ns/oa#",
    "schema": "http://schema.org/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "foaf": "http://xmlns.com/foaf/0.1/",
}
OWN_NAMESPACE = "ns/gvpp#"


def expand(name: str, base: str) -> str:
    """The full IRI of a prefixed name ("skos:prefLabel"), a base-relative reference ("id/…") or an IRI (unchanged)."""
    if name.startswith(("http://", "https://")):
        return name
    prefix, colon, local = name.partition(":")
    if colon and prefix == "gvpp":
        return f"{base}/{OWN_NAMESPACE}{local}"
    if colon and prefix in PREFIXES:
        return PREFIXES[prefix] + local
    return f"{base}/{name}"


def shorten(iri: str, base: str) -> str:
    """The opposite of `expand` for IRIs under the base; others come back unchanged."""
    return iri[len(base) + 1 :] if iri.startswith(base + "/") else iri


def sparql_prefixes(base: str) -> str:
    """PREFIX lines for every prefix of the product, to put before a query."""
    own = {"gvpp": f"{base}/{OWN_NAMESPACE}"}
    return "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in (own | PREFIXES).items())


LETTERS = str.maketrans({"’": "'", "ß": "ss", "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})


def fold(text: str) -> str:
    """Lower case without accents and with single spaces: the form in which names are compared."""
    if text.isascii():
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).casefold().split())


def slug(text: str, limit: int = 64) -> str:
    """An ASCII identifier for a name, cut at a word boundary; never empty.

    >>> slug("Réseau Intersection België")
    'reseau-intersection-belgie'
    """
    words = re.findall(r"[a-z0-9]+", fold(text))
    kept: list[str] = []
    for word in words:
        if kept and len("-".join([*kept, word])) > limit:
            break
        kept.append(word)
    return "-".join(kept)[:limit] or digest(text, length=12)


def digest(*parts: str, length: int = 16) -> str:
    """Hexadecimal hash of parts (separated so that their borders count)."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:length]


def measure_ref(plan: str, number: str) -> str:
    """Reference of a measure: its number means nothing without its plan."""
    return f"id/measure/{plan}/{number}"


def theme_ref(plan: str, number: str | int) -> str:
    """Reference of a theme of one plan edition."""
    return f"auth/theme/{plan}/{number}"
