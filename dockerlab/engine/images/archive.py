"""The tar that ``docker save`` writes and ``docker load`` reads.

Since Docker 25 it is an OCI image layout (image-spec, image-layout.md) with Docker's own
``manifest.json`` beside ``index.json``. Older ones have ``manifest.json`` and one directory for
each layer; those of other tools may have ``index.json`` alone.
"""

import msgspec

from dockerlab.engine.errors import DataLoss, InvalidParameter
from dockerlab.engine.oci import Descriptor, Digest

MANIFEST_FILE = "manifest.json"
INDEX_FILE = "index.json"
LAYOUT_FILE = "oci-layout"
LAYOUT = b'{"imageLayoutVersion": "1.0.0"}'
IMAGE_NAME = "io.containerd.image.name"
"""Annotation of a descriptor in the index: the image's full name."""
REF_NAME = "org.opencontainers.image.ref.name"
"""The same in the specification's words, though often only the tag."""


class Item(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """One image in ``manifest.json``: paths in the archive, tags as Docker shows them."""

    config: str
    repo_tags: tuple[str, ...] | None = msgspec.field(default_factory=lambda: None)
    layers: tuple[str, ...] = msgspec.field(default_factory=lambda: ())
    parent: str = ""
    layer_sources: dict[str, Descriptor] = {}


def decode_items(data: bytes) -> tuple[Item, ...]:
    """The images that ``manifest.json`` lists.

    Raises:
        DataLoss: it is no such list.
        InvalidParameter: it is ``null``, which is somebody's mistake.

    """
    try:
        items = msgspec.json.decode(data, type=tuple[Item, ...] | None)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DataLoss(f"invalid archive: failed to decode {MANIFEST_FILE}: {error}") from error
    if items is None:
        raise InvalidParameter("invalid manifest, manifest cannot be null (but can be [])")
    return items


def blob_path(digest: Digest) -> str:
    """Where a blob is in the archive."""
    return "blobs/" + digest.replace(":", "/")


def in_dockers_words(error: DataLoss) -> DataLoss:
    """What Docker says of a tar that is cut short or none at all."""
    sentence = str(error)
    if "unexpected EOF" in sentence:
        return DataLoss("unexpected EOF")
    if sentence.startswith("invalid tar header"):
        return DataLoss("archive/tar: invalid tar header")
    return error
