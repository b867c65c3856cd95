"""The port through which the envelope gets keys; `keys.keyring.Keyring` implements it.

Must never: hand out a key without a permit, or one that does not belong to the path.
"""

from __future__ import annotations

from typing import Protocol

from strongroom.keys.path import KeyPath
from strongroom.permit import Permit
from strongroom.primitives.secret_memory import Secret


class DataKey(Protocol):
    """One key version: its store-wide number and its 32 bytes."""

    @property
    def keyref(self) -> int:
        """The number that sealed bytes name it by."""
        ...

    @property
    def material(self) -> Secret:
        """The key itself."""
        ...


class KeySource(Protocol):
    """Where data keys come from. Both methods check the permit and the state of the key and its ancestors."""

    def sealing_key(self, path: KeyPath, permit: Permit) -> DataKey:
        """The primary version of `path`, made if there is none."""
        ...

    def opening_key(self, keyref: int, path: KeyPath, permit: Permit) -> DataKey:
        """Version `keyref` if it belongs to `path`.

        Raises `DecryptionError` if it does not or is unknown, `KeyStateError` if its state refuses.
        """
        ...
