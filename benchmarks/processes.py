"""The processes of one learner: those with a home of her own, or those in a container."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PARTS = {
    "server": ("jupyterhub", "jupyter-lab", "jupyterlab"),
    "kernels": ("ipykernel",),
    "engine": ("dockerlab.engine",),
}


@dataclass(frozen=True)
class _Process:
    pid: int
    command: str
    home: str


def memory_by_part(home: Path, *, container: str = "", counted: str = "Pss") -> dict[str, int]:
    """Bytes (proportional set size) of a learner's server, kernels, engine, and all the rest.

    `home` is what her processes have in HOME, `container` the ID of the one that they are in.
    `Pss_Anon` (proc(5), smaps_rollup) counts what is not in a file: that of a program or a library
    is in the page cache, and counts for whoever read it first.
    """
    sizes = dict.fromkeys((*_PARTS, "rest"), 0)
    for process in _processes():
        if process.home != str(home) or not _is_in(process.pid, container):
            continue
        part = next(
            (name for name, words in _PARTS.items() if any(w in process.command for w in words)),
            "rest",
        )
        with suppress(OSError):  # it may have ended
            sizes[part] += _proportional(process.pid, counted)
    return sizes


def end_all(folder: Path) -> None:
    """Ask all processes whose home is below `folder` to end, wait, and insist if they do not."""
    for number, seconds in ((signal.SIGTERM, 30), (signal.SIGKILL, 10)):
        for process in _below(folder):
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)
        deadline = time.monotonic() + seconds
        while any(_below(folder)) and time.monotonic() < deadline:
            time.sleep(0.2)


def _below(folder: Path) -> Iterator[_Process]:
    return (each for each in _processes() if each.home.startswith(f"{folder}/"))


def _processes() -> Iterator[_Process]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with suppress(OSError):  # it ended, or is somebody else's
            variables = (entry / "environ").read_bytes().split(b"\0")
            home = next((each[5:] for each in variables if each.startswith(b"HOME=")), b"")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            if command:
                yield _Process(int(entry.name), command.decode(errors="replace"), home.decode())


def _is_in(pid: int, container: str) -> bool:
    """Whether a process is in the container, as its control group's path tells."""
    with suppress(OSError):
        return container in Path(f"/proc/{pid}/cgroup").read_text()
    return False


def _proportional(pid: int, counted: str) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{counted}:"):
            return int(line.split()[1]) * 1024
    return 0
