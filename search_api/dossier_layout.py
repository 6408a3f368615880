"""A dossier as a row of headings, paragraphs, lists and tables: what Markdown and DOCX both write, in one language or in two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from babel.numbers import format_decimal

from kg.names import fold
from search_api.dossier_each_table import each_table
from search_api.dossier_split import say, wording
from search_api.dossier_words import COLON, Block, Run, Words, joined
from search_api.wording import LOCALES
from search_api.wording import wording as answering

NAMED = 16  # characters between a colon and the first name of a list: the number of a measure
QUOTED = 15  # rows of a list up to which each shows its quote; those of longer lists stand with the sources
QUOTE = 400  # characters of a quote beside a row
LISTED = 25  # initiatives of one block
SENTENCE = 320  # characters from which the names of a sentence are left to the list below it


def tabled(question: Mapping[str, Any]) -> bool:
    """Whether a table or block gives what the answer would list."""
    return bool(question["overview"] and question["overview"]["rows"]) or any(
        b["rows"] or any(fact["values"] for fact in b["facts"]) for b in question["blocks"]
    )


def told_rows(question: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of the answer that are listed: beside a table, only the figures."""
    rows = question["answer"]["answers"] if question["answer"] else []
    return [row for row in rows if row["kind"] == "Figure"] if tabled(question) else rows


def layout(dossier: Mapping[str, Any]) -> list[Block]:
    """The whole dossier."""
    return list(_Layout(dossier).whole())


