"""What an engine saves, taken apart into the blobs of a pack.

The stream is `docker save`'s, of whatever age: since Docker 25 an OCI layout with Docker's own
`manifest.json` in it, before that a folder for each layer, with links where two are equal. Layers
may come compressed, as Docker's containerd image store has them; a pack keeps them as plain tars.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import IO, cast

import msgspec
import zstandard

from dockerlab.packs.layout import (
    CONFIG_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    Descriptor,
    Manifest,
    Platform,
    Variant,
    blob_path,
    decode,
    store,
)
from dockerlab.packs.problems import PackDamaged

CHUNK = 1 << 20
_NOT_AN_IMAGE = (PackDamaged, tarfile.TarError, EOFError, KeyError, ValueError, zstandard.ZstdError)
"""What reading an archive raises that is not what `docker save` writes."""
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class _Item(msgspec.Struct, frozen=True, rename="pascal"):
    """One image of Docker's `manifest.json`: paths in the archive."""

    config: str
    layers: tuple[str, ...] = ()


class _RootFS(msgspec.Struct, frozen=True):
    diff_ids: tuple[str, ...] = ()


class _Config(msgspec.Struct, frozen=True):
    rootfs: _RootFS
    os: str = "linux"
    architecture: str = ""
    variant: str = ""


def take_apart(
    chunks: Iterable[bytes], folder: Path, *, name: str, progress: Callable[[int], object]
) -> Variant:
    """Put the one image of a saved archive into the pack in `folder`.

    Raises:
        PackDamaged: the archive is cut short, or is not the image that it says; `name` is named.

    """
    with tempfile.TemporaryDirectory(prefix="ingest-", dir=folder) as place:
        ingest = Path(place)
        try:
            files = _files(chunks, ingest, progress)
            [item] = decode(
                files["manifest.json"].read_bytes(), tuple[_Item, ...], path=folder, part=name
            )
            return _keep(files, item, folder, name=name)
        except _NOT_AN_IMAGE as error:
            raise PackDamaged("pack.saved_damaged", path=folder, part=name) from error


def _keep(files: dict[str, Path], item: _Item, folder: Path, *, name: str) -> Variant:
    """Move what the image consists of to where blobs are; the rest goes with the folder."""
    data = files[item.config].read_bytes()
    config = decode(data, _Config, path=folder, part=name)
    if tuple(f"sha256:{files[path].name}" for path in item.layers) != config.rootfs.diff_ids:
        raise PackDamaged(path=folder, part=name)
    layers = tuple(_blob(files[path], folder, LAYER_TYPE) for path in item.layers)
    own = _blob(files[item.config], folder, CONFIG_TYPE)
    manifest = store(folder, Manifest(own, layers), MANIFEST_TYPE)
    platform = Platform(config.os, config.architecture, config.variant)
    return Variant(platform, manifest, own, layers)


def _blob(file: Path, folder: Path, media_type: str) -> Descriptor:
    digest = f"sha256:{file.name}"
    target = blob_path(folder, digest)
    if file.exists():  # a second layer with the same content has the first one's file
        file.replace(target)
    return Descriptor(media_type, digest, target.stat().st_size)


def _files(
    chunks: Iterable[bytes], place: Path, progress: Callable[[int], object]
) -> dict[str, Path]:
    """Write each file of the archive under its digest; return where each name's content is."""
    files: dict[str, Path] = {}
    stream = cast("IO[bytes]", _Stream(chunks, progress))
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if member.issym() or member.islnk():
                base = PurePosixPath(member.name).parent if member.issym() else PurePosixPath()
                files[member.name] = files[normpath(base / member.linkname)]
            elif member.isfile() and (content := archive.extractfile(member)):
                files[member.name] = _write(content, place)
    return files


def _write(content: IO[bytes], place: Path) -> Path:
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=place, delete=False) as file:
        for chunk in _plain(content):
            digest.update(chunk)
            file.write(chunk)
    Path(file.name).chmod(0o644)
    return Path(file.name).rename(place / digest.hexdigest())


def _plain(content: IO[bytes]) -> Iterator[bytes]:
    """Decompress what is compressed. Neither a document nor a tar begins with these bytes."""
    start = content.read(4)
    whole = io.BufferedReader(_Stream(_joined(start, content)))
    if start.startswith(_GZIP):
        with gzip.GzipFile(fileobj=whole) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    elif start == _ZSTD:
        with zstandard.ZstdDecompressor().stream_reader(whole, read_across_frames=True) as reader:
            while chunk := reader.read(CHUNK):
                yield chunk
    else:
        yield from _joined(start, content)


def _joined(start: bytes, content: IO[bytes]) -> Iterator[bytes]:
    yield start
    while chunk := content.read(CHUNK):
        yield chunk


class _Stream(io.RawIOBase):
    """Chunks, read like a file."""

    def __init__(
        self, chunks: Iterable[bytes], progress: Callable[[int], object] | None = None
    ) -> None:
        self._chunks = iter(chunks)
        self._left = b""
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed has no name for it
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
            if self._progress is not None:
                self._progress(len(chunk))
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
