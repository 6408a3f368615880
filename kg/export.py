"""The public graph as files: RDF in three formats, and its main tables as CSV. The restricted graph is not in it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pyoxigraph as ox

from kg import queries
from kg.errors import StoreError
from kg.names import expand
from kg.store import Generation, Rows, Triples, open_store, query, serialise

TABLES = ("export-measures", "export-initiatives", "export-links", "export-figures", "export-grants")


def export(generation: Generation, folder: Path) -> list[Path]:
    """Write gvpp.ttl (all public statements), gvpp.trig (by graph), gvpp.jsonld, and a CSV per table; gives the files."""
    base = generation.manifest["base"]
    store = open_store(generation)
    prefixes = {
        prefix: expand(f"{prefix}:", base) for prefix in ("gvpp", "dct", "skos", "org", "prov", "oa", "schema", "eli", "rdf")
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        default = Triples(
            [ox.Triple(q.subject, q.predicate, q.object) for q in store.quads_for_pattern(None, None, None, ox.DefaultGraph())]
        )
        named = [quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph)]
        contents = {
            "gvpp.ttl": serialise(default, ox.RdfFormat.TURTLE, base=base),
            "gvpp.trig": ox.serialize(named, format=ox.RdfFormat.TRIG, prefixes=prefixes) or b"",
            "gvpp.jsonld": ox.serialize(named, format=ox.RdfFormat.JSON_LD, prefixes=prefixes) or b"",
        }
        for table in TABLES:
            rows = query(store, queries.load(table).text, base=base)
            assert isinstance(rows, Rows)
            contents[f"{table.removeprefix('export-')}.csv"] = serialise(rows, ox.QueryResultsFormat.CSV, base=base)
        return [_put(folder / name, content) for name, content in contents.items()]
    except OSError as error:
        raise StoreError(f"cannot be written: {error}", where=str(folder), remedy="choose another folder") from error


def _put(target: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(target)
    target.chmod(0o644)
    return target
