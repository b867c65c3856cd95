"""What a running gateway looks after between requests: files that changed, and whether it can serve.

The rules of `strongroom.toml` that only count and admit (quotas, prices, access) are read again when the file
changes, or at SIGHUP; the rest of it is for the next start. The policy file and the providers' keys look after
themselves: the one is read when it changes, the others follow the shared epoch.

Must never: put rules in force that do not load; the last good ones stay, and the metrics say so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from strongroom.errors import ConfigurationError, StrongroomError
from strongroom.gateway.admission import Admission
from strongroom.gateway.client_address import Entrance
from strongroom.gateway.gauges import Gauges
from strongroom.gateway.quota_rules import Rules, networks
from strongroom.settings import Settings

_log = logging.getLogger("strongroom.gateway")


class PolicyStatus(Protocol):
    """Whether the policy file's present content is in force (`policy.file.PolicyFile`)."""

    @property
    def error(self) -> StrongroomError | None:
        """Why it is not; None when it is."""
        ...


class Caretaker:
    """One per process. `read` gives the settings as they are now; `probe` raises while the house cannot serve."""

    def __init__(
        self, *, path: Path, read: Callable[[], Settings], admission: Admission, metrics: Gauges,
        policy: PolicyStatus | None = None, probe: Callable[[], object] = bool,
    ) -> None:  # fmt: skip
        self._path = path
        self._read = read
        self._admission = admission
        self._metrics = metrics
        self._policy = policy
        self._probe = probe
        self._stamp = self._stamp_now()

    def tick(self) -> None:
        """Look whether anything changed; called once a second."""
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._stamp = stamp
            self.reload()
        if self._policy is not None:
            self._metrics.reload("policy", failed=self._policy.error is not None)

    def reload(self) -> None:
        """Read the settings now."""
        try:
            settings = self._read()
            entrance, rules = entrance_of(settings), Rules(settings.quotas, settings.prices)
        except ConfigurationError as error:
            _log.error("%s: not in force: %s", self._path.name, error)
            self._metrics.reload("settings", failed=True)
            return
        self._admission.entrance = entrance
        if self._admission.quotas is not None:
            self._admission.quotas.rules = rules
        self._metrics.reload("settings", failed=False)
        _log.info("%s: quotas, prices and access were read again", self._path.name)

    def fault(self) -> str:
        """Why nothing can be served now, as a code; ``""`` when it can."""
        try:
            self._probe()
        except StrongroomError as error:
            return error.code
        return ""

    def _stamp_now(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return status.st_mtime_ns, status.st_size, status.st_ino


def entrance_of(settings: Settings) -> Entrance:
    """Who may connect, by the settings. Raises `ConfigurationError`."""
    access = settings.access
    return Entrance(networks(access.addresses, "access.addresses"), networks(access.proxies, "access.proxies"))
