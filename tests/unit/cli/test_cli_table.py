import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from strongroom.cli import up
from strongroom.errors import ConfigurationError

NOUNS = ["up", "demo", "init", "status", "seal", "open", "tokenize", "classify"]
GROUPS = ["credential", "source", "keys", "policy", "audit", "erase"]


def test_help_names_every_noun_and_where_to_start(command: Callable[..., Any]) -> None:
    ended = command("--help")
    assert ended.code == 0
    listed = [line.split()[0] for line in ended.out.splitlines() if line.startswith("  ") and line.split()]
    assert [noun for noun in NOUNS + GROUPS if noun not in listed] == []
    assert "strongroom demo" in ended.out


def test_version_is_printed(command: Callable[..., Any]) -> None:
    assert command("--version").out.startswith("strongroom 0.")


def test_help_loads_no_room() -> None:
    script = (
        "import sys\nfrom strongroom.cli.main import run\ntry:\n    run(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " {'sqlalchemy', 'cryptography', 'pydantic', 'rich', 'aiohttp', 're2', 'cedarpy'}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("arguments", [["nonsense"], ["keys", "rotate"], ["status", "--nonsense"]])
def test_a_mistake_in_the_command_line_ends_with_2(command: Callable[..., Any], arguments: list[str]) -> None:
    ended = command(*arguments)
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert ended.out == ""


def test_python_m_is_the_same_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "strongroom", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("strongroom 0.")


def test_upstreams_are_read_by_name() -> None:
    assert up.upstreams_from(["openai=https://a/v1?x=y", "local=http://127.0.0.1:1"]) == {
        "openai": "https://a/v1?x=y",
        "local": "http://127.0.0.1:1",
    }


@pytest.mark.parametrize(
    "pairs", [["openai"], ["=https://a"], ["openai=ftp://a"], ["openai=https://a", "openai=https://b"]]
)
def test_a_wrong_upstream_is_refused_by_position_or_name(pairs: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="--upstream"):
        up.upstreams_from(pairs)
