"""Images from a directory: OCI image layouts that the user was given (image-layout.md)."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from dockerlab.engine.distribution.registry import LARGEST_MANIFEST
from dockerlab.engine.distribution.replies import Refused
from dockerlab.engine.distribution.source import RawManifest
from dockerlab.engine.distribution.transport import Unreachable
from dockerlab.engine.errors import DataLoss
from dockerlab.engine.oci import Descriptor, Digest, Index, digest_of
from dockerlab.engine.reference import Reference
from dockerlab.engine.threads import unbroken

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_PIECE = 1 << 20


class PackedImage:
    """What a pack has for one reference.

    A pack's digests are its own: ``canonical`` is false, so that none of them is ever shown as a
    registry's.
    """

    canonical = False
    mirror = False

    def __init__(self, directory: Path, reference: Reference) -> None:
        self.name = str(directory)
        self._directory = directory
        self._reference = reference

    async def manifest(self, wanted: str) -> RawManifest:
        """The manifest or index for a tag or a digest; see ``Source``."""
        return await asyncio.to_thread(self._manifest, wanted)

    def _manifest(self, wanted: str) -> RawManifest:
        descriptor = self._find(wanted)
        if descriptor is None or not (path := self._path(descriptor.digest)).is_file():
            sentence = f"manifest unknown: not in {self._directory}"
            raise Refused(404, "MANIFEST_UNKNOWN", sentence)
        if path.stat().st_size > LARGEST_MANIFEST:
            raise DataLoss(f"manifest of more than {LARGEST_MANIFEST >> 20} MiB refused: {path}")
        data = path.read_bytes()
        if digest_of(data) != descriptor.digest:
            raise DataLoss(f"manifest verification failed for digest {descriptor.digest}")
        return RawManifest(descriptor, data)

    def _find(self, wanted: str) -> Descriptor | None:
        if wanted.startswith("sha256:"):
            return Descriptor("", Digest(wanted), 0)
        tagged = self._reference.repository.with_tag(wanted)
        names = {str(tagged), tagged.familiar}
        for entry in self._index().manifests:
            if names.intersection(entry.annotations.get(key, "") for key in _NAMES):
                return entry
        return None

    def _index(self) -> Index:
        try:
            return msgspec.json.decode((self._directory / "index.json").read_bytes(), type=Index)
        except OSError as error:
            raise Unreachable(f"pack {self._directory}: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise DataLoss(f"pack {self._directory}: index.json: {error}") from error

    def _path(self, digest: Digest) -> Path:
        return self._directory / "blobs" / "sha256" / Path(digest.removeprefix("sha256:")).name

    def file(self, descriptor: Descriptor) -> Path | None:
        """The blob, if this pack is one that nobody changes; see ``Source``.

        That is one on a file system that is mounted read-only, one that is another user's and not
        ours to write to, or one whose owner took the right to write from everybody.
        """
        path = self._path(descriptor.digest)
        try:
            settled = _settled(path) and _settled(path.parent)
        except OSError:
            return None
        return path.absolute() if settled else None

    async def blob(self, descriptor: Descriptor, *, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """The bytes of a blob from ``offset`` on; see ``Source``."""
        try:
            file = self._path(descriptor.digest).open("rb")
        except OSError as error:
            sentence = f"blob unknown: not in {self._directory}"
            raise Refused(404, "BLOB_UNKNOWN", sentence) from error
        with file:
            file.seek(offset)
            while piece := await unbroken(file.read, _PIECE):
                yield piece


def _settled(path: Path) -> bool:
    status = path.stat()
    others = status.st_uid != os.geteuid() and not os.access(path, os.W_OK)
    read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    return others or read_only or not status.st_mode & 0o222
