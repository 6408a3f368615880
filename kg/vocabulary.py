"""The curated data in ontology/: plan editions, themes, and the gazetteer of names in Dutch and French."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg.errors import MetadataError
from kg.gazetteer import CLASS, LANGUAGES, Entry, Name, read_entries
from kg.graph import Writer
from kg.model import Lit, Ref
from kg.names import DEFAULT_BASE, PREFIXES, digest, fold, shorten, theme_ref

__all__ = ["ONTOLOGY", "Entry", "Name", "Plan", "ThemeName", "Vocabulary", "load_vocabulary", "vocabulary_graph"]

ONTOLOGY = Path(__file__).resolve().parent.parent / "ontology"


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan edition: first and last year of its period, and its titles."""

    id: str
    start: int
    end: int
    title: Mapping[str, str]
    adopted: str = ""

    @property
    def years(self) -> str:
        return f"{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class ThemeName:
    """A theme of one edition with its labels and the other wordings by which it is recognised."""

    plan: str
    number: int
    labels: Mapping[str, str]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All curated names. problems: rows of the gazetteer that were left out, and why."""

    plans: tuple[Plan, ...]
    themes: tuple[ThemeName, ...]
    entries: tuple[Entry, ...]
    plan_names: tuple[str, ...]
    problems: tuple[MetadataError, ...] = ()

    def plan_in_force(self, year: int | None) -> str:
        """Id of the edition whose period holds the year, "" when none does."""
        return next((plan.id for plan in self.plans if year and plan.start <= year <= plan.end), "")

    def plan_title(self, plan: str) -> Mapping[str, str]:
        """Titles of an edition by language; for an edition that is not listed, the plan's names with its years."""
        for known in self.plans:
            if known.id == plan:
                return known.title
        years = plan.removeprefix("gvpp-")
        return {"nl": f"Globaal Veiligheids- en Preventieplan {years}", "fr": f"Plan global de sécurité et de prévention {years}"}

    def has_theme(self, plan: str, number: int) -> bool:
        return any(theme.plan == plan and theme.number == number for theme in self.themes)

    def theme_named(self, text: str, plan: str) -> int:
        """Number of the theme that a text names (but for case, accents and small slips), 0 when it names none."""
        wanted = _loose(text)
        for theme in self.themes:
            if theme.plan == plan and any(_loose(name) == wanted for name in (*theme.labels.values(), *theme.also)):
                return theme.number
        from rapidfuzz import fuzz, process

        names = {
            _loose(name): theme.number
            for theme in self.themes
            if theme.plan == plan
            for name in (*theme.labels.values(), *theme.also)
        }
        best = process.extractOne(wanted, names.keys(), scorer=fuzz.ratio, score_cutoff=90) if wanted else None
        return names[best[0]] if best else 0


def _loose(text: str) -> str:
    return re.sub(r"\W+", " ", re.sub(r"\s&\s|\set\s|\sen\s|\sand\s", " ", f" {fold(text)} ")).strip()


@functools.cache
def load_vocabulary(folder: Path = ONTOLOGY) -> Vocabulary:
    """Read plans.toml, themes.toml and gazetteer/*.toml. Faulty rows of the gazetteer are left out and told in `problems`;
    MetadataError names a file that is missing or not TOML."""
    plans = _toml(folder / "plans.toml")
    themes = _toml(folder / "themes.toml")
    entries, problems = read_entries((file, _toml(file)) for file in sorted((folder / "gazetteer").glob("*.toml")))
    names = plans.get("names", {})
    return Vocabulary(
        plans=tuple(Plan(p["id"], p["start"], p["end"], p["title"], p.get("adopted", "")) for p in plans.get("plan", [])),
        themes=tuple(
            ThemeName(
                t["plan"],
                t["number"],
                {lang: t[lang] for lang in ("nl", "fr", "en") if lang in t},
                tuple(name for group in t.get("also", {}).values() for name in group),
            )
            for t in themes.get("theme", [])
        ),
        entries=entries,
        plan_names=tuple(n for part in ("full", "short", "generic") for group in names.get(part, {}).values() for n in group),
        problems=problems,
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MetadataError("file is missing", where=str(path), remedy="restore it from the repository") from error
    except tomllib.TOMLDecodeError as error:
        raise MetadataError(f"not valid TOML: {error}", where=str(path), remedy="correct the line it names") from error


def vocabulary_graph(vocabulary: Vocabulary, labels: Mapping[str, Mapping[str, str]], base: str) -> bytes:
    """N-Quads of the vocabulary graph: editions, themes, organisations with their names over time; all curated.

    labels: by reference and language, of measures, initiatives and parts of resolutions.
    """
    writer = Writer(base, "vocabulary")
    for ref, lang, label in _values():
        writer.text(ref, "skos:prefLabel", label, lang)
    for ref, names in labels.items():
        for lang, label in names.items():
            writer.text(ref, "skos:prefLabel", label, lang)
    for plan in vocabulary.plans:
        ref = f"id/plan/{plan.id}"
        writer.type(ref, "gvpp:Plan")
        writer.text(ref, "dct:identifier", plan.years)
        writer.text(ref, "schema:temporalCoverage", f"{plan.start}/{plan.end}")
        for lang, title in plan.title.items():
            writer.text(ref, "dct:title", title, lang)
        if plan.adopted:
            writer.add(ref, "dct:issued", Lit(plan.adopted, datatype="xsd:date"))
    for theme in vocabulary.themes:
        ref = theme_ref(theme.plan, theme.number)
        writer.type(ref, "skos:Concept")
        writer.add(ref, "skos:inScheme", Ref(f"auth/theme/{theme.plan}"))
        writer.text(ref, "skos:notation", str(theme.number))
        for lang, label in theme.labels.items():
            writer.text(ref, "skos:prefLabel", label, lang)
        for name in theme.also:
            writer.text(ref, "skos:altLabel", name)
    for entry in vocabulary.entries:
        _write_entry(writer, entry)
    return writer.nquads()


@functools.cache
def _values(path: Path = ONTOLOGY / "gvpp.ttl") -> tuple[tuple[str, str, str], ...]:
    """Pillars and the values of lists (status, kind of activity, certainty…): reference, language and label."""
    label = ox.NamedNode(PREFIXES["skos"] + "prefLabel")
    return tuple(
        (shorten(quad.subject.value, DEFAULT_BASE), quad.object.language or "", quad.object.value)
        for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE)
        if quad.predicate == label and isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal)
    )


