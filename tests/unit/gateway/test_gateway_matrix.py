"""The position matrix on a real room: every text position of every wire, streamed or not, under every policy.

Towards the model a planted value is a surrogate, redacted, or the request is refused; nothing else of the bytes
changes. Back from the model a surrogate is the value again where policy lets it out and stays where it does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from bench.talk.in_process import EVENT_STREAM, InProcess, Provider, Reply, in_process
from tests.fakes.wire_positions import CHANGED, UNCHANGED, Endpoint, declared_tools, endpoints, examples

from strongroom import Strongroom
from strongroom.gateway.wires.table import Kind, Node
from strongroom.policy.engine import default_text

EMAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"
MARK = f'caf\u00e9 "ask {EMAIL} / {CARD}"'
SURROGATE = re.compile(rb"(?:EMAIL|CARD)_[0-9A-Z]{7}")
POLICY = """
@id("redacting") permit (
  principal in Strongroom::Role::"redacted", action == Strongroom::Action::"redact", resource
);
@id("refusing") forbid (
  principal in Strongroom::Role::"refused",
  action in [Strongroom::Action::"show", Strongroom::Action::"tokenize"],
  resource
);
@id("withholding") forbid (
  principal in Strongroom::Role::"withheld", action == Strongroom::Action::"detokenize", resource
);
"""
AGENTS = {"tokenize": "agent", "redact": "redacted", "block": "refused", "withhold": "withheld"}
ENDPOINTS = endpoints()
REQUESTS = list({id(endpoint.route.wire.request): endpoint for endpoint in ENDPOINTS}.values())
ANSWERS = list(
    {(id(endpoint.route.answer), id(endpoint.route.wire.event)): endpoint for endpoint in ENDPOINTS}.values()
)


class Rig:
    """One room, one gateway, an agent for each policy."""

    def __init__(self, room: Strongroom, gateway: InProcess) -> None:
        self.gateway = gateway
        self.provider = gateway.provider
        self.keys = {
            effect: room.credentials.issue(effect, tenant="acme", environment="prod", roles=("agent", role))
            for effect, role in AGENTS.items()
        }

    def ask(self, effect: str, path: str, body: bytes, conversation: str = "c") -> tuple[int, bytes, bytes]:
        """Status, what the provider got, what the client got."""
        self.provider.bodies.clear()
        self.provider.heads.clear()
        answer = self.gateway.ask(path, body, self.keys[effect], strongroom_session=conversation)
        sent = b"".join(self.provider.bodies) + "".join(self.provider.heads).encode()
        assert EMAIL.encode() not in sent
        assert CARD.encode() not in sent
        return answer.status, b"".join(self.provider.bodies), answer.body


@pytest.fixture(scope="module")
def rig(pristine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    import shutil

    place = tmp_path_factory.mktemp("matrix")
    shutil.copytree(pristine, place / "store")
    (place / "my.cedar").write_text(default_text() + POLICY)
    with (
        Strongroom.open(
            home=place / "store" / "home", keyfile=place / "store" / "store.key", policy=place / "my.cedar",
            tools=declared_tools(),
        ) as room,
        in_process(room, Provider()) as gateway,
    ):  # fmt: skip
        yield Rig(room, gateway)


def written(value: Any) -> Iterator[bytes]:
    """A message as a client may write it."""
    yield json.dumps(value).encode()
    yield json.dumps(value, ensure_ascii=False, indent=1).encode()


def expected(sent: bytes, upstream: bytes, effect: str) -> bytes:
    """What may arrive upstream: the client's bytes, and in the places of the values what policy says."""
    words = (b"[EMAIL REDACTED]", b"[CARD REDACTED]")
    if effect != "redact":
        found = sorted(set(SURROGATE.findall(upstream)), reverse=True)
        words = (found[0], found[1]) if len(found) == len(words) else (b"?", b"?")
    return sent.replace(EMAIL.encode(), words[0]).replace(CARD.encode(), words[1])


def streamed(table: Node, value: Any) -> Any:
    return {"stream": True, **value} if "stream" in getattr(table, "fields", {}) else None


@pytest.mark.parametrize("effect", ["tokenize", "redact", "block"])
@pytest.mark.parametrize("endpoint", REQUESTS, ids=lambda endpoint: endpoint.route.name)
def test_towards_the_model(rig: Rig, endpoint: Endpoint, effect: str) -> None:
    table = endpoint.route.wire.request
    failures: list[tuple[str, str]] = []
    cases = examples(table, MARK, CHANGED)
    assert cases
    for case in cases:
        for message in (case.value, streamed(table, case.value)):
            for raw in written(message) if message is not None else ():
                status, upstream, answer = rig.ask(effect, endpoint.path, raw)
                if effect == "block":
                    good = status == 403 and not upstream and EMAIL.encode() not in answer
                else:
                    good = status == 200 and upstream == expected(raw, upstream, effect)
                if not good:
                    failures.append((case.place, f"{status} {upstream[:200]!r} {answer[:200]!r}"))
    assert failures == []


