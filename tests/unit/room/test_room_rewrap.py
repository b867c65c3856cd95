"""The rewrap job on a real room: everything is under the present keys afterwards, and still opens."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strongroom import Strongroom
from strongroom.adapters.sealed_files import SealedFiles
from strongroom.adapters.sqlite.inventory import SQLiteInventory
from strongroom.at_rest import rewrap
from strongroom.at_rest.segment import EmbeddingRow
from strongroom.errors import KeyInUseError, KeyStateError

PATH = "acme/prod/pii"
PLACES = {"history", "surrogates", "known values", "file names", "files", "embedding segments"}


class Filled:
    """A room with something of every kind, and how to read it all back."""

    def __init__(self, room: Strongroom, tmp_path: Path) -> None:
        self.room = room
        table = tmp_path / "people.csv"
        table.write_text(
            "customer_id,name,email\nc-1,Anna Schmidt,anna@example.org\nc-2,Ben Roth,ben@example.org\n"
        )
        room.sources.add(table, subject_column="customer_id", tenant="acme", environment="prod", name="people")
        room.provider_keys.put("openai", "sk-provider")
        with self.session() as session:
            for number in range(5):
                session.history("talk", subject=f"c-{number % 2 + 1}").append("user", f"message {number}")
            session.files.write("a.txt", b"content " * 1000, subject="c-1")
            session.files.write("b.txt", b"other")
            session.embeddings("notes").add([EmbeddingRow("1", np.ones(3, np.float32), "text")])
            self.safe = session.tokenize("write to Anna Schmidt, carl@example.org")

    def session(self) -> Any:
        return self.room.session("bot", tenant="acme", environment="prod", conversation="c")

    def everything(self) -> tuple[Any, ...]:
        with self.session() as session:
            return (
                [message.content for message in session.history("talk").messages()],
                session.files.read("a.txt"),
                session.files.names(),
                [hit.text for hit in session.embeddings("notes").search(np.ones(3, np.float32))],
                session.detokenize(self.safe),
                self.room.provider_keys.get("openai"),
            )

    def stale(self) -> set[str]:
        """The kinds of which something names a version that does not seal any more."""
        old = [
            version.keyref
            for prefix in ("acme/prod", "strongroom/system")
            for version in self.room.keys.list(prefix)
            if version.use.value == "data" and version.state.value != "primary"
        ]
        house = self.room.house
        return {
            holding.place
            for inventory in (SQLiteInventory(house.database), SealedFiles(house.home))
            for holding in inventory.holdings(old)
        }

    def rotate(self) -> None:
        now = int(self.room.house.clock.now() * 1000)
        for prefix in ("acme/prod", "strongroom/system"):
            self.room.keys._change(
                prefix,
                lambda key, permit: self.room.house.upkeep.rotation.rotate_older(key, permit, before_ms=now),
            )


@pytest.fixture
def filled(open_room: Callable[..., Strongroom], tmp_path: Path) -> Filled:
    return Filled(open_room(), tmp_path)


def test_everything_is_under_the_present_keys_and_still_opens(filled: Filled) -> None:
    before = filled.everything()
    filled.rotate()
    assert filled.stale() == PLACES | {"provider keys"}
    told: list[tuple[int, int]] = []
    report = filled.room.keys.rewrap("acme/prod", progress=lambda *at: told.append(at))
    assert filled.stale() == {"provider keys"}
    assert set(report.shelves) == PLACES | {"provider keys"}
    assert report.keys > 0
    assert report.renewed == sum(report.shelves.values()) > 10
    assert (report.erased, report.refused, report.damaged, report.resumed) == (0, 0, 0, False)
    assert told[-1][0] == told[-1][1] == report.scanned
    filled.room.keys.rewrap("strongroom/system")
    assert filled.stale() == set()
    assert filled.everything() == before
    assert filled.room.keys.rewrap("acme/prod").renewed == 0
    assert filled.room.house.upkeep.jobs.jobs() == ()


def test_what_a_compromised_key_sealed_is_sealed_anew_bodies_included(filled: Filled) -> None:
    before = filled.everything()
    bodies = {path: path.read_bytes()[109:] for path in (filled.room.house.home / "files").glob("*.sealed")}
    filled.room.keys.compromise("acme/prod")
    with pytest.raises(KeyStateError):
        filled.everything()
    report = filled.room.keys.rewrap("acme/prod")
    assert (report.refused, report.damaged) == (0, 0)
    assert filled.stale() == set()
    assert filled.everything() == before
    for path, body in bodies.items():
        assert path.read_bytes()[109:] != body
    (exposed, fresh) = filled.room.keys.usage("acme/prod")
    assert (exposed.version.state.value, fresh.version.state.value) == ("compromised", "primary")
    assert exposed.need.holdings == ()


def test_a_body_stays_when_only_the_key_is_new(filled: Filled) -> None:
    bodies = {path: path.read_bytes()[109:] for path in (filled.room.house.home / "files").glob("*.sealed")}
    filled.rotate()
    filled.room.keys.rewrap("acme/prod")
    assert {path: path.read_bytes()[109:] for path in bodies} == bodies


def test_one_subject_alone(filled: Filled) -> None:
    filled.rotate()
    report = filled.room.keys.rewrap(f"{PATH}/c-1")
    assert set(report.shelves.values()) - {0}
    assert report.shelves["history"] == 3
    assert report.shelves["files"] == 1
    assert "c-1" not in str(filled.room.house.upkeep.jobs.jobs())


def test_what_does_not_open_is_counted_and_stays(filled: Filled) -> None:
    filled.rotate()
    filled.room.erase(tenant="acme", environment="prod", subject="c-1")
    filled.room.keys.disable(f"{PATH}/c-2")
    (broken,) = [
        path for path in (filled.room.house.home / "files").glob("*.sealed") if len(path.read_bytes()) < 1000
    ]
    raw = bytearray(broken.read_bytes())
    raw[50] ^= 1
    broken.write_bytes(raw)
    report = filled.room.keys.rewrap("acme/prod")
    assert report.erased >= 4  # three messages and a file
    assert report.refused >= 2
    assert report.damaged == 1
    assert broken.read_bytes() == bytes(raw)
    filled.room.keys.enable(f"{PATH}/c-2")
    assert filled.room.keys.rewrap("acme/prod").refused == 0


class KilledError(Exception):
    """Stands for the end of the process."""


def test_a_job_that_was_killed_goes_on_where_it_was(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrap, "BATCH", 2)
    before = filled.everything()
    filled.rotate()
    jobs = filled.room.house.upkeep.jobs
    advance = type(jobs).advance
    left = [5]

    def dying(self: Any, *arguments: Any) -> bool:
        left[0] -= 1
        if left[0] == 0:
            raise KilledError
        return advance(self, *arguments)

    monkeypatch.setattr(type(jobs), "advance", dying)
    with pytest.raises(KilledError):
        filled.room.keys.rewrap("acme/prod")
    monkeypatch.undo()
    assert filled.everything() == before
    assert any(job.cursor for job in jobs.jobs())
    report = filled.room.keys.rewrap("acme/prod")
    assert report.resumed
    assert filled.stale() == {"provider keys"}
    assert filled.everything() == before


def test_a_job_starts_anew_when_keys_changed_since(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.rotate()
    monkeypatch.setattr(rewrap, "BATCH", 2)
    shelf = filled.room.house.upkeep.rewrap._shelves[1]
    monkeypatch.setattr(shelf, "page", lambda *_: (_ for _ in ()).throw(KilledError()))
    with pytest.raises(KilledError):
        filled.room.keys.rewrap("acme/prod")
    monkeypatch.undo()
    filled.rotate()
    report = filled.room.keys.rewrap("acme/prod")
    assert not report.resumed
    assert filled.stale() == {"provider keys"}


def test_two_processes_share_a_job(filled: Filled, open_room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrap, "BATCH", 1)
    before = filled.everything()
    filled.rotate()
    other = open_room()
    jobs = filled.room.house.upkeep.jobs
    advance = type(jobs).advance
    ran: list[Any] = []

    def meanwhile(self: Any, *arguments: Any) -> bool:
        if self is jobs and not ran and arguments[0] is not None:
            ran.append(None)
            ran.append(other.keys.rewrap("acme/prod"))
        return advance(self, *arguments)

    monkeypatch.setattr(type(jobs), "advance", meanwhile)
    filled.room.keys.rewrap("acme/prod")
    assert filled.stale() == {"provider keys"}
    assert filled.everything() == before


def test_a_value_written_meanwhile_is_not_overwritten(filled: Filled) -> None:
    shelf = filled.room.house.upkeep.rewrap._shelves[0]
    from strongroom.keys import KeyPath

    (item, *_) = shelf.page(KeyPath("acme", "prod"), "", 1)
    assert shelf.swap([(replace(item, sealed=b"something older"), b"x")]) == 0
    assert shelf.page(KeyPath("acme", "prod"), "", 1)[0] == item


def test_a_rate_makes_it_wait(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.rotate()
    waited: list[float] = []
    monkeypatch.setattr(filled.room.house.upkeep.rewrap, "_pause", waited.append)
    report = filled.room.keys.rewrap("acme/prod", per_second=0.001)
    assert report.renewed
    assert sum(waited) > report.renewed * 1000 * 0.9


def test_a_version_ends_after_its_data_was_sealed_anew(filled: Filled) -> None:
    room = filled.room
    filled.rotate()
    room.keys.schedule(PATH, 1, after_s=0)
    with pytest.raises(KeyInUseError, match="sealed in"):
        room.keys.deactivate(PATH, 1)
    assert room.keys.alerts() == []
    filled.everything()
    room.house.upkeep.meter.flush()
    assert any("is used by bot (open" in line for line in room.keys.alerts())
    assert room.status()["key_alerts"]
    room.keys.rewrap("acme/prod")
    with pytest.raises(KeyInUseError, match="bot"):  # used within the window, though nothing names it any more
        room.keys.deactivate(PATH, 1)
    (use, _) = room.keys.usage(PATH)
    assert {user.principal for user in use.need.users} >= {"bot"}
    assert use.need.holdings == ()
