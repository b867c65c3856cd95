import copy
import pickle

import pytest

from strongroom.errors import DecryptionError, IntegrityError
from strongroom.primitives.aead import TAG_LEN, Aead, aead_open, aead_seal
from strongroom.primitives.digest import sha256
from strongroom.primitives.kdf import Argon2Profile, expand, extract_expand, passphrase_key
from strongroom.primitives.mac import equal, mac
from strongroom.primitives.signing import SigningKey, verify_signature


def test_aead_agrees_with_the_published_gcm_case() -> None:
    # McGrew and Viega, "The Galois/Counter Mode of Operation", test case 14
    body = aead_seal(key=bytes(32), nonce=bytes(12), plaintext=bytes(16), aad=b"")
    assert body.hex() == "cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919"


def test_aead_refuses_any_change() -> None:
    body = aead_seal(key=bytes(32), nonce=bytes(12), plaintext=b"abc", aad=b"aad")
    assert len(body) == 3 + TAG_LEN
    assert aead_open(key=bytes(32), nonce=bytes(12), ciphertext=memoryview(body), aad=b"aad") == b"abc"
    for ciphertext, aad in ((body[:-1], b"aad"), (body, b"aae"), (b"\0" + body[1:], b"aad"), (b"", b"aad")):
        with pytest.raises(DecryptionError) as caught:
            aead_open(key=bytes(32), nonce=bytes(12), ciphertext=ciphertext, aad=aad)
        assert caught.value.reason == "tag"


def test_aead_shows_no_key() -> None:
    assert "7" not in repr(Aead(b"7" * 32))


def test_hkdf_sha512_agrees_with_hmac_by_hand() -> None:
    # RFC 5869 section 2: T(1) = HMAC(PRK, info | 0x01), PRK = HMAC(salt, IKM)
    import hmac

    prk = hmac.digest(b"salt", b"input", "sha512")
    first = hmac.digest(prk, b"info\x01", "sha512")
    second = hmac.digest(prk, first + b"info\x02", "sha512")
    assert extract_expand(key=b"input", salt=b"salt", info=b"info", length=100) == (first + second)[:100]
    assert expand(key=prk, info=b"info", length=100) == (first + second)[:100]


def test_mac_agrees_with_rfc_4231_case_2() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert mac(key=b"Jefe", message=b"what do ya want for nothing?").hex() == expected
    assert equal(b"ab", b"ab")
    assert not equal(b"ab", b"ac")
    assert not equal(b"ab", b"abc")


def test_sha256_agrees_with_fips_180() -> None:
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_passphrase_key_depends_on_everything() -> None:
    cheap = Argon2Profile(memory_kib=64, iterations=1, lanes=1)
    first = passphrase_key(passphrase=b"correct horse", salt=b"s" * 16, profile=cheap)
    assert len(first) == 32
    assert first == passphrase_key(passphrase=b"correct horse", salt=b"s" * 16, profile=cheap)
    dearer = Argon2Profile(memory_kib=64, iterations=2, lanes=1)
    assert first != passphrase_key(passphrase=b"correct horse", salt=b"t" * 16, profile=cheap)
    assert first != passphrase_key(passphrase=b"correct hors", salt=b"s" * 16, profile=cheap)
    assert first != passphrase_key(passphrase=b"correct horse", salt=b"s" * 16, profile=dearer)
    assert Argon2Profile() == Argon2Profile(65536, 3, 4)


def test_passphrase_key_refuses_a_short_salt() -> None:
    with pytest.raises(ValueError, match="salt"):
        passphrase_key(passphrase=b"x", salt=b"short", profile=Argon2Profile(64, 1, 1))


def test_ed25519_agrees_with_rfc_8032_test_1() -> None:
    key = SigningKey.from_seed(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065")
    verify_signature(public=key.public, message=b"", signature=key.sign(b""))


def test_verify_signature_raises_for_each_wrong_part() -> None:
    key = SigningKey.generate(lambda n: b"\x05" * n)
    signature = key.sign(b"message")
    other = SigningKey.from_seed(bytes(32)).public
    for public, message, wrong in (
        (key.public, b"messagf", signature),
        (key.public, b"message", signature[:-1]),
        (key.public, b"message", bytes(64)),
        (other, b"message", signature),
        (b"short", b"message", signature),
    ):
        with pytest.raises(IntegrityError):
            verify_signature(public=public, message=message, signature=wrong)


def test_signing_key_hides_and_stays() -> None:
    seed = b"\x07" * 32
    key = SigningKey.from_seed(seed)
    assert seed.hex() not in repr(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.copy(key)
    with pytest.raises(TypeError):
        copy.deepcopy(key)
