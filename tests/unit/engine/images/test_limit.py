"""A layer that unpacks to more than its user allows is refused, and nothing of it stays."""

from pathlib import Path

import pytest

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
