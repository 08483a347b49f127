"""What is shown on stderr while something takes longer than a second."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from dockerlab.layers import human_size
from dockerlab.messages import text

_PATIENCE = 1.0
_ON_A_TERMINAL = 0.2
_IN_A_LOG = 10.0


class ReadProgress:
    """Counts what is read; on a terminal one line that is written over, in a log one now and then.

    Nothing is shown of what is done within a second.
    """

    def __init__(self, stream: TextIO | None = None, *, key: str = "analyze.reading") -> None:
        self._key = key
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._next = time.monotonic() + _PATIENCE
        self._read = 0
        self._is_shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_shown and self._is_terminal:
            self._stream.write("\r\x1b[K")

    def __call__(self, count: int) -> None:
        """Note that `count` more bytes were read."""
        self._read += count
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (_ON_A_TERMINAL if self._is_terminal else _IN_A_LOG)
        self._is_shown = True
        line = text(self._key, size=human_size(self._read))
        self._stream.write(f"\r{line}\x1b[K" if self._is_terminal else f"{line}\n")
        self._stream.flush()
