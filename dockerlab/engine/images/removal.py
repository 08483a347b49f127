"""Removing images: ``docker rmi``.

An image goes when its last name goes, unless a container or another image still needs it. What
stands in the way is *hard* (a running container, a child image) or *soft* (a stopped container,
another name), and only what is soft yields to force: Docker's own rules, in Docker's own words.
"""

from collections.abc import Sequence

import msgspec

from dockerlab.engine.errors import Conflict, InvalidParameter, NotFound
from dockerlab.engine.filters import Filters
from dockerlab.engine.images.library import Library, references, short
from dockerlab.engine.images.model import PruneReport, Removal
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.metadata.layers import Layer
from dockerlab.engine.oci import Digest, ImageID
from dockerlab.engine.reference import Reference, parse
from dockerlab.engine.timestamp import parse_moment, parse_rfc3339

PRUNE_FILTERS = frozenset({"dangling", "label", "label!", "until"})


class _Obstacle(msgspec.Struct, frozen=True):
    """Why an image cannot be removed."""

    reason: str
    hard: bool
    used: bool


class Outcome(msgspec.Struct, frozen=True):
    """What a removal did, in order, and what may now be collected."""

    removals: tuple[Removal, ...]
    layers: tuple[Layer, ...]
    blobs: tuple[Digest, ...]


def remove(library: Library, name: str, *, force: bool, prune: bool) -> Outcome:
    """Remove the image called ``name``, or only that name where the image has others.

    ``prune`` removes the nameless images that it was built from, too. It is one transaction;
    the files of what is gone are for the collector.

    Raises:
        NotFound: there is no such image.
        Conflict: something needs it.

    """

    def attempt() -> _Remover:
        remover = _Remover(library)
        with library.database.transaction():
            remover.remove(library.resolve(name), name, force=force, prune=prune)
        return remover

    remover = library.database.insist(attempt)
    for action, image_id, labels in remover.events:
        library.publish_as(action, image_id, name=image_id, labels=labels)
    return Outcome(tuple(remover.removals), tuple(remover.layers), tuple(remover.blobs))


def prune(library: Library, filters: Filters) -> tuple[PruneReport, Outcome]:
    """Remove images without a name, or with ``dangling=false`` all that no container uses.

    Raises:
        InvalidParameter: a filter or its value is malformed.

    """
    filters.check(PRUNE_FILTERS)
    dangling = filters.boolean("dangling", default=True)
    moments = filters.values("until")
    if len(moments) > 1:
        raise InvalidParameter("more than one until filter specified")
    until = parse_moment(moments[0]) if moments else None
    outcomes = [
        outcome
        for image in library.records.all()
        if _may_prune(library, image, filters=filters, until=until)
        for name in _names_to_prune(image, dangling=dangling)
        if (outcome := _attempt(library, name))
    ]
    layers = tuple(layer for outcome in outcomes for layer in outcome.layers)
    removals = tuple(removal for outcome in outcomes for removal in outcome.removals)
    report = PruneReport(removals or None, sum(layer.size for layer in layers))
    blobs = tuple(blob for outcome in outcomes for blob in outcome.blobs)
    return report, Outcome(removals, layers, blobs)


def _may_prune(library: Library, image: Image, *, filters: Filters, until: int | None) -> bool:
    config = library.config(image)
    labels = (config.config.labels if config.config else None) or {}
    if not image.names and library.records.children(image.image_id):
        return False
    if until is not None and (not config.created or parse_rfc3339(config.created) > until):
        return False
    unwanted = "label!" in filters and filters.labels("label!", labels)
    return filters.labels("label", labels) and not unwanted


def _names_to_prune(image: Image, *, dangling: bool) -> tuple[str, ...]:
    if not image.names:
        return (image.image_id.removeprefix("sha256:"),)
    if dangling and any(name.tag for name in references(image)):
        return ()
    return image.names


def _attempt(library: Library, name: str) -> Outcome | None:
    """What removing the image did; None where something needs it, or it has just gone."""
    try:
        return remove(library, name, force=False, prune=True)
    except (Conflict, NotFound):
        return None


