"""The data folder: generations of the graph, the one in use, and queries over it.

A build never changes what is in use. It writes a new generation beside the others and swaps the name in `current`:

    {data}/lock                                   held by the build that runs
    {data}/current                                name of the generation in use
    {data}/generations/{name}/graphs/{graph}.nq   one N-Quads file per public named graph, sorted lines
    {data}/generations/{name}/store/              the pyoxigraph store loaded from them
    {data}/generations/{name}/restricted/{…}.nq   personal data, mode 0600, never loaded
    {data}/generations/{name}/manifest.json       what it was made of
    {data}/judgements.csv                         what was judged with `gvpp review` (kg/judgements.py); no build changes it
    {data}/generations/.{…}                       left by a build that died; the next one removes it

In the store each quad of a public graph stands in its named graph and, unless the graph holds suggestions, in the default
graph too, so that a plain query sees the union of the public graphs without anything suggested.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pyoxigraph as ox

from kg.errors import QueryError, StoreError
from kg.names import PREFIXES, digest, expand
from kg.queries import check, reading

FORMAT = 1  # of the folder layout; another number is refused
RESTRICTED = "restricted"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE)
_AGAIN = "build again, or restore a backup"
_held: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())

Manifest = Mapping[str, Any]
Files = Mapping[str, bytes | Path]
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


@dataclass(frozen=True, slots=True)
class Generation:
    """One complete build: its folder and its manifest (name, created, previous, format, base, version, graphs, files…)."""

    path: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Rows:
    """Answer to SELECT. A row lacks the variables that are unbound; truncated: the row limit cut the answer off."""

    variables: tuple[str, ...]
    rows: list[dict[str, Term]]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Triples:
    """Answer to CONSTRUCT or DESCRIBE, without repetitions."""

    triples: list[ox.Triple]
    truncated: bool = False


def current(data: Path) -> Generation | None:
    """The generation in use, or None where nothing was built yet; raises StoreError for a damaged or foreign folder."""
    for _ in range(3):  # a build that ends between two reads may have removed the generation that was named
        name = _name_in_use(data)
        if name is None:
            return None
        with contextlib.suppress(FileNotFoundError):
            return read_generation(data / "generations" / name)
    raise StoreError(f"the generation in use, {name}, is missing", where=str(data), remedy=_AGAIN)


def _name_in_use(data: Path) -> str | None:
    try:
        name = (data / "current").read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"cannot be read: {error}", where=str(data / "current"), remedy=_AGAIN) from error
    if not _NAME.fullmatch(name):
        raise StoreError("does not name a generation", where=str(data / "current"), remedy=_AGAIN)
    return name


def read_generation(path: Path) -> Generation:
    """The generation in a folder; FileNotFoundError where there is none, StoreError for one that is damaged or foreign."""
    try:
        manifest = json.loads((path / "manifest.json").read_text("utf-8"))
        found = manifest["format"]
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError("the manifest is damaged", where=str(path), remedy=_AGAIN) from error
    if found != FORMAT:
        raise StoreError(f"has format {found!r}, not {FORMAT}", where=str(path), remedy="build again with this version")
    return Generation(path, manifest)


@contextlib.contextmanager
def build_lock(data: Path) -> Iterator[None]:
    """Hold the data folder for one build; it may be taken again inside itself. The system frees it when the process dies.

    Raises StoreError at once where another process (or another thread of this one) holds it.
    """
    key = data.resolve()
    if key in _held.get():
        yield
        return
    try:
        data.mkdir(parents=True, exist_ok=True)
        handle = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"cannot be written: {error}", where=str(data), remedy="choose another folder (GVPP_DATA)") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            process = f" (process {owner})" if owner else ""
            raise StoreError("another build is running", where=str(data), remedy=f"wait until it ends{process}") from error
        with contextlib.suppress(OSError):  # a full disk shows itself later, where it matters
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        token = _held.set(_held.get() | {key})
        try:
            yield
        finally:
            _held.reset(token)
    finally:
        os.close(handle)


def publish(
    data: Path,
    *,
    graphs: Files,
    suggested: Collection[str] = (),
    restricted: Mapping[str, bytes] | None = None,
    files: Files | None = None,
    computed: Callable[[ox.Store], Files] | None = None,
    manifest: Manifest,
) -> Generation:
    """Write a new generation, put it in use, and remove all others but the one before it.

    graphs: N-Quads by graph name; every quad stands in `{base}/id/graph/{graph name}`. suggested: names of those that must not
    be in the default graph. restricted: N-Quads by file name. files: other files by relative path ("texts/x.nl.txt").
    A Path is hard-linked where it lies in an older generation and copied otherwise. computed: gives further files from the
    store, once it is written. manifest: must hold "base";
    name, created, previous, format, graphs and files are set here.
    Raises StoreError, and leaves the generation in use as it was, where anything fails.
    """
    restricted, files = restricted or {}, files or {}
    _check_names(graphs, suggested, restricted, files)
    with build_lock(data):
        generations = data / "generations"
        building = generations / f".building-{secrets.token_hex(8)}"
        final: Path | None = None
        previous = _survivor(data)
        try:
            generations.mkdir(exist_ok=True)
            _remove(generations, [p for p in generations.iterdir() if p.name.startswith(".")])
            full = _write(building, graphs, suggested, restricted, files, computed, {**manifest, "previous": previous})
            final = generations / full["name"]
            _sync_tree(building)
            building.rename(final)
            _sync(generations)
            swap(data, full["name"])
        except BaseException as error:
            used = _survivor(data)
            _remove(generations, [building] if final is None or final.name == used else [building, final])
            if isinstance(error, OSError | RuntimeError):
                remedy = f"see to space and rights; in use is {used or 'nothing yet'}"
                raise StoreError(f"not published: {error}", where=str(data), remedy=remedy) from error
            raise
        keep = {final.name, previous}
        _remove(generations, [p for p in generations.iterdir() if p.name not in keep])
        return Generation(final, full)


def _survivor(data: Path) -> str | None:
    """The name in use; a damaged one counts as none, since a new build mends it."""
    with contextlib.suppress(StoreError):
        return _name_in_use(data)
    return None


def _check_names(graphs: Iterable[str], suggested: Iterable[str], restricted: Iterable[str], files: Iterable[str]) -> None:
    """Names become paths and graph IRIs: refuse what would leave its folder or overwrite a file of ours."""
    for name in (*graphs, *restricted):
        if not _NAME.fullmatch(name):
            raise StoreError(f"{name!r} cannot be the name of a graph", remedy="use letters, digits, '.', '_' and '-'")
    if RESTRICTED in set(graphs):
        raise StoreError("the restricted graph is never public", remedy="pass it as restricted")
    if unknown := set(suggested) - set(graphs):
        raise StoreError(f"suggested graph {min(unknown)!r} is not among the graphs", remedy="pass its quads too")
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] in ("/", "graphs", "store", RESTRICTED, "manifest.json") or {"..", "."} & set(name.split("/")):
            raise StoreError(f"{name!r} cannot be the path of a file", remedy='use a relative path such as "texts/x.nl.txt"')


def _write(
    folder: Path,
    graphs: Files,
    suggested: Collection[str],
    restricted: Mapping[str, bytes],
    files: Files,
    computed: Callable[[ox.Store], Files] | None,
    manifest: Manifest,
) -> Manifest:
    """All files of a generation; its complete manifest comes back."""
    base = str(manifest["base"])
    sums: dict[str, dict[str, Any]] = {"graphs": {}, "files": {}}
    (folder / "graphs").mkdir(parents=True)
    store = ox.Store(str(folder / "store"))
    try:
        for name, content in sorted(graphs.items()):
            graph = expand(f"id/graph/{name}", base)
            given = content.read_bytes() if isinstance(content, Path) else content
            lines = _normal(given, graph, name)
            _put(folder / "graphs" / f"{name}.nq", content if given == lines else lines, shared=folder.parent)
            default = b"" if name in suggested else lines.replace(f" <{graph}> .\n".encode(), b" .\n")
            store.bulk_load(lines + default, format=ox.RdfFormat.N_QUADS)
            sha256 = hashlib.sha256(lines).hexdigest()
            sums["graphs"][name] = {"iri": graph, "quads": lines.count(b"\n"), "sha256": sha256, "default": name not in suggested}
        store.flush()
        store.optimize()
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"invalid N-Quads: {error}", where=f"graph {name}", remedy="correct what writes this graph") from error
    finally:
        del store  # closes its files
    if computed:
        more = computed(ox.Store.read_only(str(folder / "store")))
        _check_names((), (), (), more)
        files = {**files, **more}
    for path, content in sorted(files.items()):
        _put(folder / path, content, shared=folder.parent)
        sums["files"][path] = hashlib.sha256((folder / path).read_bytes()).hexdigest()
    for name, content in restricted.items():
        (folder / RESTRICTED).mkdir(mode=0o700, exist_ok=True)
        _put(folder / RESTRICTED / f"{name}.nq", b"".join(_lines(content)), mode=0o600)
    now = datetime.now(UTC)
    mark = digest(base, json.dumps(sums, sort_keys=True), length=8)  # nothing of the restricted files: the name is public
    own = {"format": FORMAT, "created": now.isoformat(timespec="seconds"), "name": f"{now:%Y%m%dT%H%M%S.%fZ}-{mark}"}
    complete = {"version": _version(), **manifest, **sums, **own}
    _put(folder / "manifest.json", json.dumps(complete, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")
    return complete


def nquads(triples: Iterable[ox.Triple], graph: str) -> bytes:
    """Triples as the lines of one named graph (its full IRI), in the form that `publish` keeps."""
    return "".join(sorted({f"{t.subject} {t.predicate} {t.object} <{graph}> .\n" for t in triples})).encode()


def _normal(content: bytes, graph: str, name: str) -> bytes:
    """Sorted lines without repetitions; raises StoreError for a quad outside the graph and for a blank node."""
    end = f" <{graph}> .\n".encode()
    lines = _lines(content)
    for line in lines:
        if not line.endswith(end):
            raise StoreError(f"{line[:200]!r} is not in <{graph}>", where=f"graph {name}", remedy="end each line with its graph")
        if b"_:" in line and any(part.startswith(b"_:") for part in line.split(None, 3)[:3:2]):
            raise StoreError(f"{line[:200]!r} has a blank node", where=f"graph {name}", remedy="give the node an IRI")
    return b"".join(lines)


def _lines(content: bytes) -> list[bytes]:
    stripped = {line.strip() for line in content.split(b"\n")}
    return sorted(line + b"\n" for line in stripped if line and not line.startswith(b"#"))


def _version() -> str:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("gvpp")
    return "unknown"


def _put(target: Path, content: bytes | Path, *, shared: Path | None = None, mode: int = 0o644) -> None:
    """Write or copy a file; one that lies under `shared`, the generations, is linked: their files are never changed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        if shared and content.resolve().is_relative_to(shared.resolve()):
            with contextlib.suppress(OSError):
                os.link(content, target)
                return
        shutil.copyfile(content, target)
        return
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_tree(folder: Path) -> None:
    """All files and folders on disk, not only in the memory of the system."""
    for path, _, names in os.walk(folder):
        for name in names:
            _sync(Path(path, name))
        _sync(Path(path))


