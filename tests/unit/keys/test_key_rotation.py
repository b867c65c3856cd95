"""Rotation in two phases, the dual period, and the announced end of a version."""

from collections.abc import Callable
from typing import Any

import pytest

from strongroom.errors import (
    IllegalTransitionError,
    KeyAccessError,
    KeyInUseError,
    KeyNotFoundError,
    KeyStateError,
    PermitError,
)
from strongroom.keys import KeyPath, KeyRotation, State, Use
from strongroom.keys.store import KeyRow

ENVIRONMENT = KeyPath("acme", "prod")


def free(_row: KeyRow, _wraps: int) -> None:
    """A gate nobody holds shut."""


def states(stand: Any, path: KeyPath | None = None, use: Use = Use.DATA) -> list[str]:
    shown = stand.admin.versions(path or stand.path, stand.managing)
    return [version.state.value for version in shown if version.use is use]


@pytest.fixture
def rotation(stand: Any) -> KeyRotation:
    stand.admin.create(stand.path, stand.managing)
    return KeyRotation(stand.admin.changes)


def test_a_published_version_opens_everywhere_before_it_seals(stand: Any, rotation: KeyRotation) -> None:
    old = stand.keyring.sealing_key(stand.path, stand.sealing)
    assert rotation.publish(stand.path, stand.managing) == 1
    assert states(stand) == ["primary", "pending"]
    assert stand.keyring.sealing_key(stand.path, stand.sealing) == old
    pending = stand.admin.versions(stand.path, stand.managing)[1]
    other = stand.beside()
    known = other.keyring.opening_key(pending.keyref, stand.path, other.opening)
    with pytest.raises(KeyStateError, match="version 2 is pending"):
        rotation.publish(stand.path, stand.managing)
    assert rotation.promote(stand.path, stand.managing) == 2
    assert states(stand) == ["decrypt_only", "primary"]
    assert stand.keyring.sealing_key(stand.path, stand.sealing) == known
    assert other.keyring.opening_key(old.keyref, stand.path, other.opening) == old


def test_a_version_is_not_promoted_before_every_lease_had_time(stand: Any, rotation: KeyRotation) -> None:
    rotation.publish(stand.path, stand.managing)
    now = int(stand.clock.wall * 1000)
    with pytest.raises(KeyStateError, match="too recently"):
        rotation.promote(stand.path, stand.managing, published_before_ms=now - 1)
    assert rotation.promote(stand.path, stand.managing, published_before_ms=now) == 2
    with pytest.raises(KeyStateError, match="no pending version"):
        rotation.promote(stand.path, stand.managing)


def test_rotating_at_once_takes_the_version_that_waits(stand: Any, rotation: KeyRotation) -> None:
    rotation.publish(stand.path, stand.managing)
    assert stand.admin.rotate(stand.path, stand.managing) == 2
    assert states(stand) == ["decrypt_only", "primary"]


def test_a_compromised_primary_is_replaced_by_the_version_that_waits(stand: Any, rotation: KeyRotation) -> None:
    rotation.publish(stand.path, stand.managing)
    assert stand.admin.compromise(stand.path, stand.managing, version=1) == 2
    assert states(stand) == ["compromised", "primary"]
    rotation.publish(stand.path, stand.managing)
    assert stand.admin.compromise(stand.path, stand.managing) == 3
    assert states(stand) == ["compromised"] * 3 + ["primary"]


def test_a_disabled_pending_version_comes_back_waiting(stand: Any, rotation: KeyRotation) -> None:
    rotation.publish(stand.path, stand.managing)
    stand.admin.disable(stand.path, stand.managing, version=2)
    stand.admin.enable(stand.path, stand.managing, version=2)
    assert states(stand) == ["primary", "pending"]
    stand.admin.disable(stand.path, stand.managing)
    stand.admin.enable(stand.path, stand.managing)
    assert states(stand) == ["primary", "pending"]


def test_a_primary_disabled_by_its_number_is_primary_again_beside_a_pending_one(
    stand: Any, rotation: KeyRotation
) -> None:
    rotation.publish(stand.path, stand.managing)
    stand.admin.disable(stand.path, stand.managing, version=1)
    with pytest.raises(KeyStateError):
        stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.enable(stand.path, stand.managing, version=1)
    assert states(stand) == ["primary", "pending"]
    stand.admin.disable(stand.path, stand.managing, version=1)
    rotation.promote(stand.path, stand.managing)
    stand.admin.enable(stand.path, stand.managing, version=1)
    assert states(stand) == ["decrypt_only", "primary"]


