"""What is mounted into a container because somebody asked: ``-v``, ``--mount``, ``VOLUME``.

Bind mounts show a directory or file of the host; volumes are the engine's own directories. Here is
only what was asked for: volumes get their directories in ``creation``.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from dockerlab.engine.containers.config import ContainerConfig, HostConfig, MountPoint
from dockerlab.engine.containers.model import Container, Mount
from dockerlab.engine.errors import EngineError, InvalidParameter, SystemFailure
from dockerlab.engine.volumes import subpath
from dockerlab.engine.volumes.request import DRIVER, check_driver, check_name

_ACCESS = frozenset({"ro", "rw"})
_PROPAGATION = frozenset({"private", "rprivate", "shared", "rshared", "slave", "rslave"})
_NOCOPY = "nocopy"
_LABELS = frozenset({"z", "Z", _NOCOPY, "consistent", "cached", "delegated"})
_SHARED = "z"
"""What Docker shows as the mode of a volume with a name."""


class Planned(msgspec.Struct, frozen=True):
    """The mounts of a container, outermost first.

    A volume without a name has none yet; ``unfilled`` are the destinations of volumes that are not
    to be filled from the image.
    """

    mounts: tuple[Mount, ...]
    unfilled: tuple[str, ...] = ()


def plan(config: ContainerConfig, host: HostConfig, *, find: Callable[[str], Container]) -> Planned:
    """The mounts that a container gets; ``find`` knows the containers of ``--volumes-from``.

    Raises:
        InvalidParameter: a mount is malformed, or two have the same place.
        SystemFailure: it is malformed in a way that Docker answers 500 to.
        NotFound: a volume's driver is not there.

    """
    found = {mount.destination: mount for mount in _shared(host.volumes_from or (), find)}
    unfilled = set(found)
    asked: set[str] = set()
    for mount, filled in (*_binds(host), *_mounts(host)):
        if mount.destination in asked:
            raise InvalidParameter(f"Duplicate mount point: {mount.destination}")
        asked.add(mount.destination)
        found[mount.destination] = mount
        unfilled = unfilled - {mount.destination} | (set() if filled else {mount.destination})
    for place in config.volumes or ():
        destination = _destination(place)
        if destination not in found and destination not in _places(host.tmpfs or ()):
            found[destination] = _volume("", destination, mode="")
    check_tmpfs(host.tmpfs or ())
    ordered = sorted(found.values(), key=lambda mount: mount.destination.count("/"))
    return Planned(tuple(ordered), tuple(sorted(unfilled)))


def make_sources(mounts: Iterable[Mount]) -> None:
    """Make the directories of the host that are to be shown and are not there.

    Raises:
        SystemFailure: one cannot be made.

    """
    for mount in mounts:
        source = Path(mount.source)
        if mount.type == "bind" and not source.exists():
            try:
                source.mkdir(mode=0o755, parents=True)
            except OSError as error:
                reason = (error.strerror or "").lower()
                raise SystemFailure(
                    "error while creating mount source path "
                    f"'{mount.source}': mkdir {mount.source}: {reason}"
                ) from error


def runtime_mounts(mounts: Iterable[Mount]) -> Iterator[dict[str, object]]:
    """The mounts for the runtime (runtime-spec, config.md § Mounts)."""
    for mount in mounts:
        if mount.type == "tmpfs":
            yield tmpfs(mount.destination, mount.mode)
            continue
        options = ["rbind", "rw" if mount.rw else "ro", mount.propagation or "rprivate"]
        yield {
            "destination": mount.destination,
            "type": "bind",
            "source": mount.source,
            "options": options,
        }


def tmpfs(destination: str, options: str) -> dict[str, object]:
    """A file system in memory, with Docker's defaults."""
    chosen = [option for option in options.split(",") if option]
    return {
        "destination": _destination(destination),
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "nodev", "noexec", *chosen],
    }


def check_tmpfs(places: Iterable[str]) -> None:
    """Refuse places that are not absolute; raises InvalidParameter."""
    for place in places:
        _destination(place)


def _shared(asked: Iterable[str], find: Callable[[str], Container]) -> Iterator[Mount]:
    """All mounts of other containers (``--volumes-from NAME[:ro]``)."""
    for text in asked:
        if not text:
            raise InvalidParameter("volumes-from specification cannot be an empty string")
        name, _, mode = text.partition(":")
        options = set(mode.split(",")) if mode else set()
        if options - _ACCESS - _PROPAGATION - _LABELS:
            raise InvalidParameter(f"invalid mode: {mode}")
        try:
            other = find(name)
        except EngineError as error:
            raise InvalidParameter(str(error)) from None
        for mount in other.spec.mounts:
            yield msgspec.structs.replace(mount, mode="", rw=mount.rw and "ro" not in options)


