"""Read a tar as it streams by.

Why not ``tarfile``: names here are bytes, never text; the size of every header is bounded before it
is read; a damaged archive is an error and not an early end; and it takes a fifth of the time.

Formats: POSIX.1-1988 ustar and POSIX.1-2001 pax (pax(1), "ustar Interchange Format", "pax Extended
Header"), GNU's long names and sparse files (GNU tar manual, appendix D), and what came before.
"""

import struct
import zlib
from collections.abc import Iterator

import msgspec

from dockerlab.engine.errors import DataLoss
from dockerlab.engine.unpack import sparse
from dockerlab.engine.unpack.source import Reader

BLOCK = 512
MAX_EXTENSION = 1 << 20
"""Most bytes of an extended header, a long name or a sparse map (as Go's archive/tar)."""
MAX_ENTRIES = 4_000_000

FILE, LINK, SYMLINK, CHARACTER = b"0", b"1", b"2", b"3"
BLOCK_DEVICE, DIRECTORY, FIFO = b"4", b"5", b"6"
_FILES = frozenset((FILE, b"\0", b"7", b"S"))
_WITHOUT_DATA = frozenset((LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, FIFO))
_DEVICES = frozenset((CHARACTER, BLOCK_DEVICE))
_HEADER = struct.Struct("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12s")
_XATTR = b"SCHILY.xattr."
_NUMBERS = frozenset((b"size", b"uid", b"gid"))


class Entry(msgspec.Struct):
    """One member of the archive. Names are bytes, times nanoseconds since 1970."""

    name: bytes
    type: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    target: bytes = b""
    """Of a symbolic or hard link."""
    device: tuple[int, int] = (0, 0)
    """Major and minor number."""
    xattrs: dict[bytes, bytes] = {}
    extents: list[sparse.Extent] | None = None
    """Where the data belong in the file, if it has holes; ``size`` is then the whole file's."""


def entries(source: Reader) -> Iterator[Entry]:
    """The archive's members. Read a file's data from ``source`` before asking for the next.

    Raises:
        DataLoss: this is no tar, or one that is damaged or cut short.

    """
    pax: dict[bytes, bytes] = {}
    long_name = long_target = b""
    count = 0
    while not _is_end(block := source.read(BLOCK), source):
        entry = _parse(block)
        if entry.type == b"x":
            pax = _pax_records(_extension(entry, source))
        elif entry.type == b"g":
            _extension(entry, source)  # for the whole archive: Docker passes over it, too
        elif entry.type == b"L":
            long_name = _extension(entry, source).partition(b"\0")[0]
        elif entry.type == b"K":
            long_target = _extension(entry, source).partition(b"\0")[0]
        else:
            stored = _complete(entry, block, pax, source)
            entry.name = long_name or entry.name
            entry.target = long_target or entry.target
            end = source.position + stored
            yield entry
            source.skip(end - source.position + -stored % BLOCK)
            pax, long_name, long_target = {}, b"", b""
        count += 1
        if count > MAX_ENTRIES:
            raise DataLoss(f"the tar has more than {MAX_ENTRIES} entries")


def _is_end(block: bytes, source: Reader) -> bool:
    """Whether the archive ends here: at two blocks of zeros or, forgiven, with the stream."""
    if not block:
        return True
    if len(block) < BLOCK:
        raise DataLoss("the tar ends too early: unexpected EOF")
    if block[0] or block.strip(b"\0"):
        return False
    if source.read(BLOCK).strip(b"\0"):
        raise DataLoss("invalid tar header: a block of zeros within the archive")
    return True


def _parse(block: bytes) -> Entry:
    (
        name, mode, uid, gid, size, mtime, checksum, kind, target, magic, _uname, _gname,
        major, minor, prefix, trailer,
    ) = _HEADER.unpack(block)  # fmt: skip
    _verify(block, checksum)
    name = name.partition(b"\0")[0]
    if magic.startswith(b"ustar\0"):
        if trailer.endswith(b"tar\0"):  # star keeps times where the prefix ends
            prefix = prefix[:131]
        if prefix[0]:
            name = prefix.partition(b"\0")[0] + b"/" + name
    if kind in _FILES:
        kind = DIRECTORY if kind == b"\0" and name.endswith(b"/") else kind
    return Entry(
        name=name,
        type=kind,
        mode=_number(mode) & 0o7777,
        uid=_number(uid),
        gid=_number(gid),
        size=_number(size),
        mtime=_number(mtime) * 1_000_000_000,
        target=target.partition(b"\0")[0],
        device=(_number(major), _number(minor)) if kind in _DEVICES else (0, 0),
    )


