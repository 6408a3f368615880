"""Figures and amounts: which of them a question asks for, by the words they share in either language."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kg import lexical
from kg.glossary import groups, is_verb, matches, stem, stopwords, words
from kg.names import fold
from search_api.understanding import YEAR, YEARS, Question, asks_count, asks_money, asks_often, asks_share, asks_sum, tells_period
from search_api.wording import wording

ENOUGH = 0.62  # share of a question's weight that a figure has to cover
EVEN = 0.02  # figures that differ by less cover the same
CLOSE = 0.92  # figures that cover nearly as much as the best one answer too
COUNTED = 0.08  # more where the unit is what the question counts
SUMMED = 0.1  # more where a total is asked for, and the figure is called one
DATED = 0.1  # more where the figure is of a year that the question names, less where it has no year
DOING = 0.6  # what a verb counts: the same thing is told in many ways
TITLE = 60  # characters of the longest name of a figure that is no sentence
AROUND = 0.7  # what a word counts that stands in the heading or just before the sentence
BEFORE = 250  # characters before a sentence that say what it is about
MOST = 6
PERSON = "persoon"  # what `[same]` makes of people and persons
DASH = " – "  # after it a label describes what it names
LISTED = re.compile(r"[\w-]+(?:\s?/\s?[\w-]+){2,}")  # the communes of a zone: what is said there is not of each
COMPOUND, HEAD = 8, 4  # letters of a compound and of its last part
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A figure that answers, with how much of the question it covers."""

    row: Row
    score: float
    counted: bool  # its unit is what the question counts
    exact: bool = True  # and says so itself: "people", and not "professionals"


