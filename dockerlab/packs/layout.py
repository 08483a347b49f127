"""The documents of a pack: OCI image specification, image-layout.md, image-index.md, manifest.md.

`index.json` names each image as `docker save` does: `io.containerd.image.name` is the whole name
(`docker.io/library/centos:latest`), `org.opencontainers.image.ref.name` the tag. An image for
several platforms is an index of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from dockerlab.packs.problems import PackDamaged, PackMissing

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
IMAGE_NAME = "io.containerd.image.name"
REF_NAME = "org.opencontainers.image.ref.name"
LAYOUT_FILE = "oci-layout"
INDEX_FILE = "index.json"
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'

MAX_DOCUMENT = 4 << 20
"""Most bytes of a document; registries allow about as much."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

Document = TypeVar("Document")


class Platform(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """What an image runs on, in Go's words."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def suits(self, wanted: str) -> bool:
        """Whether it is the platform that somebody calls `wanted`.

        Docker leaves out the variant that an architecture has by itself.

        >>> Platform("linux", "arm64", "v8").suits("linux/arm64")
        True
        """
        return [self.os, self.architecture] == wanted.split("/")[:2]


class Descriptor(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A blob by its digest (descriptor.md)."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    annotations: dict[str, str] = {}


class Index(msgspec.Struct, frozen=True, rename="camel"):
    """`index.json`, or an image for several platforms."""

    manifests: tuple[Descriptor, ...]
    schema_version: int = 2
    media_type: str = INDEX_TYPE


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """An image for one platform."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    schema_version: int = 2
    media_type: str = MANIFEST_TYPE


@dataclass(frozen=True)
class Variant:
    """An image of a pack for one platform. `size` is in bytes, of its layers as they lie there."""

    platform: Platform
    manifest: Descriptor
    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def size(self) -> int:
        """The bytes of its layers."""
        return sum(layer.size for layer in self.layers)

    def blobs(self) -> tuple[Descriptor, ...]:
        """Everything that belongs to it."""
        return (self.manifest, self.config, *self.layers)


@dataclass(frozen=True)
class PackedImage:
    """An image of a pack: its whole name, its entry in the index, and its platforms."""

    name: str
    entry: Descriptor
    variants: tuple[Variant, ...]

    def blobs(self) -> Iterator[Descriptor]:
        """Everything that belongs to it, each once."""
        found = {blob.digest: blob for one in self.variants for blob in one.blobs()}
        yield from ({self.entry.digest: self.entry} | found).values()


@dataclass(frozen=True)
class Pack:
    """A pack that lies in `folder`."""

    folder: Path
    images: tuple[PackedImage, ...]

    def blobs(self) -> dict[str, Descriptor]:
        """Every blob by its digest."""
        return {blob.digest: blob for image in self.images for blob in image.blobs()}

    @property
    def size(self) -> int:
        """The bytes of all blobs, each counted once."""
        return sum(blob.size for blob in self.blobs().values())


def blob_path(folder: Path, digest: str) -> Path:
    """Return where a blob lies.

    Raises:
        PackDamaged: the digest is none.

    """
    if not _DIGEST.fullmatch(digest):
        raise PackDamaged(path=folder, part=repr(digest))
    return folder / "blobs" / "sha256" / digest.removeprefix("sha256:")


def read_pack(folder: Path) -> Pack:
    """Read a pack's documents, each compared with its digest; the layers are not looked at.

    Raises:
        PackMissing: there is none.
        PackDamaged: a document is missing or not what it should be.

    """
    try:
        data = (folder / INDEX_FILE).read_bytes()
    except OSError as error:
        raise PackMissing(path=folder) from error
    index = decode(data, Index, path=folder, part=INDEX_FILE)
    return Pack(folder, tuple(_image(folder, entry) for entry in index.manifests))


def _image(folder: Path, entry: Descriptor) -> PackedImage:
    name = entry.annotations.get(IMAGE_NAME) or entry.annotations.get(REF_NAME, entry.digest)
    if entry.media_type != INDEX_TYPE:
        return PackedImage(name, entry, (_variant(folder, entry),))
    index = _document(folder, entry, Index)
    return PackedImage(name, entry, tuple(_variant(folder, each) for each in index.manifests))


def _variant(folder: Path, entry: Descriptor) -> Variant:
    manifest = _document(folder, entry, Manifest)
    platform = entry.platform or _document(folder, manifest.config, Platform)
    return Variant(platform, entry, manifest.config, manifest.layers)


def _document(folder: Path, descriptor: Descriptor, kind: type[Document]) -> Document:
    try:
        with blob_path(folder, descriptor.digest).open("rb") as file:
            data = file.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise PackDamaged(path=folder, part=descriptor.digest) from error
    if digest_of(data) != descriptor.digest:
        raise PackDamaged(path=folder, part=descriptor.digest)
    return decode(data, kind, path=folder, part=descriptor.digest)


def decode(data: bytes, kind: type[Document], *, path: Path, part: str) -> Document:
    """Parse a document of the pack at `path`.

    Raises:
        PackDamaged: it is not of this kind; the sentence names `part`.

    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise PackDamaged(path=path, part=part) from error


def store(folder: Path, document: msgspec.Struct, media_type: str) -> Descriptor:
    """Write a document as a blob and return its descriptor."""
    data = encode(document)
    path = blob_path(folder, digest_of(data))
    path.write_bytes(data)
    return Descriptor(media_type, digest_of(data), len(data))


def named(image: str, variants: Iterable[Variant], folder: Path) -> Descriptor:
    """Return the index's entry for an image; of several platforms an index is written first."""
    ordered = sorted(variants, key=lambda one: one.platform)
    pointers = tuple(
        msgspec.structs.replace(one.manifest, platform=one.platform, annotations={})
        for one in ordered
    )
    entry = pointers[0]
    if len(pointers) > 1:
        entry = store(folder, Index(pointers), INDEX_TYPE)
    annotations = {IMAGE_NAME: image, REF_NAME: image.rpartition(":")[2]}
    return msgspec.structs.replace(entry, annotations=annotations)


def encode(document: object) -> bytes:
    """Return a document as JSON, the same bytes each time."""
    return msgspec.json.encode(document, order="deterministic")


def digest_of(data: bytes) -> str:
    """Return the SHA-256 digest of some bytes, as OCI writes it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
