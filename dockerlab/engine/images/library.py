"""What every subject of this package needs: the stores, and how an image is found in them."""

import re
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from dockerlab.engine import platform as platforms
from dockerlab.engine.content.store import ContentStore
from dockerlab.engine.errors import NotFound
from dockerlab.engine.events import EventBus
from dockerlab.engine.gc import Collector
from dockerlab.engine.images.catalogue import Catalogue
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.metadata.images import Image, ImageRecords
from dockerlab.engine.metadata.layers import LayerRecords
from dockerlab.engine.oci import Digest, ImageConfig, ImageID, Platform, decode
from dockerlab.engine.reference import Reference, parse, parse_any
from dockerlab.engine.snapshots.snapshotter import Snapshotter

_ID_PREFIX = re.compile(r"(?:sha256:)?([0-9a-f]{1,64})")
_CONFIGS_REMEMBERED = 2048


class Library:
    """The images of this engine and all they consist of."""

    def __init__(
        self,
        *,
        database: Database,
        content: ContentStore,
        snapshots: Snapshotter,
        events: EventBus,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self.database = database
        self.records = ImageRecords(database)
        self.layers = LayerRecords(database)
        self.content = content
        self.snapshots = snapshots
        self.events = events
        self.collector = Collector(database=database, content=content, snapshots=snapshots)
        self.catalogue = Catalogue(self.records, content)
        self.now = now
        self.building: Counter[ImageID] = Counter()
        """Images that builds under way need, with or without a name."""
        # A config never changes, being named by its digest.
        self.config_of = lru_cache(_CONFIGS_REMEMBERED)(self._read_config)

    def resolve(self, name: str, *, platform: Platform | None = None) -> Image:
        """The image that a familiar name, a digest, an ID or the start of one means.

        Raises:
            InvalidParameter: ``name`` is malformed.
            NotFound: there is none, or it is for another platform than ``platform``.

        """
        image = self._find(name)
        if platform is not None:
            self._check_platform(name, image, platform)
        return image

    def config(self, image: Image) -> ImageConfig:
        """The image's config; raises DataLoss when the store is damaged."""
        return self.config_of(image.image_id)

    def publish(self, action: str, image_id: ImageID, *, name: str | None = None) -> None:
        """Publish an event about an image that is here, with its labels."""
        self.publish_as(action, image_id, name=name or image_id, labels=self.labels(image_id))

    def publish_as(self, action: str, subject: str, *, name: str, labels: dict[str, str]) -> None:
        """Publish an event about ``subject``, which is an ID or, for a pull, a name."""
        attributes = {**labels, "name": name}
        self.events.publish(type="image", action=action, id=subject, attributes=attributes)
        self.catalogue.changed()

    def labels(self, image_id: ImageID) -> dict[str, str]:
        """The labels in the image's config."""
        config = self.config_of(image_id).config
        return (config.labels if config else None) or {}

    def _find(self, name: str) -> Image:
        wanted = parse_any(name)
        if not isinstance(wanted, Reference):
            image = self.records.find(ImageID(wanted))
            if image is None:
                raise NotFound(f"No such image: {wanted}")
            return image
        image = self.records.named(str(wanted.stored)) or self._with_prefix(name)
        if image is None:
            tagged = wanted if wanted.digest else wanted.stored
            raise NotFound(f"No such image: {tagged.familiar}")
        return image

    def _with_prefix(self, text: str) -> Image | None:
        match = _ID_PREFIX.fullmatch(text)
        if not match:
            return None
        found = self.records.starting(match[1])
        return found[0] if len(found) == 1 else None

    def _check_platform(self, name: str, image: Image, wanted: Platform) -> None:
        config = self.config(image)
        offered = Platform(
            architecture=config.architecture, os=config.os or "linux", variant=config.variant
        )
        if not platforms.matches(wanted, offered):
            raise NotFound(
                f"image with reference {name} was found but its platform "
                f"({platforms.format_platform(offered)}) does not match the specified platform "
                f"({platforms.format_platform(wanted)})"
            )

    def _read_config(self, image_id: ImageID) -> ImageConfig:
        return decode(self.content.read(Digest(image_id)), ImageConfig)


def references(image: Image) -> tuple[Reference, ...]:
    """The names of an image, sorted as Docker sorts them."""
    return tuple(parse(name) for name in image.names)


def tags(image: Image) -> tuple[str, ...]:
    """The familiar tags of an image."""
    return tuple(name.familiar for name in references(image) if name.tag)


def digests(image: Image) -> tuple[str, ...]:
    """The familiar names with digest of an image."""
    return tuple(name.familiar for name in references(image) if name.digest)


def short(identifier: str) -> str:
    """An ID as Docker shortens it: twelve hexadecimal digits."""
    return identifier.removeprefix("sha256:")[:12]
