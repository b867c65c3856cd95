"""The rewrap job: everything the store has under a path, sealed anew under the primary versions.

Theory: one pass over each shelf in the order of its places. What names a version that is still primary is left
alone, so a pass can be repeated; each batch is replaced by compare-and-swap, so a value that was written
meanwhile is never overwritten; and the place it came to is moved by compare-and-swap as well, so that a job
that was killed goes on where it was, and two processes that run the same job share it.

Must never: lose a value (what does not open stays as it is and is counted), or open one for anything but
sealing it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from strongroom.at_rest.files import replacing
from strongroom.clock import Clock
from strongroom.envelope.envelope import Envelope
from strongroom.envelope.rewrap import Rewrapper
from strongroom.errors import DecryptionError, KeyDestroyedError, KeyStateError
from strongroom.formats.aad import Binding
from strongroom.guard.corridor import Guard
from strongroom.identity import Caller, Principal
from strongroom.keys.path import KeyPath
from strongroom.label import Label, Level
from strongroom.permit import MANY, Permit

BATCH = 250
"""Values per step: a few tens of milliseconds, after which the place is on disk and others get their turn."""


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One sealed thing of a shelf. `place` orders the shelf; of an object in a `file`, `sealed` is the header."""

    place: str
    sealed: bytes
    binding: Binding
    file: Path | None = None


class Shelf(Protocol):
    """Sealed things of one kind."""

    @property
    def name(self) -> str:
        """What they are called, such as ``history``."""
        ...

    def size(self, at: KeyPath) -> int:
        """How many things there are of `at`'s tenant, environment and category."""
        ...

    def page(self, at: KeyPath, after: str, limit: int) -> Sequence[SealedItem]:
        """The next things after a place ("" is the beginning), in order."""
        ...

    def swap(self, renewed: Sequence[tuple[SealedItem, bytes]]) -> int:
        """Put new bytes where the item's bytes still are, all in one write; returns how many were."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """How far a job came on one shelf. `revision` is the key journal's last entry when it began."""

    path: str
    shelf: str
    revision: int
    cursor: str = ""
    scanned: int = 0
    renewed: int = 0
    finished: bool = False


class JobStore(Protocol):
    """Where jobs are kept."""

    def job(self, path: str, shelf: str) -> Job | None:
        """The job of this path on this shelf."""
        ...

    def advance(self, before: Job | None, after: Job) -> bool:
        """Replace `before` by `after`; False, and nothing written, if it is not what is there."""
        ...

    def jobs(self) -> tuple[Job, ...]:
        """Every unfinished or part-finished job."""
        ...

    def forget(self, path: str) -> None:
        """Drop the jobs of a path that is done."""
        ...


class PathKeys(Protocol):
    """What the job needs of key administration, for one path."""

    def settle(self) -> int:
        """Wrap the keys below anew, and renew those below a compromised one; returns how many changed."""
        ...

    def primaries(self) -> frozenset[int]:
        """The versions that seal at and below the path: what they sealed is left alone."""
        ...

    def compromised(self) -> frozenset[int]:
        """The compromised versions at and below the path."""
        ...

    def revision(self) -> int:
        """The key journal's last entry."""
        ...


@dataclass(slots=True)
class RewrapReport:
    """What a job did. `erased` things are under destroyed keys; `refused` and `damaged` ones stay as they are."""

    path: str
    keys: int = 0
    scanned: int = 0
    renewed: int = 0
    erased: int = 0
    refused: int = 0
    damaged: int = 0
    resumed: bool = False
    shelves: dict[str, int] = field(default_factory=dict)


Progress = Callable[[int, int], None]
"""Called with the number of things looked at so far, and how many there are."""


