"""The search index of a generation: what is known of each passage, an index of words, and indexes of vectors.

    {folder}/passages.jsonl      one line per passage: its text and place, what it names, the values of its filters, its sentences
    {folder}/postings/           by language and stem, the passages that have it and how surely it is their subject
    {folder}/words/              kg.lexical
    {folder}/vectors/passages/   kg.vectors: a vector per passage
    {folder}/vectors/sentences/  kg.vectors: a vector per sentence, list item, table row, and per label of what the passage states
    {folder}/meta.json           format, and the model of the vectors (null where there are none)

Sentences have vectors of their own because a passage that speaks of many things is near to none of them, and because a hit shows
the sentence that answers best.
"""

from __future__ import annotations

import json
import re
import zipfile
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg import lexical, vectors
from kg.compounds import parts
from kg.encoder import Encoder
from kg.errors import StoreError
from kg.lexical import FILTERS, words
from kg.model import Passage
from kg.vectors import VectorIndex

FORMAT = 3
FOLDER = "index"  # in a generation
LABEL = -1  # where a sentence vector begins that stands for a label; its end is the number of the label
OFTEN = 2  # passages that have a word before it counts as part of a compound
ALIKE = 0.8  # share of common stems from which two passages say the same
RARE, MOST_ALIKE = 6, 40  # rarest stems of a passage by which its twins are sought; passages that are compared for one stem

Progress = Callable[[int, int], None]
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Indexed:
    """A passage as search knows it.

    names: labels of what it states, as (language, label); entities: references of what it states or names; filters: values by
    the names of `kg.lexical.FILTERS`; sentences: spans of its text; parts: stems of the parts of its compounds; twins: passages
    that say the same; stems: those of its text, in order, and above: those of its headings and labels, parted by spaces.
    """

    passage: Passage
    names: tuple[tuple[str, str], ...] = ()
    entities: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sentences: Spans = ()
    parts: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    stems: str = ""
    above: str = ""

    @cached_property
    def ref(self) -> str:
        return self.passage.ref

    @cached_property
    def row(self) -> tuple[str, ...]:
        """Stems of its text, in order."""
        return tuple(self.stems.split())

    @cached_property
    def places(self) -> tuple[array[int], array[int]]:
        """Where each stem of its text begins and ends."""
        found = list(words(self.passage.text, self.passage.lang))
        return array("I", (word.start for word in found)), array("I", (word.end for word in found))

    @cached_property
    def numbers(self) -> int:
        """How many numbers its text has."""
        return len(re.findall(r"\d[\d .,]*", self.passage.text))

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """How surely each stem is a subject: in the passage's own words, in headings and labels, as part of a compound."""
        return dict.fromkeys(self.parts, 0.3) | dict.fromkeys(self.above.split(), 0.5) | dict.fromkeys(self.row, 1.0)


