import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom.adapters.log_files import LogFiles, ShardFiles
from strongroom.audit.log import AuditLog
from strongroom.audit.merkle import leaf_hash
from strongroom.audit.segments import frame, scan
from strongroom.audit.shard import Shard
from strongroom.audit.tiles import TiledTree, tile_name
from strongroom.audit.verify import AuditReport, verify_audit
from strongroom.errors import IntegrityError
from strongroom.formats.entry import Event, encode_entry
from strongroom.primitives.signing import SigningKey

OpenLog = Callable[..., AuditLog]
EVENT = Event(action="open", phase="outcome", principal="bot", tenant="acme", environment="prod")
ENTRIES = 600


@pytest.fixture
def verify(directory: Path, key: SigningKey) -> Callable[..., AuditReport]:
    return lambda **more: verify_audit(LogFiles(directory), public=key.public, **more)


Verify = Callable[..., AuditReport]


def fill(log: AuditLog, count: int = ENTRIES) -> None:
    for _ in range(count):
        log.append(EVENT, durable=False)
    log.close()


def flip(path: Path, position: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[position] ^= 1 << (position % 8)
    path.write_bytes(raw)


def found_at(verify: Verify) -> str:
    with pytest.raises(IntegrityError) as caught:
        verify()
    return str(caught.value)


def test_a_log_that_nobody_touched_verifies(open_log: OpenLog, verify: Verify, directory: Path) -> None:
    fill(open_log())
    shard = verify().shards[0]
    assert (shard.origin, shard.entries, shard.unsigned, shard.torn_bytes, shard.claims) == (
        "shard-0000", ENTRIES, 0, 0, 0,
    )  # fmt: skip
    assert shard.bytes == sum((directory / "shard-0000" / name).stat().st_size for name in (
        "entries/000", "tile/0/000", "tile/0/001",
    ))  # fmt: skip


def test_an_empty_directory_verifies_as_nothing(verify: Verify) -> None:
    report = verify()
    assert (report.shards, report.entries, report.bytes, report.claims) == ((), 0, 0, 0)


def test_a_shard_that_is_just_being_created_is_passed_over(verify: Verify, directory: Path) -> None:
    (directory / "shard-0000").mkdir(parents=True)
    assert verify().shards == ()


def test_a_flipped_bit_in_any_entry_is_found_and_located(
    open_log: OpenLog, verify: Verify, directory: Path
) -> None:
    fill(open_log())
    segment = directory / "shard-0000/entries/000"
    whole = segment.read_bytes()
    record = len(whole) // ENTRIES
    for position in range(0, len(whole), 997):
        flip(segment, position)
        assert re.match(rf"shard-0000: entry {position // record} ", found_at(verify))
        segment.write_bytes(whole)
    for position in range(-record, 0):  # every byte of the last record: length, checksum and entry
        flip(segment, position)
        assert found_at(verify).startswith(f"shard-0000: entry {ENTRIES - 1} ")
        segment.write_bytes(whole)


@pytest.mark.parametrize("number", [0, 1])
def test_a_flipped_bit_in_any_tile_is_found_and_located(
    open_log: OpenLog, verify: Verify, directory: Path, number: int
) -> None:
    fill(open_log())
    tile = directory / f"shard-0000/tile/0/00{number}"
    whole = tile.read_bytes()
    for position in range(number, len(whole), 331):
        flip(tile, position)
        index = number * 256 + position // 32
        assert found_at(verify) == (
            f"shard-0000: entry {index}: its hash in tile/0/00{number} differs from the entries"
        )
        tile.write_bytes(whole)
    tile.write_bytes(whole[:-32])
    assert f"entry {number * 256 + 255}: its hash" in found_at(verify)
    tile.unlink()
    assert f"entry {number * 256}: its hash in tile/0/00{number} is missing" in found_at(verify)


def test_a_flipped_bit_anywhere_in_the_checkpoint_is_found(
    open_log: OpenLog, verify: Verify, directory: Path
) -> None:
    fill(open_log(), 3)
    checkpoint = directory / "shard-0000/checkpoint"
    whole = checkpoint.read_bytes()
    for position in range(len(whole)):
        flip(checkpoint, position)
        assert found_at(verify).startswith("shard-0000: ")
        checkpoint.write_bytes(whole)
    verify()


def test_an_entry_with_a_corrected_checksum_is_found_by_its_hash(
    open_log: OpenLog, verify: Verify, directory: Path
) -> None:
    fill(open_log())
    for index, where in ((77, "entry 77: its hash in tile/0/000"), (550, "entries 512 to 599, or earlier ones")):
        segment = directory / "shard-0000/entries/000"
        whole = segment.read_bytes()
        entries = scan(whole).entries
        entries[index] = entries[index].replace(b"acme", b"evil")
        segment.write_bytes(b"".join(map(frame, entries)))
        assert where in found_at(verify)
        segment.write_bytes(whole)


def test_a_rewritten_entry_and_tile_are_found_by_the_signed_root(
    open_log: OpenLog, verify: Verify, directory: Path
) -> None:
    fill(open_log())
    segment, tile = directory / "shard-0000/entries/000", directory / "shard-0000/tile/0/000"
    entries = scan(segment.read_bytes()).entries
    entries[77] = entries[77].replace(b"acme", b"evil")
    segment.write_bytes(b"".join(map(frame, entries)))
    tile.write_bytes(b"".join(map(leaf_hash, entries[:256])))
    assert "or earlier ones together with their tiles, are not those the checkpoint signed" in found_at(verify)


def test_missing_entries_are_found(open_log: OpenLog, verify: Verify, directory: Path) -> None:
    fill(open_log(), 3)
    segment = directory / "shard-0000/entries/000"
    record = segment.stat().st_size // 3
    segment.write_bytes(segment.read_bytes()[: 2 * record])
    assert found_at(verify) == "shard-0000: entry 2 is missing, the checkpoint covers 3 entries"


@pytest.mark.parametrize("gone", ["checkpoint", "checkpoint and entries"])
def test_a_missing_checkpoint_is_found(open_log: OpenLog, verify: Verify, directory: Path, gone: str) -> None:
    fill(open_log(), 300)
    (directory / "shard-0000/checkpoint").unlink()
    if "entries" in gone:
        shutil.rmtree(directory / "shard-0000/entries")
    assert found_at(verify) == "shard-0000: the checkpoint is missing"
    with pytest.raises(IntegrityError, match="the checkpoint is missing"):
        open_log()


def test_entries_beyond_the_checkpoint_are_counted_apart(verify: Verify, directory: Path, key: SigningKey) -> None:
    files = LogFiles(directory).claim("shard-0000")
    assert files is not None
    shard = Shard.open(files, origin="shard-0000", signing_key=key)
    shard.write([b"one", b"two"])
    report = verify().shards[0]
    assert (report.entries, report.unsigned) == (0, 2)
    flip(directory / "shard-0000/entries/000", -1)
    assert found_at(verify) == "shard-0000: entry 1 is damaged"


def two_shards(open_log: OpenLog, directory: Path) -> None:
    """shard-0000 with 10 entries and one anchor, shard-0001 with one anchor and 5 entries."""
    one = open_log()
    for _ in range(10):
        one.append(EVENT, durable=False)
    one.flush()
    shutil.copytree(directory / "shard-0000", directory.parent / "older")
    two = open_log()
    fill(two, 5)
    one.close()


def test_a_removed_shard_is_missed_by_the_other(open_log: OpenLog, verify: Verify, directory: Path) -> None:
    two_shards(open_log, directory)
    for origin, entries in (("shard-0000", 10), ("shard-0001", 6)):
        (directory / origin).rename(directory.parent / "aside")
        assert re.fullmatch(
            rf"{origin}: the shard is missing, shard-000\d: entry \d+ remembers {entries} entries of it",
            found_at(verify),
        )
        (directory.parent / "aside").rename(directory / origin)
    assert verify().claims == 2


def test_a_shard_put_back_to_an_older_state_is_found_by_the_other(
    open_log: OpenLog, verify: Verify, directory: Path, key: SigningKey
) -> None:
    one = open_log()
    one.append(EVENT, durable=True)
    one.close()
    shutil.copytree(directory / "shard-0000", directory.parent / "older")
    two_shards_later = open_log()
    fill(two_shards_later, 4)
    holder = LogFiles(directory)
    assert holder.claim("shard-0000") is not None
    fill(open_log(), 1)  # shard-0001, which sees five entries
    holder.release("shard-0000")
    shutil.rmtree(directory / "shard-0000")
    shutil.copytree(directory.parent / "older", directory / "shard-0000")
    assert found_at(verify) == "shard-0000: rolled back, it has 1 entries and shard-0001: entry 0 remembers 5"


def test_a_shard_replaced_by_another_of_the_same_key_is_found(
    open_log: OpenLog, verify: Verify, directory: Path
) -> None:
    two_shards(open_log, directory)
    shutil.rmtree(directory / "shard-0000")
    holder = LogFiles(directory)
    assert holder.claim("shard-0001") is not None
    log = open_log()
    for _ in range(50):
        log.append(Event(action="seal", phase="intent", principal="x", tenant="y", environment="z"), durable=False)
    log.close()
    holder.release("shard-0001")
    assert "shard-0000: the first 10 entries are not those shard-0001: entry 0 remembers" in found_at(verify)


def test_a_rollback_of_everything_is_found_by_a_checkpoint_kept_elsewhere(
    open_log: OpenLog, verify: Verify, directory: Path
) -> None:
    log = open_log()
    fill(log, 3)
    shutil.copytree(directory, directory.parent / "older")
    log = open_log()
    log.append(EVENT, durable=True)
    kept = log.checkpoint()
    log.close()
    assert verify(known=[kept]).claims == 1
    shutil.rmtree(directory)
    shutil.copytree(directory.parent / "older", directory)
    verify()
    with pytest.raises(IntegrityError, match="rolled back, it has 3 entries and a checkpoint kept elsewhere"):
        verify(known=[kept])
    with pytest.raises(IntegrityError, match="does not parse"):
        verify(known=["not a checkpoint"])


def test_an_anchor_that_says_nothing_is_found(verify: Verify, directory: Path, key: SigningKey) -> None:
    files = LogFiles(directory).claim("shard-0000")
    assert files is not None
    shard = Shard.open(files, origin="shard-0000", signing_key=key)
    for anchor in ("shard-0001 5", "shard-0001 x AAAA"):
        event = Event(
            action="audit.anchor", phase="admin", principal="x", tenant="", environment="", anchor=anchor
        )
        shard.write([encode_entry(event, time_ms=0)])
    shard.sign()
    assert found_at(verify) == "shard-0000: entry 0: anchor: origin, size and root are needed"


def test_an_anchor_in_an_entry_of_another_kind_means_nothing(open_log: OpenLog, verify: Verify) -> None:
    log = open_log()
    log.append(
        Event(action="open", phase="intent", principal="x", tenant="", environment="", anchor="shard-0009 5 AA"),
        durable=False,
    )
    log.close()
    assert verify().entries == 1


def test_a_log_that_grows_while_it_is_verified_still_verifies(
    open_log: OpenLog, directory: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = open_log(), open_log()
    plain_read = ShardFiles.read
    reads = 0

    def read_and_grow(files: ShardFiles, name: str) -> bytes | None:
        nonlocal reads
        raw = plain_read(files, name)
        reads += 1
        if reads < 40:
            monkeypatch.setattr(ShardFiles, "read", plain_read)
            one.append(EVENT, durable=True)
            one.flush()
            two._anchor_peers()
            two.flush()
            one._anchor_peers()
            one.flush()
            monkeypatch.setattr(ShardFiles, "read", read_and_grow)
        return raw

    monkeypatch.setattr(ShardFiles, "read", read_and_grow)
    report = verify_audit(LogFiles(directory), public=key.public)
    monkeypatch.setattr(ShardFiles, "read", plain_read)
    assert reads == 6
    assert report.entries > 2
    assert verify_audit(LogFiles(directory), public=key.public).entries > report.entries


def test_damage_is_found_on_opening_where_opening_reads(open_log: OpenLog, directory: Path) -> None:
    fill(open_log())
    segment, tile = directory / "shard-0000/entries/000", directory / "shard-0000/tile/0/000"
    for path, position, message in (
        (segment, -1, "shard-0000: entry 599 is damaged"),
        (tile, 5, "shard-0000: the first 600 entries do not have the root their checkpoint signed"),
    ):
        whole = path.read_bytes()
        flip(path, position)
        with pytest.raises(IntegrityError, match=message):
            open_log()
        path.write_bytes(whole)
    tile.unlink()
    with pytest.raises(IntegrityError, match="shard-0000: tile/0/000 is missing"):
        open_log()


def test_a_large_tree_is_loaded_from_tiles_alone(directory: Path) -> None:
    files = LogFiles(directory).claim("shard-0000")
    assert files is not None
    size = 256 * 256 + 300
    grown = TiledTree(files)
    for number in range(size):
        grown.add(leaf_hash(b"%d" % number))
    full = grown.take_full()
    assert [(level, number) for level, number, _ in full if level] == [(1, 0)]
    for level, number, content in full:
        files.put(tile_name(level, number), content, durable=False)
    loaded = TiledTree.load(files, size)
    assert loaded.size == 256 * 256 + 256
    for number in range(loaded.size, size):
        loaded.add(leaf_hash(b"%d" % number))
    assert loaded.root() == grown.root()
    assert loaded.take_full() == []
    assert [loaded.root(n) for n in (0, 1, 255, 65535, 65536, 65792)] == [
        grown.root(n) for n in (0, 1, 255, 65535, 65536, 65792)
    ]
    assert dict(loaded.edge_tiles()) == dict(grown.edge_tiles())
    assert [name for name, _ in grown.edge_tiles()] == ["tile/0/257.p/44", "tile/1/001.p/1", "tile/2/000.p/1"]
