"""Where the frames of a zstd file end (RFC 8878, section 3.1).

The decompressor whose output is bounded does not tell whether its input was cut short: what is
missing is then simply not there. The lengths that stand before each block tell.
"""

from __future__ import annotations

from collections.abc import Generator

_SKIPPABLE = 0x184D2A5
"""The upper 28 bits of the magic numbers of frames without data (section 3.1.2)."""
_DICTIONARY_ID = (0, 1, 2, 4)
_CONTENT_SIZE = (0, 2, 4, 8)
_REPEATED_BYTE = 1
_LOOKED_AT = 16
"""Most bytes that are needed at a time; what is longer is passed over."""


class Frames:
    """Is shown a file as it passes by, and knows whether it may end here."""

    def __init__(self) -> None:
        self._frame: Generator[int, bytes, None] | None = None
        self._seen = bytearray()
        self._wanted = self._left = 0

    @property
    def may_end(self) -> bool:
        """Whether nothing is missing of the frames so far."""
        return self._frame is None

    def show(self, data: bytes) -> None:
        """Take in what comes next."""
        at = 0
        while at < len(data):
            if self._frame is None:
                self._frame = _frame()
                self._want(next(self._frame))
            step = min(self._left, len(data) - at)
            if self._wanted <= _LOOKED_AT:
                self._seen += data[at : at + step]
            self._left -= step
            at += step
            if not self._left:
                try:
                    self._want(self._frame.send(bytes(self._seen)))
                except StopIteration:
                    self._frame = None

    def _want(self, count: int) -> None:
        self._wanted = self._left = count
        self._seen.clear()


def _frame() -> Generator[int, bytes, None]:
    """Walk over one frame: yield how many bytes come next, be sent these if they are few."""
    magic = int.from_bytes((yield 4), "little")
    if magic >> 4 == _SKIPPABLE:
        if size := int.from_bytes((yield 4), "little"):
            yield size
        return
    (descriptor,) = yield 1
    is_single = descriptor >> 5 & 1  # of one segment: no window, and always a content size
    rest = _DICTIONARY_ID[descriptor & 3] + _CONTENT_SIZE[descriptor >> 6] + 1
    if is_single and descriptor >> 6:
        rest -= 1
    yield rest
    is_last = 0
    while not is_last:
        block = int.from_bytes((yield 3), "little")
        is_last, kind, size = block & 1, block >> 1 & 3, block >> 3
        if size:
            yield 1 if kind == _REPEATED_BYTE else size
    if descriptor >> 2 & 1:
        yield 4
