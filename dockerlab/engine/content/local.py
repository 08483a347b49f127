"""The content store on disk: an OCI image layout (image-spec, image-layout.md).

A blob is written to a file of its own, hashed on the way, flushed to disk and only then renamed to
``blobs/sha256/<hex>``. What has that name is therefore whole, after a crash too; what has not is
swept at the next start.

A blob may also be a symbolic link to a file of a pack that is read-only and shared by many: nothing
is copied then. Should the pack go away, the blob is simply not there any more.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from dockerlab.engine.errors import DataLoss, DiskFull, NotFound
from dockerlab.engine.oci import INDEX, Descriptor, Digest, Index, parse_digest

_LAYOUT = b'{"imageLayoutVersion": "1.0.0"}'
_HEX = re.compile(r"[0-9a-f]{64}")


class LocalIngest:
    """A blob being written to a temporary file."""

    def __init__(self, store: "LocalStore") -> None:
        self._store = store
        self._hash = hashlib.sha256()
        self._size = 0
        with _disk_full():
            descriptor, name = tempfile.mkstemp(dir=store.ingests)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._path = Path(name)

    @property
    def offset(self) -> int:
        """Bytes written so far."""
        return self._size

    @property
    def digest(self) -> Digest:
        """The digest of the bytes written so far."""
        return Digest(f"sha256:{self._hash.hexdigest()}")

    def write(self, data: bytes | memoryview) -> None:
        """Append ``data``; raises DiskFull."""
        rest = memoryview(data)
        self._hash.update(rest)
        self._size += len(rest)
        with _disk_full():
            while rest:
                rest = rest[self._file.write(rest) :]

    def commit(self, *, expected: Digest | None = None, size: int | None = None) -> Digest:
        """Verify, flush, and make the blob visible; raises DataLoss or DiskFull."""
        digest = self.digest
        if size is not None and size != self._size:
            raise DataLoss(f"unexpected size: {self._size} bytes came of {size}")
        if expected is not None and expected != digest:
            raise DataLoss(f"filesystem layer verification failed for digest {expected}")
        if not self._store.has(digest):
            with _disk_full():
                os.fsync(self._file.fileno())
                self._store.adopt(self._path, digest)
        self._close()
        return digest

    def _close(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()


class LocalStore:
    """Blobs in an OCI image layout under one directory."""

    def __init__(self, root: Path) -> None:
        """Open the layout at ``root``, making it if it is not there.

        Raises:
            DiskFull: no space is left.

        """
        self.root = root
        self.ingests = root / "ingest"
        self._blobs = root / "blobs" / "sha256"
        with _disk_full():
            for directory in (root, root / "blobs", self._blobs, self.ingests):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (root / "oci-layout").exists():
                self._replace("oci-layout", _LAYOUT)
            if not (root / "index.json").exists():
                self.describe(())

    def ingest(self) -> LocalIngest:
        """Start writing a blob whose digest is not known, or not yet trusted."""
        return LocalIngest(self)

    def add(self, data: bytes) -> Digest:
        """Store a small blob at once."""
        with self.ingest() as ingest:
            ingest.write(data)
            return ingest.commit()

    def link(self, file: Path, *, digest: Digest, size: int) -> None:
        """Take a blob from where it lies, a file that does not change, once it was verified.

        Raises:
            DataLoss: it is not that blob.
            NotFound: the file cannot be read.
            DiskFull: no space is left.

        """
        try:
            with file.open("rb") as blob:
                found = hashlib.file_digest(blob, "sha256").hexdigest()
                length = blob.tell()
        except OSError as error:
            raise NotFound(f"{file}: {error.strerror}") from error
        if (found, length) != (digest.removeprefix("sha256:"), size):
            raise DataLoss(f"filesystem layer verification failed for digest {digest}")
        if self.has(digest):
            return
        with _disk_full(), tempfile.TemporaryDirectory(dir=self.ingests) as place:
            made = Path(place, "link")
            made.symlink_to(file.absolute())
            self.adopt(made, digest)

    def has(self, digest: Digest) -> bool:
        """Whether the blob is there."""
        return self._name(digest).exists()

    def path(self, digest: Digest) -> Path:
        """The file that holds the blob; raises NotFound."""
        path = self._name(digest)
        if path.exists():
            return path
        if path.is_symlink():
            raise NotFound(
                f"content {digest} lay in a pack that is not there any more ({path.readlink()}): "
                "bring the pack back, or remove the image and pull it again"
            )
        raise NotFound(f"content {digest} is not in the store")

    def size(self, digest: Digest) -> int:
        """Bytes of the blob; raises NotFound."""
        return self.path(digest).stat().st_size

    def read(self, digest: Digest) -> bytes:
        """The whole blob; raises NotFound."""
        return self.path(digest).read_bytes()

    def open(self, digest: Digest) -> BinaryIO:
        """The blob as a file; raises NotFound."""
        return self.path(digest).open("rb")

    def delete(self, digest: Digest) -> int:
        """Remove the blob if it is there; the bytes freed."""
        path = self._name(digest)
        try:
            status = path.lstat()
            path.unlink()
        except FileNotFoundError:
            return 0
        return 0 if stat.S_ISLNK(status.st_mode) else status.st_size

    def walk(self) -> Iterator[Digest]:
        """Every blob, in no order."""
        with os.scandir(self._blobs) as entries:
            for entry in entries:
                if _HEX.fullmatch(entry.name):
                    yield Digest(f"sha256:{entry.name}")

    def sweep(self) -> None:
        """Remove what interrupted ingests left."""
        for left in list(self.ingests.iterdir()):
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
                continue
            with suppress(FileNotFoundError):
                left.unlink()

    def describe(self, manifests: Iterable[Descriptor]) -> None:
        """List ``manifests`` in ``index.json``, so that other tools find the images.

        Raises:
            DiskFull: no space is left; the former list stays.

        """
        index = Index(schema_version=2, media_type=INDEX, manifests=tuple(manifests))
        # Written without fsync: it is only for others, and written anew at every start.
        self._replace("index.json", msgspec.json.encode(index))

    def adopt(self, file: Path, digest: Digest) -> None:
        """Give a complete, flushed file of this file system its place as a blob."""
        file.rename(self._name(digest))
        _flush_directory(self._blobs)

    def _name(self, digest: Digest) -> Path:
        return self._blobs / parse_digest(digest).removeprefix("sha256:")

    def _replace(self, name: str, data: bytes) -> None:
        with _disk_full():
            descriptor, temporary = tempfile.mkstemp(dir=self.ingests)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                Path(temporary).replace(self.root / name)
            except OSError:
                Path(temporary).unlink(missing_ok=True)
                raise


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _disk_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("no space left on device: nothing was kept") from error
        raise
