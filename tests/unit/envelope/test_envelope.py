import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from strongroom.envelope import Envelope
from strongroom.errors import DecryptionError, FormatError, KeyStateError, LimitExceededError, PermitError
from strongroom.formats.aad import Binding
from strongroom.formats.field import FIELD_OVERHEAD, PLAINTEXT_LEN_MAX
from strongroom.formats.object import OBJECT_HEADER_LEN
from strongroom.keys.path import KeyPath
from strongroom.primitives.chunked import BODY_PREFIX_LEN, sealed_len

BINDING = Binding("acme", "prod", "health", 2, "value", "ticket/1", "cust-1", 4)
ROW = {"name": b"Ada", "note": b"short"}
PLAINTEXT = b"0123456789" * 30_000


def seal_object(envelope: Envelope, keys: Any, plaintext: bytes = PLAINTEXT) -> bytes:
    target = io.BytesIO()
    written = envelope.seal_object(io.BytesIO(plaintext), target, BINDING, keys.permit("seal"))
    assert written == len(target.getvalue()) == OBJECT_HEADER_LEN + sealed_len(len(plaintext))
    return target.getvalue()


def open_object(envelope: Envelope, keys: Any, sealed: bytes, binding: Binding = BINDING) -> bytes:
    target = io.BytesIO()
    written = envelope.open_object(io.BytesIO(sealed), target, binding, keys.permit("open"))
    assert written == len(target.getvalue())
    return target.getvalue()


Opener = Callable[[Envelope, Any, bytes, Binding], object]


def cases(envelope: Envelope, keys: Any) -> list[tuple[bytes, Opener]]:
    """One sealed thing of each form, and how it is opened."""
    seal = keys.permit("seal")

    def open_range(envelope: Envelope, keys: Any, sealed: bytes, binding: Binding) -> object:
        return envelope.open_object_range(io.BytesIO(sealed), binding, keys.permit("open"), start=5, length=10)

    return [
        (envelope.seal(b"plain", BINDING, seal), lambda e, k, s, b: e.open(s, b, k.permit("open"))),
        (envelope.seal_record(ROW, BINDING, seal), lambda e, k, s, b: e.open_record(s, b, k.permit("open"))),
        (seal_object(envelope, keys), open_object),
        (seal_object(envelope, keys), open_range),
    ]


def test_values_records_and_objects_open(envelope: Envelope, keys: Any) -> None:
    expected = [b"plain", ROW, PLAINTEXT, PLAINTEXT[5:15]]
    for (sealed, opener), want in zip(cases(envelope, keys), expected, strict=True):
        assert opener(envelope, keys, sealed, BINDING) == want
        assert envelope.keyref(sealed) == 1


def test_the_same_value_is_never_sealed_to_the_same_bytes(envelope: Envelope, keys: Any) -> None:
    first, second = (envelope.seal(b"same", BINDING, keys.permit("seal")) for _ in range(2))
    assert first != second
    assert len(first) == 4 + FIELD_OVERHEAD


@pytest.mark.parametrize(
    "change",
    [
        {"level": 1}, {"kind": "history"}, {"object_id": "ticket/2"}, {"version": 5},
    ],
)  # fmt: skip
def test_any_other_binding_under_the_same_key_is_refused(
    envelope: Envelope, keys: Any, change: dict[str, Any]
) -> None:
    for sealed, opener in cases(envelope, keys):
        with pytest.raises(DecryptionError) as caught:
            opener(envelope, keys, sealed, replace(BINDING, **change))
        assert caught.value.reason == "commitment"


def test_a_subject_that_is_not_the_one_has_another_key(envelope: Envelope, keys: Any) -> None:
    keys.rotate(KeyPath("acme", "prod", "health", "cust-2"))
    for sealed, opener in cases(envelope, keys):
        with pytest.raises(DecryptionError) as caught:
            opener(envelope, keys, sealed, replace(BINDING, subject="cust-2"))
        assert caught.value.reason == "key_path"


def test_another_tenant_or_category_has_no_permit(envelope: Envelope, keys: Any) -> None:
    for sealed, opener in cases(envelope, keys):
        for change in ({"tenant": "other"}, {"category": "pii"}, {"environment": "staging"}):
            with pytest.raises(PermitError):
                opener(envelope, keys, sealed, replace(BINDING, **change))  # type: ignore[arg-type]


def test_every_damage_is_the_one_opaque_error(envelope: Envelope, keys: Any) -> None:
    for sealed, opener in cases(envelope, keys):
        flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
        unknown_key = bytearray(sealed)
        unknown_key[12 if sealed[0] == 0x89 else 4] ^= 0x80
        broken = (b"", b"\x7fELF" * 40, sealed[:40], sealed[:-1], flipped, sealed + b"x", bytes(unknown_key))
        for raw in broken:
            with pytest.raises(DecryptionError) as caught:
                opener(envelope, keys, raw, BINDING)
            assert str(caught.value) == "cannot open the sealed data"
            assert caught.value.reason in {"format", "truncated", "commitment", "tag", "key_unknown"}


def test_one_form_does_not_open_as_another(envelope: Envelope, keys: Any) -> None:
    everything = cases(envelope, keys)
    for sealed, _ in everything:
        for other, opener in everything:
            if sealed[0] != other[0]:
                with pytest.raises(DecryptionError):
                    opener(envelope, keys, sealed, BINDING)


def test_a_disabled_key_stays_a_key_state_error(envelope: Envelope, keys: Any) -> None:
    everything = cases(envelope, keys)
    keys.disabled.add(1)
    for sealed, opener in everything:
        with pytest.raises(KeyStateError):
            opener(envelope, keys, sealed, BINDING)


