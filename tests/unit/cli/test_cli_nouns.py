"""Each noun once for real: a store of its own, the command as a person types it, text and JSON."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

MAIL = "anna.schmidt@example.org"


def _json(ended: Any) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_init_prints_the_recovery_share_once(command: Command) -> None:
    first = command("init")
    again = command("init")
    assert first.code == again.code == 0
    assert "it is not shown again" in first.err
    share = re.search(r"^ {4}(\S.+)$", first.err, re.MULTILINE)
    assert share is not None
    assert again.err == ""
    assert share[1] not in again.out


def test_status_makes_no_store(command: Command, person: Path) -> None:
    ended = command("status")
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert "Traceback" not in ended.err
    assert not (person / ".strongroom").exists()


def test_status_tells_where_and_what(room: Command, person: Path) -> None:
    facts = _json(room("status", "--json"))
    assert facts["home"] == str(person / ".strongroom")
    assert facts["mode"] == "enforce"
    assert facts["home"] in room("status").out


def test_a_lost_keyfile_is_replaced_with_the_recovery_share(command: Command, person: Path) -> None:
    share = _json(command("init", "--keyfile", "root.key", "--json"))["recovery_share"]
    lost = (person / "root.key").rename(person / "lost.key")
    assert command("status", "--keyfile", "root.key").code == 2
    wrong = command(
        "recover", "--keyfile", "root.key", stdin=f"{'B' if share[0] == 'A' else 'A'}{share[1:]}\n".encode()
    )
    assert (wrong.code, (person / "root.key").exists()) == (2, False)
    assert command("recover", "--keyfile", "root.key", stdin=b"\n").code == 2
    found = command("recover", "--keyfile", "root.key", stdin=f"{share.lower()}\n".encode())
    assert found.code == 0, found.err
    assert (person / "root.key").stat().st_mode & 0o777 == 0o600
    assert share not in found.out + found.err
    assert command("status", "--keyfile", "root.key").code == 0
    assert command("status", "--keyfile", str(lost)).code == 2, "the lost keyfile opens nothing any more"
    again = command("recover", "--keyfile", "root.key", stdin=f"{share}\n".encode())
    assert again.code == 2, "a keyfile that is there is never written over"


def test_tokenize_shows_what_a_model_would_see(room: Command) -> None:
    from_words = room("tokenize", "Mail", MAIL, "now")
    from_stdin = room("tokenize", stdin=f"again {MAIL}\n".encode())
    surrogate = re.fullmatch(r"Mail (EMAIL_[0-9A-Z]{7}) now\n", from_words.out)
    assert surrogate is not None, from_words
    assert from_stdin.out == f"again {surrogate[1]}\n", "one conversation, one surrogate"
    other = _json(room("tokenize", MAIL, "--session", "other", "--json"))
    assert other["changed"] is True
    assert other["text"] not in (surrogate[1], MAIL)


def test_classify_names_kinds_and_hides_values_unless_asked(room: Command, person: Path) -> None:
    (person / "mail.txt").write_text(f"write to {MAIL}\n", encoding="utf-8")
    (span,) = _json(room("classify", "--file", "mail.txt", "--json"))
    assert (span["kind"], span["start"], span["end"]) == ("EMAIL", 9, 9 + len(MAIL))
    assert MAIL not in room("classify", MAIL).out
    assert MAIL in room("classify", MAIL, "--show").out
    assert room("classify", "nothing here").err == "Nothing was found.\n"


def test_a_sealed_file_opens_only_under_its_own_labels(room: Command, person: Path) -> None:
    (person / "note.txt").write_bytes(b"penicillin allergy\n" * 5000)
    made = room("seal", "note.txt", "--category", "health", "--subject", "cust-812")
    assert made.code == 0, made.err
    sealed = (person / "note.txt.sealed").read_bytes()
    assert b"penicillin" not in sealed
    right = ("--category", "health", "--subject", "cust-812")
    assert room("open", "note.txt.sealed", *right).out == "penicillin allergy\n" * 5000
    assert room("open", "note.txt.sealed", "--category", "health").code == 4
    (person / "note.txt.sealed").write_bytes(sealed[:-1])
    failed = room("open", "note.txt.sealed", *right, "--output", "back.txt")
    assert failed.code == 4
    assert "cannot open the sealed data" in failed.err
    assert sorted(path.name for path in person.iterdir() if path.is_file()) == ["note.txt", "note.txt.sealed"]


def test_seal_and_open_work_as_a_pipe(room: Command) -> None:
    refused = room("seal", "-", "--json", stdin=b"x")
    assert refused.code == 2
    missing = room("seal", "gone.txt")
    assert (missing.code, missing.err) == (5, "error: No such file or directory: gone.txt\n")


def test_credentials_are_shown_once_and_revoked(room: Command) -> None:
    issued = _json(room("credential", "issue", "support-bot", "--tenant", "acme", "--json"))
    assert re.fullmatch(r"sr_[A-Za-z0-9_-]{43}", issued["credential"])
    listed = room("credential", "list")
    assert "support-bot" in listed.out
    assert issued["credential"] not in listed.out
    assert room("credential", "revoke", "support-bot").code == 3, "it was issued in another tenant"
    assert _json(room("credential", "revoke", "support-bot", "--tenant", "acme", "--json"))["revoked"] == 1
    assert [row["revoked"] for row in _json(room("credential", "list", "--json"))] == [True]


def test_a_bad_name_is_told_with_the_rule(room: Command) -> None:
    ended = room("credential", "issue", "Support Bot", "--json")
    assert ended.code == 2
    assert json.loads(ended.err)["error"] == "invalid_name"


def test_a_providers_key_comes_from_standard_input(room: Command) -> None:
    stored = room("credential", "upstream", "openai", stdin=b"sk-planted-for-this-test\n")
    assert stored.code == 0, stored.err
    assert "sk-planted" not in stored.out + stored.err
    assert _json(room("status", "--json"))["provider_keys"] == ["openai"]
    assert room("credential", "upstream", "openai", stdin=b"\n").code == 2


def test_a_source_teaches_names(room: Command, person: Path) -> None:
    (person / "customers.csv").write_text("customer_id,full_name,email\nc-1,Annegret Wilhelmsen,a@example.org\n")
    assert room("tokenize", "Annegret Wilhelmsen called").out == "Annegret Wilhelmsen called\n"
    added = room("source", "add", "customers.csv", "--subject-column", "customer_id")
    assert added.code == 0, added.err
    assert re.fullmatch(r"PERSON_[0-9A-Z]{7} called\n", room("tokenize", "Annegret Wilhelmsen called").out)
    assert [row["name"] for row in _json(room("source", "list", "--json"))] == ["customers"]
    assert room("source", "add", "customers.csv", "--subject-column", "nobody").code == 2


def test_a_disabled_key_refuses_until_it_is_enabled(room: Command, person: Path) -> None:
    (person / "x").write_bytes(b"x")
    assert room("seal", "x", "--category", "health").code == 0
    for verb in ("rotate", "disable"):
        assert room("keys", verb, "main/prod/health").code == 0
    refused = room("open", "x.sealed", "--category", "health")
    assert (refused.code, refused.out) == (3, "")
    assert room("keys", "enable", "main/prod/health").code == 0
    assert room("open", "x.sealed", "--category", "health").out == "x"
    states = {row["state"] for row in _json(room("keys", "list", "main/prod", "--json"))}
    assert {"primary", "decrypt_only"} <= states
    assert room("keys", "rotate", "main/prod/nothing").code == 2


def test_destroying_asks_first(room: Command, person: Path) -> None:
    (person / "x").write_bytes(b"x")
    room("seal", "x", "--category", "health")
    assert room("keys", "destroy", "main/prod/health", stdin=b"n\n").code == 1
    assert room("open", "x.sealed", "--category", "health").out == "x"
    assert _json(room("keys", "destroy", "main/prod/health", "--yes", "--json"))["destroyed"] > 0
    assert room("open", "x.sealed", "--category", "health").code in (3, 4)


def test_erasing_leaves_a_receipt_that_verifies(room: Command, person: Path) -> None:
    (person / "x").write_bytes(b"x")
    for subject in ("cust-1", "cust-2"):
        room("seal", "x", "--subject", subject, "--output", f"{subject}.sealed")
    erased = room("erase", "cust-1", "--yes", "--receipt", "receipt.json")
    assert erased.code == 0, erased.err
    assert room("open", "cust-1.sealed", "--subject", "cust-1").code in (3, 4)
    assert room("open", "cust-2.sealed", "--subject", "cust-2").out == "x"
    assert room("erase", "verify", "receipt.json").code == 0
    text = (person / "receipt.json").read_text()
    assert "cust-1" not in text
    (person / "forged.json").write_text(re.sub(r'("keys_destroyed":\s*)\d+', r"\g<1>999", text))
    assert room("erase", "verify", "forged.json").code == 4
    (person / "other.json").write_text("[]")
    assert room("erase", "verify", "other.json").code == 4


def test_policy_is_checked_shown_and_explained(room: Command, person: Path) -> None:
    shown = room("policy", "show")
    (person / "mine.cedar").write_text(shown.out)
    assert room("policy", "check", "mine.cedar").code == 0
    (person / "bad.cedar").write_text("permit (principal, action, resource) when { principal.wings };")
    assert room("policy", "check", "bad.cedar").code == 2
    denied = room("policy", "explain", "detokenize", "--kind", "CARD", "--sink", "message.text", "--json")
    assert denied.code == 3
    assert json.loads(denied.out)["allowed"] is False
    assert json.loads(denied.out)["nearest"]
    assert room("policy", "explain", "detokenize", "--kind", "EMAIL", "--sink", "message.recipient").code == 0


def test_the_log_verifies_proves_and_shows(room: Command, person: Path) -> None:
    room("tokenize", MAIL)
    verified = _json(room("audit", "verify", "--json"))
    assert verified["entries"] > 0
    entries = _json(room("audit", "show", "--last", "5", "--json"))
    assert 0 < len(entries) <= 5
    proof = json.loads(room("audit", "prove", "0").out)
    assert proof["index"] == 0
    assert "tokenize" in room("audit", "show").out
    segment = next(
        path
        for path in sorted((person / ".strongroom" / "audit").rglob("*"))
        if "entries" in str(path) and path.is_file()
    )
    flipped = bytearray(segment.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    segment.write_bytes(flipped)
    assert room("audit", "verify").code == 4


def test_a_log_that_was_replaced_does_not_extend_the_checkpoint_somebody_kept(room: Command, person: Path) -> None:
    room("tokenize", MAIL)
    kept = room("audit", "checkpoint")
    (person / "kept.json").write_text(kept.out)
    room("tokenize", MAIL)
    assert room("audit", "verify", "--known", "kept.json").code == 0
    shutil.rmtree(person / ".strongroom" / "audit")
    room("tokenize", MAIL)
    assert room("audit", "verify").code == 0, "by itself the new log is sound"
    assert room("audit", "verify", "--known", "kept.json").code == 4
    (person / "other.json").write_text("[1]")
    assert room("audit", "verify", "--known", "other.json").code == 4


@pytest.mark.parametrize("arguments", [("status",), ("tokenize", "x"), ("keys", "list")])
def test_a_missing_keyfile_is_told_with_the_next_step(
    room: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ended = room(*arguments, "--keyfile", str(tmp_path / "nowhere.key"))
    assert ended.code == 2
    assert "recovery share" in ended.err
