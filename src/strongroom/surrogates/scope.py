"""Scopes, and the codes that belong to them: how a surrogate is derived (docs/spec/surrogate.md).

Everything follows from the scope's key by HMAC, so the same value has the same surrogate again after a lost
write or in another process, as long as no two values collide; and nobody without the key can tell a genuine
code from a made-up one, except with odds of one in 1024 for the check characters alone.

Must never: derive anything from a value but by the scope's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from strongroom.canonical import tuple_bytes
from strongroom.errors import FormatError
from strongroom.formats.surrogate import (
    CHECK_LEN,
    DATA_LEN_LONG,
    DATA_LEN_SHORT,
    Surrogate,
    code_characters,
    is_code,
    parse,
)
from strongroom.identity import require_name
from strongroom.primitives.mac import equal, mac

PURPOSE = "surrogate"
"""The purpose under which the tenant/environment's stable purpose key is asked for."""

SCOPE_ID_BYTES_MAX = 1024
"""A conversation's name is a header value or a digest; longer is a mistake."""

_CONTEXT = "strongroom/surrogate/scope/1"
_REF_LEN = 16


@dataclass(frozen=True, slots=True)
class Scope:
    """Within what a value keeps its surrogate, and outside of what the surrogate means nothing.

    `id` names the conversation or principal; for kind ``tenant`` it is empty. Codes of a conversation are
    short; the larger scopes have long ones.
    """

    tenant: str
    environment: str
    kind: Literal["conversation", "principal", "tenant"]
    id: str

    def __post_init__(self) -> None:
        require_name(self.tenant, "tenant")
        require_name(self.environment, "environment")
        if len(self.id.encode("utf-8", "surrogatepass")) > SCOPE_ID_BYTES_MAX:
            msg = "surrogate scope: the id is too long"
            raise FormatError(msg)

    @property
    def data_len(self) -> int:
        """How many data characters a code of this scope has."""
        return DATA_LEN_SHORT if self.kind == "conversation" else DATA_LEN_LONG

    @property
    def is_durable(self) -> bool:
        """Whether a surrogate must be on disk before it is used; only conversations can be written behind."""
        return self.kind != "conversation"


class ScopeKey:
    """The key of one scope and what is derived from it. Holds no value; its `repr` shows nothing."""

    __slots__ = ("_data_len", "_key", "ref")

    def __init__(self, purpose_key: bytes, scope: Scope) -> None:
        """Derive from the 32-byte `purpose_key` of the scope's tenant and environment."""
        name = scope.id.encode("utf-8", "surrogatepass")
        self._key = mac(key=purpose_key, message=tuple_bytes(_CONTEXT, scope.kind, name))
        self._data_len = scope.data_len
        self.ref = mac(key=self._key, message=b"ref")[:_REF_LEN]

    def lookup(self, kind: str, normalized: str) -> bytes:
        """The 32-byte MAC under which a value of `kind` is found again."""
        # A kind is upper-case ASCII, so the zero byte separates it from the value beyond doubt.
        return mac(key=self._key, message=b"value\x00%b\x00%b" % (kind.encode(), _raw(normalized)))

    def surrogate(self, kind: str, lookup: bytes, probe: int) -> str | None:
        """The `probe`-th candidate for a value, or None when that one has no digit or no letter."""
        message = b"data\x00%b%b" % (probe.to_bytes(4, "big"), lookup)
        data = code_characters(mac(key=self._key, message=message), self._data_len)
        code = data + self._check(kind, data)
        return f"{kind}_{code}" if is_code(code) else None

    def is_genuine(self, text: str) -> bool:
        """Whether `text` is a surrogate with this scope's length and check characters. It says no more."""
        try:
            parts = parse(text)
        except FormatError:
            return False
        return self.has_check(parts)

    def has_check(self, parts: Surrogate) -> bool:
        """Whether length and check characters are right for this scope."""
        if len(parts.data) != self._data_len:
            return False
        return equal(self._check(parts.kind, parts.data).encode(), parts.check.encode())

    def _check(self, kind: str, data: str) -> str:
        message = b"check\x00%b\x00%b" % (kind.encode(), data.encode())
        return code_characters(mac(key=self._key, message=message), CHECK_LEN)


def _raw(text: str) -> bytes:
    # Text taken from JSON may hold lone surrogate code points; they have no UTF-8 but need a MAC all the same.
    return text.encode("utf-8", "surrogatepass")
