"""What every `RootProvider` and every `RootStore` must do: first run, unseal, and refuse what is foreign."""

from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from threading import Barrier, Thread

import pytest

from strongroom.adapters.memory import MemoryRootStore
from strongroom.adapters.root_keyfile import KeyfileRoot
from strongroom.adapters.root_passphrase import PassphraseRoot, new_recovery_share
from strongroom.adapters.root_shares import SharesRoot
from strongroom.adapters.sqlite import Database, SQLiteRootStore
from strongroom.clock import system_entropy
from strongroom.errors import (
    ForeignRootError,
    RootError,
    RootMissingError,
    StoreDamagedError,
    StoreLockedError,
)
from strongroom.keys import (
    RootProvider,
    RootStore,
    RootWrap,
    add_unseal_path,
    initialise,
    new_store_id,
    remove_unseal_path,
    unseal,
)
from strongroom.primitives.kdf import Argon2Profile

CHEAP = Argon2Profile(memory_kib=32, iterations=1, lanes=1)
ROOT = bytes(range(32))
CLOUDS = ["awskms", "gcpkms", "azurekv", "vault", "openbao"]
DEVICES = ["pkcs11", "tpm", "keyring", "shares"]
Maker = Callable[[str], RootProvider]


def device(request: pytest.FixtureRequest) -> Maker:
    """Makes a provider by a device: each call another key, TPM, keyring or set of shares."""
    if request.param == "pkcs11":
        tokens = request.getfixturevalue("tokens")
        from strongroom.adapters.root_pkcs11 import SOFTHSM2, Pkcs11Root, TokenKey

        return lambda store_id: Pkcs11Root(
            TokenKey(SOFTHSM2, "strongroom", new_store_id(system_entropy)),
            store_id=store_id, pin=lambda: tokens.pin, create=True,
        )  # fmt: skip
    if request.param == "tpm":
        machines = cycle(request.getfixturevalue("tpms"))
        from strongroom.adapters.root_tpm import TpmRoot

        return lambda store_id: TpmRoot(store_id=store_id, tcti=next(machines))
    if request.param == "keyring":
        pytest.importorskip("keyring", reason="the extra strongroom[keyring] is not installed")
        from strongroom.adapters.root_keyring import KeyringRoot

        def keyring(store_id: str) -> RootProvider:
            backend = DictionaryKeyring()
            return KeyringRoot(store_id=store_id, create=True, backend=lambda: backend)

        return keyring
    return lambda store_id: SharesRoot.create(3, 5, store_id=store_id)


