import io
import threading

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor

from strongroom.errors import DecryptionError, LimitExceededError
from strongroom.primitives import chunked
from strongroom.primitives.chunked import (
    BODY_PREFIX_LEN,
    BUFFER_LEN,
    CHUNK_LEN,
    FIRST_LEN,
    RANGE_LEN_MAX,
    SEALED_CHUNK_LEN,
    open_chunks,
    open_range,
    seal_chunks,
    sealed_len,
)
from strongroom.primitives.streams import Behind, Reader, write_all

KEY = bytes(range(32))
CONTEXT = b"context"
LENGTHS = [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, FIRST_LEN - 1, FIRST_LEN, FIRST_LEN + 1,
           FIRST_LEN + BUFFER_LEN, FIRST_LEN + 2 * BUFFER_LEN + 77]  # fmt: skip


def pattern(length: int) -> bytes:
    return (b"0123456789abcdef!" * (length // 17 + 1))[:length]


def seal(plaintext: bytes) -> bytes:
    target = io.BytesIO()
    written = seal_chunks(key=KEY, context=CONTEXT, source=io.BytesIO(plaintext), target=target)
    assert written == len(target.getvalue())
    return target.getvalue()


def open_whole(sealed: bytes, *, key: bytes = KEY, context: bytes = CONTEXT) -> tuple[bytes, str]:
    """What was released, and the reason if it failed."""
    target = io.BytesIO()
    try:
        written = open_chunks(key=key, context=context, source=io.BytesIO(sealed), target=target)
    except DecryptionError as error:
        return target.getvalue(), error.reason
    assert written == len(target.getvalue())
    return target.getvalue(), ""


@pytest.mark.parametrize("length", LENGTHS)
def test_every_boundary_round_trips_and_has_the_specified_length(length: int) -> None:
    plaintext = pattern(length)
    sealed = seal(plaintext)
    assert len(sealed) == sealed_len(length)
    assert open_whole(sealed) == (plaintext, "")


def test_the_body_is_what_the_library_reads() -> None:
    plaintext = pattern(40_000)
    cipher = Cobblestone256Decryptor(KEY, CONTEXT)
    assert cipher.update(seal(plaintext)) + cipher.finalize() == plaintext


def test_wrong_key_or_context_releases_nothing() -> None:
    sealed = seal(pattern(100_000))
    assert open_whole(sealed, key=bytes(32)) == (b"", "commitment")
    assert open_whole(sealed, context=b"contexu") == (b"", "commitment")


@pytest.mark.parametrize("offset", [0, BODY_PREFIX_LEN - 1])
def test_a_flipped_prefix_releases_nothing(offset: int) -> None:
    sealed = bytearray(seal(pattern(100)))
    sealed[offset] ^= 1
    assert open_whole(bytes(sealed)) == (b"", "commitment")


@pytest.mark.parametrize("length", [100, CHUNK_LEN, FIRST_LEN + BUFFER_LEN + 5])
def test_what_is_released_before_a_failure_is_a_genuine_beginning(length: int) -> None:
    plaintext = pattern(length)
    sealed = bytearray(seal(plaintext))
    sealed[-1] ^= 1
    released, reason = open_whole(bytes(sealed))
    assert reason == "tag"
    assert plaintext.startswith(released)


@pytest.mark.parametrize("cut", [1, 15, 16, 17, SEALED_CHUNK_LEN, 2 * SEALED_CHUNK_LEN])
def test_a_truncated_body_is_refused(cut: int) -> None:
    plaintext = pattern(3 * CHUNK_LEN)
    released, reason = open_whole(seal(plaintext)[:-cut])
    assert reason in {"truncated", "tag"}
    assert plaintext.startswith(released)
    assert released != plaintext or cut <= 16  # all bytes may be out, but never as a success


def test_a_length_that_no_message_has_is_called_truncated() -> None:
    assert open_whole(seal(pattern(CHUNK_LEN))[:-16])[1] == "truncated"
    assert open_whole(seal(b"abc")[:20]) == (b"", "truncated")
    assert open_whole(b"") == (b"", "truncated")


def test_trailing_bytes_are_refused() -> None:
    assert open_whole(seal(b"abc") + b"x")[1] == "tag"


def test_swapped_chunks_are_refused() -> None:
    sealed = seal(pattern(2 * CHUNK_LEN + 5))
    head, first, rest = sealed[:56], sealed[56 : 56 + SEALED_CHUNK_LEN], sealed[56 + SEALED_CHUNK_LEN :]
    swapped = head + rest[:SEALED_CHUNK_LEN] + first + rest[SEALED_CHUNK_LEN:]
    assert open_whole(swapped) == (b"", "tag")


def test_progress_counts_source_bytes() -> None:
    seen: list[int] = []
    length = FIRST_LEN + BUFFER_LEN + 3
    source = io.BytesIO(pattern(length))
    seal_chunks(key=KEY, context=CONTEXT, source=source, target=io.BytesIO(), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[0] == FIRST_LEN
    assert seen[-1] == length


def test_large_bodies_leave_no_thread() -> None:
    before = threading.active_count()
    seal(pattern(FIRST_LEN + 3 * BUFFER_LEN))
    assert threading.active_count() == before


class FailingTarget(io.BytesIO):
    """A disk that fills up after so many writes."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.left = writes

    def write(self, content: object, /) -> int:
        self.left -= 1
        if self.left < 0:
            raise OSError(28, "no space left on device")
        return super().write(content)  # type: ignore[arg-type]


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_failing_target_is_reported_whoever_writes(writes: int) -> None:
    before = threading.active_count()
    source = io.BytesIO(pattern(FIRST_LEN + 2 * BUFFER_LEN))
    with pytest.raises(OSError, match="no space"):
        seal_chunks(key=KEY, context=CONTEXT, source=source, target=FailingTarget(writes))
    assert threading.active_count() == before


def test_a_failed_write_is_raised_where_the_next_buffer_is_wanted() -> None:
    def overrun() -> None:
        with Behind(FailingTarget(0), 10) as behind:
            behind.write(behind.free(), 10)
            behind.free()
            behind.free()  # can only be the first one, given back after the failure
            pytest.fail("a buffer was given out after a failure")

    with pytest.raises(OSError, match="no space"):
        overrun()


class Dribble(io.RawIOBase):
    """A raw stream that gives and takes a few bytes at a time."""

    def __init__(self, content: bytes = b"", step: int = 7_001) -> None:
        self.content, self.step, self.taken = memoryview(content), step, bytearray()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        length = min(self.step, len(view), len(self.content))
        view[:length] = self.content[:length]
        self.content = self.content[length:]
        return int(length)

    def write(self, content: object, /) -> int:
        piece = bytes(memoryview(content))[: self.step]  # type: ignore[arg-type]
        self.taken += piece
        return len(piece)


def test_raw_streams_that_give_and_take_in_parts() -> None:
    plaintext = pattern(FIRST_LEN + BUFFER_LEN + 11)
    sealed, plain = Dribble(), Dribble()
    seal_chunks(key=KEY, context=CONTEXT, source=Dribble(plaintext), target=sealed)  # type: ignore[arg-type]
    open_chunks(key=KEY, context=CONTEXT, source=Dribble(bytes(sealed.taken)), target=plain)  # type: ignore[arg-type]
    assert plain.taken == plaintext


class ReadOnly:
    """A source with nothing but `read`."""

    def __init__(self, content: bytes) -> None:
        self.inner = io.BytesIO(content)

    def read(self, length: int) -> bytes:
        return self.inner.read(min(length, 1000))


def test_a_source_that_can_only_read() -> None:
    target = io.BytesIO()
    seal_chunks(key=KEY, context=CONTEXT, source=ReadOnly(pattern(5000)), target=target)  # type: ignore[arg-type]
    assert open_whole(target.getvalue()) == (pattern(5000), "")


class NotBlocking:
    """A descriptor without data, and without room."""

    def readinto(self, buffer: memoryview) -> None:
        return None

    def write(self, content: memoryview) -> None:
        return None


def test_no_data_yet_is_not_the_end() -> None:
    with pytest.raises(BlockingIOError):
        Reader(NotBlocking()).fill(memoryview(bytearray(1)))  # type: ignore[arg-type]
    with pytest.raises(BlockingIOError):
        write_all(NotBlocking(), memoryview(b"x"))  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN + 99])
def test_ranges_are_slices(length: int) -> None:
    plaintext = pattern(length)
    source = io.BytesIO(b"outer header" + seal(plaintext))
    for start in (0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, length - 1, length, length + 5):
        for count in (0, 1, CHUNK_LEN, 2 * CHUNK_LEN, length):
            if start >= 0:
                got = open_range(
                    key=KEY, context=CONTEXT, source=source, body_offset=12, start=start, length=count
                )
                assert got == plaintext[start : start + count]


def open_a_range(sealed: bytes, start: int, length: int, *, key: bytes = KEY) -> bytes:
    return open_range(
        key=key, context=CONTEXT, source=io.BytesIO(sealed), body_offset=0, start=start, length=length
    )


def test_a_range_reads_only_what_covers_it_and_the_end() -> None:
    sealed = bytearray(seal(pattern(3 * CHUNK_LEN + 9)))
    sealed[BODY_PREFIX_LEN + SEALED_CHUNK_LEN] ^= 1  # second chunk
    assert open_a_range(bytes(sealed), 0, 5) == pattern(5)
    with pytest.raises(DecryptionError) as caught:
        open_a_range(bytes(sealed), CHUNK_LEN - 1, 2)
    assert caught.value.reason == "tag"


@pytest.mark.parametrize(
    ("cut", "reason"), [(1, "tag"), (9, "tag"), (25, "truncated"), (30, "tag"), (10**6, "truncated")]
)
def test_a_range_of_a_truncated_body_is_refused_wherever_it_lies(cut: int, reason: str) -> None:
    sealed = seal(pattern(3 * CHUNK_LEN + 9))
    with pytest.raises(DecryptionError) as caught:
        open_a_range(sealed[: max(len(sealed) - cut, 0)], 0, 1)
    assert caught.value.reason == reason


def test_a_range_checks_the_commitment_first() -> None:
    with pytest.raises(DecryptionError) as caught:
        open_a_range(seal(b"abc"), 0, 1, key=bytes(32))
    assert caught.value.reason == "commitment"


@pytest.mark.parametrize(("start", "length"), [(-1, 1), (0, -1), (0, RANGE_LEN_MAX + 1)])
def test_an_impossible_range_is_a_limit(start: int, length: int) -> None:
    with pytest.raises(LimitExceededError):
        open_a_range(seal(b"abc"), start, length)


def test_the_constants_are_those_of_the_specification() -> None:
    assert (chunked.SALT_LEN, chunked.COMMITMENT_LEN, CHUNK_LEN) == (24, 32, 16384)
