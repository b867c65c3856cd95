"""The keyfile: what it looks like, and every way in which it may be wrong, each said plainly."""

import os
import pickle
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom.adapters.root_keyfile import KeyfileRoot
from strongroom.adapters.root_passphrase import PassphraseRoot, new_recovery_share
from strongroom.errors import (
    ForeignRootError,
    FormatError,
    PermitError,
    RootError,
    RootMissingError,
    WrongPassphraseError,
)
from strongroom.formats.copyable import read_copyable, write_copyable
from strongroom.primitives.kdf import Argon2Profile

CHEAP = Argon2Profile(memory_kib=32, iterations=1, lanes=1)
ROOT = bytes(range(32))


@pytest.fixture
def keyfile(tmp_path: Path) -> Path:
    KeyfileRoot.create(tmp_path / "config" / "strongroom" / "store-1.key", store_id="store-1")
    return tmp_path / "config" / "strongroom" / "store-1.key"


def test_a_new_keyfile_is_private_and_names_its_store(keyfile: Path) -> None:
    assert stat.S_IMODE(keyfile.stat().st_mode) == 0o600
    assert stat.S_IMODE(keyfile.parent.stat().st_mode) == 0o700
    marker, store, key = keyfile.read_text().splitlines()
    assert (marker, store) == ("strongroom-keyfile/1", "store store-1")
    assert len(read_copyable(key.removeprefix("key "), 32)) == 32


def test_a_keyfile_is_never_written_over(keyfile: Path) -> None:
    before = keyfile.read_bytes()
    with pytest.raises(RootError, match="File exists"):
        KeyfileRoot.create(keyfile, store_id="store-2")
    assert keyfile.read_bytes() == before


def test_a_missing_keyfile_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(RootMissingError, match=r"no keyfile at .*absent") as refusal:
        KeyfileRoot(tmp_path / "absent", store_id="store-1").unwrap(b"")
    assert "--keyfile" in refusal.value.diagnostics()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_keyfile_others_can_read_is_refused(keyfile: Path, mode: int) -> None:
    keyfile.chmod(mode)
    with pytest.raises(RootError, match="chmod 600"):
        KeyfileRoot(keyfile, store_id="store-1").wrap(ROOT)


def test_the_keyfile_of_another_store_is_refused_by_name(keyfile: Path) -> None:
    with pytest.raises(ForeignRootError, match="another store"):
        KeyfileRoot(keyfile, store_id="store-2").unwrap(b"")


def test_a_keyfile_with_another_key_is_refused(keyfile: Path, tmp_path: Path) -> None:
    wrapped = KeyfileRoot(keyfile, store_id="store-1").wrap(ROOT)
    other = KeyfileRoot.create(tmp_path / "other", store_id="store-1")
    with pytest.raises(ForeignRootError, match="does not open it"):
        other.unwrap(wrapped)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "x",
        "strongroom-keyfile/2\nstore store-1\nkey A\n",
        "a\nb\nc\n",
        "strongroom-keyfile/1\nstore-1\nkey A\n",
    ],
)
def test_what_is_no_keyfile_is_said_to_be_none(keyfile: Path, content: str) -> None:
    keyfile.write_text(content)
    with pytest.raises(RootError, match="not a keyfile"):
        KeyfileRoot(keyfile, store_id="store-1").wrap(ROOT)


def test_a_large_file_or_a_pipe_is_no_keyfile(keyfile: Path) -> None:
    keyfile.write_text("x" * 5000)
    with pytest.raises(RootError, match="not a keyfile"):
        KeyfileRoot(keyfile, store_id="store-1").wrap(ROOT)
    keyfile.unlink()
    os.mkfifo(keyfile, 0o600)
    with pytest.raises(RootError, match="not a keyfile"):
        KeyfileRoot(keyfile, store_id="store-1").wrap(ROOT)


def test_a_mistyped_keyfile_is_recognised_without_showing_it(keyfile: Path) -> None:
    text = keyfile.read_text()
    position = text.index("key ") + 4
    swapped = "Z" if text[position] != "Z" else "Y"
    keyfile.write_text(text[:position] + swapped + text[position + 1 :])
    with pytest.raises(RootError, match="damaged: a character is wrong") as refusal:
        KeyfileRoot(keyfile, store_id="store-1").wrap(ROOT)
    assert text[position + 5 : position + 20] not in str(refusal.value)


def test_an_unreadable_place_is_a_root_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RootError, match="cannot be made"):
        KeyfileRoot.create(tmp_path / "file" / "key", store_id="store-1")
    with pytest.raises(RootError, match="cannot be read"):
        KeyfileRoot(tmp_path / "file" / "key", store_id="store-1").wrap(ROOT)


