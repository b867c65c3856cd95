"""Unsealing by several people: any k of n shares give the key that protects the root.

The wrap says how many shares are needed and holds a digest of each, so that a share that was altered, or belongs
to another store, is named before the others are asked for.

    head = version(1) = 1 | k(1) | n(1) | set(6) | n digests(16)
    wrap = head | the root as a sealed field under HKDF-Expand-SHA-512(secret, "strongroom/root-shares/1" | head)

A digest is the first 16 bytes of SHA-256 over ``("strongroom/share/1", store id, share)``; a share has 256 random
bits, so its digest gives nothing away.

Must never: write a share anywhere, show one twice, or go on after a share that does not belong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from strongroom.canonical import tuple_bytes
from strongroom.clock import Entropy, system_entropy
from strongroom.errors import DecryptionError, FormatError, PermitError, RootError, ShareError
from strongroom.keys.shares import (
    SECRET_LEN,
    SET_LEN,
    THRESHOLD_MIN,
    Share,
    combine,
    require_counts,
    require_one_set,
    split,
)
from strongroom.keys.wrapping import KEY_LEN, unwrap_root, wrap_root
from strongroom.primitives.digest import sha256
from strongroom.primitives.kdf import expand
from strongroom.primitives.mac import equal

SCHEME = "shares"
DIGEST_LEN = 16

_VERSION = 1
_DIGEST = "strongroom/share/1"
_INFO = b"strongroom/root-shares/1"
_HEADER_LEN = 3 + SET_LEN


class SharesRoot:
    """The `RootProvider` port over shares.

    Made by `create`, it makes a new set when it first wraps, and `issued` has its texts. Made by itself, it asks
    for shares one by one; `ask` gets what is wanted, such as ``Share 2 of 3``.
    """

    scheme = SCHEME

    def __init__(
        self, *, store_id: str, ask: Callable[[str], str] | None = None, counts: tuple[int, int] | None = None,
        entropy: Entropy = system_entropy,
    ) -> None:  # fmt: skip
        self._store_id = store_id
        self._ask = ask
        self._counts = counts
        self._entropy = entropy
        self._set: tuple[Share, ...] = ()

    @classmethod
    def create(cls, threshold: int, count: int, *, store_id: str, entropy: Entropy = system_entropy) -> SharesRoot:
        """A new set: any `threshold` of `count` shares. Raises `ConfigurationError` for impossible numbers."""
        require_counts(threshold, count)
        return cls(store_id=store_id, counts=(threshold, count), entropy=entropy)

    def __reduce__(self) -> NoReturn:
        msg = "shares do not leave their process"
        raise PermitError(msg)

    @property
    def issued(self) -> tuple[str, ...]:
        """The texts to hand out, one per person; empty unless this provider made the set."""
        return tuple(share.text() for share in self._set)

    def wrap(self, root: bytes) -> bytes:
        """`root` under a secret that is split among the shares of a new set."""
        if self._counts is None:
            msg = "which shares? A new set is made with shares:K/N, such as shares:3/5"
            raise RootError(msg)
        threshold, count = self._counts
        if not self._set:
            self._set = split(self._entropy(SECRET_LEN), threshold=threshold, count=count, entropy=self._entropy)
        digests = b"".join(self._digest(share) for share in self._set)
        head = bytes([_VERSION, threshold, count]) + self._set[0].set_id + digests
        protector = _protector(combine(self._set[:threshold]), head)
        return head + wrap_root(
            protector=protector, store_id=self._store_id, scheme=SCHEME, root=root, entropy=self._entropy
        )

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root. Raises `ShareError` naming the share that is wrong, `RootError` if the wrap is damaged."""
        head, sealed = _parse(wrapped)
        threshold, count, set_id, digests = head[1], head[2], head[3:_HEADER_LEN], head[_HEADER_LEN:]
        shares: list[Share] = []
        while len(shares) < threshold:
            share = self._next(len(shares), threshold)
            known = share.number <= count and equal(
                digests[(share.number - 1) * DIGEST_LEN : share.number * DIGEST_LEN], self._digest(share)
            )
            if share.set_id == set_id and not known:
                msg = f"{share.name} was altered, or the store's wrap was"
                raise ShareError(msg)
            if not known:
                msg = f"{share.name} is of another set: this store's is {set_id.hex()}"
                raise ShareError(msg)
            shares.append(share)
            require_one_set(shares)
        try:
            return unwrap_root(
                protector=_protector(combine(shares), head), store_id=self._store_id, scheme=SCHEME, wrapped=sealed
            )
        except (DecryptionError, FormatError) as error:
            raise RootError(_DAMAGED) from error

    def describe(self) -> str:
        """How many of how many, if that is known before the wrap is read."""
        return "shares of several people" if self._counts is None else "any {} of {} shares".format(*self._counts)

    def _next(self, given: int, threshold: int) -> Share:
        if self._set:
            return self._set[given]
        if self._ask is None:
            msg = f"{given} shares were given, {threshold} are needed"
            raise ShareError(msg)
        return Share.parse(self._ask(f"Share {given + 1} of {threshold}"))

    def _digest(self, share: Share) -> bytes:
        return sha256(tuple_bytes(_DIGEST, self._store_id, share.raw()))[:DIGEST_LEN]


_DAMAGED = "the stored wrap of the root is damaged"


def _protector(secret: bytes, head: bytes) -> bytes:
    """The key of the wrap; the head goes in, so that nobody can change what it says about the shares."""
    return expand(key=secret, info=_INFO + head, length=KEY_LEN)


def _parse(wrapped: bytes) -> tuple[bytes, bytes]:
    """Head and sealed root."""
    if len(wrapped) <= _HEADER_LEN or wrapped[0] != _VERSION:
        raise RootError(_DAMAGED)
    end = _HEADER_LEN + wrapped[2] * DIGEST_LEN
    if not THRESHOLD_MIN <= wrapped[1] <= wrapped[2] or len(wrapped) <= end:
        raise RootError(_DAMAGED)
    return wrapped[:end], wrapped[end:]
