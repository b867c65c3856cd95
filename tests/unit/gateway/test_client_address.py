"""Where a request came from, and whether it may."""

from typing import Any

import pytest

from strongroom.gateway.client_address import Entrance, within
from strongroom.gateway.problems import AddressRefusedError, problem_of
from strongroom.gateway.quota_rules import networks

PROXIES = networks(("10.0.0.0/8", "fd00::/8"), "x")


def seen(direct: str | None, forwarded: str | None, proxies: Any = PROXIES) -> str:
    scope = {"client": None if direct is None else (direct, 1)}
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode()}
    return Entrance((), proxies).address(scope, headers)


@pytest.mark.parametrize(
    ("direct", "forwarded", "address"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"),  # the first may be made up
        ("192.0.2.1", "203.0.113.7", "192.0.2.1"),  # not through a proxy of ours
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7, nonsense", ""),
        ("10.0.0.1", ",,", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::5", "2001:db8::5"),
        (None, "203.0.113.7", ""),
    ],
)
def test_the_address_is_the_last_one_a_client_cannot_make_up(
    direct: str | None, forwarded: str | None, address: str
) -> None:
    assert seen(direct, forwarded) == address


def test_without_declared_proxies_no_header_counts() -> None:
    assert seen("10.0.0.1", "203.0.113.7", ()) == "10.0.0.1"


def test_a_list_lets_in_what_is_on_it_and_nothing_else() -> None:
    allowed = networks(("203.0.113.0/24", "2001:db8::/32"), "x")
    entrance = Entrance(allowed)
    for address in ("203.0.113.9", "2001:db8::1", "::ffff:203.0.113.9"):
        entrance.require(address)
    for address in ("203.0.114.1", "2001:db9::1", "", "nonsense"):
        with pytest.raises(AddressRefusedError) as refused:
            entrance.require(address)
        assert problem_of(refused.value).status == 403
        assert not within(address, allowed)
    Entrance().require("")
