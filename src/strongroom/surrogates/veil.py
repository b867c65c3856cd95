"""Keeps subjects out of the store's clear text: a customer number points to a person, even beside a sealed value.

Theory: a stored subject is sealed under a key of its tenant and environment, with a nonce that follows from the
subject itself (the synthetic nonce of RFC 5297's idea), so that equal subjects look equal and a subject's rows
can be found for erasure. Whoever holds the store alone sees pseudonyms, as in the key table.

Must never: be mistaken for what protects the values; those are sealed under their own keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from strongroom.errors import DecryptionError, StoreTamperedError
from strongroom.keys.path import KeyPath
from strongroom.label import SUBJECT_NONE
from strongroom.primitives.aead import NONCE_LEN, aead_open, aead_seal
from strongroom.primitives.mac import mac
from strongroom.surrogates.scope import PURPOSE
from strongroom.surrogates.store import SurrogateRow, SurrogateStore

_SEALING = b"strongroom/surrogate/subject/1/seal"
_NONCE = b"strongroom/surrogate/subject/1/nonce"


class SubjectVeil:
    """A `SurrogateStore` in front of another one, which sees veiled subjects only.

    Raises `StoreTamperedError` for a stored subject that does not open, and what `purpose_key` raises.
    """

    def __init__(self, store: SurrogateStore, purpose_key: Callable[[KeyPath, str], bytes]) -> None:
        self._store = store
        self._purpose_key = purpose_key

    def load(self, scope: bytes, limit: int) -> list[SurrogateRow]:
        """See `SurrogateStore.load`."""
        return [self.unveiled(row) for row in self._store.load(scope, limit)]

    def find_value(self, scope: bytes, lookup: bytes) -> SurrogateRow | None:
        """See `SurrogateStore.find_value`."""
        row = self._store.find_value(scope, lookup)
        return self.unveiled(row) if row else None

    def find_surrogate(self, scope: bytes, surrogate: str) -> SurrogateRow | None:
        """See `SurrogateStore.find_surrogate`."""
        row = self._store.find_surrogate(scope, surrogate)
        return self.unveiled(row) if row else None

    def claim(self, rows: Sequence[SurrogateRow]) -> list[SurrogateRow]:
        """See `SurrogateStore.claim`."""
        return [self.unveiled(row) for row in self._store.claim([self._veiled(row) for row in rows])]

    def relabel(self, row: SurrogateRow) -> bool:
        """See `SurrogateStore.relabel`."""
        return self._store.relabel(self._veiled(row))

    def erase(self, tenant: str, environment: str, subject: str) -> int:
        """See `SurrogateStore.erase`."""
        return self._store.erase(tenant, environment, self._veil(tenant, environment, subject))

    def _veiled(self, row: SurrogateRow) -> SurrogateRow:
        subject = self._veil(row.tenant, row.environment, row.label.subject)
        return replace(row, label=replace(row.label, subject=subject)) if subject else row

    def unveiled(self, row: SurrogateRow) -> SurrogateRow:
        """A row of the store behind, its subject in clear again."""
        if row.label.subject == SUBJECT_NONE:
            return row
        key = self._key(row.tenant, row.environment, _SEALING)
        try:
            raw = bytes.fromhex(row.label.subject)
            subject = aead_open(key=key, nonce=raw[:NONCE_LEN], ciphertext=raw[NONCE_LEN:], aad=b"").decode()
        except (DecryptionError, ValueError) as error:
            msg = "a stored surrogate's subject was changed outside Strongroom"
            raise StoreTamperedError(msg) from error
        return replace(row, label=replace(row.label, subject=subject))

    def _veil(self, tenant: str, environment: str, subject: str) -> str:
        if subject == SUBJECT_NONE:
            return subject
        raw = subject.encode()
        nonce = mac(key=self._key(tenant, environment, _NONCE), message=raw)[:NONCE_LEN]
        sealed = aead_seal(key=self._key(tenant, environment, _SEALING), nonce=nonce, plaintext=raw, aad=b"")
        return (nonce + sealed).hex()

    def _key(self, tenant: str, environment: str, use: bytes) -> bytes:
        return mac(key=self._purpose_key(KeyPath(tenant, environment), PURPOSE), message=use)
