"""The wrapper around a server on standard streams: what passes, what is refused, what is withheld."""

import json
import os
import re
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from strongroom.doors.mcp_stdio import LOG_LINE_MAX, StdioWrapper, lines
from strongroom.errors import AuditUnavailableError, ConfigurationError, LimitExceededError
from strongroom.gateway.mcp import McpMessages
from strongroom.guard.scope_state import Replacement
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink
from strongroom.identity import Caller, Principal
from strongroom.surrogates.restore import Restorer, restore_text

CALLER = Caller(Principal("agent", "acme", "prod"))
ADDRESS = re.compile(r"[a-z]+@example\.org")
ECHO = "import sys\nfor line in sys.stdin: sys.stdout.write(line); sys.stdout.flush()\n"
TO_LOG = "import sys\nsys.stdout.close()\nfor line in sys.stdin: sys.stderr.write(line)\n"


@dataclass
class Calls:
    """Sessions and session in one: e-mail addresses are replaced, and come back anywhere."""

    table: dict[str, str] = field(default_factory=dict)
    restored: int = 0
    refused: int = 0
    unknown: int = 0
    fail_with: Exception | None = None

    def open(self, caller: Caller, *, conversation: str) -> "Calls":
        return self

    def protect(self, text: str, *, origin: Origin = Origin.TYPED, field: str = "") -> list[Replacement]:
        if self.fail_with is not None:
            raise self.fail_with
        return [
            Replacement(found.start(), found.end(), self.surrogate(found.group()), "EMAIL")
            for found in ADDRESS.finditer(text)
        ]

    def surrogate(self, value: str) -> str:
        return self.table.setdefault(value, f"EMAIL_Q{len(self.table):04d}XX")

    def forward_file(self, upstream: str, kind: str, count: int) -> None:
        pass

    def forward(self, upstream: str) -> None:
        pass

    def restorer(self, sink: Sink) -> Restorer:
        raise AssertionError

    def restore_arguments(self, tool: str, arguments: str) -> str:
        values = {surrogate: value for value, surrogate in self.table.items()}
        return restore_text(arguments, values.get)

    def finish(self) -> None:
        pass


@dataclass
class Ran:
    """What came out of a wrapper."""

    code: int
    out: bytes
    log: bytes

    @property
    def answers(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Pipes:
    """The three streams of a wrapper, as pipes of this process."""

    def __init__(self) -> None:
        self._ends = [os.pipe() for _ in range(3)]
        self.streams = (self._ends[0][0], self._ends[1][1], self._ends[2][1])

    def run(self, program: str, said: bytes, calls: Calls, limit: int = 1 << 16) -> Ran:
        messages = McpMessages(calls, CALLER, "mcp-test", bytes_max=limit)
        wrapper = StdioWrapper(
            messages, [sys.executable, "-c", program], line_bytes_max=limit, streams=self.streams
        )
        read: dict[int, bytes] = {}
        readers = [threading.Thread(target=self._drain, args=(end[0], read)) for end in self._ends[1:]]
        for reader in readers:
            reader.start()
        os.write(self._ends[0][1], said)
        os.close(self._ends[0][1])
        try:
            code = wrapper.run()
        finally:
            for descriptor in self.streams:
                os.close(descriptor)
            for reader in readers:
                reader.join(20)
        return Ran(code, read[self._ends[1][0]], read[self._ends[2][0]])

    @staticmethod
    def _drain(source: int, read: dict[int, bytes]) -> None:
        read[source] = b"".join(iter(lambda: os.read(source, 1 << 16), b""))
        os.close(source)


@pytest.fixture
def pipes() -> Pipes:
    return Pipes()


def test_untouched_lines_pass_bit_for_bit_and_the_exit_code_is_the_servers(pipes: Pipes) -> None:
    line = b'{"jsonrpc":"2.0", "id" :1,"result":{"content":[{"type":"text","text":"caf\\u00e9"}],"x":1.10} }\r\n'
    assert pipes.run(ECHO + "sys.exit(7)", line, Calls()) == Ran(7, line, b"")


def test_arguments_arrive_with_values_and_results_with_surrogates(pipes: Pipes) -> None:
    calls = Calls()
    surrogate = calls.surrogate("anna@example.org")
    program = (
        "import sys, json\nasked = json.loads(sys.stdin.readline())\n"
        "text = 'sent to ' + asked['params']['arguments']['to'] + '; cc zoe@example.org'\n"
        "print(json.dumps({'jsonrpc': '2.0', 'id': 1, 'result': {'content': [{'type': 'text', 'text': text}]}}))\n"
        "assert asked['params']['arguments']['to'] == 'anna@example.org'\n"
    )
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    call["params"] = {"name": "send", "arguments": {"to": surrogate}}
    ran = pipes.run(program, json.dumps(call).encode() + b"\n", calls)
    assert ran.code == 0
    assert ran.answers[0]["result"]["content"][0]["text"] == f"sent to {surrogate}; cc EMAIL_Q0001XX"


def test_what_a_client_may_not_say_is_answered_if_it_waits(pipes: Pipes) -> None:
    said = (
        b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]\n'
        b'{"jsonrpc":"2.0","id":2,"method":"vendor/secret"}\n'
        b"{not json\n"
        b'{"jsonrpc":"2.0","method":"notifications/unknown"}\n'
    )
    ran = pipes.run(ECHO, said, Calls())
    assert [(answer["id"], answer["error"]["code"]) for answer in ran.answers] == [
        (None, -32600), (2, -32601), (None, -32700),
    ]  # fmt: skip
    assert ran.log.count(b"was refused") == 4


