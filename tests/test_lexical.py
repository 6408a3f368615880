"""Search by words and by pieces of words: analysis, filters, ranking, and input that nobody meant to give."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import lexical
from kg.errors import StoreError, UsageError
from kg.lexical import Entry, LexicalIndex, Term

BAD = [
    "",
    " \n",
    "\0",
    "fiets\0diefstal",
    "\ud83d",
    "a\udc00b",
    "🚓🚒🚑",
    "x " * 10000,
    "w" * 20000,
    "e\u0301" * 10000,
    '"fiets" AND (',
    "text:*",
    "[1 TO",
]

ENTRIES = [
    Entry(
        "nl/fiets",
        "nl",
        "De politiezones registreren meer fietsdiefstallen in de wijken.",
        filters={"year": ["2031"], "zone": ["5341"]},
    ),
    Entry(
        "nl/drugs",
        "nl",
        "Maatregelen tegen drugs: 2.938.500 euro voor de gemeenten, M4.3.",
        filters={"year": ["2031"], "plan": ["a", "b"]},
    ),
    Entry(
        "nl/school",
        "nl",
        "De school ontvangt leerlingen na de les.",
        "PAG-VOORBEELD › Opvang",
        filters={"year": ["2032"], "plan": ["b"]},
    ),
    Entry(
        "nl/naam", "nl", "Vereniging Kraanvogel verzorgt het onthaal.", filters={"organisation": ["id/organisation/kraanvogel"]}
    ),
    Entry(
        "fr/reseau",
        "fr",
        "Les réseaux d’accueil et l’œuvre européenne de prévention des vols de vélos.",
        filters={"year": ["2031"]},
    ),
    Entry("fr/mesure", "fr", "La mesure 4.3 soutient 1\u202f250 victimes.", names=["slachtofferhulp"], filters={"plan": ["a"]}),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical") / "index"
    assert lexical.build(folder, ENTRIES) == {"fr": 2, "nl": 4}
    return lexical.open_index(folder)


def refs(found: Mapping[str, lexical.Hits]) -> list[str]:
    return [ref for hits in found.values() for ref, _ in hits]


# ---------------------------------------------------------------- analysis


@pytest.mark.parametrize(
    ("lang", "forms"),
    [
        ("nl", ["maatregel", "maatregelen", "Maatregel"]),
        ("nl", ["gemeente", "gemeenten", "gemeentelijke"]),
        ("nl", ["zone", "zones"]),
        ("nl", ["fietsdiefstal", "fietsdiefstallen"]),
        ("nl", ["opleiding", "opleidingen", "oplei\u00addingen"]),
        ("fr", ["mesure", "mesures", "MESURES"]),
        ("fr", ["réseau", "réseaux", "reseau", "Reseaux"]),
        ("fr", ["vélo", "vélos", "velos"]),
        ("fr", ["communal", "communaux", "communales"]),
        ("fr", ["européen", "européenne", "européennes", "europeenne"]),
        ("fr", ["œuvre", "œuvres", "oeuvre", "ŒUVRE"]),
        ("nl", ["30014", "30.014", "30 014", "30\u00a0014", "30\u202f014"]),
        ("nl", ["4,7", "4.7"]),
        ("nl", ["1.250,5", "1 250,5", "1250.5"]),
    ],
)
def test_forms_of_one_word_are_one(lang: str, forms: list[str]) -> None:
    assert len({tuple(word.stem for word in lexical.words(form, lang)) for form in forms}) == 1


@pytest.mark.parametrize(
    ("lang", "one", "other"),
    [
        ("nl", "maatregel", "maat"),
        ("nl", "geweld", "wel"),
        ("nl", "2.3", "23"),
        ("nl", "2.3", "2.30"),
        ("fr", "mesure", "messe"),
        ("nl", "5340", "5341"),
    ],
)
def test_other_words_stay_apart(lang: str, one: str, other: str) -> None:
    assert [word.stem for word in lexical.words(one, lang)] != [word.stem for word in lexical.words(other, lang)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in 2024 300 fietsen", ["in", "2024", "300", "fietsen"]),
        ("maatregelen M4.3, 5.5 en 10.1.", ["maatregelen", "4.3", "5.5", "en", "10.1"]),
        ("de periode 2021-2024", ["de", "periode", "2021", "2024"]),
        ("l’autorité d'accueil", ["autorite", "accueil"]),
        ("Sint-Jans-Molenbeek", ["sint", "jans", "molenbeek"]),
        ("zone 5341\t5342\t12", ["zone", "5341", "5342", "12"]),
    ],
)
def test_words_and_numbers_are_told_apart(text: str, found: list[str]) -> None:
    assert [word.folded for word in lexical.words(text, "xx")] == found


def test_offsets_are_those_of_the_text_as_given() -> None:
    text = unicodedata.normalize("NFD", "🚲 Les réseaux: ") + "30\u202f014 vélos"
    assert [text[word.start : word.end] for word in lexical.words(text, "fr")] == [
        "Les",
        unicodedata.normalize("NFD", "réseaux"),
        "30\u202f014",
        "vélos",
    ]


def test_highlights_are_the_words_that_match() -> None:
    text = "De gemeente en drie gemeenten kregen 2 500 euro."
    assert [text[a:b] for a, b in lexical.highlights(text, "nl", ["gemeenten", "2500"])] == ["gemeente", "gemeenten", "2 500"]
    assert lexical.highlights(text, "nl", ["", "fiets"]) == []


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=300), st.sampled_from(["nl", "fr", "en", "xx"]))
def test_any_text_has_ordered_words_that_can_be_indexed(text: str, lang: str) -> None:
    end = 0
    for word in lexical.words(text, lang):
        assert end <= word.start < word.end <= len(text)
        assert not any(c.isspace() for c in word.stem) and word.stem
        word.stem.encode()
        end = word.end


# ---------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("lang", "term", "first"),
    [
        ("nl", "fietsdiefstal in de politiezone", "nl/fiets"),
        ("nl", "2938500 euro", "nl/drugs"),
        ("nl", "maatregel 4.3", "nl/drugs"),
        ("nl", "PAG", "nl/school"),  # only in the heading
        ("fr", "réseau européen", "fr/reseau"),
        ("fr", "vol velo", "fr/reseau"),
        ("fr", "1250 victimes", "fr/mesure"),
        ("fr", "slachtofferhulp", "fr/mesure"),  # only among the names
    ],
)
def test_the_passage_with_the_words_comes_first(index: LexicalIndex, lang: str, term: str, first: str) -> None:
    assert refs(lexical.search(index, {lang: [term]}))[0] == first


def test_each_language_is_searched_with_its_own_terms(index: LexicalIndex) -> None:
    found = lexical.search(index, {"nl": ["gemeenten"], "fr": ["prévention"], "de": ["Gemeinde"]})
    assert {lang: [ref for ref, _ in hits] for lang, hits in found.items()} == {"nl": ["nl/drugs"], "fr": ["fr/reseau"]}
    assert lexical.search(index, {}) == {}
    assert lexical.search(index, {"nl": []}) == {"nl": []}


def test_a_heavier_term_counts_more(index: LexicalIndex) -> None:
    light, heavy = Term("drugs", 0.1), Term("school", 1.0)
    assert refs(lexical.search(index, {"nl": [light, heavy]})) == ["nl/school", "nl/drugs"]
    assert refs(lexical.search(index, {"nl": [light._replace(weight=5.0), heavy]})) == ["nl/drugs", "nl/school"]
    assert refs(lexical.search(index, {"nl": [light._replace(weight=0.0), heavy]})) == ["nl/school"]


def test_a_whole_term_wants_its_words_together(index: LexicalIndex) -> None:
    assert refs(lexical.search(index, {"nl": [Term("registreren meer", whole=True)]})) == ["nl/fiets"]
    assert refs(lexical.search(index, {"nl": [Term("meer registreren", whole=True)]})) == []


def test_reading_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    lexical.build(tmp_path / "index", ENTRIES)
    before = sorted(tmp_path.rglob("*"))
    assert refs(lexical.search(lexical.open_index(tmp_path / "index"), {"nl": ["gemeenten"]}))
    assert sorted(tmp_path.rglob("*")) == before


def test_hits_are_ranked_and_limited(index: LexicalIndex) -> None:
    hits = lexical.search(index, {"nl": ["de politiezones van de school"]})["nl"]
    assert len(hits) > 1
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    assert lexical.search(index, {"nl": ["de politiezones van de school"]}, limit=1)["nl"] == hits[:1]
    assert lexical.search(index, {"nl": ["de"]}, limit=0)["nl"] == []


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"year": ["2031"]}, {"nl/fiets", "nl/drugs", "fr/reseau"}),
        ({"year": ["2031", "2032"], "plan": ["b"]}, {"nl/drugs", "nl/school"}),
        ({"doc_lang": ["fr"]}, {"fr/reseau", "fr/mesure"}),
        ({"organisation": ["id/organisation/kraanvogel"]}, {"nl/naam"}),
        ({"organisation": ["kraanvogel"]}, set()),
        ({"year": [2032]}, {"nl/school"}),
        ({"year": []}, set()),
        ({"year": ["\ud800", "\0", ""]}, set()),
        ({}, {entry.ref for entry in ENTRIES}),
    ],
)
def test_filters_narrow_every_search(index: LexicalIndex, filters: lexical.Filters, found: set[str]) -> None:
    assert lexical.matching(index, filters) == found
    terms = [entry.text for entry in ENTRIES]
    assert set(refs(lexical.search(index, {"nl": terms, "fr": terms}, filters))) == found
    assert set(refs(lexical.search_grams(index, terms, filters))) <= found


def test_a_filter_does_not_change_scores(index: LexicalIndex) -> None:
    free = dict(lexical.search(index, {"nl": ["drugs"]})["nl"])
    kept = dict(lexical.search(index, {"nl": ["drugs"]}, {"year": ["2031"], "plan": ["a"]})["nl"])
    assert kept == pytest.approx({"nl/drugs": free["nl/drugs"]})


def test_an_unknown_filter_is_refused(index: LexicalIndex, tmp_path: Path) -> None:
    for ask in (lambda f: lexical.search(index, {"nl": ["x"]}, f), lambda f: lexical.matching(index, f)):
        with pytest.raises(UsageError) as caught:
            ask({"colour": ["red"]})
        assert "doc_lang" in caught.value.remedy
    with pytest.raises(ValueError, match="colour"):
        lexical.build(tmp_path / "x", [Entry("a", "nl", "b", filters={"colour": ["red"]})])


@pytest.mark.parametrize(
    ("term", "first"),
    [("kraanvoogel", "nl/naam"), ("diefstal", "nl/fiets"), ("l'asbl KRAANVOGELS", "nl/naam"), ("européene", "fr/reseau")],
)
def test_pieces_of_words_find_names_compounds_and_slips(index: LexicalIndex, term: str, first: str) -> None:
    hits = [hit for found in lexical.search_grams(index, [term]).values() for hit in found]
    assert max(hits, key=lambda hit: hit[1])[0] == first


def test_pieces_can_be_looked_for_in_one_language(index: LexicalIndex) -> None:
    assert set(lexical.search_grams(index, ["Kraanvogel"], langs=["fr"])) == {"fr"}


@pytest.mark.parametrize("text", BAD)
def test_bad_questions_are_answered(index: LexicalIndex, text: str) -> None:
    for found in (
        lexical.search(index, {"nl": [text, Term(text, whole=True)], "fr": [text]}),
        lexical.search_grams(index, [text]),
    ):
        assert set(refs(found)) <= {entry.ref for entry in ENTRIES}
    lexical.highlights(text, "nl", [text])
    assert refs(lexical.search(index, {"nl": [text[:500], "drugs"]}))[0]


def test_bad_passages_are_indexed_and_do_not_hide_others(tmp_path: Path) -> None:
    entries = [Entry(f"bad/{number}", "nl", text, text, [text], {"document": [text]}) for number, text in enumerate(BAD)]
    assert lexical.build(tmp_path / "x", [*entries, ENTRIES[0]]) == {"nl": len(BAD) + 1}
    index = lexical.open_index(tmp_path / "x")
    assert refs(lexical.search(index, {"nl": ["wijken"]})) == ["nl/fiets"]
    assert len(lexical.matching(index, {})) == len(BAD) + 1


def test_more_terms_than_a_question_has_are_passed_over(index: LexicalIndex) -> None:
    terms = [f"woord{number}" for number in range(5000)]
    assert refs(lexical.search(index, {"nl": ["drugs", *terms]})) == ["nl/drugs"]
    assert "nl/naam" in refs(lexical.search_grams(index, ["Kraanvogel", *terms]))


# ---------------------------------------------------------------- files


def test_an_entry_that_comes_twice_is_indexed_once(tmp_path: Path) -> None:
    assert lexical.build(tmp_path / "x", [ENTRIES[0], ENTRIES[0]]) == {"nl": 1}


def test_an_empty_index_answers_nothing(tmp_path: Path) -> None:
    assert lexical.build(tmp_path / "x", []) == {}
    index = lexical.open_index(tmp_path / "x")
    assert lexical.search(index, {"nl": ["drugs"]}) == {}
    assert lexical.matching(index, {}) == set()


def test_an_index_can_be_read_where_nothing_may_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening locks a file; where the folder is read only that happens elsewhere."""
    lexical.build(tmp_path / "x", ENTRIES)
    built = sorted((tmp_path / "x").rglob("*"))
    monkeypatch.setattr("os.access", lambda path, mode: False)
    index = lexical.open_index(tmp_path / "x")
    assert sorted((tmp_path / "x").rglob("*")) == built
    assert refs(lexical.search(index, {"nl": ["drugs"]})) == ["nl/drugs"]
    folders = [Path(folder.name) for folder in index.links]
    assert all(folder.is_dir() for folder in folders)
    assert not any(lock.is_symlink() for folder in folders for lock in folder.glob("*.lock"))
    del index
    assert not any(folder.exists() for folder in folders)


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"format": 1}', b'{"format": 99, "analysis": 1, "counts": {}}'])
def test_a_missing_or_foreign_index_is_refused(tmp_path: Path, content: bytes | None) -> None:
    folder = tmp_path / "x"
    lexical.build(folder, ENTRIES)
    (folder / "meta.json").unlink()
    if content is not None:
        (folder / "meta.json").write_bytes(content)
    with pytest.raises(StoreError) as caught:
        lexical.open_index(folder)
    assert "build again" in caught.value.remedy


@pytest.mark.parametrize("pattern", ["nl/meta.json", "nl/*.term", "nl"])
def test_a_damaged_index_is_refused(tmp_path: Path, pattern: str) -> None:
    folder = tmp_path / "x"
    lexical.build(folder, ENTRIES)
    for path in list(folder.glob(pattern)):
        path.rename(tmp_path / "gone")
    with pytest.raises(StoreError) as caught:
        lexical.open_index(folder)
    assert "build again" in caught.value.remedy