@dataclass(frozen=True)
class Postings:
    """By stem, where its entries begin and end; of each entry the row of a passage, in ascending order, and how surely.

    phrases: what was found for terms of several words, as `search_api.concepts` keeps it.
    """

    places: Mapping[str, tuple[int, int]]
    rows: NDArray[np.int64]
    weights: NDArray[np.float32]
    phrases: dict[tuple[str, ...], tuple[NDArray[np.int64], NDArray[np.float32]]] = field(default_factory=dict, compare=False)

    def of(self, stem: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        start, end = self.places.get(stem, (0, 0))
        return self.rows[start:end], self.weights[start:end]


@dataclass(frozen=True)
class Index:
    """An opened index. passages: by reference, in the order of their rows; vectors and sentences are None where the index was
    built without an encoder."""

    passages: Mapping[str, Indexed]
    postings: Mapping[str, Postings]
    words: lexical.LexicalIndex
    vectors: VectorIndex | None
    sentences: VectorIndex | None

    @cached_property
    def mentions(self) -> Mapping[str, int]:
        """How many passages state or name each entity."""
        return Counter(entity for indexed in self.passages.values() for entity in indexed.entities)

    @cached_property
    def values(self) -> Mapping[str, Mapping[str, int]]:
        """How many passages there are by the values of each filter."""
        counts: dict[str, Counter[str]] = {name: Counter() for name in FILTERS}
        for indexed in self.passages.values():
            for name, values in indexed.filters.items():
                counts[name].update(values)
        return counts


def prepared(passages: Sequence[Indexed], glossary: Iterable[str]) -> list[Indexed]:
    """The same passages with their stems, the parts of their compounds, and their twins.

    glossary: stems that are words although the corpus may lack them.
    """
    passages = [_analysed(indexed) for indexed in passages]
    seen = Counter(stem for indexed in passages for stem in set(indexed.row))
    known = {stem for stem, count in seen.items() if count >= OFTEN and len(stem) > 2 and stem.isalpha()} | set(glossary)
    same = _twins(passages, seen)
    return [replace(one, parts=_parts(one, known), twins=tuple(sorted(same.get(one.ref, ())))) for one in passages]


def _analysed(indexed: Indexed) -> Indexed:
    passage = indexed.passage
    above = "\n".join([*passage.section, *(label for lang, label in indexed.names if lang == passage.lang)])
    return replace(indexed, stems=_stems(passage.text, passage.lang), above=_stems(above, passage.lang))


def _stems(text: str, lang: str) -> str:
    return " ".join(word.stem for word in words(text, lang))


def _parts(indexed: Indexed, known: set[str]) -> tuple[str, ...]:
    text = "\n".join([indexed.passage.text, *indexed.passage.section])
    pairs = (parts(word.folded, indexed.passage.lang, known) for word in words(text, indexed.passage.lang))
    return tuple(sorted({stem for pair in pairs if pair for stem in pair}))


def _twins(passages: Sequence[Indexed], seen: Mapping[str, int]) -> dict[str, set[str]]:
    """Passages of one language that share most of their words; only those that share rare ones are compared."""
    with_rare: dict[tuple[str, str], list[Indexed]] = defaultdict(list)
    for indexed in passages:
        for stem in sorted(set(indexed.row), key=lambda stem: (seen[stem], stem))[:RARE]:
            with_rare[indexed.passage.lang, stem].append(indexed)
    found: dict[str, set[str]] = defaultdict(set)
    for group in with_rare.values():
        for a, b in combinations(group[:MOST_ALIKE], 2):
            if b.ref not in found[a.ref] and _alike(set(a.row), set(b.row)):
                found[a.ref].add(b.ref)
                found[b.ref].add(a.ref)
    return found


def _alike(a: set[str], b: set[str]) -> bool:
    return len(a & b) >= ALIKE * len(a | b) > 0


def _fields(indexed: Indexed) -> dict[str, Any]:
    return {name: getattr(indexed, name) for name in indexed.__dataclass_fields__}


def write(
    folder: Path, passages: Sequence[Indexed], encoder: Encoder | None, cache: Path, progress: Progress | None = None
) -> None:
    """Write the index of these passages to an empty folder; without an encoder there are no vectors."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
        for indexed in passages:
            file.write(json.dumps(_as_dict(indexed), ensure_ascii=False, sort_keys=True) + "\n")
    _write_postings(folder / "postings", passages)
    entries = (
        lexical.Entry(
            indexed.ref,
            indexed.passage.lang,
            indexed.passage.text,
            " › ".join(indexed.passage.section),
            [label for _, label in indexed.names],
            indexed.filters,
        )
        for indexed in passages
    )
    lexical.build(folder / "words", entries)
    if encoder:
        _write_vectors(folder / "vectors", passages, encoder, cache, progress)
    meta = {"format": FORMAT, "model": encoder.model_id if encoder else None, "passages": len(passages)}
    (folder / "meta.json").write_text(json.dumps(meta, sort_keys=True) + "\n", "utf-8")


def _write_postings(folder: Path, passages: Sequence[Indexed]) -> None:
    folder.mkdir()
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for row, indexed in enumerate(passages):
        for stem, weight in indexed.weights.items():
            found.setdefault(indexed.passage.lang, {}).setdefault(stem, []).append((row, weight))
    for lang, by_stem in found.items():
        stems = sorted(by_stem)
        entries = [entry for stem in stems for entry in by_stem[stem]]
        np.savez(
            folder / f"{lang}.npz",
            stems=np.array(stems),
            ends=np.cumsum([len(by_stem[stem]) for stem in stems]),
            rows=np.array([row for row, _ in entries], np.int64),
            weights=np.array([weight for _, weight in entries], np.float32),
        )


def _read_postings(folder: Path) -> dict[str, Postings]:
    found = {}
    for file in sorted(folder.glob("*.npz")):
        try:
            with np.load(file, allow_pickle=False) as held:
                places = dict(zip(held["stems"].tolist(), pairwise([0, *held["ends"].tolist()]), strict=True))
                found[file.stem] = Postings(places, held["rows"], held["weights"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise StoreError(f"the search index is damaged: {error}", where=str(file), remedy="build again") from error
    return found


def _write_vectors(folder: Path, passages: Sequence[Indexed], encoder: Encoder, cache: Path, progress: Progress | None) -> None:
    whole = [(indexed.ref, indexed.passage.lang) for indexed in passages]
    pieces, texts = [], []
    for indexed in passages:
        for key, lang, text in _pieces(indexed):
            pieces.append((key, lang))
            texts.append(text)
    inputs = [vectors.passage_input(indexed.passage) for indexed in passages]
    means = vectors.language_means(encoder, cache)
    found = vectors.embed_texts([*inputs, *texts], encoder, cache, progress)
    vectors.write_index(folder / "passages", whole, found[: len(whole)], encoder, means)
    vectors.write_index(folder / "sentences", pieces, found[len(whole) :], encoder, means)


def _pieces(indexed: Indexed) -> Iterator[tuple[str, str, str]]:
    """Key, language and text of every sentence and label; the key of a sentence is its passage with its span."""
    passage = indexed.passage
    for start, end in indexed.sentences:
        yield key_of(passage.ref, start, end), passage.lang, passage.text[start:end]
    for number, (lang, label) in enumerate(dict.fromkeys(indexed.names)):
        yield key_of(passage.ref, LABEL, number), lang, label


def key_of(ref: str, start: int, end: int) -> str:
    return f"{ref}\t{start}\t{end}"


def place_of(key: str) -> tuple[str, int, int]:
    """Passage, start and end of a sentence vector; it begins at `LABEL` where it stands for a label."""
    ref, start, end = key.split("\t")
    return ref, int(start), int(end)


def embedded_texts(passages: Sequence[Indexed]) -> list[str]:
    """Every text whose vector the index of these passages needs: what else the cache holds may go."""
    return [vectors.passage_input(indexed.passage) for indexed in passages] + [
        text for indexed in passages for _, _, text in _pieces(indexed)
    ]


def _as_dict(indexed: Indexed) -> dict[str, Any]:
    return _fields(indexed) | {"passage": asdict(indexed.passage)}


def _from_dict(raw: dict[str, Any]) -> Indexed:
    about = raw["passage"]
    return Indexed(
        passage=Passage(**about | {"section": tuple(about["section"])}),
        names=tuple((lang, label) for lang, label in raw["names"]),
        entities=tuple(raw["entities"]),
        filters={name: tuple(values) for name, values in raw["filters"].items()},
        sentences=tuple((start, end) for start, end in raw["sentences"]),
        parts=tuple(raw["parts"]),
        twins=tuple(raw["twins"]),
        stems=raw["stems"],
        above=raw["above"],
    )


def read_passages(folder: Path) -> list[Indexed]:
    """The passages of an index, in the order of their documents; raises StoreError where they cannot be read."""
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        if meta["format"] != FORMAT:
            raise StoreError(f"the index has format {meta['format']!r}, not {FORMAT}", where=str(folder), remedy="build again")
        with (folder / "passages.jsonl").open(encoding="utf-8") as file:
            found = [_from_dict(json.loads(line)) for line in file]
        if len(found) != meta["passages"]:
            raise ValueError("passages are missing")
    except FileNotFoundError as error:
        raise StoreError("there is no search index", where=str(folder), remedy="build again") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the search index is damaged: {error}", where=str(folder), remedy="build again") from error
    return found


def has_vectors(folder: Path) -> bool:
    """Whether an index was made with an encoder."""
    return (folder / "vectors").is_dir()


def open_index(folder: Path, encoder: Encoder | None) -> Index:
    """The index of a generation, to be asked with this encoder (None: by words alone).

    Raises StoreError where it is missing, damaged, or made with another model than the encoder's.
    """
    passages = {indexed.ref: indexed for indexed in read_passages(folder)}
    if encoder and not has_vectors(folder):
        raise StoreError("the index has no vectors", where=str(folder), remedy="build again, or set GVPP_ENCODER=none")
    return Index(
        passages,
        _read_postings(folder / "postings"),
        lexical.open_index(folder / "words"),
        vectors.open_index(folder / "vectors" / "passages", encoder) if encoder else None,
        vectors.open_index(folder / "vectors" / "sentences", encoder) if encoder else None,
    )
