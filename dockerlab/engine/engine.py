"""The composition root: the stores and services are put together here, and nowhere else."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec

from dockerlab.engine import mount
from dockerlab.engine.builder.service import Builder
from dockerlab.engine.containers.service import Containers
from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.distribution.service import Distribution
from dockerlab.engine.events import EventBus
from dockerlab.engine.images.service import Images
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.runtime import probe
from dockerlab.engine.runtime.runtime import Runtime
from dockerlab.engine.snapshots.choice import overlay_refusal, snapshotter
from dockerlab.engine.volumes.service import Volumes

_RESERVE = 256 * 1024
"""Bytes for the last changes to the metadata on a full disk: some ends, and what frees space."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen when an engine is started."""

    root: Path
    """Everything the engine keeps is below this directory."""
    runtime: str = "auto"
    """``auto``, ``oci``, ``proot`` or ``none``."""
    own_mounts: bool = True
    """Whether this process has a mount namespace of its own, in which it may mount."""
    packs: tuple[Path, ...] = ()
    """OCI layouts that are asked for an image when no registry has it."""
    mirrors: tuple[str, ...] = ()
    """Registries that are asked before Docker Hub, as URLs."""
    layer_limit: int | None = None
    """Most bytes that one layer may unpack to."""
    no_overlay: str = ""
    """Why overlayfs is not used, though this process may mount; found out by ``open``."""


class Engine:
    """A running engine."""

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        """Use ``open``."""
        root = data_directory(settings)
        self.settings = settings
        self.root = root
        self.runtime = runtime
        self.not_used = _not_used(settings, runtime)
        self.id, self.created = _identity(root / "engine-id")
        self.rootless = mount.in_user_namespace()
        self.events = EventBus()
        self.database = Database(root / "metadata.db", reserve=_RESERVE)
        self.content = LocalStore(root / "content")
        self.snapshots = snapshotter(
            root / "snapshots",
            self.database,
            overlay=settings.own_mounts and not settings.no_overlay,
            own_mounts=settings.own_mounts,
        )
        self.distribution = Distribution(
            self.content, mirrors=settings.mirrors, packs=settings.packs
        )
        self.images = Images(
            database=self.database,
            content=self.content,
            snapshots=self.snapshots,
            events=self.events,
            distribution=self.distribution,
            layer_limit=settings.layer_limit,
        )
        self.volumes = Volumes(root / "volumes", database=self.database, events=self.events)
        self.containers = Containers(
            root / "containers",
            database=self.database,
            events=self.events,
            images=self.images,
            snapshots=self.snapshots,
            volumes=self.volumes,
            runtime=runtime,
        )
        self.builder = Builder(
            root / "builds",
            database=self.database,
            images=self.images,
            containers=self.containers,
            snapshots=self.snapshots,
        )

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Open what ``settings.root`` holds, new or not, and mend what a crash left half done.

        Raises:
            DataLoss: what is there was not written by an engine of this kind.
            Unavailable: the machine lacks something without which no engine can run.

        """
        with _private_files():
            if settings.own_mounts:
                state = settings.root / "runtime"
                state.mkdir(mode=0o700, parents=True, exist_ok=True)
                refusal = settings.no_overlay or overlay_refusal(state)
                settings = msgspec.structs.replace(settings, no_overlay=refusal)
            data_directory(settings).mkdir(mode=0o700, parents=True, exist_ok=True)
            runtime = await probe.open_runtime(
                settings.root / "runtime",
                own_mounts=settings.own_mounts,
                programs=probe.CHOICES[settings.runtime],
            )
            engine = cls(settings, runtime)
        await engine.containers.recover()
        await engine.images.sweep()
        engine.volumes.sweep()
        engine.builder.sweep()
        return engine

    def busy(self) -> bool:
        """Whether a container runs, so that the engine must not stop by itself."""
        return self.containers.running() > 0

    async def stop(self) -> None:
        """Stop the containers, all at once, each as ``docker stop`` would."""
        await self.containers.stop_all()

    async def close(self) -> None:
        """Release everything."""
        await self.builder.close()
        await self.containers.close()
        await self.distribution.close()
        await self.images.close()
        self.database.close()


def data_directory(settings: Settings) -> Path:
    """Where images and containers are.

    One kind of snapshots cannot read what the other wrote, so that each has a place of its own, as
    Docker's storage drivers have.
    """
    if not settings.own_mounts:
        return settings.root / "without-mounts"
    return settings.root / "without-overlay" if settings.no_overlay else settings.root


def _not_used(settings: Settings, runtime: Runtime) -> tuple[probe.Rejected, ...]:
    """The programs that would have been better, and why they are not used."""
    found = probe.recall(settings.root / "runtime")
    return found.rejected if found is not None and found.program == runtime.program else ()


@contextlib.contextmanager
def _private_files() -> Iterator[None]:
    """What is made in the block is for this user alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _identity(path: Path) -> tuple[str, int]:
    """The engine's ID, the same for as long as its data lives, and since when (nanoseconds)."""
    if not path.exists():
        path.write_text(str(uuid.uuid4()))
    return path.read_text(), path.stat().st_mtime_ns
