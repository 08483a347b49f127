"""A person at a terminal: a program on a real pseudo-terminal, typed to and read from."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic


class Terminal:
    """A program's terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", master: int) -> None:
        self.process = process
        self.shown = ""
        self._master = master

    def type(self, text: str) -> None:
        """Press keys; Ctrl-C is the character with the code 3."""
        os.write(self._master, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the window, as a window manager does."""
        _set_size(self._master, rows, columns)
        os.kill(self.process.pid, signal.SIGWINCH)

    def expect(self, text: str, *, seconds: float = 15) -> str:
        """Wait until `text` is shown; what was shown up to its end, which is then forgotten.

        Raises:
            AssertionError: it was not shown in time, or the program ended without it.

        """
        deadline = monotonic() + seconds
        while text not in self.shown:
            if not self._read(deadline - monotonic()):
                raise AssertionError(f"{text!r} was not shown, but {self.shown!r}")
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def end(self, *, seconds: float = 15) -> int:
        """Wait for the program's end; its exit code."""
        deadline = monotonic() + seconds
        while self._read(deadline - monotonic()):
            pass
        return self.process.wait(max(deadline - monotonic(), 1))

    def _read(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other side open any more
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@contextmanager
def terminal(
    command: Sequence[str], environment: Mapping[str, str], *, rows: int = 24, columns: int = 80
) -> Iterator[Terminal]:
    """Run a command on a terminal of this size; what is left of it at the end is killed."""
    master, slave = pty.openpty()
    _set_size(master, rows, columns)
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**environment, "TERM": "xterm"},
        start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509 - one ioctl, which takes no lock
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)


def _own_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _set_size(descriptor: int, rows: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
