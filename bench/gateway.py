"""What the gateway costs: processor time and delay per request and per event, beside a bare relay and LiteLLM.

Ours is `strongroom up` as a user starts it: real store, keys, policy, audit log, spans and log files. The bare
relay is the same server and client libraries passing bytes on. Provider, load generator, relay and peers are
processes of their own; processor time is that of the whole tested process, all threads, from the kernel.

Fields, known values and patterns are on; finding names in running text, which a store has on by default, has rows
of its own, because reading sentences costs more than everything else together.

`fresh` requests name an address and a phone number nobody has seen, in a conversation nobody has seen; `turn`
requests are a new message in a known conversation. Every answer is checked: the address has to come back.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from bench.harness import BOOT_UV, VERSIONS, Medians, PeerUnavailableError, Row, Target, interleave, row, say

from strongroom.clock import system_entropy

HTTP = Path(__file__).parent / "http"
ROUNDS = 5
REQUESTS = 1500
STREAMS = 60
PEER_REQUESTS = 150
CONNECTIONS = 16
EVENTS = 62
WARM_UP = 200
LITELLM_READY_S = 240.0
MICRO = 1e6
MILLI = 1e3
LITELLM = "LiteLLM proxy, no guardrail"
BARE = "bare relay of the same stack"


class Server(NamedTuple):
    """A process under test. `prefix` is the path before ``/chat/completions``."""

    pid: int
    port: int
    prefix: str
    credential: str


class Load:
    """The load generator's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._seed = 0

    def run(self, server: Server, count: int, **more: Any) -> dict[str, float]:
        """One job; values are new in every job."""
        self._seed += 1
        job = {
            "port": server.port, "path": f"{server.prefix}/chat/completions", "credential": server.credential,
            "count": count, "connections": CONNECTIONS, "stream": False, "fresh": "turn", "seed": self._seed,
        }  # fmt: skip
        assert self._process.stdin and self._process.stdout  # noqa: PT018, S101 - Popen was told PIPE
        self._process.stdin.write(json.dumps(job | more) + "\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer


def cpu_seconds(pid: int) -> float:
    """Processor seconds of a process and its children, all threads, to the nanosecond where the kernel says so."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0]) / 1e9
        with suppress(OSError):
            total += sum(cpu_seconds(int(child)) for child in (task / "children").read_text().split())
    return total


@contextmanager
def started(
    command: list[str], *, out: int | IO[bytes] = subprocess.PIPE, **more: Any
) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended with SIGTERM. What talks a lot needs a file as `out`: nobody reads the pipe."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, text=True, **more)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def script(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(HTTP / f"{name}.py"), *arguments]


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout  # noqa: S101 - Popen was told PIPE
    line = process.stdout.readline()
    if not line:
        msg = f"a process ended with {process.wait()}"
        raise PeerUnavailableError(msg)
    return line


def document(process: subprocess.Popen[str]) -> Any:
    """The JSON document a process prints, over as many lines as it takes."""
    text = first_line(process)
    while True:
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            text += first_line(process)


@contextmanager
def gateway(upstream: str, home: Path, names: str) -> Iterator[Server]:
    """`strongroom up` on a new store, with a credential and the dial for names in running text."""
    home.mkdir()
    store = ["--home", str(home / "store"), "--keyfile", str(home / "user" / "root.key"), "--json"]
    run = [sys.executable, "-m", "strongroom"]
    serve = [*run, "up", "--listen", "127.0.0.1:0", "--upstream", f"openai={upstream}", *store]
    environment = {**os.environ, "STRONGROOM_DETECTION__NAMES": names}  # noqa: TID251
    with (home / "stderr").open("wb") as errors, started(serve, env=environment, stderr=errors) as process:
        url = document(process)["url"]
        issue = [*run, "credential", "issue", "bench", *store]
        issued = subprocess.run(issue, capture_output=True, check=True, text=True)
        credential = str(json.loads(issued.stdout)["credential"])
        yield Server(process.pid, int(url.rpartition(":")[2]), "/openai/v1", credential)


@contextmanager
def litellm(upstream: str, home: Path) -> Iterator[Server]:
    """LiteLLM's proxy in an environment of its own, one worker, nothing switched on."""
    uv = shutil.which("uv") or str(BOOT_UV)
    provider = {"model": "openai/m", "api_base": upstream, "api_key": "sk-upstream"}
    key = f"sk-{system_entropy(24).hex()}"  # it does not start with a weak one
    models = [{"model_name": "m", "litellm_params": provider}]
    settings = {"model_list": models, "general_settings": {"master_key": key}}
    (home / "litellm.json").write_text(json.dumps(settings))
    port = free_port()
    command = [
        uv, "run", "--quiet", "--isolated", "--no-project", "--with", "litellm[proxy]", "litellm",
        "--config", str(home / "litellm.json"), "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    environment = {**os.environ, "LITELLM_TELEMETRY": "False", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # noqa: TID251
    with (
        (home / "litellm.log").open("wb") as log,
        started(command, out=log, env=environment, stderr=log) as process,
    ):
        wait_for(port, process)
        VERSIONS["litellm"] = litellm_version(uv)
        yield Server(process.pid, port, "", key)


def litellm_version(uv: str) -> str:
    """Which one it was."""
    ask = "from importlib.metadata import version; print(version('litellm'))"
    run = [uv, "run", "--quiet", "--isolated", "--no-project", "--with", "litellm[proxy]", "python", "-c", ask]
    return subprocess.run(run, capture_output=True, check=True, text=True).stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Until the server answers; raises `PeerUnavailableError` when it ends or takes too long."""
    for _ in range(int(LITELLM_READY_S)):
        with suppress(OSError):  # an HTTP error is one too, and means that somebody answers
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=5).close()
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
            break
    msg = "it did not start"
    raise PeerUnavailableError(msg)


@contextmanager
def nginx(upstream_port: int, home: Path) -> Iterator[Server]:
    """Nginx passing on, one worker; the floor of a proxy that looks at nothing."""
    program = shutil.which("nginx")
    if program is None:
        msg = "nginx is not installed"
        raise PeerUnavailableError(msg)
    port = free_port()
    (home / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {home}/nginx.pid; error_log stderr; events {{}}"
        " http { access_log off;"
        f" upstream u {{ server 127.0.0.1:{upstream_port}; keepalive 64; }} server {{ listen 127.0.0.1:{port};"
        " location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ''; } } }"
    )
    with started([program, "-c", str(home / "nginx.conf"), "-p", str(home)]) as process:
        wait_for(port, process)
        yield Server(process.pid, port, "/v1", "none")


def rows() -> list[Row]:
    """Start everything, measure, stop everything."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = int(first_line(stack.enter_context(started(script("upstream")))))
        upstream = f"http://127.0.0.1:{port}/v1"
        load = Load(stack.enter_context(started(script("load"))))
        bare = stack.enter_context(started(script("bare", upstream)))
        servers = {
            "direct": Server(0, port, "/v1", "none"),
            "bare": Server(bare.pid, int(first_line(bare)), "", "none"),
            "ours": stack.enter_context(gateway(upstream, home / "plain", "off")),
            "named": stack.enter_context(gateway(upstream, home / "named", "balanced")),
        }
        missing: dict[str, str] = {}
        say("starting LiteLLM in an environment of its own (its first start downloads it)")
        for name, start in (("litellm", lambda: litellm(upstream, home)), ("nginx", lambda: nginx(port, home))):
            try:
                servers[name] = stack.enter_context(start())
            except PeerUnavailableError as error:
                missing[name] = f"{name}: {error}"
        return told(measured(load, servers), missing)


def cpu_per_request(load: Load, server: Server, count: int, **more: Any) -> float:
    """Processor seconds per request; raises when an answer did not bring the value back."""
    before = cpu_seconds(server.pid)
    answer = load.run(server, count, **more)
    if answer["wrong"]:
        msg = f"{answer['wrong']:.0f} of {count} answers did not bring the value back"
        raise AssertionError(msg)
    return (cpu_seconds(server.pid) - before) / count


def measured(load: Load, servers: Mapping[str, Server]) -> Medians:
    """The medians of every case, one of each in every round."""
    cases: dict[str, Callable[[], float]] = {}
    for name, server in servers.items():
        load.run(server, WARM_UP)
        load.run(server, WARM_UP // 20, stream=True)
        slow = name == "litellm"
        count, streams = (PEER_REQUESTS, CONNECTIONS) if slow else (REQUESTS, STREAMS)
        ask = partial(cpu_per_request, load, server)
        if name != "direct":
            cases[f"{name} turn"] = partial(ask, count)
            cases[f"{name} event"] = lambda ask=ask, streams=streams: ask(streams, stream=True) / EVENTS  # type: ignore[misc]
        if name in ("ours", "named"):
            cases[f"{name} fresh"] = partial(ask, count, fresh="conversation")
        if not slow:
            cases[f"{name} p50"] = partial(delay, load, server, "p50", count // 4)
            cases[f"{name} first"] = partial(delay, load, server, "first", streams // 2, stream=True)
    say(f"{ROUNDS} interleaved rounds")
    return interleave(cases, ROUNDS)


def delay(load: Load, server: Server, which: str, count: int, **more: Any) -> float:
    """Median seconds of one client that waits for each answer."""
    return load.run(server, count, connections=1, **more)[which]


def told(seen: Medians, missing: Mapping[str, str]) -> list[Row]:
    """The rows of the report."""

    def at(name: str, scale: float) -> float | None:
        return seen[name] * scale if name in seen else None

    def rounds(*names: str, scale: float) -> dict[str, list[float]]:
        return {name: [round(value * scale, 3) for value in seen.rounds[name]] for name in names if name in seen}

    def added(name: str) -> float:
        return (seen[name] - seen[f"direct {name.split()[1]}"]) * MILLI

    def beyond(name: str) -> float:
        return (seen[f"{name} event"] - seen[f"{name} turn"] / EVENTS) * MICRO

    turn, fresh, event = (seen[f"ours {case}"] * MICRO for case in ("turn", "fresh", "event"))
    named = seen["named turn"] * MICRO
    bare, passing = at("bare turn", MICRO), at("nginx turn", MICRO)
    unit = "CPU µs"
    return [
        row("1.3 KB request, next turn", unit, turn, peer=bare, peer_name=BARE, limit=passing,
            target=Target("ours", at_most=250), rounds=rounds("ours turn", "bare turn", "nginx turn", scale=MICRO),
            note=missing.get("nginx", "limit: nginx passing on")),
        row("the same, as a ratio", unit, turn, peer=bare, peer_name=BARE, target=Target("ratio", at_least=0.5)),
        row("the same, beside LiteLLM", unit, turn, peer=at("litellm turn", MICRO), peer_name=LITELLM,
            target=Target("ratio", at_least=40), rounds=rounds("litellm turn", scale=MICRO),
            note=missing.get("litellm", "")),
        row("1.3 KB request, new conversation and values", unit, fresh, peer=bare, peer_name=BARE,
            rounds=rounds("ours fresh", scale=MICRO)),
        row("1.3 KB request, next turn, names in running text looked for", unit, named, peer=bare, peer_name=BARE,
            rounds=rounds("named turn", scale=MICRO), note="the default"),
        row("the same, new conversation and values", unit, seen["named fresh"] * MICRO, peer=bare,
            peer_name=BARE, rounds=rounds("named fresh", scale=MICRO)),
        row("added delay of an answer, p50, one client, names looked for", "ms", added("named p50"),
            peer=added("bare p50"), peer_name=BARE, rounds=rounds("named p50", scale=MILLI)),
        row("added delay of an answer, p50, one client", "ms", added("ours p50"), peer=added("bare p50"),
            peer_name=BARE, target=Target("ours", at_most=0.35),
            rounds=rounds("ours p50", "bare p50", "direct p50", scale=MILLI)),
        row("streamed event", unit, event, peer=at("bare event", MICRO), peer_name=BARE,
            target=Target("ours", at_most=20), rounds=rounds("ours event", "bare event", scale=MICRO),
            note=f"a stream of {EVENTS} events with its request, divided by its events"),
        row("streamed event, without its request", unit, beyond("ours"), peer=beyond("bare"), peer_name=BARE,
            target=Target("ours", at_most=20)),
        row("streamed event, beside LiteLLM", unit, event, peer=at("litellm event", MICRO), peer_name=LITELLM,
            rounds=rounds("litellm event", scale=MICRO), note=missing.get("litellm", "")),
        row("added delay of the first event, p50, one client", "ms", added("ours first"), peer=added("bare first"),
            peer_name=BARE, target=Target("ours", at_most=1.0),
            rounds=rounds("ours first", "bare first", "direct first", scale=MILLI)),
    ]  # fmt: skip
