"""What a framework binds to a call of a model besides messages: tools and settings, as the table words say it.

Integrations add settings freely, so one that is not listed is inspected as a tree of text instead of refused.

Must never: list a setting as structural that a person writes prose into.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strongroom.errors import RequestRefusedError
from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.table import Arr, Either, Obj, structural, text, tree
from strongroom.guard.session import Origin

_S = structural()

DECLARED = Obj(
    {
        **dict.fromkeys(("type", "name", "strict"), _S),
        "description": text(Origin.TYPED),
        **dict.fromkeys(("parameters", "input_schema", "inputSchema"), SCHEMA),
        "function": Obj(
            {"name": _S, "strict": _S, "description": text(Origin.TYPED), "parameters": SCHEMA},
            extra=tree(Origin.TYPED),
        ),
    },
    extra=tree(Origin.TYPED),
)

_NAMED = Obj(dict.fromkeys(("type", "name", "mode", "disable_parallel_tool_use"), _S))
_CHOICE = Obj({**_NAMED.fields, "function": _NAMED, "tools": Arr(Obj(dict.fromkeys(("type", "name"), _S)))})
_FORMAT = Obj({"type": _S, "name": _S, "strict": _S, "description": text(Origin.TYPED), "schema": SCHEMA})
SETTINGS = Obj(
    {
        **dict.fromkeys(("model", "service_tier", "reasoning_effort", "modalities", "include", "ls_provider"), _S),
        "tool_choice": Either(string=_S, obj=_CHOICE),
        "response_format": Obj({**_FORMAT.fields, "json_schema": _FORMAT}),
        "reasoning": Obj(dict.fromkeys(("effort", "summary"), _S)),
        "thinking": Obj(dict.fromkeys(("type", "budget_tokens"), _S)),
    },
    extra=tree(Origin.TYPED),
)
"""The settings of a call by their names."""


def settings_of(kwargs: Mapping[str, Any], *, apart: tuple[str, ...]) -> dict[str, Any]:
    """Those of `kwargs` that are JSON with text in it, without those `apart`.

    Raises `RequestRefusedError` for an object that cannot be inspected.
    """
    return {name: value for name, value in kwargs.items() if name not in apart and _has_words(name, value)}


def _has_words(name: str, value: object) -> bool:
    if value is None or isinstance(value, bool | int | float | type):
        return False
    if isinstance(value, str | list | dict):
        return True
    msg = f"settings.{name}: an object of this type cannot be inspected"
    raise RequestRefusedError(msg)
