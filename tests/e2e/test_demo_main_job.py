"""The main job as a user runs it: one command, real processes, official SDKs, a verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXPECTED = {
    "the scanner finds what is planted",
    "unsealed by the path asked for",
    "values found, by tier",
    "openai: ticket resolved",
    "openai: answer in clear",
    "openai: tool arguments in clear",
    "anthropic: ticket resolved",
    "anthropic: answer in clear",
    "anthropic: tool arguments in clear",
    "forbidden reveal refused",
    "the model's words come back unchanged",
    "contact cards written",
    "copies open for the agent",
    "temporary file sealed",
    "disabled key: every read fails at once",
    "enabled key: every read works again",
    "erased customer: every copy unreadable",
    "other customers: every copy still opens",
    "audit log verifies",
    "erasure receipt proved",
    "gateway drains and ends",
    "planted values upstream",
    "planted values in the store",
    "planted values in logs and traces",
    "planted values elsewhere on disk",
}
SCANNED = {name for name in EXPECTED if name.startswith("planted values")}


@pytest.mark.e2e
def test_the_main_job_holds_and_says_what_it_scanned(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    environment = {"PATH": os.defpath, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "strongroom", "demo", "--json", "--keep", str(kept)],
        env=environment, capture_output=True, timeout=280, check=False,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert [check for check in report["checks"] if check["passed"] is not True] == []
    assert done.returncode == 0
    assert {check["check"] for check in report["checks"]} == EXPECTED
    assert all(check["bytes_scanned"] > 0 for check in report["checks"] if check["check"] in SCANNED)
    figures = report["figures"]
    assert figures["customers"] >= 2000
    assert figures["tickets"] >= 200
    assert figures["planted"] > 16_000
    assert figures["requests_upstream"] >= 16
    _require_kept(kept)


def _require_kept(kept: Path) -> None:
    """The run left a store, its keyfile apart from it, logs and traces."""
    assert (kept / "home" / "strongroom.db").stat().st_size > 1 << 20
    assert (kept / "home" / "logs" / "traces.jsonl").stat().st_size > 0
    (keyfile,) = (path for path in kept.rglob("*.key"))
    assert kept / "home" not in keyfile.parents
    assert keyfile.stat().st_mode & 0o077 == 0
