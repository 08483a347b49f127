"""What is kept of an archive serves that archive, and no other image."""

import gzip
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dockerlab.layers import (
    Analysis,
    ArchiveDamaged,
    LayerCache,
    analyze_path,
    analyze_stream,
)
from dockerlab.layers import scan as layer_scan
from dockerlab.layers.stream import Reader
from tests.unit.layers.tarballs import Member, layer, layout, new_style, old_style, write, zstd

TRUE = layer(Member("true", b"t" * 100))
LIE = layer(Member("lies", b"l" * 100))


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    return LayerCache(tmp_path / "cache")


@pytest.fixture
def scanned(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry for each layer that is read: whether it is hashed."""
    found: list[bool] = []
    original = layer_scan.scan_layer

    def scan(read: Reader, *, is_hashed: bool = True) -> layer_scan.LayerFiles:
        found.append(is_hashed)
        return original(read, is_hashed=is_hashed)

    monkeypatch.setattr("dockerlab.layers.shelf.scan_layer", scan)
    return found


def names(analysis: Analysis) -> list[str]:
    return [entry.name for each in analysis.layers for entry in each.entries]


def lying() -> bytes:
    """An archive of one layer, with another in its place: it has the same length."""
    assert len(LIE) == len(TRUE)
    return new_style([TRUE]).replace(TRUE, LIE)


WRAPPINGS: dict[str, Callable[[Path], Path]] = {
    "new": lambda folder: _file(folder / "new.tar", new_style([TRUE])),
    "old": lambda folder: _file(folder / "old.tar", old_style([TRUE])),
    "gz": lambda folder: _file(folder / "new.tar.gz", gzip.compress(new_style([TRUE]))),
    "layout": lambda folder: write(layout([TRUE]), folder / "layout"),
    "zstd": lambda folder: write(layout([TRUE], pack=zstd), folder / "zstd"),
}


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_layer_is_read_once_and_not_hashed(
    wrapping: str, tmp_path: Path, cache: LayerCache, scanned: list[bool]
) -> None:
    path = WRAPPINGS[wrapping](tmp_path)
    first = analyze_path(path, cache=cache)
    assert scanned == [False]
    assert analyze_path(path, cache=cache) == first
    assert scanned == [False]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_verifying_reads_whatever_is_known(
    wrapping: str, tmp_path: Path, cache: LayerCache, scanned: list[bool]
) -> None:
    path = WRAPPINGS[wrapping](tmp_path)
    first = analyze_path(path, cache=cache)
    assert analyze_path(path, cache=cache, verify=True) == first
    assert analyze_path(path, cache=cache, verify=True) == first
    assert scanned == [False, True, True]


def test_a_lie_is_kept_for_its_own_archive_only(tmp_path: Path, cache: LayerCache) -> None:
    liar = _file(tmp_path / "liar.tar", lying())
    assert names(analyze_path(liar, cache=cache)) == ["/lies"]
    honest = _file(tmp_path / "honest.tar", new_style([TRUE]))
    assert names(analyze_path(honest, cache=cache)) == ["/true"]
    assert names(analyze_path(liar, cache=cache)) == ["/lies"]


def test_a_pipe_keeps_nothing(tmp_path: Path, cache: LayerCache) -> None:
    with _file(tmp_path / "liar.tar", lying()).open("rb") as stream:
        assert names(analyze_stream(stream, cache=cache)) == ["/lies"]
    assert not (tmp_path / "cache").exists()


def test_a_lie_does_not_pass_where_the_truth_is_known(tmp_path: Path, cache: LayerCache) -> None:
    analyze_path(_file(tmp_path / "honest.tar", new_style([TRUE])), cache=cache, verify=True)
    liar = _file(tmp_path / "liar.tar", lying())
    with pytest.raises(ArchiveDamaged, match="digest"):
        analyze_path(liar, cache=cache, verify=True)


def test_what_was_verified_serves_every_image(
    tmp_path: Path, cache: LayerCache, scanned: list[bool]
) -> None:
    analyze_path(_file(tmp_path / "one.tar", new_style([TRUE])), cache=cache, verify=True)
    both = _file(tmp_path / "two.tar", new_style([TRUE, LIE]))
    assert names(analyze_path(both, cache=cache)) == ["/true", "/lies"]
    assert scanned == [True, False]


def test_an_archive_that_changed_is_read_again(tmp_path: Path, cache: LayerCache) -> None:
    """Of the same size, under the same name, with the times of the first."""
    path = _file(tmp_path / "image.tar", new_style([TRUE]))
    assert names(analyze_path(path, cache=cache)) == ["/true"]
    times = path.stat()
    _file(tmp_path / "next.tar", lying()).replace(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert names(analyze_path(path, cache=cache)) == ["/lies"]


def test_what_nobody_asks_for_goes(tmp_path: Path, cache: LayerCache) -> None:
    def kept() -> list[Path]:
        return sorted((tmp_path / "cache").glob("*.at"))

    def age(path: Path) -> None:
        os.utime(path, (time.time() - 30 * 24 * 3600,) * 2)

    first = _file(tmp_path / "first.tar", new_style([TRUE]))
    analyze_path(first, cache=cache)
    (old,) = kept()
    age(old)
    analyze_path(first, cache=cache)  # asked for: it is as good as new
    analyze_path(_file(tmp_path / "second.tar", new_style([TRUE])), cache=cache)
    assert old in kept()
    age(old)
    analyze_path(_file(tmp_path / "third.tar", new_style([TRUE])), cache=cache)
    assert old not in kept()
    assert len(kept()) == 2