class _Layout(Words):
    def __init__(self, dossier: Mapping[str, Any]) -> None:
        super().__init__(dossier)
        self.shown: set[int] = set()  # sources whose passage was quoted already

    # ------------------------------------------------------------ the whole

    def whole(self) -> Iterator[Block]:
        found = self.dossier
        yield Block("title", (Run(found["title"]),))
        yield Block("heading", self.words("heading", "dossier"), 1)
        corpus = found["corpus"]
        for lang in self.langs:
            days = {"made": self.day(found["made"], lang), "date": self.day(corpus["date"], lang)}
            yield Block("text", (Run(say("sentence", "made", lang, version=corpus["version"], **days), lang),))
        for note in found["notes"]:
            yield from self.sentences(note, "note")
        for saved in found.get("similar", ()):
            yield from self.similar(saved)
        if found["header"] or found["preamble"]:
            yield self.heading("preamble", 1)
            yield from (Block("text", (Run(line, style="quiet"),)) for line in (*found["header"], *found["preamble"]))
        for question in found["questions"]:
            yield from self.question(question)
        yield self.heading("corpus", 1)
        for lang in self.langs:
            titles = found["covers"]["documents"].get(lang) or next(iter(found["covers"]["documents"].values()))
            values = {"count": len(titles), "titles": "; ".join(titles), "years": ", ".join(map(str, found["covers"]["years"]))}
            yield Block("text", (Run(say("sentence", "covers", lang, **values), lang),))
        yield self.heading("sources", 1)
        yield from (self.source(source) for source in found["sources"])

    def source(self, source: Mapping[str, Any]) -> Block:
        place = f"p. {source['page']}" if source["page"] else source["section"] or ""
        head = ", ".join(part for part in (source["title"], place) if part)
        quote = f"«{' '.join(source['quote'].split())}»"
        runs = (Run(head), Run(" — "), Run(quote, source["lang"], "quote"), *self.mark(source["lang"]), Run(" "))
        return Block("source", (*runs, Run(source["url"], url=source["url"])), source["n"])

    def similar(self, saved: Mapping[str, Any]) -> Iterator[Block]:
        """A saved dossier that resembles this one, and what changed since."""
        for lang in self.langs:
            name = "same_saved" if saved["same"] else "similar_saved"
            values = {"date": self.day(saved["saved"], lang), "version": saved["corpus"]["version"], "id": saved["id"]}
            yield Block("note", (Run(say("sentence", name, lang, title=saved["title"], **values), lang),))
        if not saved["changes"]:
            yield from self.said("changed_none", "note")
        for change in saved["changes"]:
            counts = {name: len(change[name]) for name in ("came", "went", "changed")}
            values = {"number": change["number"], "came": counts["came"], "went": counts["went"], "other": counts["changed"]}
            yield from self.said("changed_row", "note", **values)
            for name in counts:
                for one in change[name]:
                    yield Block(
                        "item",
                        (*self.words("sentence", name), Run(COLON[self.lang]), self.label(one["label"]), Run(one["detail"])),
                    )

    # ------------------------------------------------------------ a question

    def question(self, question: Mapping[str, Any]) -> Iterator[Block]:
        if question["part"] in (None, 1):
            yield self.heading("question", min(1 + question["level"], 3), question["number"])
            if question["context"]:
                yield Block("text", (Run(question["context"], question["lang"], "quiet"),))
        yield Block("question", (Run(question["text"], question["lang"]),))
        if question["heading"]:
            return
        if question["read_as"]:
            yield from self.read_as(question["read_as"])
        if question["answer"]:
            yield from self.answer(question)
        if question["overview"]:
            yield from self.overview(question["overview"], ", ".join(question["limits"]))
        elif question["blocks"] and question["limits"]:
            yield from self.said("scope", "note", names=", ".join(question["limits"]))
        yield from self.blocks(question["blocks"])
        for gap in question["gaps"]:
            yield from self.sentences(gap["text"], "gap")
        if question["evidence"]:
            yield Block("note", self.words("heading", "evidence"))
            for hit in question["evidence"]:
                yield from self.passage(hit)

    def read_as(self, read: Mapping[str, Any]) -> Iterator[Block]:
        for lang in self.langs:
            first, *more = read["added"]
            if first["what"] == "things":
                years = [say("added", "years", lang, names=", ".join(one["names"])) for one in more]
                values = {
                    "names": ", ".join(["; ".join(first["names"]), *years]),
                    "source": say("from", "answer", lang, number=first["number"]),
                }
                yield Block("note", (Run(say("sentence", "read_each", lang, **values), lang),))
                continue
            what = ", ".join(say("added", one["what"], lang, names=", ".join(one["names"])) for one in read["added"])
            source = ", ".join(
                dict.fromkeys(say("from", one["from"], lang, number=one.get("number", "")) for one in read["added"])
            )
            yield Block("note", (Run(say("sentence", "read_as", lang, text=read["text"], what=what, source=source), lang),))

    def answer(self, question: Mapping[str, Any]) -> Iterator[Block]:
        reply = question["answer"]
        rows = told_rows(question)
        figures = [row for row in rows if row["value"]]
        unread = reply["intent"] == "unknown" and not reply["answers"]
        if not unread and (rows or not tabled(question) or reply["intent"] == "each"):
            for lang in [lang for lang in self.langs if lang not in question["texts"]] if rows else []:
                yield Block("text", (Run(say("sentence", "see_above", lang), lang),))
            if not figures or set(figures[0]["label"]) & set(self.langs):  # else the table gives the words, with their language
                yield from self.sentences({lang: _short(text, rows) for lang, text in question["texts"].items()})
        if figures:
            yield self.figures(figures)
        for row in rows:
            if not row["value"]:
                yield from self.row(row, quoted=len(rows) <= QUOTED)
        for lang, notes in question["notes"].items():
            yield from (Block("note", (Run(note, lang),)) for note in notes if note not in question["texts"].get(lang, ""))
        if reply["nearest"] and not reply["answers"] and not tabled(question):
            yield Block("note", self.words("heading", "nearest"))
            yield from (Block("item", self.thing(row)) for row in reply["nearest"])

    def thing(self, row: Mapping[str, Any]) -> tuple[Run, ...]:
        """A name with, for a measure, its number and the edition that the number belongs to."""
        about = []
        if row.get("number") and row.get("plan"):
            about.append(Run(f"{row['number']}, {row['plan'].removeprefix('gvpp-')}"))
        if status := self.status(row):
            about.append(Run(status, self.lang))
        if row.get("role"):
            about.append(Run(str(answering()["word_for"][row["role"]][self.lang]), self.lang))
        if row.get("certainty") in ("curated", "suggested"):
            about.append(Run(say("sentence", f"certainty_{row['certainty']}", self.lang), self.lang))
        inner = [run for one in about for run in (Run(" · "), one)][1:]
        return (self.label(row["label"], "bold"), *((Run(" ("), *inner, Run(")")) if inner else ()))

    def row(self, row: Mapping[str, Any], *, quoted: bool) -> Iterator[Block]:
        runs = self.thing(row)
        if row["kind"] == "Abbreviation" and row["text"]:
            runs = (*runs, Run(f"{COLON[self.lang]}{row['text']}"))
        if row["kind"] == "Passage":  # what it says is the answer, and not what it is called
            yield self.quote({**row["citations"][0], "quote": row["text"]})
            return
        yield Block("item", (*runs, Run(" "), *self.refs(row["citations"])))
        if quoted and row["citations"] and fold(row["citations"][0]["quote"]) not in map(fold, row["label"].values()):
            yield self.quote(row["citations"][0])

    def quote(self, citation: Mapping[str, Any], cut: Sequence[bool] = (False, False)) -> Block:
        text = " ".join(citation["quote"].split())
        if len(text) > QUOTE and not any(cut):
            text, cut = text[:QUOTE].rsplit(" ", 1)[0], (False, True)
        shown = f"«{'… ' if cut[0] else ''}{text}{' …' if cut[1] else ''}»"
        return Block(
            "quote", (Run(shown, citation["lang"], "quote"), *self.mark(citation["lang"]), Run(" "), *self.refs([citation]))
        )

    def passage(self, hit: Mapping[str, Any]) -> Iterator[Block]:
        place = f"p. {hit['page']}" if hit["page"] else " › ".join((hit["section"] or "").split(" › ")[-2:])
        title = Run(", ".join(part for part in (hit["title"], place) if part))
        if hit["citations"][0]["n"] in self.shown:
            yield Block("item", (title, Run(" "), *self.refs(hit["citations"])))
            return
        yield Block("item", (title,))
        self.shown.add(hit["citations"][0]["n"])
        yield self.quote(hit["citations"][0], hit["cut"])

    # ------------------------------------------------------------ tables

    def figures(self, rows: Sequence[Mapping[str, Any]]) -> Block:
        header = tuple(self.words("heading", name) for name in ("what", "value", "year", "source"))
        body = tuple(
            (
                (label := self.label(row["label"]), *(self.mark(label.lang) if label.lang else ())),
                (self.amount(row["value"]),),
                (Run(str(row["value"]["year"] or "")),),
                self.refs(row["citations"]),
            )
            for row in rows
        )
        return Block("table", rows=(header, *body))

    def overview(self, table: Mapping[str, Any], names: str) -> Iterator[Block]:
        yield self.heading("overview", 4)
        yield from self.said("scope" if names else "scope_all", "note", **({"names": names} if names else {}))
        if table["rows"]:
            header = tuple(self.words("heading", name) for name in ("initiative", "measure", "organisation", "amount", "source"))
            yield Block("table", rows=(header, *(self.overview_row(row) for row in table["rows"])))
        if table["left_out"]:
            yield from self.said("more", "note", n=table["left_out"])
        if table["grants"]:
            yield self.heading("grants", 4)
            yield self.grants(table["grants"])
        if table["suggested"]:
            yield self.heading("suggested", 4)
            header = tuple(self.words("heading", name) for name in ("initiative", "measure", "score", "source"))
            yield Block("table", rows=(header, *(self.suggested_row(row) for row in table["suggested"])))

    def overview_row(self, row: Mapping[str, Any]) -> tuple[tuple[Run, ...], ...]:
        when = "; ".join(filter(None, [", ".join(map(str, row["years"])), self.status(row)]))
        when = f" ({when})" if when else ""
        measures = [[Run(f"{one['number']} ({one['plan'].removeprefix('gvpp-')})")] for one in row["measures"]]
        bodies = [[self.label(one["label"])] for one in row["organisations"]]
        partners = [[Run("+ "), self.label(one["label"])] for one in row["partners"]]
        amounts = [
            [self.amount(one["value"]), Run(f" ({one['value']['year']}) "), *self.refs(one["citations"])]
            for one in row["amounts"]
        ]
        cells = (measures, [*bodies, *partners], amounts)
        return ((self.label(row["label"]), Run(when)), *(joined(cell) for cell in cells), self.refs(row["citations"]))

    def suggested_row(self, row: Mapping[str, Any]) -> tuple[tuple[Run, ...], ...]:
        measure = row["measure"]
        reason = Run(f" – {row['reason'][self.lang]}", self.lang) if self.lang in row["reason"] else Run("")
        number = Run(f"{measure['number']} ({measure['plan'].removeprefix('gvpp-')}) ")
        score = Run(format_decimal(round(row["score"], 2), locale=LOCALES[self.lang]))
        return ((self.label(row["label"]),), (number, self.label(measure["label"])), (score, reason), self.refs(row["citations"]))

    def grants(self, grants: Sequence[Mapping[str, Any]]) -> Block:
        header = tuple(self.words("heading", name) for name in ("recipient", "about", "amount", "year", "source"))
        body = tuple(
            (
                joined([[self.label(one["label"])] for one in grant["recipients"]]),
                (Run(grant["about"]["text"], grant["about"]["lang"]),) if grant["about"] else (),
                (self.amount(grant["value"]),),
                (Run(str(grant["value"]["year"] or "")),),
                self.refs(grant["citations"]),
            )
            for grant in grants
        )
        return Block("table", rows=(header, *body))

    def blocks(self, blocks: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
        """A block per commune, zone or body; a table of the things of a list with what is asked of each."""
        for told, mine in groupby(blocks, lambda block: bool(block["facts"])):
            if told:
                yield from each_table(self, list(mine))
            else:
                yield from self.places(mine)

    def places(self, blocks: Iterable[Mapping[str, Any]]) -> Iterator[Block]:
        kind = ""
        for block in blocks:
            if block["kind"] != kind:
                kind = block["kind"]
                yield self.heading(kind, 4)
            name = self.label(block["label"], "bold")
            zone = (Run(" ("), self.label(block["zone"]["label"]), Run(")")) if block["zone"] else ()
            if not (block["rows"] or block["grants"] or block["passages"]):
                for lang in self.langs:
                    yield Block("gap", (name, *zone, Run(COLON[lang]), Run(say("sentence", "gap_block", lang), lang)))
                continue
            yield Block("name", (name, *zone))
            for row in block["rows"][:LISTED]:
                yield Block("item", self.block_row(row))
            left_out = block["left_out"] + max(0, len(block["rows"]) - LISTED)
            if left_out:
                yield from self.said("more", "note", n=left_out)
            if block["grants"]:
                yield self.grants(block["grants"])
            for hit in block["passages"]:
                yield self.quote(hit["citations"][0], hit["cut"])

    def block_row(self, row: Mapping[str, Any]) -> tuple[Run, ...]:
        runs: list[Run] = [self.label(row["label"]), *([Run(f" ({self.status(row)})", self.lang)] if self.status(row) else [])]
        for name, shown in (("measures", "measure"), ("partners", "partners")):
            if row[name]:
                word = wording()["word"][shown][self.lang]
                names = (
                    [[Run(f"{one['number']} ({one['plan'].removeprefix('gvpp-')})")] for one in row[name]]
                    if name == "measures"
                    else [[self.label(one["label"])] for one in row[name]]
                )
                runs += [Run(" – "), Run(f"{word} ", self.lang), *joined(names, ", ")]
        return (*runs, Run(" "), *self.refs(row["citations"]))


def _short(text: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """A sentence without the names that the list below it gives, where they are many."""
    if len(text) <= SENTENCE or not rows:
        return text
    places = [place for name in rows[0]["label"].values() if (place := text.find(name)) > 0]
    begin = text.rfind(":", 0, min(places)) if places else -1  # a name inside a sentence stays
    further = begin > 0 and re.search(r"[.…] [^.:;]{1,80}: ?\S", text[min(places) :])  # a list of another place or edition
    return f"{text[:begin].rstrip()}." if begin > 0 and not further and min(places) - begin < NAMED else text
