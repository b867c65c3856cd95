"""Key administration: what each act does, what it refuses, and that disabling is undone exactly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from strongroom.adapters.memory import MemoryKeyStore
from strongroom.errors import (
    IllegalTransitionError,
    KeyDestroyedError,
    KeyNotFoundError,
    KeyStateError,
    PermitError,
    StoreLockedError,
    StoreTamperedError,
)
from strongroom.keys import KeyPath, State, Use
from strongroom.keys.store import Change, Commit

ACTS = ["rotate", "rewrap", "disable", "enable", "compromise", "cancel_destroy", "destroy"]
ENVIRONMENT = KeyPath("acme", "prod")


def states(stand: Any, path: KeyPath | None = None, use: Use = Use.DATA) -> list[str]:
    shown = stand.admin.versions(path or stand.path, stand.managing)
    return [version.state.value for version in shown if version.use is use]


@pytest.fixture
def three(stand: Any) -> Any:
    """A path with versions 1 and 2 rotated out and 3 primary, and a purpose root."""
    stand.admin.create(stand.path, stand.managing)
    stand.admin.rotate(stand.path, stand.managing)
    stand.admin.rotate(stand.path, stand.managing)
    stand.keyring.purpose_key(stand.path, "codes")
    return stand


def test_create_makes_a_primary_and_its_ancestors(stand: Any) -> None:
    assert stand.admin.create(stand.subject, stand.managing) == 3
    shown = stand.admin.list(ENVIRONMENT, stand.managing)
    assert [(version.path.count("/"), version.state) for version in shown] == [
        (1, State.PRIMARY),
        (2, State.PRIMARY),
        (3, State.PRIMARY),
    ]
    with pytest.raises(KeyStateError, match="is primary"):
        stand.admin.create(stand.subject, stand.managing)


def test_rotation_demotes_and_both_versions_open(stand: Any) -> None:
    old = stand.keyring.sealing_key(stand.path, stand.sealing)
    assert stand.admin.rotate(stand.path, stand.managing) == 2
    new = stand.keyring.sealing_key(stand.path, stand.sealing)
    assert (old.version, new.version) == (1, 2)
    assert old.material != new.material
    assert stand.keyring.opening_key(old.keyref, stand.path, stand.opening) == old
    assert states(stand) == ["decrypt_only", "primary"]


@pytest.mark.parametrize("act", ACTS)
def test_an_unknown_path_is_said_to_be_unknown(stand: Any, act: str) -> None:
    with pytest.raises(KeyNotFoundError, match="acme/prod/health"):
        getattr(stand.admin, act)(stand.path, stand.managing)
    with pytest.raises(KeyNotFoundError):
        stand.admin.versions(stand.path, stand.managing)
    with pytest.raises(KeyNotFoundError):
        stand.admin.schedule_destroy(stand.path, stand.managing, after_s=1)


@pytest.mark.parametrize("act", ["disable", "enable", "compromise", "cancel_destroy", "destroy"])
def test_an_unknown_version_is_said_to_be_unknown(three: Any, act: str) -> None:
    with pytest.raises(KeyNotFoundError, match="version 9"):
        getattr(three.admin, act)(three.path, three.managing, version=9)


@pytest.mark.parametrize("act", [*ACTS, "create", "versions", "list", "destroy_due"])
def test_every_act_takes_a_permit_to_manage(stand: Any, act: str) -> None:
    for permit in (
        stand.sealing,
        stand.opening,
        stand.permit("manage_key", tenant="globex"),
        stand.permit("manage_key", environment="staging"),
        stand.permit("manage_key", category="pii"),
        None,
    ):
        with pytest.raises(PermitError):
            getattr(stand.admin, act)(stand.path, permit)


def test_erasing_takes_a_permit_for_every_category(stand: Any) -> None:
    with pytest.raises(PermitError):
        stand.admin.erase("acme", "prod", "cust-812", stand.permit("erase", category="health"))


def test_disabling_a_path_is_undone_exactly(three: Any) -> None:
    three.admin.disable(three.path, three.managing, version=1)
    assert three.admin.disable(three.path, three.managing) == 3
    assert states(three) == ["disabled"] * 3
    assert states(three, use=Use.PURPOSE) == ["disabled"]
    assert three.admin.disable(three.path, three.managing) == 0
    assert three.admin.enable(three.path, three.managing) == 3
    assert states(three) == ["disabled", "decrypt_only", "primary"]
    assert states(three, use=Use.PURPOSE) == ["primary"]
    assert three.admin.enable(three.path, three.managing) == 0
    three.admin.enable(three.path, three.managing, version=1)
    assert states(three) == ["decrypt_only", "decrypt_only", "primary"]


def test_a_version_disabled_after_its_path_stays_disabled(three: Any) -> None:
    three.admin.disable(three.path, three.managing)
    assert three.admin.disable(three.path, three.managing, version=2) == 1
    assert three.admin.disable(three.path, three.managing, version=2) == 0
    three.admin.enable(three.path, three.managing)
    assert states(three) == ["decrypt_only", "disabled", "primary"]


def test_one_version_is_revoked_alone(stand: Any) -> None:
    old = stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.rotate(stand.path, stand.managing)
    new = stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.disable(stand.path, stand.managing, version=1)
    assert stand.keyring.opening_key(new.keyref, stand.path, stand.opening) == new
    with pytest.raises(KeyStateError, match="version 1 is disabled"):
        stand.keyring.opening_key(old.keyref, stand.path, stand.opening)


def test_the_primary_disabled_by_its_number_comes_back_by_its_number(three: Any) -> None:
    three.admin.disable(three.path, three.managing, version=3)
    with pytest.raises(KeyStateError, match="version 3 is disabled"):
        three.keyring.sealing_key(three.path, three.sealing)
    with pytest.raises(KeyStateError):
        three.admin.rotate(three.path, three.managing)
    with pytest.raises(KeyStateError, match="version 3 is disabled"):
        three.admin.create(three.path, three.managing)
    three.admin.enable(three.path, three.managing, version=3)
    assert states(three) == ["decrypt_only", "decrypt_only", "primary"]
    with pytest.raises(IllegalTransitionError, match="is primary, not disabled"):
        three.admin.enable(three.path, three.managing, version=3)


def test_enabling_a_path_whose_versions_were_disabled_one_by_one_says_so(stand: Any) -> None:
    stand.admin.create(stand.path, stand.managing)
    stand.admin.disable(stand.path, stand.managing, version=1)
    with pytest.raises(KeyStateError, match="version by version"):
        stand.admin.enable(stand.path, stand.managing)
    assert stand.admin.disable(stand.path, stand.managing) == 0


def test_compromise_replaces_the_primary_at_once(three: Any) -> None:
    assert three.admin.compromise(three.path, three.managing) == 4
    assert states(three) == ["compromised", "compromised", "compromised", "primary"]
    assert states(three, use=Use.PURPOSE) == ["primary"]
    assert three.keyring.sealing_key(three.path, three.sealing).version == 4


def test_compromise_of_an_old_version_leaves_the_primary(three: Any) -> None:
    assert three.admin.compromise(three.path, three.managing, version=2) == 1
    assert states(three) == ["decrypt_only", "compromised", "primary"]
    with pytest.raises(IllegalTransitionError):
        three.admin.compromise(three.path, three.managing, version=2)
    with pytest.raises(IllegalTransitionError):
        three.admin.enable(three.path, three.managing, version=2)


def test_compromise_of_a_disabled_path_does_not_open_it_again(three: Any) -> None:
    three.admin.disable(three.path, three.managing)
    three.admin.compromise(three.path, three.managing)
    assert states(three) == ["compromised"] * 3
    with pytest.raises(KeyStateError):
        three.keyring.sealing_key(three.path, three.sealing)
    with pytest.raises(IllegalTransitionError):
        three.admin.compromise(three.path, three.managing)
    assert three.admin.create(three.path, three.managing) == 1
    assert states(three)[-1] == "primary"


def test_scheduled_destruction_refuses_now_and_destroys_when_due(three: Any) -> None:
    key = three.keyring.sealing_key(three.path, three.sealing)
    child = three.keyring.sealing_key(three.subject, three.sealing)
    three.admin.schedule_destroy(three.path, three.managing, after_s=3600)
    with pytest.raises(KeyStateError, match="destroy_scheduled"):
        three.keyring.opening_key(key.keyref, three.path, three.opening)
    due = {version.due_at for version in three.admin.versions(three.path, three.managing)}
    assert due == {int((three.clock.wall + 3600) * 1000)}
    assert three.admin.destroy_due(ENVIRONMENT, three.managing) == 0
    three.clock.wall += 3600
    # Three data versions, the purpose root, and the subject's key, which goes with what wraps it.
    assert three.admin.destroy_due(ENVIRONMENT, three.managing) == 5
    with pytest.raises(KeyDestroyedError):
        three.keyring.opening_key(child.keyref, three.subject, three.opening)
    assert three.admin.destroy_due(ENVIRONMENT, three.managing) == 0


def test_scheduled_destruction_is_cancelled_and_undone_exactly(three: Any) -> None:
    three.admin.disable(three.path, three.managing, version=1)
    three.admin.schedule_destroy(three.path, three.managing, after_s=3600)
    three.admin.schedule_destroy(three.path, three.managing, after_s=7200)
    with pytest.raises(IllegalTransitionError):
        three.admin.enable(three.path, three.managing)
    assert three.admin.cancel_destroy(three.path, three.managing) == 4
    assert {version.due_at for version in three.admin.versions(three.path, three.managing)} == {0}
    three.admin.enable(three.path, three.managing)
    assert states(three) == ["disabled", "decrypt_only", "primary"]
    with pytest.raises(IllegalTransitionError, match="not scheduled"):
        three.admin.cancel_destroy(three.path, three.managing)


def test_one_version_is_scheduled_alone(three: Any) -> None:
    three.admin.schedule_destroy(three.path, three.managing, after_s=1, version=1)
    assert states(three) == ["destroy_scheduled", "decrypt_only", "primary"]
    three.admin.cancel_destroy(three.path, three.managing, version=1)
    three.admin.enable(three.path, three.managing)
    assert states(three) == ["disabled", "decrypt_only", "primary"]


def test_destroy_takes_everything_below_and_the_material_is_gone(three: Any) -> None:
    three.keyring.sealing_key(three.subject, three.sealing)
    three.keyring.sealing_key(KeyPath("acme", "prod", "pii"), three.sealing)
    assert three.admin.destroy(three.path, three.managing) == 5
    assert states(three) == ["destroyed"] * 3
    for row in three.store.rows.values():
        assert (row.wrapped == b"") == (row.path.category == "health")
    assert three.admin.destroy(three.path, three.managing) == 0
    for act in ("disable", "enable", "compromise", "cancel_destroy"):
        with pytest.raises(IllegalTransitionError, match="from destroyed"):
            getattr(three.admin, act)(three.path, three.managing)
    with pytest.raises(IllegalTransitionError, match="from destroyed"):
        three.admin.schedule_destroy(three.path, three.managing, after_s=1)
    with pytest.raises(KeyDestroyedError):
        three.admin.rotate(three.path, three.managing)
    three.keyring.sealing_key(KeyPath("acme", "prod", "pii"), three.sealing)


def test_a_destroyed_path_comes_back_only_by_create_and_then_anew(three: Any) -> None:
    before = three.keyring.purpose_key(three.path, "codes")
    three.admin.destroy(three.path, three.managing)
    with pytest.raises(KeyDestroyedError):
        three.keyring.sealing_key(three.path, three.sealing)
    assert three.admin.create(three.path, three.managing) == 2
    assert three.keyring.sealing_key(three.path, three.sealing).version == 4
    assert three.keyring.purpose_key(three.path, "codes") != before


def test_a_primary_destroyed_alone_leaves_room_for_a_new_one(three: Any) -> None:
    assert three.admin.destroy(three.path, three.managing, version=3) == 1
    with pytest.raises(KeyDestroyedError):
        three.keyring.sealing_key(three.path, three.sealing)
    three.admin.create(three.path, three.managing)
    assert states(three) == ["decrypt_only", "decrypt_only", "destroyed", "primary"]


def test_a_version_that_still_wraps_keys_is_not_destroyed_alone(stand: Any) -> None:
    child = stand.keyring.sealing_key(stand.subject, stand.sealing)
    stand.admin.rotate(stand.path, stand.managing)
    with pytest.raises(KeyStateError, match="1 keys are still wrapped under acme/prod/health version 1"):
        stand.admin.destroy(stand.path, stand.managing, version=1)
    assert stand.admin.rewrap(stand.path, stand.managing) == 1
    assert stand.admin.destroy(stand.path, stand.managing, version=1) == 1
    assert stand.keyring.opening_key(child.keyref, stand.subject, stand.opening) == child


def test_rewrap_goes_on_in_batches_and_skips_what_ended(stand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strongroom.keys.lifecycle.REWRAP_BATCH", 3)
    paths = [KeyPath("acme", "prod", "health", f"s-{number}") for number in range(8)]
    keys = [stand.keyring.sealing_key(path, stand.sealing) for path in paths]
    stand.admin.disable(paths[1], stand.managing)
    stand.admin.destroy(paths[0], stand.managing)
    stand.admin.rotate(stand.path, stand.managing)
    assert stand.admin.rewrap(stand.path, stand.managing) == 7
    assert stand.admin.rewrap(stand.path, stand.managing) == 0
    for path, key in list(zip(paths, keys, strict=True))[2:]:
        assert stand.keyring.opening_key(key.keyref, path, stand.opening) == key
    with pytest.raises(KeyStateError, match="disabled"):
        stand.keyring.opening_key(keys[1].keyref, paths[1], stand.opening)


def test_erasing_a_subject_reaches_every_category_and_nobody_else(stand: Any) -> None:
    mine = [KeyPath("acme", "prod", category, "cust-812") for category in ("health", "pii", "financial")]
    others = [
        (KeyPath("acme", "prod", "pii", "cust-813"), stand.sealing),
        (KeyPath("acme", "prod", "pii"), stand.sealing),
        (KeyPath("acme", "staging", "pii", "cust-812"), stand.permit("seal", environment="staging")),
        (KeyPath("globex", "prod", "pii", "cust-812"), stand.permit("seal", tenant="globex")),
    ]
    for path in mine:
        stand.keyring.sealing_key(path, stand.sealing)
    kept = [stand.keyring.sealing_key(path, permit).material for path, permit in others]
    assert stand.admin.erase("acme", "prod", "cust-812", stand.permit("erase")) == 3
    for path in mine:
        with pytest.raises(KeyDestroyedError):
            stand.keyring.sealing_key(path, stand.sealing)
    assert [stand.keyring.sealing_key(path, permit).material for path, permit in others] == kept
    assert stand.admin.erase("acme", "prod", "cust-812", stand.permit("erase")) == 0
    assert stand.admin.erase("acme", "prod", "nobody", stand.permit("erase")) == 0


def test_listing_shows_pseudonyms_only(stand: Any) -> None:
    stand.keyring.sealing_key(stand.subject, stand.sealing)
    (shown,) = stand.admin.versions(stand.subject, stand.managing)
    assert "cust-812" not in repr(shown)
    assert shown.path.startswith("acme/prod/health/")
    assert len(stand.admin.list(stand.path, stand.managing)) == 2
    assert stand.admin.list(KeyPath("acme", "prod", "nothing"), stand.managing) == []


def test_an_act_that_changes_nothing_writes_nothing(three: Any) -> None:
    three.admin.disable(three.path, three.managing)
    before = three.admin.journal_size()
    three.admin.disable(three.path, three.managing)
    assert three.admin.journal_size() == before


def test_a_refused_act_leaves_the_epoch_even_and_the_store_alone(three: Any) -> None:
    rows = dict(three.store.rows)
    with pytest.raises(IllegalTransitionError):
        three.admin.enable(three.path, three.managing, version=3)
    assert three.epoch.value() % 2 == 0
    assert three.store.rows == rows


class BusyStore(MemoryKeyStore):
    """Somebody else commits first, `times` times."""

    times = 0

    def commit(self, commit: Commit) -> bool:
        if commit.changes and self.times:
            self.times -= 1
            return False
        return super().commit(commit)


def test_an_overtaken_act_is_planned_again_and_given_up_on_at_last(make_stand: Callable[..., Any]) -> None:
    store = BusyStore()
    stand = make_stand(store=store)
    stand.admin.create(stand.path, stand.managing)
    store.times = 3
    assert stand.admin.rotate(stand.path, stand.managing) == 2
    assert states(stand) == ["decrypt_only", "primary"]
    store.times = 10_000
    with pytest.raises(StoreLockedError):
        stand.admin.rotate(stand.path, stand.managing)
    assert states(stand) == ["decrypt_only", "primary"]


class TornStore(MemoryKeyStore):
    """A rival's change lands between the journal read and the row read of a plan."""

    happening: Callable[[], object] | None = None

    def changes(self, after: int) -> tuple[Change, ...]:
        entries = super().changes(after)
        happening, self.happening = self.happening, None
        if happening:
            happening()
        return entries


def test_rows_of_two_moments_are_never_planned_with(make_stand: Callable[..., Any]) -> None:
    store = TornStore()
    stand = make_stand(store=store)
    stand.admin.create(stand.path, stand.managing)
    rival = make_stand(store=store, root=stand.root)
    store.happening = lambda: rival.admin.rotate(rival.path, rival.managing)
    stand.admin.rotate(stand.path, stand.managing)
    assert states(stand) == ["decrypt_only", "decrypt_only", "primary"]


def test_a_tampered_row_stops_administration_too(three: Any) -> None:
    (keyref, *_) = three.store.rows
    three.store.rows[keyref] = replace(three.store.rows[keyref], authenticator=bytes(32))
    with pytest.raises(StoreTamperedError):
        three.admin.list(ENVIRONMENT, three.managing)
