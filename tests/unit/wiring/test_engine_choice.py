from __future__ import annotations

import sys
from pathlib import Path

import pytest

from strongroom.adapters.engine_hyperscan import HyperscanEngine, _Gates
from strongroom.classify import Catalogue, PatternEngine, RE2Engine
from strongroom.classify.engine import Expression
from strongroom.classify.engine_stdlib import StdlibEngine
from strongroom.errors import ConfigurationError, PolicyInvalidError
from strongroom.settings import load_settings
from strongroom.wiring.detection import build_classifier, build_engine

ENGINES: dict[str, type[PatternEngine]] = {"re2": RE2Engine, "hyperscan": HyperscanEngine, "stdlib": StdlibEngine}
OWN = """types:
  - kind: AA
    title: a
    category: pii
    level: 1
    prefix: AA
    sinks: [user]
    normalizer: digits
    patterns:
      - score: 0.9
        regex: "\\\\d{4}"
      - regex: "(?=a)b"
        score: 0.9
"""


def settings(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "strongroom.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ENGINES)
def test_the_settings_choose_the_engine(tmp_path: Path, name: str) -> None:
    if name == "hyperscan":
        pytest.importorskip("hyperscan", reason="the extra hyperscan is not installed")
    loaded = load_settings(settings(tmp_path, f'[detection]\nengine = "{name}"\n'))
    engine = build_engine(loaded, [Expression(r"\d{3}"), Expression(r"[a-z]+", gate="x", near=48)])
    assert type(engine) is ENGINES[name]
    assert [(c.start, c.end) for c in engine.candidates("12 345")] == [(3, 6)]


def test_an_unknown_engine_is_refused_by_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"detection\.engine"):
        load_settings(settings(tmp_path, '[detection]\nengine = "pcre"\n'))


def test_an_engine_that_is_not_installed_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    loaded = load_settings(settings(tmp_path, '[detection]\nengine = "hyperscan"\n'))
    with pytest.raises(ConfigurationError, match=r"strongroom\[hyperscan\]"):
        build_engine(loaded, [Expression("a")])


@pytest.mark.parametrize(("name", "why"), [("re2", r"\(\?="), ("hyperscan", r"\(\?="), ("stdlib", r"\(\?=")])
def test_a_pattern_that_cannot_be_held_is_refused_with_file_line_and_why(
    tmp_path: Path, name: str, why: str
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    loaded = load_settings(settings(tmp_path, f'[detection]\nengine = "{name}"\n'))
    with pytest.raises(PolicyInvalidError, match=rf"^catalogue own\.yaml:12: pattern refused by .*{why}"):
        build_classifier(loaded, Catalogue.load([own]))


def test_what_is_too_large_for_hyperscan_is_found_all_the_same() -> None:
    pytest.importorskip("hyperscan", reason="the extra hyperscan is not installed")
    large = Expression("[^a]{4,500}b[^c]{4,500}d")
    text = "abc" + "x" * 9 + "b" + "y" * 9 + "d"
    engine = HyperscanEngine([Expression("abc"), large])
    assert isinstance(engine._gates, _Gates)
    assert engine._gates._words.unheld == [1]
    assert len(engine.candidates(text)) == 2
    assert engine.candidates(text) == RE2Engine([Expression("abc"), large]).candidates(text)
