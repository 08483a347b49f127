"""Make tars a header at a time, as no honest tool would let us."""

import gzip
import io
import struct
import tarfile
from collections.abc import Mapping

FILE, LINK, SYMLINK, CHARACTER, BLOCK, DIRECTORY, FIFO = (b"%d" % kind for kind in range(7))
END = bytes(1024)


def member(
    name: bytes,
    kind: bytes = FILE,
    *,
    data: bytes = b"",
    target: bytes = b"",
    mode: int = 0o644,
    owner: tuple[int, int] = (0, 0),
    device: tuple[int, int] = (0, 0),
    mtime: int = 1_700_000_000,
    size: int | None = None,
    pax: Mapping[bytes, bytes] = {},
) -> bytes:
    """One header with its data, padded; long names go into a pax header by themselves."""
    records = dict(pax)
    if len(name) > 100:
        records[b"path"], name = name, name[:100]
    if len(target) > 100:
        records[b"linkpath"], target = target, target[:100]
    fields = struct.pack(
        "100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x",
        name,
        b"%07o" % mode,
        b"%07o" % owner[0],
        b"%07o" % owner[1],
        b"%011o" % (len(data) if size is None else size),
        b"%011o" % mtime,
        b" " * 8,
        kind,
        target,
        b"ustar\x0000",
        b"root",
        b"root",
        b"%07o" % device[0],
        b"%07o" % device[1],
        b"",
    )
    header = fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]
    return extended(records) + header + data + bytes(-len(data) % 512)


def extended(records: Mapping[bytes, bytes]) -> bytes:
    """A pax header for the next member."""
    if not records:
        return b""
    return member(b"pax", b"x", data=b"".join(_record(*item) for item in records.items()))


def _record(key: bytes, value: bytes) -> bytes:
    length = size = len(key) + len(value) + 3
    while length != size + len(str(length)):
        length = size + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def archive(*members: bytes) -> bytes:
    """A whole tar."""
    return b"".join(members) + END


def stream(*members: bytes) -> io.BytesIO:
    """A whole tar as a file."""
    return io.BytesIO(archive(*members))


def zipped(data: bytes) -> bytes:
    """Compressed with gzip."""
    return gzip.compress(data, mtime=0)


def honest(**files: str) -> bytes:
    """A tar as Python's own module makes one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()
