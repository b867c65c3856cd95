import pytest

from strongroom.errors import DecryptionError, FormatError
from strongroom.formats.commitment import FieldParts
from strongroom.formats.field import seal_field
from strongroom.formats.object import (
    MAGIC,
    OBJECT_HEADER_LEN,
    SUITE_OBJECT,
    body_context,
    keyref_of,
    pack,
    parse,
    unwrap_object_key,
    wrap_object_key,
)

KEY = bytes(range(32))
SALT = bytes(range(16))
OBJECT_KEY = b"\x42" * 32
CONTEXT = b"context"


def wrapped() -> bytes:
    return wrap_object_key(key=KEY, keyref=3, salt=SALT, context=CONTEXT, object_key=OBJECT_KEY)


def test_header_round_trip() -> None:
    header = wrapped()
    assert len(header) == OBJECT_HEADER_LEN == 109
    assert unwrap_object_key(key=KEY, context=CONTEXT, header=header) == OBJECT_KEY
    assert keyref_of(header) == 3
    assert pack(parse(header)) == header


@pytest.mark.parametrize(("offset", "reason"), [(9, "commitment"), (29, "commitment"), (61, "tag"), (-1, "tag")])
def test_flipped_header_parts(offset: int, reason: str) -> None:
    header = bytearray(wrapped())
    header[offset] ^= 1
    with pytest.raises(DecryptionError) as caught:
        unwrap_object_key(key=KEY, context=CONTEXT, header=bytes(header))
    assert caught.value.reason == reason


def test_wrong_key_or_context() -> None:
    for key, context in ((bytes(32), CONTEXT), (KEY, b"other")):
        with pytest.raises(DecryptionError) as caught:
            unwrap_object_key(key=key, context=context, header=wrapped())
        assert caught.value.reason == "commitment"


def test_foreign_headers_are_format_errors() -> None:
    header = wrapped()
    for broken in (b"", header[:-1], header + b"x", b"\x88" + header[1:], header[:8] + b"\x01" + header[9:]):
        for read in (parse, keyref_of):
            with pytest.raises(FormatError, match="offset"):
                read(broken)


def test_a_sealed_field_is_no_wrapped_object_key() -> None:
    # the attack: have a known 32-byte value sealed under the same binding and present it as an object's key
    field = seal_field(key=KEY, keyref=3, salt=SALT, context=CONTEXT, plaintext=OBJECT_KEY)
    with pytest.raises(DecryptionError) as caught:
        unwrap_object_key(key=KEY, context=CONTEXT, header=MAGIC + bytes([SUITE_OBJECT]) + field[1:])
    assert caught.value.reason == "commitment"


def test_the_body_is_bound_to_more_than_the_binding() -> None:
    assert CONTEXT in body_context(CONTEXT)
    assert body_context(b"") != b""


def test_impossible_parts_are_refused() -> None:
    with pytest.raises(FormatError):
        wrap_object_key(key=KEY, keyref=3, salt=SALT, context=CONTEXT, object_key=b"short")
    for parts in (
        FieldParts(0x01, 3, SALT, bytes(32), bytes(48)),
        FieldParts(SUITE_OBJECT, 3, SALT, bytes(31), bytes(48)),
        FieldParts(SUITE_OBJECT, 3, SALT, bytes(32), bytes(47)),
        FieldParts(SUITE_OBJECT, 3, SALT[1:], bytes(32), bytes(48)),
    ):
        with pytest.raises(FormatError):
            pack(parts)
