"""Undo what a layer or an archive was compressed with, a chunk at a time.

OCI image specification, layer.md: gzip and zstd. The compression is recognised by its first bytes,
as engines do: media types are often wrong.
"""

from __future__ import annotations

import io
import zlib
from typing import IO, cast

from dockerlab.layers.problems import ArchiveDamaged
from dockerlab.layers.stream import CHUNK, Reader
from dockerlab.layers.zstd_frames import Frames

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
_MAX_WINDOW = 1 << 27
"""128 MiB, the most that zstd's own tool accepts unasked (RFC 8878, section 3.1.1.1.2)."""


def decompressed(read: Reader) -> Reader:
    """Return a reader of what `read` holds, whether it is compressed or not."""
    head = _exactly(read, 4)
    whole = preceded(head, read)
    if head.startswith(GZIP):
        return _Gzip(whole).read
    if head == ZSTD:
        return _zstd(whole)
    return whole


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins like this is compressed in one of the ways known here."""
    return head.startswith((GZIP, ZSTD))


def preceded(head: bytes, read: Reader) -> Reader:
    """Return a reader of `head` and then of what `read` still has."""
    left = io.BytesIO(head)
    return lambda count: left.read(count) or read(count)


class _Gzip:
    """RFC 1952, several members in a row included; never more than a chunk comes out at once."""

    def __init__(self, read: Reader) -> None:
        self._source = read
        self._member = zlib.decompressobj(wbits=31)
        self._input = b""

    def read(self, count: int) -> bytes:
        while True:
            if self._member.eof:
                self._input = self._member.unused_data or self._source(CHUNK)
                if not self._input.strip(b"\0"):  # the end, or the padding of a tape
                    return b""
                self._member = zlib.decompressobj(wbits=31)
            elif not self._input:
                self._input = self._source(CHUNK)
                if not self._input:
                    raise ArchiveDamaged("layers.cut_short")
            try:
                data = self._member.decompress(self._input, count)
            except zlib.error as error:
                raise ArchiveDamaged("layers.damaged") from error
            self._input = self._member.unconsumed_tail
            if data:
                return data


def _zstd(read: Reader) -> Reader:
    import zstandard  # noqa: PLC0415 - most layers of an engine are not compressed at all

    decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    reader = decompressor.stream_reader(cast("IO[bytes]", _Readable(read)), read_across_frames=True)

    def take(count: int) -> bytes:
        try:
            return bytes(reader.read(count))
        except zstandard.ZstdError as error:
            raise ArchiveDamaged("layers.damaged") from error

    return take


class _Readable(io.RawIOBase):
    """A reader of zstd in the shape that `zstandard` asks for."""

    def __init__(self, read: Reader) -> None:
        self._source = read
        self._frames = Frames()

    def read(self, size: int = -1, /) -> bytes:
        data = self._source(size if size > 0 else CHUNK)
        self._frames.show(data)
        if not data and not self._frames.may_end:
            raise ArchiveDamaged("layers.cut_short")
        return data


def _exactly(read: Reader, count: int) -> bytes:
    parts = b""
    while len(parts) < count and (part := read(count - len(parts))):
        parts += part
    return parts
