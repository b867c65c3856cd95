"""`strongroom classify TARGET`: what a person and a script see of a survey."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def people(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir()
    (directory / "people.csv").write_text("customer_id,full_name,mail\nc1,Zora Quint,z@example.org\n")
    (directory / "image.png").write_bytes(b"\0\0")
    return directory


def test_a_first_word_that_is_a_path_is_surveyed(room: Callable[..., Any], people: Path) -> None:
    for arguments in ((str(people),), ("data", str(people))):
        ended = room("classify", *arguments)
        assert ended.code == 0, ended.err
        assert "EMAIL" in ended.out
        assert "Not inspected (1)" in ended.out
        assert "image.png" in ended.out
        assert "Zora" not in ended.out + ended.err
    told = json.loads(room("classify", str(people), "--json").out)
    assert told["tables"][0]["columns"][2]["kind"] == "EMAIL"
    assert told["not_inspected"][0]["place"] == "image.png"
    assert told["limits"]["rows"] == 1000


def test_exit_codes_for_scripts(room: Callable[..., Any], people: Path) -> None:
    assert room("classify", str(people), "--complete").code == 1
    assert room("classify", str(people), "--fail-from", "2").code == 1
    assert room("classify", str(people), "--fail-from", "3").code == 0
    assert room("classify", "data", str(people / "gone")).code == 2
    assert room("classify", "postgresql://nobody@/x?host=" + str(people)).code == 2


def test_a_proposal_is_confirmed(room: Callable[..., Any], people: Path, tmp_path: Path) -> None:
    path = tmp_path / "proposal.yaml"
    ended = room("classify", str(people), "--propose", str(path))
    assert ended.code == 0, ended.err
    assert "Zora" not in path.read_text()
    ended = room("classify", "confirm", str(path))
    assert ended.code == 0, ended.err
    assert "full_name: PERSON" in ended.out
    assert "Zora" not in room("tokenize", "zora quint").out


def test_a_path_among_further_words_is_text(room: Callable[..., Any], people: Path) -> None:
    assert "EMAIL" in room("classify", str(people), "anna@example.org").out
    assert room("classify", "a" * 5000).code == 0
