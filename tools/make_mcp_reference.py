"""Write docs/reference/wires-mcp.md from the tables of MCP's messages.

Run it after a change of a table; a test fails when the page is not what this makes.

Must never: say about a field anything that does not stand in a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strongroom.gateway.mcp import FORM, RESOURCE_SINK, SAMPLING
from strongroom.gateway.wires import json_schema, mcp, mcp_content, mcp_schema
from strongroom.gateway.wires.table import Arr, Either, Field, Kind, Node, Obj, Tagged

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "wires-mcp.md"
QUIET = {Kind.STRUCTURAL, Kind.TOOL_NAME, Kind.OPAQUE}
NAMED: tuple[tuple[Node, str], ...] = (
    (json_schema.SCHEMA, "*JSON Schema*"),
    (mcp_schema.OUTPUT_SCHEMA, "*JSON Schema, loosened*"),
    (mcp_content.BLOCK, "*content block*"),
    (mcp_content.RESULT, "*result*"),
    (mcp_content.TOOL, "*tool*"),
    (mcp.CLIENT_RESULT, "*client's result*"),
)
TABLES: tuple[tuple[str, Node], ...] = (
    ("From the client to the server", mcp.INWARD),
    ("A client's result", mcp.CLIENT_RESULT),
    ("From the server to the client", mcp.OUTWARD),
    ("A server's result", mcp_content.RESULT),
    ("A content block", mcp_content.BLOCK),
    ("A tool's description", mcp_content.TOOL),
)
TOP = f"""\
# The wire of MCP

<!-- made by tools/make_mcp_reference.py from the tables in src/strongroom/gateway/wires -->

Which field of which message is what, for the revisions {", ".join(mcp.REVISIONS)} of the Model Context
Protocol, over streamable HTTP (`POST`, `GET` and `DELETE` on `/mcp/NAME`, where NAME is the upstream
`mcp-NAME`), on standard streams (`strongroom mcp`) and inside a server (`strongroom.doors.mcp_server`).

The client is where the model is, the server is where the values are:

| kind | from the client to the server | from the server to the client |
|---|---|---|
| text | | inspected as a tool's text |
| tree | JSON; restored by parameter | JSON; inspected string by string, numbers included |
| tool text | restored at a sink of its own, see below | |
| opaque, structural | the same bytes | the same bytes |
| binary | the same bytes | refused in enforce mode |

What is not listed is inspected when a server says it, and passed without anything restored when a client does.
A method that is not listed is refused by either side's error -32601; so are batches (-32600), duplicate keys
and all that is not JSON (-32700), and calls with a surrogate that was never issued (-32602).

Values come out at the sinks that `[tools]` in the settings declares: under the name of a tool or prompt for its
arguments, under `{RESOURCE_SINK[0]}` (`{RESOURCE_SINK[1]}`) for addresses of resources, `completion/complete`
(the name of the argument) for completions, `{FORM}` (the name of the field) for what a user put into a form,
and `{SAMPLING[0]}` (`{SAMPLING[1]}`) for what the client's model wrote for the server.

The schema of a tool's output is loosened so that a client that validates accepts surrogates: a number may be a
string, `pattern` is empty and `format` is `text`. Schemas of arguments stay.

Headers: `Mcp-Name` and `Mcp-Param-*` repeat the body and change with it; `Mcp-Session-Id` reaches the client
with a seal that only the same principal can use; `Accept`, `MCP-Protocol-Version`, `Mcp-Method` and
`Last-Event-ID` pass; all others stay. Event numbers (`id:`) stay, so a stream can be resumed. The name in
`Strongroom-Session` is the conversation that surrogates belong to; without it they belong to the principal, so
that what one server said can be given to another.

In a path, `[]` is any item of an array, `<x>` an object whose `method`, `type` or `action` is x, `.*` any other
key.
"""


def rows(node: Node, path: str = "", seen: tuple[int, ...] = ()) -> Iterator[tuple[str, str, str]]:
    """Path, kind and remark of every field below `node`; what has a table of its own is left to it."""
    name = next((name for known, name in NAMED if known is node), "")
    if id(node) in seen or (seen and name):
        yield path, name, ""
    elif isinstance(node, Field):
        yield path, node.kind.value, node.why
    else:
        for part, below in children(node):
            yield from rows(below, f"{path}{part}", (*seen, id(node)))


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """What stands directly below a node, each with its part of the path."""
    if isinstance(node, Arr):
        yield "[]", node.item
    elif isinstance(node, Either):
        yield from (("", case) for case in (node.string, node.arr, node.obj, node.scalar) if case is not None)
    elif isinstance(node, Tagged):
        yield from grouped(node)
    elif isinstance(node, Obj):
        yield from ((f".{name}", child) for name, child in node.fields.items())
        if node.extra is not None:
            yield ".*", node.extra


def grouped(node: Tagged) -> Iterator[tuple[str, Node]]:
    """Cases whose fields are the same, named together."""
    groups: dict[tuple[tuple[str, str, str], ...], tuple[list[str], Node]] = {}
    for tag, case in node.cases.items():
        groups.setdefault(tuple(rows(case, "", (0,))), ([], case))[0].append(tag)
    for tags, case in groups.values():
        yield f"<{', '.join(tags)}>", case


def section(title: str, node: Node) -> Iterator[str]:
    """One table; fields that stay as they are stand together, because there are many."""
    quiet = {kind.value for kind in QUIET}
    found = [(path.lstrip("."), kind, why) for path, kind, why in dict.fromkeys(rows(node))]
    found = [row for row in found if not row[0].endswith(("*", "._meta"))]  # the page says it once for all
    yield f"\n## {title}\n"
    yield "| field | kind | remark |"
    yield "|---|---|---|"
    yield from (f"| `{path}` | {kind} | {why} |" for path, kind, why in found if kind not in quiet)
    stays = dict.fromkeys(f"`{path}`" for path, kind, _ in found if kind in quiet)
    yield "\nStay as they are: " + ", ".join(stays)


def page() -> str:
    """The whole page."""
    return TOP + "\n".join(line for title, node in TABLES for line in section(title, node)) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.name)
