"""Organisations over time: every name finds its body, answers say which name held when, a faulty row costs itself alone."""

from __future__ import annotations

import csv
import re
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from corpus_help import Built, run, run_json, write_corpus

from ingest import pipeline
from kg import vocabulary
from kg.errors import MetadataError
from kg.store import Rows, current, query
from kg.validate import violations
from kg.vocabulary import ONTOLOGY, Vocabulary, load_vocabulary, vocabulary_graph
from search_api.answers import Corpus, ask, open_corpus

BASE = "https://gvpp.example"
TABLE = Path(__file__).parent / "eval" / "names.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    NAMES = [(row["id"], row["name"], row["lang"]) for row in csv.DictReader(file)]
LONG = 12  # letters of a name from which a typing error in it has to be understood
COMMON = {entry.id for entry in load_vocabulary().entries if entry.kind == "actor_group"}
SENTENCES = {
    "nl": ("Wat deed {} in 2022 tegen overlast?", "{}"),
    "fr": ("Qu'a fait {} en 2022 contre les nuisances ?", "{}"),
}


@pytest.fixture(scope="module")
def corpus(sample_build: Built) -> Corpus:
    generation = current(sample_build.data)
    assert generation is not None
    return open_corpus(generation)


def found(corpus: Corpus, question: str) -> set[str]:
    """Ids of the bodies that a question names."""
    entities = [entity for entity in corpus.names.find(question) if entity.kind in ("organisation", "place")]
    return {ref.removeprefix("id/organisation/") for entity in entities for ref in entity.refs}


def plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def misspelt(name: str) -> Iterator[str]:
    """A name with one typing error, in each of four ways, within its longest word."""
    word = max((part for part in name.replace("-", " ").split() if "'" not in part), key=len)
    at = len(word) // 2
    for wrong in (
        word[:at] + word[at + 1 :],  # a letter left out
        word[:at] + word[at] + word[at:],  # a letter twice
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],  # two letters changed places
        word[:at] + ("z" if word[at] != "z" else "q") + word[at + 1 :],  # another letter
    ):
        if wrong != word:
            yield name.replace(word, wrong)


# ---------------------------------------------------------------- finding


@pytest.mark.parametrize(("wanted", "name", "lang"), NAMES, ids=[f"{name}-{lang}" for _, name, lang in NAMES])
def test_every_name_finds_its_body_in_any_case_and_without_accents(corpus: Corpus, wanted: str, name: str, lang: str) -> None:
    for sentence in SENTENCES[lang]:
        for written in (name, plain(name), name.lower(), plain(name).lower(), name.upper()):
            assert wanted in found(corpus, sentence.format(written)), written


LONG_NAMES = [
    row for row in NAMES if len(row[1]) >= LONG and (row[0] not in COMMON or " " in row[1]) and not row[1][-1].isdigit()
]


@pytest.mark.parametrize(("wanted", "name", "lang"), LONG_NAMES, ids=[f"{name}-{lang}" for _, name, lang in LONG_NAMES])
def test_a_long_name_with_a_typing_error_finds_its_body(corpus: Corpus, wanted: str, name: str, lang: str) -> None:
    for wrong in misspelt(name):
        for written in (wrong, plain(wrong).lower()):
            assert wanted in found(corpus, SENTENCES[lang][0].format(written)), written


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("Bruxeles Prevention et Securité", "safe-brussels"),
        ("brussel preventie veiligheid", "safe-brussels"),
        ("safebrussels", "safe-brussels"),
        ("C.I.R.B.", "paradigm"),
        ("Brusaffe", "brusafe"),
        ("les CPAS", "ocmws"),
        ("de OCMW's", "ocmws"),
        ("CIBG-diensten", "paradigm"),
        ("l’École régionale et intercommunale de police", "gpab"),
    ],
)
def test_other_ways_of_writing_a_name(corpus: Corpus, written: str, wanted: str) -> None:
    assert wanted in found(corpus, f"wat doet {written} vandaag")


