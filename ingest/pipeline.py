"""The one way from files to a published graph: find, extract, link, validate, publish.

What decides whether a document is extracted anew is the key of its inputs: the bytes of its files, their metadata, and the
version of this software and its data. Extractions are kept in the cache of the data folder under that key, so a changed file
costs its own extraction and no other; a graph whose bytes did not change is not validated again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import tempfile
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.extraction_cache import cached, keep
from kg.errors import ExtractionError, GvppError, SourceError, UsageError
from kg.model import Extraction, Suggestion
from kg.names import digest
from kg.settings import Settings
from kg.store import Generation, build_lock, current, publish

if TYPE_CHECKING:
    from ingest.judging import Judged
    from ingest.sources import Found
    from ingest.suggest import Things

ROOT = Path(__file__).resolve().parent.parent
CODE = ("kg", "ingest", "ontology")
ALWAYS = ("vocabulary", "findings")  # graphs that are published even when they hold nothing
COUNTED = {
    "gvpp:Measure": "measures",
    "gvpp:Initiative": "initiatives",
    "gvpp:Figure": "figures",
    "schema:MonetaryGrant": "grants",
    "gvpp:Recommendation": "recommendations",
    "gvpp:ResolutionPart": "parts",
    "gvpp:Abbreviation": "abbreviations",
}


@dataclass(slots=True)
class Result:
    """What a build did: documents by what happened to them, errors of files that were left out, findings, warnings, notes."""

    generation: Generation | None = None
    changed: bool = False
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    errors: list[GvppError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # places in documents that were not understood
    notes: list[str] = field(default_factory=list)  # files that were passed over, and why
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    detected: dict[str, dict[str, str]] = field(default_factory=dict)
    judgements: dict[str, Any] = field(default_factory=dict)  # how many are accepted, rejected, reported; and the problems
    merges: dict[str, Any] = field(default_factory=dict)  # what was merged and why, programmes, and how many pairs are suggested


Progress = Callable[[str, str, int, int], None]
"""Called with what is being done, to what, how many are done, and of how many."""


def software_version() -> str:
    """Version of the product with a hash of its code and data: what it writes depends on both."""
    hasher = hashlib.sha256()
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                hasher.update(path.relative_to(ROOT).as_posix().encode())
                hasher.update(path.read_bytes())
    try:
        version = importlib.metadata.version("gvpp")
    except importlib.metadata.PackageNotFoundError:
        version = "0"
    return f"gvpp {version}+{hasher.hexdigest()[:12]}"


def build(
    settings: Settings, folders: Iterable[Path], *, progress: Progress | None = None, again: Collection[str] = ()
) -> Result:
    """Build and publish the graph of every document in the folders; one that holds nothing new costs no work.

    A document that was ingested into the data folder stands before one of a corpus folder with the same id and language.
    again: ids of documents that are read anew although nothing changed; UsageError for one that is not there.
    Raises SourceError (a folder cannot be read, or there is nothing to build), ExtractionError (a source yields less than
    promised) and ValidationError; nothing is published then. Files that cannot be used are left out (or kept as they last
    were) and named in the result's errors, as rows of the gazetteer and of labels are; judgements that cannot be used are named
    with the result's judgements.
    """
    from ingest import judging

    report = progress or (lambda *_: None)
    folders = [folder.resolve() for folder in folders]
    with build_lock(settings.data):
        before = current(settings.data)
        software = software_version()
        result = Result()
        found = _find(settings.data.resolve(), folders, result)
        judged = judging.read(settings.data.resolve(), folders)
        result.judgements = judged.as_dict()
        if not found and not before and not result.errors:
            where = ", ".join(map(str, folders)) or "build"
            raise SourceError(
                "there is no document", where=where, remedy="name a folder that holds documents: `gvpp build --corpus DIR`"
            )
        if missing := set(again) - {item.document for item in found}:
            where, remedy = str(settings.data), "`gvpp status` lists the documents"
            raise UsageError(f"there is no document {min(missing)!r}", where=where, remedy=remedy)
        keys = {item.key: _key(item, software) for item in found}
        read = (f"{item.path}={keys[item.key]}" for item in found)
        inputs = digest(settings.base, settings.encoder, software, judged.mark, *map(str, folders), *read)
        if before and before.manifest.get("inputs") == inputs and not result.errors and not again:
            return _told(_unchanged(result, before))
        extractions = _extract_all(settings, before, software, found, keys, again, result, report)
        if not extractions and result.errors:
            result.generation = before
            return _told(result)
        _check_minimums(extractions)
        inputs = inputs if not result.errors else ""
        _publish(settings, before, software, inputs, extractions, judged, keys, folders, result, report)
        return _told(result)


def _told(result: Result) -> Result:
    """The result with the rows of our own data that were left out. They come last: no file fails because of them."""
    from kg.labels import load_labels
    from kg.vocabulary import load_vocabulary

    result.errors += [*load_vocabulary().problems, *load_labels().problems]
    return result


def _find(data: Path, folders: list[Path], result: Result) -> list[Found]:
    """The files to build from, sorted by key; notes those that are passed over."""
    from ingest.adopt import OWN, removed
    from ingest.sources import find_sources

    mine, errors = find_sources([folder for folder in folders if folder == data / OWN])
    others, more = find_sources([folder for folder in folders if folder != data / OWN])
    result.errors += [*errors, *more]
    hidden, ingested = removed(data), {item.key for item in mine}
    for item in others:
        if item.document in hidden:
            result.notes.append(f"{item.path}: passed over, since {item.document} was removed; `gvpp ingest` brings it back")
        elif item.key in ingested:
            result.notes.append(f"{item.path}: passed over; in use is the file that was ingested as {item.key}")
    kept = [item for item in others if item.document not in hidden and item.key not in ingested]
    return sorted([*mine, *kept], key=lambda item: item.key)


def _key(item: Found, software: str) -> str:
    """What decides whether a file is extracted anew. Metadata that cannot be read are told of where they are used."""
    metadata = b""
    if item.metadata:
        with contextlib.suppress(OSError):
            metadata = item.metadata.read_bytes()
    return digest(item.key, item.sha256, hashlib.sha256(metadata).hexdigest(), software)


def try_out(data: Path, item: Found) -> None:
    """Extract one file and keep the result for the build that follows; raises what is wrong with it."""
    extraction = _extract(item, _tools())
    _check_minimums([extraction])
    keep(data / "cache", _key(item, software_version()), extraction)


def _unchanged(result: Result, before: Generation) -> Result:
    result.generation = before
    result.kept = sorted(before.manifest["documents"])
    result.counts = dict(before.manifest["documents"])
    result.findings = list(before.manifest["findings"])
    result.warnings = list(before.manifest["warnings"])
    result.judgements = dict(before.manifest["judgements"])
    result.merges = dict(before.manifest["merges"])
    return result


def _extract_all(
    settings: Settings,
    before: Generation | None,
    software: str,
    found: list[Found],
    keys: dict[str, str],
    again: Collection[str],
    result: Result,
    report: Progress,
) -> list[Extraction]:
    """Extractions of all sources: from the cache where the key is known, else, and those of `again`, anew. A file that fails
    keeps its last good one, and the key of that."""
    cache = settings.data / "cache"
    same = before is not None and before.manifest.get("software") == software
    known = {name: entry["key"] for name, entry in before.manifest["sources"].items()} if before and same else {}
    extractions: list[Extraction] = []
    for number, item in enumerate(found):
        report("extract", item.key, number, len(found))
        extraction = None if item.document in again else cached(cache, keys[item.key])
        if extraction is None:
            try:
                extraction = _extract(item, _tools())
                keep(cache, keys[item.key], extraction)
            except GvppError as error:
                result.errors.append(error)
                extraction = cached(cache, known.get(item.key, ""))
                if extraction is None:
                    continue
                keys[item.key] = known[item.key]
                result.notes.append(f"{item.path}: cannot be used now; what was read from it before is kept")
        extractions.append(replace(extraction, source=replace(extraction.source, path=item.path)))
    report("extract", "", len(found), len(found))
    wanted = {f"{key}.pickle" for key in (*keys.values(), *known.values())}
    for file in cache.glob("*.pickle"):
        if file.name not in wanted:
            file.unlink(missing_ok=True)
    return extractions


def _extract(item: Found, tools: tuple[Any, Any, Any]) -> Extraction:
    """The extraction of one file. What an extractor did not expect costs its own file alone."""
    from ingest.extract import extract
    from ingest.readers import sha256_of

    try:
        extraction = extract(item, *tools)
    except GvppError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise ExtractionError(
            f"could not be understood: {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}: {error}",
            where=str(item.path),
            remedy="this is a fault of the product: report it, and leave the file out until then",
        ) from error
    if sha256_of(item.path) != item.sha256:
        raise SourceError("the file changed while it was read", where=str(item.path), remedy="build again")
    return extraction


@functools.cache
def _tools() -> tuple[Any, Any, Any]:
    from ingest.recognise import Recogniser
    from ingest.wording import load_wording
    from kg.vocabulary import load_vocabulary

    vocabulary = load_vocabulary()
    return load_wording(), vocabulary, Recogniser(vocabulary)


def counts_of(extractions: Iterable[Extraction]) -> dict[str, int]:
    """How much a document yields, in the terms of its metadata's minimums."""
    subjects: dict[str, set[str]] = {}
    themes: set[str] = set()
    passages = 0
    for extraction in extractions:
        passages += len(extraction.passages)
        for s in extraction.statements:
            if s.predicate == "rdf:type" and s.object.path in COUNTED:  # type: ignore[union-attr]
                subjects.setdefault(COUNTED[s.object.path], set()).add(s.subject)  # type: ignore[union-attr]
            if s.predicate == "skos:notation" and s.subject.startswith("auth/theme/"):
                themes.add(s.subject)
    counts = {name: len(refs) for name, refs in subjects.items()}
    if themes:
        counts["themes"] = len(themes)
    return counts | {"passages": passages}


