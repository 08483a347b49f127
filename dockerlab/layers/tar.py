"""Read the headers of a layer's tar as it streams by.

Why not `tarfile`: it takes 15 µs for a header where this takes 3, which is most of the time that an
image of many small files costs; names would be text, and the size of an extended header would be
believed. Why not the embedded engine's reader: the engine is a package of its own that nothing but
its daemon is known of (ARCHITECTURE.md), and what is needed here is less: no times, no attributes,
no holes.

Formats: POSIX.1-1988 ustar and POSIX.1-2001 pax (pax(1), "ustar Interchange Format", "pax Extended
Header"), GNU's long names and sparse files (GNU tar manual, appendix D), and what came before.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from dockerlab.layers.entry import DIRECTORY, FILE, Entry, clean
from dockerlab.layers.problems import ArchiveDamaged, TooMuch
from dockerlab.layers.stream import Stream

BLOCK = 512
MAX_EXTENSION = 1 << 20
"""Most bytes of an extended header or a long name."""
MAX_NAME = 4096
"""Most bytes of a name: Linux's PATH_MAX."""
MAX_ENTRIES = 1_000_000
MAX_NAMES = 1 << 27
"""Most bytes of all names of one layer together."""
DIGEST_BYTES = 16
WELL_HASHED = 1 << 16

_HEADER = struct.Struct("100s8s8s8s12s12x8s1s100s6s2x32x32x8x8x155s12s")
_WITHOUT_DATA = frozenset("123456")
_ENDS = b"\0 "
"""What a number's field ends with, if it is not filled."""


@dataclass(slots=True)
class Header:
    """What one header says, and what the extended headers before it add."""

    name: bytes
    type: str
    mode: int
    uid: int
    gid: int
    size: int
    target: bytes
    stored: int
    """How many bytes of data follow."""


def entries(stream: Stream) -> Iterator[Entry]:
    """Yield the files of a layer in the order of its tar, each with the digest of its content.

    Raises:
        ArchiveDamaged: this is no tar, or one that is cut short.
        TooMuch: it has more files or longer names than fit into bounded memory.

    """
    names = 0
    for count, header in enumerate(headers(stream), 1):
        digest = b""
        if header.type not in _WITHOUT_DATA:
            digest = _fingerprint(stream, header.stored)
        stream.skip(-header.stored % BLOCK)
        names += len(header.name) + len(header.target)
        if count > MAX_ENTRIES or names > MAX_NAMES:
            raise TooMuch(count=MAX_ENTRIES)
        path = clean(header.name)
        if path is not None:
            yield Entry(
                path, header.type, header.mode, header.uid, header.gid, header.size,
                header.target, digest,
            )  # fmt: skip


def _fingerprint(stream: Stream, size: int) -> bytes:
    """Pass over the content of a file, and return what tells it from other content.

    SHA-256 of the first 64 KiB; of a larger file also the CRC-32 of the rest, and its size. The
    whole layer is hashed anyway, and to do that twice would take as long again. So a large file
    that was made to look like another is taken for it here, as dive's xxHash would; what is told
    by this is whether a layer holds a file in vain, and not whether to trust it.
    """
    whole = min(size, WELL_HASHED)
    data = stream.take(whole)
    if len(data) < whole:
        raise ArchiveDamaged("layers.cut_short")
    content = hashlib.sha256(data)
    if size > whole:
        rest = _CRC()
        stream.skip(size - whole, hashed=rest)
        content.update(b"%d %d" % (rest.value, size))
    return content.digest()[:DIGEST_BYTES]


