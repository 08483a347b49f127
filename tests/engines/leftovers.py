"""Nothing may outlive a test session: what does is ended, and named."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path


def end_leftovers(directory: Path, *, seconds: float = 5) -> list[str]:
    """End the processes whose command line names `directory`; their command lines.

    They have `seconds` to end by themselves, which the engines do once they are told to.
    """
    deadline = time.monotonic() + seconds
    while (left := _processes_naming(directory)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return list(left.values())


def _processes_naming(directory: Path) -> dict[int, str]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
        except OSError:
            continue  # it has just ended
        if f"{directory}/" in command and int(folder.name) != os.getpid():
            found[int(folder.name)] = command.strip()
    return found
