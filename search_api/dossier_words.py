"""What a dossier is laid out with: runs and blocks, and the product's own words in the languages of the dossier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from search_api.dossier_split import say, wording
from search_api.intents_figures import unit_in
from search_api.wording import LOCALES

COLON = {"nl": ": ", "fr": " : ", "en": ": "}


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text. style: "", "bold", "quiet" or "quote"; ref: number of a source that it points at; url: of a source."""

    text: str
    lang: str = ""
    style: str = ""
    ref: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """kind: title, heading (level 1 to 4), text, name (of a block), question, item, quote, note, gap, table, or source (level is
    its number).

    rows: cells of a table, each a row of runs; the first row is its header.
    """

    kind: str
    runs: tuple[Run, ...] = ()
    level: int = 0
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = field(default=())


class Words:
    """The words of one dossier, in one language or in two."""

    def __init__(self, dossier: Mapping[str, Any]) -> None:
        self.dossier = dossier
        self.lang: str = dossier["lang"]
        self.langs: list[str] = dossier["langs"]

    def words(self, group: str, name: str) -> tuple[Run, ...]:
        """A heading in each language of the dossier."""
        runs: list[Run] = []
        for lang in self.langs:
            text = str(wording()[group][name][lang])
            if text not in (run.text for run in runs):
                runs += [Run(" / ")] if runs else []
                runs.append(Run(text, lang))
        return tuple(runs)

    def heading(self, name: str, level: int, more: str = "") -> Block:
        return Block("heading", (*self.words("heading", name), *([Run(f" {more}")] if more else [])), level)

    def sentences(self, texts: Mapping[str, str], kind: str = "text") -> Iterator[Block]:
        """A paragraph for each language."""
        yield from (Block(kind, (Run(text, lang),)) for lang, text in texts.items() if text)

    def said(self, name: str, kind: str = "text", **values: Any) -> Iterator[Block]:
        yield from self.sentences({lang: say("sentence", name, lang, **values) for lang in self.langs}, kind)

    def day(self, iso: str, lang: str) -> str:
        return format_date(date.fromisoformat(iso), "long", locale=LOCALES[lang])

    def label(self, labels: Mapping[str, str], style: str = "") -> Run:
        """A name in the language of the dossier, else as it is."""
        for lang in (self.lang, *self.langs, "nl", "fr", "en"):
            if lang in labels:
                return Run(labels[lang], lang, style)
        return Run(next(iter(labels.values()), "?"), "", style)

    def amount(self, value: Mapping[str, Any]) -> Run:
        number = value["number"]
        text = number if isinstance(number, str) else format_decimal(number, locale=LOCALES[self.lang])
        return Run(f"{text} {unit_in(value['unit'] or '', self.lang)}".strip())

    def refs(self, citations: Iterable[Mapping[str, Any]]) -> tuple[Run, ...]:
        """The numbers of sources, each once."""
        return tuple(Run(f"[{n}]", ref=n) for n in dict.fromkeys(citation["n"] for citation in citations))

    def mark(self, lang: str) -> tuple[Run, ...]:
        """The language of words that are not in that of the dossier."""
        return (Run(f" [{lang}]", style="quiet"),) if lang != self.lang or len(self.langs) > 1 else ()

    def status(self, row: Mapping[str, Any]) -> str:
        """That something is only planned or considered."""
        return str(wording()["status"][row["status"]][self.lang]) if row.get("status") in ("planned", "considered") else ""


def joined(parts: Sequence[Sequence[Run]], between: str = "; ") -> tuple[Run, ...]:
    """Parts with something between them."""
    return tuple(run for part in parts for run in (Run(between), *part))[1:]
