"""The names in ontology/: plan editions, themes, the gazetteer, and the words by which documents are read."""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from kg.names import fold

ONTOLOGY = Path(__file__).resolve().parent.parent / "ontology"
LANGUAGES = {"nl", "fr", "en"}
KINDS = {"organisation", "police_zone", "municipality", "actor_group", "school"}


@functools.cache
def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((ONTOLOGY / f"{name}.toml").read_text(encoding="utf-8"))


@functools.cache
def entries() -> list[dict[str, Any]]:
    files = ("organisations", "zones", "communes", "actor_groups")
    return [entry for file in files for entry in toml(f"gazetteer/{file}")["entry"]]


def forms(entry: dict[str, Any], *, ambiguous: bool) -> set[str]:
    """Every name of an entry, folded; with or without the forms that mean several things."""
    texts = [*entry["names"].values(), *itertools.chain(*entry.get("also", {}).values())]
    texts += [f["text"] for f in [*entry.get("short", []), *entry.get("former", [])] if ambiguous or not f.get("ambiguous")]
    return {fold(text) for text in texts}


# ---------------------------------------------------------------- editions and themes


def test_editions_follow_each_other_and_are_named_after_their_period() -> None:
    plans = toml("plans")["plan"]
    assert [p["id"] for p in plans] == [f"gvpp-{p['start']}-{p['end']}" for p in plans]
    assert all(later["start"] == earlier["end"] + 1 for earlier, later in itertools.pairwise(plans))
    for plan in plans:
        assert set(plan["title"]) == LANGUAGES
        assert f"{plan['start']}-{plan['end']}" in plan["periods"]
    assert {"GVPP", "GPVP"} <= set(toml("plans")["names"]["short"]["nl"])
    assert "PGSP" in toml("plans")["names"]["short"]["fr"]


@pytest.mark.parametrize(("plan", "count"), [("gvpp-2017-2020", 10), ("gvpp-2021-2024", 9), ("gvpp-2025-2028", 0)])
def test_themes_of_an_edition_are_numbered_and_told_apart_by_name(plan: str, count: int) -> None:
    themes = [t for t in toml("themes")["theme"] if t["plan"] == plan]
    assert [t["number"] for t in themes] == list(range(1, count + 1))
    owner: dict[str, int] = {}
    for theme in themes:
        for name in (theme["nl"], theme["fr"], theme["en"], *theme["also"]["nl"], *theme["also"]["fr"]):
            assert owner.setdefault(fold(name), theme["number"]) == theme["number"], name


# ---------------------------------------------------------------- gazetteer


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    ids = [entry["id"] for entry in entries()]
    assert len(ids) == len(set(ids))
    for entry in entries():
        assert entry["kind"] in KINDS
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry["id"])
        assert entry["names"] and all(text.strip() for text in entry["names"].values())
        targets = {entry.get("parent"), *entry.get("communes", []), *(event.get("into") for event in entry.get("events", []))}
        assert targets - {None} <= set(ids), entry["id"]


def test_keys_are_those_of_the_schema() -> None:
    known = {
        "id",
        "kind",
        "names",
        "also",
        "short",
        "former",
        "identifier",
        "parent",
        "communes",
        "exact_case",
        "legal",
        "check",
        "events",
    }
    inner = {
        "short": {"text", "lang", "ambiguous", "ordinary"},
        "former": {"text", "lang", "from", "to", "short", "ambiguous"},
        "events": {"date", "kind", "into", "nl", "fr"},
    }
    for entry in entries():
        assert set(entry) <= known, entry["id"]
        for key, allowed in inner.items():
            for item in entry.get(key, []):
                assert set(item) <= allowed, entry["id"]
                dates = [item[name] for name in ("from", "to", "date") if name in item]
                assert all(re.fullmatch(r"\d{4}(-\d{2}-\d{2})?", date) for date in dates), entry["id"]


