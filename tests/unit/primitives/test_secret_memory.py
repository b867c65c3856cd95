import gc
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from strongroom.primitives.aead import Aead
from strongroom.primitives.kdf import expand
from strongroom.primitives.mac import mac
from strongroom.primitives.secret_memory import (
    SLOT_LEN,
    LinuxKernel,
    Protections,
    SecretPages,
    protect_process,
    shared_pages,
)

SECRET = bytes(range(SLOT_LEN))


@dataclass
class RefusingKernel:
    """A kernel without hidden memory, and with whatever else a test takes away."""

    locks: bool = True
    may_dump: bool = True

    def memfd_secret(self) -> int:
        return -1

    def lock(self, address: int, length: int) -> bool:
        assert address
        assert length
        return self.locks

    def dumpable(self) -> bool:
        return self.may_dump

    def forbid_dumps(self) -> bool:
        return False


@pytest.mark.parametrize("kernel", [LinuxKernel(), RefusingKernel()], ids=["real", "refusing"])
def test_a_slot_holds_its_key_until_the_view_is_gone_and_is_then_wiped(kernel: LinuxKernel) -> None:
    pages = SecretPages(kernel, 4096)
    held = pages.hold(SECRET)
    other = pages.hold(bytes(reversed(SECRET)))
    assert (bytes(held), bytes(other), pages.held) == (SECRET, SECRET[::-1], 2)
    assert pages._memory[:SLOT_LEN] == SECRET
    del held
    gc.collect()
    assert pages.held == 1
    assert pages._memory[:SLOT_LEN] == bytes(SLOT_LEN)
    assert bytes(other) == SECRET[::-1]


def test_a_view_serves_as_a_key_everywhere_and_cannot_be_written() -> None:
    held = shared_pages().hold(SECRET)
    assert isinstance(held, memoryview)
    assert held.readonly
    assert expand(key=held, info=b"i", length=16) == expand(key=SECRET, info=b"i", length=16)
    assert mac(key=held, message=b"m") == mac(key=SECRET, message=b"m")
    assert Aead(SECRET).open(bytes(12), Aead(held).seal(bytes(12), b"x", b""), b"") == b"x"


def test_a_full_pool_and_a_key_of_another_length_fall_back_to_bytes() -> None:
    pages = SecretPages(RefusingKernel(), 4096)
    kept = [pages.hold(SECRET) for _ in range(4096 // SLOT_LEN)]
    assert pages.hold(SECRET) is SECRET
    assert kept
    assert SecretPages(RefusingKernel(), 4096).hold(b"longer" * 32) == b"longer" * 32


def test_what_is_reported_is_what_the_kernel_said() -> None:
    assert SecretPages(RefusingKernel(), 4096).protections == Protections(
        hidden=False, locked=True, undumped=True, untraced=False
    )
    assert not SecretPages(RefusingKernel(locks=False), 4096).protections.locked
    assert SecretPages(RefusingKernel(may_dump=False), 4096).protections.untraced


SCAN = """
import os
from strongroom.primitives.secret_memory import LinuxKernel, SecretPages
pages = SecretPages(LinuxKernel(), 4096)
held = pages.hold(bytes(range(7, 39)))
address, length = next(
    (int(line.split("-")[0], 16), 4096) for line in open("/proc/self/maps") if "secretmem" in line
)
memory = os.open("/proc/self/mem", os.O_RDONLY)
try:
    os.pread(memory, length, address)
except OSError as error:
    print(error.errno)
"""


def test_hidden_memory_cannot_be_read_through_proc() -> None:
    if not SecretPages(LinuxKernel(), 4096).protections.hidden:
        pytest.skip("this kernel has no memfd_secret (Linux 5.14 with secretmem enabled)")
    done = subprocess.run([sys.executable, "-c", SCAN], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "5", "EIO: not even the process itself can read it that way"


PROTECT = """
import resource
from strongroom.primitives.secret_memory import LinuxKernel, protect_process, shared_pages
before = shared_pages().protections.untraced
print(before, protect_process(), shared_pages().protections.untraced, resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


def test_a_program_of_ours_is_neither_dumped_nor_traced() -> None:
    done = subprocess.run([sys.executable, "-c", PROTECT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True", "0"]


def test_a_kernel_that_refuses_is_reported_and_nothing_breaks() -> None:
    assert protect_process(RefusingKernel()) is False
    assert Path("/proc/self").exists()
