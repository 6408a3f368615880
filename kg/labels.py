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
from kg.lexical import words
from kg.vocabulary import ONTOLOGY

LANGUAGES = ("nl", "fr", "en")
COLUMNS = ["ref", "of", *LANGUAGES]
OF = "nl"  # language of the words in `of`
MOST = 0.75  # share of them that the text has to have


@dataclass(frozen=True, slots=True)
class Label:
    """Labels of one reference by language, with stems of the text that they were written from."""

    names: Mapping[str, str]
    of: frozenset[str]

    def fits(self, texts: Iterable[tuple[str, str]]) -> bool:
        """Whether the texts of the reference, as (language, text), are what the labels were written from.

        Texts in other languages cannot show it: where there are no others, the label is believed.
        """
        mine = [text for lang, text in texts if lang == OF]
        here = {word.stem for text in mine for word in words(text, OF)}
        return not mine or len(self.of & here) >= MOST * len(self.of)


@functools.cache
def load_labels(folder: Path = ONTOLOGY / "labels") -> Mapping[str, Label]:
    """The labels of each reference; MetadataError names the file and line of a wrong row."""
    found: dict[str, Label] = {}
    for path in sorted(folder.glob("*.csv")):
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file, strict=True)
                if rows.fieldnames != COLUMNS:
                    raise MetadataError("has other columns", where=str(path), remedy=f"columns are {', '.join(COLUMNS)}")
                for row in rows:
                    where = f"{path}, line {rows.line_num}"
                    if not all(isinstance(row[name], str) and row[name].strip() for name in COLUMNS):
                        raise MetadataError("has an empty cell", where=where, remedy=f"fill {', '.join(COLUMNS)}")
                    if row["ref"] in found:
                        raise MetadataError(f"{row['ref']} has labels already", where=where, remedy="keep one line")
                    of = frozenset(word.stem for word in words(row["of"], OF))
                    found[row["ref"]] = Label({lang: row[lang].strip() for lang in LANGUAGES}, of)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the file") from error
    return found
