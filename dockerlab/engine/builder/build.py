"""One build, from its Dockerfile to an image, step by step.

What it says meanwhile is Docker's, word for word; what each step does is in ``steps``.
"""

import asyncio
from functools import partial

import msgspec

from dockerlab.engine.builder import sources
from dockerlab.engine.builder.bases import Bases
from dockerlab.engine.builder.images import Services, StepImages
from dockerlab.engine.builder.options import BuildOptions
from dockerlab.engine.builder.output import Output
from dockerlab.engine.builder.running import StepContainers
from dockerlab.engine.builder.stage import Stage, Stages
from dockerlab.engine.builder.steps import Steps
from dockerlab.engine.builder.variables import Arguments
from dockerlab.engine.builder.workspace import Workspace
from dockerlab.engine.dockerfile.configuration import with_ports
from dockerlab.engine.dockerfile.instructions import (
    Expose,
    From,
    Instruction,
    Label,
    Maintainer,
    OnBuild,
    Pair,
)
from dockerlab.engine.dockerfile.parser import Dockerfile, parse
from dockerlab.engine.dockerfile.reading import read
from dockerlab.engine.dockerfile.stages import Plan, plan
from dockerlab.engine.dockerfile.words import Lexer
from dockerlab.engine.errors import InvalidParameter, SystemFailure
from dockerlab.engine.images.derivation import Keep
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.progress import Progress


class Build:
    """One build under way."""

    def __init__(
        self,
        services: Services,
        options: BuildOptions,
        output: Output,
        workspace: Workspace,
        context: sources.Source | None,
        keep: Keep,
    ) -> None:
        """``keep`` is told of each image that the build needs from then on."""
        self._services = services
        self._options = options
        self._output = output
        self._arguments = Arguments(options.arguments)
        self._stages = Stages()
        self._containers = StepContainers(services.containers, options, output)
        self._bases = Bases(services.images, options, output, keep)
        self._lexer = Lexer()
        self._number = 0
        self._total = 0
        self._images = StepImages(services, options, output, keep)
        self._steps = Steps(
            services,
            self._images,
            self._containers,
            output=output,
            workspace=workspace,
            context=context,
            stages=self._stages,
            bases=self._bases,
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
        self._images.begin()
        variables = self._arguments.values_for_from()
        base = self._lexer.word(step.base, variables)
        platform = self._lexer.word(step.platform, variables)
        if not base:
            raise SystemFailure(f"base name ({step.base}) should not be blank")
        found = await self._bases.find(base, self._stages.named(base), platform=platform)
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
            step = read(statements[0])
            if isinstance(step, From | Maintainer | OnBuild):
                name = statements[0].name.upper()
                raise InvalidParameter(f"{name} isn't allowed as an ONBUILD trigger")
            await self._step(stage, step)

    # Steps.

    async def _step(self, stage: Stage, step: Instruction) -> None:
        try:
            await self._steps.carry_out(stage, self._expanded(stage, step))
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
