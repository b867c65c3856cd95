import pytest

from strongroom.errors import DecryptionError, FormatError, LimitExceededError
from strongroom.formats.commitment import HEADER_LEN, PREFIX_LEN, derive, pack_header
from strongroom.formats.record import (
    FIELDS_MAX,
    NAME_LEN_MAX,
    RECORD_LEN_MAX,
    RECORD_OVERHEAD,
    SUITE_RECORD,
    RecordParts,
    keyref_of,
    open_record,
    pack,
    parse,
    seal_record,
)
from strongroom.primitives.aead import TAG_LEN, Aead

KEY = bytes(range(32))
SALT = bytes(range(16))
CONTEXT = b"context"
ROW = {"name": b"Ada", "city": b"", "note": b"x" * 300, "straße": b"Lindenweg 1"}


def sealed(fields: dict[str, bytes] | None = None) -> bytes:
    return seal_record(key=KEY, keyref=9, salt=SALT, context=CONTEXT, fields=ROW if fields is None else fields)


def opened(raw: bytes, only: set[str] | None = None) -> dict[str, bytes]:
    return open_record(key=KEY, context=CONTEXT, sealed=raw, only=only)


def sealed_with_directory(directory: bytes, segments: bytes = b"") -> bytes:
    """What a foreign writer with the key could produce."""
    header = pack_header(suite=SUITE_RECORD, keyref=9, salt=SALT)
    key, commitment = derive(label=b"strongroom/record/1", key=KEY, header=header, context=CONTEXT)
    body = Aead(key).seal(bytes(12), directory, header)
    return b"".join((header, commitment, len(body).to_bytes(3, "big"), body, segments))


def test_a_record_opens_in_order() -> None:
    raw = sealed()
    assert list(opened(raw).items()) == list(ROW.items())
    assert keyref_of(raw) == 9
    assert pack(parse(raw)) == raw


def test_the_overhead_is_what_the_specification_says() -> None:
    fields = {f"column_{index:02}": b"v" * 40 for index in range(16)}
    names = sum(len(name) for name in fields)
    assert len(sealed(fields)) - names - 16 * 40 == RECORD_OVERHEAD + 2 + 16 * (TAG_LEN + 2)
    assert len(sealed({})) == RECORD_OVERHEAD + 2


def test_an_empty_record_is_authentic_too() -> None:
    assert opened(sealed({})) == {}
    raw = bytearray(sealed({}))
    raw[-1] ^= 1
    with pytest.raises(DecryptionError):
        opened(bytes(raw))


def test_neither_names_nor_values_are_readable() -> None:
    raw = sealed()
    for text in (b"name", b"Ada", "straße".encode()):
        assert text not in raw


def test_only_opens_nothing_else() -> None:
    raw = bytearray(sealed())
    raw[-1] ^= 1  # the last value's tag
    assert opened(bytes(raw), {"name", "no_such_column"}) == {"name": b"Ada"}
    with pytest.raises(DecryptionError):
        opened(bytes(raw), {"straße"})
    with pytest.raises(DecryptionError):
        opened(bytes(raw))


@pytest.mark.parametrize(
    ("offset", "reason"),
    [(1, "commitment"), (HEADER_LEN, "commitment"), (PREFIX_LEN + 3, "tag"), (-1, "tag")],
)
def test_every_flipped_part_is_refused_with_its_reason(offset: int, reason: str) -> None:
    raw = bytearray(sealed())
    raw[offset] ^= 1
    with pytest.raises(DecryptionError) as caught:
        opened(bytes(raw))
    assert caught.value.reason == reason


def test_wrong_key_or_context_fails_at_the_commitment() -> None:
    for key, context in ((bytes(32), CONTEXT), (KEY, b"")):
        with pytest.raises(DecryptionError) as caught:
            open_record(key=key, context=context, sealed=sealed())
        assert caught.value.reason == "commitment"


def test_swapped_values_of_one_length_are_refused() -> None:
    raw = sealed({"one": b"aaaa", "two": b"bbbb"})
    swapped = raw[:-40] + raw[-20:] + raw[-40:-20]
    with pytest.raises(DecryptionError):
        opened(swapped)


