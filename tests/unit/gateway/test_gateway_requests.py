"""Requests on their way out: what is forwarded bit for bit, what is refused, and how, and who is who."""

import gzip
import json
from typing import Any

import pytest

from strongroom.errors import AccessDeniedError, AuditUnavailableError, KeyStateError
from strongroom.gateway.parts import GatewayLimits
from strongroom.gateway.request import conversation_of
from strongroom.guard.session import Origin

ASK = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
SECRET = "anna@example.org"


def asking(content: object, **more: object) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], **more}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model":"m","messages":[{"role":"user","content":"caf\\u00e9 \\/ \\ud83d\\ude00 1.10"}],"top_p":1.10}',
        b'{ "temperature" : 1e5,\n\t"seed":12345678901234567890123, "messages" : [ ] , "model":"m" }',
        '{"model":"m","messages":[{"role":"user","content":"né Łódź 東京 \u2028"}]}'.encode(),
    ],
)
def test_a_request_in_which_nothing_is_found_arrives_bit_for_bit(rig: Any, raw: bytes) -> None:
    assert rig.chat(content=raw).status_code == 200
    assert rig.upstream.bodies == raw


def test_only_the_found_characters_of_a_request_change(rig: Any) -> None:
    raw = (
        '{"messages" : [{"content": "caf\\u00e9 né \\"' + SECRET + '\\" \\/", "role":"user"}],"top_p":1.10}'
    ).encode()
    assert rig.chat(content=raw).status_code == 200
    assert rig.upstream.bodies == raw.replace(SECRET.encode(), b"EMAIL_Q0000XX")


def test_arguments_and_trees_change_inside_their_json(rig: Any) -> None:
    arguments = '{"to": "né ' + SECRET + '", "n": 1.10}'
    message = {"role": "assistant", "tool_calls": [{"function": {"name": "t", "arguments": arguments}}]}
    assert rig.chat({"messages": [message]}).status_code == 200
    seen = json.loads(rig.upstream.bodies)["messages"][0]["tool_calls"][0]["function"]["arguments"]
    assert seen == arguments.replace(SECRET, "EMAIL_Q0000XX")
    block = {"type": "tool_use", "id": "i", "name": "t", "input": {"né": ["Ł", SECRET, f"Ł {SECRET}"], "n": 1.10}}
    raw = json.dumps({"messages": [{"role": "assistant", "content": [block]}]}, ensure_ascii=False).encode()
    rig.upstream.requests.clear()
    assert rig.messages(content=raw).status_code == 200
    assert rig.upstream.bodies == raw.replace(SECRET.encode(), b"EMAIL_Q0000XX")


def test_every_text_is_told_by_whom_it_was_written(rig: Any) -> None:
    turns = [("system", "s"), ("developer", "d"), ("user", "u"), ("assistant", "a"), ("tool", "t")]
    body = {"messages": [{"role": role, "content": text} for role, text in turns], "stop": "z"}
    rig.chat(body)
    assert rig.sessions.opened[-1].protected == [
        ("z", Origin.TYPED), ("s", Origin.TYPED), ("d", Origin.TYPED), ("u", Origin.TYPED), ("a", Origin.MODEL),
        ("t", Origin.TOOL),
    ]  # fmt: skip
    blocks = [{"type": "tool_result", "tool_use_id": "i", "content": "r"}, {"type": "text", "text": "u"}]
    rig.messages({"messages": [{"role": "user", "content": blocks}], "system": "s"})
    assert rig.sessions.opened[-1].protected == [("s", Origin.TYPED), ("r", Origin.TOOL), ("u", Origin.TYPED)]


def test_messages_are_inspected_after_everything_else_whatever_the_order(rig: Any) -> None:
    rig.messages(content=b'{"messages":[{"role":"user","content":"1"}],"system":"0","stop_sequences":["x"]}')
    assert [text for text, _ in rig.sessions.opened[-1].protected] == ["0", "x", "1"]


@pytest.mark.parametrize(
    ("raw", "status", "says"),
    [
        (b'{"model": "m", "messages": [', 400, "at byte 28"),
        (b'{"model": "m", "model": "anna@example.org"}', 400, "duplicated key"),
        (b'{"messages": [{"role": "user", "content": "\xff anna@example.org"}]}', 400, "invalid UTF-8 at byte 43"),
        (b"\xef\xbb\xbf{}", 400, "byte order mark"),
        ('{"a": "b"}'.encode("utf-16"), 400, "UTF-16"),
        (b'{"temperature": NaN}', 400, "at byte 16"),
        (b'["anna@example.org"]', 400, "an object was expected"),
        (b"null", 400, "not a JSON object"),
        (b'{"anna@example.org": 1}', 400, "?: unknown field"),
        (
            b'{"messages": [{"role": "user", "content": "x", "new_thing": 1}]}',
            400,
            "messages[0].new_thing: unknown field",
        ),
        (b'{"messages": [{"role": "wizard", "content": "x"}]}', 400, "messages[0]: unknown role wizard"),
        (b'{"messages": ' + b"[" * 2000 + b"]" * 2000 + b"}", 413, "nested too deeply"),
    ],
)
@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_what_cannot_be_read_completely_is_refused_in_the_providers_shape(
    rig: Any, raw: bytes, status: int, says: str, wire: str
) -> None:
    answer = rig.chat(content=raw) if wire == "openai" else rig.messages(content=raw)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert says in error["message"]
    assert "anna" not in answer.text
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["x-request-id"] in answer.text
    assert answer.json().get("type") == (None if wire == "openai" else "error")
    assert error["type"] == {400: "invalid_request_error", 413: "request_too_large"}[status]
    assert rig.upstream.requests == []


