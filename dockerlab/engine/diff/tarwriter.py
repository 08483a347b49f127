"""Write the headers of a tar: POSIX.1-1988 ustar, with pax records for what does not fit.

Headers are as small and as plain as they can be, so that equal files give equal bytes: whole
seconds, no names of users and groups, no access times (as Docker's).
"""

import struct
from collections.abc import Mapping

import msgspec

BLOCK = 512
END = bytes(2 * BLOCK)
FILE, LINK, SYMLINK, CHARACTER = b"0", b"1", b"2", b"3"
BLOCK_DEVICE, DIRECTORY, FIFO = b"4", b"5", b"6"

_HEADER = struct.Struct("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x")
_MOST = {b"uid": 8**7 - 1, b"gid": 8**7 - 1, b"size": 8**11 - 1, b"mtime": 8**11 - 1}
"""What the octal digits of a plain header hold."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What a header says; ``mtime`` in seconds since 1970."""

    name: bytes
    type: bytes
    mode: int
    owner: tuple[int, int] = (0, 0)
    size: int = 0
    mtime: int = 0
    target: bytes = b""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[bytes, bytes] = {}


def header(member: Member) -> bytes:
    """All blocks that stand before a member's data."""
    records = {b"SCHILY.xattr." + key: value for key, value in member.xattrs.items()}
    prefix, name = _split(member.name)
    if len(name) > 100:
        records[b"path"] = member.name
    if len(member.target) > 100:
        records[b"linkpath"] = member.target
    numbers = {
        b"uid": member.owner[0],
        b"gid": member.owner[1],
        b"size": member.size,
        b"mtime": member.mtime,
    }
    for key, number in numbers.items():
        if not 0 <= number <= _MOST[key]:
            records[key] = b"%d" % number
            numbers[key] = 0
    return _extended(records) + _block(member, prefix, name, numbers)


def padding(size: int) -> bytes:
    """What fills up a member's last block."""
    return bytes(-size % BLOCK)


def _split(name: bytes) -> tuple[bytes, bytes]:
    """A long name as the header's prefix and name, cut at a slash if it fits so."""
    if len(name) > 100:
        cut = name.find(b"/", len(name) - 101, 156)
        if 0 < cut < len(name) - 1:
            return name[:cut], name[cut + 1 :]
    return b"", name


def _extended(records: Mapping[bytes, bytes]) -> bytes:
    """A pax header with these records (pax(1), "pax Extended Header")."""
    if not records:
        return b""
    data = b"".join(_record(key, records[key]) for key in sorted(records))
    numbers = {b"uid": 0, b"gid": 0, b"size": len(data), b"mtime": 0}
    extension = Member(name=b"PaxHeaders.0/header", type=b"x", mode=0o644)
    return _block(extension, b"", extension.name, numbers) + data + padding(len(data))


def _record(key: bytes, value: bytes) -> bytes:
    """``"%d %s=%s"`` and a newline; the number counts itself, too."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _block(member: Member, prefix: bytes, name: bytes, numbers: Mapping[bytes, int]) -> bytes:
    block = _HEADER.pack(
        name[:100],
        b"%07o" % member.mode,
        b"%07o" % numbers[b"uid"],
        b"%07o" % numbers[b"gid"],
        b"%011o" % numbers[b"size"],
        b"%011o" % numbers[b"mtime"],
        b" " * 8,
        member.type,
        member.target[:100],
        b"ustar\x0000",
        b"",
        b"",
        b"%07o" % member.device[0],
        b"%07o" % member.device[1],
        prefix,
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]