def test_what_cannot_be_published_or_promoted_says_why(stand: Any, rotation: KeyRotation) -> None:
    with pytest.raises(KeyNotFoundError):
        rotation.publish(KeyPath("acme", "prod", "pii"), stand.managing)
    with pytest.raises(KeyNotFoundError):
        rotation.promote(KeyPath("acme", "prod", "pii"), stand.managing)
    stand.admin.disable(stand.path, stand.managing)
    with pytest.raises(KeyStateError, match="disabled"):
        rotation.publish(stand.path, stand.managing)
    for act in (rotation.publish, rotation.promote):
        with pytest.raises(PermitError):
            act(stand.path, stand.opening)


def test_keys_of_an_age_rotate_together_and_younger_ones_stay(stand: Any, rotation: KeyRotation) -> None:
    sealed = stand.keyring.sealing_key(stand.subject, stand.sealing)
    made = int(stand.clock.wall * 1000)
    stand.clock.wall += 100
    young = KeyPath("acme", "prod", "pii")
    stand.keyring.sealing_key(young, stand.sealing)
    waiting = KeyPath("acme", "prod", "health", "s-waiting")
    assert rotation.rotate_older(ENVIRONMENT, stand.managing, before_ms=made - 1) == 0
    assert rotation.rotate_older(ENVIRONMENT, stand.managing, before_ms=made, limit=2) == 4
    assert rotation.rotate_older(ENVIRONMENT, stand.managing, before_ms=made, limit=2) == 2
    assert rotation.rotate_older(ENVIRONMENT, stand.managing, before_ms=made) == 0
    assert states(stand) == states(stand, ENVIRONMENT) == states(stand, stand.subject)
    assert states(stand) == ["decrypt_only", "primary"]
    assert states(stand, young) == ["primary"]
    fresh = stand.keyring.sealing_key(stand.subject, stand.sealing)
    assert fresh.version == 2
    assert stand.keyring.opening_key(sealed.keyref, stand.subject, stand.opening) == sealed
    stand.keyring.sealing_key(waiting, stand.sealing)
    rotation.publish(waiting, stand.managing)
    assert rotation.rotate_older(ENVIRONMENT, stand.managing, before_ms=made + 100_000) > 0
    assert states(stand, waiting) == ["primary", "pending"]


def test_an_announced_end_comes_when_it_is_due_and_nobody_needs_the_version(
    stand: Any, rotation: KeyRotation
) -> None:
    old = stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.rotate(stand.path, stand.managing)
    with pytest.raises(IllegalTransitionError, match="announce its end first"):
        rotation.deactivate(stand.path, stand.managing, version=1, gate=free)
    assert rotation.schedule_deactivation(stand.path, stand.managing, version=1, after_s=60) == 1
    assert states(stand) == ["deactivation_scheduled", "primary"]
    assert stand.keyring.opening_key(old.keyref, stand.path, stand.opening) == old
    with pytest.raises(KeyStateError, match="has not come yet"):
        rotation.deactivate(stand.path, stand.managing, version=1, gate=free)
    stand.clock.wall += 60
    asked: list[tuple[int, int]] = []

    def shut(row: KeyRow, wraps: int) -> None:
        asked.append((row.keyref, wraps))
        raise KeyInUseError("held")

    with pytest.raises(KeyInUseError, match="held"):
        rotation.deactivate(stand.path, stand.managing, version=1, gate=shut)
    assert asked == [(old.keyref, 0)]
    assert states(stand) == ["deactivation_scheduled", "primary"]
    assert rotation.deactivate(stand.path, stand.managing, version=1, gate=free) == 1
    with pytest.raises(KeyStateError, match="version 1 is disabled"):
        stand.keyring.opening_key(old.keyref, stand.path, stand.opening)


def test_an_announced_end_is_moved_and_taken_back(stand: Any, rotation: KeyRotation) -> None:
    stand.admin.rotate(stand.path, stand.managing)
    with pytest.raises(IllegalTransitionError, match="from primary to deactivation_scheduled"):
        rotation.schedule_deactivation(stand.path, stand.managing, version=2, after_s=60)
    with pytest.raises(IllegalTransitionError, match="no end was announced"):
        rotation.cancel_deactivation(stand.path, stand.managing, version=1)
    rotation.schedule_deactivation(stand.path, stand.managing, version=1, after_s=60)
    rotation.schedule_deactivation(stand.path, stand.managing, version=1, after_s=90)
    assert stand.admin.versions(stand.path, stand.managing)[0].due_at == int((stand.clock.wall + 90) * 1000)
    assert rotation.cancel_deactivation(stand.path, stand.managing, version=1) == 1
    assert states(stand) == ["decrypt_only", "primary"]
    with pytest.raises(KeyNotFoundError, match="version 9"):
        rotation.schedule_deactivation(stand.path, stand.managing, version=9, after_s=60)


