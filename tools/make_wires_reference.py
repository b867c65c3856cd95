"""Write docs/reference/wires.md from the wire tables of the gateway.

Run it after a change of a table; a test fails when the page is not what this makes.

Must never: say about a field anything that does not stand in a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strongroom.gateway.routes import ENDPOINTS
from strongroom.gateway.wires import (
    anthropic_blocks,
    anthropic_messages,
    gemini,
    gemini_parts,
    json_schema,
    mistral_chat,
    openai_chat,
    openai_embeddings,
    openai_events,
    openai_items,
    openai_responses,
    openai_tools,
)
from strongroom.gateway.wires.table import Arr, Either, Field, Kind, Node, Obj, Tagged, text
from strongroom.guard.session import Origin

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "wires.md"
NAMED_MAX = 6
HOSTED = "hosted"
CHANGED = (Kind.TEXT, Kind.ARGUMENTS, Kind.TREE, Kind.TOOL_TEXT)
FIXED = (Kind.STRUCTURAL.value, Kind.TOOL_NAME.value)
MESSAGES = (
    ("OpenAI Chat Completions: request", openai_chat.REQUEST),
    ("OpenAI Chat Completions: answer", openai_chat.RESPONSE),
    ("OpenAI Chat Completions: stream chunk", openai_chat.CHUNK),
    ("OpenAI Responses: request (and compaction, token count)", openai_responses.REQUEST),
    ("OpenAI Responses: item of a request", openai_items.INPUT_ITEM),
    ("OpenAI Responses: part of a request", openai_items.INPUT_PARTS),
    ("OpenAI Responses: tool of a request", openai_tools.TOOL),
    ("OpenAI Responses: answer", openai_responses.RESPONSE),
    ("OpenAI Responses: item of an answer", openai_items.OUTPUT_ITEM),
    ("OpenAI Responses: part of an answer", openai_items.OUTPUT_PARTS),
    ("OpenAI Responses: items of a kept request (answer)", openai_responses.ITEMS),
    ("OpenAI Responses: stream event", openai_events.EVENT),
    ("OpenAI Embeddings: request", openai_embeddings.REQUEST),
    ("OpenAI Embeddings: answer", openai_embeddings.RESPONSE),
    ("Anthropic Messages: request (and token count)", anthropic_messages.REQUEST),
    ("Anthropic Messages: content block of a request", anthropic_blocks.request_blocks(Origin.TYPED)),
    ("Anthropic Messages: citation", anthropic_blocks.citation(Origin.TYPED)),
    ("Anthropic Messages: answer", anthropic_messages.RESPONSE),
    ("Anthropic Messages: answered block", anthropic_blocks.response_blocks(words=text())),
    ("Anthropic Messages: stream event", anthropic_messages.EVENT),
    ("Mistral chat completions: request", mistral_chat.REQUEST),
    ("Mistral chat completions: answer", mistral_chat.RESPONSE),
    ("Mistral chat completions: stream chunk", mistral_chat.CHUNK),
    ("Gemini: request of generateContent and streamGenerateContent", gemini.REQUEST),
    ("Gemini: content of a request", gemini_parts.CONTENT),
    ("Gemini: request of countTokens", gemini.COUNT_REQUEST),
    ("Gemini: request of embedContent", gemini.EMBED_REQUEST),
    ("Gemini: request of batchEmbedContents", gemini.BATCH_EMBED_REQUEST),
    ("Gemini: answer", gemini.RESPONSE),
    ("Gemini: stream event", gemini.EVENT),
    ("JSON Schema inside a request", json_schema.SCHEMA),
)
NAMED = (
    (json_schema.SCHEMA, "*JSON Schema*"),
    (gemini_parts.CONTENT, "*Gemini content*"),
    (gemini.REQUEST, "*Gemini request*"),
    (openai_items.INPUT_ITEM, "*item of a request*"),
    (openai_items.OUTPUT_ITEM, "*item of an answer*"),
    (openai_items.OUTPUT_PARTS, "*part of an answer*"),
    (openai_responses.RESPONSE, "*answer*"),
    (openai_tools.TOOL, "*tool of a request*"),
)
WRITERS = {"typed": "the client", "tool": "a tool", "model": "the model"}
TOP = """\
# Wires

<!-- made by tools/make_wires_reference.py from the tables in src/strongroom/gateway/wires -->

Which field of which message is what. The gateway, its tests and this page are driven by the same tables.

| kind | towards the model | back to the client |
|---|---|---|
| text | inspected; what the model must not see becomes a surrogate | restored at the sink `user` |
| arguments, tree | JSON, taken apart and inspected string by string | restored as a whole, by parameter |
| tool text | inspected | restored at the tool's sink |
| opaque | the same bytes | the same bytes |
| offset | moves with the text it counts characters of | moves with it |
| structural | the same bytes; strings of at most 1024 characters | the same bytes |
| binary | by the rule of its kind: [images and files](../howto/images-and-files.md) | the same bytes |

