"""A sub-question about each thing of a list ("voor elk daarvan", "par projet"): which things, what is asked, what is stated.

The things are those that an earlier answer of the same dossier listed, else those of its own answer. What is asked are columns
(amount, partners, target group …; [asked] of ontology/dossier.toml); a cell has what texts state, with its evidence, or nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kg.glossary import stems, translate
from kg.names import fold, shorten
from search_api import dossier_table as tables
from search_api.answers import Answering, order
from search_api.dossier_split import Item, wording
from search_api.figures import is_money
from search_api.intents_figures import euros
from search_api.understanding import Question

MOST = 30  # things of a list; what is left out is counted
VALUES = 5  # of one cell; the rest is counted
CITED = 1  # citations of a value
Found = dict[str, Any]
Rows = Sequence[Mapping[str, str]]
OWN = "ns/gvpp#"
DCT = "http://purl.org/dc/terms/"
PEERS = {  # columns that hold names: the links of an initiative that they come from
    "measure": (f"{OWN}implements",),
    "partner": (f"{OWN}hasPartner",),
    "organisation": (f"{OWN}carriedOutBy",),
    "place": (f"{OWN}inZone", f"{DCT}spatial"),
    "theme": (f"{DCT}subject",),
}
TEXTS = {  # columns that hold words of the sources, the first property that a text states
    "target": (f"{OWN}targetGroup",),
    "description": (f"{DCT}description", f"{OWN}objective"),
    "evaluation": (f"{OWN}evaluation",),
    "period": (f"{DCT}temporal",),
    "partner": (f"{OWN}partnersText",),
    "amount": (f"{OWN}budgetText",),
}
# What is shown where a question names no column: what documents most often state of a thing of that kind.
USUAL = {
    "initiative": ("measure", "organisation", "partner", "target", "amount"),
    "measure": ("initiative", "partner"),
    "theme": ("initiative",),
    "body": ("initiative", "measure", "amount"),
    "zone": ("initiative", "amount"),
    "commune": ("initiative", "amount"),
}
BODIES = ("body", "zone", "commune")


@dataclass(frozen=True, slots=True)
class Each:
    """That a question asks something of each thing of a list. kind: of the things, "" where it names none; before: the list
    stands before the question; rest: the question without these words."""

    kind: str
    before: bool
    rest: str


@dataclass(slots=True)
class Listing:
    """What an answer listed: the things in its order, each with its evidence. above: places of the items above its own."""

    number: str
    place: int
    above: tuple[int, ...]
    years: tuple[int, ...] = ()  # those that the question was about
    things: dict[str, list[Found]] = field(default_factory=dict)


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Things of a kind; things that stand before; words that say so of things of a kind."""
    words = wording()["each"]
    kinds = "|".join(f"(?P<{kind}>{'|'.join(nouns)})" for kind, nouns in words["kind"].items())
    between = "|".join(words["between"])
    of_kind = rf"(?<![\w'-])(?:{'|'.join(words['quantifier'])})(?:(?: |(?<='))(?:{between}))*(?: |(?<='))(?:{kinds})(?!\w)"
    alone = rf"(?<![\w'-])(?:{'|'.join(words['back'])})"
    return re.compile(of_kind), re.compile(alone), re.compile(rf"(?<!\w)(?:{'|'.join(words['said_before'])})(?!\w)")


def asked_of_each(text: str) -> Each | None:
    """Whether a question asks something of each thing of a list."""
    of_kind, alone, said_before = _patterns()
    folded = fold(text)
    if found := of_kind.search(folded):
        kind = next(name for name, noun in found.groupdict().items() if noun)
        near = folded[found.start() : found.end() + 20]
        return Each(kind, said_before.search(near) is not None, _without(folded, found))
    if found := alone.search(folded):
        return Each("", True, _without(folded, found))
    return None


def _without(text: str, found: re.Match[str]) -> str:
    return " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())


def columns(each: Each, kinds: Collection[str], question: Question) -> list[str]:
    """What is asked of things of these kinds, in the order of the question; nothing where no words of it are known.

    What the question names is not asked: "voor elk initiatief van maatregel 2.3" asks for no measures.
    """
    own = {*kinds, *(("organisation",) if "body" in kinds else ()), *(("place",) if {"zone", "commune"} & set(kinds) else ())}
    own |= {"measure"} if question.numbers else set()
    own |= {{"place": "place", "theme": "theme"}.get(one.kind, "") for one in question.entities if not one.common}
    places = {
        name: found.start()
        for name, words in wording()["asked"].items()
        if name != "counted" and name not in own and (found := re.search(rf"(?<![\w-])(?:{'|'.join(words)})(?!\w)", each.rest))
    }
    return sorted(places, key=lambda name: places[name])


