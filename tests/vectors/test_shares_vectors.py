"""Every vector of docs/spec/shares.md."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.memory import MemoryRootStore
from strongroom.adapters.root_shares import SharesRoot
from strongroom.errors import StrongroomError
from strongroom.keys import RootWrap, unseal
from strongroom.keys.shares import Share, combine, split

REPOSITORY = Path(__file__).parents[2]
VECTORS = REPOSITORY / "vectors" / "shares"
Vector = dict[str, Any]


def named(*, unsealing: bool) -> list[Any]:
    found = [path for path in sorted(VECTORS.glob("*.json")) if path.stem.startswith("unseal") is unsealing]
    assert found
    return [pytest.param(json.loads(path.read_text()), id=path.stem) for path in found]


@pytest.mark.parametrize("vector", named(unsealing=False))
def test_shares(vector: Vector) -> None:
    if vector["expect"] != "ok":
        with pytest.raises(StrongroomError) as refusal:
            combine([Share.parse(text) for text in vector["shares"]])
        assert refusal.value.code == vector["expect"]
        return
    assert combine([Share.parse(text) for text in vector["shares"]]).hex() == vector["secret"]
    drawn = [bytes.fromhex(item) for item in (vector["set"], *vector["coefficients"])]
    made = split(
        bytes.fromhex(vector["secret"]), threshold=vector["threshold"], count=vector["count"],
        entropy=lambda length: next(item for item in [drawn.pop(0)] if len(item) == length),
    )  # fmt: skip
    assert [share.text() for share in made[-vector["threshold"] :]][::-1] == vector["shares"]


@pytest.mark.parametrize("vector", named(unsealing=True))
def test_unsealing_by_shares(vector: Vector) -> None:
    store = MemoryRootStore()
    wraps = (RootWrap("shares", bytes.fromhex(vector["wrapped"])),)
    store.begin(vector["store"], bytes.fromhex(vector["fingerprint"]), wraps)
    shares = iter(vector["shares"])
    provider = SharesRoot(store_id=vector["store"], ask=lambda _: next(shares))
    if vector["expect"] == "ok":
        assert unseal(store, provider).hex() == vector["root"]
        return
    with pytest.raises(StrongroomError) as refusal:
        unseal(store, provider)
    assert refusal.value.code == vector["expect"]


def test_the_vectors_are_what_their_maker_writes(tmp_path: Path) -> None:
    maker = REPOSITORY / "tools" / "make_vectors_shares.py"
    subprocess.run([sys.executable, str(maker), str(tmp_path)], check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "shares").iterdir()}
    assert made == {path.name: path.read_text() for path in VECTORS.iterdir()}
