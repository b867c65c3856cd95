"""Where rates and budgets are counted: in this process, or in Redis for all of them.

Must never: take a password from the settings; it comes from the store, like a provider's key.
"""

from __future__ import annotations

from collections.abc import Callable

from strongroom.adapters.counters_memory import MemoryCounters
from strongroom.adapters.counters_redis import RedisCounters
from strongroom.clock import Clock
from strongroom.settings import Settings

KEY_NAME = "counters"
"""The name under which the store keeps the password, next to the keys of upstreams."""


def open_counters(
    settings: Settings, fetch_key: Callable[[str], str | None], clock: Clock
) -> tuple[MemoryCounters, RedisCounters | None]:
    """This process's counters, and the shared ones if the settings name a server.

    Raises `ConfigurationError` for an address that is none, and `ExtraMissingError` without the extra.
    """
    local = MemoryCounters(clock)
    if not settings.counters.url:
        return local, None
    return local, RedisCounters(settings.counters.url, password=fetch_key(KEY_NAME))
