"""Declared data sources: the values of their classified columns, known before any text mentions them.

Most personal data reaches an agent from tables whose columns say what they hold. A declared source teaches
its values: they are sealed under their subject's key, and every process builds from them the automaton that
finds them in free text, whatever the spelling of case and spaces.

Must never: keep opened values past a change of any key, or work with fewer values than the store has: if a
category's key is disabled, inspecting text for that tenant fails, it does not let names pass.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.fields import FieldClassifier
from strongroom.classify.known import KnownValues
from strongroom.envelope.envelope import Envelope
from strongroom.errors import ConfigurationError, KeyDestroyedError
from strongroom.formats.aad import Binding
from strongroom.guard.corridor import Guard
from strongroom.identity import Caller, Principal, require_name
from strongroom.keys.path import KeyPath
from strongroom.label import Label
from strongroom.permit import Permit

SAMPLES = 200
"""Values of a column looked at when its name does not tell what it is."""
BATCH = 2000
"""Rows sealed per transaction."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One declared source: which of its columns hold what. Column names are not values."""

    name: str
    tenant: str
    environment: str
    columns: Mapping[str, str]
    subjects: int


@dataclass(frozen=True, slots=True)
class KnownRow:
    """The values of one subject in one category, as ``record/1``: column → value."""

    tenant: str
    environment: str
    source: str
    subject: str
    category: str
    level: int
    sealed: bytes


class SourceStore(Protocol):
    """Where sources and their sealed values are."""

    def put_source(self, row: SourceRow) -> None:
        """Declare a source, replacing one of the same name and everything it taught."""
        ...

    def sources(self, tenant: str, environment: str) -> list[SourceRow]:
        """The declared sources."""
        ...

    def put_known(self, rows: Sequence[KnownRow]) -> None:
        """Keep sealed values, all or none."""
        ...

    def known(self, tenant: str, environment: str) -> list[KnownRow]:
        """All sealed values."""
        ...

    def version(self, tenant: str, environment: str) -> int:
        """A number that grows whenever a source is declared."""
        ...


class KeyMaker(Protocol):
    """Makes many subject keys at once; `keys.Keyring` is one."""

    def prepare(self, paths: Iterable[KeyPath], permit: Permit) -> None:
        """Make the keys that are missing, in one transaction."""
        ...


class Epoch(Protocol):
    """The shared counter that tells other processes to look again."""

    def value(self) -> int:
        """The current epoch."""
        ...

    def bump(self) -> int:
        """Raise it by one."""
        ...


