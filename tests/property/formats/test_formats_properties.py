"""Every codec: what was packed parses to the same, what opens was sealed, what was changed does not open."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from strongroom.canonical import tuple_bytes
from strongroom.errors import DecryptionError, FormatError
from strongroom.formats import field, record
from strongroom.formats import object as object_format
from strongroom.formats.aad import CONTEXT, VERSION_MAX, Binding
from strongroom.formats.commitment import FieldParts

KEY = bytes(range(32))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
salts = st.binary(min_size=16, max_size=16)
keyrefs = st.integers(0, 2**32 - 1)
bindings = st.builds(
    Binding, texts, texts, texts, st.integers(0, 3), texts, texts, texts, st.integers(0, VERSION_MAX)
)
rows = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.binary(max_size=300),
    max_size=12,
)


@given(bindings)
def test_a_binding_is_the_canonical_tuple(binding: Binding) -> None:
    expected = tuple_bytes(
        CONTEXT, binding.tenant, binding.environment, binding.category, binding.level, binding.kind,
        binding.object_id, binding.subject, binding.version,
    )  # fmt: skip
    assert binding.encode() == expected


@given(bindings, bindings)
def test_different_bindings_have_different_bytes(one: Binding, two: Binding) -> None:
    assert (one == two) == (one.encode() == two.encode())


@given(st.lists(texts, min_size=6, max_size=6), st.integers(0, 5), st.integers(1, 5))
def test_moving_text_between_neighbouring_fields_changes_the_bytes(
    parts: list[str], index: int, length: int
) -> None:
    assume(index < 5 and len(parts[index]) >= length)
    moved = list(parts)
    moved[index], moved[index + 1] = parts[index][:-length], parts[index][-length:] + parts[index + 1]

    def bind(values: list[str]) -> bytes:
        tenant, environment, category, kind, object_id, subject = values
        return Binding(tenant, environment, category, 1, kind, object_id, subject).encode()

    assert bind(parts) != bind(moved)


@given(st.binary(max_size=2000), st.binary(max_size=200), salts, keyrefs)
def test_a_field_opens_to_what_was_sealed(plaintext: bytes, context: bytes, salt: bytes, keyref: int) -> None:
    raw = field.seal_field(key=KEY, keyref=keyref, salt=salt, context=context, plaintext=plaintext)
    assert field.open_field(key=KEY, context=context, sealed=raw) == plaintext
    assert field.keyref_of(raw) == keyref
    assert field.pack(field.parse(raw)) == raw


@given(st.binary(max_size=50), st.integers(0), st.integers(0, 7))
def test_no_bit_of_a_field_can_be_flipped(plaintext: bytes, position: int, bit: int) -> None:
    raw = bytearray(field.seal_field(key=KEY, keyref=1, salt=bytes(16), context=b"c", plaintext=plaintext))
    raw[position % len(raw)] ^= 1 << bit
    with pytest.raises((DecryptionError, FormatError)):
        field.open_field(key=KEY, context=b"c", sealed=bytes(raw))


@given(rows, st.binary(max_size=100), salts, keyrefs)
def test_a_record_opens_to_what_was_sealed(
    fields: dict[str, bytes], context: bytes, salt: bytes, keyref: int
) -> None:
    raw = record.seal_record(key=KEY, keyref=keyref, salt=salt, context=context, fields=fields)
    opened = record.open_record(key=KEY, context=context, sealed=raw)
    assert list(opened.items()) == list(fields.items())
    assert record.keyref_of(raw) == keyref
    assert record.pack(record.parse(raw)) == raw


@given(rows, st.data())
def test_only_answers_with_exactly_what_was_asked(fields: dict[str, bytes], data: st.DataObject) -> None:
    only = data.draw(st.sets(st.sampled_from([*fields, "absent"])))
    raw = record.seal_record(key=KEY, keyref=1, salt=bytes(16), context=b"", fields=fields)
    opened = record.open_record(key=KEY, context=b"", sealed=raw, only=only)
    assert opened == {name: value for name, value in fields.items() if name in only}


@given(rows, st.integers(0), st.integers(0, 7))
def test_no_bit_of_a_record_can_be_flipped(fields: dict[str, bytes], position: int, bit: int) -> None:
    raw = bytearray(record.seal_record(key=KEY, keyref=1, salt=bytes(16), context=b"c", fields=fields))
    raw[position % len(raw)] ^= 1 << bit
    with pytest.raises((DecryptionError, FormatError)):
        record.open_record(key=KEY, context=b"c", sealed=bytes(raw))


CODECS: list[tuple[Callable[[bytes], Any], Callable[[Any], bytes]]] = [
    (field.parse, field.pack),
    (record.parse, record.pack),
    (object_format.parse, object_format.pack),
]


@given(st.binary(max_size=200))
def test_a_parser_of_foreign_bytes_parses_or_says_format_error(raw: bytes) -> None:
    for prefix in (b"", b"\x01", b"\x11", object_format.MAGIC, object_format.MAGIC + b"\x21"):
        for parse, pack in CODECS:
            try:
                parts = parse(prefix + raw)
            except FormatError:
                continue
            assert pack(parts) == prefix + raw


@given(keyrefs, salts, st.binary(min_size=32, max_size=32), st.binary(min_size=48, max_size=48))
def test_object_header_parts_survive(keyref: int, salt: bytes, commitment: bytes, body: bytes) -> None:
    parts = FieldParts(object_format.SUITE_OBJECT, keyref, salt, commitment, body)
    assert object_format.parse(object_format.pack(parts)) == parts


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), salts, keyrefs)
def test_an_object_key_unwraps(object_key: bytes, context: bytes, salt: bytes, keyref: int) -> None:
    header = object_format.wrap_object_key(
        key=KEY, keyref=keyref, salt=salt, context=context, object_key=object_key
    )
    assert object_format.unwrap_object_key(key=KEY, context=context, header=header) == object_key
    assert object_format.keyref_of(header) == keyref


@given(st.binary(max_size=120), st.binary(max_size=120))
def test_contexts_of_bodies_do_not_collide(one: bytes, two: bytes) -> None:
    assert (one == two) == (object_format.body_context(one) == object_format.body_context(two))
