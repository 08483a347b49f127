"""Read one layer, in one pass: its files, its size, its diff ID."""

from __future__ import annotations

import msgspec

from dockerlab.layers.entry import Entry
from dockerlab.layers.image import DiffID
from dockerlab.layers.stream import Reader, Stream
from dockerlab.layers.tar import entries

UNKNOWN = DiffID("")
"""The diff ID of a layer that was read without being hashed, until its image tells."""


class LayerFiles(msgspec.Struct, frozen=True):
    """The files of one layer in the order of its tar, and the digest of that tar."""

    diff_id: DiffID
    entries: tuple[Entry, ...]

    @property
    def size(self) -> int:
        """The bytes of all its files, as dive counts them.

        `docker history` and `LayersSize` add the length of each symbolic link's target.
        """
        return sum(entry.size for entry in self.entries)


def scan_layer(read: Reader, *, is_hashed: bool = True) -> LayerFiles:
    """Read an uncompressed layer to its end; about a megabyte of it is in memory at a time.

    Its diff ID need not be computed (`is_hashed`), which is half the work.

    Raises:
        ArchiveDamaged: this is no tar, or one that is cut short.
        TooMuch: it has more files than fit into bounded memory.

    """
    with Stream(read, is_hashed=is_hashed) as stream:
        found = tuple(entries(stream))
        digest = stream.finish()
        return LayerFiles(DiffID(digest) if is_hashed else UNKNOWN, found)