class DictionaryKeyring:
    """As much of a keyring as is used."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self._entries[service, username]


@pytest.fixture(params=["keyfile", "passphrase", "recovery", *DEVICES, *CLOUDS])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    """Makes a provider of one kind for a store id; each call another secret."""
    if request.param in DEVICES:
        return device(request)
    if request.param in CLOUDS:
        clouds = request.getfixturevalue("clouds")
        return lambda store_id: clouds.new_root(request.param, store_id)

    def maker(store_id: str) -> RootProvider:
        if request.param == "keyfile":
            return KeyfileRoot.create(tmp_path / new_store_id(system_entropy), store_id=store_id)
        if request.param == "passphrase":
            return PassphraseRoot.from_text(new_recovery_share(), store_id=store_id, profile=CHEAP)
        return PassphraseRoot.from_share(new_recovery_share(), store_id=store_id, profile=CHEAP)

    return maker


@pytest.fixture(params=["memory", "sqlite"])
def roots(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RootStore]:
    if request.param == "memory":
        yield MemoryRootStore()
        return
    database = Database.open(tmp_path / "home" / "strongroom.db")
    yield SQLiteRootStore(database)
    database.close()


def test_what_was_wrapped_unwraps(make: Maker) -> None:
    provider = make("store-1")
    assert provider.unwrap(provider.wrap(ROOT)) == ROOT


def test_wraps_are_salted_and_hide_the_root(make: Maker) -> None:
    provider = make("store-1")
    first, second = provider.wrap(ROOT), provider.wrap(ROOT)
    assert first != second
    assert ROOT not in first


def test_another_secret_does_not_open(make: Maker) -> None:
    wrapped = make("store-1").wrap(ROOT)
    with pytest.raises(RootError):
        make("store-1").unwrap(wrapped)


def test_every_damaged_byte_is_a_root_error(make: Maker) -> None:
    provider = make("store-1")
    wrapped = provider.wrap(ROOT)
    for index in range(1, len(wrapped)):
        damaged = bytearray(wrapped)
        damaged[index] ^= 1
        with pytest.raises(RootError):
            provider.unwrap(bytes(damaged))
    for length in (0, 1, 20, len(wrapped) - 1):
        with pytest.raises(RootError):
            provider.unwrap(wrapped[:length])


def test_it_describes_itself_in_one_line_without_a_secret(make: Maker) -> None:
    provider = make("store-1")
    assert provider.describe()
    assert "\n" not in provider.describe()
    assert isinstance(provider.scheme, str)


def test_first_run_then_unseal(make: Maker, roots: RootStore) -> None:
    store_id = new_store_id(system_entropy)
    provider = make(store_id)
    assert roots.store_id() is None
    root = initialise(roots, store_id=store_id, providers=[provider], entropy=system_entropy)
    assert len(root) == 32
    assert roots.store_id() == store_id
    assert unseal(roots, provider) == root


def test_independent_paths_lead_to_one_root(roots: RootStore, tmp_path: Path) -> None:
    keyfile = KeyfileRoot.create(tmp_path / "keyfile", store_id="store-1")
    share = new_recovery_share()
    recovery = PassphraseRoot.from_share(share, store_id="store-1", profile=CHEAP)
    root = initialise(roots, store_id="store-1", providers=[keyfile, recovery], entropy=system_entropy)
    assert unseal(roots, keyfile) == root
    assert unseal(roots, PassphraseRoot.from_share(share.lower(), store_id="store-1")) == root
    phrase = PassphraseRoot.from_text("correct horse", store_id="store-1", profile=CHEAP)
    with pytest.raises(RootMissingError, match="passphrase"):
        unseal(roots, phrase)
    add_unseal_path(roots, root=root, provider=phrase)
    assert unseal(roots, phrase) == root
    assert [wrap.scheme for wrap in roots.wraps()] == ["keyfile", "passphrase", "recovery"]


def test_a_path_is_replaced_and_removed_but_never_the_last(roots: RootStore) -> None:
    old = PassphraseRoot.from_text("old", store_id="store-1", profile=CHEAP)
    new = PassphraseRoot.from_text("new", store_id="store-1", profile=CHEAP)
    root = initialise(roots, store_id="store-1", providers=[old], entropy=system_entropy)
    add_unseal_path(roots, root=root, provider=new)
    assert unseal(roots, new) == root
    with pytest.raises(RootError):
        unseal(roots, old)
    with pytest.raises(RootError, match="only way"):
        remove_unseal_path(roots, scheme="passphrase")
    add_unseal_path(
        roots,
        root=root,
        provider=PassphraseRoot.from_share(new_recovery_share(), store_id="store-1", profile=CHEAP),
    )
    remove_unseal_path(roots, scheme="passphrase")
    with pytest.raises(RootMissingError):
        unseal(roots, new)
    with pytest.raises(RootMissingError, match="passphrase"):
        remove_unseal_path(roots, scheme="passphrase")
    roots.remove_wrap("passphrase")


def test_a_store_is_set_up_once(make: Maker, roots: RootStore) -> None:
    provider = make("store-1")
    root = initialise(roots, store_id="store-1", providers=[provider], entropy=system_entropy)
    with pytest.raises(StoreLockedError, match="another process"):
        initialise(roots, store_id="store-2", providers=[make("store-2")], entropy=system_entropy)
    assert roots.store_id() == "store-1"
    assert unseal(roots, provider) == root


def test_a_store_that_was_never_set_up_says_so(make: Maker, roots: RootStore) -> None:
    with pytest.raises(RootMissingError, match="not been set up"):
        unseal(roots, make("store-1"))
    with pytest.raises(StoreDamagedError):
        roots.fingerprint()


def test_the_root_of_another_store_is_refused(make: Maker, roots: RootStore) -> None:
    provider = make("store-1")
    initialise(roots, store_id="store-1", providers=[provider], entropy=system_entropy)
    # A wrap of another root that the provider does open: only the fingerprint tells.
    roots.put_wrap(RootWrap(provider.scheme, provider.wrap(bytes(32))))
    with pytest.raises(ForeignRootError, match="another store"):
        unseal(roots, provider)
    with pytest.raises(ForeignRootError):
        add_unseal_path(roots, root=bytes(32), provider=provider)


def test_a_provider_that_fails_leaves_the_store_unborn(roots: RootStore, tmp_path: Path) -> None:
    absent = KeyfileRoot(tmp_path / "absent", store_id="store-1")
    with pytest.raises(RootMissingError):
        initialise(roots, store_id="store-1", providers=[absent], entropy=system_entropy)
    assert roots.store_id() is None


def test_every_path_alone_leads_to_the_root_when_all_others_are_lost(
    roots: RootStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tokens, machines = request.getfixturevalue("tokens"), request.getfixturevalue("tpms")
    from strongroom.adapters.root_pkcs11 import SOFTHSM2, Pkcs11Root, TokenKey
    from strongroom.adapters.root_tpm import TpmRoot

    key = TokenKey(SOFTHSM2, "strongroom", new_store_id(system_entropy))
    paths: list[RootProvider] = [
        KeyfileRoot.create(tmp_path / "keyfile", store_id="store-1"),
        PassphraseRoot.from_text("correct horse", store_id="store-1", profile=CHEAP),
        PassphraseRoot.from_share(new_recovery_share(), store_id="store-1", profile=CHEAP),
        Pkcs11Root(key, store_id="store-1", pin=lambda: tokens.pin, create=True),
        TpmRoot(store_id="store-1", tcti=machines[0]),
        SharesRoot.create(2, 3, store_id="store-1"),
    ]
    root = initialise(roots, store_id="store-1", providers=paths, entropy=system_entropy)
    for survivor in paths:
        others = [wrap for wrap in roots.wraps() if wrap.scheme != survivor.scheme]
        for wrap in others:
            remove_unseal_path(roots, scheme=wrap.scheme)
        assert unseal(roots, survivor) == root
        with pytest.raises(RootError, match="only way"):
            remove_unseal_path(roots, scheme=survivor.scheme)
        for wrap in others:
            roots.put_wrap(wrap)


def test_two_removals_at_once_leave_a_path(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "home" / "strongroom.db")
    roots = SQLiteRootStore(database)
    roots.begin("store-1", bytes(16), (RootWrap("a", b"a"), RootWrap("b", b"b")))
    barrier, refused = Barrier(2), []

    def remove(scheme: str) -> None:
        barrier.wait()
        try:
            roots.remove_wrap(scheme)
        except RootError:
            refused.append(scheme)

    workers = [Thread(target=remove, args=(scheme,)) for scheme in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [wrap.scheme for wrap in roots.wraps()] == refused
    assert len(refused) == 1
    database.close()
