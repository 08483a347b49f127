"""Which compression a stream has, and its bytes without it.

The first bytes tell, as in Docker; a layer's media type is only a hint. eStargz is gzip, one member
a file.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

import zstandard

from dockerlab.engine.errors import DataLoss

CHUNK = 1 << 20
"""Most bytes that are decompressed at once: what a bomb can take in memory."""
_READ = 1 << 16
_ZSTD_READ = 1 << 11
_GATHERED = 1 << 18


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def decompressed(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of ``stream`` in pieces of at most ``CHUNK``, decompressed if they need it.

    Raises:
        DataLoss: the compressed data are damaged or end too early.

    """
    head = stream.read(6)
    if head.startswith(b"\x1f\x8b"):
        return _members(head, stream, _Gzip, "gzip")
    if head.startswith(b"BZh"):
        return _members(head, stream, bz2.BZ2Decompressor, "bzip2")
    if head.startswith(b"\xfd7zXZ\0"):
        return _members(head, stream, lzma.LZMADecompressor, "xz")
    if head.startswith(b"\x28\xb5\x2f\xfd") or head[1:4] == b"\x2a\x4d\x18":
        return _zstd(head, stream)
    return _plain(head, stream)


class _Gzip:
    """zlib's decompressor with the interface of its siblings: it keeps what it did not take."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self.unused_data = b""
        self.eof = False

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        output = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.eof = self._zlib.eof
        self.unused_data = self._zlib.unused_data
        return output


def _members(
    data: bytes, stream: BinaryIO, new: Callable[[], _Decompressor], kind: str
) -> Iterator[bytes]:
    """Decompress one member after the other, as gzip, bzip2 and xz files may have several."""
    decompressor = new()
    try:
        while True:
            output = decompressor.decompress(data, CHUNK)
            if output:
                yield output
            if decompressor.eof:
                data = decompressor.unused_data or stream.read(_READ)
                if not data:
                    return
                decompressor = new()
            elif len(output) == CHUNK:
                data = b""  # there may be more in what it has taken already
            else:
                data = stream.read(_READ)
                if not data:
                    raise DataLoss(f"the {kind} data end too early: unexpected EOF")
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the stream itself could not be read
        raise DataLoss(f"the {kind} data are damaged: {error}") from error


def _zstd(data: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Decompress one frame after the other.

    ``zstandard`` has no bound on the output of one call, and its reader takes an early end for the
    end: so it gets so little at a time that even a bomb's 128 KiB for 4 bytes stay below 64 MiB.
    """
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    gathered: list[bytes] = []
    size = 0
    try:
        while True:
            output = decompressor.decompress(data)
            gathered.append(output)
            size += len(output)
            if size >= _GATHERED:
                yield from _pieces(b"".join(gathered))
                gathered, size = [], 0
            data = decompressor.unused_data or stream.read(_ZSTD_READ)
            if not data:
                break
            if decompressor.eof:
                decompressor = zstandard.ZstdDecompressor().decompressobj()
    except zstandard.ZstdError as error:
        raise DataLoss(f"the zstd data are damaged: {error}") from error
    if not decompressor.eof:
        raise DataLoss("the zstd data end too early: unexpected EOF")
    yield from _pieces(b"".join(gathered))


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


def _plain(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    if head:
        yield head
    while data := stream.read(CHUNK):
        yield data
