"""Where an issued surrogate is found, what it is bound to, and how its value is opened.

Must never: keep what it opened, or open without a permit (the envelope asks the keys, which ask for it).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from strongroom.canonical import tuple_bytes
from strongroom.errors import DecryptionError
from strongroom.formats.aad import Binding
from strongroom.label import Label
from strongroom.permit import Permit
from strongroom.primitives.digest import sha256
from strongroom.surrogates.memory import Held
from strongroom.surrogates.scope import Scope

ERASED = "erased"
"""The reason a surrogate whose subject was erased does not open."""

_DIGEST_LEN = 16
_LABELS_MAX = 1024
"""Labels, less subject, whose bytes are remembered: a catalogue has a few hundred kinds."""


class Sealer(Protocol):
    """What surrogates need of `strongroom.envelope.Envelope`."""

    def seal(self, plaintext: bytes, binding: Binding, permit: Permit) -> bytes:
        """Seal under the key of the binding's path."""
        ...

    def open(self, sealed: bytes, binding: Binding, permit: Permit) -> bytes:
        """Open, or raise `DecryptionError` or `KeyStateError`."""
        ...


def binding_of(scope: Scope, ref: bytes, surrogate: str, lookup: bytes, label: Label) -> Binding:
    """What the seal of one surrogate is bound to: scope, surrogate, value MAC and the whole label."""
    count, described = _described(label.kind, label.source, label.sinks)
    rest = b"".join((count, b"b", len(lookup).to_bytes(4, "big"), lookup, described))
    return Binding(
        tenant=scope.tenant,
        environment=scope.environment,
        category=label.category,
        level=int(label.level),
        kind="surrogate",
        object_id=f"{ref.hex()}/{surrogate}/{sha256(rest)[:_DIGEST_LEN].hex()}",
        subject=label.subject,
    )


@lru_cache(maxsize=_LABELS_MAX)
def _described(kind: str, source: str, sinks: frozenset[str]) -> tuple[bytes, bytes]:
    """What `tuple_bytes(lookup, kind, source, *sorted(sinks))` has before and behind `lookup`."""
    words = (kind, source, *sorted(sinks))
    return (len(words) + 1).to_bytes(2, "big"), tuple_bytes(*words)[2:]


def seal_value(
    sealer: Sealer, scope: Scope, ref: bytes, *, surrogate: str, lookup: bytes, label: Label, value: bytes,
    permit: Permit,
) -> bytes:  # fmt: skip
    """Seal `value` so that it opens for this surrogate, scope and label alone."""
    return sealer.seal(value, binding_of(scope, ref, surrogate, lookup, label), permit)


def open_value(sealer: Sealer, scope: Scope, ref: bytes, held: Held, permit: Permit) -> str:
    """The value of `held`. Raises `DecryptionError` (erased, or anything was tampered with) or `KeyStateError`."""
    if held.lookup is None:
        raise DecryptionError(ERASED)
    binding = binding_of(scope, ref, held.surrogate, held.lookup, held.label)
    return sealer.open(held.sealed, binding, permit).decode("utf-8", "surrogatepass")
