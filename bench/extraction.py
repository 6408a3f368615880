"""Precision and recall of the explicit links, per property, against the gold files that people made by reading.

    python bench/extraction.py [--corpus DIR] [--show]

The gold lists subjects by a recognisable part of their name; several initiatives may share it, and any of them counts.
Rows marked optional are right when found and not required.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ingest.builder import plain_number  # noqa: E402
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
        fiche = extraction.source.genre == "fiche"
        for s in extraction.statements:
            # The entries of a fiche mostly have no name: the gold picks words from their text.
            named = ("skos:prefLabel", "skos:altLabel", "dct:identifier", "dct:title") + (("dct:description",) if fiche else ())
            if s.predicate in named and isinstance(s.object, Lit):
                self.names[s.subject].add(s.object.value)
            if s.predicate == "gvpp:carriedOutBy" and isinstance(s.object, Ref):
                self.carriers[s.subject].add(s.object.path)

    def matches(self, wanted: str, ref: str, carriers: bool = False) -> bool:
        texts = set(self.names.get(ref, ())) | {ref.rsplit("/", 1)[-1].replace("-", " ")}
        if carriers:
            texts |= {name for carrier in self.carriers.get(ref, ()) for name in self.names.get(carrier, ())}
        pattern = re.compile(rf"(?<!\w){re.escape(fold(wanted))}(?!\w)")
        loose = re.sub(r"\W+", "", fold(wanted))
        return any(pattern.search(fold(t)) or (len(loose) > 5 and loose in re.sub(r"\W+", "", fold(t))) for t in texts)


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


def links(found: dict[str, Extraction], show: bool) -> None:
    gold = [row for row in rows("real-links.csv") if row["document"] in found]
    table: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])  # found gold, gold, right, extracted
    for document, extraction in found.items():
        names = Names(extraction)
        mine = [row for row in gold if row["document"] == document]
        for kind, predicate in PROPERTY.items():
            wanted = [row for row in mine if row["property"] == kind]
            if not wanted:
                continue
            pairs = {
                (s.subject, s.object.path)
                for s in extraction.statements
                if s.predicate == predicate and isinstance(s.object, Ref) and s.subject.startswith("id/initiative/")
            }
            hit: set[tuple[str, str]] = set()
            for row in wanted:
                ok = {
                    p
                    for p in pairs
                    if names.matches(row["subject"], p[0], True) and object_matches(names, kind, row["object"], p[1])
                }
                hit |= ok
                if row["role"] != "optional":
                    table[kind][1] += 1
                    table[kind][0] += bool(ok)
                    if show and not ok:
                        print(f"  missing {document} {row['subject']} {kind} {row['object']}", file=sys.stderr)
            table[kind][2] += len(hit)
            table[kind][3] += len(pairs)
            if show and kind in ("implements", "subjectTheme", "inZone", "answersTo", "carriedOutBy"):
                for pair in sorted(pairs - hit):
                    print(f"  not in gold {document} {kind} {pair}", file=sys.stderr)
    print("property             recall            precision (of what the gold covers)")
    for kind, (got, all_, right, extracted) in table.items():
        print(f"{kind:18} {got:4}/{all_:<4} {got / max(1, all_):.3f}   {right:4}/{extracted:<4} {right / max(1, extracted):.3f}")


def partners(extraction: Extraction, show: bool) -> None:
    names = Names(extraction)
    pairs = {
        (s.subject, s.object.path)
        for s in extraction.statements
        if s.predicate == "gvpp:hasPartner" and isinstance(s.object, Ref)
    }
    gold = rows("real-partners.csv")
    hit, got = set(), 0
    for row in gold:
        ok = {p for p in pairs if p[0] == f"id/measure/{row['plan']}/{row['measure']}" and names.matches(row["partner"], p[1])}
        hit |= ok
        got += bool(ok)
        if show and not ok:
            print(f"  missing partner {row['measure']} {row['partner']}", file=sys.stderr)
    if show:
        for pair in sorted(pairs - hit):
            print(f"  not in gold partner {pair}", file=sys.stderr)
    print(
        f"{'partners':18} {got:4}/{len(gold):<4} {got / len(gold):.3f}   {len(hit):4}/{len(pairs):<4} {len(hit) / len(pairs):.3f}"
    )
    pillars = {
        (s.subject.rsplit("/", 1)[-1], s.object.path.rsplit("/", 1)[-1])
        for s in extraction.statements
        if s.predicate == "gvpp:pillar" and isinstance(s.object, Ref)
    }
    wanted = {(row["measure"], row["pillar"]) for row in rows("real-pillars.csv")}
    print(f"{'pillars':18} {len(pillars & wanted):4}/{len(wanted):<4}         {len(pillars & wanted):4}/{len(pillars):<4}")


def numbers(found: dict[str, Extraction], show: bool) -> None:
    for name, klass, value in (
        ("real-figures.csv", "gvpp:Figure", "schema:value"),
        ("real-grants.csv", "schema:MonetaryGrant", "schema:amount"),
    ):
        got = total = 0
        for row in rows(name):
            extraction = found.get(row["document"])
            if extraction is None:
                continue
            nodes: dict[str, dict[str, str]] = defaultdict(dict)
            for s in extraction.statements:
                nodes[s.subject][s.predicate] = s.object.value if isinstance(s.object, Lit) else s.object.path
            total += 1
            amount = float(row["value" if "value" in row else "amount"])
            scales = {"duizend": 1e3, "miljoen": 1e6, "miljard": 1e9}
            ok = False
            for node in nodes.values():
                if node.get("rdf:type") != klass or value not in node:
                    continue
                unit = node.get("schema:unitText", "")
                factor = next((f for word, f in scales.items() if word in unit), 1) if klass != "gvpp:Figure" else 1
                first, _, last = row["year"].partition("-")
                years = {str(y) for y in range(int(first), int(last or first) + 1)} if first else set()
                if abs(float(node[value]) * factor - amount) < 0.5 * factor and (
                    not years or node.get("gvpp:year", first) in years
                ):
                    ok = True
            got += ok
            if show and not ok:
                print(
                    f"  missing {klass} {row['document']} {amount:g} {row.get('unit', '')} {row['year']} | {row['anchor']}",
                    file=sys.stderr,
                )
        print(f"{klass:22} recall {got}/{total} {got / total:.3f}")


def sample(found: dict[str, list[Extraction]], show: bool) -> None:
    """Recall on the sample documents, which were written apart from the extractors."""
    table: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows("sample.csv"):
        ok = any(_states(extraction, row) for extraction in found.get(row["document"], []))
        table[row["property"]][0] += ok
        table[row["property"]][1] += 1
        if show and not ok:
            print(f"  missing {row['document']} {row['subject_label']} {row['property']} {row['object']}", file=sys.stderr)
    for kind, (got, all_) in sorted(table.items()):
        print(f"{kind:22} recall {got}/{all_} {got / all_:.3f}")


def _states(extraction: Extraction, row: dict[str, str]) -> bool:
    names, kind = Names(extraction), row["property"]
    if kind in ("gvpp:Figure", "schema:MonetaryGrant"):
        value, _unit, year = row["object"].split("|")
        nodes: dict[str, dict[str, str]] = defaultdict(dict)
        for s in extraction.statements:
            nodes[s.subject][s.predicate] = s.object.value if isinstance(s.object, Lit) else s.object.path
        key = "schema:value" if kind == "gvpp:Figure" else "schema:amount"
        wanted = float(plain_number(value))
        return any(
            node.get("rdf:type") == kind
            and key in node
            and float(node[key]) == wanted
            and (not year or node.get("gvpp:year", year) == year)
            for node in nodes.values()
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus")
    parser.add_argument("--show", action="store_true", help="list what is missing and what the gold does not hold")
    parser.add_argument("--sample", action="store_true", help="measure on corpus/sample instead")
    args = parser.parse_args()
    if args.sample:
        by_document: dict[str, list[Extraction]] = defaultdict(list)
        for extraction in extractions(ROOT / "corpus" / "sample", every=True).values():
            by_document[extraction.source.document].append(extraction)
        sample(by_document, args.show)
        return
    found = extractions(args.corpus)
    links(found, args.show)
    partners(found["gvpp-2017-2020"], args.show)
    numbers(found, args.show)


if __name__ == "__main__":
    main()
