"""A key under a key: 32 bytes sealed as a field (docs/spec/field.md), bound to their place in the hierarchy.

Must never: wrap two keys under the same binding, or open a wrap whose header names another parent.
"""

from __future__ import annotations

from strongroom.clock import Entropy
from strongroom.errors import DecryptionError, FormatError, StoreTamperedError
from strongroom.formats.aad import Binding
from strongroom.formats.field import SALT_LEN, keyref_of, open_field, seal_field
from strongroom.keys.path import KeyPath
from strongroom.keys.store import Use
from strongroom.primitives.secret_memory import Secret

KEY_LEN = 32
"""Every key is 256 random bits."""

ROOT_KEYREF = 0
"""Names the root as the parent of a wrap; no key version ever has this reference."""


def key_binding(*, keyref: int, path: KeyPath, use: Use, version: int) -> Binding:
    """What a wrap is bound to: which version of which key it is, and for what use."""
    return Binding(
        tenant=path.tenant,
        environment=path.environment,
        category=path.category,
        level=0,
        kind="key",
        object_id=f"{use.value}:{keyref}",
        subject=path.subject,
        version=version,
    )


def wrap_key(*, parent: Secret, parent_keyref: int, binding: Binding, material: bytes, entropy: Entropy) -> bytes:
    """`material` under `parent`: 101 bytes that name the parent's keyref."""
    return seal_field(
        key=parent,
        keyref=parent_keyref,
        salt=entropy(SALT_LEN),
        context=binding.encode(),
        plaintext=material,
    )


def unwrap_key(*, parent: Secret, parent_keyref: int, binding: Binding, wrapped: bytes) -> bytes:
    """The key again. Raises `StoreTamperedError` if the wrap is not the one made for `binding`."""
    msg = "a wrapped key does not belong where it is stored"
    try:
        if keyref_of(wrapped) != parent_keyref:
            raise StoreTamperedError(msg)
        return open_field(key=parent, context=binding.encode(), sealed=wrapped)
    except (FormatError, DecryptionError) as error:
        raise StoreTamperedError(msg) from error


def wrap_root(*, protector: bytes, store_id: str, scheme: str, root: bytes, entropy: Entropy) -> bytes:
    """`root` under the 32-byte key of one unseal path, bound to the store and to the path's scheme."""
    return wrap_key(
        parent=protector,
        parent_keyref=ROOT_KEYREF,
        binding=_root_binding(store_id, scheme),
        material=root,
        entropy=entropy,
    )


def unwrap_root(*, protector: bytes, store_id: str, scheme: str, wrapped: bytes) -> bytes:
    """The root again.

    Raises `DecryptionError` if the protector is not the one it was wrapped with, `FormatError` if it is no wrap.
    """
    return open_field(key=protector, context=_root_binding(store_id, scheme).encode(), sealed=wrapped)


def _root_binding(store_id: str, scheme: str) -> Binding:
    return Binding(tenant="", environment="", category="", level=0, kind="root", object_id=f"{scheme}:{store_id}")
