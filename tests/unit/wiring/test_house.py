"""Opening a store: first run, keyfile, recovery share, and everything that can be wrong with them."""

import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.errors import (
    ConfigurationError,
    ForeignRootError,
    IntegrityError,
    PolicyInvalidError,
    RootError,
    RootMissingError,
    StoreDamagedError,
    WrongPassphraseError,
)

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}


def test_the_first_run_shows_the_recovery_share_once_and_it_opens_the_store(tmp_path):
    home, key = tmp_path / "home", tmp_path / "store.key"
    with Strongroom.open(home=home, keyfile=key, create=True) as room, room.session("bot", **SCOPE) as work:
        share = room.recovery_share
        sealed = work.seal(b"x", category="pii")
    assert share
    assert key.stat().st_mode & 0o777 == 0o600
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert share.encode() not in everything
    with Strongroom.open(home=home, keyfile=key, create=True) as room:
        assert room.recovery_share is None
    key.unlink()
    with Strongroom.open(home=home, keyfile=key, recovery=share) as room, room.session("bot", **SCOPE) as work:
        assert work.open(sealed, category="pii") == b"x"


def test_the_keyfile_lives_in_the_configuration_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    Strongroom.open(home=tmp_path / "home", create=True).close()
    (keyfile,) = (tmp_path / "config" / "strongroom").iterdir()
    assert keyfile.suffix == ".key"
    assert not list((tmp_path / "home").rglob("*.key"))
    Strongroom.open(home=tmp_path / "home").close()


