"""Keys: their hierarchy, their states, and who may reach them.

    root -> tenant/environment -> category -> subject

Every key but the root is 32 random bytes, wrapped under its parent and kept in the store; the root is kept by
unseal paths outside it (`root.RootProvider`). `Keyring` hands out key material to whoever shows a permit,
`KeyAdmin` moves key versions through their states (docs/spec/key-states.md).

Must never: hand out material without a permit, or from a cache that a revocation has not emptied.
"""

from strongroom.keys.epoch import Epoch
from strongroom.keys.keyring import DataKey, Keyring
from strongroom.keys.lifecycle import KeyAdmin, KeyVersion
from strongroom.keys.path import KeyPath
from strongroom.keys.root import RootProvider, RootStore, RootWrap
from strongroom.keys.rotation import KeyRotation
from strongroom.keys.state import State
from strongroom.keys.store import KeyRow, KeyStore, Use
from strongroom.keys.unseal import add_unseal_path, initialise, new_store_id, remove_unseal_path, unseal

__all__ = [
    "DataKey",
    "Epoch",
    "KeyAdmin",
    "KeyPath",
    "KeyRotation",
    "KeyRow",
    "KeyStore",
    "KeyVersion",
    "Keyring",
    "RootProvider",
    "RootStore",
    "RootWrap",
    "State",
    "Use",
    "add_unseal_path",
    "initialise",
    "new_store_id",
    "remove_unseal_path",
    "unseal",
]
