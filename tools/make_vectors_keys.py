"""Write ``vectors/unseal`` and ``vectors/key-rows``: one scenario per file, from a second implementation.

Run it with no argument, or with another directory; it is deterministic, and a test compares its output with what
is committed. What the specifications are docs/spec/unseal.md and docs/spec/key-states.md.

Must never: import `strongroom`.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: TID251 - the second implementation
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: TID251 - the second implementation

from vectors_reference import derive, encode, header_of, hkdf_expand, seed

ROOT_FOLDER = Path(__file__).parent.parent / "vectors"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ROOT = seed("root")
STORE = "0123456789abcdef0123"
COST = {"memory_kib": 32, "passes": 1, "lanes": 1}

Vector = dict[str, Any]


def copyable(raw: bytes) -> str:
    """docs/spec/unseal.md, section 2, digit by digit."""
    bits = "".join(f"{byte:08b}" for byte in raw)
    check = 20 + -(len(bits) + 20) % 5
    bits += "".join(f"{byte:08b}" for byte in hashlib.sha256(b"strongroom/copyable/1" + raw).digest())[:check]
    text = "".join(CROCKFORD[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def sealed(plaintext: bytes, *, key: bytes, keyref: int, binding: dict[str, Any], name: str) -> bytes:
    """docs/spec/field.md, under any key and binding."""
    header = header_of(1, keyref, seed(f"salt {name}", 16))
    aes, commitment = derive("strongroom/field/1", key, header, encode(binding))
    return header + commitment + AESGCM(aes).encrypt(bytes(12), plaintext, header)


def root_wrap(protector: bytes, scheme: str) -> bytes:
    """docs/spec/unseal.md, section 1."""
    binding = {
        "tenant": "", "environment": "", "category": "", "level": 0, "kind": "root",
        "object_id": f"{scheme}:{STORE}", "subject": "", "version": 0,
    }  # fmt: skip
    return sealed(ROOT, key=protector, keyref=0, binding=binding, name=scheme)


def keyfile(protector: bytes, store: str = STORE) -> str:
    """docs/spec/unseal.md, section 3."""
    return f"strongroom-keyfile/1\nstore {store}\nkey {copyable(protector)}\n"


def known_secret_wrap(secret: bytes, scheme: str) -> bytes:
    """docs/spec/unseal.md, section 4."""
    salt = seed(f"argon2 {scheme}", 16)
    derivation = Argon2id(
        salt=salt, length=32, iterations=COST["passes"], lanes=COST["lanes"], memory_cost=COST["memory_kib"]
    )
    header = struct.pack(">BIIH", 1, COST["memory_kib"], COST["passes"], COST["lanes"]) + salt
    return header + root_wrap(derivation.derive(secret), scheme)


def unsealing() -> Iterator[tuple[str, Vector]]:
    """Scenarios for docs/spec/unseal.md."""
    protector, other = seed("protector"), seed("another protector")
    fingerprint = hkdf_expand(ROOT, b"strongroom/root-fingerprint/1" + STORE.encode(), 16).hex()
    file = {"scheme": "keyfile", "store": STORE, "wrapped": root_wrap(protector, "keyfile").hex()}
    ok = {"expect": "ok", "root": ROOT.hex(), "fingerprint": fingerprint}
    text = keyfile(protector)
    yield "keyfile", file | ok | {"comment": "an ordinary keyfile", "secret": text}
    spelled = text[: text.index("key ") + 4] + text[text.index("key ") + 4 :].lower().replace("-", " ")
    yield "keyfile_lower_case", file | ok | {"comment": "the key in lower case, with spaces", "secret": spelled}
    bad = {
        "keyfile_other_store": ("foreign_root", "names another store", keyfile(protector, "f" * 20)),
        "keyfile_other_key": ("foreign_root", "another key under the same name", keyfile(other)),
        "keyfile_other_marker": ("root", "a later format", text.replace("keyfile/1", "keyfile/2")),
        "keyfile_two_lines": ("root", "no key", "\n".join(text.split("\n")[:2]) + "\n"),
        "keyfile_short_key": ("root", "a group is missing", text[:-6] + "\n"),
        "keyfile_slip": (
            "root",
            "one character is wrong",
            text[:-3] + ("0" if text[-3] != "0" else "1") + text[-2:],
        ),
    }
    for name, (expect, comment, secret) in bad.items():
        yield name, file | {"expect": expect, "comment": comment, "secret": secret}
    phrase = {
        "scheme": "passphrase", "store": STORE,
        "wrapped": known_secret_wrap("Schlüssel ﬁx".encode().replace("ﬁ".encode(), b"fi"), "passphrase").hex(),
    }  # fmt: skip
    yield "passphrase", phrase | ok | {"comment": "composed letters", "secret": "Schlüssel fix"}
    yield (
        "passphrase_nfkc",
        phrase | ok | {"comment": "other spellings of the same", "secret": "Schlu\u0308ssel ﬁx"},
    )
    yield (
        "passphrase_wrong",
        phrase | {"expect": "wrong_passphrase", "comment": "case matters", "secret": "schlüssel fix"},
    )
    yield (
        "passphrase_memory",
        phrase
        | {
            "expect": "root", "comment": "asks for more memory than is allowed", "secret": "Schlüssel fix",
            "wrapped": "0100400001" + phrase["wrapped"][10:],
        },
    )  # fmt: skip
    yield "passphrase_version", phrase | {
        "expect": "root", "comment": "a later format", "secret": "Schlüssel fix",
        "wrapped": "02" + phrase["wrapped"][2:],
    }  # fmt: skip
    share = seed("share", 20)
    paper = {"scheme": "recovery", "store": STORE, "wrapped": known_secret_wrap(share, "recovery").hex()}
    yield "recovery", paper | ok | {"comment": "as printed", "secret": copyable(share)}
    hand = copyable(share).lower().replace("0", "o").replace("1", "l").replace("-", "")
    yield "recovery_hand", paper | ok | {"comment": "as somebody wrote it down", "secret": hand}
    yield "recovery_other", paper | {
        "expect": "wrong_passphrase", "comment": "another store's share",
        "secret": copyable(seed("other share", 20)),
    }  # fmt: skip
    yield "recovery_slip", paper | {
        "expect": "wrong_passphrase", "comment": "two groups swapped", "secret": swap_groups(copyable(share))
    }  # fmt: skip


def later_roots() -> Iterator[tuple[str, Vector]]:
    """Scenarios for docs/spec/root-rotation.md, section 2: the mark of a root that follows another one."""
    protector = seed("protector")
    subject_key = hkdf_expand(seed("first root"), b"strongroom/key-subject/1", 32)
    binding = {
        "tenant": "", "environment": "", "category": "", "level": 0, "kind": "root",
        "object_id": f"subject-key:{STORE}", "subject": "", "version": 0,
    }  # fmt: skip
    carried = struct.pack(">Q", 1_800_000_000_123) + sealed(
        subject_key, key=ROOT, keyref=0, binding=binding, name="subject key"
    )
    info = b"strongroom/root-fingerprint/2" + hashlib.sha256(carried).digest() + STORE.encode()
    mark = hkdf_expand(ROOT, info, 16) + carried
    file = {
        "scheme": "keyfile", "store": STORE, "wrapped": root_wrap(protector, "keyfile").hex(),
        "secret": keyfile(protector),
    }  # fmt: skip
    yield "later_root", file | {
        "expect": "ok", "comment": "a root that follows another one", "root": ROOT.hex(),
        "fingerprint": mark.hex(), "subject_key": subject_key.hex(), "made_at": 1_800_000_000_123,
    }  # fmt: skip
    first = hkdf_expand(ROOT, b"strongroom/root-fingerprint/1" + STORE.encode(), 16)
    for name, comment, expect, found in (
        ("later_root_robbed", "the inherited key was cut off", "foreign_root", mark[:16]),
        ("later_root_edited", "the inherited key was altered", "foreign_root", mark[:-1] + bytes([mark[-1] ^ 1])),
        ("later_root_time", "the time was altered", "foreign_root", mark[:23] + b"\x00" + mark[24:]),
        ("later_root_first", "a first root's fingerprint before it", "foreign_root", first + carried),
        ("later_root_short", "too short to carry anything", "store_damaged", mark[:20]),
    ):
        yield name, file | {"expect": expect, "comment": comment, "fingerprint": found.hex()}


def swap_groups(text: str) -> str:
    """The first two groups of a share in the other order."""
    first, second, *rest = text.split("-")
    return "-".join([second, first, *rest])


def tuple_bytes(*fields: str | int | bytes) -> bytes:
    """docs/spec/aad.md, the encoding of a tuple."""
    out = struct.pack(">H", len(fields))
    for value in fields:
        if isinstance(value, int):
            out += b"i" + struct.pack(">IQ", 8, value)
        else:
            raw = value.encode() if isinstance(value, str) else value
            out += (b"s" if isinstance(value, str) else b"b") + struct.pack(">I", len(raw)) + raw
    return out


def rows() -> Iterator[tuple[str, Vector]]:
    """Scenarios for docs/spec/key-states.md, sections 4 and 5."""
    key = hkdf_expand(ROOT, b"strongroom/key-rows/1", 32)
    concealing = hkdf_expand(ROOT, b"strongroom/key-subject/1", 32)
    subject = hmac.digest(
        concealing, tuple_bytes("strongroom/key-subject/1", "acme", "prod", "cust-812"), "sha256"
    )[:16].hex()
    yield "subject", {
        "expect": "ok", "comment": "the pseudonym of a subject", "root": ROOT.hex(),
        "path": "acme/prod/health/cust-812", "stored": f"acme/prod/health/{subject}",
    }  # fmt: skip
    material, parent = seed("material"), seed("parent")
    row: Vector = {
        "keyref": 4711, "tenant": "acme", "environment": "prod", "category": "health", "subject": subject,
        "use": "data", "version": 2, "state": "disabled", "parent_keyref": 815, "created_at": 1_800_000_000_123,
        "changed_at": 1_800_000_100_456, "resumes": "primary", "due_at": 0, "change": 3,
    }  # fmt: skip
    binding = {
        "tenant": "acme", "environment": "prod", "category": "health", "level": 0, "kind": "key",
        "object_id": "data:4711", "subject": subject, "version": 2,
    }  # fmt: skip
    wrapped = sealed(material, key=parent, keyref=815, binding=binding, name="key row")
    fields = list(row.values())
    message = tuple_bytes("strongroom/key-row/1", *fields[:8], wrapped, *fields[8:])
    authenticator = hmac.digest(key, message, "sha256")
    yield "row", {
        "expect": "ok", "comment": "a disabled version that remembers its state", "root": ROOT.hex(),
        "row": row | {"wrapped": wrapped.hex()}, "authenticator": authenticator.hex(), "parent": parent.hex(),
        "material": material.hex(),
    }  # fmt: skip
    link, entries = bytes(32), []
    changed = ((4711, seed("authenticator 1")), (815, seed("authenticator 2")), (4711, authenticator))
    for sequence, (keyref, mine) in enumerate(changed, 1):
        message = tuple_bytes("strongroom/key-journal/1", link, sequence, keyref, mine)
        link = hmac.digest(key, message, "sha256")
        entries.append({"sequence": sequence, "keyref": keyref, "authenticator": mine.hex(), "link": link.hex()})
    journal = {"root": ROOT.hex(), "journal": entries}
    yield "journal", journal | {"expect": "ok", "comment": "three changes of two versions"}
    swapped = [entries[1], entries[0], entries[2]]
    yield (
        "journal_swapped",
        {**journal, "journal": swapped, "expect": "store_tampered", "comment": "another order"},
    )
    yield "journal_gap", {
        **journal, "journal": [entries[0], entries[2]], "expect": "store_tampered",
        "comment": "one entry is missing",
    }  # fmt: skip
    renamed = [entries[0] | {"keyref": 816}, *entries[1:]]
    yield (
        "journal_renamed",
        {**journal, "journal": renamed, "expect": "store_tampered", "comment": "another version"},
    )


def main(target: Path) -> None:
    """Write every vector below `target`."""
    for folder, scenarios in (
        ("unseal", itertools.chain(unsealing(), later_roots())),
        ("key-rows", rows()),
    ):
        (target / folder).mkdir(parents=True, exist_ok=True)
        for name, vector in scenarios:
            ordered = {"format": f"{folder}/1", "comment": vector.pop("comment"), "expect": vector.pop("expect")}
            content = json.dumps(ordered | vector, indent=1, ensure_ascii=False) + "\n"
            (target / folder / f"{name}.json").write_text(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT_FOLDER)
