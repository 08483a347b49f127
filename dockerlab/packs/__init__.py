"""Packs: images in a folder or a file, for places without a registry.

A pack is an OCI image layout whose layers are plain tars, so that the same images give the same
bytes whichever engine they came from. `create` fills one, `saved` takes apart what an engine saves,
`layout` reads and writes its documents, `verify` checks every digest, `bundle` makes one file of
it and a folder again, and `load` gives its images to an engine.
"""

from dockerlab.packs.bundle import opened
from dockerlab.packs.create import create_pack
from dockerlab.packs.layout import Pack, PackedImage, Variant, read_pack
from dockerlab.packs.load import Loaded, load_pack
from dockerlab.packs.named import named_packs, names_in
from dockerlab.packs.problems import PackDamaged, PackMissing, PackProblem
from dockerlab.packs.verify import Fault, verify_pack

__all__ = [
    "Fault",
    "Loaded",
    "Pack",
    "PackDamaged",
    "PackMissing",
    "PackProblem",
    "PackedImage",
    "Variant",
    "create_pack",
    "load_pack",
    "named_packs",
    "names_in",
    "opened",
    "read_pack",
    "verify_pack",
]
