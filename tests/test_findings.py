"""What does not add up: every rule with a text that breaks it and one that keeps it, in both languages."""

from __future__ import annotations

import pytest
from extraction_help import PLAN, extraction_of

from ingest.findings import across
from kg.model import Extraction, Finding

PLANS = {
    "nl": (
        "THEMA 1 – GEWELD\n\nM1.1: Opvoeders leren hoe zij geweld herkennen.\n\n"
        "M1.2: Jongeren betrekken bij acties tegen pesten.\n\nM1.3: Leerkrachten ondersteunen in de klas.\n"
    ),
    "fr": (
        "THÈME 1 – VIOLENCE\n\nM1.1 : Apprendre aux éducateurs à reconnaître la violence.\n\n"
        "M1.2 : Associer les jeunes aux actions contre le harcèlement.\n\nM1.3 : Soutenir les enseignants en classe.\n"
    ),
}
LETTERS = "abcdefghijkl"


def report(text: str, lang: str) -> Extraction:
    return extraction_of(f"1. ACTIES\n\n{text}\n", "report", lang)


def plan(text: str, lang: str) -> Extraction:
    return extraction_of(text, "plan", lang, document=PLAN, year=2021)


def kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def found(text: str, lang: str) -> list[Finding]:
    """Findings of a report beside the plan of its language; every one says it in both languages and shows where."""
    extractions = [plan(PLANS[lang], lang), report(text, lang)]
    findings = across(extractions)
    passages = {passage.ref: passage for extraction in extractions for passage in extraction.passages}
    for finding in findings:
        assert set(finding.description) == {"nl", "fr"} and all(finding.description.values())
        assert finding.about and finding.quotes
        assert all(quote.text in passages[quote.passage].text for quote in finding.quotes)
    return findings


# ---------------------------------------------------------------- parts and their total

SENTENCES = {
    "nl": (
        "In 2022 waren er {} vragen, namelijk 10 mondelinge, 42 actuele en 55 schriftelijke.",
        "Wij kregen {} vragen: 60 mondelinge en 47 andere.",
    ),
    "fr": (
        "En 2022, il y a eu {} questions, à savoir 10 orales, 42 urgentes et 55 écrites.",
        "Nous avons reçu {} questions : 60 orales et 47 autres.",
    ),
}
LISTS = {
    "nl": "Er waren {} acties:\n\n- 10 in scholen\n- 12 in parken\n- 9 in stations\n",
    "fr": "Il y a eu {} actions :\n\n- 10 dans les écoles\n- 12 dans les parcs\n- 9 dans les gares\n",
}
BUDGETS = {
    "nl": "{}\n\n\t2021\t2022\nPersoneel\t1 100\t1 200\nWerking\t50\t60\nTotaal\t1 150\t{}\n",
    "fr": "{}\n\n\t2021\t2022\nPersonnel\t1 100\t1 200\nFonctionnement\t50\t60\nTotal\t1 150\t{}\n",
}
THOUSANDS = {"nl": "Uitgaven in duizend euro", "fr": "Dépenses en milliers d'euros"}
EUROS = {"nl": "Uitgaven in euro", "fr": "Dépenses en euros"}
LANGUAGES = pytest.mark.parametrize("lang", ["nl", "fr"])


@LANGUAGES
@pytest.mark.parametrize("which", [0, 1])
def test_parts_of_a_sentence(lang: str, which: int) -> None:
    sentence = SENTENCES[lang][which]
    (finding,) = found(sentence.format(96), lang)
    assert finding.kind == "parts-total"
    assert [quote.text for quote in finding.quotes] == [sentence.format(96)]
    assert "107" in finding.description["nl"] and "96" in finding.description["fr"]
    assert found(sentence.format(107), lang) == []


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("nl", "De dienst telt 20 medewerkers, waarvan 12 vrouwen en 3 jongeren."),
        ("nl", "In 2022 waren er 96 vragen; op 10 en 12 mei kwamen er 4 bij."),
        ("fr", "Le service compte 20 membres, dont 12 femmes et 3 jeunes."),
        ("fr", "Il y a eu 96 questions ; les 10 et 12 mai s'y sont ajoutées 4 autres."),
    ],
)
def test_numbers_that_are_no_parts(lang: str, sentence: str) -> None:
    assert found(sentence, lang) == []


@LANGUAGES
def test_items_of_a_list(lang: str) -> None:
    (finding,) = found(LISTS[lang].format(30), lang)
    assert finding.kind == "parts-total" and "31" in finding.description[lang] and "30" in finding.description[lang]
    assert found(LISTS[lang].format(31), lang) == []


