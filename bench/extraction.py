"""Recall and precision of what is extracted, per property, against the gold files that people made by reading.

    python bench/extraction.py [--corpus DIR] [--sample] [--show]

The gold lists subjects by a recognisable part of their name; several initiatives may share it, and any of them counts.
Rows marked optional are right when found and not required. The tests hold these scores to their gates (tests/test_quality.py).
"""

from __future__ import annotations

import argparse
import csv
import functools
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ingest.builder import plain_number, squashed  # noqa: E402
from ingest.extract import extract  # noqa: E402
from ingest.recognise import Recogniser  # noqa: E402
from ingest.sources import find_sources  # noqa: E402
from ingest.wording import load_wording  # noqa: E402
from kg.model import Extraction, Lit, Ref  # noqa: E402
from kg.names import fold  # noqa: E402
from kg.vocabulary import load_vocabulary  # noqa: E402

GOLD = ROOT / "tests" / "gold"
PROPERTY = {
    "implements": "gvpp:implements",
    "carriedOutBy": "gvpp:carriedOutBy",
    "subjectTheme": "dct:subject",
    "inZone": "gvpp:inZone",
    "answersTo": "gvpp:answersTo",
    "activityKind": "gvpp:activityKind",
    "status": "gvpp:status",
}
SCALES = {"duizend": 1e3, "miljoen": 1e6, "miljard": 1e9}
Nodes = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class Score:
    """Found and wanted rows of the gold, right and all extracted statements, and what is behind the differences."""

    found: int = 0
    wanted: int = 0
    right: int = 0
    extracted: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)  # not in the gold: wrong, or beyond what it covers

    @property
    def recall(self) -> float:
        """Share of the gold that is found; 0 where the gold is empty, so that a gate cannot pass on nothing."""
        return self.found / self.wanted if self.wanted else 0.0

    @property
    def precision(self) -> float:
        """Share of what is extracted that the gold holds, 0 where nothing is extracted."""
        return self.right / self.extracted if self.extracted else 0.0

    def take(self, what: str, found: bool) -> None:
        """Count one row that is wanted."""
        self.wanted += 1
        self.found += found
        if not found:
            self.missing.append(what)


def extractions(folder: Path, every: bool = False) -> dict[str, Extraction]:
    """Extractions of a folder by document id, or with `every` by document and language."""
    wording, vocabulary = load_wording(), load_vocabulary()
    recogniser = Recogniser(vocabulary)
    found, errors = find_sources([folder])
    for error in errors:
        print(error, file=sys.stderr)
    return {item.key if every else item.document: extract(item, wording, vocabulary, recogniser) for item in found}


def rows(name: str) -> list[dict[str, str]]:
    with (GOLD / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Names:
    """Every name by which a reference may be called: labels in the extraction and in the gazetteer."""

    def __init__(self, extraction: Extraction) -> None:
        self.names: dict[str, set[str]] = defaultdict(set)
        for entry in load_vocabulary().entries:
            for name in entry.names:
                self.names[entry.ref].add(name.text)
            if entry.identifier:
                self.names[entry.ref].add(entry.identifier)
        self.carriers: dict[str, set[str]] = defaultdict(set)
        self._folded: dict[str, list[tuple[str, str]]] = {}
        fiche = extraction.source.genre == "fiche"
        for s in extraction.statements:
            # The entries of a fiche mostly have no name: the gold picks words from their text.
            named = ("skos:prefLabel", "skos:altLabel", "dct:identifier", "dct:title") + (("dct:description",) if fiche else ())
            if s.predicate in named and isinstance(s.object, Lit):
                self.names[s.subject].add(s.object.value)
            if s.predicate == "gvpp:carriedOutBy" and isinstance(s.object, Ref):
                self.carriers[s.subject].add(s.object.path)

    def matches(self, wanted: str, ref: str, carriers: bool = False) -> bool:
        """Whether a reference, or with `carriers` one that carries it out, may be called so: as whole words, or run together."""
        refs = [ref, *(self.carriers.get(ref, ()) if carriers else ())]
        pattern, loose = _words(wanted), squashed(wanted)
        return any(
            pattern.search(text) or (len(loose) > 5 and loose in run_together) for r in refs for text, run_together in self._of(r)
        )

    def _of(self, ref: str) -> list[tuple[str, str]]:
        """Folded names of a reference, with spaces and without."""
        if ref not in self._folded:
            texts = {*self.names.get(ref, ()), ref.rsplit("/", 1)[-1].replace("-", " ")}
            self._folded[ref] = [(fold(text), squashed(text)) for text in texts]
        return self._folded[ref]


@functools.cache
def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(fold(text))}(?!\w)")


