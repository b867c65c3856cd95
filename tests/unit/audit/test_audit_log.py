import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom.adapters.log_files import LogFiles
from strongroom.audit.log import AuditLog
from strongroom.audit.proof import verify_consistency, verify_inclusion, verify_proof
from strongroom.audit.segments import scan
from strongroom.audit.verify import verify_audit
from strongroom.clock import SystemClock
from strongroom.errors import AuditUnavailableError, FormatError, IntegrityError
from strongroom.formats.entry import Event
from strongroom.primitives.signing import SigningKey

OpenLog = Callable[..., AuditLog]


def event(action: str = "detokenize", phase: str = "outcome", **more: object) -> Event:
    return Event(action=action, phase=phase, principal="support-bot", tenant="acme", environment="prod", **more)  # type: ignore[arg-type]


def test_entries_are_numbered_and_read_back(open_log: OpenLog) -> None:
    log = open_log()
    assert [log.append(event(result="ok"), durable=durable) for durable in (True, False, True)] == [0, 1, 2]
    assert log.size == 3
    record = log.entry(1)
    assert record["metadata"]["event_code"] == "detokenize"
    assert record["time"] == 1_700_000_000_000


def test_an_entry_that_was_only_queued_is_read_back_too(open_log: OpenLog) -> None:
    log = open_log()
    assert log.entry(log.append(event(), durable=False))["class_uid"] == 6003


def test_what_points_to_a_person_is_concealed(open_log: OpenLog, directory: Path) -> None:
    log = open_log()
    index = log.append(event(subject="cust-812", resource="note-17", session="chat-99"), durable=True)
    record = log.entry(index)
    assert record["unmapped"]["subject"] == "hidden8"
    assert record["resources"] == [{"uid": "hidden7"}]
    assert record["actor"]["session"] == {"uid": "hidden7"}
    log.close()
    written = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    assert b"support-bot" in written
    assert not any(name in written for name in (b"cust-812", b"note-17", b"chat-99"))


def test_all_resources_at_once_is_no_name_and_stays_readable(open_log: OpenLog) -> None:
    log = open_log()
    assert log.entry(log.append(event(resource="*"), durable=True))["resources"] == [{"uid": "*"}]


def test_an_event_that_cannot_be_encoded_is_refused_and_takes_no_index(open_log: OpenLog) -> None:
    log = open_log()
    with pytest.raises(FormatError, match="unknown phase"):
        log.append(event(phase="rumour"), durable=True)
    assert log.append(event(), durable=True) == 0


def test_a_log_goes_on_where_it_stopped(open_log: OpenLog, directory: Path, key: SigningKey) -> None:
    first = open_log()
    for _ in range(300):
        first.append(event(), durable=False)
    first.close()
    second = open_log()
    assert second.origin == first.origin == "shard-0000"
    assert second.append(event(), durable=True) == 300
    second.close()
    assert verify_audit(LogFiles(directory), public=key.public).entries == 301


def test_every_entry_has_a_proof_that_holds_without_the_log(open_log: OpenLog, key: SigningKey) -> None:
    log = open_log()
    for number in range(600):
        log.append(event(count=number), durable=False)
    for index in (0, 255, 256, 511, 512, 599):
        proof = log.prove(index)
        assert verify_proof(proof.to_json(), public=key.public).event.count == index
        verify_inclusion(proof, checkpoint=proof.checkpoint, entry=proof.entry, public=key.public)


def test_there_is_no_proof_of_what_is_not_there(open_log: OpenLog) -> None:
    log = open_log()
    log.append(event(), durable=True)
    for index in (-1, 1):
        with pytest.raises(IntegrityError, match="no entry"):
            log.prove(index)
        with pytest.raises(IntegrityError, match="missing"):
            log.entry(index)


def test_later_checkpoints_extend_earlier_ones(open_log: OpenLog, key: SigningKey) -> None:
    log = open_log()
    kept = []
    for size in range(5):
        kept.append(log.checkpoint())
        assert kept[-1].splitlines()[1] == str(size)
        log.append(event(), durable=False)
    for size, old in enumerate(kept):
        new, path = log.prove_consistency(size)
        verify_consistency(old, new, path, public=key.public)
    with pytest.raises(IntegrityError, match="never was"):
        log.prove_consistency(6)


def test_a_second_log_takes_another_shard_and_each_remembers_the_other(
    open_log: OpenLog, directory: Path, key: SigningKey
) -> None:
    one = open_log()
    one.append(event(), durable=True)
    one.flush()
    two = open_log()
    assert (one.origin, two.origin) == ("shard-0000", "shard-0001")
    assert two.entry(0)["unmapped"]["anchor"].startswith("shard-0000 1 ")
    two.close()
    one.close()
    report = verify_audit(LogFiles(directory), public=key.public)
    assert [(shard.origin, shard.entries, shard.claims) for shard in report.shards] == [
        ("shard-0000", 2, 1),
        ("shard-0001", 1, 1),
    ]
    assert report.claims == 2
    assert report.bytes > 0


def test_closing_twice_is_harmless_and_ends_appending(open_log: OpenLog) -> None:
    log = open_log()
    with log:
        log.append(event(), durable=False)
    log.close()
    with pytest.raises(AuditUnavailableError, match="closed"):
        log.append(event(), durable=False)
    with pytest.raises(AuditUnavailableError, match="closed"):
        log.flush()
    assert open_log().size == 1


