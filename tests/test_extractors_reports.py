"""Annual reports: short documents of our own in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from extraction_help import PLAN, extraction_of, links, nodes, objects, roles, texts

from kg.model import Extraction

LANGUAGES = pytest.mark.parametrize("lang", ["nl", "fr"])


def report(text: str, lang: str, **known: Any) -> Extraction:
    return extraction_of(text, "report", lang, **known)


def themes(extraction: Extraction) -> set[tuple[str, str]]:
    return {(s, o.removeprefix(f"{PLAN}/")) for s, o in links(extraction, "dct:subject")}


def figures(extraction: Extraction) -> set[tuple[str, str, str, str]]:
    return {(n["value"], n["unitText"], n["year"], n["about"]) for n in nodes(extraction, "gvpp:Figure")}


def grants(extraction: Extraction) -> set[tuple[str, str, str, str]]:
    """Amount, unit, year, who or what it is for."""
    sums = nodes(extraction, "schema:MonetaryGrant")
    return {(n["amount"], n["unitText"], n["year"], n.get("recipient") or n["fundedItem"]) for n in sums}


# ---------------------------------------------------------------- headings and roles

HEADED = {
    "nl": """
        2. PREVENTIE

        2.1 SUBSIDIES

        Lichtwacht (maatregel 5.2)

        Met dit project worden pleinen verlicht.

        Vzw De Brug – Open huis (maatregelen 1.4 en 1.5)

        Het huis ontving slachtoffers, samen met de MIVB en de politiezone Brussel-Noord.

        Doelgroep: jongeren en hun ouders.

        Vzw De Sluis – Nachtboot

        De boot vaart in het kader van maatregel 2.1 van het GVPP. Zo draagt hij ook bij tot maatregel 2.3 van het plan.
        Het sluit aan bij M4.3.

        2.1.1 Netwerk Wijkwacht

        Het netwerk droeg bij aan verschillende maatregelen, waaronder:

        - Maatregel 2.1: door goede voorbeelden te verzamelen;
        - Maatregel 1.1 en 1.5: door vormingen te geven.

        2.1.2 Huis van de Wijk

        Dit jaar werkte het huis in uitvoering van:

        - maatregel 3.2 (lijst van diensten);
        - maatregel 3.4 van het GVPP 2017-2020.
        """,
    "fr": """
        2. PRÉVENTION

        2.1 SUBSIDES

        Garde-lumière (mesure 5.2)

        Ce projet éclaire les places.

        Asbl Le Pont – Maison ouverte (mesures 1.4 et 1.5)

        La maison a reçu des victimes, en collaboration avec la STIB et la zone de police Bruxelles-Nord.

        Public cible : jeunes et parents.

        Asbl Le Barrage – Bateau de nuit

        Le bateau navigue dans le cadre de la mesure 2.1 du PGSP. Il contribue aussi à la mesure 2.3 du plan.
        Il s'inscrit dans la M4.3.

        2.1.1 Réseau Veilleurs

        Le réseau a contribué à plusieurs mesures, dont :

        - Mesure 2.1 : en réunissant de bons exemples ;
        - Mesures 1.1 et 1.5 : en donnant des formations.

        2.1.2 Maison du Quartier

        Cette année, la maison a travaillé en exécution de :

        - la mesure 3.2 (liste des services) ;
        - la mesure 3.4 du PGSP 2017-2020.
        """,
}
TITLES = {
    "nl": (
        "lichtwacht",
        "de-brug-open-huis",
        "de-sluis-nachtboot",
        "netwerk-wijkwacht",
        "huis-van-de-wijk",
        "de-brug",
        "de-sluis",
    ),
    "fr": (
        *("garde-lumiere", "le-pont-maison-ouverte", "le-barrage-bateau-de-nuit", "reseau-veilleurs", "maison-du-quartier"),
        *("le-pont", "le-barrage"),
    ),
}


@LANGUAGES
def test_headings_measures_and_roles(lang: str) -> None:
    extraction = report(HEADED[lang], lang)
    light, house, boat, network, quarter, bridge, lock = TITLES[lang]
    assert roles(extraction) == {
        (light, "5.2", "main"),
        (house, "1.4", "main"),
        (house, "1.5", "main"),
        (boat, "2.1", "main"),
        (boat, "2.3", "contributing"),
        (boat, "4.3", "main"),
        (network, "2.1", "contributing"),
        (network, "1.1", "contributing"),
        (network, "1.5", "contributing"),
        (quarter, "3.2", "main"),
        (quarter, "3.4", "main"),
    }
    editions = {o for s, o in links(extraction, "gvpp:implements") if s == quarter}
    assert editions == {f"{PLAN}/3.2", "gvpp-2017-2020/3.4"}, "a number belongs to the edition that is named beside it"
    assert links(extraction, "gvpp:carriedOutBy") == {(house, bridge), (boat, lock)}
    assert objects(extraction, house, "gvpp:hasPartner") == {"mivb", "politiezone-5344"}
    assert texts(extraction, house, "gvpp:targetGroup") == [{"nl": "jongeren en hun ouders", "fr": "jeunes et parents"}[lang]]


@LANGUAGES
def test_numbers_without_a_plan_are_a_warning_and_no_link(lang: str) -> None:
    extraction = report(HEADED[lang], lang, plan=None, year=1999)
    assert {o for _, o in links(extraction, "gvpp:implements")} == {"gvpp-2017-2020/3.4"}
    assert any("without a plan edition" in warning for warning in extraction.warnings)


@pytest.mark.parametrize(
    ("lang", "prose", "initiative", "kind", "owner"),
    [
        ("nl", "In mei startte de campagne 'Let Op Elkaar' van de MIVB.", "let-op-elkaar", "campaign", "mivb"),
        ("nl", "De MIVB organiseert de opleiding “Rustig Blijven” voor bewakers.", "rustig-blijven", "training", "mivb"),
        ("nl", "Het BOOST-project liep het hele jaar.", "boost", "project", ""),
        ("nl", 'In 2022 kwam er een platform "Samen Waakzaam" bij.', "samen-waakzaam", "platform", ""),
        ("fr", "En mai, la campagne « Prenons Soin » de la STIB a commencé.", "prenons-soin", "campaign", "mivb"),
        ("fr", "La STIB organise la formation « Rester Calme » pour les gardiens.", "rester-calme", "training", "mivb"),
        ("fr", "Le projet BOOST-UP a duré toute l'année.", "boost-up", "project", ""),
        ("fr", "En 2022 s'y est ajoutée la plateforme « Tous Vigilants ».", "tous-vigilants", "platform", ""),
    ],
)
def test_projects_that_prose_names(lang: str, prose: str, initiative: str, kind: str, owner: str) -> None:
    extraction = report(f"1. ACTIES\n\n1.1 RUST\n\n{prose}\n", lang)
    assert objects(extraction, initiative, "gvpp:activityKind") == {f"gvpp:{kind}"}
    assert objects(extraction, initiative, "gvpp:carriedOutBy") == ({owner} if owner else set())
    assert "gvpp:Initiative" in objects(extraction, initiative, "rdf:type")


@pytest.mark.parametrize(
    ("lang", "words"),
    [("nl", "Dit is een project van vzw Kompas."), ("fr", "C'est un projet de l'asbl Kompas.")],
)
def test_an_owner_named_in_prose_carries_out(lang: str, words: str) -> None:
    extraction = report(f"1. ACTIES\n\n1.1 SUBSIDIES\n\n1.1.1 Straathoek (M2.1)\n\n{words}\n", lang)
    assert objects(extraction, "straathoek", "gvpp:carriedOutBy") == {"kompas"}


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize(
    ("lang", "header", "names"),
    [
        (
            "nl",
            "Project\tThema",
            (
                "Drugs en verslavingen",
                "Mobiliteit en verkeersveiligheid",
                "Thema 1: Fysieke en psychische menselijke integriteit",
            ),
        ),
        (
            "fr",
            "Projet\tThème",
            ("Drogues et assuétudes", "Mobilité et sécurité routière", "Thème 1 : Intégrité physique et psychique des personnes"),
        ),
    ],
)
def test_projects_by_theme(lang: str, header: str, names: tuple[str, ...]) -> None:
    rows = f"{header}\nNACHTWACHT\t{names[0]}\n\t{names[1]}\nOpen huis\t{names[2]}\n"
    extraction = report(f"1. PROJECTEN\n\nDe projecten\n\n{rows}\nNachtwacht\n\nIn 2022: 24 rondes.\n", lang)
    assert themes(extraction) == {("nachtwacht", "3"), ("nachtwacht", "6"), ("open-huis", "1")}
    assert figures(extraction) == {("24", "rondes", "2022", "nachtwacht")}, "a heading that repeats a project opens its section"
    unknown = report(f"1. PROJECTEN\n\n{header}\nNachtwacht\tRuimtevaart\n", lang)
    assert not themes(unknown) and any("Ruimtevaart" in warning for warning in unknown.warnings)


@pytest.mark.parametrize(
    ("lang", "header", "theme", "audience"),
    [
        ("nl", "Opleiding\tDoelgroep\tData", "Thema {}: Iets", "Bewakers"),
        ("fr", "Formation\tPublic cible\tDates", "Thème {} : Un titre", "Gardiens"),
    ],
)
def test_trainings_by_theme(lang: str, header: str, theme: str, audience: str) -> None:
    three, five = (theme.format(number) for number in (3, 5))
    first, second = f"Eerste hulp\t{audience}\t3 en 4 mei\n", f"Sloten\t{audience}\t6 juni\n"
    within = f"{header}\n{three}\n{first}{five}\n{second}"
    above = f"{three}\n\n{header}\n{first}\n{five}\n\n{header}\n{second}"
    for table in (within, above):
        extraction = report(f"1. LIJST\n\n{table}", lang)
        assert themes(extraction) == {("eerste-hulp", "3"), ("sloten", "5")}
        assert {o for _, o in links(extraction, "gvpp:activityKind")} == {"gvpp:training"}
        assert texts(extraction, "sloten", "gvpp:targetGroup") == [audience]
        assert texts(extraction, "eerste-hulp", "dct:temporal") == ["3 en 4 mei"]


@pytest.mark.parametrize(
    ("lang", "title", "units"),
    [
        ("nl", "Enkele cijfers voor 2022:", ("volle trommels", "nieuwe bezoekers", "stopplaatsen", "klanten")),
        ("fr", "Quelques chiffres pour 2022 :", ("tambours pleins", "nouveaux visiteurs", "arrêts", "clients")),
    ],
)
def test_key_figures_in_three_layouts(lang: str, title: str, units: tuple[str, ...]) -> None:
    drums, visitors, stops, clients = units
    block = f"{title}\n\n1 480\n{drums}\n\n12%\n{visitors}\n\n176 {stops} in 2021\n\n9.250\t{clients}\n"
    extraction = report(f"1. ACTIES\n\n1.1 SUBSIDIES\n\n1.1.1 Wasbus\n\nDe bus reed.\n\n{block}", lang)
    assert figures(extraction) == {
        ("1480", drums, "2022", "wasbus"),
        ("12", "%", "2022", "wasbus"),
        ("176", stops, "2021", "wasbus"),
        ("9250", clients, "2022", "wasbus"),
    }


@pytest.mark.parametrize(
    ("lang", "caption", "staff", "subsidy", "to_asbl", "scale"),
    [
        (
            "nl",
            "Uitgaven in duizend euro",
            "Personeel",
            "Subsidies aan de gemeenten",
            "Subsidie voor vzw De Brug",
            "duizend euro",
        ),
        (
            "fr",
            "Dépenses en milliers d'euros",
            "Personnel",
            "Subventions aux communes",
            "Subvention pour l'asbl De Brug",
            "milliers d'euros",
        ),
    ],
)
def test_budgets_in_thousands(lang: str, caption: str, staff: str, subsidy: str, to_asbl: str, scale: str) -> None:
    rows = f"\t2021\t2022\n{staff}\t1 204\t1.310\n{subsidy}\t2 000\t2.150\n{to_asbl}\t40\t45\nTotaal\t3 244\t3 505\n"
    extraction = report(f"1. BUDGET\n\n{caption}\n\n{rows}", lang)
    amounts = {("1204", "2021"), ("1310", "2022"), ("2000", "2021"), ("2150", "2022"), ("40", "2021"), ("45", "2022")}
    assert {(n["value"], n["year"]) for n in nodes(extraction, "gvpp:Figure")} == amounts | {("3244", "2021"), ("3505", "2022")}
    assert {n["unitText"] for n in nodes(extraction, "gvpp:Figure")} == {scale}
    assert grants(extraction) == {
        ("2000", scale, "2021", "gemeenten"),
        ("2150", scale, "2022", "gemeenten"),
        ("40", scale, "2021", "de-brug"),
        ("45", scale, "2022", "de-brug"),
    }


@pytest.mark.parametrize(
    ("lang", "rows", "unit"),
    [
        ("nl", "Periode\t2022\nBudget\t€ 1.500.000\nBegunstigden\tPolitiezone Brussel-Noord\n", ("1500000", "euro")),
        (
            "fr",
            "Période\t2022\nBudget\t1,5 million d'euros\nBénéficiaires\tZone de police Bruxelles-Nord\n",
            ("1.5", "million euro"),
        ),
    ],
)
def test_money_of_an_instrument(lang: str, rows: str, unit: tuple[str, str]) -> None:
    extraction = report(f"1. ACTIES\n\n1.1 FONDS\n\n{rows}", lang)
    assert grants(extraction) == {(*unit, "2022", "politiezone-5344")}
    assert figures(extraction) == {(*unit, "2022", "politiezone-5344")}


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("nl", "Periode\t2018-2021\nBudget\t€ 1.500.000\nBegunstigden\tPolitiezone Brussel-Noord\n"),
        ("fr", "Période\t2018-2021\nBudget\t1,5 million d'euros\nBénéficiaires\tZone de police Bruxelles-Nord\n"),
        ("nl", "Inkomsten in duizend euro\n\n\t2021\t2022\nSubsidie van de MIVB\t90\t96\nVerkoop\t5\t6\n"),
        ("fr", "Recettes en milliers d'euros\n\n\t2021\t2022\nSubvention de la STIB\t90\t96\nVentes\t5\t6\n"),
        ("nl", "Rekening in duizend euro\n\n\t2021\t2022\nDotatie GOB\t145\t119\nVerkoop\t5\t6\n"),
        ("fr", "Compte en milliers d'euros\n\n\t2021\t2022\nDotation SPRB\t145\t119\nVentes\t5\t6\n"),
    ],
    ids=lambda value: value.split(" ")[0].split("\t")[0],
)
def test_budgets_of_years_and_money_that_comes_in_are_not_given(lang: str, text: str) -> None:
    extraction = report(f"1. ACTIES\n\n1.1 REKENING\n\n{text}", lang)
    assert nodes(extraction, "gvpp:Figure")
    assert not grants(extraction)


def test_a_blank_line_parts_two_tables() -> None:
    extraction = report("1. ACTIES\n\nPost\t2021\nWagens\t1 204\n\nWijk\tBezoekers\nNoord\t30\n", "nl")
    assert {(n["value"], n["unitText"], n["year"]) for n in nodes(extraction, "gvpp:Figure")} >= {("30", "Bezoekers", "2022")}


def test_a_table_of_numbers_that_is_not_understood_is_a_warning() -> None:
    extraction = report("1. ACTIES\n\nWoord\tWaarde\tJa\nIets\tniets\tzoals\nAnders\t12\tdus\nNog\tveel\tmeer\n", "nl")
    assert not nodes(extraction, "gvpp:Figure")
    assert any("table not understood" in warning for warning in extraction.warnings)


GIVEN = [
    ("nl", "safe.brussels trok in 2021 € 10.000 uit voor de gemeenten.", ("10000", "euro", "2021", "gemeenten")),
    ("nl", "De politiezones kregen een subsidie van 2,5 miljoen euro.", ("2.5", "miljoen euro", "2022", "politiezones")),
    ("nl", "In 2022 werd 50 000 euro toegekend aan de verenigingen.", ("50000", "euro", "2022", "verenigingen")),
    ("fr", "En 2021, safe.brussels a octroyé 10.000 euros aux communes.", ("10000", "euro", "2021", "gemeenten")),
    (
        "fr",
        "Les zones de police ont reçu une subvention de 2,5 millions d'euros.",
        ("2.5", "millions euro", "2022", "politiezones"),
    ),
    ("fr", "En 2022, 50 000 € ont été alloués aux associations.", ("50000", "euro", "2022", "verenigingen")),
]
NOT_GIVEN = [
    ("nl", "De gemeenten kregen een lening van 3.000.000 euro.", "3000000"),
    ("nl", "Er is 30.000 euro gepland als subsidie voor de gemeenten.", "30000"),
    ("nl", "De subsidie van 30.000 euro is niet aan de gemeenten toegekend.", "30000"),
    ("nl", "De gemeenten gaven 30.000 euro uit.", "30000"),
    ("fr", "Les communes ont reçu un prêt de 3.000.000 euros.", "3000000"),
    ("fr", "Une subvention de 30.000 euros est prévue pour les communes.", "30000"),
    ("fr", "La subvention de 30.000 euros n'a pas été octroyée aux communes.", "30000"),
    ("fr", "Les communes ont dépensé 30.000 euros.", "30000"),
]


@pytest.mark.parametrize(("lang", "sentence", "wanted"), GIVEN)
def test_sums_that_are_given(lang: str, sentence: str, wanted: tuple[str, ...]) -> None:
    extraction = report(f"1. ACTIES\n\n{sentence}\n", lang, publisher="safe.brussels")
    assert grants(extraction) == {wanted}
    assert [n["funder"] for n in nodes(extraction, "schema:MonetaryGrant")] == ["safe-brussels"]


@pytest.mark.parametrize(("lang", "sentence", "amount"), NOT_GIVEN)
def test_sums_that_are_not_given_are_figures_alone(lang: str, sentence: str, amount: str) -> None:
    extraction = report(f"1. ACTIES\n\n{sentence}\n", lang)
    assert not grants(extraction)
    assert {(n["value"], n["unitText"]) for n in nodes(extraction, "gvpp:Figure")} == {(amount, "euro")}