def test_sealing_needs_a_sealing_permit_and_opening_an_opening_one(envelope: Envelope, keys: Any) -> None:
    with pytest.raises(PermitError):
        envelope.seal(b"x", BINDING, keys.permit("open"))
    with pytest.raises(PermitError):
        envelope.seal_record({}, BINDING, keys.permit("open"))
    target = io.BytesIO()
    with pytest.raises(PermitError):
        envelope.seal_object(io.BytesIO(b"x"), target, BINDING, keys.permit("open"))
    assert target.getvalue() == b""
    with pytest.raises(PermitError):
        envelope.open(envelope.seal(b"x", BINDING, keys.permit("seal")), BINDING, keys.permit("seal"))


def test_the_callers_own_mistakes_are_not_decryption_errors(envelope: Envelope, keys: Any) -> None:
    wrong = replace(BINDING, version=-1)
    for sealed, opener in cases(envelope, keys):
        with pytest.raises(FormatError):
            opener(envelope, keys, sealed, wrong)
    with pytest.raises(LimitExceededError):
        envelope.seal(bytes(PLAINTEXT_LEN_MAX + 1), BINDING, keys.permit("seal"))
    with pytest.raises(LimitExceededError):
        envelope.open_object_range(
            io.BytesIO(seal_object(envelope, keys)), BINDING, keys.permit("open"), start=-1, length=1
        )


def test_only_some_fields_of_a_record(envelope: Envelope, keys: Any) -> None:
    sealed = envelope.seal_record(ROW, BINDING, keys.permit("seal"))
    assert envelope.open_record(sealed, BINDING, keys.permit("open"), only={"note"}) == {"note": b"short"}


def test_keyref_of_foreign_bytes(envelope: Envelope) -> None:
    for raw in (b"", b"\x7f", b"\x11", b"\x89SRO"):
        with pytest.raises(DecryptionError) as caught:
            envelope.keyref(raw)
        assert caught.value.reason == "format"


def test_a_rewrap_changes_the_header_alone(envelope: Envelope, keys: Any) -> None:
    sealed = seal_object(envelope, keys)
    keys.rotate(KeyPath("acme", "prod", "health", "cust-1"))
    file = io.BytesIO(sealed)
    keyref = envelope.rewrap_object(file, BINDING, opening=keys.permit("open"), sealing=keys.permit("seal"))
    renewed = file.getvalue()
    assert keyref == envelope.keyref(renewed) == 2
    assert renewed[OBJECT_HEADER_LEN:] == sealed[OBJECT_HEADER_LEN:]
    assert renewed[:OBJECT_HEADER_LEN] != sealed[:OBJECT_HEADER_LEN]
    keys.disabled.add(1)
    assert open_object(envelope, keys, renewed) == PLAINTEXT
    with pytest.raises(KeyStateError):
        open_object(envelope, keys, sealed)


def test_a_rewrap_that_may_not_open_changes_nothing(envelope: Envelope, keys: Any) -> None:
    sealed = seal_object(envelope, keys)
    for opening, sealing, binding in (
        ("seal", "seal", BINDING),
        ("open", "open", BINDING),
    ):
        file = io.BytesIO(sealed)
        with pytest.raises(PermitError):
            envelope.rewrap_object(file, binding, opening=keys.permit(opening), sealing=keys.permit(sealing))
        assert file.getvalue() == sealed
    file = io.BytesIO(sealed)
    with pytest.raises(DecryptionError):
        envelope.rewrap_object(
            file, replace(BINDING, level=0), opening=keys.permit("open"), sealing=keys.permit("seal")
        )
    assert file.getvalue() == sealed


def test_a_body_under_another_objects_header_is_refused(envelope: Envelope, keys: Any) -> None:
    first, second = seal_object(envelope, keys), seal_object(envelope, keys)
    with pytest.raises(DecryptionError) as caught:
        open_object(envelope, keys, first[:OBJECT_HEADER_LEN] + second[OBJECT_HEADER_LEN:])
    assert caught.value.reason == "commitment"


def test_a_damaged_object_leaves_only_a_genuine_beginning(envelope: Envelope, keys: Any) -> None:
    """Why callers write to a temporary file: what is there after a failure is true, but not the whole truth."""
    plaintext = PLAINTEXT * 10
    sealed = bytearray(seal_object(envelope, keys, plaintext))
    sealed[OBJECT_HEADER_LEN + BODY_PREFIX_LEN + 2_000_000] ^= 1
    target = io.BytesIO()
    with pytest.raises(DecryptionError) as caught:
        envelope.open_object(io.BytesIO(bytes(sealed)), target, BINDING, keys.permit("open"))
    assert caught.value.reason == "tag"
    assert 0 < len(target.getvalue()) < 2_000_000
    assert plaintext.startswith(target.getvalue())


def test_progress_reaches_the_caller(envelope: Envelope, keys: Any) -> None:
    seen: list[int] = []
    target = io.BytesIO()
    envelope.seal_object(io.BytesIO(PLAINTEXT), target, BINDING, keys.permit("seal"), seen.append)
    assert seen[-1] == len(PLAINTEXT)
    seen.clear()
    target.seek(0)
    envelope.open_object(target, io.BytesIO(), BINDING, keys.permit("open"), seen.append)
    assert seen[-1] == sealed_len(len(PLAINTEXT)) - BODY_PREFIX_LEN


def test_entropy_makes_object_keys_and_salts(keys: Any) -> None:
    asked: list[int] = []

    def entropy(length: int) -> bytes:
        asked.append(length)
        return b"\x07" * length

    seal_object(Envelope(keys, entropy), keys, b"x")
    assert sorted(asked) == [16, 32]
