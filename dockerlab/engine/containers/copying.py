"""Files into and out of containers: ``docker cp`` and ``docker export``.

It works on the root file system and on what is mounted from the host, whether the container runs
or not; what a container has in memory (tmpfs, /proc) is its own affair, as in Docker.
"""

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from dockerlab.engine.containers.lives import Lives
from dockerlab.engine.containers.looking import Place, find, link_target, mounted, split
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.register import Register
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.diff import layer, tarwriter
from dockerlab.engine.diff.changes import everything
from dockerlab.engine.errors import DataLoss, InvalidParameter, NotFound, SystemFailure
from dockerlab.engine.images.body import Body, finished
from dockerlab.engine.snapshots.compare import Change, Kind
from dockerlab.engine.unpack import tar
from dockerlab.engine.unpack.extract import Extraction
from dockerlab.engine.unpack.source import Source
from dockerlab.engine.volumes import subpath

_BATCH = 1 << 18


class PathStat(msgspec.Struct, frozen=True):
    """What a path in a container is (Docker Engine API, ``X-Docker-Container-Path-Stat``)."""

    name: str
    size: int
    mode: int
    """In the bits of Go's ``os.FileMode``."""
    mtime: int
    """Nanoseconds since 1970."""
    link_target: str


class Copying:
    """Copies files into and out of containers."""

    def __init__(
        self, register: Register, lives: Lives, *, starter: Starter, limit: int | None = None
    ) -> None:
        """An archive may unpack to at most ``limit`` bytes."""
        self._limit = limit
        self._register = register
        self._lives = lives
        self._starter = starter

    async def stat(self, reference: str, path: str) -> PathStat:
        """What there is at a path; raises NotFound for the container and for the path."""
        container = self._register.find(reference)
        async with self._root(container) as root:
            with _missing(reference, path), _place(container, root, path) as place:
                return _stat(root, place, path)

    async def read(self, reference: str, path: str) -> tuple[PathStat, AsyncGenerator[bytes, None]]:
        """What there is at a path, and a tar of it; exhaust or close the generator.

        Raises:
            NotFound: there is no such container, or no such path in it.

        """
        container = self._register.find(reference)
        found = await self.stat(reference, path)
        self._register.publish(container, "archive-path")

        async def archive() -> AsyncGenerator[bytes, None]:
            async with self._root(container) as root:
                with _missing(reference, path), _place(container, root, path) as place:
                    async for piece in _in_batches(_archive(place, found.name)):
                        yield piece

        return found, archive()

    async def write(
        self,
        reference: str,
        path: str,
        body: AsyncIterator[bytes],
        *,
        keep_kinds: bool = False,
        as_user: bool = False,
    ) -> None:
        """Unpack a tar into the directory at a path.

        ``keep_kinds`` refuses to replace a directory with something else, and the other way round;
        ``as_user`` gives what is unpacked to the container's user.

        Raises:
            NotFound: there is no such container, or no such path in it.
            InvalidParameter: the path is no directory, or may not be written to.
            DataLoss: this is no tar, or it tries to leave the directory.
            Forbidden: it unpacks to more than is allowed; the files before that stay.
            DiskFull: no space is left.

        """
        container = self._register.find(reference)
        async with self._root(container) as root:
            owner: tuple[int, int] | None = None
            if as_user:
                user = self._starter.user(container, container.spec.config.user)
                owner = user.uid, user.gid
            with _missing(reference, path), _place(container, root, path, follow=True) as place:
                _refuse_read_only(container, root, path)
                stream = Body(body)
                target = Path(f"/proc/self/fd/{place.parent}")
                work = asyncio.create_task(
                    asyncio.to_thread(
                        _extract,
                        stream,
                        target,
                        path,
                        keep_kinds=keep_kinds,
                        owner=owner,
                        limit=self._limit,
                    )
                )
                await finished(work, stop=stream.close)
        self._register.publish(container, "extract-to-dir")

    async def export(self, reference: str) -> AsyncGenerator[bytes, None]:
        """A tar of the root file system, without what is mounted into it: ``docker export``.

        Raises:
            NotFound: there is no such container.

        """
        container = self._register.find(reference)

        async def archive() -> AsyncGenerator[bytes, None]:
            async with self._root(container) as root:
                listed = await asyncio.to_thread(everything, root)
                async for piece in _in_batches(layer.pieces(root, listed)):
                    yield piece
            self._register.publish(container, "export")

        return archive()

    @asynccontextmanager
    async def _root(self, container: Container) -> AsyncIterator[Path]:
        """The container's root file system; one that does not run cannot be started meanwhile."""
        life = self._lives.of(container)
        if life.process is not None:
            yield self._starter.root(container.id)
            return
        async with life.turn:
            if self._register.find(container.id).state.running:
                yield self._starter.root(container.id)
                return
            root = await asyncio.to_thread(self._starter.mount, container.id)
            try:
                yield root
            finally:
                self._starter.unmount(container.id)


