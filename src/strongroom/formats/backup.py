"""The manifest of one part of a backup: what is in it, and proof that nothing was exchanged (docs/spec/backup.md).

A backup has two parts with lives of their own: ``data`` (sealed data and log) and ``keys`` (the wrapped keys).

Must never: be believed before `verify` returned, or hold a name that leads out of its directory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import orjson

from strongroom.canonical import json_bytes
from strongroom.errors import FormatError, LimitExceededError
from strongroom.primitives.signing import SigningKey, verify_signature

FORM = "strongroom/backup/1"
DATA = "data"
KEYS = "keys"
MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 1 << 28
"""Two million files."""

_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9_][A-Za-z0-9._-]*", re.ASCII)
_ID = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of a backup. `digest` is SHA-256 in hexadecimal."""

    name: str
    length: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a part holds. Times are seconds since the Unix epoch.

    `key_versions` and `key_changes` say how far the key store had come: both only ever grow, so keys that are
    behind the data are recognized. `public` is the Ed25519 key that signed, in hexadecimal.
    """

    part: str
    id: str
    store_id: str
    taken_at: int
    key_versions: int
    key_changes: int
    files: tuple[Stored, ...]
    public: str = ""
    signature: str = ""

    @property
    def length(self) -> int:
        """Bytes of all files together."""
        return sum(file.length for file in self.files)

    def _fields(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {"form": FORM, **plain, "files": [[file.name, file.length, file.digest] for file in self.files]}

    def signed(self, key: SigningKey) -> Manifest:
        """This manifest with `key`'s signature."""
        named = replace(self, public=key.public.hex())
        return replace(named, signature=key.sign(json_bytes(named._fields())).hex())

    def verify(self, public: bytes | None = None) -> None:
        """Raise `IntegrityError` unless the signature is `public`'s, or, without one, that of the named key."""
        verify_signature(
            public=bytes.fromhex(self.public) if public is None else public,
            message=json_bytes(self._fields()),
            signature=bytes.fromhex(self.signature),
        )

    def to_bytes(self) -> bytes:
        """The manifest as it is stored."""
        return json_bytes({**self._fields(), "signature": self.signature})

    @classmethod
    def parse(cls, raw: bytes) -> Manifest:
        """The manifest in `raw`, unverified. Raises `FormatError`, or `LimitExceededError` if it is too long."""
        if len(raw) > MANIFEST_BYTES_MAX:
            msg = f"backup manifest: at most {MANIFEST_BYTES_MAX} bytes"
            raise LimitExceededError(msg)
        try:
            given = orjson.loads(raw)
            if given["form"] != FORM or given.keys() != {*_PLAIN, "form", "files", "signature"}:
                raise KeyError  # noqa: TRY301 - one way to say that it is no manifest
            files = tuple(Stored(*file) for file in given["files"])
            manifest = cls(**{name: given[name] for name in _PLAIN}, files=files, signature=given["signature"])
            _require_form(manifest)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            msg = "this is not a backup manifest"
            raise FormatError(msg) from None
        return manifest


_PLAIN = ("part", "id", "store_id", "taken_at", "key_versions", "key_changes", "public")


def _require_form(manifest: Manifest) -> None:
    """Raise `ValueError` for a manifest whose parts have another shape than a writer of ours gives them."""
    numbers = (manifest.taken_at, manifest.key_versions, manifest.key_changes, *(f.length for f in manifest.files))
    if any(type(number) is not int or number < 0 for number in numbers):
        raise ValueError
    if manifest.part not in {DATA, KEYS} or not _ID.fullmatch(manifest.id):
        raise ValueError
    for text in (manifest.store_id, manifest.public, manifest.signature, *(f.digest for f in manifest.files)):
        if not _HEX.fullmatch(text):
            raise ValueError
    names = [file.name for file in manifest.files]
    if len(set(names)) != len(names) or any(name == MANIFEST or not _NAME.fullmatch(name) for name in names):
        raise ValueError
