"""The desktop's keyring as an unseal path, with one in memory: locked, missing, replaced, or keeping in clear."""

from pathlib import Path

import pytest

keyring = pytest.importorskip("keyring", reason="the extra strongroom[keyring] is not installed")

from keyring.backend import KeyringBackend  # noqa: E402
from keyring.backends import fail, null  # noqa: E402
from keyring.errors import KeyringLocked, NoKeyringError, PasswordDeleteError, PasswordSetError  # noqa: E402

from strongroom import Strongroom  # noqa: E402
from strongroom.adapters.root_keyring import KeyringRoot  # noqa: E402
from strongroom.errors import ForeignRootError, RootError, RootKeyGoneError, TokenMissingError  # noqa: E402

ROOT = bytes(range(32))


class MemoryKeyring(KeyringBackend):
    """Keeps entries in a dictionary; `fault` is raised instead, if set."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.fault: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.fault:
            raise self.fault
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.fault:
            raise self.fault
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.entries:
            raise PasswordDeleteError
        del self.entries[service, username]


class PlaintextKeyring(MemoryKeyring):
    """Named like the one of keyrings.alt."""


@pytest.fixture
def backend() -> MemoryKeyring:
    return MemoryKeyring()


def provider(backend: KeyringBackend, *, store_id: str = "store-1", create: bool = True) -> KeyringRoot:
    return KeyringRoot(store_id=store_id, create=create, backend=lambda: backend)


def test_the_root_never_goes_into_the_keyring(backend) -> None:
    wrapped = provider(backend).wrap(ROOT)
    assert provider(backend).unwrap(wrapped) == ROOT
    ((place, text),) = backend.entries.items()
    assert place == ("strongroom", "store-1")
    assert ROOT.hex() not in text
    assert len(text.replace("-", "")) == 56


def test_an_entry_is_used_again_and_never_written_over(backend) -> None:
    first = provider(backend).wrap(ROOT)
    second = provider(backend).wrap(ROOT)
    assert provider(backend).unwrap(first) == provider(backend).unwrap(second) == ROOT


def test_without_its_entry(backend) -> None:
    wrapped = provider(backend).wrap(ROOT)
    provider(backend).forget_key()
    with pytest.raises(RootKeyGoneError, match="no entry strongroom/store-1"):
        provider(backend).unwrap(wrapped)
    with pytest.raises(RootKeyGoneError):
        provider(backend, create=False).wrap(ROOT)
    with pytest.raises(RootError, match="PasswordDeleteError"):
        provider(backend).forget_key()


def test_an_entry_that_was_replaced_or_damaged(backend) -> None:
    wrapped = provider(backend).wrap(ROOT)
    before = backend.entries.pop(("strongroom", "store-1"))
    provider(backend).wrap(ROOT)
    with pytest.raises(ForeignRootError, match="does not open"):
        provider(backend).unwrap(wrapped)
    backend.entries["strongroom", "store-1"] = before[:-1]
    with pytest.raises(RootError, match="damaged") as refusal:
        provider(backend).unwrap(wrapped)
    assert before[:9] not in str(refusal.value)


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        (KeyringLocked(), TokenMissingError, "unlock it"),
        (NoKeyringError(), TokenMissingError, "no keyring"),
        (PasswordSetError("entry strongroom"), RootError, "PasswordSetError"),
    ],
)
def test_a_keyring_that_fails(backend, fault: Exception, kind: type[RootError], reason: str) -> None:
    backend.fault = fault
    with pytest.raises(kind, match=reason):
        provider(backend).wrap(ROOT)


def test_a_keyring_that_cannot_be_written(backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "set_password", lambda *_: (_ for _ in ()).throw(PasswordSetError()))
    with pytest.raises(RootError, match="PasswordSetError"):
        provider(backend).wrap(ROOT)


def test_a_session_without_a_keyring_or_with_one_in_clear() -> None:
    for absent in (fail.Keyring(), null.Keyring()):
        with pytest.raises(TokenMissingError, match="no keyring in this session"):
            provider(absent).wrap(ROOT)
    with pytest.raises(RootError, match="keeps entries in clear"):
        provider(PlaintextKeyring()).wrap(ROOT)


def test_a_room_is_unsealed_by_the_keyring(backend, tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        with Strongroom.open(home=tmp_path / "home", root="keyring:", create=True) as room:
            assert room.unseal.list() == ("keyring", "recovery")
        with Strongroom.open(home=tmp_path / "home", root="keyring:") as room:
            assert "keyring entry strongroom/" in room.unseal.test("keyring:")
        backend.entries.clear()
        with pytest.raises(RootKeyGoneError):
            Strongroom.open(home=tmp_path / "home", root="keyring:")
    finally:
        keyring.set_keyring(before)
