"""A year of a room in a second: what becomes due, what is done about it, and what is left alone."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.errors import KeyStateError, StoreTamperedError
from strongroom.keys.state import State
from strongroom.settings import load_settings
from strongroom.wiring.house import build_house

DAY_S = 86_400
PATH = "acme/prod/pii"


class YearClock:
    """Starts today, later than any store of these tests was made."""

    def __init__(self) -> None:
        self.wall = 1_900_000_000.0
        self.ticks = 0.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def days(self, days: float) -> None:
        self.wall += days * DAY_S
        self.ticks += days * DAY_S


@pytest.fixture
def clock() -> YearClock:
    return YearClock()


@pytest.fixture
def open_at(place: Path, clock: YearClock) -> Iterator[Callable[..., Strongroom]]:
    opened: list[Strongroom] = []

    def opener(**flags: Any) -> Strongroom:
        settings = load_settings(home=place / "home", keyfile=place / "store.key", **flags)
        opened.append(Strongroom(build_house(settings, clock=clock)))
        return opened[-1]

    yield opener
    for room in reversed(opened):
        room.close()


def states(room: Strongroom, path: str = PATH) -> list[State]:
    return [row.state for row in room.keys.list(path) if row.use.value == "data" and row.path == path]


def acts(room: Strongroom) -> set[tuple[str, str]]:
    return {(item.path, item.act) for item in room.schedule.due() if item.act != "rotate-root"}


def test_a_year_of_a_key(open_at: Callable[..., Strongroom], clock: YearClock) -> None:
    room = open_at()
    with room.session("bot", tenant="acme", environment="prod") as session:
        session.history("talk").append("user", "hello")
    assert acts(room) == set()
    clock.days(90)
    assert acts(room) == {("acme/prod", "rotate"), (PATH, "rotate")}
    assert room.status()["keys_due"] == 2
    assert room.schedule.run().changed == {"rotate": 4}
    assert states(room) == [State.DECRYPT_ONLY, State.PRIMARY]
    clock.days(30)
    assert (PATH, "announce") in acts(room)
    room.schedule.run()
    # The message is still under version 1, so its end is not announced: nobody could read it any more.
    assert states(room) == [State.DECRYPT_ONLY, State.PRIMARY]
    room.keys.rewrap("acme/prod")
    assert room.schedule.run().changed == {"announce": 2}
    assert states(room)[0] is State.DEACTIVATION_SCHEDULED
    clock.days(7)
    # Its use by the rewrap job is within the window of 30 days.
    assert room.schedule.run().waiting == 1
    assert (PATH, "deactivate") in acts(room)
    clock.days(30)
    done = room.schedule.run()
    assert (done.changed["deactivate"], done.waiting) == (1, 0)
    assert states(room) == [State.DISABLED, State.PRIMARY]
    with room.session("bot", tenant="acme", environment="prod") as session:
        assert [message.content for message in session.history("talk").messages()] == ["hello"]
    room.keys.schedule_destroy(PATH, after_s=DAY_S, version=1)
    clock.days(1)
    assert room.schedule.run().changed["destroy"] == 1
    assert states(room)[0] is State.DESTROYED


def test_credentials_and_the_root_are_told_and_left_to_people(
    open_at: Callable[..., Strongroom], clock: YearClock
) -> None:
    room = open_at()
    room.credentials.issue("bot", tenant="acme", environment="prod")
    assert ("acme/prod/bot", "rotate credential") not in acts(room)
    clock.days(24)
    assert ("acme/prod/bot", "rotate credential") in acts(room)
    room.schedule.run()
    assert ("acme/prod/bot", "rotate credential") in acts(room)
    room.provider_keys.put("openai", "sk-1")
    assert ("upstream/openai", "replace provider key") not in acts(room)
    clock.days(400)
    assert ("upstream/openai", "replace provider key") in acts(room)
    assert any(item.act == "rotate-root" for item in room.schedule.due())


def test_where_leases_are_held_a_version_is_published_before_it_seals(
    open_at: Callable[..., Strongroom], clock: YearClock
) -> None:
    room = open_at(rotation={"lease_s": 30})
    with room.session("bot", tenant="acme", environment="prod") as session:
        sealed = session.seal(b"x", category="pii")
    room.keys.rotate(PATH)
    assert states(room) == [State.PRIMARY, State.PENDING]
    with pytest.raises(KeyStateError, match="too recently"):
        room.keys.promote(PATH)
    clock.wall += 31
    room.keys.promote(PATH)
    assert states(room) == [State.DECRYPT_ONLY, State.PRIMARY]
    clock.days(90)
    # Nothing in the store names version 1; what the session sealed lies elsewhere, and only its use can tell.
    assert room.schedule.run().changed == {"rotate": 2, "announce": 1}
    assert states(room) == [State.DEACTIVATION_SCHEDULED, State.PRIMARY, State.PENDING]
    clock.days(1)
    assert room.schedule.run().changed["promote"] == 4
    with room.session("bot", tenant="acme", environment="prod") as session:
        assert session.open(sealed, category="pii") == b"x"
    alarms = [entry for entry in room.audit_entries(50) if entry["phase"] == "alarm"]
    assert [(entry["principal"], entry["result"]) for entry in alarms] == [("bot", "key_ending:version 1")]
    clock.days(8)
    assert room.schedule.run().waiting == 1
    assert states(room)[0] is State.DEACTIVATION_SCHEDULED


def test_a_lease_is_held_while_a_room_is_open(open_at: Callable[..., Strongroom]) -> None:
    watching = open_at()
    room = open_at(rotation={"lease_s": 30})
    assert len(watching.house.upkeep.leases.leases()) == 1
    room.close()
    assert watching.house.upkeep.leases.leases() == ()


# --- the store and the log vouch for each other's age ---------------------------------------------


def put_back(place: Path, copy: Path) -> None:
    for name in ("strongroom.db-wal", "strongroom.db-shm"):
        (place / "home" / name).unlink(missing_ok=True)
    shutil.copy(copy, place / "home" / "strongroom.db")


def test_an_erased_subject_does_not_come_back_with_an_older_store(
    open_room: Callable[..., Strongroom], place: Path, tmp_path: Path
) -> None:
    room = open_room()
    with room.session("bot", tenant="acme", environment="prod") as session:
        session.history("talk", subject="c-1").append("user", "hello")
    room.close()
    shutil.copy(place / "home" / "strongroom.db", tmp_path / "old.db")
    room = open_room()
    room.erase(tenant="acme", environment="prod", subject="c-1")
    room.close()
    put_back(place, tmp_path / "old.db")
    with pytest.raises(StoreTamperedError, match="older than its log"):
        open_room()
    accepted = open_room(accept_older_store=True)
    assert any(entry["action"] == "keys.older_store_accepted" for entry in accepted.audit_entries(50))
    accepted.close()
    open_room()


def test_a_process_that_was_killed_leaves_what_the_next_one_anchors(
    open_room: Callable[..., Strongroom], place: Path, tmp_path: Path
) -> None:
    room = open_room()
    room.keys.create(PATH)
    shutil.copy(place / "home" / "strongroom.db", tmp_path / "old.db")
    house = room.house
    house.keys.rotate(  # past the view, as if the process had died before its anchor
        _path(), house.guard._office.mint(
            principal="t", tenant="acme", environment="prod", action="manage_key", category="*", resource="*",
            policy_version="1",
        ),
    )  # fmt: skip
    other = open_room()
    other.close()
    epoch = MmapEpoch.open(place / "home" / "epoch")
    assert epoch.value() % 2 == 0
    epoch.close()
    anchors = [entry["count"] for entry in room.audit_entries(200) if entry["action"] == "keys.anchor"]
    assert max(anchors) == room.house.keys.journal_size()


def _path() -> Any:
    from strongroom.keys import KeyPath

    return KeyPath.parse(PATH)
