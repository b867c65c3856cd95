"""The HTTP headers of MCP: which of them pass, and those that repeat what stands in the body.

Since revision 2026-07-28 a request repeats its method, the name of what it asks for, and chosen arguments in
headers, so that intermediaries can route by them; a server refuses a request whose headers and body disagree.
A value that is put back in the body is therefore put back in its header too.

A session's name is what lets its holder in, and the server knows all callers of this gateway by one key. So the
name goes to the client with a seal that only its own principal can use, and leaves without it.

Must never: pass a header that is not on a list here, or a session's name of another principal.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping

from strongroom.errors import FormatError
from strongroom.identity import Principal
from strongroom.primitives.mac import equal

SESSION = "mcp-session-id"
VERSION = "mcp-protocol-version"
MODERN = "2026-07-28"
"""The first revision in which a refused request has a status of its own; its dates compare as text."""

NAME = "mcp-name"
PARAM = "mcp-param-"
FORWARDED = ("accept", VERSION, "last-event-id", "mcp-method")
RETURNED = ("content-type", VERSION, "retry-after", "allow")
VALUE_LEN_MAX = 8192
"""What common servers accept for one header line."""

Conceal = Callable[[str, str, str], str]
"""From tenant, environment and a name to 32 hexadecimal digits that only this store can make."""

_ENCODED = re.compile(r"=\?base64\?([A-Za-z0-9+/=]*)\?=", re.ASCII)
_PLAIN = re.compile(r"[\x20-\x7e]*", re.ASCII)
_SEALED = re.compile(r"([\x21-\x7e]{1,1024})\.([0-9a-f]{32})", re.ASCII)
_PARAM_NAME = re.compile(r"mcp-param-[a-z0-9!#$%&'*+.^_`|~-]{1,128}", re.ASCII)


def encode(value: str) -> str:
    """`value` as a header holds it: as it is, or in base64 where that would not survive."""
    if _PLAIN.fullmatch(value) and value == value.strip() and not _ENCODED.fullmatch(value):
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="


def decode(written: str) -> str:
    """The value a header holds. Raises `FormatError` for what claims to be base64 and is not."""
    found = _ENCODED.fullmatch(written)
    if found is None:
        return written
    try:
        return base64.b64decode(found[1], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        msg = "a header claims to be base64 and is not"
        raise FormatError(msg) from None


class SessionNames:
    """The session names of one principal at one server, as its clients know them."""

    def __init__(self, conceal: Conceal, principal: Principal, upstream: str) -> None:
        self._conceal = conceal
        self._principal = principal
        self._upstream = upstream

    def sealed(self, name: str) -> str:
        """The server's `name` with this principal's seal."""
        return f"{name}.{self._seal(name)}"

    def opened(self, given: str) -> str | None:
        """The server's name of a session, or None when it is not one of this principal's."""
        found = _SEALED.fullmatch(given)
        if found is None or not equal(self._seal(found[1]).encode(), found[2].encode()):
            return None
        return found[1]

    def _seal(self, name: str) -> str:
        who = self._principal
        what = f"mcp session\n{self._upstream}\n{who.name}\n{name}"
        return self._conceal(who.tenant, who.environment, what)


def towards_server(
    headers: Mapping[bytes, bytes], moved: Mapping[str, str | None], session: str
) -> list[tuple[str, str]]:
    """The headers that leave with a request; `moved` says what strings of its body became.

    Raises `FormatError` when a header is malformed, or repeats a string that became two different ones.
    """
    out = [("mcp-session-id", session)] if session else []
    for raw_name, raw_value in headers.items():
        name, written = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        repeats = name == NAME or _PARAM_NAME.fullmatch(name) is not None
        if not repeats and name not in FORWARDED:
            continue
        if len(written) > VALUE_LEN_MAX or not _PLAIN.fullmatch(written):
            msg = "a header is longer than the protocol needs, or holds more than printable ASCII"
            raise FormatError(msg)
        out.append((name, _moved(written, moved) if repeats else written))
    return out


def _moved(written: str, moved: Mapping[str, str | None]) -> str:
    value = decode(written)
    if value not in moved:
        return written
    after = moved[value]
    if after is None:
        msg = "a header repeats a value that may come out in one parameter and not in another"
        raise FormatError(msg)
    return written if after == value else encode(after)


def towards_client(headers: Mapping[str, str], names: SessionNames) -> list[tuple[bytes, bytes]]:
    """The headers that go back with an answer."""
    out = [(name.encode(), headers[name].encode("latin-1")) for name in RETURNED if name in headers]
    if session := headers.get(SESSION):
        out.append((SESSION.encode(), names.sealed(session).encode("latin-1")))
    return out


def is_modern(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the client speaks a revision without sessions."""
    return headers.get(VERSION.encode(), b"").decode("latin-1") >= MODERN
