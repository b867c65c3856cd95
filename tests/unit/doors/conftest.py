"""A door on a real room, and a provider behind it."""

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