def swap(data: Path, name: str) -> None:
    """Put a generation in use, in one step."""
    new = data / "current.new"
    new.write_text(name + "\n", "utf-8")
    _sync(new)
    new.replace(data / "current")
    _sync(data)


def _remove(generations: Path, folders: Iterable[Path]) -> None:
    """Rename first, since a half removed folder must not look like a generation; the next build removes what is left."""
    for folder in folders:
        with contextlib.suppress(OSError):
            dead = folder if folder.name.startswith(".") else folder.rename(generations / f".removing-{folder.name}")
            shutil.rmtree(dead)


def open_store(generation: Generation) -> ox.Store:
    """The store of a generation, read only. Open the current one after each build: the next but one removes this folder."""
    try:
        return ox.Store.read_only(str(generation.path / "store"))
    except (OSError, RuntimeError) as error:
        raise StoreError(f"the store cannot be opened: {error}", where=str(generation.path), remedy="build again") from error


def query(
    source: Generation | ox.Store,
    text: str,
    *,
    base: str,
    values: Mapping[str, Term] | None = None,
    limit: int | None = None,
) -> Rows | bool | Triples:
    """Run a query with the prefixes of the product; relative IRIs count from the base.

    values: terms for variables of the query. limit: most rows or triples to return. There is no time limit: run the queries of
    strangers in a process that can be killed. Raises QueryError for what `kg.queries.check` refuses and for invalid SPARQL.
    """
    check(text)
    store = open_store(source) if isinstance(source, Generation) else source
    terms = {ox.Variable(name): term for name, term in (values or {}).items()}
    with reading(text):
        result = store.query(text, base_iri=f"{base}/", prefixes=_prefixes(base), substitutions=terms)
        if isinstance(result, ox.QueryBoolean):
            return bool(result)
        if isinstance(result, ox.QueryTriples):
            triples: dict[ox.Triple, None] = {}
            for triple in result:
                triples[triple] = None
                if limit is not None and len(triples) > limit:
                    return Triples(list(triples)[:limit], truncated=True)
            return Triples(list(triples))
        names = tuple(variable.value for variable in result.variables)
        found = islice(result, None if limit is None else limit + 1)
        rows = [{name: term for name, term in zip(names, row, strict=True) if term is not None} for row in found]
        return Rows(names, rows[:limit], limit is not None and len(rows) > limit)


