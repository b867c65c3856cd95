"""The switch that makes CI strict, tried on a test that skips itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


SKIPS = {
    "test": "import pytest\n\ndef test_part():\n    pytest.skip('no such part here')\n",
    "file": (
        "import pytest\n\npytest.importorskip('no_such_part', reason='no such part here')\n"
        "def test_part():\n    pass\n"
    ),
}


@pytest.mark.parametrize("what", sorted(SKIPS))
@pytest.mark.parametrize("in_ci", ["true", ""])
def test_what_is_skipped_fails_in_ci_only(tmp_path: Path, what: str, in_ci: str) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "test_part.py").write_text(SKIPS[what])
    (tmp_path / "test_whole.py").write_text("def test_whole():\n    pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)],
        env=dict(os.environ) | {"CI": in_ci}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert bool(done.returncode) is bool(in_ci), done.stdout
    assert ("no such part here" in done.stdout) is bool(in_ci)


def test_ci_runs_the_two_targets_in_order_and_ends_with_the_tests() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "export CI=true" in lines
    assert [line for line in lines if line.startswith("make ")] == ["make check", "make test"]
    assert lines[-1] == "make test"