class Figures:
    """The figures of a corpus, ready to be searched by words."""

    def __init__(self, rows: Sequence[Row], labels: Mapping[str, Iterable[str]], before: Sequence[str]) -> None:
        """rows: figures with their evidence; labels: names of what they are about, by reference, in every language; before: what
        stands before each of them and may say what it is about."""
        self.rows = rows
        known = [(*labels.get(row["about"], ()), *labels.get(row.get("carrier", ""), ())) for row in rows]
        said = [(*_said(row), row["quote"][:400], *names) for row, names in zip(rows, known, strict=True)]
        self.texts = [_stems(*texts) for texts in said]
        around = [(LISTED.sub(" ", row.get("section", "")), text) for row, text in zip(rows, before, strict=True)]
        near = [_stems(*texts) for texts in around]
        titled = [_stems(LISTED.sub(" ", row.get("section", ""))) for row in rows]
        self.placed = [own | heading for own, heading in zip(self.texts, titled, strict=True)]
        said = [(*mine, *texts) for mine, texts in zip(said, around, strict=True)]
        self.having = _postings(self.texts)
        self.near = _postings(text | more for text, more in zip(self.texts, near, strict=True))
        # A name counts only where it is written as a name: "Luik" the city is not "luik" the part.
        self.proper = [_stems(*(word for text in texts for word in re.findall(r"[A-ZÀ-Ý][\w-]*", text))) for texts in said]
        self.units = [
            _Unit.of(row.get("unit", ""), *((row["name"], row.get("caption", "")) if DASH in row["name"] else ())) for row in rows
        ]
        self.rarest = math.log(1 + len(rows))
        self.years = {int(row["year"]) for row in rows if row.get("year")}

    def _weight(self, term: Term) -> float:
        """What a term tells, by how few figures have it in any of its ways: names fully, other words at most half of what a rare
        word weighs."""
        weight = math.log(1 + len(self.rows) / max(len(term.rows(self.having)), 1))
        return weight if term.name else min(weight, 0.5 * self.rarest) * (DOING if term.verb else 1)

    def counting(self, question: Question, passages: Sequence[str]) -> list[Found]:
        """Figures of some passages whose unit is what the question counts, of the years that it names; in the passages' order."""
        wanted = _wanted(question, {}, ())
        known = _stems(*(word for entity in question.entities for word in words(entity.name)))  # the passages name these
        names = [term for term in wanted if term.name and not term.within(known)]
        years = set(question.years or question.span)
        return [
            Found(row, 1.0, True)
            for passage in passages
            for row, unit, text, proper in zip(self.rows, self.units, self.texts, self.proper, strict=True)
            if row["passage"] == passage
            and _counts(wanted, unit, text)
            and all(any(way & proper for way in term.ways) for term in names)
            and (not years or _of_years(row, years))
        ][:MOST]

    def beside(self, question: Question, found: Sequence[Found], names: Mapping[str, Sequence[str]]) -> list[Found]:
        """Figures in the sentences of others that say what a further part of the question asks ("and how many of them")."""
        wanted = _wanted(question, names, ())
        share = asks_share(question.text)
        told = {one.row["quote"] for one in found}
        others = [
            (row, unit)
            for row, unit in zip(self.rows, self.units, strict=True)
            if row["quote"] in told and all(row is not one.row for one in found) and (not share or "%" in row.get("unit", ""))
        ]
        return [
            Found(row, 1.0, True)
            for row, unit in others
            if share or any(not term.name and (unit.is_of(term) or term.within(unit.stems)) for term in wanted)
        ]

    def purposed(
        self, question: Question, names: Mapping[str, Sequence[str]], amounts: Iterable[Sequence[dict[str, str]]]
    ) -> list[dict[str, str]]:
        """Of amounts given to a body, each with the rows that state it, those for what the question asks beside the body: they
        have half of its words at least."""
        words_of = (term for term in _wanted(question, names, ()) if not term.name)
        wanted = [term for term in words_of if not any(map(asks_money, term.heads))]
        kept: list[dict[str, str]] = []
        for rows in amounts:
            text = _stems(*(word for row in rows for word in (*_said(row), row["quote"], row.get("section", ""))))
            kept += rows if 2 * sum(term.within(text) for term in wanted) >= len(wanted) else []
        return kept

    def find(
        self,
        question: Question,
        names: Mapping[str, Sequence[str]],
        passed: Collection[str],
        close: float = CLOSE,
    ) -> list[Found]:
        """Figures that the question asks for, best first; none when nothing covers enough of it.

        names: every name of each reference, so that a body is found under its name in the other language. passed: references
        of the bodies that report, which their figures do not name. close: share of the best one's score that the others need.
        """
        wanted = _wanted(question, names, passed)
        if not wanted:
            return []
        # "The budget of the plan": any amount within it would do, so a figure has to be called that of the plan.
        whole_plan = question.chosen and not question.years and all("budget" in term.heads for term in wanted)
        weights = [self._weight(term) for term in wanted]
        total = math.fsum(weights)
        years = set(question.years or question.span)
        totals = set(wording()["pass"]["total"])
        summed = not totals.isdisjoint(words(question.text))
        money, share, adds = asks_money(question.text), asks_share(question.text), asks_sum(question.text)
        often = asks_often(question.text)
        # "How many received": what is done is not counted, and the unit is told by the rest.
        counts = often or (asks_count(question.text) and not wanted[0].verb)
        inside = [term.rows(self.having) for term in wanted]
        whole = [term.rows(self.near) for term in wanted]
        scored: list[Found] = []
        for place in sorted(set().union(*whole)):
            row, unit = self.rows[place], self.units[place]
            if years and not _of_years(row, years, dated=whole_plan or not years & self.years):
                continue
            if whole_plan and (len(row["name"]) > TITLE or set(wording()["pass"]["plan"]).isdisjoint(words(row["name"]))):
                continue
            if any(
                (place not in near and (term.people or term.name))
                or (term.name and not any(way & self.proper[place] for way in term.ways))
                or (term.place and not term.within(self.placed[place]))
                for term, near in zip(wanted, whole, strict=True)
            ) or (
                (money and not is_money(row))
                or (share and "%" not in row.get("unit", ""))
                or (adds and (totals.isdisjoint(words(row["name"])) or (row.get("year") and not tells_period(row["quote"]))))
            ):
                continue
            if often:
                counted = None if unit.people else next((term for term in wanted if term.verb and unit.is_of(term)), None)
                counted = wanted[0] if unit.times else counted
            else:
                counted = _counts(wanted, unit, self.texts[place])
            got = math.fsum(
                weight * (1 if place in own or term is counted else AROUND if place in near else 0)
                for term, weight, own, near in zip(wanted, weights, inside, whole, strict=True)
            )
            got /= total
            dated = (DATED if row.get("year") else -DATED) if years else 0.0
            enough = got + (COUNTED if counted else 0)
            enough += SUMMED if summed and not totals.isdisjoint(words(row["name"])) else 0
            score = enough + dated
            if (counted or not counts) and enough >= ENOUGH:
                scored.append(Found(row, score, counted is not None, counted is not None and unit.names(counted)))
        scored.sort(key=lambda found: (-found.score, found.row["document"], int(found.row["start"])))
        best = scored[0].score if scored else 0.0
        nearly = [found for found in scored if found.score >= close * best]
        # Of a sentence with several numbers, the one that counts what was asked.
        nearly = [found for found in nearly if found.counted] or nearly
        nearly = [found for found in nearly if found.exact and found.score > best - EVEN] or nearly
        return [*nearly, *_contradicting(nearly, scored, dated=bool(years))][:MOST]


