"""Bytes that pass by once, in order, and are hashed on the way."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

from dockerlab.layers.problems import ArchiveDamaged

CHUNK = 1 << 18
_WAITING = 4
"""Chunks that may wait for the hash: with the one in use, all that is ever in memory."""

Reader = Callable[[int], bytes]
"""What `read` of a binary file is: at most so many bytes, none at the end."""


Progress = Callable[[int], object]
"""Is told, as reading goes on, how many bytes more were read."""


def told(read: Reader, progress: Progress | None) -> Reader:
    """Return a reader that tells `progress` what it reads."""
    if progress is None:
        return read

    def take(count: int) -> bytes:
        data = read(count)
        progress(len(data))
        return data

    return take


class Hash(Protocol):
    """What `hashlib` returns."""

    def update(self, data: memoryview, /) -> None:
        """Take these bytes in."""


class Stream:
    """Reads from `read` in chunks; a thread hashes each chunk while the caller looks at it.

    `hashlib` releases Python's lock, so that the SHA-256 of the whole costs no time of its own
    where there are two processors. It is most of the work all the same: `is_hashed` can be False
    where the digest is known from someone who is trusted.
    """

    def __init__(self, read: Reader, *, is_hashed: bool = True) -> None:
        self._is_hashed = is_hashed
        self._read = read
        self._chunk = b""
        self._at = 0
        self._hash = hashlib.sha256()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sha256")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer only at the end."""
        start, end = self._at, self._at + count
        if end <= len(self._chunk):
            self._at = end
            return self._chunk[start:end]
        parts = [self._chunk[start:]]
        missing = count - len(parts[0])
        while missing > 0 and self._refill():
            part = self._chunk[:missing]
            self._at = len(part)
            missing -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, count: int, *, hashed: Hash | None = None) -> None:
        """Pass over `count` bytes, adding them to `hashed`.

        Raises:
            ArchiveDamaged: there are fewer.

        """
        if hashed is None and 0 <= count <= len(self._chunk) - self._at:
            self._at += count
            return
        while count > 0:
            if self._at >= len(self._chunk) and not self._refill():
                raise ArchiveDamaged("layers.cut_short")
            step = min(count, len(self._chunk) - self._at)
            if hashed is not None:
                hashed.update(memoryview(self._chunk)[self._at : self._at + step])
            self._at += step
            count -= step

    def finish(self) -> str:
        """Read to the end, and return the digest of everything (if hashed), as `sha256:…`."""
        while self._refill():
            pass
        for each in self._waiting:
            each.result()
        return f"sha256:{self._hash.hexdigest()}"

    def _refill(self) -> bool:
        self._chunk, self._at = self._read(CHUNK), 0
        if not self._chunk:
            return False
        if not self._is_hashed:
            return True
        if len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._hash.update, self._chunk))
        return True
