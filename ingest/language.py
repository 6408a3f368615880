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
    """Language code of a passage: nl, fr or en; the default where it is too short, the answer not sure, or German."""
    lang = _detected(text)
    return default if lang in ("", "de") else lang


def main_language(text: str, default: str = "nl") -> str:
    """Language of a whole document, from samples spread over it; the default where they say nothing or are divided."""
    step = max(1, len(text) // 20)
    votes = [_detected(text[i : i + 600]) for i in range(0, len(text), step)]
    return max((default, *LANGUAGES), key=votes.count)


def _detected(text: str) -> str:
    """Language code, "" where the text is too short or the answer not sure."""
    if sum(c.isalpha() for c in text) < MIN_LETTERS:
        return ""
    lang, probability = _identifier().classify(text.lower() if text.isupper() else text)
    return str(lang) if probability >= SURE else ""
