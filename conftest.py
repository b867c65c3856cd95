"""In CI every real part has to be there: a test that skips itself because something is missing fails instead.

Must never: change what a test does; only how its absence counts.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure that says why the test wanted to be skipped."""
    del item, call
    return _strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself, because something it imports is missing."""
    del collector
    return _strict((yield))


def _strict(report: Report) -> Report:
    in_ci = os.environ.get("CI") == "true"  # noqa: TID251 - the test run's own switch, no setting of the product
    if in_ci and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"in CI nothing may be skipped: {report.longrepr}"
    return report
