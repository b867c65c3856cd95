"""Issuing and resolving: one surrogate per value, bound to scope and label, gone with its key."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from strongroom.canonical import tuple_bytes
from strongroom.errors import (
    DecryptionError,
    FormatError,
    InvalidNameError,
    KeyStateError,
    LimitExceededError,
    PermitError,
    StoreError,
    StoreTamperedError,
    UnknownSurrogateError,
)
from strongroom.formats import surrogate as form
from strongroom.keys.path import KeyPath
from strongroom.label import Label, Level
from strongroom.primitives.digest import sha256
from strongroom.surrogates import issue as room
from strongroom.surrogates import memory as memory_room
from strongroom.surrogates import pending as pending_room
from strongroom.surrogates.issue import Scope
from strongroom.surrogates.resolve import binding_of
from strongroom.surrogates.scope import ScopeKey

LabelMaker = Callable[..., Label]


def test_a_value_gets_a_surrogate_and_the_surrogate_gives_the_value(desk: Any) -> None:
    surrogate = desk.issue("Jo@Example.com")
    assert form.parse(surrogate).kind == "EMAIL"
    assert len(form.parse(surrogate).data) == 5
    assert desk.resolve(surrogate) == "Jo@Example.com"


def test_the_same_value_gets_the_same_surrogate_however_it_is_spelled(desk: Any) -> None:
    assert desk.issue("Jo@Example.com") == desk.issue("jo@example.COM")


def test_another_value_kind_or_scope_gets_another_surrogate(desk: Any) -> None:
    first = desk.issue("jo@example.com")
    assert desk.issue("jo@example.org") != first
    assert desk.issue("jo@example.com", kind="PERSON").removeprefix("PERSON") != first.removeprefix("EMAIL")
    elsewhere = Scope("acme", "prod", "conversation", "c-2")
    assert desk.issue("jo@example.com", scope=elsewhere) != first


def test_larger_scopes_have_longer_codes_and_are_stored_at_once(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com", scope=desk.tenant_scope)
    assert len(form.parse(surrogate).data) == 11
    assert [row.surrogate for row in desk.store.rows.values()] == [surrogate]
    assert desk.surrogates.flush() == ()
    assert desk.resolve(surrogate, scope=desk.tenant_scope) == "jo@example.com"


def test_a_conversation_is_written_behind(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    assert desk.store.rows == {}
    assert desk.surrogates.flush() == ()
    (row,) = desk.store.rows.values()
    assert row.surrogate == surrogate
    assert b"jo@example" not in row.sealed
    assert row.created_at == desk.clock.now()


def test_another_process_and_a_later_one_see_what_was_flushed(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    desk.surrogates.flush()
    other = desk.another()
    assert desk.resolve(surrogate, at=other) == "jo@example.com"
    assert desk.issue("jo@example.com", at=other) == surrogate


def test_what_was_lost_before_a_flush_is_derived_again(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    assert desk.issue("jo@example.com", at=desk.another()) == surrogate


def test_values_that_are_not_unicode_survive(desk: Any) -> None:
    assert desk.resolve(desk.issue("a\ud800b")) == "a\ud800b"


# --- labels -------------------------------------------------------------------------------------------


def test_the_label_is_known_without_a_permit_and_none_for_what_was_not_issued(
    desk: Any, make_label: LabelMaker
) -> None:
    surrogate = desk.issue("jo@example.com", label=make_label("cust-1"))
    assert desk.surrogates.label(desk.scope, surrogate) == make_label("cust-1")
    assert desk.surrogates.label(Scope("acme", "prod", "conversation", "c-2"), surrogate) is None
    assert desk.surrogates.label(Scope("globex", "prod", "conversation", "c-1"), surrogate) is None
    assert desk.surrogates.label(desk.scope, "EMAIL_7KQ2M9X") is None
    assert desk.surrogates.label(desk.scope, "hello") is None


def test_the_check_characters_spare_the_store(desk: Any) -> None:
    desk.issue("jo@example.com", scope=desk.tenant_scope)
    desk.store.calls.clear()
    made_up = ["EMAIL_7KQ2M9X7KQ2M" + a + b for a in "0123456789ABCDEF" for b in "0123456789"]
    assert [desk.surrogates.label(desk.tenant_scope, text) for text in made_up] == [None] * 160
    assert len(desk.store.calls) <= 1  # one of 1024 passes
    genuine = [text for text in made_up if desk.surrogates.is_genuine(desk.tenant_scope, text)]
    assert len(genuine) == len(desk.store.calls)


def test_a_subject_learned_later_takes_the_value_under_its_key(desk: Any, make_label: LabelMaker) -> None:
    surrogate = desk.issue("jo@example.com")
    desk.surrogates.flush()
    assert desk.issue("jo@example.com", label=make_label("cust-1")) == surrogate
    assert desk.surrogates.label(desk.scope, surrogate).subject == "cust-1"
    assert desk.resolve(surrogate) == "jo@example.com"
    desk.keys.gone.add(KeyPath("acme", "prod", "pii", "cust-1"))
    for process in (desk.surrogates, desk.another()):
        with pytest.raises(KeyStateError):
            desk.resolve(surrogate, at=process)


def test_a_queued_value_is_relabelled_in_the_queue(desk: Any, make_label: LabelMaker) -> None:
    surrogate = desk.issue("jo@example.com")
    desk.issue("jo@example.com", label=make_label("cust-1"))
    assert "relabel" not in desk.store.calls
    desk.surrogates.flush()
    (row,) = desk.store.rows.values()
    assert row.surrogate == surrogate
    assert desk.another().label(desk.scope, surrogate).subject == "cust-1"


def test_a_label_only_gets_stricter(desk: Any, make_label: LabelMaker) -> None:
    surrogate = desk.issue("jo@example.com", label=make_label("cust-1"))
    desk.issue("jo@example.com", label=make_label("cust-2", Level.RESTRICTED, ("user", "document")))
    label = desk.surrogates.label(desk.scope, surrogate)
    assert (label.subject, label.level, label.sinks) == ("cust-1", Level.RESTRICTED, {"user"})
    desk.issue("jo@example.com", label=make_label("", Level.CONFIDENTIAL))
    assert desk.surrogates.label(desk.scope, surrogate) == label
    assert desk.resolve(surrogate) == "jo@example.com"


# --- what must not work ---------------------------------------------------------------------------------


def test_a_surrogate_means_nothing_elsewhere(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    for scope in (
        Scope("acme", "prod", "conversation", "c-2"),
        Scope("acme", "staging", "conversation", "c-1"),
        Scope("acme", "prod", "principal", "c-1"),
    ):
        with pytest.raises(UnknownSurrogateError):
            desk.surrogates.resolve(scope, surrogate, desk.permit("detokenize"))


def test_permits_are_asked_for_even_when_everything_is_in_memory(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    for permit in (
        desk.permit("detokenize"),
        desk.permit("tokenize", category="health"),
        desk.permit("tokenize", tenant="globex"),
    ):
        with pytest.raises(PermitError):
            desk.issue("jo@example.com", permit=permit)
    for permit in (desk.permit("tokenize"), desk.permit("detokenize", category="health")):
        with pytest.raises(PermitError):
            desk.surrogates.resolve(desk.scope, surrogate, permit)
    late = desk.permit("tokenize")
    desk.clock.seconds += 31
    with pytest.raises(PermitError):
        desk.issue("jo@example.com", permit=late)


def test_a_disabled_category_refuses_and_an_enabled_one_gives_again(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    desk.keys.gone.add(KeyPath("acme", "prod", "pii"))
    with pytest.raises(KeyStateError):
        desk.resolve(surrogate)
    assert desk.issue("jo@example.com") == surrogate
    desk.keys.gone.clear()
    assert desk.resolve(surrogate) == "jo@example.com"


@pytest.mark.parametrize("change", ["sinks", "level", "source", "kind", "lookup", "surrogate"])
def test_a_row_that_was_edited_does_not_open(desk: Any, change: str) -> None:
    scope = desk.tenant_scope
    first, second = (desk.issue(value, scope=scope) for value in ("jo@example.com", "al@example.com"))
    rows = {row.surrogate: row for row in desk.store.rows.values()}
    row, other = rows[first], rows[second]
    label = row.label
    edited = {
        "sinks": replace(row, label=replace(label, sinks=label.sinks | {"message.text"})),
        "level": replace(row, label=replace(label, level=Level.PUBLIC)),
        "source": replace(row, label=replace(label, source="elsewhere")),
        "kind": replace(row, label=replace(label, kind="PHONE")),
        "lookup": replace(row, lookup=other.lookup),
        "surrogate": replace(row, sealed=other.sealed),
    }[change]
    desk.store.rows[row.scope, row.surrogate] = edited
    with pytest.raises(DecryptionError):
        desk.resolve(first, at=desk.another(), scope=scope)


def test_kinds_and_values_that_surrogates_cannot_carry(desk: Any) -> None:
    with pytest.raises(FormatError):
        desk.issue("jo@example.com", kind="E-Mail")
    with pytest.raises(LimitExceededError, match="bytes"):
        desk.issue("x" * (room.VALUE_BYTES_MAX + 1))
    assert len(desk.resolve(desk.issue("x" * room.VALUE_BYTES_MAX))) == room.VALUE_BYTES_MAX


def test_scopes_have_names(desk: Any) -> None:
    with pytest.raises(InvalidNameError):
        Scope("Acme!", "prod", "tenant", "")
    with pytest.raises(InvalidNameError):
        Scope("acme", "", "tenant", "")
    with pytest.raises(FormatError):
        Scope("acme", "prod", "conversation", "c" * 1025)


# --- collisions -----------------------------------------------------------------------------------------


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only four codes in the world, so that values meet."""
    genuine = ScopeKey.surrogate

    def surrogate(key: Any, kind: str, lookup: bytes, probe: int) -> str | None:
        data = "A100" + str((lookup[0] + probe) % 4) + "0" * (key._data_len - 5)
        assert genuine(key, kind, lookup, probe) != ""
        return f"{kind}_{data}{key._check(kind, data)}"

    monkeypatch.setattr(ScopeKey, "surrogate", surrogate)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("which", ["scope", "tenant_scope"])
