"""The door inside an MCP server: handlers get values, the client gets surrogates; both ends are the SDK's."""

import asyncio
import importlib.util
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.types import ElicitResult, TextContent

from strongroom import Strongroom
from strongroom.doors.mcp_server import McpMiddleware

SERVER = Path(__file__).with_name("mcp_tool_server.py")
EMAIL = "anna.schmidt@example.org"
SURROGATE = re.compile(r"EMAIL_[0-9A-Z]+")
TOOLS = {"send_email": {"to": "message.recipient"}, "resources/read": {"uri": "record.lookup"}}


class Inside:
    """The SDK's server with the door in it."""

    def __init__(self, base: Path) -> None:
        self.room = Strongroom.open(home=base / "store", keyfile=base / "root.key", create=True, tools=TOOLS)
        self.calls = base / "calls.jsonl"
        self.calls.touch()
        spec = importlib.util.spec_from_file_location("mcp_tool_server", SERVER)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        door = McpMiddleware.of(self.room, "support-bot", tenant="acme", environment="prod", server="crm")
        self.server = module.build(self.calls, door)

    def called(self) -> list[Any]:
        return [json.loads(line) for line in self.calls.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    made = Inside(tmp_path_factory.mktemp("inside"))
    yield made
    made.room.close()


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_handlers_get_values_and_the_client_gets_surrogates(inside: Inside, mode: str) -> None:
    async def work() -> None:
        async with Client(inside.server, mode=mode) as client:
            assert EMAIL not in (await client.list_tools()).model_dump_json()
            found = (await client.call_tool("look_up", {"query": "anna"})).structured_content
            assert found is not None
            assert SURROGATE.fullmatch(found["email"])
            sent = await client.call_tool("send_email", {"to": found["email"], "body": found["card"]})
            assert isinstance(sent.content[0], TextContent)
            assert sent.content[0].text == f"sent to {found['email']}"
            assert inside.called()[-1]["to"] == EMAIL
            assert inside.called()[-1]["body"] == found["card"]
            uri = str((await client.list_resources()).resources[0].uri)
            assert EMAIL not in uri
            assert EMAIL not in (await client.read_resource(uri)).model_dump_json()
            assert EMAIL not in (await client.call_tool("broken", {})).model_dump_json()

    run(work)


def test_what_cannot_be_inspected_or_was_never_issued_is_refused(inside: Inside) -> None:
    async def work() -> None:
        before = len(inside.called())
        async with Client(inside.server, mode="legacy") as client:
            with pytest.raises(MCPError, match="cannot be inspected"):
                await client.call_tool("picture", {})
            with pytest.raises(MCPError, match="never issued"):
                await client.call_tool("send_email", {"to": "EMAIL_7KQ2M9X4T1ZBA", "body": ""})
        assert len(inside.called()) == before

    run(work)


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
def test_what_a_handler_says_by_the_way_is_inspected(inside: Inside) -> None:
    async def work() -> None:
        heard: list[str] = []

        async def log(params: Any) -> None:
            heard.append(json.dumps(params.data))

        async def progress(progress: float, total: float | None, message: str | None) -> None:
            heard.append(str(message))

        async def answer(context: Any, params: Any) -> ElicitResult:
            heard.append(params.message)
            return ElicitResult(action="accept", content={"reason": "she asked for it"})

        client = Client(inside.server, mode="legacy", logging_callback=log, elicitation_callback=answer)
        async with client:
            await client.call_tool("talkative", {}, progress_callback=progress)
            await client.call_tool("ask", {})
        assert len(heard) == 3
        assert all(SURROGATE.search(said) and EMAIL not in said for said in heard)
        assert inside.called()[-1] == {"tool": "ask", "reason": "she asked for it"}

    run(work)


def test_the_snippet_of_the_how_to_runs(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "howto" / "mcp.md"
    code = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[1]
    assert len(code.splitlines()) <= 10
    place = f"home=Path({str(tmp_path / 'store')!r}), keyfile=Path({str(tmp_path / 'key')!r}), create=True"
    names: dict[str, Any] = {"Path": Path}
    exec(compile(code.replace("open()", f"open({place})"), "mcp.md", "exec"), names)  # noqa: S102 - our own page
    names["server"].tool()(whom_to_write)

    async def work() -> None:
        async with Client(names["server"]) as client:
            found = await client.call_tool("whom_to_write", {})
            assert isinstance(found.content[0], TextContent)
            assert SURROGATE.fullmatch(found.content[0].text)

    run(work)
    names["room"].close()


def whom_to_write() -> str:
    """Whom to write to."""
    return EMAIL
