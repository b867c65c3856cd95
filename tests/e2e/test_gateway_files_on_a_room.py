"""Files at a gateway on a real room: settings pass an image, policy may refuse it, the log knows of both."""

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from aiohttp import web

from strongroom import Strongroom
from strongroom.demo.loopback import Loopback
from strongroom.gateway.app import create_app
from strongroom.gateway.for_room import parts_for
from strongroom.gateway.serve import Served
from strongroom.policy.engine import Policy

HOWTO = (Path(__file__).parents[2] / "docs" / "howto" / "images-and-files.md").read_text(encoding="utf-8")
TOML, CEDAR = (re.findall(rf"```{word}\n(.*?)```", HOWTO, re.DOTALL)[0] for word in ("toml", "cedar"))
EMAIL = "anna.schmidt@example.org"
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
SOUND = {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}
LETTER = {"type": "file", "file": {"filename": "sums.csv", "file_data": base64.b64encode(EMAIL.encode()).decode()}}


class Provider(Loopback):
    """Keeps every body."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []

    async def application(self) -> web.Application:
        async def serve(request: web.Request) -> web.Response:
            self.bodies.append(await request.read())
            return web.json_response({"choices": []})

        app = web.Application()
        app.router.add_post("/v1/chat/completions", serve)
        return app


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as made:
        yield made


Ask = Callable[..., httpx.Response]


@pytest.fixture
def gateway(tmp_path: Path, provider: Provider) -> Iterator[Callable[[str], tuple[Strongroom, Ask]]]:
    closing: list[Callable[[], object]] = []

    def make(policy: str) -> tuple[Strongroom, Ask]:
        config = tmp_path / "strongroom.toml"
        config.write_text(TOML, encoding="utf-8")
        (tmp_path / "rules.cedar").write_text(Policy.load().text + policy, encoding="utf-8")
        room = Strongroom.open(
            home=tmp_path / "store", keyfile=tmp_path / "root.key", config=config, create=True,
            upstreams={"openai": f"{provider.url}/v1"}, policy=tmp_path / "rules.cedar",
        )  # fmt: skip
        parts = parts_for(room)
        served = Served(create_app(parts.__enter__()))
        served.__enter__()
        closing.extend(
            [lambda: served.__exit__(None, None, None), lambda: parts.__exit__(None, None, None), room.close]
        )
        key = room.credentials.issue("support-bot", tenant="acme", environment="prod")

        def ask(*content: Any) -> httpx.Response:
            body = {"model": "m", "messages": [{"role": "user", "content": list(content)}]}
            headers = {"authorization": f"Bearer {key}"}
            return httpx.post(f"{served.url}/openai/v1/chat/completions", json=body, headers=headers, timeout=30)

        return room, ask

    yield make
    for close in closing:
        close()


def entries(room: Strongroom) -> list[tuple[str, str, int]]:
    log = room.house.audit
    log.flush()
    found = [log.entry(index)["unmapped"] for index in range(log.size)]
    return [
        (entry["phase"], entry["sink"], entry["count"])
        for entry in found
        if str(entry.get("sink", "")).startswith("openai:file.")
    ]


def test_what_is_passed_is_on_record_and_what_is_extracted_is_inspected(
    gateway: Callable[[str], tuple[Strongroom, Ask]], provider: Provider
) -> None:
    room, ask = gateway("")
    assert ask(IMAGE, IMAGE, LETTER).status_code == 200
    assert EMAIL.encode() not in provider.bodies[0]
    assert b'{"type":"text","text":"sums.csv\\n\\nEMAIL_' in provider.bodies[0]
    assert entries(room) == [("intent", "openai:file.image", 2), ("outcome", "openai:file.image", 2)]
    refused = ask(SOUND)
    assert (refused.status_code, len(provider.bodies)) == (400, 1)
    room.verify_audit()


def test_policy_refuses_what_the_settings_pass(
    gateway: Callable[[str], tuple[Strongroom, Ask]], provider: Provider
) -> None:
    room, ask = gateway(CEDAR)
    answer = ask(IMAGE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "access_denied")
    assert provider.bodies == []
    assert entries(room) == [("denied", "openai:file.image", 1)]
    assert ask(LETTER).status_code == 200
