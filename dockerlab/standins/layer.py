"""A layer's tar, always the same bytes for the same files."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

STANDIN_TIME = 1748736000
"""The one time stamp of everything in a stand-in, 2025-06-01 00:00 UTC: nobody's clock counts."""


@dataclass(frozen=True)
class Entry:
    """One entry of a layer: a directory, a file (`data`), or a link (`target`)."""

    path: str
    kind: bytes = tarfile.REGTYPE
    mode: int = 0o644
    data: bytes = b""
    target: str = ""


@dataclass(frozen=True)
class Layer:
    """A layer's tar, and the sentence that `docker history` shows for it."""

    tar: bytes
    made_by: str

    @cached_property
    def diff_id(self) -> str:
        """The digest of the uncompressed tar (OCI image specification, "Layer DiffID")."""
        return "sha256:" + hashlib.sha256(self.tar).hexdigest()

    @cached_property
    def compressed(self) -> bytes:
        """The tar in gzip, as a registry would send it; without gzip's own time stamp."""
        return gzip.compress(self.tar, compresslevel=6, mtime=0)


def make_layer(entries: Iterable[Entry], *, made_by: str) -> Layer:
    """Return the layer that holds `entries`, parents before children, owned by root.

    >>> make_layer([Entry("hello", data=b"hi")], made_by="a test").diff_id[:14]
    'sha256:35aad56'
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in sorted(entries, key=_order):
            tar.addfile(_header(entry), io.BytesIO(entry.data))
    return Layer(buffer.getvalue(), made_by)


def _order(entry: Entry) -> tuple[bool, str]:
    # A hard link must come after the file that it names.
    return entry.kind == tarfile.LNKTYPE, entry.path


def _header(entry: Entry) -> tarfile.TarInfo:
    header = tarfile.TarInfo(entry.path)
    header.type, header.mode, header.linkname = entry.kind, entry.mode, entry.target
    header.size, header.mtime = len(entry.data), STANDIN_TIME
    return header
