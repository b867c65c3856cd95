"""Write ``vectors/kms-wrap``: one scenario per file, from a second implementation of docs/spec/unseal-kms.md.

Run it with no argument, or with another directory; it is deterministic, and a test compares its output with what
is committed.

Must never: import `strongroom`.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: TID251 - the second implementation

from vectors_reference import derive, encode, header_of, hkdf_expand, seed

ROOT_FOLDER = Path(__file__).parent.parent / "vectors"
ROOT, PROTECTOR = seed("root"), seed("kms protector")
STORE, SCHEME = "0123456789abcdef0123", "awskms"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CIPHERTEXT = seed("kms ciphertext", 150)

Vector = dict[str, Any]


def header(key: str = KEY, ciphertext: bytes = CIPHERTEXT) -> bytes:
    """docs/spec/unseal-kms.md, section 1: everything before the field."""
    return b"\x01" + struct.pack(">H", len(key)) + key.encode() + struct.pack(">H", len(ciphertext)) + ciphertext


def field(before: bytes, *, store: str = STORE, scheme: str = SCHEME) -> bytes:
    """docs/spec/unseal-kms.md, section 2: the root under the protector and what stands before."""
    binding = {
        "tenant": "", "environment": "", "category": "", "level": 0, "kind": "root",
        "object_id": f"{scheme}:{store}", "subject": "", "version": 0,
    }  # fmt: skip
    key = hkdf_expand(PROTECTOR, b"strongroom/kms-wrap/1" + before, 32)
    salted = header_of(1, 0, seed("salt kms wrap", 16))
    aes, commitment = derive("strongroom/field/1", key, salted, encode(binding))
    return salted + commitment + AESGCM(aes).encrypt(bytes(12), ROOT, salted)


def flipped(raw: bytes, index: int) -> bytes:
    """`raw` with one bit changed."""
    return raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]


def scenarios() -> Iterator[tuple[str, Vector]]:
    """Each with the wrap, what the service gives back for its ciphertext, and what has to come of it."""
    before = header()
    wrap = before + field(before)
    vector = {"scheme": SCHEME, "store": STORE, "key": KEY, "protector": PROTECTOR.hex(), "wrapped": wrap.hex()}
    yield "ordinary", vector | {"expect": "ok", "comment": "an ordinary wrap", "root": ROOT.hex()}
    short = header("k", b"c")
    yield "smallest", vector | {
        "expect": "ok", "comment": "a name and a ciphertext of one byte each", "root": ROOT.hex(), "key": "k",
        "wrapped": (short + field(short)).hex(),
    }  # fmt: skip
    labelled = field(before, scheme="awskms:second")
    yield "labelled", vector | {
        "expect": "ok", "comment": "a second key of the same service", "root": ROOT.hex(),
        "scheme": "awskms:second", "wrapped": (before + labelled).hex(),
    }  # fmt: skip
    at_name, at_ciphertext = 3, 3 + len(KEY) + 2
    bad = {
        "other_scheme": ("the wrap of a second key under the first one's name", before + labelled),
        "other_store": ("the wrap of another store", before + field(before, store="f" * 20)),
        "name_altered": ("one bit of the key's name", flipped(wrap, at_name + len(KEY) - 1)),
        "ciphertext_altered": ("one bit of the ciphertext", flipped(wrap, at_ciphertext)),
        "field_altered": ("one bit of the field", flipped(wrap, len(wrap) - 1)),
        "field_cut": ("the last byte is missing", wrap[:-1]),
        "field_missing": ("nothing after the ciphertext", before),
        "field_trailing": ("a byte too many", wrap + b"\0"),
        "version": ("a later format", b"\x02" + wrap[1:]),
        "name_empty": ("no key is named", header("") + field(header(""))),
        "name_too_long": ("a name over the cap", header("k" * 1025) + field(header("k" * 1025))),
        "ciphertext_empty": ("no ciphertext", header(KEY, b"") + field(header(KEY, b""))),
        "ciphertext_too_long": ("a ciphertext over the cap", header(KEY, bytes(8193)) + field(before)),
    }
    for name, (comment, wrapped) in bad.items():
        yield name, vector | {"expect": "kms_context_mismatch", "comment": comment, "wrapped": wrapped.hex()}
    for name, comment, protector in (
        ("protector_other", "the service gives back something else", seed("another protector")),
        ("protector_short", "the service gives back 31 bytes", PROTECTOR[:-1]),
        ("protector_empty", "the service gives back nothing", b""),
    ):
        yield name, vector | {
            "expect": "kms_context_mismatch", "comment": comment, "protector": protector.hex()
        }  # fmt: skip


def main(folder: Path) -> None:
    """Write every scenario under `folder`."""
    target = folder / "kms-wrap"
    target.mkdir(parents=True, exist_ok=True)
    for name, vector in scenarios():
        ordered = {"format": "kms-wrap/1", "comment": vector["comment"], "expect": vector["expect"]} | vector
        (target / f"{name}.json").write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT_FOLDER)