def test_values_that_meet_are_kept_apart(desk: Any, which: str) -> None:
    scope = getattr(desk, which)
    issued = {desk.issue(f"user{number}@example.com", scope=scope): number for number in range(4)}
    assert len(issued) == 4
    for surrogate, number in issued.items():
        assert desk.resolve(surrogate, scope=scope) == f"user{number}@example.com"
    with pytest.raises(LimitExceededError, match="too many"):
        desk.issue("one-too-many@example.com", scope=scope)


@pytest.mark.usefixtures("narrow")
def test_values_that_meet_in_a_forgotten_conversation_are_kept_apart(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_room, "VALUES_MAX", 1)  # the oldest is dropped at once, the store must be asked
    issued = {desk.issue(f"user{number}@example.com") for number in range(3)}
    assert len(issued) == 3
    desk.surrogates.flush()
    assert {desk.issue(f"user{number}@example.com") for number in range(3)} == issued
    assert desk.issue("user3@example.com") not in issued


@pytest.mark.usefixtures("narrow")
def test_two_processes_that_meet_in_a_conversation_find_out_when_they_write(desk: Any) -> None:
    first, second = desk.surrogates, desk.another()
    values = [f"user{number}@example.com" for number in range(12)]
    seen: dict[str, tuple[str, Any]] = {}
    for value in values:  # two values, one code, one process each, nothing flushed yet
        process = first if not seen else second
        surrogate = desk.issue(value, at=process)
        if surrogate in seen:
            break
        if not seen:
            seen[surrogate] = (value, process)
        else:
            second = desk.another()
    else:
        raise AssertionError
    assert first.flush() == ()
    assert second.flush() == (surrogate,)
    assert desk.resolve(surrogate, at=first) == seen[surrogate][0]
    with pytest.raises(UnknownSurrogateError):
        desk.resolve(surrogate, at=second)
    assert second.label(desk.scope, surrogate) is None
    again = desk.issue(value, at=second)
    assert again != surrogate
    assert second.flush() == ()
    assert desk.resolve(again, at=desk.another()) == value


