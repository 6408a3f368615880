"""Names over time: which name an organisation had when, what it became, and which of its names is the one in law.

Everything here is curated (ontology/gazetteer); the sentences are templates of ontology/answering.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from search_api.naming import Entity, split
from search_api.wording import say, wording

if TYPE_CHECKING:
    from search_api.answers import Answering, Corpus


@dataclass(frozen=True, slots=True)
class Former:
    """A name that an organisation had, in one language, with its first and last day or year ("" where not known)."""

    text: str
    lang: str
    short: str
    spellings: tuple[str, ...]
    since: str
    until: str

    def is_called(self, words: list[str]) -> bool:
        return any(split(name) == words for name in (self.text, self.short, *self.spellings) if name)

    def held_in(self, first: int, last: int) -> bool:
        """Whether it was in use in a year of a period."""
        return (not self.since or int(self.since[:4]) <= last) and bool(self.until) and int(self.until[:4]) >= first

    def __str__(self) -> str:
        return f"{self.text} ({self.short})" if self.short and self.short != self.text else self.text


@dataclass(slots=True)
class History:
    """What is known of one organisation. into: what it became, and when; origins: what it goes on from, and when."""

    ref: str
    former: list[Former] = field(default_factory=list)  # the oldest first
    legal: dict[str, str] = field(default_factory=dict)
    whole: str = ""
    into: tuple[str, str] | None = None
    origins: list[tuple[str, str]] = field(default_factory=list)
    changes: dict[str, list[str]] = field(default_factory=dict)  # by language, in words

    def called(self, name: str) -> list[Former]:
        """The former names that a name is."""
        words = split(name)
        return [former for former in self.former if former.is_called(words)]

    @property
    def since(self) -> str:
        """First day or year of the present name, "" when there is no other or it is not known."""
        return max((_next(former.until) for former in self.former if former.until), default="")

    def in_language(self, lang: str, names: list[Former]) -> list[Former]:
        """The names in a language; all of them where it has none."""
        return [former for former in names if former.lang in (lang, "")] or names


def history(corpus: Corpus, ref: str) -> tuple[History, str]:
    """What is known of the names of an organisation, and the query that says so."""
    if ref not in corpus.histories:
        corpus.histories[ref] = _history(corpus, ref)
    known: tuple[History, str] = corpus.histories[ref]
    return known


def _history(corpus: Corpus, ref: str) -> tuple[History, str]:
    rows, sparql = corpus.run("names-over-time", organisation=ref)
    found = History(ref)
    names: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if "name" in row:
            names.setdefault(row["name"], []).append(row)
        if "legal" in row:
            found.legal[row.get("legal@", "")] = row["legal"]
        found.whole = row.get("whole", found.whole)
        if row.get("kind") == "absorbed":
            change = (row["origin"], row.get("date", "")) if row["into"] == ref else (row["into"], row.get("date", ""))
            if row["into"] != ref:
                found.into = change
            elif change not in found.origins:
                found.origins.append(change)
        if "change" in row:
            found.changes.setdefault(row.get("change@", ""), []).append(row["change"])
    for group in names.values():
        first = group[0]
        spellings = tuple(dict.fromkeys(row["spelling"] for row in group if "spelling" in row))
        found.former.append(
            Former(
                first["former"],
                first.get("former@", ""),
                first.get("short", ""),
                spellings,
                first.get("from", ""),
                first.get("until", ""),
            )
        )
    return found, sparql


def today(corpus: Corpus, ref: str) -> str:
    """The organisation as which one goes on today: itself, where it was not absorbed."""
    seen = {ref}
    while (into := history(corpus, ref)[0].into) and into[0] not in seen:
        ref = into[0]
        seen.add(ref)
    return ref


# ---------------------------------------------------------------- words


def since(text: str, lang: str) -> str:
    """ "sinds 4 juli 2022", "depuis le 1er janvier 2024", "since 2018"; "nu", "désormais", "now" without a date."""
    if not text:
        return say("date", "now", lang)
    if len(text) == 4:
        return say("date", "since_year", lang, date=text)
    day = date.fromisoformat(text)
    first = lang == "fr" and day.day == 1
    month = wording()["date"]["months"][lang][day.month - 1]
    return say("date", "since_day", lang, date=f"{day.day}{'er' if first else ''} {month} {day.year}")


def told(answer: Answering, entity: Entity, known: History) -> list[str]:
    """What there is to say of the names of an organisation that a question names, the name of the time first."""
    lang, label = answer.lang, answer.label(known.ref)
    former = known.called(entity.known)
    sentences = list(_in_years(answer, known, label))
    if former:
        sentences.append(_renamed(answer, entity, known))
        others = [one for one in known.in_language(lang, known.former) if one not in former]
        if others and former[0].lang in (lang, ""):
            sentences.append(say("sentence", "names_former", lang, names="; ".join(map(str, others))))
    elif known.former:
        names = "; ".join(map(str, reversed(known.in_language(lang, known.former))))
        template = "named_since" if known.since else "named_now"
        sentences.append(say("sentence", template, lang, today=label, since=since(known.since, lang), names=names))
    sentences += _changes(answer, known)
    legal = known.legal.get(lang) or next(iter(known.legal.values()), "")
    if legal:
        sentences.append(say("sentence", "legal", lang, today=label, legal=legal))
    if sentences or (entity.kind == "place" and entity.known == label):
        return sentences
    return [say("sentence", "names", lang, name=entity.known, today=label)]


def _renamed(answer: Answering, entity: Entity, known: History) -> str:
    """What a former name became; an abbreviation is said in full."""
    former = known.called(entity.known)[0]
    name = f"{former.short} ({former.text})" if split(entity.known) == split(former.short) else entity.known
    when = since(known.since, answer.lang)
    return say("sentence", "renamed", answer.lang, name=name, since=when, today=answer.label(known.ref))


def _in_years(answer: Answering, known: History, label: str) -> Iterator[str]:
    """The name in each year of which a question asks, where it was another one."""
    for year in answer.question.years:
        then = known.in_language(answer.lang, [former for former in known.former if former.held_in(year, year)])
        if then:
            yield say("sentence", "named_in", answer.lang, year=year, today=label, names="; ".join(map(str, then)))


def _changes(answer: Answering, known: History) -> Iterator[str]:
    """What an organisation became, and what it goes on from."""
    label = answer.label(known.ref)
    if known.into:
        into, when = known.into
        whole = history(answer.corpus, into)[0].whole
        name = answer.label(into) + (f" ({answer.label(whole)})" if whole else "")
        yield say("sentence", "absorbed", answer.lang, name=label, since=since(when, answer.lang), into=name)
    for origin, when in known.origins:
        yield say("sentence", "goes_on", answer.lang, name=label, since=since(when, answer.lang), origin=answer.label(origin))


def other_language(answer: Answering, ref: str) -> str:
    """The names of something in the other languages than the asker's, as a sentence; "" where they are the same."""
    labels = answer.describe([ref])[ref]["label"]
    mine = answer.label(ref)
    names = [
        say("sentence", f"called_{lang}", answer.lang, name=labels[lang])
        for lang in ("nl", "fr")
        if lang != answer.lang and labels.get(lang, mine) != mine
    ]
    return " ".join(names)


