"""Backups of a room: take, list, verify, prune and restore them, and put the root in escrow.

Taking one and escrow go through the guard. The others need no room: whoever restores has none.

Must never: unseal anything, except where a root is put in escrow.
"""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from strongroom.adapters.backup_files import BackupFiles
from strongroom.adapters.log_files import LogFiles
from strongroom.adapters.root_escrow import EscrowRoot, make_escrow_key
from strongroom.adapters.sqlite.snapshot import SQLiteSnapshots
from strongroom.at_rest import backup as backups
from strongroom.at_rest.backup import Backups, Progress
from strongroom.at_rest.restore import Restore
from strongroom.audit.verify import AuditReport, verify_audit
from strongroom.clock import SystemClock
from strongroom.errors import IntegrityError
from strongroom.formats.backup import DATA, KEYS, Manifest
from strongroom.keys.unseal import add_unseal_path
from strongroom.label import Label, Level
from strongroom.permit import Permit
from strongroom.room.views import operator
from strongroom.wiring.house import SYSTEM, House
from strongroom.wiring.unseal import STORE_FILE

__all__ = ["BackupPlace", "BackupsView", "Taken", "make_escrow_key"]

RESTORED = "restored"
"""A file in a home that came out of a backup and was not opened since."""

COPIES_MAX = 3
"""How often a log that moved on while it was copied is copied again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup: the manifests of its two parts, and what its log holds."""

    data: Manifest
    keys: Manifest
    log: AuditReport


@dataclass(frozen=True, slots=True)
class BackupPlace:
    """A directory of backups: data in ``data``, keys in ``keys`` unless they are kept elsewhere."""

    directory: Path
    keys_directory: Path | None = None

    @property
    def data(self) -> BackupFiles:
        """The shelf of the sealed data."""
        return BackupFiles(self.directory / DATA)

    @property
    def keys(self) -> BackupFiles:
        """The shelf of the wrapped keys."""
        return BackupFiles(self.keys_directory or self.directory / KEYS)

    def manifests(self) -> tuple[list[Manifest], list[Manifest]]:
        """What there is of data and of keys, oldest first. Raises `IntegrityError` for a manifest that fails."""
        return _manifests(self.data, DATA), _manifests(self.keys, KEYS)

    def verify(
        self, backup: str = "", *, keys: str = "", public: bytes | None = None, progress: Progress | None = None
    ) -> Taken:
        """Check that data and keys (the newest, unless named) fit, every file of both, and the log in it.

        `public` is the log's key; without it the backup's own word is taken for who signed. Raises
        `IntegrityError`, `BackupMismatchError`, `FormatError`.
        """
        data, key_part = Restore(self.data, self.keys, _no_store()).choose(backup, keys, public=public)
        backups.verify_backup(self.keys, key_part.id, part=KEYS, public=public)
        backups.verify_backup(self.data, data.id, part=DATA, public=public, progress=progress)
        return Taken(data, key_part, self.log(data))

    def restore(
        self, home: Path, *, backup: str = "", keys: str = "", public: bytes | None = None,
        progress: Progress | None = None,
    ) -> Taken:  # fmt: skip
        """Make the store again in `home`, which must not exist or be empty. Raises as `verify`, and `StoreError`.

        What unseals it is not in a backup: a keyfile, a recovery share, or the private half of an escrow key.
        """
        work = Restore(self.data, self.keys, _no_store())
        data, key_part = work.choose(backup, keys, public=public)
        log = self.log(data)
        home = home.expanduser().absolute()
        home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        work.run(
            data, key_part, home=BackupFiles(home.parent), name=home.name,
            scratch=home.with_name(f".{home.name}.joining"), progress=progress,
        )  # fmt: skip
        (home / RESTORED).write_text(f"{data.id} {key_part.id}\n", encoding="utf-8")
        return Taken(data, key_part, log)

    def prune(self, *, data_s: float, keys_s: float) -> tuple[list[str], list[str]]:
        """Remove data and keys that are older than so many seconds, never the newest; returns the ids."""
        now = SystemClock().now()
        old = backups.prune(self.data, keep_s=data_s, now=now)
        return old, backups.prune(self.keys, keep_s=keys_s, now=now)

    def log(self, data: Manifest) -> AuditReport:
        """What the log in a backup holds. Raises `IntegrityError` if it does not verify."""
        return verify_audit(LogFiles(self.directory / DATA / data.id / "audit"), public=bytes.fromhex(data.public))


class BackupsView:
    """What needs the open room."""

    def __init__(self, house: House) -> None:
        self._house = house

    def create(self, place: BackupPlace, progress: Progress | None = None) -> Taken:
        """Back up into `place` while everybody goes on working; returns once it is verified and on disk.

        Raises `StoreError` (a full disk is `StoreFullError`) and leaves nothing half behind.
        """
        house = self._house
        work = Backups(
            home=house.home, snapshots=SQLiteSnapshots(house.home / STORE_FILE), signing=house.signing,
            clock=house.clock,
        )  # fmt: skip
        with self._administering("backup"):
            house.sessions.flush()
            for attempt in itertools.count(1):
                house.audit.flush()
                data, keys = work.create(place.data, place.keys, progress)
                try:
                    log = place.log(data)
                    break
                except IntegrityError:
                    # Another process's log was anchored in one that was copied later; or something is wrong.
                    place.data.remove(data.id)
                    place.keys.remove(keys.id)
                    if attempt == COPIES_MAX:
                        raise
        return Taken(data, keys, log)

    def escrow(self, public: Path) -> str:
        """Wrap the root for the holder of an escrow key; the wrap goes into the store and every later backup.

        Returns what was done as a line for a person. Raises `RootError`.
        """
        paths = self._house.unseal_paths
        provider = EscrowRoot(public, store_id=paths.store.store_id() or "")
        with self._administering("root"):
            add_unseal_path(paths.store, root=paths.root, provider=provider)
        return provider.describe()

    def note_restore(self) -> None:
        """Write into the log that this store came out of a backup, if it did and the log does not say so yet."""
        mark = self._house.home / RESTORED
        if not mark.exists():
            return
        with self._administering("restore"):
            pass
        mark.unlink(missing_ok=True)

    def _administering(self, resource: str) -> AbstractContextManager[Permit]:
        caller = operator(SYSTEM.tenant, SYSTEM.environment)
        return self._house.guard.corridor(caller, "manage_key", Label("*", Level.RESTRICTED), resource=resource)


def _manifests(shelf: BackupFiles, part: str) -> list[Manifest]:
    return [backups.read_manifest(shelf, backup, part=part) for backup in shelf.backups()]


def _no_store() -> SQLiteSnapshots:
    """Puts halves together; there is no store to take a snapshot of."""
    return SQLiteSnapshots(Path())
