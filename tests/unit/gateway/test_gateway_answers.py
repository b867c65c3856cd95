"""Answers on their way back over HTTP: whole and streamed, broken, late, foreign, and to clients that leave."""

import json
import socket
from typing import Any

import httpx2 as httpx
import pytest

from strongroom.errors import AccessDeniedError, AuditUnavailableError
from strongroom.gateway.parts import GatewayLimits

ASK = {"model": "m", "messages": [{"role": "user", "content": "mail anna@example.org"}]}
KEY = "sk-provider-0123456789"


def chunk(text: str) -> bytes:
    return b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % text.encode()


def test_whole_answers_keep_their_bytes_around_what_is_restored(rig: Any) -> None:
    raw = b'{ "choices" : [{"message":{"content":"caf\\u00e9"}},{"message":{"content":"EMAIL_Q0000XX"}}],"x":1.10}'
    rig.upstream.answer(raw, headers={"x-request-id": "up-1", "set-cookie": "a=b", "openai-organization": "org",
                                      "x-ratelimit-limit-requests": "9", "server": "s"})  # fmt: skip
    answer = rig.chat(ASK)
    assert answer.content == raw.replace(b"EMAIL_Q0000XX", b"anna@example.org")
    assert answer.headers["x-request-id"] == "up-1"
    assert answer.headers["strongroom-request-id"].startswith("req_")
    assert answer.headers["x-ratelimit-limit-requests"] == "9"
    assert not {"set-cookie", "openai-organization", "server"} & set(answer.headers)
    assert rig.log.line(unknown=("x: unknown field",))
    assert rig.sessions.opened[-1].finished == 1


def test_tool_calls_are_restored_for_their_tool_and_withheld_where_forbidden(make_rig: Any) -> None:
    rig = make_rig(sessions=None)
    rig.sessions.forbidden = frozenset({"post_online"})
    names = ("send_email", "post_online")
    calls = [
        {"id": "i", "type": "function", "function": {"name": name, "arguments": '{"to": "EMAIL_Q0000XX"}'}}
        for name in names
    ]
    rig.upstream.answer(json.dumps({"choices": [{"message": {"tool_calls": calls}}]}).encode())
    got = rig.chat(ASK).json()["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["arguments"] for call in got] == [
        '{"to": "anna@example.org"}',
        '{"to": "EMAIL_Q0000XX"}',
    ]
    custom = {"custom": {"name": "send_email", "input": 'say "EMAIL_Q0000XX"'}}
    rig.upstream.answer(json.dumps({"choices": [{"message": {"tool_calls": [custom]}}]}).encode())
    assert (
        rig.chat(ASK).json()["choices"][0]["message"]["tool_calls"][0]["custom"]["input"]
        == 'say "anna@example.org"'
    )


def test_tokens_are_counted_for_what_the_model_would_see(rig: Any) -> None:
    rig.upstream.answer(b'{"input_tokens": 12}')
    assert rig.post("/anthropic/v1/messages/count_tokens", ASK).json() == {"input_tokens": 12}
    assert b"anna" not in rig.upstream.bodies


def test_log_probabilities_stay_surrogates_and_the_answer_says_so(rig: Any) -> None:
    raw = (
        b'{"choices":[{"logprobs":{"content":[{"token":"EMAIL_Q0000XX"}]},"message":{"content":"EMAIL_Q0000XX"}}]}'
    )
    rig.upstream.answer(raw)
    answer = rig.chat({**ASK, "logprobs": True})
    assert answer.headers["strongroom-logprobs"] == "surrogates"
    assert answer.json()["choices"][0]["logprobs"]["content"][0]["token"] == "EMAIL_Q0000XX"
    assert answer.json()["choices"][0]["message"]["content"] == "anna@example.org"
    assert "strongroom-logprobs" not in rig.chat(ASK).headers


@pytest.mark.parametrize(
    "raw", [b"<html>EMAIL_Q0000XX</html>", b'{"choices": [', b'{"a":"EMAIL_Q0000XX","a":1}', b"", b"[1]"]
)
def test_an_answer_that_is_not_what_it_should_be_is_passed_on_as_it_came(rig: Any, raw: bytes) -> None:
    rig.upstream.answer(raw)
    answer = rig.chat(ASK)
    assert (answer.status_code, answer.content) == (200, raw)
    assert raw == b"[1]" or rig.log.line(error="upstream_garbage")


@pytest.mark.parametrize("status", [400, 404, 429, 500, 529])
def test_errors_of_the_provider_are_passed_on_but_never_its_key(rig: Any, status: int) -> None:
    body = b'{"error":{"message":"no EMAIL_Q0000XX for ' + KEY.encode() + b'"}}'
    rig.upstream.answer(body, status=status, headers={"retry-after": "7"})
    answer = rig.chat(ASK)
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "7")
    assert answer.content == body.replace(KEY.encode(), b"[withheld]")
    assert rig.log.line(error="upstream_status")


def test_a_refused_provider_key_is_not_the_clients_fault_nor_shown(rig: Any) -> None:
    rig.upstream.answer(b'{"error":{"message":"Incorrect API key provided: sk-prov*****6789"}}', status=401)
    answer = rig.messages(ASK)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "authentication_error")
    assert "6789" not in answer.text
    assert "gateway's own key" in answer.text


def test_redirects_are_not_followed_and_compressed_answers_refused(rig: Any) -> None:
    rig.upstream.answer(b"", status=307, headers={"location": "http://127.0.0.1:1/"})
    assert rig.chat(ASK).status_code == 307
    assert len(rig.upstream.requests) == 1
    rig.upstream.answer(b"\x1f\x8b", headers={"content-encoding": "gzip"})
    answer = rig.chat(ASK)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream")


