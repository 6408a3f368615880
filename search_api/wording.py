"""The words and templates of questions and answers, as data: ontology/answering.toml."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kg.errors import MetadataError
from kg.vocabulary import ONTOLOGY

LOCALES = {"nl": "nl_BE", "fr": "fr_BE", "en": "en_GB"}  # how numbers and dates are written


@functools.cache
def wording(path: Path = ONTOLOGY / "answering.toml") -> Mapping[str, Any]:
    """The words and templates of questions and answers."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the line it names") from error


def say(group: str, template: str, lang: str, /, **values: Any) -> str:
    """A template in a language, filled in."""
    return str(wording()[group][template][lang]).format(**values)
