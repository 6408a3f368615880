"""Numbers as Dutch and French texts print them, and which numbers of a text are figures."""

from __future__ import annotations

import pytest
from extraction_help import extraction_of, nodes
from hypothesis import given
from hypothesis import strategies as st

from ingest.builder import plain_number
from ingest.figures import unit_of, year_in

SEPARATORS = ["", ".", " ", "\u00a0", "\u202f", "'"]


def printed(number: int, decimals: str, separator: str) -> str:
    """A number as Belgian texts print it: a comma before decimals, a mark or nothing between thousands."""
    return f"{number:,}".replace(",", separator) + ("," + decimals if decimals else "")


def figures(sentence: str, lang: str) -> list[tuple[str, str, str]]:
    """Value, unit and year of the figures of a sentence in a report on 2022."""
    extraction = extraction_of(f"1. ACTIES\n\n{sentence}\n", "report", lang)
    return [(n["value"], n["unitText"], n["year"]) for n in nodes(extraction, "gvpp:Figure")]


# ---------------------------------------------------------------- notation


@given(st.integers(0, 10**10), st.from_regex(r"[0-9]{0,4}", fullmatch=True), st.sampled_from(SEPARATORS))
def test_numbers_in_belgian_notation_are_read_back(number: int, decimals: str, separator: str) -> None:
    plain = plain_number(printed(number, decimals, separator))
    assert plain == (f"{number}.{decimals}" if decimals else str(number))


@given(st.integers(1000, 10**10), st.from_regex(r"[0-9]{1,4}", fullmatch=True))
def test_numbers_in_english_notation_are_read_back_where_they_can_be_told(number: int, decimals: str) -> None:
    assert plain_number(f"{number:,}.{decimals}") == f"{number}.{decimals}"


@given(st.integers(0, 999), st.from_regex(r"[0-9]{1,2}", fullmatch=True))
def test_a_point_before_one_or_two_digits_is_decimal(number: int, decimals: str) -> None:
    assert plain_number(f"{number}.{decimals}") == f"{number}.{decimals}"


@given(st.integers(1000, 9_999_999), st.sampled_from([".", " ", "\u00a0", "\u202f"]), st.sampled_from(["nl", "fr"]))
def test_figures_keep_their_value(number: int, separator: str, lang: str) -> None:
    sentence = {"nl": "De teller stond op {} bezoekers.", "fr": "Le compteur affichait {} visiteurs."}[lang]
    unit = {"nl": "bezoekers", "fr": "visiteurs"}[lang]
    assert figures(sentence.format(printed(number, "", separator)), lang) == [(str(number), unit, "2022")]


# ---------------------------------------------------------------- what is a figure

FIGURES = [
    ("nl", "In 2021 klopten 214 personen aan; 61 van hen dienden klacht in.", [("214", "personen", "2021")]),
    (
        "nl",
        "Er vonden 37 intervisies plaats in 14 gemeenten.",
        [("37", "intervisies plaats", "2022"), ("14", "gemeenten", "2022")],
    ),
    ("nl", "Het steeg met 5,87 % tot 12%.", [("5.87", "%", "2022"), ("12", "%", "2022")]),
    ("nl", "Het kostte 2,5 miljoen euro.", [("2.5", "miljoen euro", "2022")]),
    ("nl", "Het kostte in 2021 € 1.500.", [("1500", "euro", "2021")]),
    ("nl", "Het kostte 1 500 EUR en 20 euro.", [("1500", "euro", "2022"), ("20", "euro", "2022")]),
    ("nl", "Er lag 30 kg afval op 200 m² en 4 km weg.", [("30", "kg", "2022"), ("200", "m²", "2022"), ("4", "km", "2022")]),
    ("nl", "Op 8 december 2021 kwamen 75 personen.", [("75", "personen", "2021")]),
    ("nl", "Tussen 2020 en 2021 waren er 30 acties.", [("30", "acties", "2022")]),
    ("fr", "En 2021, 214 personnes se sont présentées ; 61 d'entre elles ont porté plainte.", [("214", "personnes", "2021")]),
    ("fr", "Il y a eu 37 séances dans 14 communes.", [("37", "séances", "2022"), ("14", "communes", "2022")]),
    ("fr", "Une hausse de 5,87 % jusqu'à 12%.", [("5.87", "%", "2022"), ("12", "%", "2022")]),
    ("fr", "Le coût est de 2,5 millions d'euros.", [("2.5", "millions euro", "2022")]),
    ("fr", "Le coût était en 2021 de 1.500 €.", [("1500", "euro", "2021")]),
    ("fr", "Le 8 décembre 2021, 75 personnes sont venues.", [("75", "personnes", "2021")]),
]


