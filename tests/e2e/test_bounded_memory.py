"""What a gateway holds is bounded (idle streams, slow readers, large bodies), and others are served meanwhile."""

import importlib
import socket
import time
from typing import Any

import pytest

from strongroom.gateway.serve import bind

pytestmark = pytest.mark.e2e
STREAMS = 100
SLOW = 10
BODY_MIB = 2
gateway_load: Any = importlib.import_module("bench.gateway_load")  # benchmarks are not under mypy


def test_streams_readers_and_bodies_hold_what_the_benchmark_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_load, "ASKED", 20)
    with gateway_load.rig() as server:
        seen = gateway_load.measured(server, streams=STREAMS, slow=SLOW, body_mib=BODY_MIB)
    assert seen.idle_mib * 1024 / STREAMS <= 100
    assert seen.slow_mib / SLOW <= 2
    assert seen.beside_s <= max(20 * seen.alone_s, 0.1), "slow readers stall others"
    assert seen.body_mib <= 12 * BODY_MIB
    assert seen.bodies_mib <= gateway_load.AT_ONCE * 12 * BODY_MIB


def test_a_client_that_does_not_read_is_cut_off_by_the_kernel() -> None:
    with bind("127.0.0.1", 0, idle_s=0.3) as listening, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listening.getsockname())
        served, _ = listening.accept()
        with served:
            assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 300
            served.settimeout(30)
            start = time.monotonic()
            with pytest.raises(TimeoutError, match="timed out"):
                _fill(served)
            assert time.monotonic() - start < 20


def _fill(connection: Any) -> None:
    while True:
        connection.send(b"x" * 65536)
