"""Projects, campaigns, events and trainings that running text names in quotation marks or by a compound ("het X-project")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.builder import Builder
from ingest.links import LEGAL, PROPER
from ingest.mend import Block
from kg.model import Quote

NOUN = (
    r"(?:project|event|traject|campagne|platform|festival|actie|programma|systeem|initiatief|netwerk|opleiding|workshop|colloquium|"
    r"studiedag|enquête|vademecum)"
)
NOUN_FR = (
    r"(?:projets?|campagnes?|programmes?|plate-?formes?|évènements?|événements?|parcours|actions?|initiatives?|formations?|ateliers?|"
    r"colloques?|enquêtes?)"
)
OPEN, CLOSE = r"['‘“\"«]\s?", r"\s?['’”\"»]"
PATTERNS = (
    re.compile(rf"['‘“\"](?P<name>[^'’”\"]{{3,50}})['’”\"]-(?P<kind>{NOUN})\b", re.I),
    re.compile(rf"(?<![\w-])(?P<name>[A-Z][\w]*[A-Z]\w*(?:\+)?|[A-Z]\w+-[A-Z]\w+)-(?P<kind>{NOUN})\b"),
    re.compile(rf"\b(?P<kind>{NOUN})\s+{OPEN}(?P<name>[A-Z][^'’”\"»]{{2,110}}?){CLOSE}", re.I),
    re.compile(rf"\b(?P<kind>{NOUN_FR})\s+(?:d'[\w-]+\s+)?[«“\"]\s?(?P<name>[^»”\"]{{3,110}}?)\s?[»”\"]", re.I),
    re.compile(r"\b(?P<kind>[Pp]roject|[Pp]rojet)\s+(?P<name>[A-Z][\w+]*(?:[A-Z-][\w+-]*)+)(?![\w'])"),
)
OWNED = re.compile(rf"{OPEN}(?P<name>[A-Z][^'’”\"»]{{2,40}}?){CLOSE}\s+(?:van|de|d['’]|du|des)\s*(?:het\s|de\s|l['’]|la\s)?")
ASSOCIATION = re.compile(rf"(?:de\s|l['’])?{LEGAL}\s(?P<name>{PROPER})")
OFFERS = re.compile(
    r"\b(?:biedt|organiseert|organiseerde|lanceerde|ontwikkelde|propose|organise|a organisé|a lancé|offre)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something named in prose: its name, activity kind, the sentence that names it, and whose it is where the text says so."""

    name: str
    kind: str
    quote: Quote
    owner: str = ""


def named_things(builder: Builder, block: Block) -> Iterator[Thing]:
    """Everything that a paragraph or list item names in this way, in order of the patterns."""
    if block.kind in ("heading", "row"):
        return
    seen: set[str] = set()
    for pattern in PATTERNS:
        for match in pattern.finditer(block.text):
            name = match.group("name").strip()
            if name in seen or not any(c.isupper() for c in name) or len(name.split()) > 16 or builder.recogniser.exact(name):
                continue
            seen.add(name)
            quote = builder.document.sentence(block, match.start(), match.end())
            yield Thing(name, builder.wording.activity_kind(match.group("kind")), quote, _owner(builder, block, match, quote))
    for match in OWNED.finditer(block.text):
        if match.group("name") in seen or builder.recogniser.exact(match.group("name")):
            continue
        owner = next((n for n in builder.named(block) if n.start == match.end()), None)
        association = ASSOCIATION.match(block.text, match.end())
        if owner or association:
            quote = builder.document.sentence(block, match.start(), match.end())
            ref = owner.ref if owner else builder.organisation(association["name"], quote)  # type: ignore[index]
            yield Thing(match.group("name"), "project", quote, ref)


def _owner(builder: Builder, block: Block, match: re.Match[str], quote: Quote) -> str:
    """Who offers or owns it: "project X van de vzw Y", or the organisation that the sentence begins with and says so."""
    for named in builder.named(block):
        between = block.text[match.end() : named.start] if named.start >= match.end() else ""
        if between and re.fullmatch(r"\s+(?:van|de|d['’]|du|des)\s*(?:het\s|de\s|l['’]|la\s)?(?:vzw\s|asbl\s)?", between):
            return named.ref
    if OFFERS.search(quote.text):
        first = next((n for n in builder.named(block) if n.name in quote.text and n.start < match.start()), None)
        if first and first.kind in ("organisation", "school") and quote.text.index(first.name) < 60:
            return first.ref
    return ""
