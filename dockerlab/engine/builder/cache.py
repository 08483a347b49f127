"""The build cache: an image that was made from the same image by the same step is used again.

The classic builder's rules. A step is the same if the configuration of its container was the same,
the command included: for files the command holds their checksum. Only images that this engine made
count, unless ``--cache-from`` names others; of those, the history tells.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from dockerlab.engine import platform as platforms
from dockerlab.engine.builder.document import Step, image_document
from dockerlab.engine.containers.config import ContainerConfig
from dockerlab.engine.errors import EngineError
from dockerlab.engine.images.derivation import Keep
from dockerlab.engine.images.service import Images
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import DiffID, ImageConfig, Platform

_NOT_COMPARED = ("hostname", "domainname", "image", "mac_address")


class Cache:
    """The cache of one build. ``begin`` a stage: a miss ends it until the next."""

    def __init__(
        self,
        images: Images,
        *,
        enabled: bool = True,
        sources: Sequence[str] = (),
        platform: Platform | None = None,
        keep: Keep,
    ) -> None:
        """``sources`` are names of images that may be used as well; those not here do not count.

        ``keep`` is told of each image that is found, before anybody could remove it.
        """
        self._images = images
        self._keep = keep
        self._enabled = enabled
        self._named = bool(sources)
        self._all_sources = [image for name in sources if (image := self._look_up(name))]
        self._sources = list(self._all_sources)
        self._platform = platform or platforms.host()
        self._missed = False

    def begin(self) -> None:
        """A new stage: try again."""
        self._missed = False
        self._sources = list(self._all_sources)

    async def find(self, parent: Image | None, step: Step) -> Image | None:
        """The image that this step made from ``parent`` before, if it did."""
        if not self._enabled or self._missed:
            return None
        found = self._made_here(parent, step.container_config)
        if self._named and not (found and self._below_a_source(found)):
            found = await self._made_elsewhere(parent, step)
        self._missed = found is None
        if found is not None:
            self._keep(found)
        return found

    def _made_here(self, parent: Image | None, config: ContainerConfig) -> Image | None:
        wanted = _comparable(config)
        for image in self._images.built_on(parent):
            document = self._images.config(image)
            if self._fits(document) and _container_config(self._images, image) == wanted:
                return image
        return None

    def _fits(self, config: ImageConfig) -> bool:
        offered = Platform(architecture=config.architecture, os=config.os, variant=config.variant)
        return bool(config.architecture) and platforms.matches(self._platform, offered)

    def _look_up(self, name: str) -> Image | None:
        try:
            return self._images.resolve(name)
        except EngineError:
            return None

    def _below_a_source(self, image: Image) -> bool:
        for source in self._sources:
            above = source.parent
            while above is not None:
                if above == image.image_id:
                    return True
                found = self._look_up(above)
                above = found.parent if found else None
        return False

    async def _made_elsewhere(self, parent: Image | None, step: Step) -> Image | None:
        below = self._images.config(parent) if parent else None
        done = len(below.history) if below else 0
        command = " ".join(step.container_config.cmd or ())
        for source in self._sources:
            target = self._images.config(source)
            if not _continues(target, below) or target.history[done].created_by != command:
                continue
            if len(target.history) == done + 1:
                if parent:
                    self._images.adopt(source, parent)
                return source
            self._sources = [source]  # do not jump from one to the other
            return await self._restore(parent, source, step, done)
        return None

    async def _restore(self, parent: Image | None, source: Image, step: Step, done: int) -> Image:
        """Make the image that was in between when ``source`` was made."""
        target = self._images.config(source)
        below = self._images.config(parent) if parent else None
        document = msgspec.json.decode(image_document(below, step, None))
        document["history"] = msgspec.to_builtins(target.history[: done + 1])
        document["created"] = target.history[done].created
        filled = sum(not each.empty_layer for each in target.history[: done + 1])
        diff_ids = target.rootfs.diff_ids[:filled]
        document["rootfs"] = {"type": "layers", "diff_ids": list(diff_ids)}
        for name in ("container", "container_config"):
            document.pop(name, None)

        def config(_: DiffID | None) -> bytes:
            return msgspec.json.encode(document)

        return await self._images.derive(
            parent=parent, document=config, layer=None, keep=self._keep
        )


def _continues(target: ImageConfig, below: ImageConfig | None) -> bool:
    """Whether ``target`` was made from ``below``, as far as their histories tell."""
    if not target.history:
        return False
    if below is None or not (below.history or below.rootfs.diff_ids):
        return True
    steps, layers = len(below.history), below.rootfs.diff_ids
    return (
        steps < len(target.history)
        and target.history[:steps] == below.history
        and target.rootfs.diff_ids[: len(layers)] == layers
    )


@lru_cache(4096)
def _container_config(images: Images, image: Image) -> ContainerConfig | None:
    document = images.config(image).container_config
    if not document:
        return None
    given = {key: value for key, value in document.items() if value is not None}
    return _comparable(msgspec.convert(given, ContainerConfig))


def _comparable(config: ContainerConfig) -> ContainerConfig:
    """The configuration without what does not count; nothing and empty are the same."""
    changes: dict[str, object] = dict.fromkeys(_NOT_COMPARED, "")
    for name in ("env", "cmd", "entrypoint", "shell", "on_build"):
        changes[name] = getattr(config, name) or ()
    for name in ("exposed_ports", "volumes", "labels"):
        changes[name] = getattr(config, name) or {}
    return msgspec.structs.replace(config, **changes)
