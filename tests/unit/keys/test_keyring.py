"""The keyring: who gets which key, what revocation does to caches, and what a lying store gets."""

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from strongroom.adapters.memory import MemoryEpoch, MemoryKeyStore
from strongroom.errors import (
    DecryptionError,
    KeyDestroyedError,
    KeyStateError,
    PermitError,
    StoreLockedError,
    StoreTamperedError,
)
from strongroom.keys import KeyPath, Use
from strongroom.keys.keyring import CACHE_LIFETIME_S
from strongroom.keys.store import Commit


def memory(stand: Any) -> MemoryKeyStore:
    assert isinstance(stand.store, MemoryKeyStore)
    return stand.store


def test_a_new_path_gets_its_keys_and_its_ancestors(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.subject, stand.sealing)
    assert len(key.material) == 32
    assert key.version == 1
    kinds = sorted(row.path.kind for row in memory(stand).rows.values())
    assert kinds == ["category", "environment", "subject"]


def test_what_was_sealed_with_opens(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    assert stand.keyring.opening_key(key.keyref, stand.path, stand.opening) == key
    other = stand.beside()
    assert other.keyring.opening_key(key.keyref, stand.path, other.opening).material == key.material


def test_every_path_has_its_own_key(stand: Any) -> None:
    paths = [
        KeyPath(tenant, environment, category, subject)
        for tenant in ("acme", "globex")
        for environment in ("prod", "staging")
        for category in ("health", "pii")
        for subject in ("", "s-1", "s-2")
    ]
    permits = {
        (path.tenant, path.environment): stand.permit("seal", tenant=path.tenant, environment=path.environment)
        for path in paths
    }
    keys = [stand.keyring.sealing_key(path, permits[path.tenant, path.environment]) for path in paths]
    assert len({key.material for key in keys}) == len(paths)
    assert len({key.keyref for key in keys}) == len(paths)


def test_a_key_never_opens_another_path(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.subject, stand.sealing)
    for elsewhere in (
        KeyPath("acme", "prod", "health"),
        KeyPath("acme", "prod", "health", "cust-813"),
        KeyPath("acme", "prod", "pii", "cust-812"),
    ):
        with pytest.raises(DecryptionError) as refusal:
            stand.keyring.opening_key(key.keyref, elsewhere, stand.opening)
        assert refusal.value.reason == "key_path"


def test_a_key_of_staging_never_opens_prod(stand: Any) -> None:
    staging = KeyPath("acme", "staging", "health")
    key = stand.keyring.sealing_key(staging, stand.permit("seal", environment="staging"))
    with pytest.raises(DecryptionError) as refusal:
        stand.keyring.opening_key(key.keyref, stand.path, stand.opening)
    assert refusal.value.reason == "key_path"


def test_an_unknown_reference_and_a_purpose_root_open_nothing(stand: Any) -> None:
    with pytest.raises(DecryptionError) as refusal:
        stand.keyring.opening_key(7, stand.path, stand.opening)
    assert refusal.value.reason == "key_unknown"
    stand.keyring.purpose_key(stand.path, "codes")
    (purpose,) = [row for row in memory(stand).rows.values() if row.use is Use.PURPOSE]
    with pytest.raises(DecryptionError) as refusal:
        stand.keyring.opening_key(purpose.keyref, stand.path, stand.opening)
    assert refusal.value.reason == "key_path"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("open", {}),
        ("manage_key", {}),
        ("seal", {"tenant": "globex"}),
        ("seal", {"environment": "staging"}),
        ("seal", {"category": "pii"}),
    ],
)
def test_sealing_takes_a_permit_for_exactly_that(stand: Any, action: str, fields: dict[str, str]) -> None:
    with pytest.raises(PermitError):
        stand.keyring.sealing_key(stand.path, stand.permit(action, **fields))


def test_the_permits_resource_is_not_the_keyrings_business(stand: Any) -> None:
    stand.keyring.sealing_key(stand.path, stand.permit("seal", category="health", resource="note-1"))


@pytest.mark.parametrize("forged", [None, "seal", 1])
def test_what_is_no_permit_gets_nothing(stand: Any, forged: object) -> None:
    with pytest.raises(PermitError):
        stand.keyring.sealing_key(stand.path, forged)


def test_a_cached_key_still_takes_a_live_permit(stand: Any) -> None:
    stand.keyring.sealing_key(stand.path, stand.sealing)
    with pytest.raises(PermitError):
        stand.keyring.sealing_key(stand.path, stand.opening)
    stand.clock.ticks += 31
    with pytest.raises(PermitError, match="expired"):
        stand.keyring.sealing_key(stand.path, stand.sealing)


