import io
import json

import pytest
from rich.console import Console

from strongroom.demo.report import Check, Checks, DemoReport, readable_size
from strongroom.errors import DecryptionError


class StillClock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        self.at += 1.5
        return self.at


def test_a_run_passes_only_if_everything_that_applies_holds() -> None:
    good, bad, none = (
        Check("a", passed=True, detail=""),
        Check("b", passed=False, detail=""),
        Check("c", passed=None, detail=""),
    )
    assert DemoReport((good, none)).passed
    assert not DemoReport((good, bad)).passed
    assert DemoReport((good, bad, none)).failed == ("b",)
    assert not DemoReport(()).passed


def test_a_refusal_inside_a_check_fails_it_and_times_are_kept() -> None:
    def refused() -> tuple[bool, str, int]:
        reason = "commitment"
        raise DecryptionError(reason)

    checks = Checks(StillClock())
    assert checks.run("fine", lambda: (True, "ok", 7)) is True
    assert checks.run("refused", refused) is False
    assert checks.done[0] == Check("fine", passed=True, detail="ok", bytes_scanned=7, seconds=1.5)
    assert "commitment" not in checks.done[1].detail
    assert "decryption" in checks.done[1].detail


def test_a_mistake_of_the_demo_itself_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        Checks(StillClock()).run("bug", lambda: (bool(1 // 0), "", 0))


def test_the_json_form_carries_every_figure() -> None:
    report = DemoReport(
        (Check("a", passed=True, detail="0 in 3 files", bytes_scanned=4096, seconds=0.1),),
        {"customers": 2, "seconds": 1.0},
        "log",
    )
    read = json.loads(json.dumps(report.to_dict()))
    assert read["checks"][0] == {
        "check": "a", "passed": True, "detail": "0 in 3 files", "bytes_scanned": 4096, "seconds": 0.1,
    }  # fmt: skip
    assert (read["passed"], read["sabotage"], read["figures"]["customers"]) == (True, "log", 2)


def test_the_table_says_what_was_checked_and_how_much_was_scanned() -> None:
    out = io.StringIO()
    checks = (
        Check("upstream", passed=True, detail="0 in [2] requests", bytes_scanned=3 << 20, seconds=0.2),
        Check("disk", passed=False, detail="1"),
        Check("x", passed=None, detail="why"),
    )
    DemoReport(checks, {"seconds": 3.0}).render(Console(file=out, width=120))
    text = out.getvalue()
    for part in ("upstream", "0 in [2] requests", "3.0 MiB", "FAILED", "n/a", "1 of 2 checks hold in 3.0 s"):
        assert part in text


def test_sizes_are_readable() -> None:
    assert [readable_size(size) for size in (5, 2048, 5 << 20)] == ["5 B", "2.0 KiB", "5.0 MiB"]
