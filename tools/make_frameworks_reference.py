"""Write docs/reference/frameworks.md from the tables by which doors read the messages of agent frameworks.

Run it after a change of a table; a test fails when the page is not what this makes.

Must never: say about a field anything that does not stand in a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strongroom.doors import bound_table, langchain_table, llamaindex_table
from strongroom.gateway.wires import json_schema
from strongroom.gateway.wires.table import Arr, Either, Field, Kind, Node, Obj, Tagged

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "frameworks.md"
QUIET = {Kind.STRUCTURAL, Kind.TOOL_NAME}
NAMED: tuple[tuple[Node, str], ...] = (
    (json_schema.SCHEMA, "*JSON Schema*"),
    (bound_table.DECLARED, "*tool*"),
    (bound_table.SETTINGS, "*settings*"),
)
TABLES: tuple[tuple[str, Node], ...] = (
    ("LangChain: a message of a person", langchain_table.MESSAGE.cases["user"]),
    ("LangChain: a message of a tool", langchain_table.MESSAGE.cases["tool"]),
    ("LangChain: the model's answer", langchain_table.ANSWER),
    ("LlamaIndex: a message of a person", llamaindex_table.MESSAGE.cases["user"]),
    ("LlamaIndex: the model's answer", llamaindex_table.MESSAGE.cases["assistant"]),
    ("A tool that is bound to a call", bound_table.DECLARED),
    ("Settings that are bound to a call", bound_table.SETTINGS),
)
TOP = """\
# Messages of agent frameworks

<!-- made by tools/make_frameworks_reference.py from the tables in src/strongroom/doors -->

Which part of a message is what, inside the doors for LangChain and LlamaIndex. The words are those of
[the wires](wires.md). Messages of the OpenAI Agents SDK are read by the table of OpenAI Responses.

A block of a type that is not listed is refused; a field that is not listed is inspected as a tree where the table
says `.*`, and refused where it does not. LangChain passes blocks of Anthropic's along; those that are not in the
table below are read as on its wire: {native}. In a path, `[]` is any item, `<x>` a block of type x.
"""

Found = tuple[str, str, str]


def rows(node: Node, path: str = "", *, top: bool = True) -> Iterator[Found]:
    """Every field below `node`: path, kind, remark."""
    name = next((name for known, name in NAMED if known is node), "")
    if name and not top:
        yield path, name, ""
    elif isinstance(node, Field):
        yield path, node.kind.value, node.why
    else:
        for part, below in children(node):
            yield from rows(below, f"{path}{part}", top=False)


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """What stands directly below a node, each with its part of the path."""
    if isinstance(node, Arr):
        yield "[]", node.item
    elif isinstance(node, Either):
        yield from (("", case) for case in (node.string, node.arr, node.obj, node.scalar) if case is not None)
    elif isinstance(node, Tagged):
        groups: dict[tuple[Found, ...], tuple[list[str], Node]] = {}
        for tag, case in node.cases.items():
            if "tool_call" in node.cases and tag in langchain_table.NATIVE:
                continue  # the page about the wires has them
            groups.setdefault(tuple(rows(case, top=False)), ([], case))[0].append(tag)
        yield from ((f"<{', '.join(tags)}>", case) for tags, case in groups.values())
    elif isinstance(node, Obj):
        yield from ((f".{name}", child) for name, child in node.fields.items())
        if node.extra is not None:
            yield ".*", node.extra


def section(title: str, node: Node) -> Iterator[str]:
    """One table of the page; structural fields stand together."""
    yield f"## {title}\n"
    yield "| field | kind | remark |"
    yield "|---|---|---|"
    found = [(path.lstrip("."), kind, remark) for path, kind, remark in dict.fromkeys(rows(node))]
    quiet = {kind.value for kind in QUIET}
    yield from (f"| `{path}` | {kind} | {remark} |" for path, kind, remark in found if kind not in quiet)
    fixed = [f"`{path}`" for path, kind, _ in found if kind in quiet]
    yield "\nStructural: " + ", ".join(dict.fromkeys(fixed)) + "\n"


def page() -> str:
    """The whole page."""
    body = [line for title, node in TABLES for line in section(title, node)]
    native = ", ".join(f"`{name}`" for name in sorted(langchain_table.NATIVE))
    return TOP.format(native=native) + "\n" + "\n".join(body).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.name)
