"""Every key service slow, flapping, down, lying and misconfigured: the same outcome whichever it is."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from tests.fakes.clouds import KINDS, Clouds

from strongroom.adapters.memory import MemoryRootStore
from strongroom.clock import system_entropy
from strongroom.errors import (
    ForeignRootError,
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
    KmsUnavailableError,
)
from strongroom.keys import RootWrap, add_unseal_path, initialise, unseal
from strongroom.keys.kms import TRIES, KmsRoot

ROOT = bytes(range(32))
TEMPORARY = {
    "awskms": ["throttle", "internal", "dependency", "down", "drop", "garbage"],
    "gcpkms": [
        "UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL", "DEADLINE_EXCEEDED", "ABORTED", "UNKNOWN", "CANCELLED",
    ],
    "azurekv": ["throttle", "internal", "down", "drop", "garbage"],
    "vault": ["sealed", "quota", "internal", "gateway", "standby", "stale", "uninitialized", "drop", "garbage"],
}  # fmt: skip
FINAL = {
    "awskms": ["strange"],
    "gcpkms": ["OUT_OF_RANGE"],
    "azurekv": ["strange"],
    "vault": ["strange"],
}
CONDEMNED = ["awskms", "gcpkms", "azurekv", "openbao"]
"""Where destruction is announced; HashiCorp's Transit deletes at once."""
EACH_TEMPORARY = [(kind, fault) for kind, faults in TEMPORARY.items() for fault in faults]
EACH_FINAL = [(kind, fault) for kind, faults in FINAL.items() for fault in faults]


@dataclass
class Kept:
    """A root kept by a fresh key of one service, which has not been asked for it yet."""

    root: KmsRoot
    wrapped: bytes

    def unwrap(self) -> bytes:
        return self.root.unwrap(self.wrapped)


@pytest.fixture
def keep(clouds: Clouds) -> Callable[[str], Kept]:
    def keeper(kind: str) -> Kept:
        root = clouds.new_root(kind, "store-1")
        kept = Kept(root, root.wrap(ROOT))
        clouds.asked(kind).clear()
        return kept

    return keeper


@pytest.mark.parametrize(("kind", "fault"), EACH_TEMPORARY)
def test_a_flapping_service_is_asked_again(
    clouds: Clouds, keep: Callable[[str], Kept], kind: str, fault: str
) -> None:
    kept = keep(kind)
    clouds.queue(kind, fault, fault)  # azure's client asks twice for one unwrap, and forgives the first
    assert kept.unwrap() == ROOT
    assert kept.unwrap() == ROOT


@pytest.mark.parametrize(("kind", "fault"), EACH_TEMPORARY)
def test_a_service_that_stays_down_is_given_up(
    clouds: Clouds, keep: Callable[[str], Kept], kind: str, fault: str
) -> None:
    kept = keep(kind)
    clouds.always(kind, fault)
    with pytest.raises(KmsUnavailableError, match="cannot be reached") as outage:
        kept.unwrap()
    assert kept.root.describe() in str(outage.value)
    clouds.calm()
    assert kept.unwrap() == ROOT


@pytest.mark.parametrize(("kind", "fault"), EACH_FINAL)
def test_an_answer_nobody_knows_is_a_refusal_and_final(
    clouds: Clouds, keep: Callable[[str], Kept], kind: str, fault: str
) -> None:
    kept = keep(kind)
    clouds.queue(kind, fault, fault)
    with pytest.raises(KmsError) as refused:
        kept.unwrap()
    assert type(refused.value) is KmsError


