"""Which conversations a provider keeps, so that later requests do not say again how they began.

Must never: look at the text of a message except for the opening, which is only digested.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MODELS = frozenset({"assistant"})


def is_kept(body: Mapping[str, Any]) -> bool:
    """Whether the provider keeps what `body` says, so that its surrogates have to last on their own.

    A response is kept unless the request says ``"store": false`` and goes on from nothing that is kept. Embeddings
    are kept by whoever asked for them.
    """
    if "messages" in body or "contents" in body:
        return False
    continued = any(body.get(name) is not None for name in ("previous_response_id", "conversation"))
    return continued or body.get("store") is not False


def opening_of_input(body: Mapping[str, Any]) -> list[str]:
    """What a conversation in `instructions` and `input` began with, if the client says it every time."""
    if is_kept(body):
        return []
    said = body.get("instructions")
    texts = ["system", said] if isinstance(said, str) else []
    asked = body.get("input")
    if isinstance(asked, str):
        return [*texts, "user", asked]
    for item in asked if isinstance(asked, list) else ():
        if not isinstance(item, dict) or item.get("role") in _MODELS or item.get("type") not in (None, "message"):
            break
        texts.append(str(item.get("role")))
        content = item.get("content")
        parts = [{"text": content}] if isinstance(content, str) else content
        words = (part.get("text") for part in parts if isinstance(part, dict)) if isinstance(parts, list) else ()
        texts += [said for said in words if isinstance(said, str)]
    return texts
