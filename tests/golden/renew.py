"""Write the golden files anew: what the documents yield now, to be compared by tests/test_golden.py.

    python tests/golden/renew.py            all of them; the real ones only where the real publications are
    git diff tests/golden                   then read every line of the difference: it is what the change did

sample.json   per document: how many of each class, and every link as references
real.json     per real publication: the same, with measure numbers and hashes in place of words. No sentence of a publication may
              stand here, so references that are made from more than five words are cut and hashed, and descriptions and quotes
              are hashes alone.
dossiers/     parliamentary questions of our own (.txt), the dossier that each gives over the sample (.md), and in real.json what
              each gives over the real publications: intents, references, numbers and hashes
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(HERE.parent)]

from corpus_help import build_once  # noqa: E402

from ingest.findings import across  # noqa: E402
from ingest.link import link  # noqa: E402
from kg.model import Extraction, Lit, Ref, Statement  # noqa: E402
from kg.names import shorten  # noqa: E402
from kg.store import current  # noqa: E402
from search_api.answers import open_corpus  # noqa: E402
from search_api.dossier import dossier  # noqa: E402
from search_api.dossier_markdown import markdown  # noqa: E402
from search_api.search import open_search  # noqa: E402

DOSSIERS = HERE / "dossiers"
REAL_DOSSIERS = DOSSIERS / "real.json"
SAMPLE, REAL = HERE / "sample.json", HERE / "real.json"
LINKS = ("gvpp:implements", "gvpp:hasPartner", "gvpp:inZone", "gvpp:answersTo", "dct:subject")
WORDS = 5  # of a name in a reference
Golden = dict[str, Any]


def sample_golden(extractions: Iterable[Extraction]) -> Golden:
    """The golden content of documents that are our own."""
    linked = link(list(extractions), {})
    return _with_findings({e.source.key: {"counts": _counts(e), "links": _links(e, str)} for e in linked}, linked)


def real_golden(extractions: Iterable[Extraction]) -> Golden:
    """The golden content of publications that may not be copied."""
    linked = link(list(extractions), {})
    documents = {
        e.source.key: {
            "sha256": e.source.sha256,
            "counts": _counts(e),
            "links": _links(e, cut),
            "measures": _measures(e),
            "passages": _hash(*sorted(f"{p.start} {p.end} {p.page} {p.text}" for p in e.passages)),
            "quotes": _quotes(e),
        }
        for e in linked
    }
    return _with_findings(documents, linked)


def _with_findings(documents: Mapping[str, Any], linked: list[Extraction]) -> Golden:
    kinds = Counter(finding.kind for finding in across(linked))
    return {"documents": dict(sorted(documents.items())), "findings": dict(sorted(kinds.items()))}


def _counts(extraction: Extraction) -> dict[str, int]:
    typed = {(s.subject, s.object.path) for s in extraction.statements if s.predicate == "rdf:type" and isinstance(s.object, Ref)}
    counts = Counter(kind for _, kind in typed)
    counts |= Counter(
        {
            "passages": len(extraction.passages),
            "restricted": len(extraction.restricted),
            "warnings": len(extraction.warnings),
            "statements": len(set(extraction.statements)),
        }
    )
    return dict(sorted(counts.items()))


def _links(extraction: Extraction, shown: Any) -> dict[str, list[str]]:
    """Links per property: subject, object, and the role where there is one."""
    found: dict[str, set[str]] = {name: set() for name in LINKS}
    for s in extraction.statements:
        if s.predicate in found and isinstance(s.object, Ref):
            found[s.predicate].add(" ".join(filter(None, (shown(s.subject), shown(s.object.path), s.role))))
    return {name: sorted(lines) for name, lines in found.items() if lines}


def _measures(extraction: Extraction) -> dict[str, dict[str, str]]:
    """Hash of the text of every measure, by plan and number; of the other wordings too."""
    found: dict[str, dict[str, set[str]]] = {}
    for s in extraction.statements:
        if s.subject.startswith("id/measure/") and s.predicate in ("dct:description", "gvpp:otherWording"):
            plan, number = s.subject.split("/")[2:]
            found.setdefault(plan, {}).setdefault(number, set()).add(_value(s))
    by_number = {
        plan: sorted(texts.items(), key=lambda item: [int(n) for n in item[0].split(".")]) for plan, texts in found.items()
    }
    return {plan: {number: _hash(*sorted(texts)) for number, texts in items} for plan, items in sorted(by_number.items())}


def _quotes(extraction: Extraction) -> dict[str, str]:
    """Per property: how many statements have a quote, and the hash of them all."""
    found: dict[str, set[str]] = {}
    for s in extraction.statements:
        if s.quote:
            q = s.quote
            found.setdefault(s.predicate, set()).add(f"{s.subject} {_value(s)} {q.passage} {q.start} {q.end} {q.text}")
    return {name: f"{len(lines)} {_hash(*sorted(lines))}" for name, lines in sorted(found.items())}


def _value(statement: Statement) -> str:
    return statement.object.value if isinstance(statement.object, Lit) else statement.object.path


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def cut(reference: str) -> str:
    """A reference whose name has no more than five words; the rest is a hash, the number of a zone stays."""
    head, _, name = reference.rpartition("/")
    words = name.split("-")
    if not reference.startswith(("id/initiative/", "id/organisation/", "id/resolution/")) or len(words) <= WORDS:
        return reference
    zone = f"-{words[-1]}" if re.fullmatch(r"\d{4}", words[-1]) else ""
    return f"{head}/{'-'.join(words[: WORDS - 1])}~{_hash(name)[:8]}{zone}"


def dossiers(data: Path) -> dict[str, Golden]:
    """The dossier for each question, over a data folder; what differs from build to build is taken out."""
    generation = current(data)
    assert generation
    searching = open_search(open_corpus(generation), "none")
    found = {file.stem: dossier(searching, file.read_text("utf-8")) for file in sorted(DOSSIERS.glob("*.txt"))}
    return {
        name: {**one, "made": "2026-01-15", "corpus": {"version": "VERSION", "date": "2026-01-15"}} for name, one in found.items()
    }


def sample_dossiers(data: Path) -> dict[str, str]:
    """The dossiers over documents that are our own."""
    return {name: markdown(one) for name, one in dossiers(data).items()}


def real_dossiers(data: Path) -> Golden:
    """The dossiers over publications that may not be copied."""
    generation = current(data)
    assert generation
    base = generation.manifest["base"]
    return {
        name: {"questions": [_question(q, base) for q in one["questions"]], "sources": len(one["sources"])}
        for name, one in dossiers(data).items()
    }


def _question(question: Golden, base: str) -> Golden:
    reply, table = question["answer"], question["overview"] or {"rows": [], "grants": [], "suggested": []}
    if reply is None:
        return {"number": question["number"]}
    return {
        "number": " ".join(filter(None, (question["number"], str(question["part"] or "")))),
        "taken": [f"{one['what']} {one['from']}" for one in (question["read_as"] or {"added": []})["added"]],
        "answer": f"{reply['intent']} {reply['status']}",
        "rows": [
            " ".join(filter(None, (cut(shorten(row["iri"] or "", base)), row["number"], row["plan"]))) for row in reply["answers"]
        ],
        "quotes": _hash(*(one["quote"] for row in reply["answers"] for one in row["citations"])),
        "table": [len(table[name]) for name in ("rows", "grants", "suggested")],
        "blocks": [_block(one, base) for one in question["blocks"]],
        "evidence": [f"{hit['document']} {_hash(hit['citations'][0]['quote'])}" for hit in question["evidence"]],
        "gaps": [gap["kind"] for gap in question["gaps"]],
    }


def _block(block: Golden, base: str) -> str:
    """A block with how much it holds: rows, amounts, values of each fact."""
    counts = [len(block["rows"]), len(block["grants"]), *(f"{fact['what']}:{len(fact['values'])}" for fact in block["facts"])]
    return " ".join([cut(shorten(block["iri"], base)), *map(str, counts)])


def text_of(golden: Golden) -> str:
    return json.dumps(golden, ensure_ascii=False, indent=1) + "\n"


def difference(file: Path, golden: Golden, limit: int = 60) -> str:
    """The lines that differ from a golden file, below the document and property they belong to; "" when none does."""
    old, new = (list(_lines(value)) for value in (json.loads(file.read_text("utf-8")) if file.exists() else {}, golden))
    lines = [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if not line.startswith(("---", "+++", "@@"))]
    more = [f"… and {len(lines) - limit} more lines"] if len(lines) > limit else []
    return "\n".join(lines[:limit] + more)


def _lines(value: Any, path: str = "") -> Iterable[str]:
    """Every leaf of a golden file as one line with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lines(inner, f"{path} › {key}".removeprefix(" › "))
    elif isinstance(value, list):
        for inner in value:
            yield f"{path}: {inner}"
    else:
        yield f"{path}: {value}"


def main() -> None:
    from conftest import find_real_corpus

    from bench.extraction import extractions

    SAMPLE.write_text(text_of(sample_golden(extractions(ROOT / "corpus" / "sample", every=True).values())), "utf-8")
    print(f"{SAMPLE.name} is written")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in sample_dossiers(build_once(ROOT / "corpus" / "sample", Path(folder) / "data").data).items():
            (DOSSIERS / f"{name}.md").write_text(text, "utf-8")
    print("the dossiers are written")
    real = find_real_corpus()
    if real is None:
        print(f"{REAL.name} is left as it is: the real publications are not here")
        return
    REAL.write_text(text_of(real_golden(extractions(real, every=True).values())), "utf-8")
    print(f"{REAL.name} is written")
    with tempfile.TemporaryDirectory() as folder:
        REAL_DOSSIERS.write_text(text_of(real_dossiers(build_once(real, Path(folder) / "data").data)), "utf-8")
    print(f"{REAL_DOSSIERS.relative_to(HERE)} is written")


if __name__ == "__main__":
    main()
