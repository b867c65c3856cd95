"""What sealing costs: one value, one record, one large file; in time, bytes and memory.

Ours is the whole public call: permit, epoch and key state are checked each time, over a real keyring on SQLite.
The limit of the small seals is bare AES-256-GCM with a random nonce, which names no key, binds no context and
does not commit. The peer of files is a copy through one buffer, their limit a copy inside the kernel.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.harness import Medians, Peer, PeerUnavailableError, Row, Target, interleave, per_call, row, say
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: TID251 - the limit is measured, not used

from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.keys import SQLiteKeyStore
from strongroom.clock import SystemClock, system_entropy
from strongroom.envelope import Envelope
from strongroom.formats.aad import Binding
from strongroom.keys.keyring import Keyring
from strongroom.permit import MANY, Permit, PermitOffice

VALUE_LEN = 100
FIELDS = 16
FIELD_LEN = 40
FILE_MIB = 256
CALLS = 2000
OUR_CALLS = 20_000
"""So that a round of ours is as long as one of the slow peer's, and both meet the same moods of the machine."""
PEER_CALLS = 100
ROUNDS = 9
DURABLE_ROUNDS = 5
COPY_BUFFER = 1 << 20
MICRO = 1e6
BINDING = Binding("acme", "prod", "health", 2, "value", "ticket/4711", "cust-812", 1)
ESDK = "aws-encryption-sdk, committing, unsigned, raw AES keyring, context of 3 pairs"
NOTE = "limit: shutil.copyfile; writing runs beside sealing: with one free core only, expect a ratio of 0.7"
TOKENS = "Fernet, one token per field"
PACKAGES = ("aws-encryption-sdk", "aws-cryptographic-material-providers")


class Room(NamedTuple):
    """An envelope over a real keyring, and what mints its permits (which live 30 seconds)."""

    envelope: Envelope
    permit: Callable[[str], Permit]


@contextmanager
def opened_room(home: Path) -> Iterator[Room]:
    """The room under `home`; its root lies beside it, which no other program here does."""
    root, clock = home / "root", SystemClock()
    if not root.exists():
        root.write_bytes(system_entropy(32))
    office = PermitOffice(clock)
    database = Database.open(home / "strongroom.db")
    keyring = Keyring(
        store=SQLiteKeyStore(database), root=root.read_bytes(), epoch=MmapEpoch.open(home / "epoch"),
        office=office, clock=clock,
    )  # fmt: skip

    def permit(action: str) -> Permit:
        return office.mint(
            principal="bench", tenant="acme", environment="prod", action=action, category="health",
            resource=MANY, policy_version="1",
        )  # fmt: skip

    yield Room(Envelope(keyring), permit)
    database.close()


def rows() -> list[Row]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="strongroom-bench-")))
        esdk = started(stack, "envelope_esdk.py", *PACKAGES)
        fernet = started(stack, "envelope_fernet.py", "cryptography")
        room = stack.enter_context(opened_room(home))
        return [
            *values(room, esdk, fernet),
            *records(room, fernet),
            *overheads(room, esdk, fernet),
            *files(room, home),
        ]


def started(stack: ExitStack, script: str, *packages: str) -> Peer | None:
    """The peer, or nothing with a word why."""
    try:
        return stack.enter_context(Peer(script, *packages))
    except PeerUnavailableError as error:
        say(f"{script}: {error}")
        return None


def timed(call: Callable[[], object], calls: int) -> Callable[[], float]:
    """A case for `interleave`: microseconds of one call."""
    return lambda: per_call(call, calls).wall * MICRO


def asked(peer: Peer, case: str, calls: int, length: int = VALUE_LEN) -> Callable[[], float]:
    """A case for `interleave`: the same, in the peer's process."""
    return lambda: peer.measure(case, length=length, calls=calls) * MICRO