@LANGUAGES
def test_totals_of_a_table(lang: str) -> None:
    (finding,) = found(BUDGETS[lang].format(EUROS[lang], "1 261"), lang)
    assert finding.kind == "parts-total"
    assert "2022" in finding.description[lang] and "1 260" in finding.description[lang] and "1 261" in finding.description[lang]
    assert len(finding.quotes) == 3
    assert found(BUDGETS[lang].format(EUROS[lang], "1 260"), lang) == []


@LANGUAGES
def test_rounding_is_tolerated_in_thousands(lang: str) -> None:
    assert found(BUDGETS[lang].format(THOUSANDS[lang], "1 261"), lang) == []
    assert kinds(found(BUDGETS[lang].format(THOUSANDS[lang], "1 270"), lang)) == ["parts-total"]


@pytest.mark.parametrize(("lang", "head", "total"), [("nl", "Post", "Totaal"), ("fr", "Poste", "Total")])
def test_the_year_above_a_column_is_no_part(lang: str, head: str, total: str) -> None:
    assert found(f"| {head} | 2021 |\n| A | 1,5 |\n| B | 2,5 |\n| {total} | 4 |\n", lang) == []


# ---------------------------------------------------------------- one figure, two values

PROSE = {
    "nl": "In {} zijn {} permanenties gehouden in de stad, op alle grote pleinen.",
    "fr": "En {}, {} permanences ont été tenues en ville, sur toutes les grandes places.",
}
KEY_FIGURE = {"nl": "265\npermanenties in 2022", "fr": "265\npermanences en 2022"}


def twice(lang: str, year: int, value: int) -> list[Finding]:
    """Findings of a section whose prose says one value and whose key figure says 265 for 2022."""
    return found(f"1.1 SUBSIDIES\n\n1.1.1 Bus\n\n{PROSE[lang].format(year, value)}\n\n{KEY_FIGURE[lang]}\n", lang)


@LANGUAGES
def test_one_figure_with_two_values(lang: str) -> None:
    (finding,) = twice(lang, 2022, 256)
    assert finding.kind == "two-values" and "256" in finding.description[lang] and "265" in finding.description[lang]
    assert len(finding.quotes) == 2 and len(finding.about) == 3
    assert kinds(twice(lang, 2022, 270)) == ["two-values"], "nearly equal"
    assert twice(lang, 2022, 265) == []
    assert twice(lang, 2021, 256) == [], "another year"
    assert twice(lang, 2022, 31) == [], "no slip of digits and far away: another thing is counted"


# ---------------------------------------------------------------- counts of measures, texts, glosses

COUNTED = {
    "nl": ("THEMA 1 – WIJK\n\n", "M1.{}: Zaak {} in de wijk regelen.\n\n", "Het GVPP 2021-2024 telt {} maatregelen."),
    "fr": ("THÈME 1 – QUARTIER\n\n", "M1.{} : Régler l'affaire {} du quartier.\n\n", "Le PGSP 2021-2024 compte {} mesures."),
}
OTHER_COUNTS = {"nl": "De stad nam {} maatregelen tegen lawaai.", "fr": "La ville a pris {} mesures contre le bruit."}


@LANGUAGES
def test_a_claimed_number_of_measures(lang: str) -> None:
    theme, measure, claim = COUNTED[lang]
    twelve = plan(theme + "".join(measure.format(n, letter * 5) for n, letter in enumerate(LETTERS, 1)), lang)
    (finding,) = across([twelve, report(claim.format(11), lang)])
    assert finding.kind == "count" and finding.about == (f"id/plan/{PLAN}",)
    assert [quote.text for quote in finding.quotes] == [claim.format(11)], "the sentence, without the heading above it"
    assert across([twelve, report(claim.format(12), lang)]) == []
    assert across([twelve, report(OTHER_COUNTS[lang].format(11), lang)]) == []
    assert across([twelve, report(claim.format(11).replace("2021-2024", "2017-2020"), lang)]) == [], "no such plan is here"


@LANGUAGES
def test_two_measures_with_one_text(lang: str) -> None:
    theme, measure, _ = COUNTED[lang]
    doubled = plan(theme + measure.format(1, "x") + measure.format(2, "x") + measure.format(3, "y"), lang)
    (finding,) = across([doubled])
    assert finding.kind == "same-text"
    assert finding.about == (f"id/measure/{PLAN}/1.1", f"id/measure/{PLAN}/1.2")
    assert across([plan(theme + "".join(measure.format(n, letter) for n, letter in enumerate("xyz", 1)), lang)]) == []


