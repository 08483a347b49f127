"""The types of the OCI image specification, and Docker's schema 2 beside them.

Structs are decoded once, at the edge, and carry no behaviour beyond what the specification
computes from them. Bytes that have a digest are always kept as they came: re-encoding a manifest
or a config would change its digest.

Specifications: opencontainers/image-spec v1.1 (descriptor.md, manifest.md, image-index.md,
config.md) and distribution's "Image Manifest Version 2, Schema 2".
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Any, NewType, TypeVar

import msgspec

from dockerlab.engine.errors import DataLoss, InvalidParameter

Digest = NewType("Digest", str)
"""``sha256:…`` of bytes as they are stored or transferred (image-spec, descriptor.md § Digests)."""

DiffID = NewType("DiffID", str)
"""Digest of a layer's uncompressed tar (image-spec, config.md § Layer DiffID)."""

ChainID = NewType("ChainID", str)
"""Names a layer applied on all below it (image-spec, config.md § Layer ChainID)."""

ImageID = NewType("ImageID", str)
"""Digest of the image's config (image-spec, config.md § ImageID)."""

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN_LAYER_GZIP = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

MANIFESTS = frozenset({MANIFEST, DOCKER_MANIFEST})
INDEXES = frozenset({INDEX, DOCKER_MANIFEST_LIST})

_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
_IS_SHA256 = msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}$")
_COUNT = msgspec.Meta(ge=0)


def parse_digest(text: str) -> Digest:
    """The digest that ``text`` spells; sha256 is the only algorithm, as in Docker's own store.

    Raises:
        InvalidParameter: it is not ``sha256:`` and 64 lower-case hexadecimal digits.

    """
    if not _SHA256.fullmatch(text):
        raise InvalidParameter(f"invalid checksum digest format: {text!r}")
    return Digest(text)


def digest_of(data: bytes) -> Digest:
    """The sha256 digest of ``data``."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def chain_id_of(parent: ChainID | None, diff_id: DiffID) -> ChainID:
    """The chain ID of a layer on ``parent`` (image-spec, config.md § Layer ChainID)."""
    return ChainID(digest_of(f"{parent} {diff_id}".encode()) if parent else diff_id)


def chain_ids(diff_ids: Iterable[DiffID]) -> tuple[ChainID, ...]:
    """One chain ID for each layer, from the base up."""
    chain: list[ChainID] = []
    for diff_id in diff_ids:
        chain.append(chain_id_of(chain[-1] if chain else None, diff_id))
    return tuple(chain)


class Platform(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an image runs (image-spec, image-index.md, property ``platform``)."""

    architecture: str = ""
    os: str = ""
    variant: str = ""
    os_version: str = msgspec.field(default="", name="os.version")
    os_features: tuple[str, ...] = msgspec.field(default=(), name="os.features")


