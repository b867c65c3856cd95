"""Which parts of an opened room stand behind a door for MCP.

Must never: open a room, or outlive it.
"""

from __future__ import annotations

import logging

from strongroom.errors import StrongroomError
from strongroom.gateway.mcp import McpMessages
from strongroom.identity import Caller, Principal, require_name
from strongroom.room import Strongroom

PURPOSE = "mcp"
"""What the log says such a caller is there for."""

_log = logging.getLogger("strongroom.doors")


def messages_of(
    room: Strongroom, agent: str, *, tenant: str, environment: str, server: str, conversation: str = ""
) -> McpMessages:
    """The messages between `agent` and the MCP server that policy and log know as ``mcp-<server>``.

    Surrogates belong to `conversation`, or to the agent when it is empty. Raises `FormatError` for a bad name.
    """
    principal = Principal(agent, tenant, environment, ("agent",))
    return McpMessages(
        room.house.sessions,
        Caller(principal, purpose=PURPOSE, session=conversation),
        f"mcp-{require_name(server, 'server')}",
        conversation=conversation,
        enforce=room.settings.mode == "enforce",
        bytes_max=room.settings.limits.body_bytes,
        failed=_note,
    )


def _note(error: BaseException) -> None:
    if not isinstance(error, StrongroomError):
        _log.error("a message failed: %s", type(error).__name__)
