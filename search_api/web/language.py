"""The languages of the pages: which one somebody gets, its words, dates and numbers.

The words are gettext catalogues (`search_api/locale`), compiled when the service starts: there is no build step.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from babel import dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from kg.errors import MetadataError

FOLDER = Path(__file__).resolve().parent.parent / "locale"
LANGS = ("nl", "fr")
LOCALES = {"nl": "nl_BE", "fr": "fr_BE"}
NAMES = {"nl": "Nederlands", "fr": "Français"}
TITLES = {"nl": "Rode draad", "fr": "Fil rouge"}


@functools.cache
def catalogue(lang: str) -> Translations:
    """The words of a language; MetadataError where its catalogue cannot be used."""
    path = FOLDER / lang / "LC_MESSAGES" / "messages.po"
    try:
        with path.open("rb") as file:
            words = read_po(file, locale=lang, abort_invalid=True)
    except (OSError, ValueError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the catalogue") from error
    compiled = io.BytesIO()
    write_mo(compiled, words)
    compiled.seek(0)
    return Translations(compiled)


def preferred(accept: str) -> str:
    """The language of an Accept-Language header that we have, Dutch where it names none."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.lower().split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        if weight > 0 and name.split("-")[0] in LANGS:
            wanted.append((-weight, place, name.split("-")[0]))
    return min(wanted)[2] if wanted else LANGS[0]


def other(lang: str) -> str:
    """The other language."""
    return LANGS[1 - LANGS.index(lang)]


@functools.lru_cache(maxsize=4096)
def number(value: float | int | str, lang: str) -> str:
    """A number as the language writes it; text that is none stays as it is."""
    try:
        return numbers.format_decimal(value, locale=LOCALES[lang])
    except (ValueError, ArithmeticError):
        return str(value)


def percent(value: float, lang: str) -> str:
    return numbers.format_percent(value, locale=LOCALES[lang])


def day(value: str, lang: str) -> str:
    """A date or a year as the language writes it: "4 juli 2022", "2018"; text that is none stays as it is."""
    try:
        return dates.format_date(date.fromisoformat(value[:10]), "long", locale=LOCALES[lang])
    except ValueError:
        return value


def text_in(labels: Mapping[str, str], lang: str) -> tuple[str, str]:
    """A label and its language: the one asked for, else another; both empty where there is none."""
    for one in (lang, "nl", "fr", "en", ""):
        if labels.get(one):
            return labels[one], one
    return next(((text, one) for one, text in labels.items() if text), ("", ""))
