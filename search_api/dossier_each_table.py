"""The table of a question about each thing of a list: a row per thing, a column per thing asked; empty cells say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from search_api.dossier_split import say
from search_api.dossier_words import Block, Run, Words, joined

WORDS = 160  # characters of a source's own words in a cell; the whole stands with the sources
TITLES = {"initiative": "initiative", "measure": "measure", "body": "organisation", "theme": "theme"}


def each_table(words: Words, blocks: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """A table of blocks with facts, all about the same; those without any by name below it."""
    told = [
        block for block in blocks if any(fact["values"] or (fact["near"] and not _only_dated(block)) for fact in block["facts"])
    ]
    empty = [block for block in blocks if block not in told]
    if told:
        yield _table(words, told)
    for lang in words.langs if empty else ():
        names = "; ".join("".join(run.text for run in _name(words, block)) for block in empty)
        yield Block("gap", (Run(say("sentence", "each_empty", lang, n=len(empty), names=names), lang),))


def _only_dated(block: Mapping[str, Any]) -> bool:
    """Whether nothing but a period is asked: the year of a document that names a thing is near that, and tells nothing of it."""
    return [fact["what"] for fact in block["facts"]] == ["period"]


def _table(words: Words, blocks: Sequence[Mapping[str, Any]]) -> Block:
    kinds = {block["kind"] for block in blocks}
    title = TITLES.get(kinds.pop(), "thing") if len(kinds) == 1 else "thing"
    names = [fact["what"] for fact in blocks[0]["facts"]]
    header = tuple(words.words("heading", name) for name in (title, *names))
    body = tuple((_thing(words, block), *(_cell(words, fact) for fact in block["facts"])) for block in blocks)
    return Block("table", rows=(header, *body))


def _thing(words: Words, block: Mapping[str, Any]) -> tuple[Run, ...]:
    return (*_name(words, block, "bold"), Run(" "), *words.refs(block["citations"]))


def _name(words: Words, thing: Mapping[str, Any], style: str = "") -> tuple[Run, ...]:
    """A name; for a measure or theme its number and edition first."""
    if thing.get("number") and thing.get("plan"):
        number = Run(f"{thing['number']} ({thing['plan'].removeprefix('gvpp-')}) ", style=style)
        return (number, words.label(thing["label"], style))
    return (words.label(thing["label"], style),)


def _cell(words: Words, fact: Mapping[str, Any]) -> tuple[Run, ...]:
    """The values of a cell; where there are none, that the corpus has nothing, with what comes near."""
    if not fact["values"]:
        name = f"near_{fact['what']}" if fact["near"] else "gap_block"
        said = joined([[Run(say("sentence", name, lang).strip(), lang)] for lang in words.langs], " / ")
        return (Run("⚠ "), *said, Run(" "), *joined([_value(words, one) for one in fact["near"]]))
    more = [Run(say("sentence", "and_more", words.lang, n=fact["left_out"]), words.lang)] if fact["left_out"] else []
    return (*joined([_value(words, one) for one in fact["values"]]), *more)


def _value(words: Words, one: Mapping[str, Any]) -> list[Run]:
    runs: list[Run] = []
    if one["value"]:
        runs += [words.amount(one["value"]), *([Run(f" ({one['value']['year']})")] if one["value"]["year"] else [])]
        runs += words.mark(one["lang"]) if one["lang"] else ()
    elif one["text"]:
        text = " ".join(one["text"].split())
        text = text if len(text) <= WORDS else text[:WORDS].rsplit(" ", 1)[0] + " …"
        runs += [Run(f"«{text}»", one["lang"], "quote"), *words.mark(one["lang"])]
    else:
        runs += _name(words, one)
    if one["of"]:
        runs += [Run(" ("), words.label(one["of"]["label"]), Run(")")]
    return [*runs, Run(" "), *words.refs(one["citations"])]
