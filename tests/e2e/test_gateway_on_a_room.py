"""The gateway on a real room: keys, policy, audit log, classifier, surrogates; only the provider is a fake."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from strongroom import Strongroom
from strongroom.gateway.app import create_app
from strongroom.gateway.for_room import parts_for
from strongroom.gateway.serve import Served

EMAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"


class Provider:
    """Answers with what `reply` makes of the request, and keeps every body."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.reply: Callable[[dict[str, Any]], bytes] = lambda body: said("ok")
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                provider.bodies.append(raw)
                answer = provider.reply(json.loads(raw))
                self.send_response(200)
                kind = "text/event-stream" if answer.startswith(b"data:") else "application/json"
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


def said(content: str) -> bytes:
    return json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}).encode()


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


class House:
    """One running gateway on the store under `home`."""

    def __init__(self, home: Path, provider: Provider, **settings: Any) -> None:
        self.room = Strongroom.open(
            home=home / "store", keyfile=home / "user" / "root.key", create=True,
            upstreams={"openai": provider.url, **settings.pop("upstreams", {})}, **settings,
            tools={"send_email": {"to": "message.recipient", "body": "message.text"}},
        )  # fmt: skip
        self._parts = parts_for(self.room)
        self._served = Served(create_app(self._parts.__enter__()))
        self._served.__enter__()
        self.url = self._served.url
        self.client = httpx.Client(timeout=30, trust_env=False)

    def credential(self, name: str, tenant: str = "acme") -> str:
        return self.room.credentials.issue(name, tenant=tenant, environment="prod")

    def ask(self, key: str, messages: list[Any], **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}", **more.pop("headers", {})}
        body = {"model": "m", "messages": messages, **more}
        return self.client.post(f"{self._served.url}/openai/v1/chat/completions", json=body, headers=headers)

    def embed(self, key: str, *texts: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}"}
        body = {"model": "m", "input": list(texts)}
        return self.client.post(f"{self._served.url}/openai/v1/embeddings", json=body, headers=headers)

    def close(self) -> None:
        self.client.close()
        self._served.__exit__(None, None, None)
        self._parts.__exit__(None, None, None)
        self.room.close()


@pytest.fixture
def house(tmp_path: Path, provider: Provider) -> Iterator[House]:
    made = House(tmp_path, provider)
    yield made
    made.close()


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def seen_in(provider: Provider) -> str:
    return str(json.loads(provider.bodies[-1])["messages"][-1]["content"])


def test_values_stay_here_and_come_back(house: House, provider: Provider, tmp_path: Path) -> None:
    key = house.credential("support-bot")
    provider.reply = lambda body: said("Dear customer, " + body["messages"][-1]["content"])
    answer = house.ask(key, [user(f"write to {EMAIL} about card {CARD}")])
    assert (
        answer.json()["choices"][0]["message"]["content"] == f"Dear customer, write to {EMAIL} about card {CARD}"
    )
    seen = seen_in(provider)
    assert EMAIL not in seen
    assert CARD not in seen
    logs = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert EMAIL.encode() not in logs
    assert CARD.encode() not in logs


def test_a_tool_gets_what_its_parameter_may_hold_and_no_more(house: House, provider: Provider) -> None:
    key = house.credential("support-bot")

    def call(body: dict[str, Any]) -> bytes:
        email, card = body["messages"][-1]["content"].split(" and ")
        arguments = json.dumps({"to": email, "body": card})
        function = {"index": 0, "id": "i", "function": {"name": "send_email", "arguments": arguments}}
        choice = {"index": 0, "delta": {"tool_calls": [function]}, "finish_reason": "tool_calls"}
        return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n"

    provider.reply = call
    text = house.ask(key, [user(f"{EMAIL} and {CARD}")], stream=True).text
    delta = json.loads(text.split("\n\n")[0].removeprefix("data: "))["choices"][0]["delta"]
    got = json.loads(delta["tool_calls"][0]["function"]["arguments"])
    assert got["to"] == EMAIL
    assert got["body"] == seen_in(provider).split(" and ")[1]
    assert got["body"] != CARD


def test_surrogates_of_another_principal_or_tenant_are_not_resolved(house: House, provider: Provider) -> None:
    house.ask(house.credential("support-bot"), [user(f"write to {EMAIL}")], headers={"strongroom-session": "t-1"})
    surrogate = seen_in(provider).split()[-1]
    provider.reply = lambda body: said(surrogate)
    for key in (house.credential("other-bot"), house.credential("support-bot", tenant="globex")):
        answer = house.ask(key, [user("who was it?")], headers={"strongroom-session": "t-1"})
        assert answer.json()["choices"][0]["message"]["content"] == surrogate