def test_size_and_coding_are_refused_before_the_body_is_inspected(make_rig: Any) -> None:
    rig = make_rig(limits=GatewayLimits(body_bytes=200))
    body = json.dumps(asking("x" * 300)).encode()
    for content in (body, iter([body[:150], body[150:]])):  # with a length, and in chunks without one
        answer = rig.chat(content=content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "limit")
    answer = rig.chat(content=gzip.compress(b"{}"), content_encoding="gzip")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "content_type")
    answer = rig.chat(content=b"a=b", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "content_type")
    assert rig.upstream.requests == []


def test_a_body_in_chunks_is_put_together(rig: Any) -> None:
    raw = json.dumps(asking("x " * 9000 + SECRET)).encode()
    assert rig.chat(content=iter([raw[:5000], raw[5000:10000], raw[10000:]])).status_code == 200
    assert rig.upstream.bodies == raw.replace(SECRET.encode(), b"EMAIL_Q0000XX")


def test_a_large_body_is_inspected_outside_the_loop_with_the_same_result(rig: Any) -> None:
    raw = json.dumps(asking("x " * GatewayLimits().inline_bytes + SECRET)).encode()
    assert rig.chat(content=raw).status_code == 200
    assert rig.upstream.bodies == raw.replace(SECRET.encode(), b"EMAIL_Q0000XX")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/openai/v1/images/generations", 404, "unknown_endpoint"),
        ("POST", "/openai/v1/realtime", 404, "unknown_endpoint"),
        ("POST", "/anthropic/v1/complete", 404, None),
        ("GET", "/openai/v1/chat/completions", 405, "method"),
        ("POST", "/openai/v1/models", 405, "method"),
        ("DELETE", "/openai/v1/models/m", 404, "unknown_endpoint"),
        ("GET", "/openai/v1/models/anna@example.org", 404, "unknown_endpoint"),
        ("GET", "/", 404, "unknown_endpoint"),
    ],
)
def test_an_unknown_endpoint_is_refused_and_nothing_forwarded(
    rig: Any, method: str, path: str, status: int, code: str | None
) -> None:
    answer = rig.client.request(method, rig.url + path, json={}, headers={"authorization": "Bearer sr_test"})
    assert answer.status_code == status
    assert answer.json()["error"].get("code") == code
    assert "anna" not in answer.text
    assert rig.upstream.requests == []


def test_models_are_relayed(rig: Any) -> None:
    rig.upstream.answer(b'{"data": [{"id": "m", "new": "EMAIL_Q0000XX"}]}')
    headers = {"authorization": "Bearer sr_test"}
    for path, arrived in [("/openai/v1/models", "/v1/models"), ("/openai/v1/models/gpt-5.1", "/v1/models/gpt-5.1"),
                          ("/anthropic/v1/models?limit=3", "/v1/models?limit=3")]:  # fmt: skip
        answer = rig.client.get(rig.url + path, headers=headers)
        assert answer.content == b'{"data": [{"id": "m", "new": "EMAIL_Q0000XX"}]}'
        assert rig.upstream.requests[-1].path == arrived
        assert rig.upstream.requests[-1].body == b""


def test_only_protocol_words_stand_in_a_query(rig: Any) -> None:
    assert rig.post("/anthropic/v1/messages?beta=true", ASK).status_code == 200
    assert rig.upstream.requests[-1].path == "/v1/messages?beta=true"
    assert rig.post("/anthropic/v1/messages?q=anna@example.org", ASK).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"authorization": "Bearer sr_wrong"}, {"authorization": "Basic sr_test"}, {"x-api-key": "sk-real"},
        {"authorization": "Bearer"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/openai/v1/chat/completions", "/anthropic/v1/messages", "/openai/v1/models"])
def test_without_a_credential_of_ours_nothing_is_read(rig: Any, headers: dict[str, str], path: str) -> None:
    answer = rig.client.request(
        "GET" if "models" in path else "POST", rig.url + path, content=b"\xff", headers=headers
    )
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "authentication_error")
    assert "sr_wrong" not in answer.text
    assert rig.upstream.requests == []


