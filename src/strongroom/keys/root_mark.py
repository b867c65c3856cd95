"""How a store recognises its root, and what it inherited from the roots before (docs/spec/unseal.md, section 1).

    first root          fingerprint(16)
    every later one     fingerprint(16) | made at(8, milliseconds) | the subject key, sealed under the root(101)

Pseudonyms of subjects are made with a key that the first root gives. They stand in every row and cannot be made
again without the names, so a later root inherits that key instead. The fingerprint covers what is inherited:
nobody can take it away, which would make every subject unfindable and an erasure find nothing.

Must never: accept a root by anything but its fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.clock import Entropy
from strongroom.errors import ForeignRootError, StoreDamagedError
from strongroom.formats.aad import Binding
from strongroom.keys.wrapping import ROOT_KEYREF, unwrap_key, wrap_key
from strongroom.primitives.digest import sha256
from strongroom.primitives.kdf import expand
from strongroom.primitives.mac import MAC_LEN, equal
from strongroom.primitives.secret_memory import Secret

FINGERPRINT_LEN = 16
TIME_LEN = 8

_FIRST = b"strongroom/root-fingerprint/1"
_SUBJECTS = b"strongroom/key-subject/1"
_LATER = b"strongroom/root-fingerprint/2"


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a later root carries: when it was made (milliseconds since the Unix epoch) and the subject key."""

    made_at: int
    subject_key: bytes


def first_subject_key(root: Secret) -> bytes:
    """The key of subjects' pseudonyms (docs/spec/key-states.md, section 4) in a store with its first root."""
    return expand(key=root, info=_SUBJECTS, length=MAC_LEN)


def first_mark(root: bytes, store_id: str) -> bytes:
    """The mark of a store's first root."""
    return expand(key=root, info=_FIRST + store_id.encode(), length=FINGERPRINT_LEN)


def later_mark(root: bytes, store_id: str, inheritance: Inheritance, entropy: Entropy) -> bytes:
    """The mark of a root that follows another one."""
    sealed = wrap_key(
        parent=root, parent_keyref=ROOT_KEYREF, binding=_binding(store_id), material=inheritance.subject_key,
        entropy=entropy,
    )  # fmt: skip
    carried = inheritance.made_at.to_bytes(TIME_LEN, "big") + sealed
    return _later_fingerprint(root, store_id, carried) + carried


def require_marked(mark: bytes, *, root: bytes, store_id: str, holder: str) -> Inheritance | None:
    """What `root` inherited, `None` for a first root.

    Raises `ForeignRootError`, naming the `holder`, if `mark` was not made for this root and store, and
    `StoreDamagedError` if it is no mark.
    """
    carried = mark[FINGERPRINT_LEN:]
    if not carried:
        expected = first_mark(root, store_id)
    elif len(carried) > TIME_LEN:
        expected = _later_fingerprint(root, store_id, carried)
    else:
        msg = "the store does not say which root is its own"
        raise StoreDamagedError(msg)
    if not equal(expected, mark[:FINGERPRINT_LEN]):
        msg = f"{holder} holds the root of another store"
        raise ForeignRootError(msg)
    if not carried:
        return None
    subject_key = unwrap_key(
        parent=root, parent_keyref=ROOT_KEYREF, binding=_binding(store_id), wrapped=carried[TIME_LEN:]
    )
    return Inheritance(int.from_bytes(carried[:TIME_LEN], "big"), subject_key)


def _later_fingerprint(root: bytes, store_id: str, carried: bytes) -> bytes:
    return expand(key=root, info=_LATER + sha256(carried) + store_id.encode(), length=FINGERPRINT_LEN)


def _binding(store_id: str) -> Binding:
    return Binding(
        tenant="", environment="", category="", level=0, kind="root", object_id=f"subject-key:{store_id}"
    )
