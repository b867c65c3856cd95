import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from strongroom.audit.checkpoint import sign_checkpoint, verify_checkpoint
from strongroom.audit.log import AuditLog
from strongroom.audit.merkle import leaf_hash
from strongroom.audit.proof import (
    PROOF_BYTES_MAX,
    InclusionProof,
    parse_proof,
    verify_consistency,
    verify_inclusion,
    verify_proof,
)
from strongroom.errors import FormatError, IntegrityError
from strongroom.formats.entry import Event
from strongroom.formats.note import Checkpoint, parse_note, render_note
from strongroom.primitives.signing import SigningKey

OTHER = SigningKey.from_seed(b"?" * 32)


@pytest.fixture
def proof(open_log: Callable[..., AuditLog]) -> InclusionProof:
    log = open_log()
    for number in range(5):
        log.append(
            Event(
                action="erase", phase="outcome", principal="dpo", tenant="acme", environment="prod", count=number
            ),
            durable=False,
        )
    return log.prove(3)


def test_a_proof_survives_json_and_verifies_with_the_public_key_alone(
    proof: InclusionProof, key: SigningKey
) -> None:
    assert parse_proof(proof.to_json()) == proof
    assert parse_proof(proof.to_json().encode()) == proof
    entry = verify_proof(proof.to_json(), public=key.public)
    assert (entry.event.action, entry.event.count, entry.time_ms) == ("erase", 3, 1_700_000_000_000)


@pytest.mark.parametrize(
    "change",
    [
        {"index": 2},
        {"index": 5},
        {"size": 4},
        {"hashes": ()},
        {"origin": "shard-0001"},
    ],
)
def test_an_altered_proof_does_not_verify(proof: InclusionProof, key: SigningKey, change: dict[str, Any]) -> None:
    altered = dataclasses.replace(proof, **change)
    with pytest.raises(IntegrityError, match="shard-000"):
        verify_proof(altered.to_json(), public=key.public)


def test_an_altered_entry_does_not_verify(proof: InclusionProof, key: SigningKey) -> None:
    with pytest.raises(IntegrityError, match="shard-0000: entry 3: inclusion proof: does not lead to the root"):
        verify_inclusion(
            proof, checkpoint=proof.checkpoint, entry=proof.entry.replace(b"acme", b"evil"), public=key.public
        )


def test_another_key_does_not_verify(proof: InclusionProof) -> None:
    with pytest.raises(IntegrityError, match="not signed by this key"):
        verify_proof(proof.to_json(), public=OTHER.public)


def test_a_proof_of_something_that_is_no_entry_is_refused(key: SigningKey) -> None:
    leaf = b'{"not":"an entry"}'
    signed = sign_checkpoint(Checkpoint("log", 1, leaf_hash(leaf)), key)
    proof = InclusionProof("log", 0, 1, (), leaf, signed)
    verify_inclusion(proof, checkpoint=signed, entry=leaf, public=key.public)
    with pytest.raises(FormatError, match="not an audit entry"):
        verify_proof(proof.to_json(), public=key.public)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "strongroom/inclusion/2"},
        {"origin": 1},
        {"index": -1},
        {"index": True},
        {"index": 1.0},
        {"size": "5"},
        {"hashes": "AAAA"},
        {"hashes": ["AAAA"] * 65},
        {"hashes": ["not base64"]},
        {"entry": None},
        {"checkpoint": []},
        {"extra": 1},
    ],
)
def test_what_is_not_exactly_a_proof_is_refused(proof: InclusionProof, change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        parse_proof(json.dumps(json.loads(proof.to_json()) | change))


@pytest.mark.parametrize("raw", ["", "[]", "{}", "nonsense", b"\xff", b"x" * (PROOF_BYTES_MAX + 1)])
def test_what_is_no_json_object_of_a_proof_is_refused(raw: str | bytes) -> None:
    with pytest.raises(FormatError, match=r"^proof: "):
        parse_proof(raw)


def test_a_hash_that_is_no_text_never_verifies(proof: InclusionProof, key: SigningKey) -> None:
    fields = json.loads(proof.to_json())
    fields["hashes"][0] = 7
    with pytest.raises(IntegrityError, match="wrong length"):
        verify_proof(json.dumps(fields), public=key.public)


def test_consistency_is_between_checkpoints_of_one_log(key: SigningKey) -> None:
    leaves = [leaf_hash(b"0"), leaf_hash(b"1")]
    one = sign_checkpoint(Checkpoint("log", 1, leaves[0]), key)
    other = sign_checkpoint(Checkpoint("elsewhere", 1, leaves[0]), key)
    verify_consistency(one, one, [], public=key.public)
    with pytest.raises(IntegrityError, match="another origin"):
        verify_consistency(one, other, [], public=key.public)


# --- checkpoints ----------------------------------------------------------------------------------


def test_signatures_of_other_keys_on_the_note_are_ignored(key: SigningKey) -> None:
    head = Checkpoint("log", 1, bytes(32))
    ours, witness = parse_note(sign_checkpoint(head, key)), parse_note(sign_checkpoint(head, OTHER))
    both = render_note(dataclasses.replace(ours, signatures=witness.signatures + ours.signatures))
    assert verify_checkpoint(both, public=key.public) == head
    assert verify_checkpoint(both, public=OTHER.public, origin="log") == head


def test_a_false_signature_under_our_name_is_refused(key: SigningKey) -> None:
    note = parse_note(sign_checkpoint(Checkpoint("log", 1, bytes(32)), key))
    line = note.signatures[0]
    false = dataclasses.replace(line, signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    for signatures in ((false,), (line, false)):
        with pytest.raises(IntegrityError, match="log: the checkpoint's signature does not verify"):
            verify_checkpoint(render_note(dataclasses.replace(note, signatures=signatures)), public=key.public)
