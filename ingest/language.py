"""Which language a text is in: Dutch, French, English or German (German only to refuse it)."""

from __future__ import annotations

import functools
from typing import Any

LANGUAGES = ("nl", "fr", "en", "de")
MIN_LETTERS = 40  # shorter texts take the language of their document
SURE = 0.95


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier


def language_of(text: str, default: str) -> str:
    """Language code of a text; the default where it is too short or the answer is not sure."""
    if sum(c.isalpha() for c in text) < MIN_LETTERS:
        return default
    lang, probability = _identifier().classify(text.lower() if text.isupper() else text)
    return str(lang) if probability >= SURE else default


def main_language(text: str) -> str:
    """Language of a whole document, from samples spread over it; "nl" or "fr" for Belgian publications, others as they are."""
    step = max(1, len(text) // 20)
    samples = [text[i : i + 600] for i in range(0, len(text), step)]
    votes = [language_of(sample, "") for sample in samples]
    known = [vote for vote in votes if vote]
    return max(set(known), key=known.count) if known else "nl"
