"""From a file to statements: read, find personal data, mend, and let the genre's extractor read."""

from __future__ import annotations

from collections.abc import Callable

from ingest import fiche, findings, links, measures, plan, report, resolution
from ingest.builder import Builder
from ingest.document import open_document
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


def _level(block: Block, genre: str, wording: Wording, marked: bool) -> int | None:
    """Levels of headings that the genre knows; None leaves it to the look of the heading."""
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
    contacts = [(field.end, field.value_end) for field in fields if field.kind == "contact"]
    document = open_document(
        source,
        extracted,
        private=private_spans(extracted.text, contacts),
        labels=[(field.start, field.end) for field in fields],
        starts_block=STARTS_BLOCK[source.genre],
        level_of=lambda block: _level(block, source.genre, wording, bool(extracted.headings)),
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
    return builder.out
