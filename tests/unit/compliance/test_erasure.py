"""Erasure: what is destroyed, what the receipt proves, and what nobody can claim with it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.at_rest.embeddings import Embeddings
from strongroom.compliance.erasure import ErasureReceipt, verify_receipt
from strongroom.errors import AccessDeniedError, FormatError, IntegrityError, InvalidNameError, KeyDestroyedError
from strongroom.identity import Caller, Principal
from strongroom.primitives.signing import SigningKey

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}


@pytest.fixture
def filled(room):
    with room.session("bot", conversation="c", **SCOPE) as work:
        sealed = {who: work.seal(b"x", category="pii", subject=who) for who in ("cust-1", "cust-2")}
        yield work, sealed


@pytest.fixture
def receipt(room, filled):
    return room.erase(subject="cust-1", **SCOPE)


def test_the_erased_is_gone_and_the_others_are_not(filled, receipt):
    work, sealed = filled
    with pytest.raises(KeyDestroyedError):
        work.open(sealed["cust-1"], category="pii", subject="cust-1")
    assert work.open(sealed["cust-2"], category="pii", subject="cust-2") == b"x"


def test_the_receipt_verifies_with_the_public_key_alone(room, receipt):
    verify_receipt(ErasureReceipt.parse(receipt.to_json()), public=room.audit_public_key)
    room.verify_erasure(receipt)
    assert receipt.keys_destroyed == 1
    assert "cust-1" not in receipt.to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"keys_destroyed": 9},
        {"subject": "0" * 32},
        {"tenant": "globex"},
        {"erased_at": 1},
        {"signature": b"\x00" * 64},
    ],
)
def test_an_altered_receipt_does_not_verify(room, receipt, change):
    with pytest.raises(IntegrityError):
        verify_receipt(replace(receipt, **change), public=room.audit_public_key)


def test_a_receipt_of_another_store_does_not_verify(receipt):
    with pytest.raises(IntegrityError):
        verify_receipt(receipt, public=SigningKey.from_seed(b"s" * 32).public)


def test_another_entry_of_the_log_is_not_a_proof_of_erasure(room, receipt):
    other = replace(receipt, proof=room.house.audit.prove(0), signature=b"")
    forged = replace(other, signature=room.house.signing.sign(other.signed_bytes()))
    with pytest.raises(IntegrityError, match="something else"):
        verify_receipt(forged, public=room.audit_public_key)


def test_intent_and_outcome_are_durable_and_in_order(room, receipt):
    log = room.house.audit
    phases = [
        log.entry(index)["unmapped"]["phase"]
        for index in range(log.size)
        if log.entry(index)["metadata"]["event_code"] == "erase"
    ]
    assert phases == ["intent", "outcome"]


def test_erasing_twice_is_harmless(room, receipt):
    again = room.erase(subject="cust-1", **SCOPE)
    assert again.keys_destroyed == 0
    room.verify_erasure(again)


def test_the_other_tenant_keeps_its_subject_of_the_same_name(room):
    with room.session("bot", tenant="globex", environment="prod") as other:
        sealed = other.seal(b"x", category="pii", subject="cust-1")
        room.erase(subject="cust-1", **SCOPE)
        assert other.open(sealed, category="pii", subject="cust-1") == b"x"


def test_a_surrogate_of_the_erased_resolves_no_more(room, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text("id,name,email\ncust-1,Anna Schmidt,anna@example.org\ncust-2,Bo Keller,bo@example.org\n")
    room.sources.add(people, subject_column="id", **SCOPE)
    with room.session("bot", conversation="c", **SCOPE) as work:
        safe = work.tokenize("anna@example.org and bo@example.org")
        assert work.detokenize(safe) == "anna@example.org and bo@example.org"
        receipt = room.erase(subject="cust-1", **SCOPE)
        assert receipt.surrogates_dropped == 1
        after = work.detokenize(safe)
        assert "anna" not in after
        assert "bo@example.org" in after


def _none(caller: Caller) -> Embeddings:
    raise AssertionError


def test_an_agent_may_not_erase(room):
    agent = Caller(Principal("bot", "acme", "prod"))
    from strongroom.compliance.erasure import Erasure

    house = room.house
    erasure = Erasure(
        guard=house.guard, audit=house.audit, keys=house.keys, surrogates=house.engine.surrogates,
        segments=house.segments, embeddings=_none, signing=house.signing, clock=house.clock,
    )  # fmt: skip
    with pytest.raises(AccessDeniedError):
        erasure.erase(agent, "cust-1")


def test_subjects_are_names(room):
    with pytest.raises(InvalidNameError):
        room.erase(subject="Not A Name", **SCOPE)


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_anything_else_is_not_a_receipt(text):
    with pytest.raises(FormatError):
        ErasureReceipt.parse(text)


@pytest.mark.parametrize("change", [("form", "x"), ("extra", 1), ("proof", {}), ("signature", "zz")])
def test_a_receipt_with_other_fields_is_refused(receipt, change):
    import orjson

    fields = orjson.loads(receipt.to_json()) | {change[0]: change[1]}
    with pytest.raises(FormatError):
        ErasureReceipt.parse(orjson.dumps(fields))
