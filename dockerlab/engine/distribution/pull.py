"""The layers of a found image, downloaded side by side, reported in order."""

import asyncio
from collections.abc import AsyncGenerator, Collection

import msgspec

from dockerlab.engine.distribution.download import Downloads, short
from dockerlab.engine.distribution.mailbox import Mailbox
from dockerlab.engine.distribution.manifests import is_foreign
from dockerlab.engine.distribution.replies import Refused, blob_error
from dockerlab.engine.distribution.resolve import Found
from dockerlab.engine.errors import NotFound
from dockerlab.engine.oci import Descriptor, Digest
from dockerlab.engine.progress import Progress


class LayerDownloaded(msgspec.Struct, frozen=True):
    """The layer ``index`` (0 is the base) is in the content store; all below it were told before.

    A digest may stand in a manifest more than once; each place is told.
    """

    index: int
    descriptor: Descriptor


async def layers(
    found: Found, downloads: Downloads, *, present: Collection[int] = ()
) -> AsyncGenerator[Progress | LayerDownloaded, None]:
    """Fetch the image's layers but those whose index is in ``present``.

    Yields progress as it comes and each layer in the manifest's order, as soon as it and all below
    it are there. Closing the generator aborts the downloads that nobody else waits for.

    Raises what ``Downloads.fetch`` raises, as soon as any layer fails.
    """
    wanted = [pair for pair in enumerate(found.image.manifest.layers) if pair[0] not in present]
    mailbox: Mailbox[LayerDownloaded] = Mailbox()
    unique = {layer.digest: layer for _, layer in wanted}
    for digest in dict.fromkeys(layer.digest for layer in found.image.manifest.layers):
        status = "Pulling fs layer" if digest in unique else "Already exists"
        mailbox.put(Progress(status=status, id=short(digest)))
    tasks: dict[Digest, asyncio.Task[None]] = {}
    for digest, layer in unique.items():
        tasks[digest] = asyncio.create_task(downloads.fetch(layer, found.sources, mailbox.put))
        tasks[digest].add_done_callback(lambda _: mailbox.wake())
    try:
        while wanted:
            await mailbox.wait()
            for digest, task in tasks.items():
                if task.done():
                    _raise_failure(task, unique[digest], found)
            while wanted and tasks[wanted[0][1].digest].done():
                mailbox.put(LayerDownloaded(*wanted.pop(0)))
            for item in mailbox.take():
                yield item
        for item in mailbox.take():
            yield item
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def _raise_failure(task: "asyncio.Task[None]", layer: Descriptor, found: Found) -> None:
    try:
        task.result()
    except Refused as refused:
        if refused.status == 404 and is_foreign(layer):
            raise NotFound(
                f"layer {layer.digest} is a foreign one: its registry does not keep it, and layers "
                f"are not fetched from elsewhere ({', '.join(layer.urls) or 'no URL is given'})"
            ) from refused
        raise blob_error(refused, found.image.reference) from refused
