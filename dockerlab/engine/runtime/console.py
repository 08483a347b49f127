"""The console socket: how a runtime hands over the master side of a pseudo-terminal.

The caller listens on a unix socket; the runtime connects and sends the file descriptor with
SCM_RIGHTS (opencontainers/runc, docs/terminals.md § Detached new terminal).
"""

import os
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from dockerlab.engine.errors import SystemFailure

_NAME = "console.sock"


class ConsoleSocket:
    """Listens in a directory for one runtime to deliver one terminal."""

    def __init__(self, directory: Path) -> None:
        self._directory = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        # A socket's name may have 107 bytes, and a directory's path may be longer than that.
        self.path = f"/proc/{os.getpid()}/fd/{self._directory}/{_NAME}"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.setblocking(False)
        self._unlink()
        self._socket.bind(self.path)
        self._socket.listen(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()
        self._unlink()
        os.close(self._directory)

    def receive(self) -> int:
        """The terminal's master side, non-blocking; call it when the runtime has ended.

        The runtime sends before it ends, so that nothing here has to wait.

        Raises:
            SystemFailure: nothing was sent.

        """
        try:
            connection, _ = self._socket.accept()
            with connection:
                _, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
        except BlockingIOError:
            descriptors = []
        if not descriptors:
            raise SystemFailure("the runtime did not hand over the container's terminal")
        os.set_blocking(descriptors[0], False)
        os.set_inheritable(descriptors[0], False)
        return descriptors[0]

    def _unlink(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(_NAME, dir_fd=self._directory)
