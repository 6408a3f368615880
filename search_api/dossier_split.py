"""A pasted parliamentary question → its title, preamble and sub-questions, each with its number, level and language.

Nothing that is pasted is lost: what is neither a question nor politeness nor a line about the document (number, author, dates)
is context. Words and patterns stand in ontology/dossier.toml. No input makes it fail; only an empty text is refused.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg.errors import MetadataError, UsageError
from kg.names import fold
from kg.vocabulary import ONTOLOGY
from search_api.understanding import language

LIMIT = 100_000  # bytes of a pasted text
TITLE = 240  # most characters of a line that is taken for a title without saying so
HTML = re.compile(r"<(?:/?[a-zA-Z][^<>]{0,2000}|!--)>|<!--")
BLOCKS = ("address", "article", "blockquote", "br", "dd", "div", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre", "tr")
MARK = re.compile(
    r"""(?P<indent>\s*)(?:
      (?:[Dd]eelvraag|[Vv]raag|[Ss]ous-question|[Qq]uestion)\s(?:n[°r]\.?\s?)?(?P<word>\d{1,2})\s?(?:[:.)–-]|(?=\t))\s*
    | (?P<many>\d{1,2}(?:\.\d{1,2}){1,3})\.?\)?\s+
    | \(?(?P<number>\d{1,2})(?:\s?[.)°/]+|\s[–-](?=\s)|(?=\t))\s*(?!\d)
    | \(?(?P<roman>[ivx]{1,5}|[IVX]{1,5})[.)]+\s+
    | \(?(?P<letter>[a-zA-Z])[.)]+\s+
    | (?P<bullet>[-–—•●▪◦‣*·§➢✓□]|o(?=\s\s|\t))\s+
    )(?=\S)""",
    re.X,
)
SENTENCE = re.compile(r"(?<=[.!?])[»”\"')]*\s+(?=[«“\"'(]?\s?[A-ZÀ-Ý\d])|(?<=\?)\s+(?=\S)")
INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xAD])


@dataclass(slots=True)
class Item:
    """A sub-question, or the heading of some. number: as printed, with those above it ("2.a"); level: 0 for the outermost;
    parts: the sentences that ask, none for a heading; context: its other sentences; above: places of the items above it."""

    number: str
    level: int
    text: str
    parts: tuple[str, ...]
    context: str
    above: tuple[int, ...]
    lang: str = ""


@dataclass(slots=True)
class Pasted:
    """A split text. titles: the first one is the title; header: lines about the document; closing: politeness;
    marked_up: markup or tables were taken out."""

    titles: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    preamble: list[str] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    lang: str = "nl"
    marked_up: bool = False

    @property
    def title(self) -> str:
        return self.titles[0] if self.titles else ""


@dataclass(slots=True)
class _Unit:
    """Lines that belong together: a paragraph, or an item with its marker."""

    text: str
    kind: str = ""  # "" for a paragraph; n (number), n2 (1.1), r, l, or the bullet
    mark: str = ""
    indent: int = 0


@functools.cache
def wording(path: Path = ONTOLOGY / "dossier.toml") -> Mapping[str, Any]:
    """The words and patterns of dossiers."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the line it names") from error


def say(group: str, name: str, lang: str, /, **values: Any) -> str:
    """A template of ontology/dossier.toml in a language, filled in."""
    return str(wording()[group][name][lang]).format(**values)


@functools.cache
def _pattern(group: str, name: str) -> re.Pattern[str]:
    found = wording()[group][name]
    return re.compile("|".join(f"(?:{one})" for one in ([found] if isinstance(found, str) else found)))


def wants(text: str) -> tuple[str, ...]:
    """What a question asks for beside an answer: "overview", and a block per "commune", "zone" or "body"."""
    folded = fold(text)
    return tuple(name for name in wording()["wants"] if re.search(rf"(?<!\w)(?:{_pattern('wants', name).pattern})(?!\w)", folded))


