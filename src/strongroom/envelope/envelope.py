"""The envelope: one derivation per value, one per record, one data key per object.

What is sealed opens only under the same binding, with a key version that belongs to the binding's path and
whose state still allows it. Every failure of foreign or damaged bytes is one `DecryptionError`; its `reason` is
for the operator (``format``, ``commitment``, ``tag``, ``truncated``, or what the keyring gives).

The permit is checked twice: the keyring asks whether it reaches the key, the envelope whether it is for this
object.

Must never: return or write a byte that was not authenticated. `open_object` learns only at the end whether the
object is complete, so its caller writes to a temporary file and renames it after the call returned.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import BinaryIO

from strongroom.clock import Entropy, system_entropy
from strongroom.envelope.key_source import KeySource
from strongroom.errors import DecryptionError, FormatError
from strongroom.formats import field, record
from strongroom.formats import object as object_format
from strongroom.formats.aad import Binding
from strongroom.formats.commitment import SALT_LEN
from strongroom.keys.path import KeyPath
from strongroom.permit import Permit, require_object
from strongroom.primitives.aead import KEY_LEN
from strongroom.primitives.chunked import ChunkWriter, open_chunks, open_range, seal_chunks
from strongroom.primitives.streams import Reader, write_all

Progress = Callable[[int], None]
"""Called with the number of source bytes consumed so far, about once per MiB."""


class Envelope:
    """Seals and opens for one process. `keys` is asked on every call, so a revoked key stops at once."""

    __slots__ = ("_entropy", "_keys")

    def __init__(self, keys: KeySource, entropy: Entropy = system_entropy) -> None:
        self._keys = keys
        self._entropy = entropy

    def seal(self, plaintext: bytes, binding: Binding, permit: Permit) -> bytes:
        """`plaintext` as field/1. Raises `LimitExceededError` for more than 16 MiB."""
        context = binding.encode()
        key = self._keys.sealing_key(_path(binding, permit), permit)
        return field.seal_field(
            key=key.material,
            keyref=key.keyref,
            salt=self._entropy(SALT_LEN),
            context=context,
            plaintext=plaintext,
        )

    def open(self, sealed: bytes, binding: Binding, permit: Permit) -> bytes:
        """The plaintext of a field/1 value. Raises `DecryptionError`, `KeyStateError`."""
        context = binding.encode()
        try:
            key = self._keys.opening_key(field.keyref_of(sealed), _path(binding, permit), permit)
            return field.open_field(key=key.material, context=context, sealed=sealed)
        except FormatError as error:  # `_opaque` by hand: this is called once per value
            raise DecryptionError(reason="format") from error

    def seal_record(self, fields: Mapping[str, bytes], binding: Binding, permit: Permit) -> bytes:
        """`fields` as record/1, names sealed too. Raises `LimitExceededError` over the caps of the format."""
        context = binding.encode()
        key = self._keys.sealing_key(_path(binding, permit), permit)
        return record.seal_record(
            key=key.material, keyref=key.keyref, salt=self._entropy(SALT_LEN), context=context, fields=fields
        )

    def open_record(
        self, sealed: bytes, binding: Binding, permit: Permit, only: Collection[str] | None = None
    ) -> dict[str, bytes]:
        """The fields of a record/1; with `only`, no other value is decrypted. Raises as `open`."""
        context = binding.encode()
        with _opaque():
            key = self._keys.opening_key(record.keyref_of(sealed), _path(binding, permit), permit)
            return record.open_record(key=key.material, context=context, sealed=sealed, only=only)

    def seal_object(
        self, source: BinaryIO, target: BinaryIO, binding: Binding, permit: Permit,
        progress: Progress | None = None,
    ) -> int:  # fmt: skip
        """Everything `source` still holds as object/1 to `target`; returns the bytes written."""
        header, object_key, body = self._new_object(binding, permit)
        write_all(target, memoryview(header))
        return len(header) + seal_chunks(
            key=object_key, context=body, source=source, target=target, progress=progress
        )

    @contextmanager
    def object_writer(self, target: BinaryIO, binding: Binding, permit: Permit) -> Iterator[ChunkWriter]:
        """What the block writes becomes an object/1 in `target`, complete only if the block ends well."""
        header, object_key, body = self._new_object(binding, permit)
        write_all(target, memoryview(header))
        writer = ChunkWriter(key=object_key, context=body, target=target)
        yield writer
        writer.finish()

    def _new_object(self, binding: Binding, permit: Permit) -> tuple[bytes, bytes, bytes]:
        """The header of a new object, its key, and the context of its body."""
        context = binding.encode()
        key = self._keys.sealing_key(_path(binding, permit), permit)
        object_key = self._entropy(KEY_LEN)
        header = object_format.wrap_object_key(
            key=key.material,
            keyref=key.keyref,
            salt=self._entropy(SALT_LEN),
            context=context,
            object_key=object_key,
        )
        return header, object_key, object_format.body_context(context)

    def open_object(
        self, source: BinaryIO, target: BinaryIO, binding: Binding, permit: Permit,
        progress: Progress | None = None,
    ) -> int:  # fmt: skip
        """The plaintext of an object/1 to `target`; returns the bytes written.

        Raises as `open`. After a failure `target` may hold a genuine *beginning* of the object and must be
        thrown away: only the return says that the object is complete.
        """
        context = binding.encode()
        with _opaque():
            header = Reader(source).exactly(object_format.OBJECT_HEADER_LEN)
            object_key = self._object_key(header, context, binding, permit)
            body = object_format.body_context(context)
            return open_chunks(key=object_key, context=body, source=source, target=target, progress=progress)

    def open_object_range(
        self, source: BinaryIO, binding: Binding, permit: Permit, *, start: int, length: int
    ) -> bytes:
        """Bytes `start` to `start + length` of an object/1 in the seekable `source`, shorter at its end.

        Raises as `open`, and `LimitExceededError` for a negative or too large range.
        """
        context = binding.encode()
        with _opaque():
            source.seek(0)
            header = Reader(source).exactly(object_format.OBJECT_HEADER_LEN)
            object_key = self._object_key(header, context, binding, permit)
            return open_range(
                key=object_key,
                context=object_format.body_context(context),
                source=source,
                body_offset=len(header),
                start=start,
                length=length,
            )

    def rewrap_header(self, header: bytes, binding: Binding, *, opening: Permit, sealing: Permit) -> bytes:
        """The 109-byte header of an object, wrapped anew under the primary key version. Raises as `open`.

        Two permits, because whoever rewraps uses the old key to open and the new one to seal.
        """
        context = binding.encode()
        with _opaque():
            object_key = self._object_key(header, context, binding, opening)
        key = self._keys.sealing_key(_path(binding, sealing), sealing)
        return object_format.wrap_object_key(
            key=key.material,
            keyref=key.keyref,
            salt=self._entropy(SALT_LEN),
            context=context,
            object_key=object_key,
        )

    def rewrap_object(self, file: BinaryIO, binding: Binding, *, opening: Permit, sealing: Permit) -> int:
        """Replace the header of the object in `file` (seekable, writable); the body is not read.

        Returns the new keyref. The header lies in the first 109 bytes, inside one disk sector, so a crash
        leaves the old or the new one.
        """
        file.seek(0)
        header = Reader(file).exactly(object_format.OBJECT_HEADER_LEN)
        renewed = self.rewrap_header(header, binding, opening=opening, sealing=sealing)
        file.seek(0)
        write_all(file, memoryview(renewed))
        file.flush()
        return object_format.keyref_of(renewed)

    @staticmethod
    def keyref(sealed: bytes) -> int:
        """The key version that `sealed` (a field, a record, or the start of an object) names.

        Raises `DecryptionError` for anything else. Opens nothing and proves nothing.
        """
        with _opaque():
            if sealed[:1] == object_format.MAGIC[:1]:
                return object_format.keyref_of(sealed[: object_format.OBJECT_HEADER_LEN])
            if sealed[:1] == bytes([record.SUITE_RECORD]):
                return record.keyref_of(sealed)
            return field.keyref_of(sealed)

    def _object_key(self, header: bytes, context: bytes, binding: Binding, permit: Permit) -> bytes:
        key = self._keys.opening_key(object_format.keyref_of(header), _path(binding, permit), permit)
        return object_format.unwrap_object_key(key=key.material, context=context, header=header)


@contextmanager
def _opaque() -> Iterator[None]:
    """To whoever opens, bytes of the wrong form are the same as bytes that do not verify."""
    try:
        yield
    except FormatError as error:
        raise DecryptionError(reason="format") from error


def _path(binding: Binding, permit: Permit) -> KeyPath:
    require_object(permit, binding.object_id)
    return _key_path(binding.tenant, binding.environment, binding.category, binding.subject)


@lru_cache(maxsize=4096)
def _key_path(tenant: str, environment: str, category: str, subject: str) -> KeyPath:
    """A path checks its names, which would cost more than the seal; the same few come again and again."""
    return KeyPath(tenant, environment, category, subject)
