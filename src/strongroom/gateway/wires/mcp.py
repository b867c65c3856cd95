"""MCP, message by message: what a client sends to a server of tools, and what a server sends to its client.

Directions are the reverse of a model's wires. The client is where the model is: what it sends holds surrogates,
and values are put back where policy lets them out. The server is where the values are: everything it says is
inspected as a tool's text.

Source: the schemas of the Model Context Protocol, revisions 2024-11-05 to 2026-07-28.

Must never: list a method that was not read in a schema; one that is not here is refused by its name.
"""

from __future__ import annotations

from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.mcp_content import FIXED, MESSAGES, OTHER, RESULT, TASK, TEXT, TOOL, TREE, URI, said
from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Node,
    Obj,
    Tagged,
    opaque,
    tool_name,
    tool_text,
    tree,
)
from strongroom.guard.session import Origin

REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")

_AS_SENT = opaque()
_NOTHING_RESTORED = opaque("any other field: nothing is restored in it")
_ARGUMENTS = tree(Origin.MODEL)
_ASKED_URI = tool_text()


def _sent(fields: dict[str, Node]) -> Obj:
    """An object of a client: values are put back in these fields, everything else stays as it is."""
    return Obj(fields, extra=_NOTHING_RESTORED)


_REQUEST = {"jsonrpc": FIXED, "id": opaque(), "method": FIXED}


def _call(**params: Node) -> Obj:
    return _sent({**_REQUEST, "params": _sent({"_meta": _AS_SENT, **params})})


# --- from the client to the server ------------------------------------------------------------------

_SAMPLED = Tagged(
    "type",
    {
        "text": _sent({"type": FIXED, "text": tool_text()}),
        "tool_use": _sent({"type": FIXED, "id": opaque(), "name": tool_name(), "input": _ARGUMENTS}),
        **dict.fromkeys(("image", "audio", "tool_result"), _sent({"type": FIXED})),
    },
)
_FORM = _sent({"action": FIXED, "content": _ARGUMENTS})
CLIENT_RESULT = Tagged(
    "action",
    {
        **dict.fromkeys(("accept", "decline", "cancel"), _FORM),
        "none": _sent({"content": Either(arr=Arr(_SAMPLED), obj=_SAMPLED), "model": FIXED, "role": FIXED}),
    },
    missing="none",
)
_ANSWERS: dict[str, Node] = {"inputResponses": Obj({}, extra=CLIENT_RESULT), "requestState": opaque()}
_AS_IS = _call()

_CLIENT_METHODS: dict[str, Node] = {
    "tools/call": _call(name=tool_name(), arguments=_ARGUMENTS, **_ANSWERS),
    "prompts/get": _call(name=tool_name(), arguments=_ARGUMENTS, **_ANSWERS),
    "resources/read": _call(uri=_ASKED_URI, **_ANSWERS),
    "resources/subscribe": _call(uri=_ASKED_URI),
    "resources/unsubscribe": _call(uri=_ASKED_URI),
    "subscriptions/listen": _call(notifications=_sent({"resourceSubscriptions": Arr(_ASKED_URI)})),
    "completion/complete": _call(
        argument=_sent({"name": FIXED, "value": tool_text()}),
        ref=_sent({"type": FIXED, "name": FIXED, "uri": _ASKED_URI}),
    ),
    **dict.fromkeys(
        (
            "initialize", "server/discover", "ping", "logging/setLevel", "tools/list", "prompts/list",
            "resources/list", "resources/templates/list", "tasks/get", "tasks/list", "tasks/cancel",
            "tasks/result", "notifications/initialized", "notifications/cancelled", "notifications/progress",
            "notifications/roots/list_changed", "notifications/tasks/status",
        ),
        _AS_IS,
    ),
}  # fmt: skip
_RESPONSE = _sent({"jsonrpc": FIXED, "id": opaque(), "result": CLIENT_RESULT, "error": _AS_SENT})
INWARD = Tagged("method", {**_CLIENT_METHODS, "response": _RESPONSE}, missing="response")
"""A message of a client on its way to the server."""

# --- from the server to the client ------------------------------------------------------------------

_ANNOUNCED: dict[str, Node] = {"jsonrpc": FIXED, "id": FIXED, "method": FIXED}


def _told(**params: Node) -> Obj:
    return Obj({**_ANNOUNCED, "params": said(params)}, extra=OTHER)


_SERVER_REQUESTS: dict[str, Node] = {
    "sampling/createMessage": _told(
        messages=MESSAGES, systemPrompt=TEXT, tools=Arr(TOOL), metadata=TREE, modelPreferences=TREE,
        stopSequences=Arr(TEXT), toolChoice=TREE, task=TREE, includeContext=FIXED, maxTokens=FIXED,
        temperature=FIXED,
    ),
    "elicitation/create": _told(
        message=TEXT, mode=FIXED, requestedSchema=SCHEMA, url=TEXT, elicitationId=opaque(), task=TREE
    ),
    "roots/list": _told(),
    "ping": _told(),
    **dict.fromkeys(("tasks/get", "tasks/list", "tasks/cancel", "tasks/result"), _told(taskId=opaque())),
}  # fmt: skip
_SERVER_NOTIFICATIONS: dict[str, Node] = {
    "notifications/message": _told(level=FIXED, logger=TEXT, data=TREE),
    "notifications/progress": _told(progressToken=opaque(), progress=FIXED, total=FIXED, message=TEXT),
    "notifications/cancelled": _told(requestId=opaque(), reason=TEXT),
    "notifications/resources/updated": _told(uri=URI),
    "notifications/subscriptions/acknowledged": _told(
        notifications=Obj({"resourceSubscriptions": Arr(URI)}, extra=OTHER)
    ),
    "notifications/elicitation/complete": _told(elicitationId=opaque()),
    "notifications/tasks/status": _told(**TASK),
    **dict.fromkeys(
        (
            "notifications/tools/list_changed", "notifications/prompts/list_changed",
            "notifications/resources/list_changed",
        ),
        _told(),
    ),
}  # fmt: skip
RESULT.fields["inputRequests"] = Obj({}, extra=Tagged("method", _SERVER_REQUESTS))
_ANSWER = Obj(
    {
        **_ANNOUNCED,
        "result": RESULT,
        "error": said({"code": FIXED, "message": TEXT, "data": TREE}),
    },
    extra=OTHER,
)
OUTWARD = Tagged("method", {**_SERVER_REQUESTS, **_SERVER_NOTIFICATIONS, "response": _ANSWER}, missing="response")
"""A message of a server on its way to the client."""
