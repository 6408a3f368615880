"""Vectors of passages: a cache that survives, an exact index per document language, and the shift between languages.

The cache keeps each vector under the hash of the text it was made from, so what did not change is never computed again:

    {cache}/vectors/{model}.{engine}.vec     a header line, then records of one size: hash, vector, checksum

The index of a generation is a folder of its own:

    {folder}/{language}.faiss, {language}.ids     vectors and, line by line, the passages they stand for
    {folder}/meta.json                            format, model, dimension, counts, mean of each language

Vectors of Dutch and of French text form two clouds. A question in one language is therefore asked of each language on its own,
and moved by the difference of the two languages' means where the language is another. The means are those of *queries*, made from
the sentences in `ontology/sentences.csv`, which say the same in each language; means of passages point elsewhere and do harm.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kg.encoder import Encoder, Matrix, clean, unit
from kg.errors import MetadataError, StoreError
from kg.model import Passage
from kg.names import digest, slug

FORMAT = 1
SENTENCES = Path(__file__).resolve().parent.parent / "ontology" / "sentences.csv"
MEANS = SENTENCES.with_name("means.json")  # those of the embedded model, so that a first build need not compute them
HEADINGS = 2  # how many of the headings above a passage are encoded with it
KEY = 16  # bytes of a text's hash
_AGAIN = "build again"

Progress = Callable[[int, int], None]
"""Called with how many texts are done, and of how many."""
Hits = list[tuple[str, float]]
"""Passage references with their scores, best first."""


def passage_input(passage: Passage) -> str:
    """What is encoded for a passage: the headings nearest above it, then its words."""
    return "\n".join([" › ".join(passage.section[-HEADINGS:]), passage.text]).strip()


# ---------------------------------------------------------------- cache


def embed_texts(
    texts: Sequence[str], encoder: Encoder, cache_dir: Path, progress: Progress | None = None, *, query: bool = False
) -> Matrix:
    """Vectors of texts (as passages, or as queries), shape (n, dimension), through the cache.

    Each batch is on disk before the next one begins. Vectors that another engine made of the same model are used too.
    """
    keys = [_key(text, encoder, query) for text in texts]
    result = np.zeros((len(texts), encoder.dimension), np.float32)
    rows: dict[bytes, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    own = _file(cache_dir, encoder.model_id, encoder.engine)
    others = sorted(own.parent.glob(f"{slug(encoder.model_id)}.*.vec"))
    for file in dict.fromkeys([own, *others]):
        for key, vector in _read(file, encoder, set(rows)):
            for row in rows.pop(key):
                result[row] = vector
    if not rows:
        return result
    missing = list(rows)
    with _appending(own, encoder) as append:
        for start in range(0, len(missing), encoder.batch):
            batch = missing[start : start + encoder.batch]
            wanted = [texts[rows[key][0]] for key in batch]
            vectors = encoder.encode_queries(wanted) if query else encoder.encode_passages(wanted)
            append(batch, vectors)
            for key, vector in zip(batch, vectors, strict=True):
                result[rows[key]] = vector
            if progress:
                progress(min(start + encoder.batch, len(missing)), len(missing))
    return result


def prune(texts: Iterable[str], cache_dir: Path, encoder: Encoder, queries: Iterable[str] = ()) -> int:
    """Drop every vector of a text that is none of these (a removed document leaves nothing behind) and say how many.

    queries: texts that were encoded as queries.
    """
    wanted = {_key(text, encoder, False) for text in texts} | {_key(text, encoder, True) for text in queries}
    wanted |= {_key(text, encoder, True) for texts in sentences().values() for text in texts}
    dropped = 0
    for file in sorted((cache_dir / "vectors").glob(f"{slug(encoder.model_id)}.*.vec")):
        with _locked(file):
            total = max(0, file.stat().st_size - len(_header(encoder))) // _record(encoder).itemsize
            kept = list(_read(file, encoder, wanted))
            if len(kept) == total:
                continue
            new = file.with_suffix(".new")
            with new.open("wb") as stream:
                stream.write(_header(encoder))
                if kept:
                    stream.write(_records([key for key, _ in kept], np.stack([vector for _, vector in kept]), encoder))
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(file)
            dropped += total - len(kept)
    return dropped


def _key(text: str, encoder: Encoder, query: bool) -> bytes:
    kind = b"q\0" if query else b"p\0"
    return hashlib.sha256(kind + clean(text, encoder.model.max_chars).encode()).digest()[:KEY]


def _file(cache_dir: Path, model: str, engine: str) -> Path:
    return cache_dir / "vectors" / f"{slug(model)}.{slug(engine)}.vec"


def _header(encoder: Encoder) -> bytes:
    """The first line of a cache file: what it must say to be used."""
    about = {"format": FORMAT, "model": encoder.model_id, "dimension": encoder.dimension}
    return json.dumps(about, sort_keys=True).encode() + b"\n"


def _record(encoder: Encoder) -> np.dtype[Any]:
    return np.dtype([("key", f"V{KEY}"), ("vector", "<f4", (encoder.dimension,)), ("sum", "<u4")])


def _records(keys: Sequence[bytes], vectors: Matrix, encoder: Encoder) -> bytes:
    records = np.zeros(len(keys), _record(encoder))
    for record, key, vector in zip(records, keys, vectors, strict=True):
        record["key"], record["vector"] = np.void(key), vector
        record["sum"] = zlib.crc32(record.tobytes()[:-4])
    return records.tobytes()


def _read(file: Path, encoder: Encoder, wanted: Collection[bytes]) -> Iterator[tuple[bytes, Matrix]]:
    """Whole records with a right checksum, each wanted key once; a file of another model, or none, yields nothing."""
    header, kind = _header(encoder), _record(encoder)
    try:
        with file.open("rb") as stream:
            count = (os.fstat(stream.fileno()).st_size - len(header)) // kind.itemsize
            if stream.read(len(header)) != header or count < 1 or not wanted:
                return
            records = np.memmap(stream, kind, "r", len(header), (count,))
    except OSError:  # what cannot be read is computed; where it cannot be written either, that is told
        return
    left = set(wanted)
    for key, record in zip(records["key"].tolist(), records, strict=True):
        if key in left and zlib.crc32(record.tobytes()[:-4]) == record["sum"]:
            left.discard(key)
            yield key, np.array(record["vector"], np.float32)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[BinaryIO]:
    """The file, opened for one writer at a time; another one waits. What `prune` has replaced meanwhile is opened anew."""
    while True:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with file.open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if _is_still(file, stream):
                yield stream
                return


def _is_still(file: Path, stream: BinaryIO) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), file.stat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _appending(file: Path, encoder: Encoder) -> Iterator[Callable[[Sequence[bytes], Matrix], None]]:
    """A function that adds records. What a killed process left unfinished at the end is cut off first."""
    try:
        with _locked(file) as stream:
            header, size = _header(encoder), _record(encoder).itemsize
            stream.seek(0)
            if stream.read(len(header)) != header:
                stream.truncate(0)
                stream.write(header)
            else:
                end = stream.seek(0, os.SEEK_END)
                stream.truncate(end - (end - len(header)) % size)

            def append(keys: Sequence[bytes], vectors: Matrix) -> None:
                stream.write(_records(keys, vectors, encoder))
                stream.flush()

            yield append
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise StoreError(
            f"the cache of vectors cannot be written: {error}", where=str(file), remedy="see to space and rights"
        ) from error


# ---------------------------------------------------------------- means


def sentences(file: Path = SENTENCES) -> Mapping[str, list[str]]:
    """Sentences by language, the same ones in each; raises MetadataError where a cell is empty."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
        if not rows or any(not cell or not isinstance(cell, str) for row in rows for cell in row.values()):
            raise ValueError("every row needs a sentence in each language")
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise MetadataError(f"cannot be used: {error}", where=str(file), remedy="correct the file") from error
    return {lang: [row[lang] for row in rows] for lang in rows[0]}


