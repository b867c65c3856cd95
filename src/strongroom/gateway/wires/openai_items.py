"""The items of the OpenAI Responses API: what a client sends as `input` and what comes back as `output`.

Source: the OpenAI API reference and the types of the official Python SDK (openai 3.51). A tool that the client
runs (a function, a custom tool, a shell, a patch, a computer) has an input that is restored at its parameters; one
that the provider runs was asked with surrogates and answered with them, so on the way back it is opaque and
returns as it was; on the way to the provider it is inspected, in case a client put something in.

Reasoning stays as the model wrote it: encrypted or not, it is never restored, so what a client sends back is what
the provider gave.

Must never: mark encrypted content, a fingerprint or an item's id as anything but opaque or structural.
"""

from __future__ import annotations

from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.openai_tools import ENVIRONMENT, FORMAT, TOOL, S, fixed
from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Instead,
    Node,
    Obj,
    Tagged,
    arguments,
    binary,
    offset,
    opaque,
    text,
    tool_name,
    tool_text,
    tree,
)
from strongroom.guard.session import Origin

_BREAKPOINT = Obj(fixed("mode", "ttl", "type"))
_HOSTED = opaque("what a hosted tool was asked or answered goes back to the provider as it came")
_ENCRYPTED = opaque("encrypted")
_LOGPROBS = opaque("the tokens the model wrote: they show surrogates, never values")

SHELL, LOCAL_SHELL, PATCH, COMPUTER, SEARCH = "shell", "local_shell", "apply_patch", "computer", "tool_search"
"""Built-in tools that run at the client, by the names under which `[tools.NAME]` declares their parameters."""


def annotation(origin: Origin, *, up: int, name: str) -> Obj:
    """A place the answer cites; the offsets count in the text `up` levels above, under `name`."""
    return Obj(
        {
            **fixed("type", "index", "file_id", "container_id"),
            "start_index": offset(up, name),
            "end_index": offset(up, name, end=True),
            **dict.fromkeys(("title", "url", "filename"), text(origin)),
        }
    )


_TEXT_PART = Instead(1, lambda words: {"type": "input_text", "text": words})


