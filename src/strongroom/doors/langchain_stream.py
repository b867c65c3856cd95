"""A streamed answer of a LangChain model on its way back, chunk by chunk.

As at the gateway: every text of every block has a hold-back of its own, tool calls are held until the stream ends
and restored as a whole, and a chunk of which nothing is left goes out with empty texts.

Must never: emit a piece of a tool call's arguments before all of them came.
"""

from __future__ import annotations

from typing import Any

from strongroom.doors.langchain_messages import marked
from strongroom.doors.langchain_table import ANSWER
from strongroom.doors.turn import StreamedText, Turn, missing_extra
from strongroom.errors import LimitExceededError
from strongroom.gateway.stream import HELD_CHARS_MAX

try:
    from langchain_core.messages import AIMessageChunk, BaseMessageChunk
    from langchain_core.messages.tool import tool_call_chunk
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

_TEXTS = {"text": "text", "output_text": "text", "refusal": "refusal"}
_PIECES = {"input_json_delta": "partial_json", "tool_use": "partial_json", "tool_call_chunk": "args"}
_REASONING = frozenset({"reasoning", "reasoning_content", "thinking", "redacted_thinking"})
_PLAIN = ("content", "")


class _Call:
    """What came of one tool call."""

    __slots__ = ("id", "name", "pieces")

    def __init__(self) -> None:
        self.name = ""
        self.id = ""
        self.pieces: list[str] = []


class ChunkRestorer:
    """See the module. `feed` it the chunks, then emit the `rest`, if there is one."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._texts: dict[tuple[Any, str], StreamedText] = {}
        self._calls: dict[Any, _Call] = {}
        self._blocks: dict[Any, _Call] = {}
        self._kinds: dict[Any, str] = {}
        self._blockwise = False
        self._held = 0
        self._refused: list[str] = []

    def feed(self, message: BaseMessageChunk) -> AIMessageChunk:
        """`message` as it goes on; the last one carries what was held."""
        if not isinstance(message, AIMessageChunk):
            return self._new(AIMessageChunk(content=message.content))
        last = message.chunk_position == "last"
        content = self._content(message.content)
        calls = [self._call(dict(piece)) for piece in message.tool_call_chunks]
        if last:
            content, more = self._end(content)
            calls += more
        return self._new(message, content, calls)

    def rest(self) -> AIMessageChunk | None:
        """What is still held when the stream ended without a last chunk."""
        content, calls = self._end([] if self._blockwise else "")
        if not content and not calls and not self._refused:
            return None
        return self._new(AIMessageChunk(content=""), content, calls)

    def _new(self, like: AIMessageChunk, content: Any = None, calls: list[Any] | None = None) -> AIMessageChunk:
        refused, self._refused = self._refused, []
        return AIMessageChunk(
            content=like.content if content is None else content,
            additional_kwargs=like.additional_kwargs,
            response_metadata=marked(like, refused).get("response_metadata", like.response_metadata),
            name=like.name,
            id=like.id,
            usage_metadata=like.usage_metadata,
            tool_call_chunks=calls or [],
            chunk_position=like.chunk_position,
        )

    # --- texts ------------------------------------------------------------------------------------

    def _content(self, content: Any) -> Any:
        if isinstance(content, str):
            return self._text(_PLAIN).feed(content)
        self._blockwise = True
        return [self._block(block, position) for position, block in enumerate(content)]

    def _text(self, key: tuple[Any, str]) -> StreamedText:
        held = self._texts.get(key)
        if held is None:
            held = self._texts[key] = self._turn.streamed_text()
        return held

    def _block(self, block: Any, position: int) -> Any:
        if isinstance(block, str):
            return self._text((position, "")).feed(block)
        kind = str(block.get("type"))
        where = block.get("index", position)
        name = _TEXTS.get(kind)
        if name is not None and isinstance(block.get(name), str):
            self._kinds[where, name] = kind
            return {**block, name: self._text((where, name)).feed(block[name])}
        piece = _PIECES.get(kind)
        if piece is not None and ("name" in block or isinstance(block.get(piece), str)):
            self._kinds[where] = kind
            call = self._blocks.setdefault(where, _Call())
            call.name = block.get("name") or call.name
            self._hold(call, block.get(piece) or "")
            return {**block, piece: ""} if piece in block else block
        if kind in _REASONING:
            return block
        answer = self._turn.answer({"messages": [{"role": "assistant", "content": [block]}]}, ANSWER)
        return answer["messages"][0]["content"][0]

    # --- tool calls -------------------------------------------------------------------------------

    def _hold(self, call: _Call, piece: str) -> None:
        call.pieces.append(piece)
        self._held += len(piece)
        if self._held > HELD_CHARS_MAX:
            msg = f"tool arguments: longer than {HELD_CHARS_MAX} characters"
            raise LimitExceededError(msg)

    def _call(self, piece: dict[str, Any]) -> Any:
        if piece.get("index") is None:  # a whole call in one chunk
            arguments = self._arguments(piece.get("name") or "", piece.get("args") or "", piece.get("id") or "")
            return {**piece, "args": arguments}
        call = self._calls.setdefault(piece["index"], _Call())
        call.name = piece.get("name") or call.name
        call.id = piece.get("id") or call.id
        self._hold(call, piece.get("args") or "")
        return {**piece, "args": ""}

    def _arguments(self, tool: str, arguments: str, identifier: str) -> str:
        before = self._turn.unknown
        restored = self._turn.arguments(tool, arguments)
        if self._turn.unknown > before:
            self._refused.append(identifier)
        return restored

    # --- the end ----------------------------------------------------------------------------------

    def _end(self, content: Any) -> tuple[Any, list[Any]]:
        """`content` with what was held of texts and blocks, and the held calls."""
        texts, self._texts = self._texts, {}
        blocks, self._blocks = self._blocks, {}
        calls, self._calls = self._calls, {}
        plain = texts.pop(_PLAIN, None)
        words = plain.end() if plain is not None else ""
        if isinstance(content, str):
            content += words
        elif words:
            content = [*content, {"type": "text", "text": words}]
        more = []
        for (where, name), held in texts.items():
            if rest := held.end():
                more.append(self._piece(self._kinds.get((where, name), "text"), where, name or "text", rest))
        for where, call in blocks.items():
            kind = self._kinds[where]
            name = _PIECES[kind]
            if whole := "".join(call.pieces):
                more.append(self._piece(kind, where, name, self._turn.arguments(call.name, whole)))
        if more:
            content = [*([content] if isinstance(content, str) and content else content or []), *more]
        return content, [
            tool_call_chunk(index=index, args=self._arguments(call.name, "".join(call.pieces), call.id))
            for index, call in calls.items()
            if call.pieces
        ]

    @staticmethod
    def _piece(kind: str, where: Any, name: str, content: str) -> dict[str, Any]:
        return {"type": kind, "index": where, name: content}