GLOSSED = [
    ("nl", "Het past in maatregel 1.2 (huisjesmelkers).", True),
    ("nl", "Het past in maatregel 1.2 (verlichting van stations).", True),
    ("nl", "Maatregel 1.2: nieuwe bussen kopen voor de haven van de stad.", True),
    ("nl", "Het past in maatregel 1.2 (acties tegen pesten).", False),
    ("nl", "Het past in maatregel 1.2 (zie boven).", False),
    ("nl", "Maatregel 1.2: door een campagne in alle scholen te voeren.", False),
    ("fr", "Il s'inscrit dans la mesure 1.2 (marchands de sommeil).", True),
    ("fr", "Mesure 1.2 : acheter de nouveaux bus pour le port de la ville.", True),
    ("fr", "Il s'inscrit dans la mesure 1.2 (actions contre le harcèlement).", False),
    ("fr", "Il s'inscrit dans la mesure 1.2 (voir plus haut).", False),
    ("fr", "Mesure 1.2 : en menant une campagne dans toutes les écoles.", False),
]


@pytest.mark.parametrize(("lang", "sentence", "odd"), GLOSSED)
def test_glosses_have_to_fit_their_measure(lang: str, sentence: str, odd: bool) -> None:
    findings = found(f"1.1 Wasbus\n\n{sentence}", lang)
    assert kinds(findings) == (["gloss"] if odd else [])
    assert all(finding.about == (f"id/measure/{PLAN}/1.2",) for finding in findings)


@pytest.mark.parametrize(("lang", "sentence"), [("nl", "Het past in maatregel {}."), ("fr", "Il s'inscrit dans la mesure {}.")])
def test_a_measure_that_its_plan_does_not_hold(lang: str, sentence: str) -> None:
    (finding,) = found(f"1.1 Wasbus\n\n{sentence.format('1.9')}", lang)
    assert finding.kind == "unknown-measure" and f"id/measure/{PLAN}/1.9" in finding.about
    assert found(f"1.1 Wasbus\n\n{sentence.format('1.3')}", lang) == []
    assert across([report(f"1.1 Wasbus\n\n{sentence.format('1.9')}", lang)]) == [], "the plan is not here to be asked"


# ---------------------------------------------------------------- abbreviations

ABBREVIATIONS = [
    ("nl", "Het Gewestelijk Verwerkingscentrum (GVC) opende.\n\nLEXICON\n\nGVC: Gewestelijke Veiligheidscel", True),
    ("nl", "De Gewestelijke Raad voor Veiligheid (GRV) en de Gewestelijke Raad voor Veiligheid (GVR) overlegden.", True),
    ("nl", "Het Gewestelijk Verwerkingscentrum (GVC) opende.\n\nLEXICON\n\nGVC: gewestelijke verwerkingscentrum", False),
    ("nl", "De dienst Brussel Preventie & Veiligheid (BPV) werkt.\n\nLEXICON\n\nBPV: Brussel Preventie en Veiligheid", False),
    ("nl", "De openbare dienst (OD) werkt.\n\nLEXICON\n\nOD: Ordre du jour de la commission", False),
    ("fr", "Le Centre régional de traitement (CRT) a ouvert.\n\nLEXIQUE\n\nCRT : Cellule régionale de transport", True),
    ("fr", "Le Conseil régional de sécurité (CRS) et le Conseil régional de sécurité (CSR) se sont réunis.", True),
    ("fr", "Le Centre régional de traitement (CRT) a ouvert.\n\nLEXIQUE\n\nCRT : centres régionaux de traitement", False),
    (
        "fr",
        "Le Centre régional de traitement (CRT) a ouvert.\n\nLEXIQUE\n\nCRT : Centre régional de traitement (de plaintes)",
        False,
    ),
]


@pytest.mark.parametrize(("lang", "text", "odd"), ABBREVIATIONS)
def test_abbreviations_have_one_expansion_and_one_spelling(lang: str, text: str, odd: bool) -> None:
    findings = found(text, lang)
    assert kinds(findings) == (["abbreviation"] if odd else [])
    assert all(len(finding.quotes) == 2 for finding in findings)


def test_a_finding_is_told_once_and_in_a_fixed_order() -> None:
    extractions = [
        plan(PLANS["nl"], "nl"),
        report("1.1 Wasbus\n\nHet past in maatregel 1.9 en in maatregel 1.2 (huisjesmelkers).", "nl"),
    ]
    once, again = across(extractions), across([*reversed(extractions), extractions[1]])
    assert kinds(once) == ["gloss", "unknown-measure"]
    assert [finding.ref for finding in again] == [finding.ref for finding in once]