def _check_minimums(extractions: Iterable[Extraction]) -> None:
    short: dict[str, list[str]] = {}
    for extraction in extractions:
        counts = counts_of([extraction])
        for name, least in extraction.source.minimum.items():
            if counts.get(name, 0) < least:
                told = f"yields {counts.get(name, 0)} {name}, at least {least} are promised"
                short.setdefault(str(extraction.source.path), []).append(told)
    if short:
        raise ExtractionError(
            "; ".join(dict.fromkeys(told for each in short.values() for told in each)),
            where=", ".join(short),
            remedy="nothing was published: see whether the file is complete, or correct [minimum] in its metadata",
        )


def suggested(things: Things, settings: Settings, report: Progress) -> list[Suggestion]:
    """Links that no text states, computed."""
    from ingest.suggest import suggest
    from kg.encoder import NONE, load_encoder

    encoder = load_encoder(settings.encoder) if settings.encoder != NONE else None
    return suggest(things, encoder, settings.data / "cache", lambda done, total: report("suggest", "", done, total))


def _publish(
    settings: Settings,
    before: Generation | None,
    software: str,
    inputs: str,
    extractions: list[Extraction],
    judged: Judged,
    keys: Mapping[str, str],
    folders: list[Path],
    result: Result,
    report: Progress,
) -> None:
    from ingest import findings, judging, link, merging, suggest
    from ingest.indexing import index_files
    from ingest.manifest import detected_values, finding_entry, source_entry
    from ingest.validation import Validation
    from kg import network_build
    from kg.graph import document_graph, findings_graph, merged_graph, restricted_graph, suggested_graph
    from kg.vocabulary import load_vocabulary, vocabulary_graph

    report("link", "", 0, 1)
    merged = merging.merge(extractions, judged.judgements, load_vocabulary())
    result.merges = merged.as_dict()
    labels = link.curated(merged.extractions)
    stated = link.link(merged.extractions, labels)
    judged = judging.settle(judged, stated, {entry.ref for entry in load_vocabulary().entries}, merged.same)
    result.judgements = judged.as_dict()
    linked = judging.without_rejected(stated, judged)
    documents: dict[str, list[Extraction]] = {}
    for extraction in linked:
        documents.setdefault(extraction.source.document, []).append(extraction)
    old = before.manifest.get("hashes", {}) if before else {}
    with Validation(settings.base, report) as validation, tempfile.TemporaryDirectory(prefix="gvpp-index-") as scratch:
        graphs = {name: document_graph(group, settings.base, software) for name, group in documents.items()}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in graphs.items()}
        validation.start({name: graphs[name] for name in graphs if hashes[name] != old.get(name)})
        things = suggest.gather(linked, labels, load_vocabulary())
        suggestions = [*suggested(things, settings, report), *merged.likely]
        found = findings.across(linked)
        beside = {
            "vocabulary": vocabulary_graph(load_vocabulary(), link.lacking(linked, labels), settings.base),
            "findings": findings_graph(found, settings.base),
            "suggested": suggested_graph(judging.still_open(suggestions, judged), settings.base),
            "judgements": judging.graph(judged, stated, [*suggestions, *merged.judged], settings.base),
            "merged": merged_graph(merged.merges, merged.programmes, merging.names(merged, extractions, labels), settings.base),
        }
        beside = {name: content for name, content in beside.items() if content or name in ALWAYS}
        graphs |= beside
        hashes |= {name: hashlib.sha256(data).hexdigest() for name, data in beside.items()}
        validation.start({name: beside[name] for name in beside if hashes[name] != old.get(name)})
        sources = {e.source.key: source_entry(e, keys[e.source.key]) for e in linked}
        _compare(result, before, documents, hashes, old)
        result.counts = {name: counts_of(group) for name, group in sorted(documents.items())}
        result.findings = [finding_entry(finding, linked) for finding in found]
        result.warnings += [warning for extraction in linked for warning in extraction.warnings]
        result.detected = {e.source.key: detected_values(e) for e in linked if e.source.detected}
        if before and inputs == before.manifest["inputs"] and (hashes, sources) == (old, before.manifest["sources"]):
            result.generation = before  # the same files fail as in the last build, and nothing else happened
            return
        index, mark = index_files(
            settings,
            before,
            judging.with_accepted(linked, judged),
            labels,
            _tools()[1:],
            suggest.texts(things),
            Path(scratch),
            report,
        )
        validation.finish()
        report("publish", "", 0, 1)
        result.changed = True
        result.generation = publish(
            settings.data,
            graphs=graphs,
            suggested=graphs.keys() & {"suggested"},
            restricted={"restricted": restricted_graph((s for e in linked for s in e.restricted), settings.base)},
            files={f"texts/{e.source.key}.txt": e.text.encode("utf-8", "replace") for e in linked} | index,
            computed=lambda store: network_build.files(store, settings.base, before, software),
            manifest={
                "base": settings.base,
                "software": software,
                "inputs": inputs,
                "index": mark,
                "date": date.today().isoformat(),
                "folders": [str(folder) for folder in folders],
                "sources": sources,
                "documents": result.counts,
                "hashes": hashes,
                "findings": result.findings,
                "warnings": result.warnings,
                "judgements": result.judgements,
                "merges": result.merges,
            },
        )


def _compare(
    result: Result, before: Generation | None, documents: Mapping[str, Any], hashes: Mapping[str, str], old: Mapping[str, str]
) -> None:
    known = set(before.manifest.get("documents", {})) if before else set()
    result.added = sorted(set(documents) - known)
    result.removed = sorted(known - set(documents))
    result.updated = sorted(name for name in documents if name in known and hashes[name] != old.get(name))
    result.kept = sorted(name for name in documents if name in known and hashes[name] == old.get(name))
