"""`strongroom tokenize --as-model` shows a whole request as the provider would get it, byte for byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.errors import RequestRefusedError
from strongroom.gateway.playground import as_model
from strongroom.gateway.problems import UnknownEndpointError
from strongroom.identity import Principal

MAIL = "anna@example.org"
ASKED = '{"model" : "m", "messages":[{"role":"user","content":"caf\\u00e9: %s"}], "temperature":1.10}\n'


def test_the_command_shows_the_bytes_that_would_leave(room: Any) -> None:
    shown = room("tokenize", "--as-model", stdin=(ASKED % MAIL).encode())
    surrogate = re.search(r"EMAIL_[0-9A-Z]{7}", shown.out)
    assert surrogate is not None, shown
    assert shown.out == ASKED % surrogate[0]
    told = json.loads(room("tokenize", "--as-model", "--json", stdin=(ASKED % MAIL).encode()).out)
    assert told["body"] == shown.out
    assert told["changed"] == {"text": 1}


def test_each_endpoint_is_read_by_its_own_table(room: Any) -> None:
    asked = json.dumps({"contents": [{"parts": [{"text": MAIL}]}]})
    path = "/gemini/v1beta/models/m:generateContent"
    assert "EMAIL_" in room("tokenize", "--as-model", "--endpoint", path, stdin=asked.encode()).out
    refused = room("tokenize", "--as-model", stdin=asked.encode())
    assert refused.code != 0
    assert "contents: unknown field" in refused.err
    assert MAIL not in refused.err


def test_the_same_in_a_program(open_room: Any, tmp_path: Path) -> None:
    room: Strongroom = open_room()
    bot = Principal("bot", "acme", "prod")
    raw = (ASKED % MAIL).encode()
    view = as_model(room, raw, bot, conversation="c")
    assert view.body == as_model(room, raw, bot, conversation="c").body
    assert MAIL.encode() not in view.body
    with pytest.raises(RequestRefusedError):
        as_model(room, b'{"nobody_knows": 1}', bot)
    with pytest.raises(UnknownEndpointError):
        as_model(room, raw, bot, endpoint="/nowhere")
