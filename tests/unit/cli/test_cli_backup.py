"""Backup, escrow and receipts as a person types them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def _json(ended: Any) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_backup_restore_and_the_machine_that_has_nothing(room: Command, person: Path) -> None:
    (person / "letter.txt").write_bytes(b"dear reader")
    assert room("seal", "letter.txt", "--category", "health").code == 0
    taken = _json(room("backup", "create", "backups", "--json"))
    assert taken["signed_by"] == _json(room("status", "--json"))["log_key"]
    assert room("backup", "verify", "backups", "--public", taken["signed_by"]).code == 0
    assert room("backup", "verify", "backups", "--public", "00" * 32).code == 4
    assert room("backup", "verify", "backups", "--public", "abc").code == 2
    listed = _json(room("backup", "list", "backups", "--json"))
    assert [(row["part"], row["id"]) for row in listed] == [("data", taken["data"]), ("keys", taken["keys"])]
    assert taken["data"] in room("backup", "list", "backups").out
    assert room("backup", "restore", "backups").code == 5, "there is a store"
    shutil.rmtree(person / ".strongroom")
    assert room("status").code == 2
    assert "recover" in room("backup", "restore", "backups").err
    opened = room("open", "letter.txt.sealed", "--category", "health")
    assert (opened.code, opened.out) == (0, "dear reader")
    assert room("audit", "verify").code == 0


def test_prune_says_what_went(room: Command) -> None:
    for _ in range(2):
        assert room("backup", "create", "backups").code == 0
    assert "0 of data and 1 of keys" in room("backup", "prune", "backups", "--keys-days", "0").out
    assert _json(room("backup", "prune", "backups", "--data-days", "0", "--json"))["keys"] == []
    assert room("backup", "restore", "none").code == 2


def test_escrow_and_the_key_that_stayed_offline(room: Command, person: Path) -> None:
    made = _json(room("escrow", "new", "escrow.key", "--json"))
    assert made["id"] in room("escrow", "add", "escrow.key.pub").out
    assert "escrow" in _json(room("status", "--json"))["unseal_paths"]
    assert room("status", "--keyfile", "nowhere.key").code == 2
    assert room("unseal", "test", "escrow:escrow.key").code == 0
    assert room("unseal", "test", "escrow:").code == 2
    assert "keep escrow2.key offline" in room("escrow", "new", "escrow2.key").out
    assert _json(room("escrow", "add", "escrow2.key.pub", "--json"))
    assert room("unseal", "test", "escrow:escrow.key").code == 2, "only the last one counts"
    assert room("escrow", "new", "escrow.key").code == 2


def test_a_receipt_verifies_where_there_is_no_store(room: Command, person: Path) -> None:
    key = _json(room("status", "--json"))["log_key"]
    assert room("erase", "cust-812", "--yes", "--receipt", "receipt.json").code == 0
    shutil.rmtree(person / ".strongroom")
    assert room("erase", "verify", "receipt.json").code == 2
    assert room("erase", "verify", "receipt.json", "--public", key).code == 0
    assert room("erase", "verify", "receipt.json", "--public", "11" * 32).code == 4
    (person / "receipt.json").write_text(
        (person / "receipt.json").read_text().replace('"keys_destroyed": 0', '"keys_destroyed": 9')
    )
    assert room("erase", "verify", "receipt.json", "--public", key).code == 4


def test_credentials_are_rotated_and_their_age_is_shown(room: Command) -> None:
    old = _json(room("credential", "issue", "bot", "--json"))["credential"]
    new = room("credential", "rotate", "bot")
    assert new.out.startswith("sr_")
    assert new.out.strip() not in (old, "")
    assert "refused in 24 hours" in new.err
    assert _json(room("credential", "rotate", "bot", "--overlap-hours", "0", "--json"))["overlap_hours"] == 0
    assert len(_json(room("credential", "list", "--json"))) == 3
    assert room("credential", "rotate", "nobody").code == 3
    assert "No provider key" in room("credential", "upstreams").err
    assert room("credential", "upstream", "openai", stdin=b"sk-one\n").code == 0
    (row,) = _json(room("credential", "upstreams", "--json"))
    assert (row["upstream"], row["due"]) == ("openai", False)
    assert "openai" in room("credential", "upstreams").out


@pytest.mark.parametrize("part", ["key_memory", "key_memory_lacks"])
def test_status_reports_which_protections_hold(room: Command, part: str) -> None:
    facts = _json(room("status", "--json"))
    both = facts["key_memory"] + facts["key_memory_lacks"]
    assert sorted(both) == ["hidden", "locked", "undumped", "untraced"]
    assert "untraced" in facts["key_memory"], "a command of ours forbids it"
    assert part.replace("_", " ") in room("status").out


def test_a_directory_is_sealed_and_opened(room: Command, person: Path) -> None:
    (person / "letters" / "may").mkdir(parents=True)
    (person / "letters" / "may" / "a.txt").write_bytes(b"dear reader")
    (person / "letters" / "link").symlink_to("may")
    first = room("seal", "letters/", "--category", "health")
    assert (first.code, "1 sealed" in first.err, "left out" in first.err) == (0, True, True)
    assert _json(room("seal", "letters", "--category", "health", "--json"))["kept"] == 1
    shutil.rmtree(person / "letters")
    assert room("open", "letters.sealed", "--category", "pii").code == 4
    assert room("open", "letters.sealed", "--category", "health", "-o", "-").code == 2
    assert "1 opened" in room("open", "letters.sealed", "--category", "health").err
    assert (person / "letters" / "may" / "a.txt").read_bytes() == b"dear reader"
    assert _json(room("open", "letters.sealed", "--category", "health", "-o", "other", "--json"))["done"] == 1
    alone = room("open", "letters.sealed/may/a.txt.sealed", "--category", "health")
    assert alone.out == "dear reader"
