"""Dossiers: sub-questions answered in their context, tables, gaps, sources; as Markdown and DOCX; and those that are saved."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from corpus_help import Built, run, run_json
from docx import Document
from docx.oxml.ns import qn

from kg.errors import StoreError, UsageError
from kg.store import current
from search_api import dossier_store as store
from search_api.answers import open_corpus
from search_api.dossier import QUESTIONS, dossier
from search_api.dossier_docx import docx
from search_api.dossier_markdown import escape, markdown
from search_api.dossier_split import say, split
from search_api.search import Searching, open_search

TEXTS = sorted((Path(__file__).parent / "golden" / "dossiers").glob("*.txt"))
TODAY = date(2026, 1, 15)


@pytest.fixture(scope="module")
def searching(sample_build: Built) -> Searching:
    generation = current(sample_build.data)
    assert generation
    return open_search(open_corpus(generation), "none")


@pytest.fixture(scope="module")
def suggested(suggested_build: Path) -> Searching:
    generation = current(suggested_build)
    assert generation
    return open_search(open_corpus(generation), "none")


@pytest.fixture
def data(sample_build: Built, tmp_path: Path) -> Path:
    """A data folder of one's own over the sample."""
    return Path(shutil.copytree(sample_build.data, tmp_path / "data"))


def make(searching: Searching, text: str, lang: str | None = None, **options: Any) -> dict[str, Any]:
    return dossier(searching, text, lang, today=TODAY, **options)


def asked(found: dict[str, Any], number: str, part: int | None = None) -> dict[str, Any]:
    return next(q for q in found["questions"] if q["number"] == number and part in (None, q["part"]))


def taken(question: dict[str, Any]) -> list[tuple[str, list[str], str]]:
    return [(one["what"], one["names"], one["from"]) for one in (question["read_as"] or {"added": []})["added"]]


def citations(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield from value.get("citations", ())
        for name, inner in value.items():
            if name not in ("citations", "scope", "nearest"):
                yield from citations(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from citations(inner)


# ---------------------------------------------------------------- context


def test_a_sub_question_takes_the_measure_and_its_edition_from_the_title(searching: Searching) -> None:
    found = make(searching, "Titel: Maatregel 2.3 van het GVPP 2017-2020\n\n1. Welke partners werken mee?\n2. Wat is BuPol?")
    first = asked(found, "1")
    assert taken(first) == [("measures", ["2.3"], "title"), ("plan", ["2017-2020"], "title")]
    assert "maatregel 2.3" in first["read_as"]["text"] and "2017-2020" in first["read_as"]["text"]
    assert {row["plan"] for row in first["answer"]["answers"]} == {"gvpp-2017-2020"}
    assert not taken(asked(found, "2")), "a question with a name of its own takes nothing"
    assert "overgenomen uit de titel" in markdown(found)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("1. Que prévoit la mesure 2.3 du plan 2017-2020 ?\n   a) Quels partenaires y collaborent ?", "parent"),
        ("1. Que prévoit la mesure 2.3 du plan 2017-2020 ? Quels partenaires y collaborent ?", "item"),
        ("1. Que prévoit la mesure 2.3 du plan 2017-2020 ?\n2. Quels sont les partenaires de cette mesure ?", "question"),
        ("La mesure 2.3 du plan 2017-2020 est connue.\n\n1. Quels partenaires collaborent ?", "preamble"),
    ],
)
def test_where_a_subject_may_come_from(searching: Searching, text: str, source: str) -> None:
    last = make(searching, text)["questions"][-1]
    assert taken(last)[0] == ("measures", ["2.3"], source)
    assert last["answer"]["status"] == "answered" and last["answer"]["intent"] == "partners"


def test_the_nearest_subject_wins(searching: Searching) -> None:
    found = make(
        searching,
        "Titel: Maatregel 7.4\n\n1. Wat doet BuPol?\n   a) Wat zegt maatregel 2.3 van 2017-2020?\n   b) Wat is het budget?",
    )
    assert taken(asked(found, "1.b"))[0] == ("names", ["BuPol"], "parent")


def test_an_elliptical_question_is_the_one_before_with_another_number(searching: Searching) -> None:
    found = make(searching, "1. Welke initiatieven antwoorden op luik 1 van de resolutie?\n2. En op luik 2?")
    assert asked(found, "2")["read_as"]["text"] == "Welke initiatieven antwoorden op luik 2 van de resolutie?"
    assert asked(found, "2")["answer"]["intent"] == "resolution"