def split(text: str) -> Pasted:
    """The parts of a pasted text. Raises UsageError where there is no text, or too much of it."""
    if len(text.encode("utf-8", "replace")) > LIMIT:
        raise UsageError(
            f"the text is larger than {LIMIT} bytes", where="dossier", remedy="paste the question alone, or a part of it"
        )
    lines, marked_up = plain(text)
    if not any(line.strip() for line in lines):
        raise UsageError("there is no text", where="dossier", remedy="paste the question: title, context, sub-questions")
    pasted = Pasted(marked_up=marked_up)
    units = _headed(pasted, list(_units(lines)))
    _itemised(pasted, units)
    _in_languages(pasted)
    return pasted


# ---------------------------------------------------------------- text → lines


def plain(text: str) -> tuple[list[str], bool]:
    """The lines of a text without markup, control characters and marks of direction; whether there was markup or a table."""
    marked_up = bool(HTML.search(text))
    if marked_up:
        text = _without_markup(text)
    text = unicodedata.normalize(
        "NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\u2028", "\n")
    )
    text = text.translate(INVISIBLE)
    kept = "".join(c if c in "\n\t" or (c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF) else " " for c in text)
    lines = [line.rstrip() for line in kept.split("\n")]
    rows = [line for line in lines if "\t" in line.strip() and not MARK.match(line)]
    return [_row(line) for line in lines], marked_up or bool(rows)


def _without_markup(text: str) -> str:
    """The visible text of pasted markup: blocks on lines of their own, cells of a row parted by tabs, list items by bullets."""
    from bs4 import BeautifulSoup, Comment

    soup = BeautifulSoup(re.sub(r"<(?![a-zA-Z/!])", "&lt;", text), "html.parser")
    for dead in soup(["script", "style", "head", "template", "noscript", "iframe", "object"]):
        dead.decompose()
    for comment in soup.find_all(string=lambda found: isinstance(found, Comment)):
        comment.extract()
    for tag in soup.find_all(["td", "th"]):
        tag.append("\t")
    for tag in soup.find_all("li"):
        number = 1 + len(tag.find_previous_siblings("li"))
        tag.insert(0, f"\n{number}. " if tag.parent and tag.parent.name == "ol" else "\n- ")
    for tag in soup.find_all(BLOCKS):
        tag.insert(0, "\n")
        tag.append("\n")
    return soup.get_text()


def _row(line: str) -> str:
    """A row of a table as text: its cells with a bar between them; a marker in the first cell stays one."""
    found = MARK.match(line)
    head, rest = (line[: found.end()], line[found.end() :]) if found else (line[: len(line) - len(line.lstrip())], line.strip())
    cells = [" ".join(cell.split()) for cell in rest.split("\t")]
    if "\t" in head and head.strip().isalnum():
        head = f"{head.rstrip()}. "  # a number in a cell of its own
    return head.replace("\t", " ") + " | ".join(cell for cell in cells if cell)


# ---------------------------------------------------------------- lines → units


def _units(lines: Iterable[str]) -> Iterator[_Unit]:
    """Paragraphs and items. A line without a marker goes on with what stands above it, unless a blank line, a label or a line
    about the document parts them."""
    unit: _Unit | None = None
    seen: list[str] = []  # numbers so far, to tell "1.1" under "1" from measure 1.1 at the start of a line
    for line in lines:
        marked = None if not line.strip() else _marked(line, seen)
        alone = bool(line.strip()) and (_is(line, "header") or _is(line, "polite") or _label(line) is not None)
        if unit and (marked or alone or not line.strip() or _ends(unit)):
            yield unit
            unit = None
        if marked:
            unit = marked
            seen.append(marked.mark)
        elif line.strip() and unit:
            unit.text += " " + line.strip()
        elif line.strip():
            unit = _Unit(line.strip(), indent=len(line) - len(line.lstrip()))
            if alone or " | " in line:
                yield unit
                unit = None
    if unit:
        yield unit


def _ends(unit: _Unit) -> bool:
    """Whether the next line begins something new: after what announces a list, and after a question in a paragraph."""
    return unit.text.endswith((":", "?"))


