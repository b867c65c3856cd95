"""The keyring: key material for whoever shows a permit, with revocation on the very next operation.

Theory: a cached key is served only while the shared epoch stands where it stood when the key was read. Reading
the epoch costs a fraction of a microsecond, so every operation does it; a process that disables a key moves
the epoch, and every other process throws its whole cache away before its next answer.

Must never: serve from a cache whose epoch is not the present one, or without a genuine permit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from strongroom.clock import Clock, Entropy, system_entropy
from strongroom.errors import DecryptionError, PermitError
from strongroom.keys.epoch import Epoch
from strongroom.keys.hierarchy import Hierarchy, Snapshot
from strongroom.keys.lease import LeaseHolder
from strongroom.keys.path import KeyPath
from strongroom.keys.state import State
from strongroom.keys.store import KeyRow, KeyStore, Use
from strongroom.keys.usage import UsageMeter
from strongroom.permit import MANAGING, MANY, OPENING, SEALING, Permit, PermitOffice
from strongroom.primitives.kdf import expand
from strongroom.primitives.secret_memory import Secret

CACHE_LIFETIME_S = 60.0
"""A cache is read anew at least this often, so that a revocation gets through even if the epoch file was
replaced under a running process."""

CACHED_KEYS_MAX = 65_536
"""About 30 MB; with more subjects than that the cache starts over."""

PURPOSE_KEY_LEN = 32

_PURPOSE_INFO = b"strongroom/purpose/1/"


@dataclass(frozen=True, slots=True)
class DataKey:
    """One key version's material, to be used at once and not kept: a kept one outlives its revocation.

    `ending` says that the version's end is announced.
    """

    keyref: int
    path: KeyPath
    version: int
    material: Secret = field(repr=False)
    ending: bool = field(default=False, compare=False)

    def __reduce__(self) -> NoReturn:
        msg = "keys do not leave their process"
        raise PermitError(msg)


@dataclass(slots=True, repr=False)
class _Cache(Snapshot):
    revision: int = -1
    ends_at: float = 0.0
    sealing: dict[KeyPath, DataKey] = field(default_factory=dict)
    opening: dict[int, DataKey] = field(default_factory=dict)
    purposes: dict[tuple[KeyPath, str], bytes] = field(default_factory=dict)


class Keyring:
    """The serving side of the keys room; thread-safe, one per process.

    `lease` is for processes that share the store but not the epoch: without it being held, nothing is served.
    `meter` counts who uses what. `subject_key` is what a later root inherited (`root_mark`).

    Every method raises `PermitError` for a permit that is not genuine or not for the path, `KeyStateError` if
    the key or an ancestor refuses, and `StoreTamperedError` or another `StoreError` as the store deserves.
    """

    def __init__(
        self,
        *,
        store: KeyStore,
        root: Secret,
        epoch: Epoch,
        office: PermitOffice,
        clock: Clock,
        entropy: Entropy = system_entropy,
        lease: LeaseHolder | None = None,
        meter: UsageMeter | None = None,
        subject_key: bytes | None = None,
    ) -> None:
        self._hierarchy = Hierarchy(store=store, root=root, clock=clock, entropy=entropy, subject_key=subject_key)
        self._epoch = epoch
        self._office = office
        self._clock = clock
        self._lease = lease
        self._meter = meter
        self._cached = _Cache(epoch=-1, expires_at=0.0)

    @property
    def hierarchy(self) -> Hierarchy:
        """The tree below this keyring, for key administration alone."""
        return self._hierarchy

    def sealing_key(self, path: KeyPath, permit: Permit) -> DataKey:
        """The primary version at `path`, made (with its ancestors) if the path is new."""
        self._require(permit, SEALING, path)
        cache = self._cache()
        key = cache.sealing.get(path) or self._load_sealing(cache, path)
        if self._meter is not None:
            self._meter.count(key, permit)
        return key

    def opening_key(self, keyref: int, path: KeyPath, permit: Permit) -> DataKey:
        """The version `keyref`, if it is one of `path`.

        Raises `DecryptionError` with reason ``key_unknown`` or ``key_path`` if it is not.
        """
        self._require(permit, OPENING, path)
        cache = self._cache()
        key = cache.opening.get(keyref)
        if key is None or key.path != path:
            key = self._load_opening(cache, keyref, path)
        if self._meter is not None:
            self._meter.count(key, permit)
        return key

    def rescue_key(self, keyref: int, path: KeyPath, permit: Permit) -> DataKey:
        """The version `keyref` of `path` for re-encryption, even if it or one above it is compromised.

        The permit is one to manage keys, and every use is counted. Nothing is cached. Raises as `opening_key`.
        """
        self._require(permit, MANAGING, path)
        cache = self._cache()
        tree = self._hierarchy
        with tree.lock:
            row = self._row_of(cache, keyref, path)
            key = DataKey(keyref, path, row.version, tree.rescued(cache, row))
        if self._meter is not None:
            self._meter.count(key, permit)
        return key

    def purpose_key(self, path: KeyPath, purpose: str) -> bytes:
        """A 32-byte MAC key of `path` for `purpose`, the same across rotations, gone when the path is destroyed.

        It needs no permit because it opens nothing: codes and pseudonyms are made with it.
        """
        cache = self._cache()
        return cache.purposes.get((path, purpose)) or self._load_purpose(cache, path, purpose)

    def prepare(self, paths: Iterable[KeyPath], permit: Permit) -> None:
        """Make the missing keys of many paths in one commit.

        For before bulk work: one by one, each new key waits for the disk.
        """
        wanted = tuple(paths)
        for path in wanted:
            self._require(permit, SEALING, path)
        with self._hierarchy.lock:
            self._hierarchy.grow(self._cache(), map(self._hierarchy.conceal, wanted))

    def _require(self, permit: Permit, actions: frozenset[str], path: KeyPath) -> None:
        # A key serves every object under its path; the object is the envelope's to compare.
        self._office.require(
            permit,
            actions,
            tenant=path.tenant,
            environment=path.environment,
            category=path.category,
            resource=getattr(permit, "resource", MANY),
        )

    def _cache(self) -> _Cache:
        cache = self._cached
        epoch = self._epoch.value()
        if epoch != cache.epoch or epoch & 1 or self._clock.monotonic() >= cache.expires_at:
            # Read before anything is loaded, so that a change during the load makes this cache stale.
            cache = self._cached = self._renewed(cache, epoch)
        elif len(cache.rows) > CACHED_KEYS_MAX:
            cache = self._cached = _Cache(epoch, cache.expires_at, revision=cache.revision, ends_at=cache.ends_at)
        return cache

    def _renewed(self, cache: _Cache, epoch: int) -> _Cache:
        now = self._clock.monotonic()
        if self._lease is None:
            return _Cache(epoch, now + CACHE_LIFETIME_S)
        held = self._lease.held()
        if epoch != cache.epoch or epoch & 1 or held.revision != cache.revision or now >= cache.ends_at:
            cache = _Cache(epoch, revision=held.revision, ends_at=now + CACHE_LIFETIME_S)
        cache.expires_at = min(held.ask_again_at, cache.ends_at)
        return cache

    def _load_sealing(self, cache: _Cache, path: KeyPath) -> DataKey:
        tree = self._hierarchy
        with tree.lock:
            row = tree.serving(cache, tree.conceal(path), Use.DATA)
            key = DataKey(row.keyref, path, row.version, tree.material(cache, row))
            cache.sealing[path] = cache.opening[row.keyref] = key
            return key

    def _load_opening(self, cache: _Cache, keyref: int, path: KeyPath) -> DataKey:
        tree = self._hierarchy
        with tree.lock:
            row = self._row_of(cache, keyref, path)
            ending = row.state is State.DEACTIVATION_SCHEDULED
            key = DataKey(keyref, path, row.version, tree.material(cache, row), ending)
            cache.opening[keyref] = key
            return key

    def _row_of(self, cache: _Cache, keyref: int, path: KeyPath) -> KeyRow:
        row = self._hierarchy.row(cache, keyref)
        if row is None:
            raise DecryptionError("key_unknown")  # noqa: EM101 - a reason constant, not a message
        if row.path != self._hierarchy.conceal(path) or row.use is not Use.DATA:
            raise DecryptionError("key_path")  # noqa: EM101 - a reason constant, not a message
        return row

    def _load_purpose(self, cache: _Cache, path: KeyPath, purpose: str) -> bytes:
        tree = self._hierarchy
        with tree.lock:
            row = tree.serving(cache, tree.conceal(path), Use.PURPOSE)
            info = _PURPOSE_INFO + purpose.encode()
            key = expand(key=tree.material(cache, row), info=info, length=PURPOSE_KEY_LEN)
            if len(cache.purposes) >= CACHED_KEYS_MAX:
                cache.purposes.clear()
            cache.purposes[path, purpose] = key
            return key