def _verify(block: bytes, checksum: bytes) -> None:
    """Hold a header against its checksum: the sum of its bytes, with spaces in the sum's place.

    Adler-32's lower half is 1 + the sum of all bytes modulo 65521: much faster than ``sum``.
    """
    promised = _number(checksum)
    if (zlib.adler32(block) & 0xFFFF) == (1 + promised - 8 * 0x20 + sum(checksum)) % 65521:
        return
    signed = sum(struct.unpack("148b8x356b", block)) + 8 * 0x20  # as some of the first tars did
    if signed != promised:
        raise DataLoss("invalid tar header: its checksum is wrong")


def _number(field: bytes) -> int:
    """A number in octal digits or, with the topmost bit set, in GNU's base 256."""
    if field[0] & 0x80:
        number = int.from_bytes(field, "big")
        bits = 8 * len(field)
        return number - (1 << bits) if field[0] & 0x40 else number - (1 << (bits - 1))
    try:
        return int(field.strip(b"\0 ") or b"0", 8)
    except ValueError as error:
        raise DataLoss(f"invalid tar header: {field!r} is no number") from error


def _extension(entry: Entry, source: Reader) -> bytes:
    """The data of a header that describes the next one."""
    if not 0 <= entry.size <= MAX_EXTENSION:
        raise DataLoss(f"invalid tar header: an extended header of {entry.size} bytes")
    data = source.read(entry.size)
    source.skip(entry.size - len(data) + -entry.size % BLOCK)
    return data


def _pax_records(data: bytes) -> dict[bytes, bytes]:
    """The records of an extended header, each ``"%d %s=%s"`` and a newline (pax(1))."""
    records: dict[bytes, bytes] = {}
    extents: list[bytes] = []
    start = 0
    while start < len(data):
        length, _, _ = data[start : start + 20].partition(b" ")
        if not length.isdigit():
            raise DataLoss("invalid tar header: a damaged pax record")
        end = start + int(length)
        key, equals, value = data[start + len(length) + 1 : end - 1].partition(b"=")
        if not equals or end > len(data) or data[end - 1 : end] != b"\n":
            raise DataLoss("invalid tar header: a damaged pax record")
        if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes"):
            extents.append(value)  # the one case of a key that comes again and again
        else:
            records[key] = value
        start = end
    if extents:
        records[b"GNU.sparse.map"] = b",".join(extents)
    return records


def _complete(entry: Entry, block: bytes, pax: dict[bytes, bytes], source: Reader) -> int:
    """Add what the extended header says and sparse maps; how many bytes of data follow."""
    if pax:
        _apply_pax(entry, pax)
    if entry.type in _WITHOUT_DATA:
        entry.size = 0
    stored = entry.size
    if stored < 0:
        raise DataLoss(f"invalid tar header: {stored} bytes of data")
    if entry.type == b"S":
        entry.size = _number(block[483:495])
        entry.extents = sparse.old_gnu(block, source)
    elif b"GNU.sparse.major" in pax or b"GNU.sparse.map" in pax:
        entry.name = pax.get(b"GNU.sparse.name", entry.name)
        entry.size = _decimal(pax.get(b"GNU.sparse.realsize") or pax.get(b"GNU.sparse.size", b"0"))
        start = source.position
        if pax.get(b"GNU.sparse.major", b"0") == b"0":
            entry.extents = sparse.from_text(pax.get(b"GNU.sparse.map", b""))
        else:
            entry.extents = sparse.from_data(source)
        stored -= source.position - start
    if entry.extents is not None:
        sparse.check(entry.extents, size=entry.size, stored=stored)
    if entry.type in _FILES:
        entry.type = FILE
    elif entry.type not in _WITHOUT_DATA:
        raise DataLoss(f"unhandled tar header type {entry.type[0]}: {entry.name!r}")
    return stored


def _apply_pax(entry: Entry, pax: dict[bytes, bytes]) -> None:
    for key, value in pax.items():
        if not value:
            continue  # what the plain header says stands
        if key == b"mtime":
            entry.mtime = _nanoseconds(value)
        elif key == b"path":
            entry.name = value
        elif key == b"linkpath":
            entry.target = value
        elif key in _NUMBERS:
            setattr(entry, key.decode(), _decimal(value))
        elif key.startswith(_XATTR):
            entry.xattrs = {**entry.xattrs, key.removeprefix(_XATTR): value}
    if b"\0" in entry.target or any(b"\0" in key for key in entry.xattrs):
        raise DataLoss("invalid tar header: a NUL in a name")


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise DataLoss(f"invalid tar header: {text!r} is no number")
    return int(text)


def _nanoseconds(text: bytes) -> int:
    """``1700000000.123456789`` in nanoseconds, without the rounding of a float."""
    whole, _, fraction = text.partition(b".")
    negative = whole.startswith(b"-")
    nanoseconds = _decimal(whole.lstrip(b"-") or b"0") * 1_000_000_000
    nanoseconds += _decimal(fraction[:9].ljust(9, b"0"))
    return -nanoseconds if negative else nanoseconds
