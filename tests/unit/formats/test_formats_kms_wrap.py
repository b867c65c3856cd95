"""kms-wrap/1: what is packed is parsed, and what is no wrap is refused by part and offset."""

import pytest

from strongroom.errors import FormatError
from strongroom.formats.kms_wrap import (
    CIPHERTEXT_BYTES_MAX,
    FIELD_BYTES_MAX,
    NAME_BYTES_MAX,
    field_key,
    pack_header,
    parse,
)

HEADER = pack_header("key-1", b"cipher")
FIELD = b"field" * 20


def test_what_is_packed_is_parsed() -> None:
    wrap = parse(HEADER + FIELD)
    assert (wrap.key, wrap.ciphertext, wrap.header, wrap.field) == ("key-1", b"cipher", HEADER, FIELD)


def test_the_layout_is_the_one_of_the_specification() -> None:
    assert HEADER.hex() == "01" + "0005" + b"key-1".hex() + "0006" + b"cipher".hex()


def test_the_largest_parts_fit() -> None:
    header = pack_header("k" * NAME_BYTES_MAX, b"c" * CIPHERTEXT_BYTES_MAX)
    assert parse(header + b"f" * FIELD_BYTES_MAX).header == header


@pytest.mark.parametrize(
    ("key", "ciphertext", "part"),
    [
        ("", b"c", "name"),
        ("k" * (NAME_BYTES_MAX + 1), b"c", "name"),
        ("schlüssel", b"c", "name"),
        ("two\nlines", b"c", "name"),
        ("k", b"", "ciphertext"),
        ("k", b"c" * (CIPHERTEXT_BYTES_MAX + 1), "ciphertext"),
    ],
)
def test_impossible_parts_are_not_packed(key: str, ciphertext: bytes, part: str) -> None:
    with pytest.raises(FormatError, match=part):
        pack_header(key, ciphertext)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", r"too short \(offset 0\)"),
        (b"\x01\x00", r"too short \(offset 0\)"),
        (b"\x02\x00\x01k\x00\x01cf", r"unknown version \(offset 0\)"),
        (b"\x01\x00\x00\x00\x01cf", r"key name has an impossible length \(offset 3\)"),
        (b"\x01\xff\xff" + b"k" * 70000, r"key name has an impossible length \(offset 3\)"),
        (b"\x01\x00\x05key", r"key name is cut off \(offset 3\)"),
        (b"\x01\x00\x01\xff\x00\x01cf", r"not printable ASCII \(offset 3\)"),
        (b"\x01\x00\x01\n\x00\x01cf", r"not printable ASCII \(offset 3\)"),
        (b"\x01\x00\x01k\x00", r"ciphertext length is cut off \(offset 4\)"),
        (b"\x01\x00\x01k\x00\x00f", r"ciphertext has an impossible length \(offset 6\)"),
        (b"\x01\x00\x01k\x00\x05cf", r"ciphertext is cut off \(offset 6\)"),
        (b"\x01\x00\x01k\x00\x01c", r"field has an impossible length \(offset 7\)"),
        (b"\x01\x00\x01k\x00\x01c" + b"f" * (FIELD_BYTES_MAX + 1), r"field has an impossible length \(offset 7\)"),
    ],
)
def test_what_is_no_wrap_says_where(raw: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse(raw)


def test_the_fields_key_depends_on_every_byte_before_it() -> None:
    protector = bytes(32)
    keys = {field_key(protector, HEADER)}
    for index in range(len(HEADER)):
        altered = bytearray(HEADER)
        altered[index] ^= 1
        keys.add(field_key(protector, bytes(altered)))
    assert len(keys) == len(HEADER) + 1
    assert field_key(bytes([1]) + bytes(31), HEADER) not in keys
