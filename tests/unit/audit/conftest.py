from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from strongroom.adapters.log_files import LogFiles
from strongroom.audit.committer import CommitLimits, Observer
from strongroom.audit.log import AuditLog
from strongroom.primitives.signing import SigningKey


class StillClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.from_seed(bytes(range(32)))


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "audit"


@pytest.fixture
def open_log(directory: Path, key: SigningKey, clock: StillClock) -> Iterator[Callable[..., AuditLog]]:
    """Opens a log in `directory`; what the test leaves open is closed after it."""
    logs: list[AuditLog] = []

    def make(
        *, observer: Observer | None = None, limits: CommitLimits | None = None, signing_key: SigningKey = key
    ) -> AuditLog:
        log = AuditLog.open(
            LogFiles(directory),
            signing_key=signing_key,
            conceal=lambda text: f"hidden{len(text)}",
            clock=clock,
            observer=observer,
            limits=limits or CommitLimits(linger_s=0.0),
        )
        logs.append(log)
        return log

    yield make
    for log in logs:
        log.close()
