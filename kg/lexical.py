"""Search by words and by pieces of words, over passages in Dutch and in French.

Text is analysed here and tantivy stores the result as it is, so that a question and a passage are always treated alike: words
are folded (no case, no accents), made regular where the stemmer is weak, and stemmed by the rules of their language; digit groups
become one number. A second field holds runs of 3 to 5 characters of names and long words: they find spelling variants and parts
of compounds, in both languages.

One index per passage language, each with its own statistics:

    {folder}/{language}/     a tantivy index
    {folder}/meta.json       format, version of the analysis, counts
"""

from __future__ import annotations

import functools
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from kg.errors import StoreError, UsageError

FORMAT = 1
ANALYSIS = 1  # to be raised when `words` or `grams` change: an index is asked with the analysis it was made with
FILTERS = ("document", "genre", "plan", "theme", "organisation", "zone", "commune", "year", "doc_lang")
STEMMERS = {"nl": "dutch_porter", "fr": "french", "en": "english"}  # Snowball's newer "dutch" parts maatregel from maatregelen
HEADING = 0.3  # weight of a word found in the headings above a passage, beside one in its own text
SHORTEST, LONGEST = 3, 5  # characters in a piece of a word
NAME, COMPOUND = 3, 8  # letters from which a name, and any word, is cut into pieces
MOST_CHARS, MOST_TERMS = 4000, 256  # of a question; more is passed over
WORD_LENGTH = 64  # letters of a word that count
HEAP = 50_000_000  # bytes that a writer may use
_AGAIN = "build again"

# A number with digit groups and decimals; a word with combining marks and soft hyphens; parts of a hyphenated word one by one.
_TOKEN = re.compile(
    r"(?<!\d)\d{1,3}(?:[.\u0020\u00a0\u202f]\d{3})+(?!\d)(?:,\d+)?|\d+(?:[.,]\d+)*|[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u00ad])*"
)
_GROUPED = re.compile(r"\d{1,3}(?:[.\u0020\u00a0\u202f]\d{3})+(?:,\d+)?")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "\u00ad": None})
# Plurals that the stemmers leave apart from their singulars: zones, vélos, réseaux before stemming, diefstallen after it.
_PLURAL = {"nl": re.compile(r"(?<=\w{2}e)s$"), "fr": re.compile(r"(?<=eau)x$|(?<=\w{2}[aeiou])s$")}
_DOUBLED = {"nl": re.compile(r"(?<=([bcdfgklmnprstvz]))\1$")}

Hits = list[tuple[str, float]]
"""Passage references with their scores, best first."""
Filters = Mapping[str, Collection[str | int]]
"""Allowed values by the name of a filter: any of the values, all of the names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as it is indexed. ref: `Passage.ref`; heading: the headings above it; names: what is said in it under other names
    (labels of the entities that it mentions, in any language); filters: values by the names in FILTERS."""

    ref: str
    lang: str
    text: str
    heading: str = ""
    names: Sequence[str] = ()
    filters: Filters = field(default_factory=dict)


class Term(NamedTuple):
    """Something to look for. weight: against other terms; whole: its words have to stand together, in this order."""

    text: str
    weight: float = 1.0
    whole: bool = False


class Word(NamedTuple):
    """A word of a text: where it stands, how it is written without case and accents, and what it is indexed as."""

    start: int
    end: int
    folded: str
    stem: str


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """An opened index: a tantivy searcher and schema by language; folders that have to last as long as they do."""

    searchers: Mapping[str, Any]
    schemas: Mapping[str, Any]
    links: tuple[tempfile.TemporaryDirectory[str], ...] = ()


# ---------------------------------------------------------------- analysis


def words(text: str, lang: str) -> Iterator[Word]:
    """Words and numbers of a text, without single letters. Offsets count code points of the text as given."""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token[0].isdecimal():
            number = _number(token)
            yield Word(match.start(), match.end(), number, number)
        else:
            folded = _fold(token)
            if len(folded) > 1:
                yield Word(match.start(), match.end(), folded, stem(folded, lang))


def _number(token: str) -> str:
    """One spelling: no digit groups, a point before decimals ("30 014", "30.014" → "30014"; "4,7" → "4.7")."""
    if _GROUPED.fullmatch(token):
        whole, _, decimals = token.partition(",")
        token = re.sub(r"\D", "", whole) + (f".{decimals}" if decimals else "")
    token = token.replace(",", ".")
    return unicodedata.normalize("NFKC", token)[:WORD_LENGTH]


@functools.lru_cache(maxsize=65536)
def _fold(word: str) -> str:
    if word.isascii() and word.isalnum():
        return word[:WORD_LENGTH].casefold()
    plain = unicodedata.normalize("NFKD", word[:WORD_LENGTH].translate(_LETTERS).casefold().translate(_LETTERS))
    return "".join(letter for letter in plain if letter.isalnum())


