"""A filter that hides from programs the system calls that proot does not translate.

proot 5.1, which Debian, Ubuntu and Binder have, is older than these calls. A program that uses one
would see the machine's files instead of its container's. Answered with ENOSYS, as by a kernel that
is older too, libc and everybody else fall back on calls that proot knows.

A filter holds for the thread that installs it and for all that this thread starts, for ever
(seccomp(2)). Where proot's own filter and this one disagree about a call, the kernel takes the
stricter answer, which is this one's.
"""

import ctypes
import os
import platform
import struct
from collections.abc import Sequence

from dockerlab.engine.errors import NotImplementedHere, SystemFailure

# Numbers from 424 on are the same on every machine.
_EVERYWHERE = {
    "clone3": 435,
    "openat2": 437,
    "faccessat2": 439,
    "fchmodat2": 452,
    "setxattrat": 463,
    "getxattrat": 464,
    "listxattrat": 465,
    "removexattrat": 466,
    "file_getattr": 468,
    "file_setattr": 469,
}
UNKNOWN_TO_PROOT = {
    "x86_64": {"statx": 332, "execveat": 322, **_EVERYWHERE},
    "aarch64": {"statx": 291, "execveat": 281, **_EVERYWHERE},
}
"""By machine: the calls that are answered with ENOSYS, and their numbers."""

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ERRNO, _ALLOW = 0x00050000, 0x7FFF0000
_ENOSYS = 38
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_MODE_FILTER = 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def program(machine: str) -> bytes:
    """The filter as classic BPF.

    Raises:
        NotImplementedHere: the calls of that machine are not known here.

    """
    if machine not in UNKNOWN_TO_PROOT:
        raise NotImplementedHere(f"proot cannot be used on {machine} processors yet")
    numbers = sorted(UNKNOWN_TO_PROOT[machine].values())
    return b"".join(_instructions(numbers, _AUDIT_ARCH[machine]))


def _instructions(numbers: Sequence[int], architecture: int) -> list[bytes]:
    """Load the architecture, then the number (struct seccomp_data), and compare."""
    count = len(numbers)
    return [
        _instruction(_LOAD, value=4),
        _instruction(_JUMP_EQUAL, if_not=count + 1, value=architecture),
        _instruction(_LOAD, value=0),
        *(
            _instruction(_JUMP_EQUAL, if_so=count - index, value=number)
            for index, number in enumerate(numbers)
        ),
        _instruction(_RETURN, value=_ALLOW),
        _instruction(_RETURN, value=_ERRNO | _ENOSYS),
    ]


def _instruction(code: int, *, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)


def install() -> None:
    """Put this thread, and all that it will start, under the filter. It cannot be taken off.

    Raises:
        SystemFailure: the kernel refused.

    """
    libc = ctypes.CDLL(None, use_errno=True)
    bytecode = program(platform.machine())
    asked = ctypes.byref(_Program(len(bytecode) // 8, bytecode))
    if (
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        or libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, asked, 0, 0) != 0
    ):
        reason = os.strerror(ctypes.get_errno())
        raise SystemFailure(f"could not install a seccomp filter: {reason}")
