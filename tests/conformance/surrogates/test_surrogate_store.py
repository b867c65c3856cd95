"""What every `SurrogateStore` promises, asked of each."""

import runpy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.surrogates import SQLiteSurrogateStore
from strongroom.label import Label, Level
from strongroom.surrogates.store import SurrogateRow, SurrogateStore

UNIT = Path(__file__).parents[2] / "unit" / "surrogates"
MemoryStore = runpy.run_path(str(UNIT / "memory_store.py"))["MemoryStore"]

SCOPE, ELSEWHERE = b"s" * 16, b"e" * 16
LABEL = Label("pii", Level.CONFIDENTIAL, "EMAIL", "cust-1", "typed", frozenset({"user", "record.lookup"}))


def row(surrogate: str = "EMAIL_7KQ2M9X", lookup: bytes = b"v1" * 16, scope: bytes = SCOPE) -> SurrogateRow:
    return SurrogateRow(scope, surrogate, lookup, b"sealed", LABEL, "acme", "prod", 12.5)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SurrogateStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    database = Database.open(tmp_path / "strongroom.db")
    yield SQLiteSurrogateStore(database)
    database.close()


def test_what_was_claimed_is_found_as_it_was(store: SurrogateStore) -> None:
    assert store.claim([row()]) == [row()]
    assert store.find_surrogate(SCOPE, "EMAIL_7KQ2M9X") == row()
    assert store.find_value(SCOPE, b"v1" * 16) == row()
    assert store.load(SCOPE, 10) == [row()]


def test_an_empty_store_finds_nothing(store: SurrogateStore) -> None:
    assert store.claim([]) == []
    assert store.find_surrogate(SCOPE, "EMAIL_7KQ2M9X") is None
    assert store.find_value(SCOPE, b"v1" * 16) is None
    assert store.load(SCOPE, 10) == []


def test_scopes_are_apart(store: SurrogateStore) -> None:
    there = row(scope=ELSEWHERE)
    assert store.claim([row(), there]) == [row(), there]
    assert store.find_surrogate(ELSEWHERE, "EMAIL_7KQ2M9X") == there
    assert store.load(ELSEWHERE, 10) == [there]


def test_a_load_is_limited(store: SurrogateStore) -> None:
    rows = [row(f"EMAIL_7KQ2M9{number}", bytes([number]) * 32) for number in range(5)]
    store.claim(rows)
    assert len(store.load(SCOPE, 3)) == 3
    assert sorted(found.surrogate for found in store.load(SCOPE, 10)) == [one.surrogate for one in rows]


def test_the_value_that_came_first_keeps_its_surrogate(store: SurrogateStore) -> None:
    store.claim([row()])
    assert store.claim([row("EMAIL_0000AAA")]) == [row()]
    assert store.find_surrogate(SCOPE, "EMAIL_0000AAA") is None


def test_the_surrogate_that_was_taken_first_keeps_its_value(store: SurrogateStore) -> None:
    store.claim([row()])
    assert store.claim([row(lookup=b"v2" * 16)]) == [row()]
    assert store.find_value(SCOPE, b"v2" * 16) is None


def test_the_row_with_the_value_is_given_before_the_one_with_the_surrogate(store: SurrogateStore) -> None:
    first, second = row(), row("EMAIL_0000AAA", b"v2" * 16)
    store.claim([first, second])
    assert store.claim([row("EMAIL_0000AAA")]) == [first]


def test_one_claim_takes_what_is_free_and_shows_what_is_not(store: SurrogateStore) -> None:
    store.claim([row()])
    fresh = row("EMAIL_0000AAA", b"v2" * 16)
    assert store.claim([fresh, replace(row(), sealed=b"other")]) == [fresh, row()]
    assert store.find_value(SCOPE, b"v2" * 16) == fresh


def test_two_alike_in_one_claim(store: SurrogateStore) -> None:
    twin = replace(row(), sealed=b"other")
    assert store.claim([row(), twin]) == [row(), row()]


def test_relabelling_changes_seal_and_label_alone(store: SurrogateStore) -> None:
    store.claim([row()])
    label = Label("pii", Level.RESTRICTED, "EMAIL", "cust-2", "tool", frozenset())
    assert store.relabel(replace(row(), sealed=b"anew", label=label, created_at=99.0)) is True
    assert store.find_surrogate(SCOPE, "EMAIL_7KQ2M9X") == replace(row(), sealed=b"anew", label=label)


def test_relabelling_what_is_not_there(store: SurrogateStore) -> None:
    assert store.relabel(row()) is False
    store.claim([row()])
    assert store.relabel(row(lookup=b"v2" * 16)) is False
    assert store.relabel(row(scope=ELSEWHERE)) is False
    assert store.find_surrogate(SCOPE, "EMAIL_7KQ2M9X") == row()


def test_erasing_empties_the_subject_and_keeps_the_surrogate_taken(store: SurrogateStore) -> None:
    other = replace(row("EMAIL_0000AAA", b"v2" * 16), label=replace(LABEL, subject="cust-2"))
    store.claim([row(), other, row(scope=ELSEWHERE)])
    assert store.erase("acme", "prod", "cust-1") == 2
    for scope in (SCOPE, ELSEWHERE):
        erased = store.find_surrogate(scope, "EMAIL_7KQ2M9X")
        assert erased is not None
        assert (erased.lookup, erased.sealed, erased.label.subject, erased.label.source) == (None, b"", "", "")
        assert erased.label.sinks == LABEL.sinks
    assert store.find_value(SCOPE, b"v1" * 16) is None
    assert store.find_surrogate(SCOPE, "EMAIL_0000AAA") == other
    (standing,) = store.claim([row()])
    assert (standing.surrogate, standing.lookup) == ("EMAIL_7KQ2M9X", None)
    assert store.relabel(row()) is False


def test_erasing_stays_in_its_tenant_and_environment(store: SurrogateStore) -> None:
    store.claim([row()])
    assert store.erase("globex", "prod", "cust-1") == 0
    assert store.erase("acme", "staging", "cust-1") == 0
    assert store.erase("acme", "prod", "cust-9") == 0
    assert store.find_surrogate(SCOPE, "EMAIL_7KQ2M9X") == row()


def test_several_erased_rows_of_one_scope_stand_side_by_side(store: SurrogateStore) -> None:
    store.claim([row(), row("EMAIL_0000AAA", b"v2" * 16)])
    assert store.erase("acme", "prod", "cust-1") == 2
    assert len(store.load(SCOPE, 10)) == 2
