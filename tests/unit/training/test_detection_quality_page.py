"""The page about detection quality is what was measured, and says so when something was not."""

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MADE = runpy.run_path(str(ROOT / "tools" / "make_detection_quality.py"), run_name="detection_quality")
SCORE = {"true": 40, "found": 40, "recall": 0.98765, "precision": 0.5, "f1": 0.6, "f2": 0.7}


def contestant(kind: str = "PERSON") -> dict[str, object]:
    kinds = {kind: {"exact": SCORE, "partial": SCORE, "covered": 0.9}}
    return {name: {"texts": 3, "words": SCORE, "kinds": kinds} for name in ("every", "named")}


@pytest.fixture
def report() -> dict[str, object]:
    corpora = {name: {dial: contestant() for dial in ("balanced", "recall")} for name in ("generated texts", "x")}
    return {"date": "2026-01-02", "command": "make it", "versions": {}, "peer": "", "corpora": corpora}


def test_the_page_is_what_was_measured() -> None:
    measured = json.loads(MADE["REPORT"].read_text(encoding="utf-8"))
    page = MADE["PAGE"].read_text(encoding="utf-8")
    assert page == MADE["page"](measured), "run python tools/make_detection_quality.py"


def test_every_corpus_has_a_line_and_a_table(report: dict[str, object]) -> None:
    page = MADE["page"](report)
    assert "| x | 3 | 0.987 |" in page
    assert "## By kind, x" in page
    assert "Measured on 2026-01-02 with `make it`." in page


def test_a_share_is_never_rounded_up_and_a_missing_one_is_a_dash() -> None:
    assert MADE["share"](0.9499) == "0.949"
    assert MADE["share"](None) == MADE["NOTHING"]
    assert MADE["share"](0.0) == "0.000"
    assert MADE["share"](1.0) == "1.000"


def test_kinds_with_few_values_say_nothing(report: dict[str, object]) -> None:
    table = list(MADE["kinds"]({dial: contestant() for dial in ("balanced", "recall")}))
    assert any("PERSON" in line for line in table)
    few = contestant()
    few["every"]["kinds"]["PERSON"]["exact"] = SCORE | {"true": 3}  # type: ignore[index]
    assert not any("PERSON" in line for line in MADE["kinds"]({"balanced": few, "recall": few}))