class Descriptor(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Points at content by media type, digest and size in bytes (image-spec, descriptor.md)."""

    media_type: str
    digest: Annotated[Digest, _IS_SHA256]
    size: Annotated[int, _COUNT]
    platform: Platform | None = None
    urls: tuple[str, ...] = ()
    annotations: dict[str, str] = {}
    artifact_type: str = ""


# An empty list of layers or manifests must be written all the same, unlike other defaults: a
# factory of one's own is what msgspec does not leave out. Fields stand in Docker's order, so that a
# manifest made here has the digest that Docker's would have.


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An image's config and its layers, base first (image-spec, manifest.md)."""

    schema_version: int
    media_type: str = ""
    config: Descriptor
    layers: tuple[Descriptor, ...] = msgspec.field(default_factory=lambda: ())
    annotations: dict[str, str] = {}


class Index(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A list of manifests, usually one a platform (image-spec, image-index.md)."""

    schema_version: int
    media_type: str = ""
    manifests: tuple[Descriptor, ...] = msgspec.field(default_factory=lambda: ())
    annotations: dict[str, str] = {}


class HealthConfig(msgspec.Struct, frozen=True, omit_defaults=True, rename="pascal"):
    """How a container's health is tested; durations in nanoseconds (a Docker extension)."""

    test: tuple[str, ...] | None = None
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


class RunConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """What a container made from the image starts with (image-spec, config.md § Properties).

    ``None`` where Docker distinguishes "not said" from "said to be empty". The spelling in JSON is
    Docker's: ``OnBuild``, ``Healthcheck``, ``Shell`` and ``ArgsEscaped`` are its extensions.
    """

    user: str = ""
    exposed_ports: dict[str, dict[str, Any]] | None = None
    env: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    volumes: dict[str, dict[str, Any]] | None = None
    working_dir: str = ""
    labels: dict[str, str] | None = None
    stop_signal: str = ""
    healthcheck: HealthConfig | None = None
    shell: tuple[str, ...] | None = None
    on_build: tuple[str, ...] | None = None
    args_escaped: bool = False


class History(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one layer, or one step without a layer, was made (image-spec, config.md, ``history``)."""

    created: str | None = None
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class RootFS(msgspec.Struct, frozen=True):
    """The layers of an image by diff ID, base first (image-spec, config.md, ``rootfs``)."""

    type: str = "layers"
    diff_ids: tuple[Annotated[DiffID, _IS_SHA256], ...] = ()


class ImageConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image's config (image-spec, config.md); its bytes' digest is the image ID."""

    rootfs: RootFS
    architecture: str = ""
    os: str = ""
    created: str | None = None
    author: str = ""
    variant: str = ""
    os_version: str = msgspec.field(default="", name="os.version")
    config: RunConfig | None = None
    history: tuple[History, ...] = ()
    docker_version: str = ""
    comment: str = ""
    container: str = ""
    container_config: dict[str, Any] | None = None
    parent: str = ""


_Document = TypeVar("_Document", bound=msgspec.Struct)
_MAPS_OF_OBJECTS = frozenset({"ExposedPorts", "Volumes"})
_MAPS_OF_TEXT = frozenset({"Labels", "annotations"})
_WORDS = frozenset({"Cmd", "Entrypoint", "Shell", "OnBuild"})


def decode(data: bytes, kind: type[_Document]) -> _Document:
    """Read a document of the specification, as leniently as Docker reads it.

    ``null`` stands for what is not there, as in Go, and a command may be one string.

    Raises:
        DataLoss: the bytes are no such document.

    >>> decode(b'{"rootfs": {"type": "layers", "diff_ids": null}, "history": null}', ImageConfig)
    ... # doctest: +ELLIPSIS
    ImageConfig(rootfs=RootFS(type='layers', diff_ids=()), ...)

    """
    try:
        return msgspec.convert(_without_nulls(msgspec.json.decode(data)), kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DataLoss(f"invalid {_TITLES.get(kind, 'document')}: {error}") from error


def encode(document: object) -> bytes:
    """The bytes of a JSON document: the same for the same, whenever and wherever made.

    Bytes that are no text (a Dockerfile may hold some) become U+FFFD, as in Go.
    """
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        return msgspec.json.encode(_legible(msgspec.to_builtins(document)))


def _legible(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_legible(key): _legible(each) for key, each in value.items()}
    return [_legible(each) for each in value] if isinstance(value, list | tuple) else value


_SURROGATE = re.compile("[\ud800-\udfff]")


_TITLES: dict[type, str] = {
    Manifest: "image manifest",
    Index: "image index",
    ImageConfig: "image config",
    Descriptor: "descriptor",
}


def _without_nulls(value: object, key: str = "") -> object:
    if isinstance(value, dict):
        if key in _MAPS_OF_OBJECTS or key in _MAPS_OF_TEXT:
            empty: object = {} if key in _MAPS_OF_OBJECTS else ""
            return {name: empty if item is None else item for name, item in value.items()}
        return {
            name: _without_nulls(item, name) for name, item in value.items() if item is not None
        }
    if isinstance(value, list):
        return ["" if item is None else _without_nulls(item) for item in value]
    return [value] if key in _WORDS and isinstance(value, str) else value
