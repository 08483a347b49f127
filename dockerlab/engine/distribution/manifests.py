"""Manifests and indexes as they come from a registry: recognised, checked, decoded."""

from typing import Any, TypeVar

import msgspec

from dockerlab.engine.distribution.source import RawManifest
from dockerlab.engine.errors import DataLoss, InvalidParameter
from dockerlab.engine.oci import (
    CONFIG,
    DOCKER_CONFIG,
    INDEX,
    INDEXES,
    MANIFEST,
    MANIFESTS,
    Descriptor,
    Index,
    Manifest,
    decode,
)

_CONFIGS = frozenset({CONFIG, DOCKER_CONFIG, "application/octet-stream", "text/html", ""})
_LAYER_FAMILIES = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
)
_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+"

T = TypeVar("T", bound=msgspec.Struct)


class _Shape(msgspec.Struct, frozen=True, rename="camel"):
    schema_version: int = 0
    media_type: str = ""
    config: Any = None
    layers: Any = None
    manifests: Any = None
    fs_layers: Any = None


def decode_manifest(raw: RawManifest, *, name: str) -> Manifest | Index:
    """The manifest or index in ``raw``; ``name`` is the image, for the sentences.

    Raises:
        InvalidParameter: it is no image: malformed, of an unknown type, or of schema 1.

    """
    shape = _decode(raw.data, _Shape)
    media_type = _media_type(raw.descriptor.media_type, shape)
    if media_type.startswith(_SCHEMA_1):
        raise InvalidParameter(
            "Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been "
            f"removed. Suggest the author of {name} to upgrade the image to the OCI Format or "
            "Docker Image manifest v2, schema 2. More information at "
            "https://docs.docker.com/go/deprecated-image-specs/"
        )
    if media_type not in MANIFESTS | INDEXES:
        raise InvalidParameter(f"unsupported manifest media type {media_type!r} of {name}")
    if shape.manifests is not None and (shape.config is not None or shape.layers is not None):
        # The same bytes must not be a manifest to one reader and an index to another.
        raise InvalidParameter(f"the manifest of {name} claims to be an index as well")
    if media_type in INDEXES:
        return _decode(raw.data, Index)
    manifest = _decode(raw.data, Manifest)
    _check(manifest, media_type)
    return manifest


def _media_type(stated: str, shape: _Shape) -> str:
    if stated in MANIFESTS | INDEXES or stated.startswith(_SCHEMA_1):
        return stated
    if shape.media_type:
        return shape.media_type
    if shape.fs_layers is not None or shape.schema_version == 1:
        return _SCHEMA_1 + "json"
    generic = stated in ("", "application/json", "text/plain", "application/octet-stream")
    if not generic:
        return stated
    return INDEX if shape.manifests is not None else MANIFEST


def _check(manifest: Manifest, media_type: str) -> None:
    if manifest.config.media_type not in _CONFIGS:
        if media_type == MANIFEST:  # an artifact: a chart, a signature, a model
            raise InvalidParameter(f"unsupported media type {manifest.config.media_type}")
        raise InvalidParameter(
            f'Encountered remote "{manifest.config.media_type}"'
            f"({_kind(manifest.config.media_type)}) when fetching"
        )
    for layer in manifest.layers:
        if not layer.media_type.lower().startswith(_LAYER_FAMILIES):
            raise InvalidParameter(f"unsupported media type {layer.media_type}")


def _kind(media_type: str) -> str:
    return "plugin" if media_type == "application/vnd.docker.plugin.v1+json" else "unknown"


def is_foreign(layer: Descriptor) -> bool:
    """Whether the layer may be kept elsewhere than in the registry (a Windows base layer)."""
    return ".foreign." in layer.media_type or ".nondistributable." in layer.media_type


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return decode(data, kind)
    except DataLoss as error:
        raise InvalidParameter(f"malformed manifest: {error}") from error
