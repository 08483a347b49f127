"""The images of an engine, and what can be done with them."""

import time
from collections.abc import Callable

from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.errors import InvalidParameter
from dockerlab.engine.events import EventBus
from dockerlab.engine.filters import Filters
from dockerlab.engine.images import inspection, listing, removal
from dockerlab.engine.images.library import Library
from dockerlab.engine.images.model import Details, HistoryEntry, Removal, Summary
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.metadata.images import Image
from dockerlab.engine.oci import ImageConfig, Platform
from dockerlab.engine.reference import parse_target
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
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self._library = Library(
            database=database, content=content, snapshots=snapshots, events=events, now=now
        )

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
