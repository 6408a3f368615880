"""Short labels in Dutch, French and English of measures, initiatives and parts of the resolution (ontology/labels/*.csv).

Each file has the columns ref, of, nl, fr, en. Labels are this project's own words, for people and for search; the full text of a
source stays the authority. `of` holds a few words of the text that a label was written from: where a text lacks most of them, the
reference means something else there, and the label is not used. A reference that the corpus does not hold is no error: its
document may come later.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kg.errors import MetadataError
from kg.glossary import stopwords
from kg.lexical import words

ONTOLOGY = Path(__file__).resolve().parent.parent / "ontology"

LANGUAGES = ("nl", "fr", "en")
COLUMNS = ["ref", "of", *LANGUAGES]
OF = "nl"  # language of the words in `of`
MOST = 0.75  # share of them that the text has to have
HALF = 0.5  # share of a label's own words that a text has to have in which `of` cannot be looked for
DOUBTLESS = 2  # small words of one language, and none of another, that show in which a label is
LONG = 4  # letters of a word that tells something


@dataclass(frozen=True, slots=True)
class Label:
    """Labels of one reference by language, with stems of the text that they were written from."""

    names: Mapping[str, str]
    of: frozenset[str]

    def fits(self, texts: Iterable[tuple[str, str]]) -> bool:
        """Whether the texts of the reference, as (language, text), are what the labels were written from.

        A text in another language than that of `of` must have half of the label's own words in that language.
        """
        here: dict[str, set[str]] = {}
        for lang, text in texts:
            here.setdefault(lang, set()).update(word.stem for word in words(text, lang))
        if OF in here:
            return len(self.of & here[OF]) >= MOST * len(self.of)
        return any(self._half(lang, stems) for lang, stems in here.items() if lang in self.names)

    def _half(self, lang: str, stems: set[str]) -> bool:
        mine = {word.stem for word in words(self.names[lang], lang) if len(word.folded) >= LONG}
        return len(mine & stems) >= HALF * len(mine) > 0


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of each reference, and what is wrong with rows that were left out."""

    by_ref: Mapping[str, Label]
    problems: tuple[MetadataError, ...] = ()


@functools.cache
def load_labels(folder: Path = ONTOLOGY / "labels") -> Labels:
    """The labels of each reference. A wrong row is left out and told; a file that cannot be read raises MetadataError."""
    found: dict[str, Label] = {}
    problems: list[MetadataError] = []
    for path in sorted(folder.glob("*.csv")):
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file, strict=True)
                if rows.fieldnames != COLUMNS:
                    raise MetadataError("has other columns", where=str(path), remedy=f"columns are {', '.join(COLUMNS)}")
                for row in rows:
                    if wrong := _wrong(row, found):
                        what, remedy = wrong
                        where = f"{path}, line {rows.line_num}"
                        problems.append(MetadataError(f"{what}; left out", where=where, remedy=remedy))
                        continue
                    of = frozenset(word.stem for word in words(row["of"], OF))
                    found[row["ref"]] = Label({lang: row[lang].strip() for lang in LANGUAGES}, of)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the file") from error
    return Labels(found, tuple(problems))


def _wrong(row: Mapping[str, str | None], found: Mapping[str, Label]) -> tuple[str, str] | None:
    """What is wrong with a row, and the remedy; None where it can be used."""
    if set(row) != set(COLUMNS) or not all(isinstance(row[name], str) and str(row[name]).strip() for name in COLUMNS):
        return "has an empty cell or one too many", f"fill {', '.join(COLUMNS)}"
    if row["ref"] in found:
        return f"{row['ref']} has labels already", "keep one line"
    for lang in LANGUAGES:
        if (other := _said_in(str(row[lang]))) not in ("", lang):
            return f"the label under {lang} is in {other}", "put each language under its own column"
    return None


def _said_in(text: str) -> str:
    """The language of a label where its small words leave no doubt, else ""."""
    silent = {lang: sum(word.folded in stopwords(lang) for word in words(text, lang)) for lang in LANGUAGES}
    first, second = sorted(LANGUAGES, key=lambda lang: -silent[lang])[:2]
    return first if silent[first] >= DOUBTLESS and not silent[second] else ""
