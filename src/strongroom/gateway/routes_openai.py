"""The endpoints of OpenAI that are not a single path: responses and conversations that the provider keeps.

Must never: list one whose request has a body and no table.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from strongroom.gateway.wire import RESPONSES, Wire
from strongroom.gateway.wires.openai_responses import ITEMS, RESPONSE
from strongroom.gateway.wires.table import Node

PREFIX: Final = "/openai/v1/responses/"

_ONE = re.compile(r"/openai/v1(/responses/[A-Za-z0-9][A-Za-z0-9_-]{0,127})(/cancel|/input_items)?", re.ASCII)
_ASKED: Final[dict[tuple[str, str], tuple[str, Node | None]]] = {
    ("GET", ""): ("openai.responses.retrieve", RESPONSE),
    ("DELETE", ""): ("openai.responses.delete", None),
    ("POST", "/cancel"): ("openai.responses.cancel", RESPONSE),
    ("GET", "/input_items"): ("openai.responses.input_items", ITEMS),
}
ENDPOINTS: Final = tuple(
    (method, f"{PREFIX}ID{rest}", "relayed" if table is None else "forwarded without a body, restored")
    for (method, rest), (_, table) in _ASKED.items()
)
"""Method, path and fate, for the reference."""


class Found(NamedTuple):
    """An endpoint without a body: its label, its wire, the provider's path, and the table of its answer."""

    name: str
    wire: Wire
    path: str
    answer: Node | None


def endpoint(method: str, path: str) -> Found | None:
    """What `path` asks about one response, if it is known."""
    one = _ONE.fullmatch(path)
    asked = _ASKED.get((method, one.group(2) or "")) if one else None
    if one is None or asked is None:
        return None
    return Found(asked[0], RESPONSES, one.group(1) + (one.group(2) or ""), asked[1])
