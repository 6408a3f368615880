"""Plans and fiches: short documents of our own in both languages, each in a layout of its genre.

The other genres are in test_extractors_reports.py and test_extractors_resolution.py.
"""

from __future__ import annotations

import itertools
import textwrap
from pathlib import Path

import pytest
from extraction_help import PLAN, extraction_of, links, objects, recogniser, texts
from readers_help import word

from ingest.extract import extract
from ingest.plan import chapters
from ingest.sources import Found
from ingest.wording import load_wording
from kg.model import Extraction
from kg.vocabulary import load_vocabulary

PARTNERS = {"gemeenten", "politiezones"}


def plan(text: str, lang: str) -> Extraction:
    return extraction_of(text, "plan", lang, document=PLAN, year=2021)


def measure(number: str) -> str:
    return f"{PLAN}/{number}"


def described(extraction: Extraction) -> dict[str, list[str]]:
    """Texts of the measures by number."""
    numbers = sorted({s.rsplit("/", 1)[-1] for s, o in links(extraction, "dct:isPartOf") if o == PLAN})
    return {number: texts(extraction, measure(number), "dct:description") for number in numbers}


# ---------------------------------------------------------------- plans: layouts of the list of measures

THEMES = {
    "nl": ("THEMA 1 – FYSIEKE EN PSYCHISCHE MENSELIJKE INTEGRITEIT", "THEMA 2 – POLARISERING EN RADICALISERING"),
    "fr": ("THÈME 1 – INTÉGRITÉ PHYSIQUE ET PSYCHIQUE DES PERSONNES", "THÈME 2 – POLARISATION ET RADICALISATION"),
}
TEXTS = {
    "nl": (
        "Opvoeders leren hoe zij geweld herkennen.",
        "Jongeren betrekken bij acties tegen pesten.",
        "Leerkrachten ondersteunen.",
    ),
    "fr": (
        "Apprendre aux éducateurs à reconnaître la violence.",
        "Associer les jeunes aux actions.",
        "Soutenir les enseignants.",
    ),
}
LAYOUTS = {
    "M1.1:": ("M1.1: {}", "\n\n"),
    "M 1.1 : in a list": ("- M1.1 : {}", "\n"),
    "word and number": ("{word} 1.1 – {}", "\n\n"),
    "word, number, colon": ("{word} 1.1 : {}", "\n"),
    "bold": ("**1.1** {}", "\n"),
    "bold in a list": ("- **1.1** {}", "\n"),
    "half bold": ("- 1.1** {}", "\n"),
    "bare": ("1.1 {}", "\n"),
    "bare, spaced": ("1.1  {}", "\n\n"),
    "number on a line of its own": ("1.1\n\n{}", "\n\n"),
    "pipe table": ("| 1.1 | {} |", "\n"),
    "bold in a pipe table": ("| **1.1** | {} |", "\n"),
    "table with tabs": ("1.1\t{}", "\n"),
    "marked table with tabs": ("M1.1\t{}", "\n"),
}


