"""How Gemini numbers and ends what it streams.

Every event is a whole answer of its own whose parts go on where the last ones stopped, so the number of a part
says nothing: a candidate has one text that is the answer and one that is the thoughts shown. Each ends when a
part of another kind follows, and both with the finish reason. In an event that has text on both sides of a
tool call, what was held back comes out with the later one.

Must never: look at the text of an event; only at its numbers and at which fields a part has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from strongroom.gateway.dialect import Block, FlatPath

_CONTENT = ("functionCall", "executableCode", "codeExecutionResult", "inlineData", "fileData", "toolCall",
            "toolResponse", "functionResponse", "audioTranscription")  # fmt: skip
_CANDIDATES = "candidates"


class GenerateEvents:
    """Server-sent events of `streamGenerateContent`."""

    def block(self, path: FlatPath) -> Block:
        """``("candidates", number, is it thought)``."""
        return path[:3]

    def stream_key(self, path: FlatPath) -> FlatPath:
        """The block and the field's name, whatever the part's number."""
        return (_CANDIDATES, path[1], path[-2] is True, path[-1])

    def tool_key(self, path: FlatPath) -> FlatPath:
        """The candidate; a call is never in pieces."""
        return path[:2]

    def ended(self, event: Mapping[str, Any]) -> Sequence[Block]:
        """The texts that something else follows, and all of a candidate that is finished."""
        out: list[Block] = []
        for position, candidate in enumerate(_dicts(event.get(_CANDIDATES))):
            number = candidate.get("index", position)
            last = None
            content = candidate.get("content")
            for part in _dicts(content.get("parts") if isinstance(content, dict) else None):
                last = _kind(part, last)
            finished = candidate.get("finishReason") is not None
            out += [
                (_CANDIDATES, number, thought)
                for thought in (True, False)
                if finished or last not in (None, thought)
            ]
        return out

    def piece(self, path: FlatPath, content: str, last: Mapping[str, Any]) -> bytes:
        """An event with the envelope of the last one and nothing but `content`."""
        return b"data: " + orjson.dumps(_answer(path, content, last)) + b"\r\n\r\n"

    def broken(self, problem: bytes) -> bytes:
        """An event that is an error, which the SDK raises."""
        return b"data: " + problem + b"\r\n\r\n"


class GenerateItems(GenerateEvents):
    """The same as items of one array."""

    def piece(self, path: FlatPath, content: str, last: Mapping[str, Any]) -> bytes:
        """An item of our own; there was one before it."""
        return b",\r\n" + orjson.dumps(_answer(path, content, last))

    def broken(self, problem: bytes) -> bytes:
        """An item that is an error, and the end of the array."""
        return b"," + problem + b"]"


def _answer(path: FlatPath, content: str, last: Mapping[str, Any]) -> dict[str, Any]:
    part = {"text": content, "thought": True} if path[2] else {"text": content}
    candidate = {"content": {"parts": [part], "role": "model"}, "index": path[1]}
    return {
        _CANDIDATES: [candidate],
        **{key: last[key] for key in ("modelVersion", "responseId", "createTime") if key in last},
    }


def _kind(part: Mapping[str, Any], before: object) -> object:
    """Whether a part is thought (True), answer (False) or something else (``""``); `before` if it says nothing."""
    if any(name in part for name in _CONTENT):
        return ""
    return part.get("thought") is True if part.get("text") else before


def _dicts(node: object) -> Iterator[dict[str, Any]]:
    return (item for item in node if isinstance(item, dict)) if isinstance(node, list) else iter(())
