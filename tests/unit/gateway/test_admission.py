"""Rates, budgets, addresses and bounds as a client meets them: over HTTP, in the provider's own error shape."""

import asyncio
import json
import socket
import threading
from typing import Any

import pytest

from strongroom.adapters.counters_memory import MemoryCounters
from strongroom.clock import SystemClock
from strongroom.errors import AuditUnavailableError
from strongroom.gateway import http
from strongroom.gateway.admission import Admission
from strongroom.gateway.client_address import Entrance
from strongroom.gateway.occupancy import Occupancy
from strongroom.gateway.parts import AnalysisParts, GatewayLimits
from strongroom.gateway.problems import OverloadedError, SlowClientError
from strongroom.gateway.quota import Quotas
from strongroom.gateway.quota_rules import Rules, networks
from strongroom.gateway.resilience import Breaker, ResilientUpstream
from strongroom.identity import Principal
from strongroom.settings import Quota

ASK = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
USED = b'{"choices":[],"usage":{"prompt_tokens":900,"completion_tokens":90}}'


def bounded(**rule: Any) -> Admission:
    return Admission(quotas=Quotas(Rules({"default": Quota(**rule)}, {}), MemoryCounters(SystemClock())))


def test_a_rate_is_refused_in_the_providers_shape_with_a_time_and_nothing_is_forwarded(make_rig: Any) -> None:
    rig = make_rig(admission=bounded(requests=("1/hour",)))
    assert rig.chat(ASK).status_code == 200
    answer = rig.chat(ASK)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "quota"
    assert "at most 1 per 3600 s for acme/prod/support-bot" in answer.json()["error"]["message"]
    assert 3500 < int(answer.headers["retry-after"]) <= 7200
    assert len(rig.upstream.requests) == 1
    other = rig.messages({**ASK, "max_tokens": 1}, authorization="Bearer sr_other")
    assert other.status_code == 200
    refused = rig.messages({**ASK, "max_tokens": 1})
    assert (refused.status_code, refused.json()["type"]) == (429, "error")
    assert rig.log.line(error="quota")["principal"] == "support-bot"


def test_a_credential_that_is_none_counts_against_nobody(make_rig: Any) -> None:
    rig = make_rig(admission=bounded(requests=("1/hour",)))
    for _ in range(3):
        assert rig.chat(ASK, authorization="Bearer sr_x").status_code == 401
    assert rig.chat(ASK).status_code == 200


def test_a_budget_is_spent_by_what_the_provider_reports_whole_and_streamed(make_rig: Any) -> None:
    rig = make_rig(admission=bounded(tokens=("2500/hour",)))
    rig.upstream.answer(USED)
    assert rig.chat(ASK).status_code == 200
    assert rig.log.line(status=200)["tokens"] == [900, 90]
    rig.upstream.stream(b"data: " + USED + b"\n\n", b"data: [DONE]\n\n")
    assert rig.chat({**ASK, "stream": True}).status_code == 200
    answer = rig.chat(ASK)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "quota")
    assert rig.sessions.opened[-1].finished == 1  # what was inspected before the refusal is recorded
    metrics = rig.client.get(f"{rig.url}/metrics").text
    assert 'strongroom_gateway_tokens_total{direction="in",route="openai.chat"} 1800.0' in metrics


def test_the_endpoints_for_clients_of_presidio_count_as_well(make_rig: Any) -> None:
    admission = bounded(requests=("1/hour",))
    visit = admission.enter({"client": ("127.0.0.1", 1)}, {})
    asyncio.run(visit.admit(Principal("support-bot", "acme", "prod")))
    missing: Any = None
    rig = make_rig(admission=admission, analysis=AnalysisParts(missing, frozenset()))
    assert rig.client.get(f"{rig.url}/recognizers").status_code == 401
    headers = {"authorization": "Bearer sr_test"}
    assert rig.client.get(f"{rig.url}/recognizers", headers=headers).json()["code"] == "quota"


def test_an_answer_that_failed_costs_nothing(make_rig: Any) -> None:
    rig = make_rig(admission=bounded(tokens=("2500/hour",)))
    rig.upstream.answer(b'{"error":{}}', status=500)
    for _ in range(5):
        assert rig.chat(ASK).status_code == 500


