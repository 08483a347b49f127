"""Analyse an image of an engine, of an archive, or of an OCI image layout.

Everything is read once, in one pass, and kept by diff ID: the second time, and for every other
image that shares a layer, that layer is not read again.

An engine is trusted: it verified the layers when it took them in, and they are not hashed here. An
archive may be anybody's, and what is kept by diff ID serves all images: so a layer is held against
its diff ID, unless the caller says `verify=False`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from dockerlab.layers.analysis import Analysis, analyze_contents
from dockerlab.layers.blobs import MAX_ENTRIES, Blobs, Folder, Streamed, TarFile
from dockerlab.layers.cache import LayerCache
from dockerlab.layers.compression import decompressed, is_compressed
from dockerlab.layers.contents import Contents, find_image
from dockerlab.layers.image import ImageID
from dockerlab.layers.problems import ImageMissing, NotAnImage, SourceMissing, TooMuch
from dockerlab.layers.scan import LayerFiles
from dockerlab.layers.stream import CHUNK, Progress, Reader, told
from dockerlab.names import familiar_name

if TYPE_CHECKING:
    import docker


def analyze_image(
    client: docker.DockerClient,
    name: str,
    *,
    cache: LayerCache | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Return the analysis of the image `name` (a tag, digest or ID) of the connected engine.

    Raises:
        ImageMissing: the engine has no such image.
        ImageProblem: the image cannot be analysed.

    """
    from docker.errors import ImageNotFound  # noqa: PLC0415

    kept = cache or LayerCache()
    try:
        image: Any = client.images.get(name)
        contents = _remembered(image.id, kept)
        layers = [kept.layer(part.diff_id) for part in contents.parts] if contents else []
        if contents is None or None in layers:
            blobs = Streamed(
                told(_reader(image.save(chunk_size=CHUNK)), progress), kept, verify=False
            )
            contents = replace(find_image(blobs), id=ImageID(image.id))
            layers = list(_layers(blobs, contents))
            kept.keep_document(image.id, msgspec.json.encode(contents))
    except ImageNotFound as error:
        raise ImageMissing(name=name) from error
    tags = tuple(familiar_name(tag) for tag in image.tags)
    return analyze_contents(replace(contents, tags=tags), [each for each in layers if each])


def analyze_path(
    path: Path,
    name: str | None = None,
    *,
    cache: LayerCache | None = None,
    progress: Progress | None = None,
    verify: bool = True,
) -> Analysis:
    """Return the analysis of an image in a `docker save` archive or an OCI image layout.

    The layout may be a folder or a tar; a tar may be compressed. `name` chooses among several
    images; without it, it is the first. `verify=False` takes its diff IDs for true.

    Raises:
        SourceMissing: there is no such file or folder, or it may not be read.
        NotAnImage: it holds no image, or none of this name.
        ImageProblem: the image cannot be analysed.

    """
    kept = cache or LayerCache()
    try:
        if path.is_dir():
            return _analyze(Folder(path, kept, progress, verify), name)
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if is_compressed(head):
                return analyze_stream(file, name, cache=kept, progress=progress, verify=verify)
            return _analyze(TarFile(file, kept, progress, verify=verify), name)
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise SourceMissing(path=path, reason=error.strerror) from error


def analyze_stream(
    file: BinaryIO,
    name: str | None = None,
    *,
    cache: LayerCache | None = None,
    progress: Progress | None = None,
    verify: bool = True,
) -> Analysis:
    """Return the analysis of an image in an archive that can only be read once, as from a pipe.

    Raises:
        NotAnImage: it holds no image, or none of this name.
        ImageProblem: the image cannot be analysed.

    """
    kept = cache or LayerCache()
    read = decompressed(told(file.read, progress))
    return _analyze(Streamed(read, kept, verify=verify), name)


def _analyze(blobs: Blobs, name: str | None) -> Analysis:
    contents = find_image(blobs, name)
    return analyze_contents(contents, _layers(blobs, contents))


def _layers(blobs: Blobs, contents: Contents) -> tuple[LayerFiles, ...]:
    found = []
    for part in contents.parts:
        layer = blobs.layer(part.member, part.diff_id)
        if layer is None:
            raise NotAnImage()
        found.append(layer)
        if sum(len(each.entries) for each in found) > MAX_ENTRIES:
            raise TooMuch(count=MAX_ENTRIES)
    return tuple(found)


def _remembered(image_id: str, cache: LayerCache) -> Contents | None:
    data = cache.document(image_id)
    try:
        return msgspec.json.decode(data, type=Contents) if data else None
    except msgspec.DecodeError:
        return None


def _reader(chunks: Iterable[bytes]) -> Reader:
    """Return a reader of what comes in pieces of any size."""
    source = iter(chunks)
    left = memoryview(b"")

    def take(count: int) -> bytes:
        nonlocal left
        if not left:
            left = memoryview(next(source, b""))
        part, left = left[:count], left[count:]
        return bytes(part)

    return take
