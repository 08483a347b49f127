"""What the service answers: the bodies of Docker's image API, as types.

Fields and spelling are those of the Docker Engine API 1.51; the server shapes them for older ones.
"""

import msgspec

from dockerlab.engine.oci import ChainID, DiffID, ImageID, RunConfig


class Summary(msgspec.Struct, frozen=True, rename="pascal"):
    """One image in a list (``ImageSummary``). Sizes in bytes, ``created`` in Unix seconds.

    ``shared_size`` is -1 where it was not asked for.
    """

    id: ImageID
    parent_id: str
    repo_tags: tuple[str, ...]
    repo_digests: tuple[str, ...]
    created: int
    size: int
    shared_size: int
    labels: dict[str, str] | None
    containers: int


class GraphDriver(msgspec.Struct, frozen=True, rename="pascal"):
    """Where the topmost layer's files are (``DriverData``)."""

    name: str
    data: dict[str, str] | None


class Layers(msgspec.Struct, frozen=True, rename="pascal"):
    """The layers of an image by diff ID, base first."""

    type: str
    layers: tuple[DiffID, ...] = ()


class Tagging(msgspec.Struct, frozen=True, rename="pascal"):
    """When the image was last given a name by hand (RFC 3339)."""

    last_tag_time: str


class Details(msgspec.Struct, frozen=True, rename="pascal"):
    """All that is known of an image (``ImageInspect``)."""

    id: ImageID
    repo_tags: tuple[str, ...]
    repo_digests: tuple[str, ...]
    parent: str
    comment: str
    created: str | None
    docker_version: str
    author: str
    architecture: str
    variant: str
    os: str
    os_version: str
    size: int
    graph_driver: GraphDriver
    root_fs: Layers = msgspec.field(name="RootFS")
    metadata: Tagging
    config: RunConfig | None


class HistoryEntry(msgspec.Struct, frozen=True, rename="pascal"):
    """One step in an image's making (``HistoryResponseItem``), the newest first in a list.

    ``id`` is ``<missing>`` for a step whose image is not here.
    """

    id: str
    created: int
    created_by: str
    tags: tuple[str, ...] | None
    size: int
    comment: str


class Removal(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """One thing that a removal did (``ImageDeleteResponseItem``): a name or an object is gone."""

    untagged: str = ""
    deleted: ImageID | ChainID | str = ""


class PruneReport(msgspec.Struct, frozen=True, rename="pascal"):
    """What ``prune`` removed, and the bytes that were freed."""

    images_deleted: tuple[Removal, ...] | None
    space_reclaimed: int
