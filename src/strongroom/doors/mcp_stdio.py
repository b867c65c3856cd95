"""MCP over standard streams: runs a server as a child and stands between it and its client.

One message is one line. Two threads pump, one each way, so that neither side waits for the other; a third reads
the server's standard error, which clients keep as a log, and lets its lines pass without what must not be seen.
When the client closes its stream, the child's is closed; when the child ends, so does this process, with its
code. SIGTERM and SIGINT are passed on as SIGTERM, and after `GRACE_S` the child is killed.

Must never: write a line that was not inspected, or leave the child behind.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import BinaryIO

from strongroom.errors import ConfigurationError, LimitExceededError, StrongroomError
from strongroom.gateway.mcp import McpMessages, Relayed

GRACE_S = 5.0
"""How long a server may take to end once it was told to."""

LOG_LINE_MAX = 1 << 20
"""A longer line on standard error is withheld: inspected in pieces, a value could be cut in two."""

_READ = 1 << 16


def lines(source: int, limit: int, stop: int | None = None) -> Iterator[bytes | None]:
    """The lines that arrive at the descriptor `source`, each with its end, until it ends or `stop` is readable.

    A line of more than `limit` bytes is None, and what follows up to its end is dropped.
    """
    kept = bytearray()
    dropping = False
    while True:
        if stop is not None and stop in select.select([source, stop], [], [])[0]:
            return
        piece = os.read(source, _READ)
        kept += piece
        while (end := kept.find(b"\n")) >= 0 or not piece:
            line = bytes(kept[: end + 1]) if end >= 0 else bytes(kept)
            del kept[: len(line)]
            if dropping:
                dropping = False
            elif line:
                yield line if len(line) <= limit else None
            if not piece and not kept:
                return
        if len(kept) > limit:
            if not dropping:
                yield None
            dropping = True
            kept.clear()


def write_all(target: int, content: bytes) -> None:
    """Every byte of `content`."""
    view = memoryview(content)
    while view:
        view = view[os.write(target, view) :]


class StdioWrapper:
    """See the module. `streams` are the descriptors of this process's input, output and error."""

    def __init__(
        self,
        messages: McpMessages,
        command: Sequence[str],
        *,
        line_bytes_max: int,
        flush: Callable[[], None] = lambda: None,
        streams: tuple[int, int, int] = (0, 1, 2),
    ) -> None:
        self._messages = messages
        self._command = list(command)
        self._limit = line_bytes_max
        self._flush = flush
        self._input, self._output, self._log = streams
        self._to_client = threading.Lock()
        self._to_server = threading.Lock()
        self._failure: BaseException | None = None

    def run(self) -> int:
        """Run the server until it ends; returns its exit code, negative for a signal as `subprocess` has it.

        Raises `ConfigurationError` when it cannot be started, and what stopped a pump that could not go on.
        """
        try:
            child = subprocess.Popen(  # noqa: S603 - running the given command is what this is for
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            msg = f"the server could not be started: {error.strerror}"
            raise ConfigurationError(msg) from None
        if child.stdin is None or child.stdout is None or child.stderr is None:  # pragma: no cover - all are pipes
            raise AssertionError
        ended, end = os.pipe()
        with child, _signals_to(child):
            pumps = [
                threading.Thread(target=self._guarded, args=(child, pump, *rest), daemon=True)
                for pump, *rest in (
                    (self._from_client, child.stdin, ended),
                    (self._from_server, child.stdout, child.stdin),
                    (self._from_log, child.stderr),
                )
            ]
            for pump in pumps:
                pump.start()
            for pump in pumps[1:]:
                pump.join()
            os.close(end)  # the client may keep its stream open: nobody listens any more
            pumps[0].join()
            os.close(ended)
            code = child.wait()
        if self._failure is not None:
            raise self._failure
        return code

    def _guarded(self, child: subprocess.Popen[bytes], pump: Callable[..., None], *rest: object) -> None:
        try:
            pump(*rest)
        except BrokenPipeError:
            _stop(child)  # the client went away without a word, or the server did
        except BaseException as error:  # noqa: BLE001 - the end of a thread: a pump that fails stops everything
            self._failure = error
            _stop(child)

    # --- the three streams --------------------------------------------------------------------------

    def _from_client(self, server: BinaryIO, ended: int) -> None:
        for line in lines(self._input, self._limit, ended):
            relayed = self._messages.inward(self._whole(line))
            if relayed.back is not None:
                self._write(self._output, self._to_client, relayed.back + b"\n")
            self._pass(relayed, server.fileno(), self._to_server, "client")
        with self._to_server, suppress(BrokenPipeError):
            server.close()

    def _from_server(self, source: BinaryIO, server: BinaryIO) -> None:
        for line in lines(source.fileno(), self._limit):
            relayed = self._messages.outward(self._whole(line))
            if relayed.replaced:
                self._flush()
            if relayed.back is not None:
                self._answer(server, relayed.back)
            self._pass(relayed, self._output, self._to_client, "server")

    def _answer(self, server: BinaryIO, message: bytes) -> None:
        """Answer the server in the client's place, unless it was told that nothing follows."""
        with self._to_server:
            if not server.closed:
                write_all(server.fileno(), message + b"\n")

    def _from_log(self, source: BinaryIO) -> None:
        for line in lines(source.fileno(), LOG_LINE_MAX):
            try:
                shown = "a line was withheld: too long\n" if line is None else self._messages.text(_decoded(line))
            except StrongroomError as error:
                shown = f"a line was withheld: {error.code}\n"
            write_all(self._log, shown.encode())

    def _whole(self, line: bytes | None) -> bytes:
        if line is None:
            msg = f"a message: longer than {self._limit} bytes"
            raise LimitExceededError(msg)
        return line

    def _pass(self, relayed: Relayed, target: int, lock: threading.Lock, sender: str) -> None:
        if relayed.problem is not None:
            note = f"strongroom: a message of the {sender} was refused: {relayed.problem.message}\n"
            write_all(self._log, note.encode())
        if relayed.onward is not None:
            self._write(target, lock, relayed.onward if relayed.onward.endswith(b"\n") else relayed.onward + b"\n")

    @staticmethod
    def _write(target: int, lock: threading.Lock, content: bytes) -> None:
        with lock:
            write_all(target, content)


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Tell the child to end, and see that it does."""
    child.terminate()
    last = threading.Timer(GRACE_S, child.kill)
    last.daemon = True
    last.start()


@contextmanager
def _signals_to(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Pass on the two signals while the child runs; in a thread, where signals do not arrive, nothing."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        _stop(child)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
