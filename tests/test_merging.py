"""Things that documents name in several ways: what becomes one, what must not, what a judgement changes, what leads where."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_help import PLAN_NL, Built, graphs, run, run_json
from fastapi.testclient import TestClient
from judging_help import ask, build, row, values, write
from merging_help import follow_up, labels, likely, merged, pairs, report, report_text, same

from kg.model import Certainty
from kg.settings import Settings
from search_api.service import create_app

OTHER_BODIES = {"nl": ("1.1.2 SUBSIDIE BUITEN PROJECTOPROEPEN OM", "Het Gewest steunt deze verenigingen."),
                "fr": ("1.1.2 SUBVENTION HORS APPELS À PROJETS", "La Région soutient ces associations.")}  # fmt: skip


# ---------------------------------------------------------------- what is certainly one


@pytest.mark.parametrize(
    ("older", "newer", "gone", "stays", "kind"),
    [
        (
            ("nl", "Vzw Vuurtoren – Zonnelicht"),
            ("fr", "Asbl Vuurtoren – Projet Zonnelicht"),
            "vuurtoren-projet-zonnelicht",
            "vuurtoren-zonnelicht",
            "generic",
        ),
        (
            ("fr", "Asbl Le Fanal – Projet OASIS"),
            ("fr", "Asbl Le Fanal – Oasis"),
            "le-fanal-oasis",
            "le-fanal-projet-oasis",
            "generic",
        ),
        (("nl", "Vzw De Wijzer – Zonne Licht"), ("nl", "Vzw De Wijzer – ZONNE-LICHT"), None, None, ""),
        (
            ("nl", "Vzw De Wijzer – Zonne Klok"),
            ("nl", "Vzw De Wijzer – Zonneklok"),
            "de-wijzer-zonneklok",
            "de-wijzer-zonne-klok",
            "spelling",
        ),
        (
            ("nl", "Vzw De Wijzer – Kookclub ZOLA"),
            ("nl", "Vzw De Wijzer – Zola kookclub"),
            "de-wijzer-zola-kookclub",
            "de-wijzer-kookclub-zola",
            "generic",
        ),
        (
            ("nl", "Vzw De Wijzer – LUNA-verbindingen"),
            ("nl", "Vzw De Wijzer – Project LUNA-Liens"),
            "de-wijzer-project-luna-liens",
            "de-wijzer-luna-verbindingen",
            "translation",
        ),
        (
            ("fr", "Asbl De Wijzer – Prévention LUNA"),
            ("nl", "Vzw De Wijzer – LUNA-preventie"),
            "de-wijzer-luna-preventie",
            "de-wijzer-prevention-luna",
            "translation",
        ),
    ],
)
def test_names_that_are_certainly_one(
    older: tuple[str, str], newer: tuple[str, str], gone: str | None, stays: str | None, kind: str
) -> None:
    found = merged(report(2022, *older), report(2023, *newer))
    assert pairs(found) == ({(gone, stays)} if gone else set()), "the earlier one stays; equal slugs are one from the start"
    if gone:
        (merge,) = found.merges
        assert merge.kind == kind and merge.certainty is Certainty.INFERRED and len(merge.quotes) == 2
        assert older[1] in merge.reason["nl"] and newer[1] in merge.reason["fr"]


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_a_general_word_before_or_after_a_name(lang: str) -> None:
    found = merged(follow_up(2022, lang, {"5340": ["Festival ZOMM"]}), follow_up(2023, lang, {"5340": ["Zomm Festival"]}))
    assert pairs(found) == {("zomm-festival-5340", "festival-zomm-5340")}


@pytest.mark.parametrize(
    ("lang", "name", "project", "early", "late"),
    [
        (
            "nl",
            "Vzw Zeepsop",
            "Vzw Zeepsop – Mobiele wasserette",
            "Zeepsop rijdt met een mobiele wasserette met vier trommels langs stations.",
            "De vrijwilligers wasten met vier trommels bij de stations 300 kilo.",
        ),
        (
            "fr",
            "Asbl Savonnette",
            "Asbl Savonnette – Laverie mobile",
            "Savonnette fait rouler une laverie avec quatre tambours près des gares.",
            "Les bénévoles ont lavé avec quatre tambours près des gares 300 kilos.",
        ),
    ],
)
def test_the_one_thing_that_an_organisation_does(lang: str, name: str, project: str, early: str, late: str) -> None:
    second = report(2024, lang, (project, late))
    same_work = merged(report(2022, lang, OTHER_BODIES[lang], (f"1.1.2.1 {name}", early)), second)
    assert [(merge.kind, len(merge.new) < len(merge.old)) for merge in same_work.merges] == [("only", True)]
    other_work = merged(report(2022, lang, OTHER_BODIES[lang], (f"1.1.2.1 {name}", "Rusthuizen, maisons de repos.")), second)
    assert not other_work.merges and len(other_work.likely) == 1
    third = report(2023, lang, f"{project} – Rusthuizen")
    assert not merged(report(2022, lang, OTHER_BODIES[lang], (f"1.1.2.1 {name}", early)), second, third).merges, (
        "which of the two?"
    )


def test_one_body_under_its_two_names() -> None:
    dutch = report(2022, "nl", ("1.2. GEWESTELIJKE INSTANTIES", "De instanties."), ("1.2.1 MIVB", "De MIVB plaatste camera’s."))
    french = report(2023, "fr", ("1.2. ORGANISMES RÉGIONAUX", "Les organismes."), ("1.2.1 STIB", "La STIB a placé des caméras."))
    found = merged(dutch, french)
    assert pairs(found) == {("stib", "mivb")} and found.merges[0].kind == "organisation"
    assert labels(found, "skos:prefLabel", "mivb") == {"MIVB", "STIB"}, "one preferred label for each language"


def test_what_is_merged_keeps_its_labels_evidence_and_statements() -> None:
    found = merged(
        report(2022, "nl", "Vzw De Wijzer – ZOLA (maatregel 1.2)"),
        report(2023, "nl", "Vzw De Wijzer – Project ZOLA (maatregel 2.1)"),
    )
    assert labels(found, "skos:prefLabel", "de-wijzer-zola") == {"Vzw De Wijzer – ZOLA"}
    assert labels(found, "skos:altLabel", "de-wijzer-zola") == {"Vzw De Wijzer – Project ZOLA"}
    links = {(s.object, s.quote.passage.split("/")[2]) for e in found.extractions for s in e.statements
             if s.predicate == "gvpp:implements" and s.quote}  # fmt: skip
    assert len(links) == 2 and {document for _, document in links} == {"report-2022", "report-2023"}
    assert not [s for e in found.extractions for s in e.statements if "project-zola" in s.subject]


# ---------------------------------------------------------------- what must not become one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vzw De Wijzer – Zonnelicht", "Vzw Het Anker – Zonnelicht"),  # two associations
        ("Vzw De Wijzer – ZOLA", "Vzw De Wijzer – ZOLA 2"),
        ("Vzw De Wijzer – ZOLA I", "Vzw De Wijzer – ZOLA II"),
        ("Vzw De Wijzer – ZOLA", "Vzw De Wijzer – ZOLA+"),
        ("Vzw De Wijzer – Radio ZOLA", "Vzw De Wijzer – Theater ZOLA"),
        ("Vzw De Wijzer – Festival ZOLA", "Vzw De Wijzer – Campagne ZOLA"),
        ("Vzw De Wijzer – Patrouille", "Vzw De Wijzer – Pat Rouille"),  # a word of the language, and a name
        ("Vzw De Wijzer – Zorg", "Vzw De Wijzer – Project Zorg"),  # nothing but a common word
        ("Asbl Le Fanal – Accueil", "Asbl Le Phare – Accueil"),
        ("Asbl Le Fanal – Jeunes et police", "Asbl Le Fanal – Police et jeunes"),
    ],
)
def test_names_that_stay_two(one: str, other: str) -> None:
    lang = "fr" if one.startswith("Asbl") else "nl"
    assert pairs(merged(report(2022, lang, one), report(2023, lang, other))) == set()


def test_a_list_that_names_both_means_two() -> None:
    found = merged(follow_up(2022, "nl", {"5340": ["ZOLA", "Project ZOLA"]}))
    assert pairs(found) == set()


def test_a_name_that_fits_two_things_is_none_of_them() -> None:
    unowned = report(2021, "nl", ("Het steunpunt", "Het project ‘Helder ZOLA’ loopt."))
    first, second = report(2022, "nl", "Vzw De Wijzer – Project Helder ZOLA"), report(2023, "nl", "Vzw Het Anker – Helder ZOLA")
    assert pairs(merged(unowned, first)) == {("de-wijzer-project-helder-zola", "helder-zola")}
    both = merged(unowned, first, second)
    assert pairs(both) == set() and len(both.likely) == 2


def test_namesakes_of_two_associations_get_a_reference_each() -> None:
    def told(year: int, body: str) -> tuple[str, str]:
        return f"Vzw {body} – Werking {year}", f"Het project ‘Helder Water’ van de vzw {body} liep in {year}."

    apart = merged(report(2022, "nl", told(2022, "De Wijzer")), report(2023, "nl", told(2023, "Het Anker")))
    assert apart.parted == {"id/initiative/helder-water-het-anker": "id/initiative/helder-water"}
    assert labels(apart, "skos:prefLabel", "helder-water-het-anker") == {"Helder Water"}
    again = merged(report(2022, "nl", told(2022, "De Wijzer")), report(2023, "nl", told(2023, "De Wijzer")))
    assert not again.parted


@pytest.mark.parametrize("lang", ["nl", "fr"])
def test_one_name_in_two_zones_is_two_initiatives_of_one_programme(lang: str) -> None:
    found = merged(follow_up(2022, lang, {"5340": ["ZOLA Kafee"]}), follow_up(2023, lang, {"5341": ["Zola kafee"]}))
    assert pairs(found) == set()
    (programme,) = found.programmes
    assert programme.ref == "id/programme/zola-kafee" and programme.labels == {lang: "ZOLA Kafee"}
    assert programme.members == ("id/initiative/zola-kafee-5340", "id/initiative/zola-kafee-5341")
    assert "2 politiezones" in programme.reason["nl"] and "2 zones" in programme.reason["fr"]
    one_zone = merged(follow_up(2022, lang, {"5340": ["ZOLA Kafee"]}), follow_up(2023, lang, {"5340": ["Zola kafee"]}))
    assert not one_zone.programmes


def test_daily_work_of_a_common_name_is_no_programme() -> None:
    assert not merged(follow_up(2022, "nl", {"5340": ["Fietsbrigade"], "5341": ["Fietsbrigade"]}, daily=True)).programmes


# ---------------------------------------------------------------- what is likely, and judgements


def test_likely_pairs_are_suggested_with_a_reason_and_both_quotes() -> None:
    found = merged(follow_up(2022, "nl", {"5340": ["Fietsbrigade"]}), follow_up(2023, "fr", {"5340": ["Brigade cycliste"]}))
    (suggestion,) = found.likely
    assert likely(found) == {("brigade-cycliste-5340", "fietsbrigade-5340")} and suggestion.predicate == "owl:sameAs"
    assert "Brigade cycliste" in suggestion.reason["nl"] and 0 < suggestion.score < 1 and len(suggestion.quotes) == 2


def test_a_judgement_merges_and_another_parts() -> None:
    documents = (report(2022, "nl", "Vzw De Wijzer – ZOLA"), report(2023, "nl", "Vzw De Wijzer – Project ZOLA"))
    parted = merged(*documents, judgements=[same("de-wijzer-project-zola", "de-wijzer-zola", "reject")])
    assert pairs(parted) == set() and likely(parted) == set(), "a rejected pair is not suggested again"
    turned = merged(*documents, judgements=[same("de-wijzer-zola", "de-wijzer-project-zola", "accept")])
    assert pairs(turned) == {("de-wijzer-zola", "de-wijzer-project-zola")} and turned.merges[0].certainty is Certainty.CURATED
    others = (report(2022, "nl", "Vzw De Wijzer – Zon"), report(2023, "nl", "Vzw Het Anker – Maan"))
    assert pairs(merged(*others)) == set()
    joined = merged(*others, judgements=[same("het-anker-maan", "de-wijzer-zon", "accept")])
    assert pairs(joined) == {("het-anker-maan", "de-wijzer-zon")}


def test_a_rejected_pair_stays_apart_through_a_third_name() -> None:
    names = ("Vzw De Wijzer – ZOLA", "Vzw De Wijzer – Project ZOLA", "Vzw De Wijzer – ZOLA project")
    documents = [report(2021 + place, "nl", name) for place, name in enumerate(names)]
    assert len(pairs(merged(*documents))) == 2
    found = merged(*documents, judgements=[same("de-wijzer-zola", "de-wijzer-project-zola", "reject")])
    kept = {reference: dict(pairs(found)).get(reference, reference) for reference in ("de-wijzer-zola", "de-wijzer-project-zola")}
    assert len(set(kept.values())) == 2


# ---------------------------------------------------------------- in a build

OLD, NEW = "id/initiative/de-wijzer-project-zola", "id/initiative/de-wijzer-zola"
CORPUS = {
    "gvpp-2021-2024.nl.txt": PLAN_NL,
    "jaarverslag-2021.nl.txt": report_text(2021, "nl", "Vzw De Wijzer – ZOLA (maatregel 1.2)"),
    "rapport-annuel-2022.fr.txt": report_text(
        2022, "fr", "Asbl De Wijzer – Projet LUMEN", "Asbl De Wijzer – Projet ZOLA (mesure 2.1)"
    ),
    "jaarverslag-2023.nl.txt": report_text(2023, "nl", "Vzw De Wijzer – Project ZOLA (maatregel 2.1)"),
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, text in CORPUS.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def test_a_build_publishes_what_was_merged_and_why(corpus: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    reply = run_json(data, "build", "--corpus", corpus)
    assert {(one["from"], one["to"]) for one in reply["merges"]["merged"]} == {
        (OLD, NEW), ("id/initiative/de-wijzer-projet-zola", NEW)}  # fmt: skip
    assert "2 merged" in run(data, "build", "--corpus", corpus).stdout, "told again where nothing changed"
    (found,) = values(data, f"""SELECT ?nl ?fr ?c {{ GRAPH <id/graph/merged> {{ <{OLD}> dct:isReplacedBy <{NEW}> .
        ?s rdf:subject <{OLD}> ; rdf:object <{NEW}> ; gvpp:certainty ?c ; gvpp:reason ?nl, ?fr
        FILTER(LANG(?nl) = "nl" && LANG(?fr) = "fr") }} }}""")  # fmt: skip
    assert found["c"].endswith("inferred") and "ZOLA" in found["nl"] and "ZOLA" in found["fr"]
    assert not ask(data, f"<{OLD}> a gvpp:Initiative") and ask(data, f"<{NEW}> gvpp:implements ?m")
    assert ask(data, f"GRAPH <id/graph/jaarverslag-2023> {{ ?s rdf:subject <{NEW}> ; prov:wasDerivedFrom ?p }}")
    assert run(data, "validate").exit_code == 0
    answer = run_json(data, "ask", "Welke maatregel voert Project ZOLA uit?")
    assert answer["status"] == "answered" and len(answer["answers"]) == 2, "asked by the old name, told of every year"


def test_two_builds_and_another_order_of_files_give_the_same(corpus: Path, tmp_path: Path) -> None:
    build(tmp_path / "one", corpus)
    turned = tmp_path / "turned"
    turned.mkdir()
    for name in reversed(CORPUS):
        (turned / name).write_text(CORPUS[name], "utf-8")
    build(tmp_path / "two", turned)
    one, two = graphs(tmp_path / "one"), graphs(tmp_path / "two")
    assert one.keys() == two.keys()
    assert {name for name in one if one[name] != two[name]} == set()


def test_a_judgement_undoes_a_merge_and_an_old_judgement_keeps_counting(corpus: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    plan = "id/measure/gvpp-2021-2024"
    write(data, row(OLD, "gvpp:implements", f"{plan}/2.2", "accept"), row(OLD, "gvpp:implements", f"{plan}/2.1", "reject"))
    build(data, corpus)
    assert ask(data, f"<{NEW}> gvpp:implements <{plan}/2.2>")
    assert not ask(data, f"<{NEW}> gvpp:implements <{plan}/2.1>"), (
        "what was rejected of the old is rejected of the one that stays"
    )
    write(data, row(OLD, "owl:sameAs", NEW, "reject", "twee projecten"))
    result = build(data, corpus)
    assert "jaarverslag-2023" in result.updated and [one["from"] for one in result.merges["merged"]] != [OLD]
    assert ask(data, f"<{OLD}> a gvpp:Initiative") and not ask(data, f"<{OLD}> dct:isReplacedBy ?x")


def test_an_accepted_pair_is_merged_with_the_words_of_both(corpus: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    lumen = "id/initiative/de-wijzer-projet-lumen"
    write(data, row(lumen, "owl:sameAs", NEW, "accept", "nieuwe naam"))
    result = build(data, corpus)
    assert result.judgements["accepted"] == 1 and not result.judgements["problems"]
    assert ask(
        data,
        f"<{lumen}> dct:isReplacedBy <{NEW}> . <{NEW}> skos:prefLabel|skos:altLabel ?label FILTER(CONTAINS(?label, 'LUMEN'))",
    )
    assert ask(
        data, f"GRAPH <id/graph/judgements> {{ ?j rdf:subject <{lumen}> ; gvpp:certainty gvpp:curated ; oa:exact ?words }}"
    )


def test_an_old_reference_leads_to_the_thing_that_stays(corpus: Path, tmp_path: Path) -> None:
    build(tmp_path / "data", corpus, "http://testserver")
    with TestClient(create_app(Settings(data=tmp_path / "data", base="http://testserver", encoder="none"))) as client:
        for address in (f"/{OLD}", f"/{OLD.replace('id/', 'doc/', 1)}"):
            reply = client.get(address, headers={"accept": "text/turtle"}, follow_redirects=False)
            assert reply.status_code == 303 and reply.headers["location"] == "/doc/initiative/de-wijzer-zola"
        reply = client.get(f"/{OLD}", headers={"accept": "text/turtle"})
        assert reply.status_code == 200 and "isReplacedBy" in reply.text and "gvpp:reason" in reply.text
        old, new = (client.get(f"/api/initiatives/{name}").json() for name in ("de-wijzer-project-zola", "de-wijzer-zola"))
        assert old["iri"] == new["iri"] == f"http://testserver/{NEW}"


# ---------------------------------------------------------------- the real publications


def test_the_real_publications(real_build: Built) -> None:
    found = {row["old"].split("/")[-1]: row["new"].split("/")[-1]
             for row in values(real_build.data, "SELECT ?old ?new { ?old dct:isReplacedBy ?new }")}  # fmt: skip
    assert len(found) == 5
    assert found["diogenes-project-metro-liens"] == "metro-verbindingen"
    assert found["same-festival-5344"] == "festival-same-5344"
    assert next(new for old, new in found.items() if old.startswith("bulle-")) == "bulle"
    assert len(values(real_build.data, "SELECT ?l { <id/initiative/pat-rouille-5340> skos:prefLabel|skos:altLabel ?l }")) > 1
    parts = values(real_build.data, "SELECT ?i { ?i dct:isPartOf <id/programme/coffee-with-a-cop> } ORDER BY ?i")
    assert [part["i"][-4:] for part in parts] == ["5339", "5342"]
    assert len(values(real_build.data, "SELECT ?p { ?p a gvpp:Programme }")) == 2