def test_no_two_unambiguous_entries_share_a_name() -> None:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries():
        for form in forms(entry, ambiguous=False):
            owners[form].add(entry["id"])
    assert {form: ids for form, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("form", ["GVC", "BPV", "OR", "LTF", "Brussel", "Zuid"])
def test_forms_with_several_meanings_never_match_alone(form: str) -> None:
    holders = [entry["id"] for entry in entries() if fold(form) in forms(entry, ambiguous=True)]
    assert holders
    assert not [entry["id"] for entry in entries() if fold(form) in forms(entry, ambiguous=False)]


ZONES = {
    "5339": ("Brussel HOOFDSTAD Elsene", "Bruxelles CAPITALE Ixelles", "Brussel/Bruxelles, Elsene/Ixelles"),
    "5340": (
        "Brussel-West",
        "Bruxelles-Ouest",
        "Sint-Jans-Molenbeek/Molenbeek-Saint-Jean, Koekelberg, Jette, Ganshoren, Sint-Agatha-Berchem/Berchem-Sainte-Agathe",
    ),
    "5341": ("Zuid", "Midi", "Anderlecht, Sint-Gillis/Saint-Gilles, Vorst/Forest"),
    "5342": ("Marlow", "Marlow", "Ukkel/Uccle, Watermaal-Bosvoorde/Watermael-Boitsfort, Oudergem/Auderghem"),
    "5343": (
        "Montgomery",
        "Montgomery",
        "Etterbeek, Sint-Pieters-Woluwe/Woluwe-Saint-Pierre, Sint-Lambrechts-Woluwe/Woluwe-Saint-Lambert",
    ),
    "5344": ("Brussel-Noord", "Bruxelles-Nord", "Schaarbeek/Schaerbeek, Evere, Sint-Joost-ten-Node/Saint-Josse-ten-Noode"),
}


@pytest.mark.parametrize("number", ZONES)
def test_zone_has_both_names_and_its_municipalities(number: str) -> None:
    dutch, french, communes = ZONES[number]
    (zone,) = [e for e in entries() if e["kind"] == "police_zone" and e["identifier"] == number]
    assert {fold(dutch), fold(french), fold(f"PZ {number}"), fold(f"ZP {number}")} <= forms(zone, ambiguous=True)
    by_id = {e["id"]: e for e in entries() if e["kind"] == "municipality"}
    assert len(zone["communes"]) == len(communes.split(", "))
    for pair in communes.split(", "):
        nl, fr = (pair.split("/") * 2)[:2]
        assert any({fold(nl), fold(fr)} <= forms(by_id[commune], ambiguous=True) for commune in zone["communes"]), pair


def test_every_municipality_belongs_to_exactly_one_zone() -> None:
    communes = [e["id"] for e in entries() if e["kind"] == "municipality"]
    listed = [commune for e in entries() for commune in e.get("communes", [])]
    assert len(communes) == 19
    assert sorted(listed) == sorted(communes)


# Names that belong together, as "Dutch / French" or other names of one body or group.
TOGETHER = """
safe.brussels / Brussel Preventie & Veiligheid / Bruxelles Prévention & Sécurité / BPV / BVP / BPS
Paradigm / Centrum voor Informatica voor het Brusselse Gewest / Centre d'Informatique pour la Région Bruxelloise / CIBG / CIRB
Gewestelijke politieacademie Brussel / Académie régionale de police de Bruxelles / GPAB / GIP / ERIP
Gewestelijke en Intercommunale Politieschool / École Régionale et Intercommunale de Police / GPAB
Brusafe / Gewestelijke School voor Veiligheidsberoepen / GSV
Brussels Observatorium voor Preventie en Veiligheid / Observatoire bruxellois pour la Prévention et la Sécurité / BOPV / OBPS
BOPV / OBPV
MIVB / STIB
NMBS / SNCB
De Lijn
TEC
GSOB / ERAP
IGVM / IEFH
Unia
OCAD / OCAM
DBDMH / SIAMU
Leefmilieu Brussel / Bruxelles Environnement
Net Brussel / Bruxelles-Propreté
Brussel Mobiliteit / Bruxelles Mobilité
OCMW / CPAS
FOD / SPF / federale overheidsdiensten / services publics fédéraux
GOB / SPRB
GGC / COCOM
RvV / CCE
parket / parquet
arbeidsauditoraat / auditoraat / auditorat du travail / auditorat
politiezone / PZ / zone de police / ZP
geïntegreerde politie / police intégrée
gemeenten / communes
gemeenschappen / communautés
verenigingen / vzw / associations / asbl
opleidingsinstituten / instituts de formation
gewestelijke organismen / organismes régionaux
openbaar ministerie / ministère public
Gewestelijke Veiligheidsraad / GVR / Conseil régional de sécurité / CORES
gemeenschapswacht / gardien de la paix
PolBru / Politiezone Brussel HOOFDSTAD Elsene
BruNo / BRUNO / Bruxelles-Nord
GAMS België / GAMS Belgique
PREFER
LAMA / Projet LAMA
PAG-ASA
Diogenes / Diogènes
Bulle
Transit
Infor Jongeren / Infor Jeunes
Réseau Intersection België / Réseau Intersection Belgique
Rode Kruis België / Croix-Rouge de Belgique
JES
"""


@pytest.mark.parametrize("line", TOGETHER.strip().splitlines())
def test_names_of_one_body_stand_in_one_entry(line: str) -> None:
    wanted = {fold(name) for name in line.split(" / ")}
    assert any(wanted <= forms(entry, ambiguous=True) for entry in entries())


PARTNERS = """
gemeenten
politiezones
geïntegreerde politie
parket
openbaar ministerie
auditoraat
gewestelijke organismen
opleidingsinstituten
verenigingen
gemeenschappen
federale overheidsdiensten
gewestelijke overheidsdiensten
overheidsdiensten
onderzoeksinstituten
webhosts
energieleveranciers
verenigingen die eigenaars vertegenwoordigen
academische wereld
slachtofferhulp
gezondheidszorgsector
tewerkstellings- en opleidingssector
"""


@pytest.mark.parametrize("name", PARTNERS.strip().splitlines())
def test_institutional_partners_are_groups_with_a_french_name(name: str) -> None:
    (entry,) = [e for e in entries() if fold(e["names"].get("nl", "")) == fold(name)]
    assert entry["kind"] == "actor_group"
    assert entry["names"]["fr"]


@pytest.mark.parametrize(
    ("old", "new", "last_day"),
    [
        ("CIBG", "Paradigm", "2023-02-05"),
        ("Gewestelijke en Intercommunale Politieschool", "Gewestelijke politieacademie Brussel", "2023-12-31"),
        ("Gewestelijke School voor Veiligheidsberoepen", "Brusafe", "2018"),
        ("Brussel Preventie & Veiligheid", "safe.brussels", "2022-07-03"),
    ],
)
def test_a_former_name_leads_to_the_present_one(old: str, new: str, last_day: str) -> None:
    (entry,) = [e for e in entries() if any(f["text"] == old for f in e.get("former", []))]
    assert entry["names"]["nl"] == new
    assert {f.get("to") for f in entry["former"] if f["text"] == old} == {last_day}


# ---------------------------------------------------------------- wording


def wordings(group: str, lang: str) -> dict[str, list[str]]:
    return {kind: table[lang] for kind, table in toml("wording")[group].items() if isinstance(table, dict)}


# Stop lists are kept apart by purpose, so a word may well be in several of them.
GROUPS = [group for group in toml("wording") if group not in {"scale_factor", "stop"}]


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_words_exist_in_both_languages_and_mean_one_thing(group: str, lang: str) -> None:
    owner: dict[str, str] = {}
    for kind, words in wordings(group, lang).items():
        assert words and all(isinstance(word, str) and word.strip() for word in words), kind
        for word in words:
            assert owner.setdefault(fold(word), kind) == kind, word


def test_months_are_twelve_in_each_language() -> None:
    month = toml("wording")["month"]
    assert {len(table[lang]) for table in (month, month["short"]) for lang in ("nl", "fr")} == {12}
    assert (month["nl"][2], month["fr"][7]) == ("maart", "août")
