"""Names have one spelling; labels join upwards."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.errors import InvalidNameError
from strongroom.identity import Caller, Principal, require_name
from strongroom.label import Label, Level


@pytest.mark.parametrize("name", ["a", "support-bot", "cust-812", "x.y_z", "0" * 64])
def test_legal_names_pass_unchanged(name):
    assert require_name(name, "principal") == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a/b", "a b", "é", "a\n", "0" * 65, "..", "\u2170"])
def test_illegal_names_are_refused_without_being_repeated(name):
    with pytest.raises(InvalidNameError) as caught:
        require_name(name, "tenant")
    assert str(caught.value) == "tenant is not a legal name"


def test_a_principal_checks_all_three_names():
    for bad in ({"name": "A"}, {"tenant": "A"}, {"environment": "A"}):
        names: dict[str, Any] = {"name": "a", "tenant": "t", "environment": "e"} | bad
        with pytest.raises(InvalidNameError):
            Principal(**names)
    caller = Caller(Principal("a", "t", "e"))
    assert (caller.tenant, caller.environment) == ("t", "e")


labels = st.builds(
    Label,
    category=st.sampled_from(["pii", "financial", "health"]),
    level=st.sampled_from(Level),
    kind=st.sampled_from(["EMAIL", "CARD"]),
    subject=st.sampled_from(["", "cust-1", "cust-2"]),
    source=st.sampled_from(["crm", "mail"]),
    sinks=st.frozensets(st.sampled_from(["user", "message.text", "payment.card"])),
)


@given(labels, labels)
def test_a_join_is_at_least_as_strict_as_both(left, right):
    joined = left.join(right)
    assert joined.level == max(left.level, right.level)
    assert joined.sinks == left.sinks & right.sinks
    assert joined.subject in (left.subject, "")
    assert joined.level == right.join(left).level
    assert joined.category == (left.category if left.level >= right.level else right.category)


@given(labels)
def test_a_join_with_itself_changes_nothing(label):
    assert label.join(label) == label
