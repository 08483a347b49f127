"""One image, layer by layer and file by file, as dive shows it in a terminal."""

from dockerlab.widgets.explore.widget import Explorer

__all__ = ["Explorer"]
