"""Links that any genre may state in its text: to measures and themes, partners and zones."""

from __future__ import annotations

import re

from ingest.builder import Builder
from ingest.mend import Block
from ingest.references import NAMED_EDITION, Mention, measures_in, plan_id, themes_in
from kg.model import Ref
from kg.names import measure_ref, theme_ref

THEME_HEADING = re.compile(r"\W*th[eè]m[ae]\s+(\d{1,2})\b", re.I)
PARTNER_PHRASE = re.compile(
    r"\b(?:in (?:partnerschap|samenwerking) met|samen met|in samenspraak met|met de (?:hulp|medewerking) van|"
    r"en (?:partenariat|collaboration|coopération) avec|avec l['’](?:appui|aide) (?:de|du|des)|in partnership with)\b",
    re.I,
)
BETWEEN = re.compile(
    r"(?:\s|,|;|&|\ben\b|\bet\b|\bde\b|\bhet\b|\bdes?\b|\bdu\b|\ble\b|\bla\b|\bles\b|"
    r"l['’]|d['’]|\bvzw\b|\basbl\b|\balsook\b|\bainsi que\b)*"
)
BEGAN = re.compile(r"\b(?:opgestart|gestart|startte|begon|proefproject|pilootfase|lancé|démarré|débuté|commencé|pilote)\b", re.I)
LEGAL = r"(?:vzw|ivzw|asbl|aisbl)"
PROPER = r"[A-ZÀ-Ý][\w'’+-]*(?:\s(?:[A-ZÀ-Ý][\w'’+-]*|(?:de|du|des|la|le|van|der|d['’])(?=\s[A-ZÀ-Ý])))*"
ASSOCIATION = re.compile(rf"\b{LEGAL} (?P<name>{PROPER})")
PROJECT_OF = re.compile(
    rf"\b(?:project|initiatief) van (?:de )?{LEGAL} (?P<nl>{PROPER})|\b(?:projet|initiative) de l['’]{LEGAL} (?P<fr>{PROPER})"
)


def source_plan(builder: Builder) -> str:
    """The edition that bare numbers refer to: as the metadata say, else the plan in force in the year reported on."""
    source = builder.document.source
    return source.plan or builder.vocabulary.plan_in_force(source.year) or ""


def link_measures(builder: Builder, initiative: str, block: Block, intro: Block | None = None) -> None:
    """Every measure number of a block, as a link of the initiative; intro is the sentence that a list item goes on from."""
    edition = source_plan(builder)
    for mention in measures_in(block.text):
        named = NAMED_EDITION.search(block.text, mention.end, mention.end + 80)
        target = plan_id(named.group(1), named.group(2)) if named else edition
        if not target:
            builder.warn(f"measure {mention.number} is named without a plan edition", block)
            continue
        quote = builder.document.sentence(block, mention.start, mention.end)
        role = _role(builder, block, mention, intro, quote.text)
        builder.add(initiative, "gvpp:implements", Ref(measure_ref(target, mention.number)), quote, role=role)


def _role(builder: Builder, block: Block, mention: Mention, intro: Block | None, sentence: str) -> str:
    if block.kind == "heading":
        return "main"
    before = block.text[max(0, block.text.find(sentence[:30])) : mention.start]
    role = builder.wording.role(before, sentence)
    if not role and intro is not None and block.kind == "item":
        role = builder.wording.role(intro.text, intro.text)
    return role or "main"


def link_themes(builder: Builder, initiative: str, block: Block) -> None:
    """Every theme number of a block ("T1", "Thema 3 – …")."""
    edition = source_plan(builder)
    if not edition:
        return
    heading = THEME_HEADING.match(block.text) if block.kind == "heading" else None
    numbers = [(int(heading.group(1)), 0, len(block.text))] if heading else themes_in(block.text)
    for number, start, end in numbers:
        if builder.vocabulary.has_theme(edition, number):
            quote = builder.document.sentence(block, start, end)
            builder.add(initiative, "dct:subject", Ref(theme_ref(edition, number)), quote)


def link_partners(builder: Builder, initiative: str, block: Block, carrier: str = "") -> None:
    """Organisations named right after "in partnership with", up to the first other word."""
    for phrase in PARTNER_PHRASE.finditer(block.text):
        position = phrase.end()
        for name in builder.named(block):
            if name.start < position:
                continue
            if not BETWEEN.fullmatch(block.text[position : name.start]):
                break
            if name.ref != carrier:
                quote = builder.document.sentence(block, phrase.start(), name.end)
                builder.add(initiative, "gvpp:hasPartner", Ref(name.ref), quote)
            position = name.end


def link_zone(builder: Builder, initiative: str, block: Block) -> None:
    """The police zone in which a project is said to have begun."""
    if not BEGAN.search(block.text):
        return
    for named in builder.named(block):
        if named.kind == "police_zone":
            quote = builder.document.sentence(block, named.start, named.end)
            if BEGAN.search(quote.text):
                builder.add(initiative, "gvpp:inZone", Ref(named.ref), quote)
                return


def link_owner(builder: Builder, initiative: str, block: Block) -> None:
    """The association whose project it is said to be ("een project van vzw X")."""
    match = PROJECT_OF.search(block.text)
    if match:
        quote = builder.document.sentence(block, match.start(), match.end())
        name = match.group("nl") or match.group("fr")
        builder.add(initiative, "gvpp:carriedOutBy", Ref(builder.organisation(name, quote)), quote)
