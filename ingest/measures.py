"""The list of measures of a plan: in its chapters, in an overview table, or in the annex of a report; every known layout.

A measure begins at its number. Where a document marks numbers ("M1.1:", "Maatregel 1.1 –", "Mesure 1.1 :") only marked numbers
count; else bare numbers ("**1.1**", "- 1.7** …", a number on a line of its own, a table cell) count under their theme heading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingest.document import ends_sentence
from ingest.mend import Block
from ingest.wording import Wording

MARKED = re.compile(
    r"(?:(?P<pillar>[^\W\d_][\w-]{3,14})\s+)?(?:M\s?\.?\s?|(?:Maatregel|Mesure|Measure)\s+(?:n°\s*)?)"
    r"(?P<theme>\d{1,2})\s?\.\s?(?P<number>\d{1,2})(?!\d|\s?\.\d)\s*(?P<colon>[:–—|\t-]|\.(?=\s)|$)[\s:|–—-]*",
    re.I,
)
BARE = re.compile(r"(?P<theme>\d{1,2})\s?\.\s?(?P<number>\d{1,2})(?!\d|\s?\.\d)\.?[\s:|–—-]*")
THEME = re.compile(r"\W*th[eè]m[ae]\s+(?P<theme>\d{1,2})\s*[:.–—-]?\s*(?P<label>.*)$", re.I)
NUMBERED_THEME = re.compile(r"(?P<theme>\d{1,2})\s?\.\s+(?P<label>[^\W\d_].{3,80})$")
BRAND = re.compile(r"[a-z]+\.[a-z]+\b")  # a body that writes its name like an address
STARTS_BLOCK = re.compile(
    r"[\s|*•·-]*(?:(?:(?:Preventie|Reactie|Follow-up|Opvolging|Pr[ée]vention|R[ée]action|Suivi)\s+)?"
    r"(?:M\s?\d{1,2}\s?\.\s?\d{1,2}\s*[:.]|(?:Maatregel|Mesure)\s+\d{1,2}\.\d{1,2}\s*[:–—-])"
    r"|(?P<title>th[eè]m[ae]\s+\d{1,2}\b.*|[ABC]\s?\.\s+[^\W\d_][\w-]{4,20}\s*$)|\d{1,2}\.\d{1,2}\*\*|\d{1,2}\.\d{1,2}\s+[^\W\d_]"
    r"|(?-i:(?:(?:Institutionele\s+p|P)artners|Partenaires(?:\s+institutionnels)?)\s*:))",
    re.I,
)


@dataclass(slots=True)
class Piece:
    """Part of a block: from `start` of its mended text to `end`."""

    block: Block
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.block.text[self.start : self.end].strip()


@dataclass(slots=True)
class Listed:
    """One statement of a measure: number, text in pieces, pillar, and the partner texts that stand with it."""

    number: str
    head: Block
    pieces: list[Piece] = field(default_factory=list)
    pillar: str = ""
    partners: list[Piece] = field(default_factory=list)

    @property
    def theme(self) -> int:
        return int(self.number.split(".")[0])

    @property
    def text(self) -> str:
        """The text as published: list items keep a bullet and a line of their own."""
        lines: list[str] = []
        for piece in self.pieces:
            if piece.block.kind == "item" and piece.start == 0 and piece.block.bullet:
                lines.append("• " + piece.text)
            elif lines and not lines[-1].startswith("• ") and not (len(lines) == 1 and self.pieces[0].block.kind == "heading"):
                lines[-1] += " " + piece.text
            else:
                lines.append(piece.text)
        return "\n".join(line for line in lines if line)


@dataclass(slots=True)
class Theme:
    """A theme heading: its number in this edition, its label, and where it stands."""

    number: int
    label: str
    block: Block
    start: int
    end: int


@dataclass(slots=True)
class Listing:
    """The statements of measures in reading order; a document may state each measure more than once."""

    measures: list[Listed] = field(default_factory=list)
    themes: list[Theme] = field(default_factory=list)

    def by_number(self) -> dict[str, list[Listed]]:
        result: dict[str, list[Listed]] = {}
        for measure in self.measures:
            result.setdefault(measure.number, []).append(measure)
        return result


def list_measures(blocks: Sequence[Block], wording: Wording, names_partners: Callable[[str], bool]) -> Listing:
    """Read the measures and themes that the blocks list. `names_partners` tells whether a text is a list of known partners."""
    marked = sum(1 for block in blocks if (m := MARKED.match(block.text)) and m.group("colon") is not None)
    head = MARKED if marked >= 3 else BARE
    reader = _Reader(head, wording, names_partners)
    for block in blocks:
        reader.take(block)
    return reader.listing


class _Reader:
    """Walks through the blocks and knows the theme, the pillar and the measure that it is in."""

    def __init__(self, head: re.Pattern[str], wording: Wording, names_partners: Callable[[str], bool]) -> None:
        self.head, self.wording, self.names_partners = head, wording, names_partners
        self.listing = Listing()
        self.theme = 0
        self.pillar = ""
        self.open: Listed | None = None
        self.partner_column = -1

    def take(self, block: Block) -> None:
        if block.kind == "row":
            self._row(block)
            return
        match = self.head.match(block.text)
        label = self.wording.partner_label(block.text) if self.open else None
        if self.open and label is not None:
            self.open.partners.append(Piece(block, label, len(block.text)))
            return
        if match and self._accept(match, block):
            self._begin(match, block)
            return
        theme = THEME.match(block.text) if block.kind in ("heading", "para") and len(block.text) < 140 else None
        if theme and not ends_sentence(block.text):
            self._theme(theme, block)
            return
        if block.kind == "heading":
            numbered = NUMBERED_THEME.match(block.text)
            if numbered and int(numbered.group("theme")) in (self.theme + 1, 1) and self.head is MARKED:
                self._theme(numbered, block)
                return
            pillar = self.wording.pillar(re.sub(r"^[A-C]\s?\.\s*", "", block.text))
            if pillar:
                self.pillar, self.open = pillar, None
                return
            if self.open and not self._unfinished() and self._looks_like_partners(block):
                self.open.partners.append(Piece(block, 0, len(block.text)))
                return
            if self.open and self._unfinished() and not self.open.pieces:
                self.open.pieces.append(Piece(block, 0, len(block.text)))
                return
            self.open = None
            return
        if self.open:
            self._continue(block)

    def _theme(self, match: re.Match[str], block: Block) -> None:
        self.theme, self.open, self.pillar = int(match.group("theme")), None, ""
        label = match.group("label").strip(" –—-:.|*")
        if label:
            self.listing.themes.append(Theme(self.theme, label, block, match.start("label"), match.start("label") + len(label)))

    def _accept(self, match: re.Match[str], block: Block) -> bool:
        if self.head is MARKED:
            word = match.group("pillar")
            return not word or bool(self.wording.pillar(word))
        if int(match.group("theme")) != self.theme or (
            block.kind == "heading" and len(block.text) > match.end() > 0 and block.level <= 3
        ):
            # A bare number counts only under its theme; "1.1 VOORWOORD" is a section.
            return int(match.group("theme")) == self.theme and self.theme > 0 and not block.text.isupper()
        return True

    def _begin(self, match: re.Match[str], block: Block) -> None:
        number = f"{int(match.group('theme'))}.{int(match.group('number'))}"
        word = match.groupdict().get("pillar")
        if word:
            self.pillar = self.wording.pillar(word)
        self.theme = self.theme or int(match.group("theme"))
        self.open = Listed(number, block, pillar=self.pillar)
        self.listing.measures.append(self.open)
        if match.end() < len(block.text):
            self.open.pieces.append(Piece(block, match.end(), len(block.text)))

    def _unfinished(self) -> bool:
        assert self.open
        return not self.open.pieces or not re.search(r"[.;!?)…:]\s*$", self.open.pieces[-1].text)

    def _continue(self, block: Block) -> None:
        assert self.open
        if self.open.partners:
            # Partners per bullet: a further bullet goes on with the measure, prose does not.
            if block.kind == "item" or block.text[0].islower() or block.text.rstrip().endswith((";", ":")):
                self.open.pieces.append(Piece(block, 0, len(block.text)))
            elif self._looks_like_partners(block):
                self.open.partners.append(Piece(block, 0, len(block.text)))
            else:
                self.open = None
            return
        last = self.open.pieces[-1].text if self.open.pieces else ""
        goes_on = not last or last.endswith((":", ";", ",")) or not ends_sentence(last) or block.text[0].islower()
        if block.kind == "item" and not last.endswith("."):
            self.open.pieces.append(Piece(block, 0, len(block.text)))
        elif self._looks_like_partners(block) and last:
            self.open.partners.append(Piece(block, 0, len(block.text)))
        elif block.kind == "item" or (goes_on and not block.opens_page):
            self.open.pieces.append(Piece(block, 0, len(block.text)))
        else:
            self.open = None

    def _looks_like_partners(self, block: Block) -> bool:
        text = block.text
        if (
            block.kind == "item"
            or not (text[0].isupper() or BRAND.match(text))
            or len(text) > 260
            or text.rstrip().endswith((";", ":", "."))
        ):
            return False
        return self.names_partners(text)

    def _row(self, block: Block) -> None:
        cells = block.texts
        header = [index for index, cell in enumerate(cells) if self.wording.is_partner_header(cell)]
        if header and not any(self.head.match(cell) for cell in cells):
            self.partner_column = header[0]
            return
        for index, (start, end) in enumerate(block.cells):
            cell = block.text[start:end]
            theme = THEME.match(cell)
            if theme and not any(BARE.match(other) for other in cells):
                self.theme, self.open = int(theme.group("theme")), None
                label = theme.group("label").strip(" –—-:.|*")
                if label:
                    at = start + theme.start("label")
                    self.listing.themes.append(Theme(self.theme, label, block, at, at + len(label)))
                return
            pillar = self.wording.pillar(cell)
            if pillar and len(cell) < 30:
                self.pillar = pillar
                continue
            match = self.head.match(cell) or (MARKED.match(cell) if self.head is BARE else BARE.match(cell))
            if match and (self.head is MARKED or int(match.group("theme")) == self.theme or len(cells) > 1):
                self._begin_cell(match, block, index)
                return
        if self.open and len([cell for cell in cells if cell]) == 1:
            index = next(i for i, cell in enumerate(cells) if cell)
            piece = Piece(block, *block.cells[index])
            (self.open.partners if index == self.partner_column else self.open.pieces).append(piece)

    def _begin_cell(self, match: re.Match[str], block: Block, index: int) -> None:
        number = f"{int(match.group('theme'))}.{int(match.group('number'))}"
        self.theme = int(match.group("theme"))
        self.open = Listed(number, block, pillar=self.pillar)
        self.listing.measures.append(self.open)
        rest = [(a, b) for i, (a, b) in enumerate(block.cells) if i > index and a < b]
        own_start, own_end = block.cells[index]
        if own_start + match.end() < own_end:
            self.open.pieces.append(Piece(block, own_start + match.end(), own_end))
        elif rest:
            self.open.pieces.append(Piece(block, *rest.pop(0)))
        for a, b in rest:
            column = next(i for i, span in enumerate(block.cells) if span == (a, b))
            pillar = self.wording.pillar(block.text[a:b])
            if pillar:
                self.open.pillar = pillar
            elif column == self.partner_column or self.names_partners(block.text[a:b]):
                self.open.partners.append(Piece(block, a, b))
            else:
                self.open.pieces.append(Piece(block, a, b))


__all__ = ["STARTS_BLOCK", "Listed", "Listing", "Piece", "Theme", "list_measures"]
