"""What a gateway holds: a large body, idle streams, clients that do not read, and what others feel of it.

Ours is `strongroom up` as a user starts it, without the tagger of names (which would spend most of a minute on
10 MB of prose). Memory is the process's own: resident, its peak reset before each case.
"""

from __future__ import annotations

import json
import resource
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.gateway import Server, cpu_seconds, gateway, script, started
from bench.harness import Row, Target, row, say

STREAMS = 1000
SLOW = 50
BODY_MIB = 10
AT_ONCE = 4
ASKED = 40
FILES = 8192
SETTLE_S = 0.3
SETTLE_TIMES = 100
TEXT = 50_000
"""Characters of one message."""
SENTENCE = "The parcel was handed to a neighbour on the second floor, who signed for it and left a note. "


class Measured(NamedTuple):
    """Memory in MiB, delays in seconds."""

    idle_mib: float
    slow_mib: float
    body_mib: float
    bodies_mib: float
    alone_s: float
    beside_s: float
    body_s: float


def rows() -> list[Row]:
    """The rows of the report."""
    with rig() as server:
        seen = measured(server, streams=STREAMS, slow=SLOW, body_mib=BODY_MIB)
    per_stream = seen.idle_mib * 1024 / STREAMS
    return [
        row(f"{STREAMS} idle streams, each", "KiB", per_stream, target=Target("ours", at_most=100)),
        row(f"{SLOW} clients that do not read, each", "KiB", seen.slow_mib * 1024 / SLOW,
            target=Target("ours", at_most=2048), note="of an answer without end"),
        row("p50 of an answer beside them", "ms", seen.beside_s * 1e3, peer=seen.alone_s * 1e3,
            peer_name="the same, alone", target=Target("ratio", at_least=0.5)),
        row(f"{BODY_MIB} MB body, growth of peak memory", "MiB", seen.body_mib,
            target=Target("ours", at_most=12 * BODY_MIB), note=f"taken in {seen.body_s:.1f} s"),
        row(f"{AT_ONCE} such bodies at once", "MiB", seen.bodies_mib,
            target=Target("ours", at_most=AT_ONCE * 12 * BODY_MIB)),
    ]  # fmt: skip


@contextmanager
def rig() -> Iterator[Server]:
    """A gateway before the provider that makes it hold things."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
    try:
        with ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            provider = stack.enter_context(started(script("holding")))
            assert provider.stdout  # noqa: S101 - Popen was told PIPE
            port = int(provider.stdout.readline())
            yield stack.enter_context(gateway(f"http://127.0.0.1:{port}/v1", home / "g", "off"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def measured(server: Server, *, streams: int, slow: int, body_mib: int) -> Measured:
    """One of each case, in turn."""
    for _ in range(ASKED):
        answered(server, "hello")
    alone = statistics.median(timed(server) for _ in range(ASKED))
    say(f"{streams} idle streams")
    with opened(server, streams, "idle") as grown:
        idle = grown()
    say(f"{slow} clients that do not read")
    with opened(server, slow, "flood", window=4096) as grown:
        settle(server.pid)
        beside = statistics.median(timed(server) for _ in range(ASKED))
        held = grown()
    say(f"{body_mib} MB body")
    sentences = body_mib * 1_000_000 // (len(SENTENCE) + 6)
    text = "".join(f"{number:05d} {SENTENCE}" for number in range(sentences))  # no piece is known from before
    before = memory(server.pid, "VmRSS")
    reset(server.pid)
    start = time.perf_counter()
    answered(server, text)
    took = time.perf_counter() - start
    one = memory(server.pid, "VmHWM") - before
    reset(server.pid)
    before = memory(server.pid, "VmRSS")
    sockets = [ask(server, text, wait=False) for _ in range(AT_ONCE)]
    for connection in sockets:
        whole(connection)
    return Measured(idle, held, one, memory(server.pid, "VmHWM") - before, alone, beside, took)


def timed(server: Server) -> float:
    """Seconds of one small answer."""
    start = time.perf_counter()
    answered(server, "hello")
    return time.perf_counter() - start


def ask(server: Server, text: str, *, window: int = 0, wait: bool = True) -> socket.socket:
    """Send a chat request on a connection of its own; wait for the first bytes of the answer."""
    pieces = [text[start : start + TEXT] for start in range(0, len(text), TEXT)]
    messages = [{"role": "user", "content": piece} for piece in pieces]
    body = json.dumps({"model": "m", "stream": True, "messages": messages}).encode()
    head = (
        f"POST {server.prefix}/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        f"authorization: Bearer {server.credential}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    connection = socket.socket()
    if window:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    connection.settimeout(300)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(head.encode() + body)
    if wait:
        first = connection.recv(64)
        assert first.startswith(b"HTTP/1.1 200"), first  # noqa: S101 - a benchmark of refusals measures nothing
    return connection


def whole(connection: socket.socket) -> None:
    """Read an answer to its end."""
    with connection:
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert b'"ok"' in answer, answer[:200]  # noqa: S101 - a benchmark of refusals measures nothing


def answered(server: Server, text: str) -> None:
    """One request and its answer."""
    whole(ask(server, text, wait=False))


@contextmanager
def opened(server: Server, count: int, what: str, *, window: int = 0) -> Iterator[Callable[[], float]]:
    """`count` answers under way; the function in the block gives how much memory they took, in MiB."""
    before = memory(server.pid, "VmRSS")
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(ask(server, what, window=window))
        yield lambda: memory(server.pid, "VmRSS") - before


def memory(pid: int, name: str) -> float:
    """A line of ``/proc/PID/status`` in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def settle(pid: int) -> None:
    """Wait until the buffers towards those who do not read are full: the process uses no processor any more."""
    for _ in range(SETTLE_TIMES):
        before = cpu_seconds(pid)
        time.sleep(SETTLE_S)
        if cpu_seconds(pid) - before < SETTLE_S / 20:
            return
    msg = "the gateway goes on working for readers that do not read"
    raise AssertionError(msg)


def reset(pid: int) -> None:
    """Let the peak of a process begin at what is resident now (proc(5))."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


if __name__ == "__main__":
    sys.exit("run it with: make bench NAME=gateway_load")
