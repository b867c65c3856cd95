import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strongroom.adapters.model_directory import model_digest


def test_the_digest_is_printed_and_needs_no_store(command: Callable[..., Any], tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"w")
    ended = command("classify", "pin", str(model))
    assert (ended.code, ended.out) == (0, model_digest(model) + "\n")
    told = json.loads(command("classify", "pin", str(model), "--json").out)
    assert told == {"path": str(model), "sha256": model_digest(model)}


def test_what_has_no_digest_is_a_usage_error(command: Callable[..., Any], tmp_path: Path) -> None:
    assert command("classify", "pin", str(tmp_path / "none")).code == 2
    (tmp_path / "empty").mkdir()
    ended = command("classify", "pin", str(tmp_path / "empty"))
    assert ended.code == 2
    assert "holds no file" in ended.err
