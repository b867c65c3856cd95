import copy
import pickle

import pytest

from strongroom.errors import DecryptionError, FormatError
from strongroom.primitives.hpke import OVERHEAD, PUBLIC_LEN, OfflineKey, seal_to

KEY = OfflineKey(bytes(range(32)))


def test_only_the_holder_opens_and_only_under_the_same_info() -> None:
    sealed = seal_to(KEY.public, b"root", info=b"store-1")
    assert len(sealed) == len(b"root") + OVERHEAD
    assert KEY.open(sealed, info=b"store-1") == b"root"
    for key, info, bytes_ in (
        (OfflineKey(bytes(32)), b"store-1", sealed),
        (KEY, b"store-2", sealed),
        (KEY, b"store-1", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (KEY, b"store-1", bytes([sealed[0] ^ 1]) + sealed[1:]),
        (KEY, b"store-1", sealed[:40]),
        (KEY, b"store-1", b""),
    ):
        with pytest.raises(DecryptionError):
            key.open(bytes_, info=info)


def test_the_key_of_a_seed_is_that_of_x_wing() -> None:
    # draft-connolly-cfrg-xwing-kem, appendix C, first vector: the public key of this seed starts and ends so
    seed = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
    public = OfflineKey(seed).public
    assert len(public) == PUBLIC_LEN
    assert public.hex().startswith("e2236b35a8c24b39b10aa1323a96a919")


def test_bytes_that_are_no_key_are_refused_by_name() -> None:
    with pytest.raises(FormatError, match="1216"):
        seal_to(b"short", b"x", info=b"")
    with pytest.raises(FormatError, match="no public key"):
        seal_to(b"\xff" * PUBLIC_LEN, b"x", info=b"")
    with pytest.raises(FormatError, match="32 bytes"):
        OfflineKey(b"short")


def test_a_private_key_shows_and_gives_nothing() -> None:
    seed, key = OfflineKey.generate(lambda count: b"\x07" * count)
    assert seed.hex() not in repr(key)
    assert OfflineKey(seed).public == key.public
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt(key)
