"""One build, from its Dockerfile to an image, step by step.

Each step makes an image from the one before it, or finds the one that it made the last time. What
it says and what it leaves in the image's history is Docker's, word for word.
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
from dockerlab.engine.builder.cache import Cache
from dockerlab.engine.builder.document import Step, image_document
from dockerlab.engine.builder.options import BuildOptions
from dockerlab.engine.builder.output import Output
from dockerlab.engine.builder.running import StepContainers, write_changes
from dockerlab.engine.builder.stage import Stage, Stages
from dockerlab.engine.builder.variables import Arguments
from dockerlab.engine.builder.workspace import Workspace
from dockerlab.engine.containers import signals
from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.containers.creation import merge
from dockerlab.engine.containers.rootfs import make_directory
from dockerlab.engine.containers.service import Containers
from dockerlab.engine.dockerfile import configuration
from dockerlab.engine.dockerfile.configuration import SHELL, command_line, configure, with_ports
from dockerlab.engine.dockerfile.instructions import (
    Arg,
    Cmd,
    Copy,
    Expose,
    From,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    Pair,
    Run,
    StopSignal,
    Workdir,
    read,
)
from dockerlab.engine.dockerfile.parser import Dockerfile, parse
from dockerlab.engine.dockerfile.stages import Plan, plan
from dockerlab.engine.dockerfile.words import Lexer
from dockerlab.engine.errors import InvalidParameter, SystemFailure
from dockerlab.engine.images.body import finished
from dockerlab.engine.images.derivation import Keep, Layer
from dockerlab.engine.images.service import Images
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import DiffID, HealthConfig, RunConfig
from dockerlab.engine.progress import Progress
from dockerlab.engine.snapshots.snapshotter import Snapshotter

T = TypeVar("T")

_BUILDKIT = (
    "the --{} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how "
    "to build images with BuildKit enabled"
)


class Services(msgspec.Struct, frozen=True):
    """What a build works with."""

    images: Images
    containers: Containers
    snapshots: Snapshotter
    now: Callable[[], int]


class Build:
    """One build under way."""

    def __init__(
        self,
        services: Services,
        options: BuildOptions,
        output: Output,
        workspace: Workspace,
        context: sources.Context | None,
        keep: Keep,
    ) -> None:
        """``keep`` is told of each image that the build needs from then on."""
        self._keep = keep
        self._services = services
        self._options = options
        self._output = output
        self._workspace = workspace
        self._context = context
        self._arguments = Arguments(options.arguments)
        self._stages = Stages()
        self._containers = StepContainers(services.containers, options, output)
        self._bases = Bases(services.images, options, output)
        self._lexer = Lexer()
        self._number = 0
        self._total = 0
        self._cache = Cache(
            services.images,
            enabled=options.use_cache,
            sources=options.cache_from,
            platform=options.platform,
        )

    async def run(self, dockerfile: Dockerfile) -> Image:
        """Build; the image of the last stage.

        Raises:
            StepFailed: a step's command ended with another code than 0.
            EngineError: something else went wrong, or is not allowed.

        """
        todo = self._plan(dockerfile)
        self._lexer = Lexer(dockerfile.escape)
        await self._warn(dockerfile)
        try:
            image = await self._build(todo)
        except asyncio.CancelledError:
            await self._containers.abandon()
            raise
        if image is None:
            raise SystemFailure("No image was generated. Is your Dockerfile empty?")
        return image

    def _plan(self, dockerfile: Dockerfile) -> Plan:
        todo = plan(dockerfile)
        if self._options.target:
            todo = todo.until(self._options.target)
        labels = sorted(self._options.labels.items())
        if not todo.stages:
            return todo
        return todo.with_steps(
            tuple(
                Label(source=f"LABEL {name}={value}", pairs=(Pair(name, value),), literal=True)
                for name, value in labels
            )
        )

    async def _warn(self, dockerfile: Dockerfile) -> None:
        for warning in dockerfile.warnings:
            await self._say_red(f"[WARNING]: {warning}\n")
        if dockerfile.warnings:
            await self._say_red(
                "[WARNING]: Empty continuation lines will become errors in a future release.\n"
            )

    async def _say_red(self, text: str) -> None:
        await self._output.record(Progress(stream=f"\x1b[91m{text}\x1b[0m"))

    async def _build(self, todo: Plan) -> Image | None:
        self._total = len(todo.arguments) + sum(1 + len(stage.steps) for stage in todo.stages)
        for argument in todo.arguments:
            await self._announce(argument)
            expanded = argument.expanded(partial(self._lexer.word, variables=self._values()))
            self._arguments.declare(expanded.pairs, for_from=True)
        stage: Stage | None = None
        for planned in todo.stages:
            stage = await self._begin(planned.begin)
            for step in planned.steps:
                await self._announce(step)
                await self._step(stage, step)
                await self._output.line(f" ---> {stage.short_id}")
            if self._options.with_ids and stage.image is not None:
                await self._output.record(Progress(aux={"ID": stage.image.image_id}))
            self._stages.add(stage)
        if unused := self._arguments.unused():
            listed = " ".join(unused)
            await self._output.line(
                f"[Warning] One or more build-args [{listed}] were not consumed"
            )
        return stage.image if stage else None

    def _values(self) -> dict[str, str]:
        return self._arguments.values()

    async def _announce(self, step: Instruction) -> None:
        self._number += 1
        await self._output.line(f"Step {self._number}/{self._total} : {step.source}")

    # Stages.

    async def _begin(self, step: From) -> Stage:
        self._stages.check_free(step.name)
        await self._announce(step)
        self._cache.begin()
        variables = self._arguments.values_for_from()
        base = self._lexer.word(step.base, variables)
        platform = self._lexer.word(step.platform, variables)
        if not base:
            raise SystemFailure(f"base name ({step.base}) should not be blank")
        found = await self._bases.find(base, self._stages.named(base), platform=platform)
        if found is not None:
            self._keep(found)
        config = self._services.images.config(found).config if found else None
        stage = Stage(step.name, found, config, self._arguments.for_stage())
        await self._trigger(stage)
        await self._output.line(f" ---> {stage.short_id}")
        return stage

    async def _trigger(self, stage: Stage) -> None:
        """Do what the base image wants done in builds on top of it."""
        triggers = stage.config.on_build or ()
        if not triggers:
            return
        stage.config = msgspec.structs.replace(stage.config, on_build=None)
        plural = "s" if len(triggers) > 1 else ""
        await self._output.line(f"# Executing {len(triggers)} build trigger{plural}")
        for trigger in triggers:
            statements = parse(trigger.encode("utf-8", "surrogateescape")).statements
            if len(statements) != 1:
                raise SystemFailure("onbuild trigger should be a single expression")
            await self._step(stage, read(statements[0]))

    # Steps.

    async def _step(self, stage: Stage, step: Instruction) -> None:
        try:
            await self._dispatch(stage, self._expanded(stage, step))
        except BaseException as error:
            if self._options.force_remove and isinstance(error, Exception):
                await self._containers.remove()
            raise
        if self._options.remove or self._options.force_remove:
            await self._containers.remove()

    def _expanded(self, stage: Stage, step: Instruction) -> Instruction:
        variables = stage.variables()
        if isinstance(step, Expose):
            return with_ports(step, variables, self._lexer.escape)
        return step.expanded(partial(self._lexer.word, variables=variables))

    async def _dispatch(self, stage: Stage, step: Instruction) -> None:
        if isinstance(step, Copy):
            await self._copy(stage, step)
        elif isinstance(step, Run):
            await self._run(stage, step)
        else:
            await self._configure(stage, step)

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
        if await self._cached(stage, config):
            return
        container_id = await self._containers.create(config, runs=False)
        config = self._as_created(stage, config, container_id)
        if not isinstance(step, Workdir) or await _in_thread(
            self._workspace.has_directory, stage.image, stage.config.working_dir
        ):
            await self._commit(stage, config, container_id, None)
            return
        async with self._layer(stage, partial(_make_directory, path=stage.config.working_dir)) as (
            layer
        ):
            await self._commit(stage, config, container_id, layer)

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
        if await self._cached(stage, kept):
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
        await self._commit(stage, kept, container_id, layer)

    async def _copy(self, stage: Stage, step: Copy) -> None:
        if step.chmod:
            raise SystemFailure(_BUILDKIT.format("chmod"))
        async with self._source(step) as source:
            downloads = []
            for address in filter(copying.is_url, step.sources):
                if not step.add:
                    raise SystemFailure("COPY failed: source can't be a URL for COPY")
                folder = self._workspace.folder()
                downloads.append(await download.fetch(address, folder, step, self._output))
            items = await _in_thread(copying.find_items, step, source, downloads)
            comment = copying.comment(step, items)
            command = (*(stage.config.shell or SHELL), f"#(nop) {comment}")
            config = msgspec.structs.replace(stage.config, cmd=command)
            if await self._cached(stage, config):
                return
            working_dir = stage.config.working_dir

            def fill(root: Path) -> None:
                copying.copy_items(step, items, root, working_dir=working_dir)

            async with self._layer(stage, fill) as layer:
                await self._commit(stage, config, "", layer)

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

    async def _cached(self, stage: Stage, config: ContainerConfig) -> bool:
        """Take the image that this step made before, if there is one."""
        found = await self._cache.find(stage.image, self._made_by(stage, config, ""))
        if found is None:
            return False
        await self._output.line(" ---> Using cache")
        self._keep(found)
        stage.take(found)
        return True

    async def _commit(
        self, stage: Stage, config: ContainerConfig, container_id: str, layer: Layer | None
    ) -> None:
        """Make the step's image."""
        images = self._services.images
        below = images.config(stage.image) if stage.image else None
        made_by = self._made_by(stage, config, container_id)

        def document(diff_id: DiffID | None) -> bytes:
            return image_document(below, made_by, diff_id)

        stage.take(
            await images.derive(parent=stage.image, document=document, layer=layer, keep=self._keep)
        )

    def _made_by(self, stage: Stage, config: ContainerConfig, container_id: str) -> Step:
        return Step(
            config=stage.config,
            container_config=config,
            container=container_id,
            author=stage.author,
            created=self._services.now(),
        )


def _make_directory(root: Path, path: str) -> None:
    make_directory(root, path)


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    """Do work that blocks; when cancelled, first see its end."""
    task = asyncio.create_task(asyncio.to_thread(work, *arguments))
    return await finished(task, stop=lambda: None)
