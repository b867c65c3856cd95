"""`KmsRoot` over a key service made of a dictionary: what it keeps, what it checks, what it tries again."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import stamina

from strongroom.clock import system_entropy
from strongroom.errors import (
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
    KmsUnavailableError,
    RootError,
)
from strongroom.formats.kms_wrap import parse
from strongroom.keys.kms import PATIENCE_S, TRIES, Encrypted, KmsRoot, refusal, require_own_key

ROOT = bytes(range(32))
REFUSALS = [
    KmsError,
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
]


@dataclass
class TickingClock:
    """Each reading is a second later than the one before."""

    ticks: float = 0.0
    step: float = 0.0

    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        self.ticks += self.step
        return self.ticks


@dataclass
class DictionaryKey:
    """A service that keeps what it was given; `fails` are raised first, one per call; `returns` overrides."""

    name: str = "Dictionary key-1"
    kept: dict[bytes, tuple[bytes, str]] = field(default_factory=dict, repr=False)
    fails: list[KmsError] = field(default_factory=list)
    returns: bytes | None = None
    called: list[str] = field(default_factory=list)
    names_itself: str = "key-1"

    def encrypt(self, plaintext: bytes, *, store_id: str) -> Encrypted:
        self._enter("encrypt")
        ciphertext = system_entropy(16)
        self.kept[ciphertext] = (plaintext, store_id)
        return Encrypted(self.names_itself, ciphertext)

    def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
        self._enter("decrypt")
        require_own_key("key-1", key=self.name, wrapped_by=sealed.key)
        plaintext, bound = self.kept.get(sealed.ciphertext, (b"", ""))
        if bound != store_id:
            raise refusal(KmsContextMismatchError, self.name, "context")
        return plaintext if self.returns is None else self.returns

    def _enter(self, operation: str) -> None:
        self.called.append(operation)
        if self.fails:
            raise self.fails.pop(0)


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    """stamina's own switch for tests: the same number of tries, no time between them."""
    with stamina.set_testing(True, attempts=TRIES, cap=True):
        yield


@pytest.fixture
def key() -> DictionaryKey:
    return DictionaryKey()


def root_of(key: DictionaryKey, store_id: str = "store-1", step: float = 0.0) -> KmsRoot:
    return KmsRoot(key, "dictionary", store_id, TickingClock(step=step))


def down() -> KmsError:
    return refusal(KmsUnavailableError, "Dictionary key-1", "busy")


def test_the_service_never_sees_the_root(key: DictionaryKey) -> None:
    wrapped = root_of(key).wrap(ROOT)
    assert root_of(key).unwrap(wrapped) == ROOT
    assert [len(plaintext) for plaintext, _ in key.kept.values()] == [32]
    assert all(plaintext != ROOT and plaintext not in wrapped for plaintext, _ in key.kept.values())


def test_a_wrap_is_tried_out_before_it_is_kept(key: DictionaryKey) -> None:
    root_of(key).wrap(ROOT)
    assert key.called == ["encrypt", "decrypt"]
    key.returns = bytes(32)
    with pytest.raises(KmsError, match="gave back something else"):
        root_of(key).wrap(ROOT)


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_key_that_encrypts_and_does_not_decrypt_is_not_accepted(
    key: DictionaryKey, kind: type[KmsError]
) -> None:
    class OneWay(DictionaryKey):
        def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
            raise refusal(kind, self.name, "no")

    with pytest.raises(kind):
        root_of(OneWay()).wrap(ROOT)


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_is_final(key: DictionaryKey, kind: type[KmsError]) -> None:
    wrapped = root_of(key).wrap(ROOT)
    key.called.clear()
    key.fails = [refusal(kind, key.name, "no")]
    with pytest.raises(kind) as refused:
        root_of(key).unwrap(wrapped)
    assert type(refused.value) is kind
    assert key.called == ["decrypt"]


def test_a_flapping_service_is_asked_again(key: DictionaryKey) -> None:
    key.fails = [down(), down()]
    wrapped = root_of(key).wrap(ROOT)
    key.fails = [down() for _ in range(TRIES - 1)]
    assert root_of(key).unwrap(wrapped) == ROOT


def test_patience_has_a_number(key: DictionaryKey) -> None:
    wrapped = root_of(key).wrap(ROOT)
    key.called.clear()
    key.fails = [down() for _ in range(TRIES)]
    with pytest.raises(KmsUnavailableError, match="busy"):
        root_of(key).unwrap(wrapped)
    assert key.called == ["decrypt"] * TRIES


