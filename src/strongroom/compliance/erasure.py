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
from dataclasses import dataclass
from typing import Protocol

import orjson

from strongroom.at_rest.embeddings import Embeddings, SegmentIndex, key_subject, subject_mark
from strongroom.audit.log import AuditLog
from strongroom.audit.proof import InclusionProof, verify_inclusion
from strongroom.canonical import Json, json_bytes
from strongroom.clock import Clock
from strongroom.errors import FormatError, IntegrityError
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
    """What was destroyed, when, and where in the log it stands. `subject` is concealed."""

    tenant: str
    environment: str
    subject: str
    keys_destroyed: int
    surrogates_dropped: int
    segments_rewritten: int
    erased_at: int
    origin: str
    index: int
    entry: bytes
    proof: InclusionProof
    checkpoint: str
    signature: bytes = b""

    def signed_bytes(self) -> bytes:
        """What the signature is over: everything but itself."""
        return json_bytes({name: value for name, value in self._plain().items() if name != "signature"})

    def _plain(self) -> dict[str, Json]:
        return {
            "form": RECEIPT_FORM,
            "tenant": self.tenant,
            "environment": self.environment,
            "subject": self.subject,
            "keys_destroyed": self.keys_destroyed,
            "surrogates_dropped": self.surrogates_dropped,
            "segments_rewritten": self.segments_rewritten,
            "erased_at": self.erased_at,
            "origin": self.origin,
            "index": self.index,
            "entry": self.entry.hex(),
            "proof": self.proof.to_json(),
            "checkpoint": self.checkpoint,
            "signature": self.signature.hex(),
        }

    def to_json(self) -> str:
        """The receipt as JSON text."""
        return json_bytes(self._plain()).decode()

    @classmethod
    def parse(cls, text: str) -> ErasureReceipt:
        """The receipt in `text`; raises `FormatError`."""
        try:
            given = orjson.loads(text)
            if given.pop("form") != RECEIPT_FORM:
                raise KeyError  # noqa: TRY301 - one way to say it is not a receipt
            return cls(
                **given
                | {
                    "entry": bytes.fromhex(given["entry"]),
                    "signature": bytes.fromhex(given["signature"]),
                    "proof": InclusionProof.from_json(given["proof"]),
                }
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            msg = "this is not an erasure receipt"
            raise FormatError(msg) from None


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
        entry = self._audit.entry_bytes(index)
        receipt = ErasureReceipt(
            tenant=caller.tenant,
            environment=caller.environment,
            subject=self._audit.conceal(subject),
            keys_destroyed=destroyed,
            surrogates_dropped=dropped,
            segments_rewritten=rewritten,
            erased_at=int(self._clock.now()),
            origin=self._audit.origin,
            index=index,
            entry=entry,
            proof=self._audit.prove(index),
            checkpoint=self._audit.checkpoint(),
        )
        return _signed(receipt, self._signing)

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


def _signed(receipt: ErasureReceipt, signing: SigningKey) -> ErasureReceipt:
    fields = {name: getattr(receipt, name) for name in ErasureReceipt.__slots__}
    return ErasureReceipt(**fields | {"signature": signing.sign(receipt.signed_bytes())})


def verify_receipt(receipt: ErasureReceipt, *, public: bytes) -> None:
    """Raise `IntegrityError` unless the receipt is signed and its entry is in the log it names.

    Needs only the public key: the entry, its inclusion proof and the signed checkpoint are in the receipt.
    """
    verify_signature(public=public, message=receipt.signed_bytes(), signature=receipt.signature)
    verify_inclusion(receipt.proof, receipt.checkpoint, receipt.entry, public=public)
    entry = orjson.loads(receipt.entry)
    said = (entry.get("action"), entry.get("phase"), entry.get("subject"))
    if said != ("erase", "outcome", receipt.subject):
        msg = "the receipt's log entry is about something else"
        raise IntegrityError(msg)
