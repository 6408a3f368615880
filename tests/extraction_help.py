"""What the tests of the extractors share: short documents made on the spot, and short ways to look at what they yield."""

from __future__ import annotations

import fcntl
import functools
import pickle
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.extraction import extractions
from ingest.extract import extract_text
from ingest.recognise import Recogniser
from ingest.wording import load_wording
from kg.model import Extracted, Extraction, Lit, Page, Ref, Source
from kg.vocabulary import load_vocabulary

PLAN = "gvpp-2021-2024"
Extractions = dict[str, Extraction]


@functools.cache
def recogniser() -> Recogniser:
    return Recogniser(load_vocabulary())


def source(genre: str, lang: str = "nl", **known: Any) -> Source:
    """A source of 2022 under the plan 2021-2024, unless said otherwise."""
    document = known.pop("document", f"{genre}-2022")
    values: dict[str, Any] = {"title": {lang: "Titel"}, "year": 2022, "plan": PLAN, **known}
    return Source(Path(f"{document}.{lang}.txt"), "0" * 64, document, lang, genre, **values)


def paged(pages: Iterable[str]) -> Extracted:
    """A text with real pages, as a PDF has them."""
    text, spans = "", []
    for number, page in enumerate(pages, 1):
        spans.append(Page(number, len(text), len(text) + len(page)))
        text += page
    return Extracted(text, tuple(spans), format="pdf")


def extraction_of(text: str | Extracted, genre: str, lang: str = "nl", **known: Any) -> Extraction:
    """What a text of a genre yields; indentation that all its lines share is taken off."""
    extracted = Extracted(textwrap.dedent(text).lstrip("\n")) if isinstance(text, str) else text
    return extract_text(source(genre, lang, **known), extracted, load_wording(), load_vocabulary(), recogniser())


def extracted_once(folder: Path, shared: Path) -> Extractions:
    """What the files of a folder yield, by document and language; test processes side by side do the work once.

    shared: a folder of this test run; the first process extracts and leaves the result there, the others wait for it.
    """
    target = shared / f"extractions-{folder.name}.pickle"
    with (shared / f"extractions-{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            target.write_bytes(pickle.dumps(extractions(folder, every=True)))
    result: Extractions = pickle.loads(target.read_bytes())
    return result


def links(extraction: Extraction, name: str) -> set[tuple[str, str]]:
    """Pairs of subject and object of a property, without the part of the reference that says what kind of thing it is."""
    return {
        (bare(s.subject), bare(s.object.path)) for s in extraction.statements if s.predicate == name and isinstance(s.object, Ref)
    }


def objects(extraction: Extraction, subject: str, name: str) -> set[str]:
    """Objects of one property of a subject, named as `links` names it."""
    return {o for s, o in links(extraction, name) if s == subject}


def texts(extraction: Extraction, subject: str, name: str) -> list[str]:
    """Literals of one property of a subject, in order and without repetition."""
    return list(
        dict.fromkeys(
            s.object.value
            for s in extraction.statements
            if bare(s.subject) == subject and s.predicate == name and isinstance(s.object, Lit)
        )
    )


def roles(extraction: Extraction) -> set[tuple[str, str, str]]:
    """Initiative, measure without its plan, role."""
    return {
        (bare(s.subject), s.object.path.rsplit("/", 1)[-1], s.role)
        for s in extraction.statements
        if s.predicate == "gvpp:implements" and isinstance(s.object, Ref)
    }


def nodes(extraction: Extraction, kind: str) -> list[dict[str, str]]:
    """Figures (gvpp:Figure) or sums (schema:MonetaryGrant), each as property → value, in reading order."""
    found: dict[str, dict[str, str]] = {}
    for s in extraction.statements:
        value = s.object.value if isinstance(s.object, Lit) else bare(s.object.path)
        found.setdefault(s.subject, {}).setdefault(s.predicate.removeprefix("schema:").removeprefix("gvpp:"), value)
    return [node for node in found.values() if node.get("rdf:type") == kind]


def bare(reference: str) -> str:
    """ "id/initiative/x" → "x", "id/measure/gvpp-2021-2024/2.3" → "gvpp-2021-2024/2.3"; other references unchanged."""
    parts = reference.split("/")
    return "/".join(parts[2:]) if parts[0] in ("id", "auth") and len(parts) > 2 else reference
