"""What MCP servers say, field by field: content blocks, resources, tools, prompts and the rest of their results.

Source: the schemas of the Model Context Protocol, revisions 2024-11-05 to 2026-07-28. A result does not name
what it answers, and a stream that is resumed replays answers to questions another process heard; so there is one
table for all results, in which every field means the same wherever it stands. Servers add fields of their own
freely: what is not listed is inspected as a tree rather than refused.

Must never: let content pass uninspected because it stands in a place a revision has added.
"""

from __future__ import annotations

from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.mcp_schema import OUTPUT_SCHEMA
from strongroom.gateway.wires.table import (
    Arr,
    Either,
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

FIXED = structural()
TEXT = text(Origin.TOOL)
TREE = tree(Origin.TOOL)
OTHER = tree(Origin.TOOL, why="any other field")
URI = text(Origin.TOOL, why="restored when the client asks for it, at the sink of `resources/read`.`uri`")


def said(fields: dict[str, Node]) -> Obj:
    """An object of a server: these fields, and whatever else it holds is inspected."""
    return Obj({"_meta": TREE, **fields}, extra=OTHER)


ANNOTATIONS = said({**dict.fromkeys(("audience", "lastModified", "priority"), FIXED)})
ICONS = Arr(Obj({"src": opaque("a picture for the user interface"), "mimeType": FIXED}, extra=OTHER))
NAMED: dict[str, Node] = {"name": tool_name(), "title": TEXT, "description": TEXT, "icons": ICONS}

IMPLEMENTATION = said({**NAMED, "name": TEXT, "version": FIXED, "websiteUrl": TEXT})
RESOURCE: dict[str, Node] = {
    **NAMED, "name": TEXT, "uri": URI, "mimeType": FIXED, "size": FIXED, "annotations": ANNOTATIONS,
}  # fmt: skip
CONTENTS = said({"uri": URI, "mimeType": FIXED, "text": TEXT, "blob": binary("a file")})

TOOL = said(
    {
        **NAMED,
        "inputSchema": SCHEMA,
        "outputSchema": OUTPUT_SCHEMA,
        "execution": said({"taskSupport": FIXED}),
        "annotations": said(
            {
                **dict.fromkeys(("destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint"), FIXED),
                "title": TEXT,
            }
        ),
    }
)
PROMPT = said({**NAMED, "arguments": Arr(said({**NAMED, "required": FIXED}))})


def _block(fields: dict[str, Node]) -> Obj:
    return said({"type": FIXED, "annotations": ANNOTATIONS, **fields})


_TOOL_RESULT: dict[str, Node] = {"toolUseId": opaque(), "structuredContent": TREE, "isError": FIXED}
BLOCK = Tagged(
    "type",
    {
        "text": _block({"text": TEXT}),
        "image": _block({"data": binary("an image"), "mimeType": FIXED}),
        "audio": _block({"data": binary("audio"), "mimeType": FIXED}),
        "resource_link": _block(RESOURCE),
        "resource": _block({"resource": CONTENTS}),
        "tool_use": _block({"id": opaque(), "name": tool_name(), "input": tree(Origin.MODEL)}),
        "tool_result": _block(_TOOL_RESULT),
    },
)
_TOOL_RESULT["content"] = Arr(BLOCK)
BLOCK.cases["tool_result"] = _block(_TOOL_RESULT)

CONTENT = Either(arr=Arr(BLOCK), obj=BLOCK)
MESSAGES = Arr(said({"role": FIXED, "content": CONTENT}))

TASK: dict[str, Node] = {
    "taskId": opaque(),
    **dict.fromkeys(("status", "createdAt", "lastUpdatedAt", "ttl", "pollInterval"), FIXED),
    "statusMessage": TEXT,
}
RESULT = said(
    {
        # tools/call, sampling, prompts/get, resources/read
        "content": CONTENT,
        "structuredContent": TREE,
        "isError": FIXED,
        "messages": MESSAGES,
        "description": TEXT,
        "contents": Arr(CONTENTS),
        # lists
        "tools": Arr(TOOL),
        "prompts": Arr(PROMPT),
        "resources": Arr(said(RESOURCE)),
        "resourceTemplates": Arr(
            said({**NAMED, "name": TEXT, "uriTemplate": URI, "mimeType": FIXED, "annotations": ANNOTATIONS})
        ),
        "nextCursor": opaque(),
        "completion": said({"values": Arr(TEXT), "total": FIXED, "hasMore": FIXED}),
        # initialize, server/discover
        "protocolVersion": FIXED,
        "supportedVersions": Arr(FIXED),
        "capabilities": TREE,
        "serverInfo": IMPLEMENTATION,
        "instructions": TEXT,
        # what every result may carry
        **dict.fromkeys(("resultType", "cacheScope", "ttlMs"), FIXED),
        "requestState": opaque("the server's own, given back to it"),
        # tasks
        **TASK,
        "task": said(TASK),
        "tasks": Arr(said(TASK)),
    }
)
"""`inputRequests` is added by the table of messages, which knows what a server may ask."""
