"""What a page adds to a text and is taken out of it: running heads, page numbers, tables of contents, footnotes;
and what is no text.

Each function marks lines by their kind; nothing is deleted, so that offsets stay.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ingest.mend import Line

# A footnote mark is glued to a word or to the punctuation after a word, and is not part of a number ("2.1", "M4", "4/2006").
FOOTNOTE_MARK = re.compile(
    r"(?<![IVXL]\.)(?:(?<=[a-zà-ÿ])|(?<=[A-Z]{2})|(?<=[^\W\d][.,;:)”»\"'’])|(?<=[^\W\d][.,;:][)”»\"'’])|(?<=[)”»’][.,;:])|(?<=(?<!\d)(?:19|20)\d\d))(\d{1,3})(?![\d/%]|[.,]\d)"
)
ENDLESS = re.compile(r"\S{2000,}")
TOC_TITLE = re.compile(r"\W*(inhoud(stafel|sopgave)?|table des mati[eè]res|sommaire|contents)\W*$", re.I)
TOC_PAGE = re.compile(r"\s*[^\W_].{2,90}[^\W\d_][)”»\"]? (\d{1,3})\s*$")  # the number of the page behind a single space
TOC_LINE = re.compile(r"\s*\S.*(?:\t|\.{3,}|\s{3,})\s*\d{1,3}\s*$")


def take_out_endless(lines: Sequence[Line]) -> None:
    """Mark lines with a word that no language has: data, or a broken file. Patterns would search it from each of its letters."""
    for line in lines:
        if ENDLESS.search(line.raw):
            line.kind = "furniture"


def take_out_furniture(lines: Sequence[Line]) -> None:
    """Mark running heads and page numbers: only where pages are known, at the edges of pages."""
    pages: list[list[Line]] = []
    for line in lines:
        if line.opens_page or not pages:
            pages.append([])
        if line.kind == "text":
            pages[-1].append(line)
    if len(pages) < 2:
        return
    real = pages[0][0].page is not None if pages[0] else any(page and page[0].page is not None for page in pages)
    edges = [(page[:2], page[-2:]) for page in pages]
    seen = Counter(
        key for head, tail in edges for key in {_edge_key(part) for line in [*head, *tail] for part in _parts(line)} if key
    )
    enough = max(2, min(3, len(pages) // 2))
    everywhere = {_squash(line.raw) for line in lines if not line.raw.isupper()}
    joined = "".join(_squash(line.raw) if not line.raw.strip().isupper() else "\n" for line in lines)
    for head, tail in edges:
        for position, line in enumerate([*head, *tail]):
            bare = line.raw.strip()
            repeated = real and seen[_edge_key(bare)] >= enough and not line.level
            number = re.fullmatch(r"[-–|]?\s*\d{1,4}(\s*(?:/|van|sur|of)\s*\d{1,4})?\s*[-–|]?", bare)
            # A line in capitals at the very edge that says again what a mixed-case heading says is a running head.
            outer = position == 0 or line is tail[-1]
            echo = outer and bare.isupper() and len(bare) > 7 and (_squash(bare) in everywhere or _squash(bare) in joined)
            if repeated or number or echo:
                line.kind = "furniture"
    # A part of the running head that the columns of the page have moved into its middle stands alone between blank lines.
    for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
        alone = before.kind == after.kind == "blank" and line.kind == "text" and not line.level
        if real and alone and "\t" not in line.raw and seen[_edge_key(line.raw)] >= enough + 2:
            line.kind = "furniture"


def take_out_toc(lines: Sequence[Line]) -> None:
    """Mark the lines of a table of contents: it repeats headings and would be taken for them."""
    inside, last, last_page = False, 0, 1
    for line in lines:
        if line.kind != "text":
            continue
        if TOC_TITLE.match(line.raw):
            inside, last, last_page, line.kind = True, 0, 1, "toc"
        elif inside:
            # Without page numbers the entries still count upwards; the first real heading starts again.
            entry = re.match(r"\s*(\d{1,2})(?:\.\d+)*[.)]?\s+\S.{2,70}$", line.raw)
            numbered_page = TOC_PAGE.match(line.raw) if not line.level else None
            page = int(numbered_page.group(1)) if numbered_page else 0
            if (
                TOC_LINE.match(line.raw)
                or last_page <= page <= last_page + 60
                or (entry and not line.level and int(entry.group(1)) >= last > 0)
                or (entry and not last and not line.level)
            ):
                line.kind, last, last_page = "toc", int(entry.group(1)) if entry else last, page or last_page
            else:
                inside = False


def take_out_footnotes(lines: Sequence[Line]) -> dict[int, str]:
    """Mark footnote bodies and return them by number.

    A footnote body starts after a blank line or at the top of a page with the number that is due next, and its mark stands
    glued to a word or punctuation before it. It runs to the next blank line or page.
    """
    notes: dict[int, str] = {}
    marks = {int(m) for line in lines if line.kind == "text" for m in FOOTNOTE_MARK.findall(line.raw)}
    due = 1
    inside = False
    fresh = True  # at the top of a page or after a blank line
    for line in lines:
        if line.kind == "blank":
            fresh, inside = True, False
            continue
        if line.kind != "text":
            continue
        if line.opens_page:
            fresh, inside = True, False
        match = re.match(r"\s*(\d{1,3})\s+(?=[^\W\d_]|[‘“\"'(«])", line.raw)
        number = int(match.group(1)) if match else 0
        if match and "\t" not in line.raw and (fresh or inside) and due <= number <= due + 8 and number in marks:
            inside, due = True, number + 1
            line.kind = "footnote"
            notes[number] = line.raw[match.end() :].strip()
        elif inside:
            line.kind = "footnote"
            notes[due - 1] += " " + line.raw.strip()
        fresh = False
    return notes


def _parts(line: Line) -> set[str]:
    """A line and its stretches between wide gaps, as a running head has them."""
    return {line.raw, *line.raw.split("\t")}


def _edge_key(raw: str) -> str:
    return re.sub(r"\d+", "#", " ".join(raw.split())).casefold()


def _squash(raw: str) -> str:
    return re.sub(r"[\W_]+", "", raw).casefold()