def test_patience_has_an_end(key: DictionaryKey) -> None:
    wrapped = root_of(key).wrap(ROOT)
    key.called.clear()
    key.fails = [down() for _ in range(TRIES)]
    with pytest.raises(KmsUnavailableError):
        root_of(key, step=PATIENCE_S).unwrap(wrapped)
    assert key.called == ["decrypt"]


def test_a_refusal_after_an_outage_is_the_refusal(key: DictionaryKey) -> None:
    wrapped = root_of(key).wrap(ROOT)
    key.fails = [down(), refusal(KmsDisabledError, key.name, "off")]
    with pytest.raises(KmsDisabledError):
        root_of(key).unwrap(wrapped)


@pytest.mark.parametrize("returned", [bytes(32), b"", bytes(31), bytes(33)])
def test_a_wrong_answer_opens_nothing(key: DictionaryKey, returned: bytes) -> None:
    wrapped = root_of(key).wrap(ROOT)
    key.returns = returned
    with pytest.raises(KmsContextMismatchError, match="its answer"):
        root_of(key).unwrap(wrapped)


def test_a_wrap_is_its_stores_and_its_schemes(key: DictionaryKey) -> None:
    wrapped = root_of(key).wrap(ROOT)
    with pytest.raises(KmsContextMismatchError, match="context"):
        root_of(key, store_id="store-2").unwrap(wrapped)
    key.kept = {ciphertext: (plaintext, "store-2") for ciphertext, (plaintext, _) in key.kept.items()}
    with pytest.raises(KmsContextMismatchError, match="opens nothing here"):
        root_of(key, store_id="store-2").unwrap(wrapped)  # a service that binds nothing
    renamed = KmsRoot(DictionaryKey(kept=dict.fromkeys(key.kept, next(iter(key.kept.values())))), "x", "store-2")
    with pytest.raises(KmsContextMismatchError, match="opens nothing here"):
        renamed.unwrap(wrapped)


def test_a_damaged_wrap_is_not_sent_anywhere(key: DictionaryKey) -> None:
    with pytest.raises(KmsContextMismatchError, match="damaged"):
        root_of(key).unwrap(b"\x01nonsense")
    assert key.called == []


def test_a_wrap_by_another_key_names_both(key: DictionaryKey) -> None:
    wrapped = root_of(key).wrap(ROOT)
    other = wrapped.replace(b"key-1", b"key-2", 1)
    assert parse(other).key == "key-2"
    with pytest.raises(KmsContextMismatchError, match="Dictionary key-1 .*wrapped by key-2"):
        root_of(key).unwrap(other)


def test_a_service_that_names_its_key_impossibly_is_refused(key: DictionaryKey) -> None:
    key.names_itself = "key-1"
    assert root_of(key).wrap(ROOT)

    class Unprintable(DictionaryKey):
        def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
            return self.kept[sealed.ciphertext][0]

    with pytest.raises(KmsError, match="impossible form"):
        root_of(Unprintable(names_itself="two\nlines")).wrap(ROOT)


@pytest.mark.parametrize("kind", [*REFUSALS, KmsUnavailableError])
def test_every_refusal_says_which_key_and_what_next(kind: type[KmsError]) -> None:
    error = refusal(kind, "Service key-1", "CODE-7")
    assert isinstance(error, RootError)
    assert str(error).startswith("Service key-1 ")
    assert "CODE-7" in str(error)
    assert error.hint
    assert error.code.startswith("kms")


def test_nothing_secret_is_logged_or_shown(
    key: DictionaryKey, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    key.fails = [down()]
    wrapped = root_of(key).wrap(ROOT)
    key.fails = [down()]
    root_of(key).unwrap(wrapped)
    (protector, _), *_ = key.kept.values()
    assert caplog.records, "stamina says nothing any more, so this test watches nothing"
    told = "".join(str(record.__dict__) for record in caplog.records) + repr(root_of(key))
    for secret in (protector, ROOT):
        assert repr(secret)[2:-1] not in told
        assert secret.hex() not in told
    assert capsys.readouterr() == ("", "")


def test_the_provider_describes_its_key(key: DictionaryKey) -> None:
    assert root_of(key).describe() == "Dictionary key-1"
    assert "ciphertext" not in repr(Encrypted("key-1", b"ciphertext"))
