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
MANY = {"nl": ["maatregelen", "Maatregelen", "de maatregelen"], "fr": ["mesures", "Mesures", "des mesures", "aux mesures"]}
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
