"""Whether the short label of a measure finds the passage that states the measure, as the first hit, in each language.

    python bench/labels.py DATA

Measures whose texts are the same count once.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

from kg.settings import load_settings
from kg.store import current
from search_api.answers import open_corpus
from search_api.search import open_search, search


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    generation = current(parser.parse_args().data)
    assert generation, "build first"
    corpus = open_corpus(generation)
    searching = open_search(corpus, load_settings().encoder)
    stated: dict[str, set[str]] = defaultdict(set)  # by text, the passages that state it
    of: dict[str, str] = {}
    for plan in corpus.plans:
        for row in corpus.run("texts-of-plan", plan=f"id/plan/{plan}")[0]:
            of[row["measure"]] = row["text"]
            stated[row["text"]].add(f"{corpus.base}/{row['passage']}")
    for lang in ("nl", "fr"):
        right = {1: 0, 5: 0}
        once = {text: ref for ref, text in of.items()}
        for text, ref in once.items():
            hits = search(searching, corpus.label(ref, lang), lang, limit=5)["hits"]
            for size in right:
                right[size] += any(hit["passage"] in stated[text] for hit in hits[:size])
        print(f"{lang}: hit@1 {right[1] / len(once):.3f}, hit@5 {right[5] / len(once):.3f} of {len(once)} measures")


if __name__ == "__main__":
    main()