def _binds(host: HostConfig) -> Iterator[tuple[Mount, bool]]:
    """The mounts of ``-v``, and whether each is filled from the image."""
    for bind in host.binds or ():
        parts = bind.split(":")
        if not bind or len(parts) > 3 or not all(parts):
            raise SystemFailure(f"invalid volume specification: '{bind}'")
        if len(parts) == 1:
            yield _volume("", _bind_destination(bind, bind, "volume"), mode=""), True
            continue
        source, destination, mode = parts[0], parts[1], (parts[2:] or [""])[0]
        options = set(mode.split(",")) if mode else set()
        if options - _ACCESS - _PROPAGATION - _LABELS or len(options & _ACCESS) > 1:
            raise SystemFailure(f"invalid mode: {mode}")
        if source.startswith("/"):
            yield _bound(bind, source, destination, mode), False
            continue
        place = _bind_destination(bind, destination, "volume")
        check_name(source)
        check_driver(source, host.volume_driver, {})
        volume = _volume(source, place, mode=mode or _SHARED, writable="ro" not in options)
        yield volume, _NOCOPY not in options


def _bound(bind: str, source: str, destination: str, mode: str) -> Mount:
    options = set(mode.split(","))
    return Mount(
        type="bind",
        source=str(PurePosixPath(source)),
        destination=_bind_destination(bind, destination, "bind"),
        mode=mode,
        rw="ro" not in options,
        propagation=next(iter(options & _PROPAGATION), "rprivate"),
    )


def _bind_destination(bind: str, destination: str, kind: str) -> str:
    begin = f"invalid volume specification: '{bind}': invalid mount config for type \"{kind}\": "
    try:
        return _destination(destination)
    except InvalidParameter as error:
        raise SystemFailure(f"{begin}{error}") from None


def _mounts(host: HostConfig) -> Iterator[tuple[Mount, bool]]:
    """The mounts of ``--mount``, and whether each is filled from the image."""
    for mount in host.mounts or ():
        if mount.type == "bind":
            yield _bind_mount(mount), False
        elif mount.type == "tmpfs":
            mode = ",".join(_tmpfs_options(mount))
            yield Mount(type="tmpfs", destination=_destination(mount.target), mode=mode), False
        elif mount.type == "volume":
            yield _volume_mount(mount), not (mount.volume_options or {}).get("NoCopy")
        else:
            raise InvalidParameter(
                f'invalid mount config for type "{mount.type}": mount type unknown'
            )


def _volume_mount(mount: MountPoint) -> Mount:
    begin = 'invalid mount config for type "volume": '
    options = mount.volume_options or {}
    if mount.bind_options:
        raise InvalidParameter('BindOptions must not be specified on mount type "volume"')
    part = str(options.get("Subpath") or "")
    try:
        destination = _destination(mount.target)
        subpath.check(part, anonymous=not mount.source)
    except InvalidParameter as error:
        raise InvalidParameter(f"{begin}{error}") from None
    if mount.source:
        check_name(mount.source)
    driver = options.get("DriverConfig") or {}
    check_driver(mount.source, driver.get("Name") or "", driver.get("Options") or {})
    found = _volume(mount.source, destination, mode=_SHARED, writable=not mount.read_only)
    return msgspec.structs.replace(found, subpath=part)


def _bind_mount(mount: MountPoint) -> Mount:
    begin = 'invalid mount config for type "bind": '
    if not mount.source:
        raise InvalidParameter(f"{begin}field Source must not be empty")
    if not mount.source.startswith("/"):
        raise InvalidParameter(
            f"{begin}invalid mount path: '{mount.source}' mount path must be absolute"
        )
    create = bool((mount.bind_options or {}).get("CreateMountpoint"))
    if not create and not Path(mount.source).exists():
        raise InvalidParameter(f"{begin}bind source path does not exist: {mount.source}")
    try:
        destination = _destination(mount.target)
    except InvalidParameter as error:
        raise InvalidParameter(f"{begin}{error}") from None
    propagation = (mount.bind_options or {}).get("Propagation") or "rprivate"
    return Mount(
        type="bind",
        source=mount.source,
        destination=destination,
        rw=not mount.read_only,
        propagation=str(propagation),
    )


def _tmpfs_options(mount: MountPoint) -> Iterator[str]:
    options = mount.tmpfs_options or {}
    if size := options.get("SizeBytes"):
        yield f"size={size}"
    if mode := options.get("Mode"):
        yield f"mode={int(mode):o}"
    if mount.read_only:
        yield "ro"


def _volume(name: str, destination: str, *, mode: str, writable: bool = True) -> Mount:
    return Mount(
        type="volume", name=name, destination=destination, driver=DRIVER, mode=mode, rw=writable
    )


def _destination(place: str) -> str:
    if not place.startswith("/"):
        raise InvalidParameter(f"invalid mount path: '{place}' mount path must be absolute")
    clean = str(PurePosixPath("/", place.lstrip("/")))
    if clean == "/":
        raise InvalidParameter("invalid specification: destination can't be '/'")
    return clean


def _places(places: Iterable[str]) -> set[str]:
    return {_destination(place) for place in places}
