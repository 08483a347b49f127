"""What each instruction of a Dockerfile does to the stage that it stands in.

Each makes an image from the one before it, or finds the one that it made the last time. What it
leaves in the image's history is Docker's, word for word.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from dockerlab.engine.builder import copying, download, sources
from dockerlab.engine.builder.bases import Bases
from dockerlab.engine.builder.images import Services, StepImages
from dockerlab.engine.builder.output import Output
from dockerlab.engine.builder.running import StepContainers, write_changes
from dockerlab.engine.builder.stage import Stage, Stages
from dockerlab.engine.builder.workspace import Workspace
from dockerlab.engine.containers import signals
from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.containers.creation import merge
from dockerlab.engine.containers.rootfs import make_directory
from dockerlab.engine.dockerfile import configuration
from dockerlab.engine.dockerfile.configuration import SHELL, command_line, configure
from dockerlab.engine.dockerfile.instructions import (
    Arg,
    Cmd,
    Copy,
    Healthcheck,
    Instruction,
    Maintainer,
    Run,
    StopSignal,
    Workdir,
)
from dockerlab.engine.errors import InvalidParameter, SystemFailure
from dockerlab.engine.images.body import finished
from dockerlab.engine.images.derivation import Layer
from dockerlab.engine.oci import HealthConfig, RunConfig

T = TypeVar("T")

_BUILDKIT = (
    "the --{} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how "
    "to build images with BuildKit enabled"
)


_SHOWN = 100
"""Characters of a step that failed."""


class Steps:
    """Carries out the instructions of one build."""

    def __init__(
        self,
        services: Services,
        images: StepImages,
        containers: StepContainers,
        *,
        output: Output,
        workspace: Workspace,
        context: sources.Source | None,
        stages: Stages,
        bases: Bases,
    ) -> None:
        """``stages`` are those that were built so far, which ``COPY --from`` may name."""
        self._services = services
        self._images = images
        self._containers = containers
        self._output = output
        self._workspace = workspace
        self._context = context
        self._stages = stages
        self._bases = bases

    async def carry_out(self, stage: Stage, step: Instruction) -> None:
        """Do what an instruction says, its variables replaced already.

        Raises:
            StepFailed: its command ended with another code than 0.
            EngineError: something else went wrong, or is not allowed.

        """
        try:
            if isinstance(step, Copy):
                await self._copy(stage, step)
            elif isinstance(step, Run):
                await self._run(stage, step)
            else:
                await self._configure(stage, step)
        except OSError as error:  # a name may be one that no file can have
            reason = (error.strerror or str(error)).lower()
            raise SystemFailure(f"{step.source[:_SHOWN]}: {reason}") from error

    async def _configure(self, stage: Stage, step: Instruction) -> None:
        """A step that changes the configuration alone, or makes the working directory."""
        if isinstance(step, StopSignal):
            signals.parse(step.text)
        if isinstance(step, Healthcheck):
            await self._note_overridden(stage.config.healthcheck)
        if isinstance(step, Arg):
            stage.arguments.declare(step.pairs)
        if isinstance(step, Maintainer):
            stage.author = step.text
        stage.config = configure(stage.config, step, keep_command=stage.command_set)
        if isinstance(step, Cmd) and step.words:
            stage.command_set = True
        comment = configuration.comment(step, stage.config)
        shell = stage.config.shell or SHELL
        if isinstance(step, Workdir):
            command = (*shell, f"#(nop) {comment}")
        else:
            command = (*shell, "#(nop) ", comment)
        config = msgspec.structs.replace(stage.config, cmd=command)
        if await self._images.cached(stage, config):
            return
        container_id = await self._containers.create(config, runs=False)
        config = self._as_created(stage, config, container_id)
        if not isinstance(step, Workdir) or await _in_thread(
            self._workspace.has_directory, stage.image, stage.config.working_dir
        ):
            await self._images.commit(stage, config, container_id, None)
            return
        async with self._layer(stage, partial(_make_directory, path=stage.config.working_dir)) as (
            layer
        ):
            await self._images.commit(stage, config, container_id, layer)

    def _as_created(
        self, stage: Stage, config: ContainerConfig, container_id: str
    ) -> ContainerConfig:
        """The configuration as the step's container has it.

        Making a container adds what its image says and it does not. Docker has the times of a
        health check added to the image's configuration as well, and we do as Docker does.
        """
        document = self._services.images.config(stage.image) if stage.image else None
        merged = merge(config, (document.config if document else None) or RunConfig())
        if stage.config.healthcheck is not None:
            stage.config = msgspec.structs.replace(stage.config, healthcheck=merged.healthcheck)
        return msgspec.structs.replace(merged, hostname=container_id[:12])

    async def _note_overridden(self, health: HealthConfig | None) -> None:
        words = health.test if health else None
        if words and words[0] != "NONE":
            await self._output.line(f"Note: overriding previous HEALTHCHECK: [{' '.join(words)}]")

    async def _run(self, stage: Stage, step: Run) -> None:
        if step.flags:
            raise SystemFailure(_BUILDKIT.format(step.flags[0]))
        command = command_line(step, stage.config)
        given = stage.given()
        shown = sorted(f"{k}={v}" for k, v in given.items() if stage.arguments.shows(k))
        saved = (f"|{len(shown)}", *shown, *command) if given else command
        kept = msgspec.structs.replace(
            stage.config, cmd=saved, entrypoint=None if saved else stage.config.entrypoint
        )
        if await self._images.cached(stage, kept):
            return
        config = msgspec.structs.replace(
            kept,
            cmd=command,
            entrypoint=("",) if saved else kept.entrypoint,
            env=(*(stage.config.env or ()), *(f"{k}={v}" for k, v in given.items())),
            healthcheck=HealthConfig(test=("NONE",)),
        )
        container_id = await self._containers.create(config, runs=True)
        await self._containers.run(container_id, command)
        layer = partial(write_changes, self._services.snapshots, container_id)
        await self._images.commit(stage, kept, container_id, layer)

    async def _copy(self, stage: Stage, step: Copy) -> None:
        if step.chmod:
            raise SystemFailure(_BUILDKIT.format("chmod"))
        async with self._source(step) as source:
            downloads = []
            for address in filter(copying.is_url, step.sources):
                if not step.add:
                    raise SystemFailure("COPY failed: source can't be a URL for COPY")
                folder = self._workspace.folder()
                limit = self._services.images.layer_limit
                downloads.append(
                    await download.fetch(address, folder, step, self._output, limit=limit)
                )
            items = await _in_thread(copying.find_items, step, source, downloads)
            comment = copying.comment(step, items)
            command = (*(stage.config.shell or SHELL), f"#(nop) {comment}")
            config = msgspec.structs.replace(stage.config, cmd=command)
            if await self._images.cached(stage, config):
                return
            working_dir, limit = stage.config.working_dir, self._services.images.layer_limit

            def fill(root: Path) -> None:
                copying.copy_items(step, items, root, working_dir=working_dir, limit=limit)

            async with self._layer(stage, fill) as layer:
                await self._images.commit(stage, config, "", layer)

    @asynccontextmanager
    async def _source(self, step: Copy) -> AsyncIterator[sources.Source | None]:
        """What a step copies from: the context, a stage before this one, or an image."""
        if not step.origin:
            yield self._context
            return
        try:
            stage = self._stages.find(step.origin)
            if stage is not None:
                image = stage.image
            else:
                image = await self._bases.find(step.origin, None, platform="")
        except (InvalidParameter, SystemFailure) as error:
            raise SystemFailure(f"invalid from flag value {step.origin}: {error}") from error
        mounted = self._workspace.image(image)
        root = await _in_thread(mounted.__enter__)
        try:
            yield sources.Tree(root)
        finally:
            await _in_thread(mounted.__exit__, None, None, None)

    @asynccontextmanager
    async def _layer(self, stage: Stage, fill: Callable[[Path], None]) -> AsyncIterator[Layer]:
        """A layer of what ``fill`` changes in the stage's files."""
        mounted = self._workspace.writable(stage.image)
        writable = await _in_thread(mounted.__enter__)
        try:
            await _in_thread(fill, writable.root)
            yield writable.write
        finally:
            await _in_thread(mounted.__exit__, None, None, None)


def _make_directory(root: Path, path: str) -> None:
    make_directory(root, path)


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    """Do work that blocks; when cancelled, first see its end."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments))
    return await finished(task, stop=lambda: None)