@pytest.mark.parametrize(
    "sentence",
    [
        "een pakket maatregelen tegen sluikstort",
        "de pakketten liggen op de stoep",
        "un paquet de mesures contre les incivilités",
        "welke politie kwam langs",
        "que fait la police le soir",
        "een nieuw paradigma voor preventie",
        "un changement de paradigme",
        "l'après-midi et le soir",
        "ten zuiden van de vaart, in het zuid",
        "cela vaut-il de l'or ou non",
        "il a eu le cor des Alpes",
        "préférences et références des jeunes",
        "trop de lignes dans le tableau",
        "de actieve burgers en hun honden",
        "wat kosten gips en gipsplaten",
        "DIE MAATREGEL IS OK OF NIET",
    ],
)
def test_ordinary_words_are_no_organisation(corpus: Corpus, sentence: str) -> None:
    assert found(corpus, sentence) == set()


def test_an_ordinary_word_counts_with_its_capital(corpus: Corpus) -> None:
    assert "politiezone-5341" in found(corpus, "Wat doet zone Zuid?") & found(corpus, "Que fait Midi ?")


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("hoe heette paradigm vroeger", ["Centrum voor Informatica voor het Brusselse Gewest (CIBG)", "6 februari 2023"]),
        ("Hoe heet het CIBG vandaag?", ["CIBG", "Paradigm", "sinds 6 februari 2023"]),
        ("comment s'appelle aujourd'hui le CIRB", ["Paradigm", "depuis le 6 février 2023"]),
        ("quel est l'ancien nom de GPAB", ["École Régionale et Intercommunale de Police (ERIP)", "depuis le 1er janvier 2024"]),
        ("Quel est l'ancien nom de l'ARPB ?", ["ERIP", "1er janvier 2024"]),
        ("hoe heet de gip nu", ["Gewestelijke politieacademie Brussel", "sinds 1 januari 2024"]),
        ("Hoe heet de GSV vandaag?", ["Brusafe", "2018", "directie Learning and Development (safe.brussels)", "1 januari 2025"]),
        ("Comment s'appelle Brusafe aujourd'hui ?", ["direction Learning and Development (safe.brussels)", "1er janvier 2025"]),
        (
            "hoe heet bpv nu",
            ["safe.brussels", "sinds 4 juli 2022", "merknaam", "wettelijke naam is Brussel Preventie & Veiligheid"],
        ),
        ("Quel est le nom légal de safe.brussels ?", ["nom de marque", "nom légal est Bruxelles Prévention & Sécurité"]),
        (
            "Hoe heette safe.brussels in 2019?",
            ["In 2019 heette safe.brussels: Brussel Preventie & Veiligheid (BPV)", "4 juli 2022"],
        ),
        ("Comment s'appelait Paradigm en 2020 ?", ["En 2020", "Centre d'Informatique pour la Région Bruxelloise (CIRB)"]),
        ("Bruxeles Prevention et Securité", ["safe.brussels", "4 juillet 2022"]),
        ("what is the former name of Paradigm", ["since 6 February 2023", "CIBG", "CIRB"]),
        ("Wat is Learning and Development?", ["Brusafe", "1 januari 2025"]),
        ("Hoe heet zone 5344 in het Frans?", ["Zone de police Bruxelles-Nord", "5344", "Schaarbeek", "Evere"]),
        ("Comment s'appelle la zone 5340 en néerlandais ?", ["Politiezone Brussel-West", "Molenbeek-Saint-Jean", "Jette"]),
        ("Hoe heet Ukkel in het Frans?", ["Uccle", "Marlow"]),
    ],
)
def test_an_answer_names_the_organisation_then_and_now(corpus: Corpus, question: str, parts: list[str]) -> None:
    reply = ask(corpus, question)
    assert (reply["intent"], reply["status"]) == ("names", "answered")
    assert [part for part in parts if part not in reply["text"]] == []
    assert all(row["certainty"] == "curated" and row["kind"] == "Organisation" for row in reply["answers"])


