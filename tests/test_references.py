"""Measure numbers, themes and editions as Dutch and French texts write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.references import editions_in, measures_in, plan_id, themes_in


def numbers(text: str) -> list[str]:
    return [mention.number for mention in measures_in(text)]


def glosses(text: str) -> list[str]:
    return [text[slice(*mention.gloss)] if mention.gloss else "" for mention in measures_in(text)]


# ---------------------------------------------------------------- every notation

ONE = {"nl": ["maatregel {}", "Maatregel {}", "maatregel nr. {}", "maatregel n° {}", "maatregel M{}"]}
ONE["fr"] = ["mesure {}", "Mesure {}", "la mesure n° {}", "la mesure prioritaire {}", "la mesure M {}"]
MANY = {
    "nl": ["maatregelen", "Maatregel", "de maatregelen", "Maatregelen:"],
    "fr": ["mesures", "Mesure", "des mesures", "Mesures :"],
}
TO = {"nl": [" tot ", " tot en met ", " t/m ", " t.e.m. ", "-", " – "], "fr": [" à ", " jusqu'à ", " jusqu’à ", "-", " – "]}
AND = {"nl": [" en ", " alsook ", " & ", ", en "], "fr": [" et ", " ainsi que ", " & ", ", et "]}
COMMA = [", ", ",", " ; ", " / "]
BARE = ["M{}", "(M{})", "M. {}", "M.{}", "M {}", "(M. {})"]
PRINTED = ["{0}.{1}", "{0} . {1}", "{0}. {1}"]
AROUND = {
    "nl": ["{}", "In het kader van {} van het GVPP werkte de zone verder.", "Zo droeg zij bij aan {}: meer rust.", "({})"],
    "fr": ["{}", "Dans le cadre de {} du PGSP, la zone a travaillé.", "Elle contribue ainsi à {} : plus de calme.", "({})"],
}

number = st.tuples(st.integers(1, 19), st.integers(1, 29))


@st.composite
def notations(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A sentence that names some measures in one notation, and their numbers."""
    lang = draw(st.sampled_from(["nl", "fr"]))
    wanted = draw(st.lists(number, min_size=1, max_size=5))
    printed = [draw(st.sampled_from(PRINTED)).format(*pair) for pair in wanted]
    style = draw(st.sampled_from(["list", "repeated", "bare", "marked"]))
    if style == "bare":
        words = draw(st.sampled_from(AND[lang])).join(draw(st.sampled_from(BARE)).format(one) for one in printed)
    elif style == "repeated" or len(printed) == 1:
        words = draw(st.sampled_from(AND[lang])).join(draw(st.sampled_from(ONE[lang])).format(one) for one in printed)
    else:
        marks = [draw(st.sampled_from(["", "M", "M."])) if style == "marked" else "" for _ in printed]
        marked = [mark + one for mark, one in zip(marks, printed, strict=True)]
        comma, joint = draw(st.sampled_from(COMMA)), draw(st.sampled_from(AND[lang]))
        words = draw(st.sampled_from(MANY[lang])) + " " + comma.join(marked[:-1]) + joint + marked[-1]
    return draw(st.sampled_from(AROUND[lang])).format(words), [f"{theme}.{measure}" for theme, measure in wanted]


@given(notations())
def test_numbers_are_read_back_from_every_notation(made: tuple[str, list[str]]) -> None:
    text, wanted = made
    found = measures_in(text)
    assert [mention.number for mention in found] == wanted
    assert all(text[mention.start : mention.end].replace(" ", "").endswith(mention.number) for mention in found)
    assert [mention.start for mention in found] == sorted(mention.start for mention in found)


@given(st.sampled_from(["nl", "fr"]), st.integers(1, 9), st.integers(1, 9), st.integers(1, 12), st.data())
def test_ranges_name_every_number_between(lang: str, theme: int, first: int, more: int, data: st.DataObject) -> None:
    last, to = first + more, data.draw(st.sampled_from(TO[lang]))
    wanted = [f"{theme}.{n}" for n in range(first, last + 1)]
    listed = f"{MANY[lang][0]} {theme}.{first}{to}{theme}.{last}"
    assert numbers(listed) == numbers(f"M{theme}.{first}{to}M{theme}.{last}") == wanted
    assert numbers(f"{listed}{AND[lang][0]}12.3") == [*wanted, "12.3"], "a list goes on after a range"
    assert numbers(f"{MANY[lang][0]} 12.3, {theme}.{first}{to}{theme}.{last}") == ["12.3", *wanted]


