"""What the tests of merging share: reports and follow-ups of a few lines, in either language, and what merging makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from extraction_help import extraction_of

from ingest import merging
from kg.judgements import Judgement
from kg.model import Extraction, Lit
from kg.vocabulary import load_vocabulary

HEADS = {
    "nl": ("Jaarverslag {year}", "1. PREVENTIE EN OPLEIDING", "1.1. SUBSIDIES", "1.1.1 PROJECTOPROEP (VZW)"),
    "fr": ("Rapport annuel {year}", "1. PRÉVENTION ET FORMATION", "1.1. SUBSIDES", "1.1.1 APPEL À PROJETS (ASBL)"),
}
ZONES = {
    "5340": {
        "nl": "PZ 5340 Sint-Jans-Molenbeek/ Koekelberg/ Jette/ Ganshoren/ Sint-Agatha-Berchem",
        "fr": "ZP 5340 Molenbeek-Saint-Jean/ Koekelberg/ Jette/ Ganshoren/ Berchem-Sainte-Agathe",
    },
    "5341": {"nl": "PZ 5341 Anderlecht/ Sint-Gillis/ Vorst", "fr": "ZP 5341 Anderlecht/ Saint-Gilles/ Forest"},
}
ANNEX = {
    "nl": ("Bijlage 1: Bestaande initiatieven per politiezone", "Specifieke initiatieven", "Dagelijkse werking"),
    "fr": ("Annexe 1 : Initiatives existantes par zone de police", "Initiatives spécifiques", "Fonctionnement quotidien"),
}
FILLER = {
    "nl": "In dat jaar waren er verschillende bijeenkomsten met bewoners en diensten.",
    "fr": "Cette année, plusieurs rencontres ont réuni des habitants et des services.",
}


def report_text(year: int, lang: str, *parts: str | tuple[str, str]) -> str:
    """The text of an annual report with a heading for each part; a part may bring the text below it."""
    blocks = [head.format(year=year) for head in HEADS[lang]]
    for part in parts:
        title, text = (part, FILLER[lang]) if isinstance(part, str) else part
        blocks += [title, text]
    return "\n\n".join(blocks) + "\n"


def report(year: int, lang: str, *parts: str | tuple[str, str], document: str = "") -> Extraction:
    return extraction_of(report_text(year, lang, *parts), "report", lang, document=document or f"report-{year}", year=year)


def follow_up_text(lang: str, lists: Mapping[str, Iterable[str]], daily: bool = False) -> str:
    """The text of a follow-up of the resolution with the list of what each zone does."""
    title, specific, every_day = ANNEX[lang]
    blocks = [title]
    for zone, names in lists.items():
        blocks += [ZONES[zone][lang], every_day if daily else specific, "\n".join(f" › {name}" for name in names)]
    return "\n\n".join(blocks) + "\n"


def follow_up(year: int, lang: str, lists: Mapping[str, Iterable[str]], daily: bool = False) -> Extraction:
    text = follow_up_text(lang, lists, daily)
    return extraction_of(text, "resolution", lang, document=f"follow-up-{year}", year=year)


def same(a: str, b: str, verdict: str) -> Judgement:
    return Judgement(f"id/initiative/{a}", "owl:sameAs", f"id/initiative/{b}", verdict, "redactie", "2026-01-05")


def merged(*extractions: Extraction, judgements: Iterable[Judgement] = ()) -> merging.Merged:
    return merging.merge(sorted(extractions, key=lambda e: e.source.key), list(judgements), load_vocabulary())


def pairs(found: merging.Merged) -> set[tuple[str, str]]:
    """What goes and what stays, without "id/initiative/"."""
    return {(_bare(old), _bare(new)) for old, new in found.same.items()}


def likely(found: merging.Merged) -> set[tuple[str, str]]:
    return {(_bare(s.subject), _bare(s.object)) for s in found.likely}


def labels(found: merging.Merged, name: str, initiative: str) -> set[str]:
    return {
        s.object.value
        for e in found.extractions
        for s in e.statements
        if s.subject == f"id/initiative/{initiative}" and s.predicate == name and isinstance(s.object, Lit)
    }


def _bare(reference: str) -> str:
    return reference.split("/", 2)[2]