def test_the_present_organisation_is_the_row_of_the_answer(corpus: Corpus) -> None:
    rows = ask(corpus, "Hoe heet de GSV vandaag?")["answers"]
    assert [row["iri"].rsplit("/", 1)[-1] for row in rows] == ["learning-and-development"]


def test_a_year_after_the_change_has_no_former_name(corpus: Corpus) -> None:
    assert "In 2024" not in ask(corpus, "Hoe heette safe.brussels in 2024?")["text"]


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("Van welke maatregelen is het CIBG partner?", "heet sinds 6 februari 2023 Paradigm"),
        ("À quelles mesures l'ERIP contribue-t-elle ?", "depuis le 1er janvier 2024 Académie régionale de police de Bruxelles"),
        ("Hoeveel parlementaire vragen beantwoordde BPV in 2019?", "heet sinds 4 juli 2022 safe.brussels"),
        ("Aan welke maatregelen werkt Brusafe mee?", "gaat sinds 1 januari 2025 verder als directie Learning and Development"),
        ("Van welke maatregelen van het plan 2017-2020 is Paradigm partner?", "Brusselse Gewest (CIBG)"),
        ("Aan welke maatregelen werkt Leefmileu Brussel mee?", "gelezen als «Leefmilieu Brussel»"),
    ],
)
def test_a_question_by_an_old_name_is_told_the_new_one_whatever_it_asks(corpus: Corpus, question: str, note: str) -> None:
    reply = ask(corpus, question)
    assert reply["intent"] != "names"
    assert any(note in each for each in reply["notes"]), reply["notes"]


@pytest.mark.parametrize("question", ["Van welke maatregelen is Paradigm partner?", "Aan welke maatregelen werkt Unia mee?"])
def test_a_question_by_a_present_name_is_told_nothing(corpus: Corpus, question: str) -> None:
    assert not [note for note in ask(corpus, question)["notes"] if "heet" in note]


@pytest.mark.parametrize("question", ["Wie is burgemeester?", "Wat is een vereniging", "Qui est bourgmestre d'Uccle ?"])
def test_a_common_noun_is_no_question_about_a_name(corpus: Corpus, question: str) -> None:
    assert ask(corpus, question)["status"] == "not_found"


# ---------------------------------------------------------------- the graph


def test_changes_are_those_of_the_organization_ontology(corpus: Corpus) -> None:
    text = """SELECT ?kind ?original ?result ?date WHERE { ?original org:changedBy ?event . ?event a org:ChangeEvent ;
        gvpp:changeKind ?kind ; org:originalOrganization ?original ; org:resultingOrganization ?result ; dct:date ?date }"""
    rows = query(corpus.store, text, base=BASE)
    assert isinstance(rows, Rows)
    got = {
        tuple(str(getattr(row[key], "value", "")).rsplit("/", 1)[-1] for key in ("kind", "original", "result", "date"))
        for row in rows.rows
    }
    assert {
        ("renamed", "safe-brussels", "safe-brussels", "2022-07-04"),
        ("renamed", "paradigm", "paradigm", "2023-02-06"),
        ("renamed", "gpab", "gpab", "2024-01-01"),
        ("renamed", "brusafe", "brusafe", "2018"),
        ("absorbed", "brusafe", "learning-and-development", "2025-01-01"),
    } <= got
    assert not [row for row in got if row[0] == "founded"]  # what is founded has no origin


def test_the_vocabulary_graph_conforms() -> None:
    assert violations("vocabulary", vocabulary_graph(load_vocabulary(), {}, BASE), BASE) == []


# ---------------------------------------------------------------- bad input

