"""Follow-up of a parliamentary resolution: parts, the initiatives that answer them, lists per zone, recommendations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingest import lexicon
from ingest.builder import Builder, clean_label
from ingest.figures import read_prose
from ingest.lexicon import _date
from ingest.links import link_measures, link_partners
from ingest.mend import Block
from ingest.named import named_things
from ingest.plan import short_label
from ingest.recognise import ZONE_NUMBER
from ingest.wording import Wording
from kg.model import Lit, Quote, Ref
from kg.names import digest, slug

PART = re.compile(
    r"(?P<before>.*?)\b(?:luik|deel|volet|partie|part)\s+(?P<number>\d{1,2})\b\s*[:.–—-]?\s*(?P<title>.*)$", re.I | re.S
)
PART_IN_TEXT = re.compile(
    r"\b(?:luik|deel|volet|partie)\s+(\d{1,2})\s*:\s*([^\W\d_].*?)(?=\s*[,;]?\s*(?:\b(?:luik|deel|volet|partie)\s+\d|$)|\.\s|\.$)",
    re.I,
)
ZONE_HEADING = re.compile(
    r"(?P<name>.{2,90}?)\s*[–—(|-]\s*(?:PZ|ZP|politiezone|zone de police)\s*(?:n°\s*)?(?P<zone>\d{4})\b", re.I | re.S
)
ZONE_ONLY = re.compile(r"\W*(?:PZ|ZP|politiezone|zone de police)\s*(\d{4})\b", re.I)
STARTS_BLOCK = re.compile(
    r"\s*(?:(?P<title>(?:luik|volet|deel|partie)\s+\d{1,2}\s*$"
    r"|[^.;:]{2,70}\s[–—(-]\s?(?:PZ|ZP|politiezone|zone de police)\s*\d{4}\b.*|(?:PZ|ZP)\s*\d{4}\s.*)|\d{1,2}\.\s+[^\W\d_])",
    re.I,
)
NUMBERED = re.compile(r"(\d{1,2})\s?[.)]\s+(\S.*)$", re.S)
OF_DATE = re.compile(r"(?:op|du|van|le)\s+(\d{1,2}(?:er)?\s+[^\W\d_]+\s+20\d\d)", re.I)
PART_NUMBER = re.compile(r"\(?\b(?:luik|deel|volet|partie)\s+(\d{1,2})\b\)?", re.I)
AGAIN = re.compile(r"\s+(?:en|et)\s+(?=(?:over|sur|aangaande|inzake|rond|concernant|de|het|les?|la|aux?|des|du)\s|l['’])", re.I)
PREPOSED = re.compile(r"^(?:(?:over|sur|aangaande|inzake|rond|concernant)\s+)?(?:(?:de|het|les?|la|aux?|des|du)\s+|l['’])?", re.I)
KINDS = {"daily_work", "specific_projects"}
SKIP = {"conclusion", "conclusions", "recommendations", "context", "perspectives"}


@dataclass(slots=True)
class State:
    """Where the reader is: part of the resolution, whose initiatives, and the initiative whose text it reads."""

    part: str = ""
    carrier: str = ""
    mode: str = ""  # initiatives | zones | events | recommendations | perspectives | ""
    zone: str = ""
    kind: str = "project"
    initiative: str = ""
    maker: str = ""
    members: bool = False  # in a list of who takes part
    bullet: str = ""
    columns: dict[int, str] = field(default_factory=dict)  # of a table per zone: kind of activity by column


def level_of(block: Block, wording: Wording) -> int:
    """How headings of this genre nest: part or annex, group or zone, list, initiative."""
    section = wording.resolution_section(block.text)
    if section == "annexes" or (PART.match(block.text) and len(block.text) < 160):
        return 1
    if ZONE_ONLY.match(block.text) or section.startswith("initiatives") or section in SKIP:
        return 2
    return 3 if section in ("daily_work", "specific_projects") else 4


def extract(builder: Builder) -> None:
    """Everything that a follow-up report states."""
    lexicon.read_abbreviations(builder)
    resolution = _resolution(builder)
    parts = _parts(builder, resolution)
    state = State()
    blocks = builder.document.blocks
    for index, block in enumerate(blocks):
        if block.kind == "heading":
            _heading(builder, block, blocks[index + 1 :], state, resolution, parts)
        else:
            _body(builder, block, blocks[index + 1 : index + 2], state)
        if block.kind != "row":
            read_prose(builder, [block], state.initiative or builder.ref, context="")
    lexicon.read_glossed(builder)
    lexicon.read_renamings(builder)


def _resolution(builder: Builder) -> str:
    """The resolution itself, identified by the day on which parliament adopted it."""
    for block in builder.document.blocks:
        match = OF_DATE.search(block.text)
        if match and re.search(r"r[ée]solutie|r[ée]solution", block.text, re.I):
            quote = builder.document.sentence(block, match.start(), match.end())
            date = _date(builder, match.group(1))
            if not re.search(r"r[ée]solutie|r[ée]solution", quote.text, re.I) or len(date) != 10:
                continue
            ref = f"id/resolution/{date}"
            builder.type(ref, "gvpp:Resolution")
            builder.add(ref, "dct:identifier", Lit(date))
            builder.add(ref, "dct:date", Lit(date, datatype="xsd:date"), quote)
            builder.text(ref, "dct:description", quote.text, quote)
            for lang, title in builder.wording.dated("resolution", date).items():
                builder.text(ref, "dct:title", title, lang=lang)
            return ref
    ref = f"id/resolution/{builder.document.source.document}"
    for lang, title in builder.document.source.title.items():
        builder.text(ref, "dct:title", title, lang=lang)
    return ref


def _parts(builder: Builder, resolution: str) -> dict[str, str]:
    """References of the parts by number; titles as a list in the text or a footnote gives them."""
    parts: dict[str, str] = {}
    for text in [*(b.text for b in builder.document.blocks if b.kind != "heading"), *builder.document.footnotes.values()]:
        found = PART_IN_TEXT.findall(text)
        if len(found) < 2:
            continue
        for number, title in found:
            ref = _part(builder, resolution, number)
            parts[number] = ref
            builder.text(ref, "dct:title", title.strip(" ,;."))
    for block in builder.document.blocks:
        _untreated(builder, block, resolution)
    return parts


def _part(builder: Builder, resolution: str, number: str) -> str:
    ref = f"{resolution}/part/{number}"
    builder.type(resolution, "gvpp:Resolution")
    if not any(s.subject == resolution and s.predicate == "dct:identifier" for s in builder.out.statements):
        builder.add(resolution, "dct:identifier", Lit(resolution.rsplit("/", 1)[-1]))
    builder.type(ref, "gvpp:ResolutionPart")
    builder.add(ref, "dct:isPartOf", Ref(resolution))
    builder.add(ref, "dct:identifier", Lit(number))
    return ref


def _untreated(builder: Builder, block: Block, resolution: str) -> None:
    """Parts that the report says it does not treat: named by their subject, since no number is given."""
    for match in builder.wording.not_treated(block.text):
        quote = builder.document.sentence(block, match.start(), match.end())
        for subject in _subjects(match.group("what")):
            numbered = PART_NUMBER.search(subject)
            name = PREPOSED.sub("", PART_NUMBER.sub("", subject).strip(" ,.()"))
            if not name:
                continue
            ref = _part(builder, resolution, numbered.group(1) if numbered else slug(name))
            builder.text(ref, "dct:title", name[0].upper() + name[1:], quote)
            builder.add(ref, "gvpp:status", Ref("gvpp:notTreated"), quote)


def _subjects(text: str) -> list[str]:
    """What a sentence lists: by commas, and by an "en" or "et" after which preposition or article stand again; without these,
    by the first of several."""
    listed = [part for stretch in re.split(r",\s+", text) for part in AGAIN.split(stretch)]
    if len(listed) == 1 and len(re.findall(r"\s(?:en|et)\s", text)) > 1:
        return re.split(r"\s(?:en|et)\s", text, maxsplit=1)
    return [part for part in listed if part.strip()]


def _heading(builder: Builder, block: Block, rest: list[Block], state: State, resolution: str, parts: dict[str, str]) -> None:
    text = block.text
    section = builder.wording.resolution_section(text)
    part = PART.match(text)
    if part and len(text) < 160 and section != "annexes":
        number = part.group("number")
        state.part = parts.setdefault(number, _part(builder, resolution, number))
        title = clean_label(part.group("title") or part.group("before"))
        quote = builder.document.quote(block)
        if len(title) > 3:
            builder.text(state.part, "dct:title", title, quote)
        state.mode, state.carrier, state.initiative, state.zone = "initiatives", "", "", ""
        return
    if section == "annexes":
        state.part, state.initiative, state.carrier = "", "", ""
        state.mode = "zones" if _zones_follow(rest) else "events"
        return
    only = ZONE_ONLY.match(text)
    if only and state.mode in ("zones", "events"):
        state.mode, state.zone, state.initiative, state.bullet = "zones", only.group(1), "", ""
        return
    if state.mode == "zones" and section in ("daily_work", "specific_projects"):
        state.kind = "daily" if section == "daily_work" else "project"
        return
    if section in SKIP:
        state.mode = "perspectives" if section == "perspectives" else "recommendations"
        state.maker, state.initiative = _maker(builder, block), ""
        return
    if section.startswith("initiatives"):
        state.mode, state.initiative = "initiatives", ""
        named = [n for n in builder.named(block) if n.kind != "municipality"]
        state.carrier = named[0].ref if named and section != "initiatives_members" else ""
        return
    if state.mode == "initiatives" and state.part:
        _initiative(builder, block, rest, state)


def _zones_follow(rest: list[Block]) -> bool:
    return any(ZONE_ONLY.match(block.text) for block in rest[:3])


def _maker(builder: Builder, block: Block) -> str:
    named = [n for n in builder.named(block) if n.kind != "municipality"]
    if named:
        return named[0].ref
    group = re.search(r"\b(?:(?i:werkgroep|groupe de travail)|WG|GT)\s+[A-Z][\w-]+(?:[ -][A-Z][\w-]+)*", block.text)
    return builder.organisation(group.group(), builder.document.quote(block, *group.span())) if group else ""


def _initiative(builder: Builder, block: Block, rest: list[Block], state: State) -> None:
    """A heading with text under it presents an initiative; without, it is a caption, and over titles a mere group."""
    text = block.text
    if rest and rest[0].kind == "item" and _is_title(rest[0], rest[1:2]):
        state.initiative = ""
        return
    match = ZONE_HEADING.match(text)
    name = match.group("name") if match else text
    if not rest or rest[0].kind == "heading" or len(name.split()) > 12 or re.search(r"[.!?]\s*[A-Z]", name):
        return
    quote = builder.document.quote(block)
    zone = match.group("zone") if match else ""
    if not zone and not state.carrier:
        first = next((b for b in rest[:1] if b.kind == "para"), None)
        zone = _zone_of(builder, first) if first else ""
    _present(builder, name, quote, state, zone)


def _zone_of(builder: Builder, block: Block) -> str:
    number = ZONE_NUMBER.search(block.text[:300])
    if number:
        return number.group(1)
    zones = {n.ref for n in builder.named(block, 0, min(300, len(block.text))) if n.kind == "police_zone"}
    return builder.recogniser.zone_number(zones.pop()) if len(zones) == 1 else ""


def _present(builder: Builder, name: str, quote: Quote, state: State, zone: str) -> None:
    state.initiative = builder.initiative(
        clean_label(name), quote, zone=zone, kind=state.kind if state.mode == "zones" else "project"
    )
    if state.part:
        builder.add(state.initiative, "gvpp:answersTo", Ref(state.part), quote)
    if not zone:
        own = [n for n in builder.named_in(quote.text) if n.kind in ("organisation", "school")]
        carrier = state.carrier or (own[0].ref if own else "")
        if carrier:
            builder.add(state.initiative, "gvpp:carriedOutBy", Ref(carrier), quote)


def _body(builder: Builder, block: Block, following: list[Block], state: State) -> None:
    text = block.text
    if block.kind == "row":
        _zone_row(builder, block, state)
        return
    section = builder.wording.resolution_section(text)
    if section == "conclusion" and text.rstrip().endswith(":"):
        state.mode, state.initiative = "silent", ""
        return
    if section == "recommendations" and text.rstrip().endswith(":"):
        state.mode, state.maker, state.initiative = "recommendations", _maker(builder, block) or state.maker, ""
        return
    if state.mode == "zones" and block.kind == "para" and text.rstrip().endswith(":"):
        state.mode, state.zone = "events", ""
    if state.mode == "zones" and state.zone and block.kind == "item":
        mark = builder.document.extracted.text[max(0, block.start - 6) : block.start].strip()[-1:]
        state.bullet = state.bullet or mark
        if mark != state.bullet:
            builder.warn("list item with another bullet than its list", block)
            return
        quote = builder.document.quote(block)
        ref = builder.initiative(clean_label(text), quote, kind=state.kind, zone=state.zone)
        for named in builder.named(block):
            if named.kind == "municipality":
                builder.add(ref, "dct:spatial", Ref(named.ref), quote)
        return
    if state.mode in ("recommendations", "perspectives"):
        _recommendation(builder, block, state)
        return
    if state.mode == "initiatives" and state.part and block.kind == "item" and _is_title(block, following):
        zone = _zone_of(builder, following[0]) if not state.carrier else ""
        _present(builder, text, builder.document.quote(block), state, zone)
        return
    if state.mode == "initiatives" and state.part:
        for thing in named_things(builder, block):
            ref = builder.initiative(thing.name, thing.quote, kind=thing.kind)
            builder.add(ref, "gvpp:answersTo", Ref(state.part), thing.quote)
            if thing.owner:
                builder.add(ref, "gvpp:carriedOutBy", Ref(thing.owner), thing.quote)
    if state.initiative:
        link_measures(builder, state.initiative, block)
        link_partners(builder, state.initiative, block, state.carrier)
    if state.initiative and block.kind == "para":
        builder.text(state.initiative, "dct:description", text, builder.document.quote(block))
        for named in builder.named(block):
            if (
                named.kind == "organisation"
                and named.ref != state.carrier
                and re.search(r"samenwerking|partner|ondersteuning|subsidie|collabor|parten|soutien", text, re.I)
            ):
                quote = builder.document.sentence(block, named.start, named.end)
                if re.search(r"samenwerking|partner|collabor|parten", quote.text, re.I):
                    builder.add(state.initiative, "gvpp:hasPartner", Ref(named.ref), quote)


def _zone_row(builder: Builder, block: Block, state: State) -> None:
    """The list per zone as a table: one row per zone, a column of daily work and one of specific initiatives."""
    kinds = [builder.wording.resolution_section(cell) for cell in block.texts]
    if "daily_work" in kinds or "specific_projects" in kinds:
        state.columns = {
            index: "daily" if kind == "daily_work" else "project" for index, kind in enumerate(kinds) if kind in KINDS
        }
        return
    zone = next((match.group(1) for cell in block.texts if (match := ZONE_ONLY.match(cell))), "")
    if not zone or not state.columns:
        return
    for index, kind in state.columns.items():
        if index >= len(block.cells):
            continue
        start = block.cells[index][0]
        for part in re.finditer(r"[^;•]+", block.cell(index)):
            if part.group().strip():
                quote = builder.document.quote(block, start + part.start(), start + part.end())
                builder.initiative(clean_label(quote.text), quote, kind=kind, zone=zone)


def _is_title(block: Block, following: list[Block]) -> bool:
    """A short list item without punctuation, in quotation marks, over a paragraph."""
    quoted = re.fullmatch(r"[\"“«‘„]\s?.{3,90}\s?[\"”»’]", block.text.strip())
    return bool(quoted and following and following[0].kind == "para")


def _recommendation(builder: Builder, block: Block, state: State) -> None:
    numbered = NUMBERED.match(block.text)
    if not numbered and block.kind != "item":
        if block.kind == "para":
            opens = block.text.rstrip().endswith(":")
            state.maker = (opens and _maker(builder, block)) or state.maker
            state.members = opens and builder.wording.announces_members(block.text)
        return
    if state.members:
        return  # who takes part is no recommendation
    quote = builder.document.quote(block)
    text = numbered.group(2) if numbered else block.text
    if state.mode == "perspectives":
        ref = builder.initiative(" ".join(text.split()[:14]).rstrip(" ,;:"), quote, status="planned")
        if state.maker:
            builder.add(ref, "gvpp:carriedOutBy", Ref(state.maker), quote)
        return
    key = numbered.group(1) if numbered else digest(text, length=8)
    who = state.maker.rsplit("/", 1)[-1] if state.maker else "report"
    ref = f"id/recommendation/{builder.document.source.document}/{who}/{key}"
    builder.type(ref, "gvpp:Recommendation")
    builder.add(ref, "dct:identifier", Lit(key))
    builder.text(ref, "dct:description", text, quote)
    builder.text(ref, "skos:prefLabel", short_label(text))
    if state.maker:
        builder.add(ref, "gvpp:madeBy", Ref(state.maker), quote)