def test_a_share_is_readable_in_any_hand() -> None:
    share = new_recovery_share(lambda count: bytes(range(count)))
    assert len(share.split("-")) == 9
    assert {len(group) for group in share.split("-")} == {4}
    provider = PassphraseRoot.from_share(share, store_id="store-1", profile=CHEAP)
    wrapped = provider.wrap(ROOT)
    hand = share.lower().replace("-", "  ").replace("0", "o").replace("1", "l")
    assert hand != share.lower()
    assert PassphraseRoot.from_share(hand, store_id="store-1").unwrap(wrapped) == ROOT


def test_a_share_has_160_bits() -> None:
    asked: list[int] = []

    def entropy(count: int) -> bytes:
        asked.append(count)
        return bytes(count)

    new_recovery_share(entropy)
    assert asked == [20]


def test_every_slip_in_a_share_is_found() -> None:
    share = new_recovery_share(lambda count: bytes(range(count)))
    for index, character in enumerate(share):
        if character == "-":
            continue
        slip = share[:index] + ("7" if character != "7" else "8") + share[index + 1 :]
        with pytest.raises(WrongPassphraseError, match="mistyped") as refusal:
            PassphraseRoot.from_share(slip, store_id="store-1")
        assert slip not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 characters instead of 36"),
        ("ABCD", "4 characters instead of 36"),
        ("ABCD-U" + "0" * 31, "group 2 has a character that never occurs"),
        ("ABCD-é" + "0" * 31, "group 2 has a character that never occurs"),
    ],
)
def test_what_is_no_share_says_what_is_wrong_with_it(text: str, message: str) -> None:
    with pytest.raises(WrongPassphraseError, match=message):
        PassphraseRoot.from_share(text, store_id="store-1")


@pytest.mark.parametrize(
    ("maker", "noun"),
    [(PassphraseRoot.from_text, "passphrase"), (PassphraseRoot.from_share, "recovery share")],
)
def test_the_wrong_passphrase_and_the_wrong_share_are_named(
    maker: Callable[..., PassphraseRoot], noun: str
) -> None:
    right, wrong = (maker(new_recovery_share(), store_id="store-1", profile=CHEAP) for _ in range(2))
    with pytest.raises(WrongPassphraseError, match=f"the {noun} does not open this store"):
        wrong.unwrap(right.wrap(ROOT))
    assert right.describe() == noun


def test_a_passphrase_is_the_same_from_any_keyboard() -> None:
    composed = PassphraseRoot.from_text("Schl\u00fcssel", store_id="store-1", profile=CHEAP)
    decomposed = PassphraseRoot.from_text("Schlu\u0308ssel", store_id="store-1")
    assert decomposed.unwrap(composed.wrap(ROOT)) == ROOT


@pytest.mark.parametrize("passphrase", ["", "x" * 5000])
def test_an_impossible_passphrase_is_refused(passphrase: str) -> None:
    with pytest.raises(WrongPassphraseError, match="empty or too long"):
        PassphraseRoot.from_text(passphrase, store_id="store-1")


def test_the_wrap_carries_its_own_cost() -> None:
    dear = Argon2Profile(memory_kib=64, iterations=2, lanes=2)
    wrapped = PassphraseRoot.from_text("p", store_id="store-1", profile=dear).wrap(ROOT)
    assert wrapped[:11] == b"\x01\x00\x00\x00\x40\x00\x00\x00\x02\x00\x02"
    assert PassphraseRoot.from_text("p", store_id="store-1", profile=CHEAP).unwrap(wrapped) == ROOT


def test_the_default_cost_is_the_one_of_rfc_9106() -> None:
    profile = PassphraseRoot.from_text("p", store_id="store-1").profile
    assert (profile.memory_kib, profile.iterations, profile.lanes) == (65536, 3, 4)


@pytest.mark.parametrize(
    "header",
    [
        b"\x02\x00\x00\x00\x20\x00\x00\x00\x01\x00\x01",
        b"\x01\xff\xff\xff\xff\x00\x00\x00\x01\x00\x01",
        b"\x01\x00\x00\x00\x20\xff\xff\xff\xff\x00\x01",
        b"\x01\x00\x00\x00\x20\x00\x00\x00\x01\xff\xff",
        b"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01",
        b"\x01\x00\x00\x00\x20\x00\x00\x00\x00\x00\x01",
        b"\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x01",
    ],
)
def test_a_hostile_cost_is_not_obeyed(header: bytes) -> None:
    provider = PassphraseRoot.from_text("p", store_id="store-1", profile=CHEAP)
    with pytest.raises(RootError, match="damaged"):
        provider.unwrap(header + provider.wrap(ROOT)[11:])


def test_a_passphrase_neither_shows_nor_leaves() -> None:
    provider = PassphraseRoot.from_text("hunter2", store_id="store-1")
    assert "hunter2" not in repr(provider)
    with pytest.raises(PermitError):
        pickle.dumps(provider)


def test_only_a_hand_full_of_bytes_is_copied_by_hand() -> None:
    for length in (0, 65):
        with pytest.raises(FormatError):
            write_copyable(bytes(length))