def test_no_store(tmp_path):
    with pytest.raises(RootMissingError, match="no store"):
        Strongroom.open(home=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_missing_keyfile(place):
    (place / "store.key").unlink()
    with pytest.raises(RootMissingError):
        Strongroom.open(home=place / "home", keyfile=place / "store.key")


def test_the_keyfile_of_another_store(place, tmp_path):
    Strongroom.open(home=tmp_path / "other", keyfile=tmp_path / "other.key", create=True).close()
    with pytest.raises(ForeignRootError):
        Strongroom.open(home=place / "home", keyfile=tmp_path / "other.key")


def test_a_keyfile_others_can_read(place):
    (place / "store.key").chmod(0o644)
    with pytest.raises(RootError, match="chmod 600"):
        Strongroom.open(home=place / "home", keyfile=place / "store.key")


def test_a_wrong_recovery_share(place, tmp_path):
    with Strongroom.open(home=tmp_path / "other", keyfile=tmp_path / "other.key", create=True) as other:
        share = other.recovery_share
    with pytest.raises(WrongPassphraseError):
        Strongroom.open(home=place / "home", recovery=share)
    with pytest.raises(WrongPassphraseError, match="mistyped"):
        Strongroom.open(home=place / "home", recovery="nonsense")


def test_a_file_that_is_no_store(tmp_path):
    (tmp_path / "strongroom.db").write_text("not a database, not at all, just words\n" * 50)
    with pytest.raises(StoreDamagedError):
        Strongroom.open(home=tmp_path, keyfile=tmp_path / "k")


def test_a_policy_that_does_not_validate_says_where(place, tmp_path):
    policy = tmp_path / "p.cedar"
    policy.write_text("permit (principal, action, resource)\nwhen { principal.nonsense };")
    with pytest.raises(PolicyInvalidError, match="p.cedar"):
        Strongroom.open(home=place / "home", keyfile=place / "store.key", policy=policy)


def test_a_tool_with_a_nonsense_sink_is_refused_and_the_store_let_go(place):
    with pytest.raises(ConfigurationError, match="tools"):
        Strongroom.open(home=place / "home", keyfile=place / "store.key", tools={"t": {"a": "NOT A SINK"}})
    with Strongroom.open(home=place / "home", keyfile=place / "store.key") as room:
        assert room.house.audit.origin == "shard-0000"


def test_a_log_that_was_cut_is_refused(place):
    with Strongroom.open(home=place / "home", keyfile=place / "store.key") as room:
        room.credentials.issue("bot", **SCOPE)
    (entries,) = (place / "home" / "audit").rglob("*entries*")
    target = entries if entries.is_file() else next(path for path in entries.iterdir())
    target.write_bytes(target.read_bytes()[:-40])
    with pytest.raises(IntegrityError):
        Strongroom.open(home=place / "home", keyfile=place / "store.key")


def test_two_processes_work_on_one_store(place):
    program = (
        "import sys; from pathlib import Path; from strongroom import Strongroom\n"
        "home, key = map(Path, sys.argv[1:])\n"
        "scope = {'tenant': 'acme', 'environment': 'prod'}\n"
        "with Strongroom.open(home=home, keyfile=key) as room, room.session('bot', **scope) as work:\n"
        "    work.history('shared').append('user', 'from the other process')\n"
        "    print(room.house.audit.origin)\n"
    )
    home, key = place / "home", place / "store.key"
    with Strongroom.open(home=home, keyfile=key) as room, room.session("bot", **SCOPE) as work:
        work.history("shared").append("user", "from here")
        done = subprocess.run(
            [sys.executable, "-c", program, home, key], capture_output=True, text=True, check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert (done.returncode, done.stdout.strip()) == (0, "shard-0001"), done.stderr
        said = [message.content for message in work.history("shared").messages()]
        assert said == ["from here", "from the other process"]
        assert {shard.origin for shard in room.verify_audit().shards} == {"shard-0000", "shard-0001"}


def test_opening_the_store_twice_in_one_process_keeps_the_locks_of_the_first(place):
    # Closing a second descriptor of the file would drop them, and another process could then damage the store.
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)\n"
        "try:\n    print(connection.execute('PRAGMA journal_mode=DELETE').fetchone()[0])\n"
        "except sqlite3.OperationalError as error:\n    print(error)\n"
    )
    home, key = place / "home", place / "store.key"

    def other_process():
        done = subprocess.run(
            [sys.executable, "-c", program, home / "strongroom.db"], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    with Strongroom.open(home=home, keyfile=key) as first:
        first.credentials.list()
        assert "locked" in other_process()
        with Strongroom.open(home=home, keyfile=key):
            pass
        assert "locked" in other_process()


def test_provider_keys_are_sealed_and_replaced(room, place):
    assert room.provider_keys.get("openai") is None
    room.provider_keys.put("openai", "sk-provider-one")
    room.provider_keys.put("openai", "sk-provider-two")
    assert room.provider_keys.get("openai") == "sk-provider-two"
    assert room.provider_keys.names() == ["openai"]
    stored = b"".join(path.read_bytes() for path in (place / "home").rglob("*") if path.is_file())
    assert b"sk-provider" not in stored


def test_a_swapped_provider_key_does_not_open(room):
    from strongroom.errors import DecryptionError

    room.provider_keys.put("openai", "sk-one")
    room.house.provider_keys.put("anthropic", room.house.provider_keys.get("openai"))
    with pytest.raises(DecryptionError):
        room.provider_keys.get("anthropic")


def test_keys_by_path(room):
    assert room.keys.create("acme/prod/pii") > 0
    assert room.keys.rotate("acme/prod/pii") > 0
    states = {(row.path, row.version): str(row.state) for row in room.keys.list("acme/prod") if "pii" in row.path}
    assert {version for path, version in states if path == "acme/prod/pii"} == {1, 2}
    with room.session("bot", **SCOPE) as work:
        sealed = work.seal(b"x", category="pii")
        room.keys.rotate("acme/prod/pii")
        assert work.open(sealed, category="pii") == b"x"
        room.keys.destroy("acme/prod/pii")
        with pytest.raises(Exception, match="destroyed"):
            work.open(sealed, category="pii")


def test_status_counts_and_shows_no_secret(room):
    secret = room.credentials.issue("bot", **SCOPE)
    status = room.status()
    assert status["credentials"] == 1
    assert secret not in str(status)
    assert status["entity_types"] > 100


def test_an_unsealed_root_does_not_show_itself(place):
    from strongroom.clock import system_entropy
    from strongroom.settings import load_settings
    from strongroom.wiring.unseal import unseal

    settings = load_settings(home=place / "home", keyfile=place / "store.key")
    made = unseal(settings, create=False, recovery=None, entropy=system_entropy)
    assert made.root.hex() not in repr(made)
    assert repr(made.root) not in repr(made)
    made.database.close()


def test_a_first_run_that_was_cut_off_is_finished_by_the_next(tmp_path):
    from strongroom.adapters.sqlite import Database

    Database.open(tmp_path / "home" / "strongroom.db").close()
    with pytest.raises(RootMissingError, match="never set up"):
        Strongroom.open(home=tmp_path / "home", keyfile=tmp_path / "k")
    with Strongroom.open(home=tmp_path / "home", keyfile=tmp_path / "k", create=True) as room:
        assert room.recovery_share
    shutil.rmtree(tmp_path / "home")
