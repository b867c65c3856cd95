"""Sealed objects as files and streams: what a range costs and proves, and what never appears half."""

import io
import os
from pathlib import Path
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.at_rest.objects import Objects, appearing
from strongroom.errors import DecryptionError, KeyStateError
from strongroom.formats.object import OBJECT_HEADER_LEN
from strongroom.primitives.chunked import BODY_PREFIX_LEN, CHUNK_LEN, plain_len, sealed_len

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}
LONG = bytes(range(256)) * 400 + b"end"


@pytest.fixture
def objects(room: Strongroom) -> Objects:
    return room.session("bot", **SCOPE).objects(category="health", subject="cust-812", object_id="scan")


@pytest.fixture
def sealed(objects: Objects, tmp_path: Path) -> Path:
    (tmp_path / "plain").write_bytes(LONG)
    objects.seal_file(tmp_path / "plain", tmp_path / "sealed")
    return tmp_path / "sealed"


def test_a_file_there_and_back(objects: Objects, sealed: Path, tmp_path: Path) -> None:
    assert sealed.stat().st_mode & 0o777 == 0o600
    assert LONG[:24] not in sealed.read_bytes()
    seen: list[int] = []
    assert objects.open_file(sealed, tmp_path / "back", seen.append) == len(LONG)
    assert (tmp_path / "back").read_bytes() == LONG
    assert seen


def test_the_session_says_the_same_in_short(room: Strongroom, tmp_path: Path) -> None:
    with room.session("bot", **SCOPE) as work:
        (tmp_path / "a").write_bytes(LONG)
        work.seal_file(tmp_path / "a", tmp_path / "b", category="pii")
        work.open_file(tmp_path / "b", tmp_path / "c", category="pii")
        assert (tmp_path / "c").read_bytes() == LONG
        with pytest.raises(DecryptionError):
            work.open_file(tmp_path / "b", tmp_path / "d", category="pii", object_id="another")
    assert not (tmp_path / "d").exists()


def test_a_writer_makes_what_a_file_would_have_made(objects: Objects, tmp_path: Path) -> None:
    with objects.writer(tmp_path / "bits") as writer:
        for start in range(0, len(LONG), 5001):
            writer.write(memoryview(LONG)[start : start + 5001])
        assert not (tmp_path / "bits").exists(), "it appears at the end"
    assert (tmp_path / "bits").stat().st_size == OBJECT_HEADER_LEN + sealed_len(len(LONG))
    assert objects.reader(tmp_path / "bits").read() == LONG


def test_a_writer_whose_block_fails_leaves_nothing(objects: Objects, tmp_path: Path) -> None:
    def fail() -> None:
        with objects.writer(tmp_path / "half") as writer:
            writer.write(LONG)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.glob("*half*")) == []


@pytest.mark.parametrize("length", [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN])
def test_lengths_around_a_chunk(objects: Objects, tmp_path: Path, length: int) -> None:
    with objects.writer(tmp_path / "x") as writer:
        writer.write(LONG[:length])
    assert plain_len((tmp_path / "x").stat().st_size - OBJECT_HEADER_LEN) == length
    with objects.reader(tmp_path / "x") as reader:
        assert reader.read() == LONG[:length]


def test_a_reader_moves_and_reads_as_a_file_does(objects: Objects, sealed: Path) -> None:
    with objects.reader(sealed) as reader, io.BytesIO(LONG) as plain:
        for offset, whence, count in ((0, 0, 10), (50_000, 0, 40_000), (-20, 2, 100), (-5, 1, 5), (200_000, 0, 9)):
            assert reader.seek(offset, whence) == plain.seek(offset, whence)
            assert reader.read(count) == plain.read(count)
            assert reader.tell() == plain.tell()
        with pytest.raises(ValueError, match="negative"):
            reader.raw.seek(-1, 0)


def test_a_reader_stops_when_the_key_is_revoked(objects: Objects, sealed: Path, room: Strongroom) -> None:
    with objects.reader(sealed) as reader:
        assert reader.raw.read(10) == LONG[:10]
        room.keys.disable("acme/prod/health")
        with pytest.raises(KeyStateError):
            reader.raw.read(10)
        room.keys.enable("acme/prod/health")
        assert reader.raw.read(10) == LONG[10:20]


def test_a_file_that_was_cut_or_changed_does_not_open(objects: Objects, sealed: Path, tmp_path: Path) -> None:
    raw = sealed.read_bytes()
    for bad in (raw[:-1], raw[: OBJECT_HEADER_LEN + BODY_PREFIX_LEN], raw[:50], b"", raw[:-CHUNK_LEN]):
        sealed.write_bytes(bad)
        with pytest.raises(DecryptionError):
            objects.reader(sealed)
    sealed.write_bytes(raw[:1000] + bytes([raw[1000] ^ 1]) + raw[1001:])
    with objects.reader(sealed) as reader:
        reader.seek(-5, 2)
        assert reader.read() == LONG[-5:], "other chunks are good"
        reader.seek(0)
        with pytest.raises(DecryptionError):
            reader.read(10)
    with pytest.raises(DecryptionError):
        objects.open_file(sealed, tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def test_a_file_that_shrinks_under_its_reader(objects: Objects, sealed: Path) -> None:
    with objects.reader(sealed) as reader:
        os.truncate(sealed, sealed.stat().st_size - 20_000)
        with pytest.raises(DecryptionError):
            reader.read()


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"old")

    def interrupted() -> None:
        with appearing(tmp_path / "kept") as target:
            target.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "kept").read_bytes() == b"old"
    assert [path.name for path in tmp_path.glob("*kept*")] == ["kept"]
