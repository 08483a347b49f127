"""The images of an engine, and what can be done with them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager

from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.distribution.credentials import ANONYMOUS, Credentials
from dockerlab.engine.distribution.service import Distribution
from dockerlab.engine.errors import Conflict, InvalidParameter, NotImplementedHere
from dockerlab.engine.events import EventBus
from dockerlab.engine.filters import Filters
from dockerlab.engine.images import inspection, listing, removal, saving
from dockerlab.engine.images.derivation import Deriver, Document, Keep, Layer
from dockerlab.engine.images.importing import Importer
from dockerlab.engine.images.library import Library
from dockerlab.engine.images.loading import Loader
from dockerlab.engine.images.model import Details, HistoryEntry, PruneReport, Removal, Summary
from dockerlab.engine.images.pull import Puller
from dockerlab.engine.images.push import Pusher
from dockerlab.engine.images.registration import Registrar
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import ImageConfig, ImageID, Platform
from dockerlab.engine.progress import Progress
from dockerlab.engine.reference import Reference, parse_target
from dockerlab.engine.snapshots.snapshotter import Snapshotter


class Images:
    """The images of an engine.

    A ``name`` may be familiar or full, with tag or digest, an image ID or the start of one.
    """

    def __init__(
        self,
        *,
        database: Database,
        content: ContentStore,
        snapshots: Snapshotter,
        events: EventBus,
        distribution: Distribution | None = None,
        layer_limit: int | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        """Without ``distribution`` nothing can be pulled.

        ``layer_limit`` is the most bytes that a layer may unpack to.
        """
        library = Library(
            database=database, content=content, snapshots=snapshots, events=events, now=now
        )
        registrar = Registrar(library, layer_limit=layer_limit)
        self.layer_limit = layer_limit
        self._library = library
        self._loader = Loader(library, registrar, layer_limit=layer_limit)
        self._importer = Importer(library, registrar, layer_limit=layer_limit)
        self._deriver = Deriver(library, registrar)
        self._puller = (
            Puller(library, registrar, distribution, layer_limit=layer_limit)
            if distribution
            else None
        )
        self._pusher = Pusher(library, distribution) if distribution else None
        self._prune_lock = asyncio.Lock()

    def resolve(self, name: str, *, platform: Platform | None = None) -> Image:
        """The image that a name means.

        Raises:
            InvalidParameter: ``name`` is malformed.
            NotFound: there is no such image, or it is for another platform.

        """
        return self._library.resolve(name, platform=platform)

    def config(self, image: Image) -> ImageConfig:
        """What the image says of itself."""
        return self._library.config(image)

    def list(
        self, *, every: bool = False, filters: Filters | None = None, shared_size: bool = False
    ) -> tuple[Summary, ...]:
        """The images that meet the filters, newest first: ``docker images``.

        Raises:
            InvalidParameter: a filter or its value is malformed.
            NotFound: an image named by a filter is not there.

        """
        return listing.summaries(
            self._library, every=every, filters=filters or Filters(), shared_size=shared_size
        )

    def layers_size(self) -> int:
        """Bytes of all layers, each counted once."""
        return sum(layer.size for layer in self._library.layers.all())

    def inspect(self, name: str) -> Details:
        """All that is known of an image; raises as ``resolve`` does."""
        return inspection.inspect(self._library, self.resolve(name))

    def history(self, name: str) -> tuple[HistoryEntry, ...]:
        """The steps in an image's making, newest first; raises as ``resolve`` does."""
        return inspection.history(self._library, self.resolve(name))

    def tag(self, name: str, repository: str, tag: str = "") -> None:
        """Give an image another name, taking it from the image that had it.

        Raises:
            InvalidParameter: the new name is malformed, or would be mistaken for an ID.
            NotFound: there is no such image.

        """
        target = parse_target(repository, tag)
        if target is None:
            raise InvalidParameter("invalid reference format")
        if target.familiar_name == "sha256":
            raise InvalidParameter(
                "refusing to create an ambiguous tag using digest algorithm as name"
            )
        image = self.resolve(name)
        self._library.records.give(image.image_id, [str(target)], tagged=self._library.now())
        self._library.publish("tag", image.image_id, name=target.familiar)

    async def remove(
        self, name: str, *, force: bool = False, prune: bool = True
    ) -> tuple[Removal, ...]:
        """Remove a name, and the image with its last name: ``docker rmi``.

        ``force`` overrides other names and stopped containers; ``prune`` removes the nameless
        images it was built from, too. Returns what was done, in order.

        Raises:
            NotFound: there is no such image.
            Conflict: something needs it.

        """
        outcome = removal.remove(self._library, name, force=force, prune=prune)
        await self._library.collector.collect(outcome.layers, outcome.blobs)
        return outcome.removals

    async def prune(self, filters: Filters | None = None) -> PruneReport:
        """Remove images that have no name, or that nobody uses: ``docker image prune``.

        Raises:
            InvalidParameter: a filter or its value is malformed.
            Conflict: another prune is running.

        """
        if self._prune_lock.locked():
            raise Conflict("a prune operation is already running")
        async with self._prune_lock:
            report, outcome = removal.prune(self._library, filters or Filters())
            await self._library.collector.collect(outcome.layers, outcome.blobs)
        attributes = {"reclaimed": str(report.space_reclaimed)}
        self._library.events.publish(type="image", action="prune", id="", attributes=attributes)
        return report

    def pull(
        self,
        reference: Reference,
        *,
        platform: Platform | None = None,
        credentials: Credentials = ANONYMOUS,
        keep: Keep = lambda _: None,
    ) -> AsyncGenerator[Progress, None]:
        """Bring an image from a registry, a mirror or a pack: ``docker pull``.

        ``keep`` is called with it before anybody could remove it again (see ``building``).

        The progress is Docker's, word for word. Close the generator to abort; then, and after an
        error, nothing is kept that was not there before. Raises as ``Distribution.pull`` does.
        """
        if self._puller is None:
            raise NotImplementedHere("this engine was made without a distribution")
        return self._puller.pull(reference, platform=platform, credentials=credentials, keep=keep)

    def pull_all(
        self,
        reference: Reference,
        *,
        platform: Platform | None = None,
        credentials: Credentials = ANONYMOUS,
    ) -> AsyncGenerator[Progress, None]:
        """Bring every tag of a repository: ``docker pull --all-tags``; otherwise as ``pull``."""
        if self._puller is None:
            raise NotImplementedHere("this engine was made without a distribution")
        return self._puller.pull_all(reference, platform=platform, credentials=credentials)

    def push(
        self, reference: Reference, *, credentials: Credentials = ANONYMOUS
    ) -> AsyncGenerator[Progress, None]:
        """Bring an image into a registry, or without a tag all of a repository: ``docker push``.

        Close the generator to abort. Raises as ``Distribution.push`` does, and SystemFailure when
        there is no such image here.
        """
        if self._pusher is None:
            raise NotImplementedHere("this engine was made without a distribution")
        return self._pusher.push(reference, credentials=credentials)

    def save(self, names: Sequence[str]) -> AsyncGenerator[bytes, None]:
        """The tar of some images, in pieces: ``docker save``.

        A repository without tag means all its tags; an ID saves the image without a name.

        Raises, before the first piece:
            NotFound: a name means nothing.
            InvalidParameter: a name is malformed, or its image has no layers.

        """
        return saving.save(self._library, names)

    def load(
        self, body: AsyncIterator[bytes], *, quiet: bool = True
    ) -> AsyncGenerator[Progress, None]:
        """Take in the images of a tar, all or none: ``docker load``.

        ``quiet`` leaves out the progress of layers. Close the generator to abort.

        Raises, while iterated:
            DataLoss: the archive is damaged, or not what it says.
            InvalidParameter: it has a malformed name, or no image.
            DiskFull: no space is left.

        """
        return self._loader.load(body, quiet=quiet)

    def import_tar(
        self,
        body: AsyncIterator[bytes],
        *,
        reference: Reference | None = None,
        message: str = "",
        changes: Sequence[str] = (),
        platform: Platform | None = None,
    ) -> AsyncGenerator[Progress, None]:
        """Make an image from the tar of a root file system: ``docker import``.

        Raises, while iterated:
            InvalidParameter: a change is malformed.
            DataLoss: this is no tar.
            DiskFull: no space is left.

        """
        return self._importer.import_tar(
            body, reference=reference, message=message, changes=changes, platform=platform
        )

    async def derive(
        self,
        *,
        parent: Image | None,
        document: Document,
        layer: Layer | None,
        keep: Keep = lambda _: None,
    ) -> Image:
        """Make an image on top of ``parent``: a step of a build, or a commit.

        ``keep`` is called with it before anybody could remove it again (see ``building``).

        Raises:
            DiskFull: no space is left; nothing is kept.

        """
        return await self._deriver.derive(parent=parent, document=document, layer=layer, keep=keep)

    @contextmanager
    def building(self) -> Iterator[Callable[[Image], None]]:
        """Keep images from being removed during the block: those that its value is called with."""
        kept: list[ImageID] = []

        def keep(image: Image) -> None:
            kept.append(image.image_id)
            self._library.building[image.image_id] += 1

        try:
            yield keep
        finally:
            self._library.building -= Counter(kept)

    def built_on(self, parent: Image | None) -> tuple[Image, ...]:
        """The images that this engine made from ``parent``, or from nothing; newest first."""
        return self._library.records.built_on(parent.image_id if parent else None)

    def adopt(self, image: Image, parent: Image) -> None:
        """Say that ``image``, which came from elsewhere, was built from ``parent``."""
        self._library.records.adopt(image.image_id, parent.image_id)

    async def sweep(self) -> None:
        """Remove what a crash left half done; once, when the engine starts, before all else."""
        await asyncio.to_thread(self._library.collector.sweep)
        await asyncio.to_thread(self._library.catalogue.write)

    async def release(self, image_id: ImageID) -> None:
        """A container of this image has gone: collect the layers that only it still needed.

        Costs nothing unless the image was removed by force while the container was there.
        """
        if self._library.records.find(image_id) is None:
            await self._library.collector.collect_layers()

    async def close(self) -> None:
        """Write what is not written yet; before the database is closed."""
        await self._library.catalogue.close()
