"""What the extras of the frameworks bring along, by the lock."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

LOCK = Path(__file__).parents[3] / "uv.lock"
HEAVY = {"torch", "tensorflow", "transformers", "jax", "litellm", "onnxruntime"}


def brought(extra: str, packages: dict[str, Any]) -> set[str]:
    """The names of everything that `strongroom[extra]` installs beyond strongroom."""
    own = packages["strongroom"]
    todo = [*own["dependencies"], *own["optional-dependencies"][extra]]
    found: set[str] = set()
    while todo:
        needed = todo.pop()
        if needed["name"] not in found:
            found.add(needed["name"])
            package = packages[needed["name"]]
            todo += package.get("dependencies", [])
            for chosen in needed.get("extra", []):
                todo += package.get("optional-dependencies", {}).get(chosen, [])
    return found


@pytest.fixture(scope="module")
def packages() -> dict[str, Any]:
    return {package["name"]: package for package in tomllib.loads(LOCK.read_text(encoding="utf-8"))["package"]}


@pytest.mark.parametrize(
    ("extra", "framework"),
    [("openai-agents", "openai-agents"), ("langchain", "langgraph"), ("llamaindex", "llama-index-core")],
)
def test_an_extra_brings_its_framework_and_no_neural_network(
    packages: dict[str, Any], extra: str, framework: str
) -> None:
    names = brought(extra, packages)
    assert framework in names
    assert names.isdisjoint(HEAVY)


def test_this_test_can_fail(packages: dict[str, Any]) -> None:
    assert not brought("onnx", packages).isdisjoint(HEAVY)
