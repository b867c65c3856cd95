"""`strongroom keys rotate-root`: a ceremony by command, in one go, in two, and given up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def command(place: Path):
    environment = {"HOME": str(place), "PATH": os.defpath, "XDG_CONFIG_HOME": str(place / "config")}

    def run(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "strongroom", *words, "--home", str(place / "home")],
            input=typed, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return run


def test_a_ceremony_in_two_steps(command, place: Path) -> None:
    old = ("--keyfile", str(place / "store.key"))
    done = command("keys", "rotate-root", "--to", "shares:2/3", *old, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["taken"], told["paths"], len(told["shares"])) == (False, ["recovery", "shares"], 3)
    assert command("unseal", "list", *old).returncode == 0, "the old root is still in force"
    refused = command("keys", "rotate-root", "--resume", *old, typed=f"{told['shares'][0]}\n" * 2)
    assert refused.returncode == 2
    assert "given twice" in refused.stderr
    typed = "\n".join(told["shares"][:2]) + "\n"
    done = command("keys", "rotate-root", "--resume", *old, "--json", typed=typed)
    assert (done.returncode, json.loads(done.stdout)["taken"]) == (0, True), done.stderr
    assert command("unseal", "list", *old).returncode == 2
    done = command("unseal", "list", "--root", "shares:", "--json", typed="\n".join(told["shares"][1:]))
    assert json.loads(done.stdout) == ["recovery", "shares"]


def test_a_ceremony_that_is_given_up(command, place: Path) -> None:
    old = ("--keyfile", str(place / "store.key"))
    done = command("keys", "rotate-root", "--to", "passphrase:", *old, typed="new phrase\nmistyped\n")
    assert done.returncode == 2
    assert "does not open" in done.stderr
    assert "shown again" in done.stderr
    done = command("keys", "rotate-root", "--withdraw", *old)
    assert "keeps its root" in done.stdout
    done = command("keys", "rotate-root", "--resume", *old)
    assert (done.returncode, "no new root was proposed" in done.stderr) == (2, True)
    done = command("keys", "rotate-root", *old)
    assert (done.returncode, "--to URI" in done.stderr) == (2, True)


def test_a_ceremony_without_keepers(command, place: Path) -> None:
    old = ("--keyfile", str(place / "store.key"))
    new = f"keyfile:{place}/new.key"
    done = command("keys", "rotate-root", "--to", new, "--unproved", *old)
    assert done.returncode == 0, done.stderr
    assert "unsealed by: keyfile, recovery" in done.stdout
    assert command("unseal", "list", "--keyfile", str(place / "new.key")).returncode == 0