@pytest.mark.parametrize(("lang", "sentence", "wanted"), FIGURES)
def test_figures_of_a_sentence(lang: str, sentence: str, wanted: list[tuple[str, str, str]]) -> None:
    assert figures(sentence, lang) == wanted


NO_FIGURES = [
    ("nl", "Op 16 mei 2022 en op 5 en 6 februari vergaderde de groep."),
    ("nl", "Dat gebeurde op 3/5/2022, 03-05-2022 en 3.5.2022."),
    ("nl", "Zie artikel 12, bijlage 2, pagina 14 en punt 3 van het besluit."),
    ("nl", "Maatregel 2.3, de maatregelen 2.4 en 2.5 en thema 4 gaan hierover."),
    ("nl", "De politiezone 5339, PZ 5340 en luik 3 deden mee."),
    ("nl", "Bel het nummer 112 of 02 000 00 00 en vraag naar versie 2.3."),
    ("nl", "Het plan voor 2021-2024 volgt op dat van 2017 tot 2020."),
    ("nl", "Dat is de 3e editie en de 2de fase; zie ook M4.3."),
    ("nl", "Het COVID-19-virus en tram T4 kwamen aan bod."),
    ("fr", "Le groupe s'est réuni le 16 mai 2022, le 1er juin et les 5 et 6 février."),
    ("fr", "C'était le 3/5/2022, le 03-05-2022 et le 3.5.2022."),
    ("fr", "Voir l'article 12, l'annexe 2, la page 14 et le point 3 de l'arrêté."),
    ("fr", "La mesure 2.3, les mesures 2.4 et 2.5 et le thème 4 en parlent."),
    ("fr", "La zone de police 5339, la ZP 5340 et le volet 3 y participent."),
    ("fr", "Appelez le numéro 112 ou le 02 000 00 00 et demandez la version 2.3."),
    ("fr", "Le plan pour 2021-2024 suit celui de 2017 à 2020."),
    ("fr", "C'est la 3e édition et la 2ème phase ; voir aussi M4.3."),
]


@pytest.mark.parametrize(("lang", "sentence"), NO_FIGURES)
def test_dates_and_references_are_no_figures(lang: str, sentence: str) -> None:
    assert figures(sentence, lang) == []


MONTHS = {
    "nl": [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
}


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_days_of_every_month_are_dates(lang: str) -> None:
    days = [f"{day} {month}" for month in MONTHS[lang] for day in (1, 14, 30)]
    assert figures({"nl": "Er werd vergaderd op {}.", "fr": "On s'est réuni le {}."}[lang].format(", ".join(days)), lang) == []


# ---------------------------------------------------------------- words around a number


@pytest.mark.parametrize(
    ("after", "unit"),
    [
        (" personen die kwamen", "personen"),
        (" sociale hulpverleners op straat", "sociale hulpverleners"),
        (" jongeren, ouders en agenten", "jongeren"),
        (" 'behandelde' personen", "behandelde personen"),
        (" personnes ont répondu", "personnes"),
        (" d'entre elles", ""),
        (" qu'ils ont vus", ""),
        (" travailleurs sociaux de rue", "travailleurs sociaux"),
        (", en daarna meer", ""),
        (".", ""),
    ],
)
def test_units_are_the_words_after_a_number(after: str, unit: str) -> None:
    assert unit_of(after) == unit


def test_the_year_is_the_only_one_named() -> None:
    assert year_in("in 2021 en later in 2021", 2022) == 2021
    assert year_in("van 2020 tot 2021", 2022) == 2022
    assert year_in("12.021 personen", 2022) == 2022
    assert year_in("geen jaar", None) is None
