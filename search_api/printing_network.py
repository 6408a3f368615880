"""Answers from the network as text for a terminal: what it comes to first, then who and what, each chain with its words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from search_api.answers import years
from search_api.network import count, wording
from search_api.printing import WIDTH, hanging, label_in
from search_api.wording import wording as words_of_answers

SHOWN = 8  # neighbours of a kind
TOLD = 3  # of what two bodies share
LABEL = 90  # characters of a label within a line
Item = Mapping[str, Any]


def print_network(found: Item) -> str:
    """An answer of `search_api.network.network` as text."""
    lang = found["lang"]
    lines = [*textwrap.wrap(found["text"], WIDTH), ""]
    for number, chain in enumerate(found["chains"], 1):
        lines += _chain(number, chain, lang)
    for group in found["neighbours"]:
        lines += _neighbours(group, lang)
    if found["works_with"]:
        lines += [_heading("works_with", lang)]
        lines += [line for pair in found["works_with"] for line in _shared(_name(pair["second"], lang), pair, lang)] + [""]
    if found["community"]:
        lines += [*_community(found["community"], lang), ""]
    for part in ("main", "groups"):
        if found[part]:
            lines += [_heading(part, lang), *_ranked(found[part], lang), ""]
    if found["communities"]:
        lines += [_heading("communities", lang)]
        lines += [line for each in found["communities"] for line in _community(each, lang)] + [""]
    if found["together"]:
        lines += [_heading("together", lang)]
        for pair in found["together"]:
            lines += _shared(f"{_name(pair['first'], lang)} + {_name(pair['second'], lang)}", pair, lang)
        lines.append("")
    lines += [line for note in found["notes"] for line in hanging("• ", note)]
    return "\n".join([*lines, "", f"[{found['corpus']['version']}, {found['corpus']['date']}]"])


def _word(name: str, lang: str, **values: Any) -> str:
    return str(wording()["word"][name][lang]).format(**values)


def _heading(name: str, lang: str) -> str:
    return _word(name, lang) + _colon(lang)


def _colon(lang: str) -> str:
    return " :" if lang == "fr" else ":"


def _name(node: Item, lang: str) -> str:
    """A thing in a line; measures and themes with number and edition."""
    label = textwrap.shorten(label_in(node["label"], lang), LABEL, placeholder=" …")
    if node["plan"]:
        kind = wording()["kind"][node["kind"]][lang][0]
        return f"{kind} {node['number']} ({years(node['plan'])}) {label}"
    return label if node["label"] else str(node["reference"])


def _chain(number: int, chain: Item, lang: str) -> list[str]:
    first = chain["steps"][0]["from"]
    weak = f" ({_word('weak', lang)})" if chain["weak"] else ""
    lines = [f"{_word('chain', lang)} {number}{weak}", *hanging("  ", _name(first, lang))]
    for step in chain["steps"]:
        lines += hanging("  → ", f"{_said(step, lang)} {_name(step['to'], lang)}")
        for citation in step["citations"][:1]:
            quote = textwrap.shorten(" ".join(citation["quote"].split()), 300, placeholder=" …")
            foreign = "" if citation["lang"] == lang else f" [{citation['lang']}]"
            page = (
                f"{words_of_answers()['word_for']['page'][lang]} {citation['page']}" if citation["page"] else citation["section"]
            )
            lines += hanging("      « ", quote + " »" + foreign)
            lines += hanging("      — ", ", ".join(part for part in (citation["title"], page) if part))
        if not step["citations"]:
            lines.append(f"      ({_word('curated', lang)})")
    return [*lines, ""]


def _said(step: Item, lang: str) -> str:
    known = wording()["property"].get(step["property"])
    return str(known[step["direction"]][lang]) if known else f"{step['property']}:"


def _neighbours(group: Item, lang: str) -> list[str]:
    one, several = wording()["kind"][group["kind"]][lang]
    heading = one if group["total"] == 1 else several
    lines = [f"{heading[:1].upper()}{heading[1:]} ({group['total']}){_colon(lang)}"]
    for item in group["items"][:SHOWN]:
        lines += hanging("  • ", f"{_said(item, lang)} {_name(item['node'], lang)}")
    if group["total"] > SHOWN:
        lines.append("  … " + _word("more", lang, n=group["total"] - SHOWN))
    return [*lines, ""]


def _shared(name: str, pair: Item, lang: str) -> list[str]:
    things = "; ".join(_short(item["node"], lang) for item in pair["shared"][:TOLD])
    more = " … " + _word("more", lang, n=pair["total"] - TOLD) if pair["total"] > TOLD else ""
    return hanging("  • ", f"{name} ({pair['total']}{_colon(lang)} {things}{more})")


def _short(node: Item, lang: str) -> str:
    if node["plan"]:
        return f"{wording()['kind'][node['kind']][lang][0]} {node['number']} ({years(node['plan'])})"
    return textwrap.shorten(label_in(node["label"], lang), 50, placeholder=" …")


def _community(community: Item, lang: str) -> list[str]:
    members = "; ".join(_short(node, lang) for node in community["members"][:SHOWN])
    heading = _word("community", lang, n=community["number"], size=community["size"])
    return hanging("  • ", f"{heading}{_colon(lang)} {members}")


def _ranked(nodes: Iterable[Item], lang: str) -> list[str]:
    return [f"{node['rank']:4}. {_name(node, lang)}, {count(node['links'], lang)}" for node in nodes]
