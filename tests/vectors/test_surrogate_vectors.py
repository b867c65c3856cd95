"""vectors/surrogate through every path: batch, stream in every cut, marking, derivation."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from strongroom.errors import FormatError
from strongroom.formats import surrogate
from strongroom.surrogates.neutral import marked
from strongroom.surrogates.restore import Restorer, restore_text
from strongroom.surrogates.scope import Scope, ScopeKey

REPOSITORY = Path(__file__).parents[2]
DIRECTORY = REPOSITORY / "vectors" / "surrogate"
VECTORS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.json"))}


def named(prefix: str) -> list[Any]:
    return [pytest.param(vector, id=name) for name, vector in VECTORS.items() if name.startswith(prefix)]


def test_there_are_vectors_of_every_sort() -> None:
    assert {name.split("_")[0] for name in VECTORS} == {"text", "derive", "check"}


def test_the_tool_writes_what_is_committed(tmp_path: Path) -> None:
    tool = runpy.run_path(str(REPOSITORY / "tools" / "make_vectors_surrogate.py"))
    tool["main"](tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_bytes() for path in DIRECTORY.iterdir()}


@pytest.mark.parametrize("vector", named("text_"))
def test_what_is_found_in_text(vector: dict[str, Any]) -> None:
    found = [
        {"start": hit.start, "end": hit.end, "surrogate": hit.surrogate, "marks": hit.marks}
        for hit in surrogate.find(vector["text"])
    ]
    assert found == vector["found"]


@pytest.mark.parametrize("vector", named("text_"))
def test_values_come_back_at_once_and_in_every_cut(vector: dict[str, Any]) -> None:
    text, values = vector["text"], vector["values"]
    assert restore_text(text, values.get) == vector["restored"]
    for size in range(1, max(2, len(text))):
        restorer = Restorer(values.get)
        pieces = [restorer.feed(text[at : at + size]) for at in range(0, len(text), size)]
        assert "".join(pieces) + restorer.flush() == vector["restored"], size


@pytest.mark.parametrize("vector", named("text_"))
def test_look_alikes_are_marked(vector: dict[str, Any]) -> None:
    assert marked(vector["text"], vector["values"].__contains__) == vector["marked"]


@pytest.mark.parametrize("vector", named("derive_"))
def test_derivation(vector: dict[str, Any]) -> None:
    scope = Scope("acme", "prod", vector["scope_kind"], vector["scope_id"])
    key = ScopeKey(bytes.fromhex(vector["purpose_key"]), scope)
    lookup = key.lookup(vector["kind"], vector["normalized"])
    assert key.ref.hex() == vector["ref"]
    assert lookup.hex() == vector["lookup"]
    assert key.surrogate(vector["kind"], lookup, vector["probe"]) == vector["surrogate"]


@pytest.mark.parametrize("vector", named("check_"))
def test_check_characters(vector: dict[str, Any]) -> None:
    scope = Scope("acme", "prod", vector["scope_kind"], vector["scope_id"])
    key = ScopeKey(bytes.fromhex(vector["purpose_key"]), scope)
    assert key.is_genuine(vector["text"]) is (vector["expect"] == "ok")
    if vector["expect"] == "format":
        with pytest.raises(FormatError):
            surrogate.parse(vector["text"])
    else:
        assert str(surrogate.parse(vector["text"])) == vector["text"]
