"""What a sub-question takes from its context: the sub-question above or before it, the title, the preamble.

"Welke partners werken mee?" has no subject of its own: it takes the measure, the names or the words of the nearest text that has
some. What was taken, and from where, is kept, so that the dossier can say it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kg.glossary import by_stems, stopwords
from kg.lexical import words
from kg.names import fold
from search_api.dossier_each import asked_of_each
from search_api.dossier_split import Item, Pasted, say, wants, wording
from search_api.naming import Entity
from search_api.naming import split as split_name
from search_api.search import Searching
from search_api.understanding import (
    NUMBER,
    PART,
    THEME,
    YEAR,
    YEARS,
    ZONE,
    Question,
    asks_number,
    editions_of_numbers,
    language,
    understand,
)

EVERYWHERE = 0.1  # share of the passages above which a name that they have says nothing about the subject
TAKEN = 3  # names or words taken from the context
FIGURES = ("figure", "grant")  # intents that ask for a number
REST = 6  # words of a question that is the rest of another
SPAN = 10  # years of a period that are written out
DATE = re.compile(r"\b\d{1,2}(?:er)?[ /.-](?:\d{1,2}|[^\W\d_]{3,9})[ /.-](?:19|20)\d\d\b")
HYPHENED = re.compile(r"[^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*")
INVERTED = re.compile(r"-(?:t-)?(?:ils?|elles?|on|vous|nous|je|tu|ce|ci|l[àa]|moi|les?|lui|leur|y|en)$", re.IGNORECASE)
CAPITALS = re.compile(r"(?<=[\w,:] )[A-ZÀ-Ý][\w-]+(?: [A-ZÀ-Ý][\w-]+)*")  # names inside a sentence


@dataclass(frozen=True, slots=True)
class Source:
    """A text that a question may take its subject from. name: as in [from] of ontology/dossier.toml."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """Measures of one plan edition that an answer listed. question: its number."""

    numbers: tuple[str, ...]
    years: str
    question: str


def measures_of(rows: Iterable[Mapping[str, Any]], question: str) -> Told | None:
    """The measures among the rows of an answer, where they are of one plan edition: a later question may mean them."""
    found = [row for row in rows if row["kind"] == "Measure"]
    plans = {row["plan"] for row in found}
    return Told(tuple(row["number"] for row in found), years_of(plans.pop()), question) if len(plans) == 1 else None


@dataclass(slots=True)
class Read:
    """A question as it is asked: its text with what was added, and from where. optional: it could be asked without."""

    text: str
    added: list[dict[str, Any]] = field(default_factory=list)
    optional: bool = False


class Context:
    """The texts around the sub-questions of one pasted text."""

    def __init__(self, searching: Searching, pasted: Pasted) -> None:
        self.corpus, self.pasted = searching.corpus, pasted
        often = len(searching.index.passages) * EVERYWHERE
        self.everywhere = {ref for ref, count in searching.index.mentions.items() if count > often}

    def read(self, item: Item, text: str, earlier: Sequence[str], before: str, told: Told | None = None) -> Read:
        """The question with what it takes from its context. told: the measures that the last answer listed."""
        own = self.understood(text, item.lang)
        read = Read(text)
        above = [Source("parent", self.pasted.items[place].text) for place in reversed(item.above)]
        same = [Source("item", one) for one in (*reversed(earlier), item.context) if one]
        previous = [Source("question", before)] if before and not item.above and not earlier else []
        title = [Source("title", " ".join(self.pasted.titles))]
        preamble = [Source("preamble", " ".join(self.pasted.preamble))]
        if _elliptical(text) and (same or before):
            source = same[0] if same else Source("question", before)
            whole = self._completed(source.text, text, own)
            return Read(whole, [{"what": "question", "names": [source.text.rstrip(" ?.")], "from": source.name}])
        about = topic(text, item.lang, own)
        numbered = _says("refers", "measure", text)
        if not (own.numbers or own.part or (own.abbreviation and not numbered) or named(own)):
            each = asked_of_each(text)
            refers = _says("refers", "words", text) or bool(each and each.before)
            order = (
                [*same, *above, *previous, *title, *preamble]
                if refers
                else [*same, *above, *title, *preamble, *(() if self.pasted.titles or wants(text) else previous)]
            )
            if about and not refers:
                order = [*same, *above]  # it stands under what it is about
            # A table has its topic: words of the question above would leave out what it asks for.
            mode = "only" if numbered else "too" if refers or not about else "names" if wants(text) else "no"
            for source in order:
                if self._take(read, source, item.lang, numbers=mode):
                    break
            if numbered and not read.added and told and len(told.numbers) <= TAKEN:
                origin = {"from": "answer", "number": told.question}
                read.added.append({"what": "measures", "names": list(told.numbers), **origin})
                read.added.append({"what": "plan", "names": [told.years], **origin})
            read.optional = bool(about)
        else:
            read.optional = True
        if own.intent in FIGURES and (about or own.entities) and self._misread(own, read, item.lang):
            read.added.clear()
        self._take_period(read, own, [*same, *above, *title], item.lang)
        read.text += written(read.added, item.lang)
        return read

    def _misread(self, own: Question, read: Read, lang: str) -> bool:
        """Whether a question for a figure or an amount becomes another question by what was taken: one for a list, or for
        another recipient than the bodies at large that it names ("de gemeenten")."""
        if own.intent == "grant" and own.entities and not _says("refers", "words", own.text):
            return True
        return self.understood(read.text + written(read.added, lang), lang).intent not in FIGURES

    def understood(self, text: str, lang: str) -> Question:
        return understand(DATE.sub(" ", text), lang, self.corpus.plans, self.corpus.names)

    def _take(self, read: Read, source: Source, lang: str, *, numbers: str) -> bool:
        """Take the subject of a text, if it has one: measures with their edition, else names, else the words of its topic.

        numbers: whether measures are taken "too", are the "only" ones that are, or are not ("no"; "names": nor words of a topic).
        """
        found = self.understood(source.text, lang) if source.text else None
        if found is None or (numbers == "only" and not found.numbers):
            return False
        if found.numbers and numbers in ("too", "only"):
            if len(found.numbers) > TAKEN and source.name == "preamble":
                return False
            read.added.append({"what": "measures", "names": list(found.numbers[:TAKEN]), "from": source.name})
            plans = {
                plan for number, plan in editions_of_numbers(source.text, self.corpus.plans).items() if number in found.numbers
            }
            plans |= set(found.plans) if found.chosen and not plans else set()
            if len(plans) == 1:
                read.added.append({"what": "plan", "names": [years_of(plan) for plan in plans], "from": source.name})
            return True
        kept = [one for one in named(found) if one.known and not set(one.refs) & self.everywhere]
        names = list(dict.fromkeys(surface(one) for one in kept))
        if source.name == "preamble":
            names = names if len(names) == 1 else []
        else:
            part = PART.search(fold(source.text))
            names = [*([f"{part[0]} {say('added', 'resolution', lang)}"] if found.part and part else []), *names[:TAKEN]]
            known = replace(found, entities=tuple(one for one in found.entities if one.known))
            field = topic(source.text, language(source.text, lang), known)
            field = [word for word in field if not asks_number(word)]  # "percentage": this question asks something else
            for phrase in (
                *CAPITALS.findall(source.text),
                *(word for word in field if numbers != "names" and (not names or _of_the_field(word, lang))),
            ):
                if len(names) <= TAKEN and not set(split_name(phrase)) & set(split_name(" ".join(names))):
                    names += [phrase] if {*split_name(phrase)} & {part for word in field for part in split_name(word)} else []
        if names:
            read.added.append({"what": "names", "names": names, "from": source.name})
        return bool(names)

    def _take_period(self, read: Read, own: Question, sources: Sequence[Source], lang: str) -> None:
        """Take an edition, or the years, that the question leaves out and what stands above it gives."""
        taken = {one["what"] for one in read.added}
        intent = self.understood(read.text + written(read.added, lang), lang).intent
        if own.years or own.chosen or "plan" in taken:
            return
        measured = bool(own.numbers) or "measures" in taken
        themed = "theme" in {entity.kind for entity in own.entities}
        for source in sources:
            if not source.text:
                continue
            found = self.understood(source.text, lang)
            plans = [
                plan for plan in found.plans if plan in self.corpus.plans and years_of(plan) in source.text.replace("–", "-")
            ]
            if plans and (measured or themed) and intent not in ("theme_number", "compare"):
                read.added.append({"what": "plan", "names": [years_of(plan) for plan in plans], "from": source.name})
                return
            years = [] if plans else _period(DATE.sub(" ", source.text))
            if years and not measured and (intent in ("figure", "theme") or wants(own.text)):
                read.added.append({"what": "years", "names": [str(year) for year in years], "from": source.name})
                return

    def _completed(self, previous: str, text: str, own: Question) -> str:
        """The question before with what an elliptical one ("En in 2023?") puts in the place of its number, year or name."""
        whole = previous
        for pattern in (YEARS, NUMBER, THEME, ZONE, PART, YEAR):
            loose = re.compile(pattern.pattern.replace("theme", "th[eè]me"), re.IGNORECASE)
            if (new := loose.search(text)) and loose.search(whole):
                whole = loose.sub(lambda _, new=new: new[0], whole, count=1)  # type: ignore[misc]
        names = named(own)
        if names:
            old = [one for one in named(self.understood(whole, self.pasted.lang)) if one.kind == names[0].kind]
            for one in old[:1]:
                whole = re.sub(re.escape(surface(one)), surface(names[0]), whole, count=1, flags=re.IGNORECASE)
        return whole if whole != previous else f"{previous.rstrip(' ?.')} – {text}"


def _elliptical(text: str) -> bool:
    """Whether a question is the rest of the one before: "En in 2023?", "Et au volet 2 ?", "Si oui, lesquelles ?"."""
    found = fold(text).rstrip(" ?.").split()
    if _says("refers", "rest", text) and len(found) <= REST:
        return True
    return (
        bool(found)
        and found[0] in ("en", "et", "and", "idem")
        and len(found) <= REST
        and any(c.isdigit() or c.isupper() for c in text[2:])
    )


def topic(text: str, lang: str, question: Question) -> list[str]:
    """The words of a text that make a topic: no small words, no words of asking, no numbers, no names.

    A word with hyphens is one word ("sans-abrisme", "co-ouderschap"), unless a part of it is a name.
    """
    silent = stopwords(lang) | _generic(lang)
    names = {part for entity in question.entities for part in split_name(entity.name)}
    text = YEARS.sub(lambda match: " " * len(match[0]), text)  # the places of the words stay
    found: list[str] = []
    for match in HYPHENED.finditer(text):
        parts = [
            word
            for word in words(match[0], lang)
            if word.folded not in silent and word.stem not in silent and word.folded.isalpha() and len(word.folded) > 2
        ]
        named_parts = set(split_name(match[0])) & names
        whole = INVERTED.sub("", match[0])
        if parts and not whole.isalpha() and not named_parts and fold(whole) not in silent:
            found.append(whole)
        else:
            found += [one for word in parts if not set(split_name(one := match[0][word.start : word.end])) & names]
    return list(dict.fromkeys(found))


def named(question: Question) -> list[Entity]:
    """What a text names, without actors at large ("de gemeenten"), nor what only shares their name."""
    common = {fold(entity.name) for entity in question.entities if entity.common}
    return [entity for entity in question.entities if fold(entity.name) not in common]


@functools.cache
def _generic(lang: str) -> frozenset[str]:
    """Words that make no topic of their own, and their stems."""
    found = fold(wording()["generic"][lang])
    return frozenset({*found.split(), *(word.stem for word in words(found, lang))})


def _of_the_field(word: str, lang: str) -> bool:
    """Whether a word is a term of the glossary, and so surely part of a subject."""
    stems = tuple(one.stem for one in words(word, lang))
    return stems in by_stems(lang) or any((stem,) in by_stems(lang) for stem in stems)


def _says(group: str, name: str, text: str) -> bool:
    return re.search(rf"(?<![\w'-])(?:{'|'.join(wording()[group][name])})(?!\w)", fold(text)) is not None


def surface(entity: Entity) -> str:
    """A name as it is printed where that is what the question says; themes by number with their word."""
    if entity.name.isdigit():
        return f"thema {entity.name}"
    return entity.known if split_name(entity.known) == split_name(entity.name) else entity.name


def written(added: Sequence[Mapping[str, Any]], lang: str) -> str:
    """What was added, as it is written behind a question."""
    said = [say("added", one["what"], lang, names=listed(one["names"])) for one in added]
    return f" ({listed(said)})" if said else ""


def listed(items: Iterable[Any]) -> str:
    return ", ".join(map(str, items))


def years_of(plan: str) -> str:
    return plan.removeprefix("gvpp-")


def _period(text: str) -> list[int]:
    """The years that a text names; a period is written out."""
    found: list[int] = []
    for match in YEARS.finditer(text):
        first = int(match[1])
        last = int(match[2] if len(match[2]) == 4 else match[1][:2] + match[2])
        found += range(first, last + 1) if 0 < last - first < SPAN else [first, last]
    return sorted({*found, *map(int, YEAR.findall(YEARS.sub(" ", text)))})
