"""Follow-ups of a parliamentary resolution: short documents of our own in both languages."""

from __future__ import annotations

import pytest
from extraction_help import extraction_of, links, objects, roles, texts

from kg.model import Extraction, Lit

LANGUAGES = pytest.mark.parametrize("lang", ["nl", "fr"])
RESOLUTION = "2020-12-18"

FOLLOW_UP = {
    "nl": """
        Opvolging van de resolutie

        Context

        Op 18 december 2020 keurde het parlement een resolutie goed. Zij telt 4 luiken: Luik 1: Onderzoek, Luik 2: Personeel,
        Luik 3: Opleiding, Luik 4: Contact.

        De vragen over de klachtenprocedure en over de sancties zijn niet behandeld.

        Luik 1

        Onderzoek

        Initiatieven van safe.brussels

        Leesclub

        De dienst verzamelt studies. Zij voert zo maatregel 2.3 van het GVPP uit.

        Luik 2: Personeel

        Initiatieven van de leden van de werkgroep

        Open uniform – PZ 5341 Zuid

        Agenten vertellen in scholen over hun werk, in samenwerking met Unia.

        Wegwijzer voor starters

        De politiezone Montgomery begeleidt nieuwe agenten.

        Aanbevelingen van de werkgroep

        1. Meer tijd voor contact.
        2. Betere cijfers over klachten.

        Aanbevelingen van Unia

        1. Een vast meldpunt.

        """,
    "fr": """
        Suivi de la résolution

        Contexte

        Le 18 décembre 2020, le Parlement a voté une résolution. Elle compte 4 volets : Volet 1 : Recherche, Volet 2 : Personnel,
        Volet 3 : Formation, Volet 4 : Contact.

        Les demandes concernant la procédure de plainte et les sanctions ne sont pas traitées.

        Volet 1

        Recherche

        Initiatives de safe.brussels

        Club de lecture

        Le service réunit des études. Il met ainsi en œuvre la mesure 2.3 du PGSP.

        Volet 2 : Personnel

        Initiatives des membres du groupe de travail

        Uniforme ouvert – ZP 5341 Midi

        Des agents parlent de leur travail dans les écoles, en collaboration avec Unia.

        Guide des débuts

        La zone de police Montgomery accompagne les nouveaux agents.

        Recommandations du groupe de travail

        1. Plus de temps pour le contact.
        2. De meilleurs chiffres sur les plaintes.

        Recommandations de Unia

        1. Un point de contact fixe.

        """,
}
LISTS = {
    "nl": """
        Bijlage 1: bestaande initiatieven per politiezone

        PZ 5339 Brussel HOOFDSTAD Elsene

        Dagelijkse werking

        - Wijkagenten te voet
        - Fietsbrigade

        Specifieke projecten

        - Koffie met de wijk in Elsene

        PZ 5343 Montgomery

        Dagelijkse werking

        - Fietsbrigade
        """,
    "fr": """
        Annexe 1 : initiatives existantes par zone de police

        ZP 5339 Bruxelles CAPITALE Ixelles

        Travail quotidien

        - Agents à pied
        - Brigade cycliste

        Projets spécifiques

        - Café avec le quartier à Ixelles

        ZP 5343 Montgomery

        Travail quotidien

        - Brigade cycliste
        """,
}
TABLES = {
    "nl": """
        Bijlage: bestaande initiatieven per politiezone

        Politiezone\tDagelijkse werking\tSpecifieke projecten
        PZ 5339 Brussel/Elsene\tWijkagenten te voet; Fietsbrigade\tKoffie met de wijk in Elsene
        PZ 5343 Montgomery\tFietsbrigade\t
        """,
    "fr": """
        Annexe : initiatives existantes par zone de police

        Zone de police\tTravail quotidien\tProjets spécifiques
        ZP 5339 Bruxelles/Ixelles\tAgents à pied ; Brigade cycliste\tCafé avec le quartier à Ixelles
        ZP 5343 Montgomery\tBrigade cycliste\t
        """,
}
NAMES = {
    "nl": ("leesclub", "open-uniform-5341", "wegwijzer-voor-starters-5343"),
    "fr": ("club-de-lecture", "uniforme-ouvert-5341", "guide-des-debuts-5343"),
}
LISTED = {
    "nl": ("wijkagenten-te-voet-5339", "fietsbrigade-5339", "fietsbrigade-5343", "koffie-met-de-wijk-in-elsene-5339"),
    "fr": ("agents-a-pied-5339", "brigade-cycliste-5339", "brigade-cycliste-5343", "cafe-avec-le-quartier-a-ixelles-5339"),
}


def follow_up(lang: str, annex: dict[str, str] | None = None) -> Extraction:
    return extraction_of(FOLLOW_UP[lang] + (annex[lang] if annex else ""), "resolution", lang)


