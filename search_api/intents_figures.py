"""Intents about figures and amounts: how many, how much, for whom, in which year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kg.encoder import NONE
from kg.names import fold
from search_api.answers import Answering
from search_api.figures import Found
from search_api.passages import bearing
from search_api.understanding import Question, asks_count, asks_person, asks_sum, clauses
from search_api.wording import LOCALES, wording

Row = Mapping[str, str]
SCALES = {"duizend": 1e3, "millier": 1e3, "thousand": 1e3, "miljoen": 1e6, "million": 1e6, "miljard": 1e9, "milliard": 1e9}


def figure(answer: Answering) -> None:
    """Figures and amounts; several values of one thing are all given, and named as different."""
    first, *further = clauses(answer.question)
    found = _found(answer, first)
    missing = []
    for part in further if found else ():
        more = answer.figures().beside(part, found, answer.corpus.names.of) or _found(answer, part)
        if not part.entities:  # it is about what the first part names
            told = {one.row["passage"] for one in found}
            more = [one for one in more if one.row["passage"] in told]
        found += more
        missing += [] if more else [part.text.strip(" ?.,")]
    if not found:
        answer.sentences.append(answer.say("sentence", "figure_none"))
        if answer.question.years:
            answer.notes.append(answer.say("note", "years_covered", years=", ".join(map(str, answer.covered_years()))))
        return
    _tell(answer, found)
    answer.sentences += [answer.say("sentence", "figure_part", text=text) for text in missing]


def _found(answer: Answering, question: Question) -> list[Found]:
    """The figures that one question asks for, by its words; else those of the passages that bear on it."""
    if asks_person(question.text):  # what somebody earns is in no document
        return []
    names = answer.corpus.names
    found = answer.figures().find(question, names.of, names.publishers)
    if not found and answer.corpus.encoder != NONE and asks_count(question.text) and not asks_sum(question.text):
        return answer.figures().counting(question, bearing(answer.corpus, question))
    return found


def _tell(answer: Answering, found: Sequence[Found]) -> None:
    """Rows for figures, what the first of them says, and where they differ."""
    same: dict[tuple[str, ...], list[Row]] = {}  # what both languages of one document say is one row
    for item in found:
        key = (item.row["document"], item.row["value"], item.row.get("year", ""), item.row["about"])
        same.setdefault(key, []).append(item.row)
    for rows in same.values():
        _add(answer, "Figure", rows[0], rows)
        answer.rows[-1]["label"] = {row["lang"]: row["name"] for row in rows}
    answer.sentences.append(_told(answer, answer.rows[0]))
    _differing(answer, [item.row for item in found])
    answer.conflicts()


def grant(answer: Answering) -> None:
    """Amounts granted to a body or group, newest first; of the years that the question names, where it names any."""
    publishers = answer.corpus.names.publishers
    refs = [ref for entity in answer.question.entities for ref in entity.refs if ref not in publishers]
    rows = answer.fetch("grants-to", recipient=refs) if refs else []
    years = set(answer.question.years or answer.question.span)
    amounts: dict[tuple[str, str, float], list[dict[str, str]]] = {}
    for row in rows:
        if not years or int(row["year"]) in years:
            amounts.setdefault((row["recipient"], row["year"], euros(row)), []).append(row)
    mine = answer.figures().purposed(answer.question, answer.corpus.names.of, amounts.values()) if amounts else []
    if not mine:
        figure(answer)
        if rows and not answer.rows:
            given = ", ".join(sorted({row["year"] for row in rows}))
            answer.notes.append(answer.say("note", "grants_of", name=answer.label(refs[0]), years=given))
        return
    bodies: dict[str, str] = {}  # the first recipient of each amount: one amount may be shared by several bodies
    same: dict[tuple[str, str, float], list[Row]] = {}  # and one may be told in both languages, or in another scale
    for row in mine:
        body = bodies.setdefault(row["subject"], row["recipient"])
        same.setdefault((body, row["year"], euros(row)), []).append(row)
    for evidence in same.values():
        _add(answer, "Grant", evidence[0], evidence)
        answer.rows[-1]["label"] = answer.describe([evidence[0]["recipient"]])[evidence[0]["recipient"]]["label"]
    told = "; ".join(_value(answer, row["value"]) for row in answer.rows)
    names = ", ".join(dict.fromkeys(answer.label(row["recipient"]) for row in mine))
    answer.sentences.append(answer.say("sentence", "grant", name=names, values=told))
    given_for: dict[tuple[str, ...], list[Row]] = {}  # other years and purposes are no contradiction
    for row in mine:
        given_for.setdefault((row["recipient"], row["year"], row.get("name", "")), []).append(row)
    for each in given_for.values():
        _differing(answer, each)
    if missing := sorted(set(answer.question.years) - {int(row["year"]) for row in mine}):
        answer.sentences.append(answer.say("sentence", "grant_years", years=", ".join(map(str, missing))))
    answer.conflicts()


def euros(row: Row) -> float:
    """A sum of money in euros, whatever its scale: 35 000 thousand are 35 000 000."""
    unit = fold(row.get("unit", ""))
    return float(row["value"]) * next((scale for word, scale in SCALES.items() if word in unit), 1)


def _add(answer: Answering, kind: str, row: Row, evidence: Sequence[Row] = ()) -> None:
    year = int(row["year"]) if row.get("year") else None
    number = float(row["value"])
    value = {"number": int(number) if number.is_integer() else number, "unit": row.get("unit", ""), "year": year}
    answer.add(kind, row["subject"], evidence or [row], text=row.get("name") or row["quote"], value=value)
    answer.years |= {year} if year else set()


def _told(answer: Answering, row: Mapping[str, Any]) -> str:
    """A figure as a sentence: the source's own where the figure stands in one, else what it is and its value."""
    name = str(row["text"]).strip()
    quote = str(row["citations"][0]["quote"]) if row["citations"] else ""
    if len(name) > 60 and quote.startswith(name[:40]):
        return answer.say("sentence", "figure", text=_value(answer, row["value"]), value=f"«{name}»")
    return answer.say("sentence", "figure", text=name.rstrip(".:"), value=_value(answer, row["value"]))


def _value(answer: Answering, value: Mapping[str, Any]) -> str:
    number = spoken(value["number"], answer.lang)
    return " ".join(filter(None, [number, unit_in(value["unit"], answer.lang), f"({value['year']})" if value["year"] else ""]))


def unit_in(unit: str, lang: str) -> str:
    """A unit of money in a language; any other as the source has it."""
    same = fold(unit)
    for words in wording()["unit"].values():
        for place, word in enumerate(words):
            if fold(word) == same:
                return str(wording()["unit"][lang][place])
    return unit


def spoken(number: float, lang: str) -> str:
    """A number as a language writes it: 2938500 is "2.938.500" in Dutch."""
    from babel.numbers import format_decimal

    return format_decimal(number, locale=LOCALES[lang])


def _differing(answer: Answering, rows: Sequence[Row]) -> None:
    """Say that the documents give one thing several values."""
    about = {(row.get("about", row.get("recipient")), row.get("unit"), row.get("year")) for row in rows}
    documents = {row["document"] for row in rows}
    values = {euros(row): row["value"] for row in rows}
    if len(values) > 1 and (len(about) == 1 or (len(documents) > 1 and not answer.question.years)):
        answer.notes.append(answer.say("note", "two_values", values=" / ".join(values.values())))