def asks_facts(each: Each, question: Question) -> bool:
    """Whether a question about each commune, zone or body asks for columns, and not for what is done there."""
    asked = columns(each, [each.kind], question)
    return bool(asked) and not {"initiative", "measure", "theme"} & set(asked)


def usual(kinds: Iterable[str]) -> list[str]:
    """The columns of a question that names none."""
    return list(dict.fromkeys(name for kind in kinds for name in USUAL[kind]))


# ---------------------------------------------------------------- which things


def listing(entry: Mapping[str, Any], item: Item, place: int, base: str, all_tables: tables.Tables) -> Listing:
    """What the answer to a sub-question lists."""
    part = f" ({entry['part']})" if entry["part"] else ""
    made = Listing(f"{entry['number']}{part}", place, item.above)

    def take(iri: str, citations: Sequence[Found]) -> None:
        ref = shorten(iri, base)
        if kind_of(ref, all_tables):
            made.things.setdefault(ref, list(citations[:CITED]))

    for row in entry["overview"]["rows"] if entry["overview"] else ():
        take(row["iri"], row["citations"])
    for block in entry["blocks"]:
        if block["rows"] or block["grants"] or block["facts"]:
            take(block["iri"], block["citations"])
    if not made.things:
        for row in entry["answer"]["answers"] if entry["answer"] else ():
            if row["kind"] == "Grant":
                for grant in all_tables.grants.get(shorten(row["iri"], base), ())[:1]:
                    take(grant.get("recipient", ""), row["citations"])
            elif row["iri"] and row["kind"] != "Passage":
                take(row["iri"], row["citations"])
    return made


def listed_before(listings: Sequence[Listing], item: Item, place: int, each: Each, all_tables: tables.Tables) -> Listing | None:
    """The list that a question about each of its things refers to: the nearest one of that kind, of the same item, of those
    above it, or of those before it under the same item; where the question says that there is one, else any one before it.

    A question that it stands under, or right after, and that listed nothing has no things to go through: no other list is meant.
    """
    passes = ((True, False), (True, True), (False, True)) if each.before else ((True, False),)
    for exact, anywhere in passes:
        same = any(one.place == place and one.things for one in listings)
        for one in reversed(listings):
            inside = one.place == place or one.place in item.above
            beside = one.above == item.above
            if not one.things:
                if (inside and not same) or (beside and not item.above and not each.kind):
                    return None
                continue
            if not (inside or anywhere or beside) or (each.kind in BODIES and not each.before and not inside):
                continue
            things = {
                ref: cited for ref, cited in one.things.items() if not exact or of_kind(kind_of(ref, all_tables), each.kind)
            }
            if things:
                return replace(one, things=things)
    return None


def of_kind(kind: str, wanted: str) -> bool:
    """Whether a thing is of a kind that a question names: zones and communes are bodies too."""
    return not wanted or kind == wanted or (wanted == "body" and kind in BODIES)


def kind_of(ref: str, all_tables: tables.Tables) -> str:
    """Of which kind a thing is; "" for those that nothing is told of for each."""
    if ref.startswith("id/organisation/"):
        return "commune" if ref in all_tables.zone_of else "zone" if ref in all_tables.zone_of.values() else "body"
    starts = {"id/initiative/": "initiative", "id/measure/": "measure", "auth/theme/": "theme"}
    return next((kind for start, kind in starts.items() if ref.startswith(start)), "")


def within(answering: Answering, all_tables: tables.Tables, kind: str, limits: tables.Limits) -> list[str]:
    """The initiatives, or measures, within what a question itself names; nothing where it names nothing."""
    if kind == "initiative" and limits != tables.Limits(years=limits.years):
        return [told.ref for told in tables.chosen(all_tables, limits)]
    found = [row["measure"] for ref in limits.themes for row in answering.corpus.run("measures-of-theme", theme=ref)[0]]
    return sorted(limits.measures or set(found), key=order) if kind == "measure" else []


# ---------------------------------------------------------------- what is stated of them


