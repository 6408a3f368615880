"""What the genre extractors have in common: turning what they read into statements with evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingest.document import Document
from ingest.mend import Block
from ingest.recognise import Named, Recogniser
from ingest.wording import Wording
from kg.model import Certainty, Extraction, Lit, Quote, Ref, Statement
from kg.names import digest, fold, slug
from kg.vocabulary import Vocabulary

ARTICLE = re.compile(r"^(?:de|het|een|le|la|les|l'|l’|un|une)\s*(?<=['’\s])", re.I)
STATUSES = ("existing", "planned", "considered")  # the surest first
QUOTES = "'‘’\"“”«»„ "


@dataclass(slots=True)
class Builder:
    """Collects the statements of one document. `extractor` names the extractor and its version."""

    document: Document
    recogniser: Recogniser
    wording: Wording
    vocabulary: Vocabulary
    extractor: str
    out: Extraction = field(init=False)
    _statuses: dict[str, tuple[str, int]] = field(init=False, default_factory=dict)  # of initiatives, with the statement's place

    def __post_init__(self) -> None:
        source = self.document.source
        self.out = Extraction(source, self.document.published, passages=self.document.passages)

    @property
    def lang(self) -> str:
        return self.document.source.lang

    @property
    def ref(self) -> str:
        return f"id/document/{self.document.source.document}"

    @property
    def publisher(self) -> str:
        """The body that reports, as the metadata name it: it gives the money that its report speaks of."""
        names = self.document.source.publisher.split(" / ")
        return next((ref for name in names if (ref := self.recogniser.exact(name))), "")

    def add(
        self,
        subject: str,
        name: str,
        value: Ref | Lit,
        quote: Quote | None = None,
        *,
        role: str = "",
        certainty: Certainty = Certainty.EXPLICIT,
    ) -> None:
        """One statement; with a quote it carries its evidence."""
        self.out.statements.append(Statement(subject, name, value, quote, certainty, role, None, self.extractor if quote else ""))

    def type(self, subject: str, name: str) -> None:
        self.add(subject, "rdf:type", Ref(name))

    def text(self, subject: str, name: str, value: str, quote: Quote | None = None, lang: str | None = None) -> None:
        """A language-tagged text; the language is the passage's own unless given."""
        if value.strip():
            self.add(subject, name, Lit(value.strip(), lang=self.lang if lang is None else lang), quote)

    def named(self, block: Block, start: int = 0, end: int | None = None) -> list[Named]:
        """Organisations, zones, communes and actor groups named in a span of a block; positions are those of the block."""
        stop = len(block.text) if end is None else end
        found = self.recogniser.find(block.text[start:stop], self.out.abbreviations)
        return [Named(n.ref, n.kind, n.name, n.start + start, n.end + start) for n in found]

    def named_in(self, text: str) -> list[Named]:
        """The same for a text of its own; positions are those of the text."""
        return self.recogniser.find(text, self.out.abbreviations)

    def initiative(
        self,
        label: str,
        quote: Quote,
        *,
        kind: str = "project",
        status: str = "existing",
        zone: str = "",
        lang: str | None = None,
    ) -> str:
        """Reference of an initiative with this label; a zone's initiative is its own, whatever others are called.

        The label keeps the words of the text; the identifier is made from it without article, legal form and quotes.
        """
        ref = self.initiative_ref(label, zone)
        self.type(ref, "gvpp:Initiative")
        self.text(ref, "skos:prefLabel", clean_label(label), quote, lang)
        self.add(ref, "gvpp:reportedIn", Ref(self.ref))
        if kind:
            self.add(ref, "gvpp:activityKind", Ref(f"gvpp:{kind}"))
        if status:
            self._status(ref, status)
        if zone:
            self.add(ref, "gvpp:inZone", Ref(self.recogniser.zone(zone)), quote)
            self.add(ref, "gvpp:carriedOutBy", Ref(self.recogniser.zone(zone)), quote)
        return ref

    def initiative_ref(self, label: str, zone: str = "") -> str:
        """Reference of the initiative with this label, whether it is stated yet or not."""
        bare = self.wording.without_legal_form(ARTICLE.sub("", label.strip(QUOTES)))
        return f"id/initiative/{slug(bare)}" + (f"-{zone}" if zone else "")

    def status(self, ref: str) -> str:
        """Status that an initiative was given so far, "" when none."""
        return self._statuses.get(ref, ("", 0))[0]

    def _status(self, ref: str, status: str) -> None:
        """What exists somewhere in a document exists, whatever else the document plans or considers with it."""
        known, place = self._statuses.get(ref, ("", len(self.out.statements)))
        if known and STATUSES.index(status) >= STATUSES.index(known):
            return
        statement = Statement(ref, "gvpp:status", Ref(f"gvpp:{status}"))
        self.out.statements[place : place + bool(known)] = [statement]
        self._statuses[ref] = (status, place)

    def organisation(self, name: str, quote: Quote) -> str:
        """Reference of an organisation that the gazetteer does not know: made from its name, without its legal form."""
        bare = self.wording.without_legal_form(name.strip(QUOTES + ",;:."))
        known = self.recogniser.exact(bare) or self.recogniser.exact(name.strip(QUOTES))
        if known:
            return known
        ref = f"id/organisation/{slug(bare)}"
        self.type(ref, "org:Organization")
        self.text(ref, "skos:prefLabel", bare, quote)
        return ref

    def figure(
        self,
        number: str,
        unit: str,
        name: str,
        about: str,
        quote: Quote,
        *,
        year: int | None = None,
        decimal: str | None = None,
        caption: str = "",
    ) -> str:
        """A figure as printed: `number` with its own notation is normalised to `decimal`; `name` says what it counts."""
        value = decimal if decimal is not None else plain_number(number)
        key = digest(self.ref, value, unit, name, str(year), quote.text, about)
        ref = f"id/figure/{self.document.source.document}/{key}"
        self.type(ref, "gvpp:Figure")
        self.add(ref, "schema:value", Lit(value, datatype="xsd:decimal"), quote)
        self.text(ref, "schema:unitText", unit)
        self.text(ref, "schema:name", name)
        self.text(ref, "schema:description", caption)
        self.add(ref, "gvpp:about", Ref(about), quote)
        if year:
            self.add(ref, "gvpp:year", Lit(str(year), datatype="xsd:integer"))
        return ref

    def grant(
        self,
        amount: str,
        unit: str,
        quote: Quote,
        *,
        recipient: str | tuple[str, ...] = "",
        funded: str = "",
        year: int | None = None,
        name: str = "",
    ) -> str:
        """A sum of money given: to a recipient, to several together, or for a funded item; the unit holds currency and scale
        as printed."""
        value = plain_number(amount)
        recipients = (recipient,) if isinstance(recipient, str) else recipient
        key = digest(value, unit, " ".join(recipients), funded, str(year), quote.text)
        ref = f"id/grant/{self.document.source.document}/{key}"
        self.type(ref, "schema:MonetaryGrant")
        self.add(ref, "schema:amount", Lit(value, datatype="xsd:decimal"), quote)
        self.text(ref, "schema:unitText", unit)
        if name:
            self.text(ref, "schema:name", name)
        for body in filter(None, recipients):
            self.add(ref, "schema:recipient", Ref(body), quote)
        if funded:
            self.add(ref, "schema:fundedItem", Ref(funded), quote)
        if self.publisher and self.publisher not in recipients:
            self.add(ref, "schema:funder", Ref(self.publisher))
        if year:
            self.add(ref, "gvpp:year", Lit(str(year), datatype="xsd:integer"))
        return ref

    def warn(self, what: str, block: Block) -> None:
        """A layout that was seen and not understood: reported, never dropped."""
        where = f"{self.document.source.path.name}, characters {block.start}–{block.end}"
        self.out.warnings.append(f"{where}: {what}: {block.text[:60]!r}")


