"""Personal data in a text: contact fields, personal e-mail addresses, telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.I)
# Addresses of a service, not of a person.
SERVICE = re.compile(r"(?:info|contact|secretariaat|secr[ée]tariat|press|presse|pers|mail|onthaal|accueil|post|office|no-?reply|privacy|dpo)@", re.I)
PHONE = re.compile(r"(?<![\w.,])(?:\+|00)?[0-9(][0-9()\s./-]{7,20}[0-9](?!\w)")
WORD = re.compile(r"[^\W\d_][\w'’-]*")


def private_spans(text: str, contact_fields: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of personal data: contact fields as a whole, and every other place where a contact's name stands."""
    spans = [span for span in contact_fields if text[span[0] : span[1]].strip()]
    names = {name for start, end in spans for name in _names(text[start:end])}
    spans += [match.span() for match in EMAIL.finditer(text) if not SERVICE.match(match.group())]
    spans += [match.span() for match in PHONE.finditer(text) if _is_phone(match.group())]
    for name in names:
        spans += [match.span() for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    return _merged(spans)


def _names(field: str) -> set[str]:
    """Full names in a contact field, as printed and with first and last name exchanged."""
    names = set()
    for line in re.split(r"[\n\t;,|]", EMAIL.sub("\n", field)):
        words = WORD.findall(line)
        if 2 <= len(words) <= 4 and all(word[0].isupper() for word in words if len(word) > 3):
            names |= {" ".join(words), " ".join([*words[1:], words[0]]), " ".join([words[-1], *words[:-1]])}
    return names


def _is_phone(text: str) -> bool:
    """Whether digits and separators read as a Belgian telephone number rather than as a sum or a date."""
    digits = re.sub(r"\D", "", text)
    starts = text.strip().startswith(("+32", "0032", "0", "(0"))
    return starts and 9 <= len(digits) <= 13 and re.fullmatch(r"0\d+[.,]\d+", text.strip()) is None and "\n" not in text


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