@dataclass(frozen=True, slots=True)
class _Unit:
    """The words of what a figure counts, whole: a police zone is no police officer."""

    words: frozenset[str]
    stems: frozenset[str]
    people: bool
    times: bool

    @classmethod
    def of(cls, *texts: str) -> _Unit:
        said = {word for text in texts for word in words(text)}
        people, times = (not said.isdisjoint(wording()["pass"][name]) for name in ("person", "times"))
        return cls(_whole(said), _stems(*texts), people, times)

    def names(self, term: Term) -> bool:
        """Whether it has a word for what a term says."""
        return not self.words.isdisjoint(term.heads) or any(len(way) > 1 and way <= self.stems for way in term.ways)

    def is_of(self, term: Term) -> bool:
        """Whether it counts what a term says; flying hours are hours, and patients are people."""
        if self.names(term) or (self.people and PERSON in term.heads):
            return True
        tails = tuple(head for head in term.heads if len(head) >= HEAD)
        return any(word.endswith(tails) for word in self.words if len(word) >= COMPOUND)


def _counts(wanted: Sequence[Term], unit: _Unit, text: frozenset[str]) -> Term | None:
    """The term whose things a unit counts: the first after "how many", or the second where the first is its adjective."""
    for term in wanted[:2]:
        if not term.name and unit.is_of(term):
            return term
        if not (term.inflected and term.within(text)):
            return None
    return None


def _contradicting(chosen: Sequence[Found], scored: Iterable[Found], *, dated: bool) -> list[Found]:
    """Other values of what was asked, in the same unit, which other documents give; where a year was asked, it has spoken."""
    if dated or not chosen or not chosen[0].counted:
        return []
    unit = fold(chosen[0].row.get("unit", ""))
    taken = {(found.row["document"], found.row["value"]) for found in chosen}
    documents, values = {document for document, _ in taken}, {value for _, value in taken}
    return [
        found
        for found in scored
        if found.counted
        and fold(found.row.get("unit", "")) == unit
        and found.row["document"] not in documents
        and found.row["value"] not in values
    ]


def before(passage: str, quote: str) -> str:
    """What a passage says just before a quote."""
    place = passage.find(quote)
    return passage[max(0, place - BEFORE) : place] if place > 0 else ""


def _of_years(row: Row, years: Collection[int], *, dated: bool = False) -> bool:
    """Whether a figure may be of a year that is asked for: it has that year or none, or its sentence names it by itself, not as
    the end of a date or period. dated: it has to say which year it is of."""
    if row.get("year") and int(row["year"]) in years:
        return True
    if not row.get("year") and not dated:
        return True
    return any(re.search(rf"(?<![/.–\d-]){year}(?!\d)", row["quote"]) for year in years)


def is_money(row: Row) -> bool:
    """Whether a figure is a sum of money."""
    return "euro" in row.get("unit", "").casefold()


def _said(row: Row) -> tuple[str, ...]:
    return row.get("name", ""), row.get("unit", ""), row.get("caption", "")


def _stems(*texts: str) -> frozenset[str]:
    return frozenset(_stem(word) for text in texts for word in words(text))


def _postings(texts: Iterable[frozenset[str]]) -> dict[str, set[int]]:
    """The places of the texts that have each stem."""
    found: dict[str, set[int]] = {}
    for place, text in enumerate(texts):
        for one in text:
            found.setdefault(one, set()).add(place)
    return found


def _whole(found: Iterable[str]) -> frozenset[str]:
    """Words as a unit is compared: as they are written and without plural, never cut."""
    return frozenset(form for word in found if len(word) > 2 for form in (_same(word), stem(_same(word))))


def _same(word: str) -> str:
    return str(wording()["same"].get(word, word))


@functools.lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    """A word as figures compare it: without plural, without the prefix of a participle, its first seven letters."""
    word = stem(_same(word))
    word = word.removesuffix("e")
    return (word[2:] if word.startswith("ge") and len(word) > 7 else word)[:7]


