"""record/1: named values under one header, each sealed and openable on its own (docs/spec/record.md).

    suite(1) = 0x11 | keyref(4) | salt(16) | commitment(32) | u24 length of directory | directory | segment ...

The directory lists names and lengths and is sealed too, because a name can say as much as a value. Directory
and segments share one message key; segment i (the directory is 0) uses the nonce i, and i and its name are in
its AAD. A record is written once: changing one value means sealing the record anew.

Must never: be sealed twice with one salt, or opened by trying keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from strongroom.errors import FormatError, LimitExceededError
from strongroom.formats.commitment import (
    COMMITMENT_LEN,
    HEADER_LEN,
    PREFIX_LEN,
    derive,
    derive_committed,
    pack_header,
    part_nonce,
    unpack_header,
)
from strongroom.primitives.aead import TAG_LEN, Aead
from strongroom.primitives.secret_memory import Secret

SUITE_RECORD = 0x11
"""As field/1's suite, with one derivation for many segments."""

FIELDS_MAX = 1024
"""Wider rows than any database allows (PostgreSQL: 1600 columns, SQL Server: 1024)."""

NAME_LEN_MAX = 255
"""Bytes of UTF-8; one length byte, and twice the longest column name in use (Oracle: 128)."""

RECORD_LEN_MAX = 1 << 24
"""16 MiB of values in memory at once; larger data is an object."""

RECORD_OVERHEAD = PREFIX_LEN + 3 + TAG_LEN
"""72 bytes per record, besides 16 per field and the directory."""

_LABEL = b"strongroom/record/1"
_DIRECTORY_LEN_MAX = 2 + FIELDS_MAX * (1 + NAME_LEN_MAX + 4)
_VARINT_LEN_MAX = 4


@dataclass(frozen=True, slots=True)
class RecordParts:
    """The outer parts of a sealed record; `directory` and `segments` are ciphertexts with their tags."""

    suite: int
    keyref: int
    salt: bytes
    commitment: bytes
    directory: bytes
    segments: bytes


def parse(raw: bytes) -> RecordParts:
    """The parts of `raw`. Raises `FormatError` naming the part and its offset."""
    end = _require_frame(raw)
    suite, keyref, salt = unpack_header(raw)
    return RecordParts(suite, keyref, salt, raw[HEADER_LEN:PREFIX_LEN], raw[PREFIX_LEN + 3 : end], raw[end:])


def pack(parts: RecordParts) -> bytes:
    """The bytes of `parts`. Raises `FormatError` if they could not be parsed again."""
    header = pack_header(suite=parts.suite, keyref=parts.keyref, salt=parts.salt)
    if len(parts.commitment) != COMMITMENT_LEN or len(parts.directory) > _DIRECTORY_LEN_MAX + TAG_LEN:
        msg = "record: commitment or directory has an impossible length"
        raise FormatError(msg)
    length = len(parts.directory).to_bytes(3, "big")
    raw = b"".join((header, parts.commitment, length, parts.directory, parts.segments))
    _require_frame(raw)
    return raw


def keyref_of(raw: bytes) -> int:
    """The key version that sealed `raw`. Raises `FormatError` as `parse` does."""
    _require_frame(raw)
    return int.from_bytes(raw[1:5], "big")


def seal_record(*, key: Secret, keyref: int, salt: bytes, context: bytes, fields: Mapping[str, bytes]) -> bytes:
    """Seal `fields` in their order under the 32-byte `key` that `keyref` names.

    `salt` is 16 fresh random bytes. Raises `LimitExceededError` over `FIELDS_MAX`, `NAME_LEN_MAX` or
    `RECORD_LEN_MAX` or for an empty name, `FormatError` for a name that is not Unicode.
    """
    names = [_name(name) for name in fields]
    values = list(fields.values())
    directory = _pack_directory(names, values)
    header = pack_header(suite=SUITE_RECORD, keyref=keyref, salt=salt)
    message_key, commitment = derive(label=_LABEL, key=key, header=header, context=context)
    aead = Aead(message_key)
    sealed_directory = aead.seal(part_nonce(0), directory, header)
    parts = [header, commitment, len(sealed_directory).to_bytes(3, "big"), sealed_directory]
    for index, (name, value) in enumerate(zip(names, values, strict=True), 1):
        parts.append(aead.seal(part_nonce(index), value, _aad(header, index, name)))
    return b"".join(parts)


