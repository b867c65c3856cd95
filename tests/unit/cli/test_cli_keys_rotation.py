"""`strongroom keys`: rotation, usage, the announced end of versions, and what is due."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PATH = "main/prod/pii"


@pytest.fixture
def keys(room: Callable[..., Any]) -> Callable[..., Any]:
    """Run `strongroom keys ...` and return the parsed JSON; asserts success."""
    room("keys", "create", PATH)

    def run(*arguments: str) -> Any:
        ended = room("keys", *arguments, "--json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    return run


def states(keys: Callable[..., Any]) -> list[str]:
    return [row["state"] for row in keys("list", PATH) if row["use"] == "data"]


def test_a_version_lives_and_ends(room: Callable[..., Any], keys: Callable[..., Any]) -> None:
    keys("rotate", PATH)
    keys("schedule", PATH, "--version", "1", "--after", "0s")
    assert states(keys) == ["deactivation_scheduled", "primary"]
    keys("cancel", PATH, "--version", "1")
    assert states(keys) == ["decrypt_only", "primary"]
    keys("schedule", PATH, "--version", "1", "--after", "0s")
    assert "is disabled" in room("keys", "deactivate", PATH, "--version", "1").out
    assert states(keys) == ["disabled", "primary"]
    keys("enable", PATH, "--version", "1")
    keys("destroy", PATH, "--version", "1", "--after", "30d")
    assert states(keys) == ["destroy_scheduled", "primary"]
    keys("cancel", PATH, "--version", "1")
    assert states(keys) == ["disabled", "primary"]
    keys("compromise", PATH, "--version", "2")
    assert states(keys) == ["disabled", "compromised", "primary"]


def test_data_is_sealed_anew_and_usage_says_who(
    room: Callable[..., Any], keys: Callable[..., Any], tmp_path: Path
) -> None:
    table = tmp_path / "people.csv"
    table.write_text("id,email\nc-1,anna@example.org\n")
    assert room("source", "add", str(table), "--subject-column", "id").code == 0
    keys("rotate", f"{PATH}/c-1")
    used = keys("usage", f"{PATH}/c-1")
    assert [(row["version"], row["by"], row["count"]) for row in used] == [
        (1, "known-values", 1),
        (1, "known values", 1),
        (2, "nobody", 0),
    ]
    keys("schedule", f"{PATH}/c-1", "--version", "1", "--after", "0s")
    refused = room("keys", "deactivate", f"{PATH}/c-1", "--version", "1")
    assert refused.code == 3
    assert "known-values (seal, 1 times" in refused.err
    assert "1 sealed in known values" in refused.err
    assert "keys rewrap" in refused.err
    ended = room("keys", "rewrap", PATH)
    assert "1 of 1 sealed anew" in ended.out, ended.err
    assert keys("rewrap", PATH)["renewed"] == 0
    assert [row["by"] for row in keys("usage", f"{PATH}/c-1") if row["for"] == "sealed data"] == ["known values"]
    assert "needed by" in room("keys", "usage", PATH).out


def test_what_is_due_is_listed_and_done(room: Callable[..., Any], keys: Callable[..., Any]) -> None:
    assert keys("due") == {"due": []}
    assert "Nothing is due" in room("keys", "due").err
    settings = "[rotation]\ndata_days = 0.000000001\ndual_days = 1\n"
    Path(json.loads(room("status", "--json").out)["home"], "strongroom.toml").write_text(settings)
    found = {(item["path"], item["act"]) for item in keys("due")["due"]}
    assert found == {("main/prod", "rotate"), (PATH, "rotate")}
    assert json.loads(room("status", "--json").out)["keys_due"] == 2
    assert PATH in room("keys", "due").out
    assert keys("due", "--run")["done"]["rotate"] == 4
    assert states(keys) == ["decrypt_only", "primary"]
    assert "Versions changed or made: rotate 4" in room("keys", "due", "--run").err


@pytest.mark.parametrize("text", ["", "soon", "d", "-3d", "3w", "1.2.3h"])
def test_a_time_that_is_none_is_refused(room: Callable[..., Any], keys: Callable[..., Any], text: str) -> None:
    ended = room("keys", "schedule", PATH, "--version", "1", "--after", text)
    assert ended.code == 2
    assert "such as 30d" in ended.err


def test_a_store_put_back_is_refused_until_it_is_accepted(
    room: Callable[..., Any], keys: Callable[..., Any], tmp_path: Path
) -> None:
    home = Path(json.loads(room("status", "--json").out)["home"])
    shutil.copy(home / "strongroom.db", tmp_path / "old.db")
    keys("disable", PATH)
    for name in ("strongroom.db-wal", "strongroom.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "old.db", home / "strongroom.db")
    ended = room("status")
    assert ended.code == 4
    assert "older than its log" in ended.err
    assert room("keys", "accept-older-store").code != 0
    assert "accepted" in room("keys", "accept-older-store", "--yes").out
    assert states(keys) == ["primary"]
    assert "keys.older_store_accepted" in room("audit", "show", "--last", "200").out
