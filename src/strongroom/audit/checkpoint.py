"""Signing a tree head and checking a signed one: C2SP tlog-checkpoint over signed-note, with Ed25519.

The key name on the signature line is the origin, as the specification recommends. Signatures of other keys on
the same note (witnesses) are ignored, as it demands.

Must never: return a checkpoint whose signature was not verified with the public key that was asked for.
"""

from __future__ import annotations

from strongroom.errors import FormatError, IntegrityError
from strongroom.formats.note import (
    Checkpoint,
    Note,
    NoteSignature,
    key_id,
    parse_checkpoint,
    parse_note,
    render_checkpoint,
    render_note,
)
from strongroom.primitives.signing import SigningKey, verify_signature


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The signed note of `checkpoint`."""
    text = render_checkpoint(checkpoint)
    name = checkpoint.origin
    signature = NoteSignature(name, key_id(name, key.public), key.sign(text.encode()))
    return render_note(Note(text, (signature,)))


def verify_checkpoint(raw: str | bytes, *, public: bytes, origin: str | None = None) -> Checkpoint:
    """The checkpoint in the signed note `raw`, signed by `public` and, if given, of `origin`.

    Raises `IntegrityError` if it is not a checkpoint, of another origin, or not signed by that key.
    """
    try:
        note = parse_note(raw)
        checkpoint = parse_checkpoint(note.text)
    except FormatError as error:
        msg = f"{origin or 'checkpoint'}: the checkpoint does not parse ({error})"
        raise IntegrityError(msg) from error
    name = checkpoint.origin
    if origin is not None and name != origin:
        msg = f"{origin}: the checkpoint is of another origin"
        raise IntegrityError(msg)
    wanted = key_id(name, public)
    ours = [line for line in note.signatures if line.name == name and line.key_id == wanted]
    if not ours:
        msg = f"{name}: the checkpoint is not signed by this key"
        raise IntegrityError(msg)
    for line in ours:
        try:
            verify_signature(public=public, message=note.text.encode(), signature=line.signature)
        except IntegrityError as error:
            msg = f"{name}: the checkpoint's signature does not verify"
            raise IntegrityError(msg) from error
    return checkpoint
