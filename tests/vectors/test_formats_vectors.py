"""Every vector of docs/spec/{aad,field,record,object}.md through every path that reads or writes the format."""

import hashlib
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor

from strongroom.clock import SystemClock
from strongroom.envelope import Envelope
from strongroom.errors import DecryptionError, FormatError
from strongroom.formats import field, record
from strongroom.formats import object as object_format
from strongroom.formats.aad import Binding
from strongroom.keys.path import KeyPath
from strongroom.permit import Permit, PermitOffice

REPOSITORY = Path(__file__).parents[2]
VECTORS = REPOSITORY / "vectors"
Vector = dict[str, Any]


def named(folder: str) -> list[Any]:
    found = sorted((VECTORS / folder).glob("*.json"))
    assert found, f"no vectors in {folder}"
    return [pytest.param(json.loads(path.read_text()), id=path.stem) for path in found]


def raw(pieces: Any) -> bytes:
    """Hexadecimal, or a list of it with runs of one byte."""
    if isinstance(pieces, str):
        return bytes.fromhex(pieces)
    return b"".join(
        bytes.fromhex(piece) if isinstance(piece, str) else bytes.fromhex(piece["fill"]) * piece["count"]
        for piece in pieces
    )


def sealed_of(vector: Vector) -> bytes:
    """The sealed bytes; the largest vector gives only their digest and is sealed anew."""
    if "sealed_sha256" not in vector:
        return raw(vector["sealed"])
    return reseal_field(vector)


@dataclass(frozen=True)
class VectorKey:
    keyref: int
    material: bytes


class VectorKeys:
    """The vector's keys, whatever the path: what a vector tests is the format, not the hierarchy."""

    def __init__(self, vector: Vector) -> None:
        self.keys = {int(number): bytes.fromhex(key) for number, key in vector["keys"].items()}

    def sealing_key(self, path: KeyPath, permit: Permit) -> VectorKey:
        return VectorKey(7, self.keys[7])

    def opening_key(self, keyref: int, path: KeyPath, permit: Permit) -> VectorKey:
        if keyref not in self.keys:
            raise DecryptionError(reason="key_unknown")
        return VectorKey(keyref, self.keys[keyref])


PERMIT = PermitOffice(SystemClock()).mint(
    principal="bot", tenant="acme", environment="prod", action="open", category="*", resource="*",
    policy_version="1",
)  # fmt: skip


def reseal_field(vector: Vector) -> bytes:
    keys = VectorKeys(vector)
    return field.seal_field(
        key=keys.keys[vector["keyref"]],
        keyref=vector["keyref"],
        salt=bytes.fromhex(vector["salt"]),
        context=Binding(**vector["binding"]).encode(),
        plaintext=raw(vector["plaintext"]),
    )


@pytest.mark.parametrize("vector", named("aad"))
def test_aad(vector: Vector) -> None:
    binding = Binding(**vector["binding"])
    if vector["expect"] == "ok":
        assert binding.encode().hex() == vector["encoded"]
    else:
        with pytest.raises(FormatError):
            binding.encode()


@pytest.mark.parametrize("vector", named("field"))
def test_field_opens_as_expected(vector: Vector) -> None:
    sealed, binding = sealed_of(vector), Binding(**vector["binding"])
    envelope = Envelope(VectorKeys(vector))
    if vector["expect"] == "ok":
        assert envelope.open(sealed, binding, PERMIT) == raw(vector["plaintext"])
    else:
        with pytest.raises(DecryptionError) as caught:
            envelope.open(sealed, binding, PERMIT)
        assert caught.value.reason == vector["expect"]


@pytest.mark.parametrize("vector", named("field"))
def test_field_inspects_as_expected(vector: Vector) -> None:
    sealed = sealed_of(vector)
    if vector["expect"] == "format":
        for read in (field.parse, field.keyref_of):
            with pytest.raises(FormatError):
                read(sealed)
    else:
        parts = field.parse(sealed)
        assert field.pack(parts) == sealed
        assert parts.keyref == field.keyref_of(sealed) == Envelope.keyref(sealed)


@pytest.mark.parametrize("vector", [v for v in named("field") if v.values[0]["expect"] == "ok"])
def test_field_seals_to_the_same_bytes(vector: Vector) -> None:
    sealed = reseal_field(vector)
    if "sealed_sha256" in vector:
        assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]
    else:
        assert sealed == raw(vector["sealed"])
    salted = Envelope(VectorKeys(vector), lambda length: bytes.fromhex(vector["salt"])[:length])
    assert salted.seal(raw(vector["plaintext"]), Binding(**vector["binding"]), PERMIT) == sealed


def fields_of(vector: Vector) -> dict[str, bytes]:
    return {name: bytes.fromhex(value) for name, value in vector["fields"]}


@pytest.mark.parametrize("vector", named("record"))
def test_record_opens_as_expected(vector: Vector) -> None:
    sealed, binding = raw(vector["sealed"]), Binding(**vector["binding"])
    envelope = Envelope(VectorKeys(vector))
    if vector["expect"] == "ok":
        fields = fields_of(vector)
        assert list(envelope.open_record(sealed, binding, PERMIT).items()) == list(fields.items())
        for name in list(fields)[:5]:
            assert envelope.open_record(sealed, binding, PERMIT, only=[name]) == {name: fields[name]}
    else:
        with pytest.raises(DecryptionError) as caught:
            envelope.open_record(sealed, binding, PERMIT)
        assert caught.value.reason == vector["expect"]


