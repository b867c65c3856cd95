"""Entries on disk: segments of length-prefixed, checksummed records (docs/spec/audit-log.md).

    record = length(4, BE) | CRC-32(length | entry)(4, BE) | entry

The checksum finds a torn tail after a crash; that nobody edited the log is what the Merkle tree shows.

Must never: believe a length before it is checked against the cap and the bytes that are there.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from strongroom.formats.entry import ENTRY_BYTES_MAX

SEGMENT_ENTRIES = 1024
"""Entries of a full segment: about 0.7 MB, at most 64 MB, so that finding one entry reads little."""

_HEADER = struct.Struct(">II")
RECORD_OVERHEAD = _HEADER.size


def numbered_path(number: int) -> str:
    """`number` as path parts of three digits, all but the last with an ``x`` (C2SP tlog-tiles)."""
    parts = [f"{number % 1000:03}"]
    while number >= 1000:  # noqa: PLR2004 - three decimal digits a part
        number //= 1000
        parts.append(f"x{number % 1000:03}")
    return "/".join(reversed(parts))


def segment_name(number: int) -> str:
    """The name of segment `number`, which holds the entries from ``number * SEGMENT_ENTRIES``."""
    return f"entries/{numbered_path(number)}"


def frame(entry: bytes) -> bytes:
    """The record of `entry`."""
    length = len(entry)
    return _HEADER.pack(length, zlib.crc32(entry, length)) + entry


@dataclass(frozen=True, slots=True)
class Scan:
    """What a segment holds: its good `entries`, the offset `end` after the last of them, and what follows.

    `torn` says that the next record is cut short by the end of the segment, `damaged` that it is there and
    does not carry its checksum.
    """

    entries: list[bytes]
    end: int
    torn: bool = False
    damaged: bool = False


def scan(segment: bytes) -> Scan:
    """The records of `segment` up to the first that is not whole. Accepts any bytes."""
    entries: list[bytes] = []
    position, length = 0, len(segment)
    while position < length:
        if len(entries) == SEGMENT_ENTRIES:
            return Scan(entries, position, damaged=True)
        start = position + RECORD_OVERHEAD
        if start > length:
            return Scan(entries, position, torn=True)
        size, checksum = _HEADER.unpack_from(segment, position)
        if not 0 < size <= ENTRY_BYTES_MAX:
            return Scan(entries, position, damaged=True)
        if start + size > length:
            return Scan(entries, position, torn=True)
        entry = segment[start : start + size]
        if zlib.crc32(entry, size) != checksum:
            return Scan(entries, position, damaged=True)
        entries.append(entry)
        position = start + size
    return Scan(entries, position)
