"""Every vector of docs/spec/unseal-kms.md, over a key service that gives back what the vector says."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from strongroom.errors import StrongroomError
from strongroom.formats.kms_wrap import pack_header, parse
from strongroom.keys.kms import Encrypted, KmsRoot

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "vectors" / "kms-wrap"
VECTORS = [pytest.param(json.loads(path.read_text()), id=path.stem) for path in sorted(FOLDER.glob("*.json"))]


@dataclass(frozen=True)
class ScriptedKey:
    """Gives back the same bytes for every ciphertext."""

    protector: bytes
    name: str = "Scripted key"

    def encrypt(self, plaintext: bytes, *, store_id: str) -> Encrypted:
        raise NotImplementedError

    def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
        return self.protector


@pytest.mark.parametrize("vector", VECTORS)
def test_unsealing_by_a_key_service(vector: dict[str, Any]) -> None:
    root = KmsRoot(ScriptedKey(bytes.fromhex(vector["protector"])), vector["scheme"], vector["store"])
    wrapped = bytes.fromhex(vector["wrapped"])
    if vector["expect"] == "ok":
        assert root.unwrap(wrapped).hex() == vector["root"]
        wrap = parse(wrapped)
        assert wrap.key == vector["key"]
        assert pack_header(wrap.key, wrap.ciphertext) == wrap.header
        return
    with pytest.raises(StrongroomError) as refused:
        root.unwrap(wrapped)
    assert refused.value.code == vector["expect"]


def test_there_are_vectors_for_both_outcomes() -> None:
    outcomes = [vector.values[0]["expect"] for vector in VECTORS]  # type: ignore[index]
    assert outcomes.count("ok") >= 3
    assert outcomes.count("kms_context_mismatch") >= 10


def test_the_second_implementation_writes_what_is_committed(tmp_path: Path) -> None:
    script = REPOSITORY / "tools" / "make_vectors_kms_wrap.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)
    made = {path.name: path.read_bytes() for path in (tmp_path / "kms-wrap").iterdir()}
    assert made == {path.name: path.read_bytes() for path in FOLDER.iterdir()}
