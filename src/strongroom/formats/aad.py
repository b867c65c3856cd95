"""What a seal is bound to: the binding, and its canonical bytes (docs/spec/aad.md).

A binding goes into the key derivation of every seal and is never stored inside the sealed bytes, so whoever
opens has to say what the data is; saying it wrong does not open it.

Must never: be derived from the sealed bytes themselves, which would bind nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from strongroom.canonical import tuple_bytes
from strongroom.errors import FormatError

CONTEXT = "strongroom/aad/1"
"""First field of the encoding; a change of fields or order is a new number."""

TEXT_BYTES_MAX = 1024
"""An object id is a name or a path, a subject a customer number; longer ones belong in a digest."""

LEVEL_MAX = 3
"""The highest `strongroom.label.Level`."""

VERSION_MAX = (1 << 64) - 1
"""Versions are encoded in 64 bits."""

_COUNT = 9
_NO_TEXT = b"s\x00\x00\x00\x00"
_PREFIXES_MAX = 1024
"""Distinct (tenant, environment, category, level, kind) of one process; an entry is about 200 bytes."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose data, of which category and level, which object, in which version.

    `kind` is the form in which the data is kept: ``value``, ``history``, ``file``, ``log``, ``embedding``,
    ``surrogate``, ``known`` or ``key``. `subject` is empty when the data belongs to nobody in particular.
    """

    tenant: str
    environment: str
    category: str
    level: int
    kind: str
    object_id: str
    subject: str = ""
    version: int = 0

    def encode(self) -> bytes:
        """The canonical bytes: the same for the same binding, different for any other.

        Equal to ``tuple_bytes(CONTEXT, tenant, environment, category, level, kind, object_id, subject,
        version)``; the first six fields are remembered because they repeat from call to call. Raises
        `FormatError` for text over `TEXT_BYTES_MAX` bytes, ill-formed Unicode or an integer out of range.
        """
        if not 0 <= self.version <= VERSION_MAX:
            msg = "binding: version is out of range"
            raise FormatError(msg)
        return b"".join((
            _prefix(self.tenant, self.environment, self.category, self.level, self.kind),
            _text(self.object_id),
            _text(self.subject) if self.subject else _NO_TEXT,
            b"i\x00\x00\x00\x08",
            self.version.to_bytes(8, "big"),
        ))  # fmt: skip


@lru_cache(maxsize=_PREFIXES_MAX)
def _prefix(tenant: str, environment: str, category: str, level: int, kind: str) -> bytes:
    if not 0 <= level <= LEVEL_MAX:
        msg = "binding: level is out of range"
        raise FormatError(msg)
    for text in (tenant, environment, category, kind):
        _text(text)
    start = tuple_bytes(CONTEXT, tenant, environment, category, int(level), kind)
    return _COUNT.to_bytes(2, "big") + start[2:]


def _text(value: str) -> bytes:
    try:
        raw = value.encode()
    except UnicodeEncodeError as error:
        msg = "binding: text is not valid Unicode"
        raise FormatError(msg) from error
    if len(raw) > TEXT_BYTES_MAX:
        msg = "binding: text is too long"
        raise FormatError(msg)
    return b"s" + len(raw).to_bytes(4, "big") + raw
