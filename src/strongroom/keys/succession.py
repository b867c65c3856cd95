"""A new root for a store: proposed, proved, and put in force in one commit (docs/spec/root-rotation.md).

Theory: everything that depends on the root is a wrap of the root, the wraps of environment keys, and the
authenticators of rows and journal. A proposal makes the new root and its wraps and keeps them beside the old ones,
sealed under the old root, so that people can be handed their shares and prove them while the store goes on under
the old root. Taking it is one transaction over all of it: a crash leaves the old root in force with its proposal,
or the new one, and nothing else.

What stays: the keys themselves, every keyref, everything they sealed, and the pseudonyms of subjects.

Must never: put a root in force that no path was shown to lead to, or leave a row under the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn, Protocol

from strongroom.clock import Entropy
from strongroom.errors import PermitError, RootError, RootMissingError, RootRotatedError
from strongroom.formats.aad import Binding
from strongroom.keys.epoch import Epoch
from strongroom.keys.ledger import Ledger
from strongroom.keys.root import ROOT_LEN, RootProvider, RootStore, RootWrap
from strongroom.keys.root_mark import Inheritance, first_subject_key, later_mark, require_marked
from strongroom.keys.store import Change, KeyRow
from strongroom.keys.wrapping import ROOT_KEYREF, key_binding, unwrap_key, wrap_key
from strongroom.primitives.mac import equal


@dataclass(frozen=True, slots=True)
class Succession:
    """A proposed root: its mark, itself sealed under the present root, and its wraps."""

    mark: bytes
    sealed: bytes
    wraps: tuple[RootWrap, ...]


class Resigning(Protocol):
    """What the store asks for while it puts a succession in force: everything anew, nothing kept back."""

    def journal(self, entries: Sequence[Change]) -> list[Change]:
        """The whole journal, verified under the old root, chained under the new one."""
        ...

    def rows(self, rows: Iterable[KeyRow]) -> Iterator[KeyRow]:
        """Rows, verified under the old root, authenticated (and environment keys wrapped) under the new one."""
        ...


class SuccessionStore(Protocol):
    """Where a proposal waits, and the one transaction that takes it."""

    def pending(self) -> Succession | None:
        """The proposal that waits, if one does."""
        ...

    def propose(self, succession: Succession, *, present: bytes) -> bool:
        """Keep `succession`; False if one waits already, or if the root in force has not the mark `present`."""
        ...

    def withdraw(self) -> bool:
        """Forget the proposal; False if there was none."""
        ...

    def take(self, succession: Succession, resigning: Resigning) -> int | None:
        """Put `succession` in force: journal, rows, wraps and mark in one transaction, the proposal gone.

        Returns how many rows were authenticated anew, or `None` if it is not the proposal that waits.
        """
        ...


@dataclass(frozen=True, slots=True)
class RootInForce:
    """The present root of a store, as whoever unsealed it knows it. `made_at` is `None` for the first one."""

    root: bytes = field(repr=False)
    subject_key: bytes = field(repr=False)
    store_id: str
    mark: bytes
    made_at: int | None = None

    @classmethod
    def of(cls, roots: RootStore, root: bytes) -> RootInForce:
        """What the store says about `root`. Raises `ForeignRootError` if it is not the one in force."""
        store_id, mark = roots.store_id() or "", roots.fingerprint()
        found = require_marked(mark, root=root, store_id=store_id, holder="this process")
        if found is None:
            return cls(root, first_subject_key(root), store_id, mark)
        return cls(root, found.subject_key, store_id, mark, found.made_at)

    def __reduce__(self) -> NoReturn:
        msg = "keys do not leave their process"
        raise PermitError(msg)


def propose(
    store: SuccessionStore, present: RootInForce, *, providers: Sequence[RootProvider], entropy: Entropy,
    now_ms: int,
) -> Succession:  # fmt: skip
    """Make a new root, wrapped once per provider; each is asked to give it back before anything is recorded.

    Raises `RootError` if a provider does not, if two have one scheme, or if a proposal waits already;
    `RootRotatedError` if `present` is not in force any more.
    """
    if not providers or len({provider.scheme for provider in providers}) < len(providers):
        msg = "a new root needs at least one unseal path, and no two of the same scheme"
        raise RootError(msg)
    root = entropy(ROOT_LEN)
    wraps = []
    for provider in providers:
        wrapped = provider.wrap(root)
        if not equal(provider.unwrap(wrapped), root):
            msg = f"{provider.scheme} does not give back what it wrapped"
            raise RootError(msg)
        wraps.append(RootWrap(provider.scheme, wrapped))
    succession = Succession(
        mark=later_mark(root, present.store_id, Inheritance(now_ms, present.subject_key), entropy),
        sealed=wrap_key(
            parent=present.root, parent_keyref=ROOT_KEYREF, binding=_binding(present.store_id), material=root,
            entropy=entropy,
        ),
        wraps=tuple(sorted(wraps, key=lambda wrap: wrap.scheme)),
    )  # fmt: skip
    if not store.propose(succession, present=present.mark):
        if store.pending() is None:
            raise RootRotatedError(_ROTATED)
        msg = "a new root was proposed before: finish it or withdraw it"
        raise RootError(msg)
    return succession


def prove(store: SuccessionStore, present: RootInForce, provider: RootProvider) -> None:
    """Unwrap the proposed root by `provider`, as its holders will have to. Raises a `RootError` if that fails."""
    succession = _required(store)
    wrapped = next((wrap.wrapped for wrap in succession.wraps if wrap.scheme == provider.scheme), None)
    if wrapped is None:
        proposed = ", ".join(wrap.scheme for wrap in succession.wraps)
        msg = f"the proposed root has no wrap by {provider.scheme}, but: {proposed}"
        raise RootMissingError(msg)
    require_marked(
        succession.mark, root=provider.unwrap(wrapped), store_id=present.store_id, holder=provider.scheme
    )


def take(store: SuccessionStore, present: RootInForce, epoch: Epoch, entropy: Entropy) -> int:
    """Put the proposed root in force; returns how many key versions were authenticated anew.

    Every process on the host is refused its next operation with the old root: `RootRotatedError`.
    """
    succession = _required(store)
    root = unwrap_key(
        parent=present.root, parent_keyref=ROOT_KEYREF, binding=_binding(present.store_id),
        wrapped=succession.sealed,
    )  # fmt: skip
    require_marked(succession.mark, root=root, store_id=present.store_id, holder="the proposal")
    with epoch.changing():
        count = store.take(succession, _Resigning(present.root, root, entropy))
    if count is None:
        raise RootRotatedError(_ROTATED)
    return count


_ROTATED = "this store has another root by now"


def _required(store: SuccessionStore) -> Succession:
    succession = store.pending()
    if succession is None:
        msg = "no new root was proposed"
        raise RootMissingError(msg)
    return succession


def _binding(store_id: str) -> Binding:
    return Binding(tenant="", environment="", category="", level=0, kind="root", object_id=f"successor:{store_id}")


class _Resigning:
    """The `Resigning` from one root to another, within one transaction."""

    def __init__(self, old: bytes, new: bytes, entropy: Entropy) -> None:
        self._old, self._new = old, new
        self._entropy = entropy
        self._before, self._after = Ledger(old), Ledger(new)

    def journal(self, entries: Sequence[Change]) -> list[Change]:
        self._before.verify(tuple(entries))
        return list(self._after.rechained(entries))

    def rows(self, rows: Iterable[KeyRow]) -> Iterator[KeyRow]:
        for row in rows:
            self._before.require_genuine(row)
            yield self._after.sign(self._rewrapped(row))

    def _rewrapped(self, row: KeyRow) -> KeyRow:
        if row.parent_keyref != ROOT_KEYREF or not row.wrapped:  # the wrap of a destroyed version is gone
            return row
        binding = key_binding(keyref=row.keyref, path=row.path, use=row.use, version=row.version)
        material = unwrap_key(parent=self._old, parent_keyref=ROOT_KEYREF, binding=binding, wrapped=row.wrapped)
        wrapped = wrap_key(
            parent=self._new, parent_keyref=ROOT_KEYREF, binding=binding, material=material, entropy=self._entropy
        )
        return replace(row, wrapped=wrapped)
