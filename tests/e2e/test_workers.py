"""`strongroom up --workers 2`: one port, one set of counters on Redis, hot reload, replacement, and the end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

pytestmark = pytest.mark.e2e
ANSWER = b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}'
ASK = {"model": "m", "messages": [{"role": "user", "content": "mail anna.schmidt@example.org"}]}
UPSTREAM_WORDS = ("first-provider-key", "second-provider-key")
REDIS_WORD = "a-word-for-redis"


class Provider(ThreadingHTTPServer):
    """Answers everything with `ANSWER` and keeps the authorizations it saw."""

    daemon_threads = True

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.bodies: list[bytes] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                provider.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                provider.seen.append(self.headers.get("authorization", ""))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    path = tmp_path_factory.mktemp("r") / "s"
    options = ["--port", "0", "--unixsocket", str(path), "--requirepass", REDIS_WORD, "--save", ""]
    with subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL, cwd=path.parent) as process:
        yield f"unix://{path}"
        process.kill()


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    """What `what` gives once it is true."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        pause.wait(0.05)
    return found


class Place:
    """A home with a settings file, and the commands on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {"HOME": str(home), "PATH": os.defpath, "XDG_CONFIG_HOME": str(home / ".config")}
        self.store = home / ".strongroom"
        self.store.mkdir()
        self.settings = self.store / "strongroom.toml"

    def run(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "strongroom", *arguments], env=self.environment, input=stdin,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "strongroom", "up", "--listen", "127.0.0.1:0", "--json", *arguments],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    text = ""
    while not text.rstrip().endswith("}"):
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        text += line
    return str(json.loads(text)["url"])


def children(process: subprocess.Popen[str]) -> list[int]:
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8")
    return [int(pid) for pid in text.split()]


def ask(url: str, credential: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {credential}", "connection": "close"}
    return httpx.post(f"{url}/openai/v1/chat/completions", json=ASK, headers=headers, timeout=60, trust_env=False)


def test_two_workers_are_one_gateway(tmp_path: Path, provider: Provider, redis: str) -> None:
    place = Place(tmp_path)
    place.settings.write_text(
        f'[counters]\nurl = "{redis}"\n[upstreams]\nopenai = "http://127.0.0.1:{provider.server_port}/v1"\n'
        '[quotas.default]\nrequests = ["1000/hour"]\n'
    )
    place.run("init")
    credential = place.run("credential", "issue", "bot")
    place.run("credential", "upstream", "openai", stdin=UPSTREAM_WORDS[0] + "\n")
    place.run("credential", "upstream", "counters", stdin=REDIS_WORD + "\n")
    process = place.start("--workers", "2")
    try:
        url = url_of(process)
        assert len(children(process)) == 2
        for _ in range(24):
            assert ask(url, credential).status_code == 200
        lines = [json.loads(line) for line in until(lambda: lines_of(place, 24))]
        assert len({line["request"][:16] for line in lines}) == 2, "one worker served everything"
        metrics = httpx.get(f"{url}/metrics", trust_env=False).text
        assert 'strongroom_gateway_requests_total{route="openai.chat",status="2xx"} 24.0' in metrics
        assert len(set(provider.bodies)) == 1, "two workers gave one value two surrogates"

        place.run("credential", "upstream", "openai", stdin=UPSTREAM_WORDS[1] + "\n")
        for _ in range(8):
            assert ask(url, credential).status_code == 200
        assert set(provider.seen[-8:]) == {f"Bearer {UPSTREAM_WORDS[1]}"}

        place.settings.write_text(place.settings.read_text().replace("1000/hour", "40/hour"))
        os.kill(process.pid, signal.SIGHUP)
        until(lambda: ask(url, credential).status_code == 429)
        assert len(provider.bodies) == 40, "the workers did not count together"

        victim = children(process)[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(now := children(process)) == 2 and victim not in now)
        for _ in range(8):
            assert ask(url, credential).status_code == 429
        workers = children(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    finally:
        process.kill()
        _, said = process.communicate()
    assert "Traceback" not in said
    assert place.run("audit", "verify")


def lines_of(place: Place, count: int) -> list[str] | None:
    lines = (place.store / "logs" / "gateway.log").read_text(encoding="utf-8").splitlines()
    return lines if len(lines) >= count else None


def test_workers_end_with_their_supervisor_and_one_that_cannot_start_ends_all(
    tmp_path: Path, provider: Provider
) -> None:
    place = Place(tmp_path)
    place.run("init")
    process = place.start("--workers", "2")
    try:
        url_of(process)
        workers = children(process)
        process.kill()
        process.wait()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
        place.settings.write_text('[quotas.default]\nrequests = ["many"]\n')
        failing = place.start("--workers", "2")
        _, said = failing.communicate(timeout=60)
        assert failing.returncode == 2
        assert "quotas.default.requests: expected AMOUNT/WINDOW" in said
        assert "a worker did not start" in said
    finally:
        process.kill()
        process.communicate()