SOUND = """
[[entry]]
id = "school-a"
kind = "school"
names.nl = "Voorbeeldschool"
names.fr = "École exemplaire"
former = [{ text = "Oude Voorbeeldschool", lang = "nl", from = "2001", to = "2009-12-31" }]

[[entry]]
id = "school-b"
kind = "school"
names.nl = "Tweede Voorbeeldschool"
"""
# what is added, the words of the problem, and the entry in which it is told
FAULTS: dict[str, tuple[str, str, str]] = {
    "circle": (
        """
[[entry]]
id = "dienst-a"
kind = "organisation"
names.nl = "Dienst Aap"
events = [{ date = "2020", kind = "absorbed", into = "dienst-b" }]
[[entry]]
id = "dienst-b"
kind = "organisation"
names.nl = "Dienst Beer"
events = [{ date = "2021", kind = "absorbed", into = "dienst-a" }, { date = "2010", kind = "founded" }]
""",
        "a circle: dienst-a became dienst-b became dienst-a",
        "dienst-a",
    ),
    "into itself": (
        '\nevents = [{ date = "2020", kind = "absorbed", into = "school-b" }]',
        "a circle: school-b became school-b",
        "school-b",
    ),
    "into nothing": (
        '\nevents = [{ date = "2020", kind = "absorbed", into = "school-z" }]',
        "event into 'school-z': there is no such entry",
        "school-b",
    ),
    "no into": ('\nevents = [{ date = "2020", kind = "absorbed" }]', "absorbed goes with `into`", "school-b"),
    "unknown kind of event": ('\nevents = [{ date = "2020", kind = "hernoemd" }]', "kind 'hernoemd' is none of", "school-b"),
    "one name twice": (
        '\n[[entry]]\nid = "school-c"\nkind = "school"\nnames.nl = "voorbeeldschool"\nnames.fr = "École troisième"\n',
        "the name 'voorbeeldschool' belongs to entry 'school-a' too",
        "school-c",
    ),
    "impossible day": ('\nformer = [{ text = "Oud", to = "2019-02-30" }]', "to = '2019-02-30' is no date", "school-b"),
    "date of another form": ('\nformer = [{ text = "Oud", to = "31/12/2019" }]', "to = '31/12/2019' is no date", "school-b"),
    "date without quotes": ('\nformer = [{ text = "Oud", to = 2019-12-31 }]', "cannot be used", "school-b"),
    "from after to": (
        '\nformer = [{ text = "Oud", from = "2020-01-02", to = "2020-01-01" }]',
        "from 2020-01-02 comes after to 2020-01-01",
        "school-b",
    ),
    "impossible day of an event": ('\nevents = [{ date = "2021-13-01", kind = "renamed" }]', "is no date", "school-b"),
    "unknown key": ('\nfromer = ["Oud"]', "key 'fromer' is not known", "school-b"),
    "unknown key of a row": ('\nformer = [{ tekst = "Oud" }]', "key 'tekst' is not known", "school-b"),
    "unknown language": ('\nalso.de = ["Beispielschule"]', "also.de has no language", "school-b"),
    "number for a name": ("\nalso.nl = [3]", "also.nl is not a list of texts", "school-b"),
    "parent that is nothing": ('\nparent = "niets"', "parent 'niets' is no entry", "school-b"),
    "commune that is nothing": ('\ncommunes = ["niets"]', "commune 'niets' is no entry", "school-b"),
    "no id": ('\n[[entry]]\nkind = "school"\nnames.nl = "Zonder id"\n', "it lacks an id", "?"),
    "no name": ('\n[[entry]]\nid = "school-d"\nkind = "school"\n', "it lacks names", "school-d"),
    "no kind": ('\n[[entry]]\nid = "school-d"\nkind = "winkel"\nnames.nl = "D"\n', "kind 'winkel' is none of", "school-d"),
    "id that is taken": ('\n[[entry]]\nid = "school-a"\nkind = "school"\nnames.nl = "Nog een"\n', "the id is taken", "school-a"),
}


def gazetteer(folder: Path, extra: str = "") -> Vocabulary:
    """A vocabulary with a small gazetteer of its own."""
    folder.mkdir(exist_ok=True)
    shutil.copytree(ONTOLOGY, folder / "ontology", ignore=shutil.ignore_patterns("gazetteer", "labels", "*.csv"))
    (folder / "ontology" / "gazetteer").mkdir()
    (folder / "ontology" / "gazetteer" / "schools.toml").write_text(SOUND + extra, encoding="utf-8")
    return load_vocabulary(folder / "ontology")


