"""What each principal may use: rates, budgets and addresses, from the settings to rules by name.

`default` bounds each principal without a rule of its own; the rule of a tenant, or of ``tenant/environment``,
bounds all of its principals together; ``tenant/environment/name`` bounds that principal. All that apply count.

Must never: read a rule in two ways; one that is not understood is refused with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

import limits

from strongroom.errors import ConfigurationError
from strongroom.identity import Principal
from strongroom.settings import Price, Quota

DEFAULT = "default"
MICRO = 1_000_000
"""Costs are counted in millionths of the currency of the prices."""

REQUESTS, TOKENS, COST = "requests", "tokens", "cost"
Network = IPv4Network | IPv6Network


class Bound(NamedTuple):
    """At most `amount` of `what` in the last `seconds`."""

    what: str
    amount: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What one name in ``[quotas]`` says, ready to count."""

    bounds: tuple[Bound, ...]
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What holds for one principal: each bound with the name it is counted under."""

    requests: tuple[tuple[str, Bound], ...]
    spending: tuple[tuple[str, Bound], ...]
    networks: tuple[tuple[Network, ...], ...]

    @property
    def costs(self) -> bool:
        """Whether a bound on money is among them."""
        return any(bound.what == COST for _, bound in self.spending)


class Rules:
    """Every rule and price of the settings. Raises `ConfigurationError` for one that is none."""

    def __init__(self, quotas: Mapping[str, Quota], prices: Mapping[str, Price]) -> None:
        self._rules = {name: _rule(name, quota) for name, quota in quotas.items()}
        self._prices = [
            (pattern, _micro(price.input), _micro(price.output))
            for pattern, price in sorted(
                prices.items(), key=lambda item: (-len(item[0].replace("*", "")), item[0])
            )
        ]
        self._applied: dict[Principal, Applied] = {}

    def of(self, principal: Principal) -> Applied:
        """What holds for `principal`."""
        found = self._applied.get(principal)
        if found is None:
            found = self._applied[principal] = self._apply(principal)
        return found

    def _apply(self, principal: Principal) -> Applied:
        tenant, place = principal.tenant, f"{principal.tenant}/{principal.environment}"
        own = f"{place}/{principal.name}"
        named = [(name, self._rules[name]) for name in (tenant, place, own) if name in self._rules]
        if own not in self._rules and DEFAULT in self._rules:
            named.append((own, self._rules[DEFAULT]))
        bounds = [(name, bound) for name, rule in named for bound in rule.bounds]
        return Applied(
            tuple(item for item in bounds if item[1].what == REQUESTS),
            tuple(item for item in bounds if item[1].what != REQUESTS),
            tuple(rule.networks for _, rule in named if rule.networks),
        )

    def cost(self, model: str, tokens_in: int, tokens_out: int) -> int | None:
        """What that many tokens of `model` cost, in millionths; None without a price. The most specific wins."""
        for pattern, price_in, price_out in self._prices:
            if fnmatchcase(model, pattern):
                return -(-(tokens_in * price_in + tokens_out * price_out) // MICRO)
        return None


def networks(texts: Iterable[str], where: str) -> tuple[Network, ...]:
    """Addresses and networks such as ``10.0.0.0/8``. Raises `ConfigurationError` naming `where`."""
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError:
        msg = f"{where}: expected IP addresses or networks such as 10.0.0.0/8 or 2001:db8::/32"
        raise ConfigurationError(msg) from None


def _rule(name: str, quota: Quota) -> Rule:
    parts = name.split("/")
    if len(parts) > 3 or not all(parts):  # noqa: PLR2004 - tenant, environment, name
        msg = f"quotas.{name}: expected default, TENANT, TENANT/ENVIRONMENT or TENANT/ENVIRONMENT/NAME"
        raise ConfigurationError(msg)
    where = f"quotas.{name}"
    bounds = [
        *(_bound(REQUESTS, text, where) for text in quota.requests),
        *(_bound(TOKENS, text, where) for text in quota.tokens),
        *(_bound(COST, text, where) for text in quota.cost),
    ]
    return Rule(tuple(bounds), networks(quota.addresses, f"{where}.addresses"))


def _bound(what: str, text: str, where: str) -> Bound:
    amount, separator, window = text.partition("/")
    try:
        if what == COST:
            amount = str(_micro(Decimal(amount.strip())))
        item = limits.parse(f"{amount.strip()}/{window}")
    except (ValueError, InvalidOperation):
        item = None
    if item is None or not separator or item.amount < 1:
        msg = f"{where}.{what}: expected AMOUNT/WINDOW, such as 600/minute or 2000000/day"
        raise ConfigurationError(msg)
    return Bound(what, item.amount, item.get_expiry())


def _micro(amount: Decimal) -> int:
    return int(amount * MICRO)
