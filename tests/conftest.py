"""A house on a real store for the rooms that need all of those below: made once, copied for every test."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


SOFTHSM2_MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@dataclass(frozen=True)
class Tokens:
    """SoftHSM2 tokens of this test run: the labels that exist, all with the same PIN."""

    directory: Path
    pin_file: Path
    pin: str
    labels: tuple[str, ...] = ("strongroom", "second", "expendable")

    def uri(self, label: str = "strongroom") -> str:
        return f"pkcs11:token={label}?pin-source=file:{self.pin_file}"


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    """Real tokens. SoftHSM2 reads where they are when the module is first loaded, hence once per process."""
    pytest.importorskip("pkcs11", reason="the extra strongroom[pkcs11] is not installed")
    if not Path(SOFTHSM2_MODULE).exists() or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed: apt-get install softhsm2")
    directory = tmp_path_factory.mktemp("softhsm")
    made = Tokens(directory, directory / "pin", secrets.token_hex(8))
    made.pin_file.write_text(made.pin)
    (directory / "tokens").mkdir()
    (directory / "softhsm2.conf").write_text(f"directories.tokendir = {directory}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(directory / "softhsm2.conf")
    for label in made.labels:
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "officer-1"]
        subprocess.run([*command, "--pin", made.pin], check=True, capture_output=True)
    return made
