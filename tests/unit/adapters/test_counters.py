"""The two kinds of counters count alike; the shared ones on a real Redis server."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.counters_memory import KEYS_MAX, MemoryCounters
from strongroom.adapters.counters_redis import RedisCounters
from strongroom.clock import SystemClock
from strongroom.errors import ConfigurationError, CountersUnavailableError

PASSWORD = "a-password-for-this-test"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """A Redis server of our own on a Unix socket, with a password; gives its address."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    path = tmp_path_factory.mktemp("r") / "s"
    process = subprocess.Popen(
        [binary, "--port", "0", "--unixsocket", str(path), "--requirepass", PASSWORD, "--save", "", "--dir",
         str(path.parent)],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until
        assert process.poll() is None
    yield lambda: f"unix://{path}"
    process.kill()
    process.wait()


@pytest.fixture(params=["memory", "redis"])
def counters(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield lambda: MemoryCounters(SystemClock())
    else:
        address = request.getfixturevalue("redis")()
        yield lambda: RedisCounters(address, password=PASSWORD)


def run(make: Callable[[], Any], work: Callable[[Any], Awaitable[Any]]) -> Any:
    async def do() -> Any:
        made = make()
        try:
            return await work(made)
        finally:
            await made.close()

    return asyncio.run(do())


def test_counts_to_the_limit_and_says_what_it_saw(counters: Any, request: pytest.FixtureRequest) -> None:
    key = request.node.name

    async def work(made: Any) -> None:
        for _ in range(3):
            assert (await made.take(key, limit=7, seconds=60, amount=2))[0]
        counted, before, now, over = await made.take(key, limit=7, seconds=60, amount=2)
        assert (counted, before, now) == (False, 0, 6)
        assert 0 <= over < 0.5
        await made.correct(key, seconds=60, amount=-4)
        assert (await made.take(key, limit=7, seconds=60, amount=5))[0]
        await made.correct(key, seconds=60, amount=100)
        assert not (await made.take(key, limit=90, seconds=60, amount=1))[0]
        await made.correct(key, seconds=60, amount=-1000)
        assert (await made.take(key, limit=7, seconds=60, amount=7))[0]
        await made.correct(f"{key}-gone", seconds=60, amount=-5)
        assert not (await made.take(f"{key}-gone", limit=7, seconds=60, amount=8))[0]
        assert (await made.take(f"{key}-gone", limit=7, seconds=60, amount=7))[0]

    run(counters, work)


def test_many_at_once_take_no_more_than_there_is(counters: Any, request: pytest.FixtureRequest) -> None:
    key = request.node.name

    async def work(made: Any) -> int:
        answers = await asyncio.gather(*(made.take(key, limit=25, seconds=60, amount=1) for _ in range(60)))
        return sum(counted for counted, *_ in answers)

    assert run(counters, work) == 25


def test_two_processes_count_together_in_redis(redis: Callable[[], str]) -> None:
    async def work(first: Any) -> list[bool]:
        second = RedisCounters(redis(), password=PASSWORD)
        try:
            return [
                (await made.take("together", limit=3, seconds=60, amount=1))[0] for made in (first, second) * 2
            ]
        finally:
            await second.close()

    assert run(lambda: RedisCounters(redis(), password=PASSWORD), work) == [True, True, True, False]


def test_a_wrong_password_and_a_server_that_is_not_there_are_told_without_either(redis: Callable[[], str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        for url, password in ((redis(), "wrong-one"), (f"redis://127.0.0.1:{taken.getsockname()[1]}", None)):
            for call in (
                lambda made: made.take("k", limit=1, seconds=1, amount=1),
                lambda made: made.correct("k", seconds=1, amount=1),
            ):
                with pytest.raises(CountersUnavailableError) as told:
                    run(lambda url=url, password=password: RedisCounters(url, password=password), call)  # type: ignore[misc]
                assert "wrong-one" not in str(told.value)
                assert "127" not in str(told.value)


def test_a_server_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "m"))
        mute.listen()
        start = time.monotonic()
        with pytest.raises(CountersUnavailableError):
            run(
                lambda: RedisCounters(f"unix://{tmp_path}/m"),
                lambda made: made.take("k", limit=1, seconds=1, amount=1),
            )
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("url", ["http://x", "redis://user:word@host:1", "host:6379"])
def test_an_address_that_is_none_or_holds_a_password_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"counters\.url") as told:
        RedisCounters(url)
    assert "word@" not in str(told.value)
    assert repr(RedisCounters("redis://localhost:1", password="hidden")) == "RedisCounters()"


def test_the_memory_of_this_process_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strongroom.adapters.counters_memory.KEYS_MAX", 10)
    assert KEYS_MAX == 100_000

    async def work(made: Any) -> None:
        for number in range(50):
            await made.take(f"k{number}", limit=1, seconds=60, amount=1)
            await made.take("kept", limit=100, seconds=60, amount=1)
        assert len(made._windows) == 10
        assert not (await made.take("kept", limit=50, seconds=60, amount=1))[0]

    run(lambda: MemoryCounters(SystemClock()), work)
