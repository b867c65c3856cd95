"""MCP over HTTP through the gateway: the official SDK on both sides, the server in a process of its own."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult, TextContent, TextResourceContents

from strongroom import Strongroom
from strongroom.gateway.app import create_app
from strongroom.gateway.for_room import parts_for
from strongroom.gateway.serve import Served

pytestmark = pytest.mark.e2e

SERVER = Path(__file__).with_name("mcp_tool_server.py")
EMAIL = "anna.schmidt@example.org"
SURROGATE = re.compile(r"EMAIL_[0-9A-Z]+")
MODES = ("legacy", "2026-07-28")
TOOLS = {
    "send_email": {"to": "message.recipient", "body": "message.text", "region": "message.recipient"},
    "look_up": {"query": "record.lookup"},
    "complaint": {"email": "record.lookup"},
    "resources/read": {"uri": "record.lookup"},
}


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


class House:
    """A room, its gateway, and the MCP servers behind it."""

    def __init__(self, home: Path, **flags: Any) -> None:
        self.calls = home / "calls.jsonl"
        self.calls.touch()
        kinds = ("http", "json")
        self._processes = [
            subprocess.Popen(
                [sys.executable, SERVER, kind, self.calls], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            for kind in kinds
        ]
        upstreams = {
            f"mcp-{kind}": f"http://127.0.0.1:{int(first_line(process))}/mcp"
            for kind, process in zip(kinds, self._processes, strict=True)
        }
        self.room = Strongroom.open(
            home=home / "store", keyfile=home / "user" / "root.key", create=True,
            upstreams=upstreams, tools=TOOLS, **flags,
        )  # fmt: skip
        self._parts = parts_for(self.room)
        self._served = Served(create_app(self._parts.__enter__()))
        self._served.__enter__()
        self.url = self._served.url
        self.key = self.credential("agent")

    def credential(self, name: str, tenant: str = "acme") -> str:
        return self.room.credentials.issue(name, tenant=tenant, environment="prod")

    def called(self) -> list[Any]:
        return [json.loads(line) for line in self.calls.read_text(encoding="utf-8").splitlines()]

    @asynccontextmanager
    async def client(self, mode: str = "legacy", server: str = "http", **more: Any) -> AsyncIterator[Client]:
        headers = {"authorization": f"Bearer {more.pop('key', self.key)}"}
        async with (
            httpx.AsyncClient(headers=headers, timeout=20, trust_env=False) as http,
            Client(
                streamable_http_client(f"{self.url}/mcp/{server}", http_client=http), mode=mode, **more
            ) as client,
        ):
            yield client

    def close(self) -> None:
        self._served.__exit__(None, None, None)
        self._parts.__exit__(None, None, None)
        self.room.close()
        for process in self._processes:
            process.terminate()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("mcp"))
    yield made
    made.close()


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))


def text_of(result: Any) -> str:
    assert isinstance(result.content[0], TextContent)
    return str(result.content[0].text)


@pytest.mark.parametrize("server", ["http", "json"])
@pytest.mark.parametrize("mode", MODES)
def test_the_model_sees_surrogates_and_the_tools_get_values(house: House, mode: str, server: str) -> None:
    async def work() -> None:
        async with house.client(mode, server) as client:
            tools = await client.list_tools()
            found = await client.call_tool("look_up", {"query": "anna"})
            customer = found.structured_content
            assert customer is not None
            assert json.loads(text_of(found)) == customer
            assert SURROGATE.fullmatch(customer["email"])
            assert customer["name"].startswith("PERSON_")
            assert customer["card"].startswith("CARD_")
            sent = await client.call_tool(
                "send_email",
                {"to": customer["email"], "body": f"card {customer['card']}", "region": customer["email"]},
            )
        assert SURROGATE.search(tools.tools[0].description or "")
        assert text_of(sent) == f"sent to {customer['email']}"
        call = house.called()[-1]
        assert call == {"tool": "send_email", "to": EMAIL, "body": f"card {customer['card']}", "region": EMAIL}

    run(work)


@pytest.mark.parametrize("mode", MODES)
def test_resources_and_prompts_go_by_names_that_carry_no_value(house: House, mode: str) -> None:
    async def work() -> None:
        async with house.client(mode) as client:
            listed = await client.list_resources()
            uri = str(listed.resources[0].uri)
            assert SURROGATE.search(uri)
            read = await client.read_resource(uri)
            assert isinstance(read.contents[0], TextResourceContents)
            assert EMAIL not in read.model_dump_json()
            assert SURROGATE.search(read.contents[0].text)
            assert house.called()[-1] == {"tool": "newest"}
            surrogate = SURROGATE.search(uri)
            assert surrogate
            prompt = await client.get_prompt("complaint", {"email": surrogate[0]})
            assert house.called()[-1] == {"tool": "complaint", "email": EMAIL}
            assert prompt.messages[0].content.text == f"Answer {surrogate[0]}"  # type: ignore[union-attr]

    run(work)


@pytest.mark.parametrize("mode", MODES)
def test_a_client_that_validates_results_accepts_a_surrogate_for_a_number(house: House, mode: str) -> None:
    async def work() -> None:
        async with house.client(mode) as client:
            await client.list_tools()
            paid = (await client.call_tool("payment", {})).structured_content
            assert paid is not None
            assert (str(paid["card"]).startswith("CARD_"), paid["amount"]) == (True, 12)

    run(work)


@pytest.mark.parametrize("mode", MODES)
def test_an_error_of_a_tool_is_inspected_too(house: House, mode: str) -> None:
    async def work() -> None:
        async with house.client(mode) as client:
            broken = await client.call_tool("broken", {})
        assert broken.is_error
        assert EMAIL not in broken.model_dump_json()

    run(work)


@pytest.mark.parametrize("mode", MODES)
def test_what_cannot_be_inspected_is_refused_by_its_place(house: House, mode: str) -> None:
    async def work() -> None:
        async with house.client(mode) as client:
            with pytest.raises(MCPError, match="cannot be inspected"):
                await client.call_tool("picture", {})
            assert not (await client.call_tool("look_up", {"query": "still there"})).is_error

    run(work)


@pytest.mark.parametrize("mode", MODES)
def test_a_surrogate_nobody_issued_stops_the_call(house: House, mode: str) -> None:
    async def work() -> None:
        before = len(house.called())
        async with house.client(mode) as client:
            with pytest.raises(MCPError, match="never issued"):
                await client.call_tool("send_email", {"to": "EMAIL_7KQ2M9X4T1ZBA", "body": ""})
        assert len(house.called()) == before

    run(work)


def test_logs_and_progress_of_a_tool_are_inspected(house: House) -> None:
    async def work() -> None:
        heard: list[str] = []

        async def log(params: Any) -> None:
            heard.append(json.dumps(params.data))

        async def progress(progress: float, total: float | None, message: str | None) -> None:
            heard.append(str(message))

        async with house.client(logging_callback=log) as client:
            await client.call_tool("talkative", {}, progress_callback=progress)
        assert len(heard) == 2
        assert EMAIL not in "".join(heard)
        assert all(SURROGATE.search(line) for line in heard)

    run(work)


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
def test_a_question_of_the_server_is_inspected_and_its_answer_arrives(house: House) -> None:
    async def work() -> None:
        asked: list[str] = []

        async def answer(context: Any, params: Any) -> ElicitResult:
            asked.append(params.message)
            return ElicitResult(action="accept", content={"reason": "she asked for it"})

        async with house.client(elicitation_callback=answer) as client:
            assert text_of(await client.call_tool("ask", {})) == "accept"
        assert SURROGATE.search(asked[0])
        assert house.called()[-1] == {"tool": "ask", "reason": "she asked for it"}

    run(work)


def test_the_snippet_of_the_how_to_runs(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[2] / "docs" / "howto" / "mcp.md"
    code = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[0]
    assert len([line for line in code.splitlines() if line]) <= 10  # the formatter wants empty ones between
    code = code.replace("http://127.0.0.1:8080/mcp/crm", f"{house.url}/mcp/http").replace("sr_...", house.key)
    exec(compile(code, "mcp.md", "exec"), {})  # noqa: S102 - our own page
    said = capsys.readouterr().out
    assert SURROGATE.search(said)
    assert EMAIL not in said
