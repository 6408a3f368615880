"""Annual reports: which initiatives they tell of, who carries them out, and to which measures and themes they belong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ingest import figures, lexicon, plan, tables
from ingest.builder import Builder, clean_label, squashed
from ingest.links import (
    ASSOCIATION,
    PARTNER_PHRASE,
    THEME_HEADING,
    link_measures,
    link_owner,
    link_partners,
    link_themes,
    link_zone,
    source_plan,
)
from ingest.mend import NUMBERED, Block
from ingest.named import named_things
from ingest.references import measures_in
from kg.model import Lit, Quote, Ref
from kg.names import fold

STARTS_BLOCK = re.compile(
    r"\s*(?P<title>\d{1,2}(?:\s?\.\s?\d{1,2}){1,4}\s?\.?\s+[^\W\d_][^.;:!?]{2,80}\s*$"
    r"|[^\W\d_a-z][^.;!?]{8,140}\((?:maatregel(?:en)?|mesures?)\s+[^()]*\)+\s*$|[^\W\d_a-z][^.;!?]{6,100}\(M\s?\.?\s?\d{1,2}\.\d{1,2}\)\s*$"
    r"|(?:[Vv]zw|[Aa]sbl|VZW|ASBL)\s[^.;:!?]{2,60}\s[–—-]\s[^.;:!?]{2,80}\s*$"
    r"|th[eè]m[ae]\s+\d{1,2}\s[–:-].{4,80})"
    r"|[\s|*•·-]*(?:\d{1,2}\.\d{1,2}\*\*|(?i:maatregel|mesure)\s+\d{1,2}\.\d{1,2}\s*[:–-])"
)
DASH = re.compile(r"\s[–—|-]\s")
COLON = re.compile(r"\s?:\s+(?=\S)")
PLATFORM = re.compile(
    r"(?:(?:het|de|la|le)\s|l['’])?"
    r"(?:platform|werkgroep|stuurgroep|overlegplatform|plate-?forme|groupe de travail|comité de pilotage)\b",
    re.I,
)
ITSELF = re.compile(
    r"\b(?:(?:de|deze)\s(?:vzw|vereniging|organisatie)|(?:het|dit)\s(?:netwerk|verbond|centrum)|l['’](?:asbl|association|organisation)"
    r"|(?:le|ce)\s(?:réseau|centre))\b",
    re.I,
)
LISTED = re.compile(r"[«“\"‘']\s?(?P<name>[^»”\"’]{3,80}?)\s?[»”\"’']\s?[:–—-]\s")
PROJECT_HEADING = re.compile(r"(?:het |le )?proje[ck]?t\s+\S", re.I)
LABELLED = re.compile(r"(?P<label>[^\W\d_][\w '’-]{2,30}?)\s?:\s+(?P<value>\S.*)", re.S)
SILENT = {
    "preface",
    "contents",
    "lexicon",
    "annexes",
    "plan_measures",
    "accounts",
    "income",
    "expenditure",
    "personnel",
    "publications",
}
SILENT |= {"contact", "identity", "conclusion", "context"}
PARTS = {"project_description", "achievements", "partners", "key_figures", "target_group"}  # sections within a project
BODIES = {"municipalities", "police_zones", "regional_bodies"}  # sections that tell of the bodies in their titles
FUNDED = {"subsidies", "project_calls", "platforms"}  # what stands here under a heading of its own is an initiative


@dataclass(slots=True)
class Scope:
    """A stretch of a report that tells of one thing: a section, or a project within a section."""

    heading: Block | None
    kind: str  # section | project | named
    context: str  # what its section is about, in terms of wording.toml ("subsidies", "platforms", …)
    parent: Scope | None
    blocks: list[Block] = field(default_factory=list)
    children: list[Scope] = field(default_factory=list)
    initiative: str = ""
    carrier: str = ""
    activity: str = ""  # kind of activity, as in wording.toml


def extract(builder: Builder) -> None:
    """Everything that an annual report states."""
    lexicon.read_abbreviations(builder)
    annex = [block for block in builder.document.blocks if _context(builder, block) == "plan_measures"]
    plan.publish_measures(builder, annex, source_plan(builder))
    casing = _casing(builder.document.blocks)
    tables.read_projects(builder, plan=source_plan(builder))
    projects = _projects(builder)
    everything = list(_scopes(builder, projects))
    for scope in everything:
        _initiative(builder, scope, casing, projects)
    for scope in everything:
        own = _links(builder, scope)
        for block in scope.blocks:
            if block.start in own:
                figures.read_prose(builder, [block], own[block.start], carrier=scope.carrier, context=scope.context)
        rest = [block for block in scope.blocks if block.start not in own]
        figures.read_prose(builder, rest, scope.initiative or builder.ref, carrier=scope.carrier, context=scope.context)
    tables.read_tables(builder, plan=source_plan(builder))
    lexicon.read_glossed(builder)
    lexicon.read_renamings(builder)


def _context(builder: Builder, block: Block) -> str:
    """What the section of a block is about: the innermost title that says so."""
    for title in reversed(block.section):
        kind = builder.wording.section(title)
        if kind:
            return kind
    return ""


def _kinds(builder: Builder, block: Block) -> set[str]:
    """What all the sections that a block stands in are about."""
    return {builder.wording.section(title) for title in block.section}


def _projects(builder: Builder) -> dict[str, str]:
    """Initiatives of the project table by their squashed label: headings that repeat a label open their section."""
    return {
        squashed(s.object.value): s.subject
        for s in builder.out.statements
        if s.predicate == "skos:prefLabel" and isinstance(s.object, Lit) and s.subject.startswith("id/initiative/")
    }


def _scopes(builder: Builder, projects: dict[str, str]) -> Iterator[Scope]:
    blocks = builder.document.blocks
    numbered = sum(1 for b in blocks if b.kind == "heading" and (m := NUMBERED.match(b.text)) and "." in m.group(1)) >= 5
    marked = bool(builder.document.extracted.headings)
    stack: list[tuple[int, Scope]] = []
    scope = Scope(None, "section", "", None)
    yield scope
    for index, block in enumerate(blocks):
        opened = _opens(builder, block, scope, numbered, marked, projects) if block.kind == "heading" else ""
        if block.kind == "heading" and not opened and _in_project(scope) and index + 1 < len(blocks):
            opened = "project" if _introduced(builder, block, blocks[index + 1], scope) else ""
        if opened:
            level = {"section": block.level, "project": 20, "named": 21}[opened]
            while stack and stack[-1][0] >= level:
                stack.pop()
            parent = stack[-1][1] if stack else None
            scope = Scope(block, opened, _context(builder, block), parent)
            if parent:
                parent.children.append(scope)
            stack.append((level, scope))
            yield scope
        scope.blocks.append(block)


def _opens(builder: Builder, block: Block, current: Scope, numbered: bool, marked: bool, projects: dict[str, str]) -> str:
    """Which kind of scope a heading opens, "" when it is only a part of the one it stands in."""
    if squashed(block.text) in projects:
        return "project"
    if current.kind == "project" and (
        builder.wording.section(block.text) in PARTS or builder.vocabulary.theme_named(block.text, source_plan(builder))
    ):
        return ""
    mentions = bool(measures_in(block.text))
    if mentions and (_parts(builder, block.text) or not _in_project(current) or _beside(block, current, marked)):
        return "project"
    if mentions:
        return ""
    if PROJECT_HEADING.match(block.text) and block.level >= 5 and len(block.text) < 60:
        return "named"
    if THEME_HEADING.match(block.text) and current.heading is not None:
        return ""
    if _kinds(builder, block) & FUNDED and len(block.text) < 120 and _parts(builder, block.text):
        # Who and what, parted by a dash or a colon: sure with a legal form, else where the project before is titled alike.
        before = current.heading.text if current.heading is not None and current.kind == "project" else ""
        if builder.wording.has_legal_form(block.text) or (DASH.search(block.text) and _parts(builder, before)):
            return "project"
    if block.level <= 5:
        return "section"
    if block.level == 6 and not numbered and not marked:
        return "section"
    if builder.recogniser.exact(block.text) and _kinds(builder, block) & FUNDED:
        return "project"
    return ""


def _beside(block: Block, current: Scope, marked: bool) -> bool:
    """Whether a title ranks with that of the project before it: by its mark in the file, or by its number."""
    project = current if current.kind == "project" else current.parent
    if project is None or project.heading is None or block.level > project.heading.level:
        return False
    return marked or bool(NUMBERED.match(block.text) and NUMBERED.match(project.heading.text))


def _parts(builder: Builder, title: str) -> list[str]:
    """The two parts of a title "who – what"; a colon parts them only behind or before a legal form. [] for other titles."""
    for separator in (DASH, COLON):
        parts = separator.split(clean_label(title), maxsplit=1)
        if len(parts) == 2 and all(parts) and (separator is DASH or builder.wording.has_legal_form(title)):
            return parts
    return []


def _introduced(builder: Builder, heading: Block, body: Block, current: Scope) -> bool:
    """Whether a title within a project is one of another project: the text under it takes it up and names another association."""
    if heading.level < 7 or body.kind != "para" or len(heading.text.split()) > 8 or not _kinds(builder, heading) & FUNDED:
        return False
    owner = ASSOCIATION.search(body.text)
    taken_up = squashed(heading.text) in squashed(body.text)
    return bool(owner and taken_up and current.heading and squashed(owner["name"]) not in squashed(current.heading.text))


def _in_project(scope: Scope | None) -> bool:
    return scope is not None and (scope.kind in ("project", "named") or bool(scope.parent and scope.parent.kind == "project"))


def _initiative(builder: Builder, scope: Scope, casing: dict[str, str], projects: dict[str, str]) -> None:
    """Give a scope its initiative when the report presents one there."""
    heading = scope.heading
    if heading is None or scope.context in SILENT:
        return
    if squashed(heading.text) in projects:
        scope.initiative = projects[squashed(heading.text)]
        return
    has_links = any(measures_in(block.text) for block in scope.blocks) or any(
        THEME_HEADING.match(block.text) and after.kind != "row"
        for block, after in pairwise(scope.blocks)
        if block.kind == "heading" and block is not heading
    )
    leaf = not any(child.kind == "section" or child.kind == "project" for child in scope.children)
    has_text = any(block.kind != "heading" for block in scope.blocks)
    funded = bool(_kinds(builder, heading) & FUNDED) and leaf and has_text and scope.kind == "section" and _deep(heading)
    quote = builder.document.quote(heading)
    body = bool({builder.wording.section(title) for title in heading.section[:-1]} & BODIES) and leaf and has_text
    if body or scope.context in BODIES:
        scope.carrier = _carrier(builder, scope, quote)
    if not (scope.kind in ("project", "named") or has_links or funded or (body and scope.carrier)):
        return
    title = _without_number(heading, scope.kind)
    name = clean_label(_recase(title, casing))
    scope.activity = "platform" if "platforms" in _kinds(builder, heading) or PLATFORM.match(name) else "project"
    scope.initiative = builder.initiative(name, quote, kind=scope.activity)
    scope.carrier = _carrier(builder, scope, quote)
    if scope.carrier:
        builder.add(scope.initiative, "gvpp:carriedOutBy", Ref(scope.carrier), quote)


def _without_number(heading: Block, kind: str) -> str:
    """The words of a heading without its section number; "24 uur" at the head of a project is part of its name."""
    numbered = NUMBERED.match(heading.text)
    return heading.text[numbered.end() :] if numbered and (kind == "section" or "." in numbered.group(1)) else heading.text


def _deep(heading: Block) -> bool:
    numbered = NUMBERED.match(heading.text)
    return numbered is None or "." in numbered.group(1)


def _carrier(builder: Builder, scope: Scope, quote: Quote) -> str:
    """Who carries out what a scope tells of: named before the dash of its heading, or the heading itself."""
    heading = scope.heading
    assert heading is not None
    title = clean_label(_without_number(heading, scope.kind))
    if scope.kind == "named":
        return scope.parent.carrier if scope.parent else ""
    parts = _parts(builder, title) if scope.kind == "project" else []
    if parts:
        who, what = parts
        if builder.wording.has_legal_form(what) and not builder.wording.has_legal_form(who):
            who = what
        start = heading.text.index(who)
        known = builder.named(heading, start, start + len(who))
        return known[0].ref if known else builder.organisation(who, quote)
    known = [n for n in builder.named(heading) if n.kind != "municipality"]
    covered = sum(n.end - n.start for n in known)
    if known and covered >= 0.5 * len(title):
        return known[0].ref
    return _named_below(builder, scope, title)


def _named_below(builder: Builder, scope: Scope, title: str) -> str:
    """Carrier by the text under a title: the association that opens it together with the title, or the title itself where the
    text takes it up and calls it an association or a network."""
    prose = [block for block in scope.blocks if block.kind == "para"]
    if not prose or not any(squashed(title) in squashed(block.text) for block in prose):
        return ""
    owner = ASSOCIATION.search(prose[0].text)
    if scope.kind == "project" and owner and not PARTNER_PHRASE.search(prose[0].text, 0, owner.start()):
        return builder.organisation(owner["name"], builder.document.sentence(prose[0], *owner.span()))
    text = " ".join(block.text for block in prose)
    if scope.context == "subsidies" and title[:1].isupper() and (ITSELF.search(text) or ITSELF.match(title)):
        return builder.organisation(title, builder.document.quote(scope.heading)) if scope.heading else ""
    return ""


def _links(builder: Builder, scope: Scope) -> dict[int, str]:
    """State what the blocks of a scope link it to; gives the list items that are initiatives of their own, by block start."""
    intro: Block | None = None
    own: dict[int, str] = {}
    for block in scope.blocks:
        listed = _listed(builder, scope, block, intro)
        if listed:
            own[block.start] = listed
            link_measures(builder, listed, block)
        elif scope.initiative:
            link_measures(builder, scope.initiative, block, intro)
            link_themes(builder, scope.initiative, block)
            link_partners(builder, scope.initiative, block, scope.carrier, platform=scope.activity == "platform")
            link_zone(builder, scope.initiative, block)
            if not scope.carrier:
                link_owner(builder, scope.initiative, block)
            _labelled(builder, scope, block)
            _listed_partners(builder, scope, block)
        if scope.context not in SILENT and not listed:
            _named_things(builder, scope, block)
        if block.kind == "para":
            intro = block if block.text.rstrip().endswith((":", "waaronder", "dont")) else None
        elif block.kind == "heading":
            intro = None
    return own


def _listed(builder: Builder, scope: Scope, block: Block, intro: Block | None) -> str:
    """An item "« Name » : …" under a sentence that announces trainings, projects and the like: an initiative of its own."""
    match = LISTED.match(block.text) if block.kind == "item" and intro is not None and scope.context not in SILENT else None
    if not match or intro is None:
        return ""
    words = re.findall(r"[^\W\d_]+", intro.text)
    kinds = [kind for word in words if (kind := builder.wording.announced(word))]
    if not kinds:
        return ""
    quote = builder.document.quote(block)
    ref = builder.initiative(match["name"], quote, kind=kinds[-1])
    if scope.carrier:
        builder.add(ref, "gvpp:carriedOutBy", Ref(scope.carrier), quote)
    return ref


def _listed_partners(builder: Builder, scope: Scope, block: Block) -> None:
    """Organisations in a list under the heading "Partners"."""
    if block.kind == "item" and block.section and builder.wording.section(block.section[-1]) == "partners":
        for named in builder.named(block):
            builder.add(scope.initiative, "gvpp:hasPartner", Ref(named.ref), builder.document.quote(block))


def _labelled(builder: Builder, scope: Scope, block: Block) -> None:
    match = LABELLED.match(block.text)
    if match and builder.wording.section(match.group("label")) == "target_group":
        quote = builder.document.quote(block, match.start("value"))
        builder.text(scope.initiative, "gvpp:targetGroup", quote.text.rstrip("."), quote)


def _named_things(builder: Builder, scope: Scope, block: Block) -> None:
    """Projects that prose names inside a scope: carried out by its carrier, unless it only takes part in them."""
    title = scope.heading.text if scope.heading is not None else ""
    for thing in named_things(builder, block):
        if fold(thing.name) in fold(title):
            continue
        ref = builder.initiative(thing.name, thing.quote, kind=thing.kind)
        joint = PARTNER_PHRASE.search(thing.quote.text) or builder.wording.takes_part(thing.quote.text)
        if thing.owner or scope.carrier:
            property_name = "gvpp:hasPartner" if joint and not thing.owner else "gvpp:carriedOutBy"
            builder.add(ref, property_name, Ref(thing.owner or scope.carrier), thing.quote)


def _casing(blocks: list[Block]) -> dict[str, str]:
    """How the running text writes each word: to write headings in capitals as the text would."""
    forms: dict[str, Counter[str]] = {}
    for block in blocks:
        if block.kind in ("para", "item") and not block.text.isupper():
            for word in re.findall(r"[^\W\d_][\w'’.-]*\w|\w", block.text)[1:]:
                forms.setdefault(word.casefold(), Counter())[word] += 1
    return {folded: counter.most_common(1)[0][0] for folded, counter in forms.items()}


def _recase(title: str, casing: dict[str, str]) -> str:
    """A heading in capitals as the running text would write it; others unchanged."""
    letters = [c for c in title if c.isalpha()]
    if not letters or sum(c.isupper() for c in letters) < 0.8 * len(letters):
        return title

    def word(match: re.Match[str]) -> str:
        own = match.group()
        return casing.get(
            own.casefold(), own if len(own) <= 4 and own.isupper() and own.casefold() not in casing else own.lower()
        )

    text = re.sub(r"[^\W\d_][\w'’.-]*\w|[^\W\d_]", word, title)
    return text[0].upper() + text[1:]
