"""What stands between a gateway and the world outside: providers, and the files an operator reads.

Must never: keep a provider's key past a change of any key, or hand it to anything but its own upstream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from strongroom.adapters.document_text import document_text
from strongroom.adapters.operator_files import line_file, span_file
from strongroom.adapters.upstream_http import Authorization, HttpUpstream, api_key, bearer, goog_api_key
from strongroom.keys.epoch import Epoch
from strongroom.settings import Settings

__all__ = ["ProviderKey", "document_text", "line_file", "open_upstreams", "span_file"]

AUTHORIZATION: Mapping[str, Authorization] = {"anthropic": api_key, "gemini": goog_api_key}
"""How a provider wants its key; those not named take a bearer credential."""


class ProviderKey:
    """The key of one upstream, opened through the guard when it is first needed and after every change of keys."""

    def __init__(self, name: str, fetch: Callable[[str], str | None], epoch: Epoch) -> None:
        self._name = name
        self._fetch = fetch
        self._epoch = epoch
        self._seen: int | None = None
        self._key: str | None = None

    def __call__(self) -> str | None:
        """The key, or None when the store has none; raises what the guard raises."""
        now = self._epoch.value()
        if self._seen != now:
            self._key = self._fetch(self._name)
            self._seen = now
        return self._key

    def __repr__(self) -> str:
        return f"ProviderKey({self._name!r})"


def open_upstreams(
    settings: Settings, fetch_key: Callable[[str], str | None], epoch: Epoch
) -> dict[str, HttpUpstream]:
    """One upstream per name in the settings. Raises `ConfigurationError` for a URL that is none."""
    return {
        name: HttpUpstream(
            name,
            url,
            key=ProviderKey(name, fetch_key, epoch),
            authorization=AUTHORIZATION.get(name, bearer),
            connect_s=settings.limits.upstream_connect_s,
            idle_s=settings.limits.upstream_idle_s,
        )
        for name, url in settings.upstreams.items()
    }
