"""Answers: rows of the graph with their evidence, and a sentence from a template in the asker's language (design §7)."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from kg import index as indexes
from kg import queries
from kg.encoder import NONE
from kg.names import fold, shorten, sparql_prefixes
from kg.store import Generation, Rows, open_store, query
from search_api.figures import Figures, before
from search_api.naming import Names
from search_api.naming import Row as NameRow
from search_api.understanding import Question, understand
from search_api.wording import say, wording

if TYPE_CHECKING:
    from search_api.dates import Dates
    from search_api.search import Searching

CITATIONS = 3
NEAREST = 5
KEPT = 8  # replies to the last questions
Row = Mapping[str, ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]


@dataclass
class Corpus:
    """An open generation of the graph, with what every question needs of it."""

    generation: Generation
    store: ox.Store
    base: str
    names: Names
    plans: tuple[str, ...]  # editions with measures, newest first
    figures: Figures | None = None
    dates: Dates | None = None
    encoder: str = NONE  # as in Settings: what reads questions that no query answers
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    fixed: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # rows of the queries that take no parameter
    replies: dict[Question, dict[str, Any]] = field(default_factory=dict)  # to the last questions
    histories: dict[str, Any] = field(default_factory=dict)  # of search_api.renaming, by reference

    @functools.cached_property
    def searching(self) -> Searching:
        """The index of passages, opened by the first who needs it."""
        from search_api.search import open_search

        return open_search(self, self.encoder)

    def text(self, name: str, **values: str | int | Sequence[str | int]) -> str:
        """The SPARQL of a named query, complete: it can be run anywhere."""
        return sparql_prefixes(self.base) + f"BASE <{self.base}/>\n" + queries.bind(queries.load(name), **values)

    def run(self, name: str, **values: str | int | Sequence[str | int]) -> tuple[list[dict[str, str]], str]:
        """Rows of a named query as plain text (references without the base) and the SPARQL that was run."""
        if not values and name in self.fixed:
            return list(self.fixed[name]), self.text(name)
        text = queries.bind(queries.load(name), **values)
        result = query(self.store, text, base=self.base)
        assert isinstance(result, Rows)
        rows = []
        for row in result.rows:
            plain: dict[str, str] = {}
            for key, term in row.items():
                plain[key] = shorten(term.value, self.base) if isinstance(term, ox.NamedNode) else str(getattr(term, "value", ""))
                if isinstance(term, ox.Literal) and term.language:
                    plain[f"{key}@"] = term.language
            rows.append(plain)
        if not values:
            self.fixed[name] = list(rows)
        return rows, self.text(name, **values)

    def describe(self, refs: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Label by language, number and plan of each reference."""
        missing = [ref for ref in dict.fromkeys(refs) if ref not in self.labels]
        if missing:
            found: dict[str, dict[str, Any]] = {ref: {"label": {}, "number": None, "plan": None} for ref in missing}
            rows, _ = self.run("labels", thing=missing)
            for row in rows:
                entry = found[row["thing"]]
                for name in ("label", "title"):
                    if name in row:
                        entry["label"].setdefault(row.get(f"{name}@", ""), row[name])
                if "/politiezone-" in row["thing"]:
                    entry["number"] = row.get("number")
            for ref, entry in found.items():
                if ref.startswith("id/measure/"):
                    entry["plan"], entry["number"] = ref.split("/")[2:4]
                    if not entry["label"]:  # documents cite it, and none has its text
                        for lang, each in wording()["named"]["measure"].items():
                            entry["label"][lang] = each.format(number=entry["number"])
            self.labels.update(found)  # complete: other threads read it too
        return self.labels

    def label(self, ref: str, lang: str) -> str:
        """The name of something in a language, else in another."""
        labels = (self.labels.get(ref) or self.describe([ref])[ref])["label"]
        return next((labels[one] for one in (lang, "nl", "fr", "en") if one in labels), next(iter(labels.values()), ref))


def open_corpus(generation: Generation, encoder: str = NONE) -> Corpus:
    """Open a generation for questions. encoder: as in `Settings.encoder`; it is loaded when a question needs it."""
    base = generation.manifest["base"]
    corpus = Corpus(generation, open_store(generation), base, Names(()), (), encoder=encoder)
    rows, _ = corpus.run("names")
    named = sorted((row["thing"], row["kind"], row["name"], row["sort"] == "ordinary") for row in rows)  # a store sorts slowly
    corpus.names = Names(NameRow(*row) for row in named)
    plans, _ = corpus.run("editions")
    corpus.plans = tuple(row["plan"].rsplit("/", 1)[-1] for row in plans)
    rows, _ = corpus.run("abbreviations")
    corpus.names.abbreviations = {fold(row["short"]): row["short"] for row in rows}
    corpus.names.publishers = {row["publisher"] for row in corpus.run("publishers")[0]}
    return corpus