class DataSources:
    """Declares sources, and gives each tenant and environment its automaton of known values."""

    def __init__(
        self, *, store: SourceStore, envelope: Envelope, guard: Guard, catalogue: Catalogue,
        fields: FieldClassifier, keys: KeyMaker, epoch: Epoch,
    ) -> None:  # fmt: skip
        self._store = store
        self._envelope = envelope
        self._guard = guard
        self._catalogue = catalogue
        self._fields = fields
        self._keys = keys
        self._epoch = epoch
        self._lock = threading.Lock()
        self._built: dict[tuple[str, str], tuple[int, KnownValues, str]] = {}

    def classify(self, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
        """Which columns hold what: column → kind, by name first and by sampled values second."""
        found: dict[str, str] = {}
        for column in columns:
            samples = [value for row in rows[:SAMPLES] if (value := row.get(column, "").strip())]
            kind = self._fields.kind_of(column, samples)
            if kind is not None:
                found[column] = kind
        return found

    def add(
        self, caller: Caller, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]], *,
        subject_column: str, kinds: Mapping[str, str] | None = None,
    ) -> SourceRow:  # fmt: skip
        """Declare a source and seal its classified values, each under its subject's key.

        `kinds`, when given, says what the columns hold; else their names and values do.

        Raises `ConfigurationError` when the subject column does not exist or no column was recognized.
        """
        require_name(name, "source")
        if subject_column not in columns:
            msg = f"the source has no column {subject_column}"
            raise ConfigurationError(msg)
        kinds = self.classify(columns, rows) if kinds is None else kinds
        if not kinds:
            msg = "no column was recognized; add field names to a catalogue file"
            raise ConfigurationError(msg)
        grouped = self._by_category(kinds)
        source = SourceRow(name, caller.tenant, caller.environment, kinds, len(rows))
        label = Label("operational", self._catalogue.category_level("operational"))
        with self._guard.corridor(caller, "manage_source", label, resource=name, count=len(rows)):
            self._store.put_source(source)
            # Administrators declare sources and do not read or write data; the service does.
            service = _service(caller.tenant, caller.environment)
            for category, members in grouped.items():
                self._seal(service, name, category, members, rows, subject_column)
            self._epoch.bump()
        return source

    def _by_category(self, kinds: Mapping[str, str]) -> dict[str, list[str]]:
        grouped: dict[str, list[str]] = {}
        for column, kind in kinds.items():
            grouped.setdefault(self._catalogue.types[kind].category, []).append(column)
        return grouped

    def _seal(
        self, caller: Caller, source: str, category: str, columns: Sequence[str],
        rows: Sequence[Mapping[str, str]], subject_column: str,
    ) -> None:  # fmt: skip
        label = Label(category, self._catalogue.category_level(category), source=source)
        subjects = [require_name(row[subject_column].strip().lower(), "subject") for row in rows]
        for start in range(0, len(rows), BATCH):
            batch = list(zip(subjects[start : start + BATCH], rows[start : start + BATCH], strict=True))
            with self._guard.corridor(caller, "seal", label, resource="*", count=len(batch)) as permit:
                paths = (KeyPath(caller.tenant, caller.environment, category, subject) for subject, _ in batch)
                self._keys.prepare(paths, permit)
                sealed: list[KnownRow] = []
                for subject, row in batch:
                    values = {column: row[column].encode() for column in columns if row.get(column, "").strip()}
                    if not values:
                        continue
                    binding = known_binding(
                        caller.tenant, caller.environment, source, subject, category, label.level
                    )
                    blob = self._envelope.seal_record(values, binding, permit)
                    sealed.append(
                        KnownRow(
                            caller.tenant, caller.environment, source, subject, category, int(label.level), blob
                        )
                    )
                self._store.put_known(sealed)

    def list(self, tenant: str, environment: str) -> list[SourceRow]:
        """The declared sources."""
        return self._store.sources(tenant, environment)

    def known(self, tenant: str, environment: str) -> tuple[KnownValues, str]:
        """The automaton of everything declared, and a version that changes whenever it does.

        Raises `KeyStateError` when a category's key is disabled: text cannot be inspected then.
        """
        epoch = self._epoch.value()
        with self._lock:
            built = self._built.get((tenant, environment))
            if built is None or built[0] != epoch:
                known = self._build(tenant, environment)
                version = f"{self._store.version(tenant, environment)}.{len(known)}"
                built = (epoch, known, version)
                if epoch % 2 == 0:  # odd: a change is under way, and nothing read now may be kept
                    self._built[tenant, environment] = built
            return built[1], built[2]

    def _build(self, tenant: str, environment: str) -> KnownValues:
        known = KnownValues(self._catalogue)
        kinds = {row.name: row.columns for row in self._store.sources(tenant, environment)}
        rows: dict[str, list[KnownRow]] = {}
        for row in self._store.known(tenant, environment):
            rows.setdefault(row.category, []).append(row)
        reader = _service(tenant, environment)
        for category, members in rows.items():
            label = Label(category, self._catalogue.category_level(category))
            with self._guard.corridor(reader, "open", label, count=len(members)) as permit:
                for row in members:
                    binding = known_binding(tenant, environment, row.source, row.subject, category, row.level)
                    try:
                        values = self._envelope.open_record(row.sealed, binding, permit)
                    except KeyDestroyedError:
                        continue  # this subject was erased: there is nothing left to find
                    for column, value in values.items():
                        known.add(kinds[row.source][column], value.decode(), row.subject)
        return known


def _service(tenant: str, environment: str) -> Caller:
    return Caller(Principal("known-values", tenant, environment), purpose="find known values")


def known_binding(tenant: str, environment: str, source: str, subject: str, category: str, level: int) -> Binding:
    """What the values of one subject in one category are bound to."""
    return Binding(
        tenant=tenant, environment=environment, category=category, level=int(level), kind="known",
        object_id=f"{source}/{subject}", subject=subject,
    )  # fmt: skip