def notes(answer: Answering) -> list[str]:
    """What a question by an old name, or about the time of one, has to be told whatever else it asks."""
    found: list[str] = []
    first, last = _period(answer)
    for entity in answer.question.entities:
        if not entity.exact:
            found.append(say("note", "read_as", answer.lang, name=entity.name, known=entity.known))
        for ref in entity.refs if entity.kind == "organisation" else ():
            known, _ = history(answer.corpus, ref)
            label = answer.label(ref)
            if known.called(entity.known):
                found.append(_renamed(answer, entity, known))
            elif len(entity.refs) == 1 and known.since:
                then = [former for former in known.former if first and former.held_in(first, last)]
                if then:
                    names = "; ".join(map(str, known.in_language(answer.lang, then)))
                    when = since(known.since, answer.lang)
                    found.append(say("sentence", "named_since", answer.lang, today=label, since=when, names=names))
            if known.into:
                found += _changes(answer, known)
    return list(dict.fromkeys(found))


def _period(answer: Answering) -> tuple[int, int]:
    """First and last year that a question is about; (0, 0) when it names none."""
    years = list(answer.question.years)
    if not years and answer.question.chosen:
        years = [int(year) for plan in answer.question.plans for year in re.findall(r"\d{4}", plan)]
    return (min(years), max(years)) if years else (0, 0)


def _next(until: str) -> str:
    """The day after a last day; of a last year, the year itself, in which the name changed."""
    return (date.fromisoformat(until) + timedelta(days=1)).isoformat() if len(until) == 10 else until
