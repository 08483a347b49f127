"""A client attached to a container's streams (``docker attach``, ``docker run``)."""

from collections.abc import AsyncIterator, Callable
from typing import Protocol

import msgspec

from dockerlab.engine.containers.backlog import Backlog
from dockerlab.engine.containers.logs.reading import LogFrame
from dockerlab.engine.errors import InvalidParameter

DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q"
_CONTROL = {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a client attaches to."""

    stdin: bool = False
    stdout: bool = False
    stderr: bool = False

    def stream(self, number: int) -> bool:
        """Whether it wants output of this stream: 1 stdout (or the terminal), 2 stderr."""
        return self.stdout if number == 1 else self.stderr


class Input(Protocol):
    """Where a client's input goes."""

    async def write(self, data: bytes) -> None:
        """Give to the process, no faster than it reads."""
        ...

    def end(self) -> bool:
        """The client has no more; whether the process was told so."""
        ...


class Attachment:
    """A client's view of a container's streams.

    Iterate for the output; the iteration ends with the container's run, or when the client
    detaches. ``tty`` says that there is one stream, to be sent as it is.
    """

    def __init__(
        self,
        *,
        tty: bool,
        wanted: Wanted,
        input: Input | None,
        detach_keys: bytes,
        left: Callable[["Attachment", bool], None],
        backlog: Backlog | None = None,
    ) -> None:
        self.tty = tty
        self.wanted = wanted
        self.backlog = backlog or Backlog()
        self._input = input
        self._keys = DetachKeys(detach_keys)
        self._left = left
        self._history: AsyncIterator[LogFrame] | None = None

    def replay(self, frames: AsyncIterator[LogFrame]) -> None:
        """Give these first: what the log holds already."""
        self._history = frames

    async def __aiter__(self) -> AsyncIterator[tuple[int, bytes]]:
        if self._history is not None:
            async for frame in self._history:
                yield frame.stream, frame.data
        while (piece := await self.backlog.get()) is not None:
            yield piece

    async def write(self, data: bytes) -> None:
        """Pass the client's input on; the keys to detach are kept, and end the attachment."""
        if self._input is None or self.backlog.closed:
            return
        data, detach = self._keys.feed(data)
        if data:
            await self._input.write(data)
        if detach:
            self._leave(detached=True)

    async def close_stdin(self) -> None:
        """The client's input has ended.

        Docker passes that on only to a process without a terminal whose input is to be closed
        with the first client's; otherwise the client itself is done.
        """
        rest = self._keys.rest()
        if self._input is None or self.backlog.closed:
            return
        if rest:
            await self._input.write(rest)
        if not self._input.end():
            self._leave(detached=False)

    def close(self) -> None:
        """The client is gone."""
        self.backlog.close(discard=True)
        self._left(self, False)

    def _leave(self, *, detached: bool) -> None:
        self.backlog.close()
        self._left(self, detached)


class DetachKeys:
    """Finds the sequence of keys that detaches, in input that comes in pieces."""

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._matched = 0

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """The input to pass on, and whether the sequence was completed.

        >>> DetachKeys(b"ab").feed(b"xab")
        (b'x', True)
        """
        if not self._keys:
            return data, False
        out = bytearray()
        for byte in data:
            if byte == self._keys[self._matched]:
                self._matched += 1
                if self._matched == len(self._keys):
                    return bytes(out), True
                continue
            out += self._keys[: self._matched]
            self._matched = 1 if byte == self._keys[0] else 0
            if not self._matched:
                out.append(byte)
        return bytes(out), False

    def rest(self) -> bytes:
        """The start of the sequence that was kept and not completed."""
        kept, self._matched = self._keys[: self._matched], 0
        return kept


def parse_detach_keys(text: str) -> bytes:
    """The bytes that ``ctrl-p,ctrl-q`` or ``a,ctrl-@`` stand for; nothing means the default.

    Raises:
        InvalidParameter: it is no such sequence.

    """
    keys = bytearray()
    for key in (text or DEFAULT_DETACH_KEYS).split(","):
        control = key.lower().removeprefix("ctrl-")
        if len(key) == 1 and key.isascii():
            keys.append(ord(key))
        elif key.lower().startswith("ctrl-") and len(control) == 1 and control.isascii():
            if not (control.isalpha() or control in _CONTROL):
                raise InvalidParameter(f"Unknown character: '{key}'")
            keys.append(_CONTROL.get(control, ord(control) - ord("a") + 1))
        else:
            raise InvalidParameter(f"Unknown character: '{key}'")
    return bytes(keys)