def test_two_processes_that_seal_the_same_value_agree(desk: Any) -> None:
    first, second = desk.surrogates, desk.another()
    assert desk.issue("jo@example.com", at=first) == desk.issue("jo@example.com", at=second)
    assert first.flush() == second.flush() == ()
    assert len(desk.store.rows) == 1
    surrogate = desk.issue("jo@example.com", at=second)
    assert desk.resolve(surrogate, at=second) == "jo@example.com"


# --- erasure, memory and bounds -------------------------------------------------------------------------


def test_erasing_a_subject_leaves_nothing_to_find(desk: Any, make_label: LabelMaker) -> None:
    mine = desk.issue("jo@example.com", label=make_label("cust-1"))
    other = desk.issue("al@example.com", label=make_label("cust-2"))
    assert desk.surrogates.erase("acme", "prod", "cust-1", desk.permit("erase", category="*")) == 1
    with pytest.raises(DecryptionError) as caught:
        desk.resolve(mine)
    assert caught.value.reason == "erased"
    assert desk.resolve(other) == "al@example.com"
    erased = next(row for row in desk.store.rows.values() if row.surrogate == mine)
    assert (erased.lookup, erased.sealed, erased.label.subject) == (None, b"", "")
    assert desk.issue("jo@example.com") != mine  # the old surrogate stays taken


