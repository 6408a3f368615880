"""Links that no text states: where they stand, what they show, and how often they are right."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from corpus_help import Built
from extraction_help import Extractions
from judging_help import ask, values

from ingest import link, suggest
from ingest.similar import FEATURES, THEME, Lore, Thing, likeness
from kg.errors import MetadataError
from kg.vocabulary import load_vocabulary

EVAL = Path(__file__).resolve().parent / "eval"
LORE = Lore({}, {}, ())


def thing(ref: str, text: str, lang: str = "nl", *, theme: str = "", actors: tuple[str, ...] = ()) -> Thing:
    return Thing(ref, {lang: text}, ((lang, text),), frozenset([theme] if theme else []), frozenset(actors))


def features(left: list[Thing], right: list[Thing], lore: Lore = LORE) -> np.ndarray:
    return likeness(left, right, lore, None, Path("unused")).values


# ---------------------------------------------------------------- likeness


def test_words_of_both_languages_meet_in_the_glossary() -> None:
    mine = [thing("a", "Fietsdiefstal voorkomen"), thing("b", "Daklozen in de metro opvangen")]
    theirs = [thing("x", "Prévenir le vol de vélos", "fr"), thing("y", "Accueillir les sans-abri dans le métro", "fr")]
    found = features(mine, theirs)[:, :, FEATURES.index("words")]
    assert found[0, 0] > found[0, 1] and found[1, 1] > found[1, 0]


def test_what_both_share_is_told_in_the_reader_s_language() -> None:
    found = likeness([thing("a", "Fietsdiefstal voorkomen")], [thing("x", "Vol de vélos", "fr")], LORE, None, Path("unused"))
    assert found.shared(0, 0, "fr") != found.shared(0, 0, "nl") and any("vélo" in word for word in found.shared(0, 0, "fr"))


def test_a_theme_is_the_same_one_another_one_or_not_known() -> None:
    mine = [thing("a", "x", theme="auth/theme/p/1"), thing("b", "y")]
    theirs = [thing("m", "x", theme="auth/theme/p/1"), thing("n", "y", theme="auth/theme/p/2")]
    assert features(mine, theirs)[:, :, THEME].tolist() == [[1, -1], [0, 0]]


def test_a_theme_goes_on_where_its_measures_go_on_whatever_its_number() -> None:
    texts = {1: ["drugs op school", "druggebruikers begeleiden"], 2: ["fietsdiefstal", "inbraak in woningen voorkomen"]}
    mine = [thing(f"o{n}{i}", text, theme=f"auth/theme/old/{n}") for n in (1, 2) for i, text in enumerate(texts[n])]
    theirs = [thing(f"n{n}{i}", text, theme=f"auth/theme/new/{3 - n}") for n in (1, 2) for i, text in enumerate(texts[n])]
    found = features(mine, theirs)[:, :, THEME]
    assert found[0, 0] == 1 and found[2, 2] == 1 and found[0, 2] < 0.5 and found[2, 0] < 0.5


def test_a_theme_of_the_same_name_is_the_same() -> None:
    names = {"auth/theme/old/8": frozenset({"milieu"}), "auth/theme/new/7": frozenset({"milieu", "environnement"})}
    mine = [thing("a", "bomen planten", theme="auth/theme/old/8")]
    theirs = [thing("m", "afval ophalen", theme="auth/theme/new/7"), thing("n", "bomen planten", theme="auth/theme/new/1")]
    assert features(mine, theirs, Lore(names, {}, ()))[0, 0, THEME] == 1


def test_partners_in_common_count() -> None:
    mine = [thing("a", "x", actors=("id/organisation/a", "id/organisation/b"))]
    theirs = [thing("m", "y", actors=("id/organisation/b",)), thing("n", "z")]
    assert features(mine, theirs)[0, :, FEATURES.index("actors")].tolist() == [0.5, 0]


def test_nothing_to_compare_gives_nothing() -> None:
    assert features([], [thing("m", "y")]).shape == (0, 1, len(FEATURES))


def test_a_model_that_lacks_a_weight_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest, "_file", lambda: {"likeness": {"meaning": 1.0}})
    with pytest.raises(MetadataError, match="lacks"):
        suggest.model("editions", True)


# ---------------------------------------------------------------- in a build


def test_suggestions_stand_in_their_own_graph_with_score_reason_and_words_of_both_sides(sample_build: Built) -> None:
    rows = values(
        sample_build.data,
        """SELECT ?e ?s ?p ?o ?score ?nl ?fr (COUNT(?part) AS ?parts) { GRAPH <id/graph/suggested> {
             ?e rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; gvpp:certainty gvpp:suggested ; gvpp:confidence ?score ;
               gvpp:reason ?nl , ?fr ; gvpp:shownBy ?part . FILTER(LANG(?nl) = "nl" && LANG(?fr) = "fr") }
           } GROUP BY ?e ?s ?p ?o ?score ?nl ?fr""",
    )
    assert len(rows) > 10 and all(0.3 <= float(row["score"]) <= 1 and int(row["parts"]) == 2 for row in rows)
    assert {row["p"].rsplit("#", 1)[-1] for row in rows} >= {"closeMatch", "suggestedMeasure"}


def test_no_suggestion_is_among_what_is_stated(sample_build: Built) -> None:
    assert not ask(sample_build.data, "?s gvpp:suggestedMeasure ?o")
    assert not ask(sample_build.data, "?s skos:closeMatch ?o")
    assert not ask(sample_build.data, "?e a rdf:Statement ; gvpp:certainty gvpp:suggested")
    assert not ask(sample_build.data, "GRAPH <id/graph/suggested> { ?s gvpp:suggestedMeasure ?o } ?s gvpp:implements ?o")


def test_the_words_that_show_a_suggestion_are_those_of_the_passage(sample_build: Built) -> None:
    rows = values(
        sample_build.data,
        """SELECT DISTINCT ?quote ?text { GRAPH <id/graph/suggested> { ?part oa:hasSource ?passage ; oa:exact ?quote }
           ?passage oa:exact ?text }""",
    )
    assert rows and all(row["quote"] in row["text"] for row in rows)


def test_an_initiative_is_suggested_measures_of_the_edition_of_its_time(sample_build: Built) -> None:
    rows = values(
        sample_build.data,
        """SELECT DISTINCT ?s ?plan ?d { GRAPH <id/graph/suggested> { ?s gvpp:suggestedMeasure ?o }
           ?s gvpp:reportedIn ?d . ?o dct:isPartOf ?plan }""",
    )
    assert rows
    under = {(row["d"], row["p"]) for row in values(sample_build.data, "SELECT ?d ?p { ?d gvpp:underPlan ?p }")}
    for subject, plan in {(row["s"], row["plan"]) for row in rows}:
        mine = {row["d"] for row in rows if row["s"] == subject}
        assert any((document, plan) in under for document in mine) or not any(d == m for d, _ in under for m in mine)


# ---------------------------------------------------------------- how often they are right


@pytest.fixture(scope="module")
def real_things(real_extractions: Extractions, real_corpus: Path) -> Iterator[suggest.Things]:
    found = [real_extractions[key] for key in sorted(real_extractions)]
    labels = link.curated(found)
    yield suggest.gather(link.link(found, labels), labels, load_vocabulary())


def test_editions_are_compared_well_enough_even_without_vectors(real_things: suggest.Things) -> None:
    """The half that nothing was learnt from. With vectors more is right: see docs/knowledge.md."""
    _, left, right = next(pairing for pairing in suggest.pairings(real_things) if pairing[0] == "editions")
    scores = suggest.model("editions", False).scores(features(left, right, suggest.lore(real_things.themes)))
    with (EVAL / "editions.csv").open(encoding="utf-8", newline="") as file:
        gold = {row["from"]: row for row in csv.DictReader(file) if row["half"] == "report"}
    found = {
        a.ref.rsplit("/", 1)[-1]: right[int(row.argmax())].ref.rsplit("/", 1)[-1] for a, row in zip(left, scores, strict=True)
    }
    known = [number for number, row in gold.items() if row["to"]]
    assert len(known) > 40
    assert np.mean([found[number] in gold[number]["to"].split() for number in known]) >= 0.6


def test_what_is_said_to_be_likely_is_mostly_right(real_things: suggest.Things) -> None:
    with (EVAL / "suggestions.csv").open(encoding="utf-8", newline="") as file:
        gold = {(row["subject"], row["object"]): row["right"] == "yes" for row in csv.DictReader(file) if row["half"] == "report"}
    likely, unlikely = [], []
    for kind, left, right in suggest.pairings(real_things):
        if kind == "measures":
            scores = suggest.model(kind, False).scores(features(left, right, suggest.lore(real_things.themes)))
            for i, j in np.ndindex(scores.shape):
                if (left[i].ref, right[j].ref) in gold:
                    (likely if scores[i, j] >= 0.7 else unlikely).append(gold[left[i].ref, right[j].ref])
    assert len(likely) >= 5 and np.mean(likely) >= 0.8
    assert len(unlikely) >= 80 and np.mean(unlikely) <= 0.3
