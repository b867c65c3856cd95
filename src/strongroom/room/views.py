"""The nouns of a room: credentials, data sources, provider keys and keys, each asked for through the guard.

Must never: touch a store directly for something that policy should decide.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from strongroom.adapters.tables import read_tables
from strongroom.errors import ConfigurationError
from strongroom.formats.aad import Binding
from strongroom.guard.credentials import CredentialRow
from strongroom.guard.sources import SourceRow
from strongroom.identity import Caller, Principal
from strongroom.keys.lifecycle import KeyVersion
from strongroom.keys.path import KeyPath
from strongroom.label import Label, Level
from strongroom.permit import MANY, Permit
from strongroom.wiring.house import SYSTEM, House

OPERATOR = "local-admin"
"""The person at this machine: whoever can read the keyfile administers the embedded store."""


def operator(tenant: str, environment: str) -> Caller:
    """The local administrator, acting in one tenant and environment."""
    return Caller(Principal(OPERATOR, tenant, environment, roles=("admin",)), purpose="administration")


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
                name, tenant=tenant, environment=environment, roles=roles, clearance=clearance
            )

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
        self._house.provider_keys.put(name, sealed)
        self._house.epoch.bump()

    def get(self, name: str) -> str | None:
        """The key for upstream `name`, opened for one use; None when none was given."""
        sealed = self._house.provider_keys.get(name)
        if sealed is None:
            return None
        caller = operator(SYSTEM.tenant, SYSTEM.environment)
        with self._house.guard.corridor(caller, "open", _CREDENTIAL, resource=name) as permit:
            return self._house.envelope.open(sealed, _provider_binding(name), permit).decode()

    def names(self) -> list[str]:
        """Which upstreams have one."""
        return self._house.provider_keys.names()


class KeysView:
    """Keys by path text, such as ``acme/prod/health``."""

    def __init__(self, house: House) -> None:
        self._house = house

    def list(self, prefix: str) -> list[KeyVersion]:
        """Every version of every key at or below `prefix`, such as ``acme/prod``; parents first."""
        key = KeyPath.parse(prefix)
        with self._house.guard.corridor(*_managing(key), durable=False) as permit:
            return self._house.keys.list(key, permit)

    def create(self, path: str) -> int:
        """Make a key and its missing parents; returns how many versions changed, as do the others."""
        return self._change(path, self._house.keys.create)

    def rotate(self, path: str) -> int:
        """Make a new primary version; the old one still opens."""
        return self._change(path, self._house.keys.rotate)

    def disable(self, path: str) -> int:
        """Refuse every use of a key and of everything below it, from the next operation on."""
        return self._change(path, self._house.keys.disable)

    def enable(self, path: str) -> int:
        """Allow a disabled key again."""
        return self._change(path, self._house.keys.enable)

    def destroy(self, path: str) -> int:
        """Destroy a key and everything below it, for ever."""
        return self._change(path, self._house.keys.destroy)

    def _change(self, path: str, change: Callable[[KeyPath, Permit], int]) -> int:
        key = KeyPath.parse(path)
        with self._house.guard.corridor(*_managing(key), durable=True) as permit:
            return change(key, permit)


def _managing(key: KeyPath) -> tuple[Caller, str, Label]:
    label = Label(key.category or MANY, Level.RESTRICTED, subject=key.subject)
    return operator(key.tenant, key.environment), "manage_key", label


_OPERATIONAL = Label("operational", Level.INTERNAL)
_CREDENTIAL = Label("credentials", Level.RESTRICTED, kind="PROVIDER_KEY")


def _provider_binding(name: str) -> Binding:
    return Binding(
        tenant=SYSTEM.tenant, environment=SYSTEM.environment, category="credentials", level=int(Level.RESTRICTED),
        kind="provider_key", object_id=name,
    )  # fmt: skip
