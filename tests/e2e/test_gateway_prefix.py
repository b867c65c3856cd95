"""The prefix a provider caches stays the same over 50 turns, two gateway processes and a restart."""

import json
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from bench.talk.in_process import Provider, in_process
from bench.talk.shapes import SHAPES, Entry

from strongroom import Strongroom

TURNS = 50
RESTARTED_AT = 25
SPAWN = multiprocessing.get_context("spawn")


def serve(place: Path, credential: str, pipe: Connection) -> None:
    """A process with a gateway of its own: path and body in, what the provider got out; None ends it."""
    with (
        Strongroom.open(home=place / "home", keyfile=place / "store.key") as room,
        in_process(room, Provider()) as gateway,
    ):
        pipe.send(b"ready")
        while (asked := pipe.recv()) is not None:
            path, body = asked
            gateway.provider.bodies.clear()
            answer = gateway.ask(path, body, credential)
            pipe.send(b"".join(gateway.provider.bodies) if answer.status == 200 else answer.body)


class Process:
    """One of the gateways."""

    def __init__(self, place: Path, credential: str) -> None:
        self._pipe, other = SPAWN.Pipe()
        self._process = SPAWN.Process(target=serve, args=(place, credential, other), daemon=True)
        self._process.start()
        assert self._pipe.poll(60)
        assert self._pipe.recv() == b"ready"

    def sent(self, path: str, body: dict[str, Any]) -> bytes:
        self._pipe.send((path, json.dumps(body, ensure_ascii=False).encode()))
        assert self._pipe.poll(60)
        got: bytes = self._pipe.recv()
        return got

    def close(self) -> None:
        self._pipe.send(None)
        self._process.join(60)
        assert self._process.exitcode == 0


@pytest.fixture
def credential(place: Path) -> str:
    with Strongroom.open(home=place / "home", keyfile=place / "store.key") as room:
        return room.credentials.issue("bot", tenant="acme", environment="prod")


@pytest.fixture
def two(place: Path, credential: str) -> Iterator[list[Process]]:
    running = [Process(place, credential) for _ in range(2)]
    yield running
    for process in running:
        process.close()


def turn(number: int) -> list[Entry]:
    rows = json.dumps(
        {"customer": {"name": f"Zoë Ünalan{'abcdefghij'[number % 10]}", "email": f"zoe{number}@post.org"}}
    )
    return [
        Entry("user", (f"look up anna.schmidt@example.org and 4111 1111 1111 1111, turn {number}",)),
        Entry("call", ("anna.schmidt@example.org", f"for zoe{max(0, number - 1)}@post.org")),
        Entry("result", (rows,)),
        Entry("model", (f"Zoë Ünalan{'abcdefghij'[number % 10]} has zoe{number}@post.org",)),
    ]


def test_the_same_history_leaves_as_the_same_bytes(two: list[Process], place: Path, credential: str) -> None:
    entries: dict[str, list[Entry]] = {name: [] for name in SHAPES}
    before = dict.fromkeys(SHAPES, b"")
    for number in range(TURNS):
        if number == RESTARTED_AT:
            two[0].close()
            two[0] = Process(place, credential)
        for name, shape in SHAPES.items():
            entries[name] += turn(number)
            now = two[number % 2].sent(shape.path, shape.request(entries[name]))
            assert b"@post.org" not in now, name
            assert b"4111" not in now, name
            assert "Ünalan".encode() not in now, name
            assert now.startswith(before[name]), (name, number)
            before[name] = now.removesuffix(b"}").removesuffix(b"]")
