from pathlib import Path

import pytest

from strongroom.adapters.log_files import LogFiles
from strongroom.audit.log import AuditLog
from strongroom.audit.proof import verify_proof
from strongroom.clock import SystemClock
from strongroom.errors import IntegrityError
from strongroom.formats.entry import Event
from strongroom.primitives.signing import SigningKey
from strongroom.room.reading import prove_signed, recent_entries

SIGNING = SigningKey.from_seed(b"s" * 32)


def _event(number: int) -> Event:
    return Event("tokenize", "intent", f"agent-{number}", "acme", "prod")


def _log(shelf: LogFiles) -> AuditLog:
    return AuditLog.open(shelf, signing_key=SIGNING, conceal=str, clock=SystemClock())


def test_entries_of_all_shards_are_read_newest_last(tmp_path: Path) -> None:
    shelf = LogFiles(tmp_path)
    with _log(shelf) as first, _log(shelf) as second:
        for number in range(6):
            (first if number % 2 else second).append(_event(number), durable=True)
        found = recent_entries(shelf, 100)
        agents = [entry["principal"] for entry in found if entry["action"] == "tokenize"]
        assert sorted(agents) == [f"agent-{number}" for number in range(6)]
        assert {entry["origin"] for entry in found} == {first.origin, second.origin}
        assert [entry["time_ms"] for entry in found] == sorted(entry["time_ms"] for entry in found)
        assert recent_entries(shelf, 2) == found[-2:]


@pytest.mark.parametrize("count", [3, 300, 1100])
def test_another_process_entry_is_proved_under_its_last_checkpoint(tmp_path: Path, count: int) -> None:
    shelf = LogFiles(tmp_path)
    with _log(shelf) as log:
        last = [log.append(_event(number), durable=False) for number in range(count)][-1]
        log.flush()
        for index in (0, last // 2, last):
            proof = prove_signed(shelf, log.origin, index, public=SIGNING.public)
            entry = verify_proof(proof.to_json(), public=SIGNING.public)
            assert index == 0 or entry.event.action == "tokenize"
        with pytest.raises(IntegrityError, match="not among them"):
            prove_signed(shelf, log.origin, last + 1000, public=SIGNING.public)
        with pytest.raises(IntegrityError, match="no such log"):
            prove_signed(shelf, "elsewhere", 0, public=SIGNING.public)
