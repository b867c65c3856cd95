"""The data-flow map as it is observed: which kinds went from where to where, in which form, how often.

Sessions and the corridor report what they do; counts are added up in memory and written every few seconds.

Must never: hold a value, a subject or a name of a conversation; a flow is about kinds of data.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from strongroom.clock import Clock
from strongroom.errors import StoreError
from strongroom.identity import Caller
from strongroom.label import Label

FLUSH_S: Final = 10.0
"""How far the map in the store may lag behind."""

DISTINCT_MAX: Final = 10_000
"""Different flows held before a write is asked for; a busy installation has a few hundred."""

CLEAR, SURROGATE, SEALED, VALUE, REFUSED = "clear", "surrogate", "sealed", "value", "refused"
"""Forms: shown as it is; replaced; sealed; restored or opened; asked for and not given."""

REDACTED: Final = "redacted"
"""The form of what was taken out for good."""

MODEL: Final = "model"
STORE: Final = "store"
AGENT: Final = "agent"


@dataclass(frozen=True, slots=True)
class Flow:
    """One way data of one kind took.

    `source` is who wrote or held it (``typed``, ``tool``, ``model``, ``store``, ``agent``); `sink` is where it
    went (``model:openai``, ``user``, ``send_email.to``, ``store``), `sink_kind` what kind of place that is, and
    `form` in which form; `tier` is what recognized it, where something did. `level` is a number from 0 to 3.
    """

    tenant: str
    environment: str
    principal: str
    source: str
    category: str
    kind: str
    level: int
    sink_kind: str
    sink: str
    form: str
    tier: str = ""


@dataclass(frozen=True, slots=True)
class FlowCount:
    """How often a flow was seen. Times are milliseconds since the Unix epoch."""

    flow: Flow
    count: int
    first_at: int
    last_at: int


class Trace:
    """What one request moves. `found` waits for `sent`, which says to which model; `passed` is complete."""

    __slots__ = ("_caller", "_done", "_waiting")

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._waiting: dict[tuple[str, str, str, int, str, str], int] = {}
        self._done: dict[Flow, int] = {}

    def found(self, source: str, kind: str, category: str, level: int, form: str, tier: str) -> None:
        """A value of `kind` stands in what is about to be sent."""
        key = (source, kind, category, level, form, tier)
        self._waiting[key] = self._waiting.get(key, 0) + 1

    def sent(self, sink: str) -> None:
        """What waited went to the model behind `sink`."""
        place = (MODEL, f"{MODEL}:{sink}" if sink else MODEL)
        for (source, kind, category, level, form, tier), count in self._waiting.items():
            self._add(source, kind, category, level, place, form, count, tier)
        self._waiting = {}

    def passed(self, source: str, label: Label, sink: tuple[str, str], form: str, count: int = 1) -> None:
        """`count` values of `label` went from `source` to `sink`, given as (kind, name)."""
        if count:
            self._add(source, label.kind, label.category, int(label.level), sink, form, count)

    def taken(self) -> dict[Flow, int]:
        """Everything so far, with what still waited as sent to a model nobody named. The trace is empty then."""
        self.sent("")
        done, self._done = self._done, {}
        return done

    def _add(
        self, source: str, kind: str, category: str, level: int, sink: tuple[str, str], form: str, count: int,
        tier: str = "",
    ) -> None:  # fmt: skip
        who = self._caller
        flow = Flow(
            who.tenant, who.environment, who.principal.name, source, category, kind, level, *sink, form, tier
        )
        self._done[flow] = self._done.get(flow, 0) + count


class FlowStore(Protocol):
    """Where the map is kept."""

    def add(self, counts: Sequence[FlowCount]) -> None:
        """Add to what is there, all or nothing. Raises `StoreError`."""
        ...

    def read(self, tenant: str, environment: str) -> tuple[FlowCount, ...]:
        """Every flow of one environment, the busiest first. Raises `StoreError`."""
        ...


class FlowMap:
    """Adds flows up for one process. Thread-safe. `start` writes in the background, `close` what is left."""

    def __init__(self, store: FlowStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._counts: dict[Flow, int] = {}
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def observe(self, flows: Iterable[tuple[Flow, int]]) -> None:
        """Count each flow so many times."""
        with self._lock:
            for flow, count in flows:
                self._counts[flow] = self._counts.get(flow, 0) + count
            if len(self._counts) >= DISTINCT_MAX:
                self._wake.set()

    def flush(self) -> None:
        """Write the counts. Raises `StoreError`, and then keeps them."""
        with self._writing:
            with self._lock:
                taken, self._counts = self._counts, {}
            if not taken:
                return
            now = int(self._clock.now() * 1000)
            try:
                self._store.add([FlowCount(flow, count, now, now) for flow, count in taken.items()])
            except BaseException:
                self.observe(taken.items())
                raise

    def read(self, tenant: str, environment: str) -> tuple[FlowCount, ...]:
        """The map of one environment up to now. Raises `StoreError`."""
        self.flush()
        return self._store.read(tenant, environment)

    def start(self) -> None:
        """Write in the background from now on."""
        self._thread = threading.Thread(target=self._run, name="strongroom-flows", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop and write what is left; if the store cannot take it now, it is lost."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._try_to_flush()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(FLUSH_S)
            self._wake.clear()
            self._try_to_flush()

    def _try_to_flush(self) -> None:
        try:
            self.flush()
        except StoreError:
            return  # kept, and written with the next ones
