"""A zstd file is over where the decompressor says so, and nowhere before."""

import hashlib
import struct

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from dockerlab.layers.zstd_frames import Frames


def incompressible(length: int) -> bytes:
    return hashlib.shake_128(b"the same each time").digest(length)


CONTENTS = [
    b"",
    b"x",
    b"abc" * 100,
    b"z" * 300_000,
    incompressible(70_000),
    incompressible(300_000),
]


def compressed(data: bytes, *, sized: bool, checked: bool) -> bytes:
    compressor = zstandard.ZstdCompressor(write_content_size=sized, write_checksum=checked)
    return compressor.compress(data)


def may_end(data: bytes, chunk: int = 1 << 18) -> bool:
    frames = Frames()
    for start in range(0, len(data), chunk):
        frames.show(data[start : start + chunk])
    return frames.may_end


@pytest.mark.parametrize("content", CONTENTS, ids=len)
@pytest.mark.parametrize("sized", [False, True])
@pytest.mark.parametrize("checked", [False, True])
def test_only_the_whole_may_end(content: bytes, sized: bool, checked: bool) -> None:
    data = compressed(content, sized=sized, checked=checked)
    for chunk in (1 << 18, 1000, 7):
        assert may_end(data, chunk)
    cuts = {1, 2, 4, 5, 6, 9, 12, len(data) // 3, len(data) // 2, len(data) - 4, len(data) - 1}
    assert not [cut for cut in cuts if 0 < cut < len(data) and may_end(data[:cut])]


def test_frames_after_each_other_and_frames_without_data() -> None:
    first = compressed(b"first" * 50, sized=True, checked=True)
    skipped = struct.pack("<II", 0x184D2A53, 40) + bytes(40)
    empty = struct.pack("<II", 0x184D2A50, 0)
    data = first + skipped + empty + first
    assert may_end(data, 3)
    assert may_end(data[: len(first)])
    assert not may_end(data[: len(first) + 30])
    assert not may_end(data[:-1])


def test_a_stream_of_unknown_length() -> None:
    writer = zstandard.ZstdCompressor(level=19).compressobj()
    parts = [writer.compress(incompressible(9000) + bytes(200_000)) for _ in range(5)]
    data = b"".join([*parts, writer.flush()])
    assert may_end(data, 4096)
    assert not may_end(data[:-1], 4096)


@given(st.binary(max_size=300), st.integers(1, 20))
def test_any_bytes_are_taken_in(data: bytes, chunk: int) -> None:
    may_end(data, chunk)
