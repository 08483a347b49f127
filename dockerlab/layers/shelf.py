"""Where a layer is known from before it is read, and where what was read of it may be kept.

What is kept by diff ID serves every image, and anybody can write a diff ID into an archive: so
only what an engine gave, or what was held against its diff ID, is kept by it. What was read of an
archive unheld is kept for this very file, as it is now.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO

import msgspec

from dockerlab.layers.cache import LayerCache
from dockerlab.layers.compression import decompressed
from dockerlab.layers.image import DiffID
from dockerlab.layers.problems import ArchiveDamaged
from dockerlab.layers.scan import UNKNOWN, LayerFiles, scan_layer
from dockerlab.layers.stream import Reader


class Trust(Enum):
    """Why a layer is believed to be the one of its diff ID."""

    ENGINE = auto()
    """An engine says so: it verified the layer when it took it in."""
    ARCHIVE = auto()
    """An archive says so, which may be anybody's: good for its own analysis, for no other."""
    DIGEST = auto()
    """Its SHA-256 was computed, here and now: a layer known from earlier proves nothing."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A cache of layers, used as far as a source is trusted."""

    cache: LayerCache
    trust: Trust

    def known(self, diff_id: DiffID | None, place: str | None) -> LayerFiles | None:
        """Return the layer of this diff ID, or what was read at this place; None if not known."""
        if self.trust is Trust.DIGEST:
            return None
        if diff_id and (found := self.cache.layer(diff_id)):
            return found
        return self.cache.layer_at(place) if place and self.trust is Trust.ARCHIVE else None

    def scan(self, read: Reader) -> LayerFiles:
        """Read a layer, compressed or not; it is hashed where only its digest is believed."""
        return scan_layer(decompressed(read), is_hashed=self.trust is Trust.DIGEST)

    def read(self, read: Reader, diff_id: DiffID, place: str | None) -> LayerFiles:
        """Read the layer of this diff ID, and keep what was read.

        Raises:
            ArchiveDamaged: the layer is not the one of this diff ID.

        """
        layer = held(self.scan(read), diff_id)
        self.keep(layer, place)
        return layer

    def keep(self, layer: LayerFiles, place: str | None) -> None:
        """Keep a layer, under its diff ID or for its place only."""
        if self.trust is not Trust.ARCHIVE:
            self.cache.keep_layer(layer)
        elif place:
            self.cache.keep_layer_at(place, msgspec.structs.replace(layer, diff_id=UNKNOWN))


def held(layer: LayerFiles, diff_id: DiffID) -> LayerFiles:
    """Return `layer` as the one of this diff ID, which it is unless its own is known and another.

    Raises:
        ArchiveDamaged: it is another.

    """
    if layer.diff_id not in {UNKNOWN, diff_id}:
        raise ArchiveDamaged("layers.diff_id_wrong", diff_id=diff_id)
    return msgspec.structs.replace(layer, diff_id=diff_id)


def place_in(file: BinaryIO, offset: int = 0) -> str:
    """Return a name for what begins at `offset` in a file, which changes whenever the file does.

    The time of the last change of the inode is part of it: unlike that of the content, nobody can
    set it back.
    """
    now = os.fstat(file.fileno())
    facts = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns, offset)
    return ":".join(map(str, facts))
