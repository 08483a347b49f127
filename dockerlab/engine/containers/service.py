"""The containers of an engine, and what can be done with them.

Each method says what it means and raises; the work is in the file that is named for it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from dockerlab.engine.containers import listing, machine, recovery
from dockerlab.engine.containers.attaching import attach, check_attachable
from dockerlab.engine.containers.attachment import Attachment, Wanted, parse_detach_keys
from dockerlab.engine.containers.config import ContainerConfig, HostConfig
from dockerlab.engine.containers.copying import Copying
from dockerlab.engine.containers.creation import Creation
from dockerlab.engine.containers.execs import Execs
from dockerlab.engine.containers.health import HealthChecks
from dockerlab.engine.containers.lifecycle import Lifecycle
from dockerlab.engine.containers.lives import Lives
from dockerlab.engine.containers.logs.reading import LogFrame, Query
from dockerlab.engine.containers.model import Container, Created, Status, Waited
from dockerlab.engine.containers.register import Register, not_running
from dockerlab.engine.containers.removal import Removal
from dockerlab.engine.containers.renaming import rename
from dockerlab.engine.containers.starting import Starter
from dockerlab.engine.containers.updating import Changes, update
from dockerlab.engine.containers.volumes import fill_volumes
from dockerlab.engine.errors import Conflict, EngineError, InvalidParameter
from dockerlab.engine.events import EventBus
from dockerlab.engine.filters import Filters
from dockerlab.engine.images.service import Images
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.oci import Platform
from dockerlab.engine.runtime.cgroups import Controllers
from dockerlab.engine.runtime.runtime import Runtime
from dockerlab.engine.snapshots.snapshotter import Snapshotter
from dockerlab.engine.volumes.service import Volumes


class Containers:
    """The containers of an engine.

    A ``reference`` is a full ID, the start of one, or a name, with or without a leading slash.
    Every method with one raises NotFound when there is no such container.
    """

    def __init__(  # noqa: PLR0913 - the parts of the engine that it joins
        self,
        directory: Path,
        *,
        database: Database,
        events: EventBus,
        images: Images,
        snapshots: Snapshotter,
        volumes: Volumes,
        runtime: Runtime,
        able: Controllers | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        """Keep each container's files below ``directory``; ``able`` says what can be limited."""
        self._images = images
        self._runtime = runtime
        self._volumes = volumes
        self.controllers = able or runtime.able
        self._register = Register(directory, database=database, events=events, now=now)
        self._lives = Lives(self._register.log_path, now)
        self._removal = Removal(
            self._register, self._lives, snapshots=snapshots, images=images, volumes=volumes
        )
        self._starter = Starter(
            self._register,
            snapshots=snapshots,
            volumes=volumes,
            runtime=runtime,
            controllers=self.controllers,
            machine=machine.survey(groups=self.controllers.path),
        )
        self.execs = Execs(self._register, self._lives, starter=self._starter)
        self.building: set[str] = set()
        """Containers of builds under way, which no prune takes away."""
        self._health = HealthChecks(self._register, self.execs)
        self._lifecycle = Lifecycle(
            self._register,
            self._lives,
            starter=self._starter,
            removal=self._removal,
            volumes=volumes,
            health=self._health,
            runtime=runtime,
        )
        self.copying = Copying(
            self._register, self._lives, starter=self._starter, limit=images.layer_limit
        )
        self._creation = Creation(
            self._register,
            images=images,
            snapshots=snapshots,
            volumes=volumes,
            controllers=self.controllers,
            runtime=runtime.program.partition(" ")[0],
        )

    async def create(
        self,
        *,
        name: str | None = None,
        config: ContainerConfig,
        host: HostConfig,
        platform: Platform | None = None,
        building: bool = False,
    ) -> Created:
        """Make a container from an image; it does not run yet.

        ``building`` says that a build needs it: it is spared by every prune until it is removed.

        Raises:
            InvalidParameter: something that was asked for is malformed or makes no sense.
            NotFound: there is no such image.
            Conflict: the name is in use.
            NotImplementedHere: this engine cannot do it.

        """
        created = self._creation.create(name=name, config=config, host=host, platform=platform)
        if building:
            self.building.add(created.id)
        container = self._register.find(created.id)
        if any(mount.type == "volume" for mount in container.spec.mounts):
            try:
                await asyncio.to_thread(fill_volumes, container, self._starter, self._volumes)
            except BaseException:
                await self.remove(created.id, volumes=True)
                raise
        return created

    def get(self, reference: str) -> Container:
        """The container; raises InvalidParameter when several IDs start so."""
        return self._register.find(reference)

    def list(
        self, *, every: bool = False, limit: int = 0, filters: Filters | None = None
    ) -> tuple[Container, ...]:
        """The running containers that meet the filters, newest first; ``every`` other too.

        With a ``limit``, the last so many, whatever their state. Raises InvalidParameter for a
        filter that is not known, or NotFound for one that names what is not there.
        """
        return listing.select(
            self._register, self._images, every=every, limit=limit, filters=filters or Filters()
        )

    async def start(self, reference: str) -> None:
        """Start the container's process.

        Raises:
            NotModified: it runs already.
            Conflict: it is paused or being removed.
            CommandNotFound: there is no such command in it.
            CommandNotExecutable: the command may not be executed.
            SystemFailure: it could not be started for another reason.

        """
        await self._lifecycle.start(reference)

    async def stop(
        self,
        reference: str,
        *,
        timeout: int | None = None,  # noqa: ASYNC109 - the container's, not this call's
        signal: str | None = None,
    ) -> None:
        """Send the stop signal, and after ``timeout`` seconds the one that kills.

        Without a timeout the container's own counts, or 10 seconds; below 0 waits for ever.

        Raises:
            NotModified: it does not run.
            InvalidParameter: there is no such signal.

        """
        await self._lifecycle.stop(reference, timeout=timeout, signal=signal)

    async def restart(
        self,
        reference: str,
        *,
        timeout: int | None = None,  # noqa: ASYNC109 - as above
        signal: str | None = None,
    ) -> None:
        """Stop it, if it runs, and start it; raises as these do."""
        await self._lifecycle.restart(reference, timeout=timeout, signal=signal)

    async def kill(self, reference: str, signal: str | None = None) -> None:
        """Send a signal, SIGKILL unless another is named, which is waited for.

        Raises:
            Conflict: it does not run.
            InvalidParameter: there is no such signal.

        """
        await self._lifecycle.stopping.kill(reference, signal)

    async def pause(self, reference: str) -> None:
        """Freeze its processes.

        Raises:
            Conflict: it does not run, or is paused already.
            NotImplementedHere: the engine's user may not freeze processes.

        """
        await self._lifecycle.pausing.pause(reference)

    async def unpause(self, reference: str) -> None:
        """Let its processes go on; raises SystemFailure when it is not paused."""
        await self._lifecycle.pausing.unpause(reference)

    async def wait(self, reference: str, *, condition: str = "not-running") -> Awaitable[Waited]:
        """A future for the end: awaiting ``wait`` registers, awaiting its result waits.

        ``condition`` is ``not-running`` (which may be now), ``next-exit`` or ``removed``.

        Raises:
            InvalidParameter: the condition is another.

        """
        container = self._register.find(reference)
        return self._lives.of(container).waiter(container, condition)

    async def remove(self, reference: str, *, force: bool = False, volumes: bool = False) -> None:
        """Remove a container, and with ``force`` kill it first.

        Its anonymous volumes go with it if ``volumes`` says so, unless another container has them.

        Raises:
            Conflict: it runs, or is being removed already.

        """
        container_id = await self._lifecycle.remove(reference, force=force, volumes=volumes)
        self.building.discard(container_id)

    def rename(self, reference: str, name: str) -> None:
        """Give another name.

        Raises:
            InvalidParameter: the name is not allowed, empty, or the same.
            Conflict: it is in use.

        """
        rename(self._register, reference, name)

    def update(self, reference: str, changes: Changes) -> tuple[str, ...]:
        """Change limits and the restart policy; returns what could not be done.

        Raises:
            InvalidParameter: a limit or policy makes no sense.
            Conflict: it contradicts what is set already.
            SystemFailure: the kernel refused a limit.

        """
        return update(
            self._register.find(reference),
            changes,
            register=self._register,
            runtime=self._runtime,
            able=self.controllers,
        )

    async def resize(self, reference: str, *, height: int, width: int) -> None:
        """Tell the container's terminal its size in characters; raises Conflict if none runs."""
        container = self._register.find(reference)
        if not container.state.running:
            raise not_running(container)
        self._lives.of(container).streams.resize(height=height, width=width)
        self._register.publish(container, "resize", height=str(height), width=str(width))

    async def attach(
        self,
        reference: str,
        *,
        stdin: bool = False,
        stdout: bool = False,
        stderr: bool = False,
        stream: bool = True,
        logs: bool = False,
        detach_keys: str = "",
    ) -> Attachment:
        """Join the container's streams from now on, running or not yet.

        ``logs`` gives what was written before as well; without ``stream`` only that.

        Raises:
            Conflict: the container is paused or restarting.
            InvalidParameter: the keys to detach are malformed.

        """
        keys = parse_detach_keys(detach_keys)
        container = self._register.find(reference)
        check_attachable(container, reference)
        return attach(
            container,
            self._lives.of(container),
            Wanted(stdin=stdin, stdout=stdout, stderr=stderr),
            stream=stream,
            logs=logs,
            detach_keys=keys,
            register=self._register,
        )

    async def logs(self, reference: str, query: Query) -> AsyncIterator[LogFrame]:
        """What the container has written, and with ``follow`` what it writes until its end.

        Raises:
            InvalidParameter: neither stream is asked for.
            Conflict: the container is being removed.
            SystemFailure: its output is not kept.

        """
        if not (query.stdout or query.stderr):
            raise InvalidParameter("Bad parameters: you must choose at least one stream")
        container = self._register.find(reference)
        if container.state.status in (Status.REMOVING, Status.DEAD):
            raise Conflict("can not get logs from container which is dead or marked for removal")
        if container.spec.host.log_config.type == "none":
            raise InvalidParameter("configured logging driver does not support reading")
        return self._lives.of(container).log.read(query)

    async def recover(self) -> None:
        """Mend what an engine that died left behind, and start what is to be started again.

        Call it once, before anything else.
        """
        await recovery.recover(
            self._register,
            self._lives,
            starter=self._starter,
            removal=self._removal,
            runtime=self._runtime,
        )
        self._lifecycle.resume()

    def publish(self, container: Container, action: str, **attributes: str) -> None:
        """Publish an event about a container that something else than this service did."""
        self._register.publish(container, action, **attributes)

    def running(self) -> int:
        """How many containers have a process."""
        return len(self._lives.running())

    async def stop_all(self, *, timeout: int | None = None) -> None:  # noqa: ASYNC109
        """Stop every running container, all at once; restart policies count at the next start."""
        self._lives.closing = True
        stops = [self.stop(container_id, timeout=timeout) for container_id in self._lives.running()]
        outcomes = await asyncio.gather(*stops, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, EngineError):
                raise outcome

    async def close(self) -> None:
        """Wait for what goes on behind the answers; the containers are not touched."""
        await self._health.close()
        await self.execs.close()
        await self._lifecycle.close()
