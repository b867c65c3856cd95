"""In CI every real part has to be there: a test that skips itself because something is missing fails instead.

Must never: change what a test does; only how its absence counts.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure that says why the test wanted to be skipped."""
    del item, call
    report = yield
    in_ci = os.environ.get("CI") == "true"  # noqa: TID251 - the test run's own switch, no setting of the product
    if in_ci and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"in CI nothing may be skipped: {report.longrepr}"
    return report
