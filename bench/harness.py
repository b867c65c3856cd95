"""What every benchmark is measured with: interleaved rounds, medians, peers in processes of their own.

A benchmark is a module ``bench/NAME.py`` with ``rows() -> list[Row]``; ``python -m bench.run NAME`` runs it. A
row sets ours beside a peer and beside the physical limit, all measured in the same run on the same machine, so
that a busy machine slows all of them alike. Numbers of different runs are not comparable, ratios nearly are.

Must never: be imported by the package, report the better of two runs, or leave out a row that missed its target.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

PEERS = Path(__file__).parent / "peers"
BOOT_UV = Path.home() / ".cache/strongroom/boot/bin/uv"
"""Where the Makefile puts uv when the machine has none."""

VERSIONS: dict[str, str] = {}
"""Name to version of everything measured in this run; peers add themselves."""


class Cost(NamedTuple):
    """Seconds of one call: on the wall, and of this process's processors (all threads)."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised: on ``ours`` in the row's unit, or on the ``ratio``."""

    on: Literal["ours", "ratio"]
    at_most: float | None = None
    at_least: float | None = None

    def __str__(self) -> str:
        sign, bound = ("<=", self.at_most) if self.at_most is not None else (">=", self.at_least)
        return f"{self.on} {sign} {bound:g}"

    def met(self, ours: float, ratio: float | None) -> bool | None:
        """Whether it holds; unknown when it is on a ratio and there was no peer."""
        value = ours if self.on == "ours" else ratio
        if value is None:
            return None
        return (self.at_most is None or value <= self.at_most) and (
            self.at_least is None or value >= self.at_least
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. `ratio` says how many times better than the peer ours is; below 1 the peer is better."""

    measure: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    limit: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""
    rounds: Mapping[str, Sequence[float]] = field(default_factory=dict)


def row(
    measure: str,
    unit: str,
    ours: float,
    *,
    peer: float | None = None,
    peer_name: str = "",
    limit: float | None = None,
    better: Literal["lower", "higher"] = "lower",
    target: Target | None = None,
    note: str = "",
    rounds: Mapping[str, Sequence[float]] | None = None,
) -> Row:
    """A `Row` with its ratio and verdict computed. `limit` is the physical bound, in the same unit."""
    ratio = None
    if peer and ours:
        ratio = peer / ours if better == "lower" else ours / peer
    return Row(
        measure, unit, ours, peer, peer_name, limit, ratio, str(target or ""),
        target.met(ours, ratio) if target else None, note, rounds or {},
    )  # fmt: skip


def per_call(call: Callable[[], object], calls: int) -> Cost:
    """The mean cost of `calls` calls in a row."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        call()
    return Cost((time.perf_counter() - wall) / calls, (time.process_time() - cpu) / calls)


class Medians(dict[str, float]):
    """The median of each case; `.rounds` keeps what it was taken from."""

    rounds: dict[str, list[float]]


def interleave(cases: Mapping[str, Callable[[], float]], rounds: int = 7) -> Medians:
    """Run every case once per round, in turn, and return the medians.

    Each round starts with another case, so that what one leaves behind does not always fall on the same next one.
    A case returns one number per call. One round is run before and thrown away, so that imports, page faults
    and caches are paid for by nobody.
    """
    names = list(cases)
    seen: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            value = cases[name]()
            if number:
                seen[name].append(value)
    medians = Medians({name: statistics.median(values) for name, values in seen.items()})
    medians.rounds = seen
    return medians


class PeerUnavailableError(Exception):
    """The peer could not be installed or started; its column stays empty and the row says why."""


class Peer:
    """Another project, in an environment and a process of its own, answering one JSON line per request.

    The script (``bench/peers/NAME.py``) prints ``{"versions": {...}}`` when ready, then for each line
    ``{"case": ..., ...}`` on its input one line ``{"value": ...}``. See ``bench/peers/answer.py``.
    """

    def __init__(self, script: str, *packages: str) -> None:
        uv = shutil.which("uv") or (str(BOOT_UV) if BOOT_UV.exists() else None)
        if uv is None:
            msg = "uv is not installed"
            raise PeerUnavailableError(msg)
        wanted = [option for package in packages for option in ("--with", package)]
        self._process = subprocess.Popen(
            [uv, "run", "--quiet", "--isolated", "--no-project", *wanted, "python", str(PEERS / script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            VERSIONS.update(self._answer()["versions"])
        except PeerUnavailableError:
            self.__exit__()
            raise

    def measure(self, case: str, **arguments: object) -> float:
        """One number from the peer. Raises `PeerUnavailableError` if it died."""
        return float(self.ask(case, **arguments))

    def ask(self, case: str, **arguments: object) -> Any:
        """Any JSON value from the peer. Raises `PeerUnavailableError` if it died."""
        assert self._process.stdin  # noqa: S101 - Popen was told PIPE
        self._process.stdin.write(json.dumps({"case": case, **arguments}) + "\n")
        self._process.stdin.flush()
        return self._answer()["value"]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout  # noqa: S101 - Popen was told PIPE
        line = self._process.stdout.readline()
        if not line:
            msg = f"the peer ended with status {self._process.wait()}"
            raise PeerUnavailableError(msg)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout  # noqa: PT018, S101 - Popen was told PIPE
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def say(text: str) -> None:
    """Progress for the person who waits; goes to stderr so that stdout stays clean."""
    print(text, file=sys.stderr, flush=True)
