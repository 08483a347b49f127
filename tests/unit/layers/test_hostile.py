"""Someone else's image: damaged, cut, lying, or too large. It costs a sentence, and no memory."""

import contextlib
import gzip
import io
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockerlab.layers import ArchiveDamaged, ImageProblem, LayerCache, TooMuch, analyze_stream
from dockerlab.layers import tar as layer_tar
from dockerlab.layers.compression import decompressed
from dockerlab.layers.scan import LayerFiles, scan_layer
from tests.unit.layers.tarballs import Member, layer, new_style

LAYER = layer(Member("a/", mode=0o755), Member("a/b", b"x" * 3000), Member("l" * 150, b"y"))


def scan(data: bytes) -> LayerFiles:
    with io.BytesIO(data) as file:
        return scan_layer(decompressed(file.read))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_layer_cut_short(pack: type[bytes]) -> None:
    whole = pack(LAYER)
    with pytest.raises(ArchiveDamaged):
        scan(whole[: len(whole) // 3])


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_layer_or_a_sentence(data: bytes) -> None:
    with contextlib.suppress(ImageProblem):
        scan(data)


@given(st.integers(0, len(LAYER) - 1), st.integers(0, 255))
@settings(deadline=None)
def test_one_wrong_byte_is_a_layer_or_a_sentence(place: int, value: int) -> None:
    data = bytearray(LAYER)
    data[place] = value
    with contextlib.suppress(ImageProblem):
        scan(bytes(data))


@given(st.integers(0, 60), st.integers(0, 255))
@settings(deadline=None)
def test_one_wrong_byte_in_an_archive(place: int, value: int) -> None:
    data = bytearray(new_style([LAYER]))
    data[place * len(data) // 61] = value
    with contextlib.suppress(ImageProblem), io.BytesIO(bytes(data)) as file:
        analyze_stream(file, cache=LayerCache(Path("/dev/null/none")))


def test_a_header_that_promises_much(tmp_path: Path) -> None:
    for kind in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE):
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, 1 << 40
        with pytest.raises(ArchiveDamaged):
            scan(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))


def test_a_name_that_no_system_could_have() -> None:
    with pytest.raises(ArchiveDamaged):
        scan(layer(Member("d/" * 3000 + "x"), format=tarfile.GNU_FORMAT))


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer_tar, "MAX_ENTRIES", 10)
    with pytest.raises(TooMuch):
        scan(layer(*(Member(f"f{number}") for number in range(11))))


def test_a_bomb_takes_time_and_no_memory() -> None:
    info = tarfile.TarInfo("zeros")
    info.size = 300 << 20
    head = info.tobuf()
    with io.BytesIO() as packed:
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
            file.write(head)
            for _ in range(300):
                file.write(bytes(1 << 20))
            file.write(bytes(1024))
        data = packed.getvalue()
    tracemalloc.start()
    found = scan(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.size == 300 << 20
    assert peak < 20 << 20


def test_a_large_layer_is_never_in_memory_whole() -> None:
    info = tarfile.TarInfo("large")
    info.size = 200 << 20
    parts = iter([info.tobuf(), *[b"x" * (1 << 20)] * 200, bytes(1024)])
    tracemalloc.start()
    scan_layer(lambda _count: next(parts, b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 << 20


def test_deeply_nested_documents() -> None:
    data = b"[" * 100_000
    with pytest.raises(ImageProblem), io.BytesIO(_archive(data)) as file:
        analyze_stream(file, cache=LayerCache(Path("/dev/null/none")))


def _archive(manifest: bytes) -> bytes:
    return layer(Member("manifest.json", manifest))
