import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]

OWN = """\
types:
  - kind: BADGE
    title: Badge of a visitor
    category: business
    level: 1
    prefix: BADGE
    sinks: [user]
    normalizer: alnum
    fields: [badge]
    patterns:
      - regex: "\\\\bBDG-\\\\d{4}\\\\b"
        score: 0.3
        context: [badge*, visitor]
    examples: ["badge «BDG-1234»"]
    counter_examples: ["BDG-1234"]
"""


def test_a_type_is_explained_without_a_store(command: Command) -> None:
    ended = command("classify", "explain", "iban")
    assert ended.code == 0
    for told in ("International bank account number", "financial, level 3", "check     iban", "taken", "left"):
        assert told in ended.out
    assert "«" not in ended.out


def test_the_explanation_as_json_has_every_rule(command: Command) -> None:
    told = json.loads(command("classify", "explain", "SSN", "--json").out)
    assert told["kind"] == "SSN"
    assert told["threshold"] == 0.5
    assert told["retention_days"] > 0
    assert any("ssn" in rule["words_for"] for rule in told["rules"])


def test_without_a_type_every_type_has_a_line(command: Command) -> None:
    told = json.loads(command("classify", "explain", "--json").out)
    assert len(told) > 150
    assert {"IBAN", "GITHUB_TOKEN"} <= {row["kind"] for row in told}
    assert "IBAN" in command("classify", "explain").out


def test_an_unknown_type_is_a_mistake(command: Command) -> None:
    ended = command("classify", "explain", "NONSENSE")
    assert ended.code == 2
    assert "NONSENSE" in ended.err


def test_a_type_of_ones_own_is_explained_too(command: Command, tmp_path: Path) -> None:
    own, config = tmp_path / "own.yaml", tmp_path / "strongroom.toml"
    own.write_text(OWN, encoding="utf-8")
    config.write_text(f'catalogue = ["{own}"]\n', encoding="utf-8")
    ended = command("classify", "explain", "BADGE", "--config", str(config))
    assert ended.code == 0, ended.err
    assert "for it    badge*, visitor (within 48 characters)" in ended.out
