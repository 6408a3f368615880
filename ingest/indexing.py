"""What search has to know of each passage: what it states and names, under which filters it stands, and its sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ingest.document import sentence_spans
from ingest.link import STATED_BY, Labels
from ingest.recognise import Recogniser
from kg import index, vectors
from kg.encoder import NONE, load_encoder
from kg.glossary import load_glossary, stems
from kg.index import Indexed, Spans, prepared
from kg.lexical import ANALYSIS
from kg.model import Extraction, Passage, Ref
from kg.names import digest
from kg.settings import Settings
from kg.store import Generation
from kg.vocabulary import Vocabulary

SHORT = 5  # words of a sentence that is joined to its neighbour
ENTITIES = ("id/initiative/", "id/measure/", "id/organisation/", "id/recommendation/", "id/resolution/", "auth/theme/")


def indexed(extractions: Sequence[Extraction], labels: Labels, vocabulary: Vocabulary, recogniser: Recogniser) -> list[Indexed]:
    """The passages of all documents as they are to be indexed, each reference once. labels: as `link.curated` gives them."""
    links = _links(extractions)
    found: dict[str, Indexed] = {}
    for extraction in extractions:
        states, about = _by_passage(extraction)
        for passage in extraction.passages:
            if passage.ref in found:
                continue
            text = "\n".join([passage.text, *passage.section])
            named = {name.ref for name in recogniser.find(text, extraction.abbreviations)}
            entities = sorted(states[passage.ref] | named)
            found[passage.ref] = Indexed(
                passage,
                names=tuple((lang, label) for ref in sorted(about[passage.ref]) for lang, label in labels.get(ref, {}).items()),
                entities=tuple(entities),
                filters=_filters(extraction, passage, entities, links, vocabulary),
                sentences=sentences(passage.text),
            )
    known = [stem for concept in load_glossary() for term in concept["nl"] for stem in stems(term, "nl") if len(stem) > 3]
    return prepared(list(found.values()), known)


def _by_passage(extraction: Extraction) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """What each passage states anything of, and what it is about, by passage reference."""
    states: dict[str, set[str]] = defaultdict(set)
    about: dict[str, set[str]] = defaultdict(set)
    for statement in extraction.statements:
        if statement.quote is None:
            continue
        refs = [statement.subject, *([statement.object.path] if isinstance(statement.object, Ref) else [])]
        states[statement.quote.passage].update(ref for ref in refs if ref.startswith(ENTITIES))
        if statement.predicate in STATED_BY:
            about[statement.quote.passage].add(statement.subject)
    return states, about


def _links(extractions: Iterable[Extraction]) -> Mapping[str, set[str]]:
    """Themes, measures, zones and communes of each initiative and measure, wherever they are stated."""
    links: dict[str, set[str]] = defaultdict(set)
    for extraction in extractions:
        for s in extraction.statements:
            if s.predicate in ("dct:subject", "gvpp:implements", "gvpp:inZone", "dct:spatial") and isinstance(s.object, Ref):
                links[s.subject].add(s.object.path)
    return links


def _filters(
    extraction: Extraction,
    passage: Passage,
    entities: Iterable[str],
    links: Mapping[str, set[str]],
    vocabulary: Vocabulary,
) -> dict[str, tuple[str, ...]]:
    source = extraction.source
    values: dict[str, set[str]] = defaultdict(set)
    values["document"].add(source.document)
    values["genre"].add(source.genre)
    values["doc_lang"].add(passage.lang)
    values["plan"].update([source.plan] if source.plan else [])
    plan = next((plan for plan in vocabulary.plans if source.genre == "plan" and plan.id == source.plan), None)
    years = range(plan.start, plan.end + 1) if plan else [source.year] if source.year else []
    values["year"].update(map(str, years))
    kinds = {entry.ref: entry for entry in vocabulary.entries}
    linked = {link for ref in entities if not ref.startswith("id/organisation/") for link in links.get(ref, ())}
    for ref in {*entities, *linked}:
        parts = ref.split("/")
        if ref.startswith("id/measure/"):
            values["plan"].add(parts[2])
            values["theme"].add(f"{parts[2]}/{parts[3].split('.')[0]}")
        elif ref.startswith("auth/theme/"):
            values["theme"].add("/".join(parts[2:]))
        elif ref.startswith("id/organisation/"):
            entry = kinds.get(ref)
            if entry and entry.kind == "police_zone":
                values["zone"].add(entry.identifier)
            else:
                values["commune" if entry and entry.kind == "municipality" else "organisation"].add(parts[2])
    return {name: tuple(sorted(found)) for name, found in sorted(values.items()) if found}


def sentences(text: str) -> Spans:
    """Spans of the sentences, list items and rows of a passage; very short ones belong to the one before."""
    found: list[tuple[int, int]] = []
    position = 0
    for line in text.split("\n"):
        for start, end in sentence_spans(line):
            start, end = position + start, position + end
            if found and (_short(text, found[-1]) or _short(text, (start, end))):
                found[-1] = found[-1][0], end
            else:
                found.append((start, end))
        position += len(line) + 1
    return tuple((start, end) for start, end in found if text[start:end].strip())


def _short(text: str, span: tuple[int, int]) -> bool:
    return len(text[span[0] : span[1]].split()) < SHORT


def index_files(
    settings: Settings,
    before: Generation | None,
    extractions: Sequence[Extraction],
    labels: Labels,
    tools: tuple[Vocabulary, Recogniser],
    queries: Iterable[str],
    scratch: Path,
    report: Callable[[str, str, int, int], None],
) -> tuple[dict[str, bytes | Path], str]:
    """The files of the search index by their place in a generation, and a mark of what they were made from.

    Where the mark is that of the generation before, its files are taken over; else they are written under `scratch`, and what the
    cache of vectors holds of other passages, and of other texts than `queries`, goes.
    """
    report("index", "", 0, 1)
    encoder = load_encoder(settings.encoder) if settings.encoder != NONE else None
    passages = indexed(extractions, labels, *tools)
    mark = digest(str((index.FORMAT, ANALYSIS, encoder and encoder.model_id)), *map(repr, passages))
    if before and before.manifest.get("index") == mark:
        return {name: before.path / name for name in before.manifest["files"] if name.startswith(f"{index.FOLDER}/")}, mark
    folder, cache = scratch / index.FOLDER, settings.data / "cache"
    index.write(folder, passages, encoder, cache, lambda done, total: report("embed", "", done, total))
    if encoder:
        vectors.prune(index.embedded_texts(passages), cache, encoder, queries)
    return {path.relative_to(scratch).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}, mark
