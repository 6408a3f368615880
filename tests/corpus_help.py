"""What the tests of the whole way share: a corpus small enough to build in a moment, and the command line as a function."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import gvpp
from ingest.pipeline import build
from kg.settings import Settings
from kg.store import current

PLAN_NL = """Globaal Veiligheids- en Preventieplan 2021-2024

Dit plan bundelt de maatregelen van het Gewest voor de veiligheid van de inwoners en de bezoekers.

THEMA 1 – OPENBARE RUIMTE

1.1 De verlichting van pleinen en stations verbeteren met de gemeenten.

1.2 Bewoners en diensten per wijk aan tafel brengen.

THEMA 2 – VERTROUWEN

2.1 Jongeren en agenten met elkaar laten kennismaken.

2.2 Slachtoffers beter opvangen in het commissariaat.
"""
PLAN_FR = """Plan global de sécurité et de prévention 2021-2024

Ce plan rassemble les mesures de la Région pour la sécurité des habitants et des visiteurs.

THÈME 1 – ESPACE PUBLIC

1.1 Améliorer l’éclairage des places et des gares avec les communes.

1.2 Réunir les habitants et les services de chaque quartier autour d’une table.

THÈME 2 – CONFIANCE

2.1 Permettre aux jeunes et aux agents de faire connaissance.

2.2 Mieux accueillir les victimes au commissariat.
"""
REPORT_NL = """Jaarverslag 2022

Dit verslag gaat over het Globaal Veiligheids- en Preventieplan 2021-2024 en over wat er in 2022 mee gebeurde.

1. PROJECTEN

1.1. Buurttafel

De vzw Buurttafel brengt elke maand bewoners en agenten samen. Het project past in het kader van maatregel 1.2 van het GVPP.
In 2022 waren er 48 ontmoetingen.

1.2. Lichtwacht

Lichtwacht telt de kapotte lampen op de pleinen. Dit draagt bij aan maatregel 1.1.
"""
REPORT_FR = """Rapport annuel 2023

Ce rapport décrit ce qui a été fait en 2023 dans le cadre du Plan global de sécurité et de prévention 2021-2024.

1. PROJETS

1.1. Table de quartier

L’asbl Table de quartier réunit chaque mois des habitants et des agents. Le projet s’inscrit dans le cadre de la mesure 1.2 du
plan. En 2023, il y a eu 52 rencontres.
"""
FICHE_NL = """Politiezone  Montgomery (5343)

Type preventie  Preventie van fietsdiefstal

Contactpersoon  Voorbeeld Persoon
persoon.voorbeeld@example.org
Tel. 02 000 00 00

Beschrijving  Bestaande projecten:

• "Merkdag": de zone graveert fietsen op zaterdag. Vragen aan Persoon Voorbeeld.

Doelgroep  Fietsers
"""
GERMAN = "Dies ist ein Bericht über die Sicherheit in der Stadt und über die Arbeit der Polizei im vergangenen Jahr. " * 4

TINY = {
    "gvpp-2021-2024.nl.txt": PLAN_NL,
    "gvpp-2021-2024.fr.txt": PLAN_FR,
    "jaarverslag-2022.nl.txt": REPORT_NL,
    "rapport-annuel-2023.fr.txt": REPORT_FR,
    "fiche-pz5343-fietsen.nl.txt": FICHE_NL,
}


@dataclass(frozen=True)
class Built:
    """A data folder that was built once for all tests, and the corpus it was built from: look, do not touch."""

    data: Path
    corpus: Path


def build_once(corpus: Path, data: Path, encoder: str = "none") -> Built:
    result = build(Settings(data=data, encoder=encoder), [corpus])
    assert not result.errors, result.errors
    return Built(data, corpus)


def write_corpus(folder: Path, documents: Mapping[str, str | bytes] = TINY) -> Path:
    """A corpus folder with these files: name → content; "sources/x.toml" for metadata."""
    for name, content in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run(data: Path, *arguments: object, encoder: str = "none") -> Result:
    """`gvpp` with these arguments over a data folder, without vectors unless asked; nothing but an exit may leave it."""
    environment = {"GVPP_DATA": str(data), "GVPP_ENCODER": encoder, "GVPP_CORPUS": None, "GVPP_BASE": None}
    result = CliRunner().invoke(gvpp.main, [str(argument) for argument in arguments], env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run_json(data: Path, *arguments: object, code: int = 0, encoder: str = "none") -> Any:
    """The same with --json: what is printed, after a look at the exit code."""
    result = run(data, *arguments, "--json", encoder=encoder)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def graphs(data: Path) -> dict[str, bytes]:
    """N-Quads of every public graph in use, and of the restricted ones."""
    generation = current(data)
    assert generation is not None
    files = [*(generation.path / "graphs").iterdir(), *(generation.path / "restricted").iterdir()]
    return {path.relative_to(generation.path).as_posix(): path.read_bytes() for path in files}


def texts(data: Path) -> dict[str, str]:
    """Published texts by source key."""
    generation = current(data)
    assert generation is not None
    return {path.name.removesuffix(".txt"): path.read_text("utf-8") for path in (generation.path / "texts").iterdir()}


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by relative path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def names(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """The Dutch, else the French, label of each row of an answer."""
    return [row["label"].get("nl") or row["label"].get("fr") or "" for row in items]
