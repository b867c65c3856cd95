"""`strongroom discover` as a person types it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]
TASK = {
    "messages": [
        {"role": "user", "content": "Write to anna@example.org"},
        {
            "role": "assistant",
            "tool_calls": [{"function": {"name": "send", "arguments": json.dumps({"to": "anna@example.org"})}}],
        },
    ]
}


def test_proposals_are_printed_written_and_told(room: Command, person: Path) -> None:
    (person / "task.jsonl").write_text(f"{json.dumps(TASK)}\n\n{json.dumps(TASK)}\n")
    shown = room("discover", "task.jsonl")
    assert (shown.code, '[tools."send"]' in shown.out, "anna" in shown.out) == (0, True, False)
    written = room("discover", "task.jsonl", "--write", "proposals", "--json")
    told = json.loads(written.out)
    assert told["parameters"][0]["calls"] == 2
    assert told["texts"] == [{"origin": "user", "kind": "EMAIL", "count": 2}]
    assert (person / told["written"][0]).read_text() == told["proposals"]["strongroom.proposed.toml"]


def test_what_is_no_recording_is_refused(room: Command, person: Path) -> None:
    (person / "task.json").write_text("{nonsense")
    refused = room("discover", "task.json")
    assert (refused.code, "task.json: not JSON" in refused.err) == (2, True)