class _Remover:
    """Removes images, and records what that did."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._keep = library.collector.needed()
        self.removals: list[Removal] = []
        self.layers: list[Layer] = []
        self.blobs: list[Digest] = []
        self.events: list[tuple[str, ImageID, dict[str, str]]] = []

    def remove(self, image: Image, name: str, *, force: bool, prune: bool) -> None:
        """Remove ``image``, that ``name`` was found to mean, or only the name."""
        quiet = not _is_id(image, name)
        if quiet:
            if not self._remove_name(image, name, force=force):
                return
        elif _in_one_repository(references(image)):
            self._check(image, force=force, names=False, quiet=False)
            for reference in references(image):
                self._untag(image, reference)
        self._remove_image(image, force=force, prune=prune, quiet=quiet)

    def _remove_name(self, image: Image, name: str, *, force: bool) -> bool:
        """Take away one name; whether the image has none left."""
        users = self._library.records.users(image.image_id)
        if users and not force and _in_one_repository(references(image)):
            raise Conflict(
                f'conflict: unable to remove repository reference "{name}" (must force) - '
                f"container {short(users[0].container_id)} is using its referenced image "
                f"{short(image.image_id)}"
            )
        gone = parse(name).stored
        self._untag(image, gone)
        left = [other for other in references(image) if other != gone]
        same = [other for other in left if other.name == gone.name]
        if gone.tag and not any(other.tag for other in same):
            # Its digests came with the tag and go with it.
            for other in same:
                self._library.records.take([str(other)])
                self.removals.append(Removal(untagged=other.familiar))
            left = [other for other in left if other not in same]
        return not left

    def _remove_image(self, image: Image, *, force: bool, prune: bool, quiet: bool) -> None:
        library = self._library
        if not self._check(image, force=force, names=not force, quiet=quiet):
            return
        current = library.records.find(image.image_id)
        for reference in references(current) if current else ():
            self._untag(image, reference)
        library.records.remove(image.image_id)
        layers = library.layers.prune(image.chain_id, keep=self._keep)
        self.layers.extend(layers)
        self.blobs.extend((Digest(image.image_id), image.manifest))
        self.events.append(("delete", image.image_id, {}))
        self.removals.append(Removal(deleted=image.image_id))
        self.removals.extend(Removal(deleted=layer.chain_id) for layer in layers)
        parent = library.records.find(image.parent) if prune and image.parent else None
        if parent:
            self._remove_image(parent, force=False, prune=True, quiet=True)

    def _untag(self, image: Image, reference: Reference) -> None:
        self._library.records.take([str(reference)])
        labels = self._library.labels(image.image_id)
        self.events.append(("untag", image.image_id, labels))
        self.removals.append(Removal(untagged=reference.familiar))

    def _check(self, image: Image, *, force: bool, names: bool, quiet: bool) -> bool:
        """Whether nothing stands in the way; raises Conflict where somebody must be told."""
        obstacle = self._obstacle(image, force=force, names=names)
        if obstacle is None:
            return True
        if quiet and (obstacle.used or not self._dangling(image)):
            return False
        forced = "cannot be forced" if obstacle.hard else "must be forced"
        raise Conflict(
            f"conflict: unable to delete {short(image.image_id)} ({forced}) - {obstacle.reason}"
        )

    def _obstacle(self, image: Image, *, force: bool, names: bool) -> _Obstacle | None:
        records = self._library.records
        if records.children(image.image_id):
            return _Obstacle("image has dependent child images", hard=True, used=False)
        if self._library.building[image.image_id]:
            return _Obstacle("image is being used by a build", hard=True, used=True)
        users = records.users(image.image_id)
        running = [use for use in users if use.running]
        if running:
            who = short(running[0].container_id)
            return _Obstacle(
                f"image is being used by running container {who}", hard=True, used=True
            )
        current = records.find(image.image_id)
        if names and current and current.names:
            return _Obstacle("image is referenced in multiple repositories", hard=False, used=False)
        if users and not force:
            who = short(users[0].container_id)
            return _Obstacle(
                f"image is being used by stopped container {who}", hard=False, used=True
            )
        return None

    def _dangling(self, image: Image) -> bool:
        records = self._library.records
        current = records.find(image.image_id)
        return not (current and current.names) and not records.children(image.image_id)


def _in_one_repository(names: Sequence[Reference]) -> bool:
    """Whether there is at most one tag, and every digest is in its repository; not when empty."""
    if len(names) <= 1:
        return len(names) == 1
    tagged = [name for name in names if name.tag]
    if len(tagged) > 1:
        return False
    digested = {name.name for name in names if name.digest}
    return digested == {(tagged or names)[0].name}


def _is_id(image: Image, name: str) -> bool:
    return image.image_id.startswith(name) or image.image_id.partition(":")[2].startswith(name)
