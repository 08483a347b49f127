"""What `docker rmi` would free: found out before anything is removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dockerlab.graph import Removal
from dockerlab.layers import Image, ImageID, Sharing, familiar_name, full_name, read_image
from dockerlab.messages import text

if TYPE_CHECKING:
    import docker


def plan_removal(client: docker.DockerClient, names: Sequence[str], everything: Sharing) -> Removal:
    """Return what `docker rmi NAMES` would free, of an engine that has the images `everything`.

    An image is gone when its last name is: `docker rmi` of one of several tags removes the tag.

    Raises:
        ImageMissing: the engine has no image of one of these names.

    """
    named = {name: read_image(client, name) for name in names}
    gone = {image.id for image in named.values() if _is_last(image, named)}
    freed = [each for each in everything.layers if gone.issuperset(each.images)]
    return Removal(
        images=frozenset(gone),
        freed=frozenset(each.layer.chain_id for each in freed),
        size=everything.freed_by_removing(*gone),
        notes=tuple(_notes(client, named, gone)),
    )


def related(everything: Sharing, removal: Removal) -> tuple[Image, ...]:
    """Return the images that are removed, and those that share a layer with one of them."""
    kept: set[ImageID] = set(removal.images)
    for each in everything.layers:
        if removal.images.intersection(each.images):
            kept |= set(each.images)
    return tuple(image for image in everything.images if image.id in kept)


def _is_last(image: Image, named: dict[str, Image]) -> bool:
    """Whether no name is left when these are gone; by its ID an image goes with its only name."""
    asked = {familiar_name(full_name(name)) for name, each in named.items() if each.id == image.id}
    left = set(image.tags) - asked
    by_id = any(image.id.removeprefix("sha256:").startswith(name) for name in asked | set(named))
    return not left or (by_id and len(image.tags) <= 1)


def _notes(client: docker.DockerClient, named: dict[str, Image], gone: set[ImageID]) -> list[str]:
    api: Any = client.api
    users: dict[str, int] = {}
    for entry in api.containers(all=True):
        users[entry["ImageID"]] = users.get(entry["ImageID"], 0) + 1
    notes = []
    for name, image in named.items():
        if image.id not in gone:
            notes.append(text("graph.only_untagged", name=name))
        elif users.get(image.id):
            notes.append(text("graph.in_use", name=name, count=users[image.id]))
    return notes
