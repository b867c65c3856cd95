"""An asynchronous web server in a thread of its own, on a loopback port the system picks.

Must never: listen on anything but loopback, or outlive its `with` block.
"""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self

from aiohttp import web

HOST = "127.0.0.1"
START_S = 10.0
BODY_BYTES_MAX = 64 << 20


class Loopback:
    """Runs one aiohttp application. Subclasses give `application`; `url` is set once the block is entered."""

    url: str

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)
        self._runner: web.AppRunner | None = None

    async def application(self) -> web.Application:
        """The application to serve, made inside the server's own loop."""
        raise NotImplementedError

    async def closing(self) -> None:
        """Called inside the loop before the server goes."""

    def __enter__(self) -> Self:
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(START_S)
        self.url = f"http://{HOST}:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(START_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)
        self._loop.close()

    async def _start(self) -> int:
        self._runner = web.AppRunner(await self.application(), access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def _stop(self) -> None:
        await self.closing()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._loop.shutdown_default_executor()
