"""One conversation of the agent, kept in the desk's history and rendered for either wire before every request.

What other people's tickets said is not copied into this customer's history: the history keeps the query, and the
excerpts are read from the embeddings again. So a history holds one customer's data and can be erased with them.

Must never: keep a message anywhere but in the desk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from strongroom.demo.desk import HistoryDesk
from strongroom.demo.input import Ticket
from strongroom.demo.tools import TOOLS, Toolbox, schema_of

SYSTEM = (
    "You are the support agent of a small shop. Resolve the ticket with the tools: find the customer, look for "
    "similar cases, inform the customer, refund when due, write a summary, then tell the user what was done."
)
SEARCH = "search_tickets"


class Conversation:
    """The messages of one ticket."""

    def __init__(self, history: HistoryDesk, toolbox: Toolbox) -> None:
        self._history = history
        self._toolbox = toolbox

    def begin(self, ticket: Ticket) -> None:
        """Keep the user's request."""
        self._append("user", {"letter": ticket.letter})

    def add_answer(self, message: object) -> None:
        """Keep what the model said, in the form its wire wants it back."""
        self._append("assistant", message)

    def add_output(self, call: str, name: str, arguments: dict[str, Any], output: str) -> None:
        """Keep what a tool said; of a search only the query."""
        kept = {"query": arguments["query"]} if name == SEARCH and "query" in arguments else {"output": output}
        self._append("tool", {"call": call, **kept})

    def openai(self) -> list[dict[str, Any]]:
        """The conversation as chat completions messages."""
        messages: list[dict[str, Any]] = [{"role": "system", "content": SYSTEM}]
        for role, entry in self._entries():
            match role:
                case "user":
                    messages.append({"role": "user", "content": self._prompt(entry)})
                case "tool":
                    output = {"role": "tool", "tool_call_id": entry["call"], "content": self._output(entry)}
                    messages.append(output)
                case _:
                    messages.append(entry)
        return messages

    def anthropic(self) -> list[dict[str, Any]]:
        """The conversation as messages; the results of parallel calls share one message."""
        messages: list[dict[str, Any]] = []
        for role, entry in self._entries():
            match role:
                case "user":
                    messages.append({"role": "user", "content": self._prompt(entry)})
                case "tool":
                    result = {"type": "tool_result", "tool_use_id": entry["call"], "content": self._output(entry)}
                    if messages[-1]["role"] == "assistant":
                        messages.append({"role": "user", "content": []})
                    messages[-1]["content"].append(result)
                case _:
                    messages.append({"role": "assistant", "content": entry})
        return messages

    def _append(self, role: str, entry: object) -> None:
        self._history.append(role, json.dumps(entry, ensure_ascii=False))

    def _entries(self) -> Iterator[tuple[str, Any]]:
        for message in self._history.messages():
            yield message.role, json.loads(message.content)

    def _prompt(self, entry: dict[str, str]) -> str:
        excerpts = "\n\n".join(found["text"] for found in self._toolbox.search(entry["letter"]))
        return f"Please resolve this ticket.\n\n{entry['letter']}\n---\nSimilar records and tickets:\n\n{excerpts}"

    def _output(self, entry: dict[str, str]) -> str:
        if "query" in entry:
            return json.dumps(self._toolbox.search(entry["query"]), ensure_ascii=False)
        return entry["output"]


def openai_tools() -> list[dict[str, Any]]:
    """The tools as chat completions wants them."""
    return [
        {"type": "function", "function": {"name": name, "description": text, "parameters": schema_of(name)}}
        for name, (text, _) in TOOLS.items()
    ]


def anthropic_tools() -> list[dict[str, Any]]:
    """The tools as messages wants them."""
    return [
        {"name": name, "description": text, "input_schema": schema_of(name)} for name, (text, _) in TOOLS.items()
    ]
