import builtins
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import trained_here

from strongroom import Strongroom
from strongroom.adapters.model_directory import model_digest
from strongroom.errors import (
    ConfigurationError,
    ExtraMissingError,
    InvalidNameError,
    ModelChangedError,
    ModelRefusedError,
    PolicyInvalidError,
)
from strongroom.gateway.for_room import parts_for
from strongroom.gateway.parts import GatewayLimits
from strongroom.settings import Plugin
from strongroom.wiring.detection_plugins import LOADERS, build_plugins


@pytest.fixture
def model(tmp_path: Path) -> Path:
    pytest.importorskip("onnxruntime", reason="the extra strongroom[onnx] is not installed")
    return trained_here.onnx_classifier(tmp_path / "names")


def plugin(path: Path, **more: Any) -> Plugin:
    return Plugin(**{"kind": "onnx", "path": path, "sha256": model_digest(path), **more})


def test_a_pinned_model_is_loaded_and_the_hubs_are_switched_off(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")  # put back after the test, whatever it becomes here
    for name in ("TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK", "TOKENIZERS_PARALLELISM"):
        monkeypatch.setenv(name, "")
    (recognizer,) = build_plugins({"names": plugin(model)})
    assert recognizer.name == "plug-in:names"
    assert [span.kind for span in recognizer.spans("Anna Kowalski")] == ["PERSON"]
    assert os.environ["HF_HUB_OFFLINE"] == os.environ["TRANSFORMERS_OFFLINE"] == "1"


def test_a_changed_model_is_refused_before_anything_of_it_is_read(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"names": plugin(model)}
    (model / "config.json").write_text((model / "config.json").read_text() + " ")
    monkeypatch.setitem(LOADERS, "onnx", (lambda *_: pytest.fail("it was loaded"), ""))
    with pytest.raises(ModelChangedError, match="not the model that was pinned"):
        build_plugins(settings)


@pytest.mark.parametrize(
    ("kind", "package", "told"),
    [
        ("spacy", "spacy", r"pip install 'strongroom\[spacy\]'"),
        ("onnx", "onnxruntime", r"pip install 'strongroom\[onnx\]'"),
        ("presidio", "presidio_analyzer", r"pip install 'strongroom\[presidio\]'"),
        ("gliner", "gliner", "pip install gliner"),
    ],
)
def test_a_missing_package_is_named_with_what_installs_it(
    model: Path, monkeypatch: pytest.MonkeyPatch, kind: str, package: str, told: str
) -> None:
    (model / "gliner_config.json").write_text('{"encoder_config": {"model_type": "bert"}}')
    (model / "tokenizer_config.json").write_text("{}")
    really: Callable[..., Any] = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(name=package)
        return really(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    for module in ("spacy", "onnx", "presidio", "gliner"):
        monkeypatch.delitem(__import__("sys").modules, f"strongroom.adapters.recognizer_{module}", raising=False)
    with pytest.raises(ExtraMissingError, match=f"needs the package {package}: {told}"):
        build_plugins({"names": plugin(model, kind=kind)})


def test_a_fault_of_our_own_is_not_a_missing_package(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise ModuleNotFoundError(name="strongroom.adapters.recognizer_onnx")

    monkeypatch.setitem(LOADERS, "onnx", (broken, ""))
    with pytest.raises(ModuleNotFoundError):
        build_plugins({"names": plugin(model)})


def test_a_path_that_depends_on_the_place_is_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(model.parent)
    with pytest.raises(ConfigurationError, match="path has to begin with"):
        build_plugins({"names": plugin(Path("names"))})


def test_a_directory_below_home_may_be_named_so(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(model.parent))
    there = Plugin(kind="onnx", path=Path("~/names"), sha256=model_digest(model))
    assert len(build_plugins({"names": there})) == 1


def test_names_and_hub_ids_are_refused(model: Path) -> None:
    with pytest.raises(InvalidNameError, match="plug-in"):
        build_plugins({"Names!": plugin(model)})
    hub = Plugin(kind="gliner", path=Path("/urchade/gliner_small-v2.1"), sha256="0" * 64)
    with pytest.raises(ModelRefusedError, match="never a name on a hub"):
        build_plugins({"names": hub})


def test_a_room_finds_with_it_and_says_which_it_was(open_room: Callable[..., Strongroom], model: Path) -> None:
    settings = {"plugins": {"names": plugin(model).model_dump()}}
    with open_room(detection=settings) as room:
        text = "Boris has anna@example.org"
        found = {text[span.start : span.end]: span.source for span in room.classify(text)}
        assert found["Boris"] == "plug-in:names"
        assert found["anna@example.org"] == "pattern"
        with room.session("bot", tenant="acme", environment="prod", conversation="c") as session:
            safe = session.tokenize("Please greet Anna Kowalski")
            assert "Kowalski" not in safe
            assert session.detokenize(safe) == "Please greet Anna Kowalski"


def test_a_gateway_with_slow_recognizers_inspects_in_threads(
    open_room: Callable[..., Strongroom], model: Path
) -> None:
    def inline(**detection: Any) -> int:
        with open_room(detection=detection) as room, parts_for(room) as parts:
            return parts.limits.inline_bytes

    assert inline(plugins={"names": plugin(model).model_dump()}) == 0
    assert 0 < inline() < inline(names="off") == GatewayLimits().inline_bytes


def test_a_room_does_not_open_without_the_model_it_was_told_to_use(
    open_room: Callable[..., Strongroom], model: Path
) -> None:
    settings = {"plugins": {"names": plugin(model).model_dump()}}
    (model / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelChangedError):
        open_room(detection=settings)


def test_a_kind_the_catalogue_does_not_have_is_refused(open_room: Callable[..., Strongroom], model: Path) -> None:
    settings = {"plugins": {"names": plugin(model, labels={"PER": "CREATURE"}).model_dump()}}
    with pytest.raises(PolicyInvalidError, match="CREATURE"):
        open_room(detection=settings)
