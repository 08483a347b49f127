"""A pack as one file, `.tar.zst`, and as a folder again.

The file holds first the documents and then the layers, each sorted, without times or owners: the
same pack gives the same bytes, and whoever wants to list it reads its beginning only.
"""

from __future__ import annotations

import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from dockerlab.packs.layout import INDEX_FILE, LAYOUT_FILE, MAX_DOCUMENT, Pack, read_pack
from dockerlab.packs.problems import PackDamaged, PackMissing

ENDING = ".tar.zst"
_LEVEL = 10
_MEMBER = re.compile(rf"{LAYOUT_FILE}|{re.escape(INDEX_FILE)}|blobs/sha256/[0-9a-f]{{64}}")
_CHUNK = 1 << 20


def write_bundle(pack: Pack, path: Path, *, progress: Callable[[int], object] = int) -> None:
    """Write the pack as the file `path`, which appears once it is whole."""
    draft = path.with_name(f".{path.name}.part")
    try:
        compressor = zstandard.ZstdCompressor(level=_LEVEL)
        with (
            draft.open("wb") as raw,
            compressor.stream_writer(raw) as file,
            tarfile.open(fileobj=file, mode="w|", format=tarfile.GNU_FORMAT) as archive,
        ):
            for name in _order(pack):
                _add(archive, name, pack.folder / name, progress)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _order(pack: Pack) -> Iterator[str]:
    layers = {layer.digest for one in pack.images for each in one.variants for layer in each.layers}
    yield from (LAYOUT_FILE, INDEX_FILE)
    for digest in sorted(pack.blobs(), key=lambda each: (each in layers, each)):
        yield f"blobs/{digest.replace(':', '/')}"


def _add(
    archive: tarfile.TarFile, name: str, path: Path, progress: Callable[[int], object]
) -> None:
    member = tarfile.TarInfo(name)
    member.mode, member.size = 0o644, path.stat().st_size
    with path.open("rb") as file:
        archive.addfile(member, file)
    progress(member.size)


@contextmanager
def opened(
    path: Path, *, layers: bool = True, progress: Callable[[int], object] = int
) -> Iterator[Pack]:
    """Give the pack at `path`; one that is a file is unpacked into a folder that goes at the end.

    Without `layers` a file is read no further than its documents.

    Raises:
        PackMissing: there is no pack.
        PackDamaged: it is cut short, or holds what no pack holds.

    """
    if path.is_dir():
        yield read_pack(path)
        return
    if not path.is_file():
        raise PackMissing(path=path)
    with tempfile.TemporaryDirectory(prefix="dockerlab-pack-") as place:
        folder = Path(place)
        try:
            _unpack(path, folder, layers=layers, progress=progress)
            pack = read_pack(folder)
        except (tarfile.TarError, EOFError, zstandard.ZstdError, PackMissing) as error:
            raise PackDamaged(path=path, part=path.name) from error
        except PackDamaged as error:
            raise PackDamaged(path=path, part=error.values["part"]) from error
        yield pack


def _unpack(path: Path, folder: Path, *, layers: bool, progress: Callable[[int], object]) -> None:
    (folder / "blobs" / "sha256").mkdir(parents=True)
    decompressor = zstandard.ZstdDecompressor()
    with (
        path.open("rb") as raw,
        decompressor.stream_reader(raw) as file,
        tarfile.open(fileobj=file, mode="r|") as archive,
    ):
        for member in archive:
            if not _MEMBER.fullmatch(member.name) or not member.isreg():
                raise PackDamaged(path=path, part=repr(member.name))
            if not layers and _documents_are_there(folder):
                return
            content = archive.extractfile(member)
            if content is not None and (layers or member.size <= MAX_DOCUMENT):
                _write(content, folder / member.name)
                progress(member.size)


def _documents_are_there(folder: Path) -> bool:
    try:
        read_pack(folder)
    except (PackDamaged, PackMissing):
        return False
    return True


def _write(content: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