def test_a_sound_gazetteer_has_no_problems(tmp_path: Path) -> None:
    assert load_vocabulary().problems == ()
    assert gazetteer(tmp_path).problems == ()


def test_the_examples_of_the_documentation_are_sound(tmp_path: Path, repository: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", (repository / "docs" / "knowledge.md").read_text("utf-8"), re.DOTALL)
    assert len(examples) == 2
    for number, example in enumerate(examples):
        read = gazetteer(tmp_path / str(number), "\n" + example)
        assert read.problems == () and "lantaarnschool" in {entry.id for entry in read.entries}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_row_is_told_with_file_entry_and_remedy_and_costs_itself_alone(tmp_path: Path, fault: str) -> None:
    extra, words, entry = FAULTS[fault]
    read = gazetteer(tmp_path, extra)
    (problem,) = read.problems
    assert words in problem.what and "left out" in problem.what
    assert "schools.toml" in problem.where and f"entry {entry!r}" in problem.where
    assert problem.remedy
    known = {one.id: one for one in read.entries}
    assert known["school-a"].labels == {"nl": "Voorbeeldschool", "fr": "École exemplaire"}
    assert [name.text for name in known["school-a"].names if name.former] == ["Oude Voorbeeldschool"]
    assert known["school-b"].labels == {"nl": "Tweede Voorbeeldschool"}
    assert not [event for one in read.entries for event in one.events if event["kind"] == "absorbed"]
    assert "Oud" not in {name.text for name in known["school-b"].names}
    assert violations("vocabulary", vocabulary_graph(read, {}, BASE), BASE) == []


def test_of_a_name_that_two_have_the_second_loses_it_and_keeps_its_others(tmp_path: Path) -> None:
    known = {one.id: one for one in gazetteer(tmp_path, FAULTS["one name twice"][0]).entries}
    assert known["school-c"].labels == {"fr": "École troisième"}
    assert [one.id for one in known.values() if any(name.text.casefold() == "voorbeeldschool" for name in one.names)] == [
        "school-a"
    ]


def test_other_links_of_an_entry_in_a_circle_stay(tmp_path: Path) -> None:
    known = {one.id: one for one in gazetteer(tmp_path, FAULTS["circle"][0]).entries}
    assert [event["kind"] for event in known["dienst-b"].events] == ["founded"]


def test_the_build_goes_on_without_a_faulty_row_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = gazetteer(tmp_path, FAULTS["impossible day"][0] + '\nparent = "niets"')
    monkeypatch.setattr(vocabulary, "load_vocabulary", lambda: faulty)
    pipeline._tools.cache_clear()
    try:
        folder, data = write_corpus(tmp_path / "corpus"), tmp_path / "data"
        first = run_json(data, "build", "--corpus", folder, code=3)
        again = run(data, "build", "--corpus", folder)
        third = run_json(data, "build", "--corpus", folder, code=3)
    finally:
        pipeline._tools.cache_clear()
    assert first["version"] and first["changed"] and len(first["added"]) == 4
    told = [
        (error["error"], "schools.toml, entry 'school-b'" in error["where"], bool(error["remedy"])) for error in first["errors"]
    ]
    assert told == [("MetadataError", True, True)] * 2
    assert again.exit_code == 3 and "2019-02-30" in again.stderr and "parent 'niets'" in again.stderr
    assert third["errors"] == first["errors"] and not third["changed"] and third["version"] == first["version"]
    labels = {
        str(quad.object.value)
        for quad in ox.parse(graph(data), format=ox.RdfFormat.N_QUADS)
        if isinstance(quad.object, ox.Literal)
    }
    assert "Tweede Voorbeeldschool" in labels and "Oud" not in labels


def graph(data: Path) -> bytes:
    generation = current(data)
    assert generation is not None
    return (generation.path / "graphs" / "vocabulary.nq").read_bytes()


def test_a_file_that_is_no_toml_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="not valid TOML"):
        gazetteer(tmp_path, "\n[[entry]\n")