def test_a_forgotten_log_is_drained_and_releases_its_shard(
    directory: Path, key: SigningKey, open_log: OpenLog
) -> None:
    def use() -> None:
        log = AuditLog.open(LogFiles(directory), signing_key=key, conceal=str, clock=SystemClock())
        log.append(event(), durable=False)

    use()
    gc.collect()
    assert open_log().size == 1


def test_a_torn_tail_is_dropped_and_said_so(open_log: OpenLog, directory: Path, key: SigningKey) -> None:
    log = open_log()
    log.append(event(), durable=True)
    log.close()
    with (directory / "shard-0000/entries/000").open("ab") as segment:
        segment.write(b"\x00\x00\x01\x00torn")
    assert verify_audit(LogFiles(directory), public=key.public).shards[0].torn_bytes == 8
    again = open_log()
    assert again.recovery.dropped_bytes == 8
    record = again.entry(1)
    assert (record["metadata"]["event_code"], record["unmapped"]["count"]) == ("audit.recover", 8)
    again.close()
    assert verify_audit(LogFiles(directory), public=key.public).shards[0].torn_bytes == 0


def test_a_rolled_back_log_does_not_open(open_log: OpenLog, directory: Path) -> None:
    log = open_log()
    log.append(event(), durable=True)
    log.append(event(), durable=True)
    log.close()
    segment = directory / "shard-0000/entries/000"
    segment.write_bytes(segment.read_bytes()[: segment.stat().st_size // 2])
    with pytest.raises(IntegrityError, match=r"shard-0000: entry 1 .*rolled back"):
        open_log()
    # and the shard is free again, so that a restored one opens without a restart
    assert LogFiles(directory).claim("shard-0000") is not None


def test_another_key_does_not_open_the_log(open_log: OpenLog) -> None:
    open_log().close()
    with pytest.raises(IntegrityError, match="not signed by this key"):
        open_log(signing_key=SigningKey.from_seed(b"?" * 32))


def test_a_log_does_not_open_beside_an_altered_checkpoint(open_log: OpenLog, directory: Path) -> None:
    first = open_log()
    first.append(event(), durable=True)
    first.flush()
    checkpoint = directory / "shard-0000/checkpoint"
    checkpoint.write_text(checkpoint.read_text().replace("\n1\n", "\n2\n"))
    with pytest.raises(IntegrityError, match="shard-0000: the checkpoint's signature"):
        open_log()
    assert LogFiles(directory).claim("shard-0001") is not None


def test_a_directory_that_cannot_be_used_is_an_unavailable_sink(open_log: OpenLog, directory: Path) -> None:
    directory.write_text("a file where the folder should be")
    with pytest.raises(AuditUnavailableError, match="cannot be opened"):
        open_log()


def test_peers_that_cannot_be_read_are_an_unavailable_sink(open_log: OpenLog, directory: Path) -> None:
    first = open_log()
    (directory / "shard-0007/checkpoint").mkdir(parents=True)
    with pytest.raises(AuditUnavailableError, match="other shards"):
        open_log()
    (directory / "shard-0007/checkpoint").rmdir()
    first.close()


def test_there_is_an_end_to_shards(open_log: OpenLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strongroom.audit.log.SHARDS_MAX", 1)
    open_log()
    with pytest.raises(AuditUnavailableError, match="all 1 shards"):
        open_log()


def test_a_forked_child_is_refused_instead_of_left_waiting(
    open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log()
    with monkeypatch.context() as child:
        child.setattr("os.getpid", lambda: -1)
        for use in (lambda: log.append(event(), durable=True), log.flush, log.close):
            with pytest.raises(AuditUnavailableError, match="belongs to the process that opened it"):
                use()


WRITER = """
import sys
from pathlib import Path
from strongroom.adapters.log_files import LogFiles
from strongroom.audit.log import AuditLog
from strongroom.clock import SystemClock
from strongroom.formats.entry import Event
from strongroom.primitives.signing import SigningKey

key = SigningKey.from_seed(bytes(range(32)))
event = Event(action="detokenize", phase="outcome", principal="bot", tenant="acme", environment="prod")
with AuditLog.open(LogFiles(Path(sys.argv[1])), signing_key=key, conceal=str, clock=SystemClock()) as log:
    print(log.origin, flush=True)
    sys.stdin.read()
    for _ in range(20):
        log.append(event, durable=True)
"""


def test_several_processes_write_shards_that_verify_together(directory: Path, key: SigningKey) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    origins = set()
    for writer in writers:
        assert writer.stdout
        origins.add(writer.stdout.readline().strip())
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert origins == {"shard-0000", "shard-0001", "shard-0002"}
    verify_audit(LogFiles(directory), public=key.public)
    written = [json.loads(entry) for origin in sorted(origins) for entry in entries_of(directory / origin)]
    assert sum(record["metadata"]["event_code"] == "detokenize" for record in written) == 60


def entries_of(folder: Path) -> list[bytes]:
    return [entry for path in sorted((folder / "entries").iterdir()) for entry in scan(path.read_bytes()).entries]
