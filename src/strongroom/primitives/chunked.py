"""Large bodies: C2SP chunked-encryption, Cobblestone-256, over streams (https://c2sp.org/chunked-encryption).

    salt(24) | commitment(32) | chunk of 16 KiB + tag(16) | ... | last chunk, always shorter than 16 KiB + tag(16)

The stream functions work through reused buffers of `BUFFER_LEN`; while one is written to the target, the next
is read and sealed, because writing costs several times what AES does. The library draws the salt itself.

Must never: hand a byte to the target that was not authenticated. What stays unknown until the end is whether
the message is complete: `open_chunks` raises if it is not, after parts of it were written. A caller therefore
writes to a temporary place and moves the result into view only after the call returned.
"""

from __future__ import annotations

from collections.abc import Callable
from io import SEEK_END
from typing import BinaryIO, Protocol

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from strongroom.errors import DecryptionError, LimitExceededError
from strongroom.primitives.aead import KEY_LEN, NONCE_LEN, TAG_LEN, Aead, Buffer
from strongroom.primitives.kdf import expand
from strongroom.primitives.mac import equal
from strongroom.primitives.streams import Behind, Reader, write_all

CHUNK_LEN = 1 << 14
"""Plaintext bytes per chunk, fixed by the specification."""

SEALED_CHUNK_LEN = CHUNK_LEN + TAG_LEN
SALT_LEN = 24
COMMITMENT_LEN = 32
BODY_PREFIX_LEN = SALT_LEN + COMMITMENT_LEN

BUFFER_LEN = 1 << 20
"""Large enough that system calls and handing over cost nothing; three of them are 3 MiB."""

FIRST_LEN = 1 << 16
"""A message that fits needs neither the large buffers nor a thread, whose set-up would cost more than AES."""

RANGE_LEN_MAX = 1 << 26
"""64 MiB: a range is returned in memory; whoever wants more streams."""

_INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
_SEAL_ROOM = BUFFER_LEN // 1024 + SEALED_CHUNK_LEN + BODY_PREFIX_LEN
_OPEN_ROOM = SEALED_CHUNK_LEN

Progress = Callable[[int], None]
"""Called with the number of source bytes consumed so far."""


class _Cipher(Protocol):
    def update_into(self, data: memoryview, buf: memoryview, /) -> int: ...
    def finalize(self) -> bytes: ...


