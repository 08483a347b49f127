"""The images of a build's steps: found where a step was done before, made where not."""

from collections.abc import Callable

import msgspec

from dockerlab.engine.builder.cache import Cache
from dockerlab.engine.builder.document import Step, image_document
from dockerlab.engine.builder.options import BuildOptions
from dockerlab.engine.builder.output import Output
from dockerlab.engine.builder.stage import Stage
from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.containers.service import Containers
from dockerlab.engine.images.derivation import Keep, Layer
from dockerlab.engine.images.service import Images
from dockerlab.engine.oci import DiffID
from dockerlab.engine.snapshots.snapshotter import Snapshotter


class Services(msgspec.Struct, frozen=True):
    """What a build works with."""

    images: Images
    containers: Containers
    snapshots: Snapshotter
    now: Callable[[], int]


class StepImages:
    """The images of one build's steps."""

    def __init__(
        self, services: Services, options: BuildOptions, output: Output, keep: Keep
    ) -> None:
        """``keep`` is told of each image that the build needs from then on."""
        self._services = services
        self._output = output
        self._keep = keep
        self._cache = Cache(
            services.images,
            enabled=options.use_cache,
            sources=options.cache_from,
            platform=options.platform,
            keep=keep,
        )

    def begin(self) -> None:
        """A new stage: steps may be found again, though one before was not."""
        self._cache.begin()

    async def cached(self, stage: Stage, config: ContainerConfig) -> bool:
        """Take the image that this step made before, if there is one."""
        found = await self._cache.find(stage.image, self._made_by(stage, config, ""))
        if found is None:
            return False
        stage.take(found)
        await self._output.line(" ---> Using cache")
        return True

    async def commit(
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
