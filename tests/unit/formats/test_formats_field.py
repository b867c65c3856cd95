import pytest

from strongroom.canonical import tuple_bytes
from strongroom.errors import DecryptionError, FormatError, LimitExceededError
from strongroom.formats.aad import CONTEXT, LEVEL_MAX, TEXT_BYTES_MAX, VERSION_MAX, Binding
from strongroom.formats.commitment import HEADER_LEN, KEYREF_MAX, PREFIX_LEN
from strongroom.formats.field import (
    FIELD_OVERHEAD,
    PLAINTEXT_LEN_MAX,
    SUITE_FIELD,
    FieldParts,
    keyref_of,
    open_field,
    pack,
    parse,
    seal_field,
)
from strongroom.label import Level

KEY = bytes(range(32))
SALT = bytes(range(16))
CONTEXT_BYTES = b"context"


def sealed(plaintext: bytes = b"plain") -> bytes:
    return seal_field(key=KEY, keyref=7, salt=SALT, context=CONTEXT_BYTES, plaintext=plaintext)


def test_binding_is_the_canonical_tuple() -> None:
    binding = Binding("acme", "prod", "health", 3, "value", "ticket/é", "cust-812", 9)
    expected = tuple_bytes(CONTEXT, "acme", "prod", "health", 3, "value", "ticket/é", "cust-812", 9)
    assert binding.encode() == expected


@pytest.mark.parametrize(
    "binding",
    [
        Binding("a", "b", "c", LEVEL_MAX + 1, "value", "o"),
        Binding("a", "b", "c", -1, "value", "o"),
        Binding("a", "b", "c", 1, "value", "o", version=-1),
        Binding("a", "b", "c", 1, "value", "o", version=VERSION_MAX + 1),
        Binding("a", "b", "c", 1, "value", "x" * (TEXT_BYTES_MAX + 1)),
        Binding("a", "b", "c", 1, "value", "o", subject="é" * TEXT_BYTES_MAX),
        Binding("a" * (TEXT_BYTES_MAX + 1), "b", "c", 1, "value", "o"),
        Binding("a", "b", "c", 1, "value", "\ud800"),
        Binding("\ud800", "b", "c", 1, "value", "o"),
    ],
)
def test_binding_out_of_range_is_refused(binding: Binding) -> None:
    with pytest.raises(FormatError):
        binding.encode()


def test_level_is_the_same_as_enum_and_as_number() -> None:
    for level in (Level.PUBLIC, Level.INTERNAL):
        assert (
            Binding("a", "b", "c", level, "v", "o").encode()
            == Binding("a", "b", "c", int(level), "v", "o").encode()
        )


def test_field_opens_and_costs_69_bytes() -> None:
    raw = sealed()
    assert len(raw) == len(b"plain") + FIELD_OVERHEAD == len(b"plain") + 69
    assert open_field(key=KEY, context=CONTEXT_BYTES, sealed=raw) == b"plain"
    assert keyref_of(raw) == 7
    assert pack(parse(raw)) == raw


def test_empty_plaintext_opens() -> None:
    assert open_field(key=KEY, context=CONTEXT_BYTES, sealed=sealed(b"")) == b""


@pytest.mark.parametrize(
    ("offset", "reason"),
    [(1, "commitment"), (5, "commitment"), (HEADER_LEN, "commitment"), (PREFIX_LEN - 1, "commitment"),
     (PREFIX_LEN, "tag"), (-1, "tag")],
)  # fmt: skip
def test_every_flipped_part_is_refused_with_its_reason(offset: int, reason: str) -> None:
    raw = bytearray(sealed())
    raw[offset] ^= 1
    with pytest.raises(DecryptionError) as caught:
        open_field(key=KEY, context=CONTEXT_BYTES, sealed=bytes(raw))
    assert caught.value.reason == reason


def test_wrong_key_and_wrong_context_fail_at_the_commitment() -> None:
    for key, context in ((bytes(32), CONTEXT_BYTES), (KEY, b"contexu"), (KEY, b"")):
        with pytest.raises(DecryptionError) as caught:
            open_field(key=key, context=context, sealed=sealed())
        assert caught.value.reason == "commitment"
        assert str(caught.value) == "cannot open the sealed data"


def test_foreign_and_truncated_bytes_are_format_errors() -> None:
    raw = sealed(b"")
    for broken in (b"", raw[:-1], b"\x7f" + raw[1:], raw + bytes(PLAINTEXT_LEN_MAX + 1)):
        with pytest.raises(FormatError, match="offset"):
            parse(broken)
        with pytest.raises(FormatError):
            keyref_of(broken)
        with pytest.raises(FormatError):
            open_field(key=KEY, context=CONTEXT_BYTES, sealed=broken)


def test_seal_refuses_what_it_could_not_open() -> None:
    with pytest.raises(LimitExceededError, match="object"):
        sealed(bytes(PLAINTEXT_LEN_MAX + 1))
    for salt, keyref in ((SALT[:-1], 1), (SALT, -1), (SALT, KEYREF_MAX + 1)):
        with pytest.raises(FormatError, match="size"):
            seal_field(key=KEY, keyref=keyref, salt=salt, context=b"", plaintext=b"")


@pytest.mark.parametrize(
    "parts",
    [
        FieldParts(SUITE_FIELD + 1, 1, SALT, bytes(32), bytes(16)),
        FieldParts(SUITE_FIELD, KEYREF_MAX + 1, SALT, bytes(32), bytes(16)),
        FieldParts(SUITE_FIELD, 1, SALT[1:], bytes(32), bytes(16)),
        FieldParts(SUITE_FIELD, 1, SALT, bytes(31), bytes(16)),
        FieldParts(SUITE_FIELD, 1, SALT, bytes(32), bytes(15)),
    ],
)
def test_pack_refuses_impossible_parts(parts: FieldParts) -> None:
    with pytest.raises(FormatError):
        pack(parts)
