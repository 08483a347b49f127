"""Showing parts of volumes to a runtime: ``--mount type=volume,volume-subpath=…``.

crun and runc take the source of a mount by its name, and look that up after the engine did. So the
part that was found is mounted at a place of the engine's own, which no container can reach, and
that is named to them. It is there until the container has started, and has a mount of its own.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from dockerlab.engine import mount as mounting
from dockerlab.engine.containers.model import Mount
from dockerlab.engine.volumes.service import Volumes

_PLACES = "parts"


@contextmanager
def shown(
    mounts: Iterable[Mount], volumes: Volumes, *, home: Path, by_name: bool
) -> Iterator[tuple[Mount, ...]]:
    """The mounts, those of parts with a source that means the part and nothing else.

    ``by_name`` is for proot, which cannot mount: there every path is looked up anew at every system
    call, and whoever is in the container has the rights of the engine's user in any case.

    Raises:
        NotFound: a volume has no such part.
        InvalidParameter: links lead out of the volume.
        SystemFailure: the part cannot be shown for another reason.

    """
    with ExitStack() as stack:
        found = []
        for number, mount in enumerate(mounts):
            source = mount.source
            if mount.subpath:
                part = stack.enter_context(volumes.opened(mount.name, mount.subpath))
                place = home / _PLACES / str(number)
                source = str(part.readlink() if by_name else stack.enter_context(_at(part, place)))
            found.append(msgspec.structs.replace(mount, source=source))
        yield tuple(found)


@contextmanager
def _at(part: Path, place: Path) -> Iterator[Path]:
    """Mount an open file or directory at a new place, until the block ends."""
    place.parent.mkdir(mode=0o700, exist_ok=True)
    directory = part.is_dir()
    place.mkdir(exist_ok=True) if directory else place.touch()
    try:
        mounting.bind(part, place, nodev=False)
        yield place
    finally:
        mounting.unmount(place)
        place.rmdir() if directory else place.unlink()
