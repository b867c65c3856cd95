"""Every vector of docs/spec/audit-entry.md and audit-log.md, and the tool that makes them."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from strongroom.audit.checkpoint import sign_checkpoint, verify_checkpoint
from strongroom.audit.merkle import (
    CompactRange,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    verify_consistency_path,
    verify_inclusion_path,
)
from strongroom.audit.proof import parse_proof, verify_inclusion, verify_proof
from strongroom.errors import FormatError, IntegrityError
from strongroom.formats.entry import Entry, Event, encode_entry, parse_entry
from strongroom.formats.note import Checkpoint, parse_checkpoint, parse_note, render_checkpoint, render_note
from strongroom.primitives.digest import sha256
from strongroom.primitives.signing import SigningKey

REPOSITORY = Path(__file__).parents[2]
VECTORS = REPOSITORY / "vectors"
Vector = dict[str, Any]
FAILURES = {"integrity": IntegrityError, "format": FormatError}


def load(folder: str) -> dict[str, Vector]:
    return {path.stem: json.loads(path.read_text()) for path in sorted((VECTORS / folder).glob("*.json"))}


def chosen(folder: str, **wanted: str) -> list[Any]:
    found = [
        pytest.param(vector, id=name)
        for name, vector in load(folder).items()
        if all(vector.get(field) == value for field, value in wanted.items())
    ]
    assert found, (folder, wanted)
    return found


def test_the_tool_writes_exactly_what_is_committed(tmp_path: Path) -> None:
    runpy.run_path(str(REPOSITORY / "tools" / "make_vectors_audit.py"))["main"](tmp_path)
    for folder in ("audit-entry", "audit-merkle", "audit-checkpoint"):
        written = {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        assert written == {path.name: path.read_bytes() for path in (VECTORS / folder).iterdir()}


# --- entries --------------------------------------------------------------------------------------


def event_of(vector: Vector) -> Event:
    fields = vector["event"]
    return Event(**(fields | {"policies": tuple(fields.get("policies", ()))}))


@pytest.mark.parametrize("vector", chosen("audit-entry", expect="ok"))
def test_an_event_has_this_entry_and_no_other(vector: Vector) -> None:
    event, raw = event_of(vector), vector["entry"].encode()
    assert encode_entry(event, time_ms=vector["time_ms"]) == raw
    assert parse_entry(raw) == Entry(vector["time_ms"], event)


def test_the_longest_entry_is_the_longest() -> None:
    assert max(len(vector.get("entry", "")) for vector in load("audit-entry").values()) == 65_535


@pytest.mark.parametrize("vector", chosen("audit-entry", expect="format"))
def test_what_has_no_entry_or_is_none_is_refused(vector: Vector) -> None:
    def use() -> None:
        if "event" in vector:
            encode_entry(event_of(vector), time_ms=vector["time_ms"])
        else:
            parse_entry(vector["entry"].encode() if "entry" in vector else bytes.fromhex(vector["entry_hex"]))

    with pytest.raises(FormatError):
        use()


# --- the tree -------------------------------------------------------------------------------------

ROOTS = load("audit-merkle")["roots"]
LEAVES = [leaf_hash(bytes.fromhex(leaf)) for leaf in ROOTS["leaves"]]


def nodes(height: int, index: int) -> bytes:
    if height == 0:
        return LEAVES[index]
    return node_hash(nodes(height - 1, 2 * index), nodes(height - 1, 2 * index + 1))


def test_roots_are_those_of_the_reference_tests() -> None:
    tree = CompactRange()
    found = [tree.root().hex()]
    for leaf in LEAVES:
        tree.add(leaf)
        found.append(tree.root().hex())
    assert found == ROOTS["roots"]
    # as published with the Certificate Transparency reference implementation
    assert found[8] == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert found[0] == sha256(b"").hex()


def hashes(vector: Vector) -> list[bytes]:
    return [bytes.fromhex(node) for node in vector["path"]]


def require_inclusion(vector: Vector) -> None:
    verify_inclusion_path(
        leaf=leaf_hash(bytes.fromhex(vector["leaf"])),
        index=vector["index"],
        size=vector["size"],
        root=bytes.fromhex(vector["root"]),
        path=hashes(vector),
    )


@pytest.mark.parametrize("vector", chosen("audit-merkle", kind="inclusion", expect="ok"))
def test_inclusion_is_proved_the_same_way(vector: Vector) -> None:
    assert inclusion_path(nodes, vector["index"], vector["size"]) == hashes(vector)
    require_inclusion(vector)


@pytest.mark.parametrize("vector", chosen("audit-merkle", kind="inclusion", expect="integrity"))
def test_false_inclusion_is_refused(vector: Vector) -> None:
    with pytest.raises(IntegrityError):
        require_inclusion(vector)


def require_consistency(vector: Vector) -> None:
    verify_consistency_path(
        old=vector["old"],
        old_root=bytes.fromhex(vector["old_root"]),
        new=vector["new"],
        new_root=bytes.fromhex(vector["new_root"]),
        path=hashes(vector),
    )


@pytest.mark.parametrize("vector", chosen("audit-merkle", kind="consistency", expect="ok"))
def test_consistency_is_proved_the_same_way(vector: Vector) -> None:
    assert consistency_path(nodes, vector["old"], vector["new"]) == hashes(vector)
    require_consistency(vector)


@pytest.mark.parametrize("vector", chosen("audit-merkle", kind="consistency", expect="integrity"))
def test_false_consistency_is_refused(vector: Vector) -> None:
    with pytest.raises(IntegrityError):
        require_consistency(vector)


# --- checkpoints and receipts ---------------------------------------------------------------------


@pytest.mark.parametrize("vector", chosen("audit-checkpoint", kind="checkpoint", expect="ok"))
def test_a_checkpoint_verifies_and_is_written_back(vector: Vector) -> None:
    note = vector["note"]
    for raw in (note, note.encode()):
        head = verify_checkpoint(raw, public=bytes.fromhex(vector["public"]), origin=vector["origin"])
        assert (head.origin, head.size, head.root.hex()) == (vector["origin"], vector["size"], vector["root"])
    assert render_note(parse_note(note)) == note
    assert render_checkpoint(parse_checkpoint(parse_note(note).text)) == parse_note(note).text


def test_signing_gives_the_same_note() -> None:
    vector = load("audit-checkpoint")["plain"]
    key = SigningKey.from_seed(sha256(b"strongroom audit vector key"))
    head = Checkpoint(vector["origin"], vector["size"], bytes.fromhex(vector["root"]))
    assert sign_checkpoint(head, key) == vector["note"]


@pytest.mark.parametrize("vector", chosen("audit-checkpoint", kind="checkpoint", expect="integrity"))
def test_a_false_checkpoint_is_refused(vector: Vector) -> None:
    with pytest.raises(IntegrityError, match=r"^shard-000"):
        verify_checkpoint(vector["note"], public=bytes.fromhex(vector["public"]), origin=vector["origin"])


@pytest.mark.parametrize("vector", chosen("audit-checkpoint", kind="receipt"))
def test_a_receipt_holds_with_the_public_key_alone(vector: Vector) -> None:
    text, public = json.dumps(vector["proof"]), bytes.fromhex(vector["public"])
    if vector["expect"] == "ok":
        assert verify_proof(text, public=public).event.action == "erase"
        proof = parse_proof(text)
        assert json.loads(proof.to_json()) == vector["proof"]
        verify_inclusion(proof, checkpoint=proof.checkpoint, entry=proof.entry, public=public)
    else:
        with pytest.raises(FAILURES[vector["expect"]]):
            verify_proof(text, public=public)
