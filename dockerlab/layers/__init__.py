"""What images consist of, as plain data: their layers, which of them they share, what that saves.

Nothing here draws or prints; `dockerlab.graph` does, from these values.

Two depths. `read_images` asks an engine for what it knows anyway, in milliseconds: layers, sizes,
sharing. `analyze_image` and `analyze_path` read the layers themselves: every file, what each layer
changes, what is wasted.
"""

from dockerlab.layers.analysis import Analysis, AnalyzedLayer
from dockerlab.layers.analyze import analyze_image, analyze_path, analyze_stream
from dockerlab.layers.builds import BuildMeasure
from dockerlab.layers.cache import LayerCache
from dockerlab.layers.changes import Changes
from dockerlab.layers.document import as_document
from dockerlab.layers.efficiency import Efficiency, WastedPath
from dockerlab.layers.entry import Entry, printable
from dockerlab.layers.image import ChainID, DiffID, Image, ImageID, Layer, chain_ids, short
from dockerlab.layers.problems import (
    ArchiveDamaged,
    ImageMissing,
    ImageProblem,
    NotAnImage,
    SourceMissing,
    TooMuch,
)
from dockerlab.layers.read import read_all_images, read_image, read_images
from dockerlab.layers.sharing import SharedLayer, Sharing, share
from dockerlab.layers.sizes import human_size
from dockerlab.names import familiar_name, full_name, split_registry

__all__ = [
    "Analysis",
    "AnalyzedLayer",
    "ArchiveDamaged",
    "BuildMeasure",
    "ChainID",
    "Changes",
    "DiffID",
    "Efficiency",
    "Entry",
    "Image",
    "ImageID",
    "ImageMissing",
    "ImageProblem",
    "Layer",
    "LayerCache",
    "NotAnImage",
    "SharedLayer",
    "Sharing",
    "SourceMissing",
    "TooMuch",
    "WastedPath",
    "analyze_image",
    "analyze_path",
    "analyze_stream",
    "as_document",
    "chain_ids",
    "familiar_name",
    "full_name",
    "human_size",
    "printable",
    "read_all_images",
    "read_image",
    "read_images",
    "share",
    "short",
    "split_registry",
]
