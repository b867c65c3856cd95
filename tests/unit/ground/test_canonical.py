"""The canonical encodings are injective and refuse what has no single spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.canonical import FIELD_BYTES_MAX, json_bytes, tuple_bytes
from strongroom.errors import FormatError

fields = st.lists(
    st.one_of(st.binary(max_size=40), st.text(max_size=40), st.integers(0, 2**64 - 1)), max_size=5
).map(tuple)


@given(fields, fields)
def test_tuple_bytes_is_injective(left, right):
    same_types = [type(a) for a in left] == [type(b) for b in right]
    assert (tuple_bytes(*left) == tuple_bytes(*right)) == (left == right and same_types)


def test_tuple_bytes_has_the_specified_layout():
    assert tuple_bytes("é", b"\x00", 5).hex() == (
        "0003" + "73" + "00000002" + "c3a9" + "62" + "00000001" + "00" + "69" + "00000008" + "0000000000000005"
    )


def test_moving_a_boundary_changes_the_bytes():
    assert tuple_bytes("ab", "c") != tuple_bytes("a", "bc")


@pytest.mark.parametrize("value", [-1, 1 << 64, True, "\ud800", b"x" * (FIELD_BYTES_MAX + 1)])
def test_tuple_bytes_refuses(value):
    with pytest.raises(FormatError):
        tuple_bytes(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_json_bytes_ignores_insertion_order(value):
    backwards = dict(reversed(list(value.items())))
    assert json_bytes(value) == json_bytes(backwards)


@pytest.mark.parametrize(
    "value", [{"a": 1.5}, {"a": [1, {"b": 2.0}]}, {"a": 1 << 53}, {"a": object()}, {"a": b"x"}]
)
def test_json_bytes_refuses_what_is_not_exact(value):
    with pytest.raises(FormatError):
        json_bytes(value)
