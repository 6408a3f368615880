"""Dutch compounds: "verkeersdoden" is about "doden" in the "verkeer", and a question may say it either way.

A word is parted in two where both parts are words that the corpus or the glossary has; between them may stand s, e, en or n.
Parts are given as stems, so that they compare with the analysed words of `kg.lexical`.
"""

from __future__ import annotations

from collections.abc import Container

from kg.lexical import stem

SHORTEST = 8  # letters of a word that is tried
PART = 4  # letters of each part
LINKS = ("", "s", "en", "e", "n")
LANGUAGES = ("nl",)


def parts(folded: str, lang: str, known: Container[str]) -> tuple[str, str] | None:
    """Stems of the two parts of a compound, the most even parting first; None where it is none.

    folded: a word as `kg.lexical.words` folds it; known: stems that count as words of their own.

    >>> parts("verkeersdoden", "nl", {stem("verkeer", "nl"), stem("doden", "nl")}) == (stem("verkeer", "nl"), stem("doden", "nl"))
    True
    """
    if lang not in LANGUAGES or len(folded) < SHORTEST or not folded.isalpha():
        return None
    best: tuple[int, tuple[str, str]] | None = None
    for border in range(PART, len(folded) - PART + 1):
        left, last = folded[:border], stem(folded[border:], lang)
        if last not in known:
            continue
        for link in LINKS:
            bare = left[: len(left) - len(link)]
            if not left.endswith(link) or len(bare) < PART or stem(bare, lang) not in known:
                continue
            evenness = min(len(bare), len(folded) - border)
            if best is None or evenness > best[0]:
                best = evenness, (stem(bare, lang), last)
    return best[1] if best else None