def test_a_value_that_was_erased_elsewhere_starts_anew(desk: Any, make_label: LabelMaker) -> None:
    here, there = desk.surrogates, desk.another()
    surrogate = desk.issue("jo@example.com", at=here)
    here.flush()
    label = make_label("cust-1")
    desk.issue("jo@example.com", at=there, label=label)
    there.erase("acme", "prod", "cust-1", desk.permit("erase", category="*"))
    again = desk.issue("jo@example.com", at=here, label=label)  # here still remembers the row without a subject
    assert again != surrogate
    assert desk.resolve(again, at=here) == "jo@example.com"


def test_a_value_whose_key_went_is_asked_of_the_store_again(desk: Any, make_label: LabelMaker) -> None:
    here = desk.surrogates
    surrogate = desk.issue("jo@example.com", at=here, label=make_label("cust-1"))
    here.flush()
    desk.another().erase("acme", "prod", "cust-1", desk.permit("erase", category="*"))
    desk.keys.gone.add(KeyPath("acme", "prod", "pii", "cust-1"))
    with pytest.raises(KeyStateError):
        desk.resolve(surrogate, at=here)
    assert desk.issue("jo@example.com", at=here) != surrogate


def test_the_store_does_not_see_whose_a_value_is(desk: Any, make_label: LabelMaker) -> None:
    issued = [desk.issue(f"{name}@example.com", label=make_label("cust-1")) for name in ("jo", "al")]
    desk.issue("eve@example.com", label=make_label("cust-2"))
    desk.issue("nobody@example.com")
    desk.surrogates.flush()
    rows = {row.surrogate: row.label.subject for row in desk.store.rows.values()}
    assert "cust" not in repr(desk.store.rows)
    assert rows[issued[0]] == rows[issued[1]]
    assert len(set(rows.values())) == 3
    assert "" in rows.values()
    other = desk.another()
    assert other.label(desk.scope, issued[0]) == make_label("cust-1")
    assert desk.issue("jo@example.com", at=other, label=make_label("cust-1")) == issued[0]
    assert desk.resolve(issued[0], at=other) == "jo@example.com"


@pytest.mark.parametrize("subject", ["cust-1", "00", "00" * 40, "zz"])
def test_a_subject_that_was_changed_in_the_store_is_noticed(
    desk: Any, make_label: LabelMaker, subject: str
) -> None:
    surrogate = desk.issue("jo@example.com", scope=desk.tenant_scope, label=make_label("cust-1"))
    (row,) = desk.store.rows.values()
    desk.store.rows[row.scope, row.surrogate] = replace(row, label=replace(row.label, subject=subject))
    with pytest.raises(StoreTamperedError):
        desk.another().label(desk.tenant_scope, surrogate)


def test_erasing_needs_a_permit_and_a_name(desk: Any) -> None:
    with pytest.raises(PermitError):
        desk.surrogates.erase("acme", "prod", "cust-1", desk.permit("manage_key", category="*"))
    with pytest.raises(InvalidNameError):
        desk.surrogates.erase("acme", "prod", "", desk.permit("erase", category="*"))


