"""The checks on a run's remains: what upstream received, what lies on disk, and whether the log can prove it.

Must never: take a zero from a place where nothing was scanned; an empty scan fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from strongroom.compliance.erasure import ErasureReceipt
from strongroom.demo.checks import Verdict
from strongroom.demo.control import require_working
from strongroom.demo.planted import Planted
from strongroom.demo.scan import VALUE_CHARS_MIN, Scan, Scanner, walk
from strongroom.demo.stage import PROVIDER_KEY, Stage

CONTROL_SAMPLES = 40
PLACES_SHOWN = 4
LOG_SUFFIXES = frozenset({".log", ".jsonl"})


def scanner_works(scanner: Scanner, planted: Sequence[Planted]) -> Verdict:
    """The positive control."""
    usable = [item for item in planted if len(item.value) >= VALUE_CHARS_MIN]
    step = max(1, len(usable) // CONTROL_SAMPLES)
    scanned = require_working(scanner, usable[::step])
    detail = (
        f"{scanner.searched} planted values are searched, {scanner.too_short} too short to be told from chance; "
        f"{len(usable[::step])} samples found in every encoding"
    )
    return True, detail, scanned


def none_upstream(stage: Stage) -> Verdict:
    """Nothing planted, and not the client's credential, is in what upstream received."""
    received = stage.recording.snapshot()
    scans = [
        stage.scanner.scan_bytes(request.raw, f"request {number}") for number, request in enumerate(received, 1)
    ]
    return _judged(scans, f"{len(received)} requests, headers included", allowed=frozenset({PROVIDER_KEY}))


def none_in_logs(stage: Stage, advance: Callable[[int], None]) -> Verdict:
    """Nothing planted is in the operator's logs, the traces, or what the processes printed."""
    return _scanned(
        stage, [path for path in walk([stage.place.home, stage.place.outputs]) if is_log(stage, path)], advance
    )


def none_in_store(stage: Stage, advance: Callable[[int], None]) -> Verdict:
    """Nothing planted is in any other file of the store."""
    return _scanned(stage, [path for path in walk([stage.place.home]) if not is_log(stage, path)], advance)


def none_elsewhere(stage: Stage, advance: Callable[[int], None]) -> Verdict:
    """Nothing planted is in any file outside the store: the agent's own, temporary ones, the configuration."""
    shut = [stage.given.directory, stage.place.home, stage.place.outputs]
    files = list(walk([stage.place.work], exclude=shut))
    if not files and stage.place.root:  # without a keyfile there may be none
        return None, "the run left no file outside the store", 0
    return _scanned(stage, files, advance)


def is_log(stage: Stage, path: Path) -> bool:
    """Whether `path` is a log, a trace or a process's output."""
    return path.suffix in LOG_SUFFIXES or any(
        folder in path.parents for folder in (stage.place.home / "logs", stage.place.outputs)
    )


def log_verifies(stage: Stage) -> Verdict:
    """Every shard of the audit log recomputes to its signed checkpoint."""
    report = stage.officer_room.verify_audit()
    detail = f"{len(report.shards)} shards, {report.entries} entries under signed checkpoints"
    return report.entries > 0, detail, report.bytes


def receipt_proved(stage: Stage, receipt: ErasureReceipt | None) -> Verdict:
    """The erasure receipt is signed and its entry is proved to be in the log."""
    if receipt is None:
        return False, "there is no receipt", 0
    stage.officer_room.verify_erasure(ErasureReceipt.parse(receipt.to_json()))
    detail = (
        f"entry {receipt.index} of {receipt.proof.origin} is included; {receipt.keys_destroyed} keys destroyed"
    )
    return receipt.keys_destroyed > 0, detail, len(receipt.to_json())


def found_by_tier(stage: Stage, environment: str) -> Verdict:
    """What was found in the traffic, by which tier; the data-flow map has the counts."""
    tiers = stage.officer_room.flows(environment).tiers
    return bool(tiers), ", ".join(f"{tier} {count}" for tier, count in tiers) or "the map is empty", 0


def gateway_ends(stage: Stage) -> Verdict:
    """The gateway finishes what it does and ends by itself when asked to."""
    code = stage.gateway.stop()
    return code == 0, f"exit code {code}", 0


def _scanned(stage: Stage, paths: Sequence[Path], advance: Callable[[int], None]) -> Verdict:
    scans = []
    for path in paths:
        scans.append(stage.scanner.scan_file(path, str(path.relative_to(stage.place.work))))
        advance(scans[-1].bytes_scanned)
    return _judged(scans, f"{len(paths)} files")


def _judged(scans: Sequence[Scan], what: str, *, allowed: frozenset[str] = frozenset()) -> Verdict:
    scanned = sum(scan.bytes_scanned for scan in scans)
    found = [finding for scan in scans for finding in scan.findings if finding.planted not in allowed]
    if not scanned:
        return False, "nothing was there to scan", 0
    if not found:
        return True, f"0 in {what}", scanned
    places = Counter(f"{finding.planted} in {finding.place}" for finding in found)
    shown = "; ".join(place for place, _ in places.most_common(PLACES_SHOWN))
    return False, f"{len(found)} in {what}: {shown}", scanned
