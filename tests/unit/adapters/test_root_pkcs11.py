"""A PKCS#11 token as an unseal path, on SoftHSM2: the key stays inside, and each failure has a name."""

import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

from strongroom.errors import (
    ConfigurationError,
    ForeignRootError,
    PermitError,
    RootError,
    RootKeyGoneError,
    TokenMissingError,
    WrongPinError,
)

pkcs11 = pytest.importorskip("pkcs11", reason="the extra strongroom[pkcs11] is not installed")

from strongroom.adapters.root_pkcs11 import SOFTHSM2, Pkcs11Root, TokenKey  # noqa: E402
from strongroom.clock import system_entropy  # noqa: E402
from strongroom.keys import new_store_id  # noqa: E402

ROOT = bytes(range(32))


@pytest.fixture
def label() -> str:
    return new_store_id(system_entropy)


@pytest.fixture
def make(tokens: Any, label: str):
    def maker(store_id: str = "store-1", *, pin: str = "", **changes: Any) -> Pkcs11Root:
        given: dict[str, Any] = {"module": SOFTHSM2, "token": "strongroom", "label": label}
        create = changes.pop("create", True)
        key = TokenKey(**(given | changes))
        return Pkcs11Root(key, store_id=store_id, pin=lambda: pin or tokens.pin, create=create)

    return maker


@pytest.fixture
def session(tokens: Any):
    token = pkcs11.lib(SOFTHSM2).get_token(token_label="strongroom")
    with token.open(user_pin=tokens.pin, rw=True) as opened:
        yield opened


def test_the_key_cannot_leave_the_token(make, label, tokens) -> None:
    make().wrap(ROOT)
    token = pkcs11.lib(SOFTHSM2).get_token(token_label="strongroom")
    with token.open(user_pin=tokens.pin) as opened:
        key = opened.get_key(label=label)
        flags = {name: key[getattr(pkcs11.Attribute, name)] for name in ("SENSITIVE", "EXTRACTABLE", "PRIVATE")}
        assert flags == {"SENSITIVE": True, "EXTRACTABLE": False, "PRIVATE": True}
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]
        carrier = opened.generate_key(pkcs11.KeyType.AES, 256, template={pkcs11.Attribute.WRAP: True})
        with pytest.raises(pkcs11.exceptions.KeyUnextractable):
            carrier.wrap_key(key, mechanism=pkcs11.Mechanism.AES_KEY_WRAP)


def test_a_key_that_can_be_read_out_is_refused(make, label, session) -> None:
    template = {pkcs11.Attribute.EXTRACTABLE: True, pkcs11.Attribute.SENSITIVE: False}
    session.generate_key(pkcs11.KeyType.AES, 256, label=label, store=True, template=template)
    with pytest.raises(RootError, match="can be read out of it"):
        make().wrap(ROOT)


def test_the_store_is_bound_inside_the_token(make) -> None:
    wrapped = make("store-1").wrap(ROOT)
    assert make("store-1").unwrap(wrapped) == ROOT
    with pytest.raises(ForeignRootError, match="does not open this store's wrap"):
        make("store-2").unwrap(wrapped)


def test_another_key_of_the_same_token_does_not_open(make) -> None:
    wrapped = make().wrap(ROOT)
    other = make(label="another")
    other.wrap(ROOT)
    with pytest.raises(ForeignRootError):
        other.unwrap(wrapped)
    other.forget_key()


def test_a_wrong_pin_is_named_and_tried_once(make) -> None:
    asked: list[str] = []
    provider = make()
    wrapped = provider.wrap(ROOT)

    def wrong() -> str:
        asked.append("PIN")
        return "not-the-pin"

    again = Pkcs11Root(provider._where, store_id="store-1", pin=wrong)
    with pytest.raises(WrongPinError, match="token strongroom refuses the PIN") as refusal:
        again.unwrap(wrapped)
    assert asked == ["PIN"]
    assert "not-the-pin" not in str(refusal.value)
    assert "Do not guess" in refusal.value.diagnostics()
    assert provider.unwrap(wrapped) == ROOT


def test_a_key_that_is_gone_is_named(make, label) -> None:
    provider = make()
    wrapped = provider.wrap(ROOT)
    provider.forget_key()
    with pytest.raises(RootKeyGoneError, match=f"there is no key {label} in token strongroom"):
        provider.unwrap(wrapped)
    with pytest.raises(RootKeyGoneError):
        make(create=False).wrap(ROOT)