def test_revocation_reaches_the_next_operation_of_another_process(stand: Any) -> None:
    other = stand.beside()
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    other.keyring.opening_key(key.keyref, stand.path, other.opening)
    stand.admin.disable(stand.path, stand.managing)
    for keyring, sealing, opening in (
        (stand.keyring, stand.sealing, stand.opening),
        (other.keyring, other.sealing, other.opening),
    ):
        with pytest.raises(
            KeyStateError, match="acme/prod/health version 1 is disabled since 2027-01-15T08:00:00Z"
        ):
            keyring.opening_key(key.keyref, stand.path, opening)
        with pytest.raises(KeyStateError):
            keyring.sealing_key(stand.path, sealing)
    stand.admin.enable(stand.path, stand.managing)
    assert other.keyring.opening_key(key.keyref, stand.path, other.opening).material == key.material


@pytest.mark.parametrize("ancestor", ["acme/prod", "acme/prod/health"])
@pytest.mark.parametrize("act", ["disable", "compromise", "destroy"])
def test_an_ancestor_refuses_for_everything_below(stand: Any, ancestor: str, act: str) -> None:
    key = stand.keyring.sealing_key(stand.subject, stand.sealing)
    getattr(stand.admin, act)(KeyPath.parse(ancestor), stand.managing)
    with pytest.raises(KeyStateError):
        stand.keyring.opening_key(key.keyref, stand.subject, stand.opening)
    with pytest.raises(KeyStateError):
        stand.keyring.sealing_key(stand.subject, stand.sealing)


def test_a_new_child_of_a_disabled_path_is_refused(stand: Any) -> None:
    stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.disable(KeyPath("acme", "prod"), stand.managing)
    with pytest.raises(KeyStateError):
        stand.keyring.sealing_key(KeyPath("acme", "prod", "pii"), stand.sealing)
    assert all(row.path.category != "pii" for row in memory(stand).rows.values())


def test_a_message_never_names_the_subject(stand: Any) -> None:
    stand.keyring.sealing_key(stand.subject, stand.sealing)
    stand.admin.erase("acme", "prod", "cust-812", stand.permit("erase"))
    with pytest.raises(KeyDestroyedError) as refusal:
        stand.keyring.sealing_key(stand.subject, stand.sealing)
    assert "cust-812" not in refusal.value.diagnostics()


def test_the_store_never_learns_a_subject_or_a_key(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.subject, stand.sealing)
    dump = repr(memory(stand).rows)
    assert "cust-812" not in dump
    assert repr(key.material)[2:-1] not in dump


def test_a_subjects_pseudonym_is_the_same_in_every_category_and_no_other_tenant(stand: Any) -> None:
    tree = stand.keyring.hierarchy
    here = tree.conceal(KeyPath("acme", "prod", "health", "cust-812")).subject
    assert tree.conceal(KeyPath("acme", "prod", "pii", "cust-812")).subject == here
    assert tree.conceal(KeyPath("globex", "prod", "pii", "cust-812")).subject != here
    assert tree.conceal(KeyPath("acme", "staging", "pii", "cust-812")).subject != here


