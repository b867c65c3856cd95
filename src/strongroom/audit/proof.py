"""Proofs that leave the house: one entry, its path and the checkpoint, checkable with the public key alone.

The JSON form (docs/spec/audit-log.md, "Proofs") carries the entry's exact bytes as text, so that a receipt can
be read by a person and verified offline by any program that knows RFC 9162 and C2SP tlog-checkpoint.

Must never: say that a proof holds before the checkpoint's signature, the path and the entry all agree.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from strongroom.audit.checkpoint import verify_checkpoint
from strongroom.audit.merkle import (
    PROOF_HASHES_MAX,
    leaf_hash,
    verify_consistency_path,
    verify_inclusion_path,
)
from strongroom.errors import FormatError, IntegrityError
from strongroom.formats.entry import ENTRY_BYTES_MAX, Entry, parse_entry
from strongroom.formats.note import NOTE_BYTES_MAX, decode_base64

PROOF_TYPE = "strongroom/inclusion/1"

PROOF_BYTES_MAX = 2 * (ENTRY_BYTES_MAX + NOTE_BYTES_MAX)
"""JSON escapes may double the entry and the checkpoint; the hashes are small beside them."""

_FIELDS = frozenset({"type", "origin", "index", "size", "hashes", "entry", "checkpoint"})


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Entry number `index` of `origin`, and the `hashes` that lead from it to the root in `checkpoint`."""

    origin: str
    index: int
    size: int
    hashes: tuple[bytes, ...]
    entry: bytes
    checkpoint: str

    def to_json(self) -> str:
        """The proof as JSON text; `parse_proof` reads it and `verify_proof` checks it."""
        fields = {
            "type": PROOF_TYPE,
            "origin": self.origin,
            "index": self.index,
            "size": self.size,
            "hashes": [base64.b64encode(node).decode() for node in self.hashes],
            "entry": self.entry.decode(),
            "checkpoint": self.checkpoint,
        }
        return orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode()


def parse_proof(raw: str | bytes) -> InclusionProof:
    """The proof in JSON `raw`; nothing is verified. Raises `FormatError` for anything else."""
    if len(raw) > PROOF_BYTES_MAX:
        msg = "proof: too long"
        raise FormatError(msg)
    try:
        fields = orjson.loads(raw)
    except ValueError as error:
        msg = "proof: not JSON"
        raise FormatError(msg) from error
    if not isinstance(fields, dict) or fields.keys() != _FIELDS or fields["type"] != PROOF_TYPE:
        msg = f"proof: not a {PROOF_TYPE}"
        raise FormatError(msg)
    hashes = fields["hashes"]
    if not isinstance(hashes, list) or len(hashes) > PROOF_HASHES_MAX:
        msg = "proof: hashes is not a list, or too long"
        raise FormatError(msg)
    return InclusionProof(
        origin=_text(fields, "origin"),
        index=_count(fields, "index"),
        size=_count(fields, "size"),
        hashes=tuple(decode_base64(node) if isinstance(node, str) else b"" for node in hashes),
        entry=_text(fields, "entry").encode(),
        checkpoint=_text(fields, "checkpoint"),
    )


def verify_inclusion(proof: InclusionProof, *, checkpoint: str, entry: bytes, public: bytes) -> None:
    """Raise `IntegrityError` unless `proof` shows `entry` to be in the log whose `checkpoint` `public` signed."""
    head = verify_checkpoint(checkpoint, public=public, origin=proof.origin)
    if head.size != proof.size:
        msg = f"{proof.origin}: the proof is for a tree of {proof.size} entries, the checkpoint for {head.size}"
        raise IntegrityError(msg)
    try:
        verify_inclusion_path(
            leaf=leaf_hash(entry), index=proof.index, size=proof.size, root=head.root, path=proof.hashes
        )
    except IntegrityError as error:
        msg = f"{proof.origin}: entry {proof.index}: {error}"
        raise IntegrityError(msg) from error


def verify_proof(raw: str | bytes, *, public: bytes) -> Entry:
    """The entry that the JSON proof `raw` proves, offline, with nothing but the log's public key.

    Raises `FormatError` if `raw` is no proof or proves bytes that are no entry, `IntegrityError` if it does
    not hold.
    """
    proof = parse_proof(raw)
    verify_inclusion(proof, checkpoint=proof.checkpoint, entry=proof.entry, public=public)
    return parse_entry(proof.entry)


def verify_consistency(old: str, new: str, path: Sequence[bytes], *, public: bytes) -> None:
    """Raise `IntegrityError` unless the log of checkpoint `new` extends that of checkpoint `old`."""
    before = verify_checkpoint(old, public=public)
    after = verify_checkpoint(new, public=public, origin=before.origin)
    verify_consistency_path(old=before.size, old_root=before.root, new=after.size, new_root=after.root, path=path)


def _text(fields: dict[str, Any], name: str) -> str:
    if not isinstance(fields[name], str):
        msg = f"proof: {name} is not text"
        raise FormatError(msg)
    return str(fields[name])


def _count(fields: dict[str, Any], name: str) -> int:
    if type(fields[name]) is not int or fields[name] < 0:
        msg = f"proof: {name} is not a count"
        raise FormatError(msg)
    return int(fields[name])
