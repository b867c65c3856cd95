"""MCP over standard streams: the official client starts `strongroom mcp`, which starts the official server."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import TextContent

from strongroom import Strongroom

pytestmark = pytest.mark.e2e

SERVER = Path(__file__).with_name("mcp_tool_server.py")
HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "mcp.md"
EMAIL = "anna.schmidt@example.org"
SURROGATE = re.compile(r"EMAIL_[0-9A-Z]+")


def settings() -> str:
    """The declarations of the how-to."""
    example = re.search(r"^```toml\n(.*?)^```$", HOWTO.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert example is not None
    return example[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("stdio")
    (base / "store").mkdir()
    (base / "store" / "strongroom.toml").write_text(settings())
    Strongroom.open(home=base / "store", keyfile=base / "root.key", create=True).close()
    (base / "calls.jsonl").touch()
    return base


def wrapped(home: Path, *command: str) -> list[str]:
    """What the how-to tells a client to run, for the store and server of this test."""
    example = re.search(r"^```json\n(.*?)^```$", HOWTO.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert example is not None
    arguments: list[str] = json.loads(example[1])["mcpServers"]["crm"]["args"]
    place = ["--home", str(home / "store"), "--keyfile", str(home / "root.key")]
    return [sys.executable, "-m", "strongroom", *arguments[: arguments.index("--")], *place, "--", *command]


def started(home: Path, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        wrapped(home, *command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))


def test_an_sdk_client_and_an_sdk_server_meet_through_the_wrapper(home: Path) -> None:
    calls = home / "calls.jsonl"
    command, *arguments = wrapped(home, sys.executable, str(SERVER), "stdio", str(calls))
    log = home / "stderr.log"

    async def work() -> None:
        parameters = StdioServerParameters(command=command, args=arguments)
        with log.open("w", encoding="utf-8") as errors:
            async with Client(stdio_client(parameters, errlog=errors)) as client:
                found = await client.call_tool("look_up", {"query": "anna"})
                customer = found.structured_content
                assert customer is not None
                sent = await client.call_tool("send_email", {"to": customer["email"], "body": customer["card"]})
                assert isinstance(sent.content[0], TextContent)
                assert sent.content[0].text == f"sent to {customer['email']}"
                uri = str((await client.list_resources()).resources[0].uri)
                assert EMAIL not in uri
                assert EMAIL not in (await client.read_resource(uri)).model_dump_json()
                with pytest.raises(MCPError, match="cannot be inspected"):
                    await client.call_tool("picture", {})
                with pytest.raises(MCPError, match="never issued"):
                    await client.call_tool("send_email", {"to": "EMAIL_7KQ2M9X4T1ZBA", "body": ""})
        made = [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]
        assert made[1] == {"tool": "send_email", "to": EMAIL, "body": customer["card"], "region": ""}
        assert customer["card"].startswith("CARD_")
        assert [call["tool"] for call in made] == ["look_up", "send_email", "newest"]

    run(work)
    said = log.read_text(encoding="utf-8")
    assert EMAIL not in said
    assert SURROGATE.search(said)


def test_a_signal_ends_the_server_too(home: Path) -> None:
    program = 'import sys\nprint(\'{"jsonrpc":"2.0","method":"ping","id":1}\', flush=True)\nsys.stdin.read()'
    with started(home, sys.executable, "-c", program) as process:
        assert process.stdout is not None
        assert b"ping" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
        process.communicate()
