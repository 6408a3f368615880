"""One reference for each thing: those of merged things become one, and one that names two things becomes two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from kg.model import Extraction, Ref, Statement

STATUSES = ("gvpp:existing", "gvpp:planned", "gvpp:considered")  # the surest first
NO_YEAR = 9999

Pair = tuple[str, str]


def part(
    extractions: Sequence[Extraction], same: Mapping[str, str], known: Collection[str]
) -> tuple[list[Extraction], dict[str, str]]:
    """The extractions in which namesakes of different associations have a reference each, and those references by the one they
    shared. An identifier is made from the name alone; that of the earliest document stays.

    same: organisations that are one. known: bodies of the gazetteer, which hand over what they do to one another.
    """
    carriers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))  # by initiative and document
    years: dict[str, int] = {}
    for extraction in extractions:
        years[extraction.source.document] = extraction.source.year or NO_YEAR
        for s in extraction.statements:
            if s.predicate == "gvpp:carriedOutBy" and isinstance(s.object, Ref):
                carriers[s.subject][extraction.source.document].add(same.get(s.object.path, s.object.path))
    apart: dict[Pair, str] = {}  # by document and old reference the new one
    for ref, by_document in carriers.items():
        groups: list[tuple[set[str], list[str]]] = []  # organisations, and the documents that name any of them
        for document in sorted(by_document, key=lambda name: (years[name], name)):
            mine = (set(by_document[document]), [document])
            for group in [group for group in groups if group[0] & mine[0]]:
                groups.remove(group)
                mine = (group[0] | mine[0], group[1] + mine[1])
            groups.append(mine)
        groups.sort(key=lambda group: min((years[name], name) for name in group[1]))
        if len(groups) > 1 and all(bodies - {*known} for bodies, _ in groups):
            for bodies, documents in groups[1:]:
                body = min(bodies - {*known}).rsplit("/", 1)[-1]
                apart |= {(document, ref): f"{ref}-{body}" for document in documents}
    if not apart:
        return list(extractions), {}
    found: list[Extraction] = []
    for extraction in extractions:
        mine_only = {old: new for (document, old), new in apart.items() if document == extraction.source.document}
        found.append(rewritten([extraction], mine_only, ())[0])
    return found, {new: old for (_, old), new in sorted(apart.items())}


def rewritten(extractions: Sequence[Extraction], same: Mapping[str, str], labelled: Collection[Pair]) -> list[Extraction]:
    """The extractions in which merged things have their one reference. Its own label is the preferred one of what stays; of
    several statuses in a document the surest counts; what is a part of itself is none."""
    if not same:
        return list(extractions)

    def one(statement: Statement) -> Statement:
        subject, object_ = same.get(statement.subject, statement.subject), statement.object
        if isinstance(object_, Ref):
            return replace(statement, subject=subject, object=Ref(same.get(object_.path, object_.path)))
        demoted = statement.predicate == "skos:prefLabel" and subject != statement.subject and (subject, object_.lang) in labelled
        return replace(statement, subject=subject, predicate="skos:altLabel" if demoted else statement.predicate)

    touched = {*same, *same.values()}
    surest: dict[Pair, str] = {}  # by document and thing
    found: list[list[Statement]] = []
    for extraction in extractions:
        found.append(
            [
                one(s) if s.subject in same or (isinstance(s.object, Ref) and s.object.path in same) else s
                for s in extraction.statements
            ]
        )
        for s in found[-1]:
            if s.predicate == "gvpp:status" and s.subject in touched and isinstance(s.object, Ref):
                key = extraction.source.document, s.subject
                surest[key] = min(surest.get(key, s.object.path), s.object.path, key=STATUSES.index)
    result: list[Extraction] = []
    for extraction, statements in zip(extractions, found, strict=True):
        document = extraction.source.document
        kept = [
            s
            for s in statements
            if s.object != Ref(s.subject)
            and not (
                s.predicate == "gvpp:status" and s.object != Ref(surest.get((document, s.subject), getattr(s.object, "path", "")))
            )
        ]
        findings = [replace(f, about=tuple(dict.fromkeys(same.get(ref, ref) for ref in f.about))) for f in extraction.findings]
        restricted = [replace(s, subject=same.get(s.subject, s.subject)) for s in extraction.restricted]
        result.append(replace(extraction, statements=kept, findings=findings, restricted=restricted))
    return result
