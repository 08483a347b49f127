"""A layer that unpacks to more than its user allows is refused, and nothing of it stays."""

import gzip
from pathlib import Path

import pytest

from dockerlab.engine.content.local import LocalIngest, LocalStore
from dockerlab.engine.errors import Forbidden
from dockerlab.engine.events import EventBus
from dockerlab.engine.images.service import Images
from tests.engines.images import Image, layer
from tests.unit.engine.images.conftest import BASE, Lab, parts

LIMIT = 1 << 20
BOMB = Image((BASE.layers[0], layer({"zeros": bytes(8 * LIMIT)}, made_by="bomb")))


async def test_a_bomb(tmp_path: Path) -> None:
    lab = Lab.open(tmp_path / "engine")
    limited = Images(
        database=lab.database,
        content=lab.content,
        snapshots=lab.snapshots,
        events=EventBus(),
        layer_limit=LIMIT,
    )
    sentence = f"the layer unpacks to more than the {LIMIT} bytes that are allowed"
    with pytest.raises(Forbidden, match=sentence):
        async for _ in limited.load(parts(BOMB.archive("bomb:1"))):
            pass
    assert lab.left() == (0, 0, 0)
    async for _ in limited.load(parts(BASE.archive("base:1"))):
        pass
    assert limited.inspect("base:1").size == 1100
    await limited.close()
    await lab.close()


async def test_a_bomb_is_not_even_kept_on_its_way(tmp_path: Path) -> None:
    """Compressed once more, as a whole: it is refused before it is a file of the store."""
    lab = Lab.open(tmp_path / "engine")
    limited = Images(
        database=lab.database,
        content=Small(lab.root / "content"),
        snapshots=lab.snapshots,
        events=EventBus(),
        layer_limit=LIMIT,
    )
    bomb = gzip.compress(BOMB.archive("bomb:1"), mtime=0)
    with pytest.raises(Forbidden, match="the layer unpacks to more"):
        async for _ in limited.load(parts(bomb)):
            pass
    zeros = gzip.compress(bytes(8 * LIMIT), mtime=0)
    with pytest.raises(Forbidden, match="the layer unpacks to more"):
        async for _ in limited.import_tar(parts(zeros)):
            pass
    assert lab.left() == (0, 0, 0)
    await limited.close()
    await lab.close()


class Small(LocalStore):
    """A store in which nothing may be larger than the limit, not even for a moment."""

    def ingest(self) -> LocalIngest:
        class Watched(LocalIngest):
            def write(self, data: bytes | memoryview) -> None:
                assert self.offset + len(data) <= LIMIT
                super().write(data)

        return Watched(self)
