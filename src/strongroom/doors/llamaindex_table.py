"""What a LlamaIndex chat message holds, block by block, in the words of the wire tables.

Must never: mark as opaque what a program may write text into on its way to the model, reasoning excepted, which
providers sign.
"""

from __future__ import annotations

from strongroom.doors.bound_table import DECLARED, SETTINGS
from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Node,
    Obj,
    Tagged,
    arguments,
    binary,
    opaque,
    structural,
    text,
    tool_name,
    tree,
)
from strongroom.guard.session import Origin

_S = structural()
_REASONING = opaque("signed or encrypted: it goes back as it came")
_BINARY = Obj({"block_type": _S, "content": binary("an image, sound or file")})


def _blocks(origin: Origin) -> Tagged:
    words = Obj({"block_type": _S, "text": text(origin)})
    cases: dict[str, Node] = {
        "text": words,
        **dict.fromkeys(("image", "audio", "video", "document"), _BINARY),
        "thinking": Obj({"block_type": _S}, extra=_REASONING),
        "cache": Obj({"block_type": _S, "cache_control": Obj({}, extra=_S)}),
        "tool_call": Obj(
            {
                "block_type": _S,
                "tool_call_id": _S,
                "name": tool_name(),
                "args": Either(string=arguments(), obj=tree(Origin.MODEL)),
            }
        ),
    }
    inner = Tagged("block_type", dict(cases))
    quoted = {"block_type": _S, **dict.fromkeys(("title", "source"), text(origin))}
    cases["citable"] = Obj({**quoted, "content": Arr(inner)})
    cases["citation"] = Obj({**quoted, "cited_content": inner, "additional_location_info": Obj({}, extra=_S)})
    return Tagged("block_type", cases)


_FUNCTION = Obj({"name": tool_name(), "arguments": arguments()}, extra=tree(Origin.MODEL))
_CALL = Obj(
    {"id": _S, "type": _S, "index": _S, "function": _FUNCTION, "name": tool_name(), "input": tree(Origin.MODEL)},
    extra=tree(Origin.MODEL),
)


def _message(origin: Origin) -> Obj:
    added: dict[str, Node] = {
        **dict.fromkeys(("tool_call_id", "name"), _S),
        "tool_calls": Arr(_CALL),
        "function_call": _FUNCTION,
        **dict.fromkeys(("reasoning", "reasoning_content", "thinking", "thinking_signature"), _REASONING),
    }
    return Obj({"role": _S, "content": Arr(_blocks(origin)), "additional_kwargs": Obj(added, extra=tree(origin))})


MESSAGE = Tagged(
    "role",
    {
        **dict.fromkeys(("system", "developer", "user"), _message(Origin.TYPED)),
        **dict.fromkeys(("assistant", "model", "chatbot"), _message(Origin.MODEL)),
        **dict.fromkeys(("tool", "function"), _message(Origin.TOOL)),
    },
)

REQUEST = Obj({"messages": Arr(MESSAGE), "tools": Arr(DECLARED), "settings": SETTINGS})
"""One call of an LLM: its messages, and what is passed along."""

ANSWER = Obj({"messages": Arr(MESSAGE)})
"""What the model said."""