def test_an_upstream_that_is_not_there_is_a_bad_gateway(make_rig: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        rig = make_rig(upstream_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        answer = rig.messages(ASK)
    assert (answer.status_code, answer.json()["error"]["type"]) == (502, "api_error")
    assert "127.0.0.1" not in answer.text


def test_an_upstream_that_says_nothing_is_a_gateway_timeout(make_rig: Any) -> None:
    rig = make_rig(idle_s=0.2)
    rig.upstream.answer(then="hang")
    answer = rig.chat(ASK)
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")


def test_an_answer_that_breaks_off_or_is_too_long_is_a_bad_gateway(make_rig: Any) -> None:
    rig = make_rig(limits=GatewayLimits(response_bytes=20))
    rig.upstream.answer(b'{"choices":', then="cut")
    assert rig.chat(ASK).status_code == 502
    rig.upstream.answer(b'{"choices": []}' + b" " * 20)
    assert "larger than 20 bytes" in rig.chat(ASK).json()["error"]["message"]


@pytest.mark.parametrize("then", ["end", "cut", "hang"])
@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_a_stream_that_breaks_says_so_after_what_was_held(make_rig: Any, then: str, wire: str) -> None:
    rig = make_rig(idle_s=0.2)
    text = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"to EMAIL_Q0000XX"}}'
    rig.upstream.stream(chunk("to EMAIL_Q0000XX") if wire == "openai" else b"data: " + text + b"\n\n", then=then)
    answer = rig.chat(ASK) if wire == "openai" else rig.messages(ASK)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream"
    assert b"to " in answer.content
    assert answer.content.count(b"anna@example.org") == 1
    events = [json.loads(row[6:]) for row in answer.text.splitlines() if row.startswith("data: ")]
    assert ("error" in events[-1]) == (then != "end")
    line = rig.log.line()
    assert line.get("error") == {"end": None, "cut": "upstream", "hang": "upstream_timeout"}[then]
    assert (line["streamed"], line["status"]) == (True, 200)


def test_when_the_guard_fails_in_a_stream_nothing_held_comes_out(rig: Any) -> None:
    rig.upstream.stream(chunk("one"), chunk("EMAIL_Q0000XX"))
    rig.chat(ASK)
    session = rig.sessions.opened[-1]
    rig.sessions.open = lambda caller, *, conversation: session
    session.restorer = lambda sink: (_ for _ in ()).throw(AuditUnavailableError("gone"))
    answer = rig.chat(ASK)
    assert b"anna" not in answer.content
    assert json.loads(answer.text.splitlines()[-2][6:])["error"]["code"] == "audit_unavailable"


def test_when_the_guard_cannot_record_the_outcome_the_answer_is_out_and_the_log_says_it(rig: Any) -> None:
    rig.chat(ASK)
    session = rig.sessions.opened[-1]

    def fail() -> None:
        raise AuditUnavailableError

    session.finish = fail
    rig.sessions.open = lambda caller, *, conversation: session
    assert rig.chat(ASK).status_code == 200
    assert rig.log.line(error="audit_unavailable")


def test_a_client_that_leaves_cancels_the_upstream(rig: Any) -> None:
    rig.upstream.stream(chunk("one"), then="hang")
    headers = {"authorization": "Bearer sr_test"}
    with rig.client.stream("POST", f"{rig.url}/openai/v1/chat/completions", json=ASK, headers=headers) as answer:
        assert next(answer.iter_raw()) == chunk("one")
    assert rig.upstream.cancelled.wait(10)
    assert rig.log.line(error="client_gone")
    assert rig.sessions.opened[-1].finished == 1


def test_a_client_that_leaves_before_the_answer_cancels_the_upstream(rig: Any) -> None:
    rig.upstream.replies[:] = []
    rig.upstream.answer(then="hang")
    with pytest.raises(httpx.ReadTimeout):
        rig.client.post(
            f"{rig.url}/openai/v1/chat/completions",
            json=ASK,
            timeout=0.3,
            headers={"authorization": "Bearer sr_test"},
        )
    assert rig.upstream.cancelled.wait(10)
    assert rig.log.line(status=499)


@pytest.mark.parametrize("cut_at", [0, 10])
def test_a_client_that_leaves_in_the_middle_of_its_body_is_not_answered(rig: Any, cut_at: int) -> None:
    host, port = rig.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        head = ["POST /openai/v1/chat/completions HTTP/1.1", "host: x", "authorization: Bearer sr_test"]
        raw.sendall("\r\n".join([*head, "content-length: 99", "", ""]).encode() + b"x" * cut_at)
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(1) == b""
    assert rig.log.line(error="client_gone")
    assert rig.upstream.requests == []


def test_monitor_mode_streams_are_relayed_as_they_come(make_rig: Any) -> None:
    rig = make_rig(mode="monitor")
    rig.upstream.stream(chunk("EMAIL_Q0000XX"), b": x\n\n")
    assert rig.chat(ASK).content == chunk("EMAIL_Q0000XX") + b": x\n\n"
    rig.upstream.stream(chunk("a"), then="cut")
    assert b'"code":"upstream"' in rig.chat(ASK).content


def test_nothing_leaves_when_policy_refuses_to_forward(rig: Any) -> None:
    assert rig.chat(ASK).status_code == 200
    before = len(rig.upstream.requests)
    session = rig.sessions.opened[-1]

    def refuse(upstream: str) -> None:
        msg = f"forward to {upstream} was refused"
        raise AccessDeniedError(msg)

    session.forward = refuse
    rig.sessions.open = lambda caller, *, conversation: session
    answer = rig.chat(ASK)
    assert answer.status_code == 403
    assert "forward to openai was refused" in answer.text
    assert len(rig.upstream.requests) == before
