"""``docker load``: images from a tar, all of them or none.

The archive is taken apart as it streams by. What it may consist of is known only at its end, so
every file goes where a blob would (small ones stay in memory), and becomes one only when an image
turns out to need it.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack

import msgspec

from dockerlab.engine.errors import DataLoss, InvalidParameter
from dockerlab.engine.images import archive
from dockerlab.engine.images.archive import Item
from dockerlab.engine.images.contents import Contents, image_items
from dockerlab.engine.images.library import Library, short
from dockerlab.engine.images.registration import Incoming, Registrar
from dockerlab.engine.images.reporting import Counting, Report, reported
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import DiffID, ImageConfig, ImageID
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import Reference, parse


class _Loaded(msgspec.Struct, frozen=True):
    """An image of the archive that is unpacked, ready to be registered."""

    incoming: Incoming
    item: Item
    names: tuple[Reference, ...]


class Loader:
    """Loads images from archives."""

    def __init__(
        self, library: Library, registrar: Registrar, *, layer_limit: int | None = None
    ) -> None:
        self._limit = layer_limit
        self._library = library
        self._registrar = registrar

    def load(self, body: AsyncIterator[bytes], *, quiet: bool) -> AsyncGenerator[Progress, None]:
        """Load the archive ``body``; the progress is Docker's, ``quiet`` leaves out the layers'.

        Close the generator to abort. After an error nothing of the archive is kept.

        Raises, while iterated:
            DataLoss: the archive is damaged, or not what it says.
            InvalidParameter: it has a malformed name, or no image.
            DiskFull: no space is left.
            Forbidden: a layer is larger than is allowed.

        """

        async def work(report: Report) -> None:
            async with AsyncExitStack() as stack:
                hold = await stack.enter_async_context(self._library.collector.hold())
                contents = stack.enter_context(
                    Contents(self._library.content, hold, layer_limit=self._limit)
                )
                try:
                    await contents.receive(body)
                except DataLoss as error:
                    raise archive.in_dockers_words(error) from error
                items = await image_items(contents)
                loaded = [
                    await self._unpack(item, contents, stack, None if quiet else report)
                    for item in items
                ]
                await self._register(loaded, report)

        return reported(work)

    async def _unpack(
        self, item: Item, contents: Contents, stack: AsyncExitStack, report: Report | None
    ) -> _Loaded:
        names = tuple(_tag(text) for text in item.repo_tags or ())
        config = await contents.read(item.config)
        incoming = await stack.enter_async_context(self._registrar.incoming(config))
        diff_ids = incoming.config.rootfs.diff_ids
        if len(item.layers) != len(diff_ids):
            raise InvalidParameter(
                f"invalid manifest, layers length mismatch: expected {len(item.layers)}, "
                f"got {len(diff_ids)}"
            )
        for place in range(await incoming.present(), len(diff_ids)):
            await _add_layer(incoming, contents, item.layers[place], diff_ids[place], report)
        return _Loaded(incoming, item, names)

    async def _register(self, loaded: Iterable[_Loaded], report: Report) -> None:
        images: list[Image] = []
        named = 0
        lines: list[str] = []
        for one in loaded:
            lines.extend(self._renamed(one))
            image = await one.incoming.register(names=one.names)
            images.append(image)
            lines.extend(f"Loaded image: {name.familiar}" for name in one.names)
            named = len(one.names)
            self._library.publish("load", image.image_id)
        self._link(loaded, images)
        if not named:
            lines.extend(f"Loaded image ID: {image.image_id}" for image in images)
        for line in lines:
            report(Progress(stream=f"{line}\n"))

    def _renamed(self, one: _Loaded) -> Iterator[str]:
        for name in one.names:
            before = self._library.records.named(str(name))
            if before is not None and before.image_id != one.incoming.image_id:
                yield (
                    f"The image {name.familiar} already exists, renaming the old one with ID "
                    f"{before.image_id} to empty string"
                )

    def _link(self, loaded: Iterable[_Loaded], images: Iterable[Image]) -> None:
        """Tell images that were built here of their parents, where the archive has them, too."""
        configs = {one.incoming.image_id: one.incoming.config for one in loaded}
        for one, image in zip(loaded, images, strict=True):
            parent = ImageID(one.item.parent)
            config = configs.get(parent)
            if config and parent != image.image_id and _is_child(one.incoming.config, config):
                self._library.records.adopt(image.image_id, parent)


async def _add_layer(
    incoming: Incoming, contents: Contents, path: str, diff_id: DiffID, report: Report | None
) -> None:
    blob = await contents.blob(path)
    if report is None:
        await incoming.add(blob)
        return
    size = contents.size(path)
    await incoming.add(
        blob, read=Counting(report, status="Loading layer", id=short(diff_id), total=size)
    )


def _tag(text: str) -> Reference:
    reference = parse(text)
    if not reference.tag or reference.digest:
        raise InvalidParameter(f'invalid tag "{text}"')
    return reference


def _is_child(config: ImageConfig, parent: ImageConfig) -> bool:
    """Whether one step was added to the parent's history, and nothing changed in it."""
    return config.history[:-1] == parent.history if config.history else not parent.history