def test_the_date_of_a_meeting_is_no_period(searching: Searching) -> None:
    found = make(searching, "Titel: Vraag na de vergadering van 8 maart 2019\n\n1. Hoeveel LISA-antennes werden gesteund?")
    assert all("2019" not in name for _, names, _ in taken(asked(found, "1")) for name in names)


def test_two_questions_in_one_are_answered_apart(searching: Searching) -> None:
    found = make(searching, "1. Hoeveel LISA-antennes werden in 2022 gesteund? Wat betekent LISA?")
    assert [(q["number"], q["part"]) for q in found["questions"]] == [("1", 1), ("1", 2)]
    assert [q["answer"]["intent"] for q in found["questions"]] == ["figure", "abbreviation"]


# ---------------------------------------------------------------- what is in a dossier


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_every_quote_is_verbatim_and_has_one_number(searching: Searching, file: Path) -> None:
    found = make(searching, file.read_text("utf-8"))
    passages = {f"{searching.corpus.base}/{ref}": one.passage for ref, one in searching.index.passages.items()}
    sources = {source["n"]: source for source in found["sources"]}
    assert list(sources) == list(range(1, len(sources) + 1))
    numbers: dict[tuple[Any, ...], int] = {}
    for citation in citations(found["questions"]):
        passage = passages[citation["url"]]
        assert citation["quote"] in passage.text and citation["lang"] == passage.lang
        assert passage.start <= citation["start"] < citation["end"] <= passage.end
        key = (citation["url"], citation["start"], citation["end"], citation["quote"])
        assert numbers.setdefault(key, citation["n"]) == citation["n"] and sources[citation["n"]]["quote"] == citation["quote"]
    assert set(numbers.values()) == set(sources)


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_no_question_is_without_answer_or_gap(searching: Searching, file: Path) -> None:
    text = file.read_text("utf-8")
    found = make(searching, text)
    pasted = split(text)
    assert [q["text"] for q in found["questions"] if not q["heading"]] == [part for item in pasted.items for part in item.parts]
    for question in found["questions"]:
        if not question["heading"]:
            table = question["overview"] or {"rows": []}
            rows = [
                *question["answer"]["answers"],
                *table["rows"],
                *(row for block in question["blocks"] for row in block["rows"]),
                *(one for block in question["blocks"] for fact in block["facts"] for one in fact["values"]),
            ]
            assert bool(rows) != any(gap["kind"] == "nothing" for gap in question["gaps"])


def test_a_gap_says_what_was_looked_for_and_which_years_there_are(searching: Searching) -> None:
    found = make(searching, "1. Quel budget l'asbl Fantasque a-t-elle reçu en 2016 ?")
    kinds = {gap["kind"]: gap["text"]["fr"] for gap in found["questions"][0]["gaps"]}
    assert "2016" in kinds["years"] and "2022" in kinds["years"] and kinds["nothing"]
    assert 2022 in found["covers"]["years"] and found["covers"]["documents"]["fr"]


def test_passages_are_no_answers(searching: Searching) -> None:
    question = make(searching, "1. Werd een bodycam getest?")["questions"][0]
    assert question["evidence"] and not question["answer"]["answers"] and question["gaps"]
    assert say("heading", "evidence", "nl") in markdown(make(searching, "1. Werd een bodycam getest?"))


def test_passages_that_an_answer_quotes_are_left_out(searching: Searching) -> None:
    for question in make(searching, TEXTS[1].read_text("utf-8"))["questions"]:
        quoted = {citation["url"] for citation in citations(question["answer"])}
        assert not quoted & {hit["passage"] for hit in question["evidence"]}


def test_an_overview_has_measures_with_their_edition(searching: Searching) -> None:
    question = make(searching, "1. Graag een overzicht van de projecten van maatregel 2.3 van het plan 2021-2024.")["questions"][
        0
    ]
    rows = question["overview"]["rows"]
    assert len(rows) > 2 and all(row["citations"] for row in rows)
    assert {(one["number"], one["plan"]) for row in rows for one in row["measures"]} == {("2.3", "gvpp-2021-2024")}
    assert [gap["kind"] for gap in question["gaps"]] == ["amount"], "what a column lacks is said"


def test_amounts_stand_in_an_overview(searching: Searching) -> None:
    question = make(searching, "1. Geef een tabel met de projecten en bedragen van de GIP in 2022.")["questions"][0]
    table = question["overview"]
    amounts = [*table["grants"], *(one for row in table["rows"] for one in row["amounts"])]
    assert any(one["value"]["number"] == 9_400_000 and one["value"]["year"] == 2022 for one in amounts)


