"""A store that lies: flipped, swapped, shortened and put back rows, all refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from strongroom.adapters.memory import MemoryKeyStore
from strongroom.errors import StoreTamperedError
from strongroom.keys import KeyPath, State, Use
from strongroom.keys.store import Change, KeyRow


def memory(stand: Any) -> MemoryKeyStore:
    assert isinstance(stand.store, MemoryKeyStore)
    return stand.store


FLIPS: dict[str, Callable[[KeyRow], KeyRow]] = {
    "state": lambda row: replace(row, state=State.PRIMARY),
    "path": lambda row: replace(row, path=KeyPath("acme", "prod", "pii")),
    "version": lambda row: replace(row, version=2),
    "use": lambda row: replace(row, use=Use.PURPOSE),
    "wrapped": lambda row: replace(row, wrapped=row.wrapped[:-1] + b"\x00"),
    "parent_keyref": lambda row: replace(row, parent_keyref=0),
    "created_at": lambda row: replace(row, created_at=1),
    "changed_at": lambda row: replace(row, changed_at=1),
    "resumes": lambda row: replace(row, resumes=State.PRIMARY),
    "due_at": lambda row: replace(row, due_at=1),
    "change": lambda row: replace(row, change=0),
    "authenticator": lambda row: replace(row, authenticator=bytes(32)),
}


@pytest.mark.parametrize("column", FLIPS)
def test_a_flipped_column_is_noticed(stand: Any, column: str) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.rotate(stand.path, stand.managing)
    rows = memory(stand).rows
    rows[key.keyref] = FLIPS[column](rows[key.keyref])
    other = stand.beside()
    with pytest.raises(StoreTamperedError, match=str(key.keyref)):
        other.keyring.opening_key(key.keyref, stand.path, other.opening)


def test_a_row_put_back_is_noticed_by_a_running_and_by_a_new_process(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    before = dict(memory(stand).rows)
    stand.admin.disable(stand.path, stand.managing)
    memory(stand).rows = before
    for process in (stand, stand.beside()):
        with pytest.raises(StoreTamperedError, match="put back"):
            process.keyring.opening_key(key.keyref, stand.path, process.opening)


def test_a_destroyed_key_put_back_from_a_backup_is_noticed(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.subject, stand.sealing)
    before = dict(memory(stand).rows)
    stand.admin.erase("acme", "prod", "cust-812", stand.permit("erase"))
    memory(stand).rows = before
    other = stand.beside()
    with pytest.raises(StoreTamperedError):
        other.keyring.opening_key(key.keyref, stand.subject, other.opening)


def test_a_shortened_journal_is_noticed_by_a_running_process(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    rows, journal = dict(memory(stand).rows), list(memory(stand).journal)
    stand.admin.rotate(stand.path, stand.managing)
    stand.keyring.opening_key(key.keyref, stand.path, stand.opening)
    memory(stand).rows, memory(stand).journal = rows, journal
    stand.epoch.bump()
    with pytest.raises(StoreTamperedError, match="journal"):
        stand.keyring.opening_key(key.keyref, stand.path, stand.opening)


def test_a_journal_with_another_entry_in_place_is_noticed(stand: Any) -> None:
    stand.keyring.sealing_key(stand.path, stand.sealing)
    for _ in range(3):
        stand.admin.rotate(stand.path, stand.managing)
    journal = memory(stand).journal
    good = list(journal)
    for index, entry in enumerate(good):
        for bad in (
            replace(entry, keyref=entry.keyref ^ 1),
            replace(entry, authenticator=bytes(32)),
            replace(entry, link=bytes(32)),
            replace(entry, sequence=9),
        ):
            memory(stand).journal = [*good[:index], bad, *good[index + 1 :]]
            other = stand.beside()
            with pytest.raises(StoreTamperedError, match="journal"):
                other.admin.journal_size()
    memory(stand).journal = good[1:]
    with pytest.raises(StoreTamperedError, match="journal"):
        stand.beside().admin.journal_size()


def test_a_row_that_is_newer_than_the_journal_was_makes_it_followed_again(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    process = type(stand)(store=InterleavedStore(memory(stand)), epoch=stand.epoch)
    process.store.before_next_row = lambda: stand.admin.rotate(stand.path, stand.managing)
    opened = process.keyring.opening_key(key.keyref, stand.path, process.opening)
    assert opened.material == key.material


def test_a_row_that_claims_a_change_the_journal_never_had_is_refused(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    tree = stand.keyring.hierarchy
    rows = memory(stand).rows
    rows[key.keyref] = tree.ledger.sign(replace(rows[key.keyref], change=5))
    other = stand.beside()
    with pytest.raises(StoreTamperedError):
        other.keyring.opening_key(key.keyref, stand.path, other.opening)


class InterleavedStore(MemoryKeyStore):
    """Another process's store with something happening just before a row is read."""

    before_next_row: Callable[[], object] | None = None

    def __init__(self, shared: MemoryKeyStore) -> None:
        super().__init__()
        self.shared = shared

    def row(self, keyref: int) -> KeyRow | None:
        happening, self.before_next_row = self.before_next_row, None
        if happening:
            happening()
        return self.shared.row(keyref)

    def changes(self, after: int) -> tuple[Change, ...]:
        return self.shared.changes(after)


class MisleadingStore(MemoryKeyStore):
    """Answers with genuine rows of something else."""

    def row(self, keyref: int) -> KeyRow | None:
        return next(row for row in self.rows.values() if row.keyref != keyref)

    def versions(self, path: KeyPath) -> tuple[KeyRow, ...]:
        return super().versions(KeyPath(path.tenant, path.environment))


def test_genuine_rows_of_something_else_are_noticed(make_stand: Callable[..., Any], stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    lying = MisleadingStore()
    lying.rows = memory(stand).rows
    process = make_stand(store=lying)
    with pytest.raises(StoreTamperedError, match="another key version"):
        process.keyring.opening_key(key.keyref, stand.path, process.opening)
    with pytest.raises(StoreTamperedError, match="another path"):
        process.keyring.sealing_key(stand.path, process.sealing)


def test_a_missing_parent_is_noticed(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    (parent,) = [row.keyref for row in memory(stand).rows.values() if row.path.kind == "environment"]
    del memory(stand).rows[parent]
    other = stand.beside()
    with pytest.raises(StoreTamperedError, match="parent"):
        other.keyring.opening_key(key.keyref, stand.path, other.opening)


def test_a_wrap_under_another_binding_is_noticed_even_with_a_genuine_authenticator(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    rows = memory(stand).rows
    tree = stand.keyring.hierarchy
    for wrapped in (b"short", rows[key.keyref].wrapped[:1] + bytes(4) + rows[key.keyref].wrapped[5:]):
        rows[key.keyref] = tree.ledger.sign(replace(rows[key.keyref], wrapped=wrapped))
        other = stand.beside()
        with pytest.raises(StoreTamperedError, match="does not belong"):
            other.keyring.opening_key(key.keyref, stand.path, other.opening)


def test_another_root_reads_nothing(make_stand: Callable[..., Any], stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    foreign = make_stand(store=stand.store, root=bytes(32))
    with pytest.raises(StoreTamperedError):
        foreign.keyring.opening_key(key.keyref, stand.path, foreign.opening)
    with pytest.raises(ValueError, match="32 bytes"):
        make_stand(root=b"short")
