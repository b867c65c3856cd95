"""A house on a real store for the rooms that need all of those below: made once, copied for every test."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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
        settings.setdefault("detection", {"names": "off"})  # what is found in running text has tests of its own
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


@contextmanager
def software_tpm(directory: Path) -> Iterator[str]:
    """A TPM of its own in a process of its own; gives how it is reached."""
    with ExitStack() as ports:
        while True:  # its control channel is the port after its own
            first, second = (ports.enter_context(socket.socket()) for _ in range(2))
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                break
    directory.mkdir()
    channel = "type=tcp,bindaddr=127.0.0.1,port="
    process = subprocess.Popen(
        ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={directory}", "--server", f"{channel}{port}",
         "--ctrl", f"{channel}{port + 1}", "--flags", "not-need-init,startup-clear"],
    )  # fmt: skip
    try:
        for _ in range(1000):
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port + 1)):
                break
            time.sleep(0.01)
        yield f"swtpm:host=127.0.0.1,port={port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def tpms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two TPMs by swtpm, as two machines have."""
    if shutil.which("swtpm") is None:
        pytest.skip("swtpm is not installed: apt-get install swtpm")
    pytest.importorskip("tpm2_pytss", reason="the extra strongroom[tpm] is not installed")
    directory = tmp_path_factory.mktemp("tpm")
    os.environ.setdefault("TSS2_LOG", "all+none")
    with software_tpm(directory / "first") as first, software_tpm(directory / "second") as second:
        yield first, second
