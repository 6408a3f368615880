"""The dossier: each sub-question of a pasted parliamentary question answered as by `ask`, with tables, passages, gaps and numbered
sources (design §7, docs/dossier.md).

A sub-question without a subject of its own takes it from what stands above it, and the dossier says what was taken from where.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from kg.glossary import by_stems, stopwords
from kg.lexical import words
from kg.names import fold, shorten
from kg.quotes import quote_at
from search_api import dossier_table as tables
from search_api.answers import Answering, ask
from search_api.dossier_split import Item, Pasted, say, split, wants, wording
from search_api.naming import Entity
from search_api.naming import split as split_name
from search_api.search import Searching, search
from search_api.understanding import NUMBER, PART, THEME, YEAR, YEARS, ZONE, Question, editions_of_numbers, understand

QUESTIONS = 60  # sub-questions that are answered
PASSAGES = 4  # shown where nothing answers; half as many where something does
POOL = 100  # passages looked at for the topic of a table
EXCERPT = 420  # characters of a passage that are quoted
SHARE = 0.34  # of the question's concepts that a passage has to have
ON_TOPIC = 0.5  # the same for a table
BESIDE = 0.75  # the same beside an answer
EVERYWHERE = 0.1  # share of the passages above which a name that they have says nothing about the subject
TAKEN = 3  # names or words taken from the context
SPAN = 10  # years of a period that are written out
PLACES = 3  # a passage that names more communes or zones than these belongs to none of their blocks
DATE = re.compile(r"\b\d{1,2}(?:er)?[ /.-](?:\d{1,2}|[^\W\d_]{3,9})[ /.-](?:19|20)\d\d\b")
CAPITALS = re.compile(r"(?<=[\w,:] )[A-ZÀ-Ý][\w-]+(?: [A-ZÀ-Ý][\w-]+)*")  # names inside a sentence
Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A text that a question may take its subject from. name: as in [from] of ontology/dossier.toml."""

    name: str
    text: str


@dataclass(slots=True)
class Read:
    """A question as it is asked: its text with what was added, and from where. optional: it could be asked without."""

    text: str
    added: list[dict[str, Any]] = field(default_factory=list)
    optional: bool = False


def dossier(searching: Searching, text: str, lang: str | None = None, *, bilingual: bool = False, today: date | None = None) -> Found:
    """The dossier for a pasted text, as JSON (docs/dossier.md). lang: of the dossier, else that of most of the text; bilingual: its
    own sentences in Dutch and French. Raises UsageError for an empty text and for one that is too long."""
    pasted = split(text)
    lang = lang or pasted.lang
    langs = tuple(dict.fromkeys([lang, "nl", "fr"])) if bilingual else (lang,)
    return _Making(searching, pasted, lang, langs).whole(today or date.today())


