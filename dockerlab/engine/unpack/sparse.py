"""Sparse files in a tar: which parts of a file the archive holds, and which are holes.

GNU tar has written them in four ways (GNU tar manual, appendix D, "Storing Sparse Files").
"""

from dockerlab.engine.errors import DataLoss
from dockerlab.engine.unpack.source import Reader

Extent = tuple[int, int]
"""Offset and size in bytes of a part that is no hole."""

_BLOCK = 512
_MAX_EXTENTS = 100_000


def old_gnu(header: bytes, source: Reader) -> list[Extent]:
    """The map in a header of type ``S``, continued in the blocks after it."""
    extents = _binary(header[386:482])
    more = header[482]
    while more:
        block = source.read(_BLOCK)
        if len(block) < _BLOCK or len(extents) > _MAX_EXTENTS:
            raise _damaged()
        extents += _binary(block[:504])
        more = block[504]
    return extents


def _binary(fields: bytes) -> list[Extent]:
    extents = []
    for start in range(0, len(fields), 24):
        offset, size = fields[start : start + 12], fields[start + 12 : start + 24]
        if not offset[0]:
            break
        extents.append((_number(offset), _number(size)))
    return extents


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & ((1 << 95) - 1)
    try:
        return int(field.partition(b"\0")[0].strip() or b"0", 8)
    except ValueError as error:
        raise _damaged() from error


def from_text(text: bytes) -> list[Extent]:
    """Versions 0.0 and 0.1: the map is a pax record, ``offset,size,offset,size,…``."""
    return _pairs(text.split(b",") if text else [])


def from_data(source: Reader) -> list[Extent]:
    """Version 1.0: the map comes before the data, one decimal number a line, in whole blocks."""
    lines: list[bytes] = []
    rest = b""
    while not lines or len(lines) < 1 + 2 * _count(lines[0]):
        block = source.read(_BLOCK)
        if len(block) < _BLOCK or len(rest) > _BLOCK:
            raise _damaged()
        *complete, rest = (rest + block).split(b"\n")
        lines += complete
    return _pairs(lines[1 : 1 + 2 * _count(lines[0])])


def _count(text: bytes) -> int:
    if not text.isdigit() or len(text) > 6 or int(text) > _MAX_EXTENTS:
        raise _damaged()
    return int(text)


def _pairs(numbers: list[bytes]) -> list[Extent]:
    if len(numbers) % 2 or len(numbers) > 2 * _MAX_EXTENTS:
        raise _damaged()
    if not all(number.isdigit() and len(number) < 20 for number in numbers):
        raise _damaged()
    values = list(map(int, numbers))
    return list(zip(values[::2], values[1::2], strict=True))


def check(extents: list[Extent], *, size: int, stored: int) -> None:
    """Hold a map against the file's whole size and the bytes stored; raises DataLoss."""
    end = 0
    for offset, length in extents:
        if offset < end:
            raise _damaged()
        end = offset + length
    if not end <= size < 1 << 63 or sum(length for _, length in extents) != stored:
        raise _damaged()


def _damaged() -> DataLoss:
    return DataLoss("invalid tar header: a damaged map of a sparse file")
