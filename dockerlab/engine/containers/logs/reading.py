"""Reading a container's log: from the end, across rotated files, and on while it grows."""

import os
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from dockerlab.engine.containers.logs.records import LogRecord, decode
from dockerlab.engine.containers.logs.rotation import Rotation
from dockerlab.engine.timestamp import parse_rfc3339

_BLOCK = 64 * 1024


class LogFrame(msgspec.Struct, frozen=True):
    """A piece of output to send to a client; ``stream`` is 1 for stdout, 2 for stderr."""

    stream: int
    data: bytes


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which records are wanted. ``since`` and ``until`` are Unix nanoseconds, 0 meaning any time.

    ``tail`` is how many of the last are wanted at most, -1 meaning all.
    """

    stdout: bool = True
    stderr: bool = True
    since: int = 0
    until: int = 0
    timestamps: bool = False
    tail: int = -1
    follow: bool = False

    def wants_stream(self, record: LogRecord) -> bool:
        """Whether the record's stream is asked for, whenever it was written."""
        return self.stdout if record.stream == "stdout" else self.stderr

    def wants(self, record: LogRecord) -> bool:
        """Whether the record is asked for."""
        if not self.wants_stream(record):
            return False
        return not self.since or parse_rfc3339(record.time) >= self.since

    def passed(self, record: LogRecord) -> bool:
        """Whether the record, and so all after it, are too late."""
        return bool(self.until) and parse_rfc3339(record.time) > self.until

    def frame(self, record: LogRecord) -> LogFrame:
        """What the client gets."""
        text = f"{record.time} {record.log}" if self.timestamps else record.log
        stream = 2 if record.stream == "stderr" else 1
        return LogFrame(stream, text.encode("utf-8", "surrogatepass"))


class Reader:
    """Reads the records of a log across its files, and goes on where it stopped."""

    def __init__(self, log: Rotation) -> None:
        self._log = log
        self._files = [path.open("rb") for path in log.paths()]
        self._generation = log.generation
        self._rest = b""

    def skip_to_tail(self, query: Query) -> None:
        """Leave out all but the last records that the query wants."""
        if query.tail < 0:
            return
        missing = query.tail
        for index in range(len(self._files) - 1, -1, -1):
            file = self._files[index]
            position, missing = _start_of_last(file, missing, query)
            file.seek(position)
            if missing == 0:
                for older in self._files[:index]:
                    older.close()
                del self._files[:index]
                return

    def records(self) -> Iterator[LogRecord]:
        """The records from here to the present end."""
        while self._files or self._reopen():
            yield from self._complete_lines(self._files[0])
            if len(self._files) == 1 and self._generation == self._log.generation:
                return
            self._files.pop(0).close()
            self._reopen()

    def close(self) -> None:
        """Close what is open."""
        for file in self._files:
            file.close()

    def _reopen(self) -> bool:
        """Open the files that rotation made since; whether there are any."""
        behind = self._log.generation - self._generation
        self._generation = self._log.generation
        paths = self._log.paths()
        if not self._files and behind == 0:
            behind = len(paths)
        if behind:
            self._files += [path.open("rb") for path in paths[-behind:]]
        return bool(self._files)

    def _complete_lines(self, file: BinaryIO) -> Iterator[LogRecord]:
        while block := file.read(_BLOCK):
            *lines, self._rest = (self._rest + block).split(b"\n")
            for line in lines:
                record = decode(line)
                if record is not None:
                    yield record


def _start_of_last(file: BinaryIO, wanted: int, query: Query) -> tuple[int, int]:
    """Where the last ``wanted`` records of a file begin that the query wants, and how many lack."""
    if wanted == 0:
        return file.seek(0, os.SEEK_END), 0
    for start, line in _lines_backwards(file):
        record = decode(line)
        if record is not None and query.wants_stream(record):
            wanted -= 1
            if wanted == 0:
                return start, 0
    return 0, wanted


def _lines_backwards(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line with where it begins, the last one first.

    Read a block at a time, so that the length of the log does not matter.
    """
    position = file.seek(0, os.SEEK_END)
    first = b""
    while position > 0:
        step = min(_BLOCK, position)
        position -= step
        file.seek(position)
        data = file.read(step) + first
        end = position + len(data)
        first, *lines = data.split(b"\n")
        for line in reversed(lines):
            start = end - len(line)
            yield start, line
            end = start - 1
    yield 0, first
