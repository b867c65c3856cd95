"""A demo that cannot fail proves nothing: each protection is broken once, and the right check has to go red."""

import pytest

from strongroom.demo.run import DemoOptions, run_demo
from strongroom.demo.sabotage import Sabotage


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("sabotage", "red", "green"),
    [
        (
            Sabotage.SURROGATES,
            {"planted values upstream", "forbidden reveal refused"},
            {"planted values in the store", "audit log verifies"},
        ),
        (
            Sabotage.SEALING,
            {
                "planted values elsewhere on disk",
                "temporary file sealed",
                "disabled key: every read fails at once",
            },
            {"planted values upstream", "planted values in the store"},
        ),
        (
            Sabotage.LOG,
            {"audit log verifies"},
            {"planted values upstream", "erased customer: every copy unreadable"},
        ),
        (
            Sabotage.CACHE,
            {"disabled key: every read fails at once", "erased customer: every copy unreadable"},
            {"planted values upstream", "audit log verifies"},
        ),
    ],
)
def test_sabotage_is_noticed_where_it_was_done(sabotage: Sabotage, red: set[str], green: set[str]) -> None:
    report = run_demo(DemoOptions(sabotage=sabotage, customers=80, tickets=40))
    assert not report.passed
    assert report.sabotage == sabotage
    failed = set(report.failed)
    assert red <= failed
    assert not green & failed
    if sabotage is Sabotage.LOG:
        assert failed == red
