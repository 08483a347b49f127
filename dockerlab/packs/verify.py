"""Whether everything of a pack is there, and is what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dockerlab.packs.layout import Descriptor, Pack, blob_path

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Fault:
    """A blob that is missing or damaged, and the images that need it."""

    digest: str
    missing: bool
    images: tuple[str, ...]


def verify_pack(pack: Pack, *, progress: Callable[[int], object] = int) -> Iterator[Fault]:
    """Compare every blob with its digest and size, and yield those that do not hold."""
    for digest, blob in sorted(pack.blobs().items()):
        path = blob_path(pack.folder, digest)
        if not path.is_file():
            yield Fault(digest, True, _images(pack, digest))
        elif not _is_whole(path, blob, progress):
            yield Fault(digest, False, _images(pack, digest))


def _is_whole(path: Path, blob: Descriptor, progress: Callable[[int], object]) -> bool:
    if path.stat().st_size != blob.size:
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            progress(len(chunk))
    return f"sha256:{digest.hexdigest()}" == blob.digest


def _images(pack: Pack, digest: str) -> tuple[str, ...]:
    needed_by = (one for one in pack.images if digest in {blob.digest for blob in one.blobs()})
    return tuple(image.name for image in needed_by)
