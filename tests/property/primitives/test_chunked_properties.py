"""Chunking: however a stream is cut into reads and writes, the message is the same."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.errors import DecryptionError
from strongroom.primitives.chunked import (
    BODY_PREFIX_LEN,
    CHUNK_LEN,
    SEALED_CHUNK_LEN,
    open_chunks,
    open_range,
    seal_chunks,
    sealed_len,
)

KEY = b"\x09" * 32
# lengths near the boundaries of chunks are where chunking goes wrong
lengths = st.builds(
    lambda chunks, delta: max(chunks * CHUNK_LEN + delta, 0), st.integers(0, 6), st.integers(-20, 20)
)


class Stutter(io.BytesIO):
    """Gives at most `step` bytes at a time."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content)
        self.step = step

    def readinto(self, buffer: object, /) -> int:
        return super().readinto(memoryview(buffer)[: self.step])  # type: ignore[arg-type]


def message(length: int) -> bytes:
    return bytes(index * 7 % 251 for index in range(257)) * (length // 257) + b"\x01" * (length % 257)


def seal(plaintext: bytes, context: bytes = b"") -> bytes:
    target = io.BytesIO()
    seal_chunks(key=KEY, context=context, source=io.BytesIO(plaintext), target=target)
    return target.getvalue()


def release(sealed: bytes) -> bytes | None:
    target = io.BytesIO()
    try:
        open_chunks(key=KEY, context=b"", source=io.BytesIO(sealed), target=target)
    except DecryptionError:
        return None
    return target.getvalue()


@given(lengths, st.integers(100, 70_000), st.integers(100, 70_000), st.binary(max_size=40))
@settings(max_examples=40)
def test_any_reading_pattern_gives_the_same_message(
    length: int, seal_step: int, open_step: int, context: bytes
) -> None:
    plaintext = message(length)
    sealed, opened = io.BytesIO(), io.BytesIO()
    seal_chunks(key=KEY, context=context, source=Stutter(plaintext, seal_step), target=sealed)
    assert len(sealed.getvalue()) == sealed_len(length)
    open_chunks(key=KEY, context=context, source=Stutter(sealed.getvalue(), open_step), target=opened)
    assert opened.getvalue() == plaintext


@given(lengths, st.integers(0), st.integers(0, 7))
@settings(max_examples=60)
def test_no_bit_of_a_body_can_be_flipped(length: int, position: int, bit: int) -> None:
    sealed = bytearray(seal(message(length)))
    sealed[position % len(sealed)] ^= 1 << bit
    assert release(bytes(sealed)) is None


@given(lengths, st.integers(1))
@settings(max_examples=60)
def test_no_truncation_opens(length: int, cut: int) -> None:
    sealed = seal(message(length))
    assert release(sealed[: -(cut % len(sealed) + 1)]) is None


@given(st.integers(1, 6), st.data())
@settings(max_examples=40)
def test_no_order_of_chunks_but_the_true_one_opens(count: int, data: st.DataObject) -> None:
    sealed = seal(message(count * CHUNK_LEN + 3))
    chunks = [
        sealed[start : start + SEALED_CHUNK_LEN] for start in range(BODY_PREFIX_LEN, len(sealed), SEALED_CHUNK_LEN)
    ]
    order = data.draw(st.lists(st.sampled_from(range(len(chunks))), max_size=len(chunks) + 1))
    shuffled = sealed[:BODY_PREFIX_LEN] + b"".join(chunks[index] for index in order)
    if order == list(range(len(chunks))):
        assert release(shuffled) is not None
    else:
        assert release(shuffled) is None


@given(lengths, st.integers(0, 7 * CHUNK_LEN), st.integers(0, 7 * CHUNK_LEN))
@settings(max_examples=60)
def test_a_range_is_the_slice(length: int, start: int, count: int) -> None:
    plaintext = message(length)
    got = open_range(
        key=KEY, context=b"", source=io.BytesIO(seal(plaintext)), body_offset=0, start=start, length=count
    )
    assert got == plaintext[start : start + count]


@given(lengths, st.integers(1))
@settings(max_examples=40)
def test_no_range_of_a_truncated_body_opens(length: int, cut: int) -> None:
    sealed = seal(message(length))
    with pytest.raises(DecryptionError):
        open_range(
            key=KEY, context=b"", source=io.BytesIO(sealed[: -(cut % len(sealed) + 1)]), body_offset=0,
            start=0, length=1,
        )  # fmt: skip