def test_a_question_the_client_may_not_see_is_answered_in_its_place(pipes: Pipes) -> None:
    ask = {"messages": [{"role": "user", "content": {"type": "image", "data": "aGk=", "mimeType": "image/png"}}]}
    question = json.dumps({"jsonrpc": "2.0", "id": "q", "method": "sampling/createMessage", "params": ask})
    program = f"import sys\nprint({question!r}, flush=True)\nsys.stderr.write(sys.stdin.readline())"
    ran = pipes.run(program, b"", Calls())
    assert ran.out == b""
    assert b"cannot be inspected" in ran.log


def test_what_a_server_says_that_is_no_message_is_dropped(pipes: Pipes) -> None:
    ran = pipes.run("print('debug: anna@example.org')", b"", Calls())
    assert ran.out == b""
    assert b"anna" not in ran.log
    assert b"was refused" in ran.log


def test_standard_error_is_inspected_line_by_line(pipes: Pipes) -> None:
    ran = pipes.run(TO_LOG, b'{"jsonrpc":"2.0","id":1,"result":{"roots":"anna@example.org"}}\n', Calls())
    assert b"EMAIL_Q0000XX" in ran.log
    assert b"anna@" not in ran.log


def test_a_line_that_cannot_be_inspected_is_withheld(pipes: Pipes) -> None:
    calls = Calls(fail_with=AuditUnavailableError("no"))
    ran = pipes.run("import sys\nsys.stderr.write('anna@example.org\\n' + 'x' * (1 << 20) + 'y\\n')", b"", calls)
    assert ran.log == b"a line was withheld: audit_unavailable\na line was withheld: too long\n"
    assert LOG_LINE_MAX == 1 << 20


def test_a_message_that_is_too_long_ends_everything(pipes: Pipes) -> None:
    with pytest.raises(LimitExceededError, match="longer than 64 bytes"):
        pipes.run(ECHO, b'{"x":"' + b"y" * 200 + b'"}\n', Calls(), limit=64)


def test_a_server_that_cannot_be_started_says_so() -> None:
    messages = McpMessages(Calls(), CALLER, "mcp-test", bytes_max=64)
    with pytest.raises(ConfigurationError, match="could not be started"):
        StdioWrapper(messages, ["/nowhere/server"], line_bytes_max=64).run()


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_lines_are_the_same_however_they_arrive(size: int) -> None:
    content = b"one\ntwo\r\n\n" + b"z" * 40 + b"\nlast"
    source, target = os.pipe()

    def write() -> None:
        for start in range(0, len(content), size):
            os.write(target, content[start : start + size])
        os.close(target)

    writer = threading.Thread(target=write)
    writer.start()
    assert list(lines(source, 20)) == [b"one\n", b"two\r\n", b"\n", None, b"last"]
    writer.join()
    os.close(source)