def object_matches(names: Names, kind: str, wanted: str, ref: str) -> bool:
    if kind == "implements":
        return ref == f"id/measure/{wanted}"
    if kind == "subjectTheme":
        return ref == f"auth/theme/{wanted}"
    if kind == "answersTo":
        return ref.endswith(f"/part/{wanted}")
    if kind in ("activityKind", "status"):
        return ref == f"gvpp:{wanted}"
    return names.matches(wanted, ref)


def pairs_of(extraction: Extraction, predicate: str, subjects: str) -> set[tuple[str, str]]:
    return {
        (s.subject, s.object.path)
        for s in extraction.statements
        if s.predicate == predicate and isinstance(s.object, Ref) and s.subject.startswith(subjects)
    }


def nodes_of(extraction: Extraction) -> Nodes:
    """Property → value of every subject; for what has one value per property, such as figures and grants."""
    nodes: dict[str, dict[str, str]] = defaultdict(dict)
    for s in extraction.statements:
        nodes[s.subject][s.predicate] = s.object.value if isinstance(s.object, Lit) else s.object.path
    return nodes


def links(found: Mapping[str, Extraction]) -> dict[str, Score]:
    """Links of the initiatives of the real publications, per property; extractions by document id."""
    gold = [row for row in rows("real-links.csv") if row["document"] in found]
    scores: dict[str, Score] = defaultdict(Score)
    for document, extraction in found.items():
        names = Names(extraction)
        for kind, predicate in PROPERTY.items():
            wanted = [row for row in gold if row["document"] == document and row["property"] == kind]
            if not wanted:
                continue
            score, hit = scores[kind], set[tuple[str, str]]()
            pairs = pairs_of(extraction, predicate, "id/initiative/")
            for row in wanted:
                ok = {
                    p
                    for p in pairs
                    if names.matches(row["subject"], p[0], True) and object_matches(names, kind, row["object"], p[1])
                }
                hit |= ok
                if row["role"] != "optional":
                    score.take(f"{document} {row['subject']} {kind} {row['object']}", bool(ok))
            score.right += len(hit)
            score.extracted += len(pairs)
            score.extra += [f"{document} {kind} {pair}" for pair in sorted(pairs - hit)]
    return scores


def partners(extraction: Extraction) -> Score:
    """Institutional partners of the measures of a plan."""
    names, score, hit = Names(extraction), Score(), set[tuple[str, str]]()
    pairs = pairs_of(extraction, "gvpp:hasPartner", "id/measure/")
    for row in rows("real-partners.csv"):
        ok = {p for p in pairs if p[0] == f"id/measure/{row['plan']}/{row['measure']}" and names.matches(row["partner"], p[1])}
        hit |= ok
        score.take(f"partner {row['measure']} {row['partner']}", bool(ok))
    score.right, score.extracted = len(hit), len(pairs)
    score.extra = [f"partner {pair}" for pair in sorted(pairs - hit)]
    return score


def pillars(extraction: Extraction) -> Score:
    """Pillars of the measures of a plan."""
    pairs = {(s.rsplit("/", 1)[-1], o.rsplit("/", 1)[-1]) for s, o in pairs_of(extraction, "gvpp:pillar", "id/measure/")}
    score, wanted = Score(), {(row["measure"], row["pillar"]) for row in rows("real-pillars.csv")}
    for pair in sorted(wanted):
        score.take(f"pillar {pair}", pair in pairs)
    score.right, score.extracted = len(pairs & wanted), len(pairs)
    score.extra = [f"pillar {pair}" for pair in sorted(pairs - wanted)]
    return score


def _years(text: str) -> set[str]:
    first, _, last = text.partition("-")
    return {str(year) for year in range(int(first), int(last or first) + 1)} if first else set()


def _has_sum(nodes: Nodes, kind: str, value: str, amount: float, years: Iterable[str]) -> bool:
    """Whether one of the nodes says this amount for one of the years, or for none; sums in euro, whatever their scale."""
    wanted = set(years)
    for node in nodes.values():
        if node.get("rdf:type") != kind or value not in node:
            continue
        unit = node.get("schema:unitText", "")
        factor = next((f for word, f in SCALES.items() if word in unit), 1.0) if kind != "gvpp:Figure" else 1.0
        in_year = not wanted or "gvpp:year" not in node or node["gvpp:year"] in wanted
        if abs(float(node[value]) * factor - amount) < 0.5 * factor and in_year:
            return True
    return False


