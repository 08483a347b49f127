"""What is mounted into a container because somebody asked: ``-v``, ``--mount``, ``VOLUME``.

Bind mounts show a directory or file of the host. Volumes proper are not kept yet: an anonymous
one, as an image's VOLUME asks for, is a directory of the container's own, filled from the image as
Docker fills it, and removed with the container; a named one is refused.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from dockerlab.engine.containers import rootfs
from dockerlab.engine.containers.config import ContainerConfig, HostConfig, MountPoint
from dockerlab.engine.containers.model import Mount
from dockerlab.engine.containers.names import ALLOWED
from dockerlab.engine.errors import InvalidParameter, NotImplementedHere, SystemFailure

_VOLUME_NAME = re.compile(rf"{ALLOWED}*")
_ACCESS = frozenset({"ro", "rw"})
_PROPAGATION = frozenset({"private", "rprivate", "shared", "rshared", "slave", "rslave"})
_LABELS = frozenset({"z", "Z", "nocopy", "consistent", "cached", "delegated"})


def plan(config: ContainerConfig, host: HostConfig, *, directory: Path) -> tuple[Mount, ...]:
    """The mounts that a container gets, outermost first; ``directory`` is where its volumes go.

    Raises:
        InvalidParameter: a mount is malformed, or two have the same place.
        SystemFailure: it is malformed in a way that Docker answers 500 to.
        NotImplementedHere: a named volume is asked for.

    """
    found: dict[str, Mount] = {}
    for mount in (*_binds(host.binds or ()), *_mounts(host.mounts or (), directory)):
        if mount.destination in found:
            raise InvalidParameter(f"Duplicate mount point: {mount.destination}")
        found[mount.destination] = mount
    for place in config.volumes or ():
        destination = _destination(place)
        if destination not in found and destination not in _places(host.tmpfs or ()):
            found[destination] = _anonymous(destination, directory)
    check_tmpfs(host.tmpfs or ())
    return tuple(sorted(found.values(), key=lambda mount: mount.destination.count("/")))


def prepare(mounts: Iterable[Mount], root: Path) -> None:
    """Make what the mounts need before the container starts, root being its root file system.

    Raises:
        SystemFailure: a source cannot be made.

    """
    for mount in mounts:
        source = Path(mount.source)
        if mount.type == "volume":
            _fill(source, rootfs.resolve(root, mount.destination))
        elif mount.type == "bind" and not source.exists():
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


def _binds(binds: Iterable[str]) -> Iterator[Mount]:
    for bind in binds:
        parts = bind.split(":")
        if not bind or len(parts) > 3 or not all(parts):
            raise SystemFailure(f"invalid volume specification: '{bind}'")
        if len(parts) == 1:
            raise NotImplementedHere(f"anonymous volumes are not there yet: {bind}")
        source, destination, mode = parts[0], parts[1], (parts[2:] or [""])[0]
        options = set(mode.split(",")) if mode else set()
        if options - _ACCESS - _PROPAGATION - _LABELS or len(options & _ACCESS) > 1:
            raise SystemFailure(f"invalid mode: {mode}")
        kind = "bind" if source.startswith("/") else "volume"
        place = _bind_destination(bind, destination, kind)
        if kind == "volume":
            _refuse_volume(source)
        yield Mount(
            type="bind",
            source=str(PurePosixPath(source)),
            destination=place,
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


def _mounts(asked: Iterable[MountPoint], directory: Path) -> Iterator[Mount]:
    for mount in asked:
        if mount.type == "bind":
            yield _bind_mount(mount)
        elif mount.type == "tmpfs":
            mode = ",".join(_tmpfs_options(mount))
            yield Mount(type="tmpfs", destination=_destination(mount.target), mode=mode)
        elif mount.type == "volume":
            if mount.source:
                _refuse_volume(mount.source)
            anonymous = _anonymous(_destination(mount.target), directory)
            yield anonymous if not mount.read_only else _read_only(anonymous)
        else:
            raise InvalidParameter(
                f'invalid mount config for type "{mount.type}": mount type unknown'
            )


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


def _anonymous(destination: str, directory: Path) -> Mount:
    name = secrets.token_hex(32)
    source = str(directory / name)
    return Mount(
        type="volume", name=name, source=source, destination=destination, driver="local", rw=True
    )


def _read_only(mount: Mount) -> Mount:
    return Mount(
        type=mount.type,
        name=mount.name,
        source=mount.source,
        destination=mount.destination,
        driver=mount.driver,
        rw=False,
    )


def _refuse_volume(name: str) -> None:
    if not _VOLUME_NAME.fullmatch(name):
        raise InvalidParameter(
            f'create {name}: "{name}" includes invalid characters for a local volume name,'
            f' only "{ALLOWED}" are allowed. If you intended to pass a host directory,'
            " use absolute path"
        )
    raise NotImplementedHere(
        f"named volumes are not there yet in this engine: {name};"
        " use a directory of the host, by its absolute path"
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


def _fill(volume: Path, image: Path) -> None:
    """Copy what the image has at the volume's place, the first time."""
    if volume.exists():
        return
    if image.is_dir() and not image.is_symlink():
        shutil.copytree(image, volume, symlinks=True)
        _copy_owners(image, volume)
    else:
        volume.mkdir(mode=0o755, parents=True)


def _copy_owners(image: Path, volume: Path) -> None:
    for directory, names, files in os.walk(image):
        inside = volume / Path(directory).relative_to(image)
        for name in (".", *names, *files):
            status = (Path(directory) / name).lstat()
            os.chown(inside / name, status.st_uid, status.st_gid, follow_symlinks=False)
