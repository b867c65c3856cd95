"""The port to where issued surrogates are kept, and the row it keeps.

A row holds a sealed value and its label, never the value. The lookup column is a MAC of the normalized value
under the scope's key: it finds a value that was seen before and says nothing to somebody without that key.
Label, lookup and surrogate are bound into the seal, so a row edited in the store does not open.

Must never: be trusted about a label before its seal has opened; a tampered label costs the attacker the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from strongroom.label import Label


@dataclass(frozen=True, slots=True)
class SurrogateRow:
    """One issued surrogate.

    `scope` is the 16-byte reference of the scope, `lookup` the 32-byte MAC of the normalized value and
    `created_at` in Unix seconds. An erased row keeps its place with an empty `sealed` and `lookup` None, so
    that the same surrogate is never issued for somebody else.
    """

    scope: bytes
    surrogate: str
    lookup: bytes | None
    sealed: bytes
    label: Label
    tenant: str
    environment: str
    created_at: float


class SurrogateStore(Protocol):
    """Where surrogates live. Every method is one transaction; all raise `StoreError` when the store is down."""

    def load(self, scope: bytes, limit: int) -> list[SurrogateRow]:
        """Up to `limit` rows of `scope`, in no particular order."""
        ...

    def find_value(self, scope: bytes, lookup: bytes) -> SurrogateRow | None:
        """The row of the value with this MAC."""
        ...

    def find_surrogate(self, scope: bytes, surrogate: str) -> SurrogateRow | None:
        """The row of this surrogate, erased ones included."""
        ...

    def claim(self, rows: Sequence[SurrogateRow]) -> list[SurrogateRow]:
        """Add rows, each if neither its value nor its surrogate is taken in its scope; durable on return.

        Gives, per row, the row that now stands: the given one; else the row that has the value; else the row
        that has the surrogate.
        """
        ...

    def relabel(self, row: SurrogateRow) -> bool:
        """Replace seal and label of the row with this scope, surrogate and lookup; False if there is none."""
        ...

    def erase(self, tenant: str, environment: str, subject: str) -> int:
        """Empty every row of this subject (see `SurrogateRow`); returns how many there were."""
        ...
