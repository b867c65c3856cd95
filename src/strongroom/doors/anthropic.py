"""A door as a middleware of the `anthropic` SDK: for clients that sign or address requests in their own way.

    client = Anthropic(middleware=[DoorMiddleware(door)])

The chain runs before a request is signed and sent, so the clients for other clouds can have it too, where a
transport would change what was signed. It runs once per attempt; the same text gets the same surrogates each time.

Must never: call the next in the chain with a body that was not inspected, or leave a part of the body
(``extra_body``) to be merged in behind its back.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
from pydantic import TypeAdapter

from strongroom.doors.addresses import Address
from strongroom.doors.door import SESSION_HEADER, Door, Outgoing
from strongroom.doors.http import restored, restored_async
from strongroom.doors.packages import kind_of
from strongroom.doors.passage import EVENTS, Passage
from strongroom.errors import ExtraMissingError, FormatError
from strongroom.gateway.problems import ContentTypeError

try:
    from anthropic import APIRequest, AsyncCallNext, CallNext, Middleware
except ModuleNotFoundError as error:
    msg = f"the middleware for anthropic needs {error.name}: pip install 'strongroom[anthropic]'"
    raise ExtraMissingError(msg) from None

HOST = "api.anthropic.com"
"""Whose wire the SDK writes, wherever the client sends it in the end."""

_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


class DoorMiddleware(Middleware):
    """See the module. For synchronous and asynchronous clients; errors of the house are raised as they are."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def handle(self, request: APIRequest, call_next: CallNext) -> Any:
        """One attempt of a synchronous client."""
        asked = _asked(request)
        address = self._door.address(asked)
        passage = self._door.enter(asked, address, self._body(request, address))
        try:
            response = call_next(_leaving(request, passage))
            changed = restored(self._door, passage, response.http_response)
            if changed is not response.http_response:
                if not kind_of(changed).startswith(EVENTS):
                    changed.read()
                response.http_response = changed
        except BaseException:
            passage.close()
            raise
        return response

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> Any:
        """One attempt of an asynchronous client."""
        asked = _asked(request)
        address = self._door.address(asked)
        body = self._body(request, address)
        if len(body) > self._door.inline_bytes:
            passage = await anyio.to_thread.run_sync(self._door.enter, asked, address, body)
        else:
            passage = self._door.enter(asked, address, body)
        try:
            response = await call_next(_leaving(request, passage))
            changed = await restored_async(self._door, passage, response.http_response)
            if changed is not response.http_response:
                if not kind_of(changed).startswith(EVENTS):
                    await changed.aread()
                response.http_response = changed
        except BaseException:
            passage.close()
            raise
        return response

    def _body(self, request: APIRequest, address: Address) -> bytes:
        options = request.options
        if options.files or options.content is not None:
            if not self._door.enforce:
                return b""
            msg = f"{address.route.name}: files and raw bodies are not inspected here"
            raise ContentTypeError(msg)
        merged = options.json_data
        if options.extra_json is not None:
            merged = {**(merged if isinstance(merged, dict) else {}), **options.extra_json}
        if merged is None:
            return b""
        try:
            return json.dumps(merged, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()
        except (TypeError, ValueError):  # what the SDK could not have sent either
            msg = "the body holds something that is not JSON"
            raise FormatError(msg) from None


def _plain(thing: object) -> Any:
    return _ANYTHING.dump_python(thing, mode="json", by_alias=True, exclude_unset=True)


def _asked(request: APIRequest) -> Outgoing:
    path, _, query = request.url.partition("?")
    if request.query_params:
        query = "&".join(part for part in (query, urlencode(dict(request.query_params), doseq=True)) if part)
    headers = {name.lower(): value for name, value in request.headers.items() if isinstance(value, str)}
    return Outgoing(request.method.upper(), HOST, path, query, headers)


def _leaving(request: APIRequest, passage: Passage) -> APIRequest:
    """`request` with what the door made of it; nothing is left that would be merged into its body later."""
    if not passage.body:
        return request
    made = request.copy(
        body=json.loads(passage.body),
        headers={name: value for name, value in request.headers.items() if name.lower() != SESSION_HEADER},
    )
    made.options.extra_json = None
    return made
