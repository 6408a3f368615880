"""Initiative fiches: a form of labelled fields; what exists told apart from what is considered; contacts kept apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.builder import Builder
from ingest.document import indented
from ingest.figures import read_prose
from ingest.links import ASSOCIATION
from ingest.mend import Block
from ingest.plan import short_label
from ingest.wording import Wording
from kg.model import Lit, Ref, Statement

QUOTED = re.compile(r"[\"“«‘]\s?([^\"”»’]{3,60}?)\s?[\"”»’]")
CONDITIONAL = re.compile(
    r"\b(?:zou(?:den)?|overwegen|overweegt|onderzoeken|onderzoekt (?:of|de mogelijkheid)|(?:pourr|devr)(?:ait|aient|ions)|"
    r"(?:aimer|souhaiter)(?:ait|aient|ions)|envisage\w*|(?:examin|étudi)\w+ (?:si|la possibilité))\b",
    re.I,
)
FIELD_PROPERTY = {
    "context": "gvpp:context",
    "philosophy": "gvpp:philosophy",
    "target_group": "gvpp:targetGroup",
    "objectives": "gvpp:objective",
    "partners": "gvpp:partnersText",
    "evaluation": "gvpp:evaluation",
    "budget": "gvpp:budgetText",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled field of a form: kind as in wording.toml, span of its label, and the end of its value."""

    kind: str
    start: int
    end: int
    value_end: int


def fields_of(text: str, wording: Wording) -> list[Field]:
    """The fields of a form, in reading order: the first line that begins with a known label opens each."""
    found: dict[str, tuple[int, int]] = {}
    for kind, pattern in wording.fiche_fields():
        match = pattern.search(text)
        if match and (kind not in found or match.start("label") < found[kind][0]):
            found[kind] = match.span("label")
    ordered = sorted((start, end, kind) for kind, (start, end) in found.items())
    limits = [start for start, _, _ in ordered[1:]] + [len(text)]
    return [Field(kind, start, end, limit) for (start, end, kind), limit in zip(ordered, limits, strict=True)]


def extract(builder: Builder, fields: list[Field], contact: str) -> None:
    """Everything that a fiche states. `contact` is the text of its contact field: it goes to the restricted graph alone."""
    by_kind = {field.kind: field for field in fields}
    zone = _zone(builder, by_kind)
    title = by_kind.get("prevention_type") or by_kind.get("title")
    blocks = _blocks(builder, title) if title else []
    if not blocks:
        blocks = [block for block in builder.document.blocks if block.kind == "heading"][:1] or builder.document.blocks[:1]
    if not blocks:
        return
    main = builder.initiative(blocks[0].text, builder.document.quote(blocks[0]), zone=zone)
    if contact:
        builder.out.restricted.append(Statement(main, "schema:contactPoint", Lit(" ".join(contact.split()))))
    for kind, name in FIELD_PROPERTY.items():
        for block in _blocks(builder, by_kind.get(kind)):
            if kind == "objectives" and block.text.rstrip().endswith(":"):
                continue
            builder.text(main, name, block.text.rstrip(" ,;"), builder.document.quote(block))
    for block in _blocks(builder, by_kind.get("partners")):
        for named in builder.named(block):
            builder.add(main, "gvpp:hasPartner", Ref(named.ref), builder.document.quote(block))
        for match in ASSOCIATION.finditer(block.text):
            quote = builder.document.quote(block)
            builder.add(main, "gvpp:hasPartner", Ref(builder.organisation(match["name"], quote)), quote)
    told = _projects(builder, by_kind, main, zone)
    for kind in ("description", "trainings", "evaluation", "budget"):
        read_prose(builder, [b for b in _blocks(builder, by_kind.get(kind)) if b.start not in told], main)


def _zone(builder: Builder, by_kind: dict[str, Field]) -> str:
    """Number of the zone that the fiche names, else the one in its document id, else ""."""
    for block in _blocks(builder, by_kind.get("police_zone")):
        for named in builder.named(block):
            if named.kind == "police_zone":
                return builder.recogniser.zone_number(named.ref)
    match = re.search(r"(?:pz|zp)-?(\d{4})", builder.document.source.document)
    return match.group(1) if match else ""


def _blocks(builder: Builder, field: Field | None) -> list[Block]:
    """Blocks of the value of a field; of a table row, nothing but the value."""
    if field is None:
        return []
    return [b for b in builder.document.blocks if field.end <= b.start < field.value_end]


def _projects(builder: Builder, by_kind: dict[str, Field], main: str, zone: str) -> set[int]:
    """One initiative per list item, existing or considered as the words above the list say; gives the starts of their blocks."""
    status, told = "", set()
    for kind, default in (("description", ""), ("trainings", "existing"), ("additional", "")):
        status = default
        blocks = _blocks(builder, by_kind.get(kind))
        marked = [b for b in blocks if b.kind == "item" or indented(builder.document, b)]
        for block in blocks:
            said = builder.wording.status(block.text.split(":")[0]) if len(block.text) < 80 or ":" in block.text[:40] else ""
            if said:
                status = said
                if len(block.text) < 80:
                    continue
            # Where no list mark survived, every paragraph under such words is an entry.
            listed = block in marked if marked else bool(status) and not said and block.kind != "row"
            if kind == "description" and not listed:
                builder.text(main, "dct:description", block.text, builder.document.quote(block))
            if not listed or not status:
                if kind == "additional" and not listed:
                    builder.text(main, "gvpp:additionalInformation", block.text, builder.document.quote(block))
                continue
            considered = status == "existing" and CONDITIONAL.search(block.text[:80])
            _project(
                builder,
                block,
                main,
                zone,
                "considered" if considered else status,
                "training" if kind == "trainings" else "project",
            )
            told.add(block.start)
    return told


def _project(builder: Builder, block: Block, main: str, zone: str, status: str, kind: str) -> None:
    quote = builder.document.quote(block)
    name = QUOTED.search(block.text)
    label = name.group(1) if name and name.group(1)[0].isupper() and len(name.group(1).split()) < 8 else short_label(block.text)
    if builder.status(builder.initiative_ref(label, zone)) not in ("", status):
        label = short_label(block.text)  # an idea about a project that exists is not that project
    noun = re.search(r"([^\W\d_]+)\s*$", block.text[: name.start()]) if name and label == name.group(1) else None
    kind = builder.wording.activity_kind(noun.group(1)) if noun and kind == "project" else kind
    ref = builder.initiative(label, quote, kind=kind, status=status, zone=zone)
    builder.add(ref, "dct:isPartOf", Ref(main))
    builder.text(ref, "dct:description", block.text, quote)
    read_prose(builder, [block], ref)
    for named in builder.named(block):
        if named.kind in ("organisation", "school") and named.ref != builder.recogniser.zone(zone):
            builder.add(ref, "gvpp:hasPartner", Ref(named.ref), quote)
