"""What a question about a list is about, beside the names in it: "acties *tegen straatintimidatie* in zone 5339".

Words that only say what kind of list is wanted (initiatives, projects, exist, receive) are no topic: they stand in
`ontology/answering.toml` ([word] and [pass] list).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from kg.glossary import groups, meanings, stems, topic_of
from kg.lexical import words
from kg.names import fold
from search_api.answers import Answering, Corpus
from search_api.concepts import Concept, concepts, spread
from search_api.understanding import NUMBER, YEAR, YEARS, speaks_of_frame
from search_api.wording import wording


def topics_of(answer: Answering, dropped: Iterable[str] = ()) -> list[Concept]:
    """The concepts of a question that neither name anything known nor say what is asked for. dropped: further words."""
    text = YEAR.sub(" ", YEARS.sub(" ", NUMBER.sub(" ", answer.question.text)))
    named = [one for one in answer.question.entities if not one.common]
    if answer.question.intent != "theme":  # elsewhere the name of a theme is a topic as any other
        named = [one for one in named if one.kind != "theme"]
    for entity in named:
        name = r"\W+".join(map(re.escape, entity.name.split()))
        text = re.sub(rf"(?<!\w){name}(?!\w)", " ", text, flags=re.I)
    found = concepts(text, answer.question.spoken, answer.corpus.searching.index)
    passed = {fold(word) for word in dropped}
    return [one for one in found if not (fold(one.text) in passed or one.text.isdigit() or speaks_of_frame(one.text))]


def is_group(concept: Concept, lang: str) -> bool:
    """Whether a concept is a group of people, for whom something can be done."""
    return groups(stems(concept.text, lang), lang)


def says(concept: Concept, texts: Iterable[tuple[str, str]]) -> bool:
    """Whether one of some texts, each with its language, has a concept in any of its ways."""
    for lang, text in texts:
        row = _stemmed(lang, text)
        ways = concept.told.get(lang)
        if ways is None:  # a language that no document is in; a label in it may still hold the asker's own word
            own = stems(concept.text, lang)
            ways = (f" {' '.join(own)} ",) if own else ()
        for way in ways:
            if way in row:
                return True
    return False


def decides(corpus: Corpus, lang: str, concept: Concept) -> bool:
    """Whether an initiative that is not about a concept cannot be meant: a phenomenon of the field, or a word that no passage of
    the asker's language has. Who it is for and how it is done is often left unsaid by the documents."""
    loose = set(wording()["pass"]["loose"])
    found = {known for meaning in meanings(concept.text, lang) if (known := topic_of(meaning))}
    if found:
        return not found & loose
    index = corpus.searching.index
    ways = concept.ways.get(lang, {})
    return bool(ways) and not any(min(spread(index, lang, stem) for stem in key) for key in ways)


def narrows(corpus: Corpus, lang: str, word: str) -> bool:
    """Whether a word of a topic limits a table: it decides, or is a group of people."""
    return any(decides(corpus, lang, one) or is_group(one, lang) for one in concepts(word, lang, corpus.searching.index))


@functools.lru_cache(maxsize=65536)
def _stemmed(lang: str, text: str) -> str:
    """The stems of a text between spaces. The same names and quotes are looked through for every question."""
    return f" {' '.join(word.stem for word in words(text, lang))} "


def narrowed(
    answer: Answering, rows: Sequence[Mapping[str, str]], about: Sequence[Concept]
) -> tuple[list[Mapping[str, str]], list[str], list[str]]:
    """The rows whose initiative is about every topic that decides, those first that are about the others too; the others that
    any of them is about, and those that none is about.

    Who it is for and how it is done is often left unsaid, so these exclude nothing. An initiative is about what its names,
    the words that prove it, their headings and the title of their document say.
    """
    if not about:
        return list(rows), [], []
    answer.describe({row[name] for row in rows for name in ("subject", "document")})
    texts: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        known = texts.setdefault(row["subject"], list(answer.corpus.labels[row["subject"]]["label"].items()))
        known += [(row["lang"], row["quote"]), (row["lang"], row.get("section", ""))]
        known += answer.corpus.labels[row["document"]]["label"].items()
    deciding = [one for one in about if decides(answer.corpus, answer.question.spoken, one)]
    kept = {subject for subject, known in texts.items() if all(says(one, known) for one in deciding)}
    others = {one.text: {subject for subject in kept if says(one, texts[subject])} for one in about if one not in deciding}
    first = Counter(subject for saying in others.values() for subject in saying)
    ordered = sorted((row for row in rows if row["subject"] in kept), key=lambda row: -first[row["subject"]])
    return ordered, [text for text, saying in others.items() if saying], [text for text, saying in others.items() if not saying]
