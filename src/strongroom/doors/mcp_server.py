"""A door inside an MCP server: a middleware of the official SDK.

    inspected = McpMiddleware.of(room, "support-bot", tenant="acme", environment="prod")
    server = MCPServer("crm", middleware=[inspected])

Handlers get values where policy lets them out, and whatever leaves the server (results, errors, log messages,
progress, questions to the user or the client's model) carries surrogates. Put it last in the list: what stands
between it and the handlers sees values.

Must never: let an answer or an error of a handler out that was not inspected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import anyio.to_thread
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.session import ServerSession
from mcp.types import INTERNAL_ERROR, ErrorData
from pydantic import BaseModel, ValidationError

from strongroom.doors.mcp_room import messages_of
from strongroom.gateway.inspection import TAGGED_INLINE_BYTES
from strongroom.gateway.mcp import McpMessages, Relayed

if TYPE_CHECKING:
    from strongroom.room import Strongroom

Context = ServerRequestContext[Any, Any]
MessagesFor = Callable[[Context], McpMessages]
"""Whose messages these are, by what is known of the request: its HTTP headers, the user of its token, …"""


class McpMiddleware:
    """See the module. `messages_for` tells callers apart; `of` makes one for a server with a single caller."""

    def __init__(self, messages_for: MessagesFor) -> None:
        self._messages_for = messages_for

    @classmethod
    def of(
        cls, room: Strongroom, agent: str, *, tenant: str, environment: str, server: str = "server",
        conversation: str = "",
    ) -> Self:  # fmt: skip
        """A middleware for one agent, to whom surrogates belong unless `conversation` is named."""
        messages = messages_of(
            room, agent, tenant=tenant, environment=environment, server=server, conversation=conversation
        )
        return cls(lambda _: messages)

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Serve one request or notification; raises `MCPError` for what is refused."""
        passage = _Passage(self._messages_for(ctx))
        try:
            params = await passage.inward(ctx.method, ctx.params, ctx.request_id)
        except MCPError:
            if ctx.request_id is None:  # a notification: nobody waits for an answer
                return None
            raise
        inside = replace(ctx, params=params, session=_InspectedSession(ctx.session, passage))
        try:
            result = await call_next(inside)
        except MCPError as error:
            raise await passage.error(error.error) from None
        except ValidationError:
            raise  # the SDK answers this one without saying what was given
        except Exception as error:  # the SDK would show its text to the client
            raise await passage.error(ErrorData(code=INTERNAL_ERROR, message=str(error))) from error
        if isinstance(result, ErrorData):
            raise await passage.error(result)
        return None if result is None else await passage.result(_plain(result))


class _Passage:
    """One request on its way in, and everything it causes on its way out."""

    def __init__(self, messages: McpMessages) -> None:
        self._messages = messages

    async def inward(self, method: str, params: Mapping[str, Any] | None, identifier: object) -> Any:
        """The params with what may be restored in them."""
        message = {"jsonrpc": "2.0", "method": method}
        given = {**message, "id": identifier if identifier is not None else 0, "params": params}
        return (await self._done(self._messages.inward, given))["params"]

    async def answered(self, result: Mapping[str, Any]) -> Any:
        """The client's result of a question of ours, with what may be restored in it."""
        return (await self._done(self._messages.inward, {"jsonrpc": "2.0", "id": 0, "result": result}))["result"]

    async def said(self, message: Mapping[str, Any]) -> Any:
        """A request or notification of ours, inspected."""
        return await self._done(self._messages.outward, {"jsonrpc": "2.0", "id": 0, **message})

    async def result(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """A handler's result, inspected."""
        whole = await self._done(self._messages.outward, {"jsonrpc": "2.0", "id": 0, "result": result})
        return dict(whole["result"])

    async def error(self, error: ErrorData) -> MCPError:
        """A handler's error, inspected; or the refusal of it."""
        try:
            shown = await self._done(self._messages.outward, {"jsonrpc": "2.0", "id": 0, "error": _plain(error)})
        except MCPError as refusal:
            return refusal
        return MCPError.from_error_data(ErrorData.model_validate(shown["error"]))

    @staticmethod
    async def _done(work: Callable[[bytes], Relayed], message: Mapping[str, Any]) -> Any:
        raw = json.dumps(message, ensure_ascii=False).encode()
        relayed = work(raw) if len(raw) <= TAGGED_INLINE_BYTES else await anyio.to_thread.run_sync(work, raw)
        if relayed.problem is not None:
            refusal = json.loads(relayed.back or relayed.onward or b'{"error":{"code":-32603}}')["error"]
            raise MCPError(refusal["code"], relayed.problem.message, {"code": relayed.problem.code})
        return json.loads(relayed.onward or raw)


class _InspectedSession(ServerSession):
    """The way back from a handler to the client, with every message inspected."""

    def __init__(self, session: ServerSession, passage: _Passage) -> None:
        vars(self).update(vars(session))
        self._passage = passage

    async def send_request(self, request: Any, result_type: Any, *rest: Any, **more: Any) -> Any:
        """Ask the client, and restore in its answer what may be."""
        shown = type(request).model_validate(_without_envelope(await self._passage.said(_plain(request))))
        answer = await super().send_request(shown, result_type, *rest, **more)
        return result_type.model_validate(await self._passage.answered(_plain(answer)), by_name=False)

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Report progress in words that were inspected."""
        if message is not None:
            told = {"method": "notifications/progress", "params": {"message": message}}
            message = (await self._passage.said(told))["params"]["message"]
        await super().report_progress(progress, total, message)

    async def _notify(self, notification: Any, *, request_scoped: bool) -> None:
        shown = _without_envelope(await self._passage.said(_plain(notification)))
        await super()._notify(type(notification).model_validate(shown), request_scoped=request_scoped)


def _plain(value: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True, mode="json", exclude_none=True)
    return dict(value)


def _without_envelope(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in message.items() if name not in ("jsonrpc", "id")}