@pytest.mark.parametrize("kind", TEMPORARY)
def test_a_service_that_never_answers_costs_a_bounded_time(clouds: Clouds, kind: str) -> None:
    key = clouds.impatient_key(kind)
    clouds.always(kind, "hang")
    with pytest.raises(KmsUnavailableError):
        KmsRoot(key, kind, "store-1").wrap(ROOT)
    assert clouds.requests(kind) == TRIES


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_answer_opens_nothing(clouds: Clouds, keep: Callable[[str], Kept], kind: str) -> None:
    kept = keep(kind)
    clouds.lie(kind, "plaintext")
    with pytest.raises(KmsContextMismatchError, match="opens nothing here"):
        kept.unwrap()
    with pytest.raises(KmsError, match="gave back something else"):
        kept.root.wrap(ROOT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_genuine_wrap_of_another_root_is_found_by_the_fingerprint(clouds: Clouds, kind: str) -> None:
    store, root = MemoryRootStore(), clouds.new_root(kind, "store-1")
    initialise(store, store_id="store-1", providers=[root], entropy=system_entropy)
    store.put_wrap(RootWrap(root.scheme, root.wrap(ROOT)))
    with pytest.raises(ForeignRootError, match="another store"):
        unseal(store, root)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_of_one_service_locks_nobody_out(clouds: Clouds, kind: str) -> None:
    store, lost = MemoryRootStore(), clouds.new_root(kind, "store-1")
    other = clouds.new_root(next(item for item in TEMPORARY if item != kind), "store-1")
    opened = initialise(store, store_id="store-1", providers=[lost], entropy=system_entropy)
    add_unseal_path(store, root=opened, provider=other)
    clouds.destroy(kind)
    with pytest.raises(KmsKeyNotFoundError):
        unseal(store, lost)
    assert unseal(store, other) == opened


@pytest.mark.parametrize("kind", KINDS)
def test_the_wrap_of_another_store_is_refused(clouds: Clouds, keep: Callable[[str], Kept], kind: str) -> None:
    kept = keep(kind)
    with pytest.raises(KmsContextMismatchError):
        KmsRoot(kept.root.key, kind, "store-2").unwrap(kept.wrapped)


@pytest.mark.parametrize("kind", TEMPORARY)
def test_a_key_switched_off_refuses_and_works_again_when_switched_on(
    clouds: Clouds, keep: Callable[[str], Kept], kind: str
) -> None:
    kept = keep(kind)
    clouds.switch(kind, on=False)
    with pytest.raises(KmsDisabledError, match="switched off"):
        kept.unwrap()
    if kind != "vault":  # a raised floor stops what is old, not what is new
        with pytest.raises(KmsDisabledError):
            kept.root.wrap(ROOT)
    clouds.switch(kind, on=True)
    assert kept.unwrap() == ROOT


@pytest.mark.parametrize("kind", CONDEMNED)
def test_a_key_on_its_way_to_destruction_says_so(clouds: Clouds, keep: Callable[[str], Kept], kind: str) -> None:
    kept = keep(kind)
    clouds.condemn(kind)
    with pytest.raises(KmsPendingDestructionError, match="scheduled for destruction") as doomed:
        kept.unwrap()
    assert "Cancel the deletion" in doomed.value.diagnostics()
    with pytest.raises(KmsPendingDestructionError):
        kept.root.wrap(ROOT)


@pytest.mark.parametrize("kind", CONDEMNED)
def test_a_service_that_calls_a_dead_key_enabled_is_not_believed(
    clouds: Clouds, keep: Callable[[str], Kept], kind: str
) -> None:
    kept = keep(kind)
    clouds.condemn(kind)
    clouds.lie(kind, "state")
    with pytest.raises(KmsPendingDestructionError):
        kept.unwrap()
    with pytest.raises(KmsPendingDestructionError):
        kept.root.wrap(ROOT)


@pytest.mark.parametrize("kind", KINDS)
def test_an_identity_without_the_permission_is_told_so(
    clouds: Clouds, keep: Callable[[str], Kept], kind: str
) -> None:
    kept = keep(kind)
    clouds.deny(kind)
    with pytest.raises(KmsAccessDeniedError, match="refuses this identity"):
        kept.unwrap()
    with pytest.raises(KmsAccessDeniedError):
        kept.root.wrap(ROOT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_is_not_there_is_not_made(clouds: Clouds, keep: Callable[[str], Kept], kind: str) -> None:
    kept = keep(kind)
    clouds.destroy(kind)
    with pytest.raises(KmsKeyNotFoundError, match="does not exist"):
        kept.unwrap()
    with pytest.raises(KmsKeyNotFoundError):
        kept.root.wrap(ROOT)