def test_the_prefix_a_provider_caches_stays_the_same_over_turns_and_restarts(
    tmp_path: Path, provider: Provider
) -> None:
    house = House(tmp_path, provider)
    key = house.credential("support-bot")
    messages: list[Any] = [{"role": "system", "content": "Be brief."}]
    previous = b""
    for turn in range(12):
        if turn == 6:
            house.close()
            house = House(tmp_path, provider)
        result = json.dumps({"customer": {"name": f"Zoë Ünal {turn}", "email": f"zoe{turn}@example.org"}})
        call = {"id": f"c{turn}", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
        messages += [
            user(f"look up {EMAIL}, card {CARD}, turn {turn}"),
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{turn}", "content": result},
        ]
        assert house.ask(key, messages).status_code == 200
        now = provider.bodies[-1]
        assert now.startswith(previous)
        assert b"zoe" not in now
        previous = now.removesuffix(b"]}")
    house.close()


def test_a_disabled_key_stops_the_very_next_request(house: House, provider: Provider) -> None:
    key = house.credential("support-bot")
    provider.reply = lambda body: said(body["messages"][-1]["content"])
    assert EMAIL in house.ask(key, [user(f"write to {EMAIL}")]).text
    house.room.keys.disable("acme/prod")
    refused = house.ask(key, [user("write to zoe@example.org")])
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "key_state"
    assert b"zoe@" not in b"".join(provider.bodies)
    house.room.keys.enable("acme/prod")
    assert EMAIL in house.ask(key, [user(f"write to {EMAIL}")]).text


def test_a_revoked_credential_is_refused_on_the_next_request(house: House) -> None:
    key = house.credential("support-bot")
    assert house.ask(key, [user("hello")]).status_code == 200
    house.room.credentials.revoke("support-bot", tenant="acme", environment="prod")
    assert house.ask(key, [user("hello")]).status_code == 401
    house.room.verify_audit()


def test_values_are_embedded_only_by_an_upstream_of_the_house(tmp_path: Path, provider: Provider) -> None:
    provider.reply = lambda body: json.dumps({"object": "list", "data": [], "model": "m"}).encode()
    text = f"{EMAIL} pays with {CARD}, key sk-proj-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
    for settings, inside in (
        ({}, False),
        ({"upstreams": {"embeddings": provider.url}}, False),
        ({"upstreams": {"embeddings": provider.url}, "self_hosted": ("embeddings",)}, True),
    ):
        home = tmp_path / str(len(provider.bodies))
        house = House(home, provider, **settings)
        assert house.embed(house.credential("indexer"), text, "nothing").status_code == 200
        seen, other = json.loads(provider.bodies[-1])["input"]
        assert (EMAIL in seen, CARD in seen, other) == (inside, inside, "nothing")
        assert "sk-proj" not in seen
        house.room.verify_audit()
        house.close()
        log = b"".join(path.read_bytes() for path in (home / "store" / "audit").rglob("*") if path.is_file())
        assert (b"forward_value" in log) is inside
        assert EMAIL.encode() not in log


def test_what_a_provider_keeps_is_restored_after_a_restart(tmp_path: Path, provider: Provider) -> None:
    house = House(tmp_path, provider)
    key = house.credential("support-bot")
    body = {"model": "m", "input": f"write to {EMAIL}"}
    provider.reply = lambda body: json.dumps({"id": "resp_1", "output": []}).encode()
    headers = {"authorization": f"Bearer {key}"}
    house.client.post(f"{house.url}/openai/v1/responses", json=body, headers=headers)
    surrogate = json.loads(provider.bodies[-1])["input"].split()[-1]
    assert surrogate != EMAIL
    house.close()
    house = House(tmp_path, provider)
    part = {"type": "output_text", "text": f"to {surrogate}", "annotations": []}
    message = {"type": "message", "id": "m", "role": "assistant", "content": [part]}
    provider.reply = lambda body: json.dumps({"id": "resp_2", "output": [message]}).encode()
    more = {"model": "m", "input": "again?", "previous_response_id": "resp_1"}
    answer = house.client.post(f"{house.url}/openai/v1/responses", json=more, headers=headers)
    assert answer.json()["output"][0]["content"][0]["text"] == f"to {EMAIL}"
    house.close()
