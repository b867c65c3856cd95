"""Write ``vectors/shares``: one scenario per file, from a second implementation of docs/spec/shares.md.

This one multiplies by tables of logarithms and solves by Gaussian elimination, where the product uses shifts and
Lagrange's formula. It is deterministic, and a test compares its output with what is committed.

Must never: import `strongroom`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from make_vectors_keys import ROOT, STORE, copyable, root_wrap, tuple_bytes
from vectors_reference import hkdf_expand, seed

TARGET = Path(__file__).parent.parent / "vectors"
Vector = dict[str, Any]

EXP, LOG = [0] * 510, [0] * 256
_value = 1
for _power in range(255):
    EXP[_power] = EXP[_power + 255] = _value
    LOG[_value] = _power
    _value ^= _value << 1  # times 3, which generates the field
    if _value & 0x100:
        _value ^= 0x11B


def times(left: int, right: int) -> int:
    """The product in GF(2^8), by logarithms to the base 3."""
    return EXP[LOG[left] + LOG[right]] if left and right else 0


def power(base: int, exponent: int) -> int:
    """`base` to the `exponent`."""
    return EXP[LOG[base] * exponent % 255] if exponent else 1


def shares(secret: bytes, threshold: int, count: int, set_id: bytes, higher: list[bytes]) -> list[bytes]:
    """Sections 2 and 3, term by term."""
    made = []
    for number in range(1, count + 1):
        value = bytearray(secret)
        for degree, coefficient in enumerate(higher, 1):
            for index, byte in enumerate(coefficient):
                value[index] ^= times(byte, power(number, degree))
        made.append(bytes([1]) + set_id + bytes([threshold, number]) + bytes(value))
    return made


def solved(given: list[bytes]) -> bytes:
    """Section 4: the constant terms of the linear system that the shares are."""
    size = len(given)
    rows = [[power(share[8], degree) for degree in range(size)] + list(share[9:]) for share in given]
    for column in range(size):
        pivot = next(row for row in range(column, size) if rows[row][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        inverse = EXP[255 - LOG[rows[column][column]]]
        rows[column] = [times(inverse, item) for item in rows[column]]
        for row in range(size):
            if row != column and rows[row][column]:
                factor = rows[row][column]
                rows[row] = [
                    item ^ times(factor, mine) for item, mine in zip(rows[row], rows[column], strict=True)
                ]
    return bytes(rows[0][size:])


def scenarios() -> Iterator[tuple[str, Vector]]:
    """What is in each file."""
    secret = seed("shared secret")
    for threshold, count in ((2, 2), (3, 5), (5, 7), (2, 255)):
        higher = [seed(f"coefficient {threshold} {degree}") for degree in range(1, threshold)]
        made = shares(secret, threshold, count, seed(f"set {threshold}", 6), higher)
        chosen = made[-threshold:][::-1]
        if solved(chosen) != secret:
            raise AssertionError
        yield f"split_{threshold}_of_{count}", {
            "comment": "a split with given coefficients, and the last shares in reverse order", "expect": "ok",
            "secret": secret.hex(), "threshold": threshold, "count": count, "set": chosen[0][1:7].hex(),
            "coefficients": [item.hex() for item in higher], "shares": [copyable(share) for share in chosen],
        }  # fmt: skip
    first = shares(secret, 3, 5, seed("set 3", 6), [seed(f"coefficient 3 {degree}") for degree in (1, 2)])
    other = shares(secret, 3, 5, seed("set other", 6), [seed(f"other {degree}") for degree in (1, 2)])
    slip = copyable(first[0])
    slip = ("7" if slip[0] != "7" else "8") + slip[1:]
    newer = b"\x02" + first[0][1:]
    single = first[0][:7] + b"\x01" + first[0][8:]
    zero = first[0][:8] + b"\x00" + first[0][9:]
    altered = first[3][:-1] + bytes([first[3][-1] ^ 1])
    for name, comment, given in (
        ("too_few", "two of three", [copyable(share) for share in first[:2]]),
        ("none", "no share at all", []),
        ("twice", "one share given twice", [copyable(first[0]), copyable(first[1]), copyable(first[0])]),
        ("two_sets", "one share of another set", [copyable(first[0]), copyable(first[1]), copyable(other[2])]),
        ("slip", "one character mistyped", [slip, copyable(first[1]), copyable(first[2])]),
        ("newer", "a share of version 2", [copyable(newer), copyable(first[1]), copyable(first[2])]),
        ("threshold_one", "a share that says one is enough", [copyable(single)]),
        ("number_zero", "a share with number 0", [copyable(zero), copyable(first[1]), copyable(first[2])]),
        ("disagree", "four of three, one of them altered", [copyable(s) for s in (*first[:3], altered)]),
    ):
        yield name, {"comment": comment, "expect": "share", "shares": given}
    yield from wraps(secret, first, other)


def wraps(secret: bytes, first: list[bytes], other: list[bytes]) -> Iterator[tuple[str, Vector]]:
    """Section 5."""
    digests = b"".join(
        hashlib.sha256(tuple_bytes("strongroom/share/1", STORE, share)).digest()[:16] for share in first
    )
    head = bytes([1, 3, 5]) + first[0][1:7] + digests
    wrapped = head + root_wrap(hkdf_expand(secret, b"strongroom/root-shares/1" + head, 32), "shares")
    fingerprint = hkdf_expand(ROOT, b"strongroom/root-fingerprint/1" + STORE.encode(), 16).hex()
    store = {"store": STORE, "wrapped": wrapped.hex(), "fingerprint": fingerprint}
    yield "unseal", {
        "comment": "three of five unseal a store", "expect": "ok", "root": ROOT.hex(),
        "shares": [copyable(first[index]) for index in (4, 0, 2)], **store,
    }  # fmt: skip
    altered = first[2][:-1] + bytes([first[2][-1] ^ 1])
    yield "unseal_altered", {
        "comment": "the third share was altered by somebody who can compute the check", "expect": "share",
        "shares": [copyable(first[0]), copyable(first[1]), copyable(altered)], **store,
    }  # fmt: skip
    yield "unseal_other_set", {
        "comment": "a share of another set", "expect": "share",
        "shares": [copyable(first[0]), copyable(other[1]), copyable(first[2])], **store,
    }  # fmt: skip
    yield "unseal_other_store", {
        "comment": "the wrap was copied into another store", "expect": "share",
        "shares": [copyable(share) for share in first[:3]], **(store | {"store": STORE[::-1]}),
    }  # fmt: skip


def main(target: Path) -> None:
    """Write every vector below `target`."""
    (target / "shares").mkdir(parents=True, exist_ok=True)
    for name, vector in scenarios():
        ordered = {"format": "shares/1", "comment": vector.pop("comment"), "expect": vector.pop("expect")}
        content = json.dumps(ordered | vector, indent=1, ensure_ascii=False) + "\n"
        (target / "shares" / f"{name}.json").write_text(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
