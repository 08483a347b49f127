"""What a container's life means to the volumes that it has."""

from dockerlab.engine.containers import rootfs
from dockerlab.engine.containers.model import Container, Mount
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.volumes.service import Volumes


def fill_volumes(container: Container, starter: Starter, volumes: Volumes) -> None:
    """Fill its empty volumes from the image, as Docker does when a container is made; blocks.

    Raises:
        InvalidParameter: the part of one that is to be shown is outside of it.
        DiskFull, SystemFailure: one could not be filled.

    """
    todo = [mount for mount in of(container) if mount.destination not in container.spec.unfilled]
    if not todo:
        return
    root = starter.mount(container.id)
    try:
        for mount in todo:
            source = rootfs.resolve(root, mount.destination)
            volumes.fill(mount.name, source, part=mount.subpath)
    finally:
        starter.unmount(container.id)


def tell_mounted(container: Container, volumes: Volumes) -> None:
    """Tell that it has started."""
    for mount in of(container):
        volumes.mounted(mount.name, container.id, destination=mount.destination, writable=mount.rw)


def tell_unmounted(container: Container, volumes: Volumes) -> None:
    """Tell that it has ended."""
    for mount in of(container):
        volumes.unmounted(mount.name, container.id)


def of(container: Container) -> tuple[Mount, ...]:
    """Those of a container's mounts that are volumes."""
    return tuple(mount for mount in container.spec.mounts if mount.type == "volume")
