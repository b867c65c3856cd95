"""What the audit log costs: durable appends by 1, 8 and 64 threads, an append nobody waits for, a verification.

The peer of the durable appends is the naive log: the same entry, written and synced one at a time under a lock,
without a tree. Their limit is the disk: one flush for as many entries as there are writers. Everything is on the
same disk in the same round. Where a flush takes a tenth of a millisecond, waking the writers is what costs; the
slower the flush, the larger the ratio.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.harness import Row, Target, interleave, row, say

from strongroom.adapters.log_files import LogFiles
from strongroom.audit.log import AuditLog
from strongroom.audit.proof import verify_proof
from strongroom.audit.segments import frame
from strongroom.audit.verify import verify_audit
from strongroom.clock import SystemClock, system_entropy
from strongroom.formats.entry import Event, encode_entry
from strongroom.primitives.digest import sha256
from strongroom.primitives.mac import mac
from strongroom.primitives.signing import SigningKey

WRITERS = (1, 8, 64)
APPENDS = 1280
"""Per case and round, divided among the writers."""
BURST = 2000
VERIFIED = 20_000
ROUNDS = 7
MICRO = 1e6
NAIVE = "one write and one fdatasync per entry, no tree"
EVENT = Event(
    action="detokenize", phase="outcome", principal="support-bot", tenant="acme", environment="prod",
    purpose="resolve-ticket", session="chat-91", resource="note-17", category="pii", level=2, sink="message.text",
    subject="cust-812", policies=("detokenize-sink",), policy_version="3f2a91c0", permit=17, count=3, result="ok",
)  # fmt: skip
"""As the guard writes it; three of its names are concealed."""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as folder:
        home, key = Path(folder), SigningKey.generate(system_entropy)
        return [*durable(home, key), queued(home, key), *checking(home, key)]


def opened(directory: Path, key: SigningKey) -> AuditLog:
    secret = system_entropy(32)

    def conceal(text: str) -> str:
        return mac(key=secret, message=text.encode()).hex()[:32]

    return AuditLog.open(LogFiles(directory), signing_key=key, conceal=conceal, clock=SystemClock())


def rate(append: Callable[[], object], writers: int) -> float:
    """Appends per second of `writers` threads together."""
    each = APPENDS // writers if writers > 1 else APPENDS // 8

    def write() -> None:
        for _ in range(each):
            append()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * writers / (time.perf_counter() - start)


def durable(home: Path, key: SigningKey) -> list[Row]:
    """Appends that return when the entry is on disk."""
    say("durable appends")
    raw = frame(encode_entry(EVENT, time_ms=1_700_000_000_000))
    descriptor = os.open(home / "naive", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    lock = threading.Lock()

    def naive() -> None:
        with lock:
            os.write(descriptor, raw)
            os.fdatasync(descriptor)

    def flushes(writers: int) -> float:
        """What one flush after another can carry."""
        start = time.perf_counter()
        for _ in range(40):
            os.write(descriptor, raw * writers)
            os.fdatasync(descriptor)
        return 40 * writers / (time.perf_counter() - start)

    cases: dict[str, Callable[[], float]] = {}
    with closing(opened(home / "durable", key)) as log:
        for writers in WRITERS:
            cases[f"ours {writers}"] = lambda n=writers: rate(lambda: log.append(EVENT, durable=True), n)
            cases[f"naive {writers}"] = lambda n=writers: rate(naive, n)
            cases[f"disk {writers}"] = lambda n=writers: flushes(n)
        medians = interleave(cases, ROUNDS)
    os.close(descriptor)
    targets = {1: Target("ratio", at_least=0.5), 8: Target("ratio", at_least=2), 64: Target("ratio", at_least=8)}
    return [
        row(
            f"durable append, {writers} writers", "entries/s", medians[f"ours {writers}"],
            peer=medians[f"naive {writers}"], peer_name=NAIVE, limit=medians[f"disk {writers}"], better="higher",
            target=targets[writers],
            rounds={name: medians.rounds[f"{name} {writers}"] for name in ("ours", "naive", "disk")},
        )
        for writers in WRITERS
    ]  # fmt: skip


def queued(home: Path, key: SigningKey) -> Row:
    """An append nobody waits for: processor time of the caller's own thread."""
    say("queued appends")
    with closing(opened(home / "queued", key)) as log:

        def append() -> float:
            log.flush()
            start = time.thread_time()
            for _ in range(BURST):
                log.append(EVENT, durable=False)
            return (time.thread_time() - start) / BURST * MICRO

        def encode() -> float:
            start = time.thread_time()
            for _ in range(BURST):
                encode_entry(EVENT, time_ms=1_700_000_000_000)
            return (time.thread_time() - start) / BURST * MICRO

        medians = interleave({"ours": append, "limit": encode}, ROUNDS)
    return row(
        "queued append, caller's thread", "us CPU", medians["ours"], limit=medians["limit"],
        target=Target("ours", at_most=10), note="three names concealed by HMAC; the limit is encoding alone",
        rounds=medians.rounds,
    )  # fmt: skip


def checking(home: Path, key: SigningKey) -> list[Row]:
    """Verifying a whole log, and proving one entry of it."""
    say("verification and proofs")
    raw = encode_entry(EVENT, time_ms=1_700_000_000_000)
    with closing(opened(home / "checked", key)) as log:
        for _ in range(VERIFIED):
            log.append(EVENT, durable=False)
        log.flush()

        def verify() -> float:
            start = time.perf_counter()
            report = verify_audit(LogFiles(home / "checked"), public=key.public)
            return report.entries / (time.perf_counter() - start)

        def digest() -> float:
            start = time.perf_counter()
            for _ in range(VERIFIED):
                sha256(raw)
            return VERIFIED / (time.perf_counter() - start)

        def prove() -> float:
            start = time.perf_counter()
            for index in range(100):
                verify_proof(log.prove(index * 199).to_json(), public=key.public)
            return (time.perf_counter() - start) / 100 * MICRO

        medians = interleave({"verify": verify, "digest": digest, "prove": prove}, ROUNDS)
    return [
        row(
            "verification", "entries/s", medians["verify"], limit=medians["digest"], better="higher",
            note="the limit is one SHA-256 per entry", rounds={"ours": medians.rounds["verify"]},
        ),
        row(
            "inclusion proof, made and verified", "us", medians["prove"],
            note=f"in a log of {VERIFIED} entries, from files", rounds={"ours": medians.rounds["prove"]},
        ),
    ]  # fmt: skip