@contextmanager
def _missing(reference: str, path: str) -> Iterator[None]:
    """Say in Docker's words that a path is not there."""
    try:
        yield
    except NotFound as error:
        raise NotFound(f"Could not find the file {path} in container {reference}") from error
    except OSError as error:
        raise SystemFailure(f"lstat {path}: {(error.strerror or '').lower()}") from error


@contextmanager
def _place(container: Container, root: Path, path: str, *, follow: bool = False) -> Iterator[Place]:
    wanted, directory = split(path)
    base, inside, mount = mounted(root, container.spec.mounts, wanted)
    with ExitStack() as stack:
        if mount is not None and mount.subpath:
            base = stack.enter_context(subpath.opened(base, mount.subpath))
        yield stack.enter_context(find(base, inside, follow=follow or directory))


def _stat(root: Path, place: Place, path: str) -> PathStat:
    return PathStat(
        name=_base(path),
        size=place.status.st_size,
        mode=place.go_mode,
        mtime=place.status.st_mtime_ns,
        link_target=link_target(root, place),
    )


def _base(path: str) -> str:
    """The last part of a path as Go's ``filepath.Base`` sees it."""
    if path.endswith("/."):
        return "."
    parts, _ = split(path)
    return os.fsdecode(parts[-1]) if parts else "/"


def _archive(place: Place, name: str) -> Iterator[bytes]:
    """A tar of one file, or of a directory with all that is in it, called ``name``."""
    encoded = os.fsencode(name)
    if not place.is_directory:
        directory = Path(f"/proc/self/fd/{place.parent}")
        yield from layer.pieces(directory, [Change((place.name,), Kind.ADDED, place.status)])
        return
    prefix = encoded if encoded == b"/" else encoded + b"/"
    handle = os.open(place.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place.parent)
    try:
        directory = Path(f"/proc/self/fd/{handle}")
        status = place.status
        yield tarwriter.header(
            tarwriter.Member(
                name=prefix,
                type=tarwriter.DIRECTORY,
                mode=stat.S_IMODE(status.st_mode),
                owner=(status.st_uid, status.st_gid),
                mtime=status.st_mtime_ns // 1_000_000_000,
            )
        )
        yield from layer.pieces(directory, everything(handle), prefix=prefix)
    finally:
        os.close(handle)


async def _in_batches(pieces: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Pieces made in a thread, some together, so that few turns of the event loop are taken."""

    def batch() -> bytes:
        gathered, size = [], 0
        for piece in pieces:
            gathered.append(piece)
            size += len(piece)
            if size >= _BATCH:
                break
        return b"".join(gathered)

    while data := await asyncio.to_thread(batch):
        yield data


def _extract(
    stream: Body,
    directory: Path,
    path: str,
    *,
    keep_kinds: bool,
    owner: tuple[int, int] | None,
    limit: int | None,
) -> None:
    with (
        Extraction(directory) as extraction,
        Source(cast(BinaryIO, stream), limit=limit, what="archive") as source,
    ):
        for entry in tar.entries(source):
            if keep_kinds:
                _refuse_other_kind(directory, entry, path)
            if owner is not None:
                entry.uid, entry.gid = owner
            source.expect(entry.size)
            extraction.add(entry, source)
        extraction.finish()
        source.finish()


def _refuse_other_kind(directory: Path, entry: tar.Entry, path: str) -> None:
    parts, _ = split(os.fsdecode(entry.name))
    if not parts:
        return
    with suppress(NotFound, DataLoss), find(directory, parts, follow=False) as there:
        shown = os.path.join(path, os.fsdecode(entry.name))  # noqa: PTH118 - of the container
        if there.is_directory and entry.type != tar.DIRECTORY:
            raise InvalidParameter(
                f'cannot overwrite directory "{shown}" with non-directory "{path}"'
            )
        if not there.is_directory and entry.type == tar.DIRECTORY:
            raise InvalidParameter(
                f'cannot overwrite non-directory "{shown}" with directory "{path}"'
            )


def _refuse_read_only(container: Container, root: Path, path: str) -> None:
    _, _, mount = mounted(root, container.spec.mounts, split(path)[0])
    if mount is not None:
        if not mount.rw:
            raise InvalidParameter("mounted volume is marked read-only")
    elif container.spec.host.readonly_rootfs:
        raise InvalidParameter("container rootfs is marked read-only")
