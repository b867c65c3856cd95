"""The content blocks of Anthropic Messages, as a client sends them and as the model answers with them.

Source: the Anthropic API reference and the types of the official Python SDK (anthropic 2.10). Thinking blocks
are signed: the provider refuses a conversation whose thinking changed. What a hosted tool of the provider was
asked and answered is opaque on the way back, so that it returns to the provider as it was; on its way there it
is inspected like any tool's output, in case a client put something in.

Must never: mark a signed or encrypted field as anything but opaque.
"""

from __future__ import annotations

from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Instead,
    Node,
    Obj,
    Tagged,
    binary,
    offset,
    opaque,
    structural,
    text,
    tool_name,
    tree,
)
from strongroom.guard.session import Origin

S = structural()
CACHE_CONTROL = Obj({"type": S, "ttl": S})
CALLER = Obj({"type": S, "tool_id": S})
_ENABLED = Obj({"enabled": S})


def fixed(*names: str) -> dict[str, Node]:
    """Structural fields of these names."""
    return dict.fromkeys(names, S)


def citations(origin: Origin) -> Arr:
    """The places a text quotes; offsets count characters of the text the model saw."""
    return Arr(citation(origin))


def citation(origin: Origin) -> Obj:
    """One citation of any type."""
    return Obj(
        {
            **fixed(
                "type", "document_index", "start_page_number", "end_page_number", "start_block_index",
                "end_block_index", "search_result_index", "file_id",
            ),
            "start_char_index": offset(),
            "end_char_index": offset(end=True),
            **dict.fromkeys(("cited_text", "document_title", "title", "url", "source"), text(origin)),
            "encrypted_index": opaque(),
        }
    )  # fmt: skip


def _block(fields: dict[str, Node]) -> Obj:
    return Obj({"type": S, "cache_control": CACHE_CONTROL, **fields})


_IMAGE = _block(
    {
        "source": Tagged(
            "type",
            {
                "base64": Obj({**fixed("type", "media_type"), "data": binary("an image", "image")}),
                "url": Obj({"type": S, "url": binary("an image's address", "address")}),
                "file": Obj(fixed("type", "file_id")),
            },
        ),
        "transformations": Obj(fixed("oversized_image")),
    }
)


def _text_block(origin: Origin) -> Obj:
    return _block({"text": text(origin), "citations": citations(origin)})


_TEXT_SOURCE = Instead(1, lambda words: {"type": "text", "media_type": "text/plain", "data": words})


def _document(origin: Origin) -> Obj:
    inner = Arr(Tagged("type", {"text": _text_block(origin), "image": _IMAGE}))
    source = Tagged(
        "type",
        {
            "text": Obj({**fixed("type", "media_type"), "data": text(origin)}),
            "content": Obj({"type": S, "content": Either(string=text(origin), arr=inner)}),
            "base64": Obj({**fixed("type", "media_type"), "data": binary("a PDF", "document", _TEXT_SOURCE)}),
            "url": Obj({"type": S, "url": binary("a PDF's address", "address")}),
            "file": Obj(fixed("type", "file_id")),
        },
    )
    return _block({"source": source, "title": text(origin), "context": text(origin), "citations": _ENABLED})


_SEARCH_RESULT = _block(
    {
        "source": text(Origin.TOOL),
        "title": text(Origin.TOOL),
        "content": Arr(Tagged("type", {"text": _text_block(Origin.TOOL)})),
        "citations": _ENABLED,
    }
)
_REFERENCE = _block({"tool_name": S})
_BROWSER_STATE = _block(
    {
        "tabs": Arr(Obj({**fixed("tab_id", "active"), "title": text(Origin.TOOL), "url": text(Origin.TOOL)})),
        "state_changes": Arr(
            Obj(
                {
                    **fixed("type", "tab_id", "download_id", "size_bytes"),
                    **dict.fromkeys(("url", "path", "error"), text(Origin.TOOL)),
                }
            )
        ),
    }
)
_TOOL_RESULT = _block(
    {
        **fixed("tool_use_id", "is_error", "toolset_name"),
        "content": Either(
            string=text(Origin.TOOL),
            arr=Arr(
                Tagged(
                    "type",
                    {
                        "text": _text_block(Origin.TOOL),
                        "image": _IMAGE,
                        "document": _document(Origin.TOOL),
                        "search_result": _SEARCH_RESULT,
                        "tool_reference": _REFERENCE,
                        "browser_state": _BROWSER_STATE,
                    },
                )
            ),
        ),
    }
)
_TOOL_USE_FIELDS: dict[str, Node] = {"id": S, "caller": CALLER, "toolset_name": S}
_THINKING: dict[str, Node] = {
    "thinking": Obj({"type": S, "thinking": opaque("signed"), "signature": opaque("a signature")}),
    "redacted_thinking": Obj({"type": S, "data": opaque("encrypted")}),
}


