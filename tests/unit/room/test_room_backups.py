"""A store that came out of a backup says so in its log, once."""

from pathlib import Path
from typing import Any

from strongroom import Strongroom
from strongroom.room.backups import RESTORED, BackupPlace


def _opened(place: Path, home: str) -> list[dict[str, Any]]:
    with Strongroom.open(home=place / home, keyfile=place / "store.key") as room:
        audit = room.house.audit
        return [entry for index in range(audit.size) if "anchor" not in str(entry := audit.entry(index))]


def test_the_log_says_once_that_the_store_was_restored(place: Path) -> None:
    at = BackupPlace(place / "backups")
    with Strongroom.open(home=place / "home", keyfile=place / "store.key") as room:
        room.backups.create(at)
    at.restore(place / "new")
    assert (place / "new" / RESTORED).read_text().split()
    first = _opened(place, "new")
    assert not (place / "new" / RESTORED).exists()
    second = _opened(place, "new")
    manage = [entry for entry in first if "manage_key" in str(entry)]
    again = [entry for entry in second if "manage_key" in str(entry)]
    assert [entry["unmapped"]["phase"] for entry in manage][-2:] == ["intent", "outcome"]
    assert len(again) == len(manage)
