"""One of several workers on a port: `python -m strongroom.cli.worker`, started by `up --workers` alone.

Reads its job as one JSON line from standard input and stops when that ends, so that it never outlives its
supervisor. Says ``ready`` on standard output once it serves.

Must never: take a secret from its arguments or its environment; what a person typed comes with the job.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from socket import socket
from typing import Any

from strongroom.errors import ConfigurationError, StrongroomError
from strongroom.settings import default_variable

METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus-client keeps counters that several processes share; it looks while it is imported."""


def main() -> int:
    """Serve until told to stop; the exit code of a command."""
    job: dict[str, Any] = json.loads(sys.stdin.readline())
    default_variable(METRICS_VARIABLE, job["metrics"])
    threading.Thread(target=_stop_with_the_supervisor, name="supervisor", daemon=True).start()
    from strongroom.cli.exits import report

    try:
        _serve(job)
    except StrongroomError as error:
        return report(error, as_json=False)
    return 0


def _serve(job: dict[str, Any]) -> None:
    from strongroom.gateway.for_room import serve_room_on
    from strongroom.room import Strongroom

    config = _path(job["config"])
    with (
        socket(fileno=job["fd"]) as listening,
        Strongroom.open(
            home=_path(job["home"]),
            keyfile=_path(job["keyfile"]),
            config=config,
            root=job["root"],
            ask=answers(job["secrets"]),
            **job["flags"],
        ) as room,
    ):
        serve_room_on(room, listening, ready=_say_ready, config=config, shared_metrics=Path(job["metrics"]))


def _say_ready(host: str, port: int) -> None:  # noqa: ARG001 - the signature of `ready`
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def _stop_with_the_supervisor() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def answers(secrets: list[str]) -> Callable[[str], str]:
    """Gives what a person told the supervisor, in the same order. Raises `ConfigurationError` after the last."""
    left = iter(secrets)

    def ask(what: str) -> str:
        secret = next(left, None)
        if secret is None:
            msg = f"{what}: a worker cannot ask"
            raise ConfigurationError(msg)
        return secret

    return ask


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


if __name__ == "__main__":
    sys.exit(main())
