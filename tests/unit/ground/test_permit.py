"""A permit is genuine, unexpired and exact, or it is refused."""

import copy
import pickle

import pytest

from strongroom.errors import PermitError
from strongroom.permit import MANY, OPENING, PERMIT_LIFETIME_S, SEALING, Permit, PermitOffice, require_object


class StoppedClock:
    def __init__(self):
        self.at = 1000.0

    def now(self):
        return self.at

    def monotonic(self):
        return self.at


WHERE = {"tenant": "acme", "environment": "prod", "category": "pii"}


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def office(clock):
    return PermitOffice(clock)


def mint(office, **change):
    fields = {"principal": "bot", "action": "open", "resource": "o1", "policy_version": "v1", **WHERE}
    return office.mint(**fields | change)


def test_a_genuine_permit_passes(office):
    office.require(mint(office), OPENING, resource="o1", **WHERE)


@pytest.mark.parametrize(
    ("actions", "change"),
    [
        (SEALING, {}),
        (OPENING, {"tenant": "other"}),
        (OPENING, {"environment": "staging"}),
        (OPENING, {"category": "health"}),
        (OPENING, {"resource": "o2"}),
    ],
)
def test_a_permit_for_something_else_is_refused(office, actions, change):
    permit = mint(office)
    with pytest.raises(PermitError):
        office.require(permit, actions, **{"resource": "o1", **WHERE} | change)


def test_many_covers_all_resources_and_categories(office):
    permit = mint(office, resource=MANY, category=MANY)
    office.require(permit, OPENING, resource="anything", **WHERE | {"category": "health"})


def test_it_expires(office, clock):
    permit = mint(office)
    clock.at += PERMIT_LIFETIME_S
    office.require(permit, OPENING, resource="o1", **WHERE)
    clock.at += 0.001
    assert office.remaining_s(permit) < 0
    with pytest.raises(PermitError, match="expired"):
        office.require(permit, OPENING, resource="o1", **WHERE)


def test_a_copy_is_not_genuine(office):
    genuine = mint(office)
    forged = Permit(**{name: getattr(genuine, name) for name in Permit.__slots__ if name != "__weakref__"})
    with pytest.raises(PermitError, match="genuine"):
        office.require(forged, OPENING, resource="o1", **WHERE)
    office.require(genuine, OPENING, resource="o1", **WHERE)


def test_a_permit_of_another_office_is_refused(office, clock):
    with pytest.raises(PermitError, match="genuine"):
        office.require(mint(PermitOffice(clock)), OPENING, resource="o1", **WHERE)


def test_no_permit_at_all_is_refused(office):
    with pytest.raises(PermitError, match="genuine"):
        office.require(None, OPENING, resource="o1", **WHERE)


@pytest.mark.parametrize("carry", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_does_not_leave_its_process(office, carry):
    with pytest.raises(PermitError):
        carry(mint(office))


@pytest.mark.parametrize("resource", ["a", MANY, "a/b"])
def test_a_permit_covers_its_object_and_what_lies_in_it(office, resource):
    require_object(mint(office, resource=resource), "a/b")


@pytest.mark.parametrize("resource", ["a/b/c", "a/bc", "b", "", "a/"])
def test_a_permit_covers_no_other_object(office, resource):
    with pytest.raises(PermitError, match="another object"):
        require_object(mint(office, resource=resource), "a/b")
