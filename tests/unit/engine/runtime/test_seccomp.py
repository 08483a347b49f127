"""What is under the filter is told that the calls do not exist, and nothing else."""

import ctypes
import errno
import os
import platform
import threading
from pathlib import Path

import pytest

from dockerlab.engine.errors import NotImplementedHere
from dockerlab.engine.runtime import seccomp

_CALLS = seccomp.UNKNOWN_TO_PROOT.get(platform.machine(), {})


def _error_of(number: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_void_p(0)
    assert libc.syscall(number, nothing, nothing, nothing, nothing, nothing) == -1
    return ctypes.get_errno()


@pytest.mark.skipif(not _CALLS, reason="the calls of this processor are not known")
def test_the_calls_are_unknown_in_the_thread_alone() -> None:
    found: dict[str, int] = {}

    def look() -> None:
        seccomp.install()
        found.update({name: _error_of(number) for name, number in _CALLS.items()})
        found["getpid"] = os.getpid() - os.getpid()
        found["stat"] = 0 if Path("/").stat().st_ino else -1

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == {**dict.fromkeys(_CALLS, errno.ENOSYS), "getpid": 0, "stat": 0}
    assert _error_of(_CALLS["statx"]) != errno.ENOSYS


def test_every_jump_ends_in_an_answer() -> None:
    for machine, calls in seccomp.UNKNOWN_TO_PROOT.items():
        assert len(seccomp.program(machine)) == 8 * (len(calls) + 5)
    with pytest.raises(NotImplementedHere, match="riscv64"):
        seccomp.program("riscv64")