def test_the_cache_is_served_from_while_nothing_changes(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    memory(stand).rows.clear()
    assert stand.keyring.sealing_key(stand.path, stand.sealing) is key
    assert stand.keyring.opening_key(key.keyref, stand.path, stand.opening) is key


def test_a_cache_ends_by_itself_even_if_no_epoch_ever_comes(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.clock.ticks += CACHE_LIFETIME_S
    again = stand.keyring.sealing_key(stand.path, stand.permit("seal"))
    assert again is not key
    assert again == key


def test_nothing_is_kept_while_a_change_is_under_way(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    with stand.epoch.changing():
        during = stand.keyring.sealing_key(stand.path, stand.sealing)
        assert during is not key
        assert stand.keyring.sealing_key(stand.path, stand.sealing) is not during


def test_a_cache_that_grew_too_large_starts_over(stand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strongroom.keys.keyring.CACHED_KEYS_MAX", 4)
    first = stand.keyring.sealing_key(stand.path, stand.sealing)
    for number in range(6):
        stand.keyring.sealing_key(KeyPath("acme", "prod", "health", f"s-{number}"), stand.sealing)
    assert stand.keyring.sealing_key(stand.path, stand.sealing) is not first
    assert len(stand.keyring._cached.rows) <= 8


def test_purpose_keys_are_not_kept_without_bound(stand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strongroom.keys.keyring.CACHED_KEYS_MAX", 4)
    first = stand.keyring.purpose_key(stand.path, "purpose-0")
    for number in range(10):
        stand.keyring.purpose_key(stand.path, f"purpose-{number}")
    assert len(stand.keyring._cached.purposes) <= 4
    assert stand.keyring.purpose_key(stand.path, "purpose-0") == first


def test_purpose_keys_survive_rotation_and_differ_by_purpose_and_path(stand: Any) -> None:
    key = stand.keyring.purpose_key(stand.path, "codes")
    assert len(key) == 32
    assert stand.keyring.purpose_key(stand.path, "names") != key
    assert stand.keyring.purpose_key(KeyPath("acme", "prod", "pii"), "codes") != key
    stand.admin.create(stand.path, stand.managing)
    stand.admin.rotate(stand.path, stand.managing)
    stand.admin.rotate(KeyPath("acme", "prod"), stand.managing)
    assert stand.keyring.purpose_key(stand.path, "codes") == key
    assert stand.beside().keyring.purpose_key(stand.path, "codes") == key


def test_purpose_keys_end_with_their_path(stand: Any) -> None:
    stand.keyring.purpose_key(stand.path, "codes")
    stand.admin.disable(stand.path, stand.managing)
    with pytest.raises(KeyStateError):
        stand.keyring.purpose_key(stand.path, "codes")
    with pytest.raises(KeyStateError):
        stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.enable(stand.path, stand.managing)
    stand.keyring.purpose_key(stand.path, "codes")
    stand.admin.destroy(stand.path, stand.managing)
    with pytest.raises(KeyDestroyedError):
        stand.keyring.purpose_key(stand.path, "codes")


def test_no_purpose_key_comes_into_being_on_a_disabled_path(stand: Any) -> None:
    stand.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.disable(stand.path, stand.managing)
    with pytest.raises(KeyStateError):
        stand.keyring.purpose_key(stand.path, "codes")


def test_many_keys_are_made_in_one_commit(stand: Any) -> None:
    store = CountingStore()
    many = type(stand)(store=store)
    paths = [KeyPath("acme", "prod", "health", f"s-{number}") for number in range(50)]
    many.keyring.prepare([*paths, *paths], many.sealing)
    assert store.commits == 1
    assert len({many.keyring.sealing_key(path, many.sealing).material for path in paths}) == 50
    many.keyring.prepare(paths, many.sealing)
    assert store.commits == 1
    with pytest.raises(PermitError):
        many.keyring.prepare([KeyPath("globex", "prod")], many.sealing)


class CountingStore(MemoryKeyStore):
    """Counts commits."""

    commits = 0

    def commit(self, commit: Commit) -> bool:
        self.commits += 1
        return super().commit(commit)


def test_two_processes_that_meet_a_new_path_agree_on_its_key(stand: Any) -> None:
    stands = [stand, *(stand.beside() for _ in range(7))]
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda one: one.keyring.sealing_key(one.subject, one.sealing), stands))
    assert len({key.material for key in keys}) == 1
    assert len(memory(stand).rows) == 3


def test_a_taken_reference_is_drawn_again(make_stand: Callable[..., Any]) -> None:
    draws = iter([b"\x00\x00\x00\x00", b"\x00\x00\x00\x07", b"\x00\x00\x00\x07", b"\x00\x00\x00\x08"])

    def entropy(count: int) -> bytes:
        return next(draws) if count == 4 else bytes([count]) * count

    stand = make_stand(entropy=entropy)
    stand.keyring.sealing_key(stand.path, stand.sealing)
    assert sorted(memory(stand).rows) == [7, 8]


class RefusingStore(MemoryKeyStore):
    """Never takes anything."""

    def commit(self, commit: Commit) -> bool:
        return False


class ForgetfulStore(MemoryKeyStore):
    """Says yes and keeps nothing."""

    def commit(self, commit: Commit) -> bool:
        return True


def test_a_store_that_takes_nothing_is_given_up_on(make_stand: Callable[..., Any]) -> None:
    stand = make_stand(store=RefusingStore())
    with pytest.raises(StoreLockedError):
        stand.keyring.sealing_key(stand.path, stand.sealing)


def test_a_store_that_forgets_is_caught(make_stand: Callable[..., Any]) -> None:
    stand = make_stand(store=ForgetfulStore())
    with pytest.raises(StoreTamperedError, match="lost"):
        stand.keyring.sealing_key(stand.path, stand.sealing)


def test_keys_neither_show_nor_leave(stand: Any) -> None:
    key = stand.keyring.sealing_key(stand.path, stand.sealing)
    assert repr(key.material) not in repr(key)
    for handle in (key, stand.keyring.hierarchy):
        with pytest.raises(PermitError):
            pickle.dumps(handle)
        with pytest.raises(PermitError):
            copy.deepcopy(handle)
    with pytest.raises((PermitError, TypeError)):
        pickle.dumps(stand.keyring)
    for thing in (stand.keyring, stand.keyring.hierarchy, stand.keyring._cached):
        assert "material" not in repr(thing)


def test_threads_share_one_keyring(stand: Any) -> None:
    def work(number: int) -> bytes:
        path = KeyPath("acme", "prod", "health", f"s-{number % 10}")
        return bytes(stand.keyring.sealing_key(path, stand.sealing).material)

    with ThreadPoolExecutor(8) as pool:
        materials = list(pool.map(work, range(400)))
    assert len(set(materials)) == 10


def test_memory_epoch_is_odd_inside_a_change() -> None:
    epoch = MemoryEpoch()
    with epoch.changing():
        assert epoch.value() % 2 == 1
    assert epoch.bump() == 4
