"""Which thing of the network somebody means who types a name, a number or an address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kg.errors import QueryError, UsageError
from kg.names import fold, shorten
from kg.network import Network
from search_api.answers import Corpus
from search_api.understanding import NUMBER, PART, THEME, YEARS, ZONE, Question, clean, understand

KINDS = ("organisation", "place", "theme", "initiative")  # of two things with one name, the first of these is meant
READINGS = 4  # things of one name that are looked at
NEAREST = 5
ALIKE = 60  # similarity (0–100) from which a name is told as one that may be meant


@dataclass(frozen=True, slots=True)
class Named:
    """What a name means. refs: the things, several where it means one in each edition; others: what else is called so;
    exact: False where the name was read with a typing error."""

    text: str
    refs: tuple[str, ...]
    others: tuple[str, ...] = ()
    exact: bool = True


def find(corpus: Corpus, network: Network, text: str, where: str) -> Named:
    """The things that a name, a number ("2.3", "theme 3", "zone 5340") or an identifier means.

    Raises UsageError for a name that nothing has; `where` says in it which name that is.
    """
    text = clean(text)
    reference = shorten(text, corpus.base)
    if reference.startswith(("id/", "auth/")):
        return Named(text, (_existing(corpus, network, reference, where),))
    question = understand(text, None, corpus.plans, corpus.names)
    refs = _numbered(corpus, network, question)
    if refs:
        return Named(text, _in_editions(refs, question)[:READINGS])
    entities = question.entities or corpus.names.find(f"naam {text.title()}")  # every word of a name may be a distinctive one
    same = [entity for entity in entities if entity.name == entities[0].name]
    by_kind = [[ref for entity in same if entity.kind == kind for ref in _real(corpus, network, entity.refs)] for kind in KINDS]
    meant = [_in_editions(refs, question) for refs in by_kind if refs]
    # What nothing is linked to stands back for a namesake that has links.
    meant.sort(key=lambda refs: not any(ref in network.nodes for ref in refs))
    if not meant:
        raise UsageError(f"nothing here is called {text[:200]!r}", where=where, remedy=_advice(corpus, text))
    others = [*meant[0][READINGS:], *(ref for refs in meant[1:] for ref in refs)]
    return Named(text, meant[0][:READINGS], tuple(others), same[0].exact)


def _existing(corpus: Corpus, network: Network, reference: str, where: str) -> str:
    if reference in network.nodes:
        return reference
    try:
        known = corpus.describe([reference])[reference]["label"]
    except QueryError as error:
        raise UsageError(
            f"{reference[:200]!r} is not an identifier", where=where, remedy="give a name, or one from a list"
        ) from error
    if not known:
        raise UsageError(f"there is no {reference[:200]!r}", where=where, remedy="see /api/organisations or /api/initiatives")
    return reference


def _numbered(corpus: Corpus, network: Network, question: Question) -> tuple[str, ...]:
    """Measures, themes, parts and zones that are called by their number."""
    folded = fold(YEARS.sub(" ", question.text))
    if theme := THEME.search(folded):
        refs: Iterable[str] = (f"auth/theme/{plan}/{int(theme.group(1))}" for plan in corpus.plans)
    elif part := PART.search(folded):
        refs = dict.fromkeys(row["part"] for row in corpus.run("initiatives-of-part", number=part.group(1))[0])
    elif NUMBER.search(folded):
        refs = (row["measure"] for number in question.numbers[:1] for row in corpus.run("measures-by-number", number=number)[0])
    elif zone := ZONE.search(folded):
        refs = (ref for ref in corpus.names.of if ref.endswith(f"-{zone.group(1)}") and ref.startswith("id/organisation/"))
    else:
        return ()
    return _real(corpus, network, refs)


def _real(corpus: Corpus, network: Network, refs: Iterable[str]) -> tuple[str, ...]:
    """Those that exist: not every edition has a theme of a number."""
    return tuple(ref for ref in refs if ref in network.nodes or corpus.describe([ref])[ref]["label"])


def _in_editions(refs: Iterable[str], question: Question) -> tuple[str, ...]:
    """Those of the editions that a name states ("theme 3 of 2021-2024"), newest first; all where it states none."""
    known = list(dict.fromkeys(refs))

    def edition(ref: str) -> str:
        parts = ref.split("/")
        return parts[2] if ref.startswith(("id/measure/", "auth/theme/")) else ""

    kept = [ref for ref in known if not question.chosen or not edition(ref) or edition(ref) in question.plans]
    return tuple(sorted(kept or known, key=lambda ref: (_place(edition(ref), question.plans), ref)))


def _place(plan: str, plans: Sequence[str]) -> int:
    return plans.index(plan) if plan in plans else len(plans)


def _advice(corpus: Corpus, text: str) -> str:
    from rapidfuzz import fuzz, process

    found = process.extract(fold(text), corpus.names.by_name.keys(), scorer=fuzz.ratio, limit=NEAREST, score_cutoff=ALIKE)
    printed = {fold(name): name for names in corpus.names.of.values() for name in names}
    near = [printed.get(name, name) for name, _, _ in sorted(found, key=lambda hit: (-hit[1], hit[0]))]
    return (
        f"perhaps {', '.join(near)}" if near else "see /api/organisations or /api/initiatives, or name a measure (2.3) or a theme"
    )
