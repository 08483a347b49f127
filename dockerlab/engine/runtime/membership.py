"""Which processes are a container's, told by their namespaces (namespaces(7)).

A container without limits has no control group that would know. Its mount namespace is its own in
any case, unlike the one of its processes, which may be the machine's or another container's
(``--pid``). What unshared its mounts inside is found as a descendant of the first process.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def members(pid: int, *, proc: Path = _PROC) -> Iterator[int]:
    """The pids, as seen here, of all processes of the container whose first process is ``pid``.

    Raises:
        OSError: it has ended.

    """
    mounts = _namespace(pid, "mnt", proc)
    inner = _namespace(pid, "pid", proc) if is_alone(pid, proc=proc) else None
    for each in _pids(proc):
        with suppress(OSError):  # it ended, or is not ours
            if _namespace(each, "mnt", proc) == mounts or (
                _namespace(each, "pid", proc) == inner and _descends(each, pid, proc)
            ):
                yield each


def is_alone(pid: int, *, proc: Path = _PROC) -> bool:
    """Whether a process is the first of its PID namespace: the kernel ends all others with it."""
    status = (proc / str(pid) / "status").read_text(errors="replace")
    numbers = status.partition("\nNSpid:")[2].partition("\n")[0].split()
    return numbers[-1:] == ["1"]


def ender(pid: int, container_id: str, *, proc: Path = _PROC) -> Callable[[], None] | None:
    """What is to be called at the end of ``pid`` to end its container's other processes.

    None where the kernel sees to it. The first process may have ended by now, and its namespaces
    cannot be read any more; but each of the others still has mounts from the container's directory.
    """
    if is_alone(pid, proc=proc):
        return None

    def end() -> None:
        mark, known = f"/{container_id}/", {_namespace(os.getpid(), "mnt", proc): False}
        for each in _pids(proc):
            with suppress(OSError):
                mounts = _namespace(each, "mnt", proc)
                if mounts not in known:
                    known[mounts] = mark in (proc / str(each) / "mountinfo").read_text("latin-1")
                if known[mounts]:
                    os.kill(each, signal.SIGKILL)

    return end


def _namespace(pid: int, kind: str, proc: Path) -> Path:
    return (proc / str(pid) / "ns" / kind).readlink()


def _pids(proc: Path) -> Iterator[int]:
    return (int(path.name) for path in proc.iterdir() if path.name.isdecimal())


def _descends(pid: int, ancestor: int, proc: Path) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        text = (proc / str(pid) / "stat").read_text(errors="replace")
        pid = int(text.rpartition(")")[2].split()[1])
    return False
