"""Segments keep rows and vectors together, and search them exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.at_rest.segment import DIM_MAX, EmbeddingRow, build, nearest, pack, parse
from strongroom.errors import FormatError


def rows(count, dim=8, seed=0):
    rng = np.random.default_rng(seed)
    return [
        EmbeddingRow(f"t{i}", rng.standard_normal(dim).astype(np.float32), f"text {i}", f"cust-{i % 3}")
        for i in range(count)
    ]


@given(st.integers(1, 40), st.integers(1, 16))
def test_pack_and_parse_are_inverse(count, dim):
    made = build(rows(count, dim))
    again = parse(pack(made))
    assert (again.ids, again.subjects, again.texts) == (made.ids, made.subjects, made.texts)
    assert np.array_equal(again.vectors, made.vectors)


@given(st.integers(1, 60), st.integers(1, 70))
def test_nearest_is_exact(count, k):
    segment = build(rows(count, seed=3))
    query = segment.vectors[count // 2]
    found = nearest(segment, query, k)
    expected = np.sort(segment.vectors @ query)[::-1][:k]
    assert np.allclose([score for score, _ in found], expected, atol=1e-6)
    assert found[0][1] == count // 2


def test_without_drops_exactly_one_subject():
    segment = build(rows(9))
    rest = segment.without("cust-1")
    assert set(rest.subjects) == {"cust-0", "cust-2"}
    assert np.array_equal(rest.vectors, segment.vectors[[0, 2, 3, 5, 6, 8]])


def test_without_everybody_can_be_searched():
    empty = build(rows(1)).without("cust-0")
    assert nearest(empty, np.zeros(8, dtype=np.float32), 3) == []


def test_a_zero_vector_is_kept_as_it_is():
    segment = build([EmbeddingRow("a", np.zeros(4, dtype=np.float32), "t")])
    assert not segment.vectors.any()


@pytest.mark.parametrize(
    "bad",
    [
        [],
        [EmbeddingRow("a", np.ones(3, dtype=np.float32), ""), EmbeddingRow("b", np.ones(4, dtype=np.float32), "")],
        [EmbeddingRow("a", np.ones((2, 2), dtype=np.float32), "")],
        [EmbeddingRow("a", np.array([np.nan], dtype=np.float32), "")],
        [EmbeddingRow("a", np.ones(DIM_MAX + 1, dtype=np.float32), "")],
    ],
)
def test_bad_vectors_are_refused(bad):
    with pytest.raises(FormatError):
        build(bad)


def test_a_query_of_another_length_is_refused():
    with pytest.raises(FormatError, match="length"):
        nearest(build(rows(3)), np.ones(9, dtype=np.float32), 1)


@pytest.mark.parametrize("cut", [0, 3, 7, 20, -1])
def test_damaged_bytes_are_refused(cut):
    with pytest.raises(FormatError):
        parse(pack(build(rows(3)))[:cut])


def test_a_foreign_magic_is_refused():
    with pytest.raises(FormatError, match="not a segment"):
        parse(b"XXXX" + pack(build(rows(1)))[4:])


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_cleanly(raw):
    with pytest.raises(FormatError):
        parse(b"SRE1" + raw)
