"""What can be wrong with an image that is to be analysed."""

from __future__ import annotations

from dockerlab.errors import DockerlabError


class ImageProblem(DockerlabError):
    """An image could not be analysed."""


class ImageMissing(ImageProblem):
    """The engine has no image of this name."""

    key = "layers.image_missing"


class SourceMissing(ImageProblem):
    """There is no such archive or layout, or it may not be read."""

    key = "layers.source_missing"


class NotAnImage(ImageProblem):
    """The file or folder holds no image, or not the one that was asked for."""

    key = "layers.not_an_image"


class ArchiveDamaged(ImageProblem):
    """The archive contradicts its format, or itself."""

    key = "layers.damaged"


class TooMuch(ImageProblem):
    """The image is larger than what can be analysed in bounded memory."""

    key = "layers.too_much"
