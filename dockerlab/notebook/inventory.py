"""What an engine holds at one moment, and what appeared between two moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker


@dataclass(frozen=True)
class Inventory:
    """The containers and image names of an engine.

    `containers` maps a container's id to the image reference it was made from; `images` maps a
    name (`hello-world:latest`) to the image's id; `nameless` are the ids of images without a name.
    """

    containers: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    nameless: frozenset[str] = frozenset()


def take_inventory(client: docker.DockerClient) -> Inventory | None:
    """Return what the engine holds now, or None if it cannot be asked at this moment.

    An engine that has just gone away must not break the cell that is about to run.
    """
    import requests  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        containers = client.api.containers(all=True)
        images = client.api.images(all=True)  # the steps of a build, too
    except (DockerException, requests.RequestException):
        return None
    return Inventory(
        containers={entry["Id"]: entry.get("Image", "") for entry in containers},
        images={
            familiar_name(tag): image["Id"]
            for image in images
            for tag in image.get("RepoTags") or []
            if tag != "<none>:<none>"
        },
        nameless=frozenset(
            image["Id"]
            for image in images
            if not set(image.get("RepoTags") or ()) - {"<none>:<none>"}
        ),
    )


def see_layers(client: docker.DockerClient, image: str) -> tuple[str, ...]:
    """Return the diff IDs of an image's layers, the lowest first; none if it is not there."""
    from docker.errors import DockerException  # noqa: PLC0415

    api: Any = client.api
    try:
        return tuple(api.inspect_image(image).get("RootFS", {}).get("Layers") or ())
    except DockerException:
        return ()


def appeared(before: Inventory, after: Inventory, *, images: Sequence[str]) -> Inventory:
    """Return what `after` has and `before` has not, of the images named by the patterns `images`.

    >>> old, new = Inventory(), Inventory(containers={"1": "hello-world", "2": "postgres"})
    >>> dict(appeared(old, new, images=["hello-*"]).containers)
    {'1': 'hello-world'}
    """
    ids = {identity for name, identity in after.images.items() if matches(name, images)}
    return Inventory(
        containers={
            identity: image
            for identity, image in after.containers.items()
            if identity not in before.containers and (matches(image, images) or image in ids)
        },
        images={
            name: identity
            for name, identity in after.images.items()
            if name not in before.images and matches(name, images)
        },
        # Not what had a name before: an image that lost it to another may well be the learner's.
        nameless=after.nameless - before.nameless - set(before.images.values()),
    )


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Return whether an image's name, with or without its tag, is meant by one of the patterns."""
    full = familiar_name(name).removeprefix("localhost/")  # where Podman puts names of one's own
    repository = full.rpartition(":")[0] if ":" in full.rpartition("/")[2] else full
    return any(fnmatchcase(full, wanted) or fnmatchcase(repository, wanted) for wanted in patterns)


def familiar_name(name: str) -> str:
    """Return a name as Docker shows it: Podman lists `docker.io/library/centos` for `centos`."""
    return name.removeprefix("docker.io/").removeprefix("library/")