def test_nineteen_communes_each_with_a_row_or_a_gap(searching: Searching) -> None:
    found = make(searching, "1. Pouvez-vous donner, pour chacune des 19 communes, un aperçu des projets ?")
    blocks = found["questions"][0]["blocks"]
    communes = [block for block in blocks if block["kind"] == "commune"]
    assert len(communes) == 19 and any(block["rows"] for block in communes) and all(block["zone"] for block in communes)
    empty = [block for block in communes if not (block["rows"] or block["grants"] or block["passages"])]
    assert empty and markdown(found).count("Rien trouvé dans le corpus") == len(empty) + sum(
        1 for block in blocks if block["kind"] == "zone" and not (block["rows"] or block["grants"] or block["passages"])
    )


def test_zones_and_bodies_have_blocks(searching: Searching) -> None:
    zones = make(searching, "1. Welke projecten lopen er per politiezone?")["questions"][0]["blocks"]
    assert len(zones) == 6 and all(block["kind"] == "zone" for block in zones) and any(block["rows"] for block in zones)
    one = make(searching, "1. Welke projecten lopen er per politiezone in Schaarbeek?")["questions"][0]["blocks"]
    assert [block["iri"].rsplit("-", 1)[-1] for block in one] == ["5344"]
    bodies = make(searching, "1. Welke projecten van maatregel 2.3 zijn er per organisatie?")["questions"][0]["blocks"]
    assert bodies and all(block["kind"] == "body" and block["rows"] for block in bodies)


def test_what_is_considered_is_said_to_be(searching: Searching) -> None:
    text = markdown(make(searching, "1. Welke acties overweegt de politiezone Brussel-Noord nog?"))
    assert "(overwogen)" in text


def test_suggested_links_stand_apart(suggested: Searching) -> None:
    found = make(suggested, "1. Graag een overzicht van alle projecten.")
    table = found["questions"][0]["overview"]
    assert table["suggested"], "the corpus of this test has suggestions"
    stated = {(row["iri"], one["iri"]) for row in table["rows"] for one in row["measures"]}
    assert not stated & {(one["iri"], one["measure"]["iri"]) for one in table["suggested"]}
    text = markdown(found)
    assert text.index(say("heading", "suggested", "nl")) > text.index(say("heading", "overview", "nl"))


def test_another_language_than_that_of_the_question(searching: Searching) -> None:
    found = make(searching, "1. Welke initiatieven voeren maatregel 2.3 van 2021-2024 uit?", "fr")
    assert found["lang"] == "fr" and found["questions"][0]["texts"]["fr"].startswith("La mesure 2.3")
    assert "## Sources" in markdown(found)


def test_a_bilingual_dossier_has_its_own_sentences_twice(searching: Searching) -> None:
    text = markdown(make(searching, TEXTS[1].read_text("utf-8"), bilingual=True))
    for name in ("dossier", "question", "overview", "measure", "evidence"):
        assert f"{say('heading', name, 'nl')} / {say('heading', name, 'fr')}" in text
    assert "Bronnen / Sources" in text and "Opgemaakt op" in text and "Établi le" in text
    assert "wordt uitgevoerd door" in text and "est mise en œuvre par" in text


@pytest.mark.parametrize("text", ["Dit gaat over veiligheid.", "BuPol", "- \n1.", "zone\tbedrag\nNoord\t12"])
def test_without_a_question_that_is_said(searching: Searching, text: str) -> None:
    found = make(searching, text)
    assert len(found["questions"]) == 1 and found["notes"]
    assert markdown(found) and docx(found)


def test_more_questions_than_are_answered(searching: Searching) -> None:
    found = make(searching, "\n".join(f"{n}. Wat is maatregel 2.{n % 5 + 1}?" for n in range(1, QUESTIONS + 6)))
    assert len(found["questions"]) == QUESTIONS + 5 and str(QUESTIONS + 5) in found["notes"][0]["nl"]
    assert [q["answer"] is None for q in found["questions"]] == [False] * QUESTIONS + [True] * 5
    assert found["questions"][-1]["gaps"][0]["kind"] == "limit"


# ---------------------------------------------------------------- Markdown and DOCX

HOSTILE = (
    "Titel: <b>x</b> [klik](javascript:alert(1)) | ![a](b)\n\n1. Wat is `BuPol` # * _x_ <img src=x onerror=alert(1)>\u202e?\n"
    "2. &lt;script&gt;alert(1)&lt;/script&gt; wat?\x00"
)


