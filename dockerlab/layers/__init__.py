"""What images consist of, as plain data: their layers, which of them they share, what that saves.

Nothing here draws or prints; `dockerlab.graph` does, from these values.
"""

from dockerlab.layers.image import ChainID, DiffID, Image, ImageID, Layer, chain_ids, short
from dockerlab.layers.name import familiar_name, full_name, split_registry
from dockerlab.layers.read import ImageMissing, read_image, read_images
from dockerlab.layers.sharing import SharedLayer, Sharing, share
from dockerlab.layers.sizes import human_size

__all__ = [
    "ChainID",
    "DiffID",
    "Image",
    "ImageID",
    "ImageMissing",
    "Layer",
    "SharedLayer",
    "Sharing",
    "chain_ids",
    "familiar_name",
    "full_name",
    "human_size",
    "read_image",
    "read_images",
    "share",
    "short",
    "split_registry",
]