def values(room: Room, esdk: Peer | None, fernet: Peer | None) -> list[Row]:
    """field/1, a value of 100 bytes."""
    say("values")
    envelope, permit = room
    plaintext, nonce, gcm = system_entropy(VALUE_LEN), system_entropy(12), AESGCM(system_entropy(32))
    sealed, bare = envelope.seal(plaintext, BINDING, permit("seal")), gcm.encrypt(nonce, plaintext, None)

    def seal() -> float:
        allowed = permit("seal")
        return per_call(lambda: envelope.seal(plaintext, BINDING, allowed), OUR_CALLS).wall * MICRO

    def open_() -> float:
        allowed = permit("open")
        return per_call(lambda: envelope.open(sealed, BINDING, allowed), OUR_CALLS).wall * MICRO

    cases: dict[str, Callable[[], float]] = {
        "seal": seal,
        "open": open_,
        "limit seal": timed(lambda: gcm.encrypt(system_entropy(12), plaintext, None), CALLS),
        "limit open": timed(lambda: gcm.decrypt(nonce, bare, None), CALLS),
    }
    for name in ("seal", "open"):
        if esdk:
            cases[f"esdk {name}"] = asked(esdk, name, PEER_CALLS)
        if fernet:
            cases[f"fernet {name}"] = asked(fernet, name, CALLS)
    took = interleave(cases, ROUNDS)
    return [
        row(
            f"field/1 {name} {VALUE_LEN} B, whole call", "us", took[name], peer=took.get(f"{peer} {name}"),
            peer_name=title, limit=took[f"limit {name}"], target=Target("ours", at_most=25), rounds=took.rounds,
        )
        for name in ("seal", "open")
        for peer, title in (("esdk", ESDK), ("fernet", "Fernet"))
    ]  # fmt: skip


def records(room: Room, fernet: Peer | None) -> list[Row]:
    """record/1, 16 fields of 40 bytes; per field."""
    say("records")
    envelope, permit = room
    fields = {f"column_{index:02}": system_entropy(FIELD_LEN) for index in range(FIELDS)}
    sealed, gcm = envelope.seal_record(fields, BINDING, permit("seal")), AESGCM(system_entropy(32))
    calls, contents = CALLS // 4, list(fields.values())

    def seal() -> float:
        allowed = permit("seal")
        return per_call(lambda: envelope.seal_record(fields, BINDING, allowed), calls).wall * MICRO / FIELDS

    def open_() -> float:
        allowed = permit("open")
        return per_call(lambda: envelope.open_record(sealed, BINDING, allowed), calls).wall * MICRO / FIELDS

    def bare() -> float:
        work = timed(lambda: [gcm.encrypt(system_entropy(12), value, None) for value in contents], calls)
        return work() / FIELDS

    cases: dict[str, Callable[[], float]] = {"seal": seal, "open": open_, "limit": bare}
    if fernet:
        cases |= {f"fernet {name}": asked(fernet, name, calls, FIELD_LEN) for name in ("seal", "open")}
    took = interleave(cases, ROUNDS)
    made = [
        row(
            f"record/1 {name}, per field of {FIELDS} x {FIELD_LEN} B", "us", took[name],
            peer=took.get(f"fernet {name}"), peer_name=TOKENS, limit=took["limit"],
            target=Target("ours", at_most=3), rounds=took.rounds,
        )
        for name in ("seal", "open")
    ]  # fmt: skip
    names = sum(len(name) for name in fields)
    beyond = (len(sealed) - FIELDS * FIELD_LEN - names) / FIELDS
    token = fernet.measure("overhead", length=FIELD_LEN) if fernet else None
    made.append(
        row(
            f"record/1 overhead, per field of {FIELDS}", "B", beyond, peer=token, peer_name=TOKENS, limit=28.0,
            target=Target("ours", at_most=20),
            note="beyond names and values, their lengths included; without the lengths (2 B) it is 20.6",
        )
    )  # fmt: skip
    return made


def overheads(room: Room, esdk: Peer | None, fernet: Peer | None) -> list[Row]:
    """Bytes that field/1 adds."""
    ours = len(room.envelope.seal(bytes(VALUE_LEN), BINDING, room.permit("seal"))) - VALUE_LEN
    return [
        row(
            f"field/1 overhead at {VALUE_LEN} B", "B", float(ours),
            peer=peer.measure("overhead", length=VALUE_LEN) if peer else None, peer_name=title, limit=28.0,
            target=Target("ours", at_most=69),
        )
        for peer, title in ((esdk, ESDK), (fernet, "Fernet"))
    ]  # fmt: skip


