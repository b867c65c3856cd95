"""A second implementation of the sealed formats, for vectors only: docs/spec written down with HMAC and AES-GCM.

It shares no code with the package, so a vector that the package reads was understood twice.

Must never: import `strongroom`, or be imported by it; it takes no care of timing, limits or hostile bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: TID251 - the second implementation

BINDING: dict[str, Any] = {
    "tenant": "acme", "environment": "prod", "category": "health", "level": 3, "kind": "value",
    "object_id": "ticket/4711", "subject": "cust-812", "version": 2,
}  # fmt: skip
OTHER: dict[str, Any] = {
    "tenant": "umbrella", "environment": "staging", "category": "pii", "level": 1, "kind": "history",
    "object_id": "ticket/4712", "subject": "cust-813", "version": 3,
}  # fmt: skip
MAGIC = b"\x89SRO\r\n\x1a\n"
CHUNK = 16384


def seed(name: str, length: int = 32) -> bytes:
    """Bytes that look random and are always the same."""
    return hashlib.shake_256(f"strongroom vector {name}".encode()).digest(length)


KEYS = {7: seed("key 7"), 8: seed("key 8")}


def hkdf_expand(key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 section 2.3 with SHA-512."""
    out, block = b"", b""
    for counter in range(1, length // 64 + 2):
        block = hmac.digest(key, block + info + bytes([counter]), "sha512")
        out += block
    return out[:length]


def encode(binding: dict[str, Any]) -> bytes:
    """docs/spec/aad.md."""
    order = ("tenant", "environment", "category", "level", "kind", "object_id", "subject", "version")
    out = struct.pack(">H", 9)
    for value in ("strongroom/aad/1", *(binding[name] for name in order)):
        kind, raw = (b"s", value.encode()) if isinstance(value, str) else (b"i", struct.pack(">Q", value))
        out += kind + struct.pack(">I", len(raw)) + raw
    return out


def derive(label: str, key: bytes, header: bytes, context: bytes) -> tuple[bytes, bytes]:
    """docs/spec/field.md, "Derivation"."""
    info = label.encode() + header + struct.pack(">I", len(context)) + context
    derived = hkdf_expand(key, info, 64)
    return derived[:32], derived[32:]


def header_of(suite: int, keyref: int, salt: bytes) -> bytes:
    """The 21 bytes that every format shares."""
    return struct.pack(">BI", suite, keyref) + salt


def field(
    plaintext: bytes, *, name: str = "field", keyref: int = 7, label: str = "field", suite: int = 1
) -> bytes:
    """docs/spec/field.md."""
    header = header_of(suite, keyref, seed(f"salt {name}", 16))
    key, commitment = derive(f"strongroom/{label}/1", KEYS[keyref], header, encode(BINDING))
    return header + commitment + AESGCM(key).encrypt(bytes(12), plaintext, header)


def varint(number: int) -> bytes:
    """LEB128."""
    return bytes([number]) if number < 1 << 7 else bytes([number & 127 | 128]) + varint(number >> 7)


def xor(nonce: bytes, number: int) -> bytes:
    """A nonce of a numbered part."""
    return (int.from_bytes(nonce, "big") ^ number).to_bytes(12, "big")


def record(fields: Sequence[tuple[str, bytes]], *, name: str = "record", directory: bytes | None = None) -> bytes:
    """docs/spec/record.md; `directory` replaces the true one."""
    header = header_of(0x11, 7, seed(f"salt {name}", 16))
    key, commitment = derive("strongroom/record/1", KEYS[7], header, encode(BINDING))
    if directory is None:
        directory = struct.pack(">H", len(fields))
        for field_name, value in fields:
            directory += bytes([len(field_name.encode())]) + field_name.encode() + varint(len(value))
    sealed = AESGCM(key).encrypt(bytes(12), directory, header)
    out = header + commitment + len(sealed).to_bytes(3, "big") + sealed
    for number, (field_name, value) in enumerate(fields, 1):
        aad = header + struct.pack(">H", number) + field_name.encode()
        out += AESGCM(key).encrypt(number.to_bytes(12, "big"), value, aad)
    return out


def body(plaintext: bytes, key: bytes, context: bytes, name: str) -> bytes:
    """C2SP chunked-encryption with SHA-512 and AES-256-GCM (Cobblestone-256)."""
    salt = seed(f"body salt {name}", 24)
    derived = hkdf_expand(key, b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + salt + context, 76)
    out = salt + derived[44:]
    for number in range(len(plaintext) // CHUNK + 1):
        chunk = plaintext[number * CHUNK : (number + 1) * CHUNK]
        out += AESGCM(derived[:32]).encrypt(xor(derived[32:44], number), chunk, b"")
    return out


def sealed_object(plaintext: bytes, *, name: str = "object") -> bytes:
    """docs/spec/object.md."""
    object_key = seed(f"object key {name}")
    context = encode(BINDING)
    bound = b"strongroom/object/1/body" + struct.pack(">I", len(context)) + context
    return (
        MAGIC + field(object_key, name=name, label="object", suite=0x21) + body(plaintext, object_key, bound, name)
    )
