"""The endpoints of Gemini: a model's name and a method in one path, under a version.

Must never: list a method whose request has no table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from strongroom.gateway.dialect_gemini import GenerateItems
from strongroom.gateway.json_items import ItemFramer
from strongroom.gateway.wire import GEMINI, Wire
from strongroom.gateway.wires import gemini
from strongroom.gateway.wires.table import Node

PREFIX: Final = "/gemini/"

ITEMS: Final = replace(GEMINI, dialect=GenerateItems(), framer=ItemFramer)
"""A stream that was not asked for as server-sent events: one array."""


class Method(NamedTuple):
    """What a model can be asked. `items` reads an answer that comes as an array, item by item."""

    name: str
    wire: Wire
    items: Wire | None = None


_COUNTING = replace(GEMINI, request=gemini.COUNT_REQUEST, response=gemini.COUNT)
_EMBEDDING = replace(GEMINI, response=gemini.EMBEDDED)
METHODS: Final[Mapping[str, Method]] = {
    "generateContent": Method("gemini.generate", GEMINI),
    "streamGenerateContent": Method("gemini.stream", GEMINI, ITEMS),
    "countTokens": Method(
        "gemini.count_tokens", replace(GEMINI, request=gemini.COUNT_REQUEST, response=gemini.COUNT)
    ),
    "embedContent": Method("gemini.embed", replace(_EMBEDDING, request=gemini.EMBED_REQUEST)),
    "batchEmbedContents": Method("gemini.batch_embed", replace(_EMBEDDING, request=gemini.BATCH_EMBED_REQUEST)),
}
ENDPOINTS: Final = (
    *(("POST", f"{PREFIX}v1beta/models/NAME:{method}", "inspected, forwarded, restored") for method in METHODS),
    ("GET", f"{PREFIX}v1beta/models[/NAME]", "relayed"),
)
"""Method, path and fate, for the reference; the versions `v1` and `v1alpha` are served alike."""

_MODEL = r"/v1(?:beta|alpha)?/(?:models|tunedModels)"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_CALL = re.compile(rf"/gemini({_MODEL}/({_NAME}):([A-Za-z]{{1,32}}))", re.ASCII)
_MODELS = re.compile(rf"/gemini({_MODEL}(?:/{_NAME})?)", re.ASCII)


class Found(NamedTuple):
    """An endpoint: its label, its wire, the provider's path, and the table of its answer, None for a relay."""

    name: str
    wire: Wire
    path: str
    answer: Node | None = None
    items: Wire | None = None
    model: str = ""


def endpoint(method: str, path: str) -> Found | None:
    """What `path` asks of Gemini, if it is known."""
    if method == "GET":
        listed = _MODELS.fullmatch(path)
        return Found("gemini.models", GEMINI, listed.group(1)) if listed else None
    called = _CALL.fullmatch(path) if method == "POST" else None
    asked = METHODS.get(called.group(3)) if called else None
    if called is None or asked is None:
        return None
    return Found(asked.name, asked.wire, called.group(1), asked.wire.response, asked.items, called.group(2))