def files(room: Room, home: Path) -> list[Row]:
    """object/1, one large file, against a copy of the same bytes in the same directory."""
    say(f"file of {FILE_MIB} MiB")
    plain, sealed, out = home / "plain", home / "sealed", home / "out"
    block = system_entropy(1 << 20)
    with plain.open("wb") as file:
        for _ in range(FILE_MIB):
            file.write(block)

    made = []
    for durable, rounds in ((False, ROUNDS), (True, DURABLE_ROUNDS)):
        how = "and fsync" if durable else "into the page cache"
        took, cpu = file_rounds(room, (plain, sealed, out), durable=durable, rounds=rounds)
        for name in ("seal", "open"):
            title = f"object/1 {name} {FILE_MIB} MiB file {how}"
            made += [
                row(
                    title, "GB/s", took[name], peer=took["copy"], peer_name=f"copy through 1 MiB {how}",
                    limit=took["kernel copy"], better="higher", target=Target("ratio", at_least=0.9),
                    note=NOTE, rounds=took.rounds,
                ),
                row(
                    f"{title}, processor", "s/GiB", cpu[name], peer=cpu["copy"],
                    peer_name=f"copy through 1 MiB {how}", limit=cpu["kernel copy"],
                ),
            ]  # fmt: skip
    for name, source in (("seal", plain), ("open", sealed)):
        made.append(row(f"object/1 {name}, growth of peak memory", "MiB", peak(home, name, source)))
    overhead = (sealed.stat().st_size - plain.stat().st_size) / plain.stat().st_size * 100
    return [*made, row("object/1 overhead", "%", overhead)]


def file_rounds(
    room: Room, paths: tuple[Path, Path, Path], *, durable: bool, rounds: int
) -> tuple[Medians, dict[str, float]]:
    """GB/s, and processor seconds per GiB, of the copies and of ours."""
    plain, sealed, out = paths
    processor: dict[str, list[float]] = {}

    def rate(name: str, work: Callable[[], object], target: Path) -> Callable[[], float]:
        def whole() -> None:
            work()
            if durable:
                with target.open("rb") as file:
                    os.fsync(file.fileno())

        def run() -> float:
            # A virtual machine gives freed memory back to its host and pays for getting it again. So every case
            # overwrites a file that was written just now: its pages are at hand, for all cases alike.
            target.unlink(missing_ok=True)
            copy(plain, target)
            cost = per_call(whole, 1)
            processor.setdefault(name, []).append(cost.cpu * 1024 / FILE_MIB)
            return (FILE_MIB << 20) / cost.wall / 1e9

        return run

    took = interleave(
        {
            "copy": rate("copy", lambda: copy(plain, out), out),
            "kernel copy": rate("kernel copy", lambda: shutil.copyfile(plain, out), out),
            "seal": rate("seal", lambda: run_object(room, "seal", plain, sealed), sealed),
            "open": rate("open", lambda: run_object(room, "open", sealed, out), out),
        },
        rounds,
    )
    return took, {name: statistics.median(seconds) for name, seconds in processor.items()}


def copy(source: Path, target: Path) -> None:
    """Read and write through one reused buffer."""
    buffer = memoryview(bytearray(COPY_BUFFER))
    with source.open("rb", buffering=0) as reading, target.open("wb", buffering=0) as writing:
        while got := reading.readinto(buffer):
            writing.write(buffer[:got])


def run_object(room: Room, name: str, source: Path, target: Path) -> None:
    """Seal or open one file."""
    work = room.envelope.seal_object if name == "seal" else room.envelope.open_object
    with source.open("rb", buffering=0) as reading, target.open("wb", buffering=0) as writing:
        work(reading, writing, BINDING, room.permit(name))


def peak(home: Path, name: str, source: Path) -> float:
    """Growth of the peak resident memory of a fresh process that seals or opens the file."""
    command = [sys.executable, "-m", "bench.envelope", name, str(home), str(source)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def memory(name: str, home: Path, source: Path) -> None:
    """In the fresh process: print by how many MiB the peak of resident memory grew."""
    with opened_room(home) as room:
        room.envelope.seal(b"", BINDING, room.permit("seal"))
        Path("/proc/self/clear_refs").write_text("5")  # proc(5): reset the peak to what is resident now
        before = resident_peak()
        run_object(room, name, source, Path(os.devnull))
        print(resident_peak() - before)


def resident_peak() -> float:
    """VmHWM in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    memory(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
