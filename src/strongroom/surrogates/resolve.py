"""Where an issued surrogate is found, what it is bound to, and how its value is opened.

Must never: keep what it opened, or open without a permit (the envelope asks the keys, which ask for it).
"""

from __future__ import annotations

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
    rest = tuple_bytes(lookup, label.kind, label.source, *sorted(label.sinks))
    return Binding(
        tenant=scope.tenant,
        environment=scope.environment,
        category=label.category,
        level=int(label.level),
        kind="surrogate",
        object_id=f"{ref.hex()}/{surrogate}/{sha256(rest)[:_DIGEST_LEN].hex()}",
        subject=label.subject,
    )


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
