"""Short labels in Dutch, French and English of measures, initiatives and parts of the resolution (ontology/labels/*.csv).

Each file has the columns ref, nl, fr, en. Labels are this project's own words, for people and for search; the full text of a
source stays the authority. A reference that the corpus does not hold is no error: its document may come later.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from pathlib import Path

from kg.errors import MetadataError
from kg.vocabulary import ONTOLOGY

LANGUAGES = ("nl", "fr", "en")


@functools.cache
def load_labels(folder: Path = ONTOLOGY / "labels") -> Mapping[str, Mapping[str, str]]:
    """Labels by language of each reference; MetadataError names the file and line of a wrong row."""
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted(folder.glob("*.csv")):
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file, strict=True)
                if rows.fieldnames != ["ref", *LANGUAGES]:
                    raise MetadataError("has other columns", where=str(path), remedy="columns are ref, nl, fr, en")
                for row in rows:
                    where = f"{path}, line {rows.line_num}"
                    if not all(isinstance(cell, str) and cell.strip() for cell in row.values()):
                        raise MetadataError("has an empty cell", where=where, remedy="give a label in each language")
                    if row["ref"] in found:
                        raise MetadataError(f"{row['ref']} has labels already", where=where, remedy="keep one line")
                    found[row["ref"]] = {lang: row[lang].strip() for lang in LANGUAGES}
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the file") from error
    return found
