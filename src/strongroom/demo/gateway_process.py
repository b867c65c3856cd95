"""The real gateway as a process of its own, run and administered by the same commands a user has.

It gets an environment made from nothing: a home directory, a configuration directory and a place for temporary
files, all inside the demo's work directory, so that everything it leaves anywhere is found by the scan.

Must never: inherit the caller's environment, where a real key may lie, or leave a process behind.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from strongroom.errors import UpstreamError
from strongroom.keys.epoch import Epoch
from strongroom.room import Strongroom

HOST = "127.0.0.1"
COMMAND_S = 180.0
READY_S = 60.0  # a cold start on a busy machine with two cores
PIPE_LEN = 64 << 10
STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where one demo lives. `home` is the store; keyfile, temporary files and outputs lie beside it.

    `root` is the unseal path as a URI, empty for the keyfile; `variables` is what its device needs in the
    environment.
    """

    work: Path
    root: str = ""
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def home(self) -> Path:
        """The store."""
        return self.work / "home"

    @property
    def keyfile(self) -> Path:
        """The root keyfile, apart from the store."""
        return self.work / "user" / "config" / "strongroom.key"

    @property
    def outputs(self) -> Path:
        """What the processes print."""
        return self.work / "outputs"

    @property
    def desk(self) -> Path:
        """Where an agent without Strongroom would keep its files."""
        return self.work / "agent"

    def make(self) -> None:
        """Make the directories."""
        for directory in (self.home, self.keyfile.parent, self.outputs, self.work / "tmp"):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def environment(self) -> dict[str, str]:
        """The whole environment of the processes."""
        user = self.work / "user"
        return {
            "HOME": str(user),
            "XDG_CONFIG_HOME": str(user / "config"),
            "TMPDIR": str(self.work / "tmp"),
            "PATH": os.defpath,
            "PYTHONUTF8": "1",
            **self.variables,
        }

    def options(self) -> list[str]:
        """What each command is told about where the store is; its settings file has an unseal path of its own."""
        return ["--home", str(self.home), *([] if self.root else ["--keyfile", str(self.keyfile)])]

    def open(self, *, create: bool = False, epoch: Epoch | None = None) -> Strongroom:
        """The room in this process."""
        if self.root:
            return Strongroom.open(home=self.home, root=self.root, create=create, epoch=epoch)
        return Strongroom.open(home=self.home, keyfile=self.keyfile, create=create, epoch=epoch)


def run_command(place: Place, *arguments: str) -> Any:
    """Run one `strongroom` command on the demo's store and return the JSON document it prints.

    Raises `UpstreamError` naming the command when it fails, with the code of the error it reported.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own command
        [sys.executable, "-m", "strongroom", *arguments, *place.options(), "--json"],
        env=place.environment(), capture_output=True, timeout=COMMAND_S, check=False, cwd=place.work,
    )  # fmt: skip
    with (place.outputs / "commands.log").open("ab") as log:
        log.write(done.stderr)
    if done.returncode:
        msg = f"strongroom {' '.join(arguments[:2])} ended with {done.returncode} ({_error_code(done.stderr)})"
        raise UpstreamError(msg)
    return json.loads(done.stdout)


def _error_code(stderr: bytes) -> str:
    try:
        return str(json.loads(stderr)["error"])
    except (ValueError, KeyError, TypeError):
        return "no error was reported"


@dataclass(slots=True)
class GatewayProcess:
    """`strongroom up` as a child. A context manager: ready when entered, with `url` set; gone when left."""

    place: Place
    upstreams: Mapping[str, str]
    mode: str = "enforce"
    url: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "strongroom", *self._arguments()]
        with (self.place.outputs / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own command
                command, env=self.place.environment(), stdout=subprocess.PIPE, stderr=log, cwd=self.place.work
            )
        try:
            self.url = self._announced(self._process)
        except UpstreamError:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """Ask the gateway to drain and end, as Ctrl-C does; returns its exit code."""
        process = self._process
        if process is None:
            return 0
        self._process = None
        if process.stdout is not None:
            process.stdout.close()
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _arguments(self) -> Sequence[str]:
        pairs = [word for name, url in self.upstreams.items() for word in ("--upstream", f"{name}={url}")]
        return ["up", *self.place.options(), "--listen", f"{HOST}:0", "--mode", self.mode, "--json", *pairs]

    def _announced(self, process: subprocess.Popen[bytes]) -> str:
        """The base URL, as the gateway says it once it serves; what it says is kept for the scan."""
        if process.stdout is None:  # pragma: no cover - it was asked for
            raise AssertionError
        said = b""
        while select.select([process.stdout], [], [], READY_S)[0]:
            piece = os.read(process.stdout.fileno(), PIPE_LEN)
            if not piece:
                msg = f"the gateway ended with {process.wait(STOP_S)} before it served"
                raise UpstreamError(msg)
            said += piece
            try:
                url = str(json.loads(said)["url"])
            except ValueError:
                continue
            (self.place.outputs / "announcement.log").write_bytes(said)
            return url
        msg = f"the gateway did not serve within {READY_S:.0f} seconds"
        raise UpstreamError(msg)
