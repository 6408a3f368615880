"""The open suggestions, for a person who accepts or rejects them on a terminal, over the API or on the page /review; each verdict
is written at once."""

from __future__ import annotations

import os
import sys
import termios
import threading
import tty
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TextIO

import click

from kg.errors import MetadataError
from kg.judgements import FILE, Judgement, append_judgement, judging, key, read_judgements, real_property, suggested_properties
from kg.names import expand
from search_api import audit
from search_api.answers import Corpus, grouped
from search_api.review_printing import said, shown
from search_api.tokens import Token

VERDICT_OF = {"a": "accept", "r": "reject"}
SIDES = 2
ALONE = threading.Lock()  # two people must not judge one suggestion in two ways


@dataclass(frozen=True, slots=True)
class Open:
    """The suggestions that nobody has judged, the best first, and what is wrong with the judgements made so far."""

    suggestions: list[dict[str, Any]]
    problems: list[MetadataError]


def listed(corpus: Corpus, data: Path, kind: str | None = None) -> Open:
    """The open suggestions of a corpus: those of its graph, without those judged in the data folder since it was built."""
    judged, problems = read_judgements([], data / FILE)
    done = {judgement.key for judgement in judged}
    names = {*judging()["property"], *suggested_properties()}
    by_iri = {expand(name, corpus.base): name for name in names}
    rows, _ = corpus.run("suggestions")
    corpus.describe([row[name] for row in rows for name in ("subject", "object", "document") if name in row])
    found = []
    for group in grouped(rows, "suggestion").values():
        entry = _entry(corpus, group, by_iri)
        wanted = kind is None or real_property(entry["property"]) == judging()["kind"][kind]
        if wanted and key(entry["subject"]["ref"], entry["property"], entry["object"]["ref"]) not in done:
            found.append(entry)
    return Open(found, problems)


def _entry(corpus: Corpus, rows: Sequence[Any], by_iri: dict[str, str]) -> dict[str, Any]:
    first = rows[0]
    full = expand(first["property"], corpus.base)
    return {
        "subject": _thing(corpus, first["subject"]),
        "property": by_iri.get(full, full),
        "object": _thing(corpus, first["object"]),
        "score": float(first["score"]),
        "reason": {lang: first[lang] for lang in ("nl", "fr") if lang in first},
        "passages": [_passage(corpus, row) for row in rows if "part" in row][:SIDES],
    }


def _thing(corpus: Corpus, reference: str) -> dict[str, Any]:
    return {"ref": reference, "iri": f"{corpus.base}/{reference}", **corpus.describe([reference])[reference]}


def _passage(corpus: Corpus, row: Any) -> dict[str, Any]:
    return {
        "document": row["document"].rsplit("/", 1)[-1],
        "title": corpus.describe([row["document"]])[row["document"]]["label"],
        "page": int(row["page"]) if row.get("page") else None,
        "section": row.get("section") or None,
        "lang": row["lang"],
        "text": row["text"],
        "quote": row["quote"],
        "start": int(row["start"]),
        "end": int(row["end"]),
        "url": f"{corpus.base}/{row['passage']}",
    }


def judge(corpus: Corpus, data: Path, link: tuple[str, str, str], verdict: str, token: Token, why: str = "") -> Judgement | None:
    """Write down what the holder of a token decides of a suggestion: in the audit log first, then with the judgements.

    link: subject, property and object as the list gives them. None where no such suggestion is open (any more).
    """
    with ALONE:
        for suggestion in listed(corpus, data).suggestions:
            if (suggestion["subject"]["ref"], suggestion["property"], suggestion["object"]["ref"]) == link:
                judgement = judgement_of(suggestion, verdict, token.name, why)
                subject, name, object_ = link
                audit.write(data, verdict, token, subject=subject, property=name, object=object_)
                append_judgement(data / FILE, judgement)
                return judgement
    return None


class Desk:
    """Where a person judges: single keys on a terminal, else lines of standard input; ends with either."""

    def __init__(self, lang: str | None = None, stdin: TextIO | None = None) -> None:
        self.lang = lang or language_of_environment()
        self.stdin = stdin or sys.stdin

    def tell(self, text: str) -> None:
        click.echo(text)

    def key(self) -> str:
        """The next key, "" where there is no more input."""
        prompt = said("keys", self.lang) + "  "
        if self.stdin.isatty():
            pressed = self._pressed(prompt)
        else:
            click.echo(prompt, nl=False)
            pressed = self.stdin.readline()
        click.echo()
        return pressed.strip()[:1].lower() or ("" if pressed in ("", "\x04") else "?")

    def _pressed(self, prompt: str) -> str:
        """One key, without Enter; what was typed ahead counts, and Ctrl-C stays an interruption."""
        terminal = self.stdin.fileno()
        before = termios.tcgetattr(terminal)
        try:
            tty.setcbreak(terminal, termios.TCSADRAIN)
            click.echo(prompt, nl=False)
            return os.read(terminal, 1).decode("ascii", "replace")
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)

    def reason(self) -> str:
        """A line of text."""
        click.echo(said("why", self.lang), nl=False)
        sys.stdout.flush()
        line = self.stdin.readline()
        if not self.stdin.isatty():
            click.echo()
        return line.strip()


def language_of_environment() -> str:
    """nl or fr, as the system is set; nl where it is set to another language."""
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "fr" if named.lower().startswith("fr") else "nl"


def walk(opened: Open, desk: Desk, data: Path, who: str, limit: int | None = None) -> Counter[str]:
    """Show each suggestion and write what the person decides of it; says at the end how many, also after Ctrl-C."""
    counts: Counter[str] = Counter()
    chosen = opened.suggestions[:limit]
    try:
        for number, suggestion in enumerate(chosen, 1):
            desk.tell(shown(suggestion, number, len(chosen), desk.lang))
            if not _judged(suggestion, desk, data, who, counts):
                break
    except (KeyboardInterrupt, EOFError):
        desk.tell("")
    finally:
        left = len(opened.suggestions) - counts["accept"] - counts["reject"]
        if opened.suggestions:
            desk.tell(said("done", desk.lang, left=left, **{name: counts[name] for name in ("accept", "reject", "skip")}))
        else:
            desk.tell(said("none", desk.lang))
        if counts["accept"] or counts["reject"]:
            desk.tell(said("apply", desk.lang, file=str(data / FILE)))
    return counts


def _judged(suggestion: dict[str, Any], desk: Desk, data: Path, who: str, counts: Counter[str]) -> bool:
    """One suggestion; False where the person stops."""
    why = ""
    while True:
        pressed = desk.key()
        if pressed in ("q", ""):
            return False
        if pressed == "w":
            why = desk.reason()
            desk.tell(said("why_kept", desk.lang))
        elif pressed == "s":
            counts["skip"] += 1
            return True
        elif verdict := VERDICT_OF.get(pressed):
            append_judgement(data / FILE, judgement_of(suggestion, verdict, who, why))
            counts[verdict] += 1
            desk.tell(said(verdict, desk.lang))
            return True


def judgement_of(suggestion: dict[str, Any], verdict: str, who: str, why: str) -> Judgement:
    """To accept is to say the link itself; to reject is to say only that it must not be suggested."""
    name = suggestion["property"]
    return Judgement(
        subject=suggestion["subject"]["ref"],
        predicate=real_property(name) if verdict == "accept" else name,
        object=suggestion["object"]["ref"],
        verdict=verdict,
        who=who,
        when=date.today().isoformat(),
        why=why,
    )
