"""The GLiNER recognizer over a stand-in for the package, which reads as little of a text as the real one does.

`make test-gliner` runs the recognizer on GLiNER itself.
"""

import json
import re
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Self

import pytest

from strongroom.adapters import recognizer_gliner
from strongroom.adapters.recognizer_gliner import GlinerRecognizer
from strongroom.classify.pieces import WORD
from strongroom.errors import ModelRefusedError

KNOWN = {"Anna Kowalski": "person", "Acme": "organization", "Lindenstraße 12, 10969 Berlin": "address"}


class Model:
    """Finds `KNOWN` in the first `max_len` words of a text, as GLiNER would."""

    max_len = 40
    asked: list[tuple[str, list[str]]]

    def __init__(self) -> None:
        self.config = SimpleNamespace(max_len=self.max_len)
        self.asked = []
        self.busy = threading.Lock()

    @classmethod
    def from_pretrained(cls, path: str, *, local_files_only: bool = False) -> Self:
        assert local_files_only
        if not Path(path).is_absolute():
            pytest.fail("a relative path could be a name on a hub")
        if (Path(path) / "pytorch_model.bin").read_bytes() == b"broken":
            msg = "invalid load key"
            raise RuntimeError(msg)
        return cls()

    def eval(self) -> None:
        pass

    def predict_entities(self, text: str, labels: list[str], *, threshold: float) -> list[dict[str, Any]]:
        assert self.busy.acquire(blocking=False), "two texts at once"
        self.asked.append((text, labels))
        words = [match.span() for match in WORD.finditer(text)][: self.max_len]
        end = words[-1][1] if words else 0
        found = [
            {"start": m.start(), "end": m.end(), "label": label, "score": 0.97, "text": m.group()}
            for name, label in KNOWN.items()
            for m in re.finditer(re.escape(name), text[:end])
            if label in labels and threshold <= 0.97
        ]
        self.busy.release()
        return found


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    packages: dict[str, dict[str, Any]] = {
        "gliner": {"GLiNER": Model},
        "huggingface_hub.constants": {"HF_HUB_OFFLINE": True},
        "torch": {"set_num_threads": lambda _: None},
    }
    for name, content in packages.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    (tmp_path / "gliner_config.json").write_text(json.dumps({"model_name": "x", "encoder_config": {"a": 1}}))
    (tmp_path / "tokenizer_config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"weights")
    return tmp_path


def loaded(directory: Path, *, threshold: float = 0.5, **labels: str) -> GlinerRecognizer:
    return GlinerRecognizer(directory, name="names", labels=labels, threshold=threshold, threads=1)


def said(recognizer: GlinerRecognizer, text: str) -> set[tuple[str, str]]:
    return {(text[span.start : span.end], span.kind) for span in recognizer.spans(text)}


def test_it_is_asked_in_words_and_answers_in_kinds(directory: Path) -> None:
    recognizer = loaded(directory)
    assert recognizer.kinds == ["ADDRESS", "LOCATION", "ORGANIZATION", "PERSON"]
    text = "Anna Kowalski of Acme, Lindenstraße 12, 10969 Berlin"
    assert said(recognizer, text) == {
        ("Anna Kowalski", "PERSON"), ("Acme", "ORGANIZATION"), ("Lindenstraße 12, 10969 Berlin", "ADDRESS"),
    }  # fmt: skip
    assert {(span.source, span.score) for span in recognizer.spans(text)} == {
        ("plug-in:names", recognizer_gliner.SCORE_MAX)
    }
    assert recognizer._model.asked[0][1] == ["address", "location", "organization", "person"]


def test_configured_labels_are_asked_for_instead(directory: Path) -> None:
    recognizer = loaded(directory, person="USERNAME", organization="")
    assert recognizer.kinds == ["USERNAME"]
    assert said(recognizer, "Anna Kowalski of Acme") == {("Anna Kowalski", "USERNAME")}
    assert said(loaded(directory, threshold=0.98, person="PERSON"), "Anna Kowalski") == set()


@pytest.mark.parametrize("filler", range(25, 60))
def test_the_end_of_a_long_text_is_read_too(directory: Path, filler: int) -> None:
    text = "word " * filler + "Lindenstraße 12, 10969 Berlin"
    assert ("Lindenstraße 12, 10969 Berlin", "ADDRESS") in said(loaded(directory), text)


def test_places_are_those_of_the_whole_text(directory: Path) -> None:
    text = ("  some words before, " * 30) + "Anna Kowalski" + (" and behind" * 30)
    spans = loaded(directory).spans(text)
    assert {text[span.start : span.end] for span in spans} == {"Anna Kowalski"}


def test_a_text_without_words_is_not_asked_about(directory: Path) -> None:
    recognizer = loaded(directory)
    assert recognizer.spans(" \n ") == []
    assert recognizer._model.asked == []


def test_threads_take_turns(directory: Path) -> None:
    recognizer = loaded(directory)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(50):
                assert said(recognizer, "Anna Kowalski") == {("Anna Kowalski", "PERSON")}
        except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_library_that_is_online_already_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["huggingface_hub.constants"], "HF_HUB_OFFLINE", False)
    with pytest.raises(ModelRefusedError, match="HF_HUB_OFFLINE=1"):
        loaded(directory)


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("gliner_config.json", '{"model_name": "microsoft/deberta-v3-small"}', "elsewhere"),
        ("gliner_config.json", "no json", "has no gliner_config.json"),
        ("modeling.py", "import os", "brings code along"),
        ("config.json", '{"auto_map": {"AutoModel": "x--y.Z"}}', "brings code along"),
        ("pytorch_model.bin", "broken", "no GLiNER model that can be loaded here: invalid load key"),
    ],
)
def test_a_directory_that_is_not_complete_or_brings_code_is_refused(
    directory: Path, file: str, content: str, why: str
) -> None:
    (directory / file).write_text(content)
    with pytest.raises(ModelRefusedError, match=why):
        loaded(directory)


def test_a_directory_without_tokenizer_is_refused(directory: Path) -> None:
    (directory / "tokenizer_config.json").unlink()
    with pytest.raises(ModelRefusedError, match="tokenizer elsewhere"):
        loaded(directory)
