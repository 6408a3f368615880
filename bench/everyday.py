"""What everyday words are worth outside the field: short questions in one language over sentences in the other, by words alone.

    python bench/everyday.py [ontology/everyday.csv]

The sentences are the parallel ones of ontology/sentences.csv (buses, swimming pools, storms), from which no list of words was
made. A question is two neighbouring words with a topic; right is the sentence that says the same. Prints, for each direction,
the mean reciprocal rank and how many of the words asked the lists know.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kg import glossary
from kg.lexical import Word, words
from kg.vectors import SENTENCES

SIZE = 2  # words of a question


def ways(asked: Sequence[Word], source: str, target: str) -> tuple[list[set[tuple[str, ...]]], int]:
    """What says each part of a question in the other language, and how many of its words the lists know."""
    row, taken, found = [word.stem for word in asked], set[int](), []
    for start, size, meanings in glossary.matches(row, source, everyday=True):
        if not (span := set(range(start, start + size))) <= taken:
            taken |= span
            found.append({glossary.stems(term, target) for meaning in meanings for term in meaning[target]})
    return found + [{(stem,)} for place, stem in enumerate(row) if place not in taken], len(taken)


def measure(sentences: Sequence[dict[str, str]], source: str, target: str) -> str:
    texts = [{word.stem for word in words(one[target], target)} for one in sentences]
    spread = Counter(stem for text in texts for stem in text)
    ranks, known, asked = [], 0, 0
    for place, one in enumerate(sentences):
        content = [word for word in words(one[source], source) if word.folded not in glossary.stopwords(source)]
        for start in range(0, len(content) - 1, SIZE):
            concepts, counted = ways(content[start : start + SIZE], source, target)
            known, asked = known + counted, asked + len(content[start : start + SIZE])
            scores = []
            for text in texts:
                rare = (
                    [min(spread[stem] for stem in key) for key in concept if key and text.issuperset(key)] for concept in concepts
                )
                scores.append(sum(math.log(1 + len(texts) / min(counts)) for counts in rare if counts))
            better = sum(score > scores[place] for score in scores)
            same = sum(score == scores[place] for score in scores)
            ranks.append(better + (same + 1) / 2)
    mean = sum(1 / rank for rank in ranks) / len(ranks)
    return f"{source} → {target}: {len(ranks)} questions, MRR {mean:.3f}, {known} of {asked} words known"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("everyday", nargs="?", type=Path, default=glossary.EVERYDAY)
    glossary.EVERYDAY = parser.parse_args().everyday
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        sentences = list(csv.DictReader(file))
    for source, target in (("nl", "fr"), ("fr", "nl")):
        print(measure(sentences, source, target))


if __name__ == "__main__":
    main()