def language_means(encoder: Encoder, cache_dir: Path, progress: Progress | None = None) -> dict[str, Matrix]:
    """Mean query vector of each language, from sentences that no corpus holds: shipped, else computed once and cached."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        shipped = json.loads(MEANS.read_text("utf-8"))
        if (shipped["model"], shipped["sentences"]) == (encoder.model_id, _sentences_mark()):
            return {lang: np.asarray(mean, np.float32) for lang, mean in shipped["means"].items()}
    return computed_means(encoder, cache_dir, progress)


def computed_means(encoder: Encoder, cache_dir: Path, progress: Progress | None = None) -> dict[str, Matrix]:
    """The means, from the sentences themselves."""
    found = sentences()
    every = [text for texts in found.values() for text in texts]
    vectors = iter(embed_texts(every, encoder, cache_dir, progress, query=True))
    return {lang: np.mean([next(vectors) for _ in texts], axis=0, dtype=np.float32) for lang, texts in found.items()}


def save_means(encoder: Encoder, means: Mapping[str, Matrix], file: Path = MEANS) -> None:
    """Write the file that is shipped; to be done when the sentences or the embedded model change."""
    rounded = {lang: [round(float(x), 6) for x in mean] for lang, mean in means.items()}
    about = {"model": encoder.model_id, "sentences": _sentences_mark(), "means": rounded}
    file.write_text(json.dumps(about) + "\n", "utf-8")


def _sentences_mark() -> str:
    return digest(*(text for texts in sentences().values() for text in texts))


def shifted(vector: Matrix, source: str, target: str, means: Mapping[str, Matrix]) -> Matrix:
    """A query vector as if it had been asked in the target language; unchanged where a mean is not known."""
    if source == target or source not in means or target not in means:
        return vector
    return unit(vector + means[target] - means[source])


# ---------------------------------------------------------------- index


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """An opened index: by language a FAISS index and the passage reference of each of its rows."""

    model_id: str
    dimension: int
    indexes: Mapping[str, Any]
    ids: Mapping[str, list[str]]
    means: Mapping[str, Matrix]


def write_index(
    folder: Path, keys: Sequence[tuple[str, str]], vectors: Matrix, encoder: Encoder, means: Mapping[str, Matrix] | None = None
) -> dict[str, int]:
    """Write the index of texts, known by a key (one line) and a language, to an empty folder; counts by language come back.

    vectors: row by row those of the texts. A key that comes again in its language is indexed once.
    """
    import faiss

    if vectors.shape != (len(keys), encoder.dimension) or not np.isfinite(vectors).all():
        raise ValueError(f"{len(keys)} texts need finite vectors of {encoder.dimension} numbers, not {vectors.shape}")
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, dict[str, int]] = {}
    for row, (key, lang) in enumerate(keys):
        rows.setdefault(lang, {}).setdefault(key, row)
    for lang, found in sorted(rows.items()):
        index = faiss.IndexFlatIP(encoder.dimension)
        index.add(np.ascontiguousarray(vectors[list(found.values())], np.float32))
        faiss.write_index(index, str(folder / f"{lang}.faiss"))
        (folder / f"{lang}.ids").write_text("".join(f"{key}\n" for key in found), "utf-8")
    counts = {lang: len(found) for lang, found in sorted(rows.items())}
    meta = {
        "format": FORMAT,
        "model": encoder.model_id,
        "dimension": encoder.dimension,
        "counts": counts,
        "means": {lang: [float(x) for x in mean] for lang, mean in sorted((means or {}).items())},
    }
    (folder / "meta.json").write_text(json.dumps(meta, sort_keys=True) + "\n", "utf-8")
    return counts


def open_index(folder: Path, encoder: Encoder) -> VectorIndex:
    """The index of a generation, to be asked with this encoder.

    Raises StoreError where the index is missing, damaged, of another format, or made with another model or dimension.
    """
    import faiss

    where = str(folder)
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        found = meta["format"]
        if found != FORMAT:
            raise StoreError(f"the index of vectors has format {found!r}, not {FORMAT}", where=where, remedy=_AGAIN)
        model, dimension = meta["model"], meta["dimension"]
        if (model, dimension) != (encoder.model_id, encoder.dimension):
            made, asked = f"{model} ({dimension} numbers)", f"{encoder.model_id} ({encoder.dimension})"
            raise StoreError(
                f"the index was made with {made}, not with {asked}", where=where, remedy=f"{_AGAIN}, or use that encoder"
            )
        means = {lang: np.asarray(mean, np.float32) for lang, mean in meta["means"].items()}
        indexes, ids = {}, {}
        for lang, count in meta["counts"].items():
            indexes[lang] = faiss.read_index(str(folder / f"{lang}.faiss"))
            ids[lang] = (folder / f"{lang}.ids").read_text("utf-8").splitlines()
            if not count == len(ids[lang]) == indexes[lang].ntotal or indexes[lang].d != dimension:
                raise ValueError(f"{lang} does not hold what meta.json says")
        if any(mean.shape != (dimension,) for mean in means.values()):
            raise ValueError("a mean has another dimension")
    except FileNotFoundError as error:
        raise StoreError("there is no index of vectors", where=where, remedy=_AGAIN) from error
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"the index of vectors is damaged: {error}", where=where, remedy=_AGAIN) from error
    return VectorIndex(model, dimension, indexes, ids, means)


def search(index: VectorIndex, vector: Matrix, lang: str, limit: int) -> dict[str, Hits]:
    """The nearest texts in each language, exactly; scores are cosines, comparable after the shift.

    vector: one query vector of length 1; lang: language of the question.
    """
    found: dict[str, Hits] = {}
    for target, flat in index.indexes.items():
        if limit > 0:
            ids = index.ids[target]
            asked = np.ascontiguousarray(shifted(vector, lang, target, index.means), np.float32).reshape(1, -1)
            scores, places = flat.search(asked, min(limit, len(ids)))
            hits = [(ids[place], float(score)) for place, score in zip(places[0], scores[0], strict=True) if place >= 0]
            found[target] = sorted(hits, key=lambda hit: (-hit[1], hit[0]))
    return found


def stored(index: VectorIndex, lang: str) -> Matrix:
    """The vectors of one language as they lie in the index, row by row: look, do not touch."""
    import faiss

    flat = index.indexes[lang]
    return np.asarray(faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d).reshape(flat.ntotal, flat.d))


def cosines(index: VectorIndex, vector: Matrix, lang: str) -> dict[str, Matrix]:
    """How near every text of each language is to a query vector, in the order of `ids`; comparable after the shift."""
    return {target: products(stored(index, target), shifted(vector, lang, target, index.means)) for target in index.indexes}


def products(matrix: Matrix, vector: Matrix) -> Matrix:
    """The product of each row with a vector, on one thread.

    The `@` of numpy starts threads that go on spinning for a while and hold up the encoder, which costs ten times what they save.
    """
    return np.asarray(np.einsum("ij,j->i", matrix, vector))


def merged(hits: Mapping[str, Hits], limit: int) -> Hits:
    """The best of all languages."""
    return sorted((hit for found in hits.values() for hit in found), key=lambda hit: (-hit[1], hit[0]))[:limit]