def _write_entry(writer: Writer, entry: Entry) -> None:
    writer.type(entry.ref, CLASS[entry.kind])
    for lang, label in entry.labels.items():
        writer.text(entry.ref, "skos:prefLabel", label, lang)
    for name in entry.names:
        if name.text != entry.labels.get(name.lang):
            writer.text(entry.ref, "skos:altLabel", name.text, name.lang)
        if name.ordinary:
            writer.text(entry.ref, "gvpp:ordinaryName", name.text, name.lang)
    for lang, text in entry.legal.items():
        writer.text(entry.ref, "schema:legalName", text, lang)
    _write_former(writer, entry)
    writer.text(entry.ref, "dct:identifier", entry.identifier)
    if entry.parent:
        writer.add(entry.ref, "org:subOrganizationOf", Ref(f"id/organisation/{entry.parent}"))
    for commune in entry.communes:
        writer.add(f"id/organisation/{commune}", "gvpp:inZone", Ref(entry.ref))
    for event in entry.events:
        _write_event(writer, entry, event)


def _write_event(writer: Writer, entry: Entry, event: Mapping[str, str]) -> None:
    """A change: what is founded has no origin, what is renamed stays itself, what is absorbed goes on as another one."""
    ref = f"id/change/vocabulary/{digest(entry.id, event.get('date', ''), event['kind'])}"
    result = f"id/organisation/{event['into']}" if "into" in event else entry.ref
    writer.type(ref, "org:ChangeEvent")
    writer.text(ref, "gvpp:changeKind", event["kind"])
    if event["kind"] != "founded":
        writer.add(entry.ref, "org:changedBy", Ref(ref))
        writer.add(ref, "org:originalOrganization", Ref(entry.ref))
    writer.add(ref, "org:resultingOrganization", Ref(result))
    if result != entry.ref or event["kind"] == "founded":
        writer.add(result, "org:resultedFrom", Ref(ref))
    for lang in LANGUAGES:
        writer.text(ref, "dct:description", event.get(lang, ""), lang)
    _write_date(writer, ref, "dct:date", event.get("date", ""))


def _write_former(writer: Writer, entry: Entry) -> None:
    """One node for each former name, with the days between which it was used. In one language and period, the first row is the
    name, its short forms are abbreviations of it, and what else is listed are other spellings."""
    periods: dict[tuple[str, str, str], list[Name]] = {}
    for name in entry.names:
        if name.former:
            periods.setdefault((name.lang, name.since, name.until), []).append(name)
    for (lang, since, until), names in periods.items():
        main = next((name for name in names if not name.short), names[0])
        ref = f"id/name/{entry.id}/{digest(main.text, lang, length=8)}"
        writer.type(ref, "gvpp:FormerName")
        writer.add(entry.ref, "gvpp:formerName", Ref(ref))
        writer.text(ref, "rdfs:label", main.text, lang)
        for name in names:
            if name is not main:
                writer.text(ref, "skos:notation" if name.short else "skos:altLabel", name.text, "" if name.short else lang)
        _write_date(writer, ref, "gvpp:from", since)
        _write_date(writer, ref, "gvpp:until", until)


def _write_date(writer: Writer, ref: str, prop: str, text: str) -> None:
    if text:
        writer.add(ref, prop, Lit(text, datatype={4: "xsd:gYear", 10: "xsd:date"}[len(text)]))
