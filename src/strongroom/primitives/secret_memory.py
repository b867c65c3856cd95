"""Memory for keys that live as long as the process: locked, left out of dumps, and hidden where the kernel can.

Theory: a key in an ordinary object can be written to swap, stands in a core dump, and is readable by any process
of the same user that may trace this one. Pages of `memfd_secret` (Linux 5.14) are in no other page table, not
even the kernel's, cannot be read through ``/proc``, and are never swapped. Where that call is refused, anonymous
pages are locked with `mlock` and marked `MADV_DONTDUMP`. What of this holds is asked of the kernel and reported
(`Protections`), never assumed.

What it cannot do: Python's own `bytes` cannot be wiped, so every key that passes through one leaves copies until
their memory is reused; the cipher holds its key schedule while it exists; somebody who is root reads it all.

Must never: be the reason that a program does not start; a protection that is refused is reported as missing.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import sys
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Protocol

SLOT_LEN = 32
"""Every key of the hierarchy has 256 bits."""

POOL_BYTES = 64 << 10
"""2048 keys; a hundredth of the memory an unprivileged process may usually lock (8 MiB)."""

_SYS_MEMFD_SECRET = 447
"""The number on every Linux architecture (the table was unified before the call came)."""
_PR_GET_DUMPABLE = 3
_PR_SET_DUMPABLE = 4
_LINUX = sys.platform == "linux"

Secret = bytes | memoryview
"""A key as functions take it: bytes, or a view of a slot, which nobody may slice or keep a second view of."""


class Kernel(Protocol):
    """The calls this module makes; tests refuse them one by one."""

    def memfd_secret(self) -> int:
        """A descriptor of hidden memory, or -1 where there is none."""
        ...

    def lock(self, address: int, length: int) -> bool:
        """Keep pages out of swap; whether the kernel agreed."""
        ...

    def dumpable(self) -> bool:
        """Whether this process may be dumped, and traced by its user."""
        ...

    def forbid_dumps(self) -> bool:
        """Make it so that it may not; whether the kernel agreed."""
        ...


class LinuxKernel:
    """The real calls, through libc."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None

    def memfd_secret(self) -> int:
        """As the port says."""
        if self._libc is None:
            return -1
        return int(self._libc.syscall(ctypes.c_long(_SYS_MEMFD_SECRET), ctypes.c_ulong(os.O_CLOEXEC)))

    def lock(self, address: int, length: int) -> bool:
        """As the port says."""
        if self._libc is None:
            return False
        return int(self._libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(length))) == 0

    def dumpable(self) -> bool:
        """As the port says."""
        return self._libc is None or int(self._libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0)) != 0

    def forbid_dumps(self) -> bool:
        """As the port says."""
        return self._libc is not None and int(self._libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)) == 0


@dataclass(frozen=True, slots=True)
class Protections:
    """What holds for the long-lived keys of this process, as far as the kernel said so."""

    hidden: bool
    """They stand in memory that is in no other page table (`memfd_secret`)."""
    locked: bool
    """They are not written to swap."""
    undumped: bool
    """They are left out of a core dump."""
    untraced: bool
    """Other processes of the same user can neither trace nor dump this one."""


class SecretPages:
    """A pool of slots for keys. Thread-safe; one per process is enough (`shared_pages`)."""

    def __init__(self, kernel: Kernel, length: int = POOL_BYTES) -> None:
        self._kernel = kernel
        self._memory, self._hidden = _hidden_memory(kernel, length)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        # memfd_secret pages are locked by their nature; the call only counts them against the same limit again.
        self._locked = self._hidden or kernel.lock(address, length)
        self._undumped = self._hidden or _left_out_of_dumps(self._memory)
        self._free: deque[int] = deque(range(0, length, SLOT_LEN))
        self._whole = memoryview(self._memory)

    def hold(self, secret: Secret) -> Secret:
        """A view of a slot with the 32 bytes of `secret`, wiped when the view is gone.

        `secret` itself if the pool is full, or if it is such a view or of another length.

        Nobody may slice the view or make another one of it: only this one keeps the slot.
        """
        if isinstance(secret, memoryview) or len(secret) != SLOT_LEN:
            return secret
        try:
            place = self._free.popleft()
        except IndexError:
            return secret
        self._whole[place : place + SLOT_LEN] = secret
        view = self._whole[place : place + SLOT_LEN].toreadonly()
        weakref.finalize(view, self._wipe, place).atexit = False
        return view

    def _wipe(self, place: int) -> None:
        self._whole[place : place + SLOT_LEN] = bytes(SLOT_LEN)
        self._free.append(place)

    @property
    def held(self) -> int:
        """How many slots are taken."""
        return len(self._whole) // SLOT_LEN - len(self._free)

    @property
    def protections(self) -> Protections:
        """What holds now."""
        traceable = self._kernel.dumpable()
        return Protections(self._hidden, self._locked, self._undumped or not traceable, not traceable)

    def __repr__(self) -> str:
        return f"<SecretPages, {self.held} held>"


def protect_process(kernel: Kernel | None = None) -> bool:
    """No core dumps of this process, and no tracing by others of its user; whether the kernel agreed.

    For programs of our own. A library has no business doing this to the program it is part of: debuggers and
    profilers stop working.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    return (kernel or LinuxKernel()).forbid_dumps()


_shared: list[SecretPages] = []


def shared_pages() -> SecretPages:
    """The pool of this process, made when it is first asked for."""
    if not _shared:
        _shared.append(SecretPages(LinuxKernel()))
    return _shared[0]


def _hidden_memory(kernel: Kernel, length: int) -> tuple[mmap.mmap, bool]:
    descriptor = kernel.memfd_secret()
    if descriptor >= 0:
        try:
            os.ftruncate(descriptor, length)
            return mmap.mmap(descriptor, length), True
        except OSError:  # over the limit of locked memory: the other kind reports that for itself
            pass
        finally:
            os.close(descriptor)
    return mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), False


def _left_out_of_dumps(memory: mmap.mmap) -> bool:
    advice: int | None = getattr(mmap, "MADV_DONTDUMP", None)
    if advice is None:
        return False
    try:
        memory.madvise(advice)
    except OSError:
        return False
    return True