def test_two_themes_make_no_range() -> None:
    assert numbers("de maatregelen 2.1 tot 3.2") == ["2.1", "3.2"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("kadert in maatregelen 6.1 (overlast op de tram) en 7.2 (leegstand)", ["overlast op de tram", "leegstand"]),
        ("dans les mesures 3.2 (formation des agents), 3.4 et 3.5 (campagne)", ["formation des agents", "", "campagne"]),
        ("Fietswacht (maatregel 5.4)", [""]),
        ("maatregel 2.1 (M2.1)", ["", ""]),
    ],
)
def test_glosses_say_what_a_number_is_about(text: str, wanted: list[str]) -> None:
    assert glosses(text) == wanted


# ---------------------------------------------------------------- what is no measure

QUANTITIES = ["{a}.{b} %", "{a}.{b}%", "{a}.{b} procent", "{a}.{b} pour cent", "{a}.{b} miljoen euro", "{a}.{b} millions d'euros"]
QUANTITIES += ["€ {a}.{b}", "{a}.{b} km"]
OTHERS = [
    "versie {a}.{b}",
    "la version {a}.{b}",
    "punt {a}.{b}",
    "hoofdstuk {a}.{b} van dit verslag",
    "au chapitre {a}.{b}",
    "{a}.{b}",
]
OTHERS += [
    "op {a}.{b}.2022",
    "le {a}.{b}.2022",
    "{a}.{b}.3 SUBSIDIES",
    "de maatregel van {a}.{b}.2022",
    "maatregel {a}.{b}.3",
    "mesure {a},{b}",
]
OTHERS += ["om {a}.{b} uur", "de RM{a}.{b}", "maatregelen in {a}.{b}00 scholen", "{a}.{b} maatregelen", "bijlage A.{a}.{b}"]


@given(st.sampled_from(QUANTITIES + OTHERS), st.integers(1, 12), st.integers(1, 28))
def test_nothing_is_read_from_dates_sections_percentages_and_versions(form: str, a: int, b: int) -> None:
    assert numbers(form.format(a=a, b=b)) == []


@given(st.sampled_from(QUANTITIES), st.integers(1, 12), st.integers(1, 28))
def test_a_quantity_after_a_measure_does_not_go_on_with_its_list(form: str, a: int, b: int) -> None:
    quantity = form.format(a=a, b=b)
    assert numbers(f"voor maatregel 2.3 en {quantity} meer") == numbers(f"pour la mesure 2.3, {quantity} de plus") == ["2.3"]


# ---------------------------------------------------------------- themes and editions


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Thema 4 – Mensenhandel", [4]),
        ("dit past in thema 3.", [3]),
        ("het thema (T3).", [3]),
        ("het project hoort bij T1, T3 en T7", [1, 3, 7]),
        ("de thema's 2, 3 en 7 van het plan", [2, 3, 7]),
        ("de thema’s 2 en 3", [2, 3]),
        ("de thema's 2 tot 4", [2, 3, 4]),
        ("dans le thème 10", [10]),
        ("le thème n° 5 du plan", [5]),
        ("les thèmes 1 et 2", [1, 2]),
        ("les thèmes 1 à 3, puis 7", [1, 2, 3]),
        ("le thème 1 et le thème 4", [1, 4]),
        ("9 thema's en 42 maatregelen", []),
        ("thema 2.3", []),
        ("tram T2.5 of lijn T100", []),
        ("thème central de 2022", []),
    ],
)
def test_themes(text: str, wanted: list[int]) -> None:
    found = themes_in(text)
    assert [theme for theme, _, _ in found] == wanted
    assert all(0 <= start < end <= len(text) for _, start, end in found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("het GVPP 2021-2024", ["gvpp-2021-2024"]),
        ("le PGSP (2017-2020)", ["gvpp-2017-2020"]),
        ("het Globaal Veiligheids- en Preventieplan (GVPP) 2021–2024", ["gvpp-2021-2024"]),
        ("le Plan global de sécurité et de prévention 2021-2024", ["gvpp-2021-2024"]),
        ("het GVPP 2021-24 na het GVPP 2017-2020", ["gvpp-2021-2024", "gvpp-2017-2020"]),
        ("the GSPP 2025 - 2028", ["gvpp-2025-2028"]),
        ("het actieplan 2021-2024", []),
        ("het GVPP telt 9 thema's. In 2021-2024 ook.", []),
        ("het GVPP van 2021", []),
    ],
)
def test_editions_need_the_name_of_the_plan(text: str, wanted: list[str]) -> None:
    assert editions_in(text) == wanted


@given(st.integers(2000, 2090))
def test_plan_ids_have_four_digits_twice(year: int) -> None:
    assert plan_id(str(year), str(year + 3)) == plan_id(str(year), str(year + 3)[2:]) == f"gvpp-{year}-{year + 3}"
