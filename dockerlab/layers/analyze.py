"""Analyse an image of an engine, of an archive, or of an OCI image layout.

Everything is read once, in one pass, and kept: the second time no layer is read again.

An engine is trusted: it verified the layers when it took them in, they are not hashed here, and
they are kept by diff ID, so that every other image that shares one has it. An archive may be
anybody's: its layers are kept for this one file, until it changes. With `verify=True` they are read
whatever is known, held against their diff IDs, and kept by diff ID, too.
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
from dockerlab.layers.shelf import Shelf, Trust
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
        known_as = _as_saved(client, image.id)
        contents = _remembered(known_as, kept)
        layers = [kept.layer(part.diff_id) for part in contents.parts] if contents else []
        if contents is None or None in layers:
            saved = told(_reader(image.save(chunk_size=CHUNK)), progress)
            blobs = Streamed(saved, Shelf(kept, Trust.ENGINE))
            contents = replace(find_image(blobs), id=ImageID(image.id))
            layers = list(_layers(blobs, contents))
            kept.keep_document(known_as, msgspec.json.encode(contents))
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
    verify: bool = False,
) -> Analysis:
    """Return the analysis of an image in a `docker save` archive or an OCI image layout.

    The layout may be a folder or a tar; a tar may be compressed. `name` chooses among several
    images; without it, it is the first. `verify` reads every layer and holds it against its diff
    ID; an engine does so when it loads the archive, dive does not.

    Raises:
        SourceMissing: there is no such file or folder, or it may not be read.
        NotAnImage: it holds no image, or none of this name.
        ImageProblem: the image cannot be analysed, or a layer is not the one of its diff ID.

    """
    shelf = _shelf(cache, verify=verify)
    try:
        if path.is_dir():
            return _analyze(Folder(path, shelf, progress), name)
        with path.open("rb") as file:
            head = file.read(4)
            file.seek(0)
            if is_compressed(head):
                read = decompressed(told(file.read, progress))
                return _analyze(Streamed(read, shelf, file), name)
            return _analyze(TarFile(file, shelf, progress), name)
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        raise SourceMissing(path=path, reason=error.strerror) from error


def analyze_stream(
    file: BinaryIO,
    name: str | None = None,
    *,
    cache: LayerCache | None = None,
    progress: Progress | None = None,
    verify: bool = False,
) -> Analysis:
    """Return the analysis of an image in an archive that can only be read once, as from a pipe.

    `verify` holds every layer against its diff ID.

    Raises:
        NotAnImage: it holds no image, or none of this name.
        ImageProblem: the image cannot be analysed, or a layer is not the one of its diff ID.

    """
    read = decompressed(told(file.read, progress))
    return _analyze(Streamed(read, _shelf(cache, verify=verify)), name)


def _shelf(cache: LayerCache | None, *, verify: bool) -> Shelf:
    return Shelf(cache or LayerCache(), Trust.DIGEST if verify else Trust.ARCHIVE)


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


def _as_saved(client: docker.DockerClient, image_id: str) -> str:
    """Return a name for an image as this engine saves it.

    Engines, their versions and storage drivers differ in the names and the compression of layers.
    `ID` of an engine is no help: Podman makes a new one for each answer.
    """
    info: Any = client.info()
    facts = ("ServerVersion", "Driver", "DockerRootDir", "Name")
    return " ".join([image_id, *(str(info.get(fact)) for fact in facts)])


def _remembered(known_as: str, cache: LayerCache) -> Contents | None:
    data = cache.document(known_as)
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
