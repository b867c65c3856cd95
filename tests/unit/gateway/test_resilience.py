"""What is asked again upstream and what is not, and when an upstream is left alone."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import stamina

from strongroom.errors import UpstreamError, UpstreamTimeoutError, UpstreamUnreachableError
from strongroom.gateway.problems import CircuitOpenError, problem_of
from strongroom.gateway.resilience import Breaker, ResilientUpstream

CHAT, COUNT = "/chat/completions", "/v1/messages/count_tokens"


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=10, cap=True):
        yield


class Clock:
    at = 0.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Answer:
    def __init__(self, status: int, **headers: str) -> None:
        self.status = status
        self.headers = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.closed = False

    async def read(self, bytes_max: int) -> bytes:
        return b""

    def pieces(self) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


class Provider:
    """Answers, or fails, as it is told in turn; the last for ever."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes)
        self.asked = 0

    async def exchange(self, **_: Any) -> Any:
        self.asked += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def conceal(self, body: bytes) -> bytes:
        return body + b"!"

    closed = False

    async def close(self) -> None:
        self.closed = True


def resilient(provider: Provider, clock: Clock | None = None, **more: Any) -> ResilientUpstream:
    told: list[bool] = more.pop("told", [])
    breaker = Breaker(failures=more.pop("failures", 0), open_s=10, clock=clock or Clock(), changed=told.append)
    return ResilientUpstream(provider, breaker=breaker, **({"attempts": 3, "wait_max_s": 2.0} | more))


def ask(upstream: ResilientUpstream, path: str = CHAT, method: str = "POST") -> Any:
    return asyncio.run(upstream.exchange(method=method, path=path, query="", headers=[], body=b"x"))


@pytest.mark.parametrize("path", [CHAT, "/responses", "/v1/messages"])
def test_a_generation_is_asked_again_only_when_it_was_never_delivered(path: str) -> None:
    for failure in (UpstreamError("broke off"), UpstreamTimeoutError("silent")):
        provider = Provider(failure)
        with pytest.raises(type(failure)):
            ask(resilient(provider), path)
        assert provider.asked == 1
    for status in (429, 500, 503, 529):
        provider = Provider(Answer(status))
        assert ask(resilient(provider), path).status == status
        assert provider.asked == 1
    retried: list[int] = []
    provider = Provider(UpstreamUnreachableError("no"), UpstreamUnreachableError("no"), Answer(200))
    assert ask(resilient(provider, retried=lambda: retried.append(1)), path).status == 200
    assert (provider.asked, len(retried)) == (3, 2)
    provider = Provider(UpstreamUnreachableError("no"))
    with pytest.raises(UpstreamUnreachableError):
        ask(resilient(provider), path)
    assert provider.asked == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/models"), ("POST", COUNT), ("POST", "/embeddings"), ("POST", "/v1beta/models/m:countTokens")],
)
def test_what_changes_nothing_is_asked_again(method: str, path: str) -> None:
    first, second, third = Answer(503), Answer(500), Answer(502)
    provider = Provider(first, UpstreamTimeoutError("silent"), Answer(200))
    assert ask(resilient(provider), path, method).status == 200
    assert (provider.asked, first.closed) == (3, True)
    provider = Provider(first, second, third)
    last = ask(resilient(provider), path, method)
    assert (last, last.closed, second.closed, provider.asked) == (third, False, True, 3)


def test_what_the_provider_says_goes_first() -> None:
    for answer in (Answer(503, x_should_retry="false"), Answer(429, retry_after="60"), Answer(404), Answer(501)):
        provider = Provider(answer)
        assert ask(resilient(provider), COUNT) is answer
        assert provider.asked == 1
    for answer in (Answer(429, retry_after="1"), Answer(429, retry_after_ms="20"), Answer(503, retry_after="Fri")):
        provider = Provider(answer, Answer(200))
        assert ask(resilient(provider), COUNT).status == 200
    provider = Provider(Answer(503))
    assert ask(resilient(provider, attempts=1), COUNT).status == 503
    with pytest.raises(UpstreamUnreachableError):
        ask(resilient(Provider(UpstreamUnreachableError("no")), attempts=1))


def test_an_upstream_that_fails_in_a_row_is_left_alone_and_one_request_tries_it() -> None:
    clock, told = Clock(), list[bool]()
    provider = Provider(*[Answer(500)] * 2, Answer(200), *[Answer(529)] * 3, UpstreamError("x"), Answer(200))
    upstream = resilient(provider, clock, failures=3, told=told)
    for _ in range(6):
        ask(upstream)
    assert told == [True]
    clock.at = 4
    with pytest.raises(CircuitOpenError) as refused:
        ask(upstream)
    problem = problem_of(refused.value)
    assert (problem.status, problem.code, problem.retry_after_s) == (503, "circuit_open", 6)
    assert provider.asked == 6
    clock.at = 10
    with pytest.raises(UpstreamError):
        ask(upstream)
    clock.at = 19
    with pytest.raises(CircuitOpenError):
        ask(upstream)
    clock.at = 20
    assert ask(upstream).status == 200
    assert ask(upstream).status == 200
    assert told == [True, False]


def test_while_one_request_tries_the_others_are_refused_and_a_lost_one_does_not_close_for_ever() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, open_s=10, clock=clock)
    breaker.failed()
    clock.at = 10
    breaker.enter()
    with pytest.raises(CircuitOpenError):
        breaker.enter()
    clock.at = 20  # the one that tried was cancelled and told nobody
    breaker.enter()
    breaker.succeeded()
    breaker.enter()
    never = Breaker(failures=0, open_s=10, clock=clock)
    for _ in range(100):
        never.failed()
    never.enter()


def test_the_rest_is_the_upstreams_own() -> None:
    provider = Provider(Answer(200))
    upstream = resilient(provider)
    assert upstream.conceal(b"a") == b"a!"
    asyncio.run(upstream.close())
    assert provider.closed
    assert "Provider" in repr(upstream)
