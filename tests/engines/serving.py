"""A program that serves while a test runs: an engine, a registry, a JupyterLab."""

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep


@contextmanager
def serving(
    command: Sequence[str | Path],
    *,
    ready: Callable[[], bool],
    log: Path,
    seconds: float,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """The program at work, its output in `log`; it is ended at the end.

    Raises:
        RuntimeError: It ended, or was not `ready` after so many seconds.

    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(ready, process=process, log=log, seconds=seconds)
        yield process
    finally:
        end(process)


def wait_until(
    ready: Callable[[], bool], *, process: "subprocess.Popen[bytes]", log: Path, seconds: float
) -> None:
    """Wait for a started program, or raise with the end of its log.

    Raises:
        RuntimeError: The program ended, or did not answer in time.

    """
    deadline = monotonic() + seconds
    while not ready():
        if process.poll() is not None or monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise RuntimeError(f"{process.args!r} did not come up; its log ends with\n{tail}")
        sleep(0.05)


def end(process: "subprocess.Popen[bytes]", *, seconds: float = 15) -> None:
    """Ask a program to end, and insist if it does not."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
