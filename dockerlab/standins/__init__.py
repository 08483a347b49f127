"""Images when there is no registry: made from nothing but Python and this machine's programs.

`catalog` says which there are, `rootfs` and `elf` make what is in them, `image` gives them the two
forms in which they travel, `ensure` decides when one is used, and `layout` keeps them on disk as
the last place where the embedded engine looks when no registry has an image.
"""

from dockerlab.standins.layout import packs, write_layout

__all__ = ["packs", "write_layout"]