@functools.lru_cache(maxsize=65536)
def stem(folded: str, lang: str) -> str:
    """The stem of a folded word; in a language without a stemmer the word itself."""
    if lang not in STEMMERS:
        return folded
    singular = _PLURAL[lang].sub("", folded) if lang in _PLURAL else folded
    found = str(_stemmer(lang).stemWord(singular))
    return _DOUBLED[lang].sub("", found) if lang in _DOUBLED else found


@functools.cache
def _stemmer(lang: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(STEMMERS[lang])


@functools.lru_cache(maxsize=65536)
def grams(folded: str) -> tuple[str, ...]:
    """Every run of 3 to 5 characters of a word with its borders marked: "gams" → "<ga", "<gam", "<gams", "gam", …"""
    marked = f"<{folded}>"
    runs = (marked[i : i + n] for n in range(SHORTEST, LONGEST + 1) for i in range(len(marked) - n + 1))
    return tuple(dict.fromkeys(runs))


def _gram_words(text: str, lang: str) -> Iterator[str]:
    """Folded words of a text that are cut into pieces: written with a capital anywhere, or long enough to be a compound."""
    for word in words(text, lang):
        letters = word.end - word.start
        if letters >= COMPOUND or (letters >= NAME and any(c.isupper() for c in text[word.start : word.end])):
            yield word.folded


def highlights(text: str, lang: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    """Where a text has the words of the terms, in any inflected form: starts and ends, in order."""
    wanted = {word.stem for term in terms for word in words(term, lang)}
    return [(word.start, word.end) for word in words(text, lang) if word.stem in wanted]


# ---------------------------------------------------------------- build


def build(folder: Path, entries: Iterable[Entry]) -> dict[str, int]:
    """Write the index of the entries to an empty folder; how many there are by language comes back.

    An entry whose ref came before is passed over. Raises ValueError for a filter that is not in FILTERS.
    """
    import tantivy

    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, Any] = {}
    seen: set[str] = set()
    counts: dict[str, int] = {}
    for entry in entries:
        if entry.ref in seen:
            continue
        seen.add(entry.ref)
        if entry.lang not in writers:
            place = folder / entry.lang
            place.mkdir()
            writers[entry.lang] = tantivy.Index(_schema(), str(place), False).writer(HEAP, 1)
        writers[entry.lang].add_document(_document(entry))
        counts[entry.lang] = counts.get(entry.lang, 0) + 1
    for lang, writer in writers.items():
        writer.commit()
        writer.wait_merging_threads()
        (folder / lang / ".tantivy-writer.lock").unlink(missing_ok=True)
        (folder / lang / ".tantivy-meta.lock").touch()  # each reader makes it; what is published is not to change when it is read
    meta = {"format": FORMAT, "analysis": ANALYSIS, "counts": counts}
    (folder / "meta.json").write_text(json.dumps(meta, sort_keys=True) + "\n", "utf-8")
    return dict(sorted(counts.items()))


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("ref", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("heading", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("grams", tokenizer_name="whitespace", index_option="freq")
    for name in FILTERS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _document(entry: Entry) -> Any:
    import tantivy

    if unknown := set(entry.filters) - set(FILTERS):
        raise ValueError(f"unknown filter {min(unknown)!r}")
    document = tantivy.Document()
    document.add_text("ref", entry.ref)
    document.add_text("text", _stems(entry.text, entry.lang))
    document.add_text("heading", _stems("\n".join([entry.heading, *entry.names]), entry.lang))
    cut = dict.fromkeys(_gram_words("\n".join([entry.text, entry.heading, *entry.names]), entry.lang))
    document.add_text("grams", " ".join(gram for word in cut for gram in grams(word)))
    for name, values in ({"doc_lang": (entry.lang,)} | dict(entry.filters)).items():
        for value in values:
            document.add_text(name, _value(value))
    return document


def _value(value: str | int) -> str:
    """A value of a filter as it is kept, without what cannot be encoded."""
    return str(value).encode("utf-8", "replace").decode()


def _stems(text: str, lang: str) -> str:
    return " ".join(word.stem for word in words(text, lang))


# ---------------------------------------------------------------- search


def open_index(folder: Path) -> LexicalIndex:
    """The index of a generation; raises StoreError where it is missing, damaged, or of another format or analysis."""
    import tantivy

    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        found = meta["format"], meta["analysis"]
        if found != (FORMAT, ANALYSIS):
            raise StoreError(f"the index of words has format {found}, not {(FORMAT, ANALYSIS)}", where=str(folder), remedy=_AGAIN)
        searchers, schemas = {}, {}
        links: list[tempfile.TemporaryDirectory[str]] = []
        for lang, count in meta["counts"].items():
            place = folder / lang
            if not os.access(place, os.W_OK):
                place = _beside(place, links)
            index = tantivy.Index.open(str(place))
            index.config_reader("manual")  # what is published does not change: nothing has to watch over it
            searchers[lang], schemas[lang] = index.searcher(), index.schema
            if searchers[lang].num_docs != count:
                raise ValueError(f"{lang} does not hold what meta.json says")
    except FileNotFoundError as error:
        raise StoreError("there is no index of words", where=str(folder), remedy=_AGAIN) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the index of words is damaged: {error}", where=str(folder), remedy=_AGAIN) from error
    return LexicalIndex(searchers, schemas, tuple(links))


def _beside(place: Path, links: list[tempfile.TemporaryDirectory[str]]) -> Path:
    """A folder of links to the files of an index that may not be written to: tantivy wants to lock even what it only reads."""
    links.append(tempfile.TemporaryDirectory(prefix="gvpp-"))
    folder = Path(links[-1].name)
    for file in place.iterdir():
        if file.suffix != ".lock":
            (folder / file.name).symlink_to(file.resolve())
    return folder


def search(
    index: LexicalIndex, terms: Mapping[str, Sequence[Term | str]], filters: Filters | None = None, limit: int = 50
) -> dict[str, Hits]:
    """The passages of each language that hold terms of that language, by BM25; scores of two languages do not compare.

    terms: by language of the passages; the words of a question in another language find nothing there until they are translated.
    Raises UsageError for a filter that is not in FILTERS.
    """
    found: dict[str, Hits] = {}
    for lang, wanted in terms.items():
        if lang in index.searchers:
            schema = index.schemas[lang]
            parts = [part for term in _bounded(wanted) if (part := _part(schema, term, lang))]
            found[lang] = _run(index, lang, parts, filters, limit)
    return found


def search_grams(
    index: LexicalIndex,
    terms: Sequence[Term | str],
    filters: Filters | None = None,
    limit: int = 50,
    langs: Collection[str] | None = None,
) -> dict[str, Hits]:
    """The passages of each language with names and long words that look like those of the terms, by BM25 over pieces of words."""
    from tantivy import Query

    weights: dict[str, float] = {}
    for term in _bounded(terms):
        for word in words(term.text, ""):
            if len(word.folded) > NAME or any(c.isupper() for c in term.text[word.start : word.end]):
                for gram in grams(word.folded):
                    weights[gram] = max(weights.get(gram, 0.0), term.weight)
    found: dict[str, Hits] = {}
    for lang, schema in index.schemas.items():
        if langs is None or lang in langs:
            kept = list(weights.items())[: 4 * MOST_TERMS]
            parts = [Query.boost_query(Query.term_query(schema, "grams", gram, "freq"), weight) for gram, weight in kept]
            found[lang] = _run(index, lang, parts, filters, limit)
    return found


def matching(index: LexicalIndex, filters: Filters) -> set[str]:
    """References of all passages that fit the filters, to narrow a search by vectors."""
    from tantivy import Query

    return {
        ref
        for lang in index.searchers
        for ref, _ in _run(index, lang, [Query.all_query()], filters, index.searchers[lang].num_docs)
    }


def _bounded(terms: Sequence[Term | str]) -> Iterator[Term]:
    """Terms with a weight that counts, within the limits of a question."""
    left = MOST_CHARS
    for given in list(terms)[:MOST_TERMS]:
        term = Term(given) if isinstance(given, str) else given
        if left > 0 and term.weight > 0:
            yield term._replace(text=term.text[:left])
            left -= len(term.text)


def _part(schema: Any, term: Term, lang: str) -> Any:
    """The query of one term over text and headings, or None where it has no words."""
    from tantivy import Occur, Query

    stems = [word.stem for word in words(term.text, lang)]
    if not stems:
        return None
    parts = []
    for name, weight in (("text", term.weight), ("heading", HEADING * term.weight)):
        if term.whole and len(stems) > 1:
            parts.append(Query.boost_query(Query.phrase_query(schema, name, list(stems), 0), weight))
        else:
            parts += [Query.boost_query(Query.term_query(schema, name, one, "position"), weight) for one in dict.fromkeys(stems)]
    return Query.boolean_query([(Occur.Should, part) for part in parts])


def _run(index: LexicalIndex, lang: str, parts: Sequence[Any], filters: Filters | None, limit: int) -> Hits:
    from tantivy import Occur, Query

    filters = filters or {}
    if unknown := set(filters) - set(FILTERS):
        raise UsageError(f"there is no filter {min(unknown)!r}", where="search", remedy=f"use {', '.join(FILTERS)}")
    if not parts or limit < 1:
        return []
    schema, searcher = index.schemas[lang], index.searchers[lang]
    must = [Query.boolean_query([(Occur.Should, part) for part in parts])]
    for name, values in filters.items():
        fitting = Query.term_set_query(schema, name, [_value(value) for value in values])
        must.append(Query.const_score_query(fitting, 0.0))
    query = Query.boolean_query([(Occur.Must, part) for part in must])
    hits = searcher.search(query, min(limit, max(searcher.num_docs, 1)), count=False).hits
    found = [(str(searcher.doc(address).get_first("ref")), float(score)) for score, address in hits]
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))
