"""Containers that a build runs its steps in."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

import msgspec

from dockerlab.engine import diff
from dockerlab.engine.builder.options import BuildOptions
from dockerlab.engine.builder.output import CommandOutput, Output
from dockerlab.engine.containers import limits
from dockerlab.engine.containers.config import ContainerConfig, LogConfig
from dockerlab.engine.containers.service import Containers
from dockerlab.engine.containers.skeleton import without_skeleton
from dockerlab.engine.diff.changes import own
from dockerlab.engine.errors import CommandNotFound, NotFound, StepFailed
from dockerlab.engine.oci import DiffID
from dockerlab.engine.snapshots.disk import kindly
from dockerlab.engine.snapshots.snapshotter import Snapshotter


class StepContainers:
    """The containers of one build.

    A step that runs nothing gets an ID, but no container unless containers are to be kept: Docker
    makes one, which nobody sees, and that takes longer than the step.
    """

    def __init__(self, containers: Containers, options: BuildOptions, output: Output) -> None:
        self._containers = containers
        self._options = options
        self._output = output
        self._host = msgspec.structs.replace(options.host, log_config=LogConfig("none"))
        self._made: dict[str, bool] = {}  # by ID: whether there is such a container

    async def create(self, config: ContainerConfig, *, runs: bool) -> str:
        """Make a container for a step, and say so; its ID."""
        real = bool(config.image) and (runs or not self._options.remove)
        if real:
            made = await self._containers.create(config=config, host=self._host, building=True)
            container_id, warnings = made.id, made.warnings
        else:
            container_id = secrets.token_hex(32)
            warnings = limits.warnings(self._host, self._containers.controllers)
        self._made[container_id] = real
        for warning in warnings:
            await self._output.line(f" ---> [Warning] {warning}")
        await self._output.line(f" ---> Running in {container_id[:12]}")
        return container_id

    async def run(self, container_id: str, command: Sequence[str]) -> None:
        """Run a step's command to its end, and say what it writes.

        Without a command it is the image's that the container runs.

        Raises:
            StepFailed: it ended with another code than 0.
            CommandFailedToStart, SystemFailure: it could not be started.

        """
        if not self._made[container_id]:
            program = command[0] if command else ""
            raise CommandNotFound(f'exec: "{program}": stat {program}: no such file or directory')
        attachment = await self._containers.attach(container_id, stdout=True, stderr=True)
        ended = await self._containers.wait(container_id, condition="next-exit")
        try:
            await self._containers.start(container_id)
            written = CommandOutput(self._output)
            async for stream, data in attachment:
                await written.write(stream, data)
            await written.close()
        finally:
            attachment.close()
        code = (await ended).status_code
        if code:
            words = command or self._containers.get(container_id).spec.config.cmd or ()
            raise StepFailed(
                f"The command '{' '.join(words)}' returned a non-zero code: {code}", code
            )

    async def remove(self) -> None:
        """Remove those that are left, and say so."""
        for container_id in list(self._made):
            await self._remove(container_id)
            await self._output.line(f" ---> Removed intermediate container {container_id[:12]}")

    async def abandon(self) -> None:
        """Remove those that are left: nobody waits for the build any more."""
        for container_id in list(self._made):
            with suppress(Exception):  # the next start of the engine ends what is left
                await asyncio.shield(self._remove(container_id))

    async def _remove(self, container_id: str) -> None:
        if self._made.pop(container_id):
            with suppress(NotFound):
                await self._containers.remove(container_id, force=True, volumes=True)


def write_changes(snapshots: Snapshotter, container_id: str, out: BinaryIO) -> DiffID:
    """Write what a container changed as a layer, without what the engine itself put there.

    Blocks; run it in a thread.
    """
    with kindly(f"read the changes of container {container_id}"):
        changes = without_skeleton(own(snapshots, container_id), snapshots, container_id)
        return diff.pack(snapshots.directory(container_id), changes, out).diff_id
