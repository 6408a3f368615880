"""A document as the extractors see it: blocks in sections, passages to cite, quotes by span."""

from __future__ import annotations

import itertools
import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from ingest.furniture import take_out_endless, take_out_footnotes, take_out_furniture, take_out_toc
from ingest.language import language_of
from ingest.mend import (
    SENTENCE_END,
    Block,
    Line,
    blocks_of,
    lines_of,
)
from kg.model import Extracted, Passage, Quote, Source
from kg.quotes import quote_at

PASSAGE_LIMIT = 1800  # characters: chosen by measurement (docs/evaluation.md), and within what an encoder reads
MASK = "█"


@dataclass(slots=True)
class Document:
    """Blocks of one source with their section paths, and the passages that they form."""

    source: Source
    extracted: Extracted
    published: str  # the extracted text with personal data masked
    blocks: list[Block]
    passages: list[Passage]
    footnotes: dict[int, str]
    _passage_at: dict[int, Passage] = field(default_factory=dict)  # block start → passage

    def quote(self, block: Block, start: int = 0, end: int | None = None) -> Quote:
        """The verbatim words of a block between two positions of its mended text, with the passage that holds them."""
        text, begin, stop = block.mended.span(start, len(block.text) if end is None else end)
        passage = self._passage_at[block.start]
        if text and not passage.start <= begin < passage.end:
            # Words that stand twice in the same way are one passage: they are quoted where they stand first.
            words = re.search(r"\s+".join(map(re.escape, text.split())), passage.text)
            if words:
                return quote_at(self.extracted.text, passage, *words.span())
        return Quote(passage.ref, text, begin, stop)

    def sentence(self, block: Block, start: int, end: int) -> Quote:
        """The sentence(s) of a block around a span: enough to understand the words that prove something."""
        begin, stop = sentence_span(block.text, start, end)
        return self.quote(block, begin, stop)

    def passage(self, block: Block) -> Passage:
        return self._passage_at[block.start]


def open_document(
    source: Source,
    extracted: Extracted,
    *,
    private: Iterable[tuple[int, int]] = (),
    labels: Iterable[tuple[int, int]] = (),
    starts_block: re.Pattern[str] | None = None,
    level_of: Callable[[Block], int | None] | None = None,
) -> Document:
    """Mend, group, section and cut into passages.

    private: spans of personal data, taken out of blocks and masked in the published text. labels: spans that are headings
    although text follows on their line (the field labels of a form). starts_block and level_of let a
    genre say which lines open a block and how its headings nest (None: by the look of the heading).
    """
    spans = sorted(private)
    lines = _split_labels(lines_of(extracted, source.page_opens), sorted(labels))
    lines = _split_at(_split_lists(lines), spans)
    take_out_endless(lines)
    take_out_toc(lines)
    take_out_furniture(lines)
    footnotes = take_out_footnotes(lines)
    blocks = blocks_of(lines, starts_block)
    _section(blocks, level_of)
    document = Document(source, extracted, mask(extracted.text, spans), blocks, [], footnotes)
    known: dict[str, Passage] = {}
    for group in _passage_groups(blocks):
        passage = _passage(source, group)
        # The same words again ("Institutional partners" over every page of a table) are the same passage: the first one.
        if passage.ref in known:
            passage = known[passage.ref]
        else:
            known[passage.ref] = passage
            document.passages.append(passage)
        for block in group:
            document._passage_at[block.start] = passage
    return document