def sealed_len(length: int) -> int:
    """How long the sealed form of `length` plaintext bytes is."""
    return BODY_PREFIX_LEN + length + (length // CHUNK_LEN + 1) * TAG_LEN


def plain_len(sealed: int) -> int:
    """The inverse of `sealed_len`; raises `DecryptionError` (``"truncated"``) for a length that no body has."""
    chunks, rest = divmod(sealed - BODY_PREFIX_LEN, SEALED_CHUNK_LEN)
    if chunks < 0 or rest < TAG_LEN:
        raise DecryptionError(reason="truncated")
    return chunks * CHUNK_LEN + rest - TAG_LEN


class ChunkWriter:
    """Seals what is written to it, for a caller that has its data bit by bit. `key` is used for this one message.

    Until `finish` the target has a beginning that no reader takes for a message.
    """

    def __init__(self, *, key: bytes, context: bytes, target: BinaryIO) -> None:
        self._cipher = Cobblestone256Encryptor(key, context)
        self._target = target
        self._out = memoryview(bytearray(FIRST_LEN + _SEAL_ROOM))
        self.written = 0
        """Sealed bytes that the target has got."""

    def write(self, content: Buffer) -> int:
        """Seal all of `content`; returns its length in bytes."""
        view = memoryview(content).cast("B")
        for start in range(0, len(view), FIRST_LEN):
            used = self._cipher.update_into(view[start : start + FIRST_LEN], self._out)
            write_all(self._target, self._out[:used])
            self.written += used
        return len(view)

    def finish(self) -> int:
        """Write the last chunk, after which nothing may be written; returns the sealed length of the message."""
        end = self._cipher.finalize()
        write_all(self._target, memoryview(end))
        self.written += len(end)
        return self.written


def seal_chunks(
    *, key: bytes, context: bytes, source: BinaryIO, target: BinaryIO, progress: Progress | None = None
) -> int:
    """Seal everything `source` still holds to `target`; returns the bytes written.

    `key` is 32 bytes and used for this one message. Whatever `source` and `target` raise passes through.
    """
    return _pump(Cobblestone256Encryptor(key, context), Reader(source), target, _SEAL_ROOM, progress)


def open_chunks(
    *, key: bytes, context: bytes, source: BinaryIO, target: BinaryIO, progress: Progress | None = None
) -> int:
    """Open everything `source` still holds to `target`; returns the bytes written.

    Raises `DecryptionError` with reason ``"commitment"`` (wrong key or context, nothing was written),
    ``"tag"`` (altered) or ``"truncated"`` (the length is one no message has). After a failure `target` may
    hold a genuine beginning of the message, never an altered byte.
    """
    prefix = Reader(source).exactly(BODY_PREFIX_LEN)
    _derive(key, context, prefix)
    cipher, chunks = Cobblestone256Decryptor(key, context), Reader(source)
    cipher.update(prefix)
    try:
        return _pump(cipher, chunks, target, _OPEN_ROOM, progress)
    except InvalidTag as error:
        whole = chunks.length % SEALED_CHUNK_LEN >= TAG_LEN
        raise DecryptionError("tag" if whole else "truncated") from error


def open_range(
    *, key: bytes, context: bytes, source: BinaryIO, body_offset: int, start: int, length: int
) -> bytes:
    """Plaintext bytes `start` to `start + length`, shorter where the message ends before.

    `source` is seekable and the body runs from `body_offset` to its end. Only the chunks that cover the range
    are decrypted, and always the last one, which authenticates where the message ends. Raises
    `LimitExceededError` over `RANGE_LEN_MAX` and `DecryptionError` as `open_chunks` does.
    """
    if not 0 <= length <= RANGE_LEN_MAX or start < 0:
        msg = f"a range starts at 0 or later and has at most {RANGE_LEN_MAX} bytes"
        raise LimitExceededError(msg)
    chunks_len = source.seek(0, SEEK_END) - body_offset - BODY_PREFIX_LEN
    source.seek(body_offset)
    message_key, nonce = _derive(key, context, Reader(source).exactly(BODY_PREFIX_LEN))
    if chunks_len % SEALED_CHUNK_LEN < TAG_LEN:
        raise DecryptionError(reason="truncated")
    last = chunks_len // SEALED_CHUNK_LEN
    aead = Aead(message_key)

    def read(first: int, until: int) -> bytes:
        source.seek(body_offset + BODY_PREFIX_LEN + first * SEALED_CHUNK_LEN)
        end = min(until * SEALED_CHUNK_LEN, chunks_len)
        sealed = memoryview(Reader(source).exactly(end - first * SEALED_CHUNK_LEN))
        return b"".join(
            aead.open(_nonce(nonce, index), sealed[offset : offset + SEALED_CHUNK_LEN], b"")
            for index, offset in enumerate(range(0, len(sealed), SEALED_CHUNK_LEN), first)
        )

    final = read(last, last + 1)
    stop = min(start + length, last * CHUNK_LEN + len(final))
    if start >= stop:
        return b""
    first, until = start // CHUNK_LEN, min((stop - 1) // CHUNK_LEN + 1, last)
    plain = (read(first, until) if first < until else b"") + (final if stop > last * CHUNK_LEN else b"")
    base = min(first, last) * CHUNK_LEN
    return plain[start - base : stop - base]


def _pump(cipher: _Cipher, reader: Reader, target: BinaryIO, room: int, progress: Progress | None) -> int:
    """Run the source through `cipher` to `target`; returns the bytes written."""
    buffer = memoryview(bytearray(FIRST_LEN))
    out = memoryview(bytearray(FIRST_LEN + room))
    got = reader.fill(buffer)
    written = cipher.update_into(buffer[:got], out)
    write_all(target, out[:written])
    if progress is not None:
        progress(got)
    if got == FIRST_LEN:
        written += _pump_large(cipher, reader, target, room, progress)
    end = cipher.finalize()
    write_all(target, memoryview(end))
    return written + len(end)


def _pump_large(cipher: _Cipher, reader: Reader, target: BinaryIO, room: int, progress: Progress | None) -> int:
    written = 0
    buffer = memoryview(bytearray(BUFFER_LEN))
    with Behind(target, BUFFER_LEN + room) as behind:
        while got := reader.fill(buffer):
            out = behind.free()
            used = cipher.update_into(buffer[:got], out)
            behind.write(out, used)
            written += used
            if progress is not None:
                progress(reader.length)
    return written


def _derive(key: bytes, context: bytes, prefix: bytes) -> tuple[bytes, bytes]:
    """Message key and base nonce, after the commitment was compared."""
    info = b"".join((_INFO, prefix[:SALT_LEN], context))
    derived = expand(key=key, info=info, length=KEY_LEN + NONCE_LEN + COMMITMENT_LEN)
    if not equal(derived[KEY_LEN + NONCE_LEN :], prefix[SALT_LEN:]):
        raise DecryptionError(reason="commitment")
    return derived[:KEY_LEN], derived[KEY_LEN : KEY_LEN + NONCE_LEN]


def _nonce(base: bytes, index: int) -> bytes:
    return (int.from_bytes(base, "big") ^ index).to_bytes(NONCE_LEN, "big")
