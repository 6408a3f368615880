"""Abbreviations that a document explains, and organisations that it says were renamed."""

from __future__ import annotations

import pytest
from extraction_help import extraction_of, texts

from kg.model import Extraction, Lit

ENTRIES = {
    "nl": {
        "MIVB": "Maatschappij voor het Intercommunaal Vervoer",
        "GVC": "Gewestelijk Verwerkingscentrum",
        "OD": "Openbare Dienst",
    },
    "fr": {"STIB": "Société des transports intercommunaux", "CRT": "Centre régional de traitement", "OA": "Organisme autonome"},
}
TITLES = {"nl": "LIJST VAN AFKORTINGEN", "fr": "LISTE DES ABRÉVIATIONS"}
LAYOUTS = {
    "colon, a line each": ("{}: {}", "\n"),
    "colon, spaced": ("{} : {}", "\n\n"),
    "dash, a line each": ("{} – {}", "\n"),
    "equals, in a list": ("- {} = {}", "\n"),
    "tab": ("{}\t{}", "\n"),
    "pipe table": ("| {} | {} |", "\n"),
    "bold": ("**{}**: {}", "\n\n"),
    "nothing, a line each": ("{} {}", "\n"),
    "nothing, spaced": ("{} {}", "\n\n"),
}


def abbreviations(extraction: Extraction) -> dict[str, str]:
    """Short form → expansion, as published, each with the entry as its quote."""
    found = {}
    for s in extraction.statements:
        if s.subject.startswith("id/abbreviation/") and s.predicate == "skos:prefLabel" and isinstance(s.object, Lit):
            assert s.quote is not None and s.object.value in s.quote.text
            found[texts(extraction, s.subject.removeprefix("id/abbreviation/"), "skos:notation")[0]] = s.object.value
    return found


@pytest.mark.parametrize("lang", ["nl", "fr"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_list_of_abbreviations(layout: str, lang: str) -> None:
    pattern, joint = LAYOUTS[layout]
    entries = joint.join(pattern.format(short, long) for short, long in ENTRIES[lang].items())
    extraction = extraction_of(f"1. ACTIES\n\nEen zin.\n\n{TITLES[lang]}\n\n{entries}\n", "report", lang)
    assert abbreviations(extraction) == ENTRIES[lang]
    assert extraction.abbreviations.items() >= ENTRIES[lang].items()


def test_an_expansion_over_two_lines_is_one() -> None:
    entries = "GVC: Gewestelijk Verwerkings-\ncentrum voor overtredingen\nOD: Openbare\nDienst"
    extraction = extraction_of(f"LEXICON\n\n{entries}\n", "report")
    assert abbreviations(extraction) == {"GVC": "Gewestelijk Verwerkingscentrum voor overtredingen", "OD": "Openbare Dienst"}


RENAMED = [
    (
        "nl",
        "Op 1 januari 2024 werd de GIP omgedoopt tot Gewestelijke politieacademie Brussel.",
        "2024-01-01",
    ),
    ("nl", "In 2023 werd het CIBG omgedoopt tot Paradigm.", "2023"),
    ("nl", "Het CIBG, voortaan Paradigm, werkt mee.", ""),
    (
        "fr",
        "Le 1er janvier 2024, l'ERIP a été rebaptisée Académie régionale de police de Bruxelles.",
        "2024-01-01",
    ),
    ("fr", "Le CIRB a été renommé Paradigm le 6 février 2023.", "2023-02-06"),
    ("fr", "Le CIRB s'appelle désormais Paradigm.", ""),
]
NOT_RENAMED = [
    ("nl", "De MIVB en de NMBS werken voortaan samen."),
    ("nl", "De MIVB, nu ook de NMBS, werkt mee."),
    ("fr", "La STIB et la SNCB travaillent désormais ensemble."),
    ("fr", "La STIB, aujourd'hui aussi la SNCB, y participe."),
]


def changes(sentence: str, lang: str) -> dict[str, str]:
    """Property → value of the one change of name, empty where there is none."""
    extraction = extraction_of(f"1. ACTIES\n\n{sentence}\n", "report", lang)
    events = {s.subject for s in extraction.statements if s.subject.startswith("id/change/")}
    assert len(events) < 2
    return {
        s.predicate: s.object.value if isinstance(s.object, Lit) else s.object.path
        for s in extraction.statements
        if s.subject in events
    }


@pytest.mark.parametrize(("lang", "sentence", "date"), RENAMED)
def test_names_that_changed(lang: str, sentence: str, date: str) -> None:
    change = changes(sentence, lang)
    assert change["rdf:type"] == "org:ChangeEvent"
    assert change["gvpp:formerName"] in sentence and change["gvpp:newName"] in sentence
    assert change["gvpp:formerName"] != change["gvpp:newName"]
    assert change.get("dct:date", "") == date


@pytest.mark.parametrize(("lang", "sentence"), NOT_RENAMED)
def test_names_beside_each_other_did_not_change(lang: str, sentence: str) -> None:
    assert changes(sentence, lang) == {}