def open_record(
    *, key: Secret, context: bytes, sealed: bytes, only: Collection[str] | None = None
) -> dict[str, bytes]:
    """The fields of `sealed` in their order; with `only`, just those, and no other value is decrypted.

    A name in `only` that the record does not have is absent from the answer. Raises `FormatError` for bytes
    that are no record, `DecryptionError` with reason ``"commitment"`` or ``"tag"`` otherwise.
    """
    end = _require_frame(sealed)
    prefix = sealed[:PREFIX_LEN]
    header = prefix[:HEADER_LEN]
    message_key = derive_committed(label=_LABEL, key=key, context=context, prefix=prefix)
    aead = Aead(message_key)
    view = memoryview(sealed)
    entries = _parse_directory(aead.open(part_nonce(0), view[PREFIX_LEN + 3 : end], header))
    if end + sum(length + TAG_LEN for _, length in entries) != len(sealed):
        msg = f"record: segments do not fill the record (offset {end})"
        raise FormatError(msg)
    fields: dict[str, bytes] = {}
    for index, (name, length) in enumerate(entries, 1):
        start, end = end, end + length + TAG_LEN
        text = name.decode()
        if only is None or text in only:
            fields[text] = aead.open(part_nonce(index), view[start:end], _aad(header, index, name))
    return fields


def _pack_directory(names: list[bytes], values: Iterable[bytes]) -> bytes:
    if len(names) > FIELDS_MAX:
        msg = f"record: at most {FIELDS_MAX} fields"
        raise LimitExceededError(msg)
    out = [len(names).to_bytes(2, "big")]
    total = 0
    for name, value in zip(names, values, strict=True):
        total += len(value)
        out += (len(name).to_bytes(1), name, _varint(len(value)))
    if total > RECORD_LEN_MAX:
        msg = f"record: values have at most {RECORD_LEN_MAX} bytes together"
        raise LimitExceededError(msg)
    return b"".join(out)


def _parse_directory(raw: bytes) -> list[tuple[bytes, int]]:
    """Names and value lengths. The bytes are authentic, so a failure here means a foreign writer."""
    try:
        count, offset = int.from_bytes(raw[:2], "big"), 2
        entries: dict[bytes, int] = {}
        for _ in range(count):
            start = offset + 1
            offset = start + raw[offset]
            name = raw[start:offset]
            name.decode()
            entries[name], offset = _read_varint(raw, offset)
    except (IndexError, UnicodeDecodeError) as error:
        msg = f"record: directory is malformed (offset {PREFIX_LEN + 3})"
        raise FormatError(msg) from error
    if count > FIELDS_MAX or len(entries) != count or offset != len(raw) or b"" in entries:
        msg = f"record: directory is malformed (offset {PREFIX_LEN + 3})"
        raise FormatError(msg)
    return list(entries.items())


def _varint(number: int) -> bytes:
    """LEB128, shortest form, at most 28 bits."""
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits per byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(raw: bytes, offset: int) -> tuple[int, int]:
    number = 0
    for position in range(_VARINT_LEN_MAX):
        byte = raw[offset + position]
        number |= (byte & 0x7F) << 7 * position
        if byte < 0x80:  # noqa: PLR2004 - the top bit says that more follows
            if byte == 0 and position > 0:
                break
            return number, offset + position + 1
    msg = f"record: length is not in its shortest form (offset {PREFIX_LEN + 3})"
    raise FormatError(msg)


def _name(name: str) -> bytes:
    try:
        raw = name.encode()
    except UnicodeEncodeError as error:
        msg = "record: name is not valid Unicode"
        raise FormatError(msg) from error
    if not 0 < len(raw) <= NAME_LEN_MAX:
        msg = f"record: a name has 1 to {NAME_LEN_MAX} bytes"
        raise LimitExceededError(msg)
    return raw


def _aad(header: bytes, index: int, name: bytes) -> bytes:
    return b"".join((header, index.to_bytes(2, "big"), name))


def _require_frame(raw: bytes) -> int:
    """Where the directory ends."""
    if len(raw) < RECORD_OVERHEAD + 2:
        msg = f"record: {len(raw)} bytes are too short (offset 0)"
        raise FormatError(msg)
    if raw[0] != SUITE_RECORD:
        msg = "record: unknown suite (offset 0)"
        raise FormatError(msg)
    length = int.from_bytes(raw[PREFIX_LEN : PREFIX_LEN + 3], "big")
    end = PREFIX_LEN + 3 + length
    if not 2 + TAG_LEN <= length <= _DIRECTORY_LEN_MAX + TAG_LEN or end > len(raw):
        msg = f"record: directory length is impossible (offset {PREFIX_LEN})"
        raise FormatError(msg)
    if len(raw) - end > RECORD_LEN_MAX + FIELDS_MAX * TAG_LEN:
        msg = f"record: segments are larger than a record may be (offset {end})"
        raise FormatError(msg)
    return end
