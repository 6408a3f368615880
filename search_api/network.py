"""Answers from the network: what stands around something, how two things are linked, and what is central in all of it."""

from __future__ import annotations

import functools
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from kg.errors import MetadataError, UsageError
from kg.network import BODIES, LONGEST, Chain, Link, Network, Together, chains, kind_of, load, works_with
from kg.network_measures import rarity
from kg.vocabulary import ONTOLOGY
from search_api.answers import Answering, Corpus, years
from search_api.network_names import Named, find
from search_api.understanding import Question, language

LIMIT = 100  # nodes of a drawing
LISTED = 50  # neighbours of a kind
CLOSE = 10  # bodies that share most
SHARED = 5  # of the things that two share
MEMBERS = 12  # of a community
COMMUNITIES = 12
SMALL = 3  # members that make a community worth telling
Found = dict[str, Any]


@functools.cache
def wording(path: Path = ONTOLOGY / "network.toml") -> Mapping[str, Any]:
    """The words and templates of answers from the network."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise MetadataError(f"cannot be read: {error}", where=str(path), remedy="correct the line it names") from error


def count(links: int, lang: str) -> str:
    """So many links, in words."""
    one, several = wording()["word"]["links"][lang]
    return str(one if links == 1 else several.format(n=links))


def network(
    corpus: Corpus, around: str | None = None, to: str | None = None, lang: str | None = None, limit: int = LIMIT
) -> Found:
    """What stands around something; with `to`, the chains between the two; without either, what is central.

    limit: most nodes of the drawing. Raises UsageError for a name that nothing has, StoreError for a build without a network.
    """
    if to is not None and around is None:
        raise UsageError("'to' needs 'around'", where="to", remedy="name both ends")
    telling = Telling(corpus, load(corpus.generation), lang or language(f"{around or ''} {to or ''}"), limit)
    telling.found |= {"around": around, "to": to}
    if around is not None and to is not None:
        telling.between(telling.named(around, "around"), telling.named(to, "to"))
    elif around is not None:
        telling.around(telling.named(around, "around"))
    else:
        telling.overview()
    return telling.reply()


class Telling:
    """Collects one answer."""

    def __init__(self, corpus: Corpus, network: Network, lang: str, limit: int) -> None:
        self.corpus, self.network, self.lang, self.limit = corpus, network, lang, limit
        self.sentences: list[str] = []
        self.notes: list[str] = []
        self.drawn: tuple[Sequence[str], int] = ((), 0)
        self.found: Found = {
            "around": None,
            "to": None,
            "lang": lang,
            "status": "found",
            "entity": None,
            "other": None,
            "readings": [],
            "neighbours": [],
            "works_with": [],
            "community": None,
            "chains": [],
            "main": [],
            "groups": [],
            "communities": [],
            "together": [],
        }

    def reply(self) -> Found:
        manifest = self.corpus.generation.manifest
        self.notes.append(self.say("note", "means"))
        drawn, left = self.drawn
        return {
            **self.found,
            "text": " ".join(self.sentences),
            "notes": list(dict.fromkeys(self.notes)),
            "nodes": [self.node(ref) for ref in drawn],
            "edges": self.edges(drawn),
            "left_out": left,
            "corpus": {"version": manifest["name"], "date": manifest["date"]},
        }

    # ------------------------------------------------------------ words

    def say(self, group: str, template: str, /, **values: Any) -> str:
        return str(wording()[group][template][self.lang]).format(**values)

    def kind(self, ref: str, several: bool = False) -> str:
        node = self.network.nodes.get(ref)
        return str(wording()["kind"][node.kind if node else kind_of(ref)][self.lang][several])

    def name(self, ref: str) -> str:
        """A thing as a sentence calls it: measures and themes with their number and edition."""
        label = self.corpus.label(ref, self.lang)
        parts = ref.split("/")
        if ref.startswith("id/measure/"):
            return f"{self.kind(ref)} {parts[3]} ({years(parts[2])})"
        if ref.startswith("auth/theme/"):
            return f"{self.kind(ref)} {parts[3]} ({years(parts[2])}), {label}"
        return label

    def node(self, ref: str) -> Found:
        """A thing with its measures; zeros where nothing is linked to it."""
        about = self.corpus.describe([ref])[ref]
        parts = ref.split("/")
        numbered = ref.startswith(("id/measure/", "auth/theme/"))
        known = self.network.nodes.get(ref)
        return {
            "iri": f"{self.corpus.base}/{ref}",
            "reference": ref,
            "kind": known.kind if known else kind_of(ref),
            "label": about["label"],
            "number": parts[3] if numbered else about["number"],
            "plan": parts[2] if numbered else None,
            "links": known.links if known else 0,
            "importance": known.importance if known else 0.0,
            "between": known.between if known else None,
            "rank": known.rank if known else 0,
            "of": known.of if known else 0,
            "community": known.community if known else None,
            "common": known.common if known else False,
        }

    # ------------------------------------------------------------ names

    def named(self, text: str, where: str) -> Named:
        """The things of a name; tells how it was read where that is not plain."""
        meant = find(self.corpus, self.network, text, where)
        self.corpus.describe([*meant.refs, *meant.others])
        if not meant.exact:
            self.notes.append(self.say("note", "nearly", name=meant.text, chosen=self.name(meant.refs[0])))
        return meant

    def readings(self, meant: Named, chosen: Sequence[str]) -> None:
        """Tells which of several readings an answer is about."""
        others = [ref for ref in (*meant.refs, *meant.others) if ref not in chosen]
        names = ", ".join(f"{self.name(ref)} [{self.kind(ref)}]" for ref in others or chosen)
        if others:
            first = self.name(chosen[0])
            self.notes.append(self.say("note", "readings", name=meant.text, chosen=first, others=names))
        elif len(chosen) > 1:
            self.notes.append(self.say("note", "every_reading", name=meant.text, others=names))
        self.found["readings"] += [self.node(ref) for ref in (others if others else chosen[1:])]

    # ------------------------------------------------------------ around one

    def around(self, meant: Named) -> None:
        """Neighbours by kind, who works on the same, community and rank."""
        ref = next((ref for ref in meant.refs if ref in self.network.nodes), meant.refs[0])
        self.readings(meant, [ref])
        self.found["entity"] = self.node(ref)
        known = self.network.nodes.get(ref)
        if known is None or not known.links:
            self.found["status"] = "not_found"
            self.sentences.append(self.say("sentence", "around_none", name=self.name(ref)))
        if known is None:
            return
        if known.links:
            kin = wording()["kind"]["body" if known.kind in BODIES else known.kind][self.lang][1]
            values = {"links": known.links, "rank": known.rank, "of": known.of, "kin": kin, "kind": self.kind(ref)}
            self.sentences.append(self.say("sentence", "around", name=self.name(ref), **values))
        self.found["neighbours"] = self.neighbours(ref)
        if known.kind == "group":
            self.notes.append(self.say("note", "group", name=self.name(ref)))
        elif known.common:
            self.notes.append(self.say("note", "payer", name=self.name(ref)))
        if known.kind in BODIES:
            self.found["works_with"] = self.together(works_with(self.network, ref)[:CLOSE])
        if known.community is not None:
            self.found["community"] = self.community(known.community)
        self.drawn = self.near(ref)

    def neighbours(self, ref: str) -> list[Found]:
        by_kind: dict[str, list[str]] = defaultdict(list)
        self.corpus.describe(self.network.graph[ref])
        for other in self.network.graph[ref]:
            by_kind[self.network.nodes[other].kind].append(other)
        found = []
        for kind, others in sorted(by_kind.items(), key=lambda item: list(wording()["kind"]).index(item[0])):
            others.sort(key=lambda other: (-self.network.nodes[other].importance, other))
            items = [self.step(ref, other) for other in others[:LISTED]]
            found.append({"kind": kind, "total": len(others), "items": items})
        return found

    def step(self, ref: str, other: str) -> Found:
        link = self.network.joining(ref, other)[0]
        return {
            "node": self.node(other),
            "property": link.property,
            "direction": "forward" if link.subject == ref else "backward",
            "certainty": link.certainty,
            "evidence": self.url(link),
        }

    def url(self, link: Link) -> str | None:
        """The passage that proves a link, None where a list of names says it."""
        passage = next((passage for _, passage in link.evidence if passage), None)
        return f"{self.corpus.base}/{passage}" if passage else None

    def together(self, pairs: Iterable[Together]) -> list[Found]:
        found = []
        for pair in pairs:
            self.corpus.describe([pair.first, pair.second, *pair.shared])
            shared = [self.shared(pair, thing) for thing in pair.shared[:SHARED]]
            first, second = self.node(pair.first), self.node(pair.second)
            found.append({"first": first, "second": second, "weight": pair.weight, "total": len(pair.shared), "shared": shared})
        return found

    def shared(self, pair: Together, thing: str) -> Found:
        """What two bodies share, with a passage for each where it is said of them directly."""
        graph = self.network.graph
        direct = [
            self.url(self.network.joining(body, thing)[0]) for body in (pair.first, pair.second) if graph.has_edge(body, thing)
        ]
        return {"node": self.node(thing), "evidence": [url for url in direct if url]}

    def community(self, number: int) -> Found:
        members = self.network.communities[number - 1]
        self.corpus.describe(members[:MEMBERS])
        return {"number": number, "size": len(members), "members": [self.node(ref) for ref in members[:MEMBERS]]}

    # ------------------------------------------------------------ between two

    def between(self, one: Named, other: Named) -> None:
        """The chains between each reading of the one name and each of the other."""
        pairs = list(product(one.refs, other.refs))
        self.readings(one, one.refs)
        self.readings(other, other.refs)
        self.found["entity"], self.found["other"] = self.node(one.refs[0]), self.node(other.refs[0])
        drawn: dict[str, None] = {}
        for start, end in pairs:
            names = {"name": self.name(start), "other": self.name(end)}
            if start == end:
                self.sentences.append(self.say("sentence", "same", **names))
                continue
            found = chains(self.network, start, end)
            if not found:
                self.sentences.append(self.say("sentence", "chain_none", longest=LONGEST, **names))
                continue
            steps = len(found[0].links)
            self.sentences.append(self.say("sentence", "chain_one" if steps == 1 else "chain", steps=steps, **names))
            for chain in found:
                drawn |= dict.fromkeys(chain.things)
                self.found["chains"].append(self.chain(chain))
        if not self.found["chains"]:
            self.found["status"] = "not_found"
        self.drawn = (list(drawn)[: self.limit], max(0, len(drawn) - self.limit))

    def chain(self, chain: Chain) -> Found:
        self.corpus.describe(chain.things)
        statements = [statement for link in chain.links for statement, _ in link.evidence]
        rows = self.corpus.run("evidence", evidence=statements)[0] if statements else []
        answering = Answering(self.corpus, Question("", self.lang, ""))
        steps = []
        for place, link in enumerate(chain.links):
            proofs = {statement for statement, _ in link.evidence}
            steps.append(
                {
                    "from": self.node(chain.things[place]),
                    "to": self.node(chain.things[place + 1]),
                    "property": link.property,
                    "direction": "forward" if link.subject == chain.things[place] else "backward",
                    "certainty": link.certainty,
                    "citations": answering.citations([row for row in rows if row["evidence"] in proofs]),
                }
            )
        if chain.common:
            self.notes.append(self.say("note", "weak", names=self.listed(chain.common)))
        if not all(link.evidence for link in chain.links):
            self.notes.append(self.say("note", "curated"))
        return {
            "steps": steps,
            "cost": chain.cost,
            "common": [self.node(ref) for ref in chain.common],
            "weak": bool(chain.common),
        }

    def listed(self, refs: Iterable[str]) -> str:
        told = [f"{self.name(ref)} ({count(self.network.nodes[ref].links, self.lang)})" for ref in refs]
        return f" {wording()['word']['and'][self.lang]} ".join(told)

    # ------------------------------------------------------------ all of it

    def overview(self) -> None:
        """The most central bodies and groups, the communities, and who shares most."""
        nodes = self.network.nodes
        ranked = sorted((ref for ref in nodes if nodes[ref].rank), key=lambda ref: (-nodes[ref].importance, ref))
        bodies = [ref for ref in ranked if nodes[ref].kind in BODIES]
        groups = [ref for ref in ranked if nodes[ref].kind == "group"]
        proved = sum(bool(edge["links"][0].evidence) for _, _, edge in self.network.graph.edges(data=True))
        self.sentences.append(
            self.say("sentence", "overview", bodies=len(bodies), things=len(ranked) - len(bodies), links=proved)
        )
        self.drawn = (ranked[: self.limit], max(0, len(ranked) - self.limit))
        self.corpus.describe(ranked[: self.limit])
        self.found["main"] = [self.node(ref) for ref in bodies[:CLOSE]]
        self.found["groups"] = [self.node(ref) for ref in groups[:CLOSE]]
        large = [number for number, members in enumerate(self.network.communities, 1) if len(members) >= SMALL]
        self.found["communities"] = [self.community(number) for number in large[:COMMUNITIES]]
        self.found["together"] = self.together(self.network.together[:CLOSE])

    # ------------------------------------------------------------ to draw

    def near(self, ref: str) -> tuple[list[str], int]:
        """What is at most two steps away, the near and the important first, and how many of these a drawing leaves out.

        What is common is drawn, but nothing behind it: that would be everything.
        """
        nodes, graph = self.network.nodes, self.network.graph
        first = sorted(graph[ref], key=lambda other: (-nodes[other].importance, other))
        behind = {far for other in first if not nodes[other].common for far in graph[other]} - {ref, *first}
        every = [ref, *first, *sorted(behind, key=lambda other: (-nodes[other].importance, other))]
        self.corpus.describe(every[: self.limit])
        return every[: self.limit], max(0, len(every) - self.limit)

    def edges(self, refs: Sequence[str]) -> list[Found]:
        """An edge for each two of these that are linked."""
        nodes = self.network.nodes
        found = []
        for one, other, edge in self.network.graph.subgraph(refs).edges(data=True):
            link: Link = edge["links"][0]
            found.append(
                {
                    "source": f"{self.corpus.base}/{link.subject}",
                    "target": f"{self.corpus.base}/{link.object}",
                    "property": link.property,
                    "certainty": link.certainty,
                    "weight": round(rarity(nodes[one].links, nodes[other].links), 4),
                    "evidence": self.url(link),
                }
            )
        return sorted(found, key=lambda edge: (edge["source"], edge["target"], edge["property"]))