class _CRC:
    """CRC-32 in the shape of a hash."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def update(self, data: memoryview, /) -> None:
        self.value = zlib.crc32(data, self.value)


def headers(stream: Stream) -> Iterator[Header]:
    """Yield the headers of a tar. Read or skip `stored` bytes, and padding, before the next.

    Raises:
        ArchiveDamaged: this is no tar, or one that is cut short.

    """
    pax: dict[bytes, bytes] = {}
    long_name = long_target = b""
    while not _is_end(block := stream.take(BLOCK), stream):
        header = _parse(block)
        if header.type == "x":
            pax = _pax_records(_extension(header, stream))
        elif header.type == "g":
            _extension(header, stream)  # for the whole archive: engines pass over it, too
        elif header.type == "L":
            long_name = _extension(header, stream).partition(b"\0")[0]
        elif header.type == "K":
            long_target = _extension(header, stream).partition(b"\0")[0]
        else:
            _complete(header, block, pax, stream)
            header.name = long_name or header.name
            header.target = long_target or header.target
            if len(header.name) > MAX_NAME or len(header.target) > MAX_NAME:
                _damaged()
            yield header
            pax, long_name, long_target = {}, b"", b""


def looks_like_tar(block: bytes) -> bool:
    """Whether a file that begins with this block may be a tar: a header, or an empty archive."""
    if len(block) < BLOCK:
        return False
    if not block.strip(b"\0"):
        return True
    try:
        _parse(block)
    except ArchiveDamaged:
        return False
    return True


def _damaged() -> NoReturn:
    raise ArchiveDamaged("layers.damaged")


def _is_end(block: bytes, stream: Stream) -> bool:
    """Whether the archive ends here: at two blocks of zeros or, forgiven, with the stream."""
    if not block:
        return True
    if len(block) < BLOCK:
        raise ArchiveDamaged("layers.cut_short")
    if block[0] or block.strip(b"\0"):
        return False
    if stream.take(BLOCK).strip(b"\0"):
        _damaged()
    return True


def _parse(block: bytes) -> Header:
    (
        name, mode, uid, gid, size, checksum, flag, target, magic, prefix, trailer,
    ) = _HEADER.unpack(block)  # fmt: skip
    _verify(block, checksum)
    name = name.partition(b"\0")[0]
    if magic == b"ustar\0" and prefix[0]:
        if trailer.endswith(b"tar\0"):  # star keeps times where the prefix ends
            prefix = prefix[:131]
        name = prefix.partition(b"\0")[0] + b"/" + name
    kind = flag.decode("latin-1")
    if kind == "\0":  # an old archive, in which a name ending in a slash is a directory
        kind = DIRECTORY if name.endswith(b"/") else FILE
    length = _number(size)
    return Header(
        name,
        kind,
        _usual_number(mode),
        _usual_number(uid),
        _usual_number(gid),
        length,
        target.partition(b"\0")[0],
        0 if kind in _WITHOUT_DATA else length,
    )


def _verify(block: bytes, checksum: bytes) -> None:
    """Hold a header against its checksum: the sum of its bytes, with spaces in the sum's place.

    Adler-32's lower half is 1 + the sum of all bytes modulo 65521: much faster than `sum`.
    """
    promised = _number(checksum)
    if (zlib.adler32(block) & 0xFFFF) == (1 + promised - 8 * 0x20 + sum(checksum)) % 65521:
        return
    signed = sum(struct.unpack("148b8x356b", block)) + 8 * 0x20  # as some of the first tars did
    if signed != promised:
        _damaged()


def _number(field: bytes) -> int:
    """Return a number in octal digits or, with the topmost bit set, in GNU's base 256."""
    digits = field[:-1] if field[-1] in _ENDS else field
    if not digits.isdigit():  # int() would take a sign and underscores
        if field[0] & 0x80:
            number = int.from_bytes(field, "big")
            bits = 8 * len(field)
            return number - (1 << bits) if field[0] & 0x40 else number - (1 << (bits - 1))
        digits = field.partition(b"\0")[0].strip(b" ")
        if not digits:
            return 0
        if not digits.isdigit():
            _damaged()
    try:
        return int(digits, 8)
    except ValueError:
        _damaged()


_usual_number = lru_cache(256)(_number)
"""For modes and owners, of which one layer has few."""


def _extension(header: Header, stream: Stream) -> bytes:
    """Return the data of a header that describes the next one."""
    if not 0 <= header.size <= MAX_EXTENSION:
        _damaged()
    data = stream.take(header.size)
    stream.skip(header.size - len(data) + -header.size % BLOCK)
    return data


def _pax_records(data: bytes) -> dict[bytes, bytes]:
    """Return the records of an extended header, each `"%d %s=%s"` and a newline (pax(1))."""
    records: dict[bytes, bytes] = {}
    start = 0
    while start < len(data):
        length, _, _ = data[start : start + 20].partition(b" ")
        if not length.isdigit():
            _damaged()
        end = start + int(length)
        key, equals, value = data[start + len(length) + 1 : end - 1].partition(b"=")
        if not equals or end > len(data) or data[end - 1 : end] != b"\n":
            _damaged()
        if value:  # an empty one means: what the plain header says
            records[key] = value
        start = end
    return records


def _complete(header: Header, block: bytes, pax: dict[bytes, bytes], stream: Stream) -> None:
    """Add what the extended header says, and the true size of a file with holes."""
    if pax:
        _apply_pax(header, pax)
    if header.size < 0:
        _damaged()
    header.stored = 0 if header.type in _WITHOUT_DATA else header.size
    if header.type == "S":
        header.size = _number(block[483:495])
        more = block[482]
        while more:  # the map of holes goes on, each block with a mark whether another follows
            extension = stream.take(BLOCK)
            if len(extension) < BLOCK:
                raise ArchiveDamaged("layers.cut_short")
            more = extension[504]
    elif b"GNU.sparse.major" in pax or b"GNU.sparse.map" in pax:
        header.name = pax.get(b"GNU.sparse.name", header.name)
        size = pax.get(b"GNU.sparse.realsize") or pax.get(b"GNU.sparse.size")
        header.size = _decimal(size) if size else header.size


def _apply_pax(header: Header, pax: dict[bytes, bytes]) -> None:
    header.name = pax.get(b"path", header.name)
    header.target = pax.get(b"linkpath", header.target)
    if b"size" in pax:
        header.size = _decimal(pax[b"size"])
    if b"uid" in pax:
        header.uid = _decimal(pax[b"uid"])
    if b"gid" in pax:
        header.gid = _decimal(pax[b"gid"])


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        _damaged()
    return int(text)
