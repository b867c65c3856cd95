"""The positive control: a zero is only worth something from a scanner that is seen to find.

Must never: be skipped; a report without a control has no right to say "none".
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from strongroom.demo.planted import Planted
from strongroom.demo.scan import DIGITS_UNBOUNDED_MIN, VALUE_CHARS_MIN, Scanner
from strongroom.errors import IntegrityError


class ScannerBlindError(IntegrityError):
    """The scanner overlooked a value planted for it, so its zero means nothing."""

    code = "scanner_blind"


def require_working(scanner: Scanner, samples: Sequence[Planted]) -> int:
    """Plant `samples` in every dress and demand that each is found; returns the bytes of the control buffers.

    Raises `ScannerBlindError` naming the dress that was overlooked, and when there is nothing to plant.
    """
    samples = [sample for sample in samples if len(sample.value) >= VALUE_CHARS_MIN]
    if not samples:
        msg = "there is no planted value to try the scanner with"
        raise ScannerBlindError(msg)
    scanned = 0
    for sample in samples:
        for dress, control in _dresses(sample.value):
            padded = b"\x00\xff before:" + control + b": after\n"
            scanned += len(padded)
            if not scanner.scan_bytes(padded, "control").findings:
                msg = f"the scanner overlooked a value planted as {dress}"
                raise ScannerBlindError(msg)
    return scanned


def _dresses(value: str) -> Iterator[tuple[str, bytes]]:
    raw = value.encode()
    yield "plain text", raw
    yield "capitals", value.upper().encode()
    yield "a JSON string", json.dumps({"text": f"{value}ü"}).encode()
    yield "UTF-16 little endian", value.encode("utf-16-le")
    yield "UTF-16 big endian", value.encode("utf-16-be")
    yield "hex", raw.hex().encode()
    yield "percent escapes", b"q=" + quote(value, safe="").encode()
    for shift in range(3):
        yield "base64", b64encode(b"x" * shift + raw + b" and some more")
    if value.isalnum() and len(value) >= DIGITS_UNBOUNDED_MIN:
        yield "groups of four", " ".join(value[at : at + 4] for at in range(0, len(value), 4)).encode()
