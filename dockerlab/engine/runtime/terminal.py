"""A pseudo-terminal of the engine's own making, where no runtime makes one (pty(7))."""

import fcntl
import os
import pty
import struct
import termios
from types import TracebackType
from typing import Self

from dockerlab.engine.runtime.runtime import Stdio


class Terminal:
    """Both sides of a pseudo-terminal, closed at the end of the block unless taken."""

    def __enter__(self) -> Self:
        self._master, self._slave = pty.openpty()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._slave)
        if self._master >= 0:
            os.close(self._master)

    @property
    def slave(self) -> Stdio:
        """The side of the process."""
        return Stdio(self._slave, self._slave, self._slave)

    def resize(self, height: int, width: int) -> None:
        """Set the size in characters, if it is known."""
        if height and width:
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def take_master(self) -> int:
        """The engine's side, non-blocking; the caller closes it."""
        master, self._master = self._master, -1
        os.set_blocking(master, False)
        return master
