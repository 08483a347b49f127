"""What a content store must do: keep blobs by digest (containerd's word and contract)."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from dockerlab.engine.oci import Descriptor, Digest


class Ingest(Protocol):
    """A blob being written. Left without a commit, it never existed.

    Used as a context manager; its methods may run in a worker thread, one at a time.
    """

    @property
    def offset(self) -> int:
        """Bytes written so far."""
        ...

    @property
    def digest(self) -> Digest:
        """The digest of the bytes written so far."""
        ...

    def write(self, data: bytes | memoryview) -> None:
        """Append ``data``.

        Raises:
            DiskFull: no space is left.

        """
        ...

    def commit(self, *, expected: Digest | None = None, size: int | None = None) -> Digest:
        """Verify, flush to disk, and make the blob visible under its digest.

        Raises:
            DataLoss: the digest or the size is not the expected one; nothing is kept.
            DiskFull: no space is left; nothing is kept.

        """
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class ContentStore(Protocol):
    """Blobs by digest. A blob that is there is whole and never changes."""

    def ingest(self) -> Ingest:
        """Start writing a blob whose digest is not known, or not yet trusted."""
        ...

    def add(self, data: bytes) -> Digest:
        """Store a small blob at once (a manifest, a config)."""
        ...

    def link(self, file: Path, *, digest: Digest, size: int) -> None:
        """Take a blob from where it lies, without a copy; for files that never change.

        Raises:
            DataLoss: it is not that blob.
            NotFound: the file cannot be read.
            DiskFull: no space is left.

        """
        ...

    def has(self, digest: Digest) -> bool:
        """Whether the blob is there."""
        ...

    def path(self, digest: Digest) -> Path:
        """The file that holds the blob, for reading only.

        Raises:
            NotFound: no such blob.

        """
        ...

    def size(self, digest: Digest) -> int:
        """Bytes of the blob; raises NotFound as ``path`` does."""
        ...

    def read(self, digest: Digest) -> bytes:
        """The whole blob, for small ones; raises NotFound as ``path`` does."""
        ...

    def open(self, digest: Digest) -> BinaryIO:
        """The blob as a file; raises NotFound as ``path`` does."""
        ...

    def delete(self, digest: Digest) -> int:
        """Remove the blob if it is there; the bytes freed."""
        ...

    def walk(self) -> Iterator[Digest]:
        """Every blob, in no order."""
        ...

    def describe(self, manifests: Iterable[Descriptor]) -> None:
        """Tell other tools which manifests are images; the store itself makes no use of it.

        Raises:
            DiskFull: no space is left; what was told before stays.

        """
        ...

    def sweep(self) -> None:
        """Remove what interrupted ingests left; called once, when the engine starts."""
        ...