@pytest.fixture
def issued(rig: Rig) -> Callable[[str], tuple[bytes, bytes]]:
    """The surrogates of one conversation of an agent; of another's for one that gets none."""

    def ask(effect: str) -> tuple[bytes, bytes]:
        holder = "tokenize" if effect in ("redact", "block") else effect
        rig.provider.reply = lambda body: Reply()
        body = json.dumps({"messages": [{"role": "user", "content": f"{EMAIL}, {CARD}"}]}).encode()
        _, upstream, _ = rig.ask(holder, "/openai/v1/chat/completions", body)
        email, card = SURROGATE.findall(upstream)
        return email, card

    return ask


def as_stream(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


@cache
def asking(path: str) -> bytes:
    """A request without any value in it."""
    table = next(endpoint.route.wire.request for endpoint in ENDPOINTS if endpoint.path == path)
    return json.dumps(examples(table, "hello", frozenset({Kind.TEXT}))[0].value).encode()


def answered(endpoint: Endpoint, mark: str, kinds: frozenset[Kind]) -> Iterator[tuple[str, Kind, list[Any], bool]]:
    """Each position of an answer: its place and kind, the whole answer or its events, and whether it streams."""
    wire = endpoint.route.wire
    for case in examples(endpoint.route.answer, mark, kinds):
        whole = [case.value] if endpoint.route.items else case.value  # a stream that was not asked for as events
        yield case.place, case.field.kind, [whole], False
    openings = [case.value for case in examples(wire.event, "x", frozenset({Kind.TOOL_NAME}))]
    for case in examples(wire.event, mark, kinds):
        named = case.field.kind in (Kind.ARGUMENTS, Kind.TOOL_TEXT)
        yield f"stream {case.place}", case.field.kind, [*(openings if named else []), case.value], True


@pytest.mark.parametrize("effect", ["tokenize", "withhold", "redact"])
@pytest.mark.parametrize("endpoint", ANSWERS, ids=lambda endpoint: endpoint.route.name)
def test_back_from_the_model(rig: Rig, endpoint: Endpoint, effect: str, issued: Any) -> None:
    surrogate = issued(effect)[0].decode()
    failures: list[tuple[str, str]] = []
    for place, _, said, streams in answered(endpoint, f"to {surrogate}, ok", CHANGED):
        status, got = tell(rig, endpoint, effect, said, streams=streams)
        values, left = got.count(EMAIL.encode()), got.count(surrogate.encode())
        wanted = (1, 0) if effect == "tokenize" else (0, 1)
        refused = b"surrogate" in got and not values  # a call with somebody else's surrogate may be refused whole
        if (values, left) != wanted and not (effect == "redact" and refused):
            failures.append((place, f"{status} {got[:300]!r}"))
    assert failures == []


@pytest.mark.parametrize("endpoint", ANSWERS, ids=lambda endpoint: endpoint.route.name)
def test_what_is_opaque_or_structural_comes_back_to_the_bit(rig: Rig, endpoint: Endpoint, issued: Any) -> None:
    surrogate = issued("tokenize")[0].decode()
    cases = list(answered(endpoint, f"{surrogate} \u00e9 {EMAIL}", UNCHANGED))
    for place, _, said, streams in cases:
        if not streams:
            raw = json.dumps(said[0]).encode()
            assert tell(rig, endpoint, "tokenize", said, streams=False) == (200, raw), place
    events = [event for _, _, said, streams in cases for event in said if streams]
    status, got = tell(rig, endpoint, "tokenize", events, streams=True)
    assert status == 200
    assert got.split(b"\n\n") == as_stream(*events).split(b"\n\n")


@pytest.mark.parametrize("endpoint", REQUESTS, ids=lambda endpoint: endpoint.route.name)
def test_what_is_opaque_or_structural_leaves_to_the_bit(rig: Rig, endpoint: Endpoint) -> None:
    rig.provider.reply = lambda body: Reply()
    for case in examples(endpoint.route.wire.request, "EMAIL_QQQQQQQ \u00e9 CARD_", UNCHANGED):
        raw = json.dumps(case.value).encode()
        status, upstream, answer = rig.ask("tokenize", endpoint.path, raw)
        assert (status, upstream) == (200, raw), (case.place, answer[:200])


def tell(rig: Rig, endpoint: Endpoint, effect: str, said: list[Any], *, streams: bool) -> tuple[int, bytes]:
    """The model says `said`; what the client gets."""
    raw = as_stream(*said) if streams else json.dumps(said[0]).encode()
    kind = EVENT_STREAM if streams else "application/json"
    rig.provider.reply = lambda body: Reply([raw[at : at + 40] for at in range(0, len(raw), 40)], kind)
    status, _, got = rig.ask(effect, endpoint.path, asking(endpoint.path))
    return status, got