def _marked(line: str, seen: Sequence[str]) -> _Unit | None:
    found = MARK.match(line)
    if not found:
        return None
    mark = next(
        mark for mark in (found["word"], found["many"], found["number"], found["roman"], found["letter"], found["bullet"]) if mark
    )
    kind = "n" if found["word"] or found["number"] else "r" if found["roman"] else "l" if found["letter"] else mark
    if found["roman"] and len(mark) == 1 and chr(ord(mark) - 1) in seen[-1:]:
        kind = "l"  # "i" after "h"
    if found["many"]:
        above, _, last = mark.rpartition(".")
        before = f"{above}.{int(last) - 1}"
        if not (before in seen or (int(last) == 1 and (above in seen or above == "1"))):
            return None  # a measure number
        kind = f"n{mark.count('.') + 1}"
    elif kind == "r" and mark.isupper():
        kind = "R"
    elif kind == "l" and mark.isupper():
        if not (mark == "A" or chr(ord(mark) - 1) in seen):
            return None  # an initial
        kind = "L"
    return _Unit(" ".join(line[found.end() :].split()), kind, mark, len(found["indent"].expandtabs(4)))


def _is(line: str, name: str) -> bool:
    """Whether a line is nothing but politeness, or tells about the document."""
    text = fold(line).strip(" ,.!;")
    return bool(text) and "?" not in text and _pattern("split", name).fullmatch(text) is not None


def _label(line: str) -> str | None:
    """What stands after "Titel:" and its like; None for other lines."""
    head, colon, rest = line.partition(":")
    return rest.strip() if colon and _pattern("split", "label").fullmatch(fold(head) + ":") else None


# ---------------------------------------------------------------- units → title, preamble, items


def _headed(pasted: Pasted, units: list[_Unit]) -> list[_Unit]:
    """Take title, lines about the document and politeness out."""
    kept: list[_Unit] = []
    awaited = False  # a label without its title
    named = ""  # what a line about the document says that the question is about
    for unit in units:
        title = None if unit.kind else _label(unit.text)
        if title is not None:
            awaited = not title
            pasted.titles += [title] if title else []
        elif awaited and not unit.kind:
            pasted.titles.append(unit.text)
            awaited = False
        elif not unit.kind and _is(unit.text, "header"):
            pasted.header.append(unit.text)
            named = named or _subject(unit.text)
        elif _is(unit.text, "polite"):
            pasted.closing.append(unit.text)
        else:
            kept.append(unit)
    if not pasted.titles and named:
        pasted.titles.append(named)
    if not pasted.titles and len(kept) > 1 and not kept[0].kind:
        first = kept[0].text
        if len(first) <= TITLE and not first.endswith((".", "?", ":", ";", ",")) and not asks(first):
            pasted.titles.append(first)
            kept.pop(0)
    return kept


def _subject(line: str) -> str:
    """What a line such as "Vraag nr. 12 betreffende …" says that the question is about, "" where it does not."""
    found = re.search(rf"(?<!\w)(?:{'|'.join(wording()['split']['subject'])})\s+(\S.+)", line, re.I)
    return found[1][0].upper() + found[1][1:].strip() if found else ""


def _itemised(pasted: Pasted, units: list[_Unit]) -> None:
    """Put the units into the preamble or among the items."""
    stack: list[tuple[_Unit, int]] = []  # open items with their places
    counts: Counter[int | None] = Counter()
    lists = _lists(units)
    asked = {
        number: any(asks(unit.text) or unit.text.endswith("?") for unit, mine in zip(units, lists, strict=True) if mine == number)
        for number in set(lists)
    }
    elsewhere = any(asked.values())
    announced = False
    for unit, mine, after in zip(units, lists, [*units[1:], None], strict=True):
        parts, context = _asking(unit.text)
        if not unit.kind:
            announced = bool(parts) or _pattern("split", "announces").search(fold(unit.text)) is not None
            stack = []
            lead = unit.text.endswith(":") or bool(after and after.kind and parts and all(map(_announces, parts)))
            if lead and "overview" in wants(unit.text) and not _pattern("split", "announces").search(fold(unit.text)):
                lead = False
            if parts and not lead:
                _add(pasted, unit, stack, counts, parts, context)
                if unit.text.endswith(":"):
                    stack = [(unit, len(pasted.items) - 1)]
            else:
                pasted.preamble.append(unit.text)
        elif not asked[mine] and elsewhere and not announced:
            pasted.preamble.append(unit.text)
        else:
            while stack and not _under(unit, stack[-1][0], [one for one, _ in stack]):
                stack.pop()
            _add(pasted, unit, stack, counts, parts, context)
    _settle(pasted)


