"""The words by which parts of documents are recognised (ontology/wording.toml), ready to match."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kg.errors import MetadataError
from kg.names import fold
from kg.vocabulary import ONTOLOGY

LANGUAGES = ("nl", "fr")
HEADING_NUMBER = re.compile(
    r"^\W*(?:(?:(?:[IVXL]{1,5}|[A-Z])\s?\.\s?)?\d{1,2}(?:\s?\.\s?\d{1,2})*\s?[.)]?\s+|[IVXL]{1,5}\s?[.)]\s+)?"
)
# "Annex 1. Measures of the plan" is about the measures; "Chapter 3: The budget" about the budget.
PART_NUMBER = re.compile(
    r"^\W*(?:deel|hoofdstuk|titel|bijlage|partie|chapitre|titre|annexe)\s+(?:[ivxl]{1,5}|\d{1,2}|[a-z])\s*[.:–—-]\s*", re.I
)
LEADING_ARTICLE = re.compile(r"^(?:de|het|onze|les?|la|l'|nos)\s*(?<=[\s'])")
TAKES_PART = re.compile(
    r"\b(?:engagement (?:in|dans)|deelname aan|nam(?:en)? deel|neemt deel|"
    r"werkt\w* mee|mee te werken|participe|participation|prend part)\b",
    re.I,
)


class Wording:
    """Words per group, kind and language. All matching is without regard to case and accents."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self._sections = sorted(
            ((fold(word), kind) for kind, words in self._kinds("section") for word in words),
            key=lambda item: -len(item[0]),
        )
        resolution = {
            "annex": "annexes",
            "daily": "daily_work",
            "specific": "specific_projects",
            "initiatives_of_members": "initiatives_members",
        }
        resolution |= {"initiatives_of": "initiatives", "recommendations": "recommendations", "conclusions": "conclusions"}
        resolution |= {"perspectives": "perspectives"}
        self._resolution = sorted(
            ((fold(word), resolution[kind]) for kind, words in self._kinds("resolution") if kind in resolution for word in words),
            key=lambda item: -len(item[0]),
        )
        self._pillars = {fold(word): kind for kind, words in self._kinds("pillar") for word in words}
        self._columns = {fold(word): kind for kind, words in self._kinds("column") for word in words}
        self._roles = {kind: [_gapped(word) for word in words] for kind, words in self._kinds("role")}
        self._activities = {fold(word): kind for kind, words in self._kinds("activity") for word in words}
        self._statuses = {fold(word): kind for kind, words in self._kinds("fiche_part") for word in words}
        forms = "|".join(
            re.escape(word) for _, words in self._kinds("legal_form") for word in sorted(words, key=len, reverse=True)
        )
        self._legal = re.compile(rf"^(?:(?:de|het|la|l['’])\s*)?(?:{forms})\s+|,?\s+(?:{forms})$", re.I)
        self._legal_any = re.compile(rf"(?<!\w)(?:{forms})(?!\w)", re.I)
        self._months = [fold(m).rstrip(".") for lang in LANGUAGES for m in raw["month"][lang]]
        partners = sorted((re.escape(word) for word in self.words("section", "partners")), key=len, reverse=True)
        self._partner_label = re.compile(rf"\W*(?:{'|'.join(partners)})\s*:\s*", re.I)
        untreated = "|".join(re.escape(word) for word in sorted(self.words("resolution", "not_treated"), key=len, reverse=True))
        self._untreated = re.compile(
            r"\b(?:aangaande|betreffende|over|inzake|rond|concernant|relati(?:f|ve)s?\s+(?:à|aux?)|sur|en matière de)\s+"
            rf"(?P<what>[^.;]{{4,160}}?),?\s+(?:{untreated})\b",
            re.I,
        )

    def _kinds(self, group: str) -> Iterator[tuple[str, list[str]]]:
        for kind, by_lang in self._raw.get(group, {}).items():
            yield kind, [word for lang in LANGUAGES for word in by_lang.get(lang, [])]

    def words(self, group: str, kind: str) -> list[str]:
        """Every word of a kind, in both languages."""
        return [word for lang in LANGUAGES for word in self._raw[group][kind].get(lang, [])]

    @functools.cache  # noqa: B019
    def stop(self, kind: str) -> frozenset[str]:
        """Words that are passed over for one purpose, folded."""
        return frozenset(fold(word) for word in self.words("stop", kind)) | frozenset(self.words("stop", kind))

    @functools.cache  # noqa: B019 - one instance per process; extractors ask for every title of every block
    def section(self, title: str) -> str:
        """Which section a heading opens, "" when it is not a known one: the longest wording that it begins with."""
        rest = PART_NUMBER.sub("", title)
        if rest != title and (kind := self.section(rest)):
            return kind
        text = fold(HEADING_NUMBER.sub("", title))
        bare = LEADING_ARTICLE.sub("", text)
        return _longest(text, self._sections) or (_longest(bare, self._sections) if bare != text and "," not in text else "")

    @functools.cache  # noqa: B019
    def resolution_section(self, title: str) -> str:
        """The same for the headings of a follow-up of a resolution."""
        return _longest(fold(HEADING_NUMBER.sub("", title)), self._resolution) or self.section(title)

    def pillar(self, text: str) -> str:
        """Pillar that a short text names: prevention, reaction, followup, or ""."""
        return self._pillars.get(fold(text).strip(" :.|*"), "")

    def column(self, cell: str) -> str:
        """What a column or row of a table holds, by its header cell."""
        return self._columns.get(fold(cell).strip(" :.*"), "")

    def is_partner_header(self, cell: str) -> bool:
        return fold(cell).strip(" :.*") in {fold(word) for word in self.words("section", "partners")}

    def partner_label(self, text: str) -> int | None:
        """Where the list begins in "Partners: …", None for other texts."""
        match = self._partner_label.match(text)
        return match.end() if match and match.end() < len(text) else None

    def role(self, before: str, sentence: str) -> str:
        """Role of a link by the words before the measure number; of the whole sentence when those say nothing."""
        best = ("", -1)
        for kind, patterns in self._roles.items():
            for pattern in patterns:
                for match in pattern.finditer(fold(before)):
                    best = max(best, (kind, match.end()), key=lambda item: item[1])
        if best[0]:
            return best[0]
        return "contributing" if any(p.search(fold(sentence)) for p in self._roles.get("contributing", [])) else ""

    def activity_kind(self, word: str) -> str:
        return self._activities.get(fold(word), "project")

    def announced(self, word: str) -> str:
        """Kind of activity that a word announces: trainings, projects, campaigns, events; "" for other words."""
        kind = self._activities.get(fold(word), "")
        return kind if kind in ("training", "project", "campaign", "event") else ""

    def status(self, text: str) -> str:
        """Status that a sub-heading of a form gives to the list under it: existing, planned, considered, or ""."""
        kind = self._statuses.get(fold(text).strip(" :.*"), "")
        return kind if kind in ("existing", "planned", "considered") else ""

    def takes_part(self, sentence: str) -> bool:
        """Whether a sentence says that somebody takes part in something rather than carries it out."""
        return TAKES_PART.search(sentence) is not None

    def announces_members(self, text: str) -> bool:
        """Whether a line before a list says that those who take part follow."""
        folded = fold(text)
        return any(fold(word) in folded for word in self.words("resolution", "members"))

    def month(self, word: str) -> int:
        """Number of a month by its name in either language, 0 for other words."""
        wanted = fold(word).rstrip(".")
        for index, month in enumerate(self._months):
            if wanted == month or (len(wanted) >= 3 and month.startswith(wanted)):
                return index % 12 + 1
        return 0

    def dated(self, word: str, iso: str) -> dict[str, str]:
        """A title made of a word of the group "resolution" and a date, in both languages: "Resolutie van 18 december 2020"."""
        year, month, day = iso.split("-")
        titles: dict[str, str] = {}
        for lang, joint in (("nl", "van"), ("fr", "du")):
            name = self._raw["resolution"][word][lang][0]
            titles[lang] = f"{name.capitalize()} {joint} {int(day)} {self._raw['month'][lang][int(month) - 1]} {year}"
        return titles

    def without_legal_form(self, name: str) -> str:
        return self._legal.sub("", name).strip() or name

    def has_legal_form(self, name: str) -> bool:
        return self._legal_any.search(name) is not None

    def not_treated(self, text: str) -> list[re.Match[str]]:
        """Places where a text says that a subject (group "what") is not treated."""
        return list(self._untreated.finditer(text))

    @functools.cache  # noqa: B019 - one instance per process
    def fiche_fields(self) -> list[tuple[str, re.Pattern[str]]]:
        """Field kinds with the pattern of each label at the start of a line, longest labels first."""
        fields = []
        for kind, words in self._kinds("fiche"):
            for word in words:
                label = r"\s+".join(re.escape(part) for part in (word[0].upper() + word[1:]).split())
                label = re.sub(r"^\\?(\w)", lambda m: f"[{m.group(1)}]", label)
                fields.append(
                    (
                        len(word),
                        kind,
                        re.compile(rf"^[ \t|*•]*(?P<label>{label})(?=[ \t]*[:\t\n]|[ \t]{{2,}}|[ \t][^a-zà-ÿ\s])\s?:?", re.M),
                    )
                )
        return [(kind, pattern) for _, kind, pattern in sorted(fields, key=lambda item: -item[0])]

    def genre(self, title: str) -> str:
        """Genre that a title or file name shows, "" when it shows none."""
        text = fold(title.replace("-", " ").replace("_", " "))
        found = [
            (len(word), kind)
            for kind, words in self._kinds("genre")
            for word in words
            if re.search(rf"(?<!\w){re.escape(fold(word).replace('-', ' '))}(?!\w)", text)
        ]
        return max(found)[1] if found else ""


def _longest(text: str, wordings: list[tuple[str, str]]) -> str:
    for word, kind in wordings:
        if text == word or (text.startswith(word) and not text[len(word)].isalnum() and text[len(word)] != "-"):
            return kind
        if word.endswith("'") and text.startswith(word):
            return kind
    return ""


def _gapped(word: str) -> re.Pattern[str]:
    """A wording in which "…" stands for up to six words."""
    parts = [re.escape(fold(part)).replace(r"\ ", r"\s+") for part in word.split("…")]
    return re.compile(
        r"(?<!\w)"
        + r"\s+(?:[^\s.;:]+\s+){0,6}?".join(part.strip().removeprefix(r"\s+").removesuffix(r"\s+") for part in parts)
        + r"(?!\w)"
    )


@functools.cache
def load_wording(path: Path = ONTOLOGY / "wording.toml") -> Wording:
    """Read wording.toml; MetadataError says what is wrong with it."""
    try:
        return Wording(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, KeyError, AttributeError) as error:
        raise MetadataError(
            f"words cannot be read: {error}", where=str(path), remedy="compare with the comments at its top"
        ) from error