def ask(corpus: Corpus, text: str, lang: str | None = None) -> dict[str, Any]:
    """The answer to a question, in the shape of design §7: from the graph, else the passages that speak of it."""
    from search_api import passages

    question = understand(text, lang, corpus.plans, corpus.names)
    reply = answer(corpus, question)
    return reply if reply["answers"] else passages.instead(corpus, question, reply)


def answer(corpus: Corpus, question: Question) -> dict[str, Any]:
    """What the graph answers to a question that is understood already. A page searches and answers the same question, so the
    last few are kept."""
    from search_api import renaming
    from search_api.intents import INTENTS, unknown

    known = corpus.replies.get(question)
    if known is None:
        answering = Answering(corpus, question)
        INTENTS.get(question.intent, unknown)(answering)
        answering.notes += [note for note in renaming.notes(answering) if note not in answering.sentences]
        known = answering.reply()
        keep(corpus.replies, question, known, KEPT)
    return copy.deepcopy(known)


def keep(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    """Put a value among the last few, in place of the oldest; several threads may do so."""
    for old in list(kept)[: max(0, len(kept) - most + 1)]:
        kept.pop(old, None)
    kept[key] = value


class Answering:
    """Collects the rows, sentences and notes of one answer."""

    def __init__(self, corpus: Corpus, question: Question) -> None:
        self.corpus, self.question, self.lang = corpus, question, question.lang
        self.rows: list[dict[str, Any]] = []
        self.sentences: list[str] = []
        self.notes: list[str] = []
        self.nearest: list[dict[str, Any]] = []
        self.measures: list[dict[str, Any]] = []
        self.sparql: list[str] = []
        self.years: set[int] = set()

    def reply(self) -> dict[str, Any]:
        manifest = self.corpus.generation.manifest
        if not self.rows and not self.sentences:
            self.sentences.append(self.say("sentence", "not_understood"))
        plans = list(dict.fromkeys([m["plan"] for m in self.measures] + [r["plan"] for r in self.rows if r["plan"]]))
        return {
            "question": self.question.text,
            "lang": self.lang,
            "intent": self.question.intent,
            "status": "answered" if self.rows else "not_found",
            "text": " ".join(self.sentences),
            "scope": {"plans": plans, "measures": self.measures, "years": sorted(self.years)},
            "notes": self.notes,
            "sparql": "\n".join(self.sparql) or None,
            "corpus": {"version": manifest["name"], "date": manifest["date"]},
            "answers": self.rows,
            "nearest": self.nearest,
        }

    def fetch(self, name: str, **values: str | int | Sequence[str | int]) -> list[dict[str, str]]:
        """Rows of a named query, which is shown with the answer."""
        rows, text = self.corpus.run(name, **values)
        self.sparql.append(text)
        return rows

    def figures(self) -> Figures:
        """The figures of the corpus, read once."""
        if self.corpus.figures is None:
            rows, _ = self.corpus.run("figures")
            about = list({row[key] for row in rows for key in ("about", "carrier") if key in row})
            labels: dict[str, set[str]] = {}
            for row in self.corpus.run("labels", thing=about)[0]:
                labels.setdefault(row["thing"], set()).update(row[key] for key in ("label", "title") if key in row)
            folder = self.corpus.generation.path / indexes.FOLDER
            texts = {one.ref: one.passage.text for one in indexes.read_passages(folder)}
            said = [before(texts.get(row["passage"], ""), row["quote"]) for row in rows]
            self.corpus.figures = Figures(rows, labels, said)
        self.sparql.append(self.corpus.text("figures"))
        return self.corpus.figures

    def covered_years(self) -> list[int]:
        """Years that the documents report on."""
        return sorted({s["year"] for s in self.corpus.generation.manifest["sources"].values() if s["year"]})

    def conflicts(self) -> None:
        """Name the findings that rest on a passage of the answer."""
        quoted = {citation["quote"] for row in self.rows for citation in row["citations"]}
        for finding in self.corpus.generation.manifest["findings"]:
            if any(place["quote"] in quoted for place in finding["places"]):
                self.notes.append(finding.get(self.lang) or finding["nl"])

    # ------------------------------------------------------------ words

    def say(self, group: str, template: str, /, **values: Any) -> str:
        return say(group, template, self.lang, **values)

    def count(self, what: str, n: int) -> str:
        one, many = wording()["count"][what][self.lang]
        return str(one if n == 1 else many.format(n=n))

    def label(self, ref: str) -> str:
        """The name of something in the asker's language, else in another."""
        return self.corpus.label(ref, self.lang)

    def describe(self, refs: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Label by language, number and plan of each reference."""
        return self.corpus.describe(refs)

    # ------------------------------------------------------------ rows

    def citations(self, rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
        """At most three citations: the asker's language first, sentences before headings, then in reading order."""
        seen: dict[tuple[str, str], dict[str, Any]] = {}
        for row in rows:
            seen.setdefault((row["passage"], row["quote"]), self.citation(row))
        ordered = sorted(seen.values(), key=lambda c: (c["lang"] != self.lang, len(c["quote"]) < 60, c["document"], c["start"]))
        return ordered[:CITATIONS]

    def citation(self, row: Mapping[str, str]) -> dict[str, Any]:
        return citation(self.corpus, row, self.lang)

    def add(
        self,
        kind: str,
        ref: str,
        evidence: Sequence[Mapping[str, str]],
        *,
        measure: str = "",
        text: str | None = None,
        value: Mapping[str, Any] | None = None,
    ) -> None:
        """A row: what answers, under which measure, and the best of its evidence."""
        about = self.describe([ref, measure] if measure else [ref])
        numbered = about[measure] if measure else about[ref]
        roles = {row["role"] for row in evidence if row.get("role")}
        best = sorted(evidence, key=lambda row: row.get("role") != "main")
        self.rows.append(
            {
                "iri": f"{self.corpus.base}/{ref}",
                "kind": kind,
                "label": about[ref]["label"],
                "number": numbered["number"],
                "plan": numbered["plan"],
                "role": "main" if "main" in roles else "contributing" if roles else None,
                "value": value,
                "text": text,
                "certainty": best[0]["certainty"].rsplit("#", 1)[-1] if best else "curated",
                "citations": self.citations(best),
            }
        )

    def found_measures(self, number: str) -> list[str]:
        """Measures with this number in the editions that the question is about, newest first; notes what is missing."""
        rows = self.fetch("measures-by-number", number=number)
        everywhere = [row["measure"] for row in rows]
        mine = [ref for ref in everywhere if ref.split("/")[2] in self.question.plans]
        for ref in mine:
            if not self.corpus.run("text-of-measure", measure=ref)[0]:
                self.notes.append(self.say("note", "only_cited", number=number, years=years(ref.split("/")[2])))
        if not everywhere:
            self.sentences.append(self.say("sentence", "no_measure", number=number))
        elif not mine:
            for plan in self.question.plans:
                self.sentences.append(self.say("sentence", "no_measure_in", number=number, years=years(plan)))
        if not mine:
            self._near(number, everywhere)
        return mine

    def _near(self, number: str, everywhere: Sequence[str]) -> None:
        """What the corpus does hold near a measure that it does not."""
        theme, last = number.split(".")
        close = list(everywhere)
        for plan in self.corpus.plans:
            rows, _ = self.corpus.run("measures-of-theme", theme=f"auth/theme/{plan}/{theme}")
            numbers = sorted(rows, key=lambda row: abs(int(row["number"].split(".")[1]) - int(last)))
            close += [row["measure"] for row in numbers[:2]]
        for ref in close[:NEAREST]:
            about = self.describe([ref])[ref]
            self.nearest.append({"iri": f"{self.corpus.base}/{ref}", "kind": "Measure", **about})

    def scope(self, ref: str) -> tuple[str, str]:
        """Put a measure in the scope with its text; gives its label and the years of its plan."""
        about = self.describe([ref])[ref]
        rows, _ = self.corpus.run("text-of-measure", measure=ref)
        self.measures.append(
            {
                "iri": f"{self.corpus.base}/{ref}",
                "plan": about["plan"],
                "number": about["number"],
                "label": about["label"],
                "citations": self.citations(rows),
            }
        )
        return self.label(ref), years(about["plan"])


def citation(corpus: Corpus, row: Mapping[str, str], lang: str) -> dict[str, Any]:
    """A row with evidence as a citation, in the shape of design §7."""
    return {
        "document": row["document"].rsplit("/", 1)[-1],
        "title": corpus.label(row["document"], lang),
        "page": int(row["page"]) if row.get("page") else None,
        "section": row.get("section") or None,
        "quote": row["quote"],
        "lang": row["lang"],
        "start": int(row["start"]),
        "end": int(row["end"]),
        "url": f"{corpus.base}/{row['passage']}",
    }


def title_of(place: Mapping[str, Any]) -> str:
    """The heading under which a passage stands, else the title of its document."""
    return str(place["section"] or place["title"]).rsplit(" › ", 1)[-1]


def passage_row(place: Mapping[str, Any], text: str) -> dict[str, Any]:
    """A row that is a passage. place: its citation, the whole passage; text: the sentence of it that answers."""
    return {
        "iri": place["url"],
        "kind": "Passage",
        "label": {place["lang"]: title_of(place)},
        "number": None,
        "plan": None,
        "role": None,
        "value": None,
        "text": text,
        "certainty": "explicit",
        "citations": [dict(place)],
    }


def grouped(rows: Iterable[Mapping[str, str]], key: str) -> dict[str, list[Mapping[str, str]]]:
    """Rows by one of their columns, in the order in which they come."""
    groups: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def years(plan: str) -> str:
    """The period of a plan id: "2021-2024"."""
    return plan.removeprefix("gvpp-")


def order(measure: str) -> tuple[str, int, int]:
    """Newest plan first, then by number."""
    plan, number = measure.split("/")[2:4]
    theme, last = number.split(".")
    inverse = "".join(chr(0x10FFFF - ord(c)) for c in plan)
    return inverse, int(theme), int(last)
