"""When: the sentences that tell when something began or took place, found by the words that they share with a question."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from kg.glossary import words
from search_api.answers import CITATIONS, Answering, Corpus, passage_row
from search_api.figures import CLOSE, Figures, Found, Row, before
from search_api.understanding import asks_begin, begins, undated
from search_api.wording import wording

TITLE = 90  # letters of a line that may be a title
EARLY = 2  # years before its period in which a plan is made
OTHERS = 0.6  # another date for the same thing may stand in a sentence that covers less of the question
DATE = re.compile(r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-](?:20)?\d\d|20\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Dates:
    """The sentences of a corpus that have a date, and those of them that tell a beginning, ready to be searched."""

    all: Figures
    begins: Figures


def open_dates(corpus: Corpus) -> Dates:
    """Read the sentences with a date from the index. Of what began, only titles before the sentence say what it is."""
    found: list[tuple[Row, str]] = []
    beginning: list[tuple[Row, str]] = []
    for ref, indexed in corpus.searching.index.passages.items():
        passage = indexed.passage
        for start, end in indexed.sentences:
            quote = passage.text[start:end]
            dates = DATE.findall(quote)
            if dates:
                place = {"passage": ref, "quote": quote, "start": str(start), "document": passage.document}
                named = {"section": " › ".join(passage.section), "name": quote, "about": ""}
                row = place | named | {"value": dates[0], "year": "", "unit": ""}
                found.append((row, before(passage.text, quote)))
                if begins(quote, passage.section[-1] if passage.section else ""):
                    titles = "\n".join(line for line in passage.text[:start].splitlines() if _is_title(line))
                    beginning.append((row, titles))
    every, first = (Figures([row for row, _ in some], {}, [text for _, text in some]) for some in (found, beginning))
    return Dates(every, first)


def _is_title(line: str) -> bool:
    return 0 < len(line) < TITLE and not line.rstrip().endswith((".", ",", ";", ":"))


def when(answer: Answering) -> None:
    """Since when something exists, or when it took place. Other years for the same are named."""
    corpus = answer.corpus
    if corpus.dates is None:
        corpus.dates = open_dates(corpus)
    dates = corpus.dates.begins if asks_begin(answer.question.text) else corpus.dates.all
    asked = replace(answer.question, text=undated(answer.question.text))
    found = dates.find(asked, corpus.names.of, corpus.names.publishers, close=OTHERS)
    if answer.question.chosen and not answer.question.years and not answer.question.entities:
        found = [one for one in found if _of_plan(one.row, answer.question.plans)]
    told = _told(found)[:CITATIONS]
    for row in told:
        place = corpus.searching.place(corpus.searching.index.passages[row["passage"]])
        answer.rows.append(passage_row(place, row["quote"]))
    if told:
        texts = list(dict.fromkeys(f"«{row['quote']}»" for row in told))
        answer.sentences.append(answer.say("sentence", "when", text=" ".join(texts)))
        years = list(dict.fromkeys(year for row in told for year in _years(row["quote"])))
        if len(years) > 1:
            answer.notes.append(answer.say("note", "several_years", years=", ".join(years)))


def _of_plan(row: Row, plans: Collection[str]) -> bool:
    """Whether a sentence with a date may be about one of some plan editions: it names the plan, at a time that fits."""
    if set(wording()["pass"]["plan"]).isdisjoint(words(row["quote"])):
        return False
    periods = [tuple(map(int, re.findall(r"\d{4}", plan))) for plan in plans]
    return any(period[0] - EARLY <= int(row["value"][:4]) <= period[-1] for period in periods if period)


def _years(quote: str) -> list[str]:
    """The years of the dates of a sentence, also of those written short: "3/3/21"."""
    return [f"20{date[-2:]}" for date in DATE.findall(quote)]


def _told(found: Sequence[Found]) -> list[Row]:
    """The sentences that answer, and of those that cover less, one of each other document that gives another date."""
    told: dict[str, Row] = {}
    for one in found:
        documents, dates = {row["document"] for row in told.values()}, {row["value"] for row in told.values()}
        if one.score >= CLOSE * found[0].score or (one.row["document"] not in documents and one.row["value"] not in dates):
            told.setdefault(one.row["quote"], one.row)
    return list(told.values())
