"""Writing a container's log; with ``max-size`` a full file makes room for the next."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from dockerlab.engine.containers.logs.options import parse_size
from dockerlab.engine.containers.logs.reading import LogFrame, Query, Reader
from dockerlab.engine.containers.logs.records import encode, record_end
from dockerlab.engine.containers.logs.rotation import Rotation
from dockerlab.engine.timestamp import format_rfc3339

_log = logging.getLogger(__name__)


class LogFile:
    """Writes a container's log, and tells its readers."""

    def __init__(self, path: Path, options: Mapping[str, str], *, now: Callable[[], int]) -> None:
        self.path = path
        self._limit = parse_size(options["max-size"]) if "max-size" in options else 0
        self._rotation = Rotation(path, files=int(options.get("max-file", "1")))
        self._now = now
        self._pending: dict[int, bytes] = {}
        self._out: BinaryIO | None = None
        self._size = 0
        self._readers: set[asyncio.Event] = set()
        self.open = False

    def begin(self) -> None:
        """Open the file, to add to what is there."""
        self.open = True
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            handle = os.open(self.path, flags, 0o640)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self.path, error.strerror)
            return
        self._out = os.fdopen(handle, "wb", buffering=0)
        self._size = os.fstat(handle).st_size

    def write(self, stream: int, data: bytes) -> None:
        """Add output; what follows the last newline is kept back until its line ends."""
        moment = format_rfc3339(self._now())
        pending = self._pending.pop(stream, b"") + data
        start = 0
        records = []
        while (end := record_end(pending, start)) > start:
            records.append(encode(pending[start:end], stream, moment))
            start = end
        if start < len(pending):
            self._pending[stream] = pending[start:]
        # Each by itself where the file may be full in between.
        for piece in records if self._limit else [b"".join(records)]:
            self._append(piece)

    def end(self) -> None:
        """Write what was kept back, and close the file."""
        for stream, data in sorted(self._pending.items()):
            self._append(encode(data, stream, format_rfc3339(self._now())))
        self._pending.clear()
        if self._out is not None:
            self._out.close()
            self._out = None
        self.open = False
        self._tell()

    async def read(self, query: Query) -> AsyncIterator[LogFrame]:
        """The records that the query wants; with ``follow`` until the log is closed."""
        reader = Reader(self._rotation)
        changed = asyncio.Event()
        self._readers.add(changed)
        try:
            reader.skip_to_tail(query)
            while True:
                changed.clear()
                live = self.open
                for record in reader.records():
                    if query.passed(record):
                        return
                    if query.wants(record):
                        yield query.frame(record)
                if not (query.follow and live):
                    return
                await changed.wait()
        finally:
            self._readers.discard(changed)
            reader.close()

    def _append(self, data: bytes) -> None:
        if self._out is None or not data:
            return
        if self._limit and self._size and self._size + len(data) > self._limit:
            self._rotate()
        if self._written(data):
            self._size += len(data)
            self._tell()

    def _written(self, data: bytes) -> bool:
        """Write all of it, or nothing: output is lost on a full disk, as with Docker's driver.

        The container must not wait for room, and half a record would hide the next one.
        """
        if self._out is None:
            return False
        try:
            if self._out.write(data) == len(data):
                return True
            reason = "no space left on device"
        except OSError as error:
            reason = error.strerror or str(error)
        with suppress(OSError):
            os.ftruncate(self._out.fileno(), self._size)
        _log.warning("%d bytes of output are not in %s: %s", len(data), self.path, reason)
        return False

    def _rotate(self) -> None:
        if self._out is None:
            return
        self._out.close()
        self._rotation.rotate()
        self.begin()

    def _tell(self) -> None:
        for reader in self._readers:
            reader.set()
