"""Yardsticks that others made: `chunk-invariance` on the restorer, `pii-leak-benchmark` on a running gateway."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chunk_invariance import assert_chunk_invariant

from strongroom import Strongroom
from strongroom.gateway.app import create_app
from strongroom.gateway.for_room import parts_for
from strongroom.gateway.serve import Served
from strongroom.surrogates.restore import Restorer

VALUES = {"EMAIL_7KQ2M9X": 'anna "x" @example.org', "CARD_0X4T1ZB": "EMAIL_7KQ2M9X"}


def restore_stream(chunks: Any) -> Iterator[str]:
    restorer = Restorer(VALUES.get, keep_json=True)
    for chunk in chunks:
        yield restorer.feed(chunk)
    yield restorer.flush()


@pytest.mark.parametrize(
    "text",
    ["to EMAIL_7KQ2M9X, card CARD_0X4T1ZB.", '{"a": "EMAIL_7KQ2M9X"}', "__EMAIL\\_7KQ2M9X__ EMAIL_ADDRESS", "é\\"],
)
def test_the_restorer_is_chunk_invariant(text: str) -> None:
    assert (
        assert_chunk_invariant(restore_stream, lambda whole: "".join(restore_stream([whole])), text, splits=3) > 1
    )


# keys and tokens are never put back, by policy: the model does not see them, and that is all of it
@pytest.mark.parametrize(("profile", "duty"), [("pii-v1", "restore"), ("pii-secrets-v1", "anonymize")])
def test_a_gateway_passes_the_leak_benchmark(open_room: Any, tmp_path: Path, profile: str, duty: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    room: Strongroom = open_room(upstreams={"openai": f"http://127.0.0.1:{port}/v1"})
    key = room.credentials.issue("bench", tenant="acme", environment="prod")
    report = tmp_path / "report.json"
    with parts_for(room) as parts, Served(create_app(parts)) as served:
        run = subprocess.run(
            [
                str(Path(sys.executable).with_name("pii-leak-benchmark")), "selfcheck", "--duty", duty,
                "--iterations", "3",
                "--target-base-url", f"{served.url}/openai/v1", "--capture-port", str(port), "--profile", profile,
                "--json-out", str(report),
            ],
            env={"CONFORMANCE_TARGET_API_KEY": key, "NO_PROXY": "127.0.0.1"}, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads(report.read_text())
