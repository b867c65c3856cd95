"""The nouns of a room: credentials, data sources and provider keys, each asked for through the guard.

Must never: touch a store directly for something that policy should decide.
"""

from __future__ import annotations

from pathlib import Path

from strongroom.adapters.tables import read_tables
from strongroom.errors import ConfigurationError
from strongroom.formats.aad import Binding
from strongroom.guard.credentials import DUE_S, OVERLAP_S, CredentialRow
from strongroom.guard.sources import SourceRow
from strongroom.label import Label, Level
from strongroom.room.operator import OPERATOR, operator
from strongroom.wiring.house import SYSTEM, House
from strongroom.wiring.upkeep import DAY_S

__all__ = ["OPERATOR", "CredentialsView", "ProviderKeysView", "SourcesView", "operator"]


class CredentialsView:
    """Who may enter."""

    def __init__(self, house: House) -> None:
        self._house = house

    def issue(
        self, name: str, *, tenant: str, environment: str, roles: tuple[str, ...] = ("agent",), clearance: int = 3
    ) -> str:
        """Make a credential and return it, the only time it can be seen."""
        with self._house.guard.corridor(operator(tenant, environment), "manage_credential", _OPERATIONAL):
            return self._house.credentials.issue(
                name, tenant=tenant, environment=environment, roles=roles, clearance=clearance,
                lifetime_s=_lifetime_s(self._house),
            )  # fmt: skip

    def rotate(self, name: str, *, tenant: str, environment: str, overlap_s: int = OVERLAP_S) -> str:
        """Make the successor of a principal's credential; the old one is good for `overlap_s` more seconds."""
        with self._house.guard.corridor(operator(tenant, environment), "manage_credential", _OPERATIONAL):
            return self._house.credentials.rotate(
                name, tenant=tenant, environment=environment, overlap_s=overlap_s,
                lifetime_s=_lifetime_s(self._house),
            )  # fmt: skip

    def due(self, within_s: int = DUE_S) -> list[CredentialRow]:
        """The principals whose last credential ends within so many seconds, the first to end first."""
        return self._house.credentials.due(within_s)

    def list(self) -> list[CredentialRow]:
        """Everybody's, oldest first; never the credentials themselves."""
        return self._house.credentials.rows()

    def revoke(self, name: str, *, tenant: str, environment: str) -> int:
        """Refuse a principal from its next request on; returns how many credentials that took."""
        with self._house.guard.corridor(operator(tenant, environment), "manage_credential", _OPERATIONAL):
            return self._house.credentials.revoke(name, tenant=tenant, environment=environment)


class SourcesView:
    """What data the agents work on."""

    def __init__(self, house: House) -> None:
        self._house = house

    def add(
        self, path: Path, *, subject_column: str, tenant: str, environment: str, table: str = "", name: str = ""
    ) -> SourceRow:
        """Declare a table in a file (SQLite, CSV, JSON Lines) as a source and learn its classified values.

        Raises `ConfigurationError` when the file has no such table, or several and none was named.
        """
        if not path.is_file():
            msg = f"no such file: {path}"
            raise ConfigurationError(msg)
        tables = [found for found in read_tables(path) if not table or found.name == table]
        fitting = [found for found in tables if subject_column in found.columns]
        if len(fitting) != 1 and not (table and fitting):
            kinds = [found for found in fitting if self._house.sources.classify(found.columns, found.rows)]
            fitting = kinds if len(kinds) == 1 else fitting
        if len(fitting) != 1:
            names = ", ".join(found.name for found in tables) or "none"
            msg = f"which table? with column {subject_column} there are {len(fitting)}; tables: {names}"
            raise ConfigurationError(msg)
        chosen = fitting[0]
        return self._house.sources.add(
            operator(tenant, environment),
            name or chosen.name.lower().replace(" ", "-"),
            chosen.columns,
            chosen.rows,
            subject_column=subject_column,
        )

    def list(self, tenant: str, environment: str) -> list[SourceRow]:
        """The declared sources."""
        return self._house.sources.list(tenant, environment)


class ProviderKeysView:
    """The keys the gateway shows to providers; agents never hold one."""

    def __init__(self, house: House) -> None:
        self._house = house

    def put(self, name: str, secret: str) -> None:
        """Seal `secret` as the key for upstream `name`, replacing an older one."""
        caller = operator(SYSTEM.tenant, SYSTEM.environment)
        with self._house.guard.corridor(caller, "seal", _CREDENTIAL, resource=name) as permit:
            sealed = self._house.envelope.seal(secret.encode(), _provider_binding(name), permit)
        self._house.provider_keys.put(name, sealed, at=int(self._house.clock.now()))
        self._house.epoch.bump()

    def get(self, name: str) -> str | None:
        """The key for upstream `name`, opened for one use; None when none was given."""
        sealed = self._house.provider_keys.get(name)
        if sealed is None:
            return None
        caller = operator(SYSTEM.tenant, SYSTEM.environment)
        with self._house.guard.corridor(caller, "open", _CREDENTIAL, resource=name) as permit:
            return self._house.envelope.open(sealed, _provider_binding(name), permit).decode()

    def ages(self) -> dict[str, int]:
        """Since when each upstream's key is the one, in epoch seconds; 0 if that was not noted."""
        return self._house.provider_keys.stored_at()

    def due(self) -> list[str]:
        """The upstreams whose key is older than a credential may be: give them a new one."""
        now = self._house.clock.now()
        return [name for name, at in self.ages().items() if now - at >= _lifetime_s(self._house)]

    def names(self) -> list[str]:
        """Which upstreams have one."""
        return self._house.provider_keys.names()


def _lifetime_s(house: House) -> int:
    return int(house.settings.rotation.credential_days * DAY_S)


_OPERATIONAL = Label("operational", Level.INTERNAL)
_CREDENTIAL = Label("credentials", Level.RESTRICTED, kind="PROVIDER_KEY")


def _provider_binding(name: str) -> Binding:
    return Binding(
        tenant=SYSTEM.tenant, environment=SYSTEM.environment, category="credentials", level=int(Level.RESTRICTED),
        kind="provider_key", object_id=name,
    )  # fmt: skip