A field that is not listed is refused by its name in enforce mode when a client sends it. When a provider sends
one, it is passed on as it is and reported: nothing is restored in it. `null` is accepted everywhere.

Log probabilities show surrogates, and the header `strongroom-logprobs: surrogates` says so. Offsets of citations
and annotations count characters of the text that their reader has: the model's on its side, the client's on this
one. In a message of the assistant, blocks are written by the model.

In a path, `[]` is any item of an array, `<x>` an object whose `type` or `role` is x, `.*` any key, and `<hosted>`
a tool that the provider runs: {hosted}.

Gemini's fields are read under both of their names, `inlineData` and `inline_data`; the tables show the first.
Where
Gemini expects a list of messages, a single one is accepted, as Gemini does.
"""


Seen = tuple[int, ...]
Found = tuple[str, str, str, str]
"""Path, kind, writer, remark."""


def rows(node: Node, path: str = "", seen: Seen = ()) -> Iterator[Found]:
    """Every field below `node` with its path; what has a table of its own is left to it."""
    if id(node) in seen:
        return
    if seen and (elsewhere := place_of(node)):
        yield path, elsewhere, "", ""
    elif isinstance(node, Field):
        yield path, *described(node)
    else:
        for part, below in children(node):
            yield from rows(below, f"{path}{part}", (*seen, id(node)))


def described(field: Field) -> tuple[str, str, str]:
    """Kind, writer and remark of a field."""
    writer = WRITERS[field.origin.value] if field.kind in CHANGED else ""
    return field.kind.value, writer, "piece of a stream" if field.fragment else field.why


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """What stands directly below a node, each with its part of the path."""
    if isinstance(node, Arr):
        yield "[]", node.item
    elif isinstance(node, Either):
        single = isinstance(node.arr, Arr) and node.arr.item is node.obj
        cases = (node.string, node.arr, None if single else node.obj, node.scalar)
        yield from (("", case) for case in cases if case is not None)
    elif isinstance(node, Tagged):
        yield from grouped(node)
    elif isinstance(node, Obj):
        yield from ((f".{name}", child) for name, child in node.members().items())
        if node.extra is not None:
            yield ".*", node.extra


def place_of(node: Node) -> str:
    """The table a node has for itself, if any."""
    for known, name in NAMED:
        if node is known:
            return name
    if isinstance(node, Tagged) and "tool_use" in node.cases:
        return "*content block*" if "tool_result" in node.cases else "*answered block*"
    if isinstance(node, Obj) and "cited_text" in node.fields:
        return "*citation*"
    if isinstance(node, Obj) and all(is_fixed(child) for child in node.fields.values()) and node.extra is None:
        return Kind.STRUCTURAL.value
    return ""


def is_fixed(node: Node) -> bool:
    """Whether a node holds nothing but structural fields."""
    return isinstance(node, Field) and node.kind.value in FIXED


def grouped(node: Tagged) -> Iterator[tuple[str, Node]]:
    """Cases whose fields are the same, named together; many names become one that the page explains."""
    groups: dict[tuple[Found, ...], tuple[list[str], Node]] = {}
    for tag, case in node.cases.items():
        groups.setdefault(tuple(rows(case, "", (0,))), ([], case))[0].append(tag)
    for tags, case in groups.values():
        yield f"<{shown(tags)}>", case


def shown(tags: list[str]) -> str:
    """The names of cases that are alike."""
    if len(tags) <= NAMED_MAX:
        return ", ".join(tags)
    if set(tags) <= set(anthropic_messages.HOSTED_TOOL_TYPES):
        return HOSTED
    return f"{tags[0]}, {tags[1]} and {len(tags) - 2} more without a text"


def section(title: str, node: Node) -> Iterator[str]:
    """One table of the page; structural fields stand together, because there are many and they are alike."""
    yield f"## {title}\n"
    yield "| field | kind | written by | remark |"
    yield "|---|---|---|---|"
    found = [(path.lstrip("."), *rest) for path, *rest in dict.fromkeys(rows(node))]
    asked = any(word in title for word in ("request", "Schema"))
    for path, kind, writer, remark in found:
        if kind not in FIXED:
            yield f"| `{path}` | {kind} | {writer if asked else 'the model'} | {remark} |"
    fixed = [f"`{path}`" for path, kind, _, _ in found if kind in FIXED]
    yield "\nStructural: " + ", ".join(dict.fromkeys(fixed)) + "\n"


def page() -> str:
    """The whole page."""
    endpoints = ["\n## Endpoints\n", "| method | path at the gateway | what happens |", "|---|---|---|"]
    endpoints += [f"| {method} | `{path}` | {what} |" for method, path, what in ENDPOINTS]
    body = [line for title, node in MESSAGES for line in section(title, node)]
    hosted = ", ".join(f"`{name}`" for name in sorted(anthropic_messages.HOSTED_TOOL_TYPES))
    return TOP.format(hosted=hosted) + "\n".join([*endpoints, "", *body]).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.name)
