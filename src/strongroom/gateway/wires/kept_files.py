"""What OpenAI and Anthropic say about a file that was uploaded.

Source: the types of the official Python SDKs (openai 3.51, anthropic 2.10).

Must never: list a name that a person chose as structural.
"""

from __future__ import annotations

from strongroom.gateway.wires.table import Obj, structural, text

_S = structural()

OPENAI = Obj(
    {
        **dict.fromkeys(("id", "object", "bytes", "created_at", "expires_at", "purpose", "status"), _S),
        "filename": text(),
        "status_details": text(),
    }
)
ANTHROPIC = Obj(
    {
        **dict.fromkeys(("id", "type", "created_at", "mime_type", "size_bytes", "downloadable", "expires_at"), _S),
        "filename": text(),
    }
)
