"""A key service as an unseal path on the command line, and the number a script gets when it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stamina
from tests.fakes.clouds import Clouds
from tests.fakes.transit_engine import TOKEN, Key

from strongroom.keys.kms import TRIES


@pytest.fixture
def key(clouds: Clouds) -> Key:
    clouds.calm()
    return clouds.transit.create("command-line")


@pytest.fixture
def uri(clouds: Clouds, key: Key, tmp_path: Path) -> str:
    (tmp_path / "token").write_text(TOKEN)
    return f"openbao:{clouds.transit_url}/transit/command-line?token-file={tmp_path}/token"


def test_a_key_service_is_added_tested_used_and_removed(room: Callable[..., Any], uri: str) -> None:
    assert "Transit http://127.0.0.1" in room("unseal", "add", uri).out
    assert json.loads(room("unseal", "list", "--json").out) == ["keyfile", "openbao", "recovery"]
    assert room("unseal", "test", uri).code == 0
    assert room("unseal", "list", "--root", uri).code == 0
    assert room("unseal", "remove", "openbao").code == 0
    assert "no such wrap" in room("unseal", "test", uri).err


def test_each_refusal_has_its_number_and_says_what_next(
    room: Callable[..., Any], clouds: Clouds, key: Key, uri: str
) -> None:
    assert room("unseal", "add", uri).code == 0
    clouds.transit.denied = True
    assert room("unseal", "test", uri).code == 3
    clouds.transit.denied, key.soft_deleted = False, True
    doomed = room("unseal", "test", uri)
    assert doomed.code == 3
    assert "Cancel the deletion" in doomed.err
    key.soft_deleted = False
    clouds.transit.faults.always = "sealed"
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        down = room("unseal", "test", uri)
    assert down.code == 5
    assert "--root recovery:" in down.err
    clouds.transit.faults.always = ""
    clouds.transit.lie = "plaintext"
    wrong = room("unseal", "test", uri, "--json")
    assert wrong.code == 4
    assert json.loads(wrong.err)["error"] == "kms_context_mismatch"
    assert room("unseal", "test", uri.replace("/command-line?", "/mistyped?")).code == 4


def test_a_key_that_does_not_bind_is_not_added(room: Callable[..., Any], key: Key, uri: str) -> None:
    key.derived = False
    refused = room("unseal", "add", uri)
    assert refused.code == 2
    assert "derived=true" in refused.err
    assert "openbao" not in room("unseal", "list").out
