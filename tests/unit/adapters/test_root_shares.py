"""Shares as an unseal path: asked for one by one, and the wrong one is named before the next is asked for."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom import Strongroom
from strongroom.adapters.root_shares import SharesRoot
from strongroom.errors import ConfigurationError, PermitError, RootError, ShareError
from strongroom.keys.shares import Share, split

ROOT = bytes(range(32))


def asking(*texts: str) -> tuple[Callable[[str], str], list[str]]:
    asked: list[str] = []
    left = list(texts)

    def ask(what: str) -> str:
        asked.append(what)
        return left.pop(0)

    return ask, asked


@pytest.fixture
def made() -> tuple[SharesRoot, bytes]:
    provider = SharesRoot.create(3, 5, store_id="store-1")
    return provider, provider.wrap(ROOT)


def test_three_of_five_unseal(made) -> None:
    provider, wrapped = made
    ask, asked = asking(*provider.issued[2:])
    assert SharesRoot(store_id="store-1", ask=ask).unwrap(wrapped) == ROOT
    assert asked == ["Share 1 of 3", "Share 2 of 3", "Share 3 of 3"]
    assert provider.unwrap(wrapped) == ROOT
    assert len(provider.issued) == 5


def test_the_wrong_share_is_named_at_once(made) -> None:
    provider, wrapped = made
    stranger = split(bytes(32), threshold=3, count=5, entropy=bytes)[3]
    ask, asked = asking(provider.issued[0], stranger.text())
    with pytest.raises(ShareError, match="share 4 of set 000000000000 is of another set: this store's is"):
        SharesRoot(store_id="store-1", ask=ask).unwrap(wrapped)
    assert len(asked) == 2
    good = Share.parse(provider.issued[4])
    altered = Share(good.set_id, good.threshold, good.number, bytes(32))
    with pytest.raises(ShareError, match="share 5 of set [0-9a-f]{12} was altered"):
        SharesRoot(store_id="store-1", ask=asking(altered.text())[0]).unwrap(wrapped)
    with pytest.raises(ShareError, match="given twice"):
        SharesRoot(store_id="store-1", ask=asking(*[provider.issued[0]] * 2)[0]).unwrap(wrapped)
    with pytest.raises(ShareError, match="mistyped") as refusal:
        SharesRoot(store_id="store-1", ask=asking(provider.issued[0][:-1] + "?")[0]).unwrap(wrapped)
    assert provider.issued[0][:9] not in str(refusal.value)


def test_without_anybody_to_ask_it_says_how_many_are_needed(made) -> None:
    with pytest.raises(ShareError, match="0 shares were given, 3 are needed"):
        SharesRoot(store_id="store-1").unwrap(made[1])


def test_shares_of_one_store_do_not_open_another(made) -> None:
    provider, wrapped = made
    with pytest.raises(ShareError):
        SharesRoot(store_id="store-2", ask=asking(*provider.issued)[0]).unwrap(wrapped)


def test_a_new_set_needs_numbers_and_old_shares_make_no_new_wrap() -> None:
    for threshold, count in ((1, 3), (4, 3), (2, 256), (0, 0)):
        with pytest.raises(ConfigurationError, match="such as 3/5"):
            SharesRoot.create(threshold, count, store_id="store-1")
    with pytest.raises(RootError, match="which shares"):
        SharesRoot(store_id="store-1").wrap(ROOT)
    with pytest.raises(ValueError, match="32 bytes"):
        split(b"short", threshold=2, count=2, entropy=bytes)


def test_shares_show_nothing(made) -> None:
    provider, _ = made
    share = Share.parse(provider.issued[0])
    assert share.value.hex() not in repr(share)
    assert repr(share.value) not in repr(share)
    for secret in (provider, share):
        with pytest.raises(PermitError):
            pickle.dumps(secret)


def test_a_room_of_several_people(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Strongroom.open(home=home, root="shares:2/3", create=True) as room:
        shares = room.shares
        assert room.unseal.list() == ("recovery", "shares")
    assert len(shares) == 3
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(share.encode() in stored for share in shares)
    with Strongroom.open(home=home, root="shares:", ask=asking(*shares[1:])[0]) as room:
        assert room.shares == ()
    (tmp_path / "shares").write_text(f"{shares[2]}\n\n{shares[0]}\n")
    Strongroom.open(home=home, root=f"shares:?file={tmp_path}/shares").close()
    (tmp_path / "one").write_text(shares[0])
    with pytest.raises(ShareError, match="Share 2 of 2: the file has no more shares"):
        Strongroom.open(home=home, root=f"shares:?file={tmp_path}/one")
    with pytest.raises(ConfigurationError, match="how many shares"):
        Strongroom.open(home=tmp_path / "other", root="shares:", create=True)


def test_a_new_set_replaces_the_old_one(room) -> None:
    first = room.unseal.add("shares:2/2").shares
    second = room.unseal.add("shares:2/3", replace=True).shares
    assert (len(first), len(second)) == (2, 3)
    assert room.unseal.test("shares:", ask=asking(*second[:2])[0]) == "shares of several people"
    with pytest.raises(ShareError, match="another set"):
        room.unseal.test("shares:", ask=asking(*first)[0])
