"""Several processes on one port: a socket for each, connections dealt out by the kernel, and who restarts them.

The supervisor makes every socket and keeps it: what was dealt to a worker that died waits for the one started in
its place. Each worker opens the store itself, so nothing of the house crosses a fork; what a person typed to
unseal it is kept in the supervisor's memory and handed to each through a pipe.

Must never: leave a worker behind, or start one again for ever that does not live.
"""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from strongroom.clock import Clock
from strongroom.errors import ConfigurationError, WorkersFailedError
from strongroom.gateway.serve import bind

START_S = 120.0
"""Until a worker serves: opening a store whose root is with a slow key service takes a while."""

GRACE_S = 5.0
"""Beyond the time to drain, before a worker is killed."""

RESTARTS_MAX = 5
RESTARTS_S = 60.0
"""A worker that dies is replaced, but not more than five times a minute."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Job:
    """How a worker opens the store. `secrets` are a person's answers, in the order they were asked for.

    `module` is what a worker runs; it reads this as JSON.
    """

    home: str | None
    keyfile: str | None
    config: str | None
    root: str | None
    flags: Mapping[str, Any]
    secrets: tuple[str, ...] = field(repr=False)
    module: str = "strongroom.cli.worker"


def bind_all(host: str, port: int, count: int, idle_s: float = 0.0) -> list[socket]:
    """`count` sockets on one port. Raises `ConfigurationError` when somebody else listens there."""
    bind(host, port).close()  # a shared port would be shared with strangers of the same user as well
    first = bind(host, port, shared=True, idle_s=idle_s)
    port = first.getsockname()[1]
    return [first, *(bind(host, port, shared=True, idle_s=idle_s) for _ in range(count - 1))]


class _Worker:
    """One process. What happens to it goes into `news`."""

    def __init__(self, number: int, listening: socket, job: Job, metrics: Path, news: _News) -> None:
        self.number = number
        self._listening = listening
        self._job = job
        self._metrics = metrics
        self._news = news
        self._start()

    def _start(self) -> None:
        number = self._listening.fileno()
        self.process = subprocess.Popen(  # noqa: S603 - this interpreter and a module of ours
            [sys.executable, "-m", self._job.module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=(number,),
            start_new_session=True,  # Ctrl-C is for the supervisor, who tells them once
        )  # fmt: skip
        assert self.process.stdin  # noqa: S101 - Popen was told PIPE
        try:
            self.process.stdin.write(json.dumps(asdict(self._job) | {"fd": number, "metrics": str(self._metrics)}))
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it died at once, which the thread below tells
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()

    def _watch(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout  # noqa: S101 - Popen was told PIPE
        if process.stdout.readline() == "ready\n":
            self._news.put(("ready", self.number))
        process.wait()
        self._news.put(("ended", self.number))

    def again(self) -> None:
        """Start anew in the place of the process that ended."""
        self.forget()
        self._start()

    def forget(self) -> None:
        """Take a process that ended out of the shared gauges, and close its pipes."""
        mark_process_dead(self.process.pid, str(self._metrics))  # type: ignore[no-untyped-call]
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


_News = queue.SimpleQueue[tuple[str, int]]


class Supervisor:
    """See the module. `drain_s` is how long workers may take to end."""

    def __init__(
        self, job: Job, *, host: str, port: int, count: int, drain_s: float, idle_s: float, clock: Clock
    ) -> None:
        self._job = job
        self._sockets = bind_all(host, port, count, idle_s)
        self._drain_s = drain_s
        self._clock = clock
        self._news: _News = queue.SimpleQueue()  # its put is allowed in a signal handler
        self._restarts: list[float] = []

    def run(self, ready: Callable[[str, int], None]) -> None:
        """Serve until SIGINT or SIGTERM; SIGHUP is passed on. `ready` hears the address when all workers serve.

        Raises `ConfigurationError` when a worker does not start, `WorkersFailedError` when they keep dying.
        """
        with ExitStack() as stack:
            for listening in self._sockets:
                stack.enter_context(listening)
            metrics = Path(stack.enter_context(TemporaryDirectory(prefix="strongroom-metrics-")))
            before = {number: signal.signal(number, self._signalled) for number in SIGNALS}
            stack.callback(lambda: [signal.signal(number, handler) for number, handler in before.items()])
            workers = [
                _Worker(number, listening, self._job, metrics, self._news)
                for number, listening in enumerate(self._sockets)
            ]
            stack.callback(self._end, workers)
            if self._started(workers):
                ready(*self._sockets[0].getsockname()[:2])
                self._look_after(workers)

    def _signalled(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - handlers' signature
        self._news.put(("signal", number))

    def _started(self, workers: list[_Worker]) -> bool:
        """Wait until every worker serves; False when a signal came first."""
        waiting = {worker.number for worker in workers}
        until = self._clock.monotonic() + START_S
        while waiting:
            try:
                what, number = self._news.get(timeout=max(until - self._clock.monotonic(), 0.001))
            except queue.Empty:
                what, number = "ended", -1
            if what == "signal" and number != signal.SIGHUP:
                return False
            if what == "ended":
                msg = "a worker did not start; it said why above"
                raise ConfigurationError(msg)
            waiting.discard(number)
        return True

    def _look_after(self, workers: list[_Worker]) -> None:
        while True:
            what, number = self._news.get()
            if what == "signal" and number != signal.SIGHUP:
                return
            if what == "signal":
                for worker in workers:
                    worker.process.send_signal(number)
            elif what == "ended":
                self._require_patience()
                workers[number].again()

    def _require_patience(self) -> None:
        now = self._clock.monotonic()
        self._restarts = [at for at in self._restarts if now - at < RESTARTS_S] + [now]
        if len(self._restarts) > RESTARTS_MAX:
            msg = f"workers ended more than {RESTARTS_MAX} times within {RESTARTS_S:.0f} s"
            raise WorkersFailedError(msg)

    def _end(self, workers: list[_Worker]) -> None:
        for worker in workers:
            worker.process.send_signal(signal.SIGTERM)
        until = self._clock.monotonic() + self._drain_s + GRACE_S
        for worker in workers:
            try:
                worker.process.wait(max(until - self._clock.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            worker.forget()