def test_a_token_or_module_that_is_not_there(make, tmp_path: Path) -> None:
    with pytest.raises(TokenMissingError, match="token absent is not there"):
        make(token="absent").unwrap(bytes([1]) + bytes(60))
    with pytest.raises(TokenMissingError, match="token strongroom is not there"):
        make(serial="0000").unwrap(bytes([1]) + bytes(60))
    with pytest.raises(TokenMissingError, match="nothing.so cannot be loaded"):
        make(module=str(tmp_path / "nothing.so")).wrap(ROOT)


def test_two_keys_of_one_name_are_told_apart_by_their_id(make, label, session) -> None:
    for name in (b"\xff1", b"\xff2"):
        session.generate_key(
            pkcs11.KeyType.AES, 256, label=label, id=name, store=True,
            template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
        )  # fmt: skip
    with pytest.raises(RootError, match="several keys"):
        make().wrap(ROOT)
    wrapped = make(id=b"\xff1").wrap(ROOT)
    assert make(id=b"\xff1").unwrap(wrapped) == ROOT
    with pytest.raises(ForeignRootError):
        make(id=b"\xff2").unwrap(wrapped)


def test_a_program_that_is_logged_in_already_can_unseal(make, session) -> None:
    assert make().unwrap(make().wrap(ROOT)) == ROOT


def test_threads_do_not_log_each_other_out(make) -> None:
    provider = make()
    wrapped = provider.wrap(ROOT)
    found: list[bytes] = []
    workers = [threading.Thread(target=lambda: found.append(provider.unwrap(wrapped))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [ROOT] * 8


@pytest.mark.parametrize("wrapped", [b"", b"\x01", b"\x02" + bytes(60), b"\x01" + bytes(61)])
def test_what_is_no_wrap_never_reaches_the_token(make, wrapped: bytes) -> None:
    with pytest.raises(RootError, match="damaged"):
        make(token="absent").unwrap(wrapped)


def test_a_provider_keeps_its_pin_to_itself(make, tokens) -> None:
    provider = make()
    assert tokens.pin not in repr(provider)
    assert "\n" not in provider.describe()
    with pytest.raises(PermitError):
        pickle.dumps(provider)


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("pkcs11:?pin-value=1234", "does not belong in a URI"),
        ("pkcs11:?pin-source=|cat", "never a command"),
        ("pkcs11:slot-id=3", "no attribute slot-id"),
        ("pkcs11:?nonsense=1", "no option nonsense"),
        ("pkcs11:token", "expected each"),
    ],
)
def test_a_uri_that_is_refused_does_not_show_a_pin(room, uri: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason.replace("|", r"\|")) as refusal:
        room.unseal.add(uri)
    assert "1234" not in str(refusal.value)


def test_a_room_is_unsealed_by_a_token(tokens, tmp_path: Path) -> None:
    from strongroom import Strongroom

    home, uri = tmp_path / "home", tokens.uri()
    with Strongroom.open(home=home, root=uri, create=True) as room:
        assert room.unseal.list() == ("pkcs11", "recovery")
        room.unseal.add(tokens.uri("second") + "&label=spare")
        assert room.unseal.list() == ("pkcs11", "pkcs11:spare", "recovery")
    asked: list[str] = []

    def ask(what: str) -> str:
        asked.append(what)
        return str(tokens.pin)

    with Strongroom.open(home=home, root="pkcs11:", ask=ask) as room:
        assert asked == ["PIN of token strongroom"]
        room.unseal.remove("pkcs11")
    with pytest.raises(RootError, match="no such wrap"):
        Strongroom.open(home=home, root=uri)
    Strongroom.open(home=home, root=tokens.uri("second") + "&label=spare").close()


def test_without_the_extra_it_says_what_to_install(room, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from strongroom.errors import ExtraMissingError

    monkeypatch.setitem(sys.modules, "pkcs11", None)
    monkeypatch.delitem(sys.modules, "strongroom.adapters.root_pkcs11", raising=False)
    with pytest.raises(ExtraMissingError, match=r"pip install 'strongroom\[pkcs11\]'"):
        room.unseal.add("pkcs11:")
