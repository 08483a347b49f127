"""The documents of an image, as archives and layouts hold them, parsed once and into types.

OCI image specification: config.md, manifest.md, image-index.md; and Docker's `manifest.json` of
`docker save` (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format").
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from dockerlab.layers.problems import ArchiveDamaged

Document = TypeVar("Document")


class History(msgspec.Struct, frozen=True):
    """One line of an image's history."""

    created_by: str | None = None
    empty_layer: bool | None = None


class RootFS(msgspec.Struct, frozen=True):
    """The layers of a configuration, from the lowest."""

    diff_ids: tuple[str, ...] | None = None


class Configuration(msgspec.Struct, frozen=True):
    """An image's configuration, as far as its layers go."""

    rootfs: RootFS = RootFS()
    history: tuple[History, ...] | None = None


class SavedImage(msgspec.Struct, frozen=True, rename="pascal"):
    """One image of `docker save`'s `manifest.json`."""

    config: str
    layers: tuple[str, ...] | None = None
    repo_tags: tuple[str, ...] | None = None


class Platform(msgspec.Struct, frozen=True):
    """What a manifest of an index is for."""

    architecture: str = ""
    os: str = ""


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A blob by its digest."""

    digest: str
    media_type: str = ""
    platform: Platform | None = None
    annotations: dict[str, str] | None = None


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """An image's manifest, or an index of several: whichever of the fields are there."""

    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None
    manifests: tuple[Descriptor, ...] | None = None


def parse(data: bytes, kind: type[Document]) -> Document:
    """Parse a document.

    Raises:
        ArchiveDamaged: it is not JSON, or not of this kind.

    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArchiveDamaged("layers.document_damaged") from error
