"""What every `KeyStore` must do, whatever it keeps its rows in."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.adapters.memory import MemoryKeyStore
from strongroom.adapters.sqlite import Database, SQLiteKeyStore
from strongroom.keys import KeyPath, KeyRow, KeyStore, State, Use
from strongroom.keys.store import Change, Commit

NUMBERS = itertools.count(1)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyStore]:
    if request.param == "memory":
        yield MemoryKeyStore()
        return
    database = Database.open(tmp_path / "strongroom.db")
    yield SQLiteKeyStore(database)
    database.close()


def make(
    path: str = "acme/prod",
    *,
    version: int = 1,
    use: Use = Use.DATA,
    state: State = State.PRIMARY,
    keyref: int = 0,
) -> KeyRow:
    return KeyRow(
        keyref=keyref or 4_000_000_000 + next(NUMBERS),
        path=KeyPath.parse(path),
        use=use,
        version=version,
        state=state,
        wrapped=bytes(range(101)),
        parent_keyref=0,
        created_at=1_800_000_000_123,
        changed_at=1_800_000_000_456,
        resumes=None,
        due_at=0,
        change=0,
        authenticator=b"a" * 32,
    )


def entry(sequence: int, keyref: int) -> Change:
    return Change(sequence, keyref, b"b" * 32, bytes([sequence]) * 32)


def test_an_empty_store_is_empty(store: KeyStore) -> None:
    assert store.row(1) is None
    assert store.versions(KeyPath("acme", "prod")) == ()
    assert store.under(KeyPath("acme", "prod")) == ()
    assert store.of_subject("acme", "prod", "s") == ()
    assert store.changes(0) == ()
    assert store.commit(Commit())


def test_rows_come_back_exactly(store: KeyStore) -> None:
    row = replace(
        make("acme/prod/health/s", state=State.DISABLED),
        resumes=State.PRIMARY,
        due_at=1 << 50,
        parent_keyref=(1 << 32) - 1,
        keyref=(1 << 32) - 2,
        wrapped=b"",
    )
    assert store.commit(Commit(inserts=(row,)))
    assert store.row(row.keyref) == row
    assert store.versions(row.path) == (row,)


def test_versions_are_of_exactly_one_path_in_order(store: KeyStore) -> None:
    old = make("acme/prod/health", version=1, state=State.DECRYPT_ONLY)
    tenth = make("acme/prod/health", version=10)
    second = make("acme/prod/health", version=2, state=State.DECRYPT_ONLY)
    purpose = make("acme/prod/health", use=Use.PURPOSE)
    others = (make("acme/prod"), make("acme/prod/health/s"), make("acme/prod/pii"), make("globex/prod/health"))
    assert store.commit(Commit(inserts=(purpose, tenth, *others, old, second)))
    assert store.versions(old.path) == (old, second, tenth, purpose)


def test_under_a_path_parents_come_first(store: KeyStore) -> None:
    rows = [make(path) for path in ("a/b", "a/b/c", "a/b/c/d", "a/b/c/e", "a/b/f")]
    outside = (make("a/bb"), make("a/bb/c"), make("aa/b"))
    assert store.commit(Commit(inserts=(*reversed(rows), *outside)))
    assert store.under(KeyPath("a", "b")) == tuple(rows)
    assert store.under(KeyPath("a", "b", "c")) == tuple(rows[1:4])
    assert store.under(KeyPath("a", "b", "c", "d")) == (rows[2],)


def test_a_subject_is_found_in_every_category(store: KeyStore) -> None:
    rows = (make("a/b/c/s"), make("a/b/d/s"))
    assert store.commit(Commit(inserts=(*rows, make("a/b/c/t"), make("a/x/c/s"), make("x/b/c/s"))))
    assert store.of_subject("a", "b", "s") == rows


def test_a_taken_reference_version_or_primary_refuses_everything(store: KeyStore) -> None:
    first = make("a/b", keyref=7)
    assert store.commit(Commit(inserts=(first,)))
    for clash in (
        make("a/c", keyref=7),
        make("a/b", version=1, state=State.DECRYPT_ONLY),
        make("a/b", version=2, state=State.PRIMARY),
    ):
        bystander = make(f"z/z{next(NUMBERS)}")
        assert not store.commit(Commit(inserts=(bystander, clash)))
        assert store.row(bystander.keyref) is None
    assert store.commit(Commit(inserts=(make("a/b", use=Use.PURPOSE),)))


def test_a_change_is_taken_only_after_the_entry_it_was_planned_after(store: KeyStore) -> None:
    row = make("a/b", keyref=7)
    assert store.commit(Commit(inserts=(row,)))
    disabled = replace(row, state=State.DISABLED, change=1)
    assert store.commit(Commit(updates=(disabled,), changes=(entry(1, 7),), after=0))
    assert store.row(7) == disabled
    late = replace(row, change=1)
    assert not store.commit(Commit(updates=(late,), changes=(entry(1, 7),), after=0))
    assert store.row(7) == disabled
    assert store.commit(Commit(updates=(replace(row, change=2),), changes=(entry(2, 7),), after=1))
    assert store.changes(0) == (entry(1, 7), entry(2, 7))
    assert store.changes(1) == (entry(2, 7),)
    assert store.changes(2) == ()


def test_inserts_alone_do_not_wait_for_the_journal(store: KeyStore) -> None:
    row = make("a/b", keyref=7)
    assert store.commit(Commit(inserts=(row,)))
    assert store.commit(Commit(updates=(replace(row, change=1),), changes=(entry(1, 7),)))
    assert store.commit(Commit(inserts=(make("a/c"),), after=0))


def test_the_primary_steps_down_before_the_next_stands_up(store: KeyStore) -> None:
    first = make("a/b", keyref=7)
    assert store.commit(Commit(inserts=(first,)))
    second = make("a/b", version=2)
    down = replace(first, state=State.DECRYPT_ONLY, change=1)
    assert store.commit(Commit(inserts=(second,), updates=(down,), changes=(entry(1, 7),)))
    assert store.versions(first.path) == (down, second)


def test_one_of_many_racing_writers_wins(store: KeyStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: store.commit(Commit(inserts=(make("a/b"),))), range(8)))
    assert won.count(True) == 1
    assert len(store.versions(KeyPath("a", "b"))) == 1