def test_an_address_off_the_list_is_refused_before_anything_else(make_rig: Any) -> None:
    rig = make_rig(admission=Admission(entrance=Entrance(networks(("192.0.2.0/24",), "x"))))
    answer = rig.chat(ASK, authorization="Bearer sr_x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "address")
    assert rig.client.get(f"{rig.url}/healthz").status_code == 200
    own = make_rig(admission=bounded(addresses=("192.0.2.0/24",)))
    assert own.chat(ASK).json()["error"]["code"] == "address"
    loopback = networks(("127.0.0.0/8",), "x")
    behind = make_rig(admission=Admission(entrance=Entrance((), loopback)))
    assert behind.chat(ASK, x_forwarded_for="203.0.113.9").status_code == 200
    assert behind.sessions.opened[-1].caller.address == "203.0.113.9"


def test_more_in_progress_than_was_said_is_refused_at_once_and_leaves_nothing_behind(make_rig: Any) -> None:
    occupancy = Occupancy(bytes_max=100_000, requests_max=1)
    rig = make_rig(admission=Admission(occupancy=occupancy))
    rig.upstream.stream(b'data: {"choices":[]}\n\n', then="wait", last=b"data: [DONE]\n\n")
    with socket.create_connection(tuple(rig.url[7:].split(":")), timeout=20) as client:
        head = "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sr_test\r\n"
        body = json.dumps({**ASK, "stream": True}).encode()
        client.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        assert client.recv(4096)
        assert (occupancy.requests, occupancy.bytes) == (1, len(body))
        answer = rig.chat(ASK)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["error"]["code"] == "overloaded"
        rig.upstream.go_on.set()
        while b"[DONE]" not in client.recv(4096):
            pass
    rig.log.line(status=200)
    rig.upstream.answer(b"{}")
    large = {"model": "m", "messages": [{"role": "user", "content": "x " * 60_000}]}
    answer = rig.chat(large)
    assert answer.json()["error"]["message"].startswith("bodies in progress hold more than 100000 bytes")
    rig.upstream.answer(b'{"choices":[' + b" " * 120_000 + b"]}")
    assert rig.chat(ASK).json()["error"]["code"] == "overloaded"
    assert (occupancy.requests, occupancy.bytes) == (0, 0)


def test_a_bound_holds_nothing_of_what_it_refuses() -> None:
    occupancy = Occupancy(10, 1)
    occupancy.hold(6)
    with pytest.raises(OverloadedError):
        occupancy.hold(5)
    occupancy.hold(4)
    occupancy.release(10)
    assert occupancy.bytes == 0


def test_a_body_that_stops_coming_is_given_up(make_rig: Any) -> None:
    rig = make_rig(limits=GatewayLimits(client_idle_s=0.05))
    with socket.create_connection(tuple(rig.url[7:].split(":")), timeout=20) as client:
        head = "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sr_test\r\n"
        client.sendall(f"{head}content-length: 100\r\n\r\n{{".encode())
        assert b"408" in client.recv(4096)
    assert rig.upstream.requests == []


def test_a_slow_body_that_keeps_coming_is_waited_for() -> None:
    async def talk() -> bytes:
        pieces = [b"a"] * 8

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": pieces.pop(), "more_body": bool(pieces)}

        return await http.read_body(receive, 100, idle_s=0.1)

    assert asyncio.run(talk()) == b"a" * 8

    async def stalls() -> None:
        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        await http.read_body(receive, 100, idle_s=0.01)

    with pytest.raises(SlowClientError):
        asyncio.run(stalls())


def test_an_open_circuit_is_told_with_a_time(make_rig: Any) -> None:
    def wrap(upstream: Any) -> Any:
        breaker = Breaker(failures=1, open_s=30, clock=SystemClock())
        return ResilientUpstream(upstream, attempts=1, wait_max_s=1, breaker=breaker)

    rig = make_rig(wrap=wrap)
    rig.upstream.answer(b"busy", status=503)
    assert rig.chat(ASK).status_code == 503
    answer = rig.chat(ASK)
    assert answer.json()["error"]["code"] == "circuit_open"
    assert int(answer.headers["retry-after"]) <= 30
    assert len(rig.upstream.requests) == 1


class Care:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.ticked = threading.Event()
        self.failing = ""

    def tick(self) -> None:
        self.ticked.set()

    def reload(self) -> None:
        raise AuditUnavailableError

    def fault(self) -> str:
        return self.failing


def test_readiness_says_why_it_is_not_and_health_is_about_the_process_alone(make_rig: Any) -> None:
    care = Care()
    rig = make_rig(care=care)
    assert rig.client.get(f"{rig.url}/readyz").status_code == 200
    assert care.ticked.wait(10)
    care.failing = "audit_unavailable"
    answer = rig.client.get(f"{rig.url}/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "audit_unavailable"})
    assert rig.client.get(f"{rig.url}/healthz").status_code == 200