def test_either_form_of_credential_opens_and_neither_is_forwarded(rig: Any) -> None:
    for sent in ({"authorization": "bearer sr_test"}, {"x-api-key": "sr_test"}):
        headers = {**sent, "cookie": "c=1", "x-forwarded-for": "10.0.0.1", "anthropic-version": "2023-06-01",
                   "anthropic-beta": "tools-1", "openai-beta": "anna@example.org"}  # fmt: skip
        assert (
            rig.client.post(f"{rig.url}/openai/v1/chat/completions", json=ASK, headers=headers).status_code == 200
        )
        seen = rig.upstream.requests[-1].headers
        assert seen["authorization"] == "Bearer sk-provider-0123456789"
        assert (seen["anthropic-version"], seen["anthropic-beta"]) == ("2023-06-01", "tools-1")
        assert seen["accept-encoding"] == "identity"
        assert not {"cookie", "x-forwarded-for", "openai-beta", "x-api-key", "user-agent"} & set(seen)
        assert not any("sr_test" in value for value in seen.values())


def test_surrogates_belong_to_a_conversation_of_a_principal(rig: Any) -> None:
    def conversation(body: object, **headers: str) -> tuple[str, str]:
        assert rig.chat(body, **headers).status_code == 200
        session = rig.sessions.opened[-1]
        assert session.caller.session == session.conversation
        return session.caller.principal.name, session.conversation

    first = conversation(asking("hello"))
    turn = [*ASK["messages"], {"role": "assistant", "content": "hi"}, {"role": "user", "content": "more"}]
    assert conversation({"messages": turn}) == first
    assert conversation(asking([{"type": "text", "text": "hello"}])) == first
    assert conversation(asking("other")) != first
    assert conversation({"messages": turn[1:]}) == ("support-bot", "")
    assert conversation({}) == ("support-bot", "")
    assert conversation(asking("hello"), strongroom_session="ticket-7") == ("support-bot", "ticket-7")
    assert conversation(asking("hello"), authorization="Bearer sr_other") == ("other-bot", first[1])
    assert rig.chat(ASK, strongroom_session="x" * 201).status_code == 400


def test_a_system_prompt_is_part_of_the_opening() -> None:
    one = conversation_of("", {"system": "a", "messages": []})
    two = conversation_of("", {"system": [{"type": "text", "text": "a", "cache_control": {}}], "messages": [7]})
    assert one == two != conversation_of("", {"system": "b", "messages": []})
    assert (
        len({one, conversation_of("", {"messages": [{"role": "a"}]}), conversation_of("", {"messages": "a"})}) == 3
    )


@pytest.mark.parametrize(
    ("failure", "status", "says"),
    [
        (
            AccessDeniedError("not permitted", nearest="it would be, for role agent"),
            403,
            "it would be, for role agent",
        ),
        (AuditUnavailableError("the disk is gone: /secret/path"), 503, "audit_unavailable"),
        (KeyStateError("acme/prod is disabled"), 503, "key_state"),
        (RuntimeError("anna@example.org"), 500, "the gateway failed on this request"),
    ],
)
def test_when_the_guard_does_not_agree_nothing_is_forwarded(
    rig: Any, failure: Exception, status: int, says: str
) -> None:
    rig.sessions.fail_with = failure
    answer = rig.chat(asking(SECRET))
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    assert "anna" not in answer.text
    assert "/secret/path" not in answer.text or status != 503
    assert rig.upstream.requests == []
    assert rig.sessions.opened[-1].finished == 1
    assert b"anna" not in b"".join(rig.log)


def test_monitor_mode_forwards_everything_as_it_came_and_reports(make_rig: Any) -> None:
    rig = make_rig(mode="monitor")
    rig.upstream.answer(b'{"choices":[{"message":{"content":"EMAIL_Q0000XX"}}]}')
    body = asking([{"type": "text", "text": SECRET}, {"type": "image_url", "image_url": {"url": "data:x"}}], new=1)
    answer = rig.chat(body)
    assert json.loads(rig.upstream.bodies) == body
    assert answer.content == b'{"choices":[{"message":{"content":"EMAIL_Q0000XX"}}]}'
    line = rig.log.line()
    assert (line["replaced"], line["status"]) == (1, 200)
    assert sorted(line["unknown"]) == [
        "messages[0].content[1].image_url.url: content of this kind cannot be inspected", "new: unknown field",
    ]  # fmt: skip
    assert SECRET.encode() not in b"".join(rig.log)
    other = rig.post("/openai/v1/embeddings", {"input": SECRET})
    assert (other.status_code, rig.upstream.requests[-1].path) == (200, "/v1/embeddings")
    assert rig.chat(content=b'{"a":1,"a":2}').status_code == 400


def test_an_upstream_that_was_not_configured_is_named(make_rig: Any) -> None:
    rig = make_rig(without="anthropic")
    answer = rig.messages(ASK)
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
    assert "--upstream anthropic=URL" in answer.text
