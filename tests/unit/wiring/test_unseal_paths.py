"""Independent ways to one root: losing one locks nobody out, and the last one cannot be lost by mistake."""

from pathlib import Path
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.errors import ConfigurationError, PermitError, RootError, RootMissingError, WrongPassphraseError

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}


def test_losing_one_path_locks_nobody_out(open_room, place: Path) -> None:
    room = open_room()
    with room.session("bot", **SCOPE) as work:
        sealed = work.seal(b"x", category="pii")
    added = room.unseal.add("passphrase:", ask=lambda _: "correct horse")
    assert (added.scheme, added.shares) == ("passphrase", ())
    assert room.unseal.list() == ("keyfile", "passphrase", "recovery")
    (place / "store.key").unlink()
    with pytest.raises(RootMissingError):
        open_room()
    with Strongroom.open(home=place / "home", root="passphrase:", ask=lambda _: "correct horse") as other:
        with other.session("bot", **SCOPE) as work:
            assert work.open(sealed, category="pii") == b"x"
        other.unseal.remove("keyfile")
        assert other.unseal.list() == ("passphrase", "recovery")


def test_a_path_is_tried_without_changing_anything(room) -> None:
    room.unseal.add("passphrase:", ask=lambda _: "correct horse")
    assert room.unseal.test("passphrase:", ask=lambda _: "correct horse") == "passphrase"
    with pytest.raises(WrongPassphraseError):
        room.unseal.test("passphrase:", ask=lambda _: "wrong horse")
    with pytest.raises(RootMissingError, match="no such wrap, but: keyfile, passphrase, recovery"):
        room.house.unseal_paths.require(_Liar())
    with pytest.raises(ConfigurationError):
        room.unseal.test("nonsense:")


def test_a_path_that_does_not_give_the_root_back_is_not_recorded(room) -> None:
    before = room.unseal.list()
    with pytest.raises(RootError, match="does not give back"):
        room.house.unseal_paths.add(_Liar())
    assert room.unseal.list() == before


def test_what_is_done_to_paths_stands_in_the_log(room) -> None:
    room.unseal.add("passphrase:", ask=lambda _: "p")
    room.unseal.remove("passphrase")
    actions = [entry["action"] for entry in room.audit_entries(20)]
    assert actions.count("manage_key") >= 4, actions


def test_the_holder_of_the_root_shows_and_lends_nothing(room) -> None:
    import pickle

    paths = room.house.unseal_paths
    assert "root" not in repr(paths)
    with pytest.raises(PermitError):
        pickle.dumps(paths)


class _Liar:
    scheme = "liar"

    def wrap(self, root: bytes) -> bytes:
        return bytes(40)

    def unwrap(self, wrapped: bytes) -> bytes:
        return bytes(32)

    def describe(self) -> str:
        return "a path that forgets"
