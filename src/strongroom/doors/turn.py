"""One call of a model through a framework: what the model may see of it, and what comes back of the answer.

A framework hands over messages as objects of its own. Its door lays them out as one JSON object, which a table in
the words of the wire tables describes; from there on everything is as at the gateway: the same walk, the same
edits, the same session. What the table does not name is refused.

Must never: hand a body to the framework that was not inspected, or end without the record of the session:
whoever makes a turn closes it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson

from strongroom.doors.door import Door
from strongroom.errors import ExtraMissingError, FormatError
from strongroom.gateway.edit import USER
from strongroom.gateway.request import conversation_of
from strongroom.gateway.response import restore_response
from strongroom.gateway.stream import StreamRestorer
from strongroom.gateway.wire import Wire
from strongroom.gateway.wires.table import Node


class Turn:
    """See the module. `body` is what the model may see, `conversation` whose surrogates it carries.

    A context manager that closes itself.

    `upstream` is how policy and the log know the receiver. `conversation` names the conversation when the
    framework knows it; else the door's name for it counts, else the opening of the messages.
    """

    def __init__(
        self, door: Door, body: Mapping[str, Any], table: Node, *, upstream: str, conversation: str = ""
    ) -> None:
        self.conversation = conversation_of(conversation or door.conversation, dict(body))
        inspected = door.admit(_bytes(body), table, upstream=upstream, conversation=self.conversation)
        self.body: dict[str, Any] = orjson.loads(inspected.body)
        self._door = door
        self._session = inspected.session
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Record the outcomes; further calls do nothing."""
        if self._open:
            self._open = False
            self._session.finish()
            self._door.settle()

    @property
    def unknown(self) -> int:
        """How many surrogates the answer had that were never issued in this conversation."""
        return int(getattr(self._session, "unknown", 0))

    def answer(self, body: Mapping[str, Any], table: Node) -> dict[str, Any]:
        """An answer laid out as JSON, with what policy lets out where it goes."""
        raw = _bytes(body)
        if not self._door.enforce:
            return dict(body)
        restored = restore_response(raw, table, self._session, bytes_max=self._door.response_bytes)
        out: dict[str, Any] = orjson.loads(restored.body)
        return out

    def streamed_text(self) -> StreamedText:
        """The hold-back of one text that comes in pieces."""
        return StreamedText(self)

    def arguments(self, tool: str, arguments: str) -> str:
        """The JSON text of a complete tool call's arguments, each string restored at its parameter's sink."""
        return self._session.restore_arguments(tool, arguments) if self._door.enforce else arguments

    def events(self, wire: Wire) -> StreamRestorer | None:
        """What restores the events of a stream on `wire`; None when nothing is restored."""
        return StreamRestorer(wire, self._session) if self._door.enforce else None

    def restorer(self) -> Any:
        """What restores one stream of text at the user's sink; None when nothing is restored."""
        return self._session.restorer(USER) if self._door.enforce else None


class StreamedText:
    """One text on its way back, piece by piece."""

    __slots__ = ("_restorer",)

    def __init__(self, turn: Turn) -> None:
        self._restorer = turn.restorer()

    def feed(self, piece: str) -> str:
        """What is certain now that `piece` has come."""
        return piece if self._restorer is None else str(self._restorer.feed(piece))

    def end(self) -> str:
        """What was still held back, now that nothing follows."""
        return "" if self._restorer is None else str(self._restorer.flush())


_Item = TypeVar("_Item")


@asynccontextmanager
async def closing(stream: AsyncIterator[_Item]) -> AsyncIterator[AsyncIterator[_Item]]:
    """Ends a framework's stream when ours ends, wherever it does."""
    try:
        yield stream
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


def _bytes(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        msg = "a message holds what is no JSON and cannot be inspected"
        raise FormatError(msg) from None


_AGENTS = ("the OpenAI Agents SDK", "openai-agents")
_LANGCHAIN = ("LangChain", "langchain")
_FRAMEWORKS = {
    "agents": _AGENTS,
    "openai": _AGENTS,
    **dict.fromkeys(("langchain", "langchain_core", "langgraph"), _LANGCHAIN),
    "llama_index": ("LlamaIndex", "llamaindex"),
}


def missing_extra(error: ModuleNotFoundError) -> Exception:
    """What to raise when a door's framework is not installed; what else is missing stays as it is."""
    known = _FRAMEWORKS.get((error.name or "").partition(".")[0])
    if known is None:
        return error
    return ExtraMissingError(f"the door for {known[0]} needs an extra: pip install 'strongroom[{known[1]}]'")
