"""Finds organisations, police zones, communes and actor groups in a text, with their places (spaCy matchers, no model)."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from kg.names import fold
from kg.vocabulary import Entry, Vocabulary

ZONE_NUMBER = re.compile(r"\b(?:PZ|ZP|politiezone|zone de police|zone)\s*(?:n°\s*)?(\d{4})\b", re.I)


@dataclass(frozen=True, slots=True)
class Named:
    """A known thing named in a text."""

    ref: str
    kind: str  # as in the gazetteer
    name: str  # as printed
    start: int
    end: int


class Recogniser:
    """The gazetteer, ready to search texts in Dutch and French.

    Names match whatever their case; abbreviations of capitals only as printed, so that "Tec" or "ion" in prose is left alone.
    A short form that means several things counts only where the document's own lexicon settles it.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._by_ref = {entry.ref: entry for entry in vocabulary.entries}
        self._exact: dict[str, Entry] = {}
        self._ambiguous: dict[str, list[Entry]] = {}
        for entry in vocabulary.entries:
            for name in entry.names:
                if name.ambiguous:
                    self._ambiguous.setdefault(name.text, []).append(entry)
                else:
                    self._exact.setdefault(fold(name.text), entry)

    def exact(self, name: str) -> str:
        """Reference of the entry with exactly this name (but for case and accents), or ""."""
        entry = self._exact.get(fold(name))
        return entry.ref if entry else ""

    def zone(self, number: str) -> str:
        """Reference of a police zone by its number."""
        return next((e.ref for e in self.vocabulary.entries if e.identifier == number), f"id/organisation/politiezone-{number}")

    def zone_number(self, ref: str) -> str:
        """Number of a police zone by its reference, "" when it has none."""
        return self._by_ref[ref].identifier if ref in self._by_ref else ""

    def find(self, text: str, abbreviations: Mapping[str, str] | None = None) -> list[Named]:
        """Everything named in the text, longest match first where names overlap, in reading order."""
        nlp, matchers = self._matchers()
        doc = nlp.make_doc(text)
        spans = [(doc[start:end], key) for matcher in matchers for key, start, end in matcher(doc)]
        chosen: list[tuple[int, int, str]] = []
        for span, key in sorted(spans, key=lambda item: (item[0].start_char - item[0].end_char, item[0].start_char)):
            if all(span.end_char <= a or span.start_char >= b for a, b, _ in chosen):
                chosen.append((span.start_char, span.end_char, nlp.vocab.strings[key]))
        found = [Named(ref, self._by_ref[ref].kind, text[a:b], a, b) for a, b, ref in chosen]
        for match in ZONE_NUMBER.finditer(text):
            ref = self.zone(match.group(1))
            if ref in self._by_ref and all(match.end() <= n.start or match.start() >= n.end for n in found):
                found.append(Named(ref, "police_zone", match.group(), match.start(), match.end()))
        for short, expansion in (abbreviations or {}).items():
            entry = self._settled(short, expansion)
            if entry:
                for match in re.finditer(rf"(?<!\w){re.escape(short)}(?!\w)", text):
                    if all(match.end() <= n.start or match.start() >= n.end for n in found):
                        found.append(Named(entry.ref, entry.kind, short, match.start(), match.end()))
        return _without_general(text, sorted(found, key=lambda named: named.start))

    def settle(self, text: str) -> dict[str, str]:
        """Ambiguous short forms that a text itself expands: "Brussel Preventie & Veiligheid (BPV)"."""
        settled = {}
        for short, entries in self._ambiguous.items():
            for entry in entries if f"({short})" in text else ():
                if any(
                    not n.short and re.search(rf"{re.escape(n.text)}\s*\({re.escape(short)}\)", text, re.I) for n in entry.names
                ):
                    settled[short] = entry.labels.get("nl") or next(iter(entry.labels.values()))
        return settled

    def _settled(self, short: str, expansion: str) -> Entry | None:
        """The entry that an ambiguous short form means in a document whose lexicon expands it."""
        wanted = fold(expansion)
        for entry in self._ambiguous.get(short, []):
            if any(not n.short and (fold(n.text) in wanted or wanted in fold(n.text)) for n in entry.names):
                return entry
        return None

    @functools.cache  # noqa: B019 - one recogniser per build
    def _matchers(self) -> tuple[Any, tuple[Any, Any]]:
        """One blank pipeline for both languages: texts mix them, and the tokenisers of the single languages take seconds to
        load for rules that names do not need. Apostrophes, slashes and hyphens part words ("l'asbl", "Brussel/Elsene")."""
        import spacy
        from spacy.matcher import PhraseMatcher
        from spacy.util import compile_infix_regex

        nlp: Any = spacy.blank("xx")
        infixes = [*(nlp.Defaults.infixes or []), r"['’/&(),;:-]"]
        nlp.tokenizer.infix_finditer = compile_infix_regex(infixes).finditer
        nlp.max_length = 50_000_000
        lower, exact = PhraseMatcher(nlp.vocab, attr="LOWER"), PhraseMatcher(nlp.vocab, attr="ORTH")
        for entry in self.vocabulary.entries:
            for name in entry.names:
                if name.ambiguous:
                    continue
                matcher = exact if name.short or entry.exact_case else lower
                for variant in {
                    name.text,
                    name.text.replace("'", "’"),
                    name.text.replace("’", "'"),
                    name.text.replace("&", "en"),
                }:
                    matcher.add(entry.ref, [nlp.make_doc(variant)])
        return nlp, (lower, exact)


def _without_general(text: str, found: list[Named]) -> list[Named]:
    """ "De gemeente Jette", "la commune d'Evere" name one commune, not the communes at large."""
    return [
        named
        for named, after in zip_longest(found, found[1:])
        if not (
            named.kind == "actor_group"
            and after is not None
            and after.kind in ("municipality", "police_zone")
            and re.fullmatch(r"\s(?:d['’]|de\s|du\s|van\s)?", text[named.end : after.start])
        )
    ]
