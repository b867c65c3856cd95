"""Every vector of docs/spec/unseal.md and of the rows and journal of docs/spec/key-states.md."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.memory import MemoryKeyStore, MemoryRootStore
from strongroom.adapters.root_keyfile import KeyfileRoot
from strongroom.adapters.root_passphrase import PassphraseRoot
from strongroom.clock import SystemClock, system_entropy
from strongroom.errors import StrongroomError
from strongroom.keys import KeyPath, KeyRow, RootProvider, RootWrap, State, Use, unseal
from strongroom.keys.hierarchy import Hierarchy
from strongroom.keys.ledger import Ledger
from strongroom.keys.store import Change
from strongroom.keys.succession import RootInForce
from strongroom.keys.wrapping import key_binding, unwrap_key

REPOSITORY = Path(__file__).parents[2]
VECTORS = REPOSITORY / "vectors"
Vector = dict[str, Any]


def named(folder: str, prefix: str = "") -> list[Any]:
    found = sorted((VECTORS / folder).glob(f"{prefix}*.json"))
    assert found, f"no vectors in {folder}"
    return [pytest.param(json.loads(path.read_text()), id=path.stem) for path in found]


def provider(vector: Vector, tmp_path: Path) -> RootProvider:
    if vector["scheme"] == "keyfile":
        path = tmp_path / "keyfile"
        path.touch(0o600)
        path.write_text(vector["secret"])
        return KeyfileRoot(path, store_id=vector["store"])
    maker = PassphraseRoot.from_text if vector["scheme"] == "passphrase" else PassphraseRoot.from_share
    return maker(vector["secret"], store_id=vector["store"])


@pytest.mark.parametrize("vector", named("unseal"))
def test_unsealing(vector: Vector, tmp_path: Path) -> None:
    store = MemoryRootStore()
    wraps = (RootWrap(vector["scheme"], bytes.fromhex(vector["wrapped"])),)
    store.begin(vector["store"], bytes.fromhex(vector.get("fingerprint", "00")), wraps)
    if vector["expect"] == "ok":
        root = unseal(store, provider(vector, tmp_path))
        assert root.hex() == vector["root"]
        if "subject_key" in vector:
            present = RootInForce.of(store, root)
            assert (present.subject_key.hex(), present.made_at) == (vector["subject_key"], vector["made_at"])
        return
    with pytest.raises(StrongroomError) as refusal:
        unseal(store, provider(vector, tmp_path))
    assert refusal.value.code == vector["expect"]


@pytest.mark.parametrize("vector", named("key-rows", "subject"))
def test_pseudonyms(vector: Vector) -> None:
    tree = Hierarchy(
        store=MemoryKeyStore(), root=bytes.fromhex(vector["root"]), clock=SystemClock(), entropy=system_entropy
    )
    assert str(tree.conceal(KeyPath.parse(vector["path"]))) == vector["stored"]


@pytest.mark.parametrize("vector", named("key-rows", "row"))
def test_rows(vector: Vector) -> None:
    given = vector["row"]
    row = KeyRow(
        keyref=given["keyref"],
        path=KeyPath(given["tenant"], given["environment"], given["category"], given["subject"]),
        use=Use(given["use"]),
        version=given["version"],
        state=State(given["state"]),
        wrapped=bytes.fromhex(given["wrapped"]),
        parent_keyref=given["parent_keyref"],
        created_at=given["created_at"],
        changed_at=given["changed_at"],
        resumes=State(given["resumes"]) if given["resumes"] else None,
        due_at=given["due_at"],
        change=given["change"],
    )
    assert Ledger(bytes.fromhex(vector["root"])).sign(row).authenticator.hex() == vector["authenticator"]
    material = unwrap_key(
        parent=bytes.fromhex(vector["parent"]),
        parent_keyref=row.parent_keyref,
        binding=key_binding(keyref=row.keyref, path=row.path, use=row.use, version=row.version),
        wrapped=row.wrapped,
    )
    assert material.hex() == vector["material"]


@pytest.mark.parametrize("vector", named("key-rows", "journal"))
def test_journals(vector: Vector) -> None:
    store = MemoryKeyStore()
    store.journal = [
        Change(
            entry["sequence"],
            entry["keyref"],
            bytes.fromhex(entry["authenticator"]),
            bytes.fromhex(entry["link"]),
        )
        for entry in vector["journal"]
    ]
    ledger = Ledger(bytes.fromhex(vector["root"]))
    if vector["expect"] == "ok":
        ledger.follow(store)
        assert ledger.seen == len(vector["journal"])
        return
    with pytest.raises(StrongroomError) as refusal:
        ledger.follow(store)
    assert refusal.value.code == vector["expect"]


def test_the_vectors_are_what_their_maker_writes(tmp_path: Path) -> None:
    maker = REPOSITORY / "tools" / "make_vectors_keys.py"
    subprocess.run([sys.executable, str(maker), str(tmp_path)], check=True)
    for folder in ("unseal", "key-rows"):
        made = {path.name: path.read_text() for path in (tmp_path / folder).iterdir()}
        assert made == {path.name: path.read_text() for path in (VECTORS / folder).iterdir()}
