"""Sealing anew: what is under one key version, under the primary version of the same path.

Values and records are opened and sealed again; an object keeps its body and gets another header, except when its
key was exposed: then whoever has the exposed key and the old header has the object's key as well, and the body
is sealed anew too.

Must never: hand out what it opened, or change what a thing is bound to.
"""

from __future__ import annotations

import io
from typing import BinaryIO, Protocol

from strongroom.clock import Entropy, system_entropy
from strongroom.envelope.key_source import DataKey, KeySource
from strongroom.errors import DecryptionError, FormatError
from strongroom.formats import field, record
from strongroom.formats import object as object_format
from strongroom.formats.aad import Binding
from strongroom.formats.commitment import SALT_LEN
from strongroom.keys.path import KeyPath
from strongroom.permit import Permit, require_object
from strongroom.primitives.aead import KEY_LEN
from strongroom.primitives.chunked import open_chunks, seal_chunks
from strongroom.primitives.streams import Reader, write_all


class RescueSource(KeySource, Protocol):
    """A key source that also lets a compromised version open, for re-encryption alone."""

    def rescue_key(self, keyref: int, path: KeyPath, permit: Permit) -> DataKey:
        """Version `keyref` of `path`; the permit is one to manage keys. Raises as `opening_key`."""
        ...


class Rewrapper:
    """Seals anew for one process. Every method takes a permit to manage the key and one to seal under it."""

    def __init__(self, keys: RescueSource, entropy: Entropy = system_entropy) -> None:
        self._keys = keys
        self._entropy = entropy

    def renewed(self, sealed: bytes, binding: Binding, *, managing: Permit, sealing: Permit) -> bytes:
        """`sealed` (a field, a record, or the 109-byte header of an object) under the primary version.

        Raises `DecryptionError` if it does not open under `binding`, `KeyStateError` if a key refuses.
        """
        context = binding.encode()
        path = _path(binding, managing, sealing)
        try:
            if sealed[:1] == object_format.MAGIC[:1]:
                old = self._keys.rescue_key(object_format.keyref_of(sealed), path, managing)
                inner = object_format.unwrap_object_key(key=old.material, context=context, header=sealed)
                return self._header(path, context, inner, sealing)
            if sealed[:1] == bytes([record.SUITE_RECORD]):
                old = self._keys.rescue_key(record.keyref_of(sealed), path, managing)
                fields = record.open_record(key=old.material, context=context, sealed=sealed)
                new = self._keys.sealing_key(path, sealing)
                return record.seal_record(
                    key=new.material, keyref=new.keyref, salt=self._entropy(SALT_LEN), context=context,
                    fields=fields,
                )  # fmt: skip
            old = self._keys.rescue_key(field.keyref_of(sealed), path, managing)
            plaintext = field.open_field(key=old.material, context=context, sealed=sealed)
        except FormatError as error:
            raise DecryptionError(reason="format") from error
        new = self._keys.sealing_key(path, sealing)
        return field.seal_field(
            key=new.material, keyref=new.keyref, salt=self._entropy(SALT_LEN), context=context, plaintext=plaintext
        )

    def renew_object(
        self, source: BinaryIO, target: BinaryIO, binding: Binding, *, managing: Permit, sealing: Permit
    ) -> int:
        """The whole object in `source` to `target` with a new object key; returns the bytes written.

        The plaintext is held in memory meanwhile. Raises as `renewed`; `target` is then to be thrown away.
        """
        context = binding.encode()
        path = _path(binding, managing, sealing)
        body = object_format.body_context(context)
        opened = io.BytesIO()
        try:
            header = Reader(source).exactly(object_format.OBJECT_HEADER_LEN)
            old = self._keys.rescue_key(object_format.keyref_of(header), path, managing)
            inner = object_format.unwrap_object_key(key=old.material, context=context, header=header)
            open_chunks(key=inner, context=body, source=source, target=opened)
        except FormatError as error:
            raise DecryptionError(reason="format") from error
        object_key = self._entropy(KEY_LEN)
        renewed = self._header(path, context, object_key, sealing)
        write_all(target, memoryview(renewed))
        opened.seek(0)
        return len(renewed) + seal_chunks(key=object_key, context=body, source=opened, target=target)

    def _header(self, path: KeyPath, context: bytes, object_key: bytes, sealing: Permit) -> bytes:
        new = self._keys.sealing_key(path, sealing)
        return object_format.wrap_object_key(
            key=new.material, keyref=new.keyref, salt=self._entropy(SALT_LEN), context=context,
            object_key=object_key,
        )  # fmt: skip


def _path(binding: Binding, managing: Permit, sealing: Permit) -> KeyPath:
    for permit in (managing, sealing):
        require_object(permit, binding.object_id)
    return KeyPath(binding.tenant, binding.environment, binding.category, binding.subject)
