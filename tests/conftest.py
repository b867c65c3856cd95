"""A house on a real store for the rooms that need all of those below: made once, copied for every test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from strongroom import Strongroom

if TYPE_CHECKING:
    from tests.fakes.clouds import Clouds


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was made and closed again; making one costs an Argon2 derivation."""
    place = tmp_path_factory.mktemp("pristine")
    Strongroom.open(home=place / "home", keyfile=place / "store.key", create=True).close()
    return place


@pytest.fixture
def place(pristine: Path, tmp_path: Path) -> Path:
    """A fresh copy of the pristine store: `home` and `store.key`."""
    shutil.copytree(pristine, tmp_path / "place")
    return tmp_path / "place"


@pytest.fixture
def open_room(place: Path) -> Iterator[Callable[..., Strongroom]]:
    """Opens rooms on the store; they are closed when the test ends."""
    opened: list[Strongroom] = []

    def opener(**settings: Any) -> Strongroom:
        room = Strongroom.open(home=place / "home", keyfile=place / "store.key", **settings)
        opened.append(room)
        return room

    yield opener
    for room in reversed(opened):
        room.close()


@pytest.fixture
def room(open_room: Callable[..., Strongroom]) -> Strongroom:
    """A room whose tools are those of the tests."""
    return open_room(
        tools={
            "send_email": {"to": "message.recipient", "subject": "message.text", "body": "message.text"},
            "refund_card": {"card": "payment.card"},
        }
    )


@pytest.fixture(scope="session")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Clouds"]:
    """Fake key services on loopback, each started when a test needs it; the clients are the official SDKs."""
    for sdk in ("boto3", "google.cloud.kms_v1", "azure.keyvault.keys", "azure.identity", "hvac"):
        pytest.importorskip(sdk, reason=f"{sdk} is not installed: pip install 'strongroom[aws,gcp,azure,vault]'")
    from tests.fakes.clouds import all_clouds

    with all_clouds(tmp_path_factory.mktemp("clouds")) as started:
        yield started
