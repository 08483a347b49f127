"""The kernel's mount calls, which Python's standard library lacks.

Every call either works or raises: ``DiskFull``, ``Forbidden`` or ``SystemFailure`` with a sentence
that names the place and the kernel's reason. See mount(2), umount2(2), unshare(2).
"""

import ctypes
import errno
import os
import threading
from pathlib import Path

from dockerlab.engine.errors import DiskFull, EngineError, Forbidden, SystemFailure

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MNT_DETACH = 2
CLONE_FS = 0x200
_PAGE = 4096 - 1
_WITH_PATHS = ("lowerdir", "upperdir", "workdir")

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
_libc.umount2.argtypes = [ctypes.c_char_p, ctypes.c_int]
_libc.unshare.argtypes = [ctypes.c_int]


def mount(
    source: str | Path, target: Path, *, kind: str = "", flags: int = 0, data: str = ""
) -> None:
    """Mount ``source`` at ``target``; ``kind`` is the file system's type, ``data`` its options.

    Raises:
        Forbidden: this process may not mount.
        SystemFailure: the kernel refused for another reason.

    """
    texts = (os.fsencode(text) for text in (source, target, kind))
    if _libc.mount(*texts, flags, os.fsencode(data)) != 0:
        raise _refusal(f"mount {kind or source} at {target}")


def mount_in(
    directory: Path, source: str, target: Path, *, kind: str, flags: int = 0, data: str
) -> None:
    """``mount`` with the paths in ``data`` relative to ``directory``; ``target`` is absolute.

    The kernel takes at most one page of options, which 127 absolute paths would not fit in. Only a
    thread of its own can have a working directory of its own, and it must die with it. Few layers
    fit, and are spared the thread.
    """
    absolute = _absolute(directory, data)
    plain = not set(str(directory)) & set(",:\\")  # these mean something in the options
    if plain and len(os.fsencode(absolute)) < _PAGE:
        mount(source, target, kind=kind, flags=flags, data=absolute)
        return
    failures: list[Exception] = []

    def work() -> None:
        try:
            unshare(CLONE_FS)
            os.chdir(directory)
            mount(source, target, kind=kind, flags=flags, data=data)
        except (OSError, EngineError) as error:
            failures.append(error)

    worker = threading.Thread(target=work, name="mount")
    worker.start()
    worker.join()
    if failures:
        raise failures[0]


def _absolute(directory: Path, data: str) -> str:
    """The options of ``mount_in`` with absolute paths."""
    options = []
    for option in data.split(","):
        name, equals, value = option.partition("=")
        if name in _WITH_PATHS:
            value = ":".join(f"{directory}/{path}" for path in value.split(":"))
        options.append(f"{name}{equals}{value}")
    return ",".join(options)


def bind(source: Path, target: Path, *, read_only: bool = False, nodev: bool = True) -> None:
    """Show the directory ``source`` at ``target`` too."""
    mount(source, target, flags=MS_BIND)
    flags = (MS_RDONLY if read_only else 0) | (MS_NODEV if nodev else 0)
    if flags:  # the first call ignores them
        mount("none", target, flags=MS_REMOUNT | MS_BIND | flags)


def unmount(target: Path) -> bool:
    """Detach what is mounted at ``target``; whether anything was.

    Detaching is lazy: processes that still have files open there keep them.
    """
    if _libc.umount2(os.fsencode(target), MNT_DETACH) == 0:
        return True
    if ctypes.get_errno() in (errno.EINVAL, errno.ENOENT):
        return False
    raise _refusal(f"unmount {target}")


def unshare(flags: int) -> None:
    """Leave what is shared with others; ``flags`` as in the kernel's call of that name."""
    if _libc.unshare(flags) != 0:
        raise _refusal("unshare")


def in_user_namespace(uid_map: Path = Path("/proc/self/uid_map")) -> bool:
    """Whether this process lives in a user namespace that is not the machine's first."""
    return uid_map.read_text().split() != ["0", "0", "4294967295"]


def _refusal(what: str) -> EngineError:
    number = ctypes.get_errno()
    sentence = f"could not {what}: {os.strerror(number).lower()}"
    if number == errno.ENOSPC:
        return DiskFull(sentence)
    if number in (errno.EPERM, errno.EACCES):
        return Forbidden(sentence)
    return SystemFailure(sentence)