class Rewrap:
    """Runs rewrap jobs. `pause` waits that many seconds; it is only called when a rate is asked for."""

    def __init__(
        self, *, guard: Guard, rewrapper: Rewrapper, jobs: JobStore, shelves: Sequence[Shelf], clock: Clock,
        pause: Callable[[float], None],
    ) -> None:  # fmt: skip
        self._guard = guard
        self._rewrapper = rewrapper
        self._jobs = jobs
        self._shelves = shelves
        self._clock = clock
        self._pause = pause

    def run(
        self, caller: Caller, path: KeyPath, keys: PathKeys, *, per_second: float = 0.0,
        progress: Progress | None = None,
    ) -> RewrapReport:  # fmt: skip
        """Seal anew everything of `path` that is not under a primary version, `per_second` at most if not 0.

        Raises `AccessDeniedError` unless `caller` may manage the key; `StoreError` as it comes, and then the job
        can be run again and goes on.
        """
        report = RewrapReport(str(path), keys=keys.settle())
        total = sum(shelf.size(path) for shelf in self._shelves)
        run = _Run(caller, path, keys.primaries(), keys.compromised(), report, per_second)
        revision = keys.revision()
        for shelf in self._shelves:
            job = self._begin(run, shelf, revision)
            while not job.finished:
                job = self._step(run, shelf, job)
                if progress is not None:
                    progress(report.scanned, max(total, report.scanned))
        self._jobs.forget(run.report.path)
        return report

    def _begin(self, run: _Run, shelf: Shelf, revision: int) -> Job:
        fresh = Job(run.report.path, shelf.name, revision)
        known = self._jobs.job(fresh.path, fresh.shelf)
        if known is not None and known.revision == revision:
            run.report.resumed = True
            return known
        # Keys have changed since that job began, so what it found in order may not be so any more.
        if self._jobs.advance(known, fresh):
            return fresh
        return self._jobs.job(fresh.path, fresh.shelf) or fresh

    def _step(self, run: _Run, shelf: Shelf, job: Job) -> Job:
        began = self._clock.monotonic()
        items = shelf.page(run.path, job.cursor, BATCH)
        stale = [item for item in items if run.is_stale(item)]
        count = self._renew(run, shelf, stale) if stale else 0
        if items:
            after = replace(
                job, cursor=items[-1].place, scanned=job.scanned + len(items), renewed=job.renewed + count
            )
        else:
            after = replace(job, finished=True)
        run.report.scanned += len(items)
        run.report.renewed += count
        run.report.shelves[shelf.name] = run.report.shelves.get(shelf.name, 0) + count
        if run.per_second and stale:
            self._pause(max(0.0, len(stale) / run.per_second - (self._clock.monotonic() - began)))
        if self._jobs.advance(job, after):
            return after
        return self._jobs.job(job.path, job.shelf) or replace(job, finished=True)  # another process was faster

    def _renew(self, run: _Run, shelf: Shelf, stale: Sequence[SealedItem]) -> int:
        label = Label(run.path.category or MANY, Level.RESTRICTED)
        # Administrators manage keys and do not write data; the service does.
        service = Caller(
            Principal("rewrap", run.path.tenant, run.path.environment), purpose="seal under the present key"
        )
        with (
            self._guard.corridor(run.caller, "manage_key", label, count=len(stale)) as managing,
            self._guard.corridor(service, "seal", label, count=len(stale)) as sealing,
        ):
            renewed: list[tuple[SealedItem, bytes]] = []
            whole = 0
            for item in stale:
                try:
                    if item.file is not None and Envelope.keyref(item.sealed) in run.compromised:
                        whole += self._renew_file(item, item.file, managing, sealing)
                        continue
                    anew = self._rewrapper.renewed(item.sealed, item.binding, managing=managing, sealing=sealing)
                except KeyDestroyedError:
                    run.report.erased += 1
                except KeyStateError:
                    run.report.refused += 1
                except DecryptionError:
                    run.report.damaged += 1
                else:
                    renewed.append((item, anew))
            return whole + (shelf.swap(renewed) if renewed else 0)

    def _renew_file(self, item: SealedItem, file: Path, managing: Permit, sealing: Permit) -> int:
        with file.open("rb") as source, replacing(file) as target:
            self._rewrapper.renew_object(source, target, item.binding, managing=managing, sealing=sealing)
        return 1


@dataclass(slots=True)
class _Run:
    caller: Caller
    path: KeyPath
    primaries: Collection[int]
    compromised: Collection[int]
    report: RewrapReport
    per_second: float

    def is_stale(self, item: SealedItem) -> bool:
        """Whether `item` belongs to the job and names a version that does not seal any more."""
        binding = item.binding
        place = (binding.tenant, binding.environment)
        if place != (self.path.tenant, self.path.environment) or not item.sealed:
            return False
        if self.path.category not in ("", binding.category) or self.path.subject not in ("", binding.subject):
            return False
        try:
            return Envelope.keyref(item.sealed) not in self.primaries
        except DecryptionError:
            self.report.damaged += 1
            return False
