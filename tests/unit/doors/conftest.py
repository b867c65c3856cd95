"""A door on a real room, and a provider behind it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
from tests.unit.doors.providers import Provider

from strongroom import Strongroom
from strongroom.doors import Door


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def door(room: Strongroom) -> Door:
    return Door.of(room, "support-bot", tenant="acme", environment="prod")


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def package(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(autouse=True)
def loops_closed() -> Iterator[None]:
    """Frameworks that run coroutines for callers who are not async leave their event loop open."""
    yield
    try:
        loop = asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:  # there is none, as it should be
        return
    if not loop.is_running():
        loop.close()
        asyncio.set_event_loop(None)