def numbers(found: Mapping[str, Extraction]) -> dict[str, Score]:
    """Figures and grants of the real publications (recall alone: the gold does not hold them all), and sums that are no
    grants: those have to be missed, so `found` counts the ones that are."""
    nodes = {document: nodes_of(extraction) for document, extraction in found.items()}
    scores = {"figures": Score(), "grants": Score(), "not granted": Score()}
    given = {(row["document"], row["amount"]) for row in rows("real-grants.csv")}
    for name, kind, value, score in (
        ("real-figures.csv", "gvpp:Figure", "schema:value", scores["figures"]),
        ("real-grants.csv", "schema:MonetaryGrant", "schema:amount", scores["grants"]),
        ("real-not-granted.csv", "schema:MonetaryGrant", "schema:amount", scores["not granted"]),
    ):
        for row in rows(name):
            # A sum announced for several years may be given in one of them.
            if row["document"] not in found or (name == "real-not-granted.csv" and (row["document"], row["amount"]) in given):
                continue
            amount = float(row["value" if "value" in row else "amount"])
            stated = _has_sum(nodes[row["document"]], kind, value, amount, _years(row["year"]))
            what = f"{kind} {row['document']} {amount:g} {row.get('unit', '')} {row['year']} | {row['anchor']}"
            score.take(what, stated != (score is scores["not granted"]))
    return scores


def sample(found: Iterable[Extraction]) -> dict[str, Score]:
    """Recall on the sample documents, which were written apart from the extractors; any expression of a document may state it."""
    by_document: dict[str, list[tuple[Extraction, Names]]] = defaultdict(list)
    for extraction in found:
        by_document[extraction.source.document].append((extraction, Names(extraction)))
    scores: dict[str, Score] = defaultdict(Score)
    for row in rows("sample.csv"):
        ok = any(_states(extraction, names, row) for extraction, names in by_document[row["document"]])
        scores[row["property"]].take(f"{row['document']} {row['subject_label']} {row['property']} {row['object']}", ok)
    return scores


def _states(extraction: Extraction, names: Names, row: dict[str, str]) -> bool:
    kind = row["property"]
    if kind in ("gvpp:Figure", "schema:MonetaryGrant"):
        value, _unit, year = row["object"].split("|")
        key = "schema:value" if kind == "gvpp:Figure" else "schema:amount"
        wanted = float(plain_number(value))
        return any(
            node.get("rdf:type") == kind
            and key in node
            and float(node[key]) == wanted
            and (not year or node.get("gvpp:year", year) == year)
            for node in nodes_of(extraction).values()
        )
    subject = row["subject_label"]
    short = {v: k for k, v in PROPERTY.items()}.get(kind, "name")
    for s in extraction.statements:
        if s.predicate != kind or not isinstance(s.object, Ref):
            continue
        own = (
            s.subject == f"id/measure/{subject}"
            if re.fullmatch(r"gvpp-[\d-]+/[\d.]+", subject)
            else names.matches(subject, s.subject, True)
        )
        if own and object_matches(names, short, row["object"], s.object.path):
            return not row["role"] or s.role == row["role"] or s.role == "main"
    return False


def tell(scores: Mapping[str, Score], show: bool) -> None:
    """Print one line per property; with `show`, what is missing and what the gold does not hold."""
    for kind, score in scores.items():
        precise = f"   {score.right:4}/{score.extracted:<4} {score.precision:.3f}" if score.extracted else ""
        print(f"{kind:22} {score.found:4}/{score.wanted:<4} {score.recall:.3f}{precise}")
        for what in score.missing if show else ():
            print(f"  missing {what}", file=sys.stderr)
        for what in score.extra if show else ():
            print(f"  not in gold {what}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus")
    parser.add_argument("--show", action="store_true", help="list what is missing and what the gold does not hold")
    parser.add_argument("--sample", action="store_true", help="measure on corpus/sample instead")
    args = parser.parse_args()
    print("property               recall            precision (of what the gold covers)")
    if args.sample:
        found = extractions(ROOT / "corpus" / "sample", every=True)
        tell(dict(sorted(sample(found.values()).items())), args.show)
        return
    found = extractions(args.corpus)
    plan = found["gvpp-2017-2020"]
    tell(links(found) | {"partners": partners(plan), "pillars": pillars(plan)} | numbers(found), args.show)


if __name__ == "__main__":
    main()
