"""Intents about one thing: what an initiative or organisation does, who carries it out, since when it exists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from search_api.answers import Answering, grouped, passage_row
from search_api.intents_lists import listed
from search_api.naming import Entity
from search_api.topics import decides, says, topics_of
from search_api.understanding import asks_explanation, asks_partners

FEW = 3  # initiatives of an organisation that are described
DESCRIBING = frozenset({"description", "objective", "philosophy", "context"})


def initiative(answer: Answering) -> None:
    """What an initiative is: what the documents describe of it; else what the body of that name does."""
    for entity in answer.question.entities:
        for ref in entity.refs if entity.kind == "initiative" else ():
            told = [row for row in answer.fetch("actions-of-initiative", initiative=ref) if _name(row["property"]) in DESCRIBING]
            if told:
                answer.add("Initiative", ref, told, text=told[0]["quote"])
                answer.sentences.append(answer.say("sentence", "initiative", name=answer.label(ref), text=told[0]["quote"]))
    if not answer.rows:
        organisation(answer)
    if not answer.rows:
        _headed(answer)


def _name(property_: str) -> str:
    return property_.rsplit("#", 1)[-1].rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def organisation(answer: Answering) -> None:
    """What an organisation does: initiatives that it carries out or takes part in, by edition-free evidence."""
    for entity in answer.question.entities:
        if entity.kind != "organisation" or entity.common:
            continue
        rows = answer.fetch("initiatives-of-organisation", actor=list(entity.refs))
        if answer.question.years:
            of_year = {row["subject"] for one in answer.question.years for row in answer.fetch("initiatives-of-year", year=one)}
            rows = [row for row in rows if row["subject"] in of_year]
        if rows:
            listed(answer, rows, "organisation", name=answer.label(entity.refs[0]))
            for row in answer.rows if len(answer.rows) <= FEW else ():
                ref = row["iri"].removeprefix(f"{answer.corpus.base}/")
                told = [
                    one
                    for one in answer.corpus.run("actions-of-initiative", initiative=ref)[0]
                    if _name(one["property"]) in DESCRIBING
                ]
                row["text"] = told[0]["quote"] if told else None
                row["citations"] = answer.citations([*told[:2], *rows]) if told else row["citations"]
            if asks_explanation(answer.question.text) and not any(row["text"] for row in answer.rows):
                _headed(answer)
            return


def _headed(answer: Answering) -> None:
    """The passages under a heading that names what is asked for: what the documents tell of it, in their own words."""
    searching = answer.corpus.searching
    entities = [
        entity for entity in answer.question.entities if not entity.common and entity.kind in ("initiative", "organisation")
    ]
    for entity in entities:
        names = {name.casefold() for ref in entity.refs for name in answer.corpus.names.of[ref]}
        for passage in dict.fromkeys(place for ref in entity.refs for place in searching.mentioned.get(ref, ())):
            indexed = searching.index.passages[passage]
            if any(name in " ".join(indexed.passage.section[-1:]).casefold() for name in names) and len(answer.rows) <= FEW:
                place = searching.place(indexed)
                answer.rows.append(passage_row(place, place["quote"]))
                answer.sentences = answer.sentences or [answer.say("sentence", "headed", name=answer.label(entity.refs[0]))]


def passages_of(answer: Answering, communes: Sequence[str]) -> list[dict[str, Any]]:
    """Rows for the passages that speak of communes, beside the initiatives that are listed: reports tell what a commune does
    without giving it a name. Where the question has a topic, those that have it too."""
    searching = answer.corpus.searching
    about = [one for one in topics_of(answer) if decides(answer.corpus, answer.question.spoken, one)]
    told: list[tuple[int, str]] = []
    for ref in communes:
        names = "|".join(re.escape(each) for each in answer.corpus.names.of[ref])
        alone = re.compile(rf"(?<![\w/-])(?<!/ )(?:{names})(?![\w-]|\s?/)", re.I)  # not one of the names of its zone
        for place in dict.fromkeys(searching.mentioned.get(ref, ())):
            text = searching.index.passages[place].passage.text
            found = list(alone.finditer(text))
            if found and all(says(one, [(searching.index.passages[place].passage.lang, text)]) for one in about):
                told.append((-len(found), place))
    cited = (searching.place(searching.index.passages[place]) for _, place in sorted(told)[:FEW])
    return [passage_row(one, one["quote"]) for one in cited]


def zones_about(answer: Answering) -> None:
    """The police zones whose initiatives are about a topic, by the words of their names, descriptions and goals."""
    about = topics_of(answer)
    rows = answer.fetch("texts-of-initiatives") if about else []
    said: dict[str, set[str]] = {}
    for row in rows:
        said.setdefault(row["subject"], set()).update(one.text for one in about if says(one, [(row["lang"], row["quote"])]))
    most = max((len(words) for words in said.values()), default=0)  # a question in a sentence has words that no text repeats
    found = {ref for ref, words in said.items() if words and len(words) == most and 2 * most > len(about)}
    by_zone = grouped(answer.fetch("zones-of-initiative", initiative=sorted(found)), "subject") if found else {}
    for ref, evidence in by_zone.items():
        answer.add("Organisation", ref, evidence)
    if by_zone:
        names = "; ".join(answer.label(ref) for ref in by_zone)
        topic = ", ".join(one.text for one in about)
        answer.sentences.append(answer.say("sentence", "zones", name=topic, names=names))


def partners(answer: Answering) -> None:
    """Who carries out an initiative, or those of a zone, and who takes part in it."""
    for entity in answer.question.entities:
        for ref in initiatives_of(answer, entity):
            rows = answer.fetch("partners-of-initiative", initiative=ref)
            if (
                entity.kind == "initiative"
                and asks_partners(answer.question.text)
                and not any(_name(row["property"]) == "hasPartner" for row in rows)
            ):
                _without_partners(answer, ref, rows)
                continue
            for one, evidence in grouped(rows, "subject").items():
                answer.add("Organisation", one, evidence)
            for name in ("carriedOutBy", "hasPartner"):
                mine = list(dict.fromkeys(row["subject"] for row in rows if _name(row["property"]) == name))
                if mine:
                    names = ", ".join(answer.label(one) for one in mine)
                    answer.sentences.append(answer.say("sentence", name, name=answer.label(ref), names=names))
        if answer.rows:
            return


def _without_partners(answer: Answering, ref: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Say that no partner of an initiative is named; who carries it out is near, and no answer."""
    answer.sentences.append(answer.say("sentence", "hasPartner_none", name=answer.label(ref)))
    for one in grouped(rows, "subject"):
        answer.nearest.append({"iri": f"{answer.corpus.base}/{one}", "kind": "Organisation", **answer.describe([one])[one]})


def target(answer: Answering) -> None:
    """For whom an initiative is, or those of a zone: the target groups that the documents give."""
    wanted = [ref for entity in answer.question.entities for ref in initiatives_of(answer, entity)]
    rows = [row for row in answer.fetch("texts-of-initiatives") if _name(row["property"]) == "targetGroup"]
    for ref, evidence in grouped((row for row in rows if row["subject"] in wanted), "subject").items():
        answer.add("Initiative", ref, evidence, text=evidence[0]["quote"])
        answer.sentences.append(answer.say("sentence", "target", name=answer.label(ref), text=evidence[0]["quote"].rstrip(".")))


def initiatives_of(answer: Answering, entity: Entity) -> list[str]:
    """The initiatives that an entity is, or that a police zone or commune has."""
    if entity.kind == "place":
        return list(grouped(answer.corpus.run("initiatives-of-zone", place=list(entity.refs))[0], "subject"))
    return list(entity.refs) if entity.kind == "initiative" else []
