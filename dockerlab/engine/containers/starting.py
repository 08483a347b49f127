"""Starting a container's process: its root file system, its streams, its configuration."""

import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from dockerlab.engine.containers import (
    etc,
    limits,
    mounts,
    rootfs,
    shared_memory,
    sharing,
    subpaths,
    users,
)
from dockerlab.engine.containers.lives import Life
from dockerlab.engine.containers.machine import Machine
from dockerlab.engine.containers.model import Container, Mount
from dockerlab.engine.containers.register import Register
from dockerlab.engine.containers.spec.configuration import configuration
from dockerlab.engine.containers.spec.process import process
from dockerlab.engine.containers.streams import Streams
from dockerlab.engine.errors import EngineError, NotFound, SystemFailure
from dockerlab.engine.runtime.cgroups import Controllers
from dockerlab.engine.runtime.runtime import Process, Runtime, Stdio
from dockerlab.engine.snapshots.disk import kindly
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.volumes.service import Volumes

NETWORKS = frozenset({"default", "bridge", "host", "none"})
ROOTFS = "rootfs"


class Starter:
    """Makes processes of containers."""

    def __init__(
        self,
        register: Register,
        *,
        snapshots: Snapshotter,
        volumes: Volumes,
        runtime: Runtime,
        controllers: Controllers,
        machine: Machine,
    ) -> None:
        self._register = register
        self._snapshots = snapshots
        self._volumes = volumes
        self._runtime = runtime
        self._controllers = controllers
        self._machine = machine
        self._mounting = runtime.name == "oci"
        """Whether this engine may mount, and its runtime sees what it mounts."""
        self._roots: dict[str, Path] = {}
        """Of the containers that run, or that somebody looks into."""

    async def start(self, container: Container, life: Life) -> Process:
        """Start the container's process, its streams joined to ``life``.

        Raises as ``Containers.start`` does; nothing is left then.
        """
        joined = sharing.join(
            container.spec.host, find=self._register.find, home=self._register.home
        )
        if joined.network not in NETWORKS:
            raise NotFound(
                f"failed to set up container networking: network {joined.network} not found"
            )
        home = self._register.home(container.id)
        with (
            kindly(f"start container {container.short_id}"),
            subpaths.shown(
                container.spec.mounts, self._volumes, home=home, by_name=not self._mounting
            ) as shown,
        ):
            root = self._mount(container.id, home)
            try:
                resources = limits.resources(container.spec.host, self._controllers)
                described = _described(container, mounts=shown, network_mode=joined.network)
                self._write_bundle(described, home, root, resources, joined)
                return await self._run(container, life, home, limited=bool(resources))
            except BaseException:
                self.unmount(container.id)
                raise

    async def execute(
        self,
        container: Container,
        described: Container,
        streams: Streams,
        *,
        console_size: tuple[int, int] = (0, 0),
    ) -> Process:
        """Start another process in a running container, as ``described`` says.

        Raises as ``Execs.start`` does.
        """
        home = self._register.home(container.id)
        user = self.user(described, described.spec.config.user)
        document = msgspec.json.encode(process(described, user, machine=self._machine))

        async def run(stdio: Stdio | None) -> Process:
            return await self._runtime.exec(container.id, home, document, stdio=stdio)

        with kindly(f"run a command in container {container.short_id}"):
            tty = described.spec.config.tty
            return await _join(run, streams, tty=tty, console_size=console_size)

    def user(self, container: Container, user: str) -> users.User:
        """Who ``user`` is in a running container; raises as ``users.find`` does."""
        root = self.root(container.id)
        return users.find(root, user, extra_groups=container.spec.host.group_add or ())

    def root(self, container_id: str) -> Path:
        """Where the root file system of a running container is."""
        return self._roots.get(container_id) or self._register.home(container_id) / ROOTFS

    def mount(self, container_id: str) -> Path:
        """Show the root file system of a container that does not run, until ``unmount``."""
        return self._mount(container_id, self._register.home(container_id))

    def unmount(self, container_id: str) -> None:
        """Take the root file system down again."""
        self._roots.pop(container_id, None)
        home = self._register.home(container_id)
        self._snapshots.unmount(home / ROOTFS)
        shared_memory.withdraw(home, mounting=self._mounting)

    def _mount(self, container_id: str, home: Path) -> Path:
        if not home.is_dir():
            raise SystemFailure(f"the directory of container {container_id} is gone: {home}")
        target = home / ROOTFS
        target.mkdir(mode=0o700, exist_ok=True)
        self._snapshots.unmount(target)  # what an earlier engine may have left there
        root = self._roots[container_id] = self._snapshots.mount(container_id, target)
        return root

    def _write_bundle(
        self,
        container: Container,
        home: Path,
        root: Path,
        resources: dict[str, object],
        joined: sharing.Joined,
    ) -> None:
        config, host = container.spec.config, container.spec.host
        user = users.find(root, config.user, extra_groups=host.group_add or ())
        if config.working_dir:
            rootfs.make_directory(root, config.working_dir)
        etc.write(home, config, host)
        if joined.donor:
            etc.copy(self._register.home(joined.donor), home)
        if host.ipc_mode == "shareable":
            memory = shared_memory.offer(home, host, mounting=self._mounting)
            joined = msgspec.structs.replace(joined, memory=memory)
        mounts.make_sources(container.spec.mounts)
        with suppress(OSError):
            os.close(os.open(root / ".dockerenv", os.O_CREAT | os.O_NOFOLLOW, 0o755))
        document = configuration(
            container,
            user,
            root=root,
            directory=home,
            machine=self._machine,
            resources=resources,
            joined=joined,
        )
        (home / "config.json").write_bytes(document)

    async def _run(self, container: Container, life: Life, home: Path, *, limited: bool) -> Process:
        async def run(stdio: Stdio | None) -> Process:
            return await self._runtime.run(container.id, home, stdio=stdio, limits=limited)

        return await _join(
            run,
            life.streams,
            tty=container.spec.config.tty,
            console_size=container.spec.host.console_size,
        )


def _described(container: Container, *, mounts: tuple[Mount, ...], network_mode: str) -> Container:
    """The container as the runtime is to see it."""
    host = msgspec.structs.replace(container.spec.host, network_mode=network_mode)
    spec = msgspec.structs.replace(container.spec, host=host, mounts=mounts)
    return msgspec.structs.replace(container, spec=spec)


async def _join(
    run: Callable[[Stdio | None], Awaitable[Process]],
    streams: Streams,
    *,
    tty: bool,
    console_size: tuple[int, int],
) -> Process:
    """Run a process whose standard streams are ``streams``."""
    if tty:
        process = await run(None)
        if process.console is None:
            raise EngineError("the runtime gave no terminal")
        streams.begin(-1, {1: process.console})
        height, width = console_size
        if height and width:
            streams.resize(height=height, width=width)
        return process
    theirs, (stdin, stdout, stderr) = streams.pipes()
    try:
        process = await run(theirs)
    except BaseException:
        _close(stdin, stdout, stderr)
        raise
    finally:
        _close(*msgspec.structs.astuple(theirs))
    streams.begin(stdin, {1: stdout, 2: stderr})
    return process


def _close(*handles: int) -> None:
    for handle in handles:
        if handle >= 0:
            os.close(handle)
