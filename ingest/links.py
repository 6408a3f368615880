"""Links that any genre may state in its text: to measures and themes, partners and zones."""

from __future__ import annotations

import re

from ingest.builder import Builder
from ingest.mend import Block
from ingest.recognise import Named
from ingest.references import NAMED_EDITION, Mention, measures_in, plan_id, themes_in
from kg.model import Ref
from kg.names import measure_ref, theme_ref

THEME_HEADING = re.compile(r"\W*th[eè]m[ae]\s+(\d{1,2})\b", re.I)
LEGAL = r"(?:vzw|ivzw|asbl|aisbl)"
PARTNER_PHRASE = re.compile(
    r"\b(?:in (?:partnerschap|samenwerking) met|samen met|in samenspraak met|met de (?:hulp|medewerking) van|"
    r"en (?:partenariat|collaboration|coopération) avec|avec l['’](?:appui|aide) (?:de|du|des)|in partnership with|"
    r"(?:organise|organisée?s?|menée?s?|mise? sur pied) avec|met (?:de )?steun van|avec le soutien d(?:es?|u)?)(?![\w])",
    re.I,
)
PAYERS = ("id/organisation/safe-brussels", "id/organisation/brussels-hoofdstedelijk-gewest")
SUPPORT = re.compile(r"\b(?:steun|soutien)\b", re.I)  # of the body that pays, this is no partnership
MEMBERS = re.compile(
    r"\b(?:rassemble(?:nt)?|réuni(?:t|ssent)|regroupe(?:nt)?|associe(?:nt)?|composée?s? d(?:es?|u)?|verenigt|verenigen|groepeert|"
    r"bestaat uit|samengesteld uit|(?:telt|omvat)(?: vertegenwoordigers van)?)(?!\w)",
    re.I,
)
IS_PARTNER = re.compile(r"\b(?:is|zijn|est|sont) (?:ook |een |aussi |un |une |des )*(?:partners?|partenaires?)\b", re.I)
BETWEEN = re.compile(
    r"(?:\s|,|;|&|\ben\b|\bet\b|\bde\b|\bhet\b|\bdes?\b|\bdu\b|\ble\b|\bla\b|\bles\b|\bmet\b|\bavec\b|\bvan\b|\book\b|\baussi\b|"
    r"l['’]|d['’]|\bvzw\b|\basbl\b|\balsook\b|\bainsi que\b|"
    r"\b(?:zes|six|negentien|dix-neuf|acht|huit|alle|tous|toutes|\d{1,2})\b|\b(?:gemeenten?|stad|steden|communes?|villes?)\b|\([A-Z][\w&.-]{1,12}\))*"
)
OWNER = re.compile(rf"{LEGAL}\s+$", re.I)
BEGAN = re.compile(r"\b(?:opgestart|gestart|startte|begon|proefproject|pilootfase|lancé|démarré|débuté|commencé|pilote)\b", re.I)
PROPER = r"[A-ZÀ-Ý][\w'’+-]*(?:\s(?:[A-ZÀ-Ý][\w'’+-]*|d['’][\w’-]+|(?:de|du|des|la|le|van|der)(?=\s[A-ZÀ-Ý])))*"
NAME = re.compile(PROPER)
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
        if builder.vocabulary.has_theme(edition, number) or not any(t.plan == edition for t in builder.vocabulary.themes):
            quote = builder.document.sentence(block, start, end)
            builder.add(initiative, "dct:subject", Ref(theme_ref(edition, number)), quote)


def link_partners(builder: Builder, initiative: str, block: Block, carrier: str = "", *, platform: bool = False) -> None:
    """Organisations named right after "in partnership with", up to the first other word; of a platform also its members."""
    known = builder.named(block)
    phrases = [*PARTNER_PHRASE.finditer(block.text), *(MEMBERS.finditer(block.text) if platform else ())]
    for phrase in phrases:
        payers = {builder.publisher, *PAYERS} if SUPPORT.search(phrase.group()) else set()
        position = phrase.end()
        while True:
            ref, end = _next_partner(builder, block, known, position)
            if not ref:
                break
            position = end
            if ref != carrier and ref not in payers:
                quote = builder.document.sentence(block, phrase.start(), end)
                builder.add(initiative, "gvpp:hasPartner", Ref(ref), quote)
    for phrase in IS_PARTNER.finditer(block.text):
        for name in known:
            if name.end <= phrase.start() and not block.text[name.end : phrase.start()].strip() and name.ref != carrier:
                quote = builder.document.sentence(block, name.start, phrase.end())
                builder.add(initiative, "gvpp:hasPartner", Ref(name.ref), quote)


def _next_partner(builder: Builder, block: Block, known: list[Named], position: int) -> tuple[str, int]:
    """The organisation that comes next in an enumeration, with its end: a known one, or one with a legal form before its name."""
    for name in known:
        if name.start >= position and BETWEEN.fullmatch(block.text[position : name.start]):
            return name.ref, name.end
    gap = BETWEEN.match(block.text, position)
    assert gap
    own = NAME.match(block.text, gap.end()) if OWNER.search(gap.group()) else None
    return (builder.organisation(own.group(), builder.document.quote(block, *own.span())), own.end()) if own else ("", 0)


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
