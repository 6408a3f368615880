"""Contacts, personal addresses and telephone numbers stand in restricted/ and nowhere else that anybody is given."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from corpus_help import REPORT_NL, Built, files_below, run, run_json, texts, write_corpus

from ingest.document import MASK, mask
from ingest.private import private_spans
from kg.store import current

# As they stand in the sample's fiches; the words "Contactpersoon" and "Personne de contact" are labels as well.
PLANTED = (
    "contactpersoon.voorbeeld@example.org",
    "jeugd.voorbeeld@example.org",
    "personne.exemple@example.org",
    "Contactpersoon Voorbeeld",
    "Personne de contact Exemple",
    "02 000 00 00",
    "+32 2 000 00 00",
    "0400 00 00 00",
)
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")

# ---------------------------------------------------------------- what is personal in a text

PERSONAL = [
    "an.voorbeeld@example.org",
    "an.voor-\nbeeld@example.org",
    "an.voorbeeld@\nexample.org",
    "an.voorbeeld (at) example.org",
    "an [at] example [dot] org",
    "02 000 00 00",
    "02/000.00.00",
    "(02) 000 00 00",
    "02\u2011000\u202f00\u202f00",
    "0400 00 00 00",
    "0400/00.00.00",
    "+32 2 000 00 00",
    "+32 (0)2 000 00 00",
    "0032 400 00 00 00",
    "+33 1 00 00 00 00",
]
PUBLIC = [
    "info@example.org",
    "accueil@example.org",
    "De subsidie bedraagt 31.714.492,00 euro.",
    "145 044 119 257 138 282",
    "In 2018-2019 en 2020 - 2021.",
    "op 01/02/2018 10 agenten",
    "van 09.00 tot 12.00 uur",
    "artikel 281/3 - 2020/2021",
    "maatregel 2.3 en 10.15",
    "0,123456789",
    "bel 101, 112 of 1712",
]


def hidden(text: str) -> list[str]:
    return [text[start:end] for start, end in private_spans(text, ())]


@pytest.mark.parametrize("words", PERSONAL)
@pytest.mark.parametrize("around", ["Schrijf naar {} voor meer.", "Tel.: {}\n12 projecten in 2023", "{}", "Wie?\t{}\t2023"])
def test_addresses_and_numbers_are_found_however_they_are_written(words: str, around: str) -> None:
    assert hidden(around.format(words)) == [words]


@pytest.mark.parametrize("words", PUBLIC)
def test_what_belongs_to_nobody_stays(words: str) -> None:
    assert hidden(f"Zie {words} en verder.") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Contactpersoon: An Voorbeeld\nVragen? An Voorbeeld weet raad, of VOORBEELD AN.", 3),
        ("Personne de contact\tAnaïs Éxemple\nEXEMPLE Anaïs coordonne.", 2),
        ("Contactpersoon: mevrouw Voorbeeld", 1),
        ("Mail an.vandevoorbeeld@example.org. An Van de Voorbeeld leidt het project.", 2),
        ("Mail a.voorbeeld@example.org. A. Voorbeeld leidt het project met An Voorbeeld.", 3),
    ],
)
def test_the_name_of_a_contact_is_found_wherever_it_stands(text: str, found: int) -> None:
    spans = private_spans(text, ())
    assert len(spans) == found
    left = unicodedata.normalize("NFKD", mask(text, spans)).casefold()
    assert "voorbeeld" not in left and "emple" not in left


def test_the_name_of_a_body_is_nobodys() -> None:
    text = (
        "Contactpersoon: Dienst Preventie\nDe Dienst Preventie werkt samen. Mail gelijke.kansen@example.org over gelijke kansen."
    )
    assert hidden(text) == ["Dienst Preventie", "gelijke.kansen@example.org"]


def test_a_mask_keeps_every_position() -> None:
    text = "Contactpersoon: An Voorbeeld,\ntel. 02 000 00 00. Einde."
    masked = mask(text, private_spans(text, ()))
    assert len(masked) == len(text) and masked.endswith(". Einde.") and MASK in masked


# ---------------------------------------------------------------- what is given out


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


EVERYTHING = "SELECT ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
COMMANDS = (
    ("build",),
    ("build", "--json"),
    ("status",),
    ("status", "--json"),
    ("validate", "--json"),
    ("sparql", EVERYTHING, "--format", "tsv"),
    ("ask", "Wie is de contactpersoon van de fiche over fietsdiefstal?", "--json"),
    ("ask", "Quelle est la personne de contact pour le harcèlement de rue ?"),
    ("ask", "Welke initiatieven voeren maatregel 2.3 uit?", "--json"),
)


def given_out(built: Built, tmp_path: Path, commands: Iterable[tuple[str, ...]] = COMMANDS) -> Iterator[tuple[str, str]]:
    """Everything that anybody can get: files of the generation, exports, and the answers of every command."""
    generation = current(built.data)
    assert generation is not None
    files = {name: content for name, content in files_below(generation.path).items() if not name.startswith("restricted/")}
    assert {name.split("/")[0] for name in files} == {"graphs", "index", "network.json", "store", "texts", "manifest.json"}
    yield from ((name, content.decode("utf-8", "replace")) for name, content in files.items())
    assert run(built.data, "export", tmp_path / "export").exit_code == 0
    yield from ((f"export/{name}", content.decode()) for name, content in files_below(tmp_path / "export").items())
    for arguments in commands:
        result = run(built.data, *arguments)
        assert result.exit_code == 0 and result.output
        yield " ".join(arguments), result.output


def restricted(built: Built) -> str:
    generation = current(built.data)
    assert generation is not None
    return "".join(path.read_text("utf-8") for path in (generation.path / "restricted").iterdir())


def test_the_sample_s_contacts_are_given_to_nobody(sample_build: Built, tmp_path: Path) -> None:
    kept = folded(restricted(sample_build))
    assert [words for words in PLANTED if folded(words) not in kept] == []  # the test knows what it looks for
    seen = 0
    for place, text in given_out(sample_build, tmp_path):
        plain = folded(text)
        assert [words for words in PLANTED if folded(words) in plain] == [], place
        seen += 1
    assert seen > 40


def test_the_restricted_graph_cannot_be_asked_for(sample_build: Built) -> None:
    for query in (
        "ASK { GRAPH <id/graph/restricted> { ?s ?p ?o } }",
        "ASK { ?s schema:contactPoint ?o }",
        "ASK { GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?o), 'example.org')) }",
    ):
        assert run_json(sample_build.data, "sparql", query)["boolean"] is False
    for query in ("SELECT * FROM <id/graph/restricted> { ?s ?p ?o }", "ASK { SERVICE <file:///restricted> { ?s ?p ?o } }"):
        result = run(sample_build.data, "sparql", query, "--json")
        assert result.exit_code == 7 or json.loads(result.stdout)["results"]["bindings"] == []


def test_what_is_personal_is_the_owner_s_to_read(sample_build: Built, tmp_path: Path) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    generation = current(sample_build.data)
    assert generation is not None
    assert mode(generation.path / "restricted") == 0o700
    assert {mode(path) for path in (generation.path / "restricted").iterdir()} == {0o600}
    # The cache and the documents that were ingested hold sources as they came.
    assert mode(sample_build.data / "cache") == 0o700
    assert {mode(path) for path in (sample_build.data / "cache").iterdir()} == {0o600}
    fiche = sample_build.corpus / "fiche-pz5344-fietsdiefstal.nl.txt"
    assert run(tmp_path / "data", "ingest", fiche).exit_code == 0
    assert mode(tmp_path / "data" / "documents") == 0o700
    assert mode(tmp_path / "data" / "documents" / fiche.name) == 0o600


def test_personal_data_stay_out_of_every_genre_and_of_titles(tmp_path: Path) -> None:
    report = REPORT_NL.replace("Jaarverslag 2022\n", "An Voorbeeld, an.voorbeeld@example.org\n\nJaarverslag 2022\n").replace(
        "1.2. Lichtwacht", "Contactpersoon: Jo Exemple, 0400 00 00 00\n\nJo Exemple antwoordt.\n\n1.2. Lichtwacht"
    )
    corpus = write_corpus(tmp_path / "corpus", {"jaarverslag-2022.nl.txt": report})
    assert run_json(tmp_path / "data", "build", "--corpus", corpus)["added"] == ["jaarverslag-2022"]
    for place, text in given_out(Built(tmp_path / "data", corpus), tmp_path):
        assert not re.search(r"an[ .]voorbeeld|jo exemple|0400 00", folded(text)), place
    assert len(texts(tmp_path / "data")["jaarverslag-2022.nl"]) == len(report)


# ---------------------------------------------------------------- the real publications


def test_the_real_contacts_are_given_to_nobody(real_build: Built, repository: Path, tmp_path: Path) -> None:
    """People are known here by the hash of their address alone; their names are read from the restricted graph."""
    with (repository / "tests" / "gold" / "real-people.csv").open(encoding="utf-8", newline="") as file:
        hashes = {row["email_sha256"] for row in csv.DictReader(file) if row["email_sha256"]}

    def hashed(text: str) -> set[str]:
        return {hashlib.sha256(found.casefold().encode()).hexdigest() for found in ADDRESS.findall(text)}

    kept = restricted(real_build)
    assert hashes and hashes <= hashed(kept)
    contacts = re.findall(r'contactPoint> "(.*?)" <', kept)
    names = {part for contact in contacts for part in re.findall(r"[^\W\d_]{3,}", ADDRESS.sub(" ", contact))}
    assert len(names) >= 2
    whole = re.compile("|".join(rf"\b{first}\W+{second}\b" for first in names for second in names if first != second))
    commands = [arguments for arguments in COMMANDS if arguments[0] in ("build", "status", "ask")]
    for place, text in given_out(real_build, tmp_path, commands):
        assert not hashes & hashed(text), place
        assert not whole.search(text), place
