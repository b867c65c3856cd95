"""Credentials of agents: issued once, kept as a keyed digest, scoped to a principal, revocable at once.

A credential is ``sr_`` and 43 characters of base64url: 256 random bits, so a keyed digest (and no slow hash)
is what keeps a stolen table useless.

Must never: store or log a credential, or accept one after the row says it is revoked or expired.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from typing import Protocol

from strongroom.clock import Clock, Entropy, system_entropy
from strongroom.errors import CredentialError
from strongroom.identity import Principal, require_name
from strongroom.primitives.mac import mac

LIFETIME_S = 30 * 24 * 3600
"""Agents' credentials live 30 days unless issued otherwise; renewing them is a routine, not an incident."""

OVERLAP_S = 24 * 3600
"""How long the old credential is still good after a rotation: a day to carry the new one to where it is used."""

DUE_S = 7 * 24 * 3600
"""A credential that ends within a week is worth a word."""

_FORM = re.compile(r"sr_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A credential as the store keeps it; times are epoch seconds, `revoked_at` 0 while it is good."""

    digest: bytes
    name: str
    tenant: str
    environment: str
    roles: tuple[str, ...]
    clearance: int
    created_at: int
    expires_at: int
    revoked_at: int = 0

    @property
    def revoked(self) -> bool:
        """Whether somebody took it back."""
        return self.revoked_at > 0


class CredentialStore(Protocol):
    """Where the rows are."""

    def put(self, row: CredentialRow) -> None:
        """Keep a new row."""
        ...

    def find(self, digest: bytes) -> CredentialRow | None:
        """The row of one credential."""
        ...

    def rows(self) -> list[CredentialRow]:
        """Every row, oldest first."""
        ...

    def succeed(self, row: CredentialRow, until: int) -> None:
        """Keep a new row, and end every good one of its principal at `until` if not before, in one step."""
        ...

    def revoke(self, name: str, tenant: str, environment: str, at: int) -> int:
        """Mark every good row of a principal; returns how many."""
        ...


class Epoch(Protocol):
    """The shared counter that tells other processes to look again."""

    def value(self) -> int:
        """The current epoch."""
        ...

    def bump(self) -> int:
        """Raise it by one."""
        ...


class Credentials:
    """Issues and checks credentials. Rows found are remembered until the epoch moves."""

    def __init__(
        self, store: CredentialStore, key: bytes, epoch: Epoch, clock: Clock, entropy: Entropy = system_entropy
    ) -> None:
        self._store = store
        self._key = key
        self._epoch = epoch
        self._clock = clock
        self._entropy = entropy
        self._seen = epoch.value()
        self._found: dict[bytes, tuple[CredentialRow, Principal]] = {}

    def issue(
        self, name: str, *, tenant: str, environment: str, roles: tuple[str, ...] = ("agent",), clearance: int = 3,
        lifetime_s: int = LIFETIME_S,
    ) -> str:  # fmt: skip
        """Make a credential and return it: the only time it can be seen."""
        Principal(name, tenant, environment, roles, clearance)
        for role in roles:
            require_name(role, "role")
        secret, digest = self._new()
        now = int(self._clock.now())
        self._store.put(CredentialRow(digest, name, tenant, environment, roles, clearance, now, now + lifetime_s))
        return secret

    def rotate(
        self, name: str, *, tenant: str, environment: str, overlap_s: int = OVERLAP_S, lifetime_s: int = LIFETIME_S
    ) -> str:
        """Make a successor with the same roles and clearance and return it; the old ones end after `overlap_s`.

        Raises `CredentialError` if the principal has no good credential: a rotation never lets somebody in.
        """
        now = int(self._clock.now())
        good = [
            row
            for row in self._good(now)
            if (row.name, row.tenant, row.environment) == (name, tenant, environment)
        ]
        if not good:
            raise _no_good_one()
        secret, digest = self._new()
        row = replace(good[-1], digest=digest, created_at=now, expires_at=now + lifetime_s)
        self._store.succeed(row, now + max(overlap_s, 0))
        self._epoch.bump()
        return secret

    def due(self, within_s: int = DUE_S) -> list[CredentialRow]:
        """The last good credential of every principal that ends within so many seconds, the first to end first.

        A principal whose credential was rotated is not due: the successor counts.
        """
        now = self._clock.now()
        lasting = sorted(self._good(now), key=lambda row: row.expires_at)
        newest = {(row.name, row.tenant, row.environment): row for row in lasting}
        ending = [row for row in newest.values() if row.expires_at - now <= within_s]
        return sorted(ending, key=lambda row: row.expires_at)

    def _good(self, now: float) -> list[CredentialRow]:
        return [row for row in self._store.rows() if not row.revoked and row.expires_at > now]

    def _new(self) -> tuple[str, bytes]:
        secret = "sr_" + base64.urlsafe_b64encode(self._entropy(32)).rstrip(b"=").decode()
        return secret, self._digest(secret)

    def require(self, secret: str) -> Principal:
        """Whose credential this is. Raises `CredentialError`, without saying which of the reasons it is."""
        if self._seen != (now := self._epoch.value()):
            self._found.clear()
            self._seen = now
        if not _FORM.fullmatch(secret):
            raise self._refusal()
        digest = self._digest(secret)
        known = self._found.get(digest)
        if known is None:
            row = self._store.find(digest)
            if row is None:
                raise self._refusal()
            known = row, Principal(row.name, row.tenant, row.environment, row.roles, row.clearance)
            self._found[digest] = known
        row, principal = known
        if row.revoked_at or row.expires_at <= self._clock.now():
            raise self._refusal()
        return principal

    def revoke(self, name: str, *, tenant: str, environment: str) -> int:
        """Refuse every credential of a principal from the next request on, in every process of this host."""
        count = self._store.revoke(name, tenant, environment, int(self._clock.now()))
        if not count:
            raise _no_good_one()
        self._epoch.bump()
        return count

    def rows(self) -> list[CredentialRow]:
        """Every credential ever issued, oldest first, without what only its holder knows."""
        return self._store.rows()

    def _digest(self, secret: str) -> bytes:
        return mac(key=self._key, message=secret.encode("utf-8", "replace"))

    @staticmethod
    def _refusal() -> CredentialError:
        return CredentialError("the credential is unknown, expired or revoked")


def _no_good_one() -> CredentialError:
    return CredentialError("no good credential has this name, tenant and environment")