class _Side:
    """One direction. `asked`: on the way to the model, where what a client could change is inspected."""

    def __init__(self, *, asked: bool) -> None:
        self.asked = asked

    def hosted(self, node: Node) -> Node:
        """What a tool of the provider's was asked or answered."""
        return node if self.asked else _HOSTED

    def media(self, what: str, media: str, instead: Instead | None = None) -> Node:
        """Content that cannot be inspected, which is no matter on the way back."""
        return binary(what, media, instead) if self.asked else opaque(what)

    def part(self, fields: dict[str, Node]) -> Obj:
        return Obj({"type": S, "prompt_cache_breakpoint": _BREAKPOINT, **fields})

    def parts(self, origin: Origin) -> Tagged:
        """The parts of a content, by their type."""
        words = text(origin)
        picture = self.media("an image: data URL or address", "image")
        plain = self.part({"text": words})
        cited = Arr(annotation(origin, up=3, name="text"))
        return Tagged(
            "type",
            {
                **dict.fromkeys(("input_text", "text", "summary_text", "reasoning_text"), plain),
                "output_text": self.part({"text": words, "annotations": cited, "logprobs": _LOGPROBS}),
                "refusal": self.part({"refusal": words}),
                "input_image": self.part({**fixed("detail", "file_id"), "image_url": picture}),
                "computer_screenshot": self.part({**fixed("detail", "file_id"), "image_url": picture}),
                "input_file": self.part(
                    {
                        **fixed("detail", "file_id"),
                        "filename": words,
                        "file_data": self.media("a file", "document", _TEXT_PART),
                        "file_url": self.media("a file's address", "address"),
                    }
                ),
                "input_audio": self.part(
                    {"input_audio": Obj({"data": self.media("audio", "audio"), "format": S})}
                ),
            },
        )

    def content(self, origin: Origin) -> Either:
        """A string or parts."""
        return Either(string=text(origin), arr=Arr(self.parts(origin)))

    def item(self, fields: dict[str, Node]) -> Obj:
        """An item with what all of them have."""
        caller = Obj(fixed("type", "caller_id"))
        return Obj({**fixed("id", "type", "status", "call_id"), "caller": caller, "created_by": text(), **fields})

    def message(self) -> Tagged:
        """A message, by its role; the assistant's are the model's words."""
        roles = {
            **dict.fromkeys(("user", "system", "developer", "critic", "discriminator", "unknown"), Origin.TYPED),
            "assistant": Origin.MODEL,
            "tool": Origin.TOOL,
        }
        return Tagged(
            "role",
            {
                role: self.item({**fixed("role", "phase"), "content": self.content(origin)})
                for role, origin in roles.items()
            },
        )

    def calls(self) -> dict[str, Node]:
        """Calls of tools that the client runs, and what the client answers."""
        answer = self.item({**fixed("name", "namespace"), "output": self.content(Origin.TOOL)})
        computer = Obj(
            {
                **fixed("type", "button", "x", "y", "scroll_x", "scroll_y", "keys"),
                "path": Arr(Obj(fixed("x", "y"))),
                "text": tool_text(tool=COMPUTER, parameter="text"),
            }
        )
        checks = Arr(Obj({**fixed("id", "code"), "message": text(Origin.TOOL)}))
        ran = Obj(
            {
                "outcome": Obj(fixed("type", "exit_code")),
                **dict.fromkeys(("stdout", "stderr", "created_by"), text(Origin.TOOL)),
            }
        )
        named: dict[str, Node] = {**fixed("async", "namespace"), "name": tool_name()}
        return {
            "function_call": self.item({**named, "arguments": arguments()}),
            "function_call_output": answer,
            "custom_tool_call": self.item({**named, "input": tool_text()}),
            "custom_tool_call_output": answer,
            "computer_call": self.item(
                {"action": computer, "actions": Arr(computer), "pending_safety_checks": checks}
            ),
            "computer_call_output": self.item(
                {"output": self.parts(Origin.TOOL), "acknowledged_safety_checks": checks}
            ),
            "local_shell_call": self.item({"action": tree(Origin.MODEL, tool=LOCAL_SHELL)}),
            "local_shell_call_output": self.item({"output": text(Origin.TOOL)}),
            "shell_call": self.item({"action": tree(Origin.MODEL, tool=SHELL), "environment": ENVIRONMENT}),
            "shell_call_output": self.item({"max_output_length": S, "output": Arr(ran)}),
            "apply_patch_call": self.item({"operation": tree(Origin.MODEL, tool=PATCH)}),
            "apply_patch_call_output": self.item({"output": text(Origin.TOOL)}),
            "tool_search_call": self.item({"execution": S, "arguments": tree(Origin.MODEL, tool=SEARCH)}),
            "tool_search_output": self.item({"execution": S, "tools": self.hosted(Arr(TOOL))}),
            "additional_tools": self.item({"role": S, "tools": self.hosted(Arr(TOOL))}),
        }

    def runs(self) -> dict[str, Node]:
        """What tools of the provider's did."""
        words, told = text(Origin.MODEL), text(Origin.TOOL)
        sources = Arr(Obj({"type": S, "url": told}))
        found = Obj({**fixed("file_id", "score"), "filename": told, "text": told, "attributes": tree(Origin.TOOL)})
        search = Obj(
            {"type": S, "query": words, "queries": Arr(words), "url": words, "pattern": words, "sources": sources}
        )
        outputs = Arr(Obj({"type": S, "logs": told, "url": self.media("an image's address", "address")}))
        listed = Obj({"name": S, "description": told, "input_schema": SCHEMA, "annotations": tree(Origin.TOOL)})
        asked: dict[str, Node] = {
            **fixed("name", "server_label", "approval_request_id"),
            "arguments": self.hosted(text(Origin.MODEL)),
        }
        failed = Either(
            string=told, obj=Obj({**fixed("type", "code"), "message": told, "content": tree(Origin.TOOL)})
        )
        return {
            "file_search_call": self.item(
                {"queries": self.hosted(Arr(words)), "results": self.hosted(Arr(found))}
            ),
            "web_search_call": self.item({"action": self.hosted(search)}),
            "code_interpreter_call": self.item(
                {"container_id": S, "code": self.hosted(words), "outputs": self.hosted(outputs)}
            ),
            "image_generation_call": self.item(
                {
                    **fixed("action", "background", "output_format", "quality", "size"),
                    "revised_prompt": self.hosted(words),
                    "result": self.media("an image", "image"),
                    "error": self.hosted(
                        Obj(
                            {
                                **fixed("code", "param", "type"),
                                "message": told,
                                "moderation_details": Obj(fixed("categories", "moderation_stage")),
                            }
                        )
                    ),
                    "svg_usage": opaque("counts of tokens"),
                }
            ),
            "mcp_call": self.item({**asked, "output": self.hosted(told), "error": self.hosted(failed)}),
            "mcp_list_tools": self.item(
                {"server_label": S, "tools": self.hosted(Arr(listed)), "error": self.hosted(failed)}
            ),
            "mcp_approval_request": self.item(asked),
            "mcp_approval_response": self.item({**fixed("approval_request_id", "approve"), "reason": text()}),
            "program": self.item({"code": self.hosted(words), "fingerprint": opaque("a fingerprint")}),
            "program_output": self.item({"result": self.hosted(told)}),
        }

    def items(self) -> Tagged:
        """Every item, by its type."""
        thought = Arr(self.parts(Origin.MODEL)) if self.asked else opaque("reasoning stays as the model wrote it")
        return Tagged(
            "type",
            {
                "message": self.message(),
                **self.calls(),
                **self.runs(),
                "reasoning": self.item({"summary": thought, "content": thought, "encrypted_content": _ENCRYPTED}),
                **dict.fromkeys(
                    ("compaction", "compaction_summary"), self.item({"encrypted_content": _ENCRYPTED})
                ),
                "compaction_trigger": self.item({}),
                "item_reference": self.item({}),
                "configuration_update": self.item(
                    {
                        "reasoning": Obj(fixed("effort")),
                        "text": self.hosted(Obj({"verbosity": S, "format": FORMAT})),
                    }
                ),
            },
            missing="message",
        )


_ASKED, _ANSWERED = _Side(asked=True), _Side(asked=False)

INPUT_PARTS = _ASKED.parts(Origin.TYPED)
"""The parts of a prompt's variables."""

INPUT_ITEM = _ASKED.items()
"""One item of a request's `input`."""

OUTPUT_PARTS = _ANSWERED.parts(Origin.MODEL)
"""The parts of an answered message."""

OUTPUT_ITEM = _ANSWERED.items()
"""One item of an answer's `output`."""
