import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from strongroom.cli.main import run


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home directory of a person who has never used Strongroom."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("STRONGROOM_DETECTION__NAMES", "off")  # what is found in running text has tests of its own
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def command(person: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run one command in this process, as that person."""
    monkeypatch.setattr("os.nice", lambda _: 0)  # this process is not the command's to slow down

    def ended(*arguments: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as end:
            run(arguments)
        out, err = capfdbinary.readouterr()
        return Ended(int(end.value.code or 0), out.decode(), err.decode())

    return ended


@pytest.fixture
def room(command: Command) -> Command:
    """The same, once the store exists."""
    made = command("init")
    assert made.code == 0, made.err
    return command