def clean_label(text: str) -> str:
    """A label without surrounding quotes, trailing punctuation and measure numbers in brackets."""
    label = re.sub(r"\s*\(\s*(?:maatregel(?:en)?|mesures?|measures?|M\.?\s?\d)[^()]*\)+", "", text, flags=re.I)
    return label.strip().strip("'‘’\"“”«»„").strip(" ,;:.–-") or text


def plain_number(printed: str) -> str:
    """A printed number as a plain decimal, read as Belgian texts write it.

    >>> [plain_number(n) for n in ("2.938.500", "30 014", "31.714.492,00", "5,87", "1.090", "12.5")]
    ['2938500', '30014', '31714492.00', '5.87', '1090', '12.5']
    """
    text = re.sub(r"[\s\u00a0\u202f']", "", printed)
    if "," in text and "." in text:
        decimal = max(text.rfind(","), text.rfind("."))
        return re.sub(r"[.,]", "", text[:decimal]) + "." + text[decimal + 1 :]
    mark = "," if "," in text else "."
    parts = text.split(mark)
    if len(parts) == 1:
        return text
    if (
        all(len(part) == 3 for part in parts[1:])
        and 1 <= len(parts[0]) <= 3
        and (len(parts) > 2 or mark == "." or parts[0] == "0")
    ):
        return "".join(parts) if parts[0] != "0" else ".".join(parts)
    return ".".join(parts) if len(parts) == 2 else "".join(parts)


def squashed(text: str) -> str:
    """A name without case, accents, spaces and punctuation: how names are compared that print differently."""
    return re.sub(r"\W+", "", fold(text))
