"""The reference is what the tables make, and the snippets of the how-to run as they stand."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
HOWTO = (ROOT / "docs" / "howto" / "point-a-client.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", HOWTO, re.MULTILINE | re.DOTALL)
OPENAI = b'data: {"choices":[{"index":0,"delta":{"content":"I wrote to EMAIL_Q0000XX"}}]}\n\ndata: [DONE]\n\n'
ANTHROPIC = (
    b'{"id":"m","type":"message","role":"assistant","model":"m","stop_reason":"end_turn","usage":{"input_tokens":1,'
    b'"output_tokens":1},"content":[{"type":"text","text":"I wrote to EMAIL_Q0000XX"}]}'
)
GEMINI = b'data: {"candidates":[{"content":{"parts":[{"text":"I wrote to EMAIL_Q0000XX"}]}}]}\r\n\r\n'


def test_the_reference_is_what_the_tables_make() -> None:
    spec = importlib.util.spec_from_file_location("make_wires", ROOT / "tools" / "make_wires_reference.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), "run tools/make_wires_reference.py"


def test_there_is_a_snippet_for_each_sdk_and_none_is_long() -> None:
    assert [name in HOWTO for name in ("## openai", "## anthropic", "## google-genai")] == [True, True, True]
    assert len(SNIPPETS) == 4
    assert all(len(snippet.splitlines()) <= 10 for snippet in SNIPPETS)


@pytest.mark.parametrize(
    ("number", "answer", "kind"),
    [(0, OPENAI, "text/event-stream"), (1, ANTHROPIC, "application/json"), (2, GEMINI, "text/event-stream")],
)
def test_the_snippets_run(
    rig: Any, capsys: pytest.CaptureFixture[str], number: int, answer: bytes, kind: str
) -> None:
    rig.upstream.answer(answer, kind=kind)
    code = SNIPPETS[number].replace("http://127.0.0.1:8080", rig.url).replace("sr_...", "sr_test")
    names: dict[str, Any] = {}
    exec(compile(code, "point-a-client.md", "exec"), names)  # noqa: S102 - our own page
    names["client"].close()
    assert capsys.readouterr().out == "I wrote to anna@example.org\n"
    assert b"anna" not in rig.upstream.bodies


def test_the_header_of_the_how_to_names_the_conversation(rig: Any) -> None:
    code = "from openai import OpenAI\n" + SNIPPETS[3].replace("http://127.0.0.1:8080", rig.url).replace(
        "sr_...", "sr_test"
    )
    names: dict[str, Any] = {}
    exec(compile(code, "point-a-client.md", "exec"), names)  # noqa: S102 - our own page
    rig.upstream.answer(b'{"choices":[]}')
    names["client"].chat.completions.create(model="m", messages=[])
    names["client"].close()
    assert rig.sessions.opened[-1].conversation == "ticket-4711"