class Facts:
    """What texts state of things, column by column. years: those that amounts and figures are limited to; counted: stems in
    both languages of what "how many" counts, none where it counts nothing in particular."""

    def __init__(self, answering: Answering, all_tables: tables.Tables, years: Collection[int], counted: frozenset[str]) -> None:
        self.answering, self.tables, self.years, self.counted = answering, all_tables, years, counted
        self.said: dict[str, Rows] = {}  # what is stated of an initiative, read once

    def block(self, ref: str, cited: list[Found], wanted: Sequence[str]) -> Found:
        """A thing with a fact per column, in the shape of the blocks per commune, zone and body."""
        kind = kind_of(ref, self.tables)
        if not cited and kind in ("initiative", "measure"):
            told = self._of(ref) if kind == "initiative" else self.answering.corpus.run("text-of-measure", measure=ref)[0]
            cited = self.answering.citations(told)[:CITED]
        about = self.answering.describe([ref])[ref]
        return {
            **tables.named(self.answering, ref),
            "kind": kind,
            "number": about["number"] if kind in ("measure", "theme") else None,
            "plan": about["plan"] if kind == "measure" else ref.split("/")[2] if kind == "theme" else None,
            "zone": None,
            "rows": [],
            "left_out": 0,
            "grants": [],
            "passages": [],
            "citations": cited,
            "facts": [self._fact(name, ref, kind) for name in wanted],
        }

    def _fact(self, name: str, ref: str, kind: str) -> Found:
        carriers = [ref] if kind == "initiative" else [told.ref for told in self._initiatives(ref, kind)]
        near: list[Found] = []
        if name == "initiative":
            values = [self._name(one, _proof(self.tables, one, ref)) for one in carriers]
        elif name == "amount":
            values = self._amounts({ref} if kind in ("initiative", *BODIES) else set(carriers), {ref, *carriers})
            if not values and kind == "initiative":
                values = self._texts(name, carriers, kind)
                told = self.tables.initiatives.get(ref)
                near = self._amounts(set(told.of("organisations")) if told and not values else set(), set())
        elif name == "figures":
            values, near = self._figures(ref, carriers)
        elif name == "status":
            status = [(one, self.tables.initiatives[one].status) for one in carriers if one in self.tables.initiatives]
            values = [self._status(one, state, kind) for one, state in status if state in wording()["status"]]
        elif name == "period":
            values = self._texts(name, carriers, kind)
            near = [] if values else self._reported(carriers)
        elif name == "partner" and kind == "measure":
            values = self._names(self.answering.corpus.run("partners-of-measure", measure=ref)[0], "subject", ref)
        elif name == "description" and kind == "measure":
            values = self._quotes(self.answering.corpus.run("text-of-measure", measure=ref)[0])
        elif name in PEERS:
            rows = [row for one in carriers for row in self._of(one) if row["property"] in PEERS[name]]
            values = self._names(rows, "object", ref) or self._texts(name, carriers, kind)
        else:
            values = self._texts(name, carriers, kind)
        return {"what": name, "values": values[:VALUES], "left_out": max(0, len(values) - VALUES), "near": near[:VALUES]}

    def _initiatives(self, ref: str, kind: str) -> list[tables.Told]:
        """The initiatives of a measure, theme, body, zone or commune."""
        one = frozenset({ref})
        limits = {
            "measure": tables.Limits(measures=one),
            "theme": tables.Limits(themes=one),
            "body": tables.Limits(bodies=one),
        }
        return tables.chosen(self.tables, replace(limits.get(kind, tables.Limits(places=one)), years=frozenset(self.years)))

    def _of(self, initiative: str) -> Rows:
        if initiative not in self.said:
            self.said[initiative] = self.answering.corpus.run("actions-of-initiative", initiative=initiative)[0]
        return self.said[initiative]

    # ------------------------------------------------------------ values

    def _name(self, ref: str, rows: Rows) -> Found:
        about = self.answering.describe([ref])[ref]
        numbered = {"number": about["number"], "plan": about["plan"]} if ref.startswith("id/measure/") else {}
        return {**_value(self.answering, rows), **tables.named(self.answering, ref), **numbered}

    def _names(self, rows: Rows, key: str, own: str) -> list[Found]:
        """Each thing that rows name, but for the one that they are told of."""
        refs = dict.fromkeys(row[key] for row in rows if row[key] != own)
        self.answering.describe(refs)
        return [self._name(ref, [row for row in rows if row[key] == ref]) for ref in refs]

    def _texts(self, name: str, carriers: Iterable[str], kind: str) -> list[Found]:
        """The words of the sources for a column; those of several initiatives each with its initiative."""
        found: list[Found] = []
        for one in carriers:
            said = self._of(one)
            for property_ in TEXTS.get(name, ()):
                if rows := [row for row in said if row["property"] == property_]:
                    rows = [row for row in rows if row["lang"] == self.answering.lang] or rows
                    of = tables.named(self.answering, one) if kind != "initiative" else None
                    found += [{**value, "of": of} for value in self._quotes(rows, "object")]
                    break
        return found

    def _quotes(self, rows: Rows, key: str = "text") -> list[Found]:
        """Words of a source, each once, in the language of the dossier where there are such."""
        rows = [row for row in rows if row["lang"] == self.answering.lang] or rows
        texts = {fold(row[key]): row for row in reversed(rows)}
        return [{**_value(self.answering, [row]), "text": row[key], "lang": row["lang"]} for row in reversed(texts.values())]

    def _status(self, ref: str, state: str, kind: str) -> Found:
        rows = [row for row in self._of(ref) if row["property"].endswith("prefLabel")] or self._of(ref)
        of = tables.named(self.answering, ref) if kind != "initiative" else None
        return {**_value(self.answering, rows), "label": dict(wording()["status"][state]), "of": of}

    def _reported(self, carriers: Iterable[str]) -> list[Found]:
        """The years of the documents that tell of initiatives."""
        rows = [row for one in carriers if one in self.tables.initiatives for row in self.tables.initiatives[one].evidence]
        years = {row["year"]: row for row in rows if row.get("year")}
        value = {"unit": "", "year": None}
        return [{**_value(self.answering, [years[year]]), "value": {"number": year, **value}} for year in sorted(years)]

    def _amounts(self, refs: Collection[str], about: Collection[str]) -> list[Found]:
        """Amounts granted to what is funded or to whom; about: initiatives whose figures in euro count too."""
        found: dict[tuple[Any, ...], Found] = {}
        for rows in tables.grants_of(self.tables, refs, self.years) if refs else ():
            one = tables.grant(self.answering, rows)
            of = None if {row.get("recipient") for row in rows} & set(refs) else next(iter(one["recipients"]), None)
            key = _euros(one["value"])  # told in two languages, or in two scales, it is one amount
            if key not in found or rows[0]["lang"] == self.answering.lang:
                found[key] = {**_value(self.answering, rows), "value": one["value"], "about": one["about"], "of": of}
        for value, _ in self._values(about, money=True):
            found.setdefault(_euros(value["value"]), value)
        return sorted(found.values(), key=lambda one: -(one["value"]["year"] or 0))

    def _figures(self, ref: str, carriers: Sequence[str]) -> tuple[list[Found], list[Found]]:
        """Figures about a thing that count what is asked, and the others where none does."""
        found = self._values({ref, *carriers}, money=False)
        asked = [one for one, counts in found if self.counted & counts or not self.counted]
        return asked, [] if asked else [one for one, _ in found]

    def _values(self, about: Collection[str], *, money: bool) -> list[tuple[Found, frozenset[str]]]:
        """The figures about things, sums of money or all others, each with the stems of what it counts."""
        found: dict[tuple[Any, ...], tuple[Found, frozenset[str]]] = {}
        for row in self.answering.figures().rows:
            year = int(row["year"]) if row.get("year") else None
            if row["about"] not in about or is_money(row) != money or (self.years and year and year not in self.years):
                continue
            number = float(row["value"])
            value = {"number": int(number) if number.is_integer() else number, "unit": row.get("unit", ""), "year": year}
            counts = frozenset(stems(f"{row.get('unit', '')} {row.get('caption', '')}", row["lang"]))
            lang = None if money else row["lang"]  # of the unit: those of money are known in both
            one = {**_value(self.answering, [row]), "value": value, "lang": lang}
            found.setdefault((value["number"], value["unit"], year), (one, counts))
        return list(found.values())


