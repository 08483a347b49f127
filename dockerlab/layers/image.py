"""An image and its layers, as the engine's metadata describes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType

ImageID = NewType("ImageID", str)
"""The digest of an image's configuration: what `docker images` shorts to twelve characters."""

DiffID = NewType("DiffID", str)
"""The digest of one layer's uncompressed tar: what the layer is, wherever it stands."""

ChainID = NewType("ChainID", str)
"""The digest of a layer with all that lies below it: what an engine stores a layer under."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer in its place: on top of its `parent` (None for the lowest).

    `size` is in bytes, of the files as the layer holds them; None where the engine does not tell.
    `created_by` is the command that made the layer, empty where the image does not say.
    """

    diff_id: DiffID
    chain_id: ChainID
    parent: ChainID | None
    size: int | None
    created_by: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its names, its size in bytes as the engine lists it, its layers from the bottom."""

    id: ImageID
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    size: int
    layers: tuple[Layer, ...]

    @property
    def name(self) -> str:
        """The first tag, or the short ID of an image that has none (a dangling image)."""
        return self.tags[0] if self.tags else short(self.id)


def chain_ids(diff_ids: Iterable[DiffID]) -> tuple[ChainID, ...]:
    """Return the chain ID of each layer (OCI image specification, config.md, "Layer ChainID").

    >>> a, b = DiffID("sha256:aa"), DiffID("sha256:bb")
    >>> chain_ids([a, b])[0]
    'sha256:aa'
    >>> chain_ids([a, b])[1] == chain_ids([b, a])[1]
    False
    """
    chain: list[ChainID] = []
    for diff_id in diff_ids:
        if not chain:
            chain.append(ChainID(diff_id))
            continue
        pair = f"{chain[-1]} {diff_id}".encode()
        chain.append(ChainID(f"sha256:{hashlib.sha256(pair).hexdigest()}"))
    return tuple(chain)


def short(digest: str) -> str:
    """Return the twelve characters that Docker shows of a digest.

    >>> short("sha256:0123456789abcdef0123")
    '0123456789ab'
    """
    return digest.removeprefix("sha256:")[:12]