def mask(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with the spans masked character by character, so that offsets stay; white space stays too."""
    chars = list(text)
    for start, end in spans:
        for index in range(start, end):
            if not chars[index].isspace():
                chars[index] = MASK
    return "".join(chars)


def _split_at(lines: list[Line], spans: list[tuple[int, int]]) -> list[Line]:
    """Cut private spans out of lines, as lines of their own kind."""
    if not spans:
        return lines
    result: list[Line] = []
    for line in lines:
        cursor = line.start
        for start, end in spans:
            if end <= cursor or start >= line.end or line.kind != "text":
                continue
            start, end = max(start, cursor), min(end, line.end)
            if start > cursor:
                result.append(_part(line, cursor, start))
            private = _part(line, start, end)
            private.kind = "private"
            result.append(private)
            cursor = end
        if cursor < line.end or line.start == line.end:
            result.append(_part(line, cursor, line.end))
    return result


def _split_labels(lines: list[Line], labels: list[tuple[int, int]]) -> list[Line]:
    """Make every label a heading line of its own; a label over several lines is one heading."""
    result: list[Line] = []
    for line in lines:
        label = next(((a, b) for a, b in labels if a < line.end and b > line.start and line.kind == "text"), None)
        if label is None:
            result.append(line)
            continue
        end = min(label[1], line.end)
        head = _part(line, line.start, end)
        head.level, head.joined = 1, label[0] < line.start
        result.append(head)
        if end < line.end:
            result.append(_part(line, end, line.end))
    return result


INNER_BULLET = re.compile(r"(?<=\s)[•▪●‣›](?=\s)")


def _split_lists(lines: list[Line]) -> list[Line]:
    """Make every list item that stands inside a line (in a table cell, mostly) a line of its own."""
    result: list[Line] = []
    for line in lines:
        cuts = [line.start + m.start() for m in INNER_BULLET.finditer(line.raw) if line.raw[: m.start()].strip()]
        if line.kind != "text" or line.level or not cuts or "\t" in line.raw.strip():
            result.append(line)
            continue
        edges = [line.start, *cuts, line.end]
        result += [_part(line, a, b) for a, b in itertools.pairwise(edges)]
    return result


def indented(document: Document, block: Block) -> bool:
    """Whether a block begins its line with one to three blanks: all that is left of a list mark whose glyph was lost."""
    return re.search(r"\n[ \t]{1,3}$", document.extracted.text[max(0, block.start - 4) : block.start]) is not None


def _part(line: Line, start: int, end: int) -> Line:
    raw = line.raw[start - line.start : end - line.start]
    kind = line.kind if raw.strip() else "blank"
    return replace(line, start=start, end=end, raw=raw, kind=kind, opens_page=line.opens_page and start == line.start)


def _section(blocks: list[Block], level_of: Callable[[Block], int | None] | None) -> None:
    stack: list[tuple[int, str]] = []
    for block in blocks:
        if block.kind == "heading":
            level = (level_of(block) if level_of else None) or block.level
            block.level = level
            while stack and stack[-1][0] >= level:
                stack.pop()
            stack.append((level, block.text))
        block.section = tuple(title for _, title in stack)


def _passage_groups(blocks: list[Block]) -> Iterator[list[Block]]:
    group: list[Block] = []
    size = 0
    for block in blocks:
        same_section = bool(group) and block.section == group[-1].section
        # A heading opens the passage of its section; headings directly under one another stay together.
        opens = block.kind == "heading" and not (group and all(b.kind == "heading" for b in group))
        fits = size + len(block.text) <= PASSAGE_LIMIT
        headings_only = bool(group) and all(b.kind == "heading" for b in group)
        if group and (block.cut or opens or not fits or block.page != group[-1].page or not (same_section or headings_only)):
            yield group
            group, size = [], 0
        group.append(block)
        size += len(block.text) + 1
    if group:
        yield group


def _passage(source: Source, group: list[Block]) -> Passage:
    text = "\n".join(block.text for block in group)
    prose = " ".join(block.text for block in group if block.kind != "heading") or text
    return Passage(
        document=source.document,
        source=source.key,
        text=text,
        lang=language_of(prose, source.lang),
        start=group[0].start,
        end=group[-1].end,
        page=group[0].page,
        section=group[-1].section,
    )


SENTENCE_BREAK = re.compile(r"(?<=[.!?…])[\"”’')\]]*\s+(?=[\"“‘'(«\[]*[^\W\d_a-zà-ÿ0-9]|\d)|(?<=[;])\s+")
ABBREVIATION = re.compile(
    r"(?:\b(?:bv|bijv|nr|art|cf|p|pp|vb|o\.m|m\.a\.w|d\.w\.z|"
    r"resp|incl|excl|min|max|ca|dhr|mevr|mme|mr|m|dr|n°|etc|ex|par ex|c\.-à-d"
    r"|M|T|St|vol)\.|\b\d{1,2}\.)$",
    re.I,
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a text; abbreviations and ordinal numbers do not end one.

    >>> [t[a:b] for t in ["Zie art. 3 van het plan. Het (bv. M. 2.5) blijft."] for a, b in sentence_spans(t)]
    ['Zie art. 3 van het plan.', 'Het (bv. M. 2.5) blijft.']
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in SENTENCE_BREAK.finditer(text):
        before = text[start : match.start()].rstrip("\"”’')]")
        if ABBREVIATION.search(before) or text.count("(", start, match.start()) > text.count(")", start, match.end()):
            continue
        spans.append((start, match.start() + len(match.group().rstrip())))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans


def sentence_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The smallest run of whole sentences that covers [start, end)."""
    covering = [(a, b) for a, b in sentence_spans(text) if a < end and b > start]
    return (covering[0][0], covering[-1][1]) if covering else (start, end)


def ends_sentence(text: str) -> bool:
    """Whether a text ends with punctuation that closes or introduces something."""
    return SENTENCE_END.search(text) is not None


def offsets(block: Block) -> array[int]:
    """Source offsets of the characters of a block, for tests and golden files."""
    return block.mended.at
