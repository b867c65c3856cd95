from pathlib import Path

import pytest

from strongroom.demo.clear_desk import ClearDesk
from strongroom.demo.sabotage import FrozenEpoch, flip_log_byte
from strongroom.errors import IntegrityError


def test_one_bit_of_the_longest_entries_file_is_flipped(tmp_path: Path) -> None:
    for name, size in (("a.0/entries/000", 10), ("b.0/entries/000", 50), ("b.0/tile/0/000", 500)):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(bytes(size))
    flip_log_byte(tmp_path)
    assert sum((tmp_path / "b.0/entries/000").read_bytes()) == 1
    assert sum((tmp_path / "a.0/entries/000").read_bytes()) == 0
    assert sum((tmp_path / "b.0/tile/0/000").read_bytes()) == 0


def test_without_a_log_there_is_nothing_to_flip(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError):
        flip_log_byte(tmp_path)


def test_a_frozen_epoch_never_moves() -> None:
    epoch = FrozenEpoch()
    with epoch.changing():
        assert epoch.bump() == epoch.value() == 0


def test_a_clear_desk_keeps_everything_and_seals_nothing(tmp_path: Path) -> None:
    desk = ClearDesk(tmp_path / "desk")
    history = desk.history("t-1", subject="cust-1")
    history.append("user", "mail jörg@example.com")
    desk.files.write("mailbox/1.eml", b"to jan@example.com")
    handler = desk.log_handler("agent")
    handler.close()
    with desk.temporary(subject="cust-1") as scratch:
        scratch.write(b"4111 1111")
        assert scratch.read() == b"4111 1111"
    assert [message.subject for message in history.messages()] == ["cust-1"]
    assert desk.files.names() == ["mailbox/1.eml"]
    assert desk.read_log("agent") == []
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "desk").rglob("*") if path.is_file())
    for clear in ("jörg@example.com", "jan@example.com", "4111 1111"):
        assert clear.encode() in on_disk
