"""The snippets of the how-to on agent frameworks run as they stand, on scripted models that see no values."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agents import Agent, function_tool, set_trace_processors
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from langchain_core.messages import AIMessage, BaseMessage
from tests.unit.doors import test_doors_langchain as langchain
from tests.unit.doors import test_doors_llamaindex as llamaindex

from strongroom import Strongroom
from strongroom.doors import Door

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "agent-frameworks.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
EMAIL = "anna@example.org"


@pytest.fixture(autouse=True)
def _no_traces() -> Iterator[None]:
    set_trace_processors([])
    yield
    set_trace_processors([])


def echo(messages: list[BaseMessage]) -> AIMessage:
    return AIMessage(content=messages[-1].content)


def names(room: Strongroom, **more: Any) -> dict[str, Any]:
    return {"room": room, "door": Door.of(room, "support-bot", tenant="acme", environment="prod"), **more}


def run(number: int, known: dict[str, Any]) -> None:
    exec(compile(SNIPPETS[number], PAGE.name, "exec"), known)  # noqa: S102 - our own page


def test_there_are_snippets_and_none_is_long() -> None:
    assert len(SNIPPETS) == 7
    assert all(len(snippet.splitlines()) <= 10 for snippet in SNIPPETS)


def test_the_first_one_opens_a_door(monkeypatch: pytest.MonkeyPatch, room: Strongroom) -> None:
    monkeypatch.setattr(Strongroom, "open", classmethod(lambda cls, **settings: room))
    known: dict[str, Any] = {}
    run(0, known)
    assert isinstance(known["door"], Door)


def test_langchain(room: Strongroom, capsys: pytest.CaptureFixture[str]) -> None:
    mailbox = langchain.Mailbox()
    model = langchain.Streaming(script=langchain.mailing)
    known = names(room, model=model, send_email=mailbox.tool)
    run(1, known)
    run(2, known)
    assert capsys.readouterr().out.count(f"I wrote to {EMAIL}.") == 2
    assert [to for to, _ in mailbox.sent] == [EMAIL, EMAIL]
    assert EMAIL not in "".join(model.seen)
    known["model"] = langchain.Scripted(script=echo)
    run(3, known)
    assert capsys.readouterr().out == f"Write to {EMAIL}\n"
    assert EMAIL not in "".join(known["model"].seen)


def test_openai_agents(room: Strongroom, capsys: pytest.CaptureFixture[str]) -> None:
    sent: list[str] = []

    @function_tool
    def send_email(to: str) -> str:
        sent.append(to)
        return "sent"

    def address(call: Any) -> str:
        return str(call.input if isinstance(call.input, str) else call.input[0]["content"]).rsplit(maxsplit=1)[-1]

    model = ScriptedModel(
        [
            ModelStep.respond(lambda call: [function_call("send_email", {"to": address(call)}, call_id="c")]),
            ModelStep.respond(lambda call: [assistant_message(f"I wrote to {address(call)}")]),
        ]
    )
    known = names(room, model=model, send_email=send_email)
    run(4, known)
    assert capsys.readouterr().out == f"I wrote to {EMAIL}\n"
    assert sent == [EMAIL]
    assert EMAIL not in str([call.input for call in model.calls])
    run(5, known)
    known["exporter"].shutdown()
    assert isinstance(known["agent"], Agent)


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning")
def test_llamaindex(room: Strongroom, capsys: pytest.CaptureFixture[str]) -> None:
    llm = llamaindex.Scripted(script=llamaindex.echo)
    run(6, names(room, llm=llm))
    assert capsys.readouterr().out == f"noted Write to {EMAIL}!\n" * 2
    assert EMAIL not in "".join(llm.seen)


def test_the_reference_is_what_the_tables_make() -> None:
    spec = importlib.util.spec_from_file_location(
        "make_frameworks", PAGE.parents[2] / "tools" / "make_frameworks_reference.py"
    )
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(), "run tools/make_frameworks_reference.py"