def test_what_is_pasted_makes_no_markup(searching: Searching) -> None:
    text = markdown(make(searching, HOSTILE))
    bare = re.sub(r"\\.", "", text)
    assert not re.search(r"<(?!https?://|a id=\"bron-\d+\">|/a>)\w", bare)
    assert "javascript:" in text and not re.search(r"\]\((?!#bron-\d+\))", bare)
    assert escape("a\nb | `c`") == r"a b \| \`c\`"


@pytest.mark.parametrize(
    "text", [HOSTILE, *(file.read_text("utf-8") for file in TEXTS)], ids=["hostile", *(f.stem for f in TEXTS)]
)
def test_a_docx_file_opens_and_has_its_parts(searching: Searching, text: str) -> None:
    found = make(searching, text)
    content = docx(found)
    document = Document(io.BytesIO(content))
    lang = found["lang"]
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]  # type: ignore[union-attr]
    assert say("heading", "dossier", lang) in headings and headings[-1] == say("heading", "sources", lang)
    numbers = {q["number"] for q in found["questions"]}
    assert numbers == {h.split()[-1] for h in headings if h.startswith(say("heading", "question", lang) + " ")}
    body = document.element.body
    bookmarks = {one.get(qn("w:name")) for one in body.iter(qn("w:bookmarkStart"))}
    anchors = {one.get(qn("w:anchor")) for one in body.iter(qn("w:hyperlink"))} - {None}
    assert anchors <= bookmarks == {f"bron_{source['n']}" for source in found["sources"]}
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    xml = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode("utf-8")
    assert "\u202e" not in xml and {"nl-BE", "fr-BE"} >= set(re.findall(r'<w:lang w:val="([^"]+)"', xml))
    footer = document.sections[0].footer.paragraphs[0]
    assert found["corpus"]["version"] in footer.text and "PAGE" in footer._p.xml


def test_quotes_in_a_docx_file_carry_their_language(searching: Searching) -> None:
    found = make(searching, "1. Welke initiatieven voeren maatregel 2.3 van 2021-2024 uit?")
    body = Document(io.BytesIO(docx(found))).element.body
    by_lang: dict[str, str] = {}
    for each in body.iter(qn("w:r")):
        lang = each.find(f"{qn('w:rPr')}/{qn('w:lang')}")
        if lang is not None:
            by_lang[lang.get(qn("w:val"))] = by_lang.get(lang.get(qn("w:val")), "") + "".join(
                t.text or "" for t in each.iter(qn("w:t"))
            )
    foreign = [source["quote"] for source in found["sources"] if source["lang"] == "fr"]
    assert foreign and all(" ".join(quote.split()) in by_lang["fr-BE"] for quote in foreign)


# ---------------------------------------------------------------- saving

QUESTION = "Titel: Maatregel 2.3\n\n1. Welke initiatieven voeren maatregel 2.3 van 2021-2024 uit?\n2. Wat betekent LISA?"


