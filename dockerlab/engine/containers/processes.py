"""The processes of a running container, and what they use: ``docker top`` and ``docker stats``.

Read from /proc (proc(5)), so that it works where no control group counts. A container's processes
are told by their namespaces; where it has none (proot), they are the first one, those of ``exec``,
and their descendants.
"""

import asyncio
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from dockerlab.engine.errors import InvalidParameter, SystemFailure
from dockerlab.engine.runtime import membership

_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a container's processes use: CPU time in nanoseconds, memory in bytes."""

    moment: int
    processes: int = 0
    user: int = 0
    system: int = 0
    memory: int = 0
    machine: int = 0
    """CPU time of the whole machine, idle or not."""
    memory_limit: int = 0
    processes_limit: int = 0
    """0 where there is none."""


def members(pid: int, *, execs: Iterable[int] = (), proc: Path = Path("/proc")) -> tuple[int, ...]:
    """The processes of the container whose first process is ``pid``; none when it has ended."""
    try:
        own = (proc / str(pid) / "ns" / "mnt").readlink()
        if own != (proc / "self" / "ns" / "mnt").readlink():
            return tuple(sorted(membership.members(pid, proc=proc)))
    except OSError:
        return ()
    roots = (pid, *execs)
    return tuple(dict.fromkeys(each for root in roots for each in _descendants(root, proc)))


def _descendants(pid: int, proc: Path) -> tuple[int, ...]:
    children: dict[int, list[int]] = {}
    for directory in proc.iterdir():
        if directory.name.isdecimal() and (fields := _stat(directory)):
            children.setdefault(int(fields[1]), []).append(int(directory.name))
    found = [pid] if _stat(proc / str(pid)) else []
    for parent in found:
        found += sorted(children.get(parent, ()))
    return tuple(found)


def measure(pid: int, *, execs: Iterable[int] = (), proc: Path = Path("/proc")) -> Usage:
    """What the container whose first process is ``pid`` uses now."""
    user = system = memory = count = 0
    for each in members(pid, execs=execs, proc=proc):
        if fields := _stat(proc / str(each)):
            count += 1
            user += int(fields[11]) * _TICK
            system += int(fields[12]) * _TICK
            memory += int(fields[21]) * _PAGE
    machine = (proc / "stat").read_text().splitlines()[0].split()[1:9]
    total = (proc / "meminfo").read_text().split(maxsplit=2)[1]
    return Usage(
        moment=time.time_ns(),
        processes=count,
        user=user,
        system=system,
        memory=memory,
        machine=sum(map(int, machine)) * _TICK,
        memory_limit=int(total) * 1024,
    )


async def table(
    pid: int, arguments: str, *, execs: Iterable[int] = ()
) -> tuple[list[str], list[list[str]]]:
    """The titles and lines of the machine's ``ps`` for a container's processes.

    Raises:
        SystemFailure: there is no ``ps``, or it refuses its arguments.

    """
    program = shutil.which("ps")
    if program is None:
        raise SystemFailure('ps: exec: "ps": executable file not found in $PATH')
    wanted = {str(each) for each in members(pid, execs=execs)}
    process = await asyncio.create_subprocess_exec(
        program,
        *(arguments or "-ef").split(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    )
    out, err = await process.communicate()
    if process.returncode:
        said = err.decode(errors="replace").partition("\n")[0]
        raise SystemFailure(f"ps: {said}")
    return _parse(out.decode(errors="replace"), wanted)


def _parse(text: str, wanted: set[str]) -> tuple[list[str], list[list[str]]]:
    first, *lines = text.splitlines() or [""]
    titles = first.split()
    if "PID" not in titles:
        raise SystemFailure("Couldn't find PID field in ps output")
    at, last = titles.index("PID"), len(titles) - 1
    rows = (line.split(maxsplit=last) for line in lines if line.strip())
    return titles, [[cell.rstrip() for cell in row] for row in rows if row[at] in wanted]


def cpus() -> int:
    """How many this engine may use."""
    return len(os.sched_getaffinity(0))


def check_arguments(arguments: str) -> None:
    """Refuse a custom PID column, as Docker does; raises InvalidParameter."""
    for word in arguments.split():
        name, equals, title = word.partition("=")
        if equals and name.endswith("pid") and title != "PID":
            raise InvalidParameter(f'specifying "{word}" is not allowed')


def _stat(directory: Path) -> list[str]:
    """Fields 3 and on of a process's ``stat``; none where it has ended."""
    try:
        text = (directory / "stat").read_text()
    except OSError:
        return []
    fields = text.rpartition(")")[2].split()
    return [] if fields[0] in ("Z", "X") else fields
