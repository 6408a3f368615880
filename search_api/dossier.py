"""The dossier: each sub-question of a pasted parliamentary question answered as by `ask`, with tables, passages, gaps and
numbered sources (design §7, docs/dossier.md).

A sub-question without a subject of its own takes it from what stands above it, and the dossier says what was taken from where.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from kg.names import fold, shorten
from kg.quotes import quote_at
from search_api import dossier_table as tables
from search_api.answers import Answering, ask
from search_api.dossier_context import TAKEN, Context, Read, listed, measures_of, named, surface, topic, written, years_of
from search_api.dossier_each import MOST as THINGS
from search_api.dossier_each import (
    Each,
    Facts,
    Listing,
    asked_of_each,
    asks_facts,
    columns,
    counted,
    kind_of,
    listed_before,
    listing,
    of_kind,
    usual,
    within,
)
from search_api.dossier_excerpt import excerpt
from search_api.dossier_split import Item, Pasted, say, split, wants, wording
from search_api.naming import split as split_name
from search_api.search import Searching, search
from search_api.topics import narrows
from search_api.understanding import Question, understand

QUESTIONS = 60  # sub-questions that are answered
PASSAGES = 3  # shown where nothing answers; half as many where something does
POOL = 100  # passages looked at for the topic of a table
SHARE = 0.34  # of the question's concepts that a passage has to have
ON_TOPIC = 0.5  # the same for a table
BESIDE = 0.75  # the same beside an answer
PLACES = 3  # a passage that names more communes or zones than these belongs to none of their blocks
Found = dict[str, Any]


def dossier(
    searching: Searching, text: str, lang: str | None = None, *, bilingual: bool = False, today: date | None = None
) -> Found:
    """The dossier for a pasted text, as JSON (docs/dossier.md).

    lang: of the dossier, else that of most of the text; bilingual: its own sentences in Dutch and French. Raises UsageError for
    an empty text and for one that is too long.
    """
    pasted = split(text)
    lang = lang or pasted.lang
    langs = tuple(dict.fromkeys([lang, "nl", "fr"])) if bilingual else (lang,)
    return _Making(searching, pasted, lang, langs).whole(today or date.today())


class _Making:
    """One dossier in the making."""

    def __init__(self, searching: Searching, pasted: Pasted, lang: str, langs: tuple[str, ...]) -> None:
        self.searching, self.corpus, self.pasted, self.lang, self.langs = searching, searching.corpus, pasted, lang, langs
        self.texts: dict[str, str] = {}
        manifest = self.corpus.generation.manifest
        self.context = Context(searching, pasted)
        self.listings: list[Listing] = []  # what the answers so far list
        self.years = sorted({s["year"] for s in manifest["sources"].values() if s["year"] and s["genre"] != "plan"})

    def whole(self, today: date) -> Found:
        pasted = self.pasted
        notes = [self.told("tables")] if pasted.marked_up else []
        if not pasted.items:
            notes.append(self.told("no_question"))
            everything = " ".join([*pasted.titles, *pasted.preamble, *pasted.header, *pasted.closing])
            pasted.items.append(Item("1", 0, everything, (everything,), "", (), pasted.lang))
        asked = sum(len(item.parts) for item in pasted.items)
        if asked > QUESTIONS:
            notes.append(self.told("too_many", all=asked, n=QUESTIONS))
        questions = list(self._questions())
        manifest = self.corpus.generation.manifest
        return {
            "title": pasted.title or pasted.items[0].text[:160],
            "lang": self.lang,
            "langs": list(self.langs),
            "header": pasted.header,
            "preamble": [*pasted.titles[1:], *pasted.preamble],
            "questions": questions,
            "notes": notes,
            "covers": self._covers(),
            "sources": _numbered(questions),
            "made": today.isoformat(),
            "corpus": {"version": manifest["name"], "date": manifest["date"]},
        }

    def told(self, name: str, **values: Any) -> dict[str, str]:
        """A sentence in each language of the dossier."""
        return {lang: say("sentence", name, lang, **values) for lang in self.langs}

    def _covers(self) -> Found:
        sources = self.corpus.generation.manifest["sources"].values()
        years = {source["document"]: source["year"] for source in sources}
        titles = {
            lang: [_dated(self.corpus.label(f"id/document/{one}", lang), years[one]) for one in years] for lang in self.langs
        }
        return {"documents": titles, "years": sorted({source["year"] for source in sources if source["year"]})}

    # ------------------------------------------------------------ sub-questions

    def _questions(self) -> Iterable[Found]:
        count = 0
        before, told = "", None
        for place, item in enumerate(self.pasted.items):
            if not item.parts or (item.context and len(item.above) < item.level):
                yield self._entry(item, item.text, heading=True)
            earlier: list[str] = []
            for part, text in enumerate(item.parts, 1):
                entry = self._entry(item, text, part=part if len(item.parts) > 1 else None)
                count += 1
                if count > QUESTIONS:
                    entry["gaps"].append({"kind": "limit", "text": self.told("not_answered", n=QUESTIONS)})
                elif not self._of_listed(entry, item, place):
                    read = self.context.read(item, text, earlier, before, told)
                    self._answer(entry, item, read)
                    told = measures_of(entry["answer"]["answers"], entry["number"]) or told
                    before = read.text
                    earlier.append(read.text)
                    made = listing(entry, item, place, self.corpus.base, self.tables)
                    made.years = self.context.understood(read.text, item.lang).years
                    self.listings.append(made)
                yield entry

    def _entry(self, item: Item, text: str, *, part: int | None = None, heading: bool = False) -> Found:
        return {
            "number": item.number,
            "part": part,
            "level": item.level,
            "text": text,
            "context": "" if heading else item.context,
            "lang": item.lang,
            "heading": heading,
            "read_as": None,
            "answer": None,
            "texts": {},
            "notes": {},
            "evidence": [],
            "gaps": [],
            "overview": None,
            "limits": [],
            "blocks": [],
        }

    def _of_listed(self, entry: Found, item: Item, place: int) -> bool:
        """Answer a question about each thing that an earlier answer listed; False where it is none, or nothing was listed."""
        text, each = entry["text"], asked_of_each(entry["text"])
        own = self.context.understood(text, item.lang)
        if each is None or (not each.before and (own.numbers or named(own) or "overview" in wants(text))):
            return False
        before = listed_before(self.listings, item, place, each, self.tables)
        if before is None:
            if each.before:
                entry["gaps"].append({"kind": "each", "text": self.told("each_none")})
            return False
        things = list(before.things)
        names = [self._short_name(ref) for ref in things[:TAKEN]] + ["…"] * (len(things) > TAKEN)
        added: list[Found] = [{"what": "things", "names": names, "from": "answer", "number": before.number}]
        if before.years and not own.years and not own.span:
            added.append({"what": "years", "names": list(map(str, before.years)), "from": "answer", "number": before.number})
        entry["read_as"] = {"text": text + written(added, item.lang), "added": added}
        question = replace(own, lang=self.lang, intent="each", years=own.years or own.span or before.years)
        answering = Answering(self.corpus, question)
        answering.sparql.append(self.corpus.text("overview"))
        reply = answering.reply()
        self._each(entry, question, each, before.things)
        status = "answered" if _filled(entry) else "not_found"
        entry["texts"] = self.told("each") if _filled(entry) else {}
        entry["answer"] = {**reply, "status": status, "text": entry["texts"].get(self.lang, "")}
        if not _filled(entry):
            entry["gaps"].insert(0, {"kind": "nothing", "text": self.told("gap_answered")})
        self._gap_years(entry, question)
        return True

    def _short_name(self, ref: str) -> str:
        """A thing in few words: a measure by its number and edition."""
        about = self.corpus.describe([ref])[ref]
        numbered = about["number"] and about["plan"]
        return f"{about['number']} ({years_of(about['plan'])})" if numbered else self.corpus.label(ref, self.lang)

    def _each(self, entry: Found, question: Question, each: Each, things: Mapping[str, list[Found]]) -> None:
        """A block for each thing with what is asked of it, and what is missing."""
        kinds = list(dict.fromkeys(kind_of(ref, self.tables) for ref in things))
        asked = columns(each, kinds, question)
        wanted = asked or usual(kinds)
        answering = Answering(self.corpus, replace(question, lang=self.lang))
        facts = Facts(answering, self.tables, question.years, counted(each.rest, entry["lang"]))
        blocks = [facts.block(ref, cited, wanted) for ref, cited in list(things.items())[:THINGS]]
        entry["blocks"] += blocks
        if not asked:
            entry["gaps"].append({"kind": "asked", "text": self.told("each_plain")})
        if len(things) > THINGS:
            entry["gaps"].append({"kind": "limit", "text": self.told("each_cut", n=THINGS, all=len(things))})
        for column, name in enumerate(asked if _filled(entry) else ()):
            without = sum(not block["facts"][column]["values"] for block in blocks)
            self._gap_column(entry, "money" if name == "amount" and kinds != ["initiative"] else name, without, len(blocks))

    def _answer(self, entry: Found, item: Item, read: Read) -> None:
        wanted = wants(entry["text"])
        replies = self._asked(read.text, item.lang)
        if read.optional and read.added and not wanted and not replies[item.lang]["answers"]:
            bare = self._asked(entry["text"], item.lang)
            if any(row["kind"] != "Passage" for row in bare[item.lang]["answers"]):
                names = listed(name for one in read.added for name in one["names"])
                entry["gaps"].append({"kind": "context", "text": self.told("without_context", names=names)})
                replies, read = bare, Read(entry["text"])
        entry["read_as"] = {"text": read.text, "added": read.added} if read.added else None
        own = replies[item.lang]
        same = {lang: reply for lang, reply in replies.items() if _rows(reply) == _rows(own)}
        reply = same.get(self.lang, own)
        # The nearest passages are no answer here: they stand below, to be checked. Those that tell what was asked are one.
        passages = reply["answers"] if reply["intent"] == "passages" else []
        reply = {
            **reply,
            "answers": [] if passages else reply["answers"],
            "nearest": [row for row in reply["nearest"] if row["kind"] != "Passage"],
        }
        for row in reply["answers"]:
            told = (
                self.tables.initiatives.get(shorten(row["iri"] or "", self.corpus.base)) if row["kind"] == "Initiative" else None
            )
            row["status"] = told.status if told else None
        entry["answer"] = reply
        entry["texts"] = {lang: one["text"] for lang, one in same.items() if lang in self.langs} or {item.lang: own["text"]}
        entry["notes"] = {lang: one["notes"] for lang, one in same.items() if lang in self.langs} or {item.lang: own["notes"]}
        if passages and not reply["answers"]:
            entry["texts"] = dict.fromkeys(entry["texts"], "")
        question = understand(read.text, item.lang, self.corpus.plans, self.corpus.names)
        hits = search(self.searching, read.text, item.lang, limit=POOL if wanted else 3 * PASSAGES)["hits"]
        if wanted:
            self._tables(entry, question, wanted, hits)
        elif each := asked_of_each(entry["text"]):
            self._of_own(entry, item, question, each)
        # A question that wants a table is answered by it, however its words were understood.
        empty = not reply["answers"] and not _filled(entry)
        used = {citation["url"] for citation in _citations(entry)}
        near = [hit for hit in hits if hit["passage"] not in used and _near(hit, SHARE, empty)]
        if named(question):  # a passage about something else of that kind is of no help
            near = [hit for hit in near if hit["why"]["reasons"].keys() & {"names", "measures"} or _near(hit, BESIDE, False)]
        mine = {hit["document"] for hit in near if hit["lang"] == self.lang}
        near = [hit for hit in near if hit["lang"] == self.lang or hit["document"] not in mine]  # not both languages of one work
        entry["evidence"] = (
            [self._excerpted(hit) for hit in near[: PASSAGES if empty else PASSAGES // 2]] if not wanted or empty else []
        )
        if passages and empty:
            known = {hit["passage"] for hit in entry["evidence"]}
            answering = {row["iri"] for row in passages} - known
            entry["evidence"] += [self._excerpted(hit) for hit in hits if hit["passage"] in answering]
        self._gaps(entry, question, empty, wanted)

    def _of_own(self, entry: Found, item: Item, question: Question, each: Each) -> None:
        """What is asked of each thing that the question itself lists: "welk budget per initiatief van maatregel 2.3"."""
        things = listing(entry, item, 0, self.corpus.base, self.tables).things
        mine = {ref: cited for ref, cited in things.items() if of_kind(kind_of(ref, self.tables), each.kind)}
        if not mine:
            limits = tables.limits(replace(question, entities=tuple(named(question))), None)
            mine = {ref: [] for ref in within(Answering(self.corpus, question), self.tables, each.kind, limits)}
        if mine and not each.before:
            self._each(entry, question, each, mine)

    def _asked(self, text: str, lang: str) -> dict[str, dict[str, Any]]:
        """The answer in the language of the question and in those of the dossier."""
        return {one: ask(self.corpus, text, one) for one in dict.fromkeys((lang, *self.langs))}

    def _gaps(self, entry: Found, question: Question, empty: bool, wanted: Sequence[str]) -> None:
        reply = entry["answer"]
        if empty:
            about = self._about(question) or entry["text"].rstrip(" ?.:;")
            # An answer that was looked for and not found has said what is not there.
            name = "gap_overview" if wanted else "gap" if reply["intent"] == "unknown" else "gap_answered"
            told = self.told(name, about=about)
            entry["gaps"].append({"kind": "nothing", "text": told})
            if entry["evidence"]:
                entry["gaps"].append({"kind": "passages", "text": self.told("gap_passages")})
        self._gap_years(entry, question)
        if rows := (entry["overview"] or {}).get("rows"):
            for name, column in (("measure", "measures"), ("organisation", "organisations"), ("amount", "amounts")):
                self._gap_column(entry, name, sum(not row[column] for row in rows), len(rows))

    def _gap_years(self, entry: Found, question: Question) -> None:
        """Years that a question names and that no document reports on."""
        reply = entry["answer"]
        values = [row["value"] for row in reply["answers"]]
        values += [one["value"] for block in entry["blocks"] for fact in block["facts"] for one in fact["values"]]
        given = {*reply["scope"]["years"], *(value["year"] for value in values if value)}
        missing = [year for year in question.years if year not in self.years and year not in given]
        if missing:
            told = self.told("gap_years", years=listed(missing), covered=listed(self.years))
            entry["gaps"].append({"kind": "years", "text": told, "years": missing})

    def _gap_column(self, entry: Found, name: str, without: int, of: int) -> None:
        """That a column of a table is empty in some rows, or in all."""
        template = "gap_columns" if without < of else "gap_column"
        if without:
            words = wording()["missing"][name]
            told = {lang: say("sentence", template, lang, n=without, all=of, what=words[lang]) for lang in self.langs}
            entry["gaps"].append({"kind": name, "text": told})

    def _about(self, question: Question) -> str:
        """What a question is about, as names and words."""
        names = [surface(entity) for entity in named(question)]
        numbers = [f"{number} ({', '.join(map(years_of, question.plans))})" for number in question.numbers]
        return listed(
            dict.fromkeys([*numbers, *names, *topic(question.text, question.lang, question), *map(str, question.years)])
        )

    # ------------------------------------------------------------ tables and passages

    @functools.cached_property
    def tables(self) -> tables.Tables:
        """What tables are made from, read when the first one is wanted."""
        return tables.read(self.corpus)

    def _tables(self, entry: Found, question: Question, wanted: Sequence[str], hits: Sequence[Found]) -> None:
        answering = Answering(self.corpus, replace(question, lang=self.lang))
        broad = fold(wording()["generic"]["broad"]).split()
        words = [word for word in topic(question.text, entry["lang"], question) if fold(word) not in broad]
        topic_words = [word for word in words if narrows(self.corpus, entry["lang"], word)]
        about = [hit for hit in hits if _near(hit, ON_TOPIC)] if topic_words else []
        passages = {shorten(hit["passage"], self.corpus.base) for hit in about} if topic_words else None
        limits = tables.limits(replace(question, entities=tuple(named(question))), passages)
        entry["limits"] = self._limits_told(question, topic_words)
        if "overview" in wanted and not set(wanted) & {"commune", "zone"}:
            entry["overview"] = tables.table(answering, self.tables, limits, by_body="body" in wanted)
        each = asked_of_each(entry["text"])
        for kind in ("commune", "zone", "body"):
            if kind in wanted and not (kind == "body" and entry["overview"]):
                found = tables.blocks(answering, self.tables, kind, limits)
                if each and each.kind == kind and "overview" not in wanted and asks_facts(each, question):
                    of = {shorten(block["iri"], self.corpus.base): list[Found]() for block in found if block["kind"] == kind}
                    self._each(entry, question, each, of)
                    continue
                for block in found if topic_words else ():
                    block["passages"] = [self._excerpted(hit) for hit in about if self._speaks_of(hit, block)][:2]
                entry["blocks"] += found

    def _limits_told(self, question: Question, about: Sequence[str]) -> list[str]:
        """What limits a table, as names."""
        numbers = [f"{number} ({', '.join(map(years_of, question.plans))})" for number in question.numbers]
        names = [surface(entity) for entity in named(question)]
        broad = {part for name in names for part in split_name(name)}
        about = [word for word in about if not set(split_name(word)) & broad]
        return list(dict.fromkeys([*numbers, *names, *map(str, question.years), *about]))

    def _speaks_of(self, hit: Found, block: Found) -> bool:
        """Whether a passage names the commune or zone of a block, and few others."""
        ref = shorten(block["iri"], self.corpus.base)
        entities = self.searching.index.passages[shorten(hit["passage"], self.corpus.base)].entities
        alike = set(self.tables.zone_of if block["kind"] == "commune" else self.tables.zone_of.values())
        return ref in entities and len(alike & set(entities)) <= PLACES

    def _excerpted(self, hit: Found) -> Found:
        """A hit with the part of its passage that is quoted, and where that stands in the published text."""
        passage = self.searching.index.passages[shorten(hit["passage"], self.corpus.base)].passage
        start, end = excerpt(hit)
        key = f"{passage.document}.{passage.lang}"
        if key not in self.texts:
            self.texts[key] = (self.corpus.generation.path / "texts" / f"{key}.txt").read_text("utf-8")
        quote = quote_at(self.texts[key], passage, start, end)
        hit = {**hit, "title": self.corpus.label(f"id/document/{hit['document']}", self.lang)}
        place = {name: hit[name] for name in ("document", "title", "page", "section", "lang")}
        cut = [start > 0, end < len(passage.text)]
        return {
            **hit,
            "citations": [{**place, "quote": quote.text, "start": quote.start, "end": quote.end, "url": hit["passage"]}],
            "cut": cut,
        }


# ---------------------------------------------------------------- helpers


def _dated(title: str, year: int | None) -> str:
    """A title with the year that it does not name."""
    return title if year is None or str(year) in title else f"{title} ({year})"


def _rows(reply: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What tells the rows of an answer apart, whatever its language."""
    return [(row["iri"], row["number"], row["plan"], str(row["value"])) for row in reply["answers"]]


