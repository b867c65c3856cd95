"""Write ``vectors/{audit-entry,audit-merkle,audit-checkpoint}``: one scenario per file.

A second implementation of docs/spec/audit-entry.md and audit-log.md: the tree by the recursive definitions of
RFC 9162, entries by `json` from the table of members. Run it with no argument, or with another directory; it is
deterministic, and a test compares its output with what is committed.

Must never: import `strongroom`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: TID251 - second implementation

ROOT = Path(__file__).parent.parent / "vectors"
Vector = dict[str, Any]

LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
"""The leaves of the Certificate Transparency reference tests, whose roots are published."""

KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"strongroom audit vector key").digest())
OTHER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"strongroom other vector key").digest())

# --- the tree, RFC 9162 section 2.1 ---------------------------------------------------------------


def sha256(content: bytes) -> bytes:
    """SHA-256 of `content`."""
    return hashlib.sha256(content).digest()


def split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1.1."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    k = split(len(leaves))
    return sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:]))


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*inclusion(index, leaves[:k]), tree_hash(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), tree_hash(leaves[:k])]


def consistency(old: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*consistency(old, leaves[:k], whole=whole), tree_hash(leaves[k:])]
    return [*consistency(old - k, leaves[k:], whole=False), tree_hash(leaves[:k])]


def flipped(raw: bytes) -> bytes:
    """`raw` with one bit of its first byte changed."""
    return bytes([raw[0] ^ 1]) + raw[1:]


def merkle_vectors() -> Iterator[tuple[str, Vector]]:
    """Roots and both kinds of proof."""
    yield "roots", {
        "kind": "roots", "comment": "the reference leaves of Certificate Transparency", "expect": "ok",
        "leaves": [leaf.hex() for leaf in LEAVES],
        "roots": [tree_hash(LEAVES[:size]).hex() for size in range(len(LEAVES) + 1)],
    }  # fmt: skip
    for index, size in ((0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (4, 5), (6, 7)):
        yield f"inclusion_{index}_of_{size}", inclusion_vector("a leaf and its path", "ok", index, size)
    good = inclusion(5, LEAVES)
    bad = {
        "other_leaf": {"leaf": LEAVES[4].hex()},
        "other_index": {"index": 4},
        "outside": {"index": 8},
        "other_size": {"size": 6},
        "flipped": {"path": [node.hex() for node in (flipped(good[0]), *good[1:])]},
        "short": {"path": [node.hex() for node in good[:-1]]},
        "long": {"path": [node.hex() for node in (*good, good[0])]},
        "swapped": {"path": [node.hex() for node in (good[1], good[0], good[2])]},
        "cut_hash": {"path": [node.hex() for node in (good[0][:31], *good[1:])]},
    }
    for name, change in bad.items():
        yield f"inclusion_bad_{name}", inclusion_vector(f"refused: {name}", "integrity", 5, 8) | change
    for old, new in ((0, 8), (1, 8), (2, 5), (4, 8), (6, 8), (3, 7), (8, 8)):
        yield f"consistency_{old}_to_{new}", consistency_vector("a prefix", "ok", old, new)
    path = consistency(6, LEAVES)
    bad = {
        "other_old_root": {"old_root": tree_hash(LEAVES[:5]).hex()},
        "other_new_root": {"new_root": tree_hash(LEAVES[:7]).hex()},
        "sizes_reversed": {"old": 8, "new": 6},
        "flipped": {"path": [node.hex() for node in (flipped(path[0]), *path[1:])]},
        "short": {"path": [node.hex() for node in path[:-1]]},
        "long": {"path": [node.hex() for node in (*path, path[0])]},
        "empty": {"path": []},
    }
    for name, change in bad.items():
        yield f"consistency_bad_{name}", consistency_vector(f"refused: {name}", "integrity", 6, 8) | change


def inclusion_vector(comment: str, expect: str, index: int, size: int) -> Vector:
    """One file about a leaf of the first `size` leaves."""
    leaves = LEAVES[:size]
    return {
        "kind": "inclusion", "comment": comment, "expect": expect, "leaf": leaves[index].hex(), "index": index,
        "size": size, "root": tree_hash(leaves).hex(), "path": [node.hex() for node in inclusion(index, leaves)],
    }  # fmt: skip


def consistency_vector(comment: str, expect: str, old: int, new: int) -> Vector:
    """One file about two sizes of the reference tree."""
    path = consistency(old, LEAVES[:new]) if old else []
    return {
        "kind": "consistency", "comment": comment, "expect": expect, "old": old, "new": new,
        "old_root": tree_hash(LEAVES[:old]).hex(), "new_root": tree_hash(LEAVES[:new]).hex(),
        "path": [node.hex() for node in path],
    }  # fmt: skip


# --- entries --------------------------------------------------------------------------------------

BARE: Vector = {"action": "open", "phase": "intent", "principal": "bot", "tenant": "", "environment": ""}
FULL: Vector = {
    "action": "detokenize", "phase": "outcome", "principal": "support-bot", "tenant": "acme",
    "environment": "prod", "purpose": "resolve-ticket", "session": "5f0c", "resource": "91aa", "category": "pii",
    "level": 2, "sink": "message.text", "subject": "c0de", "policies": ["detokenize.sink", "env-wall"],
    "policy_version": "3f2a", "permit": 17, "count": 3, "result": "ok",
}  # fmt: skip
CLASSES = {"intent": (6003, 1), "outcome": (6003, 1), "denied": (6003, 2), "admin": (3004, 1), "alarm": (2004, 4)}
API = {"seal": 1, "tokenize": 1, "open": 2, "detokenize": 2, "read_audit": 2, "manage_key": 3, "erase": 4}


def entry_record(event: Vector, time_ms: int) -> Vector:
    """The members of an entry, in no particular order."""
    class_uid, severity = CLASSES[event["phase"]]
    action, result = event["action"], event.get("result", "")
    activity = {
        6003: API.get(action, 99),
        3004: {"create": 1, "anchor": 1, "destroy": 4}.get(action.split(".")[-1], 3),
        2004: 1,
    }[class_uid]
    unmapped = {name: event.get(name, default) for name, default in (("level", 0), ("permit", 0), ("count", 1))}
    elsewhere = {"action", "principal", "tenant", "session", "resource", "result"}
    unmapped |= {name: value for name, value in event.items() if name not in elsewhere and value}
    record: Vector = {
        "time": time_ms, "class_uid": class_uid, "category_uid": class_uid // 1000, "severity_id": severity,
        "activity_id": activity, "type_uid": class_uid * 100 + activity, "unmapped": unmapped,
        "actor": {"user": {"name": event["principal"]}},
        "metadata": {
            "event_code": action, "version": "1.5.0",
            "product": {"name": "Strongroom", "vendor_name": "Strongroom"},
        },
        "status_id": 2 if event["phase"] == "denied" else {"": 0, "ok": 1}.get(result, 2),
    }  # fmt: skip
    if result:
        record["status_code"] = result
    if event.get("session"):
        record["actor"]["session"] = {"uid": event["session"]}
    if event.get("tenant"):
        record["metadata"]["tenant_uid"] = event["tenant"]
    if event.get("resource"):
        record["resources"] = [{"uid": event["resource"]}]
    special: Vector = {
        6003: {"api": {"operation": action}, "src_endpoint": {"name": "strongroom"}},
        3004: {"entity": {"name": event.get("category") or action}},
        2004: {"finding_info": {"title": result or action, "uid": action}},
    }
    return record | special[class_uid]


def entry_text(event: Vector, time_ms: int) -> str:
    """The canonical JSON of an entry."""
    return json.dumps(entry_record(event, time_ms), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_vectors() -> Iterator[tuple[str, Vector]]:
    """Events and their one spelling, and spellings that are refused."""
    longest = "x" * (65_536 - len(entry_text(BARE | {"purpose": "x"}, 1)))
    good = {
        "bare": ("only what must be there", BARE, 0),
        "full": ("every field but the anchor", FULL, 1_700_000_000_123),
        "denied": ("policy refused", FULL | {"phase": "denied", "result": ""}, 1),
        "failed": ("an error code as result", FULL | {"result": "decryption:tag"}, 1),
        "admin": ("a key was destroyed", FULL | {"phase": "admin", "action": "key.destroy"}, 1),
        "anchor": ("a shard remembers another", BARE | {
            "phase": "admin", "action": "audit.anchor", "principal": "strongroom", "result": "ok",
            "anchor": "shard-0001 7 " + base64.b64encode(tree_hash(LEAVES[:7])).decode(),
        }, 1),
        "alarm": ("never issued here", FULL | {"phase": "alarm", "result": "unknown_surrogate"}, 1),
        "other_action": ("an action OCSF has no activity for", FULL | {"action": "forward"}, 1),
        "all_resources": ("the resource that stands for all", FULL | {"resource": "*"}, 1),
        "unicode": ("UTF-8 as it is, required escapes only", FULL | {
            "purpose": 'größe "π" \\ \u0007\n\u2028\U0001f511', "policies": ["/", "\x7f"],
        }, 1),
        "numbers_max": ("the largest exact integers", FULL | {"permit": 2**53 - 1, "count": 2**53 - 1}, 2**53 - 1),
        "longest": ("65,535 bytes", BARE | {"purpose": longest}, 1),
    }  # fmt: skip
    for name, (comment, event, time_ms) in good.items():
        text = entry_text(event, time_ms)
        yield name, {"comment": comment, "expect": "ok", "event": event, "time_ms": time_ms, "entry": text}
    refused = {
        "unknown_phase": BARE | {"phase": "rumour"},
        "level_4": BARE | {"level": 4},
        "negative_count": BARE | {"count": -1},
        "inexact_permit": BARE | {"permit": 2**53},
        "too_long": BARE | {"purpose": longest + "x"},
    }
    for name, event in refused.items():
        yield f"event_{name}", {"comment": "no such entry", "expect": "format", "event": event, "time_ms": 1}
    text = entry_text(FULL, 1)
    spellings = {
        "empty": "",
        "not_an_object": "[]",
        "space": text.replace(",", ", ", 1),
        "unsorted": '{"actor"' + text.split(',"actor"')[1].replace("}", '},"activity_id":2', 1),
        "escaped": text.replace("acme", "\\u0061cme"),
        "float": text.replace('"level":2', '"level":2.0'),
        "duplicate": text.replace('"count":3', '"count":2,"count":3'),
        "extra_member": text.replace('"count":3', '"count":3,"value":"4111111111111111"'),
        "missing_member": text.replace('"count":3,', ""),
        "empty_text": text.replace('"acme"', '""'),
        "contradiction": text.replace('"status_id":1', '"status_id":2'),
        "boolean": text.replace('"level":2', '"level":true'),
    }
    for name, spelling in spellings.items():
        assert spelling != text, name  # noqa: S101 - a vector that changes nothing tests nothing
        yield f"bytes_{name}", {"comment": f"refused: {name}", "expect": "format", "entry": spelling}
    yield "bytes_not_utf8", {
        "comment": "refused: not UTF-8", "expect": "format",
        "entry_hex": text.encode().replace(b"acme", b"ac\xffe").hex(),
    }  # fmt: skip


# --- checkpoints ----------------------------------------------------------------------------------


def public(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return key.public_key().public_bytes_raw()


def signature_line(key: Ed25519PrivateKey, name: str, text: str) -> str:
    """One signature line of signed-note, of type 0x01."""
    key_id = sha256(name.encode() + b"\n\x01" + public(key))[:4]
    return f"\u2014 {name} {base64.b64encode(key_id + key.sign(text.encode())).decode()}\n"


def note(text: str, key: Ed25519PrivateKey = KEY, name: str = "shard-0000") -> str:
    """`text` with one signature."""
    return text + "\n" + signature_line(key, name, text)


def body(size: str = "7", root: bytes | None = None, origin: str = "shard-0000", more: str = "") -> str:
    """The text of a checkpoint, or of something that is nearly one."""
    encoded = base64.b64encode(tree_hash(LEAVES[:7]) if root is None else root).decode()
    return f"{origin}\n{size}\n{encoded}\n{more}"


def checkpoint_vectors() -> Iterator[tuple[str, Vector]]:
    """Signed notes and receipts."""
    good = {
        "plain": ("one signature", note(body())),
        "empty_tree": ("no leaves yet", note(body("0", tree_hash([])))),
        "extension": ("further lines are opaque", note(body(more="anything\n"))),
        "witnessed": ("unknown signatures are ignored",
                      note(body()) + signature_line(OTHER, "witness.example/w", body())),
        "same_name": ("another key of the same name is another signer",
                      body() + "\n" + signature_line(OTHER, "shard-0000", body())
                      + signature_line(KEY, "shard-0000", body())),
    }  # fmt: skip
    for name, (comment, text) in good.items():
        yield name, {
            "kind": "checkpoint", "comment": comment, "expect": "ok", "public": public(KEY).hex(), "note": text,
            "origin": "shard-0000", "size": int(text.split("\n")[1]),
            "root": base64.b64decode(text.split("\n")[2]).hex(),
        }  # fmt: skip
    signed = note(body())
    bad = {
        "other_key": note(body(), OTHER),
        "other_name": note(body(), KEY, "shard-0001"),
        "altered_size": signed.replace("\n7\n", "\n8\n"),
        "altered_origin": signed.replace("shard-0000\n7", "shard-0001\n7"),
        "leading_zero": note(body("07")),
        "negative": note(body("-7")),
        "short_root": note(body(root=bytes(31))),
        "no_signature": body() + "\n",
        "no_blank_line": signed.replace("\n\n", "\n"),
        "carriage_return": note(body().replace("\n", "\r\n")),
        "no_last_newline": signed[:-1],
        "hyphen": signed.replace("\u2014", "-"),
        "loose_base64": signed.replace("=\n\n", "\n\n"),
        "one_bad_of_ours": signed + signature_line(KEY, "shard-0000", body("8")),
    }
    for name, text in bad.items():
        assert text not in dict(good.values()).values(), name  # noqa: S101 - as above
        yield f"bad_{name}", {
            "kind": "checkpoint", "comment": f"refused: {name}", "expect": "integrity",
            "public": public(KEY).hex(), "note": text, "origin": "shard-0000",
        }  # fmt: skip
    yield from receipt_vectors()


def receipt_vectors() -> Iterator[tuple[str, Vector]]:
    """Inclusion proofs as JSON, verified with the public key alone."""
    entries = [entry_text(FULL | {"action": "erase", "count": number}, number).encode() for number in range(5)]
    proof: Vector = {
        "type": "strongroom/inclusion/1", "origin": "shard-0000", "index": 3, "size": 5,
        "hashes": [base64.b64encode(node).decode() for node in inclusion(3, entries)],
        "entry": entries[3].decode(), "checkpoint": note(body("5", tree_hash(entries))),
    }  # fmt: skip
    cases = {
        "ok": ("an erasure and its place in the log", "ok", {}),
        "altered_entry": ("the next entry", "integrity", {"entry": entries[4].decode()}),
        "other_index": ("the path is of another leaf", "integrity", {"index": 2}),
        "other_size": ("not the size the checkpoint signed", "integrity", {"size": 6}),
        "other_origin": ("not the log that signed", "integrity", {"origin": "shard-0001"}),
        "foreign_checkpoint": ("signed by another key", "integrity",
                               {"checkpoint": note(body("5", tree_hash(entries)), OTHER)}),
        "short_path": ("a hash too few", "integrity", {"hashes": proof["hashes"][:-1]}),
        "other_type": ("an unknown version", "format", {"type": "strongroom/inclusion/2"}),
        "more_members": ("a member too many", "format", {"note": "trust me"}),
        "many_hashes": ("more than 64 hashes", "format", {"hashes": proof["hashes"][:1] * 65}),
    }  # fmt: skip
    for name, (comment, expect, change) in cases.items():
        yield f"receipt_{name}", {
            "kind": "receipt", "comment": comment, "expect": expect, "public": public(KEY).hex(),
            "proof": proof | change,
        }  # fmt: skip


def main(target: Path) -> None:
    """Write every vector below `target`."""
    rooms = {"audit-merkle": merkle_vectors, "audit-entry": entry_vectors, "audit-checkpoint": checkpoint_vectors}
    for folder, vectors in rooms.items():
        (target / folder).mkdir(parents=True, exist_ok=True)
        for name, vector in vectors():
            text = json.dumps({"format": f"{folder}/1"} | vector, indent=1)
            (target / folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
