"""The uncompressed bytes of a layer, hashed on their way.

Reading, decompressing and hashing go on in a thread of their own while files are written in the
caller's: zlib, hashlib and the system calls all let go of Python's global lock.
"""

import hashlib
import queue
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from dockerlab.engine.errors import DataLoss, Forbidden
from dockerlab.engine.oci import DiffID
from dockerlab.engine.unpack.compression import decompressed

_AHEAD = 8
"""Pieces that are decompressed in advance, each of at most a mebibyte."""


class Reader(Protocol):
    """What a tar is read from."""

    @property
    def position(self) -> int:
        """Bytes read so far, uncompressed."""
        ...

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes; fewer, down to none, only at the end."""
        ...

    def skip(self, size: int) -> None:
        """Pass over ``size`` bytes; raises DataLoss if there are fewer."""
        ...


class Held:
    """Bytes that are in memory already."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def read(self, size: int) -> bytes:
        """See ``Reader.read``."""
        found = self._data[self.position : self.position + size]
        self.position += len(found)
        return found

    def skip(self, size: int) -> None:
        """See ``Reader.skip``."""
        self.position += size
        if self.position > len(self._data):
            raise DataLoss("the tar ends too early: unexpected EOF")


def refuse_above(limit: int | None, size: int, *, what: str) -> None:
    """Raise Forbidden if a ``what`` has more bytes uncompressed than its user allows."""
    if limit is not None and size > limit:
        raise Forbidden(
            f"the {what} unpacks to more than the {limit} bytes that are allowed "
            "(DOCKERLAB_MAX_LAYER_SIZE)"
        )


class Source:
    """A context manager: outside it the thread does not run."""

    def __init__(self, stream: BinaryIO, *, limit: int | None = None, what: str = "layer") -> None:
        """Read ``stream``; more than ``limit`` bytes uncompressed are refused, as of a ``what``."""
        self._what = what
        self._hash = hashlib.sha256()
        self._limit = limit
        self._ahead: queue.Queue[bytes | Exception] = queue.Queue(_AHEAD)
        self._stopped = False
        self._ended = False
        self._piece = memoryview(b"")
        self._left = 0  # bytes of the piece that are not read yet
        self._holes = 0
        self.position = 0
        """Bytes read so far, uncompressed."""
        self.total = 0
        """Bytes that came out of the stream so far, uncompressed; all of them after ``finish``."""
        self._thread = threading.Thread(target=self._work, args=(stream,), name="decompress")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped = True
        while not self._ended:  # let the thread see it, should it wait for room
            item = self._ahead.get()
            self._ended = not item or isinstance(item, Exception)
        self._thread.join()

    def _work(self, stream: BinaryIO) -> None:
        try:
            for piece in decompressed(stream):
                self.total += len(piece)
                self._refuse_above_limit(self.total)
                self._hash.update(piece)
                self._ahead.put(piece)
                if self._stopped:
                    break
            self._ahead.put(b"")
        except Exception as error:  # raised again where the bytes are awaited
            self._ahead.put(error)

    def expect(self, size: int) -> None:
        """Refuse what would be too much, before any of it is written."""
        refuse_above(self._limit, self.position + self._holes + size, what=self._what)

    def charge(self, size: int) -> None:
        """Count a sparse file's whole ``size``, too: its holes are no bytes of the stream."""
        self._holes += size
        self._refuse_above_limit(self.position + self._holes)

    def _refuse_above_limit(self, size: int) -> None:
        refuse_above(self._limit, size, what=self._what)

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes; fewer, down to none, only at the end of the stream."""
        if size <= self._left:
            start = len(self._piece) - self._left
            self._left -= size
            self.position += size
            return bytes(self._piece[start : start + size])
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The same bytes as they come, without a copy."""
        while size > 0 and (self._left or self._next()):
            start = len(self._piece) - self._left
            piece = self._piece[start : start + size]
            self._left -= len(piece)
            self.position += len(piece)
            size -= len(piece)
            yield piece

    def skip(self, size: int) -> None:
        """Pass over ``size`` bytes; raises DataLoss if there are fewer."""
        size -= sum(map(len, self.pieces(size)))
        if size:
            raise DataLoss("the tar ends too early: unexpected EOF")

    def finish(self) -> DiffID:
        """Read to the end, whatever follows the tar, and name all the bytes."""
        self._left = 0
        while self._next():
            self._left = 0
        return DiffID("sha256:" + self._hash.hexdigest())

    def _next(self) -> bool:
        if self._ended:
            return False
        item = self._ahead.get()
        if isinstance(item, Exception):
            self._ended = True
            raise item
        self._ended = not item
        self._piece = memoryview(item)
        self._left = len(item)
        return not self._ended