@dataclass(frozen=True, slots=True)
class Term:
    """A content word of a question, or a body that it names."""

    ways: tuple[frozenset[str], ...]  # each a word or several, all of which have to be there, in either language
    heads: frozenset[str] = frozenset()  # the same as single words, whole: how a unit says it
    name: bool = False  # written as a name
    people: bool = False  # a group of people, who cannot be taken for others
    place: bool = False  # a commune or police zone: what is said before a sentence may be of another
    inflected: bool = False  # written as a Dutch adjective before its noun ("prioritaire")
    verb: bool = False  # what is done, not what it is done with

    def rows(self, postings: Mapping[str, set[int]]) -> set[int]:
        """The texts that say the term, by the texts of each stem."""
        none: set[int] = set()
        return none.union(*(set.intersection(*(postings.get(stem, none) for stem in way)) for way in self.ways if way))

    def within(self, text: frozenset[str]) -> bool:
        """Whether a text says the term in one of its ways."""
        return any(way <= text for way in self.ways)


def _wanted(question: Question, known: Mapping[str, Sequence[str]], ignored: Collection[str]) -> list[Term]:
    """Content words of a question; the counted thing (after "how many") first, the bodies that it names last."""
    text = YEAR.sub(" ", YEARS.sub(" ", question.text))
    passed = _passed(question)
    called: dict[str, list[str]] = {}  # the names of what is named, once for each: one word may name a body and its project
    for entity in question.entities:
        if entity.kind in ("organisation", "initiative", "place"):
            name = r"\W+".join(map(re.escape, entity.name.split()))
            text = re.sub(rf"(?<!\w){name}(?!\w)", " ", text)
            if not set(entity.refs) & set(ignored) and not passed.issuperset(words(entity.name)):
                mine = [name.split(DASH)[0] for ref in entity.refs for name in known.get(ref, ())]
                called.setdefault(entity.name, [entity.name]).extend(mine)
    places = {entity.name for entity in question.entities if entity.kind == "place"}
    small = passed | set(wording()["pass"]["name"])
    bodies = []
    for surface, all_names in called.items():
        each = (_stems(*(word for word in words(name) if word not in small)) for name in all_names)
        bodies.append(Term(tuple(filter(None, dict.fromkeys(each))), name=not surface.islower(), place=surface in places))
    return _terms(text, question) + bodies


def _passed(question: Question) -> set[str]:
    """Words that say nothing about which figure is asked for."""
    passed = {word for group in wording()["language"].values() for word in group} | set(wording()["pass"]["figure"])
    passed |= set(wording()["pass"]["plan"])
    return passed | stopwords(question.spoken) | set(wording()["pass"]["list"])


def _terms(text: str, question: Question) -> list[Term]:
    """The content words of a text: what is counted first, then in order. A term of several words that the glossary knows is one
    more way to say each of its words."""
    lang, passed = question.spoken, _passed(question)
    every = list(lexical.words(text, lang))
    counted = next((word.start for word in every if word.folded in wording()["pass"]["counting"]), 0)
    first = next((word for word in every if word.start > counted), None)  # "how many districts": here they are no frame
    frame = set(wording()["pass"]["list"])
    found = [word for word in every if word.folded not in passed or (counted and word is first and word.folded in frame)]
    ways: dict[int, list[frozenset[str]]] = {word.start: [_stems(word.folded)] for word in found}
    heads: dict[int, list[str]] = {word.start: [word.folded] for word in found}
    verbs: dict[int, bool] = {}
    for start, size, meanings in matches([word.stem for word in every], lang, everyday=True):
        terms = [_content(term) for meaning in meanings for other in ("nl", "fr") for term in meaning[other]]
        said = [_stems(*each) for each in terms]
        for word in every[start : start + size]:
            if word.start in ways:
                ways[word.start] += [way for way in said if way]
                heads[word.start] += [each[0] for each in terms if size == len(each) == 1]
                doing = size == 1 and all(is_verb(meaning) for meaning in meanings)
                verbs[word.start] = verbs.get(word.start, True) and doing
    ordered = sorted(found, key=lambda word: (word.start < counted, word.start))
    return [
        Term(
            tuple(dict.fromkeys(ways[word.start])),
            _whole(heads[word.start]),
            name=word.start > 0 and text[word.start].isupper(),
            people=groups([word.stem], lang) or word.folded in wording()["pass"]["person"],
            inflected=lang == "nl" and word.folded.endswith("e"),
            verb=verbs.get(word.start, False),
        )
        for word in ordered
    ]


def _content(term: str) -> list[str]:
    return [word for word in words(term) if len(word) > 2]
