"""The nouns of the product, in the order in which data flows (design §1).

Source (a file and its metadata) → Extracted (its text, with pages) → Section → Passage → Statement → graph.
All offsets count code points of the extracted text of one source; ends are exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from kg.names import digest


class Certainty(StrEnum):
    """How sure a statement is: the text says so, a person accepted it, a rule concludes it, it was computed, or a person rejected
    it."""

    EXPLICIT = "explicit"
    CURATED = "curated"
    INFERRED = "inferred"
    SUGGESTED = "suggested"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Source:
    """One file in one language. `document` is the id without the language: files of one id are expressions of one work."""

    path: Path
    sha256: str
    document: str
    lang: str
    genre: str  # plan | report | fiche | resolution
    title: Mapping[str, str]
    year: int | None = None  # year reported on; for a plan the first year of its period
    plan: str | None = None  # the plan edition that bare measure numbers in it refer to
    publisher: str = ""
    issued: str = ""
    period: str = ""  # "2017/2020"
    rights: str = ""
    page_opens: str = ""  # regular expression of a line that opens a page where the format has no pages
    minimum: Mapping[str, int] = field(default_factory=dict)
    detected: tuple[str, ...] = ()  # which of the fields above were detected, not given

    @property
    def key(self) -> str:
        """Document and language: names the expression among all files."""
        return f"{self.document}.{self.lang}"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the extracted text, as numbered by the format (first page 1)."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A span that the format itself marks as a heading (DOCX style, HTML h1–h6, Markdown #); level 1 is the highest."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file. Table rows are lines with tab-separated cells, list items begin with a bullet, pages are real ones."""

    text: str
    pages: tuple[Page, ...] = ()
    headings: tuple[Heading, ...] = ()
    format: str = "txt"

    def page_at(self, offset: int) -> int | None:
        """Number of the page that holds the offset, or None where the format has no pages."""
        for page in self.pages:
            if page.start <= offset < page.end:
                return page.number
        return None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text to cite and to index. `text` is the mended source text; it never runs across removed material."""

    document: str
    source: str  # Source.key
    text: str
    lang: str
    start: int
    end: int
    page: int | None
    section: tuple[str, ...]

    @property
    def hash(self) -> str:
        """From document id and normalised text only: stable while the words are."""
        return digest(self.document, " ".join(self.text.split()))

    @property
    def ref(self) -> str:
        return f"id/passage/{self.document}/{self.hash}"


@dataclass(frozen=True, slots=True)
class Quote:
    """Verbatim words inside one passage that prove a statement."""

    passage: str  # Passage.ref
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Ref:
    """A resource: a reference relative to the base, a prefixed name, or a full IRI."""

    path: str


@dataclass(frozen=True, slots=True)
class Lit:
    """A literal; `datatype` is a prefixed name such as "xsd:integer"."""

    value: str
    lang: str = ""
    datatype: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One fact. With a quote it is published with its evidence; without, it is structure (a type, a part-of) or curated data."""

    subject: str  # reference
    predicate: str  # prefixed name
    object: Ref | Lit
    quote: Quote | None = None
    certainty: Certainty = Certainty.EXPLICIT
    role: str = ""  # "main" or "contributing", for gvpp:implements
    confidence: float | None = None
    extractor: str = ""

    @property
    def triple(self) -> tuple[str, str, Ref | Lit]:
        return self.subject, self.predicate, self.object


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A link that no text states: computed, with how often such a score is right, why, and the words on both sides."""

    subject: str  # reference
    predicate: str  # gvpp:suggestedMeasure, gvpp:suggestedPart, skos:closeMatch or owl:sameAs
    object: str  # reference
    score: float  # 0 to 1
    reason: Mapping[str, str]  # nl, fr
    quotes: tuple[Quote, ...]  # of the subject first

    @property
    def ref(self) -> str:
        """The same on each build, whatever the score."""
        return f"id/statement/suggested/{digest(self.subject, self.predicate, self.object)}"


@dataclass(frozen=True, slots=True)
class Merge:
    """Two references of one thing: `old` stands nowhere in the documents' graphs any more, `new` does."""

    old: str
    new: str
    kind: str  # the rule, as in ontology/merging.toml, or "judged"
    reason: Mapping[str, str]  # nl, fr
    certainty: Certainty  # inferred or curated
    quotes: tuple[Quote, ...]  # of the old one first


@dataclass(frozen=True, slots=True)
class Programme:
    """What several police zones do under one name, each as an initiative of its own."""

    ref: str
    labels: Mapping[str, str]  # by language
    members: tuple[str, ...]  # references of initiatives
    reason: Mapping[str, str]  # nl, fr


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the sources that does not add up, with every passage that shows it."""

    kind: str
    about: tuple[str, ...]  # references
    description: Mapping[str, str]  # nl, fr
    quotes: tuple[Quote, ...]

    @property
    def ref(self) -> str:
        return f"id/finding/{digest(self.kind, *self.about, *(q.text for q in self.quotes))}"


@dataclass(slots=True)
class Extraction:
    """Everything that one source yields: what goes into its graph, and what could not be understood."""

    source: Source
    text: str  # extracted text as published: personal data blanked, offsets unchanged
    passages: list[Passage] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    restricted: list[Statement] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # layouts that were seen and not understood
    abbreviations: dict[str, str] = field(default_factory=dict)  # as this document's lexicon expands them
