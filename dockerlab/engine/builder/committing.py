"""``docker commit``: an image of what a container has become."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import msgspec

from dockerlab.engine.builder.document import Step, image_document
from dockerlab.engine.builder.images import Services
from dockerlab.engine.builder.running import write_changes
from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.containers.creation import merge
from dockerlab.engine.containers.model import Container, Status
from dockerlab.engine.dockerfile.changes import apply_changes
from dockerlab.engine.errors import Conflict, EngineError
from dockerlab.engine.images.derivation import Keep
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import DiffID, ImageID
from dockerlab.engine.reference import Reference


class CommitOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to commit: ``config`` replaces the container's own, ``changes`` are instructions."""

    name: Reference | None = None
    author: str = ""
    message: str = ""
    pause: bool = True
    config: ContainerConfig | None = None
    changes: Sequence[str] = ()


async def commit(services: Services, reference: str, options: CommitOptions) -> ImageID:
    """Make an image of a container, running or not.

    Raises:
        NotFound: there is no such container, or its image is gone.
        InvalidParameter: a change is malformed.
        Conflict: the container is being removed, or changed its files meanwhile.
        DiskFull: no space is left.

    """
    container = services.containers.get(reference)
    if container.state.status in (Status.DEAD, Status.REMOVING):
        how = "Dead" if container.state.status is Status.DEAD else "being removed"
        raise Conflict(f"You cannot commit container {container.id} which is {how}")
    async with _paused(services, container, wanted=options.pause):
        own = container.spec.config
        config = merge(apply_changes(options.config or own, options.changes), own)
        with services.images.building() as keep:
            image = await _derive(services, container, config, options, keep)
            if options.name is not None:
                name = options.name.stored
                services.images.tag(image.image_id, name.name, name.tag)
    services.containers.publish(
        container,
        "commit",
        comment=options.message,
        imageID=image.image_id,
        imageRef=options.name.stored.familiar if options.name else "",
    )
    return image.image_id


async def _derive(
    services: Services,
    container: Container,
    config: ContainerConfig,
    options: CommitOptions,
    keep: Keep,
) -> Image:
    parent = services.images.resolve(container.image_id)
    below = services.images.config(parent)
    step = Step(
        config=config,
        container_config=container.spec.config,
        container=container.id,
        author=options.author,
        message=options.message,
        created=services.now(),
    )

    def document(diff_id: DiffID | None) -> bytes:
        return image_document(below, step, diff_id)

    layer = partial(write_changes, services.snapshots, container.id)
    return await services.images.derive(parent=parent, document=document, layer=layer, keep=keep)


@asynccontextmanager
async def _paused(services: Services, container: Container, *, wanted: bool) -> AsyncIterator[None]:
    """Let a running container stand still, where the kernel lets us."""
    paused = False
    if wanted and container.state.running and not container.state.paused:
        with suppress(EngineError):
            await services.containers.pause(container.id)
            paused = True
    try:
        yield
    finally:
        if paused:
            with suppress(EngineError):
                await services.containers.unpause(container.id)
