"""A small engine without containers or server: the image service on real stores."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from dockerlab.engine.content.local import LocalStore
from dockerlab.engine.events import Event, EventBus
from dockerlab.engine.images.service import Images
from dockerlab.engine.metadata.containers import ContainerRow, ContainerStore
from dockerlab.engine.metadata.database import Database
from dockerlab.engine.oci import ImageID
from dockerlab.engine.progress import Progress
from dockerlab.engine.snapshots.overlay import OverlaySnapshotter
from tests.engines.images import Image, layer, on_top_of


@dataclass
class Lab:
    """The service, and all that lies below it."""

    root: Path
    database: Database
    content: LocalStore
    snapshots: OverlaySnapshotter
    events: EventBus
    images: Images

    @classmethod
    def open(cls, root: Path) -> "Lab":
        root.mkdir(exist_ok=True)
        database = Database(root / "metadata.db")
        content = LocalStore(root / "content")
        snapshots = OverlaySnapshotter(root / "snapshots", database)
        events = EventBus()
        images = Images(database=database, content=content, snapshots=snapshots, events=events)
        return cls(root, database, content, snapshots, events, images)

    async def close(self) -> None:
        await self.images.close()
        self.database.close()

    async def load(self, archive: bytes, *, quiet: bool = True) -> list[Progress]:
        return [record async for record in self.images.load(parts(archive), quiet=quiet)]

    async def save(self, *names: str) -> bytes:
        return b"".join([part async for part in self.images.save(names)])

    def use(self, image: Image, container_id: str, *, status: str) -> None:
        """Pretend that a container was made from an image: its row and its snapshot."""
        found = self.images.resolve(image.config.digest)
        self.snapshots.prepare(container_id, parent=found.chain_id)
        ContainerStore(self.database).insert(
            ContainerRow(
                container_id=container_id,
                name=container_id,
                image_id=ImageID(image.config.digest),
                created=1,
                spec="{}",
                state=f'{{"status": "{status}"}}',
            )
        )

    def remove_container(self, container_id: str) -> None:
        self.snapshots.remove(container_id)
        ContainerStore(self.database).delete(container_id)

    def left(self) -> tuple[int, int, int]:
        """Blobs, snapshots and unfinished files that are there."""
        return (
            len(list(self.content.walk())),
            len(list(self.snapshots.walk())),
            len(list(self.content.ingests.iterdir())),
        )

    def happened(self) -> list[str]:
        return [event.action for event in self.recent()]

    def recent(self) -> Sequence[Event]:
        return self.events.recent()


async def parts(data: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    opened = Lab.open(tmp_path / "engine")
    yield opened
    await opened.close()


BASE = Image(
    (layer({"etc/hosts": "h" * 1000, "bin/x": "#!" * 50}, made_by="base", directories=["etc"]),),
    {"Cmd": ["/bin/x"], "Env": ["A=b"], "Labels": {"l": "1"}},
    created="2020-01-02T03:04:05.67Z",
)
CHILD = Image(
    (*BASE.layers, layer({"more": "m" * 5000}, made_by="more")),
    {"Labels": {"l": "2", "child": "yes"}},
    created="2021-01-02T03:04:05Z",
)
OTHER = on_top_of(
    Image((layer({"other": "o"}, made_by="other"),), {}, created="2022-01-02T03:04:05Z")
)