@pytest.mark.parametrize("cut", [1, 16, 17])
def test_a_missing_or_trailing_piece_is_a_format_error(cut: int) -> None:
    raw = sealed()
    with pytest.raises(FormatError, match="fill"):
        opened(raw[:-cut])
    with pytest.raises(FormatError, match="fill"):
        opened(raw + bytes(cut))


def test_foreign_bytes_are_format_errors() -> None:
    raw = sealed()
    huge = raw + bytes(RECORD_LEN_MAX + FIELDS_MAX * TAG_LEN)
    long_directory = raw[:PREFIX_LEN] + b"\xff\xff\xff" + raw[PREFIX_LEN + 3 :]
    short_directory = raw[:PREFIX_LEN] + b"\x00\x00\x11" + raw[PREFIX_LEN + 3 :]
    past_the_end = raw[:PREFIX_LEN] + b"\x00\x10\x00" + raw[PREFIX_LEN + 3 :]
    for broken in (b"", raw[:73], b"\x01" + raw[1:], huge, long_directory, short_directory, past_the_end):
        for read in (parse, keyref_of, opened):
            with pytest.raises(FormatError, match="offset"):
                read(broken)


@pytest.mark.parametrize(
    "directory",
    [
        b"\x00\x01",  # an entry is announced and missing
        b"\x00\x01\x05ab",  # a name longer than the directory
        b"\x00\x01\x01a",  # no length
        b"\x00\x01\x01a\x80",  # half a length
        b"\x00\x01\x01a\x80\x00",  # a length in two bytes that fits one
        b"\x00\x01\x01a\xff\xff\xff\xff\x01",  # a length over 28 bits
        b"\x00\x01\x00\x00",  # an empty name
        b"\x00\x02\x01a\x00\x01a\x00",  # one name twice
        b"\x00\x01\x01\xff\x00",  # not UTF-8
        b"\x00\x00\x00",  # trailing bytes
        b"\xff\xff" + b"".join(b"\x02" + i.to_bytes(2, "big") + b"\x00" for i in range(0x20, 0x40)),
    ],
)
def test_an_authentic_but_malformed_directory_is_a_format_error(directory: bytes) -> None:
    with pytest.raises(FormatError):
        opened(sealed_with_directory(directory))


def test_more_fields_than_the_cap_are_not_read() -> None:
    directory = b"".join(b"\x04%04x\x00" % index for index in range(FIELDS_MAX + 1))
    with pytest.raises(FormatError, match="malformed"):
        opened(sealed_with_directory((FIELDS_MAX + 1).to_bytes(2, "big") + directory))


@pytest.mark.parametrize(
    "fields",
    [
        {str(index): b"" for index in range(FIELDS_MAX + 1)},
        {"": b""},
        {"é" * (NAME_LEN_MAX // 2 + 1): b""},
        {"a": bytes(RECORD_LEN_MAX), "b": b"x"},
    ],
)
def test_what_exceeds_a_cap_is_not_sealed(fields: dict[str, bytes]) -> None:
    with pytest.raises(LimitExceededError):
        sealed(fields)


def test_a_name_that_is_not_unicode_is_not_sealed() -> None:
    with pytest.raises(FormatError):
        sealed({"\ud800": b""})


def test_the_widest_record_opens() -> None:
    fields = {f"{index:0255}": bytes([index % 256]) * (index % 5) for index in range(FIELDS_MAX)}
    assert opened(sealed(fields)) == fields


def test_pack_refuses_what_would_not_parse() -> None:
    parts = parse(sealed())
    for changed in (
        RecordParts(0x01, 9, SALT, parts.commitment, parts.directory, parts.segments),
        RecordParts(SUITE_RECORD, 9, SALT, parts.commitment[1:], parts.directory, parts.segments),
        RecordParts(SUITE_RECORD, 9, SALT, parts.commitment, bytes(1 << 20), parts.segments),
        RecordParts(SUITE_RECORD, 9, SALT[1:], parts.commitment, parts.directory, parts.segments),
    ):
        with pytest.raises(FormatError):
            pack(changed)
