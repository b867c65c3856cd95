"""Which address a request came from, and whether it may come from there.

Without declared proxies it is who connected. Behind declared ones it is the last address in ``x-forwarded-for``
that is not a proxy of ours: everything before it is what a client may have made up.

Must never: believe a header that did not come through a declared proxy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from strongroom.gateway.http import Scope
from strongroom.gateway.problems import AddressRefusedError
from strongroom.gateway.quota_rules import Network

FORWARDED_MAX = 2048
"""A chain of proxies is a few addresses long."""

ADDRESSES_REMEMBERED = 4096


class Entrance:
    """Who may connect at all: `allowed` empty lets everybody in; `proxies` are believed about addresses."""

    def __init__(self, allowed: Sequence[Network] = (), proxies: Sequence[Network] = ()) -> None:
        self._allowed = tuple(allowed)
        self._proxies = tuple(proxies)

    def address(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        """Where a request came from; ``""`` when nobody knows, as on a Unix socket."""
        client = scope.get("client")
        direct: str = client[0] if client else ""
        if not self._proxies or not within(direct, self._proxies):
            return direct
        chain = headers.get(b"x-forwarded-for", b"")[-FORWARDED_MAX:].decode("latin-1")
        for hop in reversed([hop.strip() for hop in chain.split(",") if hop.strip()]):
            if _parsed(hop) is None:
                return ""  # a proxy of ours wrote something that is no address: nobody knows then
            if not within(hop, self._proxies):
                return hop
        return direct

    def require(self, address: str) -> None:
        """Raise `AddressRefusedError` unless anybody may come from `address`."""
        if self._allowed and not within(address, self._allowed):
            raise refusal()


def within(address: str, networks: Sequence[Network]) -> bool:
    """Whether `address` is in one of `networks`; what is no address is in none."""
    found = _parsed(address)
    return found is not None and any(found in network for network in networks)


def refusal() -> AddressRefusedError:
    """What everybody at a wrong address is told."""
    msg = "requests from this address are not accepted"
    return AddressRefusedError(msg)


@lru_cache(maxsize=ADDRESSES_REMEMBERED)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