@pytest.mark.parametrize("lang", ["nl", "fr"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_measures_are_found_in_every_layout(layout: str, lang: str) -> None:
    pattern, joint = LAYOUTS[layout]
    pattern = pattern.replace("{word}", {"nl": "Maatregel", "fr": "Mesure"}[lang])
    first, second, third = (
        pattern.replace("1.1", number).replace("{}", text)
        for number, text in zip(("1.1", "1.2", "2.1"), TEXTS[lang], strict=True)
    )
    one, two = THEMES[lang]
    extraction = plan(f"{one}\n\n{first}{joint}{second}\n\n{two}\n\n{third}\n", lang)
    assert described(extraction) == {number: [text] for number, text in zip(("1.1", "1.2", "2.1"), TEXTS[lang], strict=True)}
    themes = {(s.rsplit("/", 1)[-1], o) for s, o in links(extraction, "dct:subject")}
    assert themes == {("1.1", f"{PLAN}/1"), ("1.2", f"{PLAN}/1"), ("2.1", f"{PLAN}/2")}
    assert not extraction.warnings


def table(rows: list[list[str]], lang: str, folder: Path, kind: str) -> Path:
    """A plan with one table, as DOCX or HTML."""
    header = rows[0]
    path = folder / f"{PLAN}.{lang}.{kind}"
    if kind == "html":
        cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        path.write_text(
            f"<html lang={lang}><body><h1>Plan</h1><h2>{THEMES[lang][0]}</h2><table>{cells}</table></body></html>", "utf-8"
        )
        return path

    def build(document: object) -> None:
        document.add_heading("Plan", 1)  # type: ignore[attr-defined]
        document.add_heading(THEMES[lang][0], 2)  # type: ignore[attr-defined]
        made = document.add_table(len(rows), len(header))  # type: ignore[attr-defined]
        for (number, row), column in itertools.product(enumerate(rows), range(len(header))):
            made.cell(number, column).text = row[column]

    path.write_bytes(word(build))
    return path


@pytest.mark.parametrize("kind", ["docx", "html"])
@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_measures_and_partners_in_a_table_of_a_file(kind: str, lang: str, tmp_path: Path) -> None:
    header = {"nl": ["Maatregel", "Beschrijving", "Partners"], "fr": ["Mesure", "Description", "Partenaires"]}[lang]
    partners = {"nl": "Gemeenten, politiezones", "fr": "Communes, zones de police"}[lang]
    rows = [header, ["1.1", TEXTS[lang][0], partners], ["1.2", TEXTS[lang][1], "STIB / MIVB"]]
    path = table(rows, lang, tmp_path, kind)
    extraction = extract(Found(path, PLAN, lang, "", None), load_wording(), load_vocabulary(), recogniser())
    assert described(extraction) == {"1.1": [TEXTS[lang][0]], "1.2": [TEXTS[lang][1]]}
    assert objects(extraction, measure("1.1"), "gvpp:hasPartner") == PARTNERS
    assert objects(extraction, measure("1.2"), "gvpp:hasPartner") == {"mivb"}


# ---------------------------------------------------------------- plans: partners, pillars, second wording

WITH_PARTNERS = {
    ("nl", "a line of their own"): "M1.1: Opvoeders opleiden.\n\nGemeenten, politiezones\n\nM1.2: Meten.\n\nM1.3: Tellen.\n",
    (
        "nl",
        "after their word",
    ): "M1.1: Opvoeders opleiden.\n\nPartners: gemeenten en politiezones\n\nM1.2: Meten.\n\nM1.3: Tellen.\n",
    ("nl", "after their word, next line"): "M1.1: Opleiden.\nPartners: gemeenten en politiezones\nM1.2: Meten.\nM1.3: Tellen.\n",
    ("nl", "at the end of the text"): "M1.1: Opvoeders opleiden; Gemeenten, politiezones\n\nM1.2: Meten.\n\nM1.3: Tellen.\n",
    (
        "nl",
        "per bullet",
    ): "M1.1: Opleiden:\n- in de wijk; Gemeenten\n- in het station; Politiezones\n\nM1.2: Meten.\n\nM1.3: Tellen.\n",
    ("nl", "after each bullet"): (
        "M1.1: Opleiden:\n\n- in de wijk;\n\nGemeenten\n\n- in het station.\n\nPolitiezones\n\nM1.2: Meten.\n\nM1.3: Tellen.\n"
    ),
    ("nl", "per row"): "Maatregel\tPartners\nM1.1: Opleiden.\tGemeenten, politiezones\nM1.2: Meten.\t\nM1.3: Tellen.\t\n",
    ("nl", "in French"): "M1.1\tOpvoeders opleiden.\tCommunes, zones de police\nM1.2\tMeten.\t\nM1.3\tTellen.\t\n",
    ("fr", "a line of their own"): "M1.1 : Former.\n\nCommunes, zones de police\n\nM1.2 : Mesurer.\n\nM1.3 : Compter.\n",
    (
        "fr",
        "after their word",
    ): "M1.1 : Former.\n\nPartenaires : communes et zones de police\n\nM1.2 : Mesurer.\n\nM1.3 : Compter.\n",
    (
        "fr",
        "after their word, next line",
    ): "M1.1 : Former.\nPartenaires : communes, zones de police\nM1.2 : Mesurer.\nM1.3 : Compter.\n",
    (
        "fr",
        "at the end of the text",
    ): "M1.1 : Former les agents ; Communes, zones de police\n\nM1.2 : Mesurer.\n\nM1.3 : Compter.\n",
    (
        "fr",
        "per bullet",
    ): "M1.1 : Former :\n- en rue ; Communes\n- à la gare ; Zones de police\n\nM1.2 : Mesurer.\n\nM1.3 : Compter.\n",
    ("fr", "after each bullet"): (
        "M1.1 : Former :\n\n- en rue ;\n\nCommunes\n\n- à la gare.\n\nZones de police\n\nM1.2 : Mesurer.\n\nM1.3 : Compter.\n"
    ),
    ("fr", "per row"): "Mesure\tPartenaires\nM1.1 : Former.\tCommunes, zones de police\nM1.2 : Mesurer.\t\nM1.3 : Compter.\t\n",
    ("fr", "in Dutch"): "M1.1\tFormer les agents.\tGemeenten, politiezones\nM1.2\tMesurer.\t\nM1.3\tCompter.\t\n",
}


@pytest.mark.parametrize(("lang", "layout"), WITH_PARTNERS)
def test_partners_are_found_wherever_they_stand(lang: str, layout: str) -> None:
    extraction = plan(f"{THEMES[lang][0]}\n\n{WITH_PARTNERS[lang, layout]}", lang)
    assert set(described(extraction)) == {"1.1", "1.2", "1.3"}
    assert objects(extraction, measure("1.1"), "gvpp:hasPartner") == PARTNERS
    assert not objects(extraction, measure("1.2"), "gvpp:hasPartner") | objects(extraction, measure("1.3"), "gvpp:hasPartner")
    (text,) = described(extraction)["1.1"]
    assert text.count("•") == (2 if "bullet" in layout else 0), "what stands between partners is still text"
    assert not any(name in text.casefold() for name in ("gemeenten", "communes", "zone")), "partners are no text"


@pytest.mark.parametrize(
    ("lang", "text", "wanted"),
    [
        ("nl", "Partners: gemeenten, vzw De Brug en MIVB", {"gemeenten", "de-brug", "mivb"}),
        ("fr", "Partenaires : communes, asbl Le Pont et STIB", {"gemeenten", "le-pont", "mivb"}),
        (
            "nl",
            "Partners: federale en gewestelijke overheidsdiensten",
            {"federale-overheidsdiensten", "gewestelijke-overheidsdiensten"},
        ),
        (
            "fr",
            "Partenaires : services publics fédéraux et régionaux",
            {"federale-overheidsdiensten", "gewestelijke-overheidsdiensten"},
        ),
    ],
)
def test_partners_that_are_not_known_and_that_share_a_noun(lang: str, text: str, wanted: set[str]) -> None:
    extraction = plan(f"{THEMES[lang][0]}\n\nM1.1: Tekst.\n\n{text}\n\nM1.2: Tekst.\n\nM1.3: Tekst.\n", lang)
    assert objects(extraction, measure("1.1"), "gvpp:hasPartner") == wanted


@pytest.mark.parametrize(
    ("lang", "words"), [("nl", ["Preventie", "Reactie", "Opvolging"]), ("fr", ["Prévention", "Réaction", "Suivi"])]
)
def test_pillars_are_headings_words_or_cells(lang: str, words: list[str]) -> None:
    wanted = {("1.1", "prevention"), ("1.2", "reaction"), ("1.3", "followup")}
    heads = "".join(f"{word}\n\nM1.{n}: Tekst.\n\n" for n, word in enumerate(words, 1))
    before = "".join(f"{word} M1.{n}: Tekst.\n\n" for n, word in enumerate(words, 1))
    cells = "".join(f"M1.{n}\tTekst.\t{word}\n" for n, word in enumerate(words, 1))
    for text in (heads, before, cells):
        extraction = plan(f"{THEMES[lang][0]}\n\n{text}", lang)
        found = {(s.rsplit("/", 1)[-1], o.rsplit("/", 1)[-1]) for s, o in links(extraction, "gvpp:pillar")}
        assert found == wanted, text


def test_lists_belong_to_the_text_and_prose_does_not() -> None:
    extraction = plan(
        """
        THEMA 1 – FYSIEKE EN PSYCHISCHE MENSELIJKE INTEGRITEIT

        M1.1: Jongeren betrekken bij acties, met aandacht voor:
        • de sport-
        clubs;
        • de jeugdhuizen.

        De drie maatregelen worden elk jaar besproken.

        M1.2: Meten.

        M1.3: Tellen.
        """,
        "nl",
    )
    assert described(extraction)["1.1"] == [
        "Jongeren betrekken bij acties, met aandacht voor:\n• de sportclubs;\n• de jeugdhuizen."
    ]


def test_an_overview_at_the_end_gives_partners_and_no_second_text() -> None:
    chapters = "THEMA 1 – DRUGS\n\nM1.1: Opvoeders opleiden.\n\nM1.2: Meten.\n\nM1.3: Elk jaar tellen.\n\n"
    overview = "Maatregel\tPartners\nM1.1: Opvoeders oplei-den.\tGemeenten\nM1.2: Meten.\tMIVB\nM1.3: Alles tellen.\tParket\n"
    extraction = plan(chapters + overview, "nl")
    assert described(extraction)["1.3"] == ["Elk jaar tellen."]
    assert [texts(extraction, measure(f"1.{n}"), "gvpp:otherWording") for n in (1, 2, 3)] == [[], [], ["Alles tellen."]]
    assert links(extraction, "gvpp:hasPartner") == {
        (measure("1.1"), "gemeenten"),
        (measure("1.2"), "mivb"),
        (measure("1.3"), "parket"),
    }


# ---------------------------------------------------------------- fiches

FICHES = {
    "nl": """
        Politiezone  Brussel-West (5340)

        Type preventie  Preventie van lawaai

        Contactpersoon  Contactpersoon Voorbeeld
        contactpersoon.voorbeeld@example.org
        Tel. 02 000 00 00

        Beschrijving  Bestaande projecten:

        *"Stille straat": vrijwilligers meten het lawaai. In 2022 waren er 40 metingen.
        *"Buurtbank": gesprekken met MIVB en bewoners.

        Doelgroep  Bewoners en handelaars

        Partners  Gemeenten, parket

        Budget  Ongeveer 5.000 euro

        Bestaande opleidingen en workshops  Agenten volgen een dag over bemiddeling.

        Aanvullende
        informatie

        Mogelijkheden:

        *"Geluidskaart": een kaart zou drukke plekken tonen.
        """,
    "fr": """
        Zone de police  Bruxelles-Ouest (5340)

        Type de prévention  Prévention du bruit

        Personne de contact  Personne de contact Exemple
        personne.exemple@example.org
        Tél. 02 000 00 00

        Description  Projets existants :

        *« Rue calme » : des bénévoles mesurent le bruit. En 2022, il y a eu 40 mesures.
        *« Banc du quartier » : des rencontres avec la STIB et les habitants.

        Public cible  Habitants et commerçants

        Partenaires  Communes, parquet

        Budget  Environ 5.000 euros

        Formations et ateliers existants  Les agents suivent un jour sur la médiation.

        Informations
        complémentaires

        Possibilités :

        *« Carte du bruit » : une carte pourrait montrer les lieux bruyants.
        """,
}
NAMES = {
    "nl": ["preventie-van-lawaai", "stille-straat", "buurtbank", "agenten-volgen-een-dag-over-bemiddeling", "geluidskaart"],
    "fr": ["prevention-du-bruit", "rue-calme", "banc-du-quartier", "agents-suivent-un-jour-sur-la-mediation", "carte-du-bruit"],
}


@pytest.mark.parametrize("mark", ["- ", "• ", " "], ids=["hyphen", "bullet", "bullet lost"])
@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_fiche(lang: str, mark: str) -> None:
    text = textwrap.dedent(FICHES[lang]).lstrip("\n").replace("*", mark).replace(".\n" + mark, ".\n\n" + mark)
    extraction = extraction_of(text, "fiche", lang, document="fiche-pz5340-lawaai")
    main, first, second, training, idea = (f"{name}-5340" for name in NAMES[lang])
    zone = "politiezone-5340"
    assert links(extraction, "gvpp:inZone") == {(name, zone) for name in (main, first, second, training, idea)}
    assert links(extraction, "dct:isPartOf") == {(name, main) for name in (first, second, training, idea)}
    status = dict.fromkeys((main, first, second, training), "gvpp:existing") | {idea: "gvpp:considered"}
    assert links(extraction, "gvpp:status") == set(status.items())
    assert {s for s, o in links(extraction, "gvpp:activityKind") if o == "gvpp:training"} == {training}
    assert objects(extraction, main, "gvpp:hasPartner") == {"gemeenten", "parket"}
    assert objects(extraction, second, "gvpp:hasPartner") == {"mivb"}
    assert texts(extraction, main, "gvpp:targetGroup") == [
        {"nl": "Bewoners en handelaars", "fr": "Habitants et commerçants"}[lang]
    ]


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_the_contact_of_a_fiche_is_nowhere_public(lang: str) -> None:
    extraction = extraction_of(FICHES[lang].replace("*", "- "), "fiche", lang, document="fiche-pz5340-lawaai")
    (contact,) = extraction.restricted
    assert contact.predicate == "schema:contactPoint"
    assert "@example.org" in contact.object.value and "02 000 00 00" in contact.object.value  # type: ignore[union-attr]
    public = repr((extraction.statements, extraction.passages, extraction.findings, extraction.warnings)) + extraction.text
    assert not any(word in public for word in ("example.org", "000 00", "Voorbeeld", "Exemple"))
    assert len(extraction.text) == len(textwrap.dedent(FICHES[lang].replace("*", "- ")).lstrip("\n")), "offsets stay"


THOUGHT_OF = {
    "nl": ["Wij zouden ook kaarten willen maken.", "De zone overweegt een kaart.", "De zone onderzoekt of een kaart kan."],
    "fr": ["Nous pourrions faire des cartes.", "La zone envisage une carte.", "La zone étudie la possibilité d'une carte."],
}


@pytest.mark.parametrize(("lang", "entry"), [(lang, entry) for lang, entries in THOUGHT_OF.items() for entry in entries])
def test_what_is_only_thought_of_does_not_exist(lang: str, entry: str) -> None:
    kind, head = {
        "nl": ("Type preventie", "Beschrijving  Bestaande projecten"),
        "fr": ("Type de prévention", "Description  Projets existants"),
    }[lang]
    text = f"{kind}  Lawaai\n\n{head}:\n\n- “Stille Straat”: metingen.\n- {entry}\n"
    extraction = extraction_of(text, "fiche", lang, document="fiche-pz5340-lawaai")
    considered = {s for s, o in links(extraction, "gvpp:status") if o == "gvpp:considered"}
    assert len(considered) == 1 and "stille-straat-5340" not in considered
    assert objects(extraction, "stille-straat-5340", "gvpp:status") == {"gvpp:existing"}


# ---------------------------------------------------------------- chapters of a plan


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Fietsen en\nvoetgangers\nWij fietsen.\n\nOverzicht\n3. Fietsen en voetgangers\nM3.1: …", ["Fietsen en\nvoetgangers"]),
        ("Les vélos\nOn roule.\n\nTHÈME 3 – Les vélos\nM3.1 : …", ["Les vélos"]),
        ("fietsen en voetgangers;\nparken.\n\n3. Fietsen en voetgangers\n", []),
        ("Wij spreken van fietsen.\n\n3. Fietsen\n", []),
    ],
)
def test_the_title_of_a_chapter_is_known_by_its_numbered_twin(text: str, titles: list[str]) -> None:
    assert [text[start:end] for start, end in chapters(text)] == titles


def test_measures_are_cited_under_the_title_of_their_own_chapter() -> None:
    text = (
        "Parken\n\nStrategie\n\nDe parken zijn groen.\n\nMaatregelen\n\nM1.1: Bomen planten.\n\n"
        "Fietsen\n\nStrategie\n\nDe fietsen staan klaar.\n\nMaatregelen\n\nM2.1: Fietsen merken.\n\n"
        "Overzicht\n\n1. Parken\n\nM1.1: Bomen planten.\n\n2. Fietsen\n\nM2.1: Fietsen merken.\n"
    )
    found = extraction_of(text, "plan", plan="gvpp-2021-2024")
    for number, title in (("M1.1", "Parken"), ("M2.1", "Fietsen")):
        sections = {passage.section[0].lstrip("12. ") for passage in found.passages if number in passage.text}
        assert sections == {title}