def test_forgetting_writes_first_and_loses_nothing(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    desk.surrogates.forget()
    assert len(desk.store.rows) == 1
    assert desk.surrogates._memories == {}
    assert desk.resolve(surrogate) == "jo@example.com"


def test_a_store_that_is_down_loses_nothing(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    desk.store.failing = True
    with pytest.raises(StoreError):
        desk.surrogates.flush()
    with pytest.raises(StoreError):
        desk.surrogates.forget()
    with pytest.raises(StoreError):
        desk.issue("jo@example.com", scope=desk.tenant_scope)
    desk.store.failing = False
    assert desk.resolve(surrogate) == "jo@example.com"
    assert desk.surrogates.flush() == ()
    assert len(desk.store.rows) == 1


def test_a_queued_surrogate_is_found_after_its_memory_was_dropped(desk: Any) -> None:
    surrogate = desk.issue("jo@example.com")
    memory = desk.surrogates._memories[desk.scope]
    memory.drop(memory.by_surrogate[surrogate])
    assert desk.store.rows == {}
    assert desk.resolve(surrogate) == "jo@example.com"


def test_the_queue_is_bounded(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_room, "PENDING_MAX", 3)
    for number in range(7):
        desk.issue(f"user{number}@example.com")
    assert len(desk.surrogates._pending) == 1
    assert len(desk.store.rows) == 6


def test_memory_is_bounded_per_scope(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_room, "VALUES_MAX", 2)
    issued = [desk.issue(f"user{number}@example.com") for number in range(5)]
    memory = desk.surrogates._memories[desk.scope]
    assert list(memory.by_surrogate) == issued[-2:]
    assert len(memory.by_lookup) == 2
    assert [desk.issue(f"user{number}@example.com") for number in range(5)] == issued


def test_the_number_of_scopes_is_bounded(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SCOPES_MAX", 2)
    scopes = [Scope("acme", "prod", "conversation", f"c-{number}") for number in range(4)]
    issued = [desk.issue("jo@example.com", scope=scope) for scope in scopes]
    assert list(desk.surrogates._memories) == scopes[-2:]
    assert [desk.resolve(one, scope=scope) for one, scope in zip(issued, scopes, strict=True)] == [
        "jo@example.com"
    ] * 4


def test_a_known_value_touches_neither_store_nor_keys(desk: Any) -> None:
    desk.issue("jo@example.com", scope=desk.tenant_scope)
    desk.store.failing = True
    desk.keys.gone.add(KeyPath("acme", "prod"))
    assert desk.issue("jo@example.com", scope=desk.tenant_scope)


def test_the_purpose_key_is_the_environments_own(desk: Any) -> None:
    desk.issue("jo@example.com")
    assert set(desk.purposes) == {("acme/prod", "surrogate")}


def test_nothing_in_memory_shows_a_value(desk: Any) -> None:
    desk.issue("jo@example.com")
    desk.issue("al@example.com", scope=desk.tenant_scope)
    seen = [repr(desk.surrogates.__dict__)]
    for memory in desk.surrogates._memories.values():
        seen += [repr(memory.by_lookup), repr(memory.by_surrogate), repr(memory.key)]
    seen.append(repr(desk.surrogates._pending._rows))
    assert "example.com" not in "".join(seen)


def test_a_new_conversation_does_not_wait_until_another_s_surrogates_are_on_disk(desk: Any) -> None:
    first = desk.issue("jo@example.com")
    desk.issue("jo@example.com", scope=replace(desk.scope, id="c-2"))
    assert desk.store.rows == {}
    with desk.surrogates._lock:
        desk.surrogates._memories.clear()  # the first conversation is opened again, with its row still queued
    assert desk.resolve(first) == "jo@example.com"
    assert len(desk.store.rows) == 2


def test_the_binding_names_lookup_and_label_in_their_canonical_form() -> None:
    label = Label("pii", Level.CONFIDENTIAL, "EMAIL", "cust-1", "tool", frozenset({"user", "document"}))
    scope = Scope("acme", "prod", "conversation", "c-1")
    bound = binding_of(scope, b"\x01\x02", "EMAIL_0A1B2C3", b"lookup", label)
    rest = tuple_bytes(b"lookup", "EMAIL", "tool", "document", "user")
    assert bound.object_id == f"0102/EMAIL_0A1B2C3/{sha256(rest)[:16].hex()}"
    assert (bound.subject, bound.level, bound.kind) == ("cust-1", 2, "surrogate")
