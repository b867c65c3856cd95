"""The other end of `bench.harness.Peer`, for scripts that run without Strongroom: one JSON line per request."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version


def answer(cases: Mapping[str, Callable[..., object]], *packages: str) -> None:
    """Say which versions run here, then answer each request with its case's value until the input ends."""
    print(json.dumps({"versions": {package: version(package) for package in packages}}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"value": cases[request.pop("case")](**request)}), flush=True)