def _filled(entry: Mapping[str, Any]) -> bool:
    """Whether a table has anything in it."""
    table = entry["overview"] or {"rows": [], "grants": []}
    return bool(table["rows"] or table["grants"] or any(map(tables.filled, entry["blocks"])))


def _near(hit: Mapping[str, Any], share: float, empty: bool = True) -> bool:
    """Whether a passage has enough of the question to be worth a look; beside an answer, nearly all of it."""
    reasons = hit["why"]["reasons"]
    if not empty:
        return bool(reasons.get("words", 0) >= BESIDE)
    return bool(reasons.get("words", 0) >= share or reasons.get("measures") or reasons.get("proof"))


def _citations(value: Any) -> Iterable[Found]:
    """Every citation in a part of a dossier, in the order in which it is read."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "citations":
                yield from inner
            elif name not in ("scope", "nearest"):
                yield from _citations(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _citations(inner)


def _numbered(questions: Sequence[Found]) -> list[Found]:
    """Give every citation its number, the same one to the same words; the list of sources."""
    sources: dict[tuple[Any, ...], Found] = {}
    for question in questions:
        for citation in _citations({name: question[name] for name in ("answer", "overview", "blocks", "evidence")}):
            key = (citation["url"], citation["start"], citation["end"], citation["quote"])
            source = sources.setdefault(key, {"n": len(sources) + 1, **citation})
            citation["n"] = source["n"]
    return list(sources.values())
