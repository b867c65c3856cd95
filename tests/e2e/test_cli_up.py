"""`strongroom up` as a process of its own: the first run, one request through it, and every way it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

MAIL = "anna.schmidt@example.org"
PROVIDER_KEY = "sk-planted-provider-key"


class _Echo(BaseHTTPRequestHandler):
    """A provider that answers with the last message it was sent."""

    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.headers["authorization"], body))
        said = json.loads(body)["messages"][-1]["content"]
        message: dict[str, object] = {"role": "assistant", "content": f"You said: {said}", "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        answer = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        raw = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Not on the test's terminal."""


@pytest.fixture
def provider() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    received: list[tuple[str, bytes]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Echo", (_Echo,), {"received": received}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", received
    server.shutdown()
    thread.join()
    server.server_close()


class Person:
    """Somebody with a home directory and a terminal."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {"HOME": str(home), "PATH": os.defpath, "PYTHONUTF8": "1"}

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "strongroom", *arguments],
            input=stdin, env=self.environment, cwd=self.home, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "strongroom", "up", "--listen", "127.0.0.1:0", "--json", *arguments],
            env=self.environment, cwd=self.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.rstrip() == "}":
            break
    return str(json.loads("".join(lines))["url"])


def _ask(url: str, credential: str) -> tuple[int, Any]:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": f"Mail {MAIL}"}]}).encode()
    headers = {"authorization": f"Bearer {credential}", "content-type": "application/json"}
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=60)) as connection:
        connection.request("POST", "/openai/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        return answer.status, json.load(answer)


def _end(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def test_first_run_serves_one_request_and_drains(
    person: Person, provider: tuple[str, list[tuple[str, bytes]]]
) -> None:
    upstream, received = provider
    process = person.start("--upstream", f"openai={upstream}")
    url = _url(process)
    issued = person.run("credential", "issue", "bot")
    stored = person.run("credential", "upstream", "openai", stdin=f"{PROVIDER_KEY}\n")
    assert (issued.returncode, stored.returncode) == (0, 0), issued.stderr + stored.stderr
    status, answer = _ask(url, issued.stdout.strip())
    assert status == 200, answer
    assert answer["choices"][0]["message"]["content"] == f"You said: Mail {MAIL}"
    ((authorization, body),) = received
    assert authorization == f"Bearer {PROVIDER_KEY}"
    assert MAIL.encode() not in body
    assert b"Mail EMAIL_" in body

    revoked = person.run("credential", "revoke", "bot")
    assert revoked.returncode == 0, revoked.stderr
    assert _ask(url, issued.stdout.strip())[0] == 401
    assert len(received) == 1

    code, err = _end(process)
    assert code == 0
    assert "it is not shown again" in err
    assert "Traceback" not in err
    line = json.loads((person.home / ".strongroom" / "logs" / "gateway.log").read_text().splitlines()[0])
    assert line
    for path in (person.home / ".strongroom").rglob("*"):
        assert not path.is_file() or MAIL.encode() not in path.read_bytes(), path
    assert person.run("audit", "verify").returncode == 0


def test_a_port_that_is_taken_is_told_with_the_way_out(person: Person) -> None:
    assert person.run("init").returncode == 0
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = person.run("up", "--listen", f"127.0.0.1:{port}")
    assert ended.returncode == 2
    assert "--listen" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("listen", ["8080", "127.0.0.1:99999", "nowhere.invalid:80"])
def test_an_address_that_is_none_is_refused(person: Person, listen: str) -> None:
    ended = person.run("up", "--listen", listen)
    assert ended.returncode == 2
    assert ended.stderr.startswith(("error: ", "A new store"))
    assert "Traceback" not in ended.stderr


def test_ctrl_c_ends_with_130_and_leaves_no_half_file(person: Person) -> None:
    assert person.run("init").returncode == 0
    os.mkfifo(person.home / "endless")
    process = subprocess.Popen(
        [sys.executable, "-m", "strongroom", "seal", "endless"],
        env=person.environment, cwd=person.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # what runs in the background of a shell ignores the signal, and its children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it starts no threads
    )  # fmt: skip
    with (person.home / "endless").open("wb") as endless:  # returns when the command has begun to read
        endless.write(b"waiting for the rest")
        endless.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert [path.name for path in person.home.glob("*.sealed")] == []
    assert [path.name for path in person.home.glob(".endless*")] == []
    assert person.run("audit", "verify").returncode == 0