def counted(text: str, lang: str) -> frozenset[str]:
    """The stems, in both languages, of what a question counts."""
    found = [match["what"] for match in re.finditer(wording()["asked"]["counted"], fold(text))]
    both = [(word, lang) for word in found] + [
        (term, "fr" if lang == "nl" else "nl") for word in found for term in translate(word, lang)
    ]
    return frozenset(stem for term, its in both for stem in stems(term, its))


def _proof(all_tables: tables.Tables, initiative: str, thing: str) -> Rows:
    """What proves that an initiative belongs to a thing, else that there is such an initiative."""
    told = all_tables.initiatives[initiative]
    return [row for row in told.evidence if row["target"] == thing] or told.evidence[:1]


def _value(answering: Answering, rows: Rows) -> Found:
    """A value of a cell with its evidence; what it is stands in one of the members that are empty here."""
    blank = {"iri": None, "label": None, "text": None, "lang": None, "value": None, "about": None, "of": None}
    return {**blank, "citations": answering.citations([row for row in rows if row.get("passage")])[:CITED]}


def _euros(value: Mapping[str, Any]) -> tuple[float, int | None]:
    """A sum of money in euro with its year, to tell the same one in another scale."""
    return euros({"value": str(value["number"]), "unit": str(value["unit"])}), value["year"]
