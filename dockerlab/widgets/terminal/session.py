"""A process on a pseudo-terminal of its own, in a container: its bytes in both directions.

`docker run -it` is: create with a TTY and an open stdin, attach (the connection is taken over, and
carries the terminal's raw bytes), start (Docker Engine API, "Attach to a container").
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker

KEPT = 256 * 1024
"""Bytes of output that are kept for views that come later, and for the still form."""
AHEAD = 256 * 1024
"""Bytes that a view may lag behind before the program is made to wait."""
PATIENCE = 15.0
"""Seconds that the engine gets to take a process down."""


@dataclass(frozen=True)
class Place:
    """Where the process runs: a container, and for `docker exec` the ID of the execution.

    `is_ours` says that the container was made for this session and goes with it.
    """

    container: str
    execution: str = ""
    is_ours: bool = True


Listener = Callable[[bytes], None]


class Session:
    """One process and its terminal, from the moment it is started until it has ended."""

    def __init__(self, client: docker.DockerClient, place: Place) -> None:
        self._api: Any = client.api
        self.place = place
        self.exit_code: int | None = None
        self.has_ended = threading.Event()
        self._written = bytearray()
        self._dropped = 0
        self._lag = 0
        self._moved = threading.Condition()
        self._on_output: Listener | None = None
        self._on_end: Callable[[], None] | None = None
        self._is_closing = False
        self._socket: Any = None
        self._reader: Any = None

    def start(self, *, columns: int, rows: int) -> None:
        """Attach, start the process, and read what it writes from then on."""
        if self.place.execution:
            self._take(self._api.exec_start(self.place.execution, tty=True, socket=True))
        else:
            streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            self._take(self._api.attach_socket(self.place.container, params=streams))
            try:
                self._api.start(self.place.container)
            except BaseException:
                self._socket.close()
                self._remove()
                raise
        self.resize(columns=columns, rows=rows)
        threading.Thread(target=self._read, name="dockerlab-terminal", daemon=True).start()

    def _take(self, connection: Any) -> None:  # noqa: ANN401 - what the SDK gives differs
        """Keep the connection's two ends: the socket, and whatever was read ahead of it."""
        self._socket = getattr(connection, "_sock", connection)
        self._socket.settimeout(None)  # the SDK's minute is for answers, not for people who think
        # With `exec` the first output may have come along with the answer's head, and then stands
        # in the buffer of the response and nowhere else.
        response = getattr(connection, "_response", None)
        buffered = getattr(getattr(getattr(response, "raw", None), "_fp", None), "fp", None)
        self._reader = buffered if hasattr(buffered, "read1") else None
        self._connection = connection

    # What the process writes

    def listen(self, on_output: Listener, on_end: Callable[[], None]) -> None:
        """Call `on_output` with each piece, `on_end` at the end, both from another thread."""
        self._on_output, self._on_end = on_output, on_end

    @property
    def written(self) -> bytes:
        """The last `KEPT` bytes of what the process wrote."""
        with self._moved:
            return bytes(self._written)

    @property
    def count(self) -> int:
        """How many bytes were written in all."""
        with self._moved:
            return self._dropped + len(self._written)

    def since(self, mark: int) -> bytes:
        """Return what was written after the first `mark` bytes."""
        with self._moved:
            return bytes(self._written[max(0, mark - self._dropped) :])

    def wait_for(self, reached: Callable[[], bool], *, seconds: float) -> bool:
        """Wait until `reached()`, asked after each piece of output; False if it never was."""
        with self._moved:
            return self._moved.wait_for(lambda: reached() or self.has_ended.is_set(), seconds)

    def shown(self, count: int) -> None:
        """Note that a view has shown `count` bytes more."""
        with self._moved:
            self._lag = max(0, self._lag - count)
            self._moved.notify_all()

    def forget_lag(self) -> None:
        """Begin anew: whoever was behind is there no more."""
        self.shown(self._lag)

    # What the process reads

    def write(self, data: bytes) -> None:
        """Type `data`. After the end it goes nowhere."""
        if not self.has_ended.is_set():
            with _may_be_gone():
                self._socket.sendall(data)

    def resize(self, *, columns: int, rows: int) -> None:
        """Tell the process its terminal's new size, in characters."""
        if self.has_ended.is_set():
            return
        with _may_be_gone():
            if self.place.execution:
                self._api.exec_resize(self.place.execution, height=rows, width=columns)
            else:
                self._api.resize(self.place.container, height=rows, width=columns)

    def end(self) -> None:
        """End the process, and the container if it was made for it. Twice is once."""
        if self._is_closing:
            return
        self._is_closing = True
        self.forget_lag()
        if self.place.is_ours:
            self._remove()
        else:
            # An execution cannot be killed through the API. Its terminal can: hang-up, as when a
            # terminal's window is closed.
            with _may_be_gone():
                self._socket.sendall(b"\x03\x04")
        if not self.has_ended.wait(PATIENCE if self.place.is_ours else 1.0):
            with _may_be_gone():
                self._socket.shutdown(2)

    def _read(self) -> None:
        with _may_be_gone():
            while piece := self._next():
                self._keep(piece)
        self._finish()

    def _next(self) -> bytes:
        with self._moved:
            self._moved.wait_for(lambda: self._lag < AHEAD)
        if self._reader is not None:
            return bytes(self._reader.read1(32768))
        return bytes(self._socket.recv(32768))

    def _keep(self, piece: bytes) -> None:
        with self._moved:
            self._written += piece
            surplus = len(self._written) - KEPT
            if surplus > 0:
                del self._written[:surplus]
                self._dropped += surplus
            if self._on_output is not None:
                self._lag += len(piece)
                self._on_output(piece)
            self._moved.notify_all()

    def _finish(self) -> None:
        self.exit_code = self._ask_exit_code()
        with _may_be_gone():
            self._connection.close()
        with _may_be_gone():
            self._socket.close()
        if self.place.is_ours:
            self._remove()
        with self._moved:
            self.has_ended.set()
            self._moved.notify_all()
        if self._on_end is not None:
            self._on_end()

    def _ask_exit_code(self) -> int | None:
        with _may_be_gone():
            if self.place.execution:
                code = self._api.exec_inspect(self.place.execution).get("ExitCode")
                return None if code is None else int(code)
            # The output ends a moment before the engine has noted that the process did.
            return int(self._api.wait(self.place.container, timeout=PATIENCE)["StatusCode"])
        return None

    def _remove(self) -> None:
        with _may_be_gone():
            self._api.remove_container(self.place.container, force=True, v=True)


@contextmanager
def _may_be_gone() -> Iterator[None]:
    """Go on where the engine, the container or the connection has gone: that is how it ends."""
    import requests  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        yield
    except (DockerException, requests.RequestException, OSError, ValueError):
        return
