"""``docker pull``: what distribution downloads is unpacked as it comes, then registered."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from dockerlab.engine.distribution.credentials import Credentials
from dockerlab.engine.distribution.pull import LayerDownloaded
from dockerlab.engine.distribution.resolve import Resolved
from dockerlab.engine.distribution.service import Distribution
from dockerlab.engine.errors import DataLoss, NotFound
from dockerlab.engine.images.derivation import Keep
from dockerlab.engine.images.library import Library, short
from dockerlab.engine.images.registration import Incoming, Registrar
from dockerlab.engine.images.reporting import Counting, Report, reported
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import Platform
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import Reference
from dockerlab.engine.unpack.source import refuse_above


class Puller:
    """Pulls images."""

    def __init__(
        self,
        library: Library,
        registrar: Registrar,
        distribution: Distribution,
        *,
        layer_limit: int | None = None,
    ) -> None:
        self._limit = layer_limit
        self._library = library
        self._registrar = registrar
        self._distribution = distribution

    def pull(
        self,
        reference: Reference,
        *,
        platform: Platform | None,
        credentials: Credentials,
        keep: Keep = lambda _: None,
    ) -> AsyncGenerator[Progress, None]:
        """Pull one image, and tell ``keep`` of it; the progress is Docker's, word for word.

        Close the generator to abort: then nothing is kept that was not there before.

        Raises, while iterated:
            NotFound, Unauthorized, InvalidParameter, SystemFailure, DataLoss: see ``Distribution``.
            DiskFull: no space is left.
            Forbidden: a layer is larger than is allowed.

        """

        async def work(report: Report) -> None:
            events = self._distribution.pull(
                reference, platform=platform, credentials=credentials, present=present
            )
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Resolved):
                        await self._receive(event, events, here, report, keep)
                        break  # of an image that was here already nothing more need come
                    if isinstance(event, Progress):
                        report(event)
            self._warn(reference, platform, report)

        here: set[int] = set()

        def present(_: Resolved) -> set[int]:
            return here

        return reported(work)

    async def pull_all(
        self, reference: Reference, *, platform: Platform | None, credentials: Credentials
    ) -> AsyncGenerator[Progress, None]:
        """Pull every tag of a repository, one after the other; otherwise as ``pull``."""
        newer = False
        for tag in await self._distribution.tags(reference, credentials=credentials):
            one = reference.with_tag(tag)
            async with aclosing(
                self.pull(one, platform=platform, credentials=credentials)
            ) as records:
                async for record in records:
                    if record.status.startswith("Status: "):
                        newer = newer or record.status.startswith("Status: Downloaded")
                    else:
                        yield record
        outcome = "Downloaded newer image" if newer else "Image is up to date"
        yield Progress(status=f"Status: {outcome} for {reference.familiar_name}")

    async def _receive(
        self,
        found: Resolved,
        events: AsyncGenerator[Resolved | LayerDownloaded | Progress, None],
        here: set[int],
        report: Report,
        keep: Keep,
    ) -> None:
        """Bring in what was found, and say so; ``here`` is filled before more is asked for."""
        known = self._library.records.find(found.image_id)
        before = self._library.records.named(str(found.reference))
        if known is None:
            for layer in found.manifest.layers:
                refuse_above(self._limit, layer.size, what="layer")
            async with self._registrar.incoming(found.config_data) as incoming:
                await incoming.hold.keep(blobs=[layer.digest for layer in found.manifest.layers])
                here.update(range(await incoming.present()))
                await _receive_layers(incoming, events, report)
                image = await incoming.register(manifest=found.manifest_data, names=_names(found))
                keep(image)
        else:
            image = known
            keep(image)
            self._library.records.give(image.image_id, map(str, _names(found)))
        self._conclude(found, image, before, report)

    def _warn(self, reference: Reference, platform: Platform | None, report: Report) -> None:
        """An image for one platform only is taken though it is not the platform asked for."""
        try:
            self._library.resolve(reference.stored.familiar, platform=platform)
        except NotFound as error:
            report(Progress(status=f"WARNING: {error}"))

    def _conclude(
        self, found: Resolved, image: Image, before: Image | None, report: Report
    ) -> None:
        reference = found.reference
        if found.canonical:
            report(Progress(status=f"Digest: {found.digest}"))
        same = before is not None and before.image_id == image.image_id
        outcome = "Image is up to date" if same else "Downloaded newer image"
        report(Progress(status=f"Status: {outcome} for {reference.familiar}"))
        self._library.publish_as(
            "pull",
            reference.familiar,
            name=reference.familiar_name,
            labels=self._library.labels(image.image_id),
        )


async def _receive_layers(
    incoming: Incoming,
    events: AsyncGenerator[Resolved | LayerDownloaded | Progress, None],
    report: Report,
) -> None:
    """Unpack each layer as soon as it and those below it have come, while others still come."""
    arrived: asyncio.Queue[LayerDownloaded | None] = asyncio.Queue()

    async def unpack() -> None:
        while (layer := await arrived.get()) is not None:
            name, total = short(layer.descriptor.digest), layer.descriptor.size
            read = Counting(report, status="Extracting", id=name, total=total)
            try:
                await incoming.add(layer.descriptor.digest, read=read)
            except DataLoss as error:
                raise DataLoss(f"failed to register layer: {error}") from error
            report(Progress(status="Pull complete", id=name))

    async def receive() -> None:
        async for event in events:
            if isinstance(event, LayerDownloaded):
                arrived.put_nowait(event)
            elif isinstance(event, Progress):
                report(event)
        arrived.put_nowait(None)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(unpack())
            tasks.create_task(receive())
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _names(found: Resolved) -> list[Reference]:
    """The names that the image gets: the one asked for, and its digest in the registry."""
    names = [found.reference.stored]
    if found.canonical:
        names.append(found.reference.repository.with_digest(found.digest))
    return list(dict.fromkeys(names))
