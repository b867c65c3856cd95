"""Signed notes and checkpoints as text (C2SP signed-note v1.0.0 and tlog-checkpoint v1.0.0).

    <origin>
    <tree size>
    <base64 root hash>

    — <key name> <base64 of key id and signature>

Any transparency-log client reads this form. Whether a signature is good is decided in `audit`, not here.

Must never: accept a second spelling (leading zeroes, loose base64), or be trusted before a signature verified.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from strongroom.errors import FormatError
from strongroom.primitives.digest import DIGEST_LEN, sha256

NOTE_BYTES_MAX = 1 << 18
"""Room for the sixteen signatures a verifier must accept, at 5 kB for post-quantum ones, and to spare."""

SIGNATURES_MAX = 64
"""The specification asks for at least sixteen."""

ED25519 = 0x01
"""Signature type byte of plain Ed25519 notes."""

_DASH = "\u2014 "
_KEY_ID_LEN = 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CHECKPOINT_LINES = 3


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who (`name`, `key_id`) and the signature bytes after the key id."""

    name: str
    key_id: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and its signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: which log, how many leaves, which root. `extensions` are further opaque lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def key_id(name: str, public: bytes, kind: int = ED25519) -> int:
    """The 32-bit key id of `name` and a public key: the start of SHA-256(name, newline, kind, key)."""
    return int.from_bytes(sha256(name.encode() + b"\n" + bytes([kind]) + public)[:_KEY_ID_LEN], "big")


def render_note(note: Note) -> str:
    """The text of `note`. Raises `FormatError` if it would not be read back."""
    _require_text(note.text)
    lines = []
    for signature in note.signatures:
        _require_key_name(signature.name)
        raw = signature.key_id.to_bytes(_KEY_ID_LEN, "big") + signature.signature
        lines.append(f"{_DASH}{signature.name} {base64.b64encode(raw).decode()}\n")
    if not lines:
        msg = "note: no signature"
        raise FormatError(msg)
    return note.text + "\n" + "".join(lines)


def parse_note(raw: str | bytes) -> Note:
    """The note in `raw`. Raises `FormatError` for anything that is not exactly one."""
    text = _decode(raw)
    _require_plain(text)
    split = text.rfind("\n\n")
    if split < 0 or not text.endswith("\n"):
        msg = "note: no blank line between text and signatures"
        raise FormatError(msg)
    body, lines = text[: split + 1], text[split + 2 :].split("\n")[:-1]
    if not 1 <= len(lines) <= SIGNATURES_MAX:
        msg = "note: no signature, or too many"
        raise FormatError(msg)
    return Note(body, tuple(_signature(line) for line in lines))


def render_checkpoint(checkpoint: Checkpoint) -> str:
    """The note text of `checkpoint`. Raises `FormatError` if it would not be read back."""
    root = base64.b64encode(checkpoint.root).decode()
    text = "\n".join((checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions)) + "\n"
    if parse_checkpoint(text) != checkpoint:
        msg = "checkpoint: a line break inside a line"
        raise FormatError(msg)
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Raises `FormatError` for anything else."""
    _require_text(text)
    lines = text.split("\n")[:-1]
    if len(lines) < _CHECKPOINT_LINES or not all(lines):
        msg = "checkpoint: origin, size and root are needed, and no empty line"
        raise FormatError(msg)
    if not _SIZE.fullmatch(lines[1]):
        msg = "checkpoint: the size is not a plain number"
        raise FormatError(msg)
    root = decode_base64(lines[2])
    if len(root) != DIGEST_LEN:
        msg = "checkpoint: the root is not 32 bytes"
        raise FormatError(msg)
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))


def decode_base64(text: str) -> bytes:
    """Standard base64 with padding, in its one spelling. Raises `FormatError` otherwise."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = "note: not base64"
        raise FormatError(msg) from error
    if base64.b64encode(raw).decode() != text:
        msg = "note: base64 in a second spelling"
        raise FormatError(msg)
    return raw


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        msg = "note: not a signature line"
        raise FormatError(msg)
    _require_key_name(name)
    raw = decode_base64(encoded)
    if len(raw) <= _KEY_ID_LEN:
        msg = "note: the signature is empty"
        raise FormatError(msg)
    return NoteSignature(name, int.from_bytes(raw[:_KEY_ID_LEN], "big"), raw[_KEY_ID_LEN:])


def _decode(raw: str | bytes) -> str:
    if len(raw) > NOTE_BYTES_MAX:
        msg = "note: too long"
        raise FormatError(msg)
    try:
        # text goes there and back as well: a lone surrogate has no bytes that could have been signed
        return (raw.encode() if isinstance(raw, str) else raw).decode()
    except UnicodeError as error:
        msg = "note: not UTF-8"
        raise FormatError(msg) from error


def _require_plain(text: str) -> None:
    if any(character < " " and character != "\n" for character in text):
        msg = "note: control character"
        raise FormatError(msg)


def _require_text(text: str) -> None:
    _require_plain(text)
    if not text.endswith("\n"):
        msg = "note: the text does not end with a newline"
        raise FormatError(msg)


def _require_key_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() or character < " " for character in name):
        msg = "note: not a key name"
        raise FormatError(msg)
