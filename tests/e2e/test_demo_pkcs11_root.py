"""The main job on a root that a PKCS#11 token holds: one made for the run, and one of the user's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SMALL = (
    "import json, sys\n"
    "from strongroom.demo.run import DemoOptions, run_demo\n"
    "report = run_demo(DemoOptions(root=sys.argv[1], customers=60, tickets=24))\n"
    "print(json.dumps(report.to_dict()))\n"
)


def run_small(root: str, home: Path, **variables: str) -> dict[str, Any]:
    environment = {"PATH": os.defpath, "HOME": str(home), "TMPDIR": str(home), **variables}
    done = subprocess.run(
        [sys.executable, "-c", SMALL, root],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    assert [check for check in report["checks"] if check["passed"] is False] == []
    return report


@pytest.mark.e2e
def test_the_demo_makes_a_token_of_its_own(tokens, tmp_path: Path) -> None:
    report = run_small("pkcs11:", tmp_path)
    assert report["figures"]["root"] == "pkcs11"
    (check,) = (check for check in report["checks"] if check["check"] == "unsealed by the path asked for")
    assert check["detail"] == "unseal paths: pkcs11, recovery"
    assert not list(tmp_path.iterdir()), "token and all are gone"


@pytest.mark.e2e
def test_the_demo_leaves_no_key_in_a_token_of_the_user(tokens, tmp_path: Path) -> None:
    pkcs11 = pytest.importorskip("pkcs11")
    run_small(tokens.uri("expendable"), tmp_path, SOFTHSM2_CONF=str(tokens.directory / "softhsm2.conf"))
    module = pkcs11.lib("/usr/lib/softhsm/libsofthsm2.so")
    with module.get_token(token_label="expendable").open(user_pin=tokens.pin) as session:
        assert list(session.get_objects()) == []
