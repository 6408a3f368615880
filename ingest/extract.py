"""From a file to statements: read, find personal data, mend, and let the genre's extractor read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest import fiche, findings, links, measures, plan, report, resolution
from ingest.builder import Builder, squashed
from ingest.document import open_document
from ingest.furniture import ENDLESS
from ingest.mend import Block
from ingest.private import private_spans
from ingest.readers import read
from ingest.recognise import Recogniser
from ingest.sources import Found, describe
from ingest.wording import Wording
from kg.model import Extracted, Extraction, Source
from kg.vocabulary import Vocabulary

VERSION = "1"
STARTS_BLOCK = {
    "plan": measures.STARTS_BLOCK,
    "report": report.STARTS_BLOCK,
    "resolution": resolution.STARTS_BLOCK,
    "fiche": None,
}


def extract(found: Found, wording: Wording, vocabulary: Vocabulary, recogniser: Recogniser) -> Extraction:
    """Everything that one file yields. Raises SourceError or MetadataError; never gives half a result."""
    extracted = read(found.path)
    return extract_text(describe(found, extracted, wording, vocabulary), extracted, wording, vocabulary, recogniser)


def _level(block: Block, genre: str, wording: Wording, marked: bool, chapters: Mapping[int, str]) -> int | None:
    """Levels of headings that the genre knows; None leaves it to the look of the heading.

    chapters: titles of chapters without their number, squashed, by where they begin; what is numbered stands under them.
    """
    if block.start in chapters or (chapters and squashed(block.text.lstrip("0123456789. ")) in chapters.values()):
        return 1
    if chapters and block.level == 1:
        return 2
    if genre == "resolution":
        return resolution.level_of(block, wording)
    if marked:
        return None
    if links.THEME_HEADING.match(block.text):
        return 5
    return 6 if block.level == 7 and wording.section(block.text) else None


def extract_text(
    source: Source, extracted: Extracted, wording: Wording, vocabulary: Vocabulary, recogniser: Recogniser
) -> Extraction:
    """The same for a text that is already read."""
    fields = fiche.fields_of(extracted.text, wording) if source.genre == "fiche" else []
    labels = [(field.start, field.end) for field in fields]
    chapters: dict[int, str] = {}
    if source.genre == "plan" and not extracted.headings:
        names = (name for t in vocabulary.themes if t.plan == source.plan for name in (*t.labels.values(), *t.also))
        labels = plan.chapters(extracted.text, names)
        for start, end in labels:
            title = extracted.text[start:end]
            chapters[end - len(title.lstrip())] = squashed(title)
    contacts = [(field.end, field.value_end) for field in fields if field.kind == "contact"]
    document = open_document(
        source,
        extracted,
        private=private_spans(extracted.text, contacts),
        labels=labels,
        starts_block=STARTS_BLOCK[source.genre],
        level_of=lambda block: _level(block, source.genre, wording, bool(extracted.headings), chapters),
    )
    builder = Builder(document, recogniser, wording, vocabulary, f"{source.genre}/{VERSION}")
    if source.genre == "fiche":
        fiche.extract(builder, fields, " ".join(extracted.text[start:end] for start, end in contacts))
    else:
        readers: dict[str, Callable[[Builder], None]] = {
            "plan": plan.extract,
            "report": report.extract,
            "resolution": resolution.extract,
        }
        readers[source.genre](builder)
    findings.within(builder)
    for match in ENDLESS.finditer(extracted.text):
        where = f"{source.path.name}, characters {match.start()}–{match.end()}"
        builder.out.warnings.append(f"{where}: a word of {match.end() - match.start()} letters: its line is left out")
    return builder.out
