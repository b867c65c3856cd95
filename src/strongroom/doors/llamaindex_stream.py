"""A streamed answer of a LlamaIndex LLM on its way back, response by response.

Each response holds all that came so far and, as `delta`, what is new. Every text block has a hold-back of its own.
Tool calls keep their surrogates until the stream ends: then one more response comes, with everything restored.

Must never: restore in a tool call before all of it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from strongroom.doors.llamaindex_messages import answer_of, restored_message
from strongroom.doors.turn import StreamedText, Turn, missing_extra

try:
    from llama_index.core.base.llms.types import ChatResponse, CompletionResponse, TextBlock
except ModuleNotFoundError as error:
    raise missing_extra(error) from None


class _Growing:
    """One text that comes as all of it so far: what is new of it, and what of it may be shown."""

    def __init__(self, turn: Turn) -> None:
        self._held: StreamedText = turn.streamed_text()
        self._came = 0
        self.shown = ""

    def grow(self, text: str) -> str:
        """What is new and certain now that `text` is all that came."""
        new = self._held.feed(text[self._came :])
        self._came = max(self._came, len(text))
        self.shown += new
        return new

    def add(self, piece: str) -> str:
        """What is certain now that `piece` came."""
        self._came += len(piece)
        new = self._held.feed(piece)
        self.shown += new
        return new

    def end(self) -> str:
        """What was still held."""
        rest = self._held.end()
        self.shown += rest
        return rest


class ChatRestorer:
    """See the module. `feed` it responses, then pass on the `last`."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._texts: dict[int, _Growing] = {}
        self._delta: _Growing | None = None
        self._whole: ChatResponse | None = None

    def feed(self, response: ChatResponse) -> ChatResponse:
        """`response` with the texts that may be shown so far."""
        self._whole = response
        blocks: list[Any] = []
        new = ""
        for number, block in enumerate(response.message.blocks):
            if not isinstance(block, TextBlock):
                blocks.append(block)
                continue
            text = self._texts.setdefault(number, _Growing(self._turn))
            new += text.grow(block.text)
            blocks.append(block.model_copy(update={"text": text.shown}))
        if response.delta and not self._texts:  # an LLM that sends nothing but what is new
            self._delta = self._delta or _Growing(self._turn)
            new = self._delta.add(response.delta)
        message = response.message.model_copy(update={"blocks": blocks})
        delta = response.delta if response.delta is None else new
        return response.model_copy(update={"message": message, "delta": delta})

    def last(self) -> Iterator[ChatResponse]:
        """The whole answer, with what was held as its `delta`; nothing when nothing came."""
        if self._whole is None:
            return
        rest = "".join(text.end() for text in self._texts.values())
        if self._delta is not None:
            rest += self._delta.end()
        message = restored_message(self._turn, self._whole.message)
        yield self._whole.model_copy(update={"message": message, "delta": rest})


class CompletionRestorer:
    """The same for a completed text."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._text = _Growing(turn)
        self._whole: CompletionResponse | None = None

    def feed(self, response: CompletionResponse) -> CompletionResponse:
        """`response` with the text that may be shown so far."""
        self._whole = response
        new = self._text.grow(response.text)
        delta = response.delta if response.delta is None else new
        return response.model_copy(update={"text": self._text.shown, "delta": delta})

    def last(self) -> Iterator[CompletionResponse]:
        """The whole text, with what was held as its `delta`; nothing when nothing came."""
        if self._whole is None:
            return
        rest = self._text.end()
        text = restored_message(self._turn, answer_of(self._whole.text)).content or ""
        yield self._whole.model_copy(update={"text": text, "delta": rest})