def _announces(sentence: str) -> bool:
    """Whether a sentence that asks nothing by itself says that questions follow: "graag verneem ik een stand van zaken"."""
    folded = fold(sentence)
    told, asked = (_pattern("split", name).search(folded) for name in ("announces", "interrogative"))
    return bool(told) and not asked and "?" not in sentence


def _lists(units: Sequence[_Unit]) -> list[int]:
    """The number of the list that each unit stands in; a paragraph that asks nothing begins a new one."""
    number, found = 0, []
    for unit in units:
        number += not unit.kind
        found.append(number)
    return found


def _under(unit: _Unit, top: _Unit, kinds: Sequence[_Unit]) -> bool:
    """Whether an item stands under the innermost open one."""
    if not top.kind:
        return True
    if unit.kind == top.kind:
        return unit.indent >= top.indent + 2 and unit.kind not in ("R", "L") and _restarts(unit)
    return not any(one.kind == unit.kind for one in kinds) or (unit.indent > top.indent and _restarts(unit))


def _restarts(unit: _Unit) -> bool:
    return unit.mark in ("1", "a", "i", "A", "I") or not unit.mark[:1].isalnum()


def _add(
    pasted: Pasted, unit: _Unit, stack: list[tuple[_Unit, int]], counts: Counter[int | None], parts: Sequence[str], context: str
) -> None:
    above = tuple(place for _, place in stack)
    parent = above[-1] if above else None
    counts[parent] += 1
    printed = unit.mark if unit.mark[:1].isalnum() else ""
    own = printed or (str(counts[parent]) if parent is not None else "")
    prefix = pasted.items[parent].number if parent is not None else ""
    number = own if not prefix or own.startswith(f"{prefix}.") else f"{prefix}.{own}"
    pasted.items.append(Item(number, len(above), unit.text, tuple(parts), context, above))
    if unit.kind:
        stack.append((unit, len(pasted.items) - 1))


def _settle(pasted: Pasted) -> None:
    """Items that ask nothing by themselves: headings where others stand under them, else questions as a whole; and numbers where
    none is printed."""
    parents = {item.above[-1] for item in pasted.items if item.above}
    for place, item in enumerate(pasted.items):
        if not item.parts:
            item.context, item.parts = (item.text, ()) if place in parents else ("", (item.text,))
        elif place in parents and item.text.endswith(":") and "overview" not in wants(item.text):
            item.context, item.parts = item.text, tuple(part for part in item.parts if not part.endswith(":"))
    outer = [item for item in pasted.items if not item.level]
    if not any(item.number for item in outer):
        for number, item in enumerate(outer, 1):
            item.number = str(number)
        for item in pasted.items:
            if item.above:
                item.number = f"{pasted.items[item.above[0]].number}.{item.number}"


def _asking(text: str) -> tuple[list[str], str]:
    """The sentences of a text that ask something, and the others."""
    parts: list[str] = []
    others: list[str] = []
    for sentence in sentences(text):
        if _is(sentence, "polite"):
            continue
        (parts if sentence.endswith("?") or asks(sentence) else others).append(sentence)
    return parts, " ".join(others)


def asks(sentence: str) -> bool:
    """Whether a sentence asks something although it may have no question mark."""
    return sentence.rstrip(" »”\"')").endswith("?") or _pattern("split", "asks").match(fold(sentence)) is not None


def sentences(text: str) -> list[str]:
    """The sentences of a text; abbreviations end none."""
    found: list[str] = []
    start = 0
    for match in SENTENCE.finditer(text):
        last = re.search(r"([\w.-]+)\.$", text[start : match.start()].rstrip("»”\"') "))
        if last and fold(last[1]) in wording()["split"]["abbreviations"]:
            continue
        found.append(text[start : match.end()].strip())
        start = match.end()
    return [*found, text[start:].strip()] if text[start:].strip() else found


def _in_languages(pasted: Pasted) -> None:
    """The language of each sub-question, and that of most of the text."""
    whole = " ".join([*pasted.titles, *pasted.preamble, *(item.text for item in pasted.items)])
    most = language(whole)
    sizes: Counter[str] = Counter()
    for item in pasted.items:
        item.lang = language(item.text, most)
        sizes[item.lang] += len(item.text)
    pasted.lang = max(sizes, key=lambda lang: (sizes[lang], lang == most)) if sizes else most
