"""The builder of an engine: ``docker build``."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, cast

from dockerlab.engine.builder import committing, context
from dockerlab.engine.builder.build import Build
from dockerlab.engine.builder.committing import CommitOptions
from dockerlab.engine.builder.context import MOST_HELD, Context
from dockerlab.engine.builder.images import Services
from dockerlab.engine.builder.options import BuildOptions
from dockerlab.engine.builder.output import Output
from dockerlab.engine.builder.workspace import Workspace
from dockerlab.engine.containers.service import Containers
from dockerlab.engine.dockerfile.parser import Dockerfile, parse
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.images.body import Body, finished
from dockerlab.engine.images.service import Images
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.oci import ImageID
from dockerlab.engine.progress import Progress
from dockerlab.engine.snapshots import trees
from dockerlab.engine.snapshots.snapshotter import Snapshotter


class Builder:
    """Builds images from Dockerfiles."""

    def __init__(
        self,
        directory: Path,
        *,
        database: Database,
        images: Images,
        containers: Containers,
        snapshots: Snapshotter,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        """Keep contexts below ``directory`` while they are needed."""
        self._directory = directory
        self._database = database
        self._snapshots = snapshots
        self._services = Services(images, containers, snapshots, now)
        self._tidying: set[asyncio.Task[None]] = set()

    def sweep(self) -> None:
        """Remove what a crash left; once, when the engine starts."""
        trees.remove(self._directory)
        self._directory.mkdir(mode=0o700)

    async def close(self) -> None:
        """Wait for what goes on behind the answers."""
        await asyncio.gather(*self._tidying, return_exceptions=True)

    def build(
        self, body: AsyncIterator[bytes], options: BuildOptions
    ) -> AsyncGenerator[Progress, None]:
        """Build an image from a context, the tar ``body``, compressed or not.

        Close the generator to abort; then no container and no file is left. The images of the
        steps that were done stay, as the cache of the next build.

        Raises, while iterated:
            InvalidParameter: the Dockerfile or the request is malformed.
            StepFailed: a command of the Dockerfile failed.
            EngineError: something else did.

        """
        output = Output(quiet=options.quiet)
        return output.during(lambda: self._build(body, options, output))

    async def commit(self, reference: str, options: CommitOptions) -> ImageID:
        """Make an image of a container: ``docker commit``; raises as ``committing.commit``."""
        return await committing.commit(self._services, reference, options)

    async def _build(
        self, body: AsyncIterator[bytes], options: BuildOptions, output: Output
    ) -> None:
        workspace = Workspace(
            self._directory / uuid.uuid4().hex[:12], self._snapshots, self._database
        )
        try:
            arrived, dockerfile = await self._receive(body, workspace, options)
            with self._services.images.building() as keep:
                build = Build(self._services, options, output, workspace, arrived, keep)
                image = await build.run(dockerfile)
                short = image.image_id.removeprefix("sha256:")[:12]
                await output.line(f"Successfully built {short}")
                for tag in options.tags:
                    name = tag.stored
                    self._services.images.tag(image.image_id, name.name, name.tag)
                    await output.line(f"Successfully tagged {name.familiar}")
            await output.conclude(image.image_id)
        finally:
            self._tidy(workspace)

    def _tidy(self, workspace: Workspace) -> None:
        """Remove what was unpacked and mounted, if anything was. Nobody needs to wait for it."""
        if workspace.directory.exists():
            task = asyncio.create_task(asyncio.to_thread(workspace.remove))
            self._tidying.add(task)
            task.add_done_callback(self._tidying.discard)

    async def _receive(
        self, parts: AsyncIterator[bytes], workspace: Workspace, options: BuildOptions
    ) -> tuple[Context, Dockerfile]:
        body = Body(parts)
        await body.gather(MOST_HELD)

        def receive() -> tuple[Context, bytes]:
            try:
                arrived = context.receive(
                    cast("BinaryIO", body),
                    workspace.context,
                    limit=self._services.images.layer_limit,
                )
            except BaseException:
                body.close()
                raise
            return arrived, context.read_dockerfile(arrived, options.dockerfile)

        work = asyncio.create_task(asyncio.to_thread(receive))
        arrived, data = await finished(work, stop=body.close)
        try:
            return arrived, parse(data)
        except InvalidParameter as error:
            raise InvalidParameter(f"failed to parse {options.dockerfile}: {error}") from None
