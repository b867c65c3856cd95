"""Write ``vectors/{aad,field,record,object}``: one scenario per file, from `vectors_reference`.

Run it with no argument, or with another directory; it is deterministic, and a test compares its output with
what is committed.

Must never: import `strongroom`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vectors_reference import BINDING, CHUNK, KEYS, MAGIC, OTHER, encode, field, record, sealed_object, seed

ROOT = Path(__file__).parent.parent / "vectors"
Vector = dict[str, Any]


def flip(raw: bytes, offset: int) -> bytes:
    """`raw` with the lowest bit of one byte changed."""
    changed = bytearray(raw)
    changed[offset] ^= 1
    return bytes(changed)


def pieces(raw: bytes) -> str | list[str | dict[str, Any]]:
    """Hexadecimal, or a list of hexadecimal and ``{"fill", "count"}`` when a megabyte of one byte ends it."""
    rest = raw.rstrip(raw[-1:]) if raw else raw
    if len(raw) - len(rest) < 1 << 16:
        return raw.hex()
    return [rest.hex(), {"fill": raw[-1:].hex(), "count": len(raw) - len(rest)}]


def case(name: str, expect: str, comment: str, sealed: bytes, **more: Any) -> tuple[str, Vector]:
    """One file. `expect` is ``ok`` or the reason with which opening fails."""
    vector = {"comment": comment, "expect": expect, "keys": {str(n): key.hex() for n, key in KEYS.items()}}
    return name, vector | {"binding": BINDING, "sealed": pieces(sealed)} | more


def aad_vectors() -> Iterator[tuple[str, Vector]]:
    """Bindings and their bytes."""
    good = {
        "plain": ("an ordinary binding", BINDING),
        "no_subject": ("no subject, version 0", BINDING | {"subject": "", "version": 0}),
        "unicode": ("two UTF-8 bytes per letter count as two", BINDING | {"object_id": "größe/π"}),
        "boundary_left": ("together with boundary_right: fields do not run together",
                          BINDING | {"object_id": "ab", "subject": "c"}),
        "boundary_right": ("together with boundary_left", BINDING | {"object_id": "a", "subject": "bc"}),
        "version_max": ("the largest version", BINDING | {"version": 2**64 - 1}),
        "text_max": ("1024 bytes of text", BINDING | {"object_id": "x" * 1024}),
    }  # fmt: skip
    for name, (comment, binding) in good.items():
        yield name, {"comment": comment, "expect": "ok", "binding": binding, "encoded": encode(binding).hex()}
    bad = {
        "text_too_long": ("1025 bytes of text", BINDING | {"object_id": "x" * 1025}),
        "text_too_long_in_bytes": ("1024 letters, more bytes", BINDING | {"subject": "é" * 1024}),
        "level_too_high": ("there are levels 0 to 3", BINDING | {"level": 4}),
        "level_negative": ("there are levels 0 to 3", BINDING | {"level": -1}),
        "version_too_high": ("65 bits", BINDING | {"version": 2**64}),
        "version_negative": ("versions are unsigned", BINDING | {"version": -1}),
        "not_unicode": ("half a surrogate pair has no UTF-8", BINDING | {"object_id": "\ud800"}),
    }
    for name, (comment, binding) in bad.items():
        yield name, {"comment": comment, "expect": "format", "binding": binding}


def contexts(sealed: bytes, **more: Any) -> Iterator[tuple[str, Vector]]:
    """Every part of a binding said wrongly, one at a time."""
    for part, value in OTHER.items():
        yield case(
            f"wrong_{part}", "commitment", f"opened with another {part}", sealed,
            **more | {"binding": BINDING | {part: value}},
        )  # fmt: skip


def field_vectors() -> Iterator[tuple[str, Vector]]:
    """field/1."""
    text = b"The patient's next appointment is on Tuesday."
    sealed = field(text)
    salt = seed("salt field", 16).hex()
    plain = {"plaintext": text.hex(), "salt": salt, "keyref": 7}
    yield case("ok", "ok", "an ordinary value", sealed, **plain)
    yield case("ok_empty", "ok", "no plaintext: 69 bytes", field(b""), **plain | {"plaintext": ""})
    largest = bytes(1 << 24)
    yield case(
        "ok_largest", "ok", "16 MiB of zeros; the sealed bytes are given by their SHA-256", b"",
        **plain | {"plaintext": pieces(largest), "sealed_sha256": hashlib.sha256(field(largest)).hexdigest()},
    )  # fmt: skip
    yield case(
        "too_large", "format", "one byte more than 16 MiB of ciphertext", sealed[:69] + bytes((1 << 24) + 1)
    )
    yield from contexts(sealed)
    for name, offset, expect in (
        ("flipped_suite", 0, "format"), ("flipped_salt", 5, "commitment"),
        ("flipped_commitment", 21, "commitment"), ("flipped_ciphertext", 53, "tag"),
        ("flipped_tag", len(sealed) - 1, "tag"),
    ):  # fmt: skip
        yield case(name, expect, f"one bit of byte {offset}", flip(sealed, offset))
    yield case("wrong_keyref", "commitment", "the header names key 8", sealed[:4] + b"\x08" + sealed[5:])
    yield case("unknown_keyref", "key_unknown", "the header names key 9", sealed[:4] + b"\x09" + sealed[5:])
    wrong = {"7": seed("another key").hex()}
    yield case("wrong_key", "commitment", "key 7 is another key", sealed, keys=wrong)
    yield case("truncated_header", "format", "less than a header", sealed[:20])
    yield case("truncated_frame", "format", "one byte less than an empty value", field(b"")[:-1])
    yield case("truncated_tag", "tag", "the last byte is missing", sealed[:-1])
    yield case("trailing_byte", "tag", "one byte too many", sealed + b"\x00")
    yield case("foreign_empty", "format", "nothing", b"")
    yield case("foreign_text", "format", "bytes of something else", b"PK\x03\x04" + bytes(80))
    yield case("foreign_record", "format", "a record is not a field", record([("a", b"b")]))
    yield case("foreign_object_header", "commitment", "an object's header relabelled as a field",
               b"\x01" + sealed_object(b"")[9:109])  # fmt: skip


def hexed(fields: list[tuple[str, bytes]]) -> list[list[str]]:
    """Names and hexadecimal values."""
    return [[name, value.hex()] for name, value in fields]


def record_vectors() -> Iterator[tuple[str, Vector]]:
    """record/1."""
    rows = [
        ("name", b"Ada Lovelace"),
        ("city", b""),
        ("straße", b"Lindenweg 1"),
        ("note", b"n" * 200),
    ]
    sealed = record(rows)
    plain = {"fields": hexed(rows), "salt": seed("salt record", 16).hex(), "keyref": 7}
    yield case("ok", "ok", "four fields, one empty, one name not ASCII", sealed, **plain)
    yield case("ok_empty", "ok", "no fields: 74 bytes", record([]), **plain | {"fields": []})
    wide = [(f"column_{number:04}", bytes([number % 256])) for number in range(1024)]
    yield case("ok_widest", "ok", "1024 fields", record(wide),
               **plain | {"fields": hexed(wide)})  # fmt: skip
    long_name = [("n" * 255, b"x")]
    yield case("ok_longest_name", "ok", "255 bytes of name", record(long_name),
               **plain | {"fields": [[long_name[0][0], "78"]]})  # fmt: skip
    yield from contexts(sealed)
    end = 56 + int.from_bytes(sealed[53:56], "big")
    for name, offset, expect in (
        ("flipped_suite", 0, "format"), ("flipped_salt", 5, "commitment"),
        ("flipped_commitment", 21, "commitment"), ("flipped_directory_length", 55, "tag"),
        ("flipped_directory", 56, "tag"), ("flipped_value", end, "tag"), ("flipped_tag", len(sealed) - 1, "tag"),
    ):  # fmt: skip
        yield case(name, expect, f"one bit of byte {offset}", flip(sealed, offset))
    yield from damaged_records(sealed)


def damaged_records(sealed: bytes) -> Iterator[tuple[str, Vector]]:
    """What opens under no circumstances."""
    two = record([("one", b"aaaa"), ("two", b"bbbb")], name="two")
    yield case(
        "swapped_values", "tag", "two values of one length change places", two[:-40] + two[-20:] + two[-40:-20]
    )
    yield case("wrong_keyref", "commitment", "the header names key 8", sealed[:4] + b"\x08" + sealed[5:])
    yield case("unknown_keyref", "key_unknown", "the header names key 9", sealed[:4] + b"\x09" + sealed[5:])
    yield case("wrong_key", "commitment", "key 7 is another key", sealed, keys={"7": seed("another key").hex()})
    yield case("truncated_frame", "format", "one byte less than an empty record", record([])[:-1])
    yield case("truncated_value", "format", "the last byte is missing", sealed[:-1])
    yield case("missing_value", "format", "the last segment is missing", two[:-20])
    yield case("trailing_byte", "format", "one byte too many", sealed + b"\x00")
    yield case("too_large", "format", "more than 16 MiB of values", two + bytes((1 << 24) + 1024 * 16))
    yield case(
        "directory_too_long", "format", "a directory length over the cap", two[:53] + b"\xff\xff\xff" + two[56:]
    )
    for name, comment, directory in (
        ("directory_entry_missing", "one field announced, none there", b"\x00\x01"),
        ("directory_trailing", "a byte after the last entry", b"\x00\x00\x00"),
        ("directory_name_empty", "a name without letters", b"\x00\x01\x00\x00"),
        ("directory_name_twice", "two fields of one name", b"\x00\x02\x01a\x00\x01a\x00"),
        ("directory_name_not_utf8", "a name that is not text", b"\x00\x01\x01\xff\x00"),
        ("directory_length_not_shortest", "0 written in two bytes", b"\x00\x01\x01a\x80\x00"),
        ("directory_length_too_long", "a length of five bytes", b"\x00\x01\x01a\xff\xff\xff\xff\x01"),
        ("directory_too_many", "1025 fields", b"\x04\x01" + b"".join(b"\x04%04x\x00" % n for n in range(1025))),
    ):  # fmt: skip
        yield case(name, "format", f"authentic, but malformed: {comment}", record([], directory=directory))
    yield case("foreign_empty", "format", "nothing", b"")
    yield case("foreign_field", "format", "a field is not a record", field(b"x" * 20))


def object_vectors() -> Iterator[tuple[str, Vector]]:
    """object/1."""
    for name, length in (("empty", 0), ("one_byte", 1), ("chunk_less_one", CHUNK - 1), ("chunk", CHUNK),
                         ("chunk_and_one", CHUNK + 1)):  # fmt: skip
        text = seed(name, length)
        yield case(
            f"ok_{name}", "ok", f"{length} bytes", sealed_object(text, name=name), plaintext=text.hex(), keyref=7
        )
    text = seed("text", 100)
    sealed = sealed_object(text)
    plain = {"plaintext": text.hex()}
    yield from contexts(sealed, **plain)
    for name, offset, expect in (
        ("flipped_magic", 0, "format"), ("flipped_suite", 8, "format"), ("flipped_salt", 13, "commitment"),
        ("flipped_commitment", 29, "commitment"), ("flipped_wrapped_key", 61, "tag"),
        ("flipped_wrap_tag", 108, "tag"),
        ("flipped_body_salt", 109, "commitment"), ("flipped_body_commitment", 133, "commitment"),
        ("flipped_body", 165, "tag"), ("flipped_body_tag", len(sealed) - 1, "tag"),
    ):  # fmt: skip
        yield case(name, expect, f"one bit of byte {offset}", flip(sealed, offset), **plain)
    yield case(
        "wrong_keyref", "commitment", "the header names key 8", sealed[:12] + b"\x08" + sealed[13:], **plain
    )
    yield case(
        "unknown_keyref", "key_unknown", "the header names key 9", sealed[:12] + b"\x09" + sealed[13:], **plain
    )
    yield case(
        "wrong_key", "commitment", "key 7 is another key", sealed, keys={"7": seed("another key").hex()}, **plain
    )
    other = sealed_object(text, name="other")
    yield case("foreign_body", "commitment", "the body of another object", sealed[:109] + other[109:], **plain)
    yield case("foreign_header", "commitment", "a field's wrap relabelled as an object's",
               MAGIC + b"\x21" + field(seed("object key object"))[1:] + sealed[109:], **plain)  # fmt: skip
    yield case("foreign_text", "format", "bytes of something else", b"PK\x03\x04" + bytes(200))
    for name, expect, cut in (
        ("truncated_header", "truncated", sealed[:108]), ("truncated_no_body", "truncated", sealed[:109]),
        ("truncated_body_prefix", "truncated", sealed[:160]), ("truncated_no_chunk", "truncated", sealed[:165]),
        ("truncated_chunk", "tag", sealed[:-1]), ("truncated_below_tag", "truncated", sealed[: 165 + 15]),
    ):  # fmt: skip
        yield case(name, expect, f"only {len(cut)} bytes are left", cut, **plain)
    long = seed("long", CHUNK + 5)
    whole = sealed_object(long, name="long")
    plain = {"plaintext": long.hex()}
    yield case(
        "truncated_last_chunk", "truncated", "the last chunk is missing", whole[: 165 + CHUNK + 16], **plain
    )
    yield case("flipped_first_of_two_chunks", "tag", "nothing is released", flip(whole, 200), **plain)
    yield case("trailing_byte", "tag", "one byte too many", whole + b"\x00", **plain)


def write(root: Path) -> int:
    """Every vector under `root`; returns how many."""
    makers = {"aad": aad_vectors, "field": field_vectors, "record": record_vectors, "object": object_vectors}
    count = 0
    for folder, maker in makers.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, vector in maker():
            text = json.dumps({"format": f"{folder}/1"} | vector, indent=1)
            (root / folder / f"{name}.json").write_text(text + "\n")
            count += 1
    return count


if __name__ == "__main__":
    print(write(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT), "vectors")
