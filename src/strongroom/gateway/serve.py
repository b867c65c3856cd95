"""Serves the gateway: uvicorn with httptools and uvloop, embedded, with a socket of our own and a graceful end.

Must never: bind before everything below is ready, or let the server write a request's line to a log.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any, Self

import uvicorn

from strongroom.errors import ConfigurationError
from strongroom.gateway.app import Gateway

BACKLOG = 1024
START_S = 10.0
"""A server that has not started by then never will."""


def bind(host: str, port: int, *, shared: bool = False, idle_s: float = 0.0) -> socket.socket:
    """A listening socket; raises `ConfigurationError` when the address is taken or not ours.

    A `shared` one lets others of ours listen on the same port, and the kernel deals connections out. A client that
    does not read what was sent for `idle_s` seconds is cut off by the kernel, at no cost here; 0: never.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if idle_s:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, round(idle_s * 1000)))
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)  # who connects from now on waits for the server rather than being refused
    except (OSError, OverflowError) as error:
        listening.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not an address"
        msg = f"cannot listen on {host}:{port}: {reason}. Choose another with --listen"
        raise ConfigurationError(msg) from None
    return listening


class _Server(uvicorn.Server):
    """Ends on SIGINT or SIGTERM by draining, and then simply returns. `began` is set once it serves.

    For `linger_s` seconds before it drains, it still serves everybody and only says that it is not ready.
    """

    def __init__(self, config: uvicorn.Config, app: Gateway, linger_s: float) -> None:
        super().__init__(config)
        self.began = threading.Event()
        self._app = app
        self._linger_s = linger_s
        self._lingering: asyncio.TimerHandle | None = None
        self._serving: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        self._serving = asyncio.get_running_loop()
        await super().startup(sockets)
        self.began.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals while serving; in a thread, where signals do not arrive, nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {name: signal.signal(name, self._stop) for name in (signal.SIGINT, signal.SIGTERM)}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._reload)
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def _reload(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of handlers
        if self._serving is not None:
            self._serving.call_soon_threadsafe(self._app.reload)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._linger_s <= 0 or self._lingering is not None or self._serving is None:
            self.handle_exit(number, frame)
        else:
            self._serving.call_soon_threadsafe(self._linger, number)

    def _linger(self, number: int) -> None:
        self._app.withdraw()
        loop = asyncio.get_running_loop()
        self._lingering = loop.call_later(self._linger_s, self.handle_exit, number, None)


def _server(app: Gateway, drain_s: float, linger_s: float = 0.0) -> _Server:
    application: Any = app  # uvicorn's own ASGI types differ from ours in name only
    config = uvicorn.Config(
        application,
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the client's address is who connected, unless it is a declared proxy
        backlog=BACKLOG,
        timeout_graceful_shutdown=max(1, round(drain_s)),
    )
    return _Server(config, app, linger_s)


def serve(
    app: Gateway, host: str, port: int, drain_s: float, *, ready: Callable[[str, int], None] | None = None,
    linger_s: float = 0.0, idle_s: float = 0.0,
) -> None:  # fmt: skip
    """Serve until SIGINT or SIGTERM, then give open requests `drain_s` seconds and return.

    `ready` is called with the address once the socket is bound (`port` 0 picks a free one). Raises
    `ConfigurationError` when the address cannot be listened on.
    """
    with bind(host, port, idle_s=idle_s) as listening:
        serve_on(listening, app, drain_s, ready=ready, linger_s=linger_s)


def serve_on(
    listening: socket.socket, app: Gateway, drain_s: float, *,
    ready: Callable[[str, int], None] | None = None, linger_s: float = 0.0,
) -> None:  # fmt: skip
    """`serve` on a socket that somebody else made and closes."""
    if ready is not None:
        ready(*listening.getsockname()[:2])
    _server(app, drain_s, linger_s).run(sockets=[listening])


class Served:
    """The same in a thread of its own, for programs that embed the gateway: a context manager with a `url`."""

    def __init__(
        self, app: Gateway, *, host: str = "127.0.0.1", port: int = 0, drain_s: float = 1.0, idle_s: float = 0.0
    ) -> None:
        self._listening = bind(host, port, idle_s=idle_s)
        self._server = _server(app, drain_s)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listening]}, name="gateway", daemon=True
        )
        address = self._listening.getsockname()
        self.url = f"http://{address[0]}:{address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._server.began.wait(START_S):  # pragma: no cover - the server's own failure, logged by it
            msg = "the gateway did not start"
            raise ConfigurationError(msg)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()
