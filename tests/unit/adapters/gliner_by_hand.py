"""GLiNER itself, with a model made here: run by `make test-gliner` in an environment of its own.

Its dependency torch is several GB, so this is no part of the ordinary tests; those have a stand-in for the package
(`test_recognizer_gliner.py`), and this shows that the stand-in is like the real thing.
"""
# ruff: noqa: E402 - the libraries read once, when they are imported, whether they may use the network

import json
import socket
from pathlib import Path
from typing import Any

from strongroom.settings import keep_models_offline

keep_models_offline()

import pytest
from gliner.config import UniEncoderSpanConfig  # type: ignore[import-not-found, unused-ignore]
from gliner.model import UniEncoderSpanGLiNER  # type: ignore[import-not-found, unused-ignore]
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast  # type: ignore[import-not-found, unused-ignore]

from strongroom.adapters.model_directory import model_digest
from strongroom.adapters.recognizer_gliner import GlinerRecognizer
from strongroom.errors import ModelRefusedError
from strongroom.settings import Plugin
from strongroom.wiring.detection_plugins import build_plugins

WORDS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Anna", "Kowalski", "lives", "in", "Berlin", "and", "works",
    "for", "Acme", "person", "city", ".",
]  # fmt: skip
VOCABULARY = len(WORDS) + 3  # GLiNER adds marks of its own


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        msg = "the model tried to reach the network"
        raise AssertionError(msg)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model of a few thousand weights, saved as `save_pretrained` does."""
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]",
    )  # fmt: skip
    encoder = {
        "model_type": "bert", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 64, "vocab_size": VOCABULARY, "max_position_embeddings": 512,
    }  # fmt: skip
    directory = tmp_path_factory.mktemp("gliner") / "model"
    config = UniEncoderSpanConfig(
        model_name="bert-made-in-a-test", encoder_config=encoder, hidden_size=32, max_len=64, dropout=0.0,
        vocab_size=VOCABULARY,
    )  # fmt: skip
    made: Any = UniEncoderSpanGLiNER(config, tokenizer=fast)
    made.save_pretrained(directory)
    return directory


def test_a_saved_model_is_loaded_from_its_directory_alone_and_reads_the_whole_text(model: Path) -> None:
    plugin = Plugin(
        kind="gliner", path=model, sha256=model_digest(model), labels={"person": "PERSON", "city": "CITY"},
        threshold=0.0,
    )  # fmt: skip
    (recognizer,) = build_plugins({"names": plugin})
    assert recognizer.kinds == ["CITY", "PERSON"]
    text = "Anna Kowalski lives in Berlin and works for Acme . " * 40
    found = recognizer.spans(text)  # untrained, and the threshold lets everything through
    assert found
    assert max(span.end for span in found) > len(text) - 60
    assert all(0 <= span.start < span.end <= len(text) and span.score <= 0.8 for span in found)
    assert all(text[span.start : span.end].strip() == text[span.start : span.end] for span in found)
    assert {span.source for span in found} == {"plug-in:names"}


def test_a_model_that_refers_to_a_hub_is_refused(model: Path, tmp_path: Path) -> None:
    config = json.loads((model / "gliner_config.json").read_text())
    config["encoder_config"] = None
    (tmp_path / "gliner_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelRefusedError, match="elsewhere"):
        GlinerRecognizer(tmp_path, name="names", labels={}, threshold=0.5, threads=1)


def test_weights_that_do_not_fit_are_refused(model: Path, tmp_path: Path) -> None:
    for path in model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"no weights")
    with pytest.raises(ModelRefusedError, match="no GLiNER model that can be loaded"):
        GlinerRecognizer(tmp_path, name="names", labels={}, threshold=0.5, threads=1)
