"""The bilingual glossary that widens a search query from one language to the other (`ontology/glossary.csv`).

One line is one concept: its Dutch, French and English forms, synonyms separated by "|", and the topic it belongs to.
"""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from kg.names import fold

GLOSSARY = Path(__file__).resolve().parent.parent / "ontology" / "glossary.csv"
COLUMNS = ["nl", "fr", "en", "topic"]


@functools.cache
def lines() -> list[list[str]]:
    """Every line of the file, the header included, as cells."""
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def pairs() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, line, strict=True)) for line in lines()[1:]]


def forms(cell: str) -> list[str]:
    return cell.split("|")


def test_the_header_names_the_columns_and_every_line_fills_them() -> None:
    assert lines()[0] == COLUMNS
    assert [line for line in lines() if len(line) != len(COLUMNS)] == []


def test_there_are_at_least_seven_hundred_pairs() -> None:
    assert len(pairs()) >= 700


def test_no_cell_and_no_synonym_is_empty() -> None:
    assert [pair for pair in pairs() if not all(form.strip() for cell in pair.values() for form in forms(cell))] == []


def test_no_pair_stands_twice() -> None:
    counts = Counter((fold(pair["nl"]), fold(pair["fr"])) for pair in pairs())
    assert [pair for pair, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("column", ["nl", "fr", "en"])
def test_no_form_stands_twice_in_one_cell(column: str) -> None:
    cells = [[fold(form) for form in forms(pair[column])] for pair in pairs()]
    assert [cell for cell in cells if len(set(cell)) < len(cell)] == []


def test_the_text_is_composed_unicode_with_plain_single_spaces() -> None:
    text = GLOSSARY.read_text(encoding="utf-8")
    assert text == unicodedata.normalize("NFC", text)
    assert "’" not in text, "typographic apostrophes: the readers compare with the plain one"
    assert [form for line in lines() for cell in line for form in forms(cell) if form != " ".join(form.split())] == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_the_lines_are_sorted_by_topic_and_dutch_form() -> None:
    keys = [(pair["topic"], fold(pair["nl"])) for pair in pairs()]
    assert keys == sorted(keys)


def test_topics_are_slugs_that_each_hold_a_fair_number_of_pairs() -> None:
    counts = Counter(pair["topic"] for pair in pairs())
    assert [topic for topic in counts if not re.fullmatch(r"[a-z]+(-[a-z]+)*", topic)] == []
    assert [topic for topic, count in counts.items() if count < 20] == [], "a rare topic is most likely a slip of the pen"


@pytest.mark.parametrize(
    ("dutch", "french"),
    [
        ("mensenhandel", "traite des êtres humains"),
        ("straatintimidatie", "harcèlement de rue"),
        ("intrafamiliaal geweld", "violences intrafamiliales"),
        ("verslaafd", "assuétude"),
        ("dakloze", "sans-abri"),
        ("huisjesmelker", "marchand de sommeil"),
        ("gemeenschapswacht", "gardien de la paix"),
        ("burgemeester", "bourgmestre"),
        ("politiezone", "zone de police"),
        ("OCMW", "CPAS"),
        ("parket", "parquet"),
        ("sluikstort", "dépôt clandestin"),
        ("opleiden", "formation"),
        ("aanmoedigen", "encourager"),
        ("begroting", "budget"),
        ("vastleggingskrediet", "crédit d'engagement"),
        ("veerkracht", "résilience"),
    ],
)
def test_words_of_the_field_meet_their_counterpart(dutch: str, french: str) -> None:
    assert any(dutch in forms(pair["nl"]) and french in forms(pair["fr"]) for pair in pairs())
