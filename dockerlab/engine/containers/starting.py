"""Starting a container's process: its root file system, its streams, its configuration."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from dockerlab.engine.containers import etc, limits, mounts, rootfs, spec, users
from dockerlab.engine.containers.lives import Life
from dockerlab.engine.containers.model import Container
from dockerlab.engine.containers.register import Register
from dockerlab.engine.errors import EngineError, NotFound
from dockerlab.engine.runtime.cgroups import Controllers
from dockerlab.engine.runtime.runtime import Process, Runtime
from dockerlab.engine.snapshots.snapshotter import Snapshotter

NETWORKS = frozenset({"default", "bridge", "host", "none"})
ROOTFS = "rootfs"


class Starter:
    """Makes processes of containers."""

    def __init__(
        self,
        register: Register,
        *,
        snapshots: Snapshotter,
        runtime: Runtime,
        controllers: Controllers,
        machine: spec.Machine,
    ) -> None:
        self._register = register
        self._snapshots = snapshots
        self._runtime = runtime
        self._controllers = controllers
        self._machine = machine

    async def start(self, container: Container, life: Life) -> Process:
        """Start the container's process, its streams joined to ``life``.

        Raises as ``Containers.start`` does; nothing is left then.
        """
        host = container.spec.host
        if host.network_mode not in NETWORKS:
            raise NotFound(
                f"failed to set up container networking: network {host.network_mode} not found"
            )
        home = self._register.home(container.id)
        root = self._mount(container.id, home)
        try:
            resources = limits.resources(host, self._controllers)
            self._write_bundle(container, home, root, resources)
            return await self._run(container, life, home, limited=bool(resources))
        except BaseException:
            self.unmount(container.id)
            raise

    def unmount(self, container_id: str) -> None:
        """Take the root file system down again."""
        self._snapshots.unmount(self._register.home(container_id) / ROOTFS)

    def _mount(self, container_id: str, home: Path) -> Path:
        target = home / ROOTFS
        target.mkdir(mode=0o700, exist_ok=True)
        self._snapshots.unmount(target)  # what an earlier engine may have left there
        return self._snapshots.mount(container_id, target)

    def _write_bundle(
        self, container: Container, home: Path, root: Path, resources: dict[str, object]
    ) -> None:
        config, host = container.spec.config, container.spec.host
        user = users.find(root, config.user, extra_groups=host.group_add or ())
        if config.working_dir:
            rootfs.make_directory(root, config.working_dir)
        etc.write(home, config, host)
        mounts.prepare(container.spec.mounts, root)
        with suppress(OSError):
            os.close(os.open(root / ".dockerenv", os.O_CREAT | os.O_NOFOLLOW, 0o755))
        document = spec.configuration(
            container,
            user,
            root=root,
            directory=home,
            machine=self._machine,
            resources=resources,
        )
        (home / "config.json").write_bytes(document)

    async def _run(self, container: Container, life: Life, home: Path, *, limited: bool) -> Process:
        if container.spec.config.tty:
            process = await self._runtime.run(container.id, home, stdio=None, limits=limited)
            if process.console is None:
                raise EngineError("the runtime gave no terminal")
            life.streams.begin(-1, {1: process.console})
            height, width = container.spec.host.console_size
            if height and width:
                life.streams.resize(height=height, width=width)
            return process
        theirs, (stdin, stdout, stderr) = life.streams.pipes()
        try:
            process = await self._runtime.run(container.id, home, stdio=theirs, limits=limited)
        except BaseException:
            _close(stdin, stdout, stderr)
            raise
        finally:
            _close(*msgspec.structs.astuple(theirs))
        life.streams.begin(stdin, {1: stdout, 2: stderr})
        return process


def _close(*handles: int) -> None:
    for handle in handles:
        if handle >= 0:
            os.close(handle)