@pytest.mark.parametrize("vector", named("record"))
def test_record_inspects_as_expected(vector: Vector) -> None:
    sealed = raw(vector["sealed"])
    try:
        parts = record.parse(sealed)
    except FormatError:
        assert vector["expect"] == "format"
    else:
        assert record.pack(parts) == sealed
        assert parts.keyref == record.keyref_of(sealed) == Envelope.keyref(sealed)


@pytest.mark.parametrize("vector", [v for v in named("record") if v.values[0]["expect"] == "ok"])
def test_record_seals_to_the_same_bytes(vector: Vector) -> None:
    salted = Envelope(VectorKeys(vector), lambda length: bytes.fromhex(vector["salt"])[:length])
    sealed = salted.seal_record(fields_of(vector), Binding(**vector["binding"]), PERMIT)
    assert sealed == raw(vector["sealed"])


class Dribble(io.BytesIO):
    """A stream that gives 999 bytes at a time."""

    def readinto(self, buffer: Any, /) -> int:
        return super().readinto(memoryview(buffer)[:999])


@pytest.mark.parametrize("source", [io.BytesIO, Dribble])
@pytest.mark.parametrize("vector", named("object"))
def test_object_opens_as_expected(vector: Vector, source: type[io.BytesIO]) -> None:
    sealed, binding = raw(vector["sealed"]), Binding(**vector["binding"])
    plaintext = raw(vector.get("plaintext", ""))
    target = io.BytesIO()
    envelope = Envelope(VectorKeys(vector))
    if vector["expect"] == "ok":
        assert envelope.open_object(source(sealed), target, binding, PERMIT) == len(plaintext)
        assert target.getvalue() == plaintext
    else:
        with pytest.raises(DecryptionError) as caught:
            envelope.open_object(source(sealed), target, binding, PERMIT)
        assert caught.value.reason == vector["expect"]
        assert plaintext.startswith(target.getvalue())


@pytest.mark.parametrize("vector", named("object"))
def test_object_ranges_open_as_expected(vector: Vector) -> None:
    sealed, binding = raw(vector["sealed"]), Binding(**vector["binding"])
    plaintext = raw(vector.get("plaintext", ""))
    envelope = Envelope(VectorKeys(vector))

    def read(start: int, length: int) -> bytes:
        return envelope.open_object_range(io.BytesIO(sealed), binding, PERMIT, start=start, length=length)

    if vector["expect"] == "ok":
        for start, length in ((0, 1 << 20), (len(plaintext) // 2, 10), (len(plaintext), 10)):
            assert read(start, length) == plaintext[start : start + length]
    else:
        with pytest.raises(DecryptionError) as caught:
            read(0, 1 << 20)
        assert caught.value.reason == vector["expect"]


@pytest.mark.parametrize("vector", named("object"))
def test_object_header_inspects_as_expected(vector: Vector) -> None:
    header = raw(vector["sealed"])[: object_format.OBJECT_HEADER_LEN]
    try:
        parts = object_format.parse(header)
    except FormatError:
        assert vector["expect"] in {"format", "truncated"}
    else:
        assert object_format.pack(parts) == header
        assert parts.keyref == object_format.keyref_of(header) == Envelope.keyref(raw(vector["sealed"]))


@pytest.mark.parametrize("vector", [v for v in named("object") if v.values[0]["expect"] == "ok"])
def test_object_body_is_chunked_encryption(vector: Vector) -> None:
    """The body alone, read by the library that the package builds on."""
    sealed, context = raw(vector["sealed"]), Binding(**vector["binding"]).encode()
    header = sealed[: object_format.OBJECT_HEADER_LEN]
    key = object_format.unwrap_object_key(
        key=VectorKeys(vector).keys[vector["keyref"]], context=context, header=header
    )
    cipher = Cobblestone256Decryptor(key, object_format.body_context(context))
    assert cipher.update(sealed[len(header) :]) + cipher.finalize() == raw(vector["plaintext"])


@pytest.mark.parametrize("vector", [v for v in named("object") if v.values[0]["expect"] == "ok"])
def test_object_round_trip(vector: Vector) -> None:
    plaintext, binding = raw(vector["plaintext"]), Binding(**vector["binding"])
    envelope = Envelope(VectorKeys(vector))
    sealed, opened = io.BytesIO(), io.BytesIO()
    envelope.seal_object(io.BytesIO(plaintext), sealed, binding, PERMIT)
    assert len(sealed.getvalue()) == len(raw(vector["sealed"]))
    envelope.open_object(io.BytesIO(sealed.getvalue()), opened, binding, PERMIT)
    assert opened.getvalue() == plaintext


def test_the_committed_vectors_are_what_the_tool_writes(tmp_path: Path) -> None:
    tool = REPOSITORY / "tools" / "make_vectors_formats.py"
    subprocess.run([sys.executable, str(tool), str(tmp_path)], check=True, capture_output=True)
    for folder in ("aad", "field", "record", "object"):
        made = {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        held = {path.name: path.read_bytes() for path in (VECTORS / folder).iterdir()}
        assert made == held
