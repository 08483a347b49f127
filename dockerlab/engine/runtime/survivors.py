"""Containers that outlived their engine: ended before the next engine starts any.

What crun and runc keep of a container says which process it is, and when that started. It tells
even of one whose engine died before it could write down that the container runs.
"""

import shutil
import subprocess
from pathlib import Path

import msgspec

from dockerlab.engine.runtime.process import kill_survivor


class _Crun(msgspec.Struct, frozen=True):
    pid: int = 0
    started: int = msgspec.field(name="process-start-time", default=0)
    cgroup: str = msgspec.field(name="cgroup-path", default="")


class _Runc(msgspec.Struct, frozen=True):
    pid: int = msgspec.field(name="init_process_pid", default=0)
    started: int = msgspec.field(name="init_process_start", default=0)
    cgroup: str = "its own"


_KEPT: tuple[tuple[str, type[_Crun | _Runc]], ...] = (("status", _Crun), ("state.json", _Runc))


def end_survivors(program: str, state: Path) -> None:
    """Kill every container that ``program`` (crun or runc) knows of in ``state``, and forget it."""
    for directory in state.iterdir():
        for name, kind in _KEPT:
            try:
                kept = msgspec.json.decode((directory / name).read_bytes(), type=kind)
            except (OSError, msgspec.MsgspecError):
                continue
            kill_survivor(kept.pid, kept.started)
            if kept.cgroup:
                command = [program, "--root", str(state), "delete", "--force", directory.name]
                subprocess.run(command, check=False, capture_output=True)
        if directory.is_dir():
            shutil.rmtree(directory, ignore_errors=True)