_WORDS = text(Origin.TOOL)
_HOSTED_OUTPUTS = Arr(Obj(fixed("type", "file_id")))
_HOSTED_RUN = Obj({**fixed("type", "return_code"), "content": _HOSTED_OUTPUTS, "stdout": _WORDS, "stderr": _WORDS})
_HOSTED_ERROR = Obj({**fixed("type", "error_code"), "error_message": _WORDS})
_HOSTED_TOOLS = (
    "web_search",
    "web_fetch",
    "code_execution",
    "bash_code_execution",
    "text_editor_code_execution",
    "tool_search",
)
_HOSTED_RESULT = Tagged(
    "type",
    {
        **dict.fromkeys((f"{name}_tool_result_error" for name in _HOSTED_TOOLS), _HOSTED_ERROR),
        "web_search_result": Obj(
            {
                **fixed("type", "page_age"),
                "url": _WORDS,
                "title": _WORDS,
                "encrypted_content": opaque("encrypted"),
            }
        ),
        "web_fetch_result": Obj(
            {**fixed("type", "retrieved_at"), "url": _WORDS, "content": _document(Origin.TOOL)}
        ),
        "code_execution_result": _HOSTED_RUN,
        "bash_code_execution_result": _HOSTED_RUN,
        "encrypted_code_execution_result": Obj({**_HOSTED_RUN.fields, "encrypted_stdout": opaque("encrypted")}),
        "text_editor_code_execution_view_result": Obj(
            {**fixed("type", "file_type", "num_lines", "start_line", "total_lines"), "content": _WORDS}
        ),
        "text_editor_code_execution_create_result": Obj(fixed("type", "is_file_update")),
        "text_editor_code_execution_str_replace_result": Obj(
            {**fixed("type", "new_lines", "new_start", "old_lines", "old_start"), "lines": Arr(_WORDS)}
        ),
        "tool_search_tool_search_result": Obj({"type": S, "tool_references": Arr(_REFERENCE)}),
    },
)
_HOSTED_BLOCK = _block(
    {"tool_use_id": S, "caller": CALLER, "content": Either(obj=_HOSTED_RESULT, arr=Arr(_HOSTED_RESULT))}
)


def request_blocks(origin: Origin) -> Tagged:
    """The blocks of a message that a client sends."""
    return Tagged(
        "type",
        {
            "text": _text_block(origin),
            "image": _IMAGE,
            "document": _document(Origin.TOOL),
            "search_result": _SEARCH_RESULT,
            **_THINKING,
            "tool_use": _block({**_TOOL_USE_FIELDS, "name": tool_name(), "input": tree(Origin.MODEL)}),
            "tool_result": _TOOL_RESULT,
            "server_tool_use": _block({**_TOOL_USE_FIELDS, "name": S, "input": tree(Origin.MODEL)}),
            **dict.fromkeys((f"{name}_tool_result" for name in _HOSTED_TOOLS), _HOSTED_BLOCK),
            "container_upload": _block({"file_id": S}),
        },
    )


_HOSTED = opaque("what a hosted tool was asked or answered goes back to the provider as it came")
_ANSWERED = Obj({"type": S, "tool_use_id": S, "caller": CALLER, "content": _HOSTED})


def response_blocks(*, words: Node) -> Tagged:
    """The blocks of the model's answer; `words` is what the text of a text block is."""
    return Tagged(
        "type",
        {
            "text": Obj({"type": S, "text": words, "citations": citations(Origin.MODEL)}),
            **_THINKING,
            "tool_use": Obj({"type": S, **_TOOL_USE_FIELDS, "name": tool_name(), "input": tree(Origin.MODEL)}),
            "server_tool_use": Obj({"type": S, **_TOOL_USE_FIELDS, "name": S, "input": _HOSTED}),
            **dict.fromkeys((f"{name}_tool_result" for name in _HOSTED_TOOLS), _ANSWERED),
            "container_upload": Obj(fixed("type", "file_id")),
        },
    )
