"""The contents and parts of Gemini, as a client sends them and as the model answers with them.

Source: the Gemini API reference (v1beta) and the types of the official Python SDK (google-genai 3.4). The API
takes JSON by protobuf's rules: a field may be written in camelCase or in snake_case, and where a list of
messages is expected a single one is accepted, so both are read here.

`thoughtSignature` is the model's encrypted state and returns as it came; the thoughts that are shown are text.

Must never: mark a signature as anything but opaque, or read a part by fewer names than the provider does.
"""

from __future__ import annotations

import re

from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Instead,
    Node,
    Obj,
    Tagged,
    binary,
    opaque,
    structural,
    text,
    tool_name,
    tree,
)
from strongroom.guard.session import Origin

S = structural()
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def fixed(*names: str) -> dict[str, Node]:
    """Structural fields of these names."""
    return dict.fromkeys(names, S)


def snake(name: str) -> str:
    """A field's name as the protocol's definition writes it."""
    return _HUMP.sub("_", name).lower()


def message(fields: dict[str, Node], *, extra: Node | None = None, keyed: str | None = None) -> Obj:
    """An object of the protocol: every field by both of its names."""
    return Obj(fields, extra=extra, keyed=keyed, aliases={snake(name): name for name in fields})


def repeated(item: Node, *, keyed: str | None = None) -> Either:
    """A list of messages, or the only one of them."""
    return Either(arr=Arr(item, keyed=keyed), obj=item)


_OFFSETS = fixed("startOffset", "endOffset", "contentLayers")
_METADATA: dict[str, Node] = {
    "mediaProcessing": S,
    "mediaResolution": Either(string=S, obj=message(fixed("level", "numTokens"))),
    "videoMetadata": message({**_OFFSETS, "fps": S}),
    "documentMetadata": message(fixed("startPage", "endPage", "contentLayers")),
    "spreadsheetMetadata": message(fixed("visibleCells", "sheetIndex", "contentLayers")),
    "audioMetadata": message(_OFFSETS),
}


def _blob(origin: Origin, data: Node) -> Obj:
    return message({"mimeType": S, "data": data, "displayName": text(origin)})


def _file(origin: Origin, address: Node) -> Obj:
    return message({"mimeType": S, "fileUri": address, "displayName": text(origin)})


def transcription(words: Node) -> Obj:
    """What was heard, and when."""
    return message(
        {
            **fixed("finished", "languageCode", "startOffset", "endOffset"),
            "text": words,
            "speakerLabel": text(Origin.TOOL),
            "words": repeated(message({**fixed("startOffset", "endOffset"), "word": text(Origin.TOOL)})),
        }
    )


_TEXT_PART = Instead(2, lambda words: {"text": words})


def _media(origin: Origin, instead: Instead | None = None) -> dict[str, Node]:
    return {
        "inlineData": _blob(origin, binary("an image, a sound, a film or a document", "any", instead)),
        "fileData": _file(origin, binary("a file's address", "address")),
    }


def request_part(origin: Origin) -> Obj:
    """One part of a content that a client sends."""
    return message(
        {
            "text": text(origin),
            "thought": S,
            "thoughtSignature": opaque("a signature"),
            **_media(origin, _TEXT_PART),
            **_METADATA,
            "functionCall": message(
                {
                    **fixed("id", "willContinue"),
                    "name": tool_name(),
                    "args": tree(Origin.MODEL),
                    "partialArgs": tree(Origin.MODEL),
                }
            ),
            "functionResponse": message(
                {
                    **fixed("id", "name", "willContinue", "scheduling"),
                    "response": tree(Origin.TOOL),
                    "parts": repeated(message({**_media(Origin.TOOL), **_METADATA})),
                }
            ),
            "executableCode": message({**fixed("id", "language"), "code": text(Origin.MODEL)}),
            "codeExecutionResult": message({**fixed("id", "outcome"), "output": text(Origin.TOOL)}),
            "toolCall": message({**fixed("id", "toolType"), "args": tree(Origin.MODEL)}),
            "toolResponse": message({**fixed("id", "toolType"), "response": tree(Origin.TOOL)}),
            "partMetadata": tree(Origin.TYPED),
            "audioTranscription": transcription(text(Origin.TOOL)),
            "speechMetadata": message(dict.fromkeys(("speaker", "style"), text(origin))),
        }
    )


def _content(origin: Origin) -> Obj:
    return message({"role": S, "parts": repeated(request_part(origin))})


CONTENT = Tagged(
    "role",
    {
        "user": _content(Origin.TYPED),
        "model": _content(Origin.MODEL),
        "function": _content(Origin.TOOL),
        "tool": _content(Origin.TOOL),
        "system": _content(Origin.TYPED),
    },
    missing="user",
)
"""One turn of a request."""

SYSTEM_INSTRUCTION = Either(string=text(), obj=CONTENT)

_HOSTED = opaque("what a hosted tool was asked or answered goes back to the provider as it came")


def answered_part(*, words: Node) -> Obj:
    """One part of the model's answer; `words` is what its text is.

    `keyed` by `thought`: the thoughts that are shown and the answer are two texts.
    """
    return message(
        {
            "text": words,
            "thought": S,
            "thoughtSignature": opaque("a signature"),
            "inlineData": _blob(Origin.MODEL, opaque("an image or a sound")),
            "fileData": _file(Origin.MODEL, S),
            **_METADATA,
            "functionCall": message(
                {
                    **fixed("id", "willContinue"),
                    "name": tool_name(),
                    "args": tree(Origin.MODEL),
                    "partialArgs": opaque(
                        "pieces of arguments, which this API does not stream: they stay as they are"
                    ),
                }
            ),
            "functionResponse": _HOSTED,
            "executableCode": message({**fixed("id", "language"), "code": text(Origin.MODEL)}),
            "codeExecutionResult": message({**fixed("id", "outcome"), "output": text(Origin.MODEL)}),
            "toolCall": message({**fixed("id", "toolType"), "args": _HOSTED}),
            "toolResponse": message({**fixed("id", "toolType"), "response": _HOSTED}),
            "partMetadata": opaque("comes back as it was sent"),
            "audioTranscription": transcription(text(Origin.MODEL)),
            "speechMetadata": message(dict.fromkeys(("speaker", "style"), text(Origin.MODEL))),
        },
        keyed="thought",
    )
