"""Statements become quads: one named graph per document, with the evidence of every link (design §3 and §4).

Nothing here depends on the clock or on the order of work: the same statements give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyoxigraph as ox

from kg.judgements import Judgement
from kg.model import Certainty, Extraction, Finding, Lit, Merge, Passage, Programme, Quote, Ref, Source, Statement, Suggestion
from kg.names import digest, expand

SECTION_JOIN = " › "
Term = ox.NamedNode | ox.Literal


def graph_ref(name: str) -> str:
    """Reference of a named graph: of a document, or "vocabulary", "suggested", "findings", "judgements", "merged" or
    "restricted"."""
    return f"id/graph/{name}"


class Writer:
    """Collects the quads of one named graph and writes them as sorted N-Quads."""

    def __init__(self, base: str, name: str) -> None:
        self.base = base
        self.graph = ox.NamedNode(expand(graph_ref(name), base))
        self.quads: set[ox.Quad] = set()

    def node(self, reference: str) -> ox.NamedNode:
        return ox.NamedNode(expand(reference, self.base))

    def term(self, value: Ref | Lit) -> Term:
        if isinstance(value, Ref):
            return self.node(value.path)
        if value.lang:
            return ox.Literal(value.value, language=value.lang)
        if value.datatype:
            return ox.Literal(value.value, datatype=self.node(value.datatype))
        return ox.Literal(value.value)

    def add(self, subject: str, name: str, value: Ref | Lit) -> None:
        self.quads.add(ox.Quad(self.node(subject), self.node(name), self.term(value), self.graph))

    def type(self, subject: str, name: str) -> None:
        self.add(subject, "rdf:type", Ref(name))

    def text(self, subject: str, name: str, value: str, lang: str = "") -> None:
        if value:
            self.add(subject, name, Lit(value, lang=lang))

    def integer(self, subject: str, name: str, value: int) -> None:
        self.add(subject, name, Lit(str(value), datatype="xsd:integer"))

    def nquads(self) -> bytes:
        """Sorted N-Quads, one line per quad."""
        data = ox.serialize(self.quads, format=ox.RdfFormat.N_QUADS) or b""
        return b"".join(sorted(data.splitlines(keepends=True)))


def document_graph(extractions: Sequence[Extraction], base: str, software: str) -> bytes:
    """N-Quads of the graph of one document; several extractions are its expressions in several languages."""
    first = extractions[0].source
    writer = Writer(base, first.document)
    subject = f"id/document/{first.document}"
    writer.type(subject, "gvpp:Document")
    writer.add(subject, "dct:type", Ref(f"gvpp:{first.genre}"))
    written: set[str] = set()
    for extraction in extractions:
        run = _document(writer, subject, extraction, software)
        for passage in extraction.passages:
            if passage.ref not in written:
                written.add(passage.ref)
                _passage(writer, subject, passage, extraction.source)
        for statement in extraction.statements:
            _statement(writer, statement, first.document, run, written)
    return writer.nquads()


def _document(writer: Writer, subject: str, extraction: Extraction, software: str) -> str:
    source = extraction.source
    for lang, title in source.title.items():
        writer.text(subject, "dct:title", title, lang)
    writer.text(subject, "dct:language", source.lang)
    writer.text(subject, "dct:issued", source.issued)
    writer.text(subject, "dct:publisher", source.publisher)
    writer.text(subject, "dct:rights", source.rights)
    writer.text(subject, "gvpp:sha256", source.sha256)
    writer.text(subject, "schema:temporalCoverage", source.period)
    if source.year:
        writer.integer(subject, "gvpp:year", source.year)
    if source.plan and source.genre != "plan":
        writer.add(subject, "gvpp:underPlan", Ref(f"id/plan/{source.plan}"))
    run = f"id/run/{digest(source.key, source.sha256, software)}"
    writer.type(run, "prov:Activity")
    writer.add(run, "prov:used", Ref(subject))
    writer.text(run, "gvpp:software", software)
    return run


def _passage(writer: Writer, document: str, passage: Passage, source: Source) -> None:
    ref = passage.ref
    writer.type(ref, "gvpp:Passage")
    writer.add(ref, "oa:hasSource", Ref(document))
    writer.text(ref, "oa:exact", passage.text, passage.lang)
    writer.text(ref, "dct:language", passage.lang)
    writer.text(ref, "gvpp:expression", source.lang)
    writer.integer(ref, "gvpp:start", passage.start)
    writer.integer(ref, "gvpp:end", passage.end)
    if passage.page is not None:
        writer.integer(ref, "gvpp:page", passage.page)
    writer.text(ref, "gvpp:section", SECTION_JOIN.join(passage.section))


def _statement(writer: Writer, statement: Statement, document: str, run: str, written: set[str]) -> None:
    """A triple with its evidence. The same words twice in one passage prove the same thing: the first place is enough."""
    writer.add(statement.subject, statement.predicate, statement.object)
    if statement.quote is None:
        return
    quote = statement.quote
    evidence = "id/statement/" + "/".join(
        (document, digest(statement.subject, statement.predicate, repr(statement.object), quote.passage, quote.text))
    )
    if evidence in written:
        return
    written.add(evidence)
    writer.type(evidence, "rdf:Statement")
    writer.add(evidence, "rdf:subject", Ref(statement.subject))
    writer.add(evidence, "rdf:predicate", Ref(statement.predicate))
    writer.add(evidence, "rdf:object", statement.object)
    writer.add(evidence, "prov:wasDerivedFrom", Ref(quote.passage))
    writer.text(evidence, "oa:exact", quote.text)
    writer.integer(evidence, "gvpp:start", quote.start)
    writer.integer(evidence, "gvpp:end", quote.end)
    writer.add(evidence, "gvpp:certainty", Ref(f"gvpp:{statement.certainty}"))
    writer.add(evidence, "prov:wasGeneratedBy", Ref(run))
    writer.text(evidence, "gvpp:extractor", statement.extractor)
    writer.text(evidence, "gvpp:role", statement.role)
    if statement.confidence is not None:
        writer.add(evidence, "gvpp:confidence", Lit(f"{statement.confidence:.2f}", datatype="xsd:decimal"))


def findings_graph(findings: Iterable[Finding], base: str) -> bytes:
    """N-Quads of the graph of findings: what does not add up, with the passages that show it."""
    writer = Writer(base, "findings")
    for finding in findings:
        writer.type(finding.ref, "gvpp:Finding")
        writer.text(finding.ref, "gvpp:findingKind", finding.kind)
        for about in finding.about:
            writer.add(finding.ref, "gvpp:about", Ref(about))
        for lang, text in finding.description.items():
            writer.text(finding.ref, "dct:description", text, lang)
        _shown_by(writer, finding.ref, finding.quotes)
    return writer.nquads()


def _shown_by(writer: Writer, ref: str, quotes: Iterable[Quote], *, derived: bool = True) -> None:
    """The quotes that show something, each with its passage. derived: it rests on each of these passages alike."""
    for number, quote in enumerate(quotes):
        part = f"{ref}/quote/{number}"
        if derived:
            writer.add(ref, "prov:wasDerivedFrom", Ref(quote.passage))
        writer.add(ref, "gvpp:shownBy", Ref(part))
        writer.type(part, "oa:SpecificResource")
        writer.add(part, "oa:hasSource", Ref(quote.passage))
        writer.text(part, "oa:exact", quote.text)
        writer.integer(part, "gvpp:start", quote.start)
        writer.integer(part, "gvpp:end", quote.end)


def suggested_graph(suggestions: Iterable[Suggestion], base: str) -> bytes:
    """N-Quads of the graph of suggestions: each link with its score, its reason, and quotes of both sides."""
    writer = Writer(base, "suggested")
    for suggestion in suggestions:
        writer.add(suggestion.subject, suggestion.predicate, Ref(suggestion.object))
        ref = suggestion.ref
        writer.type(ref, "rdf:Statement")
        writer.add(ref, "rdf:subject", Ref(suggestion.subject))
        writer.add(ref, "rdf:predicate", Ref(suggestion.predicate))
        writer.add(ref, "rdf:object", Ref(suggestion.object))
        writer.add(ref, "gvpp:certainty", Ref("gvpp:suggested"))
        writer.add(ref, "gvpp:confidence", Lit(f"{suggestion.score:.2f}", datatype="xsd:decimal"))
        for lang, text in suggestion.reason.items():
            writer.text(ref, "gvpp:reason", text, lang)
        _shown_by(writer, ref, suggestion.quotes)
    return writer.nquads()


def judgements_graph(judged: Iterable[tuple[Judgement, Sequence[Quote]]], base: str) -> bytes:
    """N-Quads of the graph of judgements; the quotes of a link are those of its subject first.

    An accepted link is a triple with evidence like that of an explicit one: its proof is the first quote. A rejected one is never
    a triple, and its statement names no passage that it was derived from, so that no query for evidence takes it for true.
    """
    writer = Writer(base, "judgements")
    for judgement, quotes in judged:
        ref = f"id/statement/judgement/{digest(*judgement.key)}"
        predicate = judgement.link if judgement.accepted else judgement.predicate
        writer.type(ref, "rdf:Statement")
        writer.add(ref, "rdf:subject", Ref(judgement.subject))
        writer.add(ref, "rdf:predicate", Ref(predicate))
        writer.add(ref, "rdf:object", Ref(judgement.object))
        writer.add(ref, "gvpp:certainty", Ref(f"gvpp:{Certainty.CURATED if judgement.accepted else Certainty.REJECTED}"))
        writer.text(ref, "gvpp:judgedBy", judgement.who)
        writer.add(ref, "gvpp:judgedOn", Lit(judgement.when, datatype="xsd:date"))
        writer.text(ref, "gvpp:reason", judgement.why)
        if judgement.accepted:
            writer.add(judgement.subject, predicate, Ref(judgement.object))
            for quote in quotes[:1]:
                writer.add(ref, "prov:wasDerivedFrom", Ref(quote.passage))
                writer.text(ref, "oa:exact", quote.text)
                writer.integer(ref, "gvpp:start", quote.start)
                writer.integer(ref, "gvpp:end", quote.end)
        _shown_by(writer, ref, quotes, derived=False)
    return writer.nquads()


def merged_graph(
    merges: Iterable[Merge], programmes: Iterable[Programme], names: Iterable[tuple[str, str, str]], base: str
) -> bytes:
    """N-Quads of what was concluded of things that documents name in several ways: which reference replaces which, the
    programmes, and names (thing, language, label) that things took over. Each with its reason; no one passage proves it."""
    writer = Writer(base, "merged")

    def conclude(subject: str, name: str, object_: str, certainty: str, reason: Mapping[str, str]) -> str:
        ref = f"id/statement/merged/{digest(subject, name, object_)}"
        writer.add(subject, name, Ref(object_))
        writer.type(ref, "rdf:Statement")
        for part, value in (("subject", subject), ("predicate", name), ("object", object_)):
            writer.add(ref, f"rdf:{part}", Ref(value))
        writer.add(ref, "gvpp:certainty", Ref(f"gvpp:{certainty}"))
        for lang, text in reason.items():
            writer.text(ref, "gvpp:reason", text, lang)
        return ref

    for merge in merges:
        ref = conclude(merge.old, "dct:isReplacedBy", merge.new, merge.certainty, merge.reason)
        _shown_by(writer, ref, merge.quotes, derived=False)
    for programme in programmes:
        writer.type(programme.ref, "gvpp:Programme")
        for lang, label in programme.labels.items():
            writer.text(programme.ref, "skos:prefLabel", label, lang)
        for member in programme.members:
            conclude(member, "dct:isPartOf", programme.ref, Certainty.INFERRED, programme.reason)
    for thing, lang, label in names:
        writer.text(thing, "skos:altLabel", label, lang)
    return writer.nquads()


def restricted_graph(statements: Iterable[Statement], base: str) -> bytes:
    """N-Quads of personal data: kept apart from everything that is published."""
    writer = Writer(base, "restricted")
    for statement in statements:
        writer.add(statement.subject, statement.predicate, statement.object)
    return writer.nquads()