def test_a_version_that_wraps_keys_is_counted_at_the_gate(stand: Any, rotation: KeyRotation) -> None:
    stand.keyring.sealing_key(stand.subject, stand.sealing)
    stand.admin.rotate(stand.path, stand.managing)
    rotation.schedule_deactivation(stand.path, stand.managing, version=1, after_s=0)
    wraps: list[int] = []
    rotation.deactivate(stand.path, stand.managing, version=1, gate=lambda _, count: wraps.append(count))
    assert wraps == [1]


@pytest.mark.parametrize("jump", [-1e6, 1e6])
def test_a_clock_that_jumps_moves_dates_and_never_states(stand: Any, rotation: KeyRotation, jump: float) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    rotation.publish(stand.path, stand.managing)
    stand.clock.wall += jump
    limit = int((stand.clock.wall - 30) * 1000)
    if jump < 0:
        with pytest.raises(KeyStateError, match="too recently"):
            rotation.promote(stand.path, stand.managing, published_before_ms=limit)
    rotation.promote(stand.path, stand.managing)
    assert states(stand) == ["decrypt_only", "primary"]
    rotation.schedule_deactivation(stand.path, stand.managing, version=1, after_s=60)
    stand.clock.wall -= jump
    if jump > 0:  # the date was written by a clock that was ahead: it comes late, not early
        with pytest.raises(KeyStateError, match="has not come yet"):
            rotation.deactivate(stand.path, stand.managing, version=1, gate=free)
    assert stand.keyring.opening_key(key.keyref, stand.path, stand.opening) == key


def test_keys_below_a_compromised_version_are_renewed(stand: Any, rotation: KeyRotation) -> None:
    subjects = [KeyPath("acme", "prod", "health", f"s-{number}") for number in range(5)]
    old = [stand.keyring.sealing_key(path, stand.sealing) for path in subjects]
    codes = stand.keyring.purpose_key(subjects[0], "codes")
    stand.admin.compromise(stand.path, stand.managing)
    for path in subjects:
        with pytest.raises(KeyStateError, match="compromised"):
            stand.keyring.sealing_key(path, stand.sealing)
    # Two at a time: each primary becomes two rows, and the purpose root one.
    counts = [rotation.renew_below(stand.path, stand.managing, limit=2) for _ in range(4)]
    assert counts[-1] == 0
    assert sum(counts) == 11
    for path, before in zip(subjects, old, strict=True):
        assert states(stand, path) == ["compromised", "primary"]
        assert stand.keyring.sealing_key(path, stand.sealing).material != before.material
        with pytest.raises(KeyStateError, match="compromised"):
            stand.keyring.opening_key(before.keyref, path, stand.opening)
    assert stand.keyring.purpose_key(subjects[0], "codes") == codes


def test_a_compromised_environment_renews_the_whole_tree(stand: Any, rotation: KeyRotation) -> None:
    stand.keyring.sealing_key(stand.subject, stand.sealing)
    codes = stand.keyring.purpose_key(stand.path, "codes")
    stand.admin.compromise(ENVIRONMENT, stand.managing)
    while rotation.renew_below(ENVIRONMENT, stand.managing):
        pass
    assert states(stand, stand.path) == states(stand, stand.subject) == ["compromised", "primary"]
    assert stand.keyring.sealing_key(stand.subject, stand.sealing).version == 2
    assert stand.keyring.purpose_key(stand.path, "codes") == codes
    assert stand.admin.rewrap(ENVIRONMENT, stand.managing) == 0


def test_nothing_is_renewed_under_a_disabled_key(
    stand: Any, rotation: KeyRotation, make_stand: Callable[..., Any]
) -> None:
    stand.keyring.sealing_key(stand.subject, stand.sealing)
    stand.admin.compromise(stand.path, stand.managing)
    stand.admin.disable(stand.path, stand.managing)
    with pytest.raises(KeyAccessError, match="disabled"):
        rotation.renew_below(stand.path, stand.managing)
    assert states(stand) == ["compromised", "disabled"]
    assert State.COMPROMISED.value not in states(stand, stand.subject)
