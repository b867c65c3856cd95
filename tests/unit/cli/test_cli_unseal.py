"""`strongroom unseal` and `--root`: ways into a store, added, tried and removed by a person."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def command(tmp_path: Path):
    """Runs one command on a store of this test; `typed` is what a person types."""
    environment = {"HOME": str(tmp_path), "PATH": os.defpath, "XDG_CONFIG_HOME": str(tmp_path / "config")}

    def run(*words: str, typed: str = "") -> tuple[int, Any, str]:
        done = subprocess.run(
            [sys.executable, "-m", "strongroom", *words, "--json"],
            input=typed, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    return run


def test_a_store_unsealed_by_a_passphrase_from_its_first_run_on(command, tmp_path):
    code, told, _ = command("init", "--root", "passphrase:", typed="correct horse\n")
    assert (code, told["unseal_paths"]) == (0, ["passphrase", "recovery"])
    assert not (tmp_path / "config" / "strongroom").exists()
    assert (tmp_path / ".strongroom" / "strongroom.toml").read_text().endswith('root = "passphrase:"\n')
    code, told, _ = command("unseal", "list", typed="correct horse\n")
    assert (code, told) == (0, ["passphrase", "recovery"])
    code, _, said = command("unseal", "list", typed="wrong\n")
    assert (code, json.loads(said)["error"]) == (2, "wrong_passphrase")
    code, _, said = command("unseal", "list")
    assert (code, json.loads(said)["message"]) == (2, "Passphrase: nothing was given on standard input")


def test_paths_are_added_tried_and_removed_but_never_the_last(command, tmp_path):
    code, made, _ = command("init")
    assert code == 0
    code, _, said = command("unseal", "add", f"keyfile:{tmp_path}/second.key")
    assert (code, "--replace" in said) == (2, True)
    assert command("unseal", "list")[0] == 0, "the first keyfile still opens"
    assert not (tmp_path / "second.key").exists()
    code, told, _ = command("unseal", "add", f"keyfile:{tmp_path}/second.key", "--replace")
    assert (code, told["scheme"]) == (0, "keyfile")
    assert command("unseal", "list")[0] == 2, "the first keyfile was replaced"
    second = ("--root", f"keyfile:{tmp_path}/second.key")
    code, told, _ = command("unseal", "test", "recovery:", typed=made["recovery_share"] + "\n")
    assert (code, told["opens"]) == (0, True)
    code, _, said = command("unseal", "test", "passphrase:", typed="x\n")
    assert (code, "it has no such wrap, but: keyfile, recovery" in said) == (2, True)
    code, told, _ = command("unseal", "remove", "keyfile", *second)
    assert (code, told["left"]) == (0, ["recovery"])
    code, _, said = command("unseal", "remove", "recovery", "--root", "recovery:", typed=made["recovery_share"])
    assert (code, "only way" in said) == (2, True)
    code, told, _ = command("unseal", "list", "--root", "recovery:", typed=made["recovery_share"])
    assert (code, told) == (0, ["recovery"])


def test_a_settings_file_of_a_person_is_not_touched(command, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "strongroom.toml").write_text('mode = "monitor"\n')
    done = subprocess.run(
        [sys.executable, "-m", "strongroom", "init", "--home", str(tmp_path / "home"), "--root", "passphrase:"],
        input="p\n", env={"HOME": str(tmp_path), "PATH": os.defpath}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Add the unseal path to strongroom.toml" in done.stderr
    assert (tmp_path / "home" / "strongroom.toml").read_text() == 'mode = "monitor"\n'


def test_a_new_store_cannot_be_made_by_a_recovery_share(command):
    code, _, said = command("init", "--root", "recovery:")
    assert (code, json.loads(said)["error"]) == (2, "configuration")