class _Making:
    """One dossier in the making."""

    def __init__(self, searching: Searching, pasted: Pasted, lang: str, langs: tuple[str, ...]) -> None:
        self.searching, self.corpus, self.pasted, self.lang, self.langs = searching, searching.corpus, pasted, lang, langs
        self.tables: tables.Tables | None = None
        self.texts: dict[str, str] = {}
        manifest = self.corpus.generation.manifest
        often = len(searching.index.passages) * EVERYWHERE
        self.everywhere = {ref for ref, count in searching.index.mentions.items() if count > often}
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
        documents = dict.fromkeys(source["document"] for source in sources)
        titles = {lang: [self.corpus.label(f"id/document/{one}", lang) for one in documents] for lang in self.langs}
        return {"documents": titles, "years": sorted({source["year"] for source in sources if source["year"]})}

    # ------------------------------------------------------------ sub-questions

    def _questions(self) -> Iterable[Found]:
        count = 0
        before = ""
        for item in self.pasted.items:
            if not item.parts or (item.context and len(item.above) < item.level):
                yield self._entry(item, item.text, heading=True)
            earlier: list[str] = []
            for part, text in enumerate(item.parts, 1):
                entry = self._entry(item, text, part=part if len(item.parts) > 1 else None)
                count += 1
                if count > QUESTIONS:
                    entry["gaps"].append({"kind": "limit", "text": self.told("not_answered", n=QUESTIONS)})
                else:
                    read = self._read(item, text, earlier, before)
                    self._answer(entry, item, read)
                    before = read.text
                    earlier.append(read.text)
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
            "blocks": [],
        }

    def _answer(self, entry: Found, item: Item, read: Read) -> None:
        wanted = wants(entry["text"])
        replies = self._asked(read.text, item.lang)
        if read.optional and read.added and not wanted and not replies[item.lang]["answers"]:
            bare = self._asked(entry["text"], item.lang)
            if bare[item.lang]["answers"]:
                names = _listed(name for one in read.added for name in one["names"])
                entry["gaps"].append({"kind": "context", "text": self.told("without_context", names=names)})
                replies, read = bare, Read(entry["text"])
        entry["read_as"] = {"text": read.text, "added": read.added} if read.added else None
        own = replies[item.lang]
        same = {lang: reply for lang, reply in replies.items() if _rows(reply) == _rows(own)}
        reply = same.get(self.lang, own)
        passages = [row for row in reply["answers"] if row["kind"] == "Passage"]
        reply = {**reply, "answers": [row for row in reply["answers"] if row["kind"] != "Passage"]}
        entry["answer"] = reply
        entry["texts"] = {lang: one["text"] for lang, one in same.items() if lang in self.langs} or {item.lang: own["text"]}
        entry["notes"] = {lang: one["notes"] for lang, one in same.items() if lang in self.langs} or {item.lang: own["notes"]}
        question = understand(read.text, item.lang, self.corpus.plans, self.corpus.names)
        hits = search(self.searching, read.text, item.lang, limit=POOL if wanted else 3 * PASSAGES)["hits"]
        if wanted:
            self._tables(entry, question, wanted, hits)
        # A question that wants a table is answered by it, however its words were understood.
        empty = not reply["answers"] and not _filled(entry)
        used = {citation["url"] for citation in _citations(entry)}
        near = [hit for hit in hits if hit["passage"] not in used and _near(hit, SHARE, empty)]
        mine = {hit["document"] for hit in near if hit["lang"] == self.lang}
        near = [hit for hit in near if hit["lang"] == self.lang or hit["document"] not in mine]  # not both languages of one work
        entry["evidence"] = [self._excerpted(hit) for hit in near[: PASSAGES if empty else PASSAGES // 2]] if not wanted or empty else []
        if passages and empty:
            known = {hit["passage"] for hit in entry["evidence"]}
            entry["evidence"] += [_as_hit(row) for row in passages if row["citations"] and row["citations"][0]["url"] not in known]
        self._gaps(entry, question, empty, wanted)

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
            more = self.told("gap_passages") if entry["evidence"] else dict.fromkeys(self.langs, "")
            entry["gaps"].append({"kind": "nothing", "text": {lang: f"{told[lang]} {more[lang]}".strip() for lang in self.langs}})
        given = {*reply["scope"]["years"], *(row["value"]["year"] for row in reply["answers"] if row["value"])}
        missing = [year for year in question.years if year not in self.years and year not in given]
        if missing:
            told = self.told("gap_years", years=_listed(missing), covered=_listed(self.years))
            entry["gaps"].append({"kind": "years", "text": told, "years": missing})
        if rows := (entry["overview"] or {}).get("rows"):
            for name, column in (("measure", "measures"), ("organisation", "organisations"), ("amount", "amounts")):
                without = sum(not row[column] for row in rows)
                if without:
                    told = {
                        lang: say("sentence", "gap_columns", lang, n=without, all=len(rows), what=wording()["missing"][name][lang])
                        for lang in self.langs
                    }
                    entry["gaps"].append({"kind": name, "text": told})

    def _about(self, question: Question) -> str:
        """What a question is about, as names and words."""
        names = [_surface(entity) for entity in question.entities if not entity.common]
        numbers = [f"{number} ({', '.join(map(_years, question.plans))})" for number in question.numbers]
        return _listed([*numbers, *names, *_topic(question.text, question.lang, question), *question.years])

    # ------------------------------------------------------------ context

    def _read(self, item: Item, text: str, earlier: Sequence[str], before: str) -> Read:
        """The question with what it takes from its context."""
        own = self._understood(text, item.lang)
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
        named = [entity for entity in own.entities if not entity.common]
        topic = _topic(text, item.lang, own)
        if not (own.numbers or own.part or own.abbreviation or named):
            refers = _says("refers", "words", text)
            numbered = _says("refers", "measure", text)
            order = [*same, *above, *previous, *title, *preamble] if refers else [*same, *above, *title, *preamble, *(() if self.pasted.titles or wants(text) else previous)]
            if topic and not refers:
                order = [*same, *above]  # it stands under what it is about
            for source in order:
                if self._take(read, source, item.lang, numbers="only" if numbered else "no" if topic and not refers else "too"):
                    break
            read.optional = bool(topic)
        else:
            read.optional = True
        self._take_period(read, own, [*same, *above, *title], item.lang)
        for one in read.added:
            read.text += _written(one, item.lang, opened=one is not read.added[0])
        read.text += ")" if read.added else ""
        return read

    def _understood(self, text: str, lang: str) -> Question:
        return understand(DATE.sub(" ", text), lang, self.corpus.plans, self.corpus.names)

    def _take(self, read: Read, source: Source, lang: str, *, numbers: str) -> bool:
        """Take the subject of a text, if it has one: measures with their edition, else names, else the words of its topic.

        numbers: whether measures are taken "too", are the "only" ones that are, or are not ("no").
        """
        found = self._understood(source.text, lang) if source.text else None
        if found is None or (numbers == "only" and not found.numbers):
            return False
        if found.numbers and numbers != "no":
            if len(found.numbers) > TAKEN and source.name == "preamble":
                return False
            read.added.append({"what": "measures", "names": list(found.numbers[:TAKEN]), "from": source.name})
            plans = {plan for number, plan in editions_of_numbers(source.text, self.corpus.plans).items() if number in found.numbers}
            plans |= set(found.plans) if found.chosen and not plans else set()
            if len(plans) == 1:
                read.added.append({"what": "plan", "names": [_years(plan) for plan in plans], "from": source.name})
            return True
        names = list(dict.fromkeys(_surface(one) for one in found.entities if not one.common and not set(one.refs) & self.everywhere))
        if source.name == "preamble":
            names = names if len(names) == 1 else []
        else:
            part = PART.search(fold(source.text))
            names = [*([f"{part[0]} {say('added', 'resolution', lang)}"] if found.part and part else []), *names[:TAKEN]]
            field = [word for word in _topic(source.text, lang, found) if not names or _of_the_field(word, lang)]
            for phrase in (*CAPITALS.findall(source.text), *field):
                if len(names) <= TAKEN and not set(split_name(phrase)) & set(split_name(" ".join(names))):
                    names += [phrase] if _topic(phrase, lang, found) else []
        if names:
            read.added.append({"what": "names", "names": names, "from": source.name})
        return bool(names)

    def _take_period(self, read: Read, own: Question, sources: Sequence[Source], lang: str) -> None:
        """Take an edition, or the years, that the question leaves out and what stands above it gives."""
        taken = {one["what"] for one in read.added}
        intent = self._understood(read.text + "".join(_written(one, lang) for one in read.added), lang).intent
        if own.years or own.chosen or "plan" in taken:
            return
        measured = bool(own.numbers) or "measures" in taken
        themed = "theme" in {entity.kind for entity in own.entities}
        for source in sources:
            if not source.text:
                continue
            found = self._understood(source.text, lang)
            plans = [plan for plan in found.plans if plan in self.corpus.plans and _years(plan) in source.text.replace("–", "-")]
            if plans and (measured or themed) and intent not in ("theme_number", "compare"):
                read.added.append({"what": "plan", "names": [_years(plan) for plan in plans], "from": source.name})
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
        names = [entity for entity in own.entities if not entity.common]
        if names:
            old = [one for one in self._understood(whole, self.lang).entities if one.kind == names[0].kind]
            for one in old[:1]:
                whole = re.sub(re.escape(_surface(one)), _surface(names[0]), whole, count=1, flags=re.IGNORECASE)
        return whole if whole != previous else f"{previous.rstrip(' ?.')} – {text}"

    # ------------------------------------------------------------ tables and passages

    def _tables(self, entry: Found, question: Question, wanted: Sequence[str], hits: Sequence[Found]) -> None:
        self.tables = self.tables or tables.read(self.corpus)
        answering = Answering(self.corpus, replace(question, lang=self.lang))
        broad = fold(wording()["generic"]["broad"]).split()
        topic = [word for word in _topic(question.text, entry["lang"], question) if fold(word) not in broad]
        about = [hit for hit in hits if _near(hit, ON_TOPIC)] if topic else []
        passages = {shorten(hit["passage"], self.corpus.base) for hit in about} if topic else None
        limits = tables.limits(question, passages)
        if "overview" in wanted and not set(wanted) & {"commune", "zone"}:
            entry["overview"] = tables.table(answering, self.tables, limits)
            entry["overview"]["limits"] = self._limits_told(question, topic)
        for kind in ("commune", "zone", "body"):
            if kind in wanted and not (kind == "body" and entry["overview"]):
                found = tables.blocks(answering, self.tables, kind, limits)
                for block in found if topic else ():
                    block["passages"] = [self._excerpted(hit) for hit in about if self._speaks_of(hit, block)][:2]
                entry["blocks"] += found

    def _limits_told(self, question: Question, topic: Sequence[str]) -> list[str]:
        """What limits a table, as names."""
        numbers = [f"{number} ({', '.join(map(_years, question.plans))})" for number in question.numbers]
        names = [_surface(entity) for entity in question.entities if not entity.common]
        return list(dict.fromkeys([*numbers, *names, *map(str, question.years), *topic]))

    def _speaks_of(self, hit: Found, block: Found) -> bool:
        """Whether a passage names the commune or zone of a block, and few others."""
        ref = shorten(block["iri"], self.corpus.base)
        entities = self.searching.index.passages[shorten(hit["passage"], self.corpus.base)].entities
        assert self.tables
        alike = set(self.tables.zone_of if block["kind"] == "commune" else self.tables.zone_of.values())
        return ref in entities and len(alike & set(entities)) <= PLACES

    def _excerpted(self, hit: Found) -> Found:
        """A hit with the part of its passage that is quoted, and where that stands in the published text."""
        passage = self.searching.index.passages[shorten(hit["passage"], self.corpus.base)].passage
        start, end = _excerpt(hit)
        key = f"{passage.document}.{passage.lang}"
        if key not in self.texts:
            self.texts[key] = (self.corpus.generation.path / "texts" / f"{key}.txt").read_text("utf-8")
        quote = quote_at(self.texts[key], passage, start, end)
        place = {name: hit[name] for name in ("document", "title", "page", "section", "lang")}
        cut = [start > 0, end < len(passage.text)]
        return {**hit, "citations": [{**place, "quote": quote.text, "start": quote.start, "end": quote.end, "url": hit["passage"]}], "cut": cut}


# ---------------------------------------------------------------- helpers


def _rows(reply: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What tells the rows of an answer apart, whatever its language."""
    return [(row["iri"], row["number"], row["plan"], str(row["value"])) for row in reply["answers"]]


def _filled(entry: Mapping[str, Any]) -> bool:
    """Whether a table has anything in it."""
    table = entry["overview"] or {"rows": [], "grants": []}
    return bool(table["rows"] or table["grants"] or any(b["rows"] or b["grants"] or b["passages"] for b in entry["blocks"]))


def _near(hit: Mapping[str, Any], share: float, empty: bool = True) -> bool:
    """Whether a passage has enough of the question to be worth a look; beside an answer, nearly all of it."""
    reasons = hit["why"]["reasons"]
    if not empty:
        return bool(reasons.get("words", 0) >= BESIDE)
    return bool(reasons.get("words", 0) >= share or reasons.get("measures") or reasons.get("proof"))


def _as_hit(row: Mapping[str, Any]) -> Found:
    """A passage of an answer as a passage to check."""
    citation = row["citations"][0]
    place = {name: citation[name] for name in ("document", "title", "page", "section", "lang", "quote")}
    return {"passage": citation["url"], **place, "citations": row["citations"][:1], "cut": [False, False]}


def _elliptical(text: str) -> bool:
    """Whether a question is the rest of the one before: "En in 2023?", "Et au volet 2 ?"."""
    found = fold(text).rstrip(" ?.").split()
    return bool(found) and found[0] in ("en", "et", "and", "idem") and len(found) <= 6 and any(c.isdigit() or c.isupper() for c in text[2:])


def _topic(text: str, lang: str, question: Question) -> list[str]:
    """The words of a text that make a topic: no small words, no words of asking, no numbers, no names."""
    silent = stopwords(lang) | _generic(lang)
    names = {part for entity in question.entities for part in split_name(entity.name)}
    found = (
        text[word.start : word.end]
        for word in words(YEARS.sub(" ", text), lang)
        if word.folded not in silent and word.stem not in silent and word.folded.isalpha() and len(word.folded) > 2
    )
    return list(dict.fromkeys(word for word in found if not set(split_name(word)) & names))


@functools.cache
def _generic(lang: str) -> frozenset[str]:
    """Words that make no topic of their own, and their stems."""
    found = fold(wording()["generic"][lang])
    return frozenset({*found.split(), *(word.stem for word in words(found, lang))})


def _of_the_field(word: str, lang: str) -> bool:
    """Whether a word is a term of the glossary, and so surely part of a subject."""
    return any((one.stem,) in by_stems(lang) for one in words(word, lang))


def _says(group: str, name: str, text: str) -> bool:
    return re.search(rf"(?<![\w'-])(?:{'|'.join(wording()[group][name])})(?!\w)", fold(text)) is not None


def _surface(entity: Entity) -> str:
    """A name as it is printed where that is what the question says; themes by number with their word."""
    if entity.name.isdigit():
        return f"thema {entity.name}"
    return entity.known if split_name(entity.known) == split_name(entity.name) else entity.name


def _written(added: Mapping[str, Any], lang: str, *, opened: bool = False) -> str:
    """What was added, as it is written behind a question."""
    names = _listed(added["names"])
    return (", " if opened else " (") + say("added", added["what"], lang, names=names)


def _listed(items: Iterable[Any]) -> str:
    return ", ".join(map(str, items))


def _years(plan: str) -> str:
    return plan.removeprefix("gvpp-")


def _period(text: str) -> list[int]:
    """The years that a text names; a period is written out."""
    found: list[int] = []
    for match in YEARS.finditer(text):
        first = int(match[1])
        last = int(match[2] if len(match[2]) == 4 else match[1][:2] + match[2])
        found += range(first, last + 1) if 0 < last - first < SPAN else [first, last]
    return sorted({*found, *map(int, YEAR.findall(YEARS.sub(" ", text)))})


def _excerpt(hit: Mapping[str, Any]) -> tuple[int, int]:
    """The part of a passage that is quoted: all of it where it is short, else its nearest sentence or where most words stand."""
    text = hit["quote"]
    if len(text) <= EXCERPT:
        return 0, len(text)
    first, last = hit["sentence"] or _densest(hit["highlights"])
    spare = max(0, EXCERPT - (last - first)) // 2
    start, end = max(0, first - spare), min(len(text), last + spare)
    start = _border(text, start, first)
    breaks = [match.end() for match in re.finditer(r"[.!?](?=\s)|\n", text[last:end])]
    end = last + breaks[-1] if breaks else max(text.rfind(" ", last, end), last)
    return start, end


def _border(text: str, start: int, first: int) -> int:
    """The first beginning of a sentence, line or word from `start` on, no later than `first`."""
    if start == 0:
        return 0
    for pattern in (r"(?<=[.!?])\s+|\n\s*", r"\s+"):
        if match := re.search(pattern, text[start:first]):
            return start + match.end()
    return first


def _densest(spans: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The stretch, no longer than an excerpt, that holds most of the words found."""
    best = (0, 0, 0)
    for place, (start, _) in enumerate(spans):
        inside = [end for _, end in spans[place:] if end - start <= EXCERPT // 2]
        best = max(best, (len(inside), -start, inside[-1] if inside else start))
    return -best[1], best[2]


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
