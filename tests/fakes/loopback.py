"""A key service on loopback with faults on order: what the fakes that speak HTTP share."""

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any


@dataclass
class Answer:
    """What goes back over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Faults:
    """What the service does instead of its work: one entry per request, oldest first, then `always`.

    ``drop`` closes the connection without a word, ``hang`` keeps it open and silent, ``garbage`` answers 200 with
    a proxy's page; anything else is the service's own business (`Service.fault`).
    """

    queue: deque[str] = field(default_factory=deque)
    always: str = ""
    served: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def next(self) -> str:
        self.served += 1
        return self.queue.popleft() if self.queue else self.always

    def end(self) -> None:
        """No more faults; whoever hangs is let go."""
        self.over.set()
        self.over = threading.Event()
        self.queue.clear()
        self.always, self.served = "", 0


class Service:
    """A fake's own part: answers requests, remembers the operations it was asked for."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.asked: list[str] = []
        self.lie = ""
        self.denied = False

    def calm(self) -> None:
        """Back to honest work for everybody."""
        self.faults.end()
        self.asked.clear()
        self.lie, self.denied = "", False

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        raise NotImplementedError

    def fault(self, name: str) -> Answer:
        raise NotImplementedError


@contextmanager
def serving(service: Service, tls: SSLContext | None = None) -> Iterator[str]:
    """Run `service`; yields its base URL."""

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _exchange(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = service.faults.next()
            if fault in {"drop", "hang"}:
                if fault == "hang":
                    service.faults.over.wait(30)
                self.close_connection = True
                return
            if fault == "garbage":
                answer = Answer(
                    200, b"<html>Welcome to this hotel's network</html>", {"Content-Type": "text/html"}
                )
            elif fault:
                answer = service.fault(fault)
            else:
                answer = service.answer(self.command, self.path, dict(self.headers.items()), body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = _exchange  # noqa: N815 - the names http.server looks for

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            """A client that gave up waiting is part of the tests."""

    server = Server(("127.0.0.1", 0), Exchange)
    scheme = "http"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        service.faults.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
