"""Erasing one person: every key that opens their data is destroyed, and the log proves it.

Order: the intent is on disk before anything is destroyed; embedding segments that hold rows about the
person are written anew without them; then every key of the person, under every category, is destroyed and
the epoch moves, so that every process refuses at its next operation. A crash in between is mended by running
the same erasure again: each step is idempotent.

What it does not reach: values that were never labelled with the subject, plaintext that already left, and
backups of the key store made before (docs/explanation/erasure.md).

Must never: report an erasure whose outcome is not durably in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from strongroom.at_rest.embeddings import Embeddings, SegmentIndex, key_subject, subject_mark
from strongroom.audit.log import AuditLog
from strongroom.audit.proof import InclusionProof, parse_proof, verify_inclusion
from strongroom.canonical import json_bytes
from strongroom.clock import Clock
from strongroom.errors import FormatError, IntegrityError
from strongroom.formats.entry import parse_entry
from strongroom.guard.corridor import Guard
from strongroom.identity import Caller, Principal, require_name
from strongroom.label import Label, Level
from strongroom.permit import Permit
from strongroom.primitives.signing import SigningKey, verify_signature

RECEIPT_FORM = "strongroom/erasure-receipt/1"


class KeyDestroyer(Protocol):
    """The part of key administration an erasure needs; `keys.KeyAdmin` is one."""

    def erase(self, tenant: str, environment: str, subject: str, permit: Permit) -> int:
        """Destroy every key of a subject, in one transaction, and move the epoch; returns how many."""
        ...


class SurrogateEraser(Protocol):
    """The part of the surrogates an erasure needs; `surrogates.Surrogates` is one."""

    def erase(self, tenant: str, environment: str, subject: str, permit: Permit) -> int:
        """Drop every surrogate of a subject; returns how many."""
        ...


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What was destroyed, when, and the proof that the log says so. `subject` is concealed."""

    tenant: str
    environment: str
    subject: str
    keys_destroyed: int
    surrogates_dropped: int
    segments_rewritten: int
    erased_at: int
    proof: InclusionProof
    signature: bytes = b""

    @property
    def index(self) -> int:
        """Where the erasure stands in the log of `proof.origin`."""
        return self.proof.index

    def _fields(self) -> dict[str, Any]:
        counted = {name: getattr(self, name) for name in _PLAIN}
        return {"form": RECEIPT_FORM, **counted, "proof": orjson.loads(self.proof.to_json())}

    def signed_bytes(self) -> bytes:
        """What the signature is over: everything but itself."""
        return json_bytes(self._fields())

    def to_json(self) -> str:
        """The receipt as JSON text."""
        return orjson.dumps(
            {**self._fields(), "signature": self.signature.hex()}, option=orjson.OPT_INDENT_2
        ).decode()

    @classmethod
    def parse(cls, text: str | bytes) -> ErasureReceipt:
        """The receipt in `text`; nothing is verified. Raises `FormatError`."""
        try:
            given = orjson.loads(text)
            if given["form"] != RECEIPT_FORM or given.keys() != {*_PLAIN, "form", "proof", "signature"}:
                raise KeyError  # noqa: TRY301 - one way to say that it is no receipt
            return cls(
                **{name: given[name] for name in _PLAIN},
                proof=parse_proof(orjson.dumps(given["proof"])),
                signature=bytes.fromhex(given["signature"]),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            msg = "this is not an erasure receipt"
            raise FormatError(msg) from None


_PLAIN = (
    "tenant",
    "environment",
    "subject",
    "keys_destroyed",
    "surrogates_dropped",
    "segments_rewritten",
    "erased_at",
)


class Erasure:
    """Erases subjects. One per process."""

    def __init__(
        self, *, guard: Guard, audit: AuditLog, keys: KeyDestroyer, surrogates: SurrogateEraser,
        segments: SegmentIndex, embeddings: Callable[[Caller], Embeddings], signing: SigningKey, clock: Clock,
    ) -> None:  # fmt: skip
        self._guard = guard
        self._audit = audit
        self._keys = keys
        self._surrogates = surrogates
        self._segments = segments
        self._embeddings = embeddings
        self._signing = signing
        self._clock = clock

    def erase(self, caller: Caller, subject: str) -> ErasureReceipt:
        """Destroy everything that opens `subject`'s data in the caller's tenant and environment.

        Raises `AccessDeniedError` unless the caller may erase.
        """
        require_name(subject, "subject")
        label = Label("*", Level.RESTRICTED, subject=subject)
        permit = self._guard.authorize(caller, "erase", label, resource="*")
        rewritten = self._rewrite_segments(caller, subject, permit)
        destroyed = self._keys.erase(caller.tenant, caller.environment, subject, permit)
        dropped = self._surrogates.erase(caller.tenant, caller.environment, subject, permit)
        index = self._guard.settle(caller, permit, label, count=destroyed, result="ok", durable=True)
        proof = self._audit.prove(index)
        receipt = ErasureReceipt(
            tenant=caller.tenant,
            environment=caller.environment,
            subject=parse_entry(proof.entry).event.subject,
            keys_destroyed=destroyed,
            surrogates_dropped=dropped,
            segments_rewritten=rewritten,
            erased_at=int(self._clock.now()),
            proof=proof,
        )
        return replace(receipt, signature=self._signing.sign(receipt.signed_bytes()))

    def _rewrite_segments(self, caller: Caller, subject: str, permit: Permit) -> int:
        # Administrators may erase but not read; the rewriting is done by a service of its own name.
        service = Caller(Principal("erasure", caller.tenant, caller.environment), purpose="erasure")
        embeddings = self._embeddings(service)
        marked = self._segments.of_subject(
            caller.tenant, caller.environment, subject_mark(embeddings.custody, subject)
        )
        for row in marked:
            embeddings.rewrite_without(row, subject)
            self._keys.erase(caller.tenant, caller.environment, key_subject(row.id), permit)
        return len(marked)


def verify_receipt(receipt: ErasureReceipt, *, public: bytes) -> None:
    """Raise `IntegrityError` unless the receipt is signed and its entry is in the log it names.

    Needs only the public key: the entry, its inclusion proof and the signed checkpoint are in the receipt.
    """
    proof = receipt.proof
    verify_signature(public=public, message=receipt.signed_bytes(), signature=receipt.signature)
    verify_inclusion(proof, checkpoint=proof.checkpoint, entry=proof.entry, public=public)
    event = parse_entry(proof.entry).event
    if (event.action, event.phase, event.subject) != ("erase", "outcome", receipt.subject):
        msg = "the receipt's log entry is about something else"
        raise IntegrityError(msg)
