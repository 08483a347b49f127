r"""A container's output on disk, in the format of Docker's ``json-file``.

One JSON object a line: ``{"log":"hello\n","stream":"stdout","time":"2026-01-01T00:00:00.1Z"}``.
A line of output longer than 16 KiB becomes several records; all but the last lack the newline.
With ``max-size`` the file is renamed to ``….log.1`` when it is full, up to ``max-file`` files.
"""

import asyncio
import codecs
import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.timestamp import format_rfc3339, parse_rfc3339

LONGEST = 16 * 1024
STREAMS = {1: "stdout", 2: "stderr"}
OPTIONS = frozenset(
    {
        "max-size",
        "max-file",
        "compress",
        "labels",
        "labels-regex",
        "env",
        "env-regex",
        "tag",
        "mode",
        "max-buffer-size",
    }
)

_log = logging.getLogger(__name__)
_BLOCK = 64 * 1024
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


class LogRecord(msgspec.Struct, frozen=True):
    """One record: text of one stream, at a moment in RFC 3339."""

    log: str = ""
    stream: str = "stdout"
    time: str = ""


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

    def wants(self, record: LogRecord) -> bool:
        """Whether the record is asked for."""
        if not (self.stdout if record.stream == "stdout" else self.stderr):
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


class LogFile:
    """Writes a container's log, and tells its readers."""

    def __init__(self, path: Path, options: Mapping[str, str], *, now: Callable[[], int]) -> None:
        self.path = path
        self._limit = parse_size(options["max-size"]) if "max-size" in options else 0
        self._files = int(options.get("max-file", "1"))
        self._now = now
        self._pending: dict[int, bytes] = {}
        self._out: BinaryIO | None = None
        self._size = 0
        self._readers: set[asyncio.Event] = set()
        self.generation = 0
        """How often the file was rotated."""
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
        while (end := _line_end(pending, start)) > start:
            records.append(_encode(pending[start:end], stream, moment))
            start = end
        if start < len(pending):
            self._pending[stream] = pending[start:]
        # Each by itself where the file may be full in between.
        for piece in records if self._limit else [b"".join(records)]:
            self._append(piece)

    def end(self) -> None:
        """Write what was kept back, and close the file."""
        for stream, data in sorted(self._pending.items()):
            self._append(_encode(data, stream, format_rfc3339(self._now())))
        self._pending.clear()
        if self._out is not None:
            self._out.close()
            self._out = None
        self.open = False
        self._tell()

    async def read(self, query: Query) -> AsyncIterator[LogFrame]:
        """The records that the query wants; with ``follow`` until the log is closed."""
        reader = _Reader(self)
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

    def paths(self) -> list[Path]:
        """The files that exist, the oldest first."""
        older = [Path(f"{self.path}.{number}") for number in range(self._files - 1, 0, -1)]
        return [path for path in [*older, self.path] if path.exists()]

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
        if self._files <= 1:
            self.path.unlink()
        for number in range(self._files - 1, 0, -1):
            newer = Path(f"{self.path}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                newer.replace(f"{self.path}.{number}")
        self.generation += 1
        self.begin()

    def _tell(self) -> None:
        for reader in self._readers:
            reader.set()


class _Reader:
    """Reads the records of a log across its files, and goes on where it stopped."""

    def __init__(self, log: LogFile) -> None:
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
            position, missing = _before_last(file, missing, query)
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
                record = _decode(line)
                if record is not None:
                    yield record


def check_options(kind: str, options: Mapping[str, str]) -> None:
    """Refuse what is no log driver here, or no option of it; raises InvalidParameter."""
    if kind not in ("", "json-file", "local", "none"):
        raise InvalidParameter(f'error looking up logging plugin {kind}: plugin "{kind}" not found')
    for name in options:
        if name not in OPTIONS:
            raise InvalidParameter(f"unknown log opt '{name}' for {kind or 'json-file'} log driver")


def parse_size(text: str) -> int:
    """Bytes of a size like ``10m``; raises InvalidParameter.

    >>> parse_size("10k")
    10240
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InvalidParameter(f"invalid size: '{text}'")
    return int(float(match[1]) * 1024 ** _UNITS[match[2].lower()])


def _line_end(data: bytes, start: int) -> int:
    """Where the record that begins at ``start`` ends, or ``start`` if it is not complete."""
    newline = data.find(b"\n", start, start + LONGEST)
    if newline >= 0:
        return newline + 1
    return start + LONGEST if len(data) - start >= LONGEST else start


def _encode(data: bytes, stream: int, moment: str) -> bytes:
    text = msgspec.json.encode(data.decode("utf-8", _EACH_BYTE))
    # Go's encoder, which Docker's readers know, keeps JSON safe inside HTML.
    for plain, escaped in _HTML:
        text = text.replace(plain, escaped)
    return b'{"log":%b,"stream":"%b","time":"%b"}\n' % (
        text,
        STREAMS[stream].encode(),
        moment.encode(),
    )


_HTML = (
    (b"&", b"\\u0026"),
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)
_EACH_BYTE = "dockerlab.replace-each-byte"


def _replace_each_byte(error: UnicodeError) -> tuple[str, int]:
    # As Go does it: one replacement character for every byte that is not UTF-8.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd", error.start + 1


codecs.register_error(_EACH_BYTE, _replace_each_byte)
_RECORDS = msgspec.json.Decoder(LogRecord)


def _decode(line: bytes) -> LogRecord | None:
    """The record of a line, or None for what a crash left half written."""
    try:
        return _RECORDS.decode(line)
    except msgspec.MsgspecError:
        return None


def _before_last(file: BinaryIO, wanted: int, query: Query) -> tuple[int, int]:
    """Where the last ``wanted`` records of a file begin that the query wants, and how many lack.

    Reads from the end, a block at a time, so that the length of the log does not matter.
    """
    end = position = file.seek(0, os.SEEK_END)
    rest = b""
    while position > 0:
        if wanted == 0:
            return end, 0
        step = min(_BLOCK, position)
        position -= step
        file.seek(position)
        first, *lines = (file.read(step) + rest).split(b"\n")
        rest = first
        begin = position + len(first) + 1
        ends = [begin]
        for line in lines:
            ends.append(ends[-1] + len(line) + 1)
        for index in range(len(lines) - 1, -1, -1):
            record = _decode(lines[index]) if lines[index] else None
            if record is None or not _of_stream(query, record):
                continue
            wanted -= 1
            end = ends[index]
            if wanted == 0:
                return end, 0
    record = _decode(rest) if rest else None
    if record is not None and _of_stream(query, record) and wanted:
        wanted -= 1
    return 0, wanted


def _of_stream(query: Query, record: LogRecord) -> bool:
    return query.stdout if record.stream == "stdout" else query.stderr