def test_nothing_is_saved_unless_asked(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "vraag.txt"
    file.write_text(QUESTION, "utf-8")
    before = sorted(path for path in data.rglob("*"))
    assert run(data, "dossier", file).exit_code == 0
    assert sorted(path for path in data.rglob("*")) == before


def test_a_saved_dossier_is_for_its_owner_alone(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "vraag.txt"
    file.write_text(QUESTION, "utf-8")
    name = run_json(data, "dossier", file, "--save")["saved"]
    kept = data / store.FOLDER / f"{name}.json"
    assert kept.stat().st_mode & 0o777 == 0o600 and kept.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in kept.parent.iterdir()] == [kept.name], "no temporary file stays"
    assert [one["id"] for one in run_json(data, "dossier", "--saved")["saved"]] == [name]
    assert "Maatregel 2.3" in run(data, "dossier", "--show", name).output
    run_json(data, "dossier", "--forget", name)
    assert not kept.exists() and run_json(data, "dossier", "--saved") == {"saved": []}
    assert run(data, "dossier", "--show", name).exit_code == UsageError.exit_code
    assert run(data, "dossier", "--show", "../../current").exit_code == UsageError.exit_code


def test_what_changed_since_is_told(data: Path, searching: Searching) -> None:
    made = make(searching, QUESTION)
    name = store.save(data, QUESTION, made)
    same = store.beside(data, searching, QUESTION.replace("\n", "\r\n "), made)[0]
    assert same["same"] and same["id"] == name and same["changes"] == []
    old = json.loads((data / store.FOLDER / f"{name}.json").read_text("utf-8"))
    rows = old["dossier"]["questions"][0]["answer"]["answers"]
    gone, rows[1]["role"] = rows[0], "main" if rows[1]["role"] != "main" else "contributing"
    rows[0] = {**gone, "iri": gone["iri"] + "-oud", "label": {"nl": "Oud project"}}
    (data / store.FOLDER / f"{name}.json").write_text(json.dumps(old), "utf-8")
    [change] = store.beside(data, searching, QUESTION, made)[0]["changes"]
    assert change["number"] == "1" and [one["label"]["nl"] for one in change["went"]] == ["Oud project"]
    assert [one["label"] for one in change["came"]] == [gone["label"]] and len(change["changed"]) == 1
    text = markdown({**made, "similar": store.beside(data, searching, QUESTION, made)})
    assert "Oud project" in text and "1 erbij, 1 weg, 1 gewijzigd" in text


def test_a_similar_dossier_is_found_in_the_other_language(data: Path, searching: Searching) -> None:
    for file in TEXTS:
        if ".nl." in file.name:
            text = file.read_text("utf-8")
            store.save(data, text, make(searching, text))
    for file in TEXTS:
        if ".fr." in file.name:
            text = file.read_text("utf-8")
            [found] = store.beside(data, searching, text, make(searching, text))
            title = split(file.with_name(file.name.replace(".fr.", ".nl.")).read_text("utf-8")).title
            assert not found["same"] and found["title"] == title and found["changes"] == []
            assert store.beside(data, searching, text, {}, same_only=True) == [], "what others asked stays theirs"
    assert (
        store.beside(data, searching, "1. Wat kost een zwembad in Gent?", make(searching, "1. Wat kost een zwembad in Gent?"))
        == []
    )


def test_a_damaged_saved_dossier_is_named(data: Path, searching: Searching) -> None:
    name = store.save(data, QUESTION, make(searching, QUESTION))
    (data / store.FOLDER / f"{name}.json").write_text("{", "utf-8")
    with pytest.raises(StoreError) as error:
        store.saved(data)
    assert name in error.value.where


# ---------------------------------------------------------------- the command


def test_the_command_writes_every_form(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "vraag.txt"
    file.write_bytes(QUESTION.replace("Welke", "Wélke").encode("cp1252"))
    assert "Wélke" in run(data, "dossier", file).output
    for name, start in (("a.docx", b"PK"), ("a.md", b"# Maat"), ("a.json", b"{")):
        assert run(data, "dossier", file, "--output", tmp_path / name).exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(start)
    assert run_json(data, "dossier", file)["questions"][0]["answer"]["status"] == "answered"


@pytest.mark.parametrize(
    "arguments",
    [
        ("dossier",),
        ("dossier", "--saved", "--show", "x"),
        ("dossier", "{}", "--format", "docx"),
        ("dossier", "nergens.txt"),
        ("dossier", "{zip}"),
    ],
)
def test_wrong_use_says_what_to_do(data: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "vraag.txt").write_text(QUESTION, "utf-8")
    (tmp_path / "vraag.docx").write_bytes(b"PK\x03\x04rest")
    places = {"{}": tmp_path / "vraag.txt", "{zip}": tmp_path / "vraag.docx"}
    result = run(data, *(places.get(one, one) for one in arguments))
    assert result.exit_code in (2, 3) and "→" in result.output


@pytest.mark.parametrize(
    "text",
    [
        "1. Welke maatregel van het plan 2021-2024 gaat over fietsdiefstal?\n2. Hoe luidt de tekst van die maatregel?",
        "1. Quelle mesure du plan 2021-2024 porte sur le vol de vélos ?\n2. Quel est le texte de cette mesure ?",
    ],
)
def test_a_question_may_mean_the_measure_that_the_answer_before_gave(searching: Searching, text: str) -> None:
    first, second = make(searching, text)["questions"]
    [given] = first["answer"]["answers"]
    assert second["read_as"]["added"][0] == {"what": "measures", "names": [given["number"]], "from": "answer", "number": "1"}
    assert [row["iri"] for row in second["answer"]["answers"]] == [given["iri"]]


def test_words_of_asking_leave_no_zone_empty(searching: Searching) -> None:
    found = make(searching, "1. Welke initiatieven onderneemt elke politiezone concreet inzake verbetering?")
    plain = make(searching, "1. Welke initiatieven neemt elke politiezone?")
    rows = [[len(block["rows"]) for block in one["questions"][0]["blocks"]] for one in (found, plain)]
    assert rows[0] == rows[1] and any(rows[0])


def test_a_shortened_sentence_loses_no_place(searching: Searching) -> None:
    text = markdown(make(searching, "1. Welke initiatieven zijn er in zone 5341 en zone 5344?"))
    assert "Politiezone Zuid: 15 initiatieven" in text and "Politiezone Brussel-Noord: 15 initiatieven" in text