@LANGUAGES
def test_parts_with_their_titles(lang: str) -> None:
    extraction = follow_up(lang)
    titles = {"nl": ["Onderzoek", "Personeel", "Opleiding", "Contact"], "fr": ["Recherche", "Personnel", "Formation", "Contact"]}
    assert [texts(extraction, f"{RESOLUTION}/part/{n}", "dct:title") for n in (1, 2, 3, 4)] == [[t] for t in titles[lang]]
    assert {o for s, o in links(extraction, "dct:isPartOf") if "/part/" in s} == {RESOLUTION}
    assert texts(extraction, RESOLUTION, "dct:date") == [RESOLUTION]
    titles_of_all = [
        s.object for s in extraction.statements if s.subject == f"id/resolution/{RESOLUTION}" and s.predicate == "dct:title"
    ]
    assert {t.lang for t in titles_of_all if isinstance(t, Lit)} == {"nl", "fr"}


@LANGUAGES
def test_initiatives_answer_to_their_part(lang: str) -> None:
    extraction = follow_up(lang)
    reading, uniform, guide = NAMES[lang]
    one, two = f"{RESOLUTION}/part/1", f"{RESOLUTION}/part/2"
    assert links(extraction, "gvpp:answersTo") == {(reading, one), (uniform, two), (guide, two)}
    zones = {(uniform, "politiezone-5341"), (guide, "politiezone-5343")}
    assert links(extraction, "gvpp:inZone") == zones
    assert links(extraction, "gvpp:carriedOutBy") == zones | {(reading, "safe-brussels")}
    assert links(extraction, "gvpp:hasPartner") == {(uniform, "unia")}
    assert roles(extraction) == {(reading, "2.3", "main")}


@pytest.mark.parametrize(
    ("lang", "sentence", "wanted"),
    [
        ("nl", "De vragen over de klachtenprocedure en over de sancties zijn niet behandeld.", {"klachtenprocedure", "sancties"}),
        ("nl", "De verzoeken inzake wapens, het vervoer en de honden komen niet aan bod.", {"wapens", "vervoer", "honden"}),
        ("nl", "De vragen over opvang en toezicht en beheer werden niet behandeld.", {"opvang", "toezicht-en-beheer"}),
        ("nl", "De vragen over de opvang (luik 3) zijn niet behandeld.", {"3"}),
        (
            "fr",
            "Les demandes concernant la procédure de plainte et les sanctions ne sont pas traitées.",
            {"procedure-de-plainte", "sanctions"},
        ),
        (
            "fr",
            "Les demandes sur l'accueil (volet 3) et sur les armes et véhicules (volet 5) ne sont pas traitées ici.",
            {"3", "5"},
        ),
        ("fr", "Les demandes portant sur l'accueil n'ont pas été traitées.", {"accueil"}),
        ("nl", "De vragen over de sancties zijn behandeld.", set()),
        ("fr", "Les demandes sur les sanctions sont traitées ici.", set()),
    ],
)
def test_parts_that_are_not_treated(lang: str, sentence: str, wanted: set[str]) -> None:
    extraction = extraction_of(f"1. Context\n\n{sentence}\n", "resolution", lang)
    found = {s for s, o in links(extraction, "gvpp:status") if o == "gvpp:notTreated"}
    assert {part.rsplit("/part/", 1)[-1] for part in found} == wanted
    assert all(texts(extraction, part, "dct:title") for part in found)


@LANGUAGES
@pytest.mark.parametrize("annex", [LISTS, TABLES], ids=["lists", "table"])
def test_the_annex_per_zone(annex: dict[str, str], lang: str) -> None:
    extraction = follow_up(lang, annex)
    walk, bikes, other_bikes, coffee = LISTED[lang]
    zones = {(name, f"politiezone-{name[-4:]}") for name in LISTED[lang]}
    assert zones <= links(extraction, "gvpp:inZone") & links(extraction, "gvpp:carriedOutBy")
    kinds = {(s, o) for s, o in links(extraction, "gvpp:activityKind") if s in LISTED[lang]}
    assert kinds == {(name, "gvpp:daily") for name in (walk, bikes, other_bikes)} | {(coffee, "gvpp:project")}
    assert not {s for s, _ in links(extraction, "gvpp:answersTo")} & set(LISTED[lang]), "the annex answers to no part"


@LANGUAGES
def test_a_commune_named_in_the_annex_is_a_place(lang: str) -> None:
    extraction = follow_up(lang, LISTS)
    assert links(extraction, "dct:spatial") == {(LISTED[lang][3], "elsene")}


@LANGUAGES
def test_recommendations_and_who_makes_them(lang: str) -> None:
    extraction = follow_up(lang)
    found = {s.removeprefix("resolution-2022/") for s, o in links(extraction, "rdf:type") if o == "gvpp:Recommendation"}
    assert found == {"report/1", "report/2", "unia/1"}
    assert links(extraction, "gvpp:madeBy") == {("resolution-2022/unia/1", "unia")}
    assert texts(extraction, "resolution-2022/unia/1", "dct:description") == [
        {"nl": "Een vast meldpunt.", "fr": "Un point de contact fixe."}[lang]
    ]
    assert objects(extraction, "resolution-2022/report/2", "rdf:type") == {"gvpp:Recommendation"}
