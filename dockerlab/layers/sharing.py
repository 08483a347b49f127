"""What a set of images shares: each layer once, and the bytes that this saves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dockerlab.layers.image import ChainID, Image, ImageID, Layer


@dataclass(frozen=True, slots=True)
class SharedLayer:
    """A layer and the images (of the set that was asked about) that stand on it."""

    layer: Layer
    images: tuple[ImageID, ...]

    @property
    def is_shared(self) -> bool:
        """Whether more than one image uses the layer."""
        return len(self.images) > 1


@dataclass(frozen=True, slots=True)
class Sharing:
    """A set of images and their layers, each layer once, lower layers before higher ones.

    All figures are bytes. A layer of unknown size counts as 0.
    """

    images: tuple[Image, ...]
    layers: tuple[SharedLayer, ...]

    @property
    def listed_bytes(self) -> int:
        """The sum of the images' sizes: the SIZE column of `docker images`, added up."""
        return sum(_size(layer) for image in self.images for layer in image.layers)

    @property
    def stored_bytes(self) -> int:
        """What the layers take, each counted once, as the engine stores them."""
        return sum(_size(each.layer) for each in self.layers)

    @property
    def saved_bytes(self) -> int:
        """What sharing saves: listed bytes less stored bytes."""
        return self.listed_bytes - self.stored_bytes

    def freed_by_removing(self, *images: ImageID) -> int:
        """Return the bytes that removing `images` frees while the set's other images stay.

        The set must hold all images of the engine, or layers that others share count as freed.
        """
        gone = set(images)
        return sum(_size(each.layer) for each in self.layers if gone.issuperset(each.images))


def share(images: Iterable[Image]) -> Sharing:
    """Find the layers that `images` share.

    Two images share a layer when it has the same chain ID in both: the same content on the same
    layers below. That is how engines store layers (OCI image specification, "Layer ChainID").
    """
    unique = {image.id: image for image in images}
    users: dict[ChainID, list[ImageID]] = {}
    layers: dict[ChainID, Layer] = {}
    for image in unique.values():
        for layer in image.layers:
            layers.setdefault(layer.chain_id, layer)
            users.setdefault(layer.chain_id, []).append(image.id)
    return Sharing(
        images=tuple(unique.values()),
        layers=tuple(
            SharedLayer(layer=layer, images=tuple(users[chain_id]))
            for chain_id, layer in layers.items()
        ),
    )


def _size(layer: Layer) -> int:
    return layer.size or 0