def _prefixes(base: str) -> dict[str, str]:
    return {prefix: expand(f"{prefix}:", base) for prefix in ("gvpp", *PREFIXES)}


def serialise(result: Rows | bool | Triples, format: ox.QueryResultsFormat | ox.RdfFormat, *, base: str) -> bytes:
    """A result in a standard format: JSON, CSV, TSV or XML for rows and booleans; an RDF format for triples."""
    if isinstance(result, Triples) and isinstance(format, ox.RdfFormat):
        return ox.serialize(result.triples, format=format, prefixes=_prefixes(base)) or b""
    if isinstance(result, Triples) or isinstance(format, ox.RdfFormat):
        kind = "triples" if isinstance(result, Triples) else "rows or a boolean"
        raise QueryError(f"the result is {kind} and cannot be written as {format}", where="query", remedy="choose another format")
    if isinstance(result, bool):
        written = "true" if result else "false"
    else:  # written as TSV, where a term stands in its own syntax
        cells = ("\t".join(_cell(row.get(name)) for name in result.variables) for row in result.rows)
        written = "".join(f"{line}\n" for line in ("\t".join(f"?{name}" for name in result.variables), *cells))
    parsed = ox.parse_query_results(written.encode(), format=ox.QueryResultsFormat.TSV)
    return parsed.serialize(format=format) or b""


def _cell(term: Term | None) -> str:
    if isinstance(term, ox.Triple):
        return f"<<( {term} )>>"
    return "" if term is None else str(term)
